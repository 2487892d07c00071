"""guild shell and guild tensorflow inspect: programs for the user's Python, nothing installed."""

import json
import os
import sys

import pexpect
import pytest

from rundirs import make_run, run_id

PYTHON = os.path.realpath(sys.executable)
EVENTS = {"files": {"note.txt": "hello\n"}}


@pytest.fixture
def shell(guild):
    make_run(guild.home, 1, op="train", model="m", flags={"lr": 0.1, "act": "relu"}, label="first", tags=["a", "b"], output="one\ntwo\n",
             mine={"k": [1, 2]}, **EVENTS)
    make_run(guild.home, 2, op="train", model="m", flags={"lr": 0.5}, status="error")
    make_run(guild.home, 3, op="other", flags={}, marked=True)

    def call(text, **more):
        return guild("shell", "-c", text, env={"GUILD_PYTHON_EXE": PYTHON, **more.pop("env", {})}, **more)

    call.guild = guild
    return call


def said(done):
    return done.stdout.splitlines()


def test_rows_are_dicts_without_pandas(shell):
    done = shell("t = runs(); print(type(t).__name__, len(t), [r['operation'] for r in t], t['status'])\n"
                 "print(t[0]['started'].year, t[0]['marked'], t[2]['tags'], t[2]['label'], t[1]['exit_status'])\n"
                 "print([r['operation'] for r in runs(operations='train', completed=True)], len(runs('2:3')), len(runs(label='x')))\n"
                 "print(runs(error=False, operations=['train', 'other'])['status'])\n"
                 "print(flags(1, 3)[1]['lr'], flags('3')['act'])")
    assert said(done) == ["Table 3 ['other', 'm:train', 'm:train'] ['completed', 'error', 'completed']", "2023 True ['a', 'b'] first 1",
                          "['m:train'] 2 0", "['completed', 'completed']", "0.1 ['relu']"]


def test_shown_as_a_table(shell):
    lines = said(shell("print(runs(1, 3)[0:5])"))
    assert lines[0].split()[:2] == ["run", "operation"] and lines[1].startswith(run_id(3)[:8] + "  other      20")
    assert len(lines) == 3 and "None" not in lines[1]
    assert said(shell("print(runs(label='x'))")) == ["(nothing)"]


def test_one_run(shell):
    done = shell("r = run(3); print(r); print(r.id, r.flags, r.tags, r.attrs, r.exit_status)\n"
                 "print(repr(r.output), r.read('note.txt').strip(), r.files, r.path('x')[-2:], r.scalars)\n"
                 "print(run(operations='other').operation, run(r).id == run(runs()[2]).id == r.id, run(r.short_id).label)")
    assert said(done) == [
        f"<Run {run_id(1)[:8]} m:train completed>",
        f"{run_id(1)} {{'lr': 0.1, 'act': 'relu'}} ['a', 'b'] {{'mine': {{'k': [1, 2]}}}} 0",
        "'one\\ntwo\\n' hello ['note.txt'] /x {}", "other True first"]


def test_compare_scalars_and_commands(shell):
    guild = shell.guild
    guild.write("t.py", "print('loss: 0.5')\nprint('loss: 0.25')\n")
    guild("run", "t.py", "-y", env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"})
    done = shell("s = scalars(1); print(s[0]['tag'], s[0]['first'], s[0]['last'], s[0]['count'], len(s) >= 1)\n"
                 "print(run(1).scalars['loss'])\nprint(compare(1, cols='min loss as best')[0]['best'])\nguild('select', '1')")
    assert said(done)[0].startswith("loss 0.5 0.25 2") and said(done)[1:3] == ["0.25", "0.25"] and len(said(done)[3]) == 32


def test_pandas_where_it_is(shell, tmp_path):
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/pandas.py").write_text("class DataFrame:\n    def __init__(self, rows): self.rows = rows\n")
    done = shell("print(type(runs()).__module__, len(runs().rows))", env={"PYTHONPATH": tmp_path / "fake"})
    assert said(done) == ["pandas 3"]


def test_errors(shell):
    done = shell("run('zzz')", code=1)
    assert done.stderr.startswith("guild: could not find a run matching 'zzz'") and "Traceback" not in done.stderr
    done = shell("1 / 0", code=1)
    assert "ZeroDivisionError" in done.stderr and "guild_shell" not in done.stderr
    assert "is 3 runs, not one" in shell("run(':')", code=1).stderr
    assert shell("raise SystemExit(7)", code=7).stdout == ""
    done = shell("try:\n    runs(bad=1)\nexcept GuildError as e:\n    print('caught', e)")
    assert said(done)[0].startswith("caught unrecognized option '--bad'")
    guild = shell.guild
    done = guild("shell", code=1, env={"GUILD_PYTHON_EXE": "/no/python"})
    assert "/no/python" in done.stderr
    done = guild("shell", code=1, env={"PATH": "/nonexistent", "VIRTUAL_ENV": "", "CONDA_PREFIX": ""})
    assert "Python" in done.stderr and "GUILD_PYTHON_EXE" in done.stderr
    # Code from standard input; a home that is not there yet.
    done = guild("shell", stdin="for r in runs():\n    pass\n\nprint(len(runs()), __name__)\n",
                 env={"GUILD_PYTHON_EXE": PYTHON, "GUILD_HOME": guild.home / "new"})
    assert done.stdout == "0 __main__\n"


def test_on_a_terminal(shell):
    guild = shell.guild
    child = pexpect.spawn(guild.program, ["shell"], env=guild.env(GUILD_PYTHON_EXE=PYTHON, TERM="xterm"), cwd=str(guild.cwd),
                          encoding="utf-8", timeout=60, dimensions=(24, 100))
    child.expect_exact("runs()  run(ID)")
    child.expect_exact(">>> ")
    child.sendline("run(1).operation")
    child.expect_exact("'other'")
    child.sendintr()
    child.expect_exact("KeyboardInterrupt")
    child.expect_exact(">>> ")
    child.sendline("guild('ls', 3)")
    child.expect_exact("note.txt")
    child.expect_exact(">>> ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


# ---- tensorflow --------------------------------------------------------------------------------------------------

FAKE_TENSORFLOW = """
import sys, types
class T:
    name = "float32"
class Reader:
    def get_variable_to_shape_map(self): return {"w": [2, 2], "b": [2]}
    def get_variable_to_dtype_map(self): return {"w": T, "b": T}
    def get_tensor(self, name): return {"w": [[1, 2], [3, 4]], "b": [0, 1]}[name]
def load_checkpoint(prefix):
    if "bad" in prefix:
        raise RuntimeError("damaged\\nmore")
    print("reading", prefix.rsplit("/", 1)[-1], file=sys.stderr)
    return Reader()
train = types.SimpleNamespace(load_checkpoint=load_checkpoint)
class GraphDef:
    def ParseFromString(self, data):
        if data == b"bad": raise ValueError("no graph")
        self.node = [types.SimpleNamespace(name="x", op="Placeholder", input=[]), types.SimpleNamespace(name="y", op="Relu", input=["x"])]
compat = types.SimpleNamespace(v1=types.SimpleNamespace(GraphDef=GraphDef))
"""


@pytest.fixture
def inspect(guild, tmp_path):
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/tensorflow.py").write_text(FAKE_TENSORFLOW)
    guild.write("m.ckpt.index", "")
    guild.write("bad.index", "")
    guild.write("g.pb", "good")
    guild.write("bad.pb", "bad")

    def call(*args, **more):
        env = {"GUILD_PYTHON_EXE": PYTHON, "PYTHONPATH": tmp_path / "fake", **more.pop("env", {})}
        return guild("tensorflow", "inspect", *args, env=env, **more)

    call.guild = guild
    return call


def test_tensorflow_checkpoint(inspect):
    for name in ("m.ckpt", "m.ckpt.index"):
        done = inspect(name)
        assert said(done) == ["b (float32) [2]", "w (float32) [2, 2]"] and "reading m.ckpt\n" in done.stderr
    assert said(inspect("m.ckpt", "--all-tensor-names")) == ["b", "w"]
    assert said(inspect("m.ckpt", "--all-tensors")) == ["b (float32) [2]", "[0, 1]", "w (float32) [2, 2]", "[[1, 2], [3, 4]]"]
    assert said(inspect("m.ckpt", "--tensor-name", "b")) == ["b (float32) [2]", "[0, 1]"]
    assert json.loads(inspect("m.ckpt", "--tensor-name", "w", "--json").stdout) == [
        {"name": "w", "dtype": "float32", "shape": [2, 2], "value": [[1, 2], [3, 4]]}]
    assert "no tensor 'q'" in inspect("m.ckpt", "--tensor-name", "q", code=1).stderr
    assert inspect("bad", code=1).stderr.endswith("bad: damaged\n")


def test_tensorflow_graph(inspect):
    assert said(inspect("g.pb")) == ["x  Placeholder", "y  Relu  x"]
    assert json.loads(inspect("g.pb", "--tensor-name", "y:0", "--json").stdout) == [{"name": "y", "op": "Relu", "inputs": ["x"]}]
    assert "no graph" in inspect("bad.pb", code=1).stderr


def test_tensorflow_missing(inspect, tmp_path):
    assert "does not exist" in inspect("nothing", code=1).stderr
    (tmp_path / "fake/tensorflow.py").write_text("raise ImportError('no', name='tensorflow')\n")
    done = inspect("m.ckpt", code=1)
    assert "TensorFlow is not installed for" in done.stderr and "pip install tensorflow" in done.stderr
    (tmp_path / "fake/tensorflow.py").write_text("import no_such_module\n")
    assert "cannot be imported" in inspect("m.ckpt", code=1).stderr
    assert "usage: guild tensorflow [OPTIONS] COMMAND [ARGS]..." in inspect.guild("tensorflow", code=2).stderr
