"""The queue of a run beside that of Guild AI 0.9.0: what they store, say and do, and both on one home."""

import os
import re
import subprocess

import pytest
import yaml

from conftest import GUILD, ORACLE, Guild

pytestmark = pytest.mark.differential

OPS = """
t:
  exec: sh -c 'echo $RUN_ID ${x} $CUDA_VISIBLE_DEVICES >> ${log}; sleep 0.02'
  flags: {x: 0, log: null}
bad: {exec: sh -c 'exit 3'}
slow: {exec: sleep 4}
"""
# Its own programs, environment and interpreter; the packages of that interpreter, which says nothing of a queue.
OWN = {"cmd", "env", "platform", "plugins", "pip_freeze", "id", "initialized", "started", "stopped", "random_seed"}


@pytest.fixture
def homes(guild, oracle, tmp_path):
    """Each program over a home of its own: ours, theirs."""
    guild.write("guild.yml", OPS)
    ours = Guild(GUILD, guild.cwd, tmp_path / "ours")
    theirs = Guild(ORACLE, guild.cwd, tmp_path / "theirs")
    for g in (ours, theirs):
        g.home.mkdir()
        g.log = tmp_path / (g.home.name + ".log")
    return ours, theirs


def stage(g, *args, by=None):
    maker = by or g.program
    done = Guild(maker, g.cwd, g.home)("run", *args, "--stage", "-y")
    assert done.returncode == 0


def stage_numbers(g, numbers, *args, by=None):
    for x in numbers:
        stage(g, "t", f"x={x}", f"log={g.log}", *args, by=by)


def queue_of(g):
    return next(r for r in g.runs() if (r / ".guild/opref").read_text().startswith("builtin:"))


def lines(g):
    return [line.split() for line in g.log.read_text().splitlines()] if g.log.exists() else []


def status(g):
    """By the number of a run: its markers and exit code."""
    found = {}
    for run in g.runs():
        x = yaml.safe_load(g.attr(run, "flags")).get("x")
        if x is not None:
            code = g.attr(run, "exit_status").strip() if (run / ".guild/attrs/exit_status").exists() else None
            found[x] = sorted(m for m in ("STAGED", "PENDING", "LOCK") if (run / ".guild" / m).exists()), code
    return found


def attrs(g, run):
    folder = run / ".guild/attrs"
    return {name: yaml.safe_load((folder / name).read_text()) for name in os.listdir(folder)}


def said(text):
    """Lines of a queue's log without times and ids."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "WHEN", re.sub(r"[0-9a-f]{32}", "ID", text))
    return re.sub(r"\d+\.\d{6} seconds", "S seconds", text).splitlines()


def test_same_queue(homes):
    made = []
    for g in homes:
        stage_numbers(g, (1, 2, 3))
        stage_numbers(g, (4,), "--gpus", "1")
        stage_numbers(g, (5,), "--gpus", "0")
        done = g("run", "queue", "run-once=yes", "gpus=0", "-y", env={"USER": "u"})
        run = queue_of(g)
        stored = attrs(g, run)
        stored["op"]["op-cmd"]["cmd-env"] = None  # where Guild AI itself is
        stored["op"].pop("pip-freeze", None)      # ours says that it asks for none
        log = said(done.stderr + done.stdout)
        ignored = [line for line in log if re.search(r" Ign\w+ staged run ID", line)]
        made.append({
            "log": [line for line in log if line not in ignored], "ignored": len(ignored),
            "order": [line[1:] for line in lines(g)], "status": status(g),
            "opref": re.sub(r" \d+\.\d+\.\d+ ", " VERSION ", (run / ".guild/opref").read_text()),
            "names": set(stored) - {"pip_freeze"}, "attrs": {k: v for k, v in stored.items() if k not in OWN},
            "proto": os.listdir(run / ".guild/proto"), "output": said((run / ".guild/output").read_text()) == log,
            "manifest": (run / ".guild/manifest").read_text(),
            "args": attrs(g, run)["cmd"][attrs(g, run)["cmd"].index("--gpus"):],
            # What becomes of the runs that it starts.
            "gpus": {a["flags"]["x"]: (a["run_params"]["gpus"], a.get("env", {}).get("CUDA_VISIBLE_DEVICES"))
                     for a in map(lambda r: attrs(g, r), g.runs()) if "x" in a["flags"]},
        })
    ours, theirs = made
    assert ours["order"] == [["1", "0"], ["2", "0"], ["3", "0"], ["5", "0"]]
    assert ours["ignored"] == theirs["ignored"] == 1
    assert theirs["log"][-2:] == ["INFO: [guild] WHEN queue processed 4 run(s) in S seconds", "INFO: [guild] WHEN Stopping queue"]
    for what in theirs:
        assert ours[what] == theirs[what], what


def test_runs_that_fail(homes):
    for g in homes:
        stage_numbers(g, (1,))
        stage(g, "bad")
        stage_numbers(g, (2,))
        g("run", "queue", "run-once=yes", "-y")
        # A failure ends neither, and both have exit code 0.
        assert status(g) == {1: ([], "0"), 2: ([], "0")}
        assert sorted(g.attr(r, "exit_status").strip() for r in g.runs()) == ["0", "0", "0", "3"]
        # 0.9.0 does not count the one that failed, and prints its own stack: docs/compatibility.md.
        text = (queue_of(g) / ".guild/output").read_text()
        assert ("processed 3 run(s)" in text, "Traceback" in text) == ((True, False) if g is homes[0] else (False, True))


def test_waits_for_what_runs(homes):
    for g in homes:
        slow = subprocess.Popen([GUILD, "run", "slow", "-y"], cwd=g.cwd, env=g.env(), stdin=subprocess.DEVNULL)
        try:
            while not [r for r in g.runs() if (r / ".guild/LOCK").exists()]:
                assert slow.poll() is None
            stage_numbers(g, (1,))
            g("run", "queue", "run-once=yes", "wait-for-running=yes", "-y")
            is_over = slow.poll() is not None
        finally:
            slow.wait(timeout=60)
        # Neither starts it beside the other. 0.9.0's ends with nothing done, ours waits: docs/compatibility.md.
        assert (is_over, status(g)[1]) == ((True, ([], "0")) if g is homes[0] else (False, (["STAGED"], None)))


def test_each_starts_what_the_other_staged(homes):
    for g, other in (homes, homes[::-1]):
        stage_numbers(g, (1, 2), by=other.program)
        stage_numbers(g, (3,), "--gpus", "0", by=other.program)
        g("run", "queue", "run-once=yes", "-y")
        assert [line[1:] for line in lines(g)] == [["1"], ["2"], ["3", "0"]]
        assert status(g) == {x: ([], "0") for x in (1, 2, 3)}


@pytest.mark.slow
def test_side_by_side(homes):
    g, other = homes
    n = 40
    for x in range(n):
        stage_numbers(g, (x,), by=(g if x % 2 else other).program)
    queues = [subprocess.Popen([program, "run", "queue", "run-once=yes", "-y"], cwd=g.cwd, env=g.env(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for program in (other.program, g.program)]
    texts = [q.communicate(timeout=300)[0] for q in queues]
    assert [q.returncode for q in queues] == [0, 0]
    ran = [line[0] for line in lines(g)]
    assert len(ran) == len(set(ran)) == n
    assert status(g) == {x: ([], "0") for x in range(n)}
    started = [text.count("Starting staged run") for text in texts]
    assert sum(started) == n and min(started) > 0, started
