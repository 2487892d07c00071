"""Event files beside TensorBoard and tensorboardX, both ways."""

import os
import pathlib
import random
import subprocess

import pytest

from conftest import ORACLE, ROOT

pytestmark = pytest.mark.differential

OURS = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build")) / "tests" / "event_files"
JUDGE = ROOT / "tests" / "event_files_judge.py"


def run(*argv, stdin=""):
    done = subprocess.run([str(a) for a in argv], input=stdin, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def judge(*argv):
    python = ORACLE.parent / "python"
    if not python.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    return run(python, JUDGE, *argv)


def rows(text):
    """Lines of both programs, numbers as numbers: each writes hexadecimal its own way."""
    found = []
    for line in text.splitlines():
        step, wall, value, tag = line.split(" ", 3)
        number = float.fromhex(value)
        found.append((int(step), float.fromhex(wall), "nan" if number != number else number, tag))
    return found


def ours(path):
    *lines, end = run(OURS, "read", path).splitlines()
    return rows("\n".join(lines)), end


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    judge("write", folder)
    return sorted(p for p in folder.rglob("*tfevents*") if p.is_file())


def test_foreign_files_are_read_as_tensorboard_reads_them(foreign):
    assert len(foreign) >= 4
    total = 0
    for path in foreign:
        expected = rows(judge("read", path))
        found, end = ours(path)
        assert end == "end: clean"
        assert found == expected
        total += len(found)
    assert total > 400


def test_a_cut_file_gives_what_came_before(foreign, tmp_path):
    whole = foreign[0].read_bytes()
    all_rows, _ = ours(foreign[0])
    rng = random.Random(5)
    for _ in range(20):
        cut = tmp_path / "cut.tfevents.1"
        cut.write_bytes(whole[: rng.randrange(1, len(whole))])
        found, end = ours(cut)
        assert found == all_rows[: len(found)]
        assert end in ("end: truncated", "end: clean")


def test_our_files_are_read_by_tensorboard(tmp_path):
    rng = random.Random(7)
    lines = []
    for _ in range(300):
        wall = 1_700_000_000_000_000 + rng.randrange(10**9)
        step = rng.choice([-1, 0, 1, 127, 128, 300, 2**62])
        value = rng.choice(["0", "-1.5", "0.1", "inf", "-inf", "nan", "1e-40", repr(rng.random())])
        lines.append((wall, step, value, rng.choice(["loss", "a/b c", "ü" * 100])))
    run(OURS, "write", tmp_path, stdin="".join(f"{w} {s} {v} {t}\n" for w, s, v, t in lines))
    (path,) = tmp_path.iterdir()
    seen = rows(judge("read", path))
    found, end = ours(path)
    assert end == "end: clean"
    assert seen == found
    assert [(r[0], r[3]) for r in seen] == [(max(s, 0), t) for _, s, _, t in lines]
    assert [r[1] for r in seen] == [w / 1e6 for w, _, _, _ in lines]
