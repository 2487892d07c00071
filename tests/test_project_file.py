"""guild.yml as a person meets it: what it is composed of, what is found wrong in it."""

import json
import subprocess
import time

import pytest
import yaml

CHECKED = """\
- model: m
  desciption: x
  operations:
    t:
      main: x
      flgas: {x: 1}
      flags: {x: {default: 1, type: strng, chioces: [1]}}
      requires: [dta, {file: x, renmae: y}, 'q:z', {resource: data}]
      steps: [t, {run: train}, {rn: x}, 't a=1', '${op}', {run: --needed t}]
      optimizers: {gpp: {x: 1}, mine: {algorithm: t}, random: {}}
      plugins: [cpu, gpuu]
  resources: {data: [file: x, {flie: z}], data2: {sorces: [file: a]}}
- config: c
  extends: d
- package: p
  verson: 3
"""
FOUND = """\
guild.yml:2:3: unknown attribute 'desciption' of model 'm' (did you mean 'description'?)
guild.yml:6:7: unknown attribute 'flgas' of operation 't' (did you mean 'flags'?)
guild.yml:7:37: unknown type 'strng' (did you mean 'string'?)
guild.yml:7:44: unknown attribute 'chioces' of flag 'x' (did you mean 'choices'?)
guild.yml:8:18: operation 't' requires 'dta': there is no such resource (did you mean 'data'?)
guild.yml:8:33: unknown attribute 'renmae' of a dependency (did you mean 'rename'?)
guild.yml:8:45: operation 't' requires 'q:z': there is no model 'q'
guild.yml:9:24: a step of operation 't' runs 'train': there is no such operation
guild.yml:9:32: a step of operation 't' has no 'run'
guild.yml:9:33: unknown attribute 'rn' of a step (did you mean 'run'?)
guild.yml:10:20: optimizer 'gpp' of operation 't' is not there (did you mean 'gp'?)
guild.yml:11:22: unknown plugins 'gpuu' (did you mean 'gpu'?)
guild.yml:12:31: a source of resource 'm:data' needs one of: config, dvcfile, dvcstage, file, module, operation, url
guild.yml:12:32: unknown attribute 'flie' of a source (did you mean 'file'?)
guild.yml:12:51: unknown attribute 'sorces' of resource 'data2' (did you mean 'sources'?)
guild.yml:14:12: there is no model or config 'd' to extend
guild.yml:16:3: unknown attribute 'verson' of the package (did you mean 'version'?)
"""


def test_strict_check_names_every_place(guild):
    guild.write("guild.yml", CHECKED)
    assert guild("check", "--strict", code=1).stdout == FOUND


def test_strict_check_as_json(guild):
    guild.write("guild.yml", "t:\n  mian: x\n")
    found = json.loads(guild("check", "--strict", "--json", code=1).stdout)
    assert found == [{"file": "guild.yml", "line": 2, "column": 3, "hint": "did you mean 'main'?",
                      "text": "unknown attribute 'mian' of operation 't'"}]


def test_strict_check_of_a_good_file(guild):
    guild.write("guild.yml", "t: {main: x, flags: {a: 1}, steps: [u, '{{x}}']}\nu: {exec: 'true'}\n")
    done = guild("check", "--strict")
    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads(guild("check", "--strict", "--json").stdout) == []


def test_strict_check_of_files_that_cannot_be_loaded(guild):
    guild.write("guild.yml", "- include: other.yml\n- model: m\n  extends: x\n")
    guild.write("other.yml", "- config: a\n  flags: {b: {requird: yes}}\n")
    assert guild("check", "--strict", code=1).stdout == (
        "guild.yml:3:12: there is no model or config 'x' to extend\n"
        "other.yml:2:15: unknown attribute 'requird' of flag 'b' (did you mean 'required'?)\n")
    guild.write("guild.yml", "a: [\n")
    assert guild("check", "--strict", code=1).stdout.startswith("guild.yml:2:1: ")


def test_strict_check_without_a_project(guild):
    done = guild("check", "--strict", code=1)
    assert "guild.yml" in done.stderr and done.stdout == ""


# ---- schema ------------------------------------------------------------------------------------------------------

GOOD = [
    "", "train: train --x 1", "train:\n  flags: {lr: 0.1, l: [1, 2], n: null, m: {default: 1, choices: [1, {value: 2}]}}",
    "- model: m\n  extends: [a, p/b]\n  params: {x: 1}\n  operations: {$include: c, t: {flags: {$include: [c#x]}}}",
    "- config: c\n  resources: {r: [file: x, y], s: {sources: [{url: 'http://x', sha256: abc}], target-path: d}}",
    "- package: p\n  version: 1.0\n  data-files: [a]", "- include: [a.yml]", "- operations: {t: {exec: ls}}",
    "t: {requires: [a, {operation: u, select: x}], sourcecode: no, output-scalars: no}",
    "t: {sourcecode: {root: s, select: [a, {exclude: {dir: x}}]}, optimizers: {gp: {random-starts: 3}}}",
    "t: {steps: [u, {run: u a=1, expect: [{file: x}]}], objective: {maximize: acc}, profiles: {p: {lr: 1}}}",
]
BAD = ["3", "t: 3", "t: {mian: x}", "t: {flags: {x: {defualt: 1}}}", "- model: 3", "- foo: x", "t: {steps: x}",
       "t: {sourcecode: yes}", "t: {default: maybe}", "- model: m\n  operation: {t: x}", "t: {requires: 3}",
       "t: {flags: {x: {type: strng}}}"]


@pytest.fixture
def validator(guild):
    jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")
    schema = json.loads(guild("check", "--schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize("text", GOOD)
def test_schema_takes_what_the_reader_takes(guild, validator, text):
    guild.write("guild.yml", text)
    assert [e.message for e in validator.iter_errors(yaml.safe_load(text))] == []
    guild("check", "--strict", code=None)  # references need not be there
    found = json.loads(guild("check", "--strict", "--json", code=None).stdout)
    assert not [f for f in found if "unknown" in f["text"] or "must be" in f["text"]]


@pytest.mark.parametrize("text", BAD)
def test_schema_refuses_what_check_finds(guild, validator, text):
    guild.write("guild.yml", text)
    assert not validator.is_valid(yaml.safe_load(text))
    guild("check", "--strict", code=1)


# ---- bad input ----------------------------------------------------------------------------------------------------

def refused(guild, text, words, seconds=10):
    guild.write("guild.yml", text)
    start = time.monotonic()
    done = guild("ops", code=1)
    assert time.monotonic() - start < seconds
    assert len(done.stderr.splitlines()) <= 2 and done.stderr.startswith("guild: "), done.stderr[:500]
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""


def test_alias_bomb(guild):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join(['*a' + str(i - 1)] * 10)}]" for i in range(1, 12)]
    refused(guild, "\n".join(lines), ["guild.yml:", "too many values"])


def test_merge_key_bomb(guild):
    lines = ["- &a0 {k: [1, 2, 3, 4, 5, 6, 7, 8, 9]}"]
    for i in range(1, 12):
        keys = ", ".join(f"k{k}: *a{i - 1}" for k in range(10))
        lines.append(f"- &a{i} {{{keys}}}")
    refused(guild, "\n".join(lines), ["guild.yml:", "too many values"])


def test_nested_too_deeply(guild):
    refused(guild, "a: " + "[" * 5000, ["guild.yml:1:", "nested too deeply"])


def test_keys_that_are_not_text(guild):
    refused(guild, "1: x\n", ["guild.yml:1:1:", "quote it"])
    refused(guild, "t: x\nno: y\n", ["guild.yml:2:1:", "quote it"])
    refused(guild, "t: {flags: {on: 1}}\n", ["guild.yml:1:13:", "quotes"])


def test_include_cycle_names_the_chain(guild):
    guild.write("a.yml", "- include: b.yml\n")
    guild.write("b.yml", "- include: a.yml\n")
    refused(guild, "- include: a.yml\n", ["b.yml:1:12", "a.yml, included by b.yml, included by a.yml"])


def test_includes_that_multiply(guild):
    for i in range(30):
        guild.write(f"i{i}.yml", f"- include: [i{i + 1}.yml, i{i + 1}.yml]\n")
    guild.write("i30.yml", "- config: c\n")
    refused(guild, "- include: i0.yml\n", ["more than"])


@pytest.mark.slow
def test_large_files(guild):
    """10 MB are read; more than the limit is told."""
    ops = "".join(f"op-{i}:\n  description: an operation with number {i}\n  main: mod{i} --x {i}\n"
                  f"  flags: {{a: {i}, b: [1, 2, 3], c: text of flag c}}\n" for i in range(75000))
    assert len(ops) > 10_000_000
    guild.write("guild.yml", ops)
    start = time.monotonic()
    done = guild("ops", "op-74999")
    assert done.stdout.startswith("op-74999 ")
    assert time.monotonic() - start < 20
    one = "- model: m\n  operations:\n    t:\n      flags:\n" + "".join(f"        f{i}: {i}\n" for i in range(300000))
    guild.write("guild.yml", one)
    assert guild("ops").stdout.startswith("m:t")
    guild.write("guild.yml", ops + ops)
    assert "guild.yml" in guild("ops", code=1).stderr


# ---- profiles -----------------------------------------------------------------------------------------------------

PROFILES = """\
- model: m
  profiles: {quick: {epochs: 1}, full: {epochs: 100, lr: 0.5}}
  operations:
    t:
      exec: echo ${epochs} ${lr} ${n}
      flags: {epochs: 10, lr: 0.1, n: 0}
      profiles: {quick: {n: 3}, grid: {lr: [1, 2]}, bad: {x: 1}}
    u: {exec: echo u}
"""


@pytest.mark.parametrize("args, printed", [
    (["--profile", "quick"], "1 0.1 3\n"),
    (["--profile", "quick", "--profile", "full"], "100 0.5 3\n"),
    (["--profile", "full", "lr=9"], "100 9 0\n"),
    (["--profile", "grid"], "10 1 0\n10 2 0\n"),
])
def test_profiles(guild, args, printed):
    guild.write("guild.yml", PROFILES)
    assert guild("run", "t", "-y", *args).stdout == printed


def test_profiles_are_recorded_and_count_for_later_runs(guild):
    guild.write("guild.yml", PROFILES)
    guild("run", "t", "-y", "--profile", "quick", "lr=2")
    run = guild.runs()[-1]
    assert yaml.safe_load(guild.attr(run, "run_params"))["profiles"] == ["quick"]
    assert yaml.safe_load(guild.attr(run, "flags")) == {"epochs": 1, "lr": 2, "n": 3}
    assert guild("run", "--restart", run.name, "-y", "--profile", "full").stdout == "100 0.5 3\n"
    assert guild("run", "--restart", run.name, "-y").stdout == "100 0.5 3\n"


def test_profiles_that_are_not_there(guild):
    guild.write("guild.yml", PROFILES)
    done = guild("run", "t", "-y", "--profile", "quik", code=1)
    assert done.stderr == "guild: operation 't' has no profile 'quik'\nhint: did you mean 'quick'?\n"
    assert "quick, grid, bad, full" in guild("run", "t", "-y", "--profile", "zzz", code=1).stderr
    assert "'x'" in guild("run", "t", "-y", "--profile", "bad", code=1).stderr
    assert guild("check", "--strict", code=1).stdout == (
        "guild.yml:7:59: profile 'bad' sets 'x': operation 't' has no such flag\n")
    guild.write("guild.yml", "t:\n  profiles: {a: 1}\n")
    assert "guild.yml:2:17: profile 'a' must be" in guild("ops", code=1).stderr
    assert guild.runs() == []


def test_profiles_complete(guild):
    guild.write("guild.yml", PROFILES)
    env = {"_GUILD_COMPLETE": "bash_complete", "COMP_WORDS": "guild run t --profile ", "COMP_CWORD": "4"}
    assert {"quick", "full", "grid", "bad"} == {line.split(",")[-1] for line in guild(env=env, code=None).stdout.split()}


# ---- the rest -----------------------------------------------------------------------------------------------------

def test_patch_file_is_not_loaded_and_said_so(guild):
    guild.write("guild_patch.py", "raise SystemExit('patched')\n")
    guild.write("guild.yml", "t: {exec: echo out}\n")
    done = guild("run", "t", "-y")
    assert done.stdout == "out\n"
    assert len([line for line in done.stderr.splitlines() if "guild_patch.py is not loaded" in line]) == 1
    assert "patch" not in guild("ops").stderr


def test_numbers_without_the_patch(guild):
    guild.write("guild.yml", "t: {exec: 'echo ${x} ${y}', flags: {x: 1e-3, y: 1E3}}\n")
    assert guild("run", "t", "-y").stdout == "0.001 1000.0\n"
    flags = "flags:\n  x:\n    default: '1e-3'\n"
    assert flags in guild("run", "t", "--test-flags", env={"NO_PATCH_YAML": "1"}).stdout


def test_flags_of_a_module_in_a_package_that_is_extended(guild, tmp_path):
    lib = tmp_path / "lib" / "pkg"
    lib.mkdir(parents=True)
    (lib / "guild.yml").write_text("- config: base\n  operations: {t: {main: m, flags-import: all}}\n")
    (lib / "m.py").write_text("lr = 0.25\n")
    guild.write("guild.yml", "- model: m\n  extends: pkg/base\n- model: n\n  operations: {t: {main: p, flags-import: all, python-path: sub}}\n")
    guild.write("sub/p.py", "rate = 3\n")
    assert "lr  (default is 0.25)" in guild("run", "m:t", "--help-op", env={"PYTHONPATH": str(lib.parent)}).stdout
    assert "rate  (default is 3)" in guild("run", "n:t", "--help-op", env={"PYTHONPATH": str(lib.parent)}).stdout


def test_messages_name_the_file_that_is_wrong(guild):
    guild.write("guild.yml", "- include: sub/more.yml\n- model: m\n  extends: c\n")
    guild.write("sub/more.yml", "- config: c\n  operations:\n    t:\n      flags: {x: {choices: 3}}\n")
    assert guild("ops", code=1).stderr.startswith("guild: sub/more.yml:4:28: ")
