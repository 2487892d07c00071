"""guild merge: files of runs back to their project, and what stands in the way."""

import json
import os
import subprocess

import pytest

from rundirs import make_run, run_id

MANIFEST = """\
s train.py 0000000000000000000000000000000000000000 train.py
s sub/util.py 0000000000000000000000000000000000000000 sub/util.py
s both.txt 0000000000000000000000000000000000000000 both.txt
d cfg.yml 0000000000000000000000000000000000000000 file:sub/cfg.yml
d used.txt 0000000000000000000000000000000000000000 file:both.txt
d part 0000000000000000000000000000000000000000 file:all.zip part
d host 0000000000000000000000000000000000000000 file:///etc/hostname
d up 0000000000000000000000000000000000000000 file:../up
d web - https://example.com/web
i made.yml 0000000000000000000000000000000000000000 config:made.yml
"""
FILES = {name: name + "\n" for name in (
    "train.py", "sub/util.py", "both.txt", "cfg.yml", "used.txt", "part", "host", "up", "web", "made.yml", "out/log.txt",
    "out/model.bin")}


def git(cwd, *args):
    env = dict(os.environ, GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b",
               GIT_CONFIG_GLOBAL="/dev/null")
    subprocess.run(["git", "-c", "init.defaultBranch=main", *args], cwd=cwd, env=env, check=True, capture_output=True)


def make_project_run(guild):
    guild.write("guild.yml", "train: {exec: 'true'}\n")
    run = make_run(guild.home, 1, source=str(guild.cwd / "guild.yml"), manifest=MANIFEST, files=FILES)
    (run / "link").symlink_to("out/log.txt")
    (run / "out/up").symlink_to("..")  # a cycle
    (run / ".guild-cache").write_text("never\n")
    return run


def plan(guild, *args):
    shown = json.loads(guild("merge", "--preview", "--json", *args).stdout)
    return ([(f["type"], f["run_path"], f["target_path"]) for f in shown["copy"]],
            {f["run_path"]: f["reason"] for f in shown["skip"]}, shown)


def test_where_files_go(guild):
    make_project_run(guild)
    copy, skip, _ = plan(guild)
    assert copy == [("d", "cfg.yml", "sub/cfg.yml"), ("s", "sub/util.py", "sub/util.py"), ("s", "train.py", "train.py"),
                    ("d", "used.txt", "both.txt")]
    assert "both.txt" not in skip  # what the run really used goes there
    for name in ("part", "host", "up", "web"):
        assert skip[name] == "non-project dependency"
    for name in ("made.yml", "out/log.txt", "out/model.bin", "link"):
        assert skip[name] == "non-project file"
    assert not [name for name in skip if name.startswith(".guild")]

    copy, skip, _ = plan(guild, "--all", "-x", "*.bin", "-x", "sub/*")
    assert ("o", "out/log.txt", "out/log.txt") in copy and ("o", "link", "link") in copy
    assert skip["out/model.bin"] == skip["cfg.yml"] == skip["sub/util.py"] == "excluded"
    assert {t for t, *_ in plan(guild, "--sourcecode")[0]} == {"s"}
    assert {t for t, *_ in plan(guild, "-S")[0]} == {"d"}
    assert {t for t, *_ in plan(guild, "-D")[0]} == {"s"}
    guild("merge", "-s", "-S", "--preview", code=1)

    done = guild("merge", stdin="n\n", code=4)
    assert "train.py" in done.stderr and done.stderr.count("(y/N)") == 1
    assert not (guild.cwd / "train.py").exists()
    done = guild("merge", "-y", "--all")
    assert done.stderr.splitlines() == ["Copying " + name for name in (
        "both.txt", "link", "out/log.txt", "out/model.bin", "sub/cfg.yml", "sub/util.py", "train.py")]
    assert (guild.cwd / "both.txt").read_text() == "used.txt\n"
    assert (guild.cwd / "sub/cfg.yml").read_text() == "cfg.yml\n"
    assert not (guild.cwd / "link").is_symlink() and (guild.cwd / "link").read_text() == "out/log.txt\n"
    assert not list(guild.cwd.glob(".guild-*"))
    assert "Nothing to copy" in guild("merge", "-y").stderr
    guild("merge", "-y", "-t", "sum", "--summary-name", "runs/${run_id}.md")
    assert run_id(1) in (guild.cwd / f"sum/runs/{run_id(1)}.md").read_text()
    assert "is there already" in guild("merge", "-y", "-t", "sum", "-a", "--summary-name", "train.py", code=1).stderr


def test_what_is_replaced(guild, tmp_path):
    run = make_project_run(guild)
    (guild.cwd / "train.py").write_text("mine\n")
    done = guild("merge", "-y", code=1)
    assert "would be replaced" in done.stderr and "\n  train.py\n" in done.stderr and "--replace" in done.stderr
    assert (guild.cwd / "train.py").read_text() == "mine\n" and not (guild.cwd / "sub").exists()

    git(guild.cwd, "init", "-q")
    (guild.cwd / ".gitignore").write_text("both.txt\n")
    (guild.cwd / "both.txt").write_text("ignored\n")
    assert plan(guild)[2]["unstaged"] == ["train.py"] and plan(guild)[2]["would_replace"] == ["both.txt"]
    git(guild.cwd, "add", "train.py")
    git(guild.cwd, "commit", "-qm", "x")
    assert plan(guild)[2]["unstaged"] == []
    (guild.cwd / "train.py").write_text("changed\n")
    done = guild("merge", "-y", code=1)
    assert "git does not have" in done.stderr and "  train.py" in done.stderr
    git(guild.cwd, "add", "train.py")
    assert "would be replaced" in guild("merge", "-y", "--no-replace", "-x", "both.txt", code=1).stderr
    guild("merge", "-y", "-x", "both.txt")
    assert (guild.cwd / "train.py").read_text() == "train.py\n"
    assert (guild.cwd / "both.txt").read_text() == "ignored\n"
    guild("merge", "-y", "--replace")
    assert (guild.cwd / "both.txt").read_text() == "used.txt\n"

    other = tmp_path / "other"
    other.mkdir()
    done = guild("merge", "-y", cwd=other, code=1)
    assert "another project" in done.stderr and "--target-dir" in done.stderr
    guild("merge", "-y", "-t", ".", cwd=other)
    guild("merge", "-y", "-t", "new/dir", cwd=other)
    assert (other / "new/dir/train.py").exists() and (other / "train.py").exists()
    (run / ".guild/manifest").unlink()
    assert "has no manifest" in guild("merge", "-y", code=1).stderr


def test_deep_directories(guild):
    """No file is left out in silence, however deep it lies."""
    run = make_project_run(guild)
    deep = "/".join(["d"] * 90)
    (run / deep).mkdir(parents=True)
    (run / deep / "f").touch()
    assert ("o", deep + "/f", deep + "/f") in plan(guild, "--all")[0]
    guild("publish", "-y", "--no-md5")
    assert deep + "/f," in (guild.cwd / f"published-runs/{run_id(1)}/runfiles.csv").read_text()
    (run / deep / deep).mkdir(parents=True)
    for args in (["merge", "-ay"], ["publish", "-y"], ["export", "x.zip", "-y"], ["export", "x", "-y"]):
        done = guild(*args, code=1)
        assert "more than 128 directories deep" in done.stderr and done.stderr.count("guild: ") == 1
    assert not (guild.cwd / "train.py").exists() and not (guild.cwd / "x.zip").exists()


@pytest.mark.differential
@pytest.mark.slow
def test_plans_are_those_of_the_reference(guild, oracle):
    make_project_run(guild)
    (guild.home / "runs" / run_id(1) / "out/up").unlink()  # it follows cycles until paths are too long
    git(guild.cwd, "init", "-q")
    guild.write("sub/util.py", "sub/util.py\n")
    for name in ("host", "up", "part", "made.yml"):  # it writes to /etc, and outside; kinds it does not know
        (guild.home / "runs" / run_id(1) / name).unlink()
    git(guild.cwd, "add", "-A")
    git(guild.cwd, "commit", "-qm", "x")
    words = {"u": "unchanged", "?": "non-project file", "npd": "non-project dependency", "d": "skipped dependency",
             "s": "skipped source code", "x": "excluded"}
    for args in ([], ["--all"], ["--sourcecode"], ["--skip-sourcecode"], ["-D"], ["--all", "-x", "*.txt"], ["-D", "-a"],
                 ["-x", "sub/*"], ["-t", "new"]):
        theirs = json.loads(oracle("api", "merge", "--preview", *args).stdout)
        copy, skip, _ = plan(guild, *args)
        assert [(f["fileType"], f["runPath"], f["targetPath"]) for f in theirs["toCopy"]] == copy, args
        assert {f["runPath"]: words[f["reason"]] for f in theirs["toSkip"]} == skip, args
    for name in ("train.py", "both.txt"):
        guild.write(name, "mine\n")
    theirs = json.loads(oracle("api", "merge", "--preview").stdout)
    assert theirs["resp"] == "unstaged-paths" and theirs["paths"] == plan(guild)[2]["unstaged"]
    git(guild.cwd, "add", "-A")
    git(guild.cwd, "commit", "-qm", "y")
    theirs = json.loads(oracle("api", "merge", "--preview", "--no-replace").stdout)
    assert theirs["resp"] == "replacement-paths" and theirs["paths"] == plan(guild, "--no-replace")[2]["would_replace"]
    oracle("merge", "-y")
    assert plan(guild)[0] == []
