#!/usr/bin/env python3
"""Makes a store of folders as MLflow writes them, without MLflow: N runs of 10 parameters, 5 metrics of 20 steps, 4 tags and one file.

usage: bench/make_mlflow.py FOLDER [N]
"""

import pathlib
import random
import sys

META = """artifact_uri: file://{where}/artifacts
end_time: {end}
entry_point_name: ''
experiment_id: '{exp}'
lifecycle_stage: active
run_id: {name}
run_name: run {n}
run_uuid: {name}
source_name: ''
source_type: 4
source_version: ''
start_time: {start}
status: 3
tags: []
user_id: bench
"""


def make_run(folder, exp, n, dice):
    name = f"{dice.getrandbits(128):032x}"
    where = folder / str(exp) / name
    start = 1_700_000_000_000 + n * 60_000
    files = {"meta.yaml": META.format(where=where, exp=exp, name=name, n=n, start=start, end=start + 50_000)}
    for i in range(10):
        files[f"params/p{i}"] = repr(dice.random())
    for i in range(5):
        files[f"metrics/m{i}"] = "".join(f"{start + step} {dice.random()!r} {step}\n" for step in range(20))
    files.update({"tags/mlflow.runName": f"run {n}", "tags/mlflow.user": "bench", "tags/team": "vision", "tags/kind": str(n % 7),
                  "artifacts/model/weights.bin": "x" * 1000})
    for kind in ("params", "metrics", "tags", "artifacts/model"):
        (where / kind).mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (where / path).write_text(text)


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    dice = random.Random(1)
    for exp in range(1, 11):
        (folder / str(exp)).mkdir(parents=True, exist_ok=True)
        (folder / str(exp) / "meta.yaml").write_text(
            f"artifact_location: file://{folder}/{exp}\nexperiment_id: '{exp}'\nlifecycle_stage: active\nname: exp {exp}\n")
    for n in range(count):
        make_run(folder, n % 10 + 1, n, dice)


if __name__ == "__main__":
    main()
