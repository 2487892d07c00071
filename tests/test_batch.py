"""guild run with several values: batches, their trials and how they are stored."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

OPS = """
t:
  exec: sh -c 'echo ${x}-${s}; exit ${code}'
  flags:
    x: 0
    s: a
    code: 0
"""


@pytest.fixture
def batch(guild):
    """Calls 'guild run'; .batch is the batch run (or None), .trials those linked from it, in the order they ran."""
    guild.write("guild.yml", OPS)

    def call(*args, code=0, **kw):
        before = set(guild.runs())
        done = guild("run", *args, "-y", code=code, **kw)
        made = [r for r in guild.runs() if r not in before]
        done.batch = next((r for r in made if (r / ".guild/proto").exists()), None)
        done.trials = sorted((r for r in made if r != done.batch), key=lambda r: int(guild.attr(r, "started")))
        return done

    call.guild = guild
    return call


def test_grid(batch):
    done = batch("t", "x=[1,2]", "s=[a,b]", "--keep-batch")
    assert done.stdout.split() == ["1-a", "2-a", "1-b", "2-b"], "flags in name order, the last fastest"
    assert [batch.guild.attr(r, "flags") for r in done.trials] == [
        f"code: 0\ns: {s}\nx: {x}\n" for s in "ab" for x in "12"]
    assert [batch.guild.attr(r, "label") for r in done.trials][0] == "code=0 s=a x=1\n"
    assert {p.name for p in done.batch.iterdir() if p.is_symlink()} == {r.name for r in done.trials}
    assert {os.readlink(p) for p in done.batch.iterdir() if p.is_symlink()} == {f"../{r.name}" for r in done.trials}


def test_scalars_of_the_trials_are_the_batchs_own(batch):
    batch.guild.write("guild.yml", "t:\n  exec: \"echo 'loss: ${x}'\"\n  flags: {x: 0}\n")
    done = batch("t", "x=[1,2.5]", "--keep-batch")
    info = json.loads(batch.guild("runs", "info", done.batch.name, "--json").stdout)
    assert info["scalars"]["loss"][0] == 2.5


def test_stored_as_a_batch(batch):
    done = batch("t", "x=[1,2]", "--keep-batch", "-bl", "BL", "-bt", "BT", "-bc", "BC", "-l", "l ${x}", "-t", "tt", "-c", "cc",
                 "-m", "2", "--random-seed", "5")
    attr = batch.guild.attr
    proto = done.batch / ".guild/proto"
    assert (done.batch / ".guild/opref").read_text().startswith("builtin:guildai ")
    assert (done.batch / ".guild/opref").read_text().endswith(" '' +")
    assert attr(done.batch, "label") == "BL\n" and attr(done.batch, "tags") == "- BT\n"
    assert "body: BC" in attr(done.batch, "comments") and attr(done.batch, "flags") == "{}\n"
    assert attr(done.batch, "max_trials") == "2\n" and attr(done.batch, "objective") == "loss\n"
    assert attr(done.batch, "sourcecode_digest") == "null\n" and attr(done.batch, "exit_status") == "0\n"
    assert attr(proto, "id") == "proto\n" and attr(proto, "flags") == "code: 0\ns: a\nx:\n- 1\n- 2\n"
    assert attr(proto, "user_flags") == "x:\n- 1\n- 2\n" and attr(proto, "label") == "l [1, 2]\n"
    assert (proto / ".guild/PENDING").exists() and (proto / "guild.yml").exists()
    assert not (done.batch / "guild.yml").exists()
    for trial in done.trials:
        assert attr(trial, "id") == trial.name + "\n" and attr(trial, "tags") == "- tt\n" and "body: cc" in attr(trial, "comments")
        assert attr(trial, "random_seed") == "5\n" == attr(done.batch, "random_seed")
        assert attr(trial, "label") == "l " + re.search("x: (.)", attr(trial, "flags")).group(1) + "\n"
        assert (trial / ".guild/manifest").read_text() == (proto / ".guild/manifest").read_text()
        assert f"CMD_DIR: {done.batch}\n" in attr(trial, "env")
        assert not (trial / ".guild/PENDING").exists()


def test_output_of_a_batch_is_that_of_its_trials(batch):
    done = batch("t", "x=[1,2]", "--keep-batch")
    lines = [re.sub("[0-9a-f]{32}", "ID", line) for line in (done.batch / ".guild/output").read_text().splitlines()]
    assert lines == ["INFO: [guild] Running trial ID: t (code=0, s=a, x=1)", "1-a",
                     "INFO: [guild] Running trial ID: t (code=0, s=a, x=2)", "2-a"]
    index = (done.batch / ".guild/output.index").read_bytes()
    assert [index[i + 8] for i in range(0, len(index), 9)] == [1, 0, 1, 0]
    assert [line for line in done.stderr.splitlines() if "Running trial" in line] == [
        line for line in (done.batch / ".guild/output").read_text().splitlines() if "Running" in line]


def test_a_batch_that_went_well_is_moved_to_the_trash(batch):
    done = batch("t", "x=[1,2]")
    assert done.batch is None and len(done.trials) == 2
    trash = list((batch.guild.home / "trash/runs").iterdir())
    assert len(trash) == 1 and (trash[0] / ".guild/proto/.guild/opref").exists()


def test_samples_trials_by_seed(batch):
    done = batch("t", "x=range[8]", "-m", "3", "--random-seed", "42")
    assert done.stdout.split() == ["0-a", "1-a", "5-a"]
    again = batch("t", "x=range[8]", "-m", "3", "--random-seed", "42", "--print-trials")
    assert [line.split()[-1] for line in again.stdout.splitlines()[1:]] == ["0", "1", "5"]


def test_batch_files(batch):
    batch.guild.write("a.csv", "x,s\n1,one\n2,\n")
    batch.guild.write("b.json", '[{"x": [5, 6]}]')
    done = batch("t", "@a.csv", "@b.json", "--keep-batch")
    assert done.stdout.split() == ["1-one", "2-", "5-a", "6-a"]
    assert batch.guild.attr(done.batch / ".guild/proto", "trials") == "- s: one\n  x: 1\n- s: ''\n  x: 2\n- x:\n  - 5\n  - 6\n"
    assert batch("t", "@a.csv", "s=mine").stdout.split() == ["1-mine", "2-mine"]


def test_a_file_with_one_row_is_no_batch(batch):
    batch.guild.write("one.yml", "x: 7\ns: q\n")
    done = batch("t", "@one.yml", "s=w")
    assert done.stdout == "7-w\n" and len(done.trials) == 1


def test_default_operation_with_a_batch_file(batch):
    batch.guild.write("two.csv", "x\n1\n2\n")
    assert batch("@two.csv").stdout.split() == ["1-a", "2-a"]


def test_failing_trials(batch):
    done = batch("t", "x=[1,2]", "code=[0,3]", "--keep-batch")
    assert done.stdout.split() == ["1-a", "2-a", "1-a", "2-a"] and done.stderr.count("ERROR: [guild] Trial") == 2
    assert "exited with an error: (3)" in done.stderr
    stopped = batch("t", "x=[1,2]", "code=[0,3]", "--fail-on-trial-error", code=3)
    assert stopped.stdout.split() == ["1-a", "2-a", "1-a"]
    assert batch.guild.attr(stopped.batch, "exit_status") == "3\n"
    assert sum((r / ".guild/PENDING").exists() for r in stopped.trials) == 1


def test_stage_trials(batch):
    done = batch("t", "x=[1,2]", "--stage-trials")
    assert done.stdout == "" and done.stderr.count("Staging trial") == 2
    for trial in done.trials:
        assert (trial / ".guild/STAGED").exists() and (trial / ".guild/ENV").exists()
    assert batch.guild("run", "--start", done.trials[1].name, "-y").stdout == "2-a\n"


def test_stage_a_batch_then_start_it(batch):
    staged = batch("t", "x=[1,2]", "--stage")
    assert staged.stdout.startswith(f"t+ staged as {staged.batch.name}\n") and not staged.trials
    started = batch("--start", staged.batch.name)
    assert started.stdout.split() == ["1-a", "2-a"] and len(started.trials) == 2


def test_restart_a_batch(batch):
    first = batch("t", "x=[1,2]", "--keep-batch")
    again = batch("--restart", first.batch.name, "--keep-batch")
    assert again.stdout.split() == ["1-a", "2-a"] and len(again.trials) == 2
    changed = batch("--restart", first.batch.name, "x=[8,9]", "--keep-batch")
    assert changed.stdout.split() == ["8-a", "9-a"]
    assert batch.guild.attr(first.batch / ".guild/proto", "user_flags") == "x:\n- 8\n- 9\n"
    assert sum(p.is_symlink() for p in first.batch.iterdir()) == 6


def test_needed_for_batches(batch):
    batch("t", "x=[1,2]", "--keep-batch")
    skipped = batch("t", "x=[1,2]", "--needed")
    assert "Skipping because the following runs match" in skipped.stdout and "t+" in skipped.stdout and not skipped.trials
    assert len(batch("t", "x=[1,3]", "--needed").trials) == 2


def test_a_trial_started_by_somebody_else_is_left_alone(batch):
    batch.guild.write("guild.yml", OPS + "    first: {default: 0, arg-skip: yes}\n"
                      "steal:\n  exec: sh -c 'rm -f ../*/.guild/PENDING; echo ${x}'\n  flags: {x: 0}\n")
    done = batch("steal", "x=[1,2]", "--keep-batch")
    assert done.stdout == "1\n"
    assert re.search(r"Skipping [0-9a-f]{32} because its status is error", done.stderr)


def test_no_trials(batch):
    done = batch("t", "x=[]", "--keep-batch")
    assert done.stdout == "" and not done.trials and batch.guild.attr(done.batch, "exit_status") == "0\n"


def test_max_trials_of_a_single_run_is_told(batch):
    assert "not a batch run" in batch("t", "-m", "3").stderr


def test_proto_of_a_batch(batch):
    first = batch("t", "x=[1,2]", "--keep-batch")
    assert batch("--proto", first.batch.name, "x=5").stdout == "5-a\n"


def test_interrupt_between_and_during_trials(guild):
    guild.write("guild.yml", "t: {exec: sleep 0.02, flags: {x: 0}}\n")
    for delay in (0.05, 0.1, 0.15):
        process = subprocess.Popen([guild.program, "run", "t", "x=range[60]", "-y"], cwd=guild.cwd, env=guild.env(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 20
        while "Running trial" not in process.stderr.readline():
            assert time.monotonic() < until
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
        batch = max((r for r in guild.runs() if (r / ".guild/proto").exists()), key=lambda r: int(guild.attr(r, "initialized")))
        assert guild.attr(batch, "exit_status") == "-16\n" and not (batch / ".guild/LOCK").exists()
