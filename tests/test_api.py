"""guild api over run directories written by hand; what 0.9.0 says to the same is in test_differential_api.py."""

import json
import os

from rundirs import START, make_run, run_id


def test_damaged_runs_are_there(guild):
    whole = make_run(guild.home, 1, flags={"x": 1}, tags=["a", "b"], output="")
    bad = make_run(guild.home, 2, comments="no list", tags={"no": "list"})
    (bad / ".guild/attrs/flags").write_text("{a: 1")
    (bad / ".guild/attrs/started").write_text("yesterday")
    (bad / ".guild/attrs/mine").write_text("[1")
    (bad / "binary").write_bytes(b"a\0b")
    (bad / "strange").write_bytes(b"\x01\x02\x03\x04abc")
    os.mkfifo(bad / "pipe")
    done = guild("api", "runs", "-v", "1")
    one, two = sorted(json.loads(done.stdout), key=lambda run: run["id"] != run_id(1))
    assert one["tags"] == "a, b" and one["flags"] == {"x": 1} and one["time"] == "0:00:00"
    assert two["flags"] == {} and two["tags"] == "" and two["comments"] == [] and two["started"] == ""
    assert two["otherAttrs"] == {"mine": None}
    assert [(f["path"], f["type"]) for f in two["files"]] == [("binary", "File"), ("pipe", "File"), ("strange", "File")]
    assert "flags" in done.stderr and "mine" in done.stderr
    assert whole.exists()


def test_formats(guild):
    make_run(guild.home, 1)
    make_run(guild.home, 2, files={"ü": "", "a/b": "x"})
    plain = guild("api", "runs").stdout
    assert plain.count("\n") == 1
    runs = json.loads(plain)
    assert guild("api", "runs", "-f").stdout == json.dumps(runs, indent=2, sort_keys=True) + "\n"
    assert runs[0]["started"] == START + 2_000_000 and [f["path"] for f in runs[0]["files"]] == ["a/b", "ü"]
    assert guild("api", "compare", "-f").stdout == json.dumps(json.loads(guild("api", "compare").stdout), indent=2, sort_keys=True) + "\n"
    assert guild("api", "runs", "-Fo", "no", "-f").stdout == guild("api", "runs", "-Fo", "no").stdout == "[]\n"


def test_group(guild):
    done = guild("api", code=2)
    assert done.stdout == "" and "usage: guild api" in done.stderr and "compare" in done.stderr
    assert "help-op" in guild("api", "--help").stdout
