"""Stores of other trackers, made by hand: what becomes of them. tests/test_trackers_judged.py lets the tools themselves make and read them."""

import json
import math
import shutil
import subprocess

import pytest

from conftest import ROOT
from events import read_scalars

RUN_A = "a" * 31 + "1"
RUN_B = "b" * 31 + "2"
RUN_C = "c" * 31 + "3"


def put(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def meta(run_id, status=3, stage="active", end="1700000010000"):
    return (f"artifact_uri: file:///gone/{run_id}/artifacts\nend_time: {end}\nentry_point_name: ''\nexperiment_id: '7'\nlifecycle_stage: {stage}\n"
            f"run_id: {run_id}\nrun_name: a run\nsource_name: train.py\nsource_type: 4\nsource_version: ''\nstart_time: 1700000000000\n"
            f"status: {status}\ntags: []\nuser_id: ann\n")


def mlflow_store(folder):
    return put(folder, {
        "0/meta.yaml": "experiment_id: '0'\nname: Default\nlifecycle_stage: active\n",
        "7/meta.yaml": "experiment_id: '7'\nname: ünï exp\nlifecycle_stage: active\n",
        "7/tags/team": "vision",
        f"7/{RUN_A}/meta.yaml": meta(RUN_A),
        f"7/{RUN_A}/params/lr": "0.10",
        f"7/{RUN_A}/params/opt/name": "adam",
        f"7/{RUN_A}/params/on": "no",
        f"7/{RUN_A}/params/odd": "1:30",
        f"7/{RUN_A}/params/list": "[1, a]",
        f"7/{RUN_A}/params/huge": "x" * 6000,
        f"7/{RUN_A}/params/empty": "",
        f"7/{RUN_A}/params/lines": "a\n b: [\n",
        f"7/{RUN_A}/tags/mlflow.note.content": "first\n\nsecond",
        f"7/{RUN_A}/tags/mlflow.source.git.commit": "0123abc",
        f"7/{RUN_A}/tags/kind": "best",
        f"7/{RUN_A}/metrics/loss": "1700000001000 0.1 -3\n1700000002500 1e300 0\n1700000003000 nan 9007199254740993\nbroken\n1700000004000 0.5",
        f"7/{RUN_A}/metrics/val/acc": "1700000001000 -inf 2\n",
        f"7/{RUN_A}/artifacts/model/weights.bin": b"\x00\x01",
        f"7/{RUN_A}/artifacts/.guild/opref": "no",
        f"7/{RUN_B}/meta.yaml": meta(RUN_B, stage="deleted"),
        f"7/{RUN_C}/meta.yaml": meta(RUN_C, status=1, end="null"),
        f"7/{RUN_C}/tags/mlflow.parentRunId": RUN_A,
        "7/datasets/x/meta.yaml": "no: run\n",
    })


def test_mlflow_folders(guild, tmp_path):
    store = mlflow_store(tmp_path / "mlruns")
    (store / f"7/{RUN_A}/artifacts/out").symlink_to("/etc/hostname")
    (store / f"7/{RUN_A}/artifacts/in").symlink_to("model/weights.bin")
    done = guild("import", "--from", "mlflow", store, "-y")
    assert "Imported 2 run(s)" in done.stderr and "1 run(s) are deleted there" in done.stderr
    assert done.stderr.count("left out") >= 4 and "opref' was left out" in done.stderr
    run = guild.home / "runs" / RUN_A
    assert sorted(p.name for p in guild.runs()) == [RUN_A, RUN_C]
    assert (run / "model/weights.bin").read_bytes() == b"\x00\x01" == (run / "in").read_bytes()
    assert not (run / "out").exists() and not (run / "in").is_symlink()
    shown = json.loads(guild("runs", "info", RUN_A, "--json").stdout)
    assert shown["operation"] == "ünï exp" and shown["status"] == "completed" and shown["label"] == "a run"
    assert shown["flags"] == {"lr": 0.1, "opt/name": "adam", "on": False, "odd": "1:30", "list": [1, "a"], "huge": "x" * 6000,
                              "empty": "", "lines": "a\n b: [\n"}
    about = shown["imported"]
    assert about["texts"] == {"lr": "0.10", "on": "no", "list": "[1, a]"}
    assert about["experiment"] == {"id": "7", "name": "ünï exp", "tags": {"team": "vision"}}
    assert shown["tags"] == ["kind=best"] and about["tags"]["mlflow.note.content"] == "first\n\nsecond"
    assert "git:0123abc" in guild.attr(run, "vcs_commit") and "first" in guild.attr(run, "comments")
    values = read_scalars(run / ".guild")
    assert [v[:3] for v in values if v[0] == "loss" and not math.isnan(v[2])] == [("loss", -3, 0.1), ("loss", 0, 1e300), ("loss", 0, 0.5)]
    assert ("loss", 9007199254740993) in [v[:2] for v in values] and ("val/acc", 2, -math.inf, 1700000001.0) in values
    assert 1700000002.5 in [v[3] for v in values]
    unfinished = json.loads(guild("runs", "info", RUN_C, "--json").stdout)
    assert unfinished["imported"]["parent"] == RUN_A and unfinished["imported"]["status"] == "RUNNING"
    assert not (guild.home / "runs" / RUN_C / ".guild/attrs/exit_status").exists()


def test_imports_are_repeatable(guild, tmp_path):
    store = mlflow_store(tmp_path / "mlruns")
    shown = json.loads(guild("import", "--from", "mlflow", store, "--dry-run", "--json").stdout)
    assert shown["counts"]["new"] == 2 and not (guild.home / "runs").exists()
    assert "will be imported. Continue?" in guild("import", "--from", "mlflow", store, stdin="n\n", code=4).stderr
    guild("import", "--from", "mlflow", store, "-y")
    run = guild.home / "runs" / RUN_A
    guild("label", "-s", "mine", RUN_A, "-y")
    # Elsewhere, it is the same store.
    store = store.rename(tmp_path / "moved")
    again = json.loads(guild("import", "--from", "mlflow", store, "-y", "--json").stdout)
    assert again["counts"]["same"] == 2 and again["counts"]["new"] == 0 and "mine" in guild.attr(run, "label")
    # A killed import left half a run.
    left = put(guild.home / "runs" / f".import-{subprocess.check_output(['hostname'], text=True).strip()}.4194000", {"x/.guild/opref": "?"})
    # Changed here, changed there, another run of that name.
    (store / f"7/{RUN_A}/metrics/loss").write_text("1700000001000 0.2 1\n")
    shutil.rmtree(guild.home / "runs" / RUN_C)
    put(guild.home / "runs" / RUN_C, {".guild/opref": "test:'' '' '' x"})
    done = guild("import", "--from", "mlflow", store, "-y", code=1)
    assert "has changed since it was imported" in done.stderr and "another run has its id" in done.stderr
    assert "hint: --replace" in done.stderr and not left.exists()
    assert len(read_scalars(run / ".guild")) > 1
    done = guild("import", "--from", "mlflow", store, "-y", "--replace", code=1)
    assert "1 run(s) were replaced" in done.stderr and "1 run(s) differ" in done.stderr
    assert [v[2] for v in read_scalars(run / ".guild") if v[0] == "loss"] == [0.2]
    assert (guild.home / "trash/runs" / RUN_A / "model/weights.bin").exists()
    # In the trash is in the trash; deleted there comes into it.
    shutil.rmtree(guild.home / "trash")
    guild("runs", "delete", RUN_A, "-y")
    shown = json.loads(guild("import", "--from", "mlflow", store, "-y", "--include-deleted", "--json", code=1).stdout)
    assert shown["counts"]["trashed"] == 1 and shown["counts"]["new"] == 1
    assert (guild.home / "trash/runs" / RUN_B / ".guild/opref").exists()
    # One damaged run does not keep the others away.
    (store / f"7/{RUN_C}/meta.yaml").write_text("run_id: [\n")
    done = guild("import", "--from", "mlflow", store, "-y", code=1)
    assert "cannot import" in done.stderr and "1 run(s) could not be imported" in done.stderr


@pytest.mark.parametrize("args, said", [
    (["nowhere"], "'nowhere' does not exist"),
    (["."], "is no MLflow store"),
    (["s3://bucket/mlruns"], "is no file or folder of this machine"),
    (["text"], "is no MLflow store"),
    (["broken.db"], "cannot read the MLflow database"),
])
def test_no_mlflow_store(guild, args, said):
    guild.write("text", "x")
    (guild.cwd / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    done = guild("import", "--from", "mlflow", *args, "-y", code=1)
    assert said in done.stderr and len(done.stderr.splitlines()) <= 2
    assert guild("import", "--from", "mlfow", ".", "-y", code=None).stderr.startswith("guild: ")
