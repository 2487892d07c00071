"""Programs of any language: Python modules in all their forms, scripts with a first line, and launchers of several processes."""

import os
import signal
import subprocess
import sys

import pytest
import yaml

SHOW = "import sys, os\nprint(__name__, __package__, sys.argv[1:], os.path.basename(sys.argv[0]))\n"


def run_op(guild, text, *words, files=(), env=None):
    guild.write("guild.yml", text)
    for name, content in files:
        guild.write(name, content)
    return guild("run", "op", "-y", *words, env=env).stdout


# ---- Python ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "main, files, expected",
    [
        ("train", {"train.py": SHOW}, "__main__ None ['--x', '1'] train.py\n"),
        ("pkg.mod", {"pkg/__init__.py": "", "pkg/mod.py": SHOW}, "__main__ pkg ['--x', '1'] mod.py\n"),
        ("pkg.mod", {"pkg/mod.py": SHOW}, "__main__ pkg ['--x', '1'] mod.py\n"),
        ("space.pkg.mod", {"space/pkg/mod.py": SHOW}, "__main__ space.pkg ['--x', '1'] mod.py\n"),
        ("pkg", {"pkg/__init__.py": "", "pkg/__main__.py": SHOW}, "__main__ pkg ['--x', '1'] __main__.py\n"),
        ("src/train", {"src/train.py": SHOW}, "__main__ None ['--x', '1'] train.py\n"),
        ("src/pkg.mod", {"src/pkg/__init__.py": "", "src/pkg/mod.py": SHOW}, "__main__ pkg ['--x', '1'] mod.py\n"),
        ("src/pkg", {"src/pkg/__init__.py": "", "src/pkg/__main__.py": SHOW}, "__main__ pkg ['--x', '1'] __main__.py\n"),
        ("train fit --level ${level}", {"train.py": SHOW}, "__main__ None ['fit', '--level', '3', '--x', '1'] train.py\n"),
    ],
)
def test_modules(guild, main, files, expected):
    level = "    level: {default: 3, arg-skip: yes}\n" if "level" in main else ""
    text = f"op:\n  main: {main}\n  flags-dest: args\n  flags-import: no\n  flags:\n    x: 1\n{level}"
    assert run_op(guild, text, files=files.items()) == expected


def test_an_operation_is_its_own_module(guild):
    guild.write("my_train.py", SHOW)
    guild.write("guild.yml", "my-train: {}\n")
    assert guild("run", "my-train", "-y").stdout == "__main__ None [] my_train.py\n"


def test_modules_import_each_other(guild):
    files = {
        "src/pkg/__init__.py": "",
        "src/pkg/mod.py": "from . import other\nfrom pkg.other import X\nimport top\nprint(other.X + X + top.Y)\n",
        "src/pkg/other.py": "X = 1\n",
        "src/top.py": "Y = 5\n",
    }
    assert run_op(guild, "op: {main: src/pkg.mod}\n", files=files.items()) == "7\n"


def test_a_module_that_is_not_there(guild):
    guild.write("guild.yml", "op: {main: nope}\n")
    done = guild("run", "op", "-y", code=None)
    assert done.returncode == 1 and "No module named nope" in done.stderr


# ---- other languages -------------------------------------------------------------------------------------------------


@pytest.fixture
def stub(guild, tmp_path):
    """Makes programs for PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(name, text):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    return make


@pytest.mark.parametrize(
    "exec_line, expected",
    [
        ("julia --project=. train.jl ${flag_args}", "--project=. train.jl --act relu --lr 0.1"),
        ("cargo run --release -- --rate=${lr} --act ${act}", "run --release -- --rate=0.1 --act relu"),
        ("java -cp build Train ${lr} '${act} x'", "-cp build Train 0.1 relu x"),
        ("node train.js ${flag_args}", "train.js --act relu --lr 0.1"),
    ],
)
def test_exec(guild, stub, exec_line, expected):
    env = stub(exec_line.split()[0], '#!/bin/sh\necho "$*"\necho "env: $FLAG_LR $FLAG_ACT"\n')
    text = f"op:\n  exec: {exec_line}\n  flags: {{lr: 0.1, act: relu}}\n"
    assert run_op(guild, text, env=env) == f"{expected}\nenv: 0.1 relu\n"


@pytest.mark.parametrize(
    "first_line, body, expected",
    [
        ("#!/bin/sh", 'echo "loss: 0.5 in $(basename "$PWD" | wc -c)"', "loss: 0.5 in 33\n"),
        ("#!/usr/bin/env -S sh -e", "false\necho never", ""),
        ("#!/usr/bin/awk -f", 'BEGIN { print "loss: 0.25" }', "loss: 0.25\n"),
        (f"#!{sys.executable}", "print('loss: 1')", "loss: 1\n"),
    ],
)
def test_scripts_with_a_first_line(guild, first_line, body, expected):
    guild.write("job", f"{first_line}\n{body}\n", mode=0o755)
    done = guild("run", "./job", "-y", code=None)
    assert done.stdout == expected and done.returncode == (0 if expected else 1)


def test_a_script_without_a_first_line_is_explained(guild):
    guild.write("job", "echo 1\n", mode=0o755)
    done = guild("run", "./job", "-y", code=126)
    assert "first line like '#!/bin/sh'" in done.stderr
    guild.write("plain", "echo 1\n")
    assert "chmod +x" in guild("run", "./plain", "-y", code=1).stderr


# ---- launchers ------------------------------------------------------------------------------------------------------------

# Starts a worker a rank with the launcher's variables, hands signals on, and fails with the first that fails.
LAUNCHER = """#!{python}
import os, signal, subprocess, sys
n = int(sys.argv[sys.argv.index({option!r}) + 1])
at = next(i for i, word in enumerate(sys.argv) if word.endswith(".py"))
workers = [
    subprocess.Popen([sys.executable, "-u", *sys.argv[at:]], env=dict(os.environ, RANK=str(i), WORLD_SIZE=str(n)))
    for i in range(n)
]
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda s, f: [w.send_signal(signal.SIGTERM) for w in workers])
codes = [w.wait() for w in workers]
sys.exit(next((c for c in codes if c), 0) and 1)
"""

WORKER = """import os, signal, sys, time
rank = os.environ["RANK"]
def stop(number, frame):
    os.write(1, f"rank {rank} stops\\n".encode())
    sys.exit(5)
signal.signal(signal.SIGTERM, stop)
os.write(1, (" ".join(["rank", rank, "of", os.environ["WORLD_SIZE"], *sys.argv[1:]]) + "\\n").encode())
if "wait" in sys.argv:
    time.sleep(100)
"""

LAUNCHERS = [
    ("torchrun", "--nproc_per_node", "torchrun --nproc_per_node 3 worker.py ${flag_args}"),
    ("accelerate", "--num_processes", "accelerate launch --num_processes ${n} worker.py ${flag_args}"),
    ("mpirun", "-np", "mpirun -np 3 ${python_exe} worker.py ${flag_args}"),
]


@pytest.mark.parametrize("name, option, line", LAUNCHERS)
def test_launchers_start_every_rank(guild, stub, name, option, line):
    env = stub(name, LAUNCHER.format(python=sys.executable, option=option))
    text = f"op:\n  exec: {line}\n  flags:\n    lr: 0.1\n    n: {{default: 3, arg-skip: yes}}\n"
    out = run_op(guild, text, files=[("worker.py", WORKER)], env=env)
    assert sorted(out.splitlines()) == [f"rank {i} of 3 --lr 0.1" for i in range(3)]


@pytest.mark.parametrize("name, option, line", LAUNCHERS)
def test_a_signal_reaches_every_rank(guild, stub, name, option, line):
    env = stub(name, LAUNCHER.format(python=sys.executable, option=option))
    guild.write("worker.py", WORKER)
    guild.write("guild.yml", f"op:\n  exec: {line.replace('${flag_args}', 'wait')}\n  flags: {{n: {{default: 3, arg-skip: yes}}}}\n")
    with subprocess.Popen(
        [guild.program, "run", "op", "-y"], cwd=guild.cwd, env=guild.env(**env), stdout=subprocess.PIPE, text=True
    ) as run:
        started = [run.stdout.readline() for _ in range(3)]
        run.send_signal(signal.SIGTERM)
        rest = run.stdout.read()
        run.wait(60)
    assert sorted(text.split()[1] for text in started) == ["0", "1", "2"]
    stopped = [text for text in rest.splitlines() if text.endswith("stops")]
    # guild tells the whole group and the launcher hands it on: a rank may hear of it twice before it is gone.
    assert set(stopped) == {f"rank {i} stops" for i in range(3)}
    status = yaml.safe_load(guild.attr(guild.runs()[-1], "exit_status"))
    assert status == 1


def test_one_rank_that_fails_fails_the_run(guild, stub):
    env = stub("torchrun", LAUNCHER.format(python=sys.executable, option="--nproc_per_node"))
    text = "op:\n  exec: torchrun --nproc_per_node 2 worker.py\n"
    guild.write("guild.yml", text)
    guild.write("worker.py", "import os, sys\nsys.exit(3 if os.environ['RANK'] == '1' else 0)\n")
    guild("run", "op", "-y", env=env, code=1)
    assert "error" in guild("runs").stdout
