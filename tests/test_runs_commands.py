"""Listing, showing and changing runs, over run directories written by hand."""

import json
import os
import subprocess
import threading
import time

import pytest

from rundirs import START, make_run, run_id


def short(n):
    return run_id(n)[:8]


def row_time(n):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(START // 1_000_000 + n))


@pytest.fixture
def three(guild):
    """Three runs: 3 is the newest. All belong to the project of the test."""
    source = guild.cwd / "guild.yml"
    make_run(guild.home, 1, op="train", model="mlp", source=source, label="first", tags=["a"],
             flags={"lr": 0.1, "act": "relu"})
    make_run(guild.home, 2, op="fail", model="mlp", source=source, status="error", marked=True)
    make_run(guild.home, 3, op="script.py", pkg_type="script", source=guild.cwd, label="lr=1",
             comments=[{"body": "line one\n\nline two", "user": "ann", "host": "box", "time": START}])
    return guild


def ids(guild, *args):
    return [item["id"] for item in json.loads(guild("runs", "--json", *args).stdout)]


# ---- runs ------------------------------------------------------------------------------------------


def test_table(three):
    assert three("runs").stdout == (
        f"[1:{short(3)}]  script.py          {row_time(3)}  completed  lr=1\n"
        f"[2:{short(2)}]  mlp:fail [marked]  {row_time(2)}  error      \n"
        f"[3:{short(1)}]  mlp:train          {row_time(1)}  completed  first\n")


def test_table_simplified(three):
    assert three("runs", "-s").stdout.splitlines()[1] == "[2]  mlp:fail [marked]  error      "


def test_empty_home(guild):
    assert guild("runs").stdout == ""
    assert guild("runs", "--json").stdout == "[]\n"


def test_project_elsewhere(three, tmp_path):
    def shown(cwd):
        cwd.mkdir(parents=True, exist_ok=True)
        return three("runs", "-s", "-n", "1", cwd=cwd).stdout.split("  ")[1]

    assert shown(tmp_path) == "script.py (project)"
    assert shown(tmp_path / "peer") == "script.py (../project)"
    assert shown(three.cwd / "sub") == "script.py (../)"
    far = shown(tmp_path / "a" / "b" / "c")
    assert far.startswith("script.py (/") and len(far) <= len("script.py ()") + 28


def test_verbose(three):
    lines = three("runs", "-v", "-n", "1").stdout.splitlines()
    names = "id operation from status started stopped marked label sourcecode_digest vcs_commit run_dir command exit_status pid"
    assert [line.split(":")[0] for line in lines[1:]] == ["  " + name for name in names.split()]
    assert f"  id: {run_id(3)}" in lines
    assert "  marked: no" in lines
    assert "  command: python -um script.py" in lines


def test_comments(three):
    assert three("runs", "-c", "-n", "1").stdout.splitlines()[1:] == [
        f"  ann@box {row_time(0)}", "", "    line one", "", "    line two", ""]


def test_limits(guild):
    for n in range(45):
        make_run(guild.home, n)
    done = guild("runs")
    assert len(done.stdout.splitlines()) == 20
    assert done.stderr == "Showing the first 20 runs (45 total) - use --all to show all or -m to show more\n"
    assert len(guild("runs", "-m").stdout.splitlines()) == 40
    assert len(guild("runs", "-mm").stdout.splitlines()) == 45
    done = guild("runs", "-n", "3")
    assert len(done.stdout.splitlines()) == 3 and done.stderr == ""
    assert len(guild("runs", "-a").stdout.splitlines()) == 45
    done = guild("runs", "--json", "-n", "3")
    assert len(json.loads(done.stdout)) == 45 and "--json always shows all runs" in done.stderr


def test_json(three):
    run = json.loads(three("runs", "--json", "-Fm").stdout)[0]
    assert list(run) == ["id", "run_dir", "opref", "exit_status", "cmd", "comments", "marked", "label", "started",
                         "status", "stopped", "tags"]
    assert run["id"] == run_id(2)
    assert run["exit_status"] == 1 and run["marked"] is True and run["label"] is None and run["tags"] is None
    assert run["started"] == START + 2_000_000
    assert run["opref"].startswith("guildfile:")


def test_json_of_a_batch(guild):
    run = make_run(guild.home, 1, op="+", pkg_type="builtin", source="guildai")
    make_run(run / ".guild", 5, op="train")
    os.rename(run / ".guild" / "runs" / run_id(5), run / ".guild" / "proto")
    batch = json.loads(guild("runs", "--json").stdout)[0]
    assert batch["batch_proto"]["id"] == "proto"
    assert batch["batch_proto"]["run_dir"] == str(run / ".guild" / "proto")
    assert guild("runs", "-s").stdout.startswith("[1]  train+ ")


def test_nested_names(three):
    assert three("runs", "list").stdout == three("runs").stdout
    for command in ["comment", "label", "mark", "tag"]:
        nested = three("runs", command, "--help").stdout
        assert nested == three(command, "--help").stdout


@pytest.mark.parametrize("args,expected", [
    (["-Fo", "train"], [1]),
    (["-Fo", "mlp:*"], [2, 1]),
    (["-Fo", "^mlp"], [2, 1]),
    (["-Fl", "irs"], [1]),
    (["-Fl", "-"], [2]),
    (["-Fu"], [2]),
    (["-Ft", "a"], [1]),
    (["-Fc", "LINE"], [3]),
    (["-Fm"], [2]),
    (["-Fn"], [3, 1]),
    (["-Sc"], [3, 1]),
    (["-Sce"], [3, 2, 1]),
    (["-Se", "-Sc"], [3, 2, 1]),
    (["--not-error"], [3, 1]),
    (["-Sc", "-Fo", "train", "-Fo", "fail"], [1]),
    (["-Fs", "before 2023-01-01"], []),
])
def test_filters(three, args, expected):
    assert ids(three, *args) == [run_id(n) for n in expected]


def test_archive(three, tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    os.rename(three.home / "runs" / run_id(2), archive / run_id(2))
    assert ids(three, "-A", archive) == [run_id(2)]
    assert ids(three, "-A", "../archive") == [run_id(2)]
    assert "does not exist" in three("runs", "-A", tmp_path / "none", code=1).stderr
    three.write("x.zip", "")
    assert "no archive" in three("runs", "-A", "x.zip", code=1).stderr


def test_damaged_run_among_good_ones(three):
    (three.home / "runs" / run_id(2) / ".guild" / "opref").write_text("nonsense")
    done = three("runs")
    assert short(3) in done.stdout and short(1) in done.stdout
    assert "damaged" in done.stderr


# ---- deleting ----------------------------------------------------------------------------------------


def test_delete_restore_purge(three):
    done = three("runs", "delete", "1", "-y")
    assert done.stdout == "" and done.stderr == "Deleted 1 run(s)\n"
    assert ids(three) == [run_id(2), run_id(1)]
    assert ids(three, "-d") == [run_id(3)]
    assert three("runs", "restore", short(3), "-y").stderr == "Restored 1 run(s)\n"
    assert ids(three) == [run_id(3), run_id(2), run_id(1)]
    three("runs", "rm", "1:2", "-y")
    assert three("runs", "purge", "1", "-y").stderr == "Permanently deleted 1 run(s)\n"
    assert ids(three, "-d") == [run_id(2)]
    assert three("runs", "rm", "-p", ":", "-y").stderr == "Permanently deleted 1 run(s)\n"
    assert ids(three) == [] and ids(three, "-d") == [run_id(2)]


def test_nothing_to_do(guild):
    assert guild("runs", "delete").stderr == "Nothing to delete.\n"
    assert guild("runs", "restore").stderr == "Nothing to restore.\n"
    assert guild("runs", "purge").stderr == "Nothing to purge.\n"


def test_unknown_run(three):
    done = three("runs", "delete", "zzz", code=1)
    assert "could not find a run matching 'zzz'" in done.stderr
    assert three("label", "--clear", "9", code=1).stdout == ""


def test_delete_shows_and_asks(three):
    done = three("runs", "delete", "2", stdin="n\n", code=4)
    lines = done.stderr.splitlines()
    assert lines[1] == f"  [{short(2)}]  mlp:fail [marked]  {row_time(2)}  error  "
    assert lines[2] == "Delete 1 run(s)? (Y/n) "
    assert len(ids(three)) == 3
    three("runs", "delete", "2", stdin="\n")
    assert len(ids(three)) == 2
    assert three("runs", "purge", ":", stdin="\n", code=4).stderr.endswith("Permanently delete 1 run(s)? (y/N) ")
    assert three("runs", "delete", "1", stdin="", code=1).stderr.endswith("(Y/n) ")


def test_delete_without_run_means_this_project(three, tmp_path):
    make_run(three.home, 9, source=tmp_path / "other" / "guild.yml")
    (tmp_path / "empty").mkdir()
    assert three("runs", "delete", "-y", cwd=tmp_path / "empty").stderr == "Nothing to delete.\n"
    assert three("runs", "delete", "-y").stderr == "Deleted 3 run(s)\n"
    assert ids(three) == [run_id(9)]
    assert three("runs", "purge", "-y", cwd=tmp_path / "empty").stderr == "Nothing to purge.\n"
    three("runs", "restore", "-y", cwd=tmp_path / "empty")
    assert len(ids(three)) == 4


def test_delete_stops_running_runs_first(guild):
    process = subprocess.Popen(["sleep", "600"])
    threading.Thread(target=process.wait, daemon=True).start()  # a process nobody waits for stays
    run = make_run(guild.home, 1, status="running")
    (run / ".guild" / "LOCK").write_text(str(process.pid))
    assert guild("runs", "rm", "1", stdin="y\nn\n", code=4).stderr.count("running") >= 2
    assert process.poll() is None
    guild("runs", "rm", "1", stdin="y\ny\n")
    assert process.wait(timeout=20) == -15
    assert ids(guild, "-d") == [run_id(1)]


# ---- label, tag, mark, comment -----------------------------------------------------------------------


def attr(guild, n, name):
    path = guild.home / "runs" / run_id(n) / ".guild" / "attrs" / name
    return path.read_text() if path.exists() else None


@pytest.mark.parametrize("args,label", [
    (["--set", "new"], "new\n"),
    (["--set", "lr is ${lr} (${label})"], "lr is 0.1 (first)\n"),
    (["--append", "end ${act}"], "first end relu\n"),
    (["--prepend", "start"], "start first\n"),
    (["-rm", "fir.*"], None),
    (["--clear"], None),
    (["--set", "  "], None),
])
def test_label(three, args, label):
    done = three("label", *args, "3", "-y")
    assert attr(three, 1, "label") == label
    assert done.stderr == ("Cleared" if args == ["--clear"] else "Labeled") + (
        " label for 1 run(s)\n" if args == ["--clear"] else " 1 run(s)\n")


def test_label_defaults_to_the_latest_run(three):
    three("label", "--set", "x", "-y")
    assert attr(three, 3, "label") == "x\n"
    assert attr(three, 1, "label") == "first\n"


def test_label_needs_an_action(three):
    assert "missing one of: --set" in three("label", "1", code=1).stderr
    assert "both" in three("label", "--set", "x", "--clear", code=1).stderr


def test_same_argument_twice_counts_once(three):
    assert three("label", "--set", "x", "1", "1", "-y").stderr == "Labeled 1 run(s)\n"


def test_tag(three):
    assert three("tag", "-a", "z", "-a", "b", "3", "-y").stderr == "Modified tags for 1 run(s)\n"
    assert attr(three, 1, "tags") == "- a\n- b\n- z\n"
    assert three("tag", "--list-all").stdout == "a\nb\nz\n"
    assert json.loads(three("tag", "--list-all", "--json").stdout) == ["a", "b", "z"]
    three("tag", "-d", "a", "-a", "new", "-s", "3", "-y")
    assert attr(three, 1, "label") == "new first\n"
    three("tag", "-c", "3", "-y")
    assert three("tag", "--list-all").stdout == ""
    assert "missing one of" in three("tag", "1", code=1).stderr
    assert "both" in three("tag", "--list-all", "-a", "x", code=1).stderr


def test_mark(three):
    assert three("mark", "-y").stderr == "Marked 1 run(s)\n"
    assert attr(three, 3, "marked") == "true\n"
    assert three("mark", "-c", "1", "-y").stderr == "Unmarked 1 run(s)\n"
    assert attr(three, 3, "marked") is None and attr(three, 2, "marked") is not None
    assert three("mark", "--clear", "-y").stderr == "Unmarked 1 run(s)\n"
    assert attr(three, 2, "marked") is None
    assert three("mark", "--clear").stderr == "Nothing to unmark.\n"


def test_comment_list(three):
    assert three("comment", "-l").stdout == (
        f"{short(3)}  script.py  {row_time(3)}  completed  lr=1\n"
        f"[1] ann@box {row_time(0)}\n\n  line one\n\n  line two\n\n")
    assert three("comment", "-l", "2").stdout.splitlines()[1] == "  <no comments>"
    listed = json.loads(three("comment", "-l", "--json").stdout)
    assert listed[0]["id"] == run_id(3) and listed[0]["comments"][0]["user"] == "ann"


def test_comment_changes(three):
    assert three("comment", "-a", "hello", "-u", "bob@there", "3", "-y").stderr == "Added comment to 1 run(s)\n"
    comments = json.loads(three("runs", "--json", "-Fo", "train").stdout)[0]["comments"]
    assert [(c["body"], c["user"], c["host"]) for c in comments] == [("hello", "bob", "there")]
    three("comment", "-a", "mine", "3", "-y", env={"USER": "me", "HOST": "here"})
    comments = json.loads(three("runs", "--json", "-Fo", "train").stdout)[0]["comments"]
    assert (comments[1]["user"], comments[1]["host"]) == ("me", "here")
    assert three("comment", "-d", "1", "3", "-y").stderr == "Deleted comment for 1 run(s)\n"
    assert "there is no comment 2" in three("comment", "-d", "2", "3", "-y", code=1).stderr
    assert "must be 1 or more" in three("comment", "-d", "0", "3", "-y", code=2).stderr
    assert three("comment", "-c", "3", stdin="\n", code=4).stderr.endswith("(y/N) ")
    assert three("comment", "-c", "3", "-y").stderr == "Deleted all comments for 1 run(s)\n"


def test_comment_in_the_editor(three):
    editor = three.write("editor", "#!/bin/sh\ncp \"$1\" seen\nprintf 'from editor\\n# note\\n' > \"$1\"\n", mode=0o755)
    three("comment", "3", env={"EDITOR": str(editor)})
    seen = (three.cwd / "seen").read_text()
    assert "mlp:train" in seen and seen.startswith("\n")
    comments = json.loads(three("runs", "--json", "-Fo", "train").stdout)[0]["comments"]
    assert comments[0]["body"] == "from editor"
    editor.write_text("#!/bin/sh\n: > \"$1\"\n")
    assert "empty comment" in three("comment", "3", env={"EDITOR": str(editor)}, code=1).stderr
    editor.write_text("#!/bin/sh\nexit 3\n")
    assert "failed" in three("comment", "3", env={"VISUAL": str(editor)}, code=1).stderr


def test_attr(three):
    three("attr", "--set", "dataset=v2", "--set", "num=3", "--set", "ok=yes", "3")
    assert three("attr", "3").stdout == "dataset: v2\nnum: 3\nok: true\n"
    assert json.loads(three("attr", "3", "--json").stdout) == {"dataset": "v2", "num": 3, "ok": True}
    assert three("attr", "3", "-g", "dataset").stdout == "v2\n"
    assert three("attr", "3", "--get", "flags").stdout == "act: relu\nlr: 0.1\n"
    three("attr", "3", "-d", "num")
    assert "no such run attribute 'n'" in three("attr", "3", "-g", "n", code=1).stderr
    assert "cannot be changed" in three("attr", "--set", "started=1", code=1).stderr
    assert "invalid attribute name" in three("attr", "--set", "a/b=1", code=1).stderr
    assert "NAME=VALUE" in three("attr", "--set", "x", code=1).stderr


# ---- files of runs -------------------------------------------------------------------------------------


@pytest.fixture
def files(guild):
    make_run(guild.home, 1, op="train", output="said\n",
             manifest="s train.py 0123456789012345678901234567890123456789 train.py\n"
                      "d data.csv 0123456789012345678901234567890123456789 file:data.csv\n",
             files={"train.py": "code\n", "data.csv": "1\n", "a10": "", "a9": "", "sub/x.txt": "x\n", "sub/.h": "",
                    "sub/deep/y.txt": "", ".hidden/z": ""})
    os.symlink("sub", guild.home / "runs" / run_id(1) / "link")
    return guild


ALL = ["a9", "a10", "data.csv", "link/", "sub/", "sub/deep/", "sub/deep/y.txt", "sub/x.txt", "train.py"]


@pytest.mark.parametrize("args,expected", [
    ([], ALL),
    (["-p", "sub"], ["sub/", "sub/deep/", "sub/deep/y.txt", "sub/x.txt"]),
    (["-p", "sub/"], ["sub/", "sub/deep/", "sub/deep/y.txt", "sub/x.txt"]),
    (["-p", "sub/*"], ["sub/deep/", "sub/deep/y.txt", "sub/x.txt"]),
    (["-p", "*/x*"], ["sub/x.txt"]),
    (["-p", "*.py"], ["train.py"]),
    (["-p", "none"], []),
    (["-p", ".hidden"], [".hidden/", ".hidden/z"]),
    (["-s"], ["train.py"]),
    (["-d"], ["data.csv"]),
    (["-sd"], ["data.csv", "train.py"]),
    (["-g"], [".hidden/z", "a9", "a10", "sub/.h", "sub/deep/y.txt", "sub/x.txt"]),
    (["-L", "-p", "link"], ["link/", "link/deep/", "link/deep/y.txt", "link/x.txt"]),
    (["-a", "-p", "sub"], ["sub/", "sub/.h", "sub/deep/", "sub/deep/y.txt", "sub/x.txt"]),
])
def test_ls(files, args, expected):
    assert files("ls", "-n", *args).stdout.splitlines() == expected


def test_ls_forms(files):
    run = files.home / "runs" / run_id(1)
    assert files("ls", "-p", "sub/x.txt").stdout == f"{run}:\n  sub/x.txt\n"
    assert files("ls", "-p", "sub/x.txt", env={"HOME": str(files.home)}).stdout.startswith("~/runs/")
    assert files("ls", "-f", "-p", "sub/x.txt").stdout == f"{run}/sub/x.txt\n"
    listed = json.loads(files("ls", "--json", "-p", "sub").stdout)
    assert listed["id"] == run_id(1)
    assert listed["files"][-1] == {"path": "sub/x.txt", "type": "file", "size": 2}
    assert listed["files"][0] == {"path": "sub", "type": "dir", "size": None}
    assert "PATH must be relative" in files("ls", "-p", "/x", code=1).stderr


def test_ls_follows_no_circle(files):
    os.symlink("..", files.home / "runs" / run_id(1) / "sub" / "up")
    assert len(files("ls", "-L").stdout) > 0


def test_cat(files):
    assert files("cat", "-p", "sub/x.txt").stdout == "x\n"
    assert files("cat", "-s", "-p", "train.py").stdout == "code\n"
    assert files("cat", "--output").stdout == "said\n"
    done = files("cat", "-O", "-p", "x")
    assert done.stdout == "said\n" and "WARNING" in done.stderr
    for args, text in [(["-p", "none"], "does not exist"), ([], "-p / --path is required"), (["-p", "/x"], "relative"),
                       (["-p", "../x"], "inside the run"), (["-p", "sub"], "is a directory")]:
        assert text in files("cat", *args, code=1).stderr


def test_cat_is_byte_exact(files):
    data = bytes(range(256)) * 1000
    (files.home / "runs" / run_id(1) / "bytes").write_bytes(data)
    done = subprocess.run([files.program, "cat", "-p", "bytes"], capture_output=True, env=files.env(), check=True)
    assert done.stdout == data


def test_open(files):
    run = files.home / "runs" / run_id(1)
    assert files("open", "-c", "echo").stdout == f"{run}\n"
    assert files("open", "-c", "echo 'a b'", "-p", "sub/x.txt").stdout == f"a b {run}/sub/x.txt\n"
    assert files("open", "-O", "-c", "cat").stdout == "said\n"
    assert files("open", "--shell-cmd", "pwd", "-p", "sub").stdout == f"{run}/sub\n"
    assert files("open", "--shell", stdin="pwd\nexit 3\n", env={"SHELL": "/bin/sh"}).stdout == f"{run}\n"
    assert "exit code 1" in files("open", "-c", "false", code=1).stderr
    assert "does not exist" in files("open", "-p", "none", "-c", "echo", code=1).stderr
    assert "cannot start" in files("open", "-c", "no-such-program", code=1).stderr
    assert "both" in files("open", "-c", "x", "--shell", code=1).stderr


def test_checkpoints(files):
    assert files("checkpoints").stdout == ""
    make_run(files.home, 2, files={"ckpt/model-step=100.ckpt": "PK\3\4" + "x" * 2044, "other.txt": ""})
    found = json.loads(files("checkpoints", "--json").stdout)
    assert [(item["path"], item["size"]) for item in found] == [("ckpt/model-step=100.ckpt", 2048)]
    assert "2.0K" in files("checkpoints").stdout


def test_no_runs(guild):
    for command in [["ls"], ["cat", "-O"], ["open"], ["checkpoints"], ["attr"], ["label", "-c"], ["mark"]]:
        done = guild(*command, code=1)
        assert done.stderr.startswith("guild: no matching runs")


def test_several_runs_where_one_is_meant(three):
    done = three("ls", "1:2", code=1)
    assert short(3) in done.stderr and short(2) in done.stderr
