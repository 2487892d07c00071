"""guild graph, and what help and previews say of pipelines."""

import json
import shutil
import subprocess
import xml.dom.minidom

import pytest

PROJECT = """
- model: m
  operations:
    t:
      exec: sh -c 'exit ${code}'
      flags: {n: 0, code: 0}
    p:
      description: All of it
      flags: {k: 7, bad: 0}
      steps:
      - {run: t n=1, name: one, after: []}
      - {run: t, name: "two & <more>", after: [], flags: {n: '${k}'}}
      - {run: t n=3, name: three, after: [one]}
      - {run: t, name: four, flags: {code: '${bad}'}}
      - {run: t n=5, name: five, after: [four]}
"""


@pytest.fixture
def p(guild):
    guild.write("guild.yml", PROJECT)
    return guild


def test_text(p):
    assert p("graph", "p", "k=8").stdout == """m:p
   1  one           m:t n=1
      two & <more>  m:t n=8
   2  three         m:t n=3  after one
   3  four          m:t code=0
   4  five          m:t n=5  after four
"""


def test_json(p):
    steps = {s["name"]: s for s in json.loads(p("graph", "p", "--json").stdout)["steps"]}
    assert steps["four"]["after"] == ["two-&-<more>", "three"] and steps["four"]["layer"] == 3
    assert steps["one"] == {"name": "one", "link": "one", "operation": "m:t", "run": "m:t n=1", "layer": 1, "after": []}


def test_dot(p):
    out = p("graph", "p", "--dot").stdout
    assert '"one" -> "three";' in out and '"one" -> "four"' not in out and '[label="two & <more>"' in out
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=out, text=True, check=True, capture_output=True, timeout=60)


def test_svg(p):
    page = xml.dom.minidom.parseString(p("graph", "p", "--svg").stdout)
    boxes = page.getElementsByTagName("rect")
    assert [t.firstChild.data for t in page.getElementsByTagName("text")] == ["one", "two & <more>", "three", "four", "five"]
    places = [(float(b.getAttribute("x")), float(b.getAttribute("y"))) for b in boxes]
    assert len(set(places)) == 5 and places[0][0] == places[1][0] < places[2][0] < places[3][0] < places[4][0]
    width = float(page.documentElement.getAttribute("width"))
    assert all(float(b.getAttribute("x")) + float(b.getAttribute("width")) <= width for b in boxes)


def test_states_of_a_run(p):
    p("run", "p", "bad=3", "-y", "-j1", code=3)
    run = [r for r in p.runs() if (r / "one").is_symlink()][0].name
    out = p("graph", "--run", run[:8]).stdout
    assert [line[6:].split()[0] for line in out.splitlines()[1:]] == ["done", "done", "done", "failed", "waiting"]
    found = json.loads(p("graph", "--run", run, "--json").stdout)
    assert [s["state"] for s in found["steps"]] == ["done", "done", "done", "failed", "waiting"]
    assert (p.home / "runs" / found["steps"][0]["run_id"]).is_dir() and found["steps"][4]["run_id"] is None
    assert "#ffd6d6" in p("graph", "--run", run, "--svg").stdout
    assert "\x1b[31mfailed" not in out


@pytest.mark.parametrize("args, what", [
    (["graph", "t"], "has no steps"), (["graph", "nope"], "nope"), (["graph", "p", "zz=1"], "unknown flag 'zz'"),
    (["graph", "--run", "zzz"], "zzz"), (["graph", "p", "--dot", "--svg"], "cannot both be used"),
])
def test_errors(p, args, what):
    assert what in p(*args, code=1).stderr


def test_help_and_preview(p):
    text = p("run", "p", "--help-op").stdout
    assert "\nSteps:\n  one           m:t n=1\n  two & <more>  m:t n=7\n" in text and "bad  (default is 0)" in text
    done = p("run", "p", stdin="n\n", code=0)
    assert "You are about to run m:p\n  bad: 0\n  k: 7\n" in done.stderr and not p.runs()
    assert p("run", "p", "--print-cmd").stdout.strip().endswith("run-steps")
    assert "FLAG_K=7" in p("run", "p", "--print-env").stdout
    assert p("run", "p", "--test-sourcecode").stdout.endswith("Source code copy disabled\n")
    assert "  k:\n    default: 7" in p("run", "p", "--test-flags").stdout


def test_deleting_a_pipeline_leaves_its_steps(p):
    p("run", "p", "-y")
    run = [r for r in p.runs() if (r / "one").is_symlink()][0]
    p("runs", "delete", run.name, "-y")
    assert len(p.runs()) == 5 and not run.exists()
    assert p("runs", "-s").stdout.count("completed") == 5


def test_listings_of_a_pipeline(p):
    p("run", "p", "-y")
    assert "one" in p("ls", "-Fo", "p").stdout and "m:p" in p("compare", "--table").stdout
    assert p("runs", "info", "-Fo", "p").stdout.count("operation: m:p") == 1
