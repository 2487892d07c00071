"""Functions that bench/optimizers.py has optimizers make small: plain Python, the optimum known, or found by every search together.

Each has a space in the form of docs/formats/ask-tell.md, `true(params)` without noise and `seen(params, rng)` as a trial would report it: with
noise, or None where the trial fails.
"""

import hashlib
import inspect
import itertools
import json
import math
import random


class Function:
    def __init__(self, name, space, call, least, noise=0.0, fails=None, needs=None):
        self.name = name
        self.space = space
        self.call = call
        self.least = least  # None: nobody knows
        self.noise = noise  # standard deviation
        self.fails = fails
        self.needs = needs  # module

    def true(self, params):
        return self.call(params)

    def failed(self, params):
        return self.fails is not None and self.fails(params)

    def seen(self, params, rng):
        if self.failed(params):
            return None
        return self.call(params) + (rng.gauss(0, self.noise) if self.noise else 0.0)

    def draw(self, rng):
        """A random point."""
        params = {}
        for d in self.space:
            if is_active(d, params):
                params[d["name"]] = draw(d, rng)
        return params

    def version(self):
        parts = [json.dumps(self.space), inspect.getsource(self.call), repr(self.noise), repr(self.least)]
        if self.fails:
            parts.append(inspect.getsource(self.fails))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def is_active(d, params):
    for name, values in d.get("when", {}).items():
        if params.get(name) not in values:
            return False
    return True


def draw(d, rng):
    if d["type"] == "categorical":
        return rng.choice(d["choices"])
    low, high = d["low"], d["high"]
    half = 0.5 if d["type"] == "int" else 0.0
    if d.get("log"):
        x = math.exp(rng.uniform(math.log(low - half), math.log(high + half)))
    else:
        x = rng.uniform(low - half, high + half)
    return int(min(max(math.floor(x + 0.5), low), high)) if d["type"] == "int" else min(max(x, low), high)


def real(name, low, high, **more):
    return {"name": name, "type": "float", "low": low, "high": high, **more}


def whole(name, low, high, **more):
    return {"name": name, "type": "int", "low": low, "high": high, **more}


def choice(name, choices, **more):
    return {"name": name, "type": "categorical", "choices": choices, **more}


def reals(n, low, high):
    return [real(f"x{i}", low, high) for i in range(n)]


def vector(params):
    return [params[f"x{i}"] for i in range(len(params))]


def shift(n, seed, width):
    """Where the optimum is moved to: no search should gain by trying the middle."""
    rng = random.Random(seed)
    return [rng.uniform(-width, width) for _ in range(n)]


# ---- smooth and rugged functions of reals ----


def branin(p):
    x, y = p["x0"], p["x1"]
    return (y - 5.1 * x * x / (4 * math.pi**2) + 5 * x / math.pi - 6) ** 2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


BRANIN_LEAST = 0.39788735772973816
BRANIN_SPACE = [real("x0", -5, 10), real("x1", 0, 15)]

H3_A = [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]
H3_P = [[0.3689, 0.1170, 0.2673], [0.4699, 0.4387, 0.7470], [0.1091, 0.8732, 0.5547], [0.0381, 0.5743, 0.8828]]
H6_A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
H6_P = [[0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]]
H_ALPHA = [1.0, 1.2, 3.0, 3.2]


def hartmann(x, a, p):
    return -sum(c * math.exp(-sum(aj * (xj - pj) ** 2 for xj, aj, pj in zip(x, ai, pi)))
                for c, ai, pi in zip(H_ALPHA, a, p))


def hartmann3(p):
    return hartmann(vector(p), H3_A, H3_P)


def hartmann6(p):
    return hartmann(vector(p), H6_A, H6_P)


H3_LEAST = -3.86278214782076
H6_LEAST = -3.32236801141551


def ackley5(p):
    x = [a - b for a, b in zip(vector(p), shift(5, 1, 12))]
    n = len(x)
    return (-20 * math.exp(-0.2 * math.sqrt(sum(a * a for a in x) / n))
            - math.exp(sum(math.cos(2 * math.pi * a) for a in x) / n) + 20 + math.e)


def rastrigin4(p):
    x = [a - b for a, b in zip(vector(p), shift(4, 2, 2.5))]
    return sum(a * a - 10 * math.cos(2 * math.pi * a) + 10 for a in x)


def rosenbrock5(p):
    x = vector(p)
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:]))


def levy8(p):
    w = [1 + (a - b - 1) / 4 for a, b in zip(vector(p), shift(8, 3, 4))]
    return (math.sin(math.pi * w[0]) ** 2
            + sum((a - 1) ** 2 * (1 + 10 * math.sin(math.pi * a + 1) ** 2) for a in w[:-1])
            + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2))


def griewank6(p):
    x = [a - b for a, b in zip(vector(p), shift(6, 4, 20))]
    return 1 + sum(a * a for a in x) / 4000 - math.prod(math.cos(a / math.sqrt(i + 1)) for i, a in enumerate(x))


def styblinski10(p):
    return sum(a**4 - 16 * a * a + 5 * a for a in vector(p)) / 2


def sphere20(p):
    return sum((a - b) ** 2 for a, b in zip(vector(p), shift(20, 5, 3)))


def ellipsoid10(p):
    """Each axis is 2.8 times as steep as the one before; turned pair by pair."""
    x = [a - b for a, b in zip(vector(p), shift(10, 6, 2))]
    for i in range(9):
        a, b = x[i], x[i + 1]
        x[i], x[i + 1] = 0.8 * a - 0.6 * b, 0.6 * a + 0.8 * b
    return sum(10 ** (4 * i / 9) * a * a for i, a in enumerate(x))


def michalewicz5(p):
    return -sum(math.sin(a) * math.sin((i + 1) * a * a / math.pi) ** 20 for i, a in enumerate(vector(p)))


def schwefel4(p):
    return 418.9828872724339 * 4 - sum(a * math.sin(math.sqrt(abs(a))) for a in vector(p))


def eggholder(p):
    x, y = p["x0"], p["x1"]
    return -(y + 47) * math.sin(math.sqrt(abs(x / 2 + y + 47))) - x * math.sin(math.sqrt(abs(x - y - 47)))


def embedded15(p):
    """Three of fifteen matter."""
    x = vector(p)
    return hartmann([x[2], x[7], x[11]], H3_A, H3_P)


def steps5(p):
    """Plateaus: nothing changes within a step of a tenth."""
    return sum((math.floor(10 * a) / 10 - b) ** 2 for a, b in zip(vector(p), [0.3, 0.7, 0.1, 0.5, 0.8]))


# ---- scales, whole numbers, choices ----


def log_bowl4(p):
    """Narrow on logarithmic scales, the first two hang together."""
    a, b = math.log10(p["lr"]) + 2.6, math.log10(p["decay"]) + 4.3
    c, d = math.log10(p["eps"]) + 6.5, math.log10(p["scale"]) - 0.8
    return a * a + (b - 0.7 * a) ** 2 + 0.2 * c * c + 0.5 * abs(d)


def int_bowl6(p):
    x = [p[f"n{i}"] for i in range(6)]
    best = [3, 17, 8, 25, 12, 1]
    z = [(a - b) / 10 for a, b in zip(x, best)]
    return sum(a * a for a in z) + 0.5 * sum(a * b for a, b in zip(z, z[1:])) + 0.3 * sum(1 - math.cos(3 * a) for a in z)


def network8(p):
    """Like the loss of a small network: learning rate and batch size hang together, the optimizer wants its own rate."""
    rate = {"sgd": -1.5, "adam": -3.0, "rmsprop": -3.3, "lion": -4.0}[p["optimizer"]]
    step = math.log10(p["lr"]) - rate - 0.3 * math.log2(p["batch"] / 64)
    size = p["layers"] * math.log2(p["width"])
    loss = 0.35 + 0.12 * min(step * step, 4) + {"sgd": 0.02, "adam": 0.0, "rmsprop": 0.03, "lion": 0.015}[p["optimizer"]]
    loss += 0.004 * (size - 22) ** 2 / 4 + 0.5 * (p["dropout"] - 0.02 * size / 2) ** 2
    loss += 0.02 * (math.log10(p["decay"]) + 4) ** 2 * (1.5 if p["optimizer"] == "sgd" else 0.7)
    return loss + {"relu": 0.01, "gelu": 0.0, "tanh": 0.05}[p["act"]]


def table6(p):
    """Choices whose effects nothing orders, with effects of pairs."""
    picks = [int(p[f"c{i}"][1:]) for i in range(4)]
    effects = random.Random(7)
    single = [[effects.random() for _ in range(6)] for _ in range(4)]
    pair = [[[0.6 * effects.random() for _ in range(6)] for _ in range(6)] for _ in range(3)]
    value = sum(single[i][k] for i, k in enumerate(picks)) + sum(pair[i][picks[i]][picks[i + 1]] for i in range(3))
    good = picks[0] / 6
    return value + (p["x"] - good) ** 2 + 2 * (p["y"] - 0.3) ** 2


def least_of_table6():
    picks = itertools.product(*[[f"v{k}" for k in range(6)]] * 4)
    return min(table6({**{f"c{i}": c for i, c in enumerate(four)}, "x": int(four[0][1:]) / 6, "y": 0.3}) for four in picks)


def models(p):
    """Three kinds of models, each with values of its own."""
    if p["model"] == "svm":
        return 0.16 + 0.02 * (math.log10(p["c"]) - 1) ** 2 + 0.03 * (math.log10(p["gamma"]) + 2) ** 2
    if p["model"] == "forest":
        return 0.2 + 0.001 * (p["depth"] - 11) ** 2 + 0.05 * (p["features"] - 0.4) ** 2
    return (0.11 + 0.04 * (math.log10(p["lr"]) + 2.2) ** 2 + 0.01 * (p["layers"] - 3) ** 2
            + 0.08 * (p["dropout"] - 0.25) ** 2 + {"relu": 0.0, "tanh": 0.03}[p["act"]])


def nested(p):
    """Dimensions under dimensions."""
    value = 1.0 + (p["a"] - 0.6) ** 2
    if p["use"]:
        value -= 0.4 - (p["b"] - 0.2) ** 2 - 0.1 * (p["kind"] != "x")
        if p["kind"] == "x":
            value -= 0.3 * math.exp(-20 * (p["d"] - 0.7) ** 2)
    return value


def tall_range4(p):
    """Values over eight orders of magnitude."""
    return math.exp(4 * sum(abs(a - b) ** 1.5 for a, b in zip(vector(p), [0.2, 0.9, 0.45, 0.6]))) - 1


def fails_disc(p):
    """Half of the space fails, up to where the best is."""
    return p["x0"] + p["x1"] < 0.25


def failing_bowl4(p):
    return sum((a - b) ** 2 for a, b in zip(vector(p), [0.15, 0.18, 0.6, 0.4])) ** 0.5


def fails_memory(p):
    """Large networks do not fit."""
    return p["layers"] * math.log2(p["width"]) > 34 or p["lr"] > 0.05


# ---- models of scikit-learn on data it ships ----


_DATA = {}


def data(name):
    if name not in _DATA:
        from sklearn import datasets
        from sklearn.preprocessing import StandardScaler

        x, y = getattr(datasets, "load_" + name)(return_X_y=True)
        order = random.Random(11).sample(range(len(y)), min(len(y), 450))
        _DATA[name] = StandardScaler().fit_transform(x[order]), y[order]
    return _DATA[name]


def cross_validated(model, name, scoring):
    from sklearn.model_selection import cross_val_score

    x, y = data(name)
    return -float(cross_val_score(model, x, y, cv=3, scoring=scoring).mean())


def svm_digits(p):
    from sklearn.svm import SVC

    more = {k: p[k] for k in ("degree", "coef0") if k in p}
    return cross_validated(SVC(kernel=p["kernel"], C=p["c"], gamma=p["gamma"], **more), "digits", "accuracy")


def tree_diabetes(p):
    from sklearn.tree import DecisionTreeRegressor

    model = DecisionTreeRegressor(criterion=p["criterion"], max_depth=p["depth"], min_samples_leaf=p["leaf"],
                                  min_samples_split=p["split"], max_features=p["features"], ccp_alpha=p["alpha"], random_state=0)
    return cross_validated(model, "diabetes", "r2")


def ridge_diabetes(p):
    from sklearn.kernel_ridge import KernelRidge

    more = {k: p[k] for k in ("degree", "coef0") if k in p}
    model = KernelRidge(kernel=p["kernel"], alpha=p["alpha"], gamma=p["gamma"], **more)
    return min(cross_validated(model, "diabetes", "r2"), 1.0)


# ---- all of them ----

NETWORK_SPACE = [
    real("lr", 1e-6, 1, log=True), real("decay", 1e-7, 1e-1, log=True), whole("layers", 1, 8), whole("width", 8, 1024, log=True),
    real("dropout", 0, 0.8), choice("batch", [16, 32, 64, 128, 256]), choice("optimizer", ["sgd", "adam", "rmsprop", "lion"]),
    choice("act", ["relu", "gelu", "tanh"]),
]
KERNELS = ["rbf", "poly", "sigmoid", "linear"]
UNIT4 = reals(4, 0, 1)

FUNCTIONS = [
    Function("branin", BRANIN_SPACE, branin, BRANIN_LEAST),
    Function("hartmann3", reals(3, 0, 1), hartmann3, H3_LEAST),
    Function("hartmann6", reals(6, 0, 1), hartmann6, H6_LEAST),
    Function("ackley5", reals(5, -20, 20), ackley5, 0),
    Function("rastrigin4", reals(4, -5.12, 5.12), rastrigin4, 0),
    Function("rosenbrock5", reals(5, -2, 2), rosenbrock5, 0),
    Function("levy8", reals(8, -10, 10), levy8, 0),
    Function("griewank6", reals(6, -60, 60), griewank6, 0),
    Function("styblinski10", reals(10, -5, 5), styblinski10, -391.6616570377142),
    Function("sphere20", reals(20, -5, 5), sphere20, 0),
    Function("ellipsoid10", reals(10, -5, 5), ellipsoid10, 0),
    Function("michalewicz5", reals(5, 0, math.pi), michalewicz5, -4.687658179),
    Function("schwefel4", reals(4, -500, 500), schwefel4, 0),
    Function("eggholder", reals(2, -512, 512), eggholder, -959.6406627208506),
    Function("embedded15", reals(15, 0, 1), embedded15, H3_LEAST),
    Function("steps5", reals(5, 0, 1), steps5, 0),
    Function("tall_range4", UNIT4, tall_range4, 0),
    Function("log_bowl4", [real("lr", 1e-6, 1, log=True), real("decay", 1e-8, 1e-1, log=True), real("eps", 1e-10, 1e-2, log=True),
                           real("scale", 0.01, 100, log=True)], log_bowl4, 0),
    Function("int_bowl6", [whole(f"n{i}", 0, 30) for i in range(6)], int_bowl6, 0),
    Function("network8", NETWORK_SPACE, network8, None),
    Function("table6", [choice(f"c{i}", [f"v{k}" for k in range(6)]) for i in range(4)] + [real("x", 0, 1), real("y", 0, 1)],
             table6, least_of_table6()),
    Function("models", [
        choice("model", ["svm", "forest", "net"]), real("c", 1e-3, 1e3, log=True, when={"model": ["svm"]}),
        real("gamma", 1e-5, 10, log=True, when={"model": ["svm"]}), whole("depth", 1, 30, when={"model": ["forest"]}),
        real("features", 0.05, 1, when={"model": ["forest"]}), real("lr", 1e-5, 1, log=True, when={"model": ["net"]}),
        whole("layers", 1, 6, when={"model": ["net"]}), real("dropout", 0, 0.8, when={"model": ["net"]}),
        choice("act", ["relu", "tanh"], when={"model": ["net"]})], models, 0.11),
    Function("nested", [
        real("a", 0, 1), choice("use", [False, True]), real("b", 0, 1, when={"use": [True]}),
        choice("kind", ["x", "y", "z"], when={"use": [True]}), real("d", 0, 1, when={"kind": ["x"]})], nested, 0.3),
    Function("noisy_branin", BRANIN_SPACE, branin, BRANIN_LEAST, noise=5.0),
    Function("noisy_hartmann6", reals(6, 0, 1), hartmann6, H6_LEAST, noise=0.2),
    Function("noisy_network8", NETWORK_SPACE, network8, None, noise=0.03),
    Function("failing_bowl4", UNIT4, failing_bowl4, 0, fails=fails_disc),
    Function("failing_network8", NETWORK_SPACE, network8, None, fails=fails_memory),
    Function("svm_digits", [
        choice("kernel", KERNELS), real("c", 1e-3, 1e3, log=True), real("gamma", 1e-5, 10, log=True),
        whole("degree", 2, 5, when={"kernel": ["poly"]}), real("coef0", -1, 1, when={"kernel": ["poly", "sigmoid"]})],
        svm_digits, None, needs="sklearn"),
    Function("tree_diabetes", [
        choice("criterion", ["squared_error", "absolute_error", "friedman_mse"]), whole("depth", 1, 20),
        whole("leaf", 1, 60, log=True), whole("split", 2, 100, log=True), real("features", 0.1, 1),
        real("alpha", 0.1, 1000, log=True)], tree_diabetes, None, needs="sklearn"),
    Function("ridge_diabetes", [
        choice("kernel", KERNELS), real("alpha", 1e-4, 1e3, log=True), real("gamma", 1e-5, 10, log=True),
        whole("degree", 2, 5, when={"kernel": ["poly"]}), real("coef0", -1, 1, when={"kernel": ["poly", "sigmoid"]})],
        ridge_diabetes, None, needs="sklearn"),
]
QUICK = ["branin", "hartmann6", "rastrigin4", "log_bowl4", "network8", "models", "noisy_branin", "failing_bowl4"]


def by_name(names):
    known = {f.name: f for f in FUNCTIONS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"there is no function {unknown[0]!r}; there are {', '.join(known)}")
    return [known[name] for name in names]
