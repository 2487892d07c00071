"""Several trials at once, batches that go on where they stopped, and what is left when anything is killed."""

import os
import random
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

OPS = """
t:
  exec: sh -c 'echo ${x}; exit ${code}'
  flags: {x: 0, code: 0}
slow:
  exec: sh -c 'echo start; exec sleep ${time}'
  flags: {x: 0, time: 30}
"""


def batch_of(guild):
    return next(r for r in guild.runs() if (r / ".guild/proto").exists())


def trials_of(guild, batch):
    return [guild.home / "runs" / p.name for p in batch.iterdir() if p.is_symlink() and (p / ".guild/opref").exists()]


def flag(guild, run, name="x"):
    return int(re.search(rf"^{name}: (\d+)$", guild.attr(run, "flags"), re.M).group(1))


def test_every_trial_once_and_its_output_apart(guild):
    guild.write("guild.yml", OPS)
    done = guild("run", "t", "x=range[24]", "-j", "4", "-y", "--keep-batch")
    batch = batch_of(guild)
    trials = trials_of(guild, batch)
    assert sorted(flag(guild, r) for r in trials) == list(range(24))
    assert all((r / ".guild/output").read_text() == f"{flag(guild, r)}\n" for r in trials)
    assert done.stdout == "" and len(re.findall("Running trial", done.stderr)) == 24
    assert len(re.findall(r"Trial [0-9a-f]{32} completed", done.stderr)) == 24
    assert "Running trial" in (batch / ".guild/output").read_text()
    assert {guild.attr(r, "exit_status") for r in [*trials, batch]} == {"0\n"}


def test_trials_run_at_the_same_time(guild):
    guild.write("guild.yml", "meet:\n  exec: sh -c 'touch ${dir}/${x}; until [ $(ls ${dir} | wc -l) = 3 ]; do sleep 0.02; done'\n"
                "  flags: {x: 0, dir: null}\n")
    (guild.cwd / "met").mkdir()
    guild("run", "meet", "x=[1,2,3]", f"dir={guild.cwd / 'met'}", "-j", "3", "-y", timeout=30)
    assert len(os.listdir(guild.cwd / "met")) == 3


def test_failures_of_parallel_trials(guild):
    guild.write("guild.yml", OPS)
    done = guild("run", "t", "code=[0,3,0]", "-j", "3", "-y", "--keep-batch")
    assert "exited with an error: (3)" in done.stderr
    guild("run", "t", "code=[3]", "x=range[40]", "-j", "2", "-y", "--fail-on-trial-error", code=3)
    statuses = [guild.attr(r, "exit_status") for r in guild.runs() if (r / ".guild/attrs/exit_status").exists()]
    assert 40 > len(statuses) > 2


def start(guild, *args):
    return subprocess.Popen([guild.program, "run", *args, "-y"], cwd=guild.cwd, env=guild.env(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_for(what, seconds=20):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def n_started(guild):
    return sum((r / ".guild/output").exists() and (r / ".guild/output").read_text() == "start\n" for r in guild.runs())


def test_interrupted_then_continued(guild):
    guild.write("guild.yml", OPS)
    process = start(guild, "slow", "x=range[6]", "-j", "3")
    wait_for(lambda: n_started(guild) == 3)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=30)[1]
    assert process.returncode == 130 and "waiting for 3 trials to end" in stderr
    batch = batch_of(guild)
    assert guild.attr(batch, "exit_status") == "-16\n"
    before = {r.name for r in trials_of(guild, batch)}
    assert len(before) == 6 and sum((guild.home / "runs" / r / ".guild/PENDING").exists() for r in before) == 3
    for run in [batch / ".guild/proto", *trials_of(guild, batch)]:
        flags = run / ".guild/attrs/flags"
        flags.write_text(flags.read_text().replace("time: 30", "time: 0"))
    guild("run", "--restart", batch.name, "-j", "3", "-y", "--keep-batch")
    assert {r.name for r in trials_of(guild, batch)} == before
    assert {guild.attr(r, "exit_status") for r in trials_of(guild, batch)} == {"0\n"}


def test_the_second_interrupt_kills(guild):
    guild.write("guild.yml", "deaf: {exec: \"sh -c 'trap : INT TERM; echo start; while :; do sleep 0.05; done'\", flags: {x: 0}}\n")
    process = start(guild, "deaf", "x=[1,2]", "-j", "2")
    wait_for(lambda: n_started(guild) == 2)
    process.send_signal(signal.SIGINT)
    wait_for(lambda: "waiting for" in process.stderr.readline())
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    process.stderr.close()


def state_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rsplit(")", 1)[1].split()[0]


def test_suspended_and_continued_with_its_trials(guild):
    guild.write("guild.yml", "tick: {exec: \"sh -c 'echo $$ > pid; echo start; exec sleep 30'\", flags: {x: 0}}\n")
    process = start(guild, "tick", "x=[1,2]", "-j", "2")
    wait_for(lambda: n_started(guild) == 2)
    programs = [int((r / "pid").read_text()) for r in guild.runs() if (r / "pid").exists()]
    everybody = [process.pid, *programs]
    process.send_signal(signal.SIGTSTP)
    wait_for(lambda: [state_of(p) for p in everybody] == ["T"] * 3)
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: "T" not in [state_of(p) for p in everybody])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert {guild.attr(r, "exit_status") for r in trials_of(guild, batch_of(guild))} == {"-15\n"}


@pytest.fixture
def slow_url():
    """A file whose first byte takes longer than anyone waits; and how many ask for it."""
    asked = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                asked.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/data", asked
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for connection in asked:
        connection.close()
    thread.join(10)


@pytest.mark.parametrize("jobs", [1, 2])
def test_interrupted_while_inputs_are_fetched(guild, slow_url, jobs):
    url, asked = slow_url
    guild.write("guild.yml", f"t: {{exec: touch ran, flags: {{x: 0}}, requires: [{{url: '{url}'}}]}}\n")
    process = start(guild, "t", "x=[1,2]", "-j", str(jobs))
    wait_for(lambda: asked)
    process.send_signal(signal.SIGINT)
    if jobs == 1:
        # Nothing looks for signals meanwhile: the second one is enough.
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=20)[1]
    assert process.returncode in (130, -signal.SIGINT) and "error" not in stderr.lower(), stderr
    trials = trials_of(guild, batch_of(guild))
    assert len(trials) == 2 and all((r / ".guild/PENDING").exists() and not (r / "ran").exists() for r in trials)


def test_no_program_starts_after_an_interrupt(guild, slow_url):
    url, asked = slow_url
    guild.write("guild.yml", f"t: {{exec: touch ran, flags: {{x: 0}}, requires: [{{url: '{url}', target-type: copy}}]}}\n")
    process = start(guild, "t", "x=[1,2]")
    wait_for(lambda: asked)
    process.send_signal(signal.SIGINT)
    asked[0].recv(4096)
    asked[0].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    stderr = process.communicate(timeout=20)[1]
    assert process.returncode == 130 and "error" not in stderr.lower(), stderr
    assert guild.attr(batch_of(guild), "exit_status") == "-16\n"
    assert not any((r / "ran").exists() for r in guild.runs())


def test_where_no_other_trial_can_be_made_those_that_run_are_looked_after(guild):
    # The batch's directory goes away under it while a trial runs.
    guild.write("guild.yml", """
t:
  exec: sh -c 'mkdir "$GUILD_HOME/first" 2>/dev/null && { sleep 0.5; mv "$CMD_DIR" "$CMD_DIR.away"; exit; }; echo start; exec sleep 30'
  flags: {x: 0}
""")
    process = start(guild, "t", "x=[1:100]", "-o", "tpe", "-m", "9", "-j", "2")
    line = ""
    while "No more trials are started" not in line:
        line = process.stderr.readline()
        assert line
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=20)[1]
    assert process.returncode == 1 and "waiting for 1 trial to end" in stderr, stderr
    runs = [r for r in guild.runs() if not (r / ".guild/proto").exists()]
    assert sorted(guild.attr(r, "exit_status") for r in runs) == ["-16\n", "0\n"]


def test_a_batch_that_ended_well_runs_anew_and_a_longer_one_only_the_rest(guild):
    guild.write("guild.yml", OPS)
    guild("run", "t", "x=[1,2]", "-y", "--keep-batch")
    batch = batch_of(guild)
    guild("run", "--restart", batch.name, "-y", "--keep-batch")
    assert sorted(flag(guild, r) for r in trials_of(guild, batch)) == [1, 1, 2, 2]
    first = {r: guild.attr(r, "started") for r in trials_of(guild, batch)}
    guild("run", "--restart", batch.name, "x=[1,2,3]", "-m", "3", "-y", "--keep-batch")
    assert sorted(flag(guild, r) for r in trials_of(guild, batch)) == [1, 1, 2, 2, 3]
    assert all(guild.attr(r, "started") == started for r, started in first.items())


def program_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


@pytest.mark.slow
def test_killed_anywhere_nothing_is_lost_or_repeated(guild):
    log = guild.cwd / "log"
    guild.write("k.sh", f"#!/bin/sh\nsleep 0.0$((FLAG_x%7))\necho $FLAG_x >> {log}\n")
    os.chmod(guild.cwd / "k.sh", 0o755)
    guild.write("guild.yml", f"k: {{exec: {guild.cwd}/k.sh, flags: {{x: 0}}}}\n".replace("FLAG_x", "FLAG_X"))
    (guild.cwd / "k.sh").write_text((guild.cwd / "k.sh").read_text().replace("FLAG_x", "FLAG_X"))
    chance = random.Random(6)
    kills = 0
    for _ in range(8):
        jobs = chance.choice(["1", "2", "4"])
        args = ["k", "x=range[30]", "-j", jobs, "--keep-batch"]
        known = set(guild.runs())
        finished = {}
        for _ in range(60):
            process = start(guild, *args)
            time.sleep(chance.random() * 0.4)
            session = subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, text=True).stdout.split()
            how = chance.choice(["batch", "batch", "worker", "all"])
            # Programs that are killed by themselves have failed: guild's own processes are what is killed here.
            ours = [p for p in session if program_of(p) == os.path.realpath(guild.program)]
            victims = {"batch": [process.pid], "worker": [p for p in ours if int(p) != process.pid][:1], "all": session}[how]
            for pid in victims:
                try:
                    os.kill(int(pid), signal.SIGKILL)
                    kills += 1
                except ProcessLookupError:
                    pass
            process.communicate(timeout=60)
            batches = [r for r in set(guild.runs()) - known if (r / ".guild/proto").exists()]
            if not batches:
                continue
            batch = batches[0]
            for run in trials_of(guild, batch):
                if (run / ".guild/attrs/exit_status").exists():
                    assert finished.setdefault(run.name, guild.attr(run, "started")) == guild.attr(run, "started")
            if (batch / ".guild/attrs/exit_status").exists() and guild.attr(batch, "exit_status") == "0\n":
                break
            args = ["--restart", batch.name, "-j", jobs, "--keep-batch"]
        trials = trials_of(guild, batch)
        assert sorted(flag(guild, r) for r in trials) == list(range(30))
        assert {guild.attr(r, "exit_status") for r in trials} == {"0\n"}
        made = set(guild.runs()) - known
        assert made == {batch, *trials}, "nothing is left half made"
    assert kills > 20


def test_jobs_are_kept_with_a_staged_batch(guild):
    guild.write("guild.yml", OPS)
    guild("run", "t", "x=[1,2,3]", "-j", "3", "--stage", "-y")
    batch = batch_of(guild)
    assert "jobs: 3\n" in guild.attr(batch, "run_params")
    # Apart, as parallel trials are.
    assert guild("run", "--start", batch.name, "-y").stdout == ""
    assert guild("run", "t", "x=[1,2]", "-y").stdout == "1\n2\n"
