"""bench/optimizers.py: what its figures are made of."""

import json
import pathlib
import random
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import optimizer_functions as functions  # noqa: E402
import optimizers  # noqa: E402


def test_functions_are_what_they_say(guild):
    assert len(functions.FUNCTIONS) >= 20 and len({f.version() for f in functions.FUNCTIONS}) == len(functions.FUNCTIONS)
    for f in functions.FUNCTIONS:
        rng = random.Random(2)
        points = [f.draw(rng) for _ in range(60)]
        requests = [{"space": f.space}, *[{"add": p} for p in points]]
        done = guild("optimizer", "ask-tell", "-o", "random", stdin="".join(json.dumps(r) + "\n" for r in requests))
        assert '{"error"' not in done.stdout and len(done.stdout.splitlines()) == 60, f.name
        if not f.needs:
            values = [f.true(p) for p in points]
            assert len(set(values)) > 20 and (f.least is None or min(values) >= f.least), f.name
            assert f.fails is None or 0 < sum(map(f.failed, points)) < 60
    best = {"x0": 3.141592653589793, "x1": 2.275}
    assert abs(functions.branin(best) - functions.BRANIN_LEAST) < 1e-9
    assert abs(functions.hartmann6(dict(zip(("x0", "x1", "x2", "x3", "x4", "x5"), (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573))))
               - functions.H6_LEAST) < 1e-4


def test_ranks_and_regrets():
    assert optimizers.ranks({"a": 0.5, "b": 0.0, "c": 0.0005, "d": 0.6}) == {"b": 1.5, "c": 1.5, "a": 3, "d": 4}
    results = [{"at": {"25": 3.0}}, {"at": {"25": None}}, {"at": {"25": -1.0}}, {"at": {}}]
    assert optimizers.regrets(results, (1.0, 4.0), 25) == [0.5, 1.0, 0.0]


def test_a_short_run_writes_its_results(guild, tmp_path):
    done = subprocess.run([sys.executable, ROOT / "bench" / "optimizers.py", "--optimizers", "random,qmc", "--functions", "branin,failing_bowl4",
                           "--seeds", "2", "--trials", "25", "--out", tmp_path], capture_output=True, text=True, check=False,
                          env=guild.env(GUILD_BIN=guild.program))
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "optimizers.json").read_text())["results"]
    assert sorted((r["optimizer"], r["function"], r["seed"]) for r in results) == sorted(
        (o, f, s) for o in ("random", "qmc") for f in ("branin", "failing_bowl4") for s in (0, 1))
    assert "## Median regret at 25 trials" in done.stdout
    unknown = subprocess.run([sys.executable, ROOT / "bench" / "optimizers.py", "--optimizers", "best", "--trials", "25"], capture_output=True,
                             text=True, check=False, env=guild.env(GUILD_BIN=guild.program))
    assert unknown.returncode == 1 and "no optimizer 'best'" in unknown.stderr
