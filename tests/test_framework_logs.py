"""The logs of tests/framework_logs made anew by the frameworks, and read as the kept ones are (the C test of that name)."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
PYTHON = ROOT / ".venv" / "frameworks" / "bin" / "python"
CODE = ROOT / "tests" / "framework_logs"


@pytest.mark.peers
@pytest.mark.registry
def test_logs_made_anew(tmp_path):
    # 9 GB are installed only where somebody asks for them; what is installed is used.
    if os.environ.get("GUILD_TEST_FRAMEWORKS"):
        subprocess.run([ROOT / "scripts" / "venv.sh", "frameworks"], check=True)
    if not PYTHON.exists():
        pytest.skip("the frameworks are not installed in .venv/frameworks (GUILD_TEST_FRAMEWORKS=1 installs 9 GB)")
    root = tmp_path / "root"
    code = root / "tests" / "framework_logs"
    shutil.copytree(CODE, code)
    done = subprocess.run([PYTHON, code / "generate.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    test = BUILD / "src" / "collect-framework_logs_test"
    done = subprocess.run([test], env=dict(os.environ, GUILD_SOURCE_ROOT=str(root)), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def test_every_case_has_its_log():
    """A case without a log would be a claim that nobody checked."""
    cases = [line.split("(")[0].removeprefix("def ") for path in CODE.glob("cases_*.py")
             for before, line in pairs(path.read_text().splitlines()) if before.startswith("@case(")]
    logs = {path.stem for path in (CODE / "logs").glob("*.json")}
    assert len(cases) >= 50
    assert set(cases) == logs
    for name in cases:
        assert (CODE / "logs" / f"{name}.out").exists() or (CODE / "logs" / f"{name}.err").exists()


def pairs(lines):
    return zip(lines, lines[1:], strict=False)
