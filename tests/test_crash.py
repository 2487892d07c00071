"""kill -9 of guild at every write boundary of a run.

The boundaries are found by tracing a run: every system call of guild that changes the file system. Then the run is
repeated once for each of them, and guild is killed at that very call.
"""

import json
import re
import shutil
import subprocess
import time

import pytest

CHANGING = ("write,pwrite64,writev,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,symlink,symlinkat,link,"
            "linkat,ftruncate,truncate,fchmod,chmod,ioctl,copy_file_range,sendfile")
SCRIPT = """import sys
x = 1
print("loss: 0.5 (step 1)", flush=True)
print("acc: %s (step 2)" % x, flush=True)
"""

pytestmark = pytest.mark.slow


def strace(guild, args, options):
    return subprocess.run(
        ["strace", "-qq", *options, guild.program, *args], cwd=guild.cwd, env=guild.traced_env(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, check=False)


def boundaries(guild, args, log):
    """How often each changing call is made by guild itself (not by the program it runs) in one run."""
    done = strace(guild, args, ["-o", str(log), "-e", "trace=" + CHANGING])
    assert done.returncode == 0, done.stdout
    calls = {}
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(\w+)\(", line)
        if match:
            calls[match.group(1)] = calls.get(match.group(1), 0) + 1
    return calls


@pytest.fixture
def traced(guild):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let processes be traced")
    guild.write("train.py", SCRIPT)
    guild("run", "train.py", "-y")
    return guild


def list_settled(guild):
    """All runs, once the programs that lost their supervisor have ended, too."""
    deadline = time.monotonic() + 20
    while True:
        listed = json.loads(guild("runs", "--json").stdout)
        if time.monotonic() > deadline or not any(run["status"] == "running" for run in listed):
            return listed
        time.sleep(0.02)


def check_store(guild, finished):
    """Every run that is listed can be read, what was finished is whole, and nothing looks alive."""
    listed = list_settled(guild)
    ids = [run["id"] for run in listed]
    assert set(finished) <= set(ids)
    for run in listed:
        assert run["status"] != "running", f"{run['id']} looks alive"
        guild("runs", "info", run["id"])
        if run["id"] in finished:
            assert run["status"] == "completed"
            info = json.loads(guild("runs", "info", run["id"], "--json").stdout)
            assert info["scalars"]["acc"] == [1.0, 2]
    for folder in (guild.home / "runs").iterdir():
        if (folder / ".guild" / "opref").exists():
            assert folder.name in ids
            for attr in (folder / ".guild" / "attrs").iterdir():
                assert attr.name.startswith(".") or attr.read_text().endswith("\n"), f"{attr} is torn"


def test_killed_at_every_write(traced, tmp_path):
    guild = traced
    args = ["run", "train.py", "-y", "x=2"]
    calls = boundaries(guild, args, tmp_path / "trace")
    assert sum(calls.values()) > 20, calls
    finished = [run.name for run in guild.runs() if "exit_status" in
                {p.name for p in (run / ".guild" / "attrs").iterdir()}]
    first = finished[0]
    n_killed = 0
    for name, count in sorted(calls.items()):
        for at in range(1, count + 1):
            done = strace(guild, args, ["-o", "/dev/null", "-e", f"trace={name}",
                                        "-e", f"inject={name}:signal=KILL:when={at}"])
            # Calls may shift a little from run to run: the last ones may not be reached.
            assert done.returncode in (0, -9, 137), done.stdout
            n_killed += done.returncode != 0
        check_store(guild, [first])
    assert n_killed > 0.9 * sum(calls.values())
    # The home is as good as new for the next run.
    guild("run", "train.py", "-y")
    assert json.loads(guild("runs", "--json").stdout)[0]["status"] == "completed"


def test_killed_while_the_program_runs(guild, tmp_path):
    """What was read is on disk; the program loses its pipe and the run does not stay alive."""
    guild.write("slow.sh", "#!/bin/sh\necho 'loss: 0.5'\nwhile :; do echo more; sleep 0.05; done\n", mode=0o755)
    process = subprocess.Popen([guild.program, "run", "slow.sh", "-y"], cwd=guild.cwd, env=guild.env(),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout.readline() == b"loss: 0.5\n"
    process.stdout.readline()
    process.kill()
    process.wait()
    run, = list_settled(guild)
    assert run["status"] == "error"
    output = (guild.home / "runs" / run["id"] / ".guild" / "output").read_bytes()
    assert output.startswith(b"loss: 0.5\nmore\n")
