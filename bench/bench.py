#!/usr/bin/env python3
"""Measures guild beside Guild AI 0.9.0 in one run and writes docs/performance.md.

usage: bench/bench.py [--quick] [--only NAME]... [--no-write]
"""

import argparse
import datetime
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

import many_runs
import measure

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
ORACLE = ROOT / ".venv" / "oracle" / "bin"

SCRIPT = '''import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()
for epoch in range(args.epochs):
    print(f"step: {epoch}")
    print(f"loss: {args.lr / (epoch + 1)}")
'''

TRUE_PROJECT = '''ok:
  exec: 'true'
  flags:
    x: 0
'''


def long_script(remark):
    """A script of 99 kB: twenty flags among many functions."""
    text = f"# {remark}\nimport argparse\n\nparser = argparse.ArgumentParser()\n"
    for i in range(20):
        text += f'parser.add_argument("--momentum-{i}", type=float, default=0.{i + 1}, help="of layer {i}")\n'
    number = 0
    while len(text) < 99_000:
        text += (f"\n\ndef layer_{number}(x, scale={number % 7}):\n"
                 f"    values = [x * scale + i for i in range({number % 13})]\n"
                 f"    return {{'name': 'layer {number}', 'sum': sum(values), 'first': values[:1]}}\n")
        number += 1
    return text + '\n\nif __name__ == "__main__":\n    print(parser.parse_args())\n'


NotMeasurable = many_runs.NotMeasurable


class Side:
    """One of the two programs, with a Guild home and a project folder of its own."""

    def __init__(self, name, program, work):
        self.name = name
        self.program = str(program)
        self.home = work / name / "home"
        self.work = work / name
        self.home.mkdir(parents=True)
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("GUILD", "VIRTUAL_ENV", "PYTHON"))}
        self.env.update(GUILD_HOME=str(self.home), NO_COLOR="1", LC_ALL="C.UTF-8",
                        PATH=f"{ORACLE}:{os.environ['PATH']}")

    def folder(self, name):
        path = self.work / name
        path.mkdir(exist_ok=True)
        return path

    def run(self, *args, cwd=None, check=True, env=None, quiet=False, **more):
        log = None if quiet else self.work / "log"
        usage = measure.run([self.program, *args], env=dict(self.env, **(env or {})),
                            cwd=cwd or self.work, log=log, **more)
        if check and usage.code != 0:
            text = log.read_text(errors="replace") if log else ""
            said = text.strip().splitlines()[-1:] or ["no message"]
            raise NotMeasurable(f"'{self.name} {' '.join(args)[:60]}' failed: {said[0]}")
        return usage


class Bench:
    def __init__(self, work, quick):
        self.quick = quick
        self.work = work
        self.ours = Side("guild", BUILD / "guild", work)
        self.theirs = Side("reference", ORACLE / "guild", work)

    def times(self, ours, theirs):
        """How often to repeat, on each side."""
        return (max(3, ours // 5), max(1, theirs // 5)) if self.quick else (ours, theirs)

    def version(self):
        n_ours, n_theirs = self.times(100, 7)

        def cpu(side, n):
            return measure.median([side.run("--version").cpu for _ in range(n)])

        return cpu(self.ours, n_ours), cpu(self.theirs, n_theirs)

    def overhead(self, fresh):
        """CPU of a tracked run minus the script alone; fresh: every run sees a new script."""
        n_ours, n_theirs = self.times(25, 5)

        def cpu(side, n):
            alone, tracked = [], []
            for i in range(n + 1):
                folder = side.folder(f"fresh{i}" if fresh else "cached")
                text = SCRIPT + (f"# {side.name} {i}\n" if fresh else "")
                script = folder / "train.py"
                if not script.exists() or script.read_text() != text:
                    script.write_text(text)
                usage = measure.run(["python3", "train.py"], env=side.env, cwd=folder)
                if usage.code != 0:
                    raise NotMeasurable("the script does not run")
                alone.append(usage.cpu)
                tracked.append(side.run("run", "train.py", "-y", cwd=folder).cpu)
            # The first round fills the caches.
            return measure.median(tracked[1:]) - measure.median(alone[1:])

        return cpu(self.ours, n_ours), cpu(self.theirs, n_theirs)

    def lines_file(self, size):
        path = self.work / f"lines-{size}"
        if not path.exists():
            plain = b"training goes on, there is nothing to be read here\n"[-50:]
            scalar = b"loss: 0.123456\n"
            block = (plain * 999 + scalar) * 20
            with open(path, "wb") as out:
                written = 0
                while written < size:
                    written += out.write(block)
        return path

    def prepare_capture(self, side, size):
        lines = self.lines_file(size)
        folder = side.folder("capture")
        script = folder / f"lines{size}.sh"
        script.write_text(f"#!/bin/sh\nexec cat {lines}\n")
        script.chmod(0o755)
        (folder / "guild.yml").write_text(f"lines:\n  exec: ./lines{size}.sh\n")

    def captured(self, side, size, **more):
        """Rate and memory of one run whose stdout, like that of tee, nobody keeps."""
        usage = side.run("run", "lines", "-y", cwd=side.folder("capture"), quiet=True, **more)
        shutil.rmtree(side.home / "runs")
        return self.lines_file(size).stat().st_size / 1e6 / usage.wall, usage.memory_kib / 1024

    def tee_rate(self, size):
        lines = self.lines_file(size)
        copy = self.work / "copy"
        wall = measure.run(["sh", "-c", f"cat {lines} | tee {copy}"]).wall
        copy.unlink()
        return lines.stat().st_size / 1e6 / wall

    def capture(self):
        """Rates in MB/s and peak memory in MiB; tee takes its turns between ours."""
        size = (40 if self.quick else 200) * 10**6
        n, _ = self.times(9, 1)
        self.prepare_capture(self.ours, size)
        self.prepare_capture(self.theirs, size // 10)
        # The first round fills the caches, of the file to be read and of free pages.
        self.tee_rate(size)
        memory = self.captured(self.ours, size, watch_memory=True)[1]
        rounds = [(self.tee_rate(size), self.captured(self.ours, size)[0]) for _ in range(n)]
        tee, ours = (measure.median(values) for values in zip(*rounds))
        # At a few MB/s a tenth of the lines tells the rate of the reference.
        theirs, their_memory = self.captured(self.theirs, size // 10, watch_memory=True)
        return {"rate": (ours, theirs), "tee": (ours / tee, theirs / tee),
                "memory": (memory, their_memory), "tee_rate": tee}

    def grid(self):
        """Wall seconds a trial; the cost of the batch itself is part of it."""
        n_ours, n_theirs = (20, 3) if self.quick else (100, 20)

        def seconds(side, n):
            folder = side.folder("grid")
            (folder / "guild.yml").write_text(TRUE_PROJECT)
            values = ",".join(str(i) for i in range(1, n + 1))
            usage = side.run("run", "ok", f"x=[{values}]", "-y", cwd=folder)
            return usage.wall / n

        return seconds(self.ours, n_ours), seconds(self.theirs, n_theirs)

    def parallel(self):
        """Trials a second, the batch itself and the making of its trials included; the reference has one at a time."""
        n_ours, n_theirs = (100, 3) if self.quick else (1000, 20)

        def trials_a_second(side, n, *more):
            folder = side.folder("parallel")
            (folder / "guild.yml").write_text(TRUE_PROJECT)
            usage = side.run("run", "ok", f"x=[{','.join(map(str, range(1, n + 1)))}]", "-y", *more, cwd=folder)
            return n / usage.wall

        ours = measure.median([trials_a_second(self.ours, n_ours, "-j", "2") for _ in range(3)])
        return ours, trials_a_second(self.theirs, n_theirs)

    def slots(self):
        """The part of eight slots' time in which a program of one second was running."""
        n = 32 if self.quick else 1000
        folder = self.ours.folder("slots")
        (folder / "guild.yml").write_text("second: {exec: sleep 1, flags: {x: 1}}\n")
        usage = self.ours.run("run", "second", f"x=range[{n}]", "-y", "-j", "8", cwd=folder)
        return n / (8 * usage.wall), None

    def scalars(self):
        """Scalar records a second of CPU time."""
        done = subprocess.run(["ninja", "-C", str(BUILD), "bench/make_events", "bench/read_scalars"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise NotMeasurable("bench/read_scalars does not build")
        count = 1_000_000 if self.quick else 5_000_000
        run = self.work / "events" / "00000000000000000000000000000001"
        (run / ".guild" / "attrs").mkdir(parents=True)
        (run / ".guild" / "opref").write_text("script:'' '' '' train")
        events = run / "events.out.tfevents.1700000000.host.1.0"
        subprocess.run([BUILD / "bench" / "make_events", events, str(count)], check=True)
        rates = []
        for _ in range(3):
            done = subprocess.run([BUILD / "bench" / "read_scalars", run], capture_output=True,
                                  text=True, check=False)
            if done.returncode != 0:
                raise NotMeasurable(f"read_scalars failed: {done.stderr.strip()[:80]}")
            seen, seconds = done.stdout.split()
            if int(seen) != count:
                raise NotMeasurable(f"read_scalars saw {seen} values of {count}")
            rates.append(count / float(seconds))
        return measure.median(rates), self.tensorboard_rate(run, count)

    def tensorboard_rate(self, run, count):
        """TensorBoard's data server (--no-checksum) until its first load cycle is over."""
        server = next(iter((ROOT / ".venv" / "oracle").glob(
            "lib/python3*/site-packages/tensorboard_data_server/bin/server")), None)
        if server is None:
            raise NotMeasurable("TensorBoard's data server is not in .venv/oracle")
        rates = []
        for _ in range(3):
            child = subprocess.Popen(
                [server, "--logdir", run, "--port", "0", "--reload", "once", "--no-checksum", "-v"],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                cpu = wait_for_load(child)
            finally:
                child.kill()
                child.wait()
            rates.append(count / cpu)
        return measure.median(rates)

    def detection(self):
        """CPU seconds of asking for the flags of a long script that nobody has seen before."""
        n_ours, n_theirs = self.times(15, 3)

        def cpu(side, n):
            folder = side.folder("detect")
            seconds = []
            for i in range(n + 1):
                (folder / f"train{i}.py").write_text(long_script(f"{side.name} {i}"))
                seconds.append(side.run("run", f"train{i}.py", "--help-op", cwd=folder).cpu)
                if "momentum" not in (side.work / "log").read_text(errors="replace"):
                    raise NotMeasurable(f"{side.name} does not find the flags of the long script")
            return measure.median(seconds[1:])

        return cpu(self.ours, n_ours), cpu(self.theirs, n_theirs)

    def pipeline(self):
        """CPU seconds of reading and checking a pipeline of 10,000 steps (the reference checks nothing)."""
        n_ours, n_theirs = self.times(15, 2)
        steps = "".join(f"  - {{run: t n={i}, name: s{i}, after: {f'[s{i - 100}]' if i >= 100 else '[]'}}}\n"
                        for i in range(10000))

        def cpu(side, n):
            folder = side.folder("pipeline")
            (folder / "guild.yml").write_text(f"t: {{exec: 'true', flags: {{n: 0}}}}\np:\n  steps:\n{steps}")
            return measure.median([side.run("run", "p", "--print-cmd", cwd=folder).cpu for _ in range(n)])

        return cpu(self.ours, n_ours), cpu(self.theirs, n_theirs)

    def many_runs(self, side):
        """A Guild home of copies of one run of the reference: the same for both sides."""
        home = self.work / "many" / side.name
        if home.exists():
            return home
        count = 200 if self.quick else 1000
        folder = self.theirs.folder("many")
        (folder / "guild.yml").write_text(TRUE_PROJECT)
        one = self.work / "many" / "one"
        one.mkdir(parents=True)
        self.theirs.run("run", "ok", "-y", cwd=folder, env={"GUILD_HOME": str(one)})
        run = next((one / "runs").iterdir())
        for i in range(count):
            copy = home / "runs" / f"{i:032x}"
            shutil.copytree(run, copy, symlinks=True)
            (copy / ".guild" / "attrs" / "id").write_text(f"{copy.name}\n")
        shutil.rmtree(one)
        return home

    def listing(self):
        n_ours, n_theirs = self.times(25, 3)

        def cpu(side, n):
            env = {"GUILD_HOME": str(self.many_runs(side))}
            values = [side.run("runs", env=env).cpu for _ in range(n + 1)]
            if "completed" not in (side.work / "log").read_text(errors="replace"):
                raise NotMeasurable(f"{side.name} does not list the runs")
            return measure.median(values[1:])

        return cpu(self.ours, n_ours), cpu(self.theirs, n_theirs)

    def completion_of_runs(self):
        """CPU seconds of one answer to the shell that has to read runs."""
        n_ours, n_theirs = self.times(25, 3)

        def cpu(side, n):
            env = {"GUILD_HOME": str(self.many_runs(side)), "_GUILD_COMPLETE": "bash_complete",
                   "COMP_WORDS": "guild ls -Fo ok ", "COMP_CWORD": "4"}
            return measure.median([side.run(check=False, env=env).cpu for _ in range(n)])

        value = cpu(self.ours, n_ours)
        if "plain,0000" not in (self.ours.work / "log").read_text(errors="replace"):
            raise NotMeasurable("completion does not answer with runs")
        return value, cpu(self.theirs, n_theirs)

    def completion(self):
        """CPU seconds of one answer to the shell: the flags of an operation."""
        n_ours, n_theirs = self.times(50, 7)

        def cpu(side, n):
            folder = side.folder("completion")
            (folder / "guild.yml").write_text(TRUE_PROJECT)
            env = {"_GUILD_COMPLETE": "bash_complete", "COMP_WORDS": "guild run ok ",
                   "COMP_CWORD": "3"}
            return measure.median([side.run(cwd=folder, check=False, env=env).cpu for _ in range(n)])

        value = cpu(self.ours, n_ours)
        said = (self.ours.work / "log").read_text(errors="replace")
        if "plain,x=" not in said:
            raise NotMeasurable("completion does not answer with the flags of an operation")
        return value, cpu(self.theirs, n_theirs)


    def import_mlflow(self):
        """Runs imported per second of wall time, first and again."""
        count = 1_000 if self.quick else 10_000
        store = self.work / "mlruns"
        if not store.exists():
            measure.run([sys.executable, ROOT / "bench/make_mlflow.py", store, str(count)], env=self.ours.env, cwd=self.work)
        shutil.rmtree(self.ours.home / "runs", ignore_errors=True)
        return [count / self.ours.run("import", "--from", "mlflow", str(store), "-y").wall for _ in range(2)]


def wait_for_load(child):
    """CPU seconds of the data server when it says that a load cycle is over."""
    ticks = os.sysconf("SC_CLK_TCK")
    deadline = time.monotonic() + 120
    for line in child.stderr:
        if re.search(r"load cycle complete|finished load", line, re.I):
            fields = pathlib.Path(f"/proc/{child.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / ticks
        if time.monotonic() > deadline:
            break
    raise NotMeasurable("TensorBoard's data server never finished loading")


class Row:
    """One line of the table. 'goal' is what to reach; the better side is the smaller unless 'more'."""

    def __init__(self, what, show, goal_text, goal, more=False):
        self.what = what
        self.show = show
        self.goal_text = goal_text
        self.goal = goal
        self.more = more
        self.ours = self.theirs = None
        self.why_not = ""

    def line(self):
        if self.ours is None:
            return f"| {self.what} | | not measurable: {self.why_not} | | {self.goal_text} | |"
        theirs, better = "", ""
        if self.theirs is not None:
            ratio = self.ours / self.theirs if self.more else self.theirs / max(self.ours, 1e-9)
            theirs = self.show(self.theirs)
            better = (f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}") + " ×"
        reached = ""
        if self.goal:
            met = self.ours >= self.goal if self.more else self.ours <= self.goal
            reached = "yes" if met else "no"
        return f"| {self.what} | {theirs} | {self.show(self.ours)} | {better} | {self.goal_text} | {reached} |"


def ms(value):
    return f"{value * 1000:.1f} ms"


def rate(value):
    return f"{value:.1f} MB/s" if value < 100 else f"{value:.0f} MB/s"


def rows():
    return {
        "version": Row("`guild --version`, CPU", ms, "≤ 3 ms", 0.003),
        "cached": Row("tracked run minus the script alone, CPU, flags cached, outside git", ms,
                      "≤ 15 ms", 0.015),
        "fresh": Row("the same, a script never seen before", ms, "≤ 40 ms", 0.040),
        "detection": Row("flags of a script of 99 kB never seen before (`run SCRIPT --help-op`), CPU", ms,
                         "", 0),
        "capture": Row("lines of 50 bytes captured from a pipe, default patterns", rate, "", 0,
                       more=True),
        "tee": Row("the same as a part of `cat \\| tee file`", lambda v: f"{v * 100:.1f} %",
                   "≥ 80 %", 0.8, more=True),
        "memory": Row("peak memory of the supervisor during it", lambda v: f"{v:.1f} MiB",
                      "≤ 12 MB", 12e6 / 2**20),
        "grid": Row("grid of trials of `true`, wall time a trial", ms, "≤ 8 ms", 0.008),
        "parallel": Row("trials of `true`, `-j 2` (reference: one at a time)", lambda v: f"{v:.0f} trials/s",
                        "≥ 250 trials/s", 250, more=True),
        "slots": Row("1,000 trials of one second, `-j 8`: slots in use", lambda v: f"{v * 100:.2f} %", "> 99 %", 0.99, more=True),
        "scalars": Row("scalars read from an event file, one core (reference: TensorBoard's data "
                       "server, no CRC; ours: CRC checked)",
                       lambda v: f"{v / 1e6:.1f} M records/s", "≥ 10 M records/s", 10e6, more=True),
        "completion": Row("one answer of tab completion, CPU", ms, "≤ 10 ms", 0.010),
        "completion_of_runs": Row("the same, of runs behind a filter, in a home of 1000 runs", ms, "≤ 10 ms",
                                  0.010),
        "pipeline": Row("a pipeline of 10,000 steps read, checked and put in order, CPU", ms, "≤ 200 ms", 0.200),
        "listing": Row("`guild runs` in a home of 1000 runs, CPU", ms, "", 0),
        "runs_warm": Row("first page of `runs` over 10,000 runs, wall", ms, "≤ 40 ms", 0.040),
        "runs_cold": Row("the same, the index just deleted", ms, "≤ 1.5 s", 1.5),
        "runs_large": Row("the same over 100,000 runs, warm", ms, "≤ 300 ms", 0.300),
        "compare_warm": Row("`compare --csv -` over 10,000 runs × 3 scalars × 20 steps, wall", ms, "≤ 150 ms", 0.150),
        "compare_cold": Row("the same, the index just deleted", ms, "≤ 3 s", 3),
        "filter_warm": Row("`runs -F 'loss<0.01'` over 10,000 runs, wall", ms, "", 0),
        "filter_ratio": Row("the same as a multiple of the bare check (below)", lambda v: f"{v:.2f} ×", "≤ 1.5 ×", 1.5),
        "filter_large": Row("the same over 100,000 runs", ms, "≤ 1.1 s", 1.1),
        "memory_large": Row("peak memory of `runs` and of that filter at 100,000 runs", lambda v: f"{v:.1f} MiB",
                            "≤ 200 MB", 200e6 / 2**20),
        "tui_key": Row("table in the terminal at 100,000 rows, key press to screen, 95th percentile of the slowest key",
                       ms, "≤ 16 ms", 0.016),
        "memory_compare": Row("the same of `compare --csv -`", lambda v: f"{v:.1f} MiB", "≤ 200 MB", 200e6 / 2**20),
        "label": Row("`label` on 10,000 runs that have one, wall", ms, "≤ 1 s", 1),
        "label_ratio": Row("the same as a multiple of bare replacing (below)", lambda v: f"{v:.2f} ×", "", 0),
        "import_mlflow": Row("`import --from mlflow` of runs with 5 metrics × 20 steps, 10 parameters, a file, wall",
                             lambda v: f"{v * 60:,.0f} runs a minute", "≥ 10,000 runs a minute", 10_000 / 60, more=True),
        "import_again": Row("the same again, nothing changed", lambda v: f"{v * 60:,.0f} runs a minute", "", 0, more=True),
        "wide_runs": Row("runs of 1,500 metrics × 20 steps, 150 params, 50 tags: first page", ms, "", 0),
        "wide_filter": Row("the same, filter by one metric", ms, "", 0),
        "wide_compare": Row("the same, `compare` of 100 runs", ms, "", 0),
    }


def measure_all(bench, only):
    table = rows()
    plain = {
        "version": bench.version,
        "cached": lambda: bench.overhead(fresh=False),
        "fresh": lambda: bench.overhead(fresh=True),
        "grid": bench.grid,
        "parallel": bench.parallel,
        "slots": bench.slots,
        "detection": bench.detection,
        "scalars": bench.scalars,
        "completion": bench.completion,
        "completion_of_runs": bench.completion_of_runs,
        "listing": bench.listing,
        "pipeline": bench.pipeline,
    }
    notes = []
    for name in table:
        if name in plain and (not only or name in only):
            try:
                table[name].ours, table[name].theirs = plain[name]()
            except NotMeasurable as why:
                table[name].why_not = str(why)
            print(table[name].line(), flush=True)
    imports = ["import_mlflow", "import_again"]
    if not only or set(only) & set(imports):
        try:
            table[imports[0]].ours, table[imports[1]].ours = bench.import_mlflow()
        except NotMeasurable as why:
            for name in imports:
                table[name].why_not = str(why)
        for name in imports:
            print(table[name].line(), flush=True)
    several = many_runs.ManyRuns(bench)
    for part, names in ((several.ten_thousand, ["runs_warm", "runs_cold", "compare_warm", "compare_cold",
                                                "filter_warm", "filter_ratio", "label", "label_ratio"]),
                        (several.hundred_thousand, ["runs_large", "filter_large", "memory_large", "tui_key"]),
                        (several.wide, ["wide_runs", "wide_filter", "wide_compare"])):
        if only and not set(only) & set(names):
            continue
        try:
            for name, (ours, theirs) in part().items():
                table[name].ours, table[name].theirs = ours, theirs
        except NotMeasurable as why:
            for name in names:
                table[name].why_not = str(why)
        for name in names:
            print(table[name].line(), flush=True)
    notes += several.notes
    if not only or "capture" in only:
        captured = None
        try:
            captured = bench.capture()
            notes.append(f"`cat | tee file` moved {rate(captured['tee_rate'])} in the same run; the stdout of "
                         "every side was /dev/null, and tee and guild took turns.")
        except NotMeasurable as why:
            for name, key in (("capture", "rate"), ("tee", "tee"), ("memory", "memory")):
                table[name].why_not = str(why)
        for name, key in (("capture", "rate"), ("tee", "tee"), ("memory", "memory")):
            if captured:
                table[name].ours, table[name].theirs = captured[key]
            print(table[name].line(), flush=True)
    return [row for name, row in table.items()
            if not only or name in only or (name in ("tee", "memory") and "capture" in only)], notes


def page(table, notes, bench):
    version = subprocess.run([bench.ours.program, "--version"], capture_output=True, text=True,
                             check=False).stdout.strip()
    reference = subprocess.run([bench.theirs.program, "--version"], capture_output=True, text=True,
                               check=False).stdout.strip()
    lines = [
        "# Performance",
        "",
        "Written by `make bench` (`bench/bench.py`); every figure was measured by it, none typed.",
        "Both sides ran one after the other on the same machine, each in a Guild home of its own; figures",
        "are medians. CPU is user and system time of the program and all its children.",
        "",
        f"- date: {datetime.date.today().isoformat()}",
        f"- machine: {measure.cpu_model()}, {os.cpu_count()} cores, {measure.memory_gib():.0f} GiB, "
        f"{measure.debian()}, Linux {platform.release()}",
        f"- ours: {version}; reference: Guild AI ({reference}), TensorBoard's data server",
        f"- scripts ran under Python {platform_python(bench)}",
        "",
        "| what | reference | guild | better by | to reach | reached |",
        "|---|---|---|---|---|---|",
        *[row.line() for row in table],
        "",
        *notes,
    ]
    return "\n".join(lines).rstrip() + "\n"


def platform_python(bench):
    done = subprocess.run(["python3", "--version"], env=bench.ours.env, capture_output=True,
                          text=True, check=False)
    return done.stdout.strip().removeprefix("Python ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer repetitions; writes nothing")
    parser.add_argument("--only", action="append", default=[], choices=list(rows()))
    parser.add_argument("--no-write", action="store_true")
    args = parser.parse_args()
    if subprocess.run(["scripts/venv.sh", "oracle"], cwd=ROOT, check=False).returncode != 0:
        sys.exit("bench: Guild AI 0.9.0 cannot be installed, so there is nothing to compare with")
    with tempfile.TemporaryDirectory(prefix="guild-bench-") as work:
        bench = Bench(pathlib.Path(work), args.quick)
        table, notes = measure_all(bench, args.only)
        text = page(table, notes, bench)
    if not (args.quick or args.only or args.no_write):
        (ROOT / "docs" / "performance.md").write_text(text)
        print("bench: wrote docs/performance.md")


if __name__ == "__main__":
    main()
