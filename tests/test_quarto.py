"""Quarto documents: front matter is the operation, params are flags. Quarto itself is a stub here."""

import pytest
import yaml

DOCUMENT = """\
---
title: "Report"
description: Makes a report
params:
  alpha: 0.1
  name: bob
  draft: true
output-scalars: '(loss): (\\value)'
format: html
---

# Report
"""


@pytest.fixture
def quarto(guild, tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    stub = folder / "quarto"
    stub.write_text('#!/bin/sh\necho "quarto $*"\n[ ! -f doc-flags.yml ] || cat doc-flags.yml\necho "loss: 0.5"\n')
    stub.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_params_are_flags(guild, quarto):
    guild.write("doc.qmd", DOCUMENT)
    flags = yaml.safe_load(guild("run", "doc.qmd", "--test-flags").stdout)
    assert flags["flags-dest"] == "config:doc-flags.yml"
    assert {n: f["default"] for n, f in flags["flags"].items()} == {"alpha": 0.1, "name": "bob", "draft": True}
    assert "Makes a report" in guild("run", "doc.qmd", "--help-op").stdout
    done = guild("run", "doc.qmd", "-y", "alpha=0.5", env=quarto)
    assert done.stdout == (
        "quarto render doc.qmd --execute-params doc-flags.yml --to all,json\n"
        "alpha: 0.5\ndraft: true\nname: bob\nloss: 0.5\n"
    )
    run = guild.runs()[-1]
    assert (run / "doc.qmd").read_text() == DOCUMENT
    assert "loss" in guild("runs", "info").stdout
    guild("run", "--restart", run.name, "-y", "alpha=0.7", env=quarto)
    assert yaml.safe_load((run / "doc-flags.yml").read_text())["alpha"] == 0.7


def test_a_file_of_parameters_in_the_project_is_filled(guild, quarto):
    guild.write("doc.qmd", DOCUMENT)
    guild.write("doc-flags.yml", "# mine\nalpha: 9\nother: kept\n")
    done = guild("run", "doc.qmd", "-y", "alpha=0.5", env=quarto)
    assert "alpha: 0.5" in done.stdout and "other: kept" in done.stdout
    assert (guild.cwd / "doc-flags.yml").read_text() == "# mine\nalpha: 9\nother: kept\n"


def test_a_document_without_params(guild, quarto):
    guild.write("sub/doc.qmd", "---\ntitle: x\n---\n")
    done = guild("run", "sub/doc.qmd", "-y", env=quarto)
    assert done.stdout == "quarto render doc.qmd --to all,json\nloss: 0.5\n"


def test_bad_documents(guild):
    guild.write("doc.qmd", "# no front matter\n")
    assert guild("run", "doc.qmd", "-y", code=1).stderr.startswith("guild: doc.qmd:1: no front matter")
    guild.write("doc.qmd", "---\na: [\n---\n")
    assert guild("run", "doc.qmd", "-y", code=1).stderr.startswith("guild: doc.qmd:")
    guild.write("doc.qmd", "---\n- a\n---\n")
    assert "no mapping" in guild("run", "doc.qmd", "-y", code=1).stderr
    assert guild.runs() == []


def test_quarto_itself_is_missing(guild, tmp_path):
    guild.write("doc.qmd", DOCUMENT)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "cannot start 'quarto'" in guild("run", "doc.qmd", "-y", env={"PATH": empty}, code=127).stderr


@pytest.mark.slow
@pytest.mark.differential
def test_records_agree(guild, oracle, quarto):
    guild.write("doc.qmd", DOCUMENT)
    guild("run", "doc.qmd", "-y", "alpha=0.5", env=quarto)
    oracle("run", "doc.qmd", "-y", "alpha=0.5", env=quarto)
    mine, theirs = guild.runs()
    ops = [yaml.safe_load(guild.attr(run, "op")) for run in (mine, theirs)]
    assert ops[0]["op-cmd"]["cmd-args"] == ops[1]["op-cmd"]["cmd-args"]
    assert ops[0]["op-cmd"]["flags-dest"] == ops[1]["op-cmd"]["flags-dest"]
    assert ops[0]["deps"] == ops[1]["deps"] and ops[0]["output-scalars"] == ops[1]["output-scalars"]
    assert guild.attr(mine, "flags") == guild.attr(theirs, "flags")
    assert (mine / ".guild/opref").read_text() == (theirs / ".guild/opref").read_text()
