"""guild sys shutdown-timer and s3-sync. No test turns the machine off: --dont-shutdown, or a program of our own on PATH."""

import json
import os
import re
import time

import pytest

from rundirs import make_run


def until(what, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it never came to that")


@pytest.fixture
def fake(tmp_path):
    """A folder to put before PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def put(name, text):
        path = folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    return put


@pytest.fixture
def service(guild):
    """Runs 'guild sys SERVICE ...'; whatever was started is stopped in the end."""
    started = set()

    def call(name, *args, **more):
        started.add(name)
        return guild("sys", name, *args, **more)

    call.guild = guild
    def log(name):
        path = guild.home / "log" / name
        return path.read_text() if path.exists() else ""

    call.log = log
    yield call
    for name in started:
        guild("sys", name, "stop", code=None)


def test_start_status_stop(service):
    home = service.guild.home
    name = "shutdown-timer"
    assert service(name, "status").stdout == "Shutdown timer is not running\n"
    assert "not running" in service(name, "stop").stderr
    assert "started" in service(name, "start", "-d").stderr
    pid = int((home / "proc" / name).read_text())
    assert service(name, "status").stdout == f"Shutdown timer is running (pid {pid})\n"
    assert json.loads(service(name, "status", "--json").stdout) == {
        "running": True, "pid": pid, "log": str(home / "log" / name)}
    assert "already running" in service(name, "start", "-d", code=1).stderr
    assert f"(pid {pid})" in service(name, "stop").stderr
    assert service(name, "status").stdout == "Shutdown timer is not running\n"
    assert not (home / "proc" / name).exists()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Shutdown timer started\n", service.log(name))
    assert service.log(name).endswith("Shutdown timer stopped\n") and "Traceback" not in service.log(name)
    # A number that was left, and is another process's by now.
    (home / "proc" / name).write_text(str(os.getpid()))
    assert service(name, "status").stdout == "Shutdown timer is not running\n"
    assert service(name, "start", "-d").returncode == 0


def test_shutdown_comes_when_no_run_is_running(service, fake):
    name = "shutdown-timer"
    run = make_run(service.guild.home, 1, status="running")
    args = ("start", "-t", "0.005", "-g", "7")
    env = fake("shutdown", f'echo "$@" > {service.guild.home}/asked\n')
    service(name, *args, env=env)
    until(lambda: "a run is running" in service.log(name))
    time.sleep(0.5)
    assert not (service.guild.home / "asked").exists()
    (run / ".guild/LOCK").unlink()
    until(lambda: (service.guild.home / "asked").exists())
    until(lambda: service.log(name).endswith("Shutdown timer stopped\n"))
    assert (service.guild.home / "asked").read_text() == "-h +7\n"
    # With sudo; in the foreground; what fails is an exit code.
    env = fake("sudo", 'echo no >&2\nexit 3\n')
    done = service(name, "start", "-f", "-t", "0", "-s", env=env, code=1)
    assert "shutdown failed with exit code 3: no" in done.stderr
    done = service(name, "start", "-f", "-t", "0", "-d")
    assert "would be turned off" in done.stderr
    assert "minutes must be" in service(name, "start", "-t", "-1", code=2).stderr


def test_s3_sync(service, fake):
    home = service.guild.home
    name = "s3-sync"
    env = fake("aws", f'echo "$@" >> {home}/asked\necho uploaded\necho trouble >&2\n')
    assert "s3://BUCKET" in service(name, "start", "http://x", env=env, code=1).stderr
    assert "'aws' is not on PATH" in service(name, "start", "s3://b", env={"PATH": "/nonexistent"}, code=1).stderr
    # Without runs nothing is asked for: --delete would empty the bucket.
    service(name, "start", "s3://bucket/path/", env=env)
    until(lambda: "nothing is synchronized" in service.log(name))
    service(name, "stop")
    assert not (home / "asked").exists()
    make_run(home, 1)
    service(name, "start", "s3://bucket/path/", env=env)
    until(lambda: "Sync stopped" in service.log(name))
    assert "is running (pid" in service(name, "status").stdout
    service(name, "stop")
    assert (home / "asked").read_text() == f"s3 sync --delete --no-progress {home}/runs s3://bucket/path/runs/\n"
    assert " uploaded\n" in service.log(name) and " trouble\n" in service.log(name)
    # A program that hangs does not keep the service; one that fails is asked again.
    env = fake("aws", f"echo $$ > {home}/hanging\nexec sleep 300\n")
    service(name, "start", "s3://bucket", env=env)
    pid = int(until(lambda: (home / "hanging").exists() and (home / "hanging").read_text()))
    service(name, "stop")
    until(lambda: not os.path.exists(f"/proc/{pid}"))
    service(name, "start", "s3://bucket", env=fake("aws", "exit 5\n"))
    until(lambda: "aws failed with exit code 5" in service.log(name))


def test_log_is_put_aside(service, fake):
    home = service.guild.home
    make_run(home, 1)
    (home / "log").mkdir()
    (home / "log/s3-sync").write_text("x" * (1 << 20))
    (home / "log/s3-sync.1").write_text("older")
    service("s3-sync", "start", "s3://b", "-m", "1", "-b", "2", env=fake("aws", "exit 0\n"))
    until(lambda: "Sync stopped" in service.log("s3-sync"))
    assert (home / "log/s3-sync.2").read_text() == "older"
    assert len((home / "log/s3-sync.1").read_text()) == 1 << 20


def test_groups(guild):
    for group in ("shutdown-timer", "s3-sync"):
        done = guild("sys", group, code=2)
        assert f"usage: guild sys {group}" in done.stderr and "  status  " in done.stderr
        assert guild("sys", group, "begin", code=2).stderr.startswith(f"guild: unrecognized command 'sys {group} begin'")
    page = guild("sys", "--help").stdout
    assert re.search(r"^  shutdown-timer ", page, re.M) and "  start" not in page
    assert "CPU" in guild("sys").stdout or "cpu" in guild("sys").stdout
