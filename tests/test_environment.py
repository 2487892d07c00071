"""Environment variables of cli.md 4.2 and the global options, against the running program (docs/guide/environment.md)."""

import json
import os
import pathlib
import pstats
import re
import socket
import subprocess
import sys
import threading
import time

import pytest

from rundirs import make_run, run_id

PYTHON = os.path.realpath(sys.executable)
ENV = {"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"}


@pytest.fixture
def run(guild):
    guild.write("t.py", "import sys\nlr = 0.1\nprint('out')\nprint('err', file=sys.stderr)\n")

    def call(*args, code=0, env=None, **more):
        return guild("run", "-y", *args, code=code, env={**ENV, **(env or {})}, **more)

    call.guild = guild
    call.last = lambda: guild.runs()[-1]
    return call


def attrs(folder):
    return sorted(p.name for p in (folder / ".guild/attrs").iterdir())


# ---- where things are ----------------------------------------------------------------------------------------------


def test_guild_home(guild, tmp_path):
    new = tmp_path / "a/new home"
    guild("run", "-y", "--help-op", "x", code=1, env={"GUILD_HOME": new})
    guild("runs", env={"GUILD_HOME": new})
    assert new.is_dir()
    (tmp_path / "file").write_text("")
    assert "is not a directory" in guild("runs", env={"GUILD_HOME": tmp_path / "file"}, code=1).stderr
    # The old scheme takes the environment's, there or not.
    env = {"GUILD_HOME": "", "CONDA_PREFIX": "", "VIRTUAL_ENV": tmp_path}
    assert f"{tmp_path}/.guild" not in guild("check", env=env).stdout
    assert f"{tmp_path}/.guild" in guild("check", env={**env, "GUILD_HOME_SCHEME": "pre-0.9"}).stdout
    user = tmp_path / "user"
    user.mkdir()
    done = guild("check", env={"HOME": user, "GUILD_HOME": "", "CONDA_PREFIX": "", "VIRTUAL_ENV": ""})
    assert re.search(r"^guild_home: +~/\.guild", done.stdout, re.M) or f"{user}/.guild" in done.stdout


def test_guild_config(guild, tmp_path):
    (tmp_path / "c.yml").write_text("diff: {command: echo compared}\n")
    make_run(guild.home, 1)
    make_run(guild.home, 2)
    assert "compared" in guild("diff", env={"GUILD_CONFIG": tmp_path / "c.yml"}).stdout
    (tmp_path / "c.yml").write_text("diff: [\n")
    assert "WARNING" in guild("diff", env={"GUILD_CONFIG": tmp_path / "c.yml"}).stderr


def test_global_options(guild, tmp_path):
    make_run(tmp_path / "h", 1)
    (tmp_path / "p").mkdir()
    (tmp_path / "p/guild.yml").write_text("op: {exec: 'true', description: Hello}\n")
    assert guild("-H", tmp_path / "h", "select").stdout == run_id(1) + "\n"
    assert guild("-C", tmp_path / "p", "ops").stdout == "op  Hello\n"
    assert guild("-C", tmp_path / "p", "-H", tmp_path / "h", "select").stdout == run_id(1) + "\n"
    assert guild("-H", "~/h", "select", env={"HOME": tmp_path}).stdout == run_id(1) + "\n"
    for option in ("-C", "-H"):
        assert "does not exist" in guild(option, "/no/such", "runs", code=1).stderr
        assert "is not a directory" in guild(option, "/etc/passwd", "runs", code=1).stderr
        assert guild(option, code=2).stderr.startswith(f"guild: option '{option}' needs a value")
    assert re.match(r"guild \d+\.\d+", guild("--version").stdout)
    assert guild("runs", "--version", code=2).stderr.startswith("guild: unrecognized option")
    # A working directory that went away.
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(["sh", "-c", f"cd {gone} && rmdir {gone} && exec {guild.program} runs"], env=guild.env(),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "current directory" in done.stderr


def test_runs_parent(guild):
    make_run(guild.home, 1)
    make_run(guild.home, 2)
    parent = make_run(guild.home, 3)
    (parent / "link").symlink_to(guild.home / "runs" / run_id(1))
    assert guild("select", "-A", env={"GUILD_RUNS_PARENT": run_id(3)}).stdout == run_id(1) + "\n"


# ---- what is said --------------------------------------------------------------------------------------------------


def test_log_level(guild):
    for n in range(22):
        make_run(guild.home, n)
    note = "Showing the first 20 runs"
    assert note in guild("runs").stderr and note in guild("runs", env={"LOG_LEVEL": "20"}).stderr
    assert note not in guild("runs", env={"LOG_LEVEL": "30"}).stderr
    assert note in guild("--debug", "runs", env={"LOG_LEVEL": "30"}).stderr
    assert note in guild("runs", env={"LOG_LEVEL": "many"}).stderr


def test_log_level_reaches_operations(run):
    run.guild.write("guild.yml", "e: {exec: env}\n")
    assert "LOG_LEVEL=20\n" in run("e").stdout
    assert "LOG_LEVEL=30\n" in run("e", env={"LOG_LEVEL": "30"}).stdout
    assert "LOG_LEVEL=10\n" in run.guild("--debug", "run", "-y", "e", env=ENV).stdout


def test_messages_that_can_be_silenced(run):
    guild = run.guild
    assert "not be visible" in run("t.py", "--run-dir", "d1").stderr
    assert "not be visible" not in run("t.py", "--run-dir", "d2", env={"NO_WARN_RUNDIR": "1"}).stderr
    make_run(guild.home, 1, output="text\n")
    assert "Watching run" in guild("watch", "1").stderr
    assert guild("watch", "1", env={"NO_WATCHING_MSG": "1"}).stderr.count("Watching") == 0
    assert guild("ls", "1").stdout.startswith(str(guild.home))
    assert guild("ls", "1", env={"NO_HEADER_PATH": "1"}).stdout == f"{run_id(1)}:\n"
    where = {"PATH": "/nonexistent", "GUILD_PYTHON_EXE": PYTHON}
    (guild.cwd / ".git").mkdir()
    assert "git" in run("t.py", env=where).stderr.replace("err", "")
    assert run("t.py", env={**where, "NO_WARN_GIT_MISSING": "1"}).stderr == "err\n"
    (guild.cwd / ".git").rmdir()
    # There are none of these messages.
    quiet = run("t.py", env={"NO_IMPORT_FLAGS_PROGRESS": "0", "NO_WARN_FLAGS_IMPORT": "0"})
    assert quiet.stderr == "err\n"


def test_interrupted_message(run):
    run.guild.write("stubborn.py", "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(4)\n")

    def interrupted(**env):
        p = subprocess.Popen([run.guild.program, "run", "-y", "stubborn.py"], cwd=run.guild.cwd, env=run.guild.env(**ENV, **env),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        assert p.stdout.readline() == "ready\n"
        os.killpg(p.pid, 2)
        return p

    both = interrupted(), interrupted(NO_OP_INTERRUPTED_MSG="1")
    said = [p.communicate(timeout=60)[1] for p in both]
    assert said[0] != "" and said[1] == ""


# ---- what is recorded ------------------------------------------------------------------------------------------------


def test_no_run_output(run):
    run("t.py", env={"NO_RUN_OUTPUT": "1"})
    assert not (run.last() / ".guild/output").exists()
    run("t.py", env={"NO_RUN_OUTPUT": "0"})
    assert (run.last() / ".guild/output").read_text() in ("out\nerr\n", "err\nout\n")


def test_sync_run_output(run):
    done = run("t.py", env={"SYNC_RUN_OUTPUT": "1"})
    assert done.stdout == "out\nerr\n" and done.stderr == ""
    index = (run.last() / ".guild/output.index").read_bytes()
    assert [index[i + 8] for i in range(0, len(index), 9)] == [0, 0]


def test_no_sourcecode_packages_commit(run):
    guild = run.guild
    for words in (["init", "-q"], ["add", "t.py"], ["-c", "user.name=a", "-c", "user.email=b", "commit", "-qm", "c"]):
        subprocess.run(["git", *words], cwd=guild.cwd, check=True)
    guild.write("guild.yml", "op: {main: t}\n")
    guild("run", "-y", "op", env={"GUILD_PYTHON_EXE": PYTHON})
    assert {"vcs_commit", "pip_freeze"} <= set(attrs(run.last())) and (run.last() / "t.py").exists()
    guild("run", "-y", "op", env={"GUILD_PYTHON_EXE": PYTHON, "NO_SOURCECODE": "1", "NO_VCS_COMMIT": "1", "NO_PIP_FREEZE": "1"})
    assert not {"vcs_commit", "pip_freeze"} & set(attrs(run.last())) and not (run.last() / "t.py").exists()


def test_source_limits(run):
    run.guild.write("a.txt", "x" * 100)
    run.guild.write("b.txt", "x" * 2000)
    run("t.py", env={"MAX_DEFAULT_SOURCECODE_FILE_SIZE": "1000"})
    assert (run.last() / "a.txt").exists() and not (run.last() / "b.txt").exists()
    run("t.py", env={"MAX_DEFAULT_SOURCECODE_COUNT": "1"})
    assert len([p for p in run.last().iterdir() if p.name != ".guild"]) == 1


def test_no_import_flags_cache(run):
    run("t.py")
    [kept] = [p for p in (run.guild.home / "cache/flags").iterdir() if p.is_file()]
    kept.write_text(kept.read_text().replace('"lr"', '"zz"'))
    assert "zz" in run("t.py", "--help-op").stdout
    assert "lr" in run("t.py", "--help-op", env={"NO_IMPORT_FLAGS_CACHE": "1"}).stdout


def test_stop_after(run):
    run.guild.write("s.py", "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)\n")
    start = time.monotonic()
    run("s.py", "--stop-after", "0.01", env={"STOP_AFTER_KILL_DELAY": "0.3", "STOP_AFTER_POLL_INTERVAL": "0.1"}, code=137)
    assert time.monotonic() - start < 20


def test_editor(guild, tmp_path):
    make_run(guild.home, 1)
    for name, variables in (("v", ("VISUAL", "EDITOR")), ("e", ("EDITOR",))):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\necho by {name} > \"$1\"\n")
        script.chmod(0o755)
    env = {"VISUAL": tmp_path / "v", "EDITOR": tmp_path / "e"}
    guild("comment", "1", env=env)
    guild("comment", "1", env={"VISUAL": "", "EDITOR": tmp_path / "e"})
    comments = guild.attr(guild.home / "runs" / run_id(1), "comments")
    assert comments.index("by v") < comments.index("by e")


def test_python_exe(run, tmp_path):
    (tmp_path / "py").write_text(f"#!/bin/sh\necho mine\nexec {PYTHON} \"$@\"\n")
    (tmp_path / "py").chmod(0o755)
    assert "mine\nout\n" in run("t.py", env={"GUILD_PYTHON_EXE": tmp_path / "py"}).stdout
    done = run.guild("run", "-y", "t.py", env={"GUILD_PYTHON": tmp_path / "py", "NO_PIP_FREEZE": "1"})
    assert "mine\nout\n" in done.stdout


def test_profile(run):
    done = run("t.py", env={"PROFILE": "1"})
    path = re.search(r"profile in (\S+)", done.stderr).group(1)
    assert pathlib.Path(path) == run.last() / ".guild/profile"
    assert any("t.py" in key[0] for key in pstats.Stats(path).stats)
    assert done.stdout == "out\n" and "err\n" in done.stderr
    assert "profile" not in run("t.py", env={"PROFILE": "0"}).stderr


# ---- who is told -----------------------------------------------------------------------------------------------------


def test_a_local_program_is_told(run):
    server = socket.create_server(("127.0.0.1", 0))
    said = []

    def listen():
        while True:
            try:
                conn, _ = server.accept()
            except OSError:
                return
            with conn:
                said.append(b"".join(iter(lambda: conn.recv(100), b"")).decode())

    thread = threading.Thread(target=listen)
    thread.start()
    env = {"GUILD_CMD_NOTIFY_PORT": str(server.getsockname()[1])}
    run("t.py", env=env)
    run("nothing", env=env, code=1)
    run.guild("runs", "rm", "-y", ":", env=env)
    run.guild("runs", env=env)
    deadline = time.monotonic() + 20
    while len(said) < 6 and time.monotonic() < deadline:
        time.sleep(0.02)
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()
    assert said == ["cmd-enter guild.run", "cmd-exit guild.run", "cmd-enter guild.run", "cmd-error guild.run",
                    "cmd-enter guild.runs.delete", "cmd-exit guild.runs.delete"]
    # Nobody there, or no port: nothing happens.
    for port in (env["GUILD_CMD_NOTIFY_PORT"], "x", "0", "99999"):
        assert run("t.py", env={"GUILD_CMD_NOTIFY_PORT": port}).stderr == "err\n"


def test_help_as_json(guild):
    page = json.loads(guild("run", "--help", env={"GUILD_HELP_JSON": "1"}).stdout)
    assert list(page) == ["version", "usage", "help", "options"]


def test_width_and_style(guild):
    make_run(guild.home, 1, label="x" * 200)
    # COLUMNS counts for tables on a terminal only; help is at most 80 wide anywhere.
    assert len(guild("runs", env={"COLUMNS": "40"}).stdout) > 200
    assert max(map(len, guild("runs", "--help", env={"COLUMNS": "60"}).stdout.splitlines())) <= 60
