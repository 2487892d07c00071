"""No local command opens a socket: traced over everything a command starts."""

import re
import shutil
import subprocess

import pytest

from conftest import GUILD

SCRIPT = '''import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
args = parser.parse_args()
print(f"loss: {args.lr}")
'''

COMMANDS = [
    ["--version"],
    ["--help"],
    ["run", "train.py", "-y"],
    ["run", "train.py", "lr=[0.1,0.2]", "-y"],
    ["run", "train.py", "--help-op"],
    ["runs"],
    ["runs", "info"],
    ["compare", "--table"],
    ["diff"],
    ["select", "--max", "loss"],
    ["ls"],
    ["cat", "--output"],
    ["label", "-s", "a", "1", "-y"],
    ["tag", "-a", "b", "1", "-y"],
    ["mark", "1", "-y"],
    ["comment", "-a", "c", "1", "-y"],
    ["check"],
    ["operations"],
    ["models"],
    ["help"],
    ["sys"],
    ["stop", "-y"],
    ["runs", "delete", "1", "-y"],
    ["runs", "restore", "-y"],
    ["runs", "purge", "-y"],
]


@pytest.fixture
def filled(guild):
    guild.write("train.py", SCRIPT)
    guild.write("guild.yml", "train:\n  main: train\n  flags-import: all\n")
    for _ in range(2):
        guild("run", "train.py", "-y")
    return guild


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_socket(filled, command):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = filled.cwd.parent / "trace"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o", trace, GUILD, *command],
        cwd=filled.cwd, env=filled.traced_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    calls = [line for line in trace.read_text().splitlines() if re.search(r"\b(socket|connect)\(", line)]
    assert calls == []
