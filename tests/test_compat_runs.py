"""Run directories beside Guild AI 0.9.0: the same records, and each starts what the other made."""

import json
import os
import re

import pytest

from conftest import ORACLE

pytestmark = pytest.mark.differential

SCRIPT = """import argparse
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.1, help="rate")
p.add_argument("--epochs", type=int, default=2)
p.add_argument("--name", default="a b")
p.add_argument("--fast", action="store_true")
a = p.parse_args()
print("loss: %g" % (a.lr * a.epochs))
"""
GLOBALS = """import os
x = 1
y = 2.5
names = [1, "two"]
print("x=%r y=%r names=%r" % (x, y, names))
"""
PROJECT = r"""
- model: m
  description: M
  operations:
    args: {main: train, flags-import: all}
    globals: {main: conf, flags-import: all, flags: {x: 5}}
    sh:
      exec: sh -c 'echo loss=${x} "$@"; exit ${code}' - ${flag_args} --w=${x}
      flags:
        x: 1.5
        y: yes
        nul: null
        code: {default: 0, arg-skip: yes}
        enc: {default: a, arg-encoding: {a: AA}, env-name: ENC}
        sw: {default: no, arg-switch: yes}
        parts: {default: '1 2', arg-split: yes}
        mm: {default: 1, min: 0, max: 5, null-label: nolab, foo: bar}
      env: {FOO: 'v-${x}', B: yes}
      tags: [gt1, gt2]
      label: 'L ${x} ${default_label}'
      output-scalars: 'loss=(?P<loss>\value)'
      run-attrs: {my: {a: 1}}
    deps: {exec: cat data.txt, requires: [file: data.txt, {file: more, target-type: link, target-path: in}]}
    dest: {main: train, flags-import: all, sourcecode: {dest: src, select: [train.py]}}
    root: {main: deep, sourcecode: {root: sub}}
    nosource: {exec: 'true', sourcecode: no}
    keys: {exec: 'true', handle-keyboard-interrupt: yes, plugins: all, delete-on-success: yes}
"""


@pytest.fixture
def both(guild, oracle):
    """Fills the project; flags and packages are those of one interpreter for both programs."""
    guild.home.mkdir()
    guild.write("train.py", SCRIPT)
    guild.write("conf.py", GLOBALS)
    guild.write("sub/deep.py", "print('deep')\n")
    guild.write("data.txt", "data\n")
    guild.write("more/file", "more\n")
    guild.write("guild.yml", PROJECT)
    guild.write("go.sh", "#!/bin/sh\necho went\n", mode=0o755)
    for program in (guild, oracle):
        program.python = str(ORACLE.parent / "python3")
        plain = program.env
        program.env = lambda plain=plain, program=program, **more: plain(GUILD_PYTHON_EXE=program.python, **more)
    return guild, oracle


def newest(guild):
    return max(guild.runs(), key=lambda r: int(guild.attr(r, "initialized")))


def records(guild, run):
    """Everything a run holds, by path; what must differ from run to run is made equal."""
    found = {}
    for folder, _, names in os.walk(run):
        for name in names:
            path = os.path.join(folder, name)
            rel = os.path.relpath(path, run)
            if rel.startswith(".guild/sys/") or rel == ".guild/output.index":
                continue
            rel = re.sub(r"tfevents\..*", "tfevents", rel)
            text = os.readlink(path) if os.path.islink(path) else open(path, errors="replace").read()
            found[rel] = re.sub(r"[0-9a-f]{32}(?=\b)", "ID", re.sub(r"\b1[0-9]{15}\b", "TIME", text))
    return found


def without_paths(text):
    """PYTHONPATH ends with the place where Guild AI itself is."""
    return re.sub(r"(PYTHONPATH: \S*?):/\S*/site-packages\b", r"\1", text)


# How the programs differ on purpose: these are compared by their own tests.
OWN = {".guild/attrs/_scalar_rules", ".guild/attrs/_resolved"}
DIFFERENT = {".guild/attrs/cmd", ".guild/attrs/env", ".guild/attrs/platform"}


@pytest.mark.parametrize("args", [
    ("m:args", "lr=0.5", "fast=yes", "name=", "-l", "x ${lr}", "-t", "t", "-c", "c"), ("globals", "names=3"), ("sh",),
    ("sh", "x=1e-5", "nul=3", "sw=yes", "enc=b", "mm=4", "--stop-after", "5", "-N", "loss", "--quiet"), ("deps",), ("dest", "lr=1"),
    ("root",), ("nosource", "--gpus", "0"), ("keys", "--keep-run", "--force-flags", "other=1"), ("train.py", "epochs=7"),
    ("sub/deep.py", "--no-gpus"), ("go.sh",),
], ids=" ".join)
def test_same_records(both, args):
    guild, oracle = both
    made = []
    for program in (oracle, guild):
        done = program("run", *args, "-y", "--random-seed", "7", env={"USER": "u", "HOST": "h"}, code=None)
        run = newest(program)
        made.append((done.returncode, done.stdout, {k: without_paths(v) for k, v in records(program, run).items()}))
    theirs, ours = made
    assert ours[0] == theirs[0]
    assert set(ours[2]) - OWN == set(theirs[2])
    for name in sorted(set(theirs[2]) - DIFFERENT):
        if "tfevents" not in name:
            assert ours[2][name] == theirs[2][name], name
    assert ours[1] == theirs[1]


def test_same_environment_and_platform(both):
    guild, oracle = both
    texts = []
    for program in (oracle, guild):
        program("run", "sh", "-y")
        found = records(program, newest(program))
        lines = [set(found[f".guild/attrs/{name}"].splitlines()) for name in ("env", "platform")]
        texts.append({line for some in lines for line in some if not line.startswith(("RUN_", "PYTEST_"))})
    extra = {"container:", "cloud:"}
    assert {line for line in texts[1] - texts[0] if not line.startswith("  ") and line not in extra} == set()
    assert texts[0] - texts[1] == set()


def listing(program):
    keys = ("id", "opref", "exit_status", "label", "started", "status", "stopped", "tags", "marked", "cmd")
    runs = json.loads(program("runs", "--json").stdout)
    return [{k: run[k] for k in keys} for run in runs]


def test_each_lists_what_the_other_made(both):
    guild, oracle = both
    for program in (guild, oracle):
        program("run", "sh", "-y", "-t", "x")
        program("run", "sh", "code=3", "-y", code=3)
        program("run", "m:args", "--stage", "-y")
        program("run", "sh", "x=[1,2]", "-y", "--keep-batch")
    assert len(listing(guild)) == 12
    assert listing(guild) == listing(oracle)
    assert guild("runs").stdout == oracle("runs").stdout


# ---- starting what the other made ---------------------------------------------------------------------------------------


def output(program, run):
    return (run / ".guild/output").read_text()


@pytest.mark.parametrize("op,flag,first,second", [
    ("globals", "x=7", "x=7 y=2.5 names=[1, 'two']\n", None), ("sh", "x=3", None, None), ("train.py", "lr=0.5", "loss: 1\n", "loss: 2\n"),
    ("root", None, "deep\n", None), ("deps", None, "data\n", None)])
@pytest.mark.parametrize("ours_first", [True, False], ids=["made by us", "made by them"])
def test_restarts_what_the_other_made(both, op, flag, first, second, ours_first):
    guild, oracle = both
    maker, starter = (guild, oracle) if ours_first else (oracle, guild)
    maker("run", op, *([flag] if flag else []), "-y")
    run = newest(maker)
    before = output(maker, run)
    assert first is None or before == first
    starter("run", "--restart", run.name, "-y")
    assert output(starter, run) == before
    assert len(starter.runs()) == 1 and starter.attr(run, "exit_status") == "0\n"
    if second:
        starter("run", "--restart", run.name, "epochs=4", "-y")
        assert output(starter, run) == second
        assert maker.attr(run, "label").startswith("epochs=4 ")


@pytest.mark.parametrize("ours_first", [True, False], ids=["made by us", "made by them"])
def test_starts_what_the_other_staged(both, ours_first):
    guild, oracle = both
    maker, starter = (guild, oracle) if ours_first else (oracle, guild)
    maker("run", "m:args", "lr=2", "-y", "--stage")
    run = newest(maker)
    assert starter("run", "--start", run.name, "-y").stdout == "loss: 4\n"
    assert json.loads(maker("runs", "--json").stdout)[0]["status"] == "completed"


@pytest.mark.parametrize("ours_first", [True, False], ids=["made by us", "made by them"])
def test_copies_what_the_other_made(both, ours_first):
    guild, oracle = both
    maker, copier = (guild, oracle) if ours_first else (oracle, guild)
    maker("run", "m:args", "lr=2", "-y")
    run = newest(maker)
    assert copier("run", "--proto", run.name, "epochs=5", "-y").stdout == "loss: 10\n"
    for name in ("sourcecode_digest", "platform"):
        assert copier.attr(newest(copier), name) == maker.attr(run, name)


@pytest.mark.parametrize("ours_first", [True, False], ids=["made by us", "made by them"])
def test_restarts_a_batch_of_the_other(both, ours_first):
    guild, oracle = both
    maker, starter = (guild, oracle) if ours_first else (oracle, guild)
    maker("run", "m:args", "lr=[1,2]", "epochs=[1,2]", "-y", "--keep-batch", "-m", "3", "--random-seed", "9")
    batch = next(r for r in maker.runs() if (r / ".guild/proto").exists())
    trials = {r.name for r in maker.runs() if r != batch}
    made = [maker.attr(maker.home / "runs" / t, "flags") for t in trials]
    starter("run", "--restart", batch.name, "-y")
    more = [r for r in starter.runs() if r.name not in trials and r != batch]
    assert sorted(starter.attr(r, "flags") for r in more) == sorted(made), "the same trials are drawn"
    assert all(starter.attr(r, "exit_status") == "0\n" for r in more)


def test_starts_a_pending_trial_of_the_other(both):
    guild, oracle = both
    for maker, starter in ((guild, oracle), (oracle, guild)):
        before = set(guild.runs())
        maker("run", "sh", "code=[3,0]", "-y", "--fail-on-trial-error", code=3)
        pending = [r for r in guild.runs() if r not in before and (r / ".guild/PENDING").exists()]
        assert len(pending) == 1
        starter("run", "--start", pending[0].name, "-y")
        assert guild.attr(pending[0], "exit_status") == "0\n"


@pytest.mark.parametrize("args", [("m:args", "lr=[1,2]", "epochs=[1,2]"), ("m:args", "lr=[1,2]", "--print-trials"), ("m:args", "--print-env"),
                                  ("sh", "--print-env"), ("sh", "--print-cmd"), ("m:args", "--help-op"), ("sh", "--help-op"),
                                  ("sh", "--help-model"), ("sh", "--test-flags"), ("m:args", "--test-sourcecode"),
                                  ("dest", "--test-sourcecode")], ids=" ".join)
def test_same_output(both, args):
    guild, oracle = both
    ours, theirs = (program("run", *args, "-y").stdout for program in (guild, oracle))
    assert without_paths(ours.replace("PYTHONPATH=", "PYTHONPATH: ")) == without_paths(theirs.replace("PYTHONPATH=", "PYTHONPATH: "))


def test_batch_is_stored_alike(both):
    guild, oracle = both
    stored = []
    for program in (oracle, guild):
        before = set(program.runs())
        program("run", "m:args", "lr=[1,2]", "-y", "--keep-batch", "-bl", "B", "-bt", "bt", "-bc", "c", "-l", "l ${lr}", "-t", "t", "-m", "5",
                "--random-seed", "3", env={"USER": "u", "HOST": "h"})
        made = [r for r in program.runs() if r not in before]
        batch = next(r for r in made if (r / ".guild/proto").exists())
        trial = min((r for r in made if r != batch), key=lambda r: program.attr(r, "flags"))
        stored.append([{re.sub("[0-9a-f]{32}", "ID", k): without_paths(v) for k, v in records(program, r).items()} for r in (batch, trial)])
    for theirs, ours in zip(*stored):
        # Ours lists packages in trials, too; theirs reads scalars from the batch's own output.
        assert set(ours) - {".guild/attrs/pip_freeze"} == {k for k in theirs if "tfevents" not in k or k in ours}
        for name in sorted(set(theirs) & set(ours)):
            base = name.replace("proto/.guild", "")
            if name not in DIFFERENT and base not in ("." + "guild//attrs/cmd", ".guild//attrs/platform") and "tfevents" not in name \
                    and name not in (".guild/opref", ".guild/attrs/user_flags"):
                assert ours[name] == theirs[name], name
