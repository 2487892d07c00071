"""Runs written by Guild AI 0.9.0, in every state, are listed, selected and compared alike."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import time

import pytest

from conftest import GUILD, ORACLE, Guild

pytestmark = [pytest.mark.differential, pytest.mark.slow]

PROJECT = {
    "guild.yml": """\
- model: mlp
  operations:
    train:
      exec: sh train.sh ${code}
      flags: {lr: 0.1, code: 0, name: null}
      compare: [=lr, loss as final, min loss as best, .exit_status]
    plain:
      exec: sh -c true
      flags: {x: 1, yy: yes, text: "a, b"}
      run-attrs: {note: some text}
- operations:
    default: {exec: sleep 300}
""",
    "train.sh": """\
echo 'loss: 0.5 (step 1)'
echo 'loss: 0.25 (step 2)'
echo 'acc: 0.9 (step 2)'
exit $1
""",
    "t.py": """\
x = 1
lr = 0.01
print("loss: %f" % (x * lr))
print("acc: %f" % (1 - x * lr))
if x == 9:
    raise SystemExit(9)
""",
}


def kill_when_running(oracle, *args):
    """Starts an operation and interrupts its process: a terminated run."""
    process = subprocess.Popen(
        [oracle.program, "run", "-y", *args], cwd=oracle.cwd, env=oracle.env(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lock = None
    deadline = time.monotonic() + 60
    while lock is None and time.monotonic() < deadline:
        lock = next((p for p in oracle.home.glob("runs/*/.guild/LOCK") if p.read_text()), None)
    assert lock is not None
    os.kill(int(lock.read_text()), signal.SIGTERM)
    process.wait(timeout=60)
    return lock.parent.parent


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A project and a home filled by the reference; the same seen by each program."""
    if not ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    root = tmp_path_factory.mktemp("store")
    project = root / "project"
    project.mkdir()
    for name, text in PROJECT.items():
        (project / name).write_text(text)
    oracle = Guild(ORACLE, project, root / "home")
    oracle.home.mkdir()
    oracle("run", "mlp:train", "-y", "-l", "first run", "-t", "one", "-t", "two")
    oracle("run", "mlp:train", "-y", "lr=0.2", "code=3", code=3)
    oracle("run", "mlp:plain", "-y", "-c", "a remark")
    oracle("run", "t.py", "-y", "x=2")
    oracle("run", "t.py", "-y", "lr=[0.1,0.2]", "x=3", "--keep-batch")
    oracle("run", "t.py", "-y", "x=[9,1]", "--fail-on-trial-error", code=None)
    oracle("run", "t.py", "-y", "lr=0.5", "--stage")
    kill_when_running(oracle, "default")
    oracle("mark", "-y", "2")
    oracle("comment", "-y", "3", "-a", "hello there you", "-u", "me@host")
    damage(oracle.home / "runs")
    return Guild(GUILD, project, oracle.home), oracle


def damage(runs):
    """Copies of a run in states that no program leaves behind willingly."""
    whole = next(p for p in sorted(runs.iterdir())
                 if (p / ".guild/attrs/label").exists() and
                 "first run" in (p / ".guild/attrs/label").read_text())

    def copy(name, started):
        target = runs / name
        shutil.copytree(whole, target, symlinks=True)
        attrs = target / ".guild/attrs"
        (attrs / "started").write_text(f"{started}\n")
        return target / ".guild", attrs

    guild, _ = copy("f1" + "0" * 30, 1600000001000000)
    (guild / "LOCK.remote").write_text("far\n")
    guild, attrs = copy("f2" + "0" * 30, 1600000002000000)
    (attrs / "exit_status").unlink()
    (guild / "LOCK").write_text("4194305")
    _, attrs = copy("f3" + "0" * 30, 1600000003000000)
    for name in ("exit_status", "stopped", "flags", "label", "op"):
        (attrs / name).unlink()
    guild, attrs = copy("f4" + "0" * 30, 1600000004000000)
    (attrs / "started").unlink()
    (attrs / "initialized").write_text("1600000004000000\n")
    (guild / "PENDING").touch()
    guild, _ = copy("f5" + "0" * 30, 1600000005000000)
    (guild / "opref").unlink()
    guild, _ = copy("f6" + "0" * 30, 1600000006000000)
    (guild / "output").unlink()
    (guild / "manifest").unlink()
    (guild / "attrs/exit_status").write_text("-9\n")
    (runs / "stray").mkdir()
    (runs / "file").write_text("x")


def same(both, *args, **kw):
    ours, theirs = (guild(*args, code=None, **kw) for guild in both)
    assert ours.stdout == theirs.stdout
    assert ours.returncode == theirs.returncode
    return ours


LISTINGS = [
    "runs", "runs -a", "runs -s -a", "runs --json", "runs -n 3", "runs -m -m", "runs -v -a -Sc", "runs -c -a",
    "runs -s -Fo train", "runs -s -Fo mlp:train", "runs -s -Fo m*:train", "runs -s -Fo :t.py",
    "runs -s -Fo t.py+", "runs -s -Fo ^t", "runs -s -Fo in$", "runs -s -Fo x/t.py", "runs -s -Fo [mt]*",
    "runs -s -Fo t?py", "runs -s -Fo train -Fo plain", "runs -s -Fl lr", "runs -s -Fl -", "runs -s -Fl First",
    "runs -s -Fu", "runs -s -Fm", "runs -s -Fn", "runs -s -Ft one", "runs -s -Ft on", "runs -s -Fc HELLO",
    "runs -s -Fc me", "runs -s -Fc -", "runs -s -Sc", "runs -s -Se", "runs -s -St", "runs -s -Sp", "runs -s -Ss",
    "runs -s -Sr", "runs -s -Set", "runs -s --not-completed", "runs -s -Se -Fo t.py", "runs -s -Fs today",
    "runs -s -Fs yesterday", "runs -s -Fs 'after yesterday'", "runs -s -Fs 'before 2021-1-1'",
    "runs -s -Fs 'between 2020-9-13 and 2020-9-14'", "runs -s -Fs 'last 2 hours'", "runs -s -Fs '2 days ago'",
    "runs -s -Fs 'this week'", "runs -s -Fs 'this year'", "runs -s -Fs '2020-9-13 12:26:43'",
    "runs -s -Fd 0", "runs -s -Ft nope",
]

SELECTIONS = [
    "select", "select 3", "select -s 3", "select -p", "select -A -s", "select -A -s :", "select -s 2 1 2",
    "select -A -s 2:4", "select -A -s :2", "select -s f1", "select f", "select 0", "select 99", "select -s 03",
    "select -Fo nope", "select -s -Fo train 1", "select --max loss", "select --max =lr -Fo train",
    "select --min acc -Fo t.py -Sc", "select --max 'a b'", "select --max 'a, b'", "select 2:3",
    "select 3 -a flags", "select 3 -a tags", "select 3 -a nope", "select 1 -a cmd",
    "select -s -max loss", "select --max loss 2:6", "select -s --max loss -A", "select --max 'min loss'", "select --max 'loss step'",
    "select --max .label -Fo train", "select --min 'min loss' -F 'loss is not undefined'", "select --max loss -a label",
    "select --max loss -p", "select --min a --max b", "select -s -a id 2", "select -p -a id 2", "select -s -p 2", "select 2 3 -a label",
    "select --max nope -Fo nope", "select 2:2",
] + [f"select {run} -a {attr}" for run in ("2", "f1") for attr in (
    "command", "exit_status", "from", "id", "index", "label", "marked", "model", "op_name", "operation",
    "pid", "pkg_name", "run_dir", "short_id", "short_index", "sourcecode_digest", "started", "status",
    "status_with_remote", "stopped", "vcs_commit")]

COMPARISONS = [
    "compare -t", "compare --csv -", "compare -t --min lr", "compare -t --max lr", "compare -t --max operation",
    "compare -t --min nope", "compare -t -n 2 --max loss", "compare -t -u", "compare -t -e -r", "compare -t -p",
    "compare -t -s", "compare -t --include-batch", "compare -t -c 'min loss as m, loss step'",
    "compare --csv - -cc '.tags, .flags, =text, .cmd, .from, .model, .op, sub#x'", "compare -t -Fo nope",
    "compare --csv - -Fo nope", "compare -t -cc 'bad bad'", "compare -t -cc =lr -Fo train", "compare --print-scalars",
    "compare -t 2:4", "compare -t 2 2", "compare --csv - -cc 'avg loss as a, total loss as t, count loss as c, first loss'",
]

INFOS = [f"runs info {run}{options}" for run in ("-Fo train -Sc", "-Fo train -Se", "-Fo t.py -Ss", "-Fo t.py+ -Sc", "f1", "f6",
                                                 "-St")
         for options in (" -c -d -m -p", " --private-attrs", " -e --json")]


@pytest.mark.parametrize("line", LISTINGS)
def test_listing(both, line):
    same(both, *shlex.split(line))


def test_listing_from_another_directory(both, tmp_path):
    parent = both[0].cwd.parent
    for cwd in (tmp_path, parent, parent.parent):
        same(both, "runs", cwd=cwd)


@pytest.mark.parametrize("line", SELECTIONS)
def test_selection(both, line):
    same(both, *shlex.split(line))


@pytest.mark.parametrize("line", COMPARISONS)
def test_comparison(both, line):
    """Without the run on a remote: its duration grows while the two programs look."""
    same(both, *shlex.split(line), "--not-running")


@pytest.mark.parametrize("line", INFOS)
def test_info(both, line):
    same(both, *shlex.split(line))


@pytest.mark.parametrize("line", [
    "diff", "diff 2 1", "diff -O", "diff -s", "diff -e -f", "diff -a", "diff -D", "diff -p train.sh 2 3", "diff -w",
    "diff -w 3", "diff -d /tmp", "diff -d nowhere", "diff -O -s -f", "diff -w 1 2", "diff 3", "diff -w -p t.py",
])
def test_diff_pairs(both, line):
    same(both, *shlex.split(line), "-c", "echo")


@pytest.mark.parametrize("status", ["completed", "terminated", "error"])
def test_watch_of_a_finished_run(both, status):
    run = both[1]("select", f"--{status}").stdout.strip()
    same(both, "watch", run)


def test_all_scalars(both):
    """The step of the highest value is its own here; everything else is the same."""
    args = ["runs", "info", "-Fo", "train", "-Sc", "-s", "--json"]
    ours, theirs = (json.loads(guild(*args).stdout) for guild in both)
    assert theirs["scalars"]["loss"]["max"] == [0.5, 2]
    assert ours["scalars"]["loss"]["max"] == [0.5, 1]
    theirs["scalars"]["loss"]["max"] = [0.5, 1]
    assert ours == theirs


def test_changes_are_seen_by_the_other(both):
    guild, oracle = both
    run = oracle("select", "-Fo", "plain").stdout.strip()
    shown = []
    for edit, undo in ((guild, oracle), (oracle, guild)):
        edit("label", "-y", "-s", "new label", run)
        edit("tag", "-y", "-a", "b", "-a", "a", run)
        edit("mark", "-y", run)
        edit("comment", "-y", "-a", "one", run)
        shown.append(same(both, "runs", "info", run, "--json").stdout)
        same(both, "runs", "-c", "-s")
        undo("label", "-y", "-c", run)
        undo("tag", "-y", "-c", run)
        undo("mark", "-y", "-c", run)
        undo("comment", "-y", "-c", run)
        same(both, "runs", "info", run, "-c")
    first, second = (json.loads(text) for text in shown)
    assert first["tags"] == second["tags"] == ["a", "b"]
    assert first["label"] == second["label"] == "new label"


def test_trash_is_shared(both):
    guild, oracle = both
    runs = oracle("select", "-A", "-Fo", "t.py", "-Sc").stdout.split()
    for delete, restore in ((guild, oracle), (oracle, guild)):
        delete("runs", "delete", "-y", *runs)
        same(both, "runs")
        same(both, "runs", "--deleted")
        assert all((guild.home / "trash/runs" / run).is_dir() for run in runs)
        restore("runs", "restore", "-y", *runs)
        same(both, "runs")


def test_running_run(both):
    guild, oracle = both
    pid_file = pathlib.Path(guild.cwd.parent / "pid")
    oracle("run", "-y", "default", "--background", "--pidfile", pid_file)
    deadline = time.monotonic() + 60
    while "running" not in oracle("runs", "-n", "1", "-s").stdout and time.monotonic() < deadline:
        pass
    run = same(both, "select", "-Sr", "-Fo", "default").stdout.strip()
    same(both, "runs", "-s")
    same(both, "runs", "info", run)
    assert guild("stop", "-y", run).stderr.startswith(f"Stopping {run} (pid ")
    assert same(both, "select", run, "-a", "status").stdout == "terminated\n"
    oracle("runs", "rm", "-p", "-y", run)


def test_runs_parent(both):
    guild, oracle = both
    batch = oracle("select", "-Fo", "t.py+", "-Sc").stdout.strip()
    for program in both:
        listed = program("runs", "-s", env={"GUILD_RUNS_PARENT": batch}).stdout
        assert listed.count("\n") == 2
    assert (guild("runs", "-s", env={"GUILD_RUNS_PARENT": batch}).stdout ==
            oracle("runs", "-s", env={"GUILD_RUNS_PARENT": batch}).stdout)
