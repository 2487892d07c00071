"""Run directories written by hand, for tests of what only reads or edits runs."""

import hashlib
import json
import os

START = 1_700_000_000_000_000  # 2023-11-14 22:13:20 UTC


def run_id(n):
    return hashlib.md5(str(n).encode()).hexdigest()


def yaml_text(value):
    """JSON is YAML, but for strings that look like something else."""
    if isinstance(value, str) and value.replace(" ", "").replace("=", "").isalpha():
        return value + "\n"
    return json.dumps(value) + "\n"


def make_run(home, n, op="train", model="", pkg_type="guildfile", source="/p/guild.yml", status="completed",
             trash=False, files=None, manifest="", output=None, **attrs):
    """Makes run number n (its id is run_id(n)); later numbers are newer. Returns its directory."""
    run = home / ("trash/runs" if trash else "runs") / run_id(n)
    guild = run / ".guild"
    (guild / "attrs").mkdir(parents=True)
    quoted = model if model else "''"
    version = "''" if pkg_type == "script" else "0123456789abcdef0123456789abcdef"
    (guild / "opref").write_text(f"{pkg_type}:{source} {version} {quoted} {op}")
    (guild / "manifest").write_text(manifest)
    values = dict(id=run_id(n), initialized=START + n * 1_000_000, cmd=["python", "-um", op], flags={})
    if status not in ("pending",):
        values["started"] = START + n * 1_000_000
    exits = {"completed": 0, "error": 1, "terminated": -15}
    if status in exits:
        values["exit_status"] = exits[status]
        values["stopped"] = START + n * 1_000_000 + 500_000
    elif status == "running":
        (guild / "LOCK").write_text(str(os.getpid()))
    else:
        (guild / status.upper()).write_text("")
    values.update(attrs)
    for name, value in values.items():
        if value is not None:
            (guild / "attrs" / name).write_text(yaml_text(value))
    for name, text in (files or {}).items():
        path = run / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if output is not None:
        (guild / "output").write_text(output)
    return run
