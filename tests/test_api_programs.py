"""The programs of docs/api print what their page says."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
NAMES = sorted(path.stem for path in (ROOT / "docs" / "api").glob("*.c"))


@pytest.mark.parametrize("name", NAMES)
def test_program(tmp_path, name):
    done = subprocess.run([BUILD / "docs" / "api" / f"api-{name}"], cwd=tmp_path,
                          env=dict(os.environ, GUILD_HOME=str(tmp_path)), capture_output=True,
                          text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs" / "api" / f"{name}.txt").read_text()
