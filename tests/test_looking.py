"""Commands that look at runs and change them: select, compare, diff, info, watch, stop, delete of what is running."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import time

import pytest

SCRIPT = """\
x = 1
lr = 0.1
for step in (1, 2):
    print("step: %d" % step)
    print("loss: %f" % (lr * x / step))
"""


@pytest.fixture
def runs(guild):
    """Three runs; lr is 0.3, 0.2 and 0.1, the latest last."""
    guild.write("train.py", SCRIPT)
    for lr in ("0.3", "0.2", "0.1"):
        guild("run", "train.py", "-y", f"lr={lr}", "--label", f"lr {lr}")
    return guild


def make_run(guild, name, opref="script:/p '' '' t.py", **attrs):
    """A run directory as any other program could have left it."""
    folder = guild.home / "runs" / name / ".guild"
    (folder / "attrs").mkdir(parents=True)
    (folder / "opref").write_text(opref)
    for key, text in attrs.items():
        (folder / "attrs" / key).write_text(text)
    return folder.parent


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_select(runs):
    ids = runs("select", "--all").stdout.split()
    assert len(ids) == 3 and all(re.fullmatch("[0-9a-f]{32}", i) for i in ids)
    assert runs("select").stdout.split() == ids[:1]
    assert runs("select", ids[1][:6]).stdout.split() == [ids[1]]
    assert runs("select", "--max", "=lr").stdout.split() == [ids[2]]
    assert runs("select", "--min", "min loss", "-s").stdout.split() == [ids[0][:8]]
    assert runs("select", "--dir").stdout.strip() == str(runs.home / "runs" / ids[0])
    assert runs("select", "2", "--attr", "label").stdout == "lr 0.2\n"
    assert runs("select", "2", "--attr", "flags").stdout == "lr: 0.2\nx: 1\n"
    assert json.loads(runs("select", "-A", "--json").stdout) == ids
    assert runs("select", "3", ids[0], "-a", "num_index").stdout == "[3]\n[1]\n"
    assert runs("select", "-A", "--sort", "-flag:lr", "-a", "num_index").stdout.split() == ["[3]", "[2]", "[1]"]


@pytest.mark.parametrize("args, message", [
    (["x"], "could not find a run matching 'x'"),
    (["1:2"], "'1:2' matches multiple runs:"),
    (["--max", "a b"], "invalid col spec 'a b': position 3: expected 'as NAME', ',' or the end, not 'b'\n  a b\n    ^\n"),
    (["--max", "a, b"], "invalid col spec 'a, b': only one column can be given"),
    (["--max", "nope"], "none of 3 run(s) has a value for 'nope'"),
    (["-a", "nope"], "no such run attribute 'nope'"),
    (["--sort", "a,"], "sort expression, position 3: expected a name or an expression\n  a,\n    ^\n"),
    (["-Fs", "some day"], "invalid RANGE: unexpected 'some' at position 0"),
    (["-Fo", "(a$"], "invalid regular expression '(a$'"),
])
def test_select_errors(runs, args, message):
    done = runs("select", *args, code=1)
    assert done.stdout == ""
    assert done.stderr.startswith("guild: " + message)


def test_min_passes_over_runs_without_a_value(guild):
    make_run(guild, "a1", started="3", flags="x: 2\n")
    make_run(guild, "a2", started="2", flags="x: 1\n")
    make_run(guild, "a3", started="4")
    assert guild("select", "--min", "=x").stdout == "a2\n"
    assert guild("select", "--max", "=x").stdout == "a1\n"


def test_compare(runs):
    table = runs("compare", "--table", "--min", "loss").stdout.splitlines()
    assert table[0].split() == ["run", "operation", "started", "time", "status", "label", "lr", "x", "step", "loss"]
    assert [re.sub(".* ", "", line) for line in table[1:]] == ["0.050000", "0.100000", "0.150000"]
    rows = list(csv.DictReader(io.StringIO(runs("compare", "--csv", "-", "-cc", "=lr, loss as l").stdout)))
    assert [list(row.items())[1:] for row in rows][0] == [("lr", "0.1"), ("l", "0.05000000074505806")]
    items = json.loads(runs("compare", "--json", "-cc", "=lr, .label, .nope", "--max", "lr", "-n", "1").stdout)
    assert items == [{"id": items[0]["id"], "run": items[0]["id"][:8], "lr": 0.3, "label": "lr 0.3", "nope": None}]


def test_compare_file_and_nothing(runs):
    path = runs.cwd / "out.csv"
    done = runs("compare", "--csv", path, "-cc", "=lr")
    assert done.stderr == f"Wrote 3 row(s) to {path}\n"
    assert path.read_text().count("\n") == 4
    assert runs("compare", "-Fo", "nope").stdout == ""
    assert runs("compare", "--csv", "-", "-Fo", "nope").stdout == ""
    done = runs("compare", "--csv", runs.cwd / "no/where.csv", code=1)
    assert "cannot write" in done.stderr
    done = runs("compare", "-t", "-cc", "bad bad")
    assert "error parsing 'bad bad': position 5: expected 'as NAME', ',' or the end, not 'bad'\n  bad bad\n      ^\n" in done.stderr
    assert done.stdout.splitlines()[0] == "run"


def test_print_scalars(runs):
    text = runs("compare", "--print-scalars", "1").stdout
    assert re.fullmatch(r"\[[0-9a-f]{8}\] train.py\n  loss: 0.050000 \(step 2\)\n(  .guild/sys#.*\n)*", text)


def test_diff_of_flags(runs):
    text = runs("diff", "-f", env={"PATH": "/nowhere"}).stdout
    assert re.fullmatch(r"--- [0-9a-f]{8} train.py flags\n\+\+\+ [0-9a-f]{8} train.py flags\n~ lr: 0.2 -> 0.1\n", text)
    assert runs("diff", "2", "2", "-f", env={"PATH": "/nowhere"}).stdout == ""


def test_diff_with_a_tool(runs):
    first, second = (runs.home / "runs" / i for i in runs("select", "-A", "2", "1").stdout.split())
    assert runs("diff", "-c", "echo tool").stdout == f"tool {first} {second}\n"
    assert runs("diff", "-O", "-f", "-c", "echo").stdout == (
        f"{first}/.guild/attrs/flags {second}/.guild/attrs/flags\n{first}/.guild/output {second}/.guild/output\n")
    assert runs("diff", "-w", "-c", "echo").stdout == f"{second} {runs.cwd}\n"
    runs.write("guild-config.yml", "diff: {command: {.py: echo py, default: echo other}}\n")
    assert runs("diff", "-p", "train.py").stdout == f"py {first}/train.py {second}/train.py\n"
    assert runs("diff", "-f").stdout.startswith("other ")


@pytest.mark.parametrize("args, message", [
    (["1"], "diff requires two runs"),
    (["-w", "1", "2"], "cannot specify second RUN and --working"),
    (["-p", "../x"], "PATH must be relative"),
    (["-p", "nope"], "neither "),
    (["-c", "no-such-tool"], "cannot start 'no-such-tool'"),
])
def test_diff_errors(runs, args, message):
    assert runs("diff", *args, code=1).stderr.startswith("guild: " + message)


def test_info(runs):
    text = runs("runs", "info", "2").stdout
    assert "operation: train.py\n" in text and "status: completed\n" in text
    assert "flags:\n  lr: 0.2\n  x: 1\nscalars:\n  loss: 0.100000 (step 2)\n" in text
    info = json.loads(runs("runs", "info", "2", "--json", "--manifest", "--env").stdout)
    assert info["exit_status"] == 0 and info["flags"] == {"lr": 0.2, "x": 1}
    assert info["scalars"]["loss"] == [0.10000000149011612, 2]
    assert "train.py" in info["manifest"]["sourcecode"]
    assert info["environment"]["RUN_ID"] == info["id"]
    assert runs("runs", "info", "x", code=1).stderr.startswith("guild: could not find a run matching 'x'")


def test_info_of_checkpoints(guild):
    run = make_run(guild, "a1")
    (run / "epoch_7.pt").write_bytes(b"PK\3\4model")
    assert "checkpoints:\n  - {" in guild("runs", "info", "--checkpoints").stdout
    item = json.loads(guild("runs", "info", "--checkpoints", "--json").stdout)["checkpoints"][0]
    assert (item["path"], item["framework"], item["step"], item["size"]) == ("epoch_7.pt", "pytorch", 7, 9)


def test_damaged_runs_among_good_ones(guild):
    make_run(guild, "a1", started="1000000000000000\n", exit_status="0\n", label="fine\n")
    make_run(guild, "a2", opref="half a", started="1000000000000001\n")
    make_run(guild, "a3", started="[1", exit_status="0\n")
    make_run(guild, "a4", started="1000000000000002\n", label="{", flags="a: [", exit_status="0\n")
    done = guild("runs", env={"TZ": "UTC"})
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["[1:a4]", "[2:a1]", "[3:a3]", "[4:a2]"]
    for name in ("a2", "a3", "a4"):
        assert sum(f"run {name} is damaged" in line or f"of run {name} is damaged" in line
                   for line in done.stderr.splitlines()) == 1
    assert len(done.stderr.splitlines()) == 3
    assert guild("compare", "--csv", "-", "-cc", "=a").stdout.splitlines()[1:] == ["a4,", "a1,", "a3,", "a2,"]


@pytest.fixture
def running(guild):
    """A run that has printed a line and goes on until it is stopped."""
    guild.write("wait.py", "import time\nprint('hello', flush=True)\nwhile True:\n    time.sleep(1)\n")
    process = subprocess.Popen(
        [guild.program, "run", "wait.py", "-y"], cwd=guild.cwd, env=guild.env(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: any(p.read_bytes() for p in guild.home.glob("runs/*/.guild/output")))
    yield guild, process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)


def test_stop(running):
    guild, process = running
    run = guild("select").stdout.strip()
    assert guild("select", "--attr", "status").stdout == "running\n"
    done = guild("stop", "1", code=4, stdin="n\n")
    assert "Stop 1 run(s)? (y/N)" in done.stderr
    done = guild("stop", "--yes")
    assert re.fullmatch(rf"Stopping {run} \(pid \d+\)\n", done.stderr)
    process.wait(timeout=60)
    assert guild("select", "--attr", "status").stdout == "terminated\n"
    assert guild("stop", "-y").stderr == "Nothing to stop.\n"
    assert f"Run {run} is not running (terminated)" in guild("stop", "-y", "1").stderr


def test_watch(running):
    guild, process = running
    run = guild("select").stdout.strip()
    watch = subprocess.Popen([guild.program, "watch"], cwd=guild.cwd, env=guild.env(), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert watch.stdout.readline() == "hello\n"
    watch.send_signal(signal.SIGINT)
    _, err = watch.communicate(timeout=60)
    assert watch.returncode == 0
    assert err == f"Watching run {run}\nStopped watching {run} (still running)\n"
    watch = subprocess.Popen([guild.program, "watch", "-p", str(process.pid)], cwd=guild.cwd, env=guild.env(), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert watch.stdout.readline() == "hello\n"
    guild("stop", "-y", run)
    _, err = watch.communicate(timeout=60)
    assert watch.returncode == 0
    assert err.endswith(f"Run {run} stopped with a status of 'terminated'\n")
    assert guild("watch", code=1).stderr.startswith("guild: nothing to watch")
    assert guild("watch", "1").stdout == "hello\n"


def test_delete_stops_a_running_run(running):
    guild, process = running
    run = guild("select").stdout.strip()
    done = guild("runs", "delete", "-y", run)
    assert f"Stopping {run}" in done.stderr and "Deleted 1 run(s)" in done.stderr
    process.wait(timeout=60)
    assert (guild.home / "trash/runs" / run / ".guild/opref").exists()
    assert not (guild.home / "runs" / run).exists()
    assert guild("runs", "purge", "-y", ":").stderr.endswith("Permanently deleted 1 run(s)\n")
    assert os.listdir(guild.home / "trash/runs") == []
