"""guild run: what is executed, what is recorded, what is printed."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def run(guild):
    """Calls 'guild run'; the newest run directory is in .dir afterwards."""

    def call(*args, code=0, env=None, **kw):
        before = set(guild.runs())
        done = guild("run", *args, code=code, env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1", **(env or {})}, **kw)
        made = [r for r in guild.runs() if r not in before]
        done.dir = made[-1] if made else None
        done.made = made
        return done

    call.guild = guild
    return call


def flags(guild, run_dir):
    return guild.attr(run_dir, "flags")


OPS = """
sh:
  exec: sh -c 'echo x=${x} "$@"; exit ${code}' - ${flag_args}
  flags:
    x: 1
    code: {default: 0, arg-skip: yes}
env: {exec: env, env: {FOO: 'v-${a}'}, flags: {a: 1, b-c: null}}
kill: {exec: sh -c 'kill -TERM $$'}
missing: {exec: no-such-program-here}
ok: {exec: "true"}
req: {exec: "true", flags: {n: {required: yes}, c: {choices: [a, b]}}}
"""


# ---- the program ---------------------------------------------------------------------------------------------


def test_exec_gets_resolved_words(run):
    run.guild.write("guild.yml", OPS)
    done = run("sh", "x=2.5", "-y")
    assert done.stdout == "x=2.5 --x 2.5\n"
    assert (done.dir / ".guild/output").read_bytes() == b"x=2.5 --x 2.5\n"


@pytest.mark.parametrize("args,code,status", [
    (("sh", "code=3"), 3, "3"), (("kill",), 143, "-15"), (("missing",), 127, "127"), (("ok",), 0, "0")])
def test_exit_code_is_the_operations(run, args, code, status):
    run.guild.write("guild.yml", OPS)
    done = run(*args, "-y", code=code)
    assert run.guild.attr(done.dir, "exit_status") == status + "\n"


def test_environment(run):
    run.guild.write("guild.yml", OPS)
    done = run("env", "-y", env={"MY_TOKEN": "t0p", "API_KEY": "abc", "PLAIN": "x"})
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert {k: seen.get(k) for k in ("FOO", "FLAG_A", "FLAG_B_C", "GUILD_OP", "RUN_ID", "GUILD_SOURCECODE", "MY_TOKEN")} == {
        "FOO": "v-1", "FLAG_A": "1", "FLAG_B_C": "", "GUILD_OP": "env", "RUN_ID": done.dir.name, "GUILD_SOURCECODE": ".",
        "MY_TOKEN": "t0p"}
    assert seen["RUN_DIR"] == str(done.dir) and seen["CMD_DIR"] == str(run.guild.cwd)
    saved = run.guild.attr(done.dir, "env")
    assert "MY_TOKEN" not in saved and "API_KEY: '********'" in saved and "PLAIN: x" in saved


def test_python_script_runs_as_typed(run):
    run.guild.write("t.py", "import argparse, os, sys\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\n"
                    "p.parse_args()\nprint(sys.argv, __name__, __file__, os.getcwd(), sys.path[0])\n")
    done = run("t.py", "lr=0.5", "-y")
    argv, rest = done.stdout.split("] ")
    assert argv == "['t.py', '--lr', '0.5'"
    name, file, cwd, first = rest.split()
    assert name == "__main__" and cwd == str(done.dir) and first == str(done.dir)
    assert os.path.join(cwd, file) == str(done.dir / "t.py")
    assert run.guild.attr(done.dir, "cmd") == f"- {PYTHON}\n- -u\n- t.py\n- --lr\n- '0.5'\n"


def test_module_of_a_package(run):
    run.guild.write("guild.yml", "m: {main: pkg.mod a b}\n")
    run.guild.write("pkg/__init__.py", "")
    run.guild.write("pkg/mod.py", "import sys\nprint(sys.argv[1:], __package__)\n")
    assert run("m", "-y").stdout == "['a', 'b'] pkg\n"


def test_source_that_is_not_copied_runs_from_the_project(run):
    run.guild.write("guild.yml", "m: {main: t, sourcecode: no}\n")
    script = run.guild.write("t.py", "print(__file__)\n")
    done = run("m", "-y")
    assert done.stdout.strip() == str(script)
    assert run.guild.attr(done.dir, "sourcecode_digest") == "null\n"


def test_stdin_is_the_programs(run):
    run.guild.write("guild.yml", "c: {exec: cat}\n")
    assert run("c", "-y", stdin="hello\n").stdout == "hello\n"


def test_python_traceback_has_the_users_frames_only(run):
    run.guild.write("t.py", "def f():\n    raise ValueError('no')\nf()\n")
    done = run("t.py", "-y", code=1)
    assert done.stderr.count("File ") == 2 and "ValueError: no" in done.stderr


# ---- records ---------------------------------------------------------------------------------------------------


def test_records_of_a_run(run):
    run.guild.write("guild.yml", "- model: m\n  operations:\n    t:\n      exec: 'true'\n      flags: {x: 1, s: a b}\n"
                    "      tags: [ot]\n      run-attrs: {mine: [1, 2], id: 7}\n      label: 'L ${x}'\n")
    done = run("t", "x=3", "-y", "-t", "ct", "-c", "why", "--attr", "who=me", "--attr", "n=3", "--random-seed", "0",
               env={"HOST": "h1", "USER": "u1"})
    attr = lambda name: run.guild.attr(done.dir, name)
    digest = __import__("hashlib").md5((run.guild.cwd / "guild.yml").read_bytes()).hexdigest()
    assert (done.dir / ".guild/opref").read_text() == f"guildfile:{run.guild.cwd}/guild.yml {digest} m t"
    assert attr("id") == done.dir.name + "\n"
    assert attr("flags") == "s: a b\nx: 3\n" and attr("user_flags") == "x: 3\n"
    assert attr("label") == "ct s='a b' x=3\n" and attr("tags") == "- ct\n- ot\n"
    assert attr("host") == "h1\n" and attr("user") == "u1\n" and attr("random_seed") == "0\n"
    assert re.fullmatch(r"- body: why\n  host: h1\n  time: \d+\n  user: u1\n", attr("comments"))
    assert attr("mine") == "- 1\n- 2\n" and attr("who") == "me\n" and attr("n") == "3\n"
    assert "'id' is reserved" in done.stderr
    assert attr("started") < attr("stopped") and attr("deps") == "{}\n"
    assert "opspec: t\n" in attr("run_params") and "'yes': true\n" in attr("run_params")
    assert not [p for p in (done.dir / ".guild").iterdir() if p.name.startswith(".tmp") or p.name.startswith("LOCK")]


def test_source_snapshot(run):
    run.guild.write("guild.yml", "t: {exec: 'true'}\n")
    run.guild.write("a/b.py", "x\n", mode=0o755)
    run.guild.write("a b.txt", "y\n")
    done = run("t", "-y")
    manifest = (done.dir / ".guild/manifest").read_text().splitlines()
    assert [shlex.split(line)[1] for line in manifest] == ["a b.txt", "guild.yml", "a/b.py"]
    assert all(shlex.split(line)[0] == "s" for line in manifest)
    md5 = __import__("hashlib").md5()
    for name in sorted(["a b.txt", "guild.yml", "a/b.py"]):
        md5.update(name.encode() + b"\0" + (done.dir / name).read_bytes() + b"\0")
    assert run.guild.attr(done.dir, "sourcecode_digest") == md5.hexdigest() + "\n"
    assert (done.dir / "a/b.py").stat().st_mode & 0o777 == 0o755
    assert (done.dir / "a/b.py").stat().st_nlink == 1
    (done.dir / "a/b.py").write_text("changed\n")
    assert (run.guild.cwd / "a/b.py").read_text() == "x\n"


def test_what_is_left_out_is_listed(run):
    run.guild.write("guild.yml", "t: {exec: 'true'}\n")
    run.guild.write("big.txt", "x" * (1 << 20) + "y")
    done = run("t", "-y")
    assert run.guild.attr(done.dir, "_sourcecode_left_out") == "- big.txt\n"
    assert "big.txt" in done.stderr


def test_commit_and_changes_of_git(run):
    git = lambda *args: subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@e", *args], cwd=run.guild.cwd,
                                       check=True, capture_output=True, text=True).stdout.strip()
    run.guild.write("guild.yml", "t: {exec: 'true'}\n")
    run.guild.write("code.py", "one\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "first")
    head = git("rev-parse", "HEAD")
    clean = run("t", "-y")
    assert run.guild.attr(clean.dir, "vcs_commit") == f"git:{head}\n"
    assert not (clean.dir / ".guild/vcs.diff").exists()
    run.guild.write("code.py", "two\n")
    dirty = run("t", "-y")
    assert run.guild.attr(dirty.dir, "vcs_commit") == f"git:{head}*\n"
    diff = dirty.dir / ".guild/vcs.diff"
    assert "-one\n+two\n" in diff.read_text()
    git("stash")
    subprocess.run(["git", "apply", str(diff)], cwd=run.guild.cwd, check=True)
    assert (run.guild.cwd / "code.py").read_text() == "two\n"


def test_a_broken_repository_does_not_stop_the_run(run):
    run.guild.write("guild.yml", "t: {exec: 'true', sourcecode: no}\n")
    (run.guild.cwd / ".git").mkdir()
    done = run("t", "-y")
    assert "commit" in done.stderr and not (done.dir / ".guild/attrs/vcs_commit").exists()


def test_file_dependencies(run):
    run.guild.write("guild.yml", "t:\n  exec: cat data.txt in/more.txt\n  requires:\n    - file: data.txt\n"
                    "    - {file: more.txt, target-path: in, target-type: link}\n")
    run.guild.write("data.txt", "data\n")
    run.guild.write("more.txt", "more\n")
    done = run("t", "-y", "-D", "guild.yml")
    assert done.stdout == "data\nmore\n"
    assert os.readlink(done.dir / "in/more.txt") == os.path.relpath(run.guild.cwd / "more.txt", done.dir / "in")
    lines = [shlex.split(line) for line in (done.dir / ".guild/manifest").read_text().splitlines()]
    assert [(w[0], w[1], w[3]) for w in lines] == [
        ("s", "guild.yml", "guild.yml"), ("d", "data.txt", "file:data.txt"), ("d", "in/more.txt", "file:more.txt")]
    deps = run.guild.attr(done.dir, "deps")
    assert "file:data.txt:\n  file:data.txt:\n    paths:\n    - ../../../project/data.txt\n    uri: file:data.txt\n" in deps


def test_a_missing_dependency_leaves_nothing(run):
    run.guild.write("guild.yml", "t: {exec: echo ran, requires: [file: nope]}\n")
    done = run("t", "-y", code=1)
    assert "'nope'" in done.stderr and not list((run.guild.home / "runs").iterdir())
    forced = run("t", "-y", "--force-deps")
    assert "WARNING: a dependency was not met" in forced.stderr and forced.stdout == "ran\n"


# ---- staging and starting again -----------------------------------------------------------------------------------


def test_stage_and_start(run):
    run.guild.write("guild.yml", OPS)
    staged = run("sh", "x=5", "-y", "--stage")
    id_ = staged.dir.name
    assert staged.stdout == f"sh staged as {id_}\nTo start the operation, use 'guild run --start {id_}'\n"
    assert (staged.dir / ".guild/STAGED").exists() and not (staged.dir / ".guild/PENDING").exists()
    assert "export FLAG_X=5\n" in (staged.dir / ".guild/ENV").read_text()
    assert (staged.dir / ".guild/ENV").stat().st_mode & 0o077 == 0
    assert not (staged.dir / ".guild/attrs/env").exists()
    started = run("--start", id_[:8], "-y")
    assert started.stdout == "x=5 --x 5\n" and not started.made
    assert not (staged.dir / ".guild/STAGED").exists()
    assert run.guild.attr(staged.dir, "exit_status") == "0\n"


def test_staged_run_dir_starts_by_hand(run, tmp_path):
    run.guild.write("guild.yml", OPS)
    staged = run("sh", "-y", "--stage", "--run-dir", tmp_path / "here")
    command = re.search(r'use "(.*)"$', staged.stdout, re.M).group(1)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout == "x=1 --x 1\n"


def test_restart_replaces_flags_and_label(run):
    run.guild.write("guild.yml", OPS)
    first = run("sh", "x=2", "code=1", "-y", "--label", "l ${x}", code=1)
    again = run("--restart", first.dir.name, "x=7", "code=0", "-y")
    assert again.stdout == "x=7 --x 7\n" and not again.made
    assert run.guild.attr(first.dir, "label") == "l 7\n"
    assert flags(run.guild, first.dir) == "code: 0\nx: 7\n"
    assert run.guild.attr(first.dir, "exit_status") == "0\n"
    params = run.guild.attr(first.dir, "run_params")
    assert "- x=2\n" in params and "restart: null\n" in params


@pytest.mark.parametrize("option", ["--restart", "--proto"])
def test_a_short_number_is_the_index_of_the_listing(run, option):
    run.guild.write("guild.yml", OPS)
    runs = run.guild.home / "runs"
    for digit in "12":
        run("sh", f"x={digit}", "-y", "--run-dir", runs / (digit * 32))
    assert run(option, "1", "-y").stdout == "x=2 --x 2\n"
    assert run(option, "1" * 32, "-y").stdout == "x=1 --x 1\n"
    assert run(option, "1111", "-y").stdout == "x=1 --x 1\n", "no such index: an id"


def test_restart_needs_no_project(run):
    script = run.guild.write("t.py", "print('hi')\n")
    first = run("t.py", "-y")
    script.unlink()
    assert run("--restart", first.dir.name, "-y").stdout == "hi\n"


def test_restart_with_new_source(run):
    script = run.guild.write("t.py", "print('one')\n")
    first = run("t.py", "-y")
    digest = run.guild.attr(first.dir, "sourcecode_digest")
    script.write_text("print('two')\n")
    assert run("--restart", first.dir.name, "-y").stdout == "one\n"
    assert run("--restart", first.dir.name, "-y", "--force-sourcecode").stdout == "two\n"
    assert run.guild.attr(first.dir, "sourcecode_digest") != digest
    assert len((first.dir / ".guild/manifest").read_text().splitlines()) == 1


def test_prototype(run):
    script = run.guild.write("t.py", "import argparse\np = argparse.ArgumentParser()\np.add_argument('--a', default=1)\n"
                             "p.add_argument('--b', default=2)\nprint('one', p.parse_args())\n")
    first = run("t.py", "a=5", "-y", "--random-seed", "11")
    script.write_text(script.read_text().replace("one", "two"))
    copy = run("--proto", first.dir.name, "b=6", "-y")
    assert copy.stdout == "one Namespace(a='5', b='6')\n" and copy.dir != first.dir
    assert run.guild.attr(copy.dir, "random_seed") == "11\n"
    for name in ("sourcecode_digest", "platform", "host"):
        assert run.guild.attr(copy.dir, name) == run.guild.attr(first.dir, name)
    assert run("--proto", first.dir.name, "-y", "--force-sourcecode").stdout.startswith("two")


def test_needed(run):
    run.guild.write("guild.yml", OPS)
    first = run("sh", "x=1", "-y")
    skipped = run("sh", "x=1", "-y", "--needed")
    assert skipped.dir is None and f"[{first.dir.name[:8]}]" in skipped.stdout
    assert run("sh", "x=2", "-y", "--needed").dir
    run("sh", "code=1", "-y", code=1)
    assert run("sh", "code=1", "-y", "--needed", code=1).dir, "a failed run does not count"
    again = run("--restart", first.dir.name, "-y", "--needed")
    assert again.stdout == "Skipping run because flags have not changed (--needed specified)\n"


def test_run_dir(run, tmp_path):
    run.guild.write("guild.yml", OPS)
    target = tmp_path / "elsewhere"
    done = run("sh", "-y", "--run-dir", target)
    assert f"Run directory is '{target}'" in done.stderr and not done.made
    assert run.guild.attr(target, "id") == "elsewhere\n"
    run("sh", "x=9", "-y", "--run-dir", target)
    assert flags(run.guild, target) == "code: 0\nx: 9\n"


def test_delete_on_success(run):
    run.guild.write("guild.yml", "d: {exec: \"sh -c 'exit ${c}'\", flags: {c: 0}, delete-on-success: yes}\n")
    gone = run("d", "-y")
    assert gone.dir is None and "Deleting interim run" in gone.stderr
    assert len(list((run.guild.home / "trash/runs").iterdir())) == 1
    assert run("d", "-y", "--keep-run").dir and run("d", "c=1", "-y", code=1).dir


# ---- the prompt, tests and prints ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer,code,runs", [("y\n", 0, True), ("\n", 0, True), ("n\n", 0, False), ("", 1, False)])
def test_prompt(run, answer, code, runs):
    run.guild.write("guild.yml", OPS)
    done = run("env", stdin=answer, code=code)
    assert done.stderr.startswith("You are about to run env\n  a: 1\n  b-c: default\nContinue? (Y/n) ")
    assert (done.dir is not None) == runs


def test_batch_prompt(run):
    run.guild.write("guild.yml", OPS)
    done = run("sh", "x=[1,2]", stdin="n\n")
    assert done.stderr.startswith("You are about to run sh as a batch (2 trials)\n  code: 0\n  x: [1, 2]\nContinue?")


def test_print_modes(run):
    run.guild.write("guild.yml", OPS)
    assert run("sh", "x=a b", "--print-cmd").stdout == "sh -c 'echo x=a b \"$@\"; exit 0' - --x 'a b'\n"
    assert run("env", "--print-env").stdout == (
        "FLAG_A=1\nFLAG_B_C=\nFOO=v-1\n" + re.search("GUILD_PLUGINS=.*\n", run("env", "--print-env").stdout).group()
        + f"PROJECT_DIR={run.guild.cwd}\n")
    assert run("sh", "x=[1,2]", "--print-trials").stdout == "#  code  x\n1  0     1\n2  0     2\n"
    assert run("sh", "x=[1,2]", "--print-cmd").stdout.count("\n") == 2
    assert "non-batch" in run("sh", "--print-trials", code=1).stderr
    assert not run.guild.runs()


def test_save_trials(run):
    run.guild.write("guild.yml", OPS)
    assert run("sh", "x=['a,b',2]", "--save-trials", "t.csv").stdout == "Saving trials to t.csv\n"
    assert (run.guild.cwd / "t.csv").read_text() == 'code,x\n0,"a,b"\n0,2\n'
    run("sh", "x=[1,2]", "--save-trials", "t.json")
    assert json.loads((run.guild.cwd / "t.json").read_text()) == [{"code": 0, "x": 1}, {"code": 0, "x": 2}]
    assert "extension" in run("sh", "x=[1,2]", "--save-trials", "t.txt", code=1).stderr


def test_help_of_an_operation(run):
    run.guild.write("guild.yml", "- model: m\n  description: Model of m\n  operations:\n    t:\n      description: |\n"
                    "        Train it\n\n        For long\n      exec: 'true'\n      flags:\n        lr: {default: 0.1, "
                    "description: Learning rate}\n        act: {default: relu, choices: [relu, tanh]}\n        n: {required: yes}\n")
    assert run("t", "--help-op").stdout == (
        "Usage: guild run [OPTIONS] m:t [FLAG]...\n\nTrain it\n\nFor long\n\nUse 'guild run --help' for a list of options.\n\n"
        "Flags:\n  act  (default is relu)\n       \n       Choices:  relu, tanh\n\n  lr   Learning rate (default is 0.1)\n"
        "  n    (required)\n")
    assert run("m:t", "--help-model").stdout == (
        "Usage: guild run [OPTIONS] m:OPERATION [FLAG]...\n\nModel of m\n\nUse 'guild run m:OPERATION --help-op' for help on "
        "a particular operation.\n\nOperations:\n  t  Train it\n")


def test_test_modes(run):
    run.guild.write("guild.yml", "t: {exec: 'true', flags: {x: {default: 1, type: int}}, sourcecode: [guild.yml]}\n")
    run.guild.write("other.txt", "")
    source = run("t", "--test-sourcecode").stdout
    assert source.startswith("Copying from the current directory\nRules:\n")
    assert "Selected for copy:\n  guild.yml\nSkipped:\n  other.txt\n" in source
    assert "flags:\n  x:\n    default: 1\n    type: int\n    required: no\n" in run("t", "--test-flags").stdout
    assert "(loss=0.5)" in run("t", "--test-output-scalars", "-", stdin="loss: 0.5\n").stdout
    assert not run.guild.runs()


def test_edit_flags_and_comment(run):
    run.guild.write("guild.yml", OPS)
    editor = run.guild.write("edit.sh", "#!/bin/sh\ncase $1 in *.yml) sed -i 's/x: 1/x: 42/' $1;; *) echo because > $1;; esac\n",
                             mode=0o755)
    done = run("sh", "-y", "--edit-flags", "--edit-comment", env={"EDITOR": str(editor)})
    assert flags(run.guild, done.dir) == "code: 0\nx: 42\n"
    assert "- body: because\n" in run.guild.attr(done.dir, "comments")
    empty = run.guild.write("empty.sh", "#!/bin/sh\n: > $1\n", mode=0o755)
    assert run("sh", "-y", "--edit-comment", code=1, env={"EDITOR": str(empty)}).dir is None
    assert flags(run.guild, run("sh", "-y", "--edit-flags", env={"EDITOR": str(empty)}).dir) == "code: 0\nx: 1\n"


# ---- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("args,text", [
    (("sh", "nope=1"), "'nope'"),
    (("sh", "word"), "word"),
    (("shh",), "'sh'"),
    (("nope.py",), "nope.py"),
    (("req",), "n"),
    (("req", "n=1", "c=z"), "expected one of"),
    (("sh", "@nope.csv"), "nope.csv"),
    (("sh", "x=uniform[2:1]"), "the range is empty"),
    (("sh", "--stage", "--background"), "--stage and --background cannot both be used"),
    (("sh", "--optimize", "--optimizer", "gp"), "cannot both be used"),
    (("sh", "--restart", "x"), "OPERATION cannot be used with --restart"),
    (("--restart", "x", "--help-op"), "--help-op cannot be used with --restart"),
    (("--restart", "nope"), "'nope'"),
    (("--proto", "nope"), "'nope'"),
    (("sh", "-Fo", "a=1"), "no optimizer"),
    (("sh", "--attr", "id=1"), "'id'"),
    (("sh", "--attr", "x"), "NAME=VALUE"),
    (("sh", "--optimize"), "do not contain any search dimensions"),
    (("sh", "--stop-after", "0"), "--stop-after"),
    (("sh", "--run-id", "a/b"), "a/b"),
])
def test_refused(run, args, text):
    run.guild.write("guild.yml", OPS)
    done = run(*args, "-y", code=1)
    assert text in done.stderr and "Traceback" not in done.stderr and not done.made


def test_a_bad_project_file_has_line_and_column(run):
    run.guild.write("guild.yml", "t:\n  exec: [1\n")
    done = run("t", "-y", code=1)
    assert re.search(r"guild\.yml:\d+:\d+", done.stderr)


def test_a_script_with_a_syntax_error(run):
    run.guild.write("t.py", "x = 1\ndef f(:\n")
    done = run("t.py", "-y", code=1)
    assert "t.py" in done.stderr and ":2" in done.stderr


def test_debugger(run):
    run.guild.write("t.py", "def f(n):\n    return n + 1\nx = f(41)\nprint('x is', x)\nraise SystemExit(0 / 1 and 1)\n")
    done = run("t.py", "-y", "--break", "f", "--break", "t.py:4", stdin="p n\nc\np x\nq\n", code=None)
    assert "(Pdb) 41" in done.stdout and "(Pdb) 42" in done.stdout and "\nx is" not in done.stdout
    run.guild.write("t.py", "value = 7\n1 / 0\n")
    assert "(Pdb) 7" in run("t.py", "-y", "--break-on-error", stdin="p value\nq\n", code=None).stdout
    run.guild.write("guild.yml", "o: {exec: 'true'}\n")
    assert "ignoring --break" in run("o", "-y", "--break", "1").stderr


def test_python_requires(run):
    run.guild.write("guild.yml", "a: {main: t, python-requires: '>=3.4'}\nb: {main: t, python-requires: '==2.99'}\n"
                    "c: {main: t, python-requires: 'x y'}\n")
    run.guild.write("t.py", "print('ran')\n")
    assert run("a", "-y").stdout == "ran\n"
    assert "'==2.99'" in run("b", "-y", code=1).stderr and "python-requires" in run("c", "-y", code=1).stderr


def test_run_id(run):
    run.guild.write("guild.yml", OPS)
    assert run("sh", "-y", "--run-id", "mine").dir.name == "mine"
    assert "already" in run("sh", "-y", "--run-id", "mine", code=1).stderr


# ---- signals and the background --------------------------------------------------------------------------------------


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


def started(guild):
    """The run directory whose program has said that it is there."""
    for run_dir in guild.runs():
        output = run_dir / ".guild/output"
        if output.exists() and output.read_bytes():
            return run_dir
    return None


def start(guild, *args):
    return subprocess.Popen([guild.program, "run", *args, "-y"], cwd=guild.cwd, env=guild.env(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_interrupt(guild):
    guild.write("guild.yml", "t: {exec: sh -c 'echo up; exec sleep 60'}\n")
    process = start(guild, "t")
    wait_for(lambda: started(guild))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    run_dir = guild.runs()[0]
    assert guild.attr(run_dir, "exit_status") in ("-2\n", "-16\n") and process.returncode == 130


def test_interrupted_batch_is_recorded(guild):
    guild.write("guild.yml", "t: {exec: sh -c 'echo up; exec sleep 60', flags: {x: 1}}\n")
    process = start(guild, "t", "x=[1,2]")
    wait_for(lambda: [r for r in guild.runs() if (r / ".guild/LOCK").exists() and not (r / ".guild/proto").exists()])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    batch = next(r for r in guild.runs() if (r / ".guild/proto").exists())
    assert guild.attr(batch, "exit_status") == "-15\n" and process.returncode == 143
    assert sum((r / ".guild/PENDING").exists() for r in guild.runs()) == 1


def test_background(run):
    run.guild.write("guild.yml", "t: {exec: sh -c 'echo up; exec sleep 60', sourcecode: no}\n")
    pidfile = run.guild.cwd / "pid"
    done = run("t", "-y", "--pidfile", pidfile)
    run_dir = done.dir
    assert f"t started in background as {run_dir.name} (pidfile {pidfile})" in done.stderr
    wait_for(lambda: started(run.guild))
    assert int(pidfile.read_text()) != int((run_dir / ".guild/LOCK").read_text())
    os.kill(int((run_dir / ".guild/LOCK").read_text()), signal.SIGTERM)
    wait_for(lambda: not pidfile.exists())
    assert (run_dir / ".guild/attrs/exit_status").exists()


def test_stop_after(run):
    run.guild.write("guild.yml", "t: {exec: sleep 60}\n")
    done = run("t", "-y", "--stop-after", "0.002", code=143)
    assert run.guild.attr(done.dir, "exit_status") == "-15\n"


@pytest.mark.slow
def test_two_hundred_at_once(guild):
    guild.write("guild.yml", "t: {exec: 'echo ${x}', flags: {x: 0}}\n")
    env = guild.env(GUILD_PYTHON_EXE=PYTHON)
    all_ = [subprocess.Popen([guild.program, "run", "t", f"x={i}", "-y"], cwd=guild.cwd, env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for i in range(200)]
    for i, process in enumerate(all_):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0 and out == f"{i}\n", err
    runs = guild.runs()
    assert len(runs) == 200
    assert sorted(int((r / ".guild/output").read_text()) for r in runs) == list(range(200))
    for r in runs:
        assert guild.attr(r, "flags") == "x: " + (r / ".guild/output").read_text()


def test_runs_dir_that_cannot_be_written(run):
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    run.guild.write("guild.yml", OPS)
    (run.guild.home / "runs").mkdir(parents=True)
    (run.guild.home / "runs").chmod(0o555)
    done = run("sh", "-y", code=1)
    (run.guild.home / "runs").chmod(0o755)
    assert str(run.guild.home) in done.stderr


