"""What searches for bench/optimizers.py: guild through ask-tell, Optuna, scikit-optimize, each behind ask() and tell()."""

import importlib.metadata
import json
import os
import pathlib
import subprocess
import warnings

import optimizer_functions as functions

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUILD = os.environ.get("GUILD_BIN", str(ROOT / "build" / "guild"))


class Guild:
    """One process for each search."""

    def __init__(self, name, function, seed):
        self.process = subprocess.Popen(
            [GUILD, "optimizer", "ask-tell", "-o", name, "--random-seed", str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.say({"space": function.space})

    def say(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")

    def ask(self):
        self.say({"ask": 1})
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"guild: {answer['error']}")
        return answer["id"], answer["params"]

    def tell(self, key, value):
        self.say({"tell": key, "value": value} if value is not None else {"tell": key, "state": "failed"})

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Optuna:
    def __init__(self, name, function, seed):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        warnings.simplefilter("ignore")
        if name == "tpe":
            sampler = optuna.samplers.TPESampler(multivariate=True, group=True, seed=seed)
        elif name == "cmaes":
            sampler = optuna.samplers.CmaEsSampler(seed=seed)
        else:
            import torch

            torch.set_num_threads(1)
            sampler = optuna.samplers.GPSampler(seed=seed, deterministic_objective=function.noise == 0)
        self.failed = optuna.trial.TrialState.FAIL
        self.space = function.space
        self.study = optuna.create_study(sampler=sampler)

    def ask(self):
        trial = self.study.ask()
        params = {}
        for d in self.space:
            if not functions.is_active(d, params):
                continue
            if d["type"] == "categorical":
                value = trial.suggest_categorical(d["name"], d["choices"])
            elif d["type"] == "int":
                value = trial.suggest_int(d["name"], d["low"], d["high"], log=d.get("log", False))
            else:
                value = trial.suggest_float(d["name"], d["low"], d["high"], log=d.get("log", False))
            params[d["name"]] = value
        return trial, params

    def tell(self, key, value):
        if value is None:
            self.study.tell(key, state=self.failed)
        else:
            self.study.tell(key, value)

    def close(self):
        pass


class Skopt:
    """Knows neither failures, which are told as the worst value so far, nor dimensions that are not always there."""

    def __init__(self, name, function, seed):
        import skopt

        warnings.simplefilter("ignore")
        self.space = function.space
        self.optimizer = skopt.Optimizer([self.dimension(skopt.space, d) for d in self.space], "GP", random_state=seed)
        self.worst = None
        self.waiting = []

    @staticmethod
    def dimension(space, d):
        if d["type"] == "categorical":
            return space.Categorical(list(range(len(d["choices"]))))
        prior = "log-uniform" if d.get("log") else "uniform"
        kind = space.Integer if d["type"] == "int" else space.Real
        return kind(d["low"], d["high"], prior=prior)

    def ask(self):
        point = self.optimizer.ask()
        params = {}
        for d, x in zip(self.space, point):
            if functions.is_active(d, params):
                kinds = {"categorical": lambda v, d=d: d["choices"][int(v)], "int": int, "float": float}
                params[d["name"]] = kinds[d["type"]](x)
        return point, params

    def tell(self, key, value):
        if value is None and self.worst is None:
            self.waiting.append(key)
            return
        self.worst = value if self.worst is None else max(self.worst, value if value is not None else self.worst)
        for point in self.waiting:
            self.optimizer.tell(point, self.worst)
        self.waiting = []
        self.optimizer.tell(key, self.worst if value is None else value)

    def close(self):
        pass


PEERS = {
    "optuna-tpe": (Optuna, "tpe", ["optuna"], 200),
    "optuna-cmaes": (Optuna, "cmaes", ["optuna", "cmaes"], 200),
    "optuna-gp": (Optuna, "gp", ["optuna", "torch", "scipy"], 200),
    "skopt-gp": (Skopt, "GP", ["scikit-optimize", "scikit-learn"], 100),  # seconds a suggestion later on
}


def ours():
    done = subprocess.run([GUILD, "optimizer", "list", "--json"], capture_output=True, text=True, check=True)
    return [info["name"] for info in json.loads(done.stdout)]


def version(name):
    """Of a peer's packages, None where one is missing."""
    try:
        return " ".join(f"{package} {importlib.metadata.version(package)}" for package in PEERS[name][2])
    except importlib.metadata.PackageNotFoundError:
        return None


def open_search(name, function, seed):
    if name in PEERS:
        kind, inner = PEERS[name][:2]
        return kind(inner, function, seed)
    return Guild(name, function, seed)
