"""Pruning: trials of a batch that are stopped early."""

import json
import math
import os
import pathlib
import random
import subprocess
import sys

import pytest
import yaml

from conftest import ROOT

PYTHON = os.path.realpath(sys.executable)
DRIVER = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build")) / "tests" / "prune_driver"

TRAIN = """
lr = 1.0
for i in range(1, 9):
    print("step:", i)
    print("loss:", lr + 1 / i, flush=True)
    if i > 2:
        open(str(i), "w").close()
        import time; time.sleep(%(pause)s)
"""


# ---- decisions ---------------------------------------------------------------------------------------------------------


class Driver:
    def __init__(self, direction, *rules):
        self.p = subprocess.Popen([DRIVER, "loss", direction, *rules], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, line):
        self.p.stdin.write(line + "\n")
        self.p.stdin.flush()
        return self.p.stdout.readline().strip()

    def close(self):
        self.p.stdin.close()
        assert self.p.wait() == 0


def simulate(curves, order, direction, rules, jobs=1):
    """Runs curves as trials, `jobs` at once: (share of the work saved, positions that were not stopped)."""
    d, waiting, running, done, work = Driver(direction, *rules), list(order), [], [], 0
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append([len(order) - len(waiting), waiting.pop(0), 0])
        now = running[work % len(running)]
        number, i, at = now
        why = d.ask(f"r {number} {at + 1} {curves[i][at]!r}")
        work += 1
        now[2] += 1
        if why or now[2] == len(curves[i]):
            d.ask(f"e {number} {0 if why else 1}")
            running.remove(now)
            done += [] if why else [i]
    d.close()
    return 1 - work / sum(len(curves[i]) for i in order), done


def events(seed, n=30, jobs=4):
    """Reports of trials that run at the same time: [number, step, value]; [number, None, stopped] is an end."""
    rng = random.Random(seed)
    running, made, out = {}, 0, []
    while made < n or running:
        if made < n and len(running) < jobs:
            running[made] = [0, rng.random(), 3 + rng.randrange(40)]
            made += 1
        number = rng.choice(sorted(running))
        t = running[number]
        t[0] += rng.choice([1, 1, 1, 2])
        value = t[1] + 2 / t[0] + rng.gauss(0, 0.05)
        out.append([number, t[0], None if rng.random() < 0.01 else round(value, 3)])
        if t[0] >= t[2]:
            del running[number]
    return out


def ours(events, direction, factor, min_resource):
    d, stopped = Driver(direction, f"asha, factor {factor}, min-resource {min_resource}"), []
    for number, step, value in events:
        if d.ask(f"r {number} {step} {'nan' if value is None else value}"):
            stopped.append([number, step])
    d.close()
    return stopped


# What Optuna 5.0.0 decided over events(seed): test_rungs_of_optuna makes and checks it.
GOLDEN = [
    [[1, 1], [3, 2], [0, 4], [4, 1], [6, 1], [5, 5], [7, 2], [8, 1], [10, 1], [11, 1], [12, 1], [13, 2],
     [14, 1], [16, 2], [18, 1], [19, 1], [17, 16], [20, 4], [21, 4], [22, 9], [24, 4], [23, 2], [25, 5], [26, 2],
     [27, 1], [28, 2], [29, 1]],
    [[1, 1], [3, 1], [2, 4], [5, 2], [6, 3], [7, 1], [8, 1], [9, 1], [10, 1], [11, 1], [12, 1], [14, 2],
     [13, 1], [15, 1], [16, 1], [17, 3], [18, 1], [19, 1], [20, 1], [21, 1], [22, 1], [23, 3], [24, 1], [25, 3],
     [26, 1], [27, 1], [28, 1], [29, 1]],
    [[2, 2], [3, 2], [5, 2], [4, 2], [6, 2], [8, 2], [10, 3], [9, 3], [12, 2], [11, 2], [14, 2], [13, 8],
     [15, 2], [16, 2], [17, 3], [18, 2], [21, 2], [23, 3], [22, 9], [25, 2], [24, 8], [26, 2], [27, 2], [29, 3],
     [28, 3]],
]


def test_rungs_as_published():
    for (direction, factor, min_resource), want in zip(CASES, GOLDEN):
        assert ours(events(factor), direction, factor, min_resource) == want


CASES = [("minimize", 2, 1), ("minimize", 3, 1), ("maximize", 4, 2)]


@pytest.fixture(scope="module")
def judge():
    done = subprocess.run([ROOT / "scripts/venv.sh", "search"], capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        pytest.skip("Optuna and scikit-learn cannot be installed: " + done.stderr[-200:])

    def call(what, told=None):
        env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        got = subprocess.run([ROOT / ".venv/search/bin/python", ROOT / "tests/prune_judge.py", what], input=json.dumps(told), env=env,
                             capture_output=True, text=True, timeout=900, check=False)
        assert got.returncode == 0, got.stderr
        return json.loads(got.stdout)

    return call


@pytest.mark.slow
@pytest.mark.registry
def test_rungs_of_optuna(judge):
    for k, (direction, factor, min_resource) in enumerate(CASES):
        for seed in [factor, *range(10, 15)]:
            told = {"direction": direction, "factor": factor, "min_resource": min_resource, "events": events(seed)}
            theirs = judge("halving", told)
            assert theirs == ours(events(seed), direction, factor, min_resource)
            assert seed != factor or theirs == GOLDEN[k]
            assert len(theirs) > 10


@pytest.mark.slow
@pytest.mark.registry
def test_real_learning_curves(judge):
    """60 models, 40 orders, one or four at once: at least half of the work saved, the best kept in 95 of 100."""
    made = judge("curves")
    assert len(made) >= 50
    for rule in ["median", "percentile 33", "asha", "hyperband"]:
        saved, kept, n = 0, 0, 0
        for metric, direction, sign in [(0, "minimize", 1), (1, "maximize", -1)]:
            curves = [[e[metric] for e in c] for c in made]
            reached = [min(sign * v for v in c if math.isfinite(v)) for c in curves]
            for seed in range(20):
                order = list(range(len(curves)))
                random.Random(seed).shuffle(order)
                share, done = simulate(curves, order, direction, [rule], 4 if seed % 2 else 1)
                saved += share
                kept += min(reached[i] for i in done) <= min(reached)
                n += 1
        print(f"{rule}: {saved / n:.2f} saved, best kept in {kept / n:.3f}")
        assert saved / n >= 0.5, rule
        assert kept / n >= 0.95, rule


# ---- batches -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(guild):
    def call(*args, code=0, **kw):
        before = set(guild.runs())
        done = guild("run", *args, "-y", code=code, env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"}, **kw)
        made = [r for r in guild.runs() if r not in before]
        done.batch = next((r for r in made if (r / ".guild/proto").exists()), None)
        done.trials = {yaml.safe_load(guild.attr(r, "flags"))["lr"]: r for r in made if r != done.batch}
        return done

    return call


def pruned(trial):
    file = trial / ".guild/attrs/_pruned"
    return yaml.safe_load(file.read_text()) if file.exists() else None


def test_batch_of_a_plain_script(guild, run):
    guild.write("train.py", TRAIN % {"pause": 0.1})
    done = run("train.py", "lr=[1,2,3,0.5]", "--prune", "median", "--keep-batch")
    assert {lr: pruned(t) is not None for lr, t in done.trials.items()} == {1: False, 2: False, 3: True, 0.5: False}
    why = pruned(done.trials[3])
    assert why == {"rule": "median", "scalar": "loss", "step": 1, "value": 4.0, "compared": 4.0, "limit": 2.5, "trials": 2,
                   "text": "median: loss = 4 at step 1, where the median is 2.5 (2 trials)"}
    assert f"Stopping trial {done.trials[3].name}: {why['text']}" in done.stderr
    assert guild.attr(done.trials[3], "exit_status") == "-15\n"
    assert not (done.trials[3] / "8").exists()
    assert why["text"] in guild("runs", "info", done.trials[3].name).stdout
    assert json.loads(guild("runs", "info", "--json", done.trials[3].name).stdout)["pruned"] == why
    assert "pruned" not in guild("runs", "info", done.trials[2].name).stdout
    assert yaml.safe_load(guild.attr(done.batch, "objective")) == "loss"
    # Goes on with what it knows: the stopped one stays, a new one is measured against those from before.
    again = run("--restart", done.batch.name, "lr=[1,2,3,0.5,9]", "--max-trials", "5")
    assert list(again.trials) == [9] and pruned(again.trials[9])["trials"] == 4
    assert pruned(done.trials[3]) == why
    # A trial that is run again by hand is a new attempt.
    run("--restart", done.trials[3].name)
    assert pruned(done.trials[3]) is None and (done.trials[3] / "8").exists()


def test_rules_of_an_operation(guild, run):
    guild.write("train.py", TRAIN % {"pause": 0.1})
    guild.write("guild.yml", """
train:
  flags-import: [lr]
  objective: {maximize: loss}
  prune:
    - rule: threshold
      when: loss < 1.2
      after: 2
    - patience 50
""")
    done = run("train", "lr=[0.1,1]", "--keep-batch", "-j", "2")
    assert pruned(done.trials[0.1])["rule"] == "loss < 1.2 after step 2" and pruned(done.trials[1])["step"] == 6
    # What is typed takes their place.
    done = run("train", "lr=[0.1,1]", "--prune", "no", "--keep-batch")
    assert not any(pruned(t) for t in done.trials.values())
    assert "prune" not in yaml.safe_load(guild.attr(done.batch / ".guild/proto", "op"))
    done = run("train", "lr=[0.1,1]", "--prune", "loss > 1.9", "--keep-batch")
    assert pruned(done.trials[0.1]) is None and pruned(done.trials[1])["limit"] is None


def test_rules_that_cannot_be_read(guild, run):
    guild.write("train.py", "print('loss: 1')\nlr = 1\n")
    guild.write("guild.yml", "train:\n  prune:\n    - medain\n")
    for args in [("run", "train", "-y"), ("check", "--strict")]:
        done = guild(*args, code=1)
        assert "guild.yml:3:7: there is no pruning rule 'medain' (did you mean 'median'?)" in done.stdout + done.stderr
    done = run("train", "lr=[1,2]", "--prune", "asha, factor 1", code=1)
    assert "--prune: 'factor' must be a whole number from 2 on" in done.stderr and not guild.runs()
    done = run("train.py", "lr=[1,2]", "--prune", "median of vall_loss")
    assert "no trial has reported 'vall_loss', which a pruning rule is about" in done.stderr
    done = run("train.py", "lr=3", "--prune", "median")
    assert "not a batch run - ignoring --prune" in done.stderr
    assert "prune" not in yaml.safe_load(guild.attr(max(guild.runs(), key=os.path.getmtime), "op"))
