"""Stores that other trackers made with their own API, imported and compared with what that API reads back; exports read by them."""

import json
import os
import shutil
import subprocess

import pytest

from conftest import ROOT
from events import read_scalars

pytestmark = [pytest.mark.registry, pytest.mark.slow]
JUDGE = ROOT / "tests" / "trackers_judge.py"


@pytest.fixture(scope="module")
def tools():
    """The folder of programs of an environment that has all trackers."""
    done = subprocess.run([ROOT / "scripts/venv.sh", "trackers"], capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        pytest.skip(f"the trackers cannot be installed: {done.stderr[-200:]}")
    return ROOT / ".venv/trackers/bin"


@pytest.fixture
def judge(tools, tmp_path):
    def call(verb, kind, folder):
        env = dict(os.environ, HOME=str(tmp_path), PATH=f"{tools}:{os.environ['PATH']}")
        done = subprocess.run([tools / "python", JUDGE, verb, kind, folder], capture_output=True, text=True, timeout=600, env=env, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout) if verb == "read" else None
    return call


def metrics_of(run, with_time=True):
    found = {}
    for tag, step, value, wall in read_scalars(run / ".guild"):
        found.setdefault(tag, []).append([step, repr(value), round(wall * 1000) if with_time else None])
    return {tag: sorted(values) for tag, values in found.items()}


def in_order(metrics):
    return {tag: sorted(values) for tag, values in metrics.items()}


def info(guild, run):
    return json.loads(guild("runs", "info", run.name, "--json").stdout)


def imported(guild, kind, store, *options, env=None):
    """{name in the store: run directory}; a second import finds the same."""
    shown = json.loads(guild("import", "--from", kind, store, "-y", "--json", *options, env=env, timeout=600).stdout)
    again = json.loads(guild("import", "--from", kind, store, "-y", "--json", *options, env=env, timeout=600).stdout)
    assert again["counts"]["new"] == 0 and again["counts"]["same"] == shown["counts"]["new"] - shown["counts"]["trashed"] or "--include-deleted" in options
    assert shown["counts"]["damaged"] == shown["counts"]["differs"] == 0
    return {run["source_id"]: guild.home / "runs" / run["id"] for run in shown["runs"]}


@pytest.mark.parametrize("kind", ["mlflow", "mlflow-db"])
def test_mlflow(guild, judge, tmp_path, kind):
    store = tmp_path / "store"
    judge("make", kind, store)
    said = judge("read", kind, store)
    path = f"sqlite:///{store}/mlflow.db" if kind == "mlflow-db" else store
    runs = imported(guild, "mlflow", path, "--include-deleted")
    assert runs.keys() == said.keys() and len(said) == 5
    statuses = {"FINISHED": 0, "FAILED": 1, "KILLED": -15, "RUNNING": ""}
    for name, run in said.items():
        if run["stage"] == "deleted":
            assert (guild.home / "trash/runs" / name / ".guild/opref").exists() and not runs[name].exists()
            continue
        shown = info(guild, runs[name])
        texts = shown["imported"].get("texts", {})
        assert {key: texts.get(key, str(value)) for key, value in shown["flags"].items()} == run["params"]
        assert metrics_of(runs[name]) == in_order(run["metrics"])
        assert shown["imported"].get("tags", {}) == run["tags"]
        assert (shown["operation"], shown["label"], shown["exit_status"]) == (run["experiment"], run["name"], statuses[run["status"]])
        for artifact, size in run["artifacts"].items():
            assert (runs[name] / artifact).stat().st_size == size
        assert int(guild.attr(runs[name], "started")) == run["start"] * 1000
    # And back: MLflow reads from our export what it read from its own store.
    guild("export", "--to", "mlflow", tmp_path / "out", "-y")
    back = judge("read", "mlflow", tmp_path / "out")
    kept = {name: run for name, run in said.items() if run["stage"] == "active"}
    assert back.keys() == kept.keys()
    for name, run in kept.items():
        ours = back[name]
        assert in_order(ours["metrics"]) == in_order(run["metrics"])
        for key in ("experiment", "name", "status", "start", "end", "params", "artifacts"):
            assert ours[key] == run[key], key
        assert ours["tags"].items() >= run["tags"].items()


def test_wandb(guild, judge, tmp_path):
    store = tmp_path / "store"
    judge("make", "wandb", store)
    (name, said), = judge("read", "wandb", store).items()
    run = imported(guild, "wandb-offline", store)[name]
    shown = info(guild, run)
    assert shown["imported"]["config"] == said["params"] and shown["flags"]["net.act"] == "relu" and shown["flags"]["later"] == 5
    metrics = {tag: values for tag, values in metrics_of(run).items() if not tag.startswith("sys/")}
    assert metrics.pop("best") == [[100_016, "3.25", 0]]
    assert metrics == in_order(said["metrics"]) and len(metrics["many"]) == 20_000
    assert any(tag.startswith("sys/") for tag in metrics_of(run))
    assert (shown["operation"], shown["label"], shown["exit_status"], shown["tags"]) == ("proj", "ünï", 3, ["a", "b"])
    assert shown["imported"]["group"] == "g" and "a note" in guild.attr(run, "comments") and (run / "saved.txt").read_text() == "saved"
    assert (run / "wandb-history.jsonl").read_text().count("a word") == 9
    # A log cut anywhere still gives what came before.
    log = next(store.glob("wandb/offline-run-*/*.wandb"))
    log.write_bytes(log.read_bytes()[:300_001])
    shutil.rmtree(guild.home)
    done = guild("import", "--from", "wandb-offline", store / "wandb", "-y")
    assert "ends within a record" in done.stderr
    cut = metrics_of(run)["many"]
    assert 100 < len(cut) < 20_000 and cut == in_order(said["metrics"])["many"][:len(cut)]
    assert not (run / ".guild/attrs/exit_status").exists()


def test_sacred(guild, judge, tmp_path):
    store = tmp_path / "store"
    judge("make", "sacred", store)
    said = judge("read", "sacred", store)
    runs = imported(guild, "sacred", store)
    for name, run in said.items():
        ours = runs[str(store / name)]
        shown = info(guild, ours)
        assert shown["imported"]["config"] == run["params"] and shown["flags"]["net.act"] == "ünï"
        assert metrics_of(ours, with_time=False) == in_order(run["metrics"])
        assert shown["status"] == {"COMPLETED": "completed", "FAILED": "error"}[run["status"]]
        assert (ours / "trackers_judge.py").read_bytes() == JUDGE.read_bytes()
    good = runs[str(store / "1")]
    assert (good / "model.bin").read_bytes() == bytes(99) and info(guild, good)["imported"]["result"] == 3.5
    assert info(guild, good)["imported"]["info"] == {"note": [1, {"a": 2}]} and "hello out" in guild("cat", "--output", good.name).stdout
    assert "no" in str(info(guild, runs[str(store / "2")])["imported"]["fail_trace"])
    (store / "2" / "metrics.json").write_text('{"x": {"ste')
    assert "metrics.json:1:" in guild("import", "--from", "sacred", store, "-y", code=1).stderr


def test_dvc(guild, judge, tools, tmp_path):
    store = tmp_path / "store"
    judge("make", "dvc", store)
    said = judge("read", "dvc", store)
    assert said.keys() == {"first", "second"}
    runs = imported(guild, "dvc", store, env={"PATH": f"{tools}:{os.environ['PATH']}"})
    shown = {info(guild, run)["label"]: (run, info(guild, run)) for run in runs.values()}
    assert shown.keys() == said.keys()
    for name, (run, about) in shown.items():
        assert about["flags"] == {"lr": said[name]["lr"], "net.a": 1}
        metrics = metrics_of(run)
        assert [m[:2] for m in metrics["loss"]] == [[n, repr(said[name]["lr"] / (n + 1))] for n in range(50)]
        assert len(metrics["train/acc"]) == 50 and metrics["train/acc"][7][2] > 1_600_000_000_000
        assert (run / "out.bin").read_bytes() == bytes(50)
    guild("import", "--from", "dvc", store, "-y", code=1, env={"PATH": "/nowhere"})


def test_dvclive(guild, judge, tmp_path):
    store = tmp_path / "store"
    judge("make", "dvclive", store)
    (said,) = judge("read", "dvclive", store).values()
    (run,) = imported(guild, "dvc", store).values()
    metrics = metrics_of(run)
    assert metrics.pop("best")[0][1] == "2.5"
    assert metrics == in_order(said["metrics"]) and len(metrics["many"]) == 1000
    assert info(guild, run)["flags"] == {"lr": 0.1, "net.layers": [1, 2]}


def test_aim(guild, judge, tools, tmp_path):
    store = tmp_path / "store"
    judge("make", "aim", store)
    (name, said), = judge("read", "aim", store).items()
    run = imported(guild, "aim", store, env={"GUILD_PYTHON_EXE": tools / "python", "HOME": tmp_path})[name]
    shown = info(guild, run)
    assert shown["flags"] == {"lr": 0.1, "layers": [1, 2], "net.act": "ünï", "other": 5} and shown["imported"]["attributes"] == said["params"]
    assert metrics_of(run, with_time=False) == in_order(said["metrics"])
    assert (shown["operation"], shown["label"], shown["tags"]) == ("exp", "a name", ["t1"]) and "a note" in guild.attr(run, "comments")
    done = guild("import", "--from", "aim", store, "-y", code=1, env={"GUILD_PYTHON_EXE": "/usr/bin/python3"})
    assert "which is not installed (/usr/bin/python3)" in done.stderr


def test_tensorboard(guild, tmp_path):
    """What tensorboardX and TensorBoard wrote is imported as it is; TensorBoard reads from our export what we have."""
    python = ROOT / ".venv/oracle/bin/python"
    if not python.exists():
        pytest.skip("TensorBoard is not installed in .venv/oracle")
    script = """import sys
from tensorboardX import SummaryWriter
for name in ("a", "a/deep"):
    w = SummaryWriter(sys.argv[1] + "/" + name)
    for n in range(1000):
        w.add_scalar("loss", n / 7, n * 2)
    w.add_histogram("h", [1, 2, 3], 1)
    w.add_hparams({"lr": 0.1, "name": "x", "on": True, "n": 3}, {"final": 2.0}, name="hp")
    w.close()
"""
    logs = tmp_path / "logs"
    subprocess.run([python, "-c", script, logs], check=True, capture_output=True, timeout=300)
    runs = imported(guild, "tensorboard", logs)
    assert {str(path).removeprefix(f"{logs}/") for path in runs} == {"a", "a/hp", "a/deep", "a/deep/hp"}
    for source, run in runs.items():
        for path in run.glob("*.tfevents.*"):
            assert path.read_bytes() == (logs.parent / source / path.name).read_bytes()
    shown = info(guild, runs[f"{logs}/a/hp"])
    assert shown["flags"] == {"lr": 0.1, "name": "x", "on": True, "n": 3} and shown["status"] == "completed"
    csv = tmp_path / "wide.csv"
    csv.write_text("id,step,metric:third,flag:x\n" + "".join(f"r,{n},{n / 3},1\n" for n in range(100)))
    guild("import", "--from", "csv", csv, "-y")
    guild("export", "--to", "tensorboard", tmp_path / "out", "-y")
    reader = """import json, pathlib, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
found = {}
for folder in pathlib.Path(sys.argv[1]).iterdir():
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0, "histograms": 0})
    events.Reload()
    found[folder.name] = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    found[folder.name]["hparams"] = [t for t in events.Tags()["tensors"] if t.startswith("_hparams_")]
print(json.dumps(found))
"""
    done = subprocess.run([python, "-c", reader, tmp_path / "out"], check=True, capture_output=True, text=True, timeout=300)
    found = json.loads(done.stdout)
    assert len(found) == 5 and all(len(run["hparams"]) == 3 for run in found.values())
    losses = [run["loss"] for run in found.values() if "loss" in run]
    assert len(losses) == 2 and all([e[0] for e in loss] == list(range(0, 2000, 2)) for loss in losses)
    third, = [run["third"] for run in found.values() if "third" in run]
    assert [e[0] for e in third] == list(range(100)) and all(abs(e[1] - e[0] / 3) < 1e-5 for e in third)


def test_parquet(guild, tmp_path):
    done = subprocess.run([ROOT / "scripts/venv.sh", "parquet"], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        pytest.skip("pyarrow cannot be installed")
    csv = tmp_path / "wide.csv"
    csv.write_text("id,step,metric:third,flag:x,flag:name,started\n" + "".join(f"r{n % 2},{n},{n / 3},{n % 2},ü,2026-01-01T00:00:00Z\n" for n in range(100)))
    guild("import", "--from", "csv", csv, "-y")
    guild("export", "--to", "parquet", tmp_path / "out", "-y")
    reader = """import json, sys, pyarrow.parquet as pq
runs = pq.read_table(sys.argv[1] + "/runs.parquet").to_pydict()
scalars = pq.read_table(sys.argv[1] + "/scalars.parquet").to_pydict()
print(json.dumps([runs, scalars], default=str))
"""
    done = subprocess.run([ROOT / ".venv/parquet/bin/python", "-c", reader, tmp_path / "out"], check=True, capture_output=True, text=True, timeout=300)
    runs, scalars = json.loads(done.stdout)
    assert runs["flag:name"] == ["ü", "ü"] and sorted(runs["flag:x"]) == [0, 1] and runs["started"][0].startswith("2026-01-01 00:00:00")
    assert sorted(scalars["step"]) == list(range(100)) and sorted(scalars["value"]) == [n / 3 for n in range(100)]
    assert sorted(runs["metric:third"]) == [98 / 3, 33.0]
