"""What differs between runs: guild diff, runs info --against, compare --changed, explain-diff."""

import hashlib
import json
import os
import random
import re
import shlex
import struct
import subprocess
import zlib

import pytest

import rundirs
from conftest import ORACLE
from events import write_events


def test_compare_changed(guild):
    same = dict(host="h", user="u", platform={"python_version": "3.11.2", "cpus": 4}, label="same")
    old = dict(flags={"lr": 0.1, "bs": 8}, pip_freeze=["numpy==1.24.1", "scipy==1.10", "six==1"],
               sourcecode_digest="a" * 32, vcs_commit="git:1", note="x", **same)
    new = dict(flags={"lr": 0.2, "bs": 8}, pip_freeze=["NumPy==1.26.0", "six==1", "tqdm==4"],
               sourcecode_digest="b" * 32, vcs_commit="git:1", note="y", **same)
    rundirs.make_run(guild.home, 1, manifest="d data.txt " + "1" * 40 + " file:data.txt\n", **old)
    rundirs.make_run(guild.home, 2, manifest="d data.txt " + "2" * 40 + " file:data.txt\n", **new)
    rows = json.loads(guild("compare", "--changed", "-r", "--json").stdout)
    assert [list(row) for row in rows] == [
        ["id", "run", "lr", "sourcecode", "note", "input data.txt", "package numpy", "package tqdm", "package scipy"]] * 2
    assert [list(row.values())[2:] for row in rows] == [
        [0.2, "bbbbbbbb", "y", "22222222", "1.26.0", "4", None], [0.1, "aaaaaaaa", "x", "11111111", "1.24.1", None, "1.10"]]
    # One run differs from nothing; what is asked for is shown where it differs.
    assert list(json.loads(guild("compare", "--changed", "--json", "1").stdout)[0]) == ["id", "run"]
    assert guild("compare", "--changed", "-t", "-cc", ".label,=lr,.host").stdout.split()[:3] == ["run", "lr", "sourcecode"]


# ---- guild diff: files, judged by git ---------------------------------------------------------------------

def git(*args, cwd, code=0, stdin=None):
    done = subprocess.run(["git", "-c", "core.safecrlf=false", "-c", "core.autocrlf=false", *args], cwd=cwd, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, env=dict(os.environ, LC_ALL="C"))
    assert done.returncode == code or code is None, (args, done.stdout[-2000:], done.stderr)
    return done.stdout


def random_text(rng):
    """Lines from few words, in every form a text may have."""
    words = ["a", "b", "foo(x, y)", "    indent", "\ttab", "", "}", "é ü", "日本", "x" * 40, "-- a", "++ b", "@@ -1 +1 @@", "\\"]
    end = rng.choice(["\n", "\n", "\r\n"])
    lines = [" ".join(rng.choice(words) for _ in range(rng.randrange(1, 4))) for _ in range(rng.randrange(0, 40))]
    text = end.join(lines) + (end if lines and rng.random() < 0.7 else "")
    return text.encode()


def mutate(rng, data):
    lines = data.splitlines(keepends=True)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(lines) + 1)
        what = rng.random()
        if what < 0.4:
            lines[at:at] = [b"new %d\n" % rng.randrange(9)] * rng.randrange(1, 4)
        elif what < 0.7:
            del lines[at:at + rng.randrange(1, 5)]
        else:
            lines[at:at + 1] = [b"changed\n"]
    return b"".join(lines)


def random_trees(rng, n):
    """Two mappings of names to (content, mode), alike and different in every way."""
    old, new = {}, {}
    for i in range(n):
        name = f"{rng.choice(['', 'sub/', 'deep/er/', 'a b/'])}{rng.choice(['f', 'with blank ', 'é', 'q' + chr(34)])}{i}.txt"
        data = random_text(rng)
        mode = rng.choice([0o644, 0o644, 0o755])
        kind = rng.random()
        if kind < 0.1:
            old[name] = (data, mode)
        elif kind < 0.2:
            new[name] = (data, mode)
        elif kind < 0.3:
            old[name] = (bytes(rng.randrange(256) for _ in range(rng.randrange(1, 300))) + b"\0", mode)
            new[name] = (old[name][0][::-1] + b"x" * rng.randrange(99), mode)
        elif kind < 0.4:
            old[name] = (data, mode)
            new[name] = (data, mode ^ 0o111)
        elif kind < 0.5:
            old[name] = (data, 0o644)
            new["moved/" + name] = (data, 0o644)
        else:
            old[name] = (data, mode)
            new[name] = (mutate(rng, data), mode)
    special = {"empty-old": (b"", b"x\n"), "empty-new": (b"x\n", b""), "huge": (b"y" * 200000 + b" 1\n", b"y" * 200000 + b" 2\n"),
               "crlf": (b"a\r\nb\r\n", b"a\nb\r\n"), "no-end": (b"a\nb", b"a\nb\n"), "no-utf8": (b"\xff\xfe a\nb\n", b"\xff\xfe b\nb\n"),
               "many": (b"".join(b"%d\n" % i for i in range(9000)), b"".join(b"%d\n" % (i * 7 % 9000) for i in range(9000)))}
    for name, (a, b) in special.items():
        old[name], new[name] = (a, 0o644), (b, 0o644)
    return old, new


def write_tree(root, files):
    for name, (data, mode) in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode)
    root.mkdir(exist_ok=True, parents=True)


def read_tree(root):
    return {str(p.relative_to(root)): (p.read_bytes(), p.stat().st_mode & 0o111) for p in root.rglob("*")
            if p.is_file() and ".git" not in p.parts}


def run_with_source(guild, n, files, **attrs):
    files = {name: f if isinstance(f, tuple) else (f, 0o644) for name, f in files.items()}
    run = rundirs.make_run(guild.home, n, op="train.py", **attrs)
    write_tree(run, files)
    lines = "".join(f"s {shlex.quote(name)} {hashlib.sha1(data).hexdigest()} {shlex.quote(name)}\n" for name, (data, _) in files.items())
    (run / ".guild" / "manifest").write_text(lines)
    return run


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_patches_are_what_git_reads(guild, tmp_path, seed):
    rng = random.Random(seed)
    old, new = random_trees(rng, 80)
    run_with_source(guild, 1, old)
    run_with_source(guild, 2, new)
    raw = [guild.program, "diff", "--sourcecode"]

    def patch(*options):
        return subprocess.run([*raw, *options], cwd=guild.cwd, env=guild.env(), stdout=subprocess.PIPE, check=True).stdout

    full, plain = patch("--patch"), patch()
    # Without libgit2 our own way is taken; only what differs throughout is shown otherwise.
    hidden = tmp_path / "lib"
    hidden.mkdir()
    for version in ("1.1", "1.5", "1.7", "1.8", "1.9"):
        (hidden / f"libgit2.so.{version}").write_bytes(b"")
    own = subprocess.run([*raw, "--patch"], cwd=guild.cwd, env=guild.env(LD_LIBRARY_PATH=hidden), stdout=subprocess.PIPE, check=True).stdout
    assert own != full and len(own) > len(full)
    # git makes the new tree of the old one, and back.
    for name, text in (("full", full), ("own", own), ("plain", plain)):
        tree = tmp_path / name
        write_tree(tree, old)
        git("init", "-q", cwd=tree)
        if name == "plain":
            # Binary files are only said to differ.
            text = b"diff --git ".join(part for part in text.split(b"diff --git ") if b"\nBinary files " not in part)
        git("apply", "--whitespace=nowarn", "-", cwd=tree, stdin=text)
        wanted = {k: (d, m & 0o111) for k, (d, m) in new.items()}
        if name == "plain":
            binary = {k for k in new if b"\0" in new[k][0] or b"\0" in old.get(k, (b"",))[0]}
            wanted.update({k: (old[k][0], old[k][1] & 0o111) for k in binary})
        assert read_tree(tree) == wanted
        git("apply", "-R", "--whitespace=nowarn", "-", cwd=tree, stdin=text)
        assert read_tree(tree) == {k: (d, m & 0o111) for k, (d, m) in old.items()}
    # As many lines as git's own diff.
    write_tree(tmp_path / "a", old)
    write_tree(tmp_path / "b", new)
    words = git("diff", "--no-index", "--numstat", "-z", "-M100%", "a", "b", cwd=tmp_path, code=1).split(b"\0")
    theirs = {}
    for counts, _, name in zip(words[::3], words[1::3], words[2::3]):
        if name != b"/dev/null":
            theirs[name.decode().split("/", 1)[1]] = counts.split(b"\t")[:2]
    answer = json.loads(guild("diff", "-s", "--json", "--stat").stdout)
    ours = {f["name"]: [b"-", b"-"] if f["kind"] == "binary" else [b"%d" % f["n_added"], b"%d" % f["n_removed"]]
            for f in answer["sourcecode"]}
    assert len(theirs) > 40 and {k: ours.get(k) for k in theirs} == theirs
    statuses = {f["status"] for f in answer["sourcecode"]}
    assert statuses == {"added", "removed", "changed", "renamed"}


def png(width, height, pixel):
    """A PNG of one colour but for one pixel."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"".join(pixel if (x, y) == (1, 1) else b"\x10\x20\x30" for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def notebook(*cells, first=1, **metadata):
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": [
        {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {}, "execution_count": i,
         **({"outputs": [{"output_type": "stream", "name": "stdout", "text": [out]}]} if kind == "code" else {})}
        for i, (kind, source, out) in enumerate(cells, first)]}).encode()


def test_notebooks_by_cell_and_images_by_pixel(guild):
    old = {"n.ipynb": notebook(("markdown", "# T\n", ""), ("code", "x = 1\nprint(x)\n", "1\n"), ("code", "y\n", "2\n"), ("code", "gone\n", "")),
           "same.ipynb": notebook(("code", "x", "1")), "broken.ipynb": b"{\n", "i.png": png(4, 3, b"\x10\x20\x30"), "cut.png": png(4, 3, b"abc")[:60],
           "size.png": png(2, 2, b"abc")}
    new = {"n.ipynb": notebook(("markdown", "# T\n", ""), ("code", "new\n", ""), ("code", "x = 2\nprint(x)\n", "2\n"), ("code", "y\n", "3\n"), kernel="k"),
           "same.ipynb": notebook(("code", "x", "1"), first=7), "broken.ipynb": b"{ }\n", "i.png": png(4, 3, b"\x10\x28\x30"),
           "cut.png": png(4, 3, b"abd")[:59], "size.png": png(2, 3, b"abc")}
    run_with_source(guild, 1, old)
    run_with_source(guild, 2, new)
    text = guild("diff", "-s").stdout
    cells = text.split("diff --git a/n.ipynb")[1].split("diff --git")[0].splitlines()
    assert cells[2:] == [
        "metadata kernel: k",
        "cell 2 (code): added", "@@ -0,0 +1 @@", "+new",
        "cell 3, was 2 (code): source changed", "@@ -1,2 +1,2 @@", "-x = 1", "+x = 2", " print(x)",
        "cell 3, was 2 (code): outputs changed", "@@ -1 +1 @@", "-1", "+2",
        "cell 4, was 3 (code): outputs changed", "@@ -1 +1 @@", "-2", "+3",
        "cell 4 (code): removed", "@@ -1 +0,0 @@", "-gone"]
    assert "The cells are the same: only execution counts" in text.split("a/same.ipynb b/same.ipynb")[1].split("diff --git")[0]
    assert "-{\n+{ }\n" in text
    images = text.split("a/i.png b/i.png")[1]
    assert "PNG 4 x 3" in images and "1 of 12 pixels differ (8.33%); largest difference of a channel 8 of 255, mean 0.167" in images
    assert "pixels are not compared: a damaged PNG" in text and "pixels are not compared: they are of different sizes" in text
    files = {f["name"]: f for f in json.loads(guild("diff", "-s", "--json").stdout)["sourcecode"]}
    assert files["i.png"]["pixels"] == {"n_pixels": 12, "n_differ": 1, "largest": 8, "mean": 8 / 48}
    assert [c["change"] for c in files["n.ipynb"]["cells"]] == ["added", "source", "outputs", "outputs", "removed"]
    assert files["broken.ipynb"]["hunks"][0]["lines"] == ["-{\n", "+{ }\n"]


def test_overview_parts_and_exit_codes(guild):
    first = run_with_source(guild, 1, {"t.py": b"a = 1\nb = 2\n"}, flags={"lr": 0.1, "gone": 1}, output="x\n", host="h1",
                            env={"A": "1", "RUN_ID": "1", "FLAG_LR": "1"}, pip_freeze=["numpy==1.9", "old==1"], deps={"d": {"s": {"uri": "x"}}})
    second = run_with_source(guild, 2, {"t.py": b"a = 1\nb = 3\n"}, flags={"lr": 0.2, "new": [1]}, output="y\n", host="h2",
                             env={"A": "2", "RUN_ID": "2", "FLAG_LR": "2"}, pip_freeze=["numpy==1.10", "new==1"], deps={})
    (first / "model.bin").write_bytes(b"\0" * 10)
    (second / "model.bin").write_bytes(b"\0" * 20)
    write_events(first, {"loss": [(1, 1), (2, 0.5), (3, 1 / 3)], "acc": [(1, 0.5), (2, 0.5), (3, 0.5)]})
    write_events(second, {"loss": [(1, 1), (2, 0.75), (4, 0.1)], "acc": [(1, 0.5), (2, 0.5)]})
    text = guild("diff").stdout
    sections = {part.splitlines()[0]: part.splitlines()[1:] for part in text.split("\n\n")[1:]}
    assert sections["flags"] == ["  - gone: 1", "  ~ lr: 0.1 -> 0.2", "  + new: [1]"]
    assert sections["attributes"] == ["  ~ host: h1 -> h2"]
    assert sections["environment"] == ["  1 variable differs (--env shows them)"]
    assert sections["dependencies"] == ["  - d: {s: {uri: x}}"]
    assert sections["packages"] == ["  + new: 1 added", "  ~ numpy: 1.9 -> 1.10 upgraded", "  - old: 1 removed"]
    assert sections["files"][0] == "  M model.bin | binary 10 -> 20"
    assert sections["source code"][0] == "  M t.py | 2 +-" and "-b = 2\n+b = 3\n" in text
    table = [re.split("  +", line.strip()) for line in sections["scalars"][1:]]
    assert table == [["acc", "0.5 -> 0.5", "0", "0.5 -> 0.5", "0.5 -> 0.5", "3", "1 of 3"],
                     ["loss", "0.333333 -> 0.1", "-0.233333 (-70.0%)", "0.333333 -> 0.1", "1 -> 1", "2", "3 of 4"]]
    assert "-b = 2" not in guild("diff", "--stat").stdout
    steps = guild("diff", "--scalars").stdout.split("\n\nloss\n")[1].splitlines()
    assert [line.split()[:3] for line in steps[1:]] == [["1", "1", "1"], ["2", "0.5", "0.75"], ["3", "0.333333", "-"], ["4", "-", "0.1"]]
    answer = json.loads(guild("diff", "--json").stdout)
    assert answer["differs"] and [f["name"] for f in answer["flags"]] == ["gone", "lr", "new"]
    assert {s["name"]: (s["first_step"], s["n_differ"], s["largest_difference"]) for s in answer["scalars"]} == {
        "acc": (3, 1, 0.0), "loss": (2, 3, 0.25)}
    assert answer["sourcecode"][0]["hunks"][0]["lines"] == [" a = 1\n", "-b = 2\n", "+b = 3\n"]
    # Exit codes; nothing is said where nothing differs.
    assert guild("diff", "-f", "--exit-code", code=1).stdout
    assert guild("diff", "1", "1", "--exit-code").stdout == ""
    guild("diff", "9", "1", "--exit-code", code=2)
    # A configured tool is left aside where it could not do what is asked for.
    guild.write("guild-config.yml", "diff: {command: echo tool}\n")
    assert guild("diff", "-f").stdout.startswith("tool ") and guild("diff", "-f", "--no-tool").stdout.endswith("+ new: [1]\n")
    assert json.loads(guild("diff", "-f", "--json").stdout)["differs"]
    assert "cannot both be used" in guild("diff", "--json", "-c", "x", code=1).stderr


def test_large_files_are_only_told_to_differ(guild):
    for n in (1, 2):
        run = rundirs.make_run(guild.home, n)
        with open(run / "big.txt", "w") as file:
            file.truncate((64 << 20) + n)
    assert guild("diff", "--files").stdout.splitlines()[1:] == [
        "Large files a/big.txt and b/big.txt differ", f"  {(64 << 20) + 1} -> {(64 << 20) + 2} bytes",
        "  what is larger than 64 MiB is not compared line by line"]
    assert "M big.txt | binary 64.0M -> 64.0M" in guild("diff").stdout


def test_working_and_dir(guild):
    guild.write("guild.yml", "train: {main: train, sourcecode: ['*.py']}\n")
    guild.write("train.py", "x = 1\n")
    guild.write("gone.py", "g = 1\n")
    guild("run", "train", "-y")
    assert guild("diff", "-w", "--exit-code").stdout == ""
    guild.write("train.py", "x = 2\n")
    guild.write("more.py", "m = 1\n")
    guild.write("data.csv", "1\n")
    (guild.cwd / "gone.py").unlink()
    text = guild("diff", "-w", "--exit-code", code=1).stdout
    assert [line for line in text.splitlines() if line.startswith("diff --git")] == [
        f"diff --git a/{n}.py b/{n}.py" for n in ("gone", "more", "train")]
    assert guild("diff", "-w", "-p", "train.py", "--stat").stdout == "M train.py | 2 +-\n1 file changed, 1 insertion(+), 1 deletion(-)\n"
    text = guild("diff", "-d", guild.cwd).stdout
    assert "A data.csv" in text and "D gone.py" in text and "diff --git a/train.py" in text and "diff --git a/data.csv" not in text
    assert guild("diff", "-d", "nowhere", code=1).stderr == "guild: directory 'nowhere' does not exist\n"


def test_terminal_gets_colours_and_a_pager(guild):
    run_with_source(guild, 1, {"t.py": b"rate = 0.1\x1b[2J\n"})
    run_with_source(guild, 2, {"t.py": b"rate = 0.25\x1b[2J\n"})
    shown = subprocess.run(["script", "-qec", f"{guild.program} diff -s", "/dev/null"], cwd=guild.cwd, stdin=subprocess.DEVNULL,
                           env=guild.env(NO_COLOR="", SHELL="/bin/sh", TERM="xterm", PAGER="sed s/^/P:/"),
                           capture_output=True, check=True).stdout
    assert b"P:\x1b[31m-rate = 0.\x1b[7m1\x1b[0m\x1b[31m^[[2J\x1b[0m" in shown
    assert b"P:\x1b[32m+rate = 0.\x1b[7m25\x1b[0m\x1b[32m^[[2J" in shown


# ---- runs info --against ---------------------------------------------------------------------------------

def test_info_against(guild):
    rundirs.make_run(guild.home, 1, flags={"lr": 0.1, "x": 1}, pip_freeze=["numpy==1"], label="a", host="h", sourcecode_digest="1" * 32)
    second = rundirs.make_run(guild.home, 2, flags={"lr": 0.2, "x": 1}, pip_freeze=["numpy==2"], label="b", host="h",
                              sourcecode_digest="1" * 32, status="error")
    write_events(second, {"loss": [(3, 0.5)]})
    lines = guild("runs", "info", "1", "--against", "2").stdout.splitlines()
    assert lines[:2] == [f"--- {rundirs.run_id(1)[:8]} train", f"+++ {rundirs.run_id(2)[:8]} train"]
    assert [line for line in lines[2:] if "started" not in line and "stopped" not in line] == [
        "~ exit_status: 0 -> 1", "~ flags.lr: 0.1 -> 0.2", "~ label: a -> b", "~ packages.numpy: '1' -> '2'",
        "+ scalars.loss: {step: 3, value: 0.5}", "~ status: completed -> error"]
    answer = json.loads(guild("runs", "info", "1", "--against", "2", "--json").stdout)
    assert answer["run"] == rundirs.run_id(2) and answer["against"] == rundirs.run_id(1)
    assert {"name": "flags.lr", "change": "changed", "old": 0.1, "new": 0.2} in answer["changes"]
    assert guild("runs", "info", "1", "--against", "1").stdout == ""
    guild("runs", "info", "1", "--against", "9", code=1)
    guild("runs", "info", "1", "--against", "1:2", code=1)


# ---- explain-diff ------------------------------------------------------------------------------------------

def effect_runs(guild, n, seed=5):
    """Runs whose loss rises with lr and with act, but not with mom; bs goes with lr. Returns their rows."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        row = dict(lr=rng.choice([0.01, 0.1, 1.0, 3]), act=rng.choice(["relu", "tanh"]), mom=rng.choice([0.1, 0.5, 0.9]),
                   kind=rng.choice(["a", "b", "c"]), same=1)
        row["bs"] = int(row["lr"] * 100)
        loss = row["lr"] * 0.5 + (row["act"] == "tanh") * 0.4 + rng.gauss(0, 0.05)
        write_events(rundirs.make_run(guild.home, i + 1, flags=row), {"loss": [(1, 9), (2, loss)], "flat": [(1, 1)]})
        rows.append(dict(row, loss=struct.unpack("f", struct.pack("f", loss))[0]))
    return rows


def test_explain_diff(guild):
    rows = effect_runs(guild, 60)
    answer = json.loads(guild("explain-diff", "--json").stdout)
    effects = {e["flag"]: e for e in answer["effects"]}
    assert answer["runs"] == 60 and {e["metric"] for e in answer["effects"]} == {"loss"}
    assert sorted(effects) == ["act", "bs", "kind", "lr", "mom"]
    assert [sorted(c["flags"]) for c in answer["confounded"]] == [["bs", "lr"]] and answer["confounded"][0]["alike"] == pytest.approx(1)
    act = effects["act"]
    by = {name: [r["loss"] for r in rows if r["act"] == name] for name in ("relu", "tanh")}
    mean = {name: sum(v) / len(v) for name, v in by.items()}
    assert (act["from"], act["to"]) == tuple(sorted(mean, key=mean.get))
    assert act["from_mean"] == pytest.approx(mean[act["from"]]) and act["from_runs"] == len(by[act["from"]])
    assert act["interval_95"][0] < act["difference"] < act["interval_95"][1]
    # Matched pairs: means of runs with the same flags, held against each other.
    cells = {}
    for r in rows:
        cells.setdefault((r["lr"], r["mom"], r["kind"], r["act"]), []).append(r["loss"])
    cells = {k: sum(v) / len(v) for k, v in cells.items()}
    changes = [cells[(*k[:3], "tanh")] - v for k, v in cells.items() if k[3] == "relu" and (*k[:3], "tanh") in cells]
    assert act["matched"] == [dict(zip(("from", "to", "pairs", "up", "down", "mean", "min", "max"), (
        "relu", "tanh", len(changes), len(changes), 0, pytest.approx(sum(changes) / len(changes)),
        pytest.approx(min(changes)), pytest.approx(max(changes)))))]
    assert act["q_matched"] < 0.01 and effects["lr"]["q"] < 0.01 and effects["mom"]["q"] > 0.05
    assert effects["lr"]["matched_pairs"] == 0  # bs changes with it
    text = guild("explain-diff")
    assert re.search(rf"loss +act .*strong; {len(changes)} of {len(changes)} matched pairs rise\n", text.stdout)
    assert "WARNING: bs and lr vary together (1.00 of 1)" in text.stderr
    assert guild("explain-diff").stdout == text.stdout
    few = guild("explain-diff", "1:5")
    assert "too few runs to tell" in few.stdout and "5 runs are few" in few.stderr and "strong" not in few.stdout
    assert {e["metric"] for e in json.loads(guild("explain-diff", "-m", "first loss", "-m", "min loss as low", "--json").stdout)["effects"]} == {"low"}
    assert guild("explain-diff", "1", code=1).stderr == "guild: no flag varies among 1 run\n"
    assert guild("explain-diff", "-m", "flat", code=1).stderr == "guild: no metric varies among 60 runs\n"


@pytest.mark.differential
def test_effects_are_those_of_scipy(guild, tmp_path):
    python = ORACLE.parent / "python"
    if not python.exists():
        pytest.skip("SciPy is not installed in .venv/oracle")
    rows = effect_runs(guild, 40, seed=8)
    answer = json.loads(guild("explain-diff", "--json", "--permutations", "20000").stdout)
    script = """
import json, sys
import numpy as np
from scipy import special, stats
rows = json.load(sys.stdin)
y = np.array([r['loss'] for r in rows])
rng = np.random.default_rng(1)
out = {}
for flag in ('lr', 'mom', 'act', 'kind'):
    x = [r[flag] for r in rows]
    if flag in ('lr', 'mom'):
        rx, ry = stats.rankdata(x), stats.rankdata(y)
        seen = abs(np.corrcoef(rx, ry)[0, 1])
        p = np.mean([abs(np.corrcoef(rx, rng.permutation(ry))[0, 1]) >= seen - 1e-9 for _ in range(4000)])
        out[flag] = dict(rank_correlation=stats.spearmanr(x, y).correlation, standardized_slope=np.corrcoef(x, y)[0, 1], p=p)
    else:
        groups = sorted(set(x))
        between = lambda v: sum((v[[a == g for a in x]] - v.mean()).sum() ** 2 / x.count(g) for g in groups)
        seen = between(y)
        out[flag] = dict(p=np.mean([between(rng.permutation(y)) >= seen - 1e-9 for _ in range(4000)]))
        if len(groups) == 2:
            a, b = sorted((y[[v == g for v in x]] for g in groups), key=np.mean)
            va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
            df = (va + vb) ** 2 / (va ** 2 / (len(a) - 1) + vb ** 2 / (len(b) - 1))
            t = np.sqrt(df * (1 / special.betaincinv(df / 2, 0.5, 0.05) - 1)) * np.sqrt(va + vb)
            d = b.mean() - a.mean()
            out[flag].update(difference=d, interval_95=[d - t, d + t])
print(json.dumps(out))
"""
    done = subprocess.run([python, "-c", script], input=json.dumps(rows), capture_output=True, text=True, check=True)
    effects = {e["flag"]: e for e in answer["effects"]}
    for flag, wanted in json.loads(done.stdout).items():
        p = wanted.pop("p")
        assert {k: effects[flag][k] for k in wanted} == {k: pytest.approx(v, rel=1e-9) for k, v in wanted.items()}
        assert effects[flag]["p"] == pytest.approx(p, rel=0.3, abs=0.02)
