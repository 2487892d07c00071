"""flags-dest: hydra: flags from composed configuration files, overrides on the command line; Hydra itself is the judge."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from conftest import ROOT

PYTHON = os.path.realpath(sys.executable)
MAIN = """\
import hydra
from omegaconf import OmegaConf
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    print("RESULT " + __import__("json").dumps(OmegaConf.to_container(cfg)))
if __name__ == "__main__":
    main()
"""
CONF = {
    "train.py": MAIN,
    "conf/config.yaml": "defaults:\n  - base\n  - db: mysql\n  - server: apache\n  - optional extra: none\n  - _self_\n  - override hydra/job_logging: none\n"
                        "x: self\nlr: 1e-3\nlayers: [64, a b, {k: [1]}]\nneeded: ???\nnone: null\nflag: true\ntext: '1'\nref: ${x}\n"
                        "hydra: {run: {dir: .}}\nempty: {}\n",
    "conf/base.yaml": "x: base\ny: base\nnet: {width: 1, act: {name: relu}}\n",
    "conf/db/mysql.yaml": "port: 3306\nuser: root\n",
    "conf/db/pg.yaml": "port: 5432\nschema: public\n",
    "conf/server/apache.yaml": "defaults:\n  - https: fancy\n  - common\nname: apache\nport: 80\n",
    "conf/server/common.yaml": "port: 10\ntimeout: 5\n",
    "conf/server/https/fancy.yaml": "cert: c\n",
    "conf/server/https/plain.yaml": "# @package _global_\ncert: none\n",
}
OPS = "t: {main: train, flags-dest: hydra, flags-import: all}\n"


@pytest.fixture
def run(guild):
    for name, text in CONF.items():
        guild.write(name, text)
    guild.write("guild.yml", OPS)

    def call(*args, code=0, env=None):
        return guild("run", *args, code=code, env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1", **(env or {})})

    call.guild = guild
    return call


def words(run, *args):
    return shlex.split(run("t", *args, "--print-cmd", "--force-flags").stdout)[2:]


def defaults(run, *args):
    """{flag: default} as --test-flags shows them."""
    found = {}
    for line in run("t", *args, "--test-flags").stdout.split("flags:\n")[-1].splitlines():
        if line.startswith("  ") and line[2] != " ":
            name = line.strip().rstrip(":")
        elif line.startswith("    default:"):
            found[name] = line.partition(": ")[2]
    return found


def test_flags_are_the_leaves_and_the_groups(run):
    assert defaults(run) == {
        "db": "mysql", "db.port": "3306", "db.user": "root", "extra": "none", "layers": "'64 ''a b'' ''{k: [1]}'''", "lr": "0.001", "needed": "",
        "net.act.name": "relu", "net.width": "1", "none": "", "flag": "yes", "ref": "${x}", "server": "apache", "server.name": "apache",
        "server.port": "80", "server.timeout": "5", "server.https.cert": "c", "server/https": "fancy", "text": "'1'", "x": "self", "y": "base"}


def test_a_choice_on_the_command_line_composes_anew(run):
    listed = defaults(run, "db=pg", "server/https=plain")
    assert listed["db.port"] == "5432" and listed["db.schema"] == "public" and "db.user" not in listed
    assert listed["cert"] == "none" and "server.https.cert" not in listed


def test_only_what_differs_is_passed(run):
    assert words(run, "needed=1") == ["train.py", "needed=1"]
    assert words(run, "needed=1", "lr=0.1", "net.width=8") == ["train.py", "lr=0.1", "needed=1", "net.width=8"]
    assert words(run, "needed=1", "db=pg") == ["train.py", "db=pg", "needed=1"], "the port of pg is left to Hydra"
    assert words(run, "needed=1", "y=base") == ["train.py", "needed=1", "y=base"], "what was typed is passed"
    assert words(run, "needed=1", "flag=no", "x=null") == ["train.py", "flag=false", "needed=1", "x=null"]
    assert words(run, "needed=1", "layers=1 2", "+new.key=a b") == ["train.py", "+new.key='a b'", "layers=[1,2]", "needed=1"]


@pytest.mark.parametrize("typed,word", [
    ("it's", r"'it\'s'"), ("a,b", "'a,b'"), ("1,2", "'1,2'"), ("a=b", "'a=b'"), ("[1", "'[1'"), ("'1'", "'1'"), ("'true'", "'true'"), ("true", "true"),
    ("plain_word-1.0/x", "plain_word-1.0/x"), ("", "''"), ("é", "'é'"), (r"a\b", r"'a\b'"), ("'a\\'", r"'a\\'"), ("${y}", "'${y}'"),
    ("{a: 1, b: {c: [x y, null]}}", "{a:1,b:{c:['x y',null]}}"), ("1e-5", "1e-05"), ("nan", "nan"), ("a#b", "'a#b'"), ("$HOME", "'$HOME'")])
def test_quoting(run, typed, word):
    assert words(run, "needed=1", "x=" + typed)[-1] == "x=" + word


def test_what_is_defined_in_guild_yml_is_passed(run):
    run.guild.write("guild.yml", "t: {main: train --config-name other, flags-dest: hydra, flags: {lr: 0.5, a.b: 3, skipped: {default: 1, arg-skip: yes}}}\n")
    run.guild.write("conf/other.yaml", "lr: 0.1\na: {b: 3}\nc: 1\n")
    assert words(run) == ["train.py", "--config-name", "other", "lr=0.5"]


def test_a_script_under_hydra_main_is_recognised(run):
    """Nothing has to be written for it; a flags-dest that is written counts."""
    assert shlex.split(run("train.py", "needed=1", "lr=0.1", "--print-cmd").stdout)[2:] == ["train.py", "lr=0.1", "needed=1"]
    run.guild.write("guild.yml", "a: {main: train, flags: {lr: 3}}\nb: {main: train, flags-dest: args, flags: {lr: 3}}\n")
    assert shlex.split(run("a", "--print-cmd").stdout)[2:] == ["train.py", "lr=3"]
    assert shlex.split(run("b", "--print-cmd").stdout)[2:] == ["train.py", "--lr", "3"]


def test_missing_values_are_required(run):
    assert "needed" in run("t", "-y", code=1).stderr


@pytest.mark.parametrize("file,text,said", [
    ("conf/config.yaml", "a: [1\n", "conf/config.yaml:"), ("train.py", "print(1)\n", "it has no @hydra.main"),
    ("train.py", MAIN.replace('"conf"', "CONF"), "its configuration is not in files"), ("conf/config.yaml", "defaults: [gone]\n", "in no file")])
def test_what_cannot_be_composed_is_told(run, file, text, said):
    run.guild.write(file, text)
    done = run("t", "--test-flags", code=None)
    assert said in done.stderr and "Traceback" not in done.stderr


def test_circles_end(run):
    run.guild.write("conf/config.yaml", "defaults: [config]\n")
    assert "nested too deeply" in run("t", "--test-flags", code=1).stderr


# ---- with Hydra -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def hydra():
    done = subprocess.run([ROOT / "scripts/venv.sh", "hydra"], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip(f"hydra-core cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
    return ROOT / ".venv/hydra/bin/python"


def result(done):
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))[7:])


def leaves(config, prefix=""):
    for key, value in config.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


@pytest.mark.registry
@pytest.mark.slow
@pytest.mark.parametrize("choices", [(), ("db=pg",), ("server/https=plain",), ("server=common", "db=pg")])
def test_flags_agree_with_hydra(run, hydra, choices):
    env = {"GUILD_PYTHON_EXE": hydra}
    done = run("t", "needed=1", *choices, "-y", env=env)
    config = result(done)
    groups = {"db", "server", "server/https", "extra"}
    flags = run.guild.attr(run.guild.runs()[-1], "flags")
    names = {line.partition(":")[0].strip("'") for line in flags.splitlines() if line[0] not in " -"}
    assert {n for n in names if n not in groups} == set(leaves(config)), "every leaf is a flag, every flag a leaf"
    plain = subprocess.run([hydra, "train.py", "needed=1", *choices], cwd=run.guild.cwd, capture_output=True, text=True, check=True)
    assert config == result(plain)


VALUES = ["it's", "a,b=c:{d}[e]", "x\\", "x\\'y", "'quoted'", "line\nbreak", "tab\t", "é中😀", " lead", "", "1", "true", "null", "1e5", "${oc.env:HOME}",
          "a" * 200, 1, -1.5, 1e-5, 1e22, True, None, {"list": [1, "a b", [2, {"k": None}]]}, {"a": {"b": [1, "x'y"], "c d": "e"}}, {"é": 1, "x:y": {"1": 2}},
          {"deep": {"er": {"still": {"more": list(range(300))}}}}, {"big": {f"k{i}": "v" * 50 for i in range(4000)}}, "z" * 300000]


@pytest.mark.registry
@pytest.mark.slow
def test_values_arrive_intact(run, hydra):
    """Texts with every quote, nested values of any size: as OmegaConf has them in the program."""
    run.guild.write("conf/config.yaml", "defaults: [_self_]\n" + "".join(f"v{i}: old\n" for i in range(len(VALUES))))
    trial = run.guild.cwd.parent / "trial.json"
    trial.write_text(json.dumps({f"v{i}": v for i, v in enumerate(VALUES)}))
    done = run("t", f"@{trial}", "-y", env={"GUILD_PYTHON_EXE": hydra})
    container = result(done)
    assert [container[f"v{i}"] for i in range(len(VALUES))] == VALUES
    assert (run.guild.runs()[-1] / ".guild/generated/hydra/guild/flags.yaml").exists()
    again = run("--restart", run.guild.runs()[-1].name, "v0=other", "-y", env={"GUILD_PYTHON_EXE": hydra})
    assert result(again)["v0"] == "other" and result(again)["v25"] == VALUES[25]


@pytest.mark.registry
@pytest.mark.slow
def test_structured_configs_are_asked_for(run, hydra):
    run.guild.write("train.py", "from dataclasses import dataclass\nfrom hydra.core.config_store import ConfigStore\n" + MAIN.replace(
        "@hydra", "@dataclass\nclass Config:\n    lr: float = 0.25\n    n: int = 3\nConfigStore.instance().store(name='config', node=Config)\n@hydra").replace(
        'config_path="conf"', "config_path=None"))
    assert result(run("t", "lr=0.5", "-y", env={"GUILD_PYTHON_EXE": hydra})) == {"lr": 0.5, "n": 3}
    assert "can be found" in run("t", "--test-flags").stderr, "a Python without hydra cannot say"


@pytest.mark.registry
@pytest.mark.slow
def test_a_batch_over_groups(run, hydra):
    run("t", "needed=1", "db=[mysql,pg]", "-y", env={"GUILD_PYTHON_EXE": hydra})
    outputs = [(r / ".guild/output").read_text() for r in run.guild.runs()]
    ports = {json.loads(line[7:])["db"]["port"] for text in outputs for line in text.splitlines() if line.startswith("RESULT ")}
    assert ports == {3306, 5432}
