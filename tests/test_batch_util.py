"""guild.batch_util and the commands under it: programs that run as the optimizer of a batch."""

import csv
import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPT = '''import sys
x = 1
y = 2
print("loss: %f" % (x * x + y))
if x == 13:
    sys.exit(3)
'''
GUILD_FILE = '''
train:
  main: train
  flags: {x: 1, y: 2}
'''


@pytest.fixture
def batch(guild):
    """A batch run with two trials, its folder."""
    guild.write("train.py", SCRIPT)
    guild.write("guild.yml", GUILD_FILE)
    guild("run", "train", "x=[1,2]", "-y", "--keep-batch", "--label", "x is ${x}", "--max-trials", "7")
    (proto,) = guild.home.glob("runs/*/.guild/proto")
    return proto.parent.parent


def play(guild, batch, code, **env):
    """The last line that a program prints which runs for the batch, from JSON; and the process."""
    text = f"import json, sys\nfrom guild import batch_util as bu\nb = bu.batch_run()\n{code}\n"
    more = {"RUN_DIR": str(batch), "GUILD_PROGRAM": guild.program, "PYTHONPATH": str(ROOT / "python" / "guild_batch"), **env}
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=batch, env=guild.env(**more), check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("said ")]
    return (json.loads(lines[-1][5:]) if lines else None), done


def show(expression):
    return f"print('said', json.dumps({expression}))"


def test_a_trial_is_made_run_and_told(guild, batch):
    said, _ = play(guild, batch, show("[b.id, b.get('max_trials'), b.get('nothing', 5), b.batch_proto.get('flags'), b.opref.split()[-1]]"))
    assert said == [batch.name, 7, 5, {"x": [1, 2], "y": 2}, "+"]
    said, done = play(guild, batch, "t = bu.run_trial(b, {'y': 1e-5, 'x': 9})\n"
                      + show("[t.id, t.get('flags'), t.status, t.get('label'), t.dir]"))
    trial = guild.home / "runs" / said[0]
    assert said[1:] == [{"x": 9, "y": 1e-5}, "completed", "x is 9", str(trial)]
    assert f"INFO: [guild] Running trial {trial.name}: train (x=9, y=1e-05)" in done.stderr and "loss: 81.00001" in done.stdout
    assert (batch / trial.name).resolve() == trial and (trial / ".guild/attrs/flags").read_text() == "x: 9\n'y': 1.0e-05\n"
    assert not (trial / ".guild/PENDING").exists() and (trial / "train.py").exists()
    said, done = play(guild, batch, "try:\n    bu.run_trial(b, {'x': 13})\nexcept SystemExit as e:\n    " + show("e.args"))
    assert said == [None, 3]
    said, _ = play(guild, batch, show("bu.trial_results(b, [('', 'loss', None), (None, 'loss', 'min'), ('a', 'b', 'max')])"))
    assert said == [[{"x": 1, "y": 2}, [3, 3, None]], [{"x": 2, "y": 2}, [6, 6, None]], [{"x": 9, "y": 1e-5}, [81.00000762939453, 81.00000762939453, None]]]
    guild("run", "train", "x=4", "-y")
    for which in ("operation", "sourcecode"):
        said, _ = play(guild, batch, show(f"bu.trial_results(b, [('', 'loss', 'last')], '{which}')"))
        assert [r[1] for r in said] == [[3], [6], [81.00000762939453], [18]], which
    assert "ValueError" in play(guild, batch, "bu.trial_results(b, [], 'all')")[1].stderr


def test_many_trials_are_handled(guild, batch):
    said, done = play(guild, batch, "bu.handle_trials(b, [{'x': 13}, {'x': 5}])\n" + show("bu.trial_results(b, [('', 'loss', 'last')])"))
    assert said[-1] == [{"x": 5}, [27]] and "exited with an error (3)" in done.stderr
    before = len(guild.runs())
    said, done = play(guild, batch, "b._attrs['run_params'] = {'fail_on_trial_error': True}\nbu.handle_trials(b, [{'x': 13}, {'x': 6}])")
    assert done.returncode == 3 and len(guild.runs()) == before + 2
    assert [r for r in batch.iterdir() if (r / ".guild/PENDING").exists()] != []
    _, done = play(guild, batch, "b._attrs['stage_trials'] = True\nbu.handle_trials(b, [{'x': 21}])\n" + show("1"))
    assert done.returncode == 0 and (guild("runs", "-Ss").stdout.count("x is 21")) == 1
    n = len(guild.runs())
    trials = "[{'x': 1, 'y': 'a b'}, {'x': None, 'z': [1, 2]}]"
    _, done = play(guild, batch, f"bu.handle_trials(b, {trials})", PRINT_TRIALS="1")
    assert done.stdout == "#  x  y    z\n1  1  a b\n2          [1, 2]\n"
    for name in ("t.csv", "t.json"):
        play(guild, batch, f"bu.handle_trials(b, {trials})", SAVE_TRIALS=str(batch / name))
    assert list(csv.reader(open(batch / "t.csv"))) == [["x", "y", "z"], ["1", "a b", ""], ["", "", "[1, 2]"]]
    assert json.loads((batch / "t.json").read_text()) == [{"x": 1, "y": "a b"}, {"x": None, "z": [1, 2]}]
    assert len(guild.runs()) == n


def test_flags_and_samples(guild, batch):
    said, _ = play(guild, batch, show("[bu.expand_flags({'x': [1, 2], 'b': 3, 'a': ['u', 'v']}), bu.sample_trials(list(range(10)), 3, 1), "
                                      "bu.sample_trials([1, 2], 5), bu.expand_flags({'x': '[1:9]', 'y': 'uniform[2:3:2.5]', 'z': 'no[1:2]'}, 1)]"))
    assert said[0] == [{"a": a, "b": 3, "x": x} for a in "uv" for x in (1, 2)]
    assert said[1] == [1, 2, 4] and said[2] == [1, 2]  # the same picks as 0.9.0
    assert said[3] == [{"x": said[3][0]["x"], "y": 2.5, "z": "no[1:2]"}] and said[3][0]["x"] in range(1, 10)


def test_what_is_no_batch_is_refused(guild, batch):
    trial = next(p for p in batch.iterdir() if p.is_symlink()).resolve()
    for args, text in [(["batch", "--batch", trial], "is no batch"), (["batch"], "no RUN_DIR"), (["batch", "--batch", "/nowhere"], "nowhere"),
                       (["trial", "--batch", batch, "{"], "FLAGS:1"), (["trial", "--batch", batch, "[1]"], "object is wanted"),
                       (["batch", "--batch", batch, "-c", "a,b"], "not one column")]:
        done = guild("optimizer", *args, code=1)
        assert text in done.stderr and done.stdout == "", args
    assert "no RUN_DIR" in play(guild, batch, "", RUN_DIR="")[1].stderr
