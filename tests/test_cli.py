"""What every command line has in common: global options, help, errors, exit codes, streams."""

import json
import subprocess

import pexpect
import pytest

from rundirs import make_run, run_id

LATER = ["install", "package", "packages", "pull", "push", "remote",
         "remotes", "sync", "tensorboard", "uninstall", "view",
         "runs push"]


def test_no_command_is_a_usage_error(guild):
    done = guild(code=2)
    assert done.stdout == ""
    assert done.stderr.startswith("usage: guild ")


def test_messages_do_not_command_the_terminal(guild):
    done = guild("run", "no\x1b[2J\x07such\x7f", code=1)
    assert "no\\x1b[2J\\x07such\\x7f" in done.stderr
    assert not any(ord(c) < 32 and c != "\n" for c in done.stderr)
    make_run(guild.home, 1, op="train")
    (guild.home / "runs" / run_id(1) / ".guild" / "attrs" / "started").write_text("\x1b]0;title\x07: [")
    done = guild("runs")
    assert "\x1b" not in done.stderr


def test_help_is_on_stdout(guild):
    done = guild("--help")
    assert done.stderr == ""
    assert "runs" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_help_is_narrower_on_narrow_terminals(guild):
    done = guild("runs", "--help", env={"COLUMNS": "60"})
    assert max(map(len, done.stdout.splitlines())) <= 60
    done = guild("runs", "--help", env={"COLUMNS": "200"})
    assert 70 < max(map(len, done.stdout.splitlines())) <= 80


def test_help_as_json(guild):
    page = json.loads(guild("runs", "delete", "--help", env={"GUILD_HELP_JSON": "1"}).stdout)
    assert list(page) == ["version", "usage", "help", "options"]
    assert page["usage"] == {"prog": "guild runs delete", "args": "[OPTIONS] [RUN]..."}
    assert {"term": "-y, --yes", "help": "Do not ask."} in page["options"]
    page = json.loads(guild("--help", env={"GUILD_HELP_JSON": "1"}).stdout)
    assert "operations, ops" in [command["term"] for command in page["commands"]]
    page = json.loads(guild("runs", "--help", env={"GUILD_HELP_JSON": "1"}).stdout)
    assert "delete, rm" in [command["term"] for command in page["commands"]]


@pytest.mark.parametrize("command", LATER)
def test_later_commands_say_so(guild, command):
    done = guild(*command.split(), code=1)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "this version does not have" in done.stderr


@pytest.mark.parametrize("args,code,text", [
    (["foo"], 2, "unrecognized command 'foo'"),
    (["rums"], 2, "did you mean 'run"),
    (["runs", "delet"], 2, "did you mean 'runs delete'?"),
    (["runs", "1"], 2, "unrecognized command 'runs 1'"),
    (["runs", "-n", "1", "info"], 1, "options cannot be listed before command ('info')"),
    (["--lab"], 2, "unrecognized option '--lab'"),
    (["runs", "--lab"], 2, "unrecognized option '--lab' (did you mean --label?)"),
    (["runs", "-n", "0"], 2, "must be 1 or more"),
    (["ls", "1", "2"], 2, "unexpected extra argument '2'"),
    (["download"], 2, "missing argument for URL"),
    (["search", "x"], 1, "answers no searches any more"),
    (["runs", "--comments", "--json"], 1, "--comments and --json cannot both be used"),
    (["runs", "-Fm", "-Fn"], 1, "--marked and --unmarked cannot both be used"),
    (["runs", "-Fl", "a", "-Fu"], 1, "--label and --unlabeled cannot both be used"),
    (["runs", "-Sx"], 1, "unrecognized status char 'x' in option '-S'"),
    (["runs", "--remote", "r"], 1, "this version does not have option --remote"),
    (["compare", "--tool", "other"], 2, "choose one of hiplot"),
    (["compare", "--csv", "-", "--html", "-"], 1, "--csv and --html cannot both be used"),
    (["-C", "/no/such", "runs"], 1, "directory '/no/such' does not exist"),
    (["-H", "/no/such", "runs"], 1, "directory '/no/such' does not exist"),
    (["-C", "/etc/hostname", "runs"], 1, "'/etc/hostname' is not a directory"),
])
def test_errors(guild, args, code, text):
    done = guild(*args, code=code)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0].startswith("guild: ") and text in lines[0]
    assert len(lines) <= 2
    assert all(line.startswith("hint: ") for line in lines[1:])


def test_missing_home_is_made(guild):
    home = guild.home / "a" / "b"
    assert guild("runs", env={"GUILD_HOME": str(home)}).stdout == ""
    assert home.is_dir()


def test_home_that_is_a_file(guild, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    done = guild("runs", env={"GUILD_HOME": str(path)}, code=1)
    assert "is not a directory" in done.stderr


def test_home_option_wins(guild, tmp_path):
    make_run(tmp_path / "other", 1)
    done = guild("-H", tmp_path / "other", "runs")
    assert done.stdout.startswith(f"[1:{run_id(1)[:8]}]")


def test_cwd_option(guild, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "guild.yml").write_text("op: echo\n")
    assert guild("-C", tmp_path / "elsewhere", "ops").stdout == "op  \n"


def test_vanished_directory(guild, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    done = subprocess.run(f"cd {folder}; rmdir {folder}; {guild.program} runs", shell=True, capture_output=True,
                          text=True, env=guild.env(), check=False)
    assert done.returncode == 1
    assert "does not exist" in done.stderr


# ---- streams --------------------------------------------------------------------------------------


def test_closed_pipe_is_no_error_message(guild):
    for n in range(50):
        make_run(guild.home, n, label="x" * 4000)
    done = subprocess.run(f"{guild.program} runs --all | head -1", shell=True, capture_output=True, text=True,
                          env=guild.env(), cwd=guild.cwd, check=True)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_full_disk_is_an_error(guild):
    make_run(guild.home, 1)
    with open("/dev/full", "w") as full:
        done = subprocess.run([guild.program, "runs"], stdout=full, stderr=subprocess.PIPE, text=True,
                              env=guild.env(), cwd=guild.cwd, check=False)
    assert done.returncode == 1
    assert "No space left" in done.stderr


def test_closed_standard_streams(guild):
    run = make_run(guild.home, 1)
    subprocess.run(f"{guild.program} mark 1 -y <&- >&- 2>&-", shell=True, env=guild.env(), cwd=guild.cwd, check=True)
    assert (run / ".guild" / "attrs" / "marked").read_text() == "true\n"


def on_terminal(guild, args, columns=80, answer=None, **env):
    """What guild writes to a terminal of so many columns, both streams together, and its exit code."""
    full_env = guild.env(TERM="xterm", SHELL="/bin/bash", **env)
    for name in ["COLUMNS", "NO_COLOR"]:
        if name not in env:
            full_env.pop(name, None)
    child = pexpect.spawn(guild.program, args, env=full_env, cwd=str(guild.cwd), encoding="utf-8",
                          dimensions=(50, columns), timeout=60)
    text = ""
    if answer is not None:
        child.expect_exact(["(Y/n) ", "(y/N) "])
        text = child.before + child.after
        child.send(answer)
    child.expect(pexpect.EOF)
    text += child.before
    child.close()
    return text.replace("\r\n", "\n"), child.exitstatus


def test_tables_are_cut_at_the_terminal(guild):
    make_run(guild.home, 1, label="l" * 200)
    text, code = on_terminal(guild, ["runs"], columns=60)
    assert code == 0
    assert [len(line) for line in text.splitlines()] == [60]
    assert len(guild("runs").stdout.splitlines()[0]) > 200
    text, _ = on_terminal(guild, ["runs"], columns=60, COLUMNS="30")
    assert [len(line) for line in text.splitlines()] == [30]


def test_colour_only_where_wanted(guild):
    make_run(guild.home, 1, comments=[{"body": "b", "user": "u", "host": "h", "time": 1}])
    assert "\033[" in on_terminal(guild, ["comment", "-l"])[0]
    assert "\033[" not in on_terminal(guild, ["comment", "-l"], NO_COLOR="1")[0]
    assert "\033[" not in guild("comment", "-l", env={"NO_COLOR": ""}).stdout


def test_prompt(guild):
    run = make_run(guild.home, 1)
    for answer, code in [("n\n", 4), ("x\n", 4), ("\x04", 1), ("\x03", 1), ("\n", 0), ("YES\n", 0), ("y\n", 0)]:
        text, got = on_terminal(guild, ["label", "--set", f"answer {answer[0]}"], answer=answer)
        assert got == code, answer
        assert "Continue? (Y/n) " in text
    assert (run / ".guild" / "attrs" / "label").read_text() == "answer y\n"


def test_log_levels(guild):
    run = make_run(guild.home, 1)
    (run / ".guild" / "attrs" / "started").write_text("{")
    assert "WARNING: " in guild("runs").stderr
    assert guild("runs", env={"LOG_LEVEL": "40"}).stderr == ""
