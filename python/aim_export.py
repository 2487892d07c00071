"""Reads an Aim repository with Aim's own package and writes what it holds as lines of JSON.

usage: aim_export.py REPOSITORY OUTPUT

{"run": {...}} begins a run, {"metric": ..., "steps": [...], "values": [...], "times": [...]} are points of it,
{"file": PATH, "name": NAME} is a file of it, {"end": true} ends it; {"damaged": HASH, "why": TEXT} is a run that cannot be read.
"""

import json
import os
import sys
import urllib.parse

PART = 20000


def plain(value):
    """What JSON can hold: numbers of numpy and the like become numbers, the rest text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    item = getattr(value, "item", None)
    try:
        return item() if item else str(value)
    except Exception:
        return str(value)


def attributes(run):
    try:
        return plain(run[...])
    except KeyError:
        return {}


def files(run):
    for artifact in (getattr(run, "artifacts", None) or {}).values():
        path = urllib.parse.urlparse(artifact.uri)
        if path.scheme in ("", "file"):
            yield {"file": urllib.parse.unquote(path.path), "name": artifact.path or artifact.name}


def read(run, write):
    if not list(run.meta_run_tree.keys()):
        raise LookupError("it is not in Aim's index yet: 'aim storage reindex' puts it there")
    facts = {name: plain(getattr(run, name, None)) for name in ("name", "experiment", "description", "creation_time",
                                                                 "end_time", "archived", "active")}
    write({"run": dict(facts, hash=run.hash, tags=[str(tag) for tag in run.tags or []], attributes=attributes(run))})
    for metric in run.metrics():
        steps, (values, times) = metric.data.view(("val", "time")).items_list()
        for start in range(0, len(steps), PART):
            part = slice(start, start + PART)
            write({"metric": metric.name, "context": plain(metric.context.to_dict()),
                   "steps": [int(n) for n in steps[part]], "values": [float(n) for n in values[part]],
                   "times": [float(n or 0) for n in times[part]]})
    for file in files(run):
        write(file)
    write({"end": True})


def main():
    from aim import Repo, Run
    folder, output = sys.argv[1:]
    if os.path.basename(folder) == ".aim":
        folder = os.path.dirname(folder)
    repo = Repo(folder)
    with open(output, "w", encoding="utf-8") as file:
        def write(value):
            file.write(json.dumps(value) + "\n")

        for name in sorted(repo.list_all_runs()):
            try:
                read(Run(name, repo=repo, read_only=True), write)
            except Exception as error:
                write({"damaged": name, "why": " ".join(str(error).split())[:500] or type(error).__name__})


if __name__ == "__main__":
    main()
