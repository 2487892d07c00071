"""kill -9 at the writes of every command that moves runs: nothing is lost, nothing half-made is seen, repeating it finishes it.

The system calls that change something are counted in one run under strace; then the command is killed at some of them, spread over
all, and repeated.
"""

import os
import re
import shutil
import subprocess
import zipfile

import pytest

from conftest import GUILD, Guild
from rundirs import make_run, run_id
from test_moving import tree, trees

pytestmark = pytest.mark.slow

CHANGING = ("write,pwrite64,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,symlink,symlinkat,linkat,ftruncate,"
            "fchmod,chmod,ioctl,copy_file_range,utimensat,fsync,syncfs,flock")
KILLS = 24
MANIFEST = "s a.txt {0} a.txt\ns sub/b.txt {0} sub/b.txt\n".format("0" * 40)


class World:
    """A project, a home with two runs, and a second home; all can be put back to the start."""

    def __init__(self, folder):
        self.folder = folder
        self.start = folder / "start"
        self.now = folder / "now"
        for name in ("project", "other/runs", "home/trash/runs"):
            (self.start / name).mkdir(parents=True)
        for n in (1, 2):
            run = make_run(self.start / "home", n, source=str(self.now / "project/guild.yml"), manifest=MANIFEST,
                           files={"a.txt": "a" * 5000, "sub/b.txt": str(n), "made/c.txt": "c"}, output="out\n")
            (run / "link").symlink_to("a.txt")
        (self.start / "project/guild.yml").write_text("train: {exec: x}\n")
        self.reset()
        self.whole = trees(self.now / "home/runs")

    def guild(self, home="home"):
        return Guild(GUILD, self.now / "project", self.now / home)

    def reset(self):
        shutil.rmtree(self.now, ignore_errors=True)
        shutil.copytree(self.start, self.now, symlinks=True)

    def keep(self):
        shutil.rmtree(self.start)
        shutil.copytree(self.now, self.start, symlinks=True)

    def places(self):
        return [self.now / "home/runs", self.now / "home/trash/runs", self.now / "other/runs", self.now / "project/dir"]

    def state(self):
        """What anybody can see."""
        seen = {str(p.relative_to(self.now)): trees(p) for p in self.places()}
        for path in sorted((self.now / "project").rglob("*")):
            name = str(path.relative_to(self.now))
            if path.is_file() and ".guild" not in name and "/dir/" not in name:
                seen[name] = sorted(zip_names(path)) if path.suffix == ".zip" else path.read_bytes()
        return seen


def zip_names(path):
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        return z.namelist()


def strace(guild, args, *options):
    return subprocess.run(["strace", "-f", "-qq", *options, guild.program, *args], cwd=guild.cwd, env=guild.traced_env(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=120, check=False)


def boundaries(guild, args, log):
    done = strace(guild, args, "-o", str(log), "-e", "trace=" + CHANGING)
    assert done.returncode == 0, done.stderr
    calls = []
    counts = {}
    for line in log.read_text(errors="replace").splitlines():
        match = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if match:
            counts[match.group(1)] = counts.get(match.group(1), 0) + 1
            calls.append((match.group(1), counts[match.group(1)]))
    return calls


def ids_in_zip(path):
    return {n.split("/")[0] for n in zip_names(path)} if path.exists() else set()


COMMANDS = {
    "export to a directory": ("home", ["export", "dir", "-y"], []),
    "export to a zip": ("home", ["export", "x.zip", "-y"], [["export", "x.zip", "1", "-y"]]),
    "move to a directory": ("home", ["export", "dir", "-my"], []),
    "move by copy": ("home", ["export", "dir", "-mry"], []),
    "move to a zip": ("home", ["export", "x.zip", "-my"], [["export", "x.zip", "1", "-y"]]),
    "replace in a directory": ("home", ["export", "dir", "-y", "--replace"],
                               [["export", "dir", "-y"], ["label", "-s", "new", ":", "-y"]]),
    "archive": ("home", ["archive", ":", "-o", "x.zip", "-y"], []),
    "import a zip": ("other", ["import", "x.zip", "-y"], [["export", "x.zip", "-y"]]),
    "import a directory": ("other", ["import", "dir", "-y"], [["export", "dir", "-y"]]),
    "move from a directory": ("other", ["import", "dir", "-my", "--copy-resources"], [["export", "dir", "-my"]]),
    "delete": ("home", ["runs", "delete", "-y", ":"], []),
    "delete for good": ("home", ["runs", "delete", "-py", ":"], []),
    "restore": ("home", ["runs", "restore", "-y", ":"], [["runs", "delete", "-y", ":"]]),
    "purge": ("home", ["runs", "purge", "-y", ":"], [["runs", "delete", "-y", ":"]]),
    "merge": ("home", ["merge", "1", "-y", "--all"], []),
    "publish": ("home", ["publish", "-y", "-a"], []),
}
LOSING = {"delete for good", "purge"}


@pytest.mark.parametrize("name", COMMANDS)
def test_killed(tmp_path, name):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let processes be traced")
    home, args, before = COMMANDS[name]
    world = World(tmp_path)
    for command in before:
        world.guild()(*command)
    world.whole = {**trees(world.now / "home/runs"), **trees(world.now / "home/trash/runs"), **trees(world.now / "project/dir"),
                   **trees(world.now / "home/runs")}
    allowed = {i: [t] for i, t in world.whole.items()}
    for place in world.places():
        for i, t in trees(place).items():
            allowed[i].append(t)
    world.keep()
    calls = boundaries(world.guild(home), args, tmp_path / "log")
    finished = world.state()
    assert len(calls) > 3
    step = max(1, len(calls) // KILLS)
    for call, count in calls[::step] + calls[-3:]:
        world.reset()
        done = strace(world.guild(home), args, "-o", "/dev/null", "-e", f"trace={call}",
                      "-e", f"inject={call}:signal=KILL:when={count}")
        at = (name, call, count)
        # Whatever is listed anywhere is whole, in an old or the new state; no run is gone.
        found = set(ids_in_zip(world.now / "project/x.zip"))
        for place in world.places():
            for i, content in trees(place).items():
                if "-mry" in args or "--copy-resources" in args:  # links are replaced by what they lead to
                    content = {k: v for k, v in content.items() if k != "link"}
                    assert content in [{k: v for k, v in t.items() if k != "link"} for t in allowed[i]], at
                else:
                    assert content in allowed[i], at
                found.add(i)
        assert name in LOSING or found >= set(world.whole), at
        again = world.guild(home)(*args, code=None)
        assert again.returncode == 0, (at, again.stderr, done.returncode)
        state = world.state()
        if name == "publish":  # its times of copying
            assert state.keys() == finished.keys(), at
        else:
            assert state == finished, at
        left = [p for p in world.now.rglob(".guild-moving-*") if not p.name.endswith(".lock")]
        assert not left, (at, left)


def test_full_file_system(tmp_path):
    """A real one, where this machine lets us make it: half an archive never replaces a whole one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)], check=False,
                                           capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        guild = Guild(GUILD, tmp_path, tmp_path / "home")
        for n in range(8):
            run = make_run(guild.home, n)
            (run / "big").write_bytes(os.urandom(400 << 10))
        whole = trees(guild.home / "runs")
        guild("export", disk / "x.zip", "1:3", "-y")
        before = (disk / "x.zip").read_bytes()
        for args in (["export", disk / "x.zip", "-my"], ["export", disk / "dir", "-my"], ["archive", ":", "-o", disk / "x.zip", "-y"]):
            done = guild(*args, code=1)
            assert "No space left on device" in done.stderr and len(done.stderr.splitlines()) <= 12
            assert {**trees(guild.home / "runs"), **trees(disk / "dir")} == whole
            assert (disk / "x.zip").read_bytes() == before
            assert not list(disk.glob(".guild-moving-*"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
