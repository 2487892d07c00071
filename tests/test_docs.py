"""Documents made from the table of commands."""

import os
import pathlib
import re
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


def test_man_page_names_every_variable():
    page, _, without_effect = (ROOT / "docs" / "guide" / "environment.md").read_text().partition("## Without effect")
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    told = made("man").partition(".SH ENVIRONMENT")[2].replace("\\fB", "")
    names = set(re.findall(r"`([A-Z_0-9]+)(?:=1)?`", rows))
    assert len(names) > 30 and without_effect
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", told)] == []


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
