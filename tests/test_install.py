"""What make install puts into a prefix works from there."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))


@pytest.fixture
def prefix(tmp_path):
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", tmp_path],
                   check=True, capture_output=True)
    return next(tmp_path.rglob("bin/guild")).parent.parent


def test_program_starts(prefix):
    done = subprocess.run([prefix / "bin" / "guild", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"guild ")


def test_schema_for_editors(prefix):
    schema = json.loads((prefix / "share" / "guild" / "guild.schema.json").read_text())
    printed = subprocess.run([prefix / "bin" / "guild", "check", "--schema"], capture_output=True, check=True)
    assert schema == json.loads(printed.stdout)


def test_library_links(prefix, tmp_path):
    if "GUILD_SANITIZED" in os.environ:
        pytest.skip("a sanitized library needs the sanitizer's flags")
    if not shutil.which("pkg-config"):
        pytest.skip("pkg-config is not installed")
    folder = next(prefix.rglob("guild.pc")).parent
    flags = subprocess.run(
        ["pkg-config", f"--define-variable=prefix={prefix}", "--static", "--cflags", "--libs", "guild"],
        env=dict(os.environ, PKG_CONFIG_PATH=str(folder)), capture_output=True, text=True, check=True)
    program = tmp_path / "program"
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", ROOT / "docs" / "api" / "formats.c", "-o", program,
                    *flags.stdout.split()], check=True)
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    assert done.stdout == (ROOT / "docs" / "api" / "formats.txt").read_text()
