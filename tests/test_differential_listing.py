"""Listings beside Guild AI 0.9.0 on the same Guild home."""

import json
import re

import pytest

pytestmark = pytest.mark.differential

GUILD_YML = """
- model: mlp
  operations:
    train:
      description: Train the model
      exec: python3 train.py ${flag_args}
      flags: {lr: 0.1, act: {default: relu, choices: [relu, tanh]}}
    fail:
      exec: sh -c 'exit 3'
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A Guild home with runs made by 0.9.0, and both programs over it."""
    import conftest

    if not conftest.ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = tmp_path_factory.mktemp("listing")
    project = folder / "project"
    project.mkdir()
    home = folder / "home"
    home.mkdir()
    theirs = conftest.Guild(conftest.ORACLE, project, home)
    ours = conftest.Guild(conftest.GUILD, project, home)
    theirs.write("guild.yml", GUILD_YML)
    theirs.write("train.py", "print('loss: 0.25')\nprint('acc: 0.7')\nopen('model.txt', 'w').write('x')\n")
    theirs("run", "train", "-y", "-t", "t1", "-c", "first comment")
    theirs("run", "train", "lr=0.2", "-l", "my label", "-y")
    theirs("run", "fail", "-y", code=None)
    theirs("run", "train.py", "-y")
    theirs("mark", "2", "-y")
    theirs("runs", "rm", "3", "-y")
    run = home / "runs" / json.loads(theirs("runs", "--json", "-n", "1").stdout)[0]["id"]
    for name in ["d/e/f/x", "d/b10", "d/b9", "d2/y", ".hidden/z", "B"]:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text("")
    return theirs, ours


SAME = [
    ["runs"], ["runs", "-s"], ["runs", "-v"], ["runs", "-c"], ["runs", "--json"], ["runs", "-d"], ["runs", "-d", "--json"],
    ["runs", "-n", "1"], ["runs", "-Fo", "train"], ["runs", "-Fo", "mlp:*"], ["runs", "-Fl", "my"], ["runs", "-Fl", "-"],
    ["runs", "-Ft", "t1"], ["runs", "-Fc", "FIRST"], ["runs", "-Fm"], ["runs", "-Fn"], ["runs", "-Sc"], ["runs", "-Set"],
    ["runs", "-Fs", "today"], ["runs", "-Fs", "last 5 minutes"], ["runs", "--not-completed"],
    ["ls"], ["ls", "-n"], ["ls", "-f"], ["ls", "-a", "2"], ["ls", "-s"], ["ls", "-g"], ["ls", "-p", "d"], ["ls", "-p", "d/*"],
    ["ls", "-np", "*/b*"], ["ls", "-L"], ["ls", "-p", "none"], ["ls", "-np", ".guild/attrs"],
    ["cat", "-p", "train.py"], ["cat", "-O"], ["cat", "-s", "-p", "train.py"],
    ["comment", "-l", "3"], ["comment", "-l", "1"], ["tag", "--list-all"],
    ["select"], ["select", "-A"], ["select", "2"], ["select", "--short-id"], ["select", "-p"], ["select", "-Fo", "train", "-A"],
    ["select", "-a", "operation"], ["select", "-a", "command"], ["select", "-a", "flags", "2"], ["select", "--max", "loss"],
    ["compare", "-t"], ["compare", "--csv", "-"], ["compare", "-t", "-r"], ["compare", "-t", "-cc", ".label,loss"],
    ["runs", "info"], ["runs", "info", "2"], ["runs", "info", "3", "-c"], ["runs", "info", "-d"], ["runs", "info", "3", "-m"],
    ["runs", "info", "3", "-p"], ["runs", "info", "2", "-e"], ["runs", "info", "3", "-c", "-d", "-m", "-p", "--json"],
    ["runs", "info", "--json"], ["ls", "-a", "-g"], ["ls", "-s", "-d"], ["ls", "-h"], ["select", "-a", "run_dir"], ["select", "-a", "index"],
    ["operations"], ["operations", "train"], ["models"],
]


@pytest.mark.parametrize("args", SAME, ids=" ".join)
def test_same_output(written, args):
    theirs, ours = written
    expected = theirs(*args)
    got = ours(*args)
    assert got.stdout == expected.stdout


def test_same_failures(written):
    theirs, ours = written
    for args in [["runs", "-A", "/no/such"], ["cat", "-p", "none"], ["ls", "zzz"], ["runs", "foo"], ["runs", "-n", "0"],
                 ["runs", "-n", "1", "info"], ["label", "1"], ["select", "-a", "none"], ["runs", "--lab"]]:
        assert ours(*args, code=None).returncode == theirs(*args, code=None).returncode, args


def test_check_lines_are_known(written):
    theirs, ours = written
    names = re.findall(r"^(\w+):", theirs("check").stdout, re.M)
    ours_names = re.findall(r"^(\w+):", ours("check").stdout, re.M)
    assert set(names) - set(ours_names) == {"installed_plugins"}
