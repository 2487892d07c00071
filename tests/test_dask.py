"""guild run dask:scheduler, with a stand-in for dask.distributed, and with Dask itself."""

import json
import os
import signal
import subprocess
import time

import pytest

from conftest import ROOT

# As much of it as the scheduler uses: a pool of threads, and quantities that jobs take.
STUB = '''
import concurrent.futures, threading
class LocalCluster:
    def __init__(self, n_workers, threads_per_worker, processes, dashboard_address, resources, silence_logs):
        assert (n_workers, processes) == (1, False)
        self.pool = concurrent.futures.ThreadPoolExecutor(threads_per_worker)
        self.left, self.changed = dict(resources), threading.Condition()
    def close(self):
        self.pool.shutdown()
class Future:
    def __init__(self, inner): self.inner = inner
    def done(self): return self.inner.done()
    def exception(self): return self.inner.exception()
    def result(self): return self.inner.result()
    @property
    def status(self): return "error" if self.inner.done() and self.inner.exception() else "finished"
class Client:
    def __init__(self, cluster): self.cluster = cluster
    def submit(self, f, *args, key, pure, resources):
        c, needs = self.cluster, resources or {}
        def job():
            with c.changed:
                c.changed.wait_for(lambda: all(c.left[n] >= q for n, q in needs.items()))
                for n, q in needs.items(): c.left[n] -= q
            try:
                return f(*args)
            finally:
                with c.changed:
                    for n, q in needs.items(): c.left[n] += q
                    c.changed.notify_all()
        return Future(c.pool.submit(job))
    def close(self): pass
'''
OPS = "t:\n  exec: sh -c 'echo ${x} >> ${log}; sleep 0.05; echo ${x} >> ${log}'\n  flags: {x: 0, log: null}\n"


def stage(guild, x, *args):
    guild("run", "t", f"x={x}", f"log={guild.cwd / 'log'}", "--stage", "-y", *args)


def statuses(guild):
    return {guild.attr(r, "flags").split("x: ")[1].strip(): (r / ".guild/STAGED").exists() for r in guild.runs()
            if "x: " in guild.attr(r, "flags")}


def check(guild, env):
    guild.write("guild.yml", OPS)
    for x in range(1, 5):
        stage(guild, x, "-t", "dask:mem=2")
    stage(guild, 5, "-t", "dask:gpu=1")
    stage(guild, 6, "-t", "dask:mem=many")
    done = guild("run", "dask:scheduler", "run-once=yes", "workers=3", "resources=mem=3", "dashboard-address=no", "-y", env=env, timeout=120)
    # Each takes 2 of 3: never two at once, whatever the workers.
    lines = (guild.cwd / "log").read_text().split()
    assert sorted(lines) == sorted("11223344") and lines[::2] == lines[1::2]
    assert statuses(guild) == {"1": False, "2": False, "3": False, "4": False, "5": True, "6": True}
    assert "it needs gpu=1, and this scheduler has gpu=0" in done.stderr and "'mem=many'" in done.stderr
    assert "processed 4 run(s)" in done.stderr
    run = max(guild.runs(), key=lambda r: int(guild.attr(r, "initialized")))
    assert (run / ".guild/opref").read_text().split()[0] == "builtin:guildai"
    assert (run / ".guild/opref").read_text().endswith(" dask scheduler") and list((run / ".guild/proto").iterdir()) == []
    assert "- guild.plugins.dask_scheduler_main" in guild.attr(run, "op")


def stand_in(guild):
    package = guild.cwd.parent / "stub"
    (package / "dask").mkdir(parents=True)
    (package / "dask/__init__.py").write_text("")
    (package / "dask/distributed.py").write_text(STUB)
    return package


def test_with_a_stand_in(guild):
    package = stand_in(guild)
    env = {"PYTHONPATH": str(package)}
    check(guild, env)
    # A running one takes what is staged later, and ends at SIGTERM.
    process = subprocess.Popen([guild.program, "run", "dask:scheduler", "poll-interval=1", "-y"], cwd=guild.cwd, env=guild.env(**env),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while "Waiting for staged runs" not in process.stderr.readline():
        assert time.monotonic() < until
    stage(guild, 7)
    while statuses(guild)["7"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert "Stopping Dask scheduler" in process.communicate(timeout=30)[1]


def test_claims_as_a_queue_does(guild):
    package = stand_in(guild)
    guild.write("guild.yml", OPS)
    scheduler = ("run", "dask:scheduler", "run-once=yes", "workers=1", "dashboard-address=no", "-y")
    stage(guild, 1)
    first = guild.runs()[0].name
    stage(guild, 2, "--after", first)
    stage(guild, 3, "--priority", "5")
    stage(guild, 4)
    broken = next(r for r in guild.runs() if guild.attr(r, "flags").rstrip().endswith("x: 4"))
    (broken / ".guild/attrs/op").write_text("[")
    done = guild(*scheduler, env={"PYTHONPATH": str(package)})
    # By priority, and what waits for another run after that one; all in one go.
    order = (guild.cwd / "log").read_text().split()[::2]
    assert order[0] == "3" and order.index("1") < order.index("2") and len(order) == 3
    assert "processed 4 run(s)" in done.stderr
    status = {run["id"]: run["status"] for run in json.loads(guild("runs", "--json").stdout)}
    assert status[broken.name] == "error"
    # No claim is left, and a run that cannot be prepared is not staged again: it would be started for ever.
    assert not list((guild.home / "queues/claims").iterdir())
    assert not [r for r in guild.runs() if (r / ".guild/STAGED").exists() or (r / ".guild/PENDING").exists()]
    # What is not staged, or is another's, is not to be had.
    assert guild("run-claimed", first, code=75).stdout == ""
    assert (guild.cwd / "log").read_text().split().count("1") == 2


def check_signals(guild, env):
    guild.write("guild.yml", "s: {exec: sleep 2}\nlong: {exec: sleep 60}\n")
    for op, signals, ended in (("s", 1, "completed"), ("long", 2, "terminated")):
        for run in guild.runs():
            guild("runs", "delete", run.name, "-y")
        for _ in range(2):
            guild("run", op, "--stage", "-y")
        process = subprocess.Popen([guild.program, "run", "dask:scheduler", "workers=1", "dashboard-address=no", "-y"], cwd=guild.cwd,
                                   env=guild.env(**env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            until = time.monotonic() + 60
            while not any((r / ".guild/LOCK").exists() for r in guild.runs() if (r / ".guild/opref").read_text().endswith(" " + op)):
                assert time.monotonic() < until
                time.sleep(0.02)
            for _ in range(signals):
                process.send_signal(signal.SIGTERM)
                time.sleep(0.7)
            process.communicate(timeout=30)
        finally:
            process.kill()
        # The one that ran, and the one that waited.
        found = [r["status"] for r in json.loads(guild("runs", "--json").stdout) if not r["opref"].startswith("builtin:")]
        assert sorted(found) == sorted([ended, "staged"])


@pytest.mark.slow
def test_signals(guild):
    check_signals(guild, {"PYTHONPATH": str(stand_in(guild))})


@pytest.mark.slow
def test_beside_a_queue(guild):
    package = stand_in(guild)
    guild.write("guild.yml", "t:\n  exec: sh -c 'echo $RUN_ID >> ${log}; sleep 0.1'\n  flags: {log: null}\n")
    n = 60
    for _ in range(n):
        guild("run", "t", f"log={guild.cwd / 'log'}", "--stage", "-y")
    args = {"cwd": guild.cwd, "env": guild.env(PYTHONPATH=str(package)), "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    queue = subprocess.Popen([guild.program, "queue", "-j", "2", "--run-once"], **args)
    dask = subprocess.Popen([guild.program, "run", "dask:scheduler", "run-once=yes", "workers=2", "dashboard-address=no", "-y"], **args)
    try:
        queue.communicate(timeout=120)
        said = dask.communicate(timeout=120)[1]
    finally:
        queue.kill()
        dask.kill()
    ran = (guild.cwd / "log").read_text().split()
    assert (queue.returncode, dask.returncode) == (0, 0)
    assert len(ran) == len(set(ran)) == n
    # Both had some.
    assert 0 < int(said.split("Dask scheduler processed ")[1].split()[0]) < n


def test_bad_input(guild):
    assert "is not installed for" in guild("run", "dask:scheduler", "run-once=yes", "-y", code=1).stderr
    assert "invalid resource 'gpu'" in guild("run", "dask:scheduler", "resources=gpu", "-y", code=1).stderr
    assert "workers" in guild("run", "dask:scheduler", "workers=0", "-y", code=1).stderr


@pytest.mark.slow
@pytest.mark.registry
def test_with_dask(guild):
    done = subprocess.run([ROOT / "scripts/venv.sh", "dask"], capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        pytest.skip("Dask cannot be installed: " + done.stderr[-200:])
    venv = ROOT / ".venv/dask"
    env = {"VIRTUAL_ENV": str(venv), "PATH": f"{venv / 'bin'}:{os.environ['PATH']}"}
    check(guild, env)
    check_signals(guild, env)
