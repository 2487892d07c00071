"""What operations require: where it comes from, where it goes, what is recorded."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
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


def test_resources_of_packages(run, tmp_path):
    (tmp_path / "lib/my_pkg").mkdir(parents=True)
    (tmp_path / "lib/my_pkg/data.txt").write_text("from the package")
    (tmp_path / "lib/my_pkg/guild.yml").write_text("- config: c\n  resources: {shared: [data.txt], other: [a.txt]}\n")
    env = {"PYTHONPATH": str(tmp_path / "lib")}
    project(run.guild, "my-pkg/shared")
    done = run("t", env=env)
    assert files(done.dir) == {"data.txt": "from the package"}
    run.guild("run", "--restart", done.dir.name, "-y")
    project(run.guild, "my-pkg/nope")
    assert "which package 'my-pkg' does not define" in run("t", code=1, env=env).stderr
    # inherited, the package's files come after the project's
    run.guild.write("guild.yml", "- model: m\n  extends: my_pkg/c\n  operations: {t: {exec: 'true', sourcecode: no, requires: [shared, other]}}\n")
    done = run("t", env=env)
    assert files(done.dir) == {"data.txt": "from the package", "a.txt": "A"}
    (done.dir / "data.txt").unlink()
    (done.dir / ".guild/attrs/deps").unlink()
    run.guild("run", "--restart", done.dir.name, "-y")
    assert "data.txt" in files(done.dir)


def test_unknown_attribute_is_a_warning(run):
    project(run.guild, "[{file: a.txt, slect: x}]")
    assert "unexpected source attribute 'slect' in resource 'file:a.txt' (did you mean 'select'?)" in run("t").stderr


# ---- runs of other operations --------------------------------------------------------------------------------------


OPERATION = "[{operation: prep}]"


def test_operation_takes_what_its_run_made(run):
    project(run.guild, OPERATION)
    prep = run("prep").dir
    (prep / "later.txt").write_text("by hand")
    done = run("t")
    assert files(done.dir) == {"out.txt": "made\n", "sub/two.txt": "2\n", "later.txt": "by hand"}
    assert f"operation:prep: {prep.name}" in run.guild.attr(done.dir, "flags")
    assert run.guild.attr(done.dir, "label") == f"operation:prep={prep.name}\n"
    assert f"config: {prep.name}" in run.guild.attr(done.dir, "deps") and f"config:\n    operation:prep: {prep.name}" in run.guild.attr(done.dir, "op")
    assert f"Using run {prep.name} for operation:prep" in done.stderr


def test_operation_selects_from_any_file(run):
    project(run.guild, "[{operation: prep, select: '(b|out)\\.txt|sub/.*', target-path: in}]")
    run("prep")
    assert files(run("t").dir) == {"in/b.txt": "B", "in/out.txt": "made\n", "in/two.txt": "2\n"}


@pytest.mark.parametrize("value", ["1", "2"])
def test_operation_takes_dependencies_as_it_once_did(run, value):
    project(run.guild, OPERATION)
    run("prep")
    assert files(run("t", env={"GUILD_LEGACY_OPDEP_SELECT": value}).dir).keys() == {"b.txt", "out.txt", "sub/two.txt"}


def test_which_run_is_taken(run):
    project(run.guild, OPERATION)
    first, second, third = (run("prep").dir.name for _ in range(3))

    def taken(*args, **kw):
        return re.search("Using run (.*) for", run("t", *args, **kw).stderr).group(1)

    assert taken() == third
    assert taken(f"prep={first[:10]}") == first
    assert taken(f"operation:prep={second}") == second
    run.guild("mark", "-y", second)
    assert taken() == second
    run.guild("runs", "delete", "-y", second)
    run.guild("run", "t", f"prep={second[:12]}", "-y", code=1)
    failed = run.guild("run", "t", f"prep={second}", "-y", code=1)
    assert f"there is no run {second}" in failed.stderr


def test_failed_runs_are_not_taken_unless_named(run):
    project(run.guild, OPERATION)
    good = run("prep").dir
    bad = run("prep").dir
    (bad / ".guild/attrs/exit_status").write_text("1\n")
    assert good.name in run("t").stderr
    assert f"Using run {bad.name}" in run("t", f"prep={bad.name}").stderr


def test_a_directory_may_stand_for_the_run(run, tmp_path):
    project(run.guild, OPERATION)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/o.txt").write_text("o")
    done = run("t", f"prep={tmp_path}/other")
    assert files(done.dir) == {"o.txt": "o"} and f"config: {tmp_path}/other" in run.guild.attr(done.dir, "deps")
    made = run("prep").dir
    assert "out.txt" in files(run("t", f"prep={made}").dir)
    assert "b.txt" not in files(run("t", f"prep={os.path.relpath(made, run.guild.cwd)}").dir)


@pytest.mark.parametrize("spec,fits", [
    ("prep", True), ("pre", False), ("p.*", True), ("m:prep", True), ("n:prep", False), (".*:prep", True), ("x,prep", True),
    ("pkg/m:prep", False), (":prep", True)])
def test_operation_patterns(run, spec, fits):
    project(run.guild, f"[{{operation: '{spec}', name: p}}]")
    run("prep")
    assert bool(run("t", code=None).dir) == fits


def test_list_of_runs_is_a_batch(run):
    project(run.guild, OPERATION)
    first, second = (run("prep").dir.name for _ in range(2))
    run.guild("run", "t", f"prep=[{first[:9]},{second[:9]}]", "-y")
    flags = [run.guild.attr(r, "flags") for r in run.guild.runs() if (r / ".guild/opref").read_text().endswith("m t")]
    assert sorted(flags) == sorted(f"operation:prep: {i}\n" for i in (first, second))
    trial = next(r for r in run.guild.runs() if (r / ".guild/opref").read_text().endswith("m t"))
    assert "d out.txt" in (trial / ".guild/manifest").read_text() and "out.txt" in files(trial)
    assert f"config:\n    {run.guild.attr(trial, 'flags')}" in run.guild.attr(trial, "op")


def test_scope_of_a_parent_run(run):
    project(run.guild, OPERATION)
    inside, outside = (run("prep").dir for _ in range(2))
    parent = run("prep").dir
    (parent / "step").symlink_to(f"../{inside.name}")
    assert inside.name in run("t", env={"GUILD_RUNS_PARENT": parent.name}).stderr and outside


def test_preview_shows_the_run(run):
    project(run.guild, OPERATION)
    prep = run("prep").dir.name
    assert f"  operation:prep: {prep}\n" in run.guild("run", "t", stdin="n\n").stderr
    assert "operation:prep" in run.guild("run", "t", "--help-op").stdout


def test_staged_run_waits_for_its_operation(run):
    project(run.guild, "[{operation: prep}, {file: a.txt}]")
    done = run("t", "--stage")
    assert files(done.dir) == {"a.txt": "A"} and (done.dir / ".guild/STAGED").exists() and not (done.dir / ".guild/PENDING").exists()
    prep = run("prep").dir
    started = run.guild("run", "--start", done.dir.name, "-y")
    assert f"Using run {prep.name}" in started.stderr and "out.txt" in files(done.dir)
    assert "Resolving" not in run.guild("run", "--restart", done.dir.name, "-y").stderr


def test_restart_with_another_run(run):
    project(run.guild, OPERATION)
    first = run("prep").dir
    (first / "only-first.txt").write_text("1")
    done = run("t")
    second = run("prep").dir
    again = run.guild("run", "--restart", done.dir.name, f"prep={second.name}", "-y")
    assert f"Using run {second.name}" in again.stderr and f"operation:prep: {second.name}" in run.guild.attr(done.dir, "op")
    assert files(done.dir) == {"out.txt": "made\n", "sub/two.txt": "2\n"}


def test_a_home_in_the_project_is_not_selected(run):
    run.guild.home = run.guild.cwd / ".guild"
    project(run.guild, "[{file: ., select: '(.*/)?a\\.txt'}]")
    run("prep")
    (run.guild.runs()[0] / "a.txt").write_text("of a run")
    assert files(run("t").dir) == {"a.txt": "A"}


# ---- flags, options ------------------------------------------------------------------------------------------------


def test_flag_chooses_the_file(run):
    project(run.guild, "[{file: a.txt, flag-name: data}]")
    assert files(run("t").dir) == {"a.txt": "A"}
    done = run("t", "data=d/x.txt")
    assert files(done.dir) == {"x.txt": "x"} and "Using d/x.txt for data" in done.stderr
    assert "'nope' does not exist" in run("t", "data=nope", code=1).stderr


def test_forced_and_optional(run):
    project(run.guild, "[{file: nope}, {file: a.txt}]")
    done = run("t", "--force-deps")
    assert "WARNING: a dependency was not met: cannot resolve 'file:nope'" in done.stderr and files(done.dir) == {"a.txt": "A"}


def test_help_of_a_source_is_shown(run):
    project(run.guild, "[{file: nope, help: get it from example.org}]")
    assert "hint: get it from example.org" in run("t", code=1).stderr


def test_added_dependencies(run):
    project(run.guild, "[]")
    (run.guild.cwd / "sub").mkdir()
    done = run("t", "-D", "a.txt", "--dep", "d")
    assert set(files(done.dir)) == {"a.txt", "d"} and (done.dir / "d").is_symlink()
    assert (done.dir / "d/x.txt").read_text() == "x"


def test_same_name_and_other_place(run):
    """0.9.0 passes the second over, since its name is that of the first."""
    project(run.guild, "[{file: a.txt}, {file: a.txt, target-path: k}, {file: a.txt}]")
    assert files(run("t").dir) == {"a.txt": "A", "k/a.txt": "A"}


def test_post_process_runs_once(run):
    command = "echo again >> $HERE/log"
    project(run.guild, f"[{{file: a.txt, post-process: '{command}'}}]")
    for _ in range(2):
        run("t", env={"HERE": str(run.guild.cwd)})
    assert (run.guild.cwd / "log").read_text() == "again\n"
    project(run.guild, "[{file: a.txt, post-process: 'cat $(project-src b.txt); exit 3'}]")
    assert "failed (exit 3)" in run("t", code=1).stderr


# ---- content hashes ------------------------------------------------------------------------------------------------


def sha1(data):
    import hashlib
    return hashlib.sha1(data).hexdigest()


def test_content_is_recorded(run):
    project(run.guild, "[{file: a.txt}, {file: d, target-path: all}, {file: d, select: '.*txt', name: some}, {operation: prep}]")
    prep = run("prep").dir
    done = run("t")
    entry = run.guild.attr(done.dir, "_resolved")
    tree = "".join(f"{path}\0{kind}\0{what}\n" for path, kind, what in [
        ("m-12.bin", "f", sha1(b"12")), ("m-5.bin", "f", sha1(b"5")), ("s", "d", ""), ("s/y.txt", "f", sha1(b"y")), ("x.txt", "f", sha1(b"x"))])
    some = "".join(f"d/{path}\0{digest}\n" for path, digest in [("s/y.txt", sha1(b"y")), ("x.txt", sha1(b"x"))])
    assert f"sha1: {sha1(b'A')}\n  size: 1\n  source: file:a.txt\n" in entry
    assert f"sha1: {sha1(tree.encode())}\n  size: 5\n  source: file:d\n" in entry
    assert f"sha1: {sha1(some.encode())}\n  size: 2\n  source: some\n" in entry
    assert f"run: {prep.name}\n" in entry


def test_hash_of_a_large_file_is_remembered(run):
    big = run.guild.cwd / "big.bin"
    project(run.guild, "[{file: big.bin, target-type: link}]")
    big.write_bytes(b"x" * (3 << 20))
    os.utime(big, (1_000_000_000, 1_000_000_000))
    run("t")
    kept = list((run.guild.home / "cache/digests").iterdir())
    assert len(kept) == 1 and kept[0].read_text().split()[-1] == sha1(big.read_bytes())
    # the same inode, size and times: believed; other times: read again
    kept[0].write_text(" ".join(kept[0].read_text().split()[:-1] + ["f" * 40]) + "\n")
    assert "f" * 40 in run.guild.attr(run("t").dir, "_resolved")
    os.utime(big, (1_000_000_001, 1_000_000_001))
    assert sha1(big.read_bytes()) in run.guild.attr(run("t").dir, "_resolved")


# ---- DVC -----------------------------------------------------------------------------------------------------------


FAKE_DVC = """#!/bin/sh
echo "$@" >> $DVC_LOG; cat .dvc/config .dvc/config.local >> $DVC_LOG; [ -f sub/big.dat.dvc ] || exit 4
[ -n "$DVC_FAILS" ] && { echo 'no such remote' >&2; exit 1; }
[ -n "$DVC_BRINGS_NOTHING" ] || echo pulled > sub/big.dat
"""


def dvc_project(run, attrs=""):
    guild = run.guild
    guild.write("bin/dvc", FAKE_DVC, 0o755)
    guild.write(".dvc/config", "[core]\n    remote = r\n['remote \"r\"']\n    url = ../store\n")
    guild.write("sub/big.dat.dvc", "outs:\n- path: big.dat\n")
    project(guild, f"[{{dvcfile: sub/big.dat{attrs}}}]")
    return {"PATH": f"{guild.cwd}/bin:/usr/bin:/bin", "DVC_LOG": str(guild.cwd / "dvc.log")}


def test_dvc_file_is_pulled(run):
    env = dvc_project(run, ", remote: other, target-path: in")
    done = run("t", env=env)
    assert files(done.dir) == {"in/big.dat": "pulled\n"} and not (run.guild.cwd / "sub/big.dat").exists()
    log = (run.guild.cwd / "dvc.log").read_text()
    assert log.startswith("pull sub/big.dat --remote other\n") and f"url = {run.guild.cwd}/store\n" in log and "no_scm = true" in log
    assert not (done.dir / ".guild/dvc").exists()


def test_dvc_file_of_the_project_is_taken(run):
    env = dvc_project(run)
    run.guild.write("sub/big.dat", "here\n")
    assert files((taken := run("t", env=env)).dir) == {"big.dat": "here\n"} and " file:sub/big.dat\n" in (taken.dir / ".guild/manifest").read_text() and not (run.guild.cwd / "dvc.log").exists()
    env = dvc_project(run, ", always-pull: yes")
    assert files(run("t", env=env).dir) == {"big.dat": "pulled\n"} and (run.guild.cwd / "sub/big.dat").read_text() == "here\n"


def test_dvc_failures(run):
    env = dvc_project(run)
    assert "no such remote" in run("t", env={**env, "DVC_FAILS": "1"}, code=1).stderr
    assert "did not bring" in run("t", env={**env, "DVC_BRINGS_NOTHING": "1"}, code=1).stderr
    assert "no program 'dvc'" in run("t", env={**env, "PATH": "/usr/bin:/bin"}, code=1).stderr
    (run.guild.cwd / "sub/big.dat.dvc").unlink()
    assert "no 'sub/big.dat.dvc'" in run("t", env=env, code=1).stderr
    assert not list(run.guild.home.glob("runs/*"))


def test_dvc_stage_takes_a_run_of_the_stage(run):
    project(run.guild, "[{dvcstage: prep}]")
    prep = run("prep").dir
    assert "there is no suitable run of DVC stage 'prep'" in run("t", code=1).stderr
    op = prep / ".guild/attrs/op"
    op.write_text(op.read_text().replace("  cmd-args:\n", "  cmd-args:\n  - guild.plugins.dvc_stage_main\n  - prep\n  - --\n"))
    assert "out.txt" in files(run("t").dir)


@pytest.fixture(scope="session")
def real_dvc():
    """The folder of DVC's own program."""
    done = subprocess.run([ROOT / "scripts" / "venv.sh", "dvc"], check=False)
    if done.returncode != 0:
        pytest.skip("DVC cannot be installed from the registry")
    return ROOT / ".venv" / "dvc" / "bin"


@pytest.mark.slow
@pytest.mark.registry
def test_dvc_itself(run, real_dvc):
    guild = run.guild
    env = {"PATH": f"{real_dvc}:/usr/bin:/bin"}

    def dvc(*args):
        subprocess.run(["dvc", *args], cwd=guild.cwd, env=guild.env(**env), check=True, stdout=subprocess.DEVNULL)

    dvc("init", "-q", "--no-scm")
    dvc("remote", "add", "-q", "-d", "r", "../store")
    for name in ("sub/data.txt", "tree/a", "tree/e/b", "here.txt"):
        guild.write(name, name)
    dvc("add", "-q", "sub/data.txt", "tree")
    dvc("push", "-q")
    for name in ("sub/data.txt", "tree", ".dvc/cache"):
        subprocess.run(["rm", "-r", guild.cwd / name], check=True)
    guild.write("params.yaml", "lr: 0.1\n")
    guild.write("dvc.yaml", "stages:\n  prep: {cmd: cat here.txt params.yaml > o.txt, deps: [here.txt], params: [lr], outs: [o.txt]}\n"
                "  train: {cmd: cp o.txt p.txt, deps: [o.txt], outs: [p.txt]}\n")
    guild.write("guild.yml", """
- model: m
  extra: {dvc-stages-import: all}
  operations:
    t: {exec: 'true', sourcecode: no, requires: [{dvcfile: sub/data.txt}, {dvcfile: tree/e, target-path: in}, {dvcfile: tree, target-path: all}]}
""")
    assert files(run("t", env=env).dir) == {"data.txt": "sub/data.txt", "in/e/b": "tree/e/b", "all/tree/a": "tree/a", "all/tree/e/b": "tree/e/b"}
    assert not (guild.cwd / "tree").exists() and not (guild.cwd / "sub/data.txt").exists()
    run("m:prep", "lr=0.5", env=env)
    assert "lr: 0.5" in files(run("m:train", env=env).dir)["p.txt"]


# ---- killed in the middle, restarted by the other ---------------------------------------------------------------------


def test_killed_while_resolving(run):
    """A run whose guild was killed says that it is pending, and a restart resolves the rest."""
    project(run.guild, "[{file: a.txt}, {file: d, target-path: x, post-process: 'touch $HERE/at; exec sleep 60'}, "
            "{file: b.txt, post-process: 'touch $HERE/at; [ -e $HERE/go ] || exec sleep 60'}]")
    env = run.guild.env(HERE=run.guild.cwd, GUILD_PYTHON_EXE=PYTHON)
    child = subprocess.Popen([run.guild.program, "run", "t", "-y"], cwd=run.guild.cwd, env=env, start_new_session=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = 200
    while not (run.guild.cwd / "at").exists() and deadline:
        deadline -= 1
        try:
            child.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    made = run.guild.runs()[-1]
    assert json.loads(run.guild("runs", "--json").stdout)[0]["status"] == "pending"
    assert "file:a.txt" in run.guild.attr(made, "deps") and "file:b.txt" not in run.guild.attr(made, "deps")
    (run.guild.cwd / "go").write_text("")
    again = run.guild("run", "--restart", made.name, "-y", env={"HERE": str(run.guild.cwd)})
    assert "Resolving file:b.txt" in again.stderr and "file:a.txt" not in again.stderr
    assert files(made)["b.txt"] == "B" and run.guild.attr(made, "exit_status") == "0\n"
    manifest = (made / ".guild/manifest").read_text().splitlines()
    assert len(manifest) == len(set(manifest))


@pytest.mark.slow
@pytest.mark.differential
@pytest.mark.parametrize("ours_first", [True, False])
def test_restarted_by_the_other(run, oracle, ours_first):
    project(run.guild, "[{operation: prep}, {file: a.txt, flag-name: data, target-path: in}, data]", "data: {sources: [b.txt], target-path: r}",
            "exec: cat out.txt in/a.txt r/b.txt, sourcecode: no")
    run.guild.home.mkdir()
    first, second = (run.guild, oracle) if ours_first else (oracle, run.guild)
    run("prep", program=first)
    staged = run("t", "--stage", program=first).dir
    second("run", "--start", staged.name, "-y")
    assert (staged / ".guild/output").read_text() == "made\nAB"
    before = files(staged)
    first("run", "--restart", staged.name, "-y")
    second("run", "--restart", staged.name, "-y")
    assert files(staged) == before and (staged / ".guild/output").read_text() == "made\nAB"
    done = run("t", program=first).dir
    (done / "in/a.txt").unlink()
    attrs = done / ".guild/attrs/deps"
    attrs.unlink()
    second("run", "--restart", done.name, "-y")
    assert files(done) == before


@pytest.mark.slow
@pytest.mark.differential
@pytest.mark.parametrize("args", [(), ("prep=FIRST",), ("data=d/x.txt",), ("data=nope",), ("prep=zzzz",), ("--force-deps", "data=nope"), ("-D", "d")])
def test_records_agree_with_the_reference(run, oracle, args):
    project(run.guild, "[{operation: prep}, {operation: prep, name: named, target-path: z}, {file: a.txt, flag-name: data, target-path: in}]")
    first = run("prep").dir.name
    run("prep")
    args = [a.replace("FIRST", first[:8]) for a in args]
    ours = run("t", *args, code=None)
    theirs = run("t", *args, code=None, program=oracle)
    assert ours.returncode == theirs.returncode
    if ours.returncode == 0:
        assert files(ours.dir) == files(theirs.dir)
        for attr in ("deps", "op", "flags", "label"):
            assert run.guild.attr(ours.dir, attr) == run.guild.attr(theirs.dir, attr), attr
        assert (ours.dir / ".guild/manifest").read_text() == (theirs.dir / ".guild/manifest").read_text()


# ---- stages of DVC as operations ---------------------------------------------------------------------------------------

# Stands for `dvc repro --single-item STAGE --quiet`: runs the stage's command as dvc.yaml has it.
FAKE_REPRO = """#!/bin/sh
[ "$1 $2 $4" = 'repro --single-item --quiet' ] && grep -q 'no_scm = true' .dvc/config.local || exit 9
echo lock > dvc.lock
sh -c "$(sed -n "/^  $3:/,/cmd:/s/.*cmd: //p" dvc.yaml)"
"""
STAGES = """
stages:
  prep:
    cmd: cat here.txt > o+1.txt; echo more > other.txt
    deps: [here.txt]
    outs: [o+1.txt, other.txt]
  train:
    cmd: cat o+1.txt > p.txt
    deps: [o+1.txt, here.txt]
    outs: [{p.txt: {cache: false}}]
"""


def stages(run, importing="extra: {dvc-stages-import: all}"):
    guild = run.guild
    guild.write("bin/dvc", FAKE_REPRO, 0o755)
    guild.write(".dvc/config", "")
    guild.write("here.txt", "HERE\n")
    guild.write("dvc.yaml", STAGES)
    guild.write("guild.yml", f"- model: m\n  {importing}\n  sourcecode: ['*.yaml', '*.txt']\n  operations: {{x: {{exec: 'true', requires: [dvcstage: prep]}}}}\n")
    return {"PATH": f"{guild.cwd}/bin:/usr/bin:/bin"}


def test_stage_is_known_by_its_attribute(run):
    """As 0.9.0 marks a run of a stage."""
    project(run.guild, "[{dvcstage: prep}]")
    (run("prep").dir / ".guild/attrs/dvc-stage").write_text("prep\n")
    assert "out.txt" in files(run("t").dir)


def test_stages_are_operations(run):
    env = stages(run)
    assert "no suitable run of DVC stage 'prep'" in run("m:train", code=1, env=env).stderr
    prep = run("m:prep", env=env).dir
    assert files(prep)["o+1.txt"] == "HERE\n"
    done = run("m:train", env=env)
    assert files(done.dir)["p.txt"] == "HERE\n" and "other.txt" not in files(done.dir)
    assert f"dvcstage:prep: {prep.name}\n" in run.guild.attr(done.dir, "flags")
    assert files(run("m:x", env=env).dir).keys() == {"dvc.yaml", "o+1.txt", "other.txt", "here.txt"}
    assert (prep / ".guild/manifest").read_text().count("\ni ") == 6


def test_a_stage_without_an_import(run):
    env = stages(run, "description: none")
    (run.guild.cwd / "guild.yml").unlink()
    done = run("dvc.yaml:prep", env=env)
    opref = (done.dir / ".guild/opref").read_text()
    assert opref.startswith(f"import:{run.guild.cwd}/dvc.yaml ") and opref.endswith(" dvc.yaml prep")
    run.guild("run", "--restart", done.dir.name, "-y", env=env)
    assert run.guild("run", "dvc.yaml:prep", "--print-cmd").stdout == "dvc repro --single-item prep --quiet\n"
    assert "dvc.yaml has no stage 'nope'" in run("dvc.yaml:nope", code=1).stderr


def test_stages_that_cannot_be_imported(run):
    stages(run, "extra: {dvc-stages-import: [prep, nope]}")
    assert "guild.yml:2:" in (text := run("m:x", code=1).stderr) and "dvc.yaml has no stage 'nope'" in text
    (run.guild.cwd / "dvc.yaml").write_text("stages: 5\n")
    assert "dvc.yaml defines no stages" in run("m:x", code=1).stderr
    (run.guild.cwd / "dvc.yaml").unlink()
    assert "dvc.yaml" in run("m:x", code=1).stderr


@pytest.mark.slow
@pytest.mark.differential
def test_stages_as_by_the_reference(run, oracle):
    env = stages(run)
    # 0.9.0 ends in a traceback for an output with attributes, and takes names for patterns
    run.guild.write("dvc.yaml", STAGES.replace("{p.txt: {cache: false}}", "p.txt").replace("o+1", "o"))
    run.guild.home.mkdir()
    run("m:prep", env=env)
    for name in ("m:prep", "m:train", "dvc.yaml:prep"):
        ours = run(name, "--stage", env=env)
        theirs = run(name, "--stage", env=env, program=oracle)
        for attr in ("flags", "op"):
            mine, other = (re.sub("PYTHONPATH: .*", "", run.guild.attr(r.dir, attr)) for r in (ours, theirs))
            # arguments are where flags go without saying; the flag that chooses the run is declared here
            mine = mine.replace("    FLAGS_DEST: args\n", "")
            mine = mine.replace("extra:\n  dvcstage:prep:\n    name: dvcstage:prep", "extra: {}")
            mine = mine.replace("  cmd-flags:\n    dvcstage:prep:\n      arg-skip: true\n", "")
            assert mine.replace("o\\.txt", "o.txt") == other, (name, attr)
        assert (ours.dir / ".guild/opref").read_text() == (theirs.dir / ".guild/opref").read_text()
