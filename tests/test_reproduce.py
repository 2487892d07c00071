"""guild reproduce: every level says what is no more as it was, and nothing else does."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import pytest

from conftest import ORACLE, ROOT

LEVELS = ["source", "flags", "environment", "inputs", "exit", "outputs", "metrics", "runtime"]

SCRIPT = """
import argparse, os, random, sys
import helper
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.1)
p.add_argument("--seed", type=int, default=1)
p.add_argument("--fail", type=int, default=0)
args = p.parse_args()
random.seed(args.seed)
data = [float(line) for line in open("data.txt")]
for step in range(1, 4):
    print(f"step: {step}")
    print(f"loss: {helper.loss(data, args.lr, step) + random.random():.6f}")
os.mkdir("out")
open("out/model.txt", "w").write(str(random.random()))
open("out/time.log", "w").write(str(os.getpid()))
sys.exit(args.fail if not os.path.exists(os.environ.get("HEAL", "")) else 0)
"""
HELPER = "def loss(data, lr, step):\n    return sum(data) * lr / step\n"
GUILD_FILE = """
train:
  main: train
  flags-import: all
  requires:
    - file: data.txt
both:
  steps: [train, train lr=0.5]
"""


@pytest.fixture
def trained(guild):
    """A project, and one run of it."""
    guild.write("guild.yml", GUILD_FILE)
    guild.write("train.py", SCRIPT)
    guild.write("helper.py", HELPER)
    guild.write("data.txt", "1.0\n2.0\n")
    guild("run", "train", "lr=0.2", "-y", "-q")
    return guild.runs()[0]


def reproduce(guild, run, *args, code=0, kind="current", **kwargs):
    """The one report of --json."""
    done = guild("reproduce", run, "-y", "--env", kind, "--json", "--ignore", "*.log", *args, code=code, **kwargs)
    found = json.loads(done.stdout)
    assert len(found["runs"]) == 1 and found["runs"][0]["verdict"] == found["verdict"]
    assert found["verdict"] == ("reproduced" if code == 0 else "not reproduced")
    report = found["runs"][0]
    assert list(report["levels"]) == LEVELS
    return report


def verdicts(report):
    return {name: level["verdict"] for name, level in report["levels"].items()}


def differing(report):
    return [name for name, level in report["levels"].items() if level["verdict"] == "differs"]


def findings(report, level):
    return {f["name"]: f for f in report["levels"][level]["findings"] if f["differs"]}


def test_same_and_each_level(guild, trained):
    run = trained.name
    report = reproduce(guild, run)
    assert verdicts(report) == dict.fromkeys(LEVELS, "same") | {"runtime": "noted"}
    assert report["levels"]["metrics"]["summary"] == "1 scalar, 3 values within 1e-06"
    assert report["levels"]["outputs"]["summary"] == "1 file, 1 not compared"
    # kept as any run, linked to the one it repeats
    new = guild.home / "runs" / report["reproduction"]
    assert guild.attr(new, "reproduces").strip().strip("'") == run
    assert guild.attr(new, "label").startswith(f"reproduces {run[:8]} ")
    assert guild.attr(new, "random_seed") == guild.attr(trained, "random_seed")
    assert guild.attr(new, "sourcecode_digest") == guild.attr(trained, "sourcecode_digest")
    # the machine and the packages are those of now, not copied
    assert "python_version" in guild.attr(new, "platform") and (new / ".guild/attrs/pip_freeze").exists()

    # outputs: without --ignore the file that holds a process id differs
    done = guild("reproduce", run, "-y", "-q", "--env", "current", code=1)
    assert "out/time.log changed" in done.stdout and "not reproduced: outputs, by run " in done.stdout
    guild("reproduce", run, "-y", "-q", "--env", "current", "--level", "metrics", "--level", "source")

    # input: another byte where it came from; the run has the file as it was
    guild.write("data.txt", "1.0\n2.5\n")
    report = reproduce(guild, run)
    (note,) = report["levels"]["inputs"]["findings"]
    assert note["name"] == "file:data.txt" and not note["differs"] and "taken from the run" in note["what"]
    new = guild.home / "runs" / report["reproduction"]
    assert (new / "data.txt").read_text() == "1.0\n2.0\n"
    assert guild.attr(new, "_resolved") == guild.attr(trained, "_resolved")
    (guild.cwd / "data.txt").unlink()
    assert verdicts(reproduce(guild, run))["inputs"] == "same"
    # ... and no more
    before = (trained / "data.txt").read_bytes()
    (trained / "data.txt").write_bytes(before.replace(b"1", b"3"))
    n_runs = len(guild.runs())
    report = reproduce(guild, run, code=1)
    assert differing(report) == ["inputs"] and "'data.txt'" in findings(report, "inputs")["file:data.txt"]["what"]
    assert report["reproduction"] is None and len(guild.runs()) == n_runs
    assert [verdicts(report)[name] for name in LEVELS[4:]] == ["skipped"] * 4
    (trained / "data.txt").write_bytes(before)

    # source: one byte of the run's copy
    (trained / "helper.py").write_text(HELPER.replace("/", "*"))
    report = reproduce(guild, run, code=1)
    assert differing(report) == ["source"] and list(findings(report, "source")) == ["helper.py"]
    assert report["reproduction"] is None
    report = reproduce(guild, run, "--force", code=1)
    assert differing(report) == ["source", "metrics"]
    (trained / "helper.py").write_text(HELPER)

    # seed: the record says another one than the program was given
    flags = trained / ".guild/attrs/flags"
    flags.write_text(flags.read_text().replace("seed: 1", "seed: 2"))
    report = reproduce(guild, run, code=1)
    assert differing(report) == ["flags", "outputs", "metrics"]
    assert findings(report, "flags")["FLAG_SEED"] | {"what": 0} == {
        "name": "FLAG_SEED", "what": 0, "before": "1", "after": "2", "differs": True}
    worst = findings(report, "metrics")["loss"]
    assert "at 3 of 3 steps" in worst["what"] and worst["before"] != worst["after"]


def test_packages_of_now(guild, trained):
    """A changed, a missing and an added package of the current environment."""
    freeze = trained / ".guild/attrs/pip_freeze"
    lines = freeze.read_text().splitlines() if freeze.exists() else []
    lines = [line for line in lines if line.startswith("- ")]
    freeze.write_text("\n".join(["- no-such-package==1.0", *lines[1:], ""]))
    report = reproduce(guild, trained.name, code=1)
    assert differing(report) == ["environment"]
    assert findings(report, "environment") == {
        "no-such-package": {"name": "no-such-package", "what": "is not there", "before": "1.0", "after": None, "differs": True}}
    # what was added does not count, and is told
    notes = [f["what"] for f in report["levels"]["environment"]["findings"] if not f["differs"]]
    assert notes == (["is new"] if lines else [])
    assert verdicts(reproduce(guild, trained.name, kind="none"))["environment"] == "noted"
    # an environment that cannot be made is the verdict of its level, and nothing runs
    n_runs = len(guild.runs())
    freeze.write_text(f"- gone @ file://{guild.cwd}/gone-1.0-py3-none-any.whl\n")
    report = reproduce(guild, trained.name, kind="venv", code=1)
    assert findings(report, "environment")["gone"]["what"] == "came from a place that is gone"
    freeze.write_text("- six==1.16.0\n- --extra-index-url=http://localhost:1/\n")
    other = reproduce(guild, trained.name, kind="venv", code=1)
    assert findings(other, "environment")["--extra-index-url=http://localhost:1/"]["what"] == "is no package"
    assert "--env current" in report["levels"]["environment"]["hint"] and len(guild.runs()) == n_runs
    freeze.unlink()
    assert verdicts(reproduce(guild, trained.name, kind="venv"))["environment"] == "unknown"
    assert "environment" in guild(
        "reproduce", trained.name, "-y", "-q", "--strict", "--ignore", "*.log", code=1).stdout.splitlines()[-1]


def test_working(guild, trained):
    """A refactoring that changes a figure, and one that does not."""
    run = trained.name
    guild.write("helper.py", HELPER.replace("sum(data) * lr / step", "lr / step * sum(data)"))
    report = reproduce(guild, run, "--working", kind="current")
    assert verdicts(report)["source"] == "noted"
    assert [f["name"] for f in report["levels"]["source"]["findings"]] == ["helper.py"]
    new = guild.home / "runs" / report["reproduction"]
    assert "lr / step * sum" in (new / "helper.py").read_text()
    assert guild.attr(new, "flags") == guild.attr(trained, "flags")
    assert guild.attr(new, "random_seed") == guild.attr(trained, "random_seed")
    guild.write("helper.py", HELPER.replace("lr / step", "lr / step + 0.01"))
    report = reproduce(guild, run, "--working", code=1)
    assert differing(report) == ["metrics"]
    assert findings(report, "metrics")["loss"]["what"].startswith("differs at 3 of 3 steps")
    # tolerances: for all, for one, for those that fit; a later one wins
    guild("reproduce", run, "-wyq", "--tol", "0.1", "--ignore", "out/*.log")
    guild("reproduce", run, "-wyq", "--tol", "l*=inf", "--ignore", "time.log")
    guild("reproduce", run, "-wyq", "--tol", "loss=0.1", "--tol", "loss=1e-3", "--ignore", "*.log", code=1)
    # the whole module was renamed, which guild.yml says
    guild.write("guild.yml", GUILD_FILE.replace("main: train", "main: fit"))
    (guild.cwd / "train.py").rename(guild.cwd / "fit.py")
    guild.write("helper.py", HELPER)
    n_runs = len(guild.runs())
    report = reproduce(guild, run, "--working", "--discard")
    assert report["reproduction"] is None and len(guild.runs()) == n_runs
    # another checkout: the project of the current directory
    other = guild.cwd.parent / "checkout"
    shutil.copytree(guild.cwd, other)
    (other / "helper.py").write_text(HELPER.replace("/", "*"))
    report = reproduce(guild, run, "--working", code=1, cwd=other)
    assert differing(report) == ["metrics"] and f"({other})" in report["levels"]["source"]["summary"]
    reproduce(guild, run, "--working", cwd=other.parent)
    # today's inputs do not replace those of the run
    guild.write("data.txt", "7\n")
    assert verdicts(reproduce(guild, run, "--working"))["metrics"] == "same"
    # an operation that is gone
    guild.write("guild.yml", "other: {main: fit}\n")
    assert "cannot find the project" in guild("reproduce", run, "-wy", code=1).stderr


def test_ends(guild, trained):
    """Programs that fail; runs that cannot be repeated; options that mean nothing."""
    guild("run", "train", "fail=3", "-y", "-q", code=3)
    failed = guild.runs()[-1]
    report = reproduce(guild, failed.name)
    assert verdicts(report)["exit"] == "same" and report["levels"]["exit"]["summary"] == "3"
    report = reproduce(guild, failed.name, code=1, env={"HEAL": guild.cwd})
    assert differing(report) == ["exit"] and verdicts(report)["outputs"] == "skipped"
    report = reproduce(guild, failed.name, "--force", code=1, env={"HEAL": guild.cwd})
    assert verdicts(report)["outputs"] == "same"
    # runtime decides where it is asked to
    report = reproduce(guild, trained.name, "--max-slowdown", "0.0001", code=1)
    assert differing(report) == ["runtime"]
    # a preview tells what it can, and makes nothing
    n_runs = len(guild.runs())
    done = guild("reproduce", trained.name, "--preview", "--env", "venv")
    assert "by venv" in done.stdout and "to do" in done.stdout
    assert len(guild.runs()) == n_runs and not (guild.home / "cache/envs").exists()
    # asked, and answered no
    done = guild("reproduce", trained.name, stdin="n\n")
    assert trained.name[:8] in done.stderr and len(guild.runs()) == n_runs
    for args, message in [
        (["--tol", "-1"], "invalid tolerance '-1'"),
        (["--tol", "loss=x"], "invalid tolerance 'loss=x'"),
        (["--level", "speed"], "there is no level 'speed'"),
        (["--env", "conda"], "invalid value 'conda' for --env"),
        (["--max-slowdown", "0"], "--max-slowdown needs a number above 0"),
        (["--env", "uv"], "uv is not installed"),
    ]:
        done = guild("reproduce", trained.name, "-y", *args, code=None, env={"PATH": "/usr/bin:/bin"})
        assert done.returncode in (1, 2) and message in done.stderr, done.stderr
    guild("run", "train", "--stage", "-y")
    assert "is staged: there is nothing yet" in guild("reproduce", "1", "-y", code=1).stderr
    shutil.rmtree(guild.runs()[-1])
    (failed / ".guild/attrs/op").unlink()
    done = guild("reproduce", failed.name, trained.name, "-y", "--json", "--env", "none", "--ignore", "*.log", code=1)
    assert "has no record of its operation" in done.stderr
    assert [r["verdict"] for r in json.loads(done.stdout)["runs"]] == ["error", "reproduced"]
    assert "has no record" in json.loads(done.stdout)["runs"][0]["error"]
    assert "there is no run and no archive './x'" in guild("reproduce", "./x", "-y", code=1).stderr


def test_event_directories(guild):
    """A program that names the directory of its event files by the time."""
    guild.write("fit.py", "import os, pathlib, sys, time\nsys.path.insert(0, os.environ['TESTS'])\nimport events\n"
                "last = float(os.environ.get('ACC', 0.75))\n"
                "events.write_events(pathlib.Path(f'logs/{time.time_ns()}'), {'acc': [(1, 0.5), (2, last)]})\n")
    env = {"TESTS": ROOT / "tests"}
    guild("run", "fit.py", "-y", env=env)
    (run,) = guild.runs()
    report = reproduce(guild, run.name, env=env)
    assert report["levels"]["metrics"]["summary"] == "1 scalar, 2 values within 1e-06"
    report = reproduce(guild, run.name, code=1, env=env | {"ACC": 0.5})
    assert differing(report) == ["metrics"]
    (found,) = findings(report, "metrics").values()
    assert (found["before"], found["after"]) == ("0.75", "0.5") and found["what"].endswith("at 1 of 2 steps, most at step 2")
    reproduce(guild, run.name, "--final", "--tol", "0.25", env=env | {"ACC": 0.5})


def test_many_and_places(guild, trained, tmp_path):
    """Pipelines are reproduced step by step; runs outside of the Guild home, in directories."""
    guild("run", "both", "-y", "-q")
    pipeline = next(p for p in guild.runs() if (p / ".guild/attrs/steps").exists())
    done = guild("reproduce", pipeline.name, "-y", "--env", "current", "--json", "--ignore", "*.log")
    found = json.loads(done.stdout)
    assert found["verdict"] == "reproduced" and len(found["runs"]) == 2
    assert [guild.attr(guild.home / "runs" / r["run"], "flags").split("lr: ")[1][:3] for r in found["runs"]] == ["0.1", "0.5"]
    archives = [tmp_path / "paper.zip", tmp_path / "paper.tar.zst"]
    for path in archives:
        guild("export", path, trained.name, "-y")
    guild("export", tmp_path / "steps.zip", "-y")
    # another home, without the project
    kept = tmp_path / "paper"
    shutil.copytree(trained, kept / trained.name)
    shutil.rmtree(guild.cwd)
    guild.cwd.mkdir()
    guild.home = tmp_path / "other-home"
    report = reproduce(guild, f"{kept}/")
    assert report["run"] == trained.name and verdicts(report)["inputs"] == "same"
    assert [p.name for p in guild.runs()] == [report["reproduction"]]
    reproduce(guild, f"{kept}/{trained.name}")
    assert "could not find" in guild("reproduce", f"{kept}/", "abc", "-y", code=1).stderr
    # archives, unpacked for the while
    unpacked = tmp_path / "tmp"
    unpacked.mkdir()
    for path in archives:
        report = reproduce(guild, path, env={"TMPDIR": unpacked})
        assert report["run"] == trained.name and not list(unpacked.iterdir())
    done = guild("reproduce", tmp_path / "steps.zip", pipeline.name, "-y", "--env", "none", "--json", "--ignore", "*.log")
    assert [r["run"] for r in json.loads(done.stdout)["runs"]] == [r["run"] for r in found["runs"]]
    broken = tmp_path / "broken.zip"
    broken.write_bytes(archives[0].read_bytes()[:300])
    assert "broken.zip" in guild("reproduce", broken, "-y", code=1, env={"TMPDIR": unpacked}).stderr
    assert not list(unpacked.iterdir())


def interrupt(guild, *args, when, **env):
    """Starts guild in a group of its own, as a terminal does, and presses Ctrl-C when a file is there."""
    guild_process = subprocess.Popen(
        [guild.program, "reproduce", "-y", "--json", *args], cwd=guild.cwd, env=guild.env(**env), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while not when.exists():
        assert guild_process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(guild_process.pid, signal.SIGINT)
    out, _ = guild_process.communicate(timeout=60)
    return guild_process.returncode, out


def test_interrupted(guild, tmp_path):
    """Ctrl-C while the program runs, and while its environment is made."""
    flag = tmp_path / "started"
    guild.write("wait.py", f"import pathlib, time, os\nif 'WAIT' in os.environ:\n"
                f"    pathlib.Path({str(flag)!r}).touch()\n    time.sleep(60)\n")
    guild("run", "wait.py", "-y")
    (run,) = guild.runs()
    code, out = interrupt(guild, run.name, "--env", "none", when=flag, WAIT=1)
    found = json.loads(out)
    assert code == 130 and found["verdict"] == found["runs"][0]["verdict"] == "stopped"
    new = guild.home / "runs" / found["runs"][0]["reproduction"]
    assert guild.attr(new, "exit_status") == "-16\n" and not (new / ".guild/LOCK").exists()

    (run / ".guild/attrs/pip_freeze").write_text("- six==1.16.0\n")
    made = tmp_path / "made"
    tools = guild.write("tools/uv", f"#!/bin/sh\nfor last; do :; done\nmkdir -p \"$last/bin\"\ntouch {made}\nexec sleep 60\n", 0o755)
    env = {"PATH": f"{tools.parent}:{os.environ['PATH']}", "GUILD_PYTHON": shutil.which("python3")}
    platform = run / ".guild/attrs/platform"
    # of a version that is not here: uv is to find it
    platform.write_text("python_version: 3.29.1 (main)\n")
    n_runs = len(guild.runs())
    code, out = interrupt(guild, run.name, "--env", "uv", when=made, **env)
    assert code == -signal.SIGINT and not out and len(guild.runs()) == n_runs
    assert [p for p in (guild.home / "cache/envs").iterdir() if p.is_dir()] == []


def wheel(folder, name, version, text=""):
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info/"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as z:
        z.writestr(f"{name}.py", f"version = '{version}'\n{text}")
        z.writestr(info + "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        z.writestr(info + "RECORD", "")


def make_venv(folder, *packages, env=None):
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, stdout=subprocess.DEVNULL)
    if packages:
        command = [folder / "bin/pip", "install", "-q", "--disable-pip-version-check", *packages]
        subprocess.run(command, check=True, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL)


def in_venv(folder, **more):
    return {"VIRTUAL_ENV": folder, "PATH": f"{folder / 'bin'}:/usr/bin:/bin", **more}


@pytest.mark.slow
def test_environment_is_made(guild, tmp_path):
    """From the wheels of a folder: the recorded version comes back, is kept, and its absence is told."""
    wheels = tmp_path / "wheels"
    wheel(wheels, "toolbox", "1.0", "def scale(x):\n    return x\n")
    wheel(wheels, "toolbox", "2.0", "def scale(x):\n    return 2 * x\n")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": "/dev/null"}
    make_venv(tmp_path / "venv", "toolbox==1.0", env=offline)
    env = in_venv(tmp_path / "venv", **offline)
    guild.write("fit.py", "import toolbox\nprint('loss: %f' % toolbox.scale(0.25))\n")
    guild("run", "fit.py", "-y", env=env)
    (run,) = guild.runs()
    assert guild.attr(run, "pip_freeze") == "- toolbox==1.0\n"
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", "toolbox==2.0"], check=True, env={**os.environ, **offline})

    report = reproduce(guild, run.name, code=1, env=env)
    assert differing(report) == ["environment", "metrics"]
    assert findings(report, "environment")["toolbox"] == {
        "name": "toolbox", "what": "changed", "before": "1.0", "after": "2.0", "differs": True}
    report = reproduce(guild, run.name, kind="venv", env=env)
    assert verdicts(report)["environment"] == "same" and verdicts(report)["metrics"] == "same"
    new = guild.home / "runs" / report["reproduction"]
    assert guild.attr(new, "pip_freeze") == "- toolbox==1.0\n"
    assert str(guild.home / "cache/envs") in guild.attr(new, "cmd")
    # the second time nothing is installed: there is nothing to install from
    for path in wheels.iterdir():
        path.unlink()
    (kept,) = [p for p in (guild.home / "cache/envs").iterdir() if p.is_dir()]
    os.utime(kept, (1, 1))
    reproduce(guild, run.name, kind="venv", env=env)
    assert kept.stat().st_mtime > 1
    # ... and when it is gone, the level says why
    shutil.rmtree(guild.home / "cache/envs")
    report = reproduce(guild, run.name, kind="venv", code=1, env=env)
    level = report["levels"]["environment"]
    assert level["verdict"] == "differs" and "No matching distribution found for toolbox==1.0" in level["summary"]
    assert "(1 differ)" in level["hint"] and pathlib.Path(level["hint"].split()[-1]).read_text().startswith("$ ")
    assert [p.suffix for p in (guild.home / "cache/envs").iterdir() if p.is_dir()] == []


@pytest.mark.slow
def test_digits(guild, tmp_path):
    """The example, with scikit-learn: a changed package version, input byte and seed, each at its level."""
    python = ORACLE.parent / "python"
    if not python.exists():
        pytest.skip("the private Python environment .venv/oracle is not there")
    wheels = tmp_path / "wheels"
    wheel(wheels, "toolbox", "1.0")
    wheel(wheels, "toolbox", "2.0")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": "/dev/null"}
    venv = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", venv], check=True)
    site = next(venv.glob("lib/python3*/site-packages"))
    (site / "oracle.pth").write_text(str(next(ORACLE.parent.parent.glob("lib/python3*/site-packages"))) + "\n")
    install = [venv / "bin/pip", "install", "-q", "--no-deps"]
    subprocess.run([*install, "toolbox==1.0"], check=True, env={**os.environ, **offline})
    env = in_venv(venv, OMP_NUM_THREADS="1")
    shutil.copy(ROOT / "examples/digits/train.py", guild.cwd)
    labels = tmp_path / "labels.txt"
    labels.write_text("0123456789")
    guild("run", "train.py", "epochs=3", "-D", labels, "-y", "-q", env=env)
    (run,) = guild.runs()
    report = reproduce(guild, run.name, env=in_venv(venv))
    assert verdicts(report) == dict.fromkeys(LEVELS, "same") | {"runtime": "noted"}
    assert report["levels"]["metrics"]["summary"] == "2 scalars, 6 values within 1e-06"
    assert report["levels"]["outputs"]["summary"] == "1 file"
    # a variable that changes figures is set as it was
    assert [f["name"] for f in report["levels"]["environment"]["findings"]] == ["OMP_NUM_THREADS"]

    subprocess.run([*install, "toolbox==2.0"], check=True, env={**os.environ, **offline})
    report = reproduce(guild, run.name, code=1, env=env)
    assert differing(report) == ["environment"] and list(findings(report, "environment")) == ["toolbox"]
    # --dep links: the run has no copy of its own
    labels.write_text("1123456789")
    report = reproduce(guild, run.name, kind="none", code=1, env=env)
    assert differing(report) == ["inputs"] and list(findings(report, "inputs")) == [f"file:{labels}"]
    labels.write_text("0123456789")
    flags = run / ".guild/attrs/flags"
    flags.write_text(flags.read_text().replace("seed: 1", "seed: 2"))
    report = reproduce(guild, run.name, kind="none", code=1, env=env)
    assert differing(report) == ["flags", "outputs", "metrics"]
    assert sorted(findings(report, "metrics")) == ["accuracy", "loss"]


@pytest.mark.registry
@pytest.mark.slow
def test_packages_of_the_registry(guild, tmp_path):
    """pip, then uv, with a real index."""
    make_venv(tmp_path / "venv", "six==1.16.0", "uv")
    site = next((tmp_path / "venv").glob("lib/python3*/site-packages"))
    tools = tmp_path / "tools"
    tools.mkdir()
    shutil.copy(tmp_path / "venv/bin/uv", tools)
    subprocess.run([tmp_path / "venv/bin/pip", "uninstall", "-q", "-y", "uv"], check=True)
    assert not (site / "uv").exists()
    guild.write("fit.py", "import six\nprint('loss: %s' % six.__version__[2:4])\n")
    guild("run", "fit.py", "-y", env=in_venv(tmp_path / "venv"))
    (run,) = guild.runs()
    assert guild.attr(run, "pip_freeze") == "- six==1.16.0\n"
    subprocess.run([tmp_path / "venv/bin/pip", "install", "-q", "six==1.17.0"], check=True)
    for kind in ["venv", "uv"]:
        env = in_venv(tmp_path / "venv")
        env["PATH"] = f"{tools}:{env['PATH']}"
        report = reproduce(guild, run.name, kind=kind, env=env)
        assert verdicts(report) == dict.fromkeys(LEVELS, "same") | {"runtime": "noted"}
        assert report["levels"]["environment"]["summary"].startswith(f"{kind}: 1 package, ")
