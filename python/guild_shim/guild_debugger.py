"""Runs a script or module under Python's debugger, once: stops where guild was told to, and where it fails.

    guild_debug.py SCRIPT [ARG]...
    guild_debug.py -m MODULE [ARG]...

PDB_BREAKS lists the places, quoted for a shell: LINE of the script, FILE:LINE, FUNCTION or MODULE.FUNCTION. With BREAK_ON_ERROR=1 the
debugger looks at an error that nobody handled. GUILD_DEBUG_LISTEN=[HOST:]PORT waits there for another debugger instead
(debugpy). With PROFILE=1 it runs under Python's profiler. The program ends as it would without all this.
"""

import os
import pdb
import sys

import guild_shim

HERE = guild_shim.HERE
PACKAGES = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


def say(text):
    sys.stderr.write("guild: " + text + "\n")


def is_ours(code):
    return os.path.dirname(code.co_filename) == HERE


def lines_of(path):
    """The lines of a source file at which Python can stop."""
    import dis

    try:
        with open(path, "rb") as f:
            todo = [compile(f.read(), path, "exec", 0, True)]
    except (OSError, SyntaxError, ValueError):
        return []
    lines = set()
    while todo:
        code = todo.pop()
        lines.update(line for _, line in dis.findlinestarts(code) if line)
        todo.extend(c for c in code.co_consts if hasattr(c, "co_code"))
    return sorted(lines)


class Place:
    """One --break."""

    def __init__(self, text):
        self.text = text
        self.is_found = False
        before, colon, after = text.rpartition(":")
        self.line = int(after) if after.isdigit() else None
        self.file = None  # the end of a file's path; the script where it is None
        self.module = None
        self.function = None
        if self.line is not None:
            self.file = before or None
            if self.file and not self.file.endswith(".py"):
                self.file += ".py"
        elif colon:
            self.file = before if before.endswith(".py") else before + ".py"
            self.function = after
        else:
            self.module, _, self.function = text.rpartition(".")

    def is_in_file(self, path, script):
        if self.file is None:
            return path == script
        return path == os.path.realpath(self.file) or path.endswith(os.sep + os.path.normpath(self.file))

    def is_function(self, frame):
        """Whether a frame that has just been entered is the function. A bare name means one of the user's own code."""
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        plain = self.function.rpartition(".")[2]
        if code.co_name != plain:
            return False
        if self.file is not None:
            return os.path.realpath(code.co_filename).endswith(os.sep + os.path.normpath(self.file))
        if not self.module:
            return not any(part in code.co_filename for part in PACKAGES) and is_below_program(code.co_filename)
        full = "%s.%s" % (frame.f_globals.get("__name__", ""), name)
        script = os.path.splitext(os.path.basename(code.co_filename))[0]
        return any(
            ("." + known).endswith("." + self.text) for known in (full, "%s.%s" % (script, name), name)
        )


def is_below_program(path):
    """Python's own library is not what a bare name means."""
    return not os.path.realpath(path).startswith(os.path.realpath(os.path.dirname(os.__file__)) + os.sep)


class Debugger(pdb.Pdb):
    def __init__(self, places, script):
        # The prompt goes where the program's output goes; signals stay the program's.
        pdb.Pdb.__init__(self, nosigint=True)
        self.places = places
        self.functions = [place for place in places if place.function]
        self.script = script
        self.known = {}  # file name of code -> whether a place may be in it
        self.entered = None
        for place in places:
            self.find_early(place)

    # ---- where to stop

    def find_early(self, place):
        """Files that can be named already; others are found when their code runs."""
        if place.line is None:
            return
        if place.file is None:
            self.set_line(place, self.script)
            return
        for folder in [os.getcwd(), os.path.dirname(self.script)] + sys.path:
            path = os.path.realpath(os.path.join(folder, place.file))
            if os.path.isfile(path):
                self.set_line(place, path)
                return

    def set_line(self, place, path):
        place.is_found = True
        after = [line for line in lines_of(path) if line >= place.line]
        if not after:
            say("--break %s: %s has no such line" % (place.text, os.path.basename(path)))
            return
        wrong = self.set_break(path, after[0])
        if wrong:
            say("--break %s: %s" % (place.text, wrong))

    def look_at_file(self, name):
        path = os.path.realpath(name)
        for place in self.places:
            if place.line is not None and not place.is_found and place.is_in_file(path, self.script):
                self.set_line(place, path)
        self.known[name] = True

    def canonic(self, filename):
        """A script run by its relative name is the file that the place names."""
        if filename[:1] == "<" and filename[-1:] == ">":
            return filename
        found = self.fncache.get(filename)
        if not found:
            found = self.fncache[filename] = os.path.realpath(filename)
        return found

    def break_anywhere(self, frame):
        name = frame.f_code.co_filename
        if name not in self.known:
            self.look_at_file(name)
        for place in self.functions:
            if frame.f_lineno == frame.f_code.co_firstlineno and place.is_function(frame):
                place.is_found = True
                self.entered = frame
                return True
        return pdb.Pdb.break_anywhere(self, frame)

    def break_here(self, frame):
        if self.entered is frame:
            self.entered = None
            self.currentbp = None
            return True
        return pdb.Pdb.break_here(self, frame)

    def set_continue(self):
        self._set_stopinfo(self.botframe, None, -1)

    # ---- what is shown

    def get_stack(self, f, t):
        """Without the frames of this folder."""
        stack, at = pdb.Pdb.get_stack(self, f, t)
        hidden = sum(1 for frame, _ in stack[: at + 1] if is_ours(frame.f_code))
        kept = [entry for entry in stack if not is_ours(entry[0].f_code)]
        return kept, max(at - hidden, 0)

    def do_run(self, arg):
        self.message("start another run with 'guild run'")

    do_restart = do_run

    # ---- running

    def start(self):
        self.reset()
        self.botframe = sys._getframe(1)
        self.set_continue()
        sys.settrace(self.trace_dispatch)

    def report(self):
        for place in self.places:
            if not place.is_found:
                say("--break %s: the program never came there" % place.text)


# ---- the program -------------------------------------------------------------------------------------------------------


def prepare_script(names, words):
    """As 'python SCRIPT ARG...'. Returns the code."""
    script = words[0]
    path = script if os.path.isabs(script) or sys.version_info < (3, 9) else os.path.join(os.getcwd(), script)
    source = guild_shim.read_script(path)
    sys.argv[:] = words
    guild_shim.set_path(os.path.dirname(os.path.realpath(script)))
    names["__file__"] = path
    if "__loader__" in names:
        names["__loader__"] = type(names["__loader__"])("__main__", path)
    return compile(source, path, "exec", 0, True)


def prepare_module(names, words):
    """As 'python -m MODULE ARG...'. Returns the code."""
    import runpy

    sys.argv[:] = ["-m"] + words[1:]
    guild_shim.set_path(os.getcwd())
    try:
        _, spec, code = runpy._get_module_details(words[0])
    except (ImportError, runpy._Error) as e:
        sys.exit("%s: %s" % (sys.executable, e))
    sys.argv[0] = spec.origin
    names.update(
        __spec__=spec, __package__=spec.parent, __loader__=spec.loader, __cached__=spec.cached, __file__=spec.origin
    )
    return code


def main_file(words):
    """The file that a line alone is one of: behind the shim, where flags are globals, the script it runs."""
    is_module = words[0] == "-m"
    target = words[1] if is_module else words[0]
    if os.path.basename(target) == "guild_main.py" and "--" in words:
        rest = words[words.index("--") + 1 :]
        is_module = rest[0] == "-m"
        target = rest[1] if is_module else rest[0]
    if is_module:
        import importlib.util

        sys.path.insert(0, os.getcwd())
        try:
            spec = importlib.util.find_spec(target)
        except ImportError:
            spec = None
        del sys.path[0]
        target = spec.origin if spec is not None and spec.origin else target
    return os.path.realpath(target)


def listen(address):
    """Another debugger, an editor's, does it all."""
    host, _, port = address.rpartition(":")
    try:
        import debugpy
    except ImportError:
        sys.stderr.write(
            "guild: cannot wait for a debugger: debugpy is not installed for %s\n"
            "hint: %s -m pip install debugpy\n" % (sys.executable, sys.executable)
        )
        sys.exit(1)
    debugpy.listen((host or "localhost", int(port)))
    say("waiting for a debugger at %s:%s" % (host or "localhost", port))
    debugpy.wait_for_client()


def profiled(run_code):
    """Runs code under Python's profiler; what it found is kept with the run."""
    import cProfile

    path = os.path.join(os.environ.get("RUN_DIR", os.getcwd()), ".guild", "profile")

    def run_profiled(code, names):
        profiler = cProfile.Profile()
        try:
            profiler.runcall(run_code, code, names)
        finally:
            profiler.dump_stats(path)
            say("profile in %s - see 'python -m pstats FILE'" % path)

    return run_profiled


def look_at_error(kind, value, trace):
    """Shows the error as Python would, then lets the user look at where it happened."""
    guild_shim.hide_frames()
    sys.excepthook(kind, value, trace)
    sys.stdout.flush()
    say("the program failed; 'q' leaves the debugger")
    debugger = Debugger([], "")
    debugger.reset()
    try:
        debugger.interaction(None, guild_shim.without_shim(trace))
    finally:
        sys.exit(1)


def run(names):
    import bdb
    import shlex

    words = sys.argv[1:]
    address = os.environ.get("GUILD_DEBUG_LISTEN")
    places = [Place(text) for text in shlex.split(os.environ.get("PDB_BREAKS", ""))]
    debugger = Debugger(places, main_file(words)) if places else None
    code = prepare_module(names, words[1:]) if words[0] == "-m" else prepare_script(names, words)
    if address:
        listen(address)
    run_code = profiled(exec) if os.environ.get("PROFILE") == "1" else exec
    try:
        if debugger:
            debugger.start()
        run_code(code, names)
    except bdb.BdbQuit:
        sys.settrace(None)
        say("the debugger was left: the program did not end by itself")
        sys.exit(1)
    except Exception:
        sys.settrace(None)
        if os.environ.get("BREAK_ON_ERROR") == "1":
            look_at_error(*sys.exc_info())
        raise
    finally:
        sys.settrace(None)
        if debugger:
            debugger.report()
