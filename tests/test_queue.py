"""Queues: slots, priorities, conditions, leases of GPUs, races, kills."""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

SMI = """#!/bin/sh
i=0
while [ $i -lt 4 ]; do
	echo "$i, GPU-$i, 1000 MiB, $((i * 300)) MiB"
	i=$((i + 1))
done
"""


@pytest.fixture
def queued(guild, tmp_path):
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "nvidia-smi").write_text(SMI)
    (bin_dir / "nvidia-smi").chmod(0o755)
    guild.path = f"{bin_dir}:{os.environ['PATH']}"
    guild.write("job", "#!/bin/sh\necho $RUN_ID $CUDA_VISIBLE_DEVICES >> $OUT\n", 0o755)
    guild.out = tmp_path / "out"
    return guild


def env(g, **more):
    return g.env(PATH=g.path, OUT=str(g.out), **more)


def stage(g, n=1, *args, what="job"):
    for _ in range(n):
        g("run", what, "--stage", "-y", *args, env=env(g))


def lines(g):
    return g.out.read_text().splitlines() if g.out.exists() else []


def status(g):
    return json.loads(g("queue", "status", "--json", env=env(g)).stdout)


def listed(g):
    return json.loads(g("runs", "--json", "-n", "5000", env=env(g)).stdout)


def start(g, *args):
    return subprocess.Popen([g.program, "queue", *args], cwd=g.cwd, env=env(g),
                            stderr=subprocess.PIPE, text=True)


def wait_for(what, seconds=20):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_runs_staged_runs_in_order(queued):
    g = queued
    stage(g, 2)
    stage(g, 1, "--priority", "5")
    first = listed(g)[0]["id"]
    waits = status(g)["staged"]
    assert [r["run"] for r in waits][0] == first and waits[0]["priority"] == 5
    stage(g, 1, "--after", first)
    last = listed(g)[0]["id"]
    out = g("queue", "--run-once", env=env(g))
    assert [line.split()[0] for line in lines(g)][0] == first
    assert [line.split()[0] for line in lines(g)][-1] == last
    assert len(lines(g)) == 4 and "Started run" in out.stderr
    assert status(g) == {"queues": [], "staged": []}
    # a run whose condition failed stays staged, and it is told why
    g.write("bad", "#!/bin/sh\nexit 3\n", 0o755)
    g("run", "bad", "-y", code=3)
    stage(g, 1, "--after", "1")
    assert "has status error" in g("queue", "--run-once", env=env(g)).stderr
    assert "has status error" in g("queue", "status", env=env(g)).stdout
    assert len(lines(g)) == 4


def test_is_told_what_to_do(queued):
    g = queued
    g.write("slow", "#!/bin/sh\necho $RUN_ID >> $OUT\nexec sleep 60\n", 0o755)
    q = start(g, "-j", "1", "--name", "a")
    try:
        wait_for(lambda: status(g)["queues"])
        assert "running already" in g("queue", "--name", "a", code=1, env=env(g)).stderr
        g("queue", "pause", env=env(g))
        wait_for(lambda: status(g)["queues"][0]["mode"] == "paused")
        stage(g, 3, what="slow")
        assert not lines(g)
        g("queue", "resume", "a", env=env(g))
        wait_for(lambda: len(lines(g)) == 1)
        g("queue", "resize", "-j", "2", env=env(g))
        wait_for(lambda: len(lines(g)) == 2)
        assert "1 staged run" in g("queue", "status", env=env(g)).stdout
        g("queue", "stop", "-y", env=env(g))
        assert q.wait(timeout=20) == 0
    finally:
        q.kill()
    assert sorted(r["status"] for r in listed(g)) == ["staged", "terminated", "terminated"]


def test_gives_every_run_a_gpu(queued):
    g = queued
    stage(g, 4)
    stage(g, 1, "--gpus", "3")
    stage(g, 1, "--no-gpus")
    g("queue", "-j", "6", "--gpus", "0-1,3", "--run-once", env=env(g))
    gpus = [line.split()[1:] for line in lines(g)]
    assert len(gpus) == 6 and gpus.count([]) == 1 and ["3"] in gpus
    assert all(x in (["0"], ["1"], ["3"], []) for x in gpus)
    log = (g.home / "queues" / "leases.log").read_text().splitlines()
    assert check_leases(log) == 5
    # 500 MB are free only on the first two
    stage(g, 3)
    g("queue", "--gpus", "all", "--min-free-gpu-memory", "600", "--run-once", env=env(g))
    assert {line.split()[1] for line in lines(g)[6:]} <= {"0", "1"}


def test_freed_gpu_goes_to_the_first(queued):
    """Also where the first was refused a moment ago."""
    g = queued
    g.write("long", "#!/bin/sh\nsleep 0.5\necho long >> $OUT\n", 0o755)
    g.write("first", "#!/bin/sh\necho first >> $OUT\nsleep 0.1\n", 0o755)
    g.write("other", "#!/bin/sh\necho other >> $OUT\n", 0o755)
    stage(g, 1, "--priority", "9", what="long")
    stage(g, 1, "--priority", "5", what="first")
    stage(g, 2, what="other")
    g("queue", "--gpus", "0", "-j", "2", "--run-once", env=env(g))
    assert lines(g) == ["long", "first", "other", "other"]


def cpu_ticks(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_rests_beside_pending_runs(queued):
    """As those of a long batch that runs beside it."""
    g = queued
    stage(g, 1)
    q = start(g, "-j", "2")
    wait_for(lambda: len(lines(g)) == 1)
    for i in range(1000):
        folder = g.home / "runs" / f"{i:032x}" / ".guild"
        folder.mkdir(parents=True)
        (folder / "PENDING").touch()
        (folder / "opref").write_text("script:'' '' '' job")
    time.sleep(0.3)
    before = cpu_ticks(q.pid)
    time.sleep(1)
    assert (cpu_ticks(q.pid) - before) / os.sysconf("SC_CLK_TCK") < 0.2
    # What is staged meanwhile is still seen at once.
    stage(g, 1)
    wait_for(lambda: len(lines(g)) == 2, 5)
    q.send_signal(signal.SIGTERM)
    assert q.wait(timeout=20) == 0


def check_leases(log, per_gpu=1):
    held, taken = {}, 0
    for line in log:
        _, what, gpu, run, _ = line.split()
        held.setdefault(gpu, set())
        if what == "take":
            held[gpu].add(run)
            taken += 1
        else:
            held[gpu].discard(run)
        assert len(held[gpu]) <= per_gpu, line
    return taken


@pytest.mark.parametrize("args,text", [
    (["queue", "-j", "0"], "0"),
    (["queue", "--gpus", "7"], "no GPU '7': there are 4 here"),
    (["queue", "--gpus", "3-1"], "invalid GPU '3-1'"),
    (["queue", "--gpus", "x y"], "invalid GPU 'x y'"),
    (["queue", "--per-gpu", "2"], "need --gpus"),
    (["queue", "nonsense"], "nonsense"),
    (["queue", "pause"], "no queue is running"),
    (["queue", "pause", "../x"], "no queue '../x' is running"),
    (["queue", "resize"], "--jobs N is needed"),
    (["queue", "--name", "a/b"], "cannot be the name"),
    (["run", "job", "-y", "--priority", "1"], "--priority needs --stage"),
    (["run", "job", "-y", "--stage", "--priority", "x"], "expected a whole number"),
    (["run", "job", "-y", "--stage", "--after", "abcd"], "abcd"),
])
def test_bad_input(queued, args, text):
    r = subprocess.run([queued.program, *args], cwd=queued.cwd, env=env(queued),
                       capture_output=True, text=True, timeout=20)
    assert r.returncode in (1, 2) and text in r.stderr


def test_queue_as_a_run(queued):
    g = queued
    stage(g, 2)
    stage(g, 1, "--gpus", "1")
    out = g("run", "queue", "run-once=yes", "gpus=0", "-y", env=env(g)).stderr
    assert "INFO: [guild] " in out and "queue processed 2 run(s) in" in out
    assert "Ignoring staged run" in out and lines(g)[0].endswith(" 0")
    run = next(r for r in listed(g) if r["opref"].endswith("queue"))
    guild_dir = g.home / "runs" / run["id"] / ".guild"
    assert (guild_dir / "opref").read_text().startswith("builtin:guildai ")
    assert (guild_dir / "proto").is_dir() and run["status"] == "completed"
    assert "queue" not in g("compare", "--csv", "-", env=env(g)).stdout
    assert g("run", "que", "-y", code=1, env=env(g))


def test_garbage_in_its_files(queued):
    g = queued
    stage(g, 1)
    run = listed(g)[0]["id"]
    for name in ("claims", "gpus", "by-name/x"):
        (g.home / "queues" / name).mkdir(parents=True)
    (g.home / "queues" / "claims" / run).write_bytes(b"\0garbage")
    (g.home / "queues" / "gpus" / "GPU-0.0").write_text("half of a")
    (g.home / "queues" / "by-name" / "x" / "state.json").write_text("{")
    (g.home / "runs" / run / ".guild" / "PENDING").touch()
    assert status(g)["queues"][0]["mode"] == "dead"
    g("queue", "--gpus", "0", "--run-once", env=env(g))
    assert lines(g) == [f"{run} 0"]


@pytest.mark.slow
def test_two_queues_race(queued):
    g = queued
    for _ in range(100):
        stage(g, 10)
    queues = [start(g, "-j", "4", "--name", n, "--run-once", "--poll-interval", "1") for n in "ab"]
    assert [q.wait(timeout=300) for q in queues] == [0, 0]
    ran = [line.split()[0] for line in lines(g)]
    assert len(ran) == len(set(ran)) == 1000
    assert {r["status"] for r in listed(g)} == {"completed"}


RECORD = "#!/bin/sh\ntest -f $RUN_DIR/.guild/LOCK || echo NOLOCK >> $OUT\necho $RUN_ID >> $OUT\nsleep 0.05\n"


def runner_of(g, run):
    """The guild that executes a claimed run, once it says so."""
    try:
        claim = dict(line.split(" ", 1) for line in (g.home / "queues" / "claims" / run).read_text().splitlines() if " " in line)
        return int(claim["runner"].split()[0])
    except (OSError, KeyError, ValueError):
        return 0


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@pytest.mark.slow
@pytest.mark.parametrize("with_queue", [False, True])
def test_killed_between_fork_and_exec(queued, with_queue):
    """The supervisor is killed while its child, made slow by a tracer, writes LOCK and is not the program yet."""
    g = queued
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let processes be traced")
    g.write("job", RECORD, 0o755)
    n = 5
    stage(g, n)
    # renameat is called by this child alone.
    slow = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat", "-e", "inject=renameat:delay_enter=300000"]
    killed = set()
    until = time.monotonic() + 60
    while status(g)["staged"]:
        assert time.monotonic() < until
        q = subprocess.Popen([*slow, g.program, "queue", "--gpus", "0-1", "--run-once", "--poll-interval", "0.1"], cwd=g.cwd, env=g.traced_env() | env(g),
                             stderr=subprocess.DEVNULL)
        while q.poll() is None:
            for draft in (g.home / "runs").glob("*/.guild/.tmp-LOCK-self"):
                run = draft.parent.parent.name
                if run not in killed:
                    pid = runner_of(g, run)
                    queue_pid = int((g.home / "queues" / "claims" / run).read_text().split("\nowner ")[1].split()[0])
                    killed.add(run)
                    if with_queue:
                        kill(queue_pid)
                    kill(pid)
            time.sleep(0.002)
    wait_for(lambda: not [r for r in listed(g) if r["status"] == "running"])
    assert len(killed) == n
    assert sorted(lines(g)) == sorted(killed)
    g("queue", "--gpus", "0-1", "--run-once", env=env(g))
    assert len(lines(g)) == n
    assert {r["status"] for r in listed(g)} == {"error"}
    check_leases((g.home / "queues" / "leases.log").read_text().splitlines())


@pytest.mark.slow
def test_supervisors_killed_at_any_moment(queued):
    g, dice = queued, random.Random(11)
    g.write("job", RECORD, 0o755)
    n = 60
    stage(g, n)
    kills = {}
    until = time.monotonic() + 120
    while status(g)["staged"]:
        assert time.monotonic() < until
        q = start(g, "-j", "2", "--run-once", "--poll-interval", "0.05")
        seen = set()
        while q.poll() is None:
            claims = g.home / "queues" / "claims"
            for run in os.listdir(claims) if claims.is_dir() else []:
                pid = runner_of(g, run)
                # A queue gives a run up whose start is killed three times.
                if pid and pid not in seen and kills.get(run, 0) < 2:
                    seen.add(pid)
                    if dice.random() < 0.8:
                        time.sleep(dice.uniform(0, 0.006))
                        kills[run] = kills.get(run, 0) + 1
                        kill(pid)
                        if dice.random() < 0.2:
                            q.kill()
        q.wait()
    wait_for(lambda: not [r for r in listed(g) if r["status"] == "running"])
    assert sum(kills.values()) >= n / 2
    assert sorted(lines(g)) == sorted(r["id"] for r in listed(g))
    assert {r["status"] for r in listed(g)} <= {"completed", "error"}


@pytest.mark.slow
def test_killed_at_any_moment(queued):
    g, dice = queued, random.Random(7)
    g.write("job", "#!/bin/sh\nmkdir $OUT.$CUDA_VISIBLE_DEVICES || echo TWICE >> $OUT\n"
            "echo $RUN_ID $CUDA_VISIBLE_DEVICES >> $OUT\nsleep 0.0$(($$ % 5))\n"
            "rmdir $OUT.$CUDA_VISIBLE_DEVICES\n", 0o755)
    n = 120
    stage(g, n)
    kills = 0
    while status(g)["staged"] and kills < 250:
        q = start(g, "--gpus", "0-2", "-j", "3", "--name", "k", "--run-once",
                  "--poll-interval", "0.05")
        time.sleep(dice.uniform(0.005, 0.2))
        os.kill(q.pid, signal.SIGKILL)
        q.wait()
        kills += 1
    wait_for(lambda: not [r for r in listed(g) if r["status"] == "running"])
    g("queue", "--gpus", "0-2", "--run-once", env=env(g))
    ran = [line.split()[0] for line in lines(g)]
    assert "TWICE" not in ran
    assert len(ran) == len(set(ran)) == n
    assert {r["status"] for r in listed(g)} == {"completed"}
    check_leases((g.home / "queues" / "leases.log").read_text().splitlines())
    print("kills of the queue:", kills)
