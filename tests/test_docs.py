"""Documents made from the table of commands."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))


def made(what):
    return subprocess.run([BUILD / "guild-docs", what], capture_output=True, text=True, check=True).stdout


def test_command_reference_is_up_to_date():
    assert (ROOT / "docs" / "commands.md").read_text() == made("reference"), (
        "run: make docs")


def test_project_reference_is_up_to_date():
    assert (ROOT / "docs" / "guild-yml.md").read_text() == made("guild-yml"), "run: make docs"


def test_man_page_is_clean_roff():
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=made("man"), capture_output=True,
                          text=True, check=True)
    assert done.stderr == ""


def test_bad_arguments():
    done = subprocess.run([BUILD / "guild-docs", "nothing"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage:")
