"""--needed and guild explain: what a run was made of, held against what it would be made of now."""

import json
import os

import pytest

PROJECT = """
train:
  flags-import: all
  requires: [{file: data.csv}]
gen:
  exec: sh -c 'echo ${v} >out.txt'
  flags: {v: 1}
use:
  exec: cat out.txt
  requires: {operation: gen, select: out.txt}
sh:
  exec: sh -c 'echo hi'
pipe:
  flags: {lr: 0.5}
  steps:
  - {run: train, flags: {lr: '${lr}'}}
  - gen
  - use
"""


@pytest.fixture
def p(guild):
    guild.write("guild.yml", PROJECT)
    guild.write("train.py", "lr = 0.1\nn = 3\nprint(lr * n)\n")
    guild.write("data.csv", "1,2\n")
    return guild


def is_skipped(p, *args):
    before = len(p.runs())
    done = p("run", *args, "-y", "--needed")
    skipped = "Skipping because the following runs match" in done.stdout
    assert skipped == (len(p.runs()) == before)
    return skipped


def edit(p, name, old, new):
    text = (p.cwd / name).read_text()
    assert old in text
    (p.cwd / name).write_text(text.replace(old, new))


def test_there_is_no_earlier_run(p):
    assert p("explain", "train").stdout == "there is no earlier run of train\n"
    assert not is_skipped(p, "train") and is_skipped(p, "train")
    assert p("explain", "train").stdout.startswith("nothing differs: run ")


CHANGES = [
    # file, old, new, what explain says ("" for what makes no difference)
    ("train.py", "n = 3", "n = 3  # three", "source train.py changed"),
    ("data.csv", "1,2", "1,3", "input file:data.csv changed"),
    ("guild.yml", "train:\n", "train:\n  env: {A: 1}\n", "operation env A: new: 1"),
    ("guild.yml", "train:\n", "# nothing\ntrain:\n  description: words\n", ""),
    ("guild.yml", "{v: 1}", "{v: 2}", ""),
]


@pytest.mark.parametrize("name, old, new, text", CHANGES)
def test_what_makes_a_difference(p, name, old, new, text):
    p("run", "train", "-y")
    edit(p, name, old, new)
    done = p("explain", "train")
    if text:
        assert done.stdout.splitlines()[1] == text, done.stdout
    else:
        assert done.stdout.startswith("nothing differs")
    assert is_skipped(p, "train") == (not text)


def test_flags_and_the_best_run(p):
    p("run", "train", "lr=0.2", "-y")
    p("run", "train", "n=7", "-y")
    assert p("explain", "train", "lr=0.3").stdout.splitlines()[1] == "flag lr: 0.2 -> 0.3"
    assert p("explain", "train", "n=8").stdout.splitlines()[1] == "flag n: 7 -> 8"
    both = p("explain", "train", "lr=0.3", "n=8")
    assert both.stdout.splitlines()[1:] == ["flag lr: 0.1 -> 0.3"] and "1 more" in both.stderr
    assert p("explain", "train", "lr=0.3", "n=8", "--all").stdout.splitlines()[1:] == [
        "flag lr: 0.1 -> 0.3", "flag n: 7 -> 8"]


def test_lines_of_source(p):
    p("run", "train", "-y")
    edit(p, "train.py", "n = 3", "n = 4")
    p.write("new.py", "x = 1\n")
    run = p.runs()[0].name[:8]
    out = p("explain", "train", "n=3", "--all").stdout
    assert out == (f"differs from run {run}:\nsource new.py is new\n--- {run}/new.py\n+++ new.py\n@@ -0,0 +1 @@\n+x = 1\n"
                   f"source train.py changed\n--- {run}/train.py\n+++ train.py\n@@ -1,3 +1,3 @@\n lr = 0.1\n-n = 3\n+n = 4\n"
                   " print(lr * n)\n")
    found = json.loads(p("explain", "train", "n=3", "--json").stdout)
    assert found["run"].startswith(run) and found["n_differences"] == 2 and not found["reused"]
    assert found["differences"][0]["kind"] == "source" and "+x = 1" in found["differences"][0]["diff"]


def test_packages_and_interpreter(p):
    p("run", "train", "-y")
    freeze = p.runs()[0] / ".guild/attrs/pip_freeze"
    before = freeze.read_text()
    freeze.write_text("- nopkg==1.0\n" + (before if before.startswith("-") else ""))
    assert p("explain", "train").stdout.splitlines()[1] == "package nopkg: was 1.0"
    assert not is_skipped(p, "train")


def test_errors_do_not_count(p):
    p.write("guild.yml", "f: {exec: sh -c 'exit 1'}\n")
    p("run", "f", "-y", code=1)
    assert p("explain", "f").stdout.startswith("there is no earlier run")


def test_content_of_inputs_counts_not_the_run_they_came_from(p):
    p("run", "gen", "-y")
    p("run", "use", "-y")
    p("run", "gen", "-y")
    assert is_skipped(p, "use"), "the new run of gen made the same file"
    p("run", "gen", "v=2", "-y")
    assert p("explain", "use").stdout.splitlines()[1] == "input operation:gen changed"
    assert not is_skipped(p, "use")


def test_pipelines(p):
    p("run", "pipe", "-y")
    assert is_skipped(p, "pipe")
    assert p("explain", "pipe").stdout.startswith("nothing differs")
    edit(p, "guild.yml", "{v: 1}", "{v: 2}")
    assert "step gen of run" in p("explain", "pipe").stdout
    before = {r.name for r in p.runs()}
    p("run", "pipe", "-y", "--needed")
    made = [r for r in p.runs() if r.name not in before]
    assert {(r / ".guild/opref").read_text().split()[-1] for r in made} == {"pipe", "gen", "use"}
    pipeline = [r for r in made if (r / "train").is_symlink()][0]
    assert os.readlink(pipeline / "train").split("/")[-1] in before, "linked to the run that is reused"
    assert p("run", "pipe", "lr=0.7", "-y", "--needed").stdout.count("Skipping") == 2


def test_a_needed_step_takes_any_run(p):
    edit(p, "guild.yml", "  - gen\n", "  - {run: gen, needed: yes}\n")
    p("run", "gen", "-y")
    gen = p.runs()[0]
    p("run", "pipe", "-y")
    pipeline = [r for r in p.runs() if (r / "train").is_symlink()][0]
    assert (pipeline / "gen").resolve() == gen
    assert ("reused gen " + gen.name) in (pipeline / ".guild/pipeline/log").read_text()


def test_batches(p):
    p("run", "train", "lr=[1,2]", "-y", "--keep-batch")
    assert is_skipped(p, "train", "lr=[1,2]") and not is_skipped(p, "train", "lr=[1,3]", "--keep-batch")


def test_given_run(p):
    p("run", "sh", "-y")
    first = p.runs()[0].name
    assert p("explain", "sh", "--run", first[:8]).stdout.startswith("nothing differs")
    assert p("explain", "sh", "--run", "ffffffff", code=1).stderr.startswith("guild: ")


@pytest.mark.differential
@pytest.mark.slow
def test_runs_of_the_reference_count(p, oracle):
    oracle.home.mkdir()
    oracle("run", "sh", "-y")
    oracle("run", "gen", "v=3", "-y")
    assert is_skipped(p, "sh") and is_skipped(p, "gen", "v=3") and not is_skipped(p, "gen")
