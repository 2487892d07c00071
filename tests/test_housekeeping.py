"""guild disk, guild gc, guild check --store: what takes space, what can go, what is damaged."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
import yaml

import events

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def run(guild):
    def call(*args, code=0, **kw):
        before = set(guild.runs())
        guild("run", *args, "-y", code=code, env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"}, **kw)
        made = [r for r in guild.runs() if r not in before]
        return made[-1] if made else None

    return call


def du(path):
    return int(subprocess.run(["du", "-s", "--block-size=1", path], check=True, capture_output=True, text=True).stdout.split()[0])


def tree(path):
    return sorted((str(p.relative_to(path)), p.read_bytes() if p.is_file() and not p.is_symlink() else None) for p in path.rglob("*"))


def test_disk(guild, run):
    guild.write("train.py", "import os\nprint('loss: 1')\nopen('big', 'wb').write(b'x' * 100000)\nos.link('big', 'big2')\n"
                            "open('m-step=5.pt', 'wb').write(b'PK\\3\\4' + b'y' * 50000)\n")
    guild.write("data.txt", "d" * 9000)
    guild.write("guild.yml", "train: {requires: [file: data.txt]}\nother: {main: train}\n")
    a, b, c = run("train"), run("other"), run("train")
    (c / "big2").unlink()
    (c / "big").unlink()
    os.link(a / "big", c / "again")  # one file in two runs
    guild("runs", "delete", b.name[:8], "-y")

    whole = json.loads(guild("disk", "--json").stdout)
    assert [r["operation"] for r in whole["rows"]] == ["train"] and whole["rows"][0]["runs"] == 2
    assert whole["home"] == du(guild.home) and whole["runs"] == du(guild.home / "runs") and whole["trash"] == du(guild.home / "trash")
    assert whole["total"]["size"] == whole["rows"][0]["size"] == du(guild.home / "runs") - guild.home.joinpath("runs").stat().st_blocks * 512
    assert whole["total"]["shared"] == 0
    by_run = {r["run"]: r for r in json.loads(guild("disk", "--by", "run", "--json").stdout)["rows"]}
    big = (a / "big").stat().st_blocks * 512
    for made, r in ((a, by_run[a.name]), (c, by_run[c.name])):
        assert r["size"] == du(made) and r["shared"] == big and r["kinds"]["checkpoints"] == (made / "m-step=5.pt").stat().st_blocks * 512
        assert r["kinds"]["source"] == (made / "train.py").stat().st_blocks * 512 + (made / "guild.yml").stat().st_blocks * 512
        assert r["kinds"]["dependencies"] == (made / "data.txt").stat().st_blocks * 512
        assert r["kinds"]["output"] == sum((made / ".guild" / n).stat().st_blocks * 512 for n in ("output", "output.index"))
        assert r["kinds"]["events"] > 0 and sum(r["kinds"].values()) == r["size"]
    kinds = json.loads(guild("disk", "--by", "kind", "--json").stdout)
    assert {r["kind"] for r in kinds["rows"]} == {"source", "dependencies", "checkpoints", "events", "output", "other"}
    assert sum(r["size"] for r in kinds["rows"]) == kinds["total"]["size"] == whole["total"]["size"]
    assert json.loads(guild("disk", "--apparent", "--by", "kind", "--json").stdout)["total"]["kinds"]["dependencies"] == 18000
    text = guild("disk", "--by", "run", "-n", "1", "--sort", "started").stdout.splitlines()
    assert text[0].split()[:4] == ["run", "operation", "size", "shared"] and text[1].startswith(c.name[:8]) and text[2].split()[:2] == ["total", "2"]
    assert text[3] == "(1 more)" and text[-1].split()[0] == "home"
    assert "home" not in guild("disk", a.name[:8]).stdout and "other" in guild("disk", "--deleted").stdout.splitlines()[1]
    space = json.loads(guild("check", "-n", "--space", "--json").stdout)["disk_space"]
    assert space["guild_home"] == du(guild.home) and space["deleted_runs"] == du(guild.home / "trash" / "runs")
    # One file in two places of the home: with each of them, and once in all.
    (guild.home / "cache").mkdir(exist_ok=True)
    os.link(a / "big", guild.home / "cache" / "big")
    whole = json.loads(guild("disk", "--json").stdout)
    assert whole["home"] == du(guild.home) and whole["cache"] == du(guild.home / "cache") and whole["runs"] == du(guild.home / "runs")
    assert whole["total"]["shared"] == big
    guild("disk", "--by", "color", code=2)


CHECKPOINTS = """
import json, sys
for step in range(1, 11):
    print("step: %i" % step)
    print("acc: %s" % json.dumps([.1, .5, .9, .2, .8, .3, .7, .7, .4, .0][step - 1]))
    open("model-step=%i.pt" % step, "wb").write(b"PK\\3\\4" + b"x" * 1000)
open("last.pt", "wb").write(b"PK\\3\\4")
open("notes.txt", "w")
"""


def steps(made):
    return sorted(int(p.name.split("=")[1][:-3]) for p in made.glob("model-step=*.pt"))


def test_checkpoints(guild, run):
    guild.write("train.py", CHECKPOINTS)
    guild.write("use.py", "print(open('model-step=4.pt', 'rb').read(4))\n")
    guild.write("guild.yml", "train: {}\nuse: {requires: [{operation: train, select: 'model-step=4.pt', target-type: link}]}\n")
    made = run("train")
    run("use")
    before = tree(guild.home / "runs")
    for rules, kept in [(["best 3 by acc"], [3, 4, 5, 8]), (["best 1 by min acc"], [4, 10]), (["last 2"], [4, 9, 10]), (["first 1", "every 5"], [1, 4, 5, 10]),
                        (["best 2 by nothing"], list(range(1, 11)))]:
        args = [a for r in rules for a in ("--keep", r)]
        plan = json.loads(guild("gc", *args, "--json").stdout)
        gone = sorted(int(i["path"].split("=")[1][:-3]) for i in plan["items"])
        assert [s for s in range(1, 11) if s not in gone] == kept, rules
        assert plan["size"] == 1004 * len(gone) and all(i["kind"] == "checkpoint" and i["run"] == made.name and not i["done"] for i in plan["items"])
    done = guild("gc", "--keep", "last 1", "-n", "-y")
    assert "Nothing was removed" in done.stderr and tree(guild.home / "runs") == before
    # Marked runs, running ones and those that are not selected are passed over.
    guild("mark", made.name[:8], "-y")
    assert "Nothing to remove" in guild("gc", "--keep", "last 1", "-y").stderr
    guild("mark", "--clear", made.name[:8], "-y")
    assert "Nothing to remove" in guild("gc", "--keep", "last 1", "-y", "-Fo", "use").stderr
    done = guild("gc", "--keep", "best 2 by max acc", "-y")
    assert steps(made) == [3, 4, 5] and (made / "last.pt").exists() and (made / "notes.txt").exists() and "Removed 7 item(s)" in done.stderr
    removed = yaml.safe_load(guild.attr(made, "_removed"))
    assert sorted(r["path"] for r in removed) == sorted(f"model-step={s}.pt" for s in (1, 2, 6, 7, 8, 9, 10)) and removed[0]["size"] == 1004
    for bad in ("best", "worst 3 by acc", "last 0", "best 3 by", "every x"):
        assert "does not say which checkpoints" in guild("gc", "--keep", bad, code=1).stderr
    assert "with --keep" in guild("gc", made.name[:8], code=1).stderr


def test_shards_and_directories(guild, run):
    """What is one checkpoint goes as one, and nothing beside it."""
    guild.write("t.py", """
import os
for s in (1, 2):
    for n in (1, 2):
        open("m-step=%i-0000%i-of-00002.safetensors" % (s, n), "wb").write(b"12345678{}")
    open("tf-%i.index" % s, "w"), open("tf-%i.data-00000-of-00001" % s, "w")
    os.makedirs("checkpoint-%i" % s)
    open("checkpoint-%i/trainer_state.json" % s, "w")
""")
    made = run("t.py")
    found = json.loads(guild("checkpoints", "--json").stdout)
    assert len(found) == 6
    guild("gc", "--keep", "last 1", "-y")
    left = sorted(p.name for p in made.iterdir() if p.name not in (".guild", "t.py"))
    assert len(left) < 9
    for s in (1, 2):
        assert (made / f"m-step={s}-00001-of-00002.safetensors").exists() == (made / f"m-step={s}-00002-of-00002.safetensors").exists()
        assert (made / f"tf-{s}.index").exists() == (made / f"tf-{s}.data-00000-of-00001").exists()


def age(path, days):
    then = time.time() - days * 86400
    for p in [path, *path.rglob("*")] if path.is_dir() else [path]:
        os.utime(p, (then, then), follow_symlinks=False)


def test_caches_leftovers_batches_and_trash(guild, run):
    guild.write("t.py", "x = 1\nprint(x)\n")
    batch = [r for r in (run("t.py", "x=[1,2]", "--keep-batch"), *guild.runs()) if (r / ".guild" / "proto").exists()][0]
    trials = [r for r in guild.runs() if r != batch]
    runs, trash, cache = guild.home / "runs", guild.home / "trash" / "runs", guild.home / "cache"
    linked, unused = cache / "resources" / "aa", cache / "resources" / "bb"
    for d in (linked, unused):
        d.mkdir(parents=True)
        (d / "f").write_text("data")
    (trials[0] / "data").symlink_to(linked / "f")
    half = runs / ("0" * 32)
    (half / ".guild" / "attrs").mkdir(parents=True)
    (half / ".guild" / "attrs" / "id").write_text("x")
    moving, young = runs / ".moving-abc", runs / ".deleting-def"
    temporary, theirs = trials[0] / ".guild" / "attrs" / ".tmp-label-0123", trials[0] / ".tmp-mine"
    (moving / "x").mkdir(parents=True)
    young.mkdir()
    temporary.write_text("")
    theirs.write_text("")
    before = tree(guild.home)
    for p, days in ((half, 2), (moving, 2), (temporary, 2), (theirs, 2), (linked, 50), (unused, 50)):
        age(p, days)
    plan = {(i["kind"], i["path"]) for i in json.loads(guild("gc", "--json").stdout)["items"]}
    assert plan == {("cache", str(unused)), ("leftover", str(half)), ("leftover", str(moving)), ("leftover", str(temporary))}
    assert {i["path"] for i in json.loads(guild("gc", "--cache-older-than", "60d", "--json").stdout)["items"]} == set()
    assert tree(guild.home) == before
    age(unused, 50)
    held = os.open(moving, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert "is in use" in guild("gc", "--leftovers", "-y", code=1).stderr and moving.exists() and not half.exists()
    os.close(held)
    half.mkdir()
    (half / ".guild" / "attrs").mkdir(parents=True)
    age(half, 2)
    temporary.write_text("")
    age(temporary, 2)
    done = guild("gc", "-y")
    assert "Removed 4 item(s)" in done.stderr and not unused.exists() and not half.exists() and not moving.exists() and not temporary.exists()
    assert linked.exists() and theirs.exists() and young.exists()

    # A trial in the trash may come back; one that is gone leaves a dead link; none left, and the batch goes to the trash.
    guild("runs", "delete", trials[1].name[:8], "-y")
    assert json.loads(guild("gc", "--batches", "--json").stdout)["items"] == []
    assert json.loads(guild("gc", "--trash-older-than", "1d", "--json").stdout)["items"] == []
    [old] = json.loads(guild("gc", "--trash-older-than", "0", "--json").stdout)["items"]
    assert old["kind"] == "trash" and old["path"] == str(trash / trials[1].name)
    guild("gc", "--trash-older-than", "0", "-y")
    assert not (trash / trials[1].name).exists()
    [dead] = json.loads(guild("gc", "--json", "-y").stdout)["items"]
    assert dead["kind"] == "link" and dead["run"] == batch.name and dead["done"] and not os.path.islink(dead["path"])
    guild("runs", "delete", "-p", trials[0].name[:8], "-y")
    [orphan] = json.loads(guild("gc", "--json").stdout)["items"]
    assert orphan["kind"] == "batch" and "none of its 1 trial is left" == orphan["why"]
    guild("gc", "-y")
    assert not batch.exists() and (trash / batch.name).exists()

    config = guild.write("config.yml", "gc: {trash-older-than: '0', keep: [last 1]}\n")
    [one] = json.loads(guild("gc", "--json", env={"GUILD_CONFIG": config}).stdout)["items"]
    assert one["kind"] == "trash"
    config.write_text("gc: {trash-older-than: soon}\n")
    assert "config.yml" in guild("gc", code=1, env={"GUILD_CONFIG": config}).stderr


def findings(guild, *args, code=1):
    out = json.loads(guild("check", "--store", "--json", *args, code=code).stdout)
    return out, {(f["kind"], os.path.relpath(f["path"], guild.home / "runs").split("/", 1)[-1]): f for f in out["findings"]}


def test_store_is_verified(guild, run):
    guild.write("train.py", "import time\nprint('loss: 1')\nprint('tail', end='')\n")
    guild.write("data/a.txt", "a")
    guild.write("data/b/c.txt", "c")
    guild.write("one.txt", "one")
    guild.write("guild.yml", "train: {sourcecode: [train.py], requires: [file: data, file: one.txt], env: {X: '${x}'}, flags: {x: 1}}\n")
    a = run("train")
    b = run("train")
    run("train", "x=[1,2]", "--keep-batch")
    out, found = findings(guild, code=0)
    assert out["problems"] == 0 and not found and out["runs"] == 5
    assert guild("check", "--store").stdout == "5 runs checked, 0 problems\n"

    guild_dir, attrs = a / ".guild", a / ".guild" / "attrs"
    (a / "train.py").write_text("print('else')\n")
    (a / "one.txt").unlink()
    (a / "data" / "b" / "c.txt").write_text("x")
    (a / "nowhere").symlink_to("nothing")
    (attrs / "label").write_text("{a: [")
    (attrs / "exit_status").unlink()
    (guild_dir / "LOCK").write_text("999999")
    event_file = next(guild_dir.glob("events.out.tfevents.*"))
    whole = event_file.read_bytes()
    event_file.write_bytes(whole + events.event("loss", 9, 1.0)[:-3])
    foreign = a / "logs" / "events.out.tfevents.1.h"
    foreign.parent.mkdir()
    bad = bytearray(events.event("x", 1, 1.0) * 3)
    bad[len(bad) // 3 + 20] ^= 1
    foreign.write_bytes(bad)
    index = guild_dir / "output.index"
    index.write_bytes(index.read_bytes() + b"123")
    (b / ".guild" / "output.index").write_bytes(b"")
    (b / ".guild" / "attrs" / "sourcecode_digest").write_text("f" * 32 + "\n")
    copy = guild.home / "runs" / "copy"
    shutil.copytree(b, copy, symlinks=True)
    (copy / ".guild" / "opref").write_text("what is this")
    shutil.copytree(b, guild.home / "trash" / "runs" / b.name, symlinks=True)
    out, found = findings(guild)
    expected = {("source", "train.py"): None, ("dependency", "one.txt"): None, ("input", "data"): None, ("link", "nowhere"): None,
                ("attribute", ".guild/attrs/label"): "aside", ("lock", ".guild/LOCK"): "remove",
                ("events", ".guild/" + event_file.name): "cut", ("events", "logs/" + foreign.name): "cut", ("output", ".guild/output.index"): "cut",
                ("digest", ".guild/attrs/sourcecode_digest"): None, ("opref", "copy"): None}
    of_a = [f for f in out["findings"] if f["run"] == a.name]
    problems = {k: f["repair"] for k, f in found.items() if f["level"] == "problem" and k[0] != "output" and "trash" not in k[1]}
    assert problems == {k: v for k, v in expected.items() if k[0] != "output"}
    assert [f["repair"] for f in of_a if f["kind"] == "output"] == ["cut"]
    assert found[("events", "logs/" + foreign.name)]["text"].endswith("after %i good bytes" % (len(bad) // 3))
    assert [f["level"] for f in out["findings"] if f["kind"] == "duplicate"] == ["note"]
    assert "records for 1 lines" in next(f["text"] for f in out["findings"] if f["kind"] == "output" and f["run"] == b.name)

    # Without an answer nothing changes; with one everything that is taken is kept.
    before = tree(guild.home / "runs")
    guild("check", "--store", "--repair", code=None)
    assert tree(guild.home / "runs") == before
    text = guild("check", "--store", "--repair", "-y", code=1)
    assert "Repaired 5 finding(s)" in text.stderr and "can be cut there; a copy is kept in .guild/damaged" in text.stdout
    damaged = guild_dir / "damaged"
    assert event_file.read_bytes() == whole and (damaged / event_file.name).read_bytes() == whole + events.event("loss", 9, 1.0)[:-3]
    assert foreign.read_bytes() == bytes(bad[: len(bad) // 3]) and (damaged / "logs" / foreign.name).read_bytes() == bytes(bad)
    assert (damaged / "attrs" / "label").read_text() == "{a: [" and not (attrs / "label").exists() and not (guild_dir / "LOCK").exists()
    assert index.stat().st_size % 9 == 0 and (damaged / "output.index").exists()
    again, left = findings(guild)
    assert not [f for f in again["findings"] if f["repair"]]
    assert {k for k, f in left.items() if f["level"] == "problem" and "trash" not in k[1]} == {k for k, v in expected.items() if v is None} | {("output", ".guild/output.index")}

    # An index that is no database, a running run whose files are not whole yet, a trial in the trash.
    shutil.rmtree(copy)
    (guild.home / "cache" / "runs").mkdir(exist_ok=True, parents=True)
    (guild.home / "cache" / "runs" / "runs-index.db").write_text("junk and more junk")
    event_file.write_bytes(whole[:-2])
    (guild_dir / "LOCK").write_text(str(os.getpid()))
    out, found = findings(guild)
    assert [f["repair"] for f in out["findings"] if f["kind"] == "index"] == ["remove"]
    assert not [f for f in out["findings"] if f["kind"] in ("events", "lock")]
    guild("check", "--repair", code=2)


def test_duplicates_in_the_trash(guild, run):
    """Links only there; after a restore or a restart what is written to one file does not change the other."""
    guild.write("t.py", "open('big', 'wb').write(b'x' * 20000)\nopen('odd', 'wb').write(b'y' * 20000)\nprint('done')\n")
    guild.write("u.py", "open('big', 'ab').write(b'more')\n")
    a, b, c = run("t.py"), run("t.py"), run("t.py")
    (b / "odd").write_bytes(b"z" * 20000)
    os.utime(a / "big", ns=(1, 1_600_000_000_123_456_789))
    os.utime(b / "big", ns=(1, 1_700_000_000_123_456_789))
    guild("gc", "--dedupe", "-y")
    assert (a / "big").stat().st_nlink == 1
    guild("runs", "delete", a.name, b.name, "-y")
    trash = guild.home / "trash" / "runs"
    ta, tb = trash / a.name, trash / b.name
    before = tree(trash)
    items = json.loads(guild("gc", "--dedupe", "--json").stdout)["items"]
    assert [i["kind"] for i in items] == ["duplicate"] and items[0]["path"] in (str(ta / "big"), str(tb / "big")) and items[0]["size"] >= 20000
    assert (ta / "big").stat().st_nlink == 1
    guild("gc", "--dedupe", "-y")
    assert (ta / "big").stat().st_ino == (tb / "big").stat().st_ino and (ta / "odd").stat().st_nlink == 1 and (c / "big").stat().st_nlink == 1
    assert [e for e in tree(trash) if not e[0].endswith(".guild/links")] == before
    assert json.loads(guild("gc", "--dedupe", "--json").stdout)["items"] == []
    # Started where it is, by its directory: the other one keeps what it has.
    guild("runs", "restore", a.name, "-y")
    assert (a / "big").stat().st_nlink == 1 and (a / "big").stat().st_mtime_ns == 1_600_000_000_123_456_789 and not (a / ".guild" / "links").exists()
    with open(a / "big", "ab") as f:
        f.write(b"more")
    assert (tb / "big").read_bytes() == b"x" * 20000
    guild("runs", "delete", a.name, "-y")
    guild("gc", "--dedupe", "-y")
    (a_big, b_big) = (ta / "big", tb / "big")
    a_big.unlink()
    os.link(b_big, a_big)  # as after a restore by 0.9.0, which moves the directory only
    (ta / ".guild" / "links").write_text(f"1600000000123456789 big\n")
    os.rename(ta, a)
    (a / "t.py").write_text("open('big', 'r+b').write(b'new')\n")
    run("--restart", a.name)
    assert (a / "big").read_bytes().startswith(b"newxx") and b_big.read_bytes() == b"x" * 20000


def test_a_store_of_all_kinds_is_whole(guild, run):
    """Generated files, archives, directories, links, batches, pipelines, restarts: nothing to complain of."""
    guild.write("t.py", "print('loss: 1')\n")
    guild.write("c.json", '{"x": 1}')
    guild.write("data/sub/a.txt", "a")
    subprocess.run(["tar", "czf", "arch.tar.gz", "data"], cwd=guild.cwd, check=True)
    guild.write("guild.yml", """
t: {flags: {x: 5}, flags-dest: 'config:c.json', sourcecode: ['*.py'], requires: [{config: c.json}, {file: arch.tar.gz},
    {file: data, target-path: d2}, {file: data, target-type: link, target-path: l}]}
u: {main: t, sourcecode: ['*.py'], requires: [{operation: t, select: 'd2/.*'}]}
pipe: {steps: [t, u]}
""")
    made = run("t")
    run("u")
    run("pipe")
    run("t", "x=[1,2]", "--keep-batch")
    run("t", "--stage")
    assert guild("check", "--store").stdout == "9 runs checked, 0 problems\n"
    run("--restart", made.name, "x=9")
    out, found = findings(guild, code=0)
    assert [(k, f["level"]) for k, f in found.items()] == [(("dependency", "c.json"), "note")]


@pytest.mark.differential
def test_a_store_of_the_reference_is_whole(guild, oracle):
    guild.write("train.py", "import sys\nx = 1\nprint('loss: 0.5')\nsys.stderr.write('warn\\npartial')\nsys.stderr.flush()\n"
                            "sys.stdout.write('more\\r\\nlast')\nsys.stdout.flush()\nsys.stderr.write(' end\\nno newline')\nopen('m.pt', 'wb').write(b'PK')\n")
    guild.write("use.py", "print('ok')\n")
    guild.write("data/a.txt", "a")
    guild.write("one.txt", "one")
    guild.write("guild.yml", """
train: {flags-import: all, requires: [file: data, file: one.txt]}
use: {requires: [{operation: train, select: m.pt}]}
lnk: {main: use, requires: [{operation: train, select: m.pt, target-type: link}, {file: one.txt, target-type: link}]}
""")
    guild.home.mkdir()
    for args in (["train"], ["use"], ["lnk"], ["train", "x=[1,2]", "--keep-batch"]):
        oracle("run", *args, "-y")
    assert guild("check", "--store").stdout == "6 runs checked, 0 problems\n"
    assert json.loads(guild("gc", "--json").stdout)["items"] == []
