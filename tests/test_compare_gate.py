"""guild compare --baseline and --fail-if: verdicts beside a small model, reports judged by their formats' readers."""

import json
import math
import xml.etree.ElementTree as ElementTree

import pytest
from conftest import GUILD, Guild
from events import write_events
from rundirs import make_run, run_id

#        acc of the run's end; None: it has none
ACC = {1: 0.9, 2: 0.95, 3: 0.85, 4: None, 5: math.nan, 6: 0.9}


def fill(home, source):
    make_run(home, 1, source=source, tags=["release"], label="v1", flags={"lr": 0.1, "act": "relu"})
    make_run(home, 2, source=source, marked=True, flags={"lr": 0.2, "act": "relu"}, label="<b> & \"q\" \x01")
    make_run(home, 3, source=source, flags={"lr": 0.1, "act": "tanh"})
    make_run(home, 4, source=source, status="error", flags={"lr": 0.1})
    make_run(home, 5, source=source, flags={"lr": 0.1})
    make_run(home, 6, op="other", source=source, status="terminated", flags={"lr": 5})
    make_run(home, 7, source=source, flags={"lr": 0.1}, files={".guild/proto/x": ""})
    for n, acc in ACC.items():
        if acc is not None:
            scalars = {"acc": [(0, acc / 2), (9, acc)], "sys/cpu": [(0, 1.0)]}
            write_events(home / "runs" / run_id(n) / ".guild", scalars)


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    (folder / "project").mkdir()
    fill(folder / "home", folder / "project" / "guild.yml")
    return Guild(GUILD, folder / "project", folder / "home")


def gate(guild, *args, baseline=None, code=None):
    """The report as JSON: {run number: [verdict per condition]}, and the number of the baseline."""
    args += ("--baseline", baseline) if baseline else ()
    done = guild("compare", *args, "--format", "json", code=code)
    report = json.loads(done.stdout)
    assert done.returncode == (0 if report["passed"] else 1)
    assert report["passed"] == all(run["passed"] for run in report["runs"])
    known = {run_id(n): n for n in range(1, 8)}
    verdicts = {known[run["id"]]: [check["verdict"] for check in run["checks"]] for run in report["runs"]}
    for run in report["runs"]:
        assert run["passed"] == all(check["verdict"] == "pass" for check in run["checks"])
        assert all(("reason" in check) == (check["verdict"] != "pass") for check in run["checks"])
    return verdicts, known[report["baseline"]["id"]] if report["baseline"] else None


def test_verdicts(still):
    passed, failed, missing = ["pass"], ["fail"], ["missing"]
    verdicts, base = gate(still, "--fail-if", "acc < base - 0.01", "-Fo", "train", baseline=run_id(1))
    assert base == 1 and verdicts == {5: missing, 4: missing, 3: failed, 2: passed}
    verdicts, _ = gate(still, "--fail-if", "acc < 0.89", "-Sc", code=1)
    assert verdicts == {5: missing, 3: failed, 2: passed, 1: passed}
    verdicts, _ = gate(still, "--fail-if", "acc is undefined or acc < base*1.05", "--fail-if", "lr != base", "-Fo", "train",
                       baseline=run_id(1))
    assert verdicts == {5: ["missing", "pass"], 4: ["fail", "pass"], 3: ["fail", "pass"], 2: ["pass", "fail"]}
    verdicts, _ = gate(still, "--fail-if", "act != base", "--fail-if", "last(acc) < 1.9*base.first(acc)", run_id(2), run_id(3),
                       baseline=run_id(1))
    assert verdicts == {2: ["pass", "pass"], 3: ["fail", "fail"]}
    assert gate(still, "--fail-if", "time > base.time + 1s", "1:3", baseline=run_id(3)) == ({6: passed, 5: passed}, 3)


@pytest.mark.parametrize("args,rule,expected", [
    ([], "tag:release", 1), (["-Fo", "other"], "tag:release", 1), ([], "label:v1", 1), ([], "marked", 2),
    ([], "max:acc", 2), ([], "min:acc", 3), (["-F", "lr = 0.1"], "max:acc", 1), ([], "max:lr * -1", 5),
    ([run_id(2)], "max:acc", 1), (["3"], "2", 6), (["-Fo", "other"], run_id(3)[:6], 3)])
def test_baselines(still, args, rule, expected):
    assert gate(still, *args, "--fail-if", "lr < 0", baseline=rule) == (
        {n: ["pass"] for n in gate(still, *args, "--fail-if", "lr < 0")[0] if n != expected}, expected)


def test_only_what_is_asked(still):
    """Batches are left out, order and number are as for a table, and nothing tested is nothing passed."""
    everything, _ = gate(still, "--fail-if", "lr < 0", "--include-batch")
    assert list(everything) == [7, 6, 5, 4, 3, 2, 1] and 7 not in gate(still, "--fail-if", "lr < 0")[0]
    assert list(gate(still, "--fail-if", "lr < 0", "--sort", "-lr", "-n", "2")[0]) == [6, 2]
    for args in (["-Fo", "none"], ["1", "--baseline", "1"]):
        assert "no matching runs" in still("compare", *args, "--fail-if", "lr < 0", code=1).stderr


def test_errors(still):
    def error(*args, code=1):
        done = still("compare", *args, code=code)
        assert done.stdout == ""
        return done.stderr

    text = error("--baseline", "1", "--fail-if", "acc < base - f1")
    assert text.splitlines()[1:] == ["  acc < base - f1", "        ^"] and "several figures" in text
    assert "expected" in error("--fail-if", "acc <") and "empty" in error("--fail-if", " ")
    assert "speaks of a baseline" in error("--fail-if", "acc < base - 0.01")
    assert "no other run is 'tag:none'" in error("--baseline", "tag:none")
    assert "--baseline: filter expression" in error("--baseline", "max:acc <")
    assert "'1:2' is not one run" in error("--baseline", "1:2")
    assert "could not find" in error("--baseline", "99999") or "no" in error("--baseline", "99999")
    assert "need --baseline or --fail-if" in error("--format", "junit")
    for option in ("--csv", "--html"):
        assert "cannot both be used" in error("--baseline", "1", option, "-")
    assert "choose one of" in error("--baseline", "1", "--format", "xml", code=2)


def test_text_and_reasons(still, tmp_path):
    args = ("compare", "-Fo", "train", "--baseline", "tag:release", "--fail-if", "acc < base - 0.01")
    done = still(*args, code=1)
    lines = done.stdout.splitlines()
    assert lines[0] == f"baseline {run_id(1)[:8]} train v1" and lines[-1] == "3 of 4 runs failed"
    assert lines[2].split() == ["run", "figure", "base", "value", "change", "condition", "verdict"]
    row = next(line for line in lines if line.startswith(run_id(3)[:8]))
    assert "acc     0.9   0.85" in row and "-0.05 (-5.56 %)" in row and row.endswith("FAIL")
    assert next(line for line in lines if line.startswith(run_id(4)[:8])).endswith("FAIL: missing")
    assert done.stderr == "guild: 3 of 4 runs failed\n"
    path = tmp_path / "report.md"
    done = still(*args, "--format", "markdown", "-o", path, code=1)
    assert done.stdout == "" and done.stderr.splitlines() == [
        f"run {run_id(5)[:8]} fails 'acc < base - 0.01': acc is nan, base 0.9: no values to compare",
        f"run {run_id(4)[:8]} fails 'acc < base - 0.01': acc is missing, base 0.9",
        f"run {run_id(3)[:8]} fails 'acc < base - 0.01': acc is 0.85, base 0.9", "guild: 3 of 4 runs failed"]
    text = path.read_text()
    assert text.startswith("### 3 of 4 runs failed\n\n- ") and "| run | figure | base | value | change | condition | verdict |" in text
    assert f"| {run_id(3)[:8]} train | acc | 0.9 | 0.85 | -0.05 (-5.56 %) | acc &lt; base - 0.01 | FAIL |" in text
    assert "<b>" not in text
    assert still(*args, "--format", "markdown", "-o", "-", code=1).stdout == text
    assert still("compare", "-Sc", run_id(2), "--fail-if", "acc < 0.9").stdout.splitlines()[-1] == "1 run passed"
    assert "cannot write" in still(*args, "-o", tmp_path / "no" / "x", code=1).stderr


# Elements, their attributes and children, as Jenkins' junit-10.xsd names them.
SCHEMA = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, ["testsuite"]),
    "testsuite": ({"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package", "file",
                   "log", "url", "version"}, ["testsuite", "properties", "testcase", "system-out", "system-err"]),
    "properties": (set(), ["property"]),
    "property": ({"name", "value"}, []),
    "testcase": ({"name", "time", "classname", "group"}, ["skipped", "error", "failure", "system-out", "system-err"]),
    "failure": ({"type", "message"}, []),
}


def check_schema(element):
    attributes, children = SCHEMA[element.tag]
    assert set(element.attrib) <= attributes
    for child in element:
        assert child.tag in children
        check_schema(child)


def test_junit(still, tmp_path):
    path = tmp_path / "report.xml"
    still("compare", "-Fo", "train", "--baseline", "max:acc", "--fail-if", "acc < base - 0.07", "--fail-if", "lr > 1", "--format", "junit",
          "-o", path, code=1)
    root = ElementTree.parse(path).getroot()
    check_schema(root)
    assert root.tag == "testsuites" and root.attrib == {"name": "guild compare", "tests": "8", "failures": "3", "errors": "0"}
    suites = {suite.attrib["name"]: suite for suite in root}
    assert list(suites) == [f"train {run_id(n)[:8]}" for n in (5, 4, 3, 1)]
    for suite in suites.values():
        cases = suite.findall("testcase")
        assert [case.attrib["name"] for case in cases] == ["acc < base - 0.07", "lr > 1"]
        assert suite.attrib["tests"] == "2" and int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert {p.attrib["name"]: p.attrib["value"] for p in suite.iter("property")}["baseline"] == run_id(2)
    failure = suites[f"train {run_id(3)[:8]}"].find("testcase/failure")
    assert failure.attrib == {"type": "fail-if", "message": "acc is 0.85, base 0.95"} and failure.text == "acc is 0.85, base 0.95"
    assert suites[f"train {run_id(4)[:8]}"].find("testcase/failure").attrib["type"] == "missing"
    assert suites[f"train {run_id(1)[:8]}"].attrib["time"] == "0.500"
    done = still("compare", run_id(2), "--fail-if", "acc < 0.9", "--format", "junit")
    label = ElementTree.fromstring(done.stdout).find(".//property[@name='label']")
    assert label.attrib["value"] == "<b> & \"q\" \ufffd"


def test_comparison_without_conditions(still):
    done = still("compare", "--baseline", "tag:release", run_id(3))
    assert done.stdout.splitlines()[-1] == "1 run compared" and "condition" not in done.stdout
    report = json.loads(still("compare", "--baseline", "tag:release", run_id(3), "--json").stdout)
    figures = report["runs"][0]["checks"][0]["figures"]
    assert [f["figure"] for f in figures] == ["acc"] and figures[0]["change"] == pytest.approx(-0.05)
    report = json.loads(still("compare", "--baseline", "tag:release", run_id(3), "--json", "-s").stdout)
    assert {f["figure"] for f in report["runs"][0]["checks"][0]["figures"]} == {"acc", "sys/cpu"}
