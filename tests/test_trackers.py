"""Stores of other trackers, made by hand: what becomes of them. tests/test_trackers_judged.py lets the tools themselves make and read them."""

import json
import math
import shutil
import subprocess
import sys

import pytest

from conftest import ROOT
from conftest import ROOT
from events import read_scalars, write_events

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


def scalars(run):
    return [v[:3] for v in read_scalars(run / ".guild")]


def only(guild, kind, store, *options, env=None):
    """The run that a store of one becomes."""
    shown = json.loads(guild("import", "--from", kind, store, "-y", "--json", *options, env=env).stdout)
    assert shown["counts"]["new"] == 1
    return guild.home / "runs" / shown["runs"][0]["id"], shown


def info(guild, run):
    return json.loads(guild("runs", "info", run.name, "--json").stdout)


def test_csv(guild, tmp_path):
    table = put(tmp_path, {"res.csv": "\ufeffname,lr,metric:loss,acc,tags,status,started,note\n"
                                      "first,0.10,0.5,1,\"a, b\",failed,2026-11-30T19:14:22.5+01:00,x\nsecond,1e-3,nan,0.25,,,1700000000,\n"}) / "res.csv"
    guild("import", "--from", "csv", table, "-y", "--metric-col", "acc", "--skip-col", "note")
    runs = {info(guild, run)["label"]: run for run in guild.runs()}
    first = info(guild, runs["first"])
    assert first["flags"] == {"lr": 0.1} and first["imported"]["texts"] == {"lr": "0.10"} and first["tags"] == ["a", "b"]
    assert first["status"] == "error" and guild.attr(runs["first"], "started") == "1796062462500000\n" and first["operation"] == "res"
    assert scalars(runs["first"]) == [("loss", 0, 0.5), ("acc", 0, 1.0)] and guild.attr(runs["second"], "started") == "1700000000000000\n"
    put(tmp_path, {"long.csv": "run,epoch,when,loss\nr1,1,5,1.5\nr1,2,6,x\nr1,3.0,7.5,inf\n"})
    done = guild("import", "--from", "csv", tmp_path / "long.csv", "-y", "--step-col", "epoch", "--time-col", "when", "--metric-col", "loss")
    assert "'x' is no number" in done.stderr
    run, = [run for run in guild.runs() if info(guild, run)["label"] == "r1"]
    assert read_scalars(run / ".guild") == [("loss", 1, 1.5, 5.0), ("loss", 3, math.inf, 7.5)]
    assert "no column 'nope'" in guild("import", "--from", "csv", table, "-y", "--id-col", "nope", code=1).stderr
    put(tmp_path, {"open.csv": "a,b\n1,\"2\n"})
    assert "line 2, column 3: the quote that begins here is not closed" in guild("import", "--from", "csv", tmp_path / "open.csv", "-y", code=1).stderr
    assert guild("import", "--from", "csv", table, "1", code=2).stderr.startswith("guild: '--from' imports all runs")


def test_tensorboard(guild, tmp_path):
    logs = tmp_path / "logs"
    write_events(logs, {"loss": [(0, 0.5), (1, 0.25)]})
    write_events(logs / "deep/er", {"acc": [(3, 1.0)]})
    seeds = ROOT / "fuzz/seeds/trackers"
    put(logs / "deep/er", {"events.out.tfevents.2.hparams": (seeds / "tensorboard").read_bytes()[1:]})
    (logs / "loop").symlink_to(logs)
    guild("import", "--from", "tensorboard", logs, "-y")
    runs = {info(guild, run)["label"]: run for run in guild.runs()}
    assert runs.keys() == {"logs", "deep/er"}
    assert info(guild, runs["deep/er"])["flags"] == {"lr": 0.1, "n": 5, "opt/name": "adam"}
    shown = guild("compare", "--csv", "-").stdout
    assert "completed,logs,1,0.25,,,,\n" in shown and "completed,deep/er,3,,0.1,5,adam,1.0\n" in shown
    assert "holds no TensorBoard event file" in guild("import", "--from", "tensorboard", guild.cwd, "-y", code=1).stderr


def test_wandb(guild, tmp_path):
    log = (ROOT / "fuzz/seeds/trackers/wandb").read_bytes()[1:]
    store = put(tmp_path / "wandb", {"offline-run-1-x/run-x.wandb": log, "offline-run-1-x/files/media/a.txt": "a",
                                     "offline-run-1-x/files/requirements.txt": "a==1\nb==2\n"})
    (store / "latest-run").symlink_to("offline-run-1-x")
    run, shown = only(guild, "wandb-offline", tmp_path)
    about = info(guild, run)
    assert about["flags"] == {"later": 5, "opt.x": 1} and about["exit_status"] == 3 and about["operation"] == "proj"
    assert [v for v in scalars(run) if v[0] in ("a", "b.c.d")] == [(tag, n, float(n)) for n in range(3) for tag in ("a", "b.c.d")] or \
        sorted(v for v in scalars(run) if v[0] == "a") == [("a", n, float(n)) for n in range(3)]
    assert (run / "media/a.txt").exists() and "a==1" in guild.attr(run, "pip_freeze")
    assert guild("cat", "--output", run.name).stdout == "to stdout\nto stderr\n"
    # A torn end is a run that never ended; a damaged middle loses what follows; neither is a failure.
    for data, said in ((log[:-5], "ends within a record"), (log[:1000] + b"\xff" + log[1001:], "follows a damaged record")):
        shutil.rmtree(guild.home)
        put(store, {"offline-run-1-x/run-x.wandb": data})
        assert said in guild("import", "--from", "wandb-offline", store, "-y").stderr
        assert not (guild.home / "runs" / run.name / ".guild/attrs/exit_status").exists()
    put(store, {"offline-run-1-x/run-x.wandb": "no log"})
    assert "no log of wandb" in guild("import", "--from", "wandb-offline", store, "-y", code=1).stderr
    # Without the log there is what lies beside it.
    (store / "offline-run-1-x/run-x.wandb").unlink()
    put(store, {"offline-run-1-x/files/config.yaml": "lr: {desc: null, value: 0.1}\n", "offline-run-1-x/files/wandb-summary.json": '{"_step": 7, "loss": 0.5}'})
    shutil.rmtree(guild.home)
    run, shown = only(guild, "wandb-offline", store)
    assert info(guild, run)["flags"] == {"lr": 0.1} and scalars(run) == [("loss", 7, 0.5)]


def test_sacred_and_dvclive(guild, tmp_path):
    store = put(tmp_path / "sacred", {
        "1/run.json": json.dumps({"status": "INTERRUPTED", "start_time": "2026-11-30T19:14:22.201074", "experiment": {"name": "exp", "sources": [["a.py", "_sources/a_0.py"], ["b.py", "../../etc/passwd"]]},
                                  "host": {"hostname": "h"}, "artifacts": ["art.txt"], "meta": {"comment": "a note"}}),
        "1/config.json": '{"lr": 0.1, "net": {"a": [1]}}', "1/metrics.json": '{"x": {"steps": [5], "timestamps": ["2026-11-30T19:14:23"], "values": [NaN]}}',
        "1/cout.txt": "out\n", "1/art.txt": "art", "_sources/a_0.py": "pass\n"})
    run, _ = only(guild, "sacred", store)
    about = info(guild, run)
    assert about["flags"] == {"lr": 0.1, "net.a": [1]} and about["status"] == "terminated" and about["operation"] == "exp"
    (tag, step, value, wall), = read_scalars(run / ".guild")
    assert (tag, step, wall) == ("x", 5, 1796066063.0) and math.isnan(value)
    assert sorted(p.name for p in run.iterdir()) == [".guild", "a.py", "art.txt"] and guild("cat", "--output", run.name).stdout == "out\n"
    live = put(tmp_path / "live", {"params.yaml": "lr: 0.5\n", "metrics.json": '{"loss": 1, "deep": {"er": "nan"}, "step": 4}',
                                   "plots/metrics/loss.tsv": "step\tloss\n0\t2.0\n1\t1.0\nx\n", "plots/metrics/train/acc.tsv": "timestamp\tstep\tacc\n5000\t0\t0.1\n"})
    run, _ = only(guild, "dvc", live)
    assert info(guild, run)["flags"] == {"lr": 0.5}
    assert [v for v in scalars(run) if v[0] != "deep/er"] == [("loss", 0, 2.0), ("loss", 1, 1.0), ("train/acc", 0, 0.1)] and "deep/er" in [v[0] for v in scalars(run)]
    for kind in ("sacred", "dvc", "aim", "wandb-offline"):
        done = guild("import", "--from", kind, guild.cwd, "-y", code=1)
        assert len(done.stderr.splitlines()) == 1 and str(guild.cwd) in done.stderr


def test_export(guild, tmp_path):
    guild("import", "--from", "mlflow", mlflow_store(tmp_path / "mlruns"), "-y")
    out = tmp_path / "out"
    for _ in range(2):
        guild("export", "--to", "mlflow", out, "-y")
    folder, = [p for p in out.iterdir() if p.name != "0"]
    assert "name: \"\\xFCn\\xEF exp\"" in (folder / "meta.yaml").read_text() and (folder / "tags/team").read_text() == "vision"
    run = folder / RUN_A
    for name in ("lr", "opt/name", "on", "odd", "list", "huge", "empty", "lines"):
        assert (run / "params" / name).read_bytes() == (tmp_path / "mlruns/7" / RUN_A / "params" / name).read_bytes(), name
    assert (run / "metrics/loss").read_text() == "1700000001000 0.1 -3\n1700000002500 1e+300 0\n1700000003000 nan 9007199254740993\n1700000004000 0.5 0\n"
    assert (run / "artifacts/model/weights.bin").exists() and (run / "tags/kind").read_text() == "best"
    assert "status: 1\n" in (folder / RUN_C / "meta.yaml").read_text()
    # What the other tool added stays; what differs is not overwritten.
    put(run, {"tags/new": "x"})
    assert "2 run(s) were there already and are the same" in guild("export", "--to", "mlflow", out, "-y").stderr
    put(run, {"params/lr": "9"})
    done = guild("export", "--to", "mlflow", out, "-y", code=1)
    assert "is there already and differs" in done.stderr and (run / "params/lr").read_text() == "9"
    guild("export", "--to", "mlflow", out, "-y", "--skip-differing")
    guild("export", "--to", "mlflow", out, "-y", "--replace")
    assert (run / "params/lr").read_text() == "0.10" and not (run / "tags/new").exists()
    assert "holds other things" in guild("export", "--to", "mlflow", tmp_path, "-y", code=1).stderr
    assert not list(tmp_path.rglob(".guild-export*"))
    # Tables say the same, and come back.
    guild("export", "--to", "csv", tmp_path / "tables", "-y")
    guild("export", "--to", "csv", tmp_path / "one.csv", RUN_A, "-y")
    assert "'lr'" not in (tmp_path / "one.csv").read_text() and "flag:opt/name" in (tmp_path / "one.csv").read_text()
    assert "exists already" in guild("export", "--to", "csv", tmp_path / "one.csv", RUN_A, "-y", code=1).stderr
    want = read_scalars(guild.home / "runs" / RUN_A / ".guild")
    shutil.rmtree(guild.home)
    guild("import", "--from", "csv", tmp_path / "tables/scalars.csv", "-y")
    assert repr(sorted(read_scalars(guild.home / "runs" / RUN_A / ".guild"), key=repr)) == repr(sorted(want, key=repr))
    guild("export", "--to", "tensorboard", tmp_path / "logs", "-y")
    folder, = (tmp_path / "logs").iterdir()
    assert folder.name.startswith("aaaaaaaa scalars") and len(list(folder.glob("*.tfevents.*"))) == 2
    assert len(read_scalars(folder.parent / folder.name)) >= 5
    assert "choose one of csv|mlflow|parquet|tensorboard" in guild("export", "--to", "tensorbord", tmp_path / "x", "-y", code=2).stderr


def kill_within(guild, *args, after):
    """Starts guild and kills it when it made `after` directory entries where it works; True when it was killed."""
    child = subprocess.Popen([guild.program, *map(str, args)], cwd=guild.cwd, env=guild.env(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while child.poll() is None and not after():
        pass
    child.kill()
    return child.wait() != 0


def test_killed_imports_and_exports_go_on(guild, tmp_path):
    store, count = tmp_path / "mlruns", 60
    subprocess.run([sys.executable, ROOT / "bench/make_mlflow.py", store, str(count)], check=True)
    runs, out = guild.home / "runs", tmp_path / "out"

    def here(folder):
        try:
            return [p for p in folder.iterdir() if not p.name.startswith(".")]
        except FileNotFoundError:
            return []

    guild.home.mkdir()
    killed = [kill_within(guild, "import", "--from", "mlflow", store, "-y", after=lambda wanted=wanted: len(here(runs)) >= wanted) for wanted in (1, 20, 45)]
    assert killed[0]
    for run in here(runs):
        assert (run / ".guild/opref").exists() and (run / ".guild/attrs/imported").exists() and len(read_scalars(run / ".guild")) == 100
    before = len(here(runs))
    shown = json.loads(guild("import", "--from", "mlflow", store, "-y", "--json").stdout)
    assert shown["counts"]["same"] == before and shown["counts"]["new"] == count - before and shown["counts"]["differs"] == 0
    assert not [p for p in runs.iterdir() if p.name.startswith(".")]
    assert kill_within(guild, "export", "--to", "mlflow", out, "-y", after=lambda: len(list(out.glob("[1-9]*/*/meta.yaml"))) >= 10)
    for run in out.glob("[1-9]*/*/meta.yaml"):
        assert (run.parent / "metrics/m4").read_text().count("\n") == 20 and (run.parent / "artifacts/model/weights.bin").exists()
    guild("export", "--to", "mlflow", out, "-y")
    assert len(list(out.glob("[1-9]*/*/meta.yaml"))) == count and not list(out.glob(".guild-export*"))
