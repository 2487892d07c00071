"""Batches that search: random search, optimizers, objectives, conditions, restarts."""

import json
import re

import pytest
import yaml

TRAIN = 'x = 1\ny = 0.5\nprint("loss: %f" % ((x - 3) ** 2 + y))\n'
GUILDFILE = """
- model: m
  operations:
    t:
      main: t
      flags-import: all
      flags:
        x: {default: 2, min: 1, max: 5}
        y: {default: 0.5, choices: [0.5, 0.6]}
      optimizers:
        gp: {acq-func: EI}
        mine: {algorithm: tpe, default: yes}
    two: {main: t, flags-import: all, optimizers: [gp, tpe]}
    when:
      main: w
      flags-import: all
      flags:
        momentum: {default: 0.9, when: {kind: sgd}}
    lists: {main: l, flags-import: all}
    chooser:
      main: c
      delete-on-success: yes
      default-max-trials: 2
      flags: {k: 3}
"""
CHOOSER = """
k = 3
from guild import batch_util
batch = batch_util.batch_run()
flags = batch.batch_proto.get("flags")
print("chooser", k, batch.get("max_trials"))
batch_util.handle_trials(batch, [dict(flags, x=i) for i in range(batch.get("max_trials"))])
"""


@pytest.fixture
def search(guild):
    guild.write("guild.yml", GUILDFILE)
    guild.write("t.py", TRAIN)
    guild.write("w.py", 'kind = "sgd"\nmomentum = 0.9\nprint("loss: 1")\n')
    guild.write("l.py", 'layers = [1, 2]\nprint("loss: %d" % sum(layers))\n')
    guild.write("c.py", CHOOSER)
    return guild


def trials(guild, *args):
    path = guild.cwd / "trials.json"
    guild("run", *args, "--save-trials", path, "-y")
    return json.loads(path.read_text())


def batches(guild):
    return [r for r in guild.runs() if (r / ".guild" / "proto").is_dir()]


def attr(guild, run, name):
    return yaml.safe_load(guild.attr(run, name))


def flags_of(guild, batch):
    """Flags of the trials, in the order they were started."""
    found = [r.resolve() for r in batch.iterdir() if r.is_symlink()]
    return [attr(guild, r, "flags") for r in sorted(found, key=lambda r: attr(guild, r, "started"))]


def test_random_draws_are_those_of_0_9_0(search):
    def drawn(value, *more):
        return [t["x"] for t in trials(search, "t", f"x={value}", "y=0.5", "-f", "--random-seed", 1, "-m", 3, *more)]

    assert drawn("uniform[0.01:0.5]") == [0.4986205573600457, 0.46695310607594287, 0.0727809794853848]
    assert drawn("uniform[1:10]") == [9, 10, 6]
    assert drawn("loguniform[0.001:10]") == pytest.approx([9.74404, 5.37316, 0.00325460], rel=1e-5)
    assert drawn("uniform[1:10:7]") == [7, 10, 6]
    assert len(trials(search, "t", "x=[1:5]")) == 20
    # A list of one value takes part in the draws, too.
    assert [t["y"] for t in trials(search, "t", "x=[3]", "y=[1:100]", "-f", "-o", "random", "--random-seed", 1, "-m", 3)] == [73, 76, 65]
    # Functions within a grid have draws of their own.
    grid = ("t", "x=[1:100]", "y=[1,2,3,4,5,6]", "-f", "-o", "+", "--random-seed", 3)
    assert [t["x"] for t in trials(search, *grid)] == [25, 4, 73, 22, 20, 42]


def test_what_is_searched(search):
    typed = trials(search, "t", "-o", "random", "--random-seed", 1, "-m", 4)
    assert [(t["x"], t["y"]) for t in typed] == [(2, 0.6), (2, 0.5), (1, 0.5), (5, 0.5)]
    when = trials(search, "when", "kind=[sgd,adam]", "momentum=[0.1,0.2]")
    assert [(t["kind"], t["momentum"]) for t in when] == [("sgd", 0.1), ("sgd", 0.2), ("adam", None)]
    for t in trials(search, "when", "kind=[sgd,adam]", "momentum=uniform[0.1:0.9]", "-o", "random", "-m", 30):
        assert (t["momentum"] is None) == (t["kind"] == "adam")
    lists = trials(search, "lists", "layers=[16:256]*[1:4]", "--random-seed", 1, "-m", 40)
    assert {len(t["layers"].split()) for t in lists} == {1, 2, 3, 4}
    assert all(16 <= int(n) <= 256 for t in lists for n in t["layers"].split())


@pytest.mark.parametrize(
    "args, text",
    [
        (("t", "x=loguniform[0:1]"), "must begin above 0"),
        (("t", "x=uniform[3:1]"), "the range is empty"),
        (("t", "x=unifrom[1:2]"), "did you mean 'uniform'?"),
        (("t", "-o", "gpp"), "did you mean 'gp'?"),
        (("t", "-o", "gp", "-Fo", "kapa=1"), "did you mean 'kappa'?"),
        (("t", "-o", "gp", "-Fo", "kappa=x"), "expected a number"),
        (("t", "-Fo", "kappa=1"), "no optimizer"),
        (("two", "-O"), "gp, tpe"),
        (("two", "-o", "gp"), "do not contain any search dimensions"),
        (("t", "-o", "gp", "--print-trials"), "--print-trials"),
        (("t", "-o", "gp", "--stage-trials"), "--stage-trials"),
        (("t", "-o", "gp", "--constraint", "loss"), "COLUMN <= NUMBER"),
        (("lists", "layers=[1:2]*[0:3]"), "from 1 to 64 items"),
    ],
)
def test_bad_input(search, args, text):
    assert text in search("run", *args, "-y", code=1).stderr
    assert search.runs() == []


def test_a_search_is_stored_and_goes_on(search):
    done = search("run", "t", "-o", "gp", "-m", 4, "--random-seed", 7, "-y")
    assert "Random start for optimization (1 of 3)" in done.stderr
    assert "Found 3 previous trial(s) for use in optimization" in done.stderr
    assert re.search(r"Of 4 trial\(s\): best loss ", done.stderr)
    (batch,) = batches(search)
    assert (batch / ".guild" / "opref").read_text().split()[2:] == ["skopt", "gp"]
    assert attr(search, batch, "flags") == {
        "acq-func": "EI", "kappa": 1.96, "noise": "gaussian", "prev-trials": "batch", "random-starts": 3, "xi": 0.05,
    }
    assert attr(search, batch, "max_trials") == 4
    assert attr(search, batch, "op")["op-cmd"]["cmd-args"][-1] == "guild.plugins.skopt_gp_main"
    proto = batch / ".guild" / "proto"
    assert attr(search, proto, "flags") == {"x": "uniform[1:5:2]", "y": [0.5, 0.6]}
    assert attr(search, proto, "user_flags") == {}
    first = flags_of(search, batch)
    assert first[0]["x"] == 2 and len(first) == 4
    search("run", "--restart", batch.name, "-m", 7, "-y")
    assert flags_of(search, batch)[:4] == first
    # The same seed in one go: the same trials.
    search("run", "t", "-o", "gp", "-m", 7, "--random-seed", 7, "-y")
    other = next(b for b in batches(search) if b != batch)
    assert flags_of(search, other) == flags_of(search, batch)
    assert search("runs", "-n", 20).stdout.count("skopt:gp") == 2


def test_objectives(search):
    preview = search("run", "t", "-O", "-m", 3, "-N", "loss", "-X", "max acc", "--constraint", "loss <= 2", code=None).stderr
    assert "with tpe optimizer (3 trials, minimize loss, maximize max acc, loss <= 2)" in preview
    done = search("run", "t", "-O", "-m", 3, "-X", "acc", "-y")
    assert done.stderr.count("no scalar 'acc'") == 1 and "what it has: loss" in done.stderr
    search("run", "t", "-O", "-m", 4, "-N", "loss,x", "--constraint", "loss <= 2", "-y")
    batch = batches(search)[-1]
    assert attr(search, batch, "objective") == "loss"
    assert attr(search, batch, "_objectives") == ["loss", "x"]
    assert attr(search, batch, "_constraints") == ["loss <= 2"]


def test_runs_from_before_and_failures(search):
    search("run", "t", "x=[1,2,3,4]", "y=0.5", "-y")
    done = search("run", "t", "-o", "gp", "-m", 4, "-Fo", "prev-trials=operation", "-Fo", "random-starts=1", "-y")
    assert "Found 5 previous trial(s)" in done.stderr
    search.write("t.py", 'x = 1\ny = 1\nimport os\nassert not os.path.exists(os.environ["CMD_DIR"] + "/../../bad")\nprint("loss: 1")\n')
    (search.home / "bad").touch()
    search("run", "t", "-o", "gp", "-m", 3, "-y")
    batch = max(batches(search), key=lambda b: attr(search, b, "started"))
    exits = [attr(search, r.resolve(), "exit_status") for r in batch.iterdir() if r.is_symlink()]
    assert exits == [1, 1, 1]
    (search.home / "bad").unlink()
    search("run", "--restart", batch.name, "--retry", "failed", "-y")
    exits = [attr(search, r.resolve(), "exit_status") for r in batch.iterdir() if r.is_symlink()]
    assert exits == [0, 0, 0]


def test_an_operation_that_chooses(search):
    done = search("run", "t", "-o", "chooser", "-Fo", "k=9", "-y")
    assert "chooser 9 2" in done.stdout
    assert sorted(attr(search, r, "flags")["x"] for r in search.runs()) == [0, 1]


@pytest.mark.differential
def test_stored_as_0_9_0_does(search, oracle):
    def told(run):
        names = ["flags", "user_flags", "max_trials", "objective", "label", "random_seed", "deps", "sourcecode_digest"]
        return {n: attr(search, run, n) if (run / ".guild" / "attrs" / n).exists() else None for n in names}

    args = ("run", "t", "-o", "gp", "-m", 3, "--random-seed", 7, "-X", "loss", "-y")
    search.home.mkdir()
    oracle(*args)
    (theirs,) = batches(search)
    search(*args)
    ours = next(b for b in batches(search) if b != theirs)
    assert told(ours) == told(theirs)
    a, b = (attr(search, r, "op") for r in (ours, theirs))
    for op in (a, b):
        op["op-cmd"]["cmd-env"] = None
    assert a == b
    left = {"label"}  # theirs is that of the flags before they were encoded
    protos = [told(r / ".guild" / "proto") for r in (ours, theirs)]
    assert {k: v for k, v in protos[0].items() if k not in left} == {k: v for k, v in protos[1].items() if k not in left}
    files = [sorted(str(p.relative_to(r)) for p in (r / ".guild" / "proto").rglob("*")) for r in (ours, theirs)]
    assert files[0] == files[1]
    # Each lists and restarts the other's.
    listed = oracle("runs", "-n", "20").stdout
    assert listed.count("m:t+skopt:gp") == 2
    n = len(list(search.runs()))
    search("run", "--restart", theirs.name, "-m", 5, "-y")
    assert len(list(search.runs())) == n + 2
    oracle("run", "--restart", ours.name, "-y")
    # Random search draws the same trials.
    for value in ("x=[1:5]", "x=uniform[1.5:4.5]", "x=loguniform[1:5]", "x=[1,3,5]"):
        both = []
        for program in (search, oracle):
            path = search.cwd / "trials.json"
            program("run", "t", value, "-o", "random", "--random-seed", 11, "--save-trials", path, "-y")
            both.append(json.loads(path.read_text()))
        assert both[0] == both[1]


def test_a_space_with_conditions_ends_when_all_of_it_was_tried(guild):
    guild.write("guild.yml", """
train:
  exec: "echo loss: 1"
  flags:
    kind: {choices: [a, b, c]}
    x: {min: 1, max: 4, when: kind=a}
""")
    done = guild("run", "train", "-o", "tpe", "-m", "20", "-y")
    ran = [flags for flags in (guild.attr(r, "flags") for r in guild.runs()) if "kind:" in flags]
    assert "All combinations" in done.stderr and len(ran) == 6 and len(set(ran)) == 6


def test_a_search_among_operations(guild):
    guild.write("guild.yml", """
- model: svm
  operations: {train: {exec: "sh -c 'echo loss: ${c}'", flags: {c: 5}}}
- model: net
  operations: {train: {exec: "sh -c 'echo loss: ${layers}'", flags: {layers: 2}}}
- model: any
  operations:
    train:
      steps:
        - {run: '${model}:train', flags: {c: '${c}', layers: '${layers}'}}
      flags:
        model: {choices: [svm, net]}
        c: {min: 1, max: 9, when: model=svm}
        layers: {min: 1, max: 4, when: model=net}
""")
    done = guild("run", "any:train", "-o", "tpe", "-m", "8", "--random-seed", "1", "-y", "--keep-batch")
    ran = {tuple((r / ".guild/opref").read_text().split()[-2:]) for r in guild.runs()}
    assert ("svm", "train") in ran and ("net", "train") in ran and "error" not in done.stderr.lower()
    guild("run", "any:train", "model=net", "layers=3", "-y")
    assert "layers: 3" in "".join(guild.attr(r, "flags") for r in guild.runs())


def test_an_optimizer_named_after_optimize(guild):
    guild.write("guild.yml", "t: {exec: \"sh -c 'echo loss: ${x}'\", flags: {x: 0}}\n")
    guild("run", "t", "x=[0.0:1.0]", "-O", "tpe", "-m", "3", "-y")
    assert any((r / ".guild/opref").read_text().endswith(" guild tpe") for r in guild.runs())
    assert "tpee" in guild("run", "t", "x=[0.0:1.0]", "-O", "tpee", "-y", code=1).stderr


def test_trials_of_a_batch_elsewhere_are_runs_like_others(guild):
    guild.write("guild.yml", "t: {exec: 'true', flags: {x: 0}}\n")
    there = guild.cwd / "there"
    guild("run", "t", "x=[1,2]", "--run-dir", there, "--keep-batch", "-y")
    links = [p for p in there.iterdir() if p.is_symlink()]
    assert len(links) == 2 == len(guild.runs())
    assert {p.resolve() for p in links} == {r.resolve() for r in guild.runs()} and there.parent == guild.cwd
