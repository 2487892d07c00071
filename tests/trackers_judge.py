"""Makes a store with each tracker's own API, and says as JSON what that API reads back.

usage: trackers_judge.py make KIND FOLDER     prints nothing
       trackers_judge.py read KIND FOLDER     prints {run: {"params": {...}, "metrics": {name: [[step, value, ms], ...]}, ...}}

Floats are printed by repr, so that NaN and infinity are what they are.
"""

import json
import math
import os
import pathlib
import subprocess
import sys

os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", WANDB_MODE="offline", WANDB_SILENT="true", GIT_PYTHON_REFRESH="quiet",
                  DVC_NO_ANALYTICS="1", DVCLIVE_LOGLEVEL="ERROR")
MANY = 100_000
CURVE = [1 / 3, 0.1, 1e300, 5e-324, math.nan, math.inf, -math.inf, 0.0, 2.0]


def points(values):
    return [[step, repr(float(value)), ms] for step, value, ms in values]


# ---- MLflow: folders, and SQLite ----------------------------------------------------------------------------------------------

def mlflow_client(kind, folder):
    from mlflow.tracking import MlflowClient
    return MlflowClient(f"sqlite:///{folder}/mlflow.db" if kind == "mlflow-db" else f"file:{folder}")


def make_mlflow(kind, folder):
    from mlflow.entities import Metric, Param
    client = mlflow_client(kind, folder)
    where = {"artifact_location": f"file://{folder}/artifacts"} if kind == "mlflow-db" else {}
    exp = client.create_experiment("ünï exp", tags={"team": "vision"}, **where)
    full = client.create_run(exp, run_name="full run", tags={"plain": "", "kind": "a=b", "mlflow.note.content": "two\nlines"}).info.run_id
    params = {"lr": 0.1, "text": "0.10", "none": None, "bool": True, "list": [1, "a"], "a/b": "ü\n x: [", "long": "y" * 6000, "yes": "yes"}
    client.log_batch(full, params=[Param(key, str(value)) for key, value in params.items()])
    for step, value in enumerate(CURVE):
        client.log_metric(full, "curve/x", value, step=step - 3, timestamp=1_700_000_000_000 + step)
    client.log_metric(full, "curve/x", 7.5, step=0, timestamp=1_700_000_009_999)
    for start in range(0, MANY if kind == "mlflow" else MANY // 10, 1000):
        client.log_batch(full, metrics=[Metric("many", n / 7, 1_700_000_000_000 + n, n) for n in range(start, start + 1000)])
    (folder / "weights.bin").write_bytes(bytes(range(256)))
    client.log_artifact(full, str(folder / "weights.bin"), "model/deep")
    (folder / "weights.bin").unlink()
    client.set_terminated(full)
    child = client.create_run(exp, tags={"mlflow.parentRunId": full}).info.run_id
    client.set_terminated(child, "KILLED")
    client.create_run(exp, run_name="unfinished")
    failed = client.create_run(exp, run_name="failed").info.run_id
    client.set_terminated(failed, "FAILED")
    client.delete_run(client.create_run(exp, run_name="deleted").info.run_id)


def read_mlflow(kind, folder):
    from mlflow.entities import ViewType
    client = mlflow_client(kind, folder)
    found = {}
    for exp in client.search_experiments():
        for run in client.search_runs([exp.experiment_id], run_view_type=ViewType.ALL):
            metrics = {}
            for key in run.data.metrics:
                metrics[key] = points((m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, key))
            found[run.info.run_id] = {
                "experiment": exp.name, "name": run.info.run_name, "status": run.info.status, "stage": run.info.lifecycle_stage,
                "start": run.info.start_time, "end": run.info.end_time, "params": run.data.params, "tags": run.data.tags,
                "metrics": metrics, "artifacts": artifacts(client, run.info.run_id, None)}
    return found


def artifacts(client, run_id, path):
    found = {}
    for item in client.list_artifacts(run_id, path):
        if item.is_dir:
            found.update(artifacts(client, run_id, item.path))
        else:
            found[item.path] = item.file_size
    return found


# ---- Weights & Biases ------------------------------------------------------------------------------------------------------------

def make_wandb(kind, folder):
    os.environ["WANDB_DIR"] = str(folder)
    import wandb
    run = wandb.init(project="proj", name="ünï", notes="a note", tags=["a", "b"], group="g", settings=wandb.Settings(x_stats_sampling_interval=1),
                     config={"lr": 0.1, "net": {"layers": [1, 2], "act": "relu"}, "none": None, "flag": True, "long": "y" * 70_000})
    for n in range(MANY // 5):
        run.log({"many": n / 7, "deep": {"er": n}})
    for step, value in enumerate(CURVE):
        run.log({"curve": value, "text": "a word"}, step=MANY + 2 * step)
    run.summary["best"] = 3.25
    run.config.update({"later": 5})
    (folder / "saved.txt").write_text("saved")
    run.save(str(folder / "saved.txt"), base_path=str(folder))
    run.finish(exit_code=3)


def wandb_records(path):
    """The log by wandb's own messages; the framing is LevelDB's."""
    import struct
    from wandb.proto import wandb_internal_pb2
    data = path.read_bytes()
    at, record = 7, b""
    while at < len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        piece = data[at + 7:at + 7 + size]
        at += 7 + size
        record = piece if kind in (1, 2) else record + piece
        if kind in (1, 4):
            message = wandb_internal_pb2.Record()
            message.ParseFromString(record)
            yield message


def read_wandb(kind, folder):
    path = next(folder.glob("wandb/offline-run-*/*.wandb"))
    config, metrics = {}, {}
    for record in wandb_records(path):
        for item in [*record.config.update, *record.run.config.update]:
            config[item.key or ".".join(item.nested_key)] = json.loads(item.value_json)
        row = {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in record.history.item}
        for key, value in row.items():
            if not key.startswith("_") and isinstance(value, (int, float)):
                metrics.setdefault(key, []).append([row["_step"], repr(float(value)), round(row["_timestamp"] * 1000)])
    config.pop("_wandb", None)
    return {path.parent.name: {"params": config, "metrics": metrics}}


# ---- Sacred ----------------------------------------------------------------------------------------------------------------------

def make_sacred(kind, folder):
    import sacred
    from sacred.observers import FileStorageObserver

    def run(name, fails):
        ex = sacred.Experiment(name, interactive=True, save_git_info=False)
        ex.observers.append(FileStorageObserver(str(folder)))
        ex.add_config(lr=0.1, net={"layers": [1, 2], "act": "ünï"}, seed=7)

        @ex.main
        def main(_run):
            print("hello out")
            for step, value in enumerate(CURVE):
                _run.log_scalar("curve.x", value, step * 2)
            for n in range(MANY // 5):
                _run.log_scalar("many", n / 7, n)
            if fails:
                raise ValueError("no")
            path = folder / "model.bin"
            path.write_bytes(bytes(99))
            ex.add_artifact(str(path), "model.bin")
            path.unlink()
            _run.info["note"] = [1, {"a": 2}]
            return 3.5

        ex.run()

    run("good", False)
    try:
        run("bad", True)
    except ValueError:
        pass


def read_sacred(kind, folder):
    found = {}
    for path in sorted(folder.glob("[0-9]*")):
        metrics = json.loads((path / "metrics.json").read_text())
        found[path.name] = {
            "params": json.loads((path / "config.json").read_text()),
            "metrics": {name: [[step, repr(float(value)), None] for step, value in zip(m["steps"], m["values"])] for name, m in metrics.items()},
            "status": json.loads((path / "run.json").read_text())["status"]}
    return found


# ---- DVC ---------------------------------------------------------------------------------------------------------------------------

TRAIN = """import yaml
from dvclive import Live
params = yaml.safe_load(open("params.yaml"))
with Live(save_dvc_exp=False) as live:
    live.log_params(params)
    for n in range(50):
        live.log_metric("loss", params["lr"] / (n + 1))
        live.log_metric("train/acc", n / 7, timestamp=True)
        live.next_step()
open("out.bin", "wb").write(bytes(50))
"""


def make_dvc(kind, folder):
    if kind == "dvclive":
        from dvclive import Live
        with Live(str(folder / "dvclive"), save_dvc_exp=False, dvcyaml=None) as live:
            live.log_params({"lr": 0.1, "net": {"layers": [1, 2]}})
            for n in range(MANY // 100):
                live.log_metric("many", n / 7)
                live.log_metric("curve/x", CURVE[n % len(CURVE)], timestamp=True)
                live.next_step()
            live.summary["best"] = 2.5
        return
    def run(*words):
        env = dict(os.environ, PATH=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}", GIT_AUTHOR_NAME="n", GIT_AUTHOR_EMAIL="e@x",
                   GIT_COMMITTER_NAME="n", GIT_COMMITTER_EMAIL="e@x")
        subprocess.run(words, cwd=folder, check=True, env=env, stdout=subprocess.DEVNULL)

    run("git", "init", "-q")
    run("dvc", "init", "-q")
    (folder / "train.py").write_text(TRAIN)
    (folder / "params.yaml").write_text("lr: 0.5\nnet: {a: 1}\n")
    (folder / "dvc.yaml").write_text(f"stages:\n  train:\n    cmd: {sys.executable} train.py\n    deps: [train.py]\n    params: [lr, net]\n"
                                     "    outs: [out.bin]\nmetrics: [dvclive/metrics.json]\nplots: [{dvclive/plots/metrics: {x: step}}]\n")
    run("git", "add", "-A")
    run("git", "commit", "-qm", "start")
    for name, lr in (("first", "0.25"), ("second", "0.125")):
        run("dvc", "exp", "run", "-q", "-n", name, "-S", f"lr={lr}")


def read_dvc(kind, folder):
    if kind == "dvclive":
        found = {}
        for path in (folder / "dvclive/plots/metrics").rglob("*.tsv"):
            rows = [line.split("\t") for line in path.read_text().splitlines()]
            at = rows[0].index("step")
            name = str(path.relative_to(folder / "dvclive/plots/metrics"))[:-4]
            found[name] = [[int(row[at]), repr(float(row[-1])), int(row[0]) if at else 0] for row in rows[1:]]
        return {"dvclive": {"metrics": found}}
    import dvc.api
    os.chdir(folder)
    return {row["Experiment"]: {"lr": row["params.yaml:lr"], "loss": row["loss"], "acc": row["train.acc"]}
            for row in dvc.api.exp_show() if row["Experiment"]}


# ---- Aim -----------------------------------------------------------------------------------------------------------------------------

def make_aim(kind, folder):
    from aim import Run
    subprocess.run([pathlib.Path(sys.executable).parent / "aim", "init", "-s"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    run = Run(repo=str(folder), experiment="exp", system_tracking_interval=None, capture_terminal_logs=False)
    run["hparams"] = {"lr": 0.1, "layers": [1, 2], "net": {"act": "ünï"}}
    run["other"] = 5
    run.name, run.description = "a name", "a note"
    run.add_tag("t1")
    for step, value in enumerate(CURVE):
        run.track(value, name="curve", step=step * 2)
    for n in range(MANY // 20):
        run.track(n / 7, name="many", step=n, context={"subset": "train"})
    run.close()
    subprocess.run([pathlib.Path(sys.executable).parent / "aim", "storage", "--repo", folder, "reindex"], input=b"y\n", check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read_aim(kind, folder):
    from aim import Repo
    found = {}
    for run in Repo(str(folder)).iter_runs():
        metrics = {}
        for metric in run.metrics():
            steps, (values,) = metric.data.view(("val",)).items_list()
            name = "/".join([*map(str, metric.context.to_dict().values()), metric.name])
            metrics[name] = [[step, repr(float(value)), None] for step, value in zip(steps, values)]
        found[run.hash] = {"params": json.loads(json.dumps(run[...], default=list)), "metrics": metrics, "name": run.name}
    return found


KINDS = {"mlflow": (make_mlflow, read_mlflow), "mlflow-db": (make_mlflow, read_mlflow), "wandb": (make_wandb, read_wandb),
         "sacred": (make_sacred, read_sacred), "dvc": (make_dvc, read_dvc), "dvclive": (make_dvc, read_dvc), "aim": (make_aim, read_aim)}

if __name__ == "__main__":
    verb, tool, where = sys.argv[1:]
    at = pathlib.Path(where).resolve()
    at.mkdir(parents=True, exist_ok=True)
    if verb == "make":
        KINDS[tool][0](tool, at)
    else:
        print(json.dumps(KINDS[tool][1](tool, at)))
