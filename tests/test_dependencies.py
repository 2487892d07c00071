"""What operations require: where it comes from, where it goes, what is recorded."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def run(guild):
    """Calls 'guild run -y'; .dir is the new run directory, .stderr the messages."""

    def call(*args, code=0, env=None, program=None, **kw):
        before = set(guild.runs())
        done = (program or guild)("run", *args, "-y", code=code,
                                  env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1", **(env or {})}, **kw)
        made = [r for r in guild.runs() if r not in before]
        done.dir = made[-1] if made else None
        return done

    call.guild = guild
    return call


def files(run_dir):
    """Paths below a run with their content; a link with where it leads."""
    found = {}
    for path in sorted(run_dir.rglob("*")):
        rel = str(path.relative_to(run_dir))
        if rel.split("/")[0].startswith(".guild"):
            continue
        if path.is_symlink():
            found[rel] = "-> " + os.readlink(path)
        elif path.is_file():
            found[rel] = path.read_text()
    return found


def project(guild, requires, resources="", op="exec: 'true', sourcecode: no"):
    for name, text in {"a.txt": "A", "b.txt": "B", "d/x.txt": "x", "d/m-5.bin": "5", "d/m-12.bin": "12", "d/s/y.txt": "y"}.items():
        guild.write(name, text)
    guild.write("guild.yml", f"""
- model: m
  default: yes
  resources: {{{resources}}}
  operations:
    prep: {{exec: sh -c 'echo made > out.txt; mkdir -p sub; echo 2 > sub/two.txt', sourcecode: no, requires: [file: b.txt]}}
    t: {{{op}, requires: {requires}}}
""")


CASES = {
    "file": ("[{file: a.txt}]", {"a.txt": "A"}),
    "directory": ("[{file: d}]", {"d/x.txt": "x", "d/m-5.bin": "5", "d/m-12.bin": "12", "d/s/y.txt": "y"}),
    "target-path": ("[{file: a.txt, target-path: in/deep}]", {"in/deep/a.txt": "A"}),
    "path": ("[{file: a.txt, path: old}]", {"old/a.txt": "A"}),
    "link": ("[{file: a.txt, target-type: link, target-path: l}]", {"l/a.txt": "-> ../../../../project/a.txt"}),
    "select": ("[{file: d, select: ['.*\\.txt']}]", {"x.txt": "x", "y.txt": "y"}),
    "select-max": ("[{file: d, select-max: 'm-([0-9]+)\\.bin'}]", {"m-12.bin": "12"}),
    "select-min": ("[{file: d, select-min: 'm-([0-9]+)\\.bin'}]", {"m-5.bin": "5"}),
    "select-united": ("[{file: d, select: x.txt, select-min: 'm-([0-9]+)\\.bin'}]", {"m-5.bin": "5", "x.txt": "x"}),
    "preserve-path": ("[{file: d, select: s/y.txt, preserve-path: yes}]", {"d/s/y.txt": "y"}),
    "rename": ("[{file: a.txt, rename: 'a b'}]", {"b.txt": "A"}),
    "rename-name": ("[{file: a.txt, rename: c.txt}]", {"c.txt": "A"}),
    "rename-groups": ("[{file: d, select: 'm-.*', rename: {pattern: 'm-([0-9]+)', repl: 'k\\1'}}]", {"k5.bin": "5", "k12.bin": "12"}),
    "rename-list": ("[{file: a.txt, rename: ['q z', 'a e', 'a f']}]", {"e.txt": "A"}),
    "several": ("[{sources: [a.txt, {file: b.txt, target-path: y}], target-path: x}]", {"x/a.txt": "A", "y/b.txt": "B"}),
    "named": ("[data]", {"in/a.txt": "A"}),
    "named-mapping": ("{resource: data, description: some}", {"in/a.txt": "A"}),
    "named-model": ("m:data", {"in/a.txt": "A"}),
    "replace": ("[{file: a.txt}, {file: b.txt, rename: a.txt, replace-existing: yes}]", {"a.txt": "B"}),
    "optional": ("[{file: nothing, optional: yes}]", {}),
    "module": ("[{module: json}]", {}),
    "empty": ("[{file: d, select: nothing, warn-if-empty: no}]", {}),
    "flag-reference": ("[{file: '${f}.txt'}]", {"a.txt": "A"}),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_placed(run, name):
    requires, expected = CASES[name]
    project(run.guild, requires, "data: {sources: [a.txt], target-path: in}",
            "exec: 'true', sourcecode: no, flags: {f: {default: a, arg-skip: yes}}")
    assert files(run("t").dir) == expected


@pytest.mark.slow
@pytest.mark.differential
@pytest.mark.parametrize("name", CASES)
def test_placed_as_by_the_reference(run, oracle, name):
    requires, _ = CASES[name]
    project(run.guild, requires, "data: {sources: [a.txt], target-path: in}",
            "exec: 'true', sourcecode: no, flags: {f: {default: a, arg-skip: yes}}")
    ours = run("t").dir
    theirs = run("t", program=oracle).dir
    assert files(ours) == files(theirs)
    for attr in ("deps", "op", "flags"):
        assert run.guild.attr(ours, attr) == run.guild.attr(theirs, attr), attr
    assert (ours / ".guild/manifest").read_text() == (theirs / ".guild/manifest").read_text()


# ---- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("requires,text,place", [
    ("[{file: nope}]", "cannot find 'nope'", "guild.yml:7:"),
    ("[{operation: nope}]", "there is no suitable run of 'nope'", "guild.yml:7:"),
    ("[{module: no_such_module_x}]", "cannot be imported", "guild.yml:7:"),
    ("[{file: a.txt, target-path: ../up}]", "outside of the run", "guild.yml:7:"),
    ("[{file: a.txt, target-path: .guild/attrs}]", "guild's own records", "guild.yml:7:"),
    ("[{file: a.txt, target-path: /tmp}]", "must be relative", "guild.yml:7:"),
    ("[{file: a.txt, rename: ../../evil}]", "outside of the run", "guild.yml:7:"),
    ("[{file: a.txt, rename: '( x'}]", "cannot rename", "guild.yml:7:"),
    ("[{file: a.txt, sha256: 00}]", "another sha256", "guild.yml:7:"),
    ("[{file: d, select: none, fail-if-empty: yes}]", "nothing resolved for file:d", "guild.yml:7:"),
    ("[{file: a.txt}, {file: b.txt, rename: a.txt}]", "would be written by 'file:a.txt'", "guild.yml:7:"),
    ("[{file: d, target-type: link}, {file: a.txt, target-path: d}]", "link that leads out", "guild.yml:7:"),
    ("[{file: '${nope}'}]", "undefined reference '${nope}'", "guild.yml:7:"),
    ("[{file: .}]", "holds the run itself", "guild.yml:7:"),
])
def test_not_met(run, requires, text, place):
    run.guild.home = run.guild.cwd / "home"
    project(run.guild, requires)
    done = run("t", code=1)
    last = done.stderr.strip().splitlines()
    assert [line for line in last if line.startswith("guild: a dependency was not met:") and text in line and place in line]
    assert not done.dir and not list(run.guild.home.glob("runs/*"))
    assert (run.guild.cwd / "a.txt").read_text() == "A" and not (run.guild.cwd / "d/a.txt").exists()


@pytest.mark.parametrize("requires,resources,text,at", [
    ("[data]", "", "operation 't' requires resource 'data', which is not defined", "7:"),
    ("[n:data]", "", "model 'n' is not defined", "7:"),
    ("[p/data]", "", "package 'p' is not installed", "7:"),
    ("['a b']", "", "is no dependency", "7:"),
    ("[5]", "", "must be text or a mapping", "7:"),
    ("[{}]", "", "needs one of", "7:"),
    ("[{file: a, url: b}]", "", "both 'file' and 'url'", "7:"),
    ("[{sources: 5}]", "", "'sources' of resource '<inline>' must be a list", "7:"),
    ("[]", "x: 5", "resource 'm:x' must be a list or a mapping", "4:"),
    ("[]", "x: [{name: y}]", "a source of resource 'm:x' needs one of", "4:"),
    ("[]", "x: [[]]", "must be text or a mapping", "4:"),
    ("[{file: a, rename: 'a b c'}]", "", "expected 'PATTERN NAME' or 'NAME'", "7:"),
    ("[{file: a, rename: {pattern: x}}]", "", "needs 'pattern' and 'repl'", "7:"),
    ("[{file: a, select: {x: y}}]", "", "must be a pattern or a list", "7:"),
    ("[{file: a, target-type: hard}]", "", "expected 'link' or 'copy'", "7:"),
    ("[{config: a.yml, params: 5}]", "", "'params' of resource", "7:"),
])
def test_mistakes_are_told_when_the_file_is_read(run, requires, resources, text, at):
    project(run.guild, requires, resources)
    for command in (("run", "prep", "-y"), ("operations",)):
        done = run.guild(*command, code=1)
        assert text in done.stderr and f"guild.yml:{at}" in done.stderr


def test_unknown_attribute_is_a_warning(run):
    project(run.guild, "[{file: a.txt, slect: x}]")
    assert "unexpected source attribute 'slect' in resource 'file:a.txt' (did you mean 'select'?)" in run("t").stderr
