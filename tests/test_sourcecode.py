"""Source code rules end to end: --test-sourcecode with its explanations, limits, what is entered, projects below projects."""

import json
import os
import re
import shlex
import subprocess

import pytest


def git(folder, *args):
    subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@e", *args], cwd=folder, check=True, capture_output=True)


def copied(run_dir):
    lines = os.fsdecode((run_dir / ".guild/manifest").read_bytes()).splitlines()
    return [shlex.split(line)[1] for line in lines if line.startswith("s ")]


def explained(guild, *args, **kw):
    """{path: (copied or left, why)}"""
    out = guild("run", *args, "--test-sourcecode", "-v", **kw).stdout
    return {m[2]: (m[1], m[3]) for m in re.finditer(r"^  (copied|left) +(\S+) +(.*)$", out, re.M)}


def test_every_file_is_explained(guild):
    guild.write("guild.yml", "t:\n  exec: 'true'\n  requires: {file: data.csv}\n  sourcecode:\n    - exclude: '*.log'\n    - exclude:\n"
                             "        dir: old\n    - include: [keep.log, x.bin]\n")
    for name in ("a.py", "b.log", "keep.log", "x.bin", "y.bin", "data.csv", "old/c.py", ".hid/d.py", "run/.guild/opref", "run/e.py"):
        guild.write(name, "x\n")
    guild.write("big.txt", "x" * 2000)
    (guild.cwd / "gone").symlink_to("nowhere")
    (guild.cwd / "loop").symlink_to(".")
    os.mkfifo(guild.cwd / "pipe")
    base = "include text * size < 1001, max match 100 (built in)"
    assert explained(guild, "t", env={"MAX_DEFAULT_SOURCECODE_FILE_SIZE": "1000"}) == {
        "guild.yml": ("copied", "rule 3: " + base),
        "a.py": ("copied", "rule 3: " + base),
        "b.log": ("left", "rule 4: exclude *.log (guild.yml:5:16)"),
        "keep.log": ("copied", "rule 6: include keep.log, x.bin (guild.yml:8:16)"),
        "x.bin": ("copied", "rule 6: include keep.log, x.bin (guild.yml:8:16)"),
        "y.bin": ("left", "no rule includes it"),
        "data.csv": ("left", "a dependency: 'requires' places it"),
        "old/": ("left", "rule 5: exclude dir old (guild.yml:7:14)"),
        ".hid/": ("left", "rule 1: exclude dir .* (built in)"),
        "run/": ("left", "the directory of a run"),
        "loop/": ("left", "a link to a directory above"),
        "big.txt": ("left", "too large for rule 3: " + base),
        "gone": ("left", "a link that leads nowhere"),
        "pipe": ("left", "no regular file"),
    }


def test_git_is_explained(guild):
    git(guild.cwd, "init", "-q")
    guild.write("guild.yml", "t: {exec: 'true'}\n")
    guild.write(".gitignore", "*.log\nout/\n!keep.log\n")
    guild.write("sub/.gitignore", "\n*.tmp\n")
    guild.write(".guildignore", "data\n")
    for name in ("a.log", "keep.log", "out/x", "sub/a.tmp", "data/x"):
        guild.write(name, "x\n")
    why = explained(guild, "t")
    assert why["a.log"] == ("left", "git ignores it: .gitignore:1:*.log")
    assert why["out/"] == ("left", "git ignores it: .gitignore:2:out/")
    assert why["sub/a.tmp"] == ("left", "git ignores it: sub/.gitignore:2:*.tmp")
    assert why["data/"] == ("left", "git ignores it: .guildignore")
    assert why["keep.log"] == ("copied", "rule 4: gitignore + guildignore patterns (git)")
    assert why[".git/"] == ("left", "rule 3: exclude dir .git, data, out (git)")


def test_json(guild):
    guild.write("guild.yml", "t: {exec: 'true', sourcecode: {root: src, dest: code, select: '*.py'}}\n")
    guild.write("src/a.py", "x\n")
    guild.write("src/b.md", "x\n")
    shown = json.loads(guild("run", "t", "--test-sourcecode", "--json").stdout)
    assert shown["root"] == str(guild.cwd / "src") and shown["dest"] == "code" and not shown["git"] and not shown["disabled"]
    assert shown["rules"][-1] == {"text": "include *.py", "origin": "guild.yml:1:63"}
    assert [(f["path"], f["copied"], f["reason"], f["rule"]) for f in shown["files"]] == [
        ("a.py", True, "rule", 5), ("b.md", False, "rule", 4)]


def test_nothing_is_copied(guild):
    guild.write("guild.yml", "none: {exec: 'true', sourcecode: no}\nsteps: {steps: [none]}\nplain: {exec: 'true'}\n")
    assert guild("run", "none", "--test-sourcecode").stdout.endswith("Rules:\n  exclude *\nSource code copy disabled\n")
    assert guild("run", "steps", "--test-sourcecode", "-v").stdout.endswith("Source code copy disabled: steps copy their own\n")
    off = json.loads(guild("run", "plain", "--test-sourcecode", "--json", env={"NO_SOURCECODE": "1"}).stdout)
    assert off["disabled"] and off["why_disabled"] == "NO_SOURCECODE is set"
    guild("run", "plain", "-y", env={"NO_SOURCECODE": "1"})
    assert copied(guild.runs()[0]) == []


def test_limits_are_told(guild):
    guild.write("guild.yml", "t: {exec: 'true'}\n")
    for i in range(30):
        guild.write(f"{i:02}.txt", "x" * 200)
        guild.write(f"z{i:02}.txt", "y")
    env = {"MAX_DEFAULT_SOURCECODE_FILE_SIZE": "100", "MAX_DEFAULT_SOURCECODE_COUNT": "5"}
    done = guild("run", "t", "-y", env=env)
    assert done.stderr.count("is too large") == 20 and "10 more source files are too large" in done.stderr
    assert "only the first 5 source files are copied by default and 26 are not" in done.stderr
    left = guild.attr(guild.runs()[0], "_sourcecode_left_out").splitlines()
    assert len(left) == 56 and "- z29.txt" in left and "- 00.txt" in left


def test_what_cannot_matter_is_not_entered(guild, tmp_path):
    guild.write("guild.yml", "dir: {exec: 'true', sourcecode: [{exclude: {dir: modules}}]}\n"
                             "plain: {exec: 'true', sourcecode: [{exclude: modules}]}\npaths: {exec: 'true', sourcecode: [src/a.py, /guild.yml]}\n"
                             "count: {exec: 'true'}\n")
    guild.write("src/a.py", "x\n")
    for i in range(1300):
        guild.write(f"modules/{i // 2:03}/{i}.txt", "x\n")
    for op, entered in (("dir", 0), ("plain", 0), ("paths", 0), ("count", 700)):
        trace = tmp_path / f"trace-{op}"
        done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=openat", guild.program, "run", op, "-y"], cwd=guild.cwd,
                              env=guild.traced_env(), capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        opened = len(re.findall(r'project/modules/\d+", ', trace.read_text()))
        assert opened <= entered and (opened > 50 or not entered), f"{op}: {opened}"
    assert "only the first 100 source files are copied by default and 1000 or more are not" in done.stderr


def test_names_that_are_no_text(guild):
    guild.write("guild.yml", "t: {exec: 'true', sourcecode: ['*']}\n")
    for name in (b"a\xff.py", b"d\xfe/x y.py", b"new\nline"):
        path = guild.cwd / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("x\n")
    guild("run", "t", "-y")
    run = guild.runs()[0]
    assert all((run / os.fsdecode(name)).read_text() == "x\n" for name in (b"a\xff.py", b"d\xfe/x y.py", b"new\nline"))
    assert guild("run", "t", "--test-sourcecode").stdout.count(".py") == 2


def test_projects_below_projects(guild):
    """Each guild.yml speaks for its own directory; the lower one's files are files of the upper one."""
    guild.write("guild.yml", "t: {exec: 'true'}\n")
    guild.write("top.py", "x\n")
    guild.write("lib/guild.yml", "t: {exec: 'true', sourcecode: '*.py'}\nup: {exec: 'true', sourcecode: {root: .., select: top.py}}\n")
    guild.write("lib/low.py", "x\n")
    guild("run", "t", "-y")
    guild("run", "t", "-y", cwd=guild.cwd / "lib")
    guild("-C", "lib", "run", "up", "-y")
    assert [copied(run) for run in guild.runs()] == [["guild.yml", "top.py", "lib/guild.yml", "lib/low.py"], ["low.py"], ["top.py"]]
    assert "Copying from '..'\n" in guild("run", "up", "--test-sourcecode", cwd=guild.cwd / "lib").stdout
    assert "  ../top.py\n" in guild("run", "up", "--test-sourcecode", cwd=guild.cwd / "lib").stdout


@pytest.mark.parametrize("spec,text", [
    ("{root: nope}", "source code root '{}/nope' is no directory"),
    ("{dest: ../x}", "sourcecode dest '../x' leads out of the run"),
    ("{dest: /x}", "sourcecode dest '/x' leads out of the run"),
    ("[{include: a, exclude: b}]", "guild.yml:1:32: a source code rule needs either 'include' or 'exclude'"),
    ("[{include: {dirs: a}}]", "guild.yml:1:42: a typed rule is one of dir, text, binary"),
    ("[{include: 1}]", "guild.yml:1:42: expected a file pattern or a list of them"),
    ("[1]", "guild.yml:1:32: expected a file pattern"),
    ("7", "guild.yml:1:31: 'sourcecode' must be"),
])
def test_rules_that_cannot_be(guild, spec, text):
    guild.write("guild.yml", f"t: {{exec: 'true', sourcecode: {spec}}}\n")
    done = guild("run", "t", "-y", code=1)
    assert text.format(guild.cwd) in done.stderr and not guild.runs()


def test_unknown_attributes_are_told(guild):
    guild.write("guild.yml", "t: {exec: 'true', sourcecode: {exclude: '*.py'}}\n")
    guild.write("a.py", "x\n")
    done = guild("run", "t", "-y")
    assert "unknown attribute 'exclude' of sourcecode is ignored (a rule is written in a list: '- exclude: …')" in done.stderr
    assert "a.py" in copied(guild.runs()[0])
