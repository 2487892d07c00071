"""The smallest end-to-end case: the program starts and says who it is."""

import re


def test_version_is_one_line(guild):
    done = guild("--version")
    assert re.fullmatch(r"guild \d+\.\d+\.\d+\n", done.stdout)
    assert done.stderr == ""
