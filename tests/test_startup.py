"""What loads at start-up is behaviour: every shared object costs each command."""

import re
import subprocess

import pytest

from conftest import GUILD


def opened_libraries(guild, *args):
    trace = guild.cwd / "trace"
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=open,openat", "-o", str(trace), GUILD, *args],
        cwd=guild.cwd, env=guild.env(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r'"[^"]*/(lib[^/"]+?)\.so[^"]*", [^)]*\) = \d', trace.read_text()))


@pytest.mark.parametrize("command", [["--version"], ["--help"], ["runs"]])
def test_only_libc_and_libm_load(guild, command):
    if "GUILD_SANITIZED" in guild.env():
        pytest.skip("sanitizers load libraries of their own")
    assert opened_libraries(guild, *command) <= {"libc", "libm"}
