"""Searches with the optimizers of guild from Python.

    from guild_optimizer import Optimizer, choice, integer, real

    with Optimizer({"lr": real(1e-5, 0.1, log=True), "layers": integer(1, 4), "act": choice("relu", "tanh")}, seed=1) as search:
        for _ in range(50):
            point = search.ask()
            search.tell(point, train(**point.params))
        print(search.best())

Needs the program guild (1.0 or later), which does the work in a process of its own, and nothing else. Any thread may call any method.
"""

import collections
import json
import os
import shutil
import subprocess
import threading

__all__ = ["Optimizer", "OptimizerError", "Point", "Trial", "choice", "integer", "optimizers", "real"]

Point = collections.namedtuple("Point", "id params")
Point.__doc__ = "What was asked for: the id it is told by, and a value for each dimension that is searched there."
Trial = collections.namedtuple("Trial", "id params values")
Trial.__doc__ = "A point with what was told of it; `value` is the first of its values."
Trial.value = property(lambda self: self.values[0])


class OptimizerError(Exception):
    """guild said no; `hint` is its advice, or None."""

    def __init__(self, text, hint=None):
        super().__init__(f"{text} ({hint})" if hint else text)
        self.hint = hint


def real(low, high, log=False, initial=None, when=None):
    """A float from low to high, both included; log: searched on a logarithmic scale."""
    return _dimension("float", initial, when, low=low, high=high, log=log)


def integer(low, high, log=False, initial=None, when=None):
    """A whole number from low to high, both included."""
    return _dimension("int", initial, when, low=low, high=high, log=log)


def choice(*choices, initial=None, when=None):
    """One of some values. when={"model": "svm"} of any dimension: it is there only where `model`, which comes before it, has that value, or
    one of a list of them."""
    return _dimension("categorical", initial, when, choices=list(choices))


def _dimension(kind, initial, when, **more):
    spec = dict(type=kind, **more)
    if initial is not None:
        spec["initial"] = initial
    if when is not None:
        spec["when"] = when
    return spec


def _plain(value):
    """Numbers of numpy and the like."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no value that an optimizer can be told")


def _program(program):
    found = program or os.environ.get("GUILD_PROGRAM") or shutil.which("guild")
    if not found:
        raise OptimizerError("there is no program 'guild' on the path", "GUILD_PROGRAM can say where it is")
    return os.fspath(found)


def optimizers(program=None):
    """The optimizers there are: a list of dicts with name, aliases, help and flags."""
    done = subprocess.run([_program(program), "optimizer", "list", "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.decode("utf-8"))


class Optimizer:
    """One search. `space`: a dict of dimensions by name, or a list of dicts with a key "name"; several objectives have `directions`, a list of "minimize"
    and "maximize". `flags` are those of the optimizer. With the same seed and the same calls in the same order it gives the same points."""

    def __init__(self, space, optimizer=None, seed=None, maximize=False, directions=None, flags=None, program=None):
        command = [_program(program), "optimizer", "ask-tell"]
        if optimizer is not None:
            command += ["--optimizer", optimizer]
        if seed is not None:
            command += ["--random-seed", str(int(seed))]
        for name, value in (flags or {}).items():
            command += ["--opt-flag", f"{name}={json.dumps(value, default=_plain)}"]
        self._lock = threading.Lock()
        self._n_calls = 0
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if isinstance(space, dict):
            space = [dict(spec, name=name) for name, spec in space.items()]
        request = {"space": list(space), "directions": directions or ["maximize" if maximize else "minimize"]}
        try:
            self._call(request)
        except BaseException:
            self.close()
            raise

    def ask(self, n=None):
        """A point to try, or a list of n of them. Points that were not told yet are taken into account: any number may be tried at once."""
        points = [Point(a["id"], a["params"]) for a in self._call({"ask": 1 if n is None else n})]
        return points[0] if n is None else points

    def tell(self, point, value=None, values=None, state=None, constraints=None):
        """What came of a point, or of its id. `value`, or `values` of several objectives; NaN is a failure, as is state="failed"; state="pruned" is for
        one that was stopped early, with its last value or without. `constraints` are at most 0 where they hold."""
        key = point.id if isinstance(point, (Point, Trial)) else point
        self._call(self._outcome({"tell": key}, value, values, state, constraints))

    def add(self, params, value=None, values=None, state=None, constraints=None):
        """A point that was not asked for, known from before or being tried; returns it."""
        (answer,) = self._call(self._outcome({"add": dict(params)}, value, values, state, constraints))
        return Point(answer["id"], answer["params"])

    def best(self):
        """The best trial so far; None where none is complete."""
        try:
            (answer,) = self._call({"best": 1})
        except OptimizerError:
            if self._process is not None and self._process.poll() is None:
                return None
            raise
        return self._trial(answer)

    def front(self):
        """The trials that no other one beats in all objectives."""
        (answer,) = self._call({"front": 1})
        return [self._trial(a) for a in answer["front"]]

    def close(self):
        """Ends the search; nothing happens if it has ended."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            for stream in (process.stdin, process.stdout, process.stderr):
                try:
                    stream.close()
                except OSError:
                    pass  # it went away with something unsaid
            process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def __del__(self):
        if getattr(self, "_process", None) is not None:
            self.close()

    @staticmethod
    def _trial(answer):
        return Trial(answer["id"], answer["params"], answer["values"] if "values" in answer else [answer["value"]])

    @staticmethod
    def _outcome(request, value, values, state, constraints):
        more = {"value": value, "values": values, "state": state, "constraints": constraints}
        for name, given in more.items():
            if given is not None:
                request[name] = list(given) if name in ("values", "constraints") else given
        return request

    def _call(self, request):
        """The answers to a request. A mark behind it comes back when all is said."""
        text = json.dumps(request, default=_plain)
        with self._lock:
            if self._process is None:
                raise OptimizerError("the search was closed")
            self._n_calls += 1
            mark = {"sync": self._n_calls}
            answers = []
            try:
                self._process.stdin.write(f"{text}\n{json.dumps(mark)}\n".encode("utf-8"))
                self._process.stdin.flush()
            except OSError:
                pass  # why it ended is read below
            while True:
                line = self._process.stdout.readline()
                if not line.endswith(b"\n"):
                    raise self._ended()
                answer = json.loads(line.decode("utf-8"))
                if answer == mark:
                    break
                if "sync" in answer:
                    answers = []  # all that was for a call that was interrupted
                else:
                    answers.append(answer)
        for answer in answers:
            if "error" in answer:
                raise OptimizerError(answer["error"], answer.get("hint"))
        return answers

    def _ended(self):
        said = self._process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        code = self._process.wait()
        hints = [line[len("hint: "):] for line in said if line.startswith("hint: ")]
        text = said[0] if said else f"guild ended with {code}"
        return OptimizerError(text[len("guild: "):] if text.startswith("guild: ") else text, hints[0] if hints else None)
