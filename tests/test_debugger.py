"""guild run --break, --break-on-error and --debug-listen: Python's debugger in an unmodified script."""

import os
import re
import sys

import pexpect
import pytest

PYTHON = os.path.realpath(sys.executable)
ENV = {"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"}

# lr is a global that guild sets: the script runs behind the shim. plain.py has no flags and runs by itself.
SCRIPT = """\
import helper
lr = 0.1

def f(n):
    m = n + 1

    return m

class Net:
    def forward(self, x):
        return x * lr

print('f is', f(41))
print('forward is', Net().forward(2))
print('helper is', helper.triple(3))
if lr > 1:
    raise SystemExit(7)
if lr < 0:
    value = 5
    helper.fail(value)
"""
HELPER = "def triple(n):\n    return 3 * n\n\ndef fail(n):\n    return n / 0\n"
PLAIN = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--n', type=int, default=2)
n = parser.parse_args().n
print('n is', n, __name__, __file__)
print(sorted(k for k in globals() if not k.startswith('_')))
"""


@pytest.fixture
def run(guild):
    guild.write("t.py", SCRIPT)
    guild.write("helper.py", HELPER)
    guild.write("plain.py", PLAIN)
    guild.write("pack/__init__.py", "")
    guild.write("pack/main.py", "def go():\n    return 4\nprint('go', go(), __name__, __spec__.name)\n")
    guild.write("guild.yml", "ex: {exec: python3 plain.py --n 3}\nmod: {main: pack.main}\nsh: {exec: 'true'}\n")

    def call(*args, code=0, env=None, **more):
        return guild("run", "-y", *args, code=code, env={**ENV, **(env or {})}, **more)

    call.guild = guild
    return call


@pytest.mark.parametrize("place, stop", [
    ("5", "t.py(5)f()"), ("6", "t.py(7)f()"), ("t.py:5", "t.py(5)f()"), ("t:5", "t.py(5)f()"), ("f", "t.py(5)f()"), ("t.f", "t.py(5)f()"),
    ("t.py:f", "t.py(5)f()"), ("forward", "t.py(11)forward()"), ("Net.forward", "t.py(11)forward()"), ("helper.py:2", "helper.py(2)triple()"),
    ("triple", "helper.py(2)triple()"), ("helper.triple", "helper.py(2)triple()"), ("13", "t.py(13)<module>()"),
])
def test_places(run, place, stop):
    done = run("t.py", "--break", place, stdin="w\nc\n")
    assert re.search(rf"^> .*/{re.escape(stop)}$", done.stdout, re.M), done.stdout
    assert done.stdout.count("(Pdb) ") == 2 and "guild_" not in done.stdout
    assert "f is 42\n" in done.stdout and "helper is 9\n" in done.stdout
    run_dir = run.guild.runs()[-1]
    assert run.guild.attr(run_dir, "exit_status").strip() == "0"
    assert "(Pdb) " in (run_dir / ".guild/output").read_text()


def test_places_that_are_never_met(run):
    done = run("t.py", "--break", "nowhere", "--break", "999", "--break", "no.py:1")
    assert done.stdout.startswith("f is 42")
    assert done.stderr.count("never came there") == 2 and "t.py has no such line" in done.stderr


def test_several_places_and_the_variables(run):
    done = run("t.py", "--break", "f", "--break", "14", "lr=1", stdin="p n\nc\np lr, f(1)\nc\n")
    assert "(Pdb) 41\n" in done.stdout and "(Pdb) (1, 2)\n" in done.stdout
    env = run.guild.attr(run.guild.runs()[-1], "env")
    assert "PDB_BREAKS: f 14" in env


@pytest.mark.parametrize("op, place, stop, said", [
    ("plain.py", "5", "plain.py(5)<module>()", "n is 2 __main__"), ("ex", "5", "plain.py(5)<module>()", "n is 3 __main__"),
    ("mod", "go", "main.py(2)go()", "go 4 __main__ pack.main"), ("mod", "2", "main.py(2)go()", "go 4 __main__ pack.main"),
])
def test_plain_scripts_and_modules(run, op, place, stop, said):
    done = run(op, "--break", place, stdin="c\n")
    assert stop in done.stdout and said in done.stdout
    if "plain" in stop:
        assert "plain.py\n" in done.stdout and "['argparse', 'n', 'parser']" in done.stdout


def test_the_program_ends_as_without_debugger(run):
    assert run("t.py", "lr=2", "--break", "f", stdin="c\n", code=7).stdout.endswith("helper is 9\n")
    done = run("t.py", "lr=-1", "--break", "f", stdin="c\n", code=1)
    assert "ZeroDivisionError" in done.stderr and "guild_" not in done.stderr
    # Left by 'q' or the end of input: the run did not complete.
    assert "the debugger was left" in run("t.py", "--break", "f", stdin="q\n", code=1).stderr
    assert "the debugger was left" in run("t.py", "--break", "f", stdin="", code=1).stderr


def test_post_mortem(run):
    done = run("t.py", "lr=-1", "--break-on-error", stdin="p n\nu\np value\nw\nq\n", code=1)
    assert "helper.py(5)fail()" in done.stdout and done.stdout.count("(Pdb) 5\n") == 2
    assert done.stderr.count("ZeroDivisionError") == 1 and "guild_" not in done.stdout + done.stderr
    assert run("t.py", "--break-on-error").stderr == ""
    assert run("t.py", "lr=2", "--break-on-error", code=7).stderr == ""
    assert "BREAK_ON_ERROR: 1" in run.guild.attr(run.guild.runs()[-1], "env").replace("'", "")


def test_what_is_no_python_script(run):
    assert "ignoring --break" in run("sh", "--break", "1").stderr


def test_on_a_terminal(run):
    """The prompt and the keys are the user's: history, an interrupt of a command, completion of the line."""
    env = run.guild.env(**ENV, TERM="xterm")
    child = pexpect.spawn(run.guild.program, ["run", "-y", "t.py", "--break", "f"], env=env, cwd=str(run.guild.cwd),
                          encoding="utf-8", timeout=60, dimensions=(24, 80))
    child.expect_exact("(Pdb) ")
    child.sendline("p n * 2")
    child.expect_exact("82")
    child.expect_exact("(Pdb) ")
    child.send("\x1b[A")  # the line before, again
    child.expect_exact("p n * 2")
    child.send("0\r")
    child.expect_exact("820")
    child.expect_exact("(Pdb) ")
    child.sendline("c")
    child.expect_exact("helper is 9")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert run.guild.attr(run.guild.runs()[-1], "exit_status").strip() == "0"


def test_another_debugger_is_waited_for(run, tmp_path):
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "debugpy.py").write_text(
        "def listen(address):\n    print('listening', address)\ndef wait_for_client():\n    print('connected')\n")
    guild = run.guild
    done = guild("-D", "5678", "run", "-y", "t.py", env={**ENV, "PYTHONPATH": fake})
    assert done.stdout.startswith("listening ('localhost', 5678)\nconnected\nf is 42\n")
    done = guild("--debug-listen", "0.0.0.0:5679", "run", "-y", "plain.py", env={**ENV, "PYTHONPATH": fake})
    assert "listening ('0.0.0.0', 5679)\nconnected\nn is 2" in done.stdout
    (fake / "debugpy.py").write_text("raise ImportError\n")
    done = guild("-D", "5678", "run", "-y", "t.py", env={**ENV, "PYTHONPATH": fake}, code=1)
    assert "debugpy is not installed" in done.stderr and "pip install debugpy" in done.stderr
    for bad in ("x", "70000", "host:", "0"):
        assert "[HOST:]PORT" in guild("-D", bad, "run", "-y", "t.py", code=1).stderr
