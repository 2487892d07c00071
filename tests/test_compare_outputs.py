"""guild compare into files and other programs: Markdown, a page, Parquet, hiplot; judged by foreign readers."""

import csv
import html.parser
import io
import json
import os
import random
import re
import shutil
import subprocess

import pytest
from conftest import GUILD, ROOT, Guild
from rundirs import START, make_run, run_id

NASTY = "</td><script>alert('1')</script> a|b & \"c\" \\ `d` *e*"


def fill(home, source):
    make_run(home, 1, source=source, label=NASTY, flags={"lr": 0.123456789, "act": "relu", "n": 1, "deep": True, "mix": 1})
    make_run(home, 2, source=source, marked=True, flags={"lr": 1e-7, "act": "tanh", "n": 2, "deep": False, "mix": "one"})
    make_run(home, 3, source=source, status="pending", flags={"lr": None, "act": "é\u4e2d", "n": 2**53 + 1, "sizes": [1, "a"]})


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    (folder / "project").mkdir()
    fill(folder / "home", folder / "project" / "guild.yml")
    return Guild(GUILD, folder / "project", folder / "home")


class Page(html.parser.HTMLParser):
    """The tables of a page: rows of cells; and all that a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.rows, self.fetched, self.inside = [], [], None

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.fetched += [value for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside in ("td", "th"):
            self.rows[-1][-1] += data.rstrip("\n")


def test_page(still, tmp_path):
    path = tmp_path / "runs.html"
    done = still("compare", "--html", path, "--sort", "n")
    assert done.stdout == "" and f"Wrote 3 row(s) to {path}" in done.stderr
    text = path.read_text()
    page = Page()
    page.feed(text)
    assert page.fetched == [] and "://" not in text and "default-src 'none'" in text
    rows = list(csv.reader(io.StringIO(still("compare", "--csv", "-", "--sort", "n").stdout)))
    assert page.rows[0] == rows[0]
    assert len(page.rows) == 4 and {len(row) for row in page.rows} == {len(rows[0])}
    cell = {name: [row[i] for row in page.rows[1:]] for i, name in enumerate(rows[0])}
    assert cell["label"][0] == NASTY, "text of others is text"
    assert "<script>alert" not in text
    assert cell["lr"] == ["0.123456", "1e-07", ""] and 'title="0.123456789"' in text
    assert cell["operation"] == ["train", "train [marked]", "train"]
    assert still("compare", "--html", "-", "--sort", "n").stdout == text
    assert len(list(tmp_path.iterdir())) == 1, "nothing else is left behind"


def test_page_in_a_browser(still, tmp_path):
    """Its script sorts and filters: run by node over the few pieces of a document it touches."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    path = tmp_path / "runs.html"
    still("compare", "--html", path, "-cc", ".id,=lr,=act")
    script = re.search(r"<script>\n(.*)</script>", path.read_text(), re.DOTALL)[1]
    (tmp_path / "page.js").write_text(DOCUMENT + script + DRIVE)
    done = subprocess.run(["node", tmp_path / "page.js"], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        "up": ["b", "a", "d", "c"], "down": ["d", "a", "b", "c"], "text": ["a", "c", "b", "d"], "filtered": ["b", "d"], "count": 2,
        "sorts": ["descending", None]}


DOCUMENT = """
const cell = (text, name = "", title = "") => ({
  textContent: text, className: name, title, childNodes: [], attributes: {},
  setAttribute(k, v) { this.attributes[k] = v; }, getAttribute(k) { return this.attributes[k] ?? null; },
  removeAttribute(k) { delete this.attributes[k]; }, append(x) { this.button = x; },
});
const row = (id, text, number, full) => ({ id, cells: [cell(text), cell(number, "", full)] });
const body = { rows: [row("a", "run 2", "0.5"), row("b", "run 10 x", "1e-9", "1.5e-9"), row("c", "run 2a", ""), row("d", "x run 3", "inf")],
  replaceChildren(...rows) { this.shown = rows.map((r) => r.id); } };
const heads = [cell("run"), cell("loss", "n")];
const filter = { value: "", addEventListener(_, f) { this.fire = f; } };
const count = {};
globalThis.document = {
  querySelector: () => ({ tBodies: [body], tHead: { rows: [{ cells: heads }] } }),
  getElementById: (id) => (id === "filter" ? filter : count),
  createElement: () => ({ append() {}, addEventListener(_, f) { this.click = f; } }),
};
"""
DRIVE = """
const result = {};
heads[1].button.click(); result.up = body.shown;
heads[1].button.click(); result.down = body.shown;
result.sorts = [heads[1].getAttribute("aria-sort"), heads[0].getAttribute("aria-sort")];
heads[0].button.click(); result.text = body.shown;
filter.value = " X  run"; filter.fire(); result.filtered = body.shown;
result.count = count.textContent;
console.log(JSON.stringify(result));
"""


def test_markdown(still, tmp_path):
    lines = still("compare", "--md", "-", "-cc", "=lr, =n, .label", "--sort", "n").stdout.splitlines()
    assert lines[:2] == ["| run | lr | n | label |", "| --- | ---: | ---: | --- |"]
    assert len(lines) == 5 and lines[3] == f"| {run_id(2)[:8]} | 1e-07 | 2 |  |"
    assert "&lt;script&gt;" in lines[2] and r"a\|b &amp;" in lines[2] and r"\`d\` \*e\*" in lines[2]
    assert still("compare", "--md", "-", "-n", "1").stdout.count("\n") == 3
    groups = still("compare", "--md", "-", "--group-by", "act", "--cols", "loss").stdout.splitlines()
    assert groups[0].startswith("| act | n |") and len(groups) == 5
    assert still("compare", "--md", "-", "-Fo", "none").stdout == ""


def test_files_appear_whole_or_not_at_all(still, tmp_path):
    for option in ("--csv", "--md", "--html", "--parquet"):
        missing = tmp_path / "no" / "file"
        assert f"cannot write '{missing}'" in still("compare", option, missing, code=1).stderr
        assert "No space left" in still("compare", option, "/dev/full", code=1).stderr
    kept = tmp_path / "kept.csv"
    link = tmp_path / "link.csv"
    kept.write_text("old")
    link.symlink_to("kept.csv")
    still("compare", "--csv", link)
    assert link.is_symlink() and kept.read_text() == still("compare", "--csv", "-").stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["kept.csv", "link.csv"]


def test_hiplot(still, tmp_path):
    modules = tmp_path / "modules"
    modules.mkdir()
    opened = tmp_path / "opened"
    (tmp_path / "bin").mkdir()
    for opener in ("xdg-open", "open"):
        (tmp_path / "bin" / opener).write_text(f'#!/bin/sh\necho "$@" >{opened}\n')
        (tmp_path / "bin" / opener).chmod(0o755)
    saved = tmp_path / "saved.html"
    env = dict(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}", PYTHONPATH=str(modules), PYTHONNOUSERSITE="1")
    (modules / "hiplot.py").write_text("raise ModuleNotFoundError(name='hiplot')\n")
    done = still("compare", "--tool", "hiplot", env=env, code=1)
    assert done.stderr.startswith("guild: module hiplot is not installed (") and "-m pip install hiplot" in done.stderr
    (modules / "hiplot.py").write_text("import no_such_module\n")
    done = still("compare", "--tool", "hiplot", env=env, code=1)
    assert "hiplot failed: ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    (modules / "hiplot.py").write_text(
        "class Experiment:\n    @classmethod\n    def from_csv(cls, path):\n        self = cls()\n        self.text = open(path).read()\n"
        "        return self\n    def to_html(self, path):\n        open(path, 'w').write(self.text)\n")
    still("compare", "--tool", "hiplot", "-u", "-n", "2", env=env | dict(HIPLOT_HTML=str(saved)))
    assert saved.read_text() == still("compare", "--csv", "-", "-u", "-n", "2").stdout and not opened.exists()
    done = still("compare", "--tool", "hiplot", env=env | dict(TMPDIR=str(tmp_path)))
    page = opened.read_text().strip()
    assert f"Opening {page}" in done.stderr and open(page).read() == still("compare", "--csv", "-").stdout
    assert sorted(p.name for p in tmp_path.glob("guild-compare-*/*")) == ["compare.html"]


# ---- Parquet ------------------------------------------------------------------------------------------

READ = """
import json, sys, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1], page_checksum_verification=True)
table = file.read()
table.validate(full=True)
rows = table.to_pylist()
for row in rows:
    for name, value in row.items():
        if hasattr(value, "timestamp"):
            row[name] = [int(value.timestamp()), value.microsecond, str(value.tzinfo)]
print(json.dumps({"types": {f.name: str(f.type) for f in table.schema}, "rows": rows, "groups": file.num_row_groups,
                  "by": file.metadata.created_by}))
"""


@pytest.fixture(scope="module")
def arrow():
    done = subprocess.run([ROOT / "scripts/venv.sh", "parquet"], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        pytest.skip(f"pyarrow cannot be installed: {done.stderr.splitlines()[-1]}")

    def read(path):
        python = ROOT / ".venv/parquet/bin/python"
        return json.loads(subprocess.run([python, "-c", READ, path], capture_output=True, text=True, check=True).stdout)

    return read


@pytest.mark.registry
def test_parquet(still, arrow, tmp_path):
    path = tmp_path / "runs.parquet"
    still("compare", "--parquet", path, "-c", ".started, .stopped, .marked, =sizes, =mix, nothing", "--sort", "n")
    read = arrow(path)
    types = read["types"]
    assert {name: types[name] for name in ("run", "lr", "n", "deep", "act", "mix", "sizes", "nothing", "time")} == {
        "run": "string", "lr": "double", "n": "int64", "deep": "bool", "act": "string", "mix": "string", "sizes": "string",
        "nothing": "string", "time": "string"}
    assert types["started"] == types["stopped"] == "timestamp[us, tz=UTC]"
    first, second, third = read["rows"]
    assert (first["lr"], first["deep"], first["mix"], first["label"]) == (0.123456789, True, "1", NASTY)
    assert first["started"] == [(START + 1_000_000) // 1_000_000, START % 1_000_000, "UTC"] and first["stopped"][1] == 500_000
    assert (second["mix"], second["marked"]) == ("one", True)
    assert third["n"] == 2**53 + 1 and json.loads(third["sizes"]) == [1, "a"] and third["act"] == "é\u4e2d"
    assert third["started"] is third["stopped"] is third["lr"] is third["nothing"] is None
    assert read["by"].startswith("guild version 1.")
    empty = tmp_path / "empty.parquet"
    still("compare", "--parquet", empty, "-Fo", "none")
    assert arrow(empty)["rows"] == []
    with open(tmp_path / "out.parquet", "wb") as out:
        subprocess.run([GUILD, "compare", "--parquet", "-"], env=still.env(), stdout=out, check=True)
    assert len(arrow(out.name)["rows"]) == 3


@pytest.mark.registry
def test_parquet_says_what_json_says(guild, arrow, tmp_path):
    """Random columns: whole, real, mixed, sparse, empty, nested; headings of all kinds."""
    rng = random.Random(5)
    kinds = {
        "whole": lambda: rng.randint(-2**63, 2**63 - 1), "real": lambda: rng.uniform(-1, 1) * 10 ** rng.randint(-300, 300),
        "number": lambda: rng.choice([1, 2.5]), "bool": lambda: rng.random() < 0.5,
        "text": lambda: "".join(rng.choice("aé\u4e2d\U0001f600 \"'\t") for _ in range(rng.randint(1, 30))),
        "mixed": lambda: rng.choice([1, "x", True, [1]]), "big": lambda: 2**70, "héad, \"q\"": lambda: rng.choice("ab")}
    for n in range(1, 121):
        make_run(guild.home, n, flags={k: make() for k, make in kinds.items() if rng.random() < 0.7})
    rows = json.loads(guild("compare", "--json", "-c", ".flags").stdout)
    path = tmp_path / "p"
    guild("compare", "--parquet", path, "-c", ".flags")
    read = arrow(path)
    assert len(read["rows"]) == 120
    for row, wanted in zip(read["rows"], rows, strict=True):
        assert json.loads(row.pop("flags") or "null") == wanted.pop("flags")
        row.pop("started"), wanted.pop("started"), wanted.pop("id")
        assert row.keys() == wanted.keys()
        for name, value in row.items():
            expected = wanted[name]
            if read["types"][name] == "string" and expected is not None and not isinstance(expected, str):
                expected = json.dumps(expected) if isinstance(expected, list) else str(expected)
            assert value == expected, name
    assert [read["types"][k] for k in ("whole", "real", "number", "bool", "mixed", "big")] == [
        "int64", "double", "double", "bool", "string", "string"]
