"""runs info in all its forms and on damaged runs; ls, check and help: what 0.9.0's options do here."""

import json
import os

import pytest

from rundirs import START, make_run


def test_info_in_every_form(guild):
    yaml = pytest.importorskip("yaml")
    run = make_run(guild.home, 1, flags={"lr": 0.5, "n": 3, "s": "1e3", "d": {"a": [1, None]}}, tags=["x"], label="a: b",
                   comments=[{"body": "two\nlines", "user": "u", "host": "h", "time": START}], mine={"k": [1]})
    parts = ["-c", "-e", "-d", "-m", "-p", "-s", "--checkpoints", "--private-attrs"]
    as_json = json.loads(guild("runs", "info", "--json", *parts).stdout)
    assert yaml.safe_load(guild("runs", "info", "--yaml", *parts).stdout) == as_json
    assert as_json["mine"] == {"k": [1]} and as_json["flags"]["s"] == "1e3"
    assert "cannot both be used" in guild("runs", "info", "--yaml", "--json", code=1).stderr
    # What is private comes after what is the user's, as in 0.9.0.
    assert list(as_json).index("mine") < list(as_json).index("opref")
    proto = run / ".guild/proto/.guild"
    (proto / "attrs").mkdir(parents=True)
    (proto / "opref").write_text("guildfile:/p/guild.yml 0 '' train")
    (proto / "attrs/flags").write_text("{x: [1, 2]}")
    batch = json.loads(guild("runs", "info", "--json", "--private-attrs").stdout)
    assert batch["proto-run"]["operation"] == "train" and list(batch)[-1] == "proto-run"
    assert "proto-run" not in guild("runs", "info", "--private-attrs").stdout


def test_info_of_damaged_runs(guild):
    run = make_run(guild.home, 1, flags={"x": 1}, label="fine")
    bad = {"flags": "{a", "tags": "text", "comments": "[1, {}]", "started": "soon", "env": "[", "deps": "3", "plugins": "{}", "cmd": "7",
           "exit_status": "[", "mine": "- a\n- [", "marked": "[]"}
    for name, text in bad.items():
        (run / ".guild/attrs" / name).write_text(text)
    (run / ".guild/manifest").write_bytes(b"\xff\x00 what is this\ns a\n")
    (run / "events.out.tfevents.1").write_bytes(b"no events at all")
    parts = ["-c", "-e", "-d", "-m", "-p", "-s", "--private-attrs"]
    for form in ([], ["--json"], ["--yaml"]):
        done = guild("runs", "info", *form, *parts)
        assert "fine" in done.stdout and "flags" in done.stderr
    info = json.loads(guild("runs", "info", "--json", *parts).stdout)
    assert info["flags"] == {} and info["tags"] == [] and info["environment"] == {} and info["started"] == ""
    (run / ".guild/opref").write_text("what is this")
    done = guild("runs", "info", run.name[:8], code=None)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr


def test_files_of_guild_are_not_generated(guild):
    make_run(guild.home, 1, files={"made.txt": "", ".hidden": ""})
    assert guild("ls", "-n", "-a", "-g").stdout == ".hidden\nmade.txt\n"


def test_check_options_of_the_reference(guild, tmp_path):
    for options in (["-T"], ["--tests", "-f", "-c", "3"], ["-t", "x.md", "-s", "y"], ["--uat"]):
        assert "make check" in guild("check", *options, code=1).stderr
    (tmp_path / "notify-send").write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/said\n")
    (tmp_path / "notify-send").chmod(0o755)
    guild("check", "-n", "--notify", env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert (tmp_path / "said").read_text() == "guild check all is well\n"
    assert "cannot notify" in guild("check", "-n", "--notify", env={"PATH": "/nonexistent"}).stderr


def test_help_as_json_and_of_packages(guild, tmp_path):
    guild.write("guild.yml", "- model: m\n  description: Text\n  operations: {a: {exec: 'true', flags: {x: 1}}, _b: {exec: 'true'}}\n")
    doc = json.loads(guild("help", "--json").stdout)
    assert doc["dir"] == str(guild.cwd) and [m["name"] for m in doc["models"]] == ["m"]
    assert [op["name"] for op in doc["models"][0]["operations"]] == ["a"]
    assert doc["models"][0]["operations"][0]["flags"]["x"]["default"] == 1
    package = tmp_path / "lib/pack"
    package.mkdir(parents=True)
    (package / "guild.yml").write_text("- package: pack\n- model: q\n  operations: {go: {exec: 'true'}}\n")
    (package / "__init__.py").write_text("")
    env = {"PYTHONPATH": tmp_path / "lib"}
    assert "package pack" in guild("help", "pack", env=env).stdout and "q:go" in guild("help", "pack", env=env).stdout
    assert "no directory and no installed package" in guild("help", "packed", env=env, code=1).stderr


def test_watch_with_the_exit_code(guild):
    for n, (status, exit_status, code) in enumerate([("completed", 0, 0), ("error", 3, 3), ("terminated", -15, 143), ("error", None, 1)]):
        make_run(guild.home, n, status=status, exit_status=exit_status, output="text\n")
        assert guild("watch", "1").stdout == "text\n"
        assert guild("watch", "1", "--exit-status", code=code).stdout == "text\n"


def test_a_comment_by_somebody_is_from_this_machine(guild):
    make_run(guild.home, 1)
    guild("comment", "-a", "x", "-u", "ann", "1", "-y", env={"HOST": "box"})
    guild("comment", "-a", "y", "-u", "bob@far", "1", "-y")
    comments = json.loads(guild("runs", "info", "-c", "--json").stdout)["comments"]
    assert [(c["user"], c["host"]) for c in comments] == [("ann", "box"), ("bob", "far")]
