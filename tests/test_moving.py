"""guild export, import and archive: runs move as a whole or not at all, and come back as they were."""

import io
import json
import os
import pathlib
import random
import resource
import signal
import stat
import subprocess
import tarfile
import time
import zipfile

import pytest

from conftest import GUILD, Guild
from rundirs import make_run, run_id

ARCHIVES = ["a.zip", "a.tar", "a.tgz", "a.tar.zst", "a.tar.xz", "a.tar.bz2"]


def make_store(home):
    """Three runs with links, modes, empty directories, large and empty files, and names that are no ASCII."""
    for n in (1, 2, 3):
        run = make_run(home, n, source="/p/guild.yml", output="loss: 0.5\n", label=f"run {n}",
                       files={"train.py": f"print({n})\n", "sub/größe.txt": "x" * n, "tool.sh": "#!/bin/sh\n"})
        (run / "tool.sh").chmod(0o755)
        (run / "secret").write_text("s")
        (run / "secret").chmod(0o600)
        (run / "empty").touch()
        (run / "empty dir").mkdir()
        (run / "big").write_bytes(random.Random(n).randbytes(1 << 17))
        (run / "inner").symlink_to("sub")
        (run / "to-file").symlink_to("sub/größe.txt")
        (run / "outside").symlink_to("/etc/hostname")
        (run / "gone").symlink_to("../../no/such")
        os.utime(run / "train.py", ns=(1_600_000_000_123_456_789,) * 2)
    make_run(home, 4, op="fails", status="error")
    return [run_id(n) for n in (4, 3, 2, 1)]


def tree(run):
    """Everything of a run that a copy must have."""
    found = {}
    for path in sorted(run.rglob("*")):
        info = path.lstat()
        name = str(path.relative_to(run))
        if path.is_symlink():
            found[name] = ("link", os.readlink(path))
        elif path.is_dir():
            found[name] = ("dir",)
        else:
            found[name] = ("file", path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_mtime_ns // 10**9)
    return found


def trees(folder):
    if not folder.exists():
        return {}
    return {p.name: tree(p) for p in folder.iterdir() if (p / ".guild/opref").exists()}


def nothing_left(*folders):
    for folder in folders:
        left = [p for p in folder.rglob(".guild-moving*")]
        assert not left, left


@pytest.fixture
def other(tmp_path, project):
    return Guild(GUILD, project, tmp_path / "other home")


def test_there_and_back(guild, other):
    ids = make_store(guild.home)
    whole = trees(guild.home / "runs")
    for name in ["dir", *ARCHIVES]:
        done = guild("export", name, "-y")
        assert done.stderr.splitlines() == [f"Copying {i}" for i in ids] + [f"Exported 4 run(s) to {name}"]
        assert [r["id"] for r in json.loads(guild("runs", "-A", name, "--json").stdout)] == ids
        assert "fails" not in guild("runs", "-A", name, "--not-error", "-Fo", "train").stdout
        done = other("import", name, "-y")
        assert done.stderr.splitlines()[-1] == f"Imported 4 run(s) from {name}"
        assert trees(other.home / "runs") == whole, name
        assert f"{name}/{ids[0]} exists and is the same" in guild("export", name, "-y").stderr
        done = json.loads(other("import", name, "-y", "--json").stdout)
        assert done["imported"] == [] and done["same"] == ids and done["differing"] == []
        other("runs", "delete", "-py", ":")
        nothing_left(guild.cwd, guild.home, other.home)
    assert (guild.cwd / "dir/.guild-nocopy").read_bytes() == b""
    with zipfile.ZipFile(guild.cwd / "a.zip") as z:
        assert z.testzip() is None
        names = z.namelist()
        assert len(names) == len(set(names)) and f"{ids[1]}/" in names and f"{ids[1]}/empty dir/" in names
        assert z.read(f"{ids[1]}/sub/größe.txt") == b"xxx"
        assert stat.S_ISLNK(z.getinfo(f"{ids[1]}/inner").external_attr >> 16)
        assert z.getinfo(f"{ids[1]}/big").compress_type == zipfile.ZIP_DEFLATED
    assert subprocess.run(["tar", "--zstd", "-tf", guild.cwd / "a.tar.zst"], check=True, capture_output=True).stdout


def test_choosing_and_asking(guild, other):
    ids = make_store(guild.home)
    guild("export", "a.zip", stdin="n\n", code=4)
    guild("export", "a.zip", stdin="", code=1)
    assert not (guild.cwd / "a.zip").exists()
    guild("export", "a.zip", stdin="\n")
    guild("export", "b", "2:3", "-y")
    assert set(trees(guild.cwd / "b")) == {ids[1], ids[2]}
    guild("runs", "export", "b", "-Se", "-y")
    assert set(trees(guild.cwd / "b")) == set(ids[:3])
    other("import", "a.zip", "-y", ids[3][:8], "1")
    assert set(trees(other.home / "runs")) == {ids[3], ids[0]}
    assert "could not find a run matching 'nope'" in other("import", "a.zip", "nope", "-y", code=1).stderr
    assert "Nothing to export" in guild("export", "c", "-Fl", "none such", "-y").stderr
    assert "'--move' cannot be used" in other("import", "a.zip", "-my", code=1).stderr
    assert "does not exist" in other("import", "nowhere", "-y", code=1).stderr
    guild.write("file.txt", "x")
    assert "neither a directory nor an archive" in other("import", "file.txt", "-y", code=1).stderr
    assert "not a directory" in guild("export", "file.txt", "-y", code=1).stderr
    assert "in '" in guild("export", guild.home / "runs", "-y", code=1).stderr
    (guild.cwd / "link.zip").symlink_to("a.zip")
    guild("label", "-s", "new", "2", "-y")
    guild("export", "link.zip", "-y", "--replace")
    assert (guild.cwd / "link.zip").is_symlink() and "new" in guild("runs", "-A", "a.zip").stdout
    guild("export", "d", "-ry", "2")
    copy = guild.cwd / "d" / ids[1]
    assert (copy / "inner/größe.txt").read_text() == "xxx" and not (copy / "inner").is_symlink()
    assert (copy / "outside").read_bytes() == pathlib.Path("/etc/hostname").read_bytes()
    assert (copy / "gone").is_symlink()
    done = guild("export", "e", "-r", "2", stdin="y\nn\n", code=4)
    assert "(y/N)" in done.stderr and not (guild.cwd / "e").exists()


def test_runs_that_differ(guild, other):
    ids = make_store(guild.home)
    for name in ("dir", "A.ZIP", "a.tar.zst"):
        guild("export", name, "-y", "2:")
        guild("label", "-s", name, "2", "-y")
        if name != "dir":
            (guild.cwd / name).chmod(0o600)
        before = trees(guild.cwd / name) if name == "dir" else (guild.cwd / name).read_bytes()
        done = guild("export", name, "-y", code=1)
        assert f"run {ids[1][:8]} is in" in done.stderr and "--replace" in done.stderr and ids[1] in done.stderr
        assert before == (trees(guild.cwd / name) if name == "dir" else (guild.cwd / name).read_bytes())
        done = json.loads(guild("export", name, "-y", "--skip-differing", "--json").stdout)
        assert done["exported"] == [ids[0]] and done["differing"] == [ids[1]] and done["same"] == ids[2:]
        assert name not in guild("runs", "-A", name).stdout
        done = json.loads(guild("export", name, "-y", "--replace", "--json").stdout)
        assert done["exported"] == [ids[1]]
        assert guild("runs", "-A", name, "-s").stdout.count(name) == 1
        assert name == "dir" or stat.S_IMODE((guild.cwd / name).stat().st_mode) == 0o600
        assert len(json.loads(guild("runs", "-A", name, "--json").stdout)) == 4

        other("import", name, "-y")
        (other.home / "runs" / ids[1] / "train.py").write_text("edited\n")
        done = other("import", name, "-y", code=1)
        assert ids[1] in done.stderr and "differs" in done.stderr
        other("import", name, "-y", "--skip-differing")
        assert (other.home / "runs" / ids[1] / "train.py").read_text() == "edited\n"
        other("import", name, "-y", "--replace")
        assert (other.home / "runs" / ids[1] / "train.py").read_text() == "print(3)\n"
        assert (other.home / "trash/runs" / ids[1] / "train.py").read_text() == "edited\n"
        other("runs", "delete", "-py", ":")
        other("runs", "purge", "-y", ":")
        nothing_left(guild.cwd, guild.home, other.home)


def test_moves(guild, other):
    ids = make_store(guild.home)
    whole = trees(guild.home / "runs")
    guild("export", "dir", "-my", "2")
    assert trees(guild.cwd / "dir") == {ids[1]: whole[ids[1]]} and ids[1] not in trees(guild.home / "runs")
    guild("export", "a.tar.zst", "-my")
    assert trees(guild.home / "runs") == {} and not (guild.home / "trash").exists()
    guild("import", "a.tar.zst", "-y")
    guild("import", "dir", "-my")
    assert trees(guild.home / "runs") == whole and trees(guild.cwd / "dir") == {}
    guild("export", "dir", "-y")  # as after a kill between the copy and the removal
    guild("export", "dir", "-my")
    assert trees(guild.home / "runs") == {} and trees(guild.cwd / "dir") == whole
    guild("import", "dir", "-y")
    assert "--output" in guild("archive", ":", "-y", code=2).stderr
    assert "no name of an archive" in guild("archive", ":", "-o", "x.rar", "-y", code=1).stderr
    assert "Nothing to archive" in guild("archive", "-o", "x.zip", "-y").stderr  # none is of this project
    done = guild("archive", ":", "-o", "x.zip", "-y")
    assert "Archived 4 run(s) in x.zip" in done.stderr and "restore" in done.stderr
    assert trees(guild.home / "runs") == {} and trees(guild.home / "trash/runs") == whole
    guild("runs", "restore", "-y")
    assert trees(guild.home / "runs") == whole
    nothing_left(guild.cwd, guild.home)


def test_imports_again(guild, other):
    """What an import made of links, and the hard links of another tar, count as the same; a changed byte does not."""
    ids = make_store(guild.home)
    run = guild.home / "runs" / ids[1]
    (run / "inner.txt").touch()
    os.link(run / "big", run / "second")
    os.link(guild.home / "runs" / ids[2] / "big", run / "shared")
    guild("export", "x.zip", "-y")
    subprocess.run(["tar", "cf", guild.cwd / "x.tar", "-C", guild.home / "runs", "."], check=True)
    for name, args, changed in [("x.zip", ["--copy-resources"], "inner/größe.txt"), ("x.tar", [], "second"), ("x.tar", [], "shared")]:
        assert json.loads(other("import", name, "-y", "--json", *args).stdout)["imported"] == ids
        assert json.loads(other("import", name, "-y", "--json", *args).stdout)["same"] == ids
        file = other.home / "runs" / ids[1] / changed
        file.rename(file.with_suffix(".old"))
        file.write_text("changed")
        file.with_suffix(".old").unlink()
        assert ids[1] in other("import", name, "-y", *args, code=1).stderr
        other("runs", "delete", "-py", ":")


def test_running_runs(guild, other):
    run = make_run(guild.home, 1, status="running", output="some\n")
    make_run(guild.home, 2)
    for args in (["export", "a.zip", "-my"], ["export", "d", "-my"], ["archive", ":", "-o", "a.zip", "-y"]):
        done = guild(*args, code=1)
        assert "is running and cannot be moved" in done.stderr and "--not-running" in done.stderr
    assert not (guild.cwd / "a.zip").exists() and len(trees(guild.home / "runs")) == 2
    for name in ("d", "a.zip", "a.tar"):
        assert "its copy has what it has written so far" in guild("export", name, "-y").stderr
        other("import", name, "-y")
        copy = other.home / "runs" / run.name
        assert (copy / ".guild/output").read_text() == "some\n" and not (copy / ".guild/LOCK").exists()
        assert "running" not in other("runs").stdout
        other("runs", "delete", "-py", ":")
    assert (run / ".guild/LOCK").exists()


def write_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o120777 if isinstance(content, str) else 0o100644) << 16
            z.writestr(info, content)


def write_tar(path, members):
    with tarfile.open(path, "w") as t:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                t.addfile(info)
            else:
                info.size = len(content)
                t.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize("write,name", [(write_zip, "x.zip"), (write_tar, "x.tar")])
def test_hostile_archives(guild, write, name):
    opref = (f"{'a' * 32}/.guild/opref", b"script:/p '' '' t.py")
    outside = guild.cwd / "outside"
    outside.mkdir()
    cases = [
        [opref, ("../evil", b"x")],
        [opref, ("/tmp/evil", b"x")],
        [opref, (f"{'a' * 32}/../../evil", b"x")],
        [opref, (f"{'a' * 32}/d", str(outside)), (f"{'a' * 32}/d/evil", b"x")],
        [opref, (f"{'a' * 32}/.guild/attrs", str(outside))],
        [(f"{'b' * 32}", str(outside)), (f"{'b' * 32}/.guild/opref", b"script:/p '' '' t.py")],
    ]
    for members in cases:
        write(guild.cwd / name, members)
        done = guild("import", name, "-y", code=1)
        assert done.stderr.startswith("guild: ") and len(done.stderr.splitlines()) <= 2, done.stderr
        assert not list(outside.iterdir()) and trees(guild.home / "runs") == {}
        nothing_left(guild.cwd, guild.home)
    assert not pathlib.Path("/tmp/evil").exists()
    write(guild.cwd / name, [opref, (f"{'a' * 32}/zeros", bytes(30 << 20))])
    done = guild("import", name, "-y", env={"GUILD_UNPACK_MAX": "1M"}, code=1)
    assert "holds more than 1048576 bytes" in done.stderr and "GUILD_UNPACK_MAX" in done.stderr
    assert trees(guild.home / "runs") == {}
    guild("import", name, "-y")


def test_damaged_archives(guild, other):
    make_store(guild.home)
    for name in ("a.zip", "a.tar.zst", "a.tar.gz", "a.tar.xz"):
        path = guild.cwd / name
        guild("export", name, "-y")
        whole = path.read_bytes()
        for size in (len(whole) - 30, len(whole) // 2, 100):
            path.write_bytes(whole[:size])
            done = other("import", name, "-y", code=None)
            assert done.returncode == 1, (name, size)
            assert done.stderr.startswith("guild: ") and len(done.stderr.splitlines()) <= 2, done.stderr
            assert guild("export", name, "1", "-y", code=1).stdout == ""
            assert path.read_bytes() == whole[:size]
        spoiled = bytearray(whole)
        spoiled[len(spoiled) // 2] ^= 0x10
        path.write_bytes(bytes(spoiled))
        assert other("import", name, "-y", code=None).returncode == 1, name
        assert trees(other.home / "runs") == {}
        path.write_bytes(b"")
        assert "is empty, no archive" in other("runs", "-A", name, code=1).stderr
        guild("export", name, "1", "-y")
        path.unlink()
    nothing_left(guild.cwd, guild.home, other.home)


def limited(size):
    """As a full disk: no file may become larger."""
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return prepare


def test_full_disk(guild, other):
    ids = make_store(guild.home)
    whole = trees(guild.home / "runs")
    guild("export", "a.zip", "1", "-y")
    guild("export", "b.zip", "-y")
    before = (guild.cwd / "a.zip").read_bytes()
    (guild.cwd / "t").mkdir()
    for args in (["export", "d", "-y"], ["export", "d", "-my", "-r"], ["export", "a.zip", "-my"],
                 ["export", "new.tar", "-my"], ["archive", ":", "-o", "a.zip", "-y"], ["import", "b.zip", "-y"],
                 ["merge", "2", "--all", "-t", "t", "-y"]):
        who = other if args[0] == "import" else guild
        done = subprocess.run([who.program, *args], cwd=who.cwd, env=who.env(), capture_output=True, text=True,
                              preexec_fn=limited(64 << 10), check=False)
        assert done.returncode == 1 and "guild: " in done.stderr and "File too large" in done.stderr, (args, done.stderr)
        moved = trees(guild.cwd / "d")
        assert {**trees(guild.home / "runs"), **moved} == whole and moved.keys() <= {ids[0]}
        assert (guild.cwd / "a.zip").read_bytes() == before and not (guild.cwd / "new.tar").exists()
        assert trees(other.home / "runs") == {}
        assert not list((guild.cwd / "t").iterdir())
        nothing_left(guild.cwd, guild.home)
    guild("export", "d", "-y", "--skip-differing")
    assert trees(guild.cwd / "d") == whole


@pytest.mark.slow
def test_many_at_once(guild):
    """50 processes label, tag, delete, export and list; nobody loses a run, and what is listed can be read."""
    for n in range(200):
        make_run(guild.home, n)
    jobs = []
    for n in range(50):
        args = [["label", "-s", f"label {n}", ":", "-y"], ["tag", "-a", f"t{n}", f"{n + 1}:{n + 100}", "-y"],
                ["runs", "delete", "-y", run_id(n), run_id(n + 1)], ["runs", "--json"],
                ["export", "one.zip", "-y", "--replace", run_id(100 + n), run_id(150 + n)]][n % 5]
        jobs.append((args, subprocess.Popen([guild.program, *args], cwd=guild.cwd, env=guild.env(), stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)))
    for args, job in jobs:
        out, err = job.communicate(timeout=300)
        if args == ["runs", "--json"]:
            assert job.returncode == 0 and 100 <= len(json.loads(out)) <= 200, err
        elif args[0] == "export":
            assert job.returncode == 0 or "changed while" in err or "shorter" in err, err
    left, gone = trees(guild.home / "runs"), trees(guild.home / "trash/runs")
    assert len(left) + len(gone) == 200 and not set(left) & set(gone)
    assert set(gone) == {run_id(n + i) for n in range(2, 50, 5) for i in (0, 1)}
    for run in json.loads(guild("runs", "--json").stdout):
        assert run["label"] is None or run["label"].startswith("label ")
    with zipfile.ZipFile(guild.cwd / "one.zip") as z:
        assert z.testzip() is None
        assert {name.split("/")[0] for name in z.namelist()} == {run_id(n + i) for n in range(4, 50, 5) for i in (100, 150)}
    nothing_left(guild.cwd, guild.home)


@pytest.mark.differential
@pytest.mark.slow
def test_with_the_reference(guild, oracle, other, tmp_path):
    """Each imports what the other exported, and adds to it."""
    ids = make_store(guild.home)
    for run in (guild.home / "runs").iterdir():
        if (run / "gone").is_symlink():
            (run / "gone").unlink()  # its zip writer fails on it
    whole = trees(guild.home / "runs")
    theirs = Guild(oracle.program, guild.cwd, tmp_path / "their home")
    theirs.home.mkdir()

    def plain(all_runs):
        """Without what cannot be said in a zip file of the reference: links, modes, times."""
        return {i: {k: v[:2] for k, v in t.items() if v[0] != "link" and not k.startswith("inner") and k not in (
            "to-file", "outside")} for i, t in all_runs.items()}

    for ours, name in ((True, "dir"), (False, "dir"), (True, "x.zip"), (False, "x.zip")):
        (guild if ours else oracle)("export", name, "1:2", "-y")
        (oracle if ours else guild)("export", name, "-y")  # adds the others, passes over these
        assert guild("runs", "-A", name).stdout == oracle("runs", "-A", name).stdout.replace("runs:\n", "")
        assert "is the same" in guild("export", name, "-y").stderr
        theirs("import", name, "-y")
        other("import", name, "-y")
        if name == "dir":
            assert trees(theirs.home / "runs") == trees(other.home / "runs") == whole
        else:
            assert plain(trees(theirs.home / "runs")) == plain(trees(other.home / "runs")) == plain(whole)
            with zipfile.ZipFile(guild.cwd / name) as z:
                assert z.testzip() is None and len(z.namelist()) == len(set(z.namelist()))
        other("import", name, "-y")
        for home in (theirs, other):
            subprocess.run(["rm", "-rf", home.home / "runs", guild.cwd / name], check=True)
    guild("export", "all.zip", "-y", "--copy-resources")
    theirs("import", "all.zip", "-y")
    assert (theirs.home / "runs" / ids[1] / "inner/größe.txt").read_text() == "xxx"
    oracle("export", "moved", "-y", "--move")
    guild("import", "moved", "-y", "--move")
    assert trees(guild.home / "runs") == whole
