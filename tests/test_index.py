"""The index changes no answer: whatever happens to runs or to it, listings are as without it."""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import time

import pytest

import events

PROJECT = """
train:
  exec: sh train.sh
  flags: {n: 1, act: relu}
  env: {N: '${n}'}
fail:
  exec: 'false'
"""
SCRIPT = 'echo "loss: 0.$N"; echo "acc: 0.5"\n'

# Each is asked with and without the index.
QUESTIONS = [
    ("runs", "--all"),
    ("runs", "--json"),
    ("runs", "-n", "3"),
    ("runs", "--all", "-F", "loss < 0.5 and act = relu"),
    ("runs", "--all", "-F", "last(loss) > 0.3 or status = error"),
    ("runs", "--all", "-Ft", "a", "-Sc"),
    ("runs", "--all", "-Fl", "x", "-Fo", "train"),
    ("runs", "--all", "-Fc", "note"),
    ("runs", "--all", "-Fm"),
    ("runs", "--all", "--sort", "-loss, started"),
    ("runs", "--deleted", "--all"),
    ("compare", "--csv", "-", "-e", "-c", ".tags, .marked, .note, max acc as best, loss step as last"),
    ("compare", "--group-by", "act", "--json"),
    ("select", "--all", "--min", "loss"),
]


def write_project(guild):
    guild.write("guild.yml", PROJECT)
    guild.write("train.sh", SCRIPT)


def index_file(guild):
    return guild.home / "cache" / "runs" / "runs-index.db"


def answers(guild, env, questions):
    out = []
    for words in questions:
        done = guild(*words, code=None, env=env)
        out.append((words, done.returncode, done.stdout, done.stderr))
    return out


def assert_same(guild, what, questions=QUESTIONS):
    plain = answers(guild, {"GUILD_INDEX": "off"}, questions)
    for _ in range(2):  # the first look may fill the index, the second reads it
        for with_index, without in zip(answers(guild, {}, questions), plain):
            assert with_index == without, what


def make_run(guild, rng):
    guild("run", rng.choice(["train", "train", "fail"]), f"n={rng.randint(1, 9)}", "-y",
          *(["-t", rng.choice("ab")] if rng.random() < 0.5 else []), code=None)


def runs_of(guild):
    return [p for p in guild.runs() if not p.name.startswith(".")]


def edit(guild, rng, run, program=None):
    """One change by a command of ours, or of 0.9.0."""
    program = program or guild
    words = rng.choice([
        ("label", "-s", f"x{rng.randint(0, 99)}"),
        ("label", "-c"),
        ("tag", "-a", rng.choice("abc")),
        ("tag", "-c"),
        ("mark",),
        ("mark", "-c"),
        ("comment", "-a", f"note {rng.randint(0, 9)}"),
        ("comment", "-c"),
    ])
    program(*words, run.name, "-y", code=None)


def write_in_place(path, text):
    """As 0.9.0 writes: the same file, its directory untouched."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


def change_files(rng, run):
    """One change of files, as other programs and people make them."""
    attrs = run / ".guild" / "attrs"
    what = rng.randrange(9)
    if what == 0:
        write_in_place(attrs / "label", f"x in place {rng.randint(0, 99)}\n")
    elif what == 1:
        write_in_place(attrs / "tags", f"- a\n- t{rng.randint(0, 9)}\n")
    elif what == 2:
        write_in_place(attrs / "note", f"custom {rng.randint(0, 99)}\n")
    elif what == 3:
        for path in run.rglob("*tfevents*"):
            with open(path, "ab") as out:
                out.write(events.event("loss", rng.randint(1, 50), rng.random()))
            break
    elif what == 4:
        events.write_events(run / f"logs{rng.randint(0, 2)}", {"acc": [(1, rng.random())]})
    elif what == 5:
        for sub in run.glob("logs*"):
            shutil.rmtree(sub)
    elif what == 6:
        path = attrs / "label"
        if path.exists():  # same size, and times put back: only the ctime tells
            old = path.stat()
            write_in_place(path, path.read_text()[::-1])
            os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    elif what == 7:
        (attrs / "flags").write_text("n: 3\nact: tanh\n" if rng.random() < 0.7 else "{broken")
    else:
        (run / ".guild" / rng.choice(["LOCK", "PENDING", "STAGED"])).write_text("999999")


def move_runs(guild, rng, run, spare):
    """Runs come and go, by commands and behind guild's back."""
    what = rng.randrange(5)
    if what == 0:
        guild("runs", "delete", run.name, "-y", code=None)
    elif what == 1:
        deleted = guild("runs", "--deleted", "--json").stdout
        if "id" in deleted:
            guild("runs", "restore", "1", "-y", code=None)
    elif what == 2:
        shutil.copytree(run, spare / f"{rng.getrandbits(128):032x}", symlinks=True)
    elif what == 3:
        for path in spare.iterdir():  # as rsync -a would bring it: with the times it had
            subprocess.run(["cp", "-a", path, guild.home / "runs" / path.name], check=True)
            shutil.rmtree(path)
    else:
        shutil.rmtree(run)


def hurt_index(guild, rng):
    """What may happen to a file: gone, cut, bits turned, another version, somebody else's."""
    path = index_file(guild)
    if not path.exists():
        return
    what = rng.randrange(6)
    data = bytearray(path.read_bytes())
    if what == 0:
        path.unlink()
    elif what == 1:
        path.write_bytes(data[:rng.randrange(len(data))])
    elif what == 2:
        for _ in range(rng.choice([1, 1, 8, 200])):
            at = rng.randrange(len(data))
            data[at] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
    elif what == 3:
        path.write_bytes(rng.randbytes(5000))
    else:
        db = sqlite3.connect(path)
        with contextlib.suppress(sqlite3.DatabaseError):  # it was hurt before
            if what == 4:
                db.execute(f"PRAGMA user_version = {rng.choice([1, 99999])}")
            else:
                db.execute("UPDATE facts SET attrs = (SELECT attrs FROM facts LIMIT 1)")
                db.execute("UPDATE run SET timestamp = timestamp + 1 WHERE id % 2")
            db.commit()
        db.close()


def steps(guild, rng, count, tmp_path, other=None):
    spare = tmp_path / "spare"
    spare.mkdir(exist_ok=True)
    for number in range(count):
        runs = runs_of(guild)
        kind = rng.choice(["run", "edit", "edit", "files", "files", "files", "move", "index"])
        if kind == "run" or len(runs) < 3:
            make_run(other if other and rng.random() < 0.3 else guild, rng)
        elif kind == "edit":
            edit(guild, rng, rng.choice(runs), other if rng.random() < 0.7 else None)
        elif kind == "files":
            change_files(rng, rng.choice(runs))
        elif kind == "move":
            move_runs(guild, rng, rng.choice(runs), spare)
        else:
            hurt_index(guild, rng)
        yield number, kind


def play(guild, seed, count, tmp_path, other=None):
    rng = random.Random(seed)
    write_project(guild)
    for _ in range(4):
        make_run(guild, rng)
    for number, kind in steps(guild, rng, count, tmp_path, other):
        assert_same(guild, f"seed {seed}, step {number}: {kind}")


def test_every_listing_is_as_without_the_index(guild, tmp_path):
    play(guild, 1, 12, tmp_path)
    assert index_file(guild).exists()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 5))
def test_random_edits_of_the_store(guild, tmp_path, seed):
    play(guild, seed, 40, tmp_path)


@pytest.mark.slow
@pytest.mark.differential
@pytest.mark.parametrize("seed", range(20, 22))
def test_random_edits_by_both_implementations(guild, oracle, tmp_path, seed):
    play(guild, seed, 20, tmp_path, oracle)


def test_what_is_not_changed_is_not_read(guild, tmp_path):
    write_project(guild)
    for n in range(3):
        guild("run", "train", f"n={n + 1}", "-y")
    time.sleep(0.1)  # files of just now are not believed yet
    guild("compare", "--csv", "-")
    log = tmp_path / "strace"
    subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", log, guild.program, "compare", "--csv", "-"],
                   cwd=guild.cwd, env=guild.traced_env(), stdout=subprocess.DEVNULL, check=True)
    opened = log.read_text()
    assert "attrs/" not in opened and "tfevents" not in opened
    write_in_place(runs_of(guild)[0] / ".guild" / "attrs" / "label", "other\n")
    time.sleep(0.1)
    subprocess.run(["strace", "-f", "-e", "trace=openat", "-o", log, guild.program, "compare", "--csv", "-"],
                   cwd=guild.cwd, env=guild.traced_env(), stdout=subprocess.DEVNULL, check=True)
    opened = log.read_text()
    assert opened.count("attrs/label") == 1, "one run was changed"
    assert "tfevents" not in opened, "its scalars were not"


def test_place_of_the_index(guild, tmp_path):
    write_project(guild)
    guild("run", "train", "-y")
    cache = tmp_path / "cache"
    before = guild("runs").stdout
    assert guild("runs", env={"GUILD_INDEX": "user", "XDG_CACHE_HOME": cache}).stdout == before
    assert [p.name.startswith("runs-index-") for p in (cache / "guild").iterdir() if p.suffix == ".db"] == [True]
    # Another home has another index there.
    other = {"GUILD_INDEX": "user", "XDG_CACHE_HOME": cache, "GUILD_HOME": tmp_path / "other"}
    assert guild("runs", env=other).stdout == ""
    # Nowhere to write: no index, no complaint.
    assert guild("runs", env={"GUILD_INDEX": "user", "XDG_CACHE_HOME": "/proc/nothing"}).stdout == before
    done = guild("runs", env={"GUILD_INDEX": "off"})
    assert (done.stdout, done.stderr) == (before, "")


def test_a_run_of_another_machine(guild):
    """LOCK.info of another host and boot: whether it runs hangs on its heartbeat, and no index may remember that."""
    write_project(guild)
    guild("run", "train", "-y")
    run = runs_of(guild)[0]
    time.sleep(0.1)
    guild("runs", "-Sc")
    for name in ("exit_status", "stopped"):
        (run / ".guild" / "attrs" / name).unlink()
    (run / ".guild" / "LOCK").write_text("1")
    info = run / ".guild" / "LOCK.info"
    info.write_text("1 77 elsewhere 00000000-0000-0000-0000-000000000000 4026531836\n")
    time.sleep(0.1)
    assert "running" in guild("runs", "-Sr").stdout
    # Not those that show how long it has been running.
    assert_same(guild, "running elsewhere", [words for words in QUESTIONS if words[0] != "compare"])
    old = time.time() - 3600
    for path in [info, *(run / ".guild").glob("output*"), *(run / ".guild" / "sys").glob("*")]:
        os.utime(path, (old, old))
    assert guild("runs", "-Sr").stdout == ""
    assert "error" in guild("runs", "-Se").stdout
    assert_same(guild, "its heartbeat ended")


@pytest.mark.slow
def test_many_processes_at_once(guild):
    """Fifty at a time label, tag, delete, restore and list one store: none fails, and nothing is lost."""
    write_project(guild)
    for n in range(10):
        guild("run", "train", f"n={n % 9 + 1}", "-y")
    names = [p.name for p in runs_of(guild)]
    index_file(guild).unlink(missing_ok=True)
    rng = random.Random(5)
    children = []
    for i in range(150):
        name = names[i % len(names)]
        words = rng.choice([["label", "-s", f"l{i}", name, "-y"], ["tag", "-a", f"t{i}", name, "-y"],
                            ["runs", "--all", "-F", "loss < 0.5"], ["compare", "--csv", "-"],
                            ["runs", "delete", name, "-y"], ["runs", "restore", name, "-y"]])
        children.append((words, subprocess.Popen([guild.program, *words], cwd=guild.cwd, env=guild.env(),
                                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)))
        if len(children) == 50:
            for words, child in children:
                out, err = child.communicate(timeout=120)
                # A run may be in the trash right now; that is all that may be said.
                assert child.returncode in (0, 1) and "malformed" not in err and "database" not in err, (words, err)
            children = []
    for words, child in children:
        child.communicate(timeout=120)
    trash = guild.home / "trash" / "runs"
    left = {p.name for p in runs_of(guild)} | {p.name for p in trash.iterdir()}
    assert {name.split("_")[0] for name in left} == set(names)
    assert_same(guild, "after fifty at once")
