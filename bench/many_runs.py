"""Rows of the benchmark about Guild homes of many runs, beside the reference in the same homes' copies.

Stores come from bench/make_store: runs as Guild AI 0.9.0 writes them, 3 scalars of 20 steps each.
"""

import pathlib
import subprocess

import measure
import tui_latency

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"


class NotMeasurable(Exception):
    pass


def build(*programs):
    done = subprocess.run(["ninja", "-C", str(BUILD), *(f"bench/{p}" for p in programs)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise NotMeasurable("helpers of the bench do not build")


class Store:
    """A Guild home of `count` runs, which both programs look at."""

    def __init__(self, bench, name, count, shape=()):
        self.bench = bench
        self.count = count
        self.home = bench.work / name
        build("make_store", "check_store")
        subprocess.run([BUILD / "bench" / "make_store", self.home, str(count), *map(str, shape)], check=True)

    def remove(self):
        subprocess.run(["rm", "-rf", self.home], check=False)

    def drop_index(self):
        subprocess.run(["rm", "-rf", self.home / "cache"], check=False)

    def run(self, side, *words, **more):
        return side.run(*words, env={"GUILD_HOME": str(self.home)}, **more)

    def wall(self, side, n, *words):
        """Median wall seconds; the first round fills caches and does not count."""
        return measure.median([self.run(side, *words).wall for _ in range(n + 1)][1:])

    def cold(self, n, *words):
        """Wall seconds with the index just deleted."""
        values = []
        for _ in range(n):
            self.drop_index()
            values.append(self.run(self.bench.ours, *words).wall)
        return measure.median(values)

    def bare_check(self, n):
        """Seconds of asking the file system about every run, and nothing else."""
        values = []
        for _ in range(n + 1):
            done = subprocess.run([BUILD / "bench" / "check_store", self.home], capture_output=True,
                                  text=True, check=True)
            values.append(float(done.stdout.split()[0]) / 1000)
        return measure.median(values[1:])


FILTER = ("runs", "-F", "loss<0.01")
COMPARE = ("compare", "--csv", "-")


class ManyRuns:
    """Figures by name: (ours, theirs or None), and notes. Each store is made, asked and removed."""

    def __init__(self, bench):
        self.bench = bench
        self.notes = []

    def ten_thousand(self):
        count = 1000 if self.bench.quick else 10000
        n, n_theirs = self.bench.times(11, 1)
        store = Store(self.bench, "store", count)
        ours, theirs = self.bench.ours, self.bench.theirs
        try:
            figures = {
                "runs_cold": (store.cold(3, "runs"), None),
                "runs_warm": (store.wall(ours, n, "runs"), store.wall(theirs, n_theirs, "runs")),
                "compare_cold": (store.cold(3, *COMPARE), None),
                "compare_warm": (store.wall(ours, n, *COMPARE), store.wall(theirs, n_theirs, *COMPARE)),
                "filter_warm": (store.wall(ours, n, *FILTER), store.wall(theirs, n_theirs, *FILTER)),
            }
            bare = store.bare_check(n)
            figures["filter_ratio"] = (figures["filter_warm"][0] / bare, None)
            self.notes.append(f"Checking {count:,} runs for changes made in place took {bare * 1000:.1f} ms bare "
                              "(`bench/check_store`, one thread).")
            figures["label"] = (store.wall(ours, 3, "label", "-s", "measured", "-y", ":"), None)
            return figures
        finally:
            store.remove()

    def hundred_thousand(self):
        count = 5000 if self.bench.quick else 100000
        n, _ = self.bench.times(5, 1)
        store = Store(self.bench, "large", count)
        ours = self.bench.ours
        try:
            self.run_twice(store, "runs")
            self.run_twice(store, *FILTER)
            bare = store.bare_check(2)
            figures = {
                "runs_large": (store.wall(ours, n, "runs"), None),
                "filter_large": (store.wall(ours, n, *FILTER), None),
                "memory_large": (max(store.run(ours, *words, watch_memory=True).memory_kib
                                     for words in (("runs",), FILTER)) / 1024, None),
            }
            try:
                key_s = tui_latency.measure(store.home, ours.program, 30, with_work=False)["key_s"]
                figures["tui_key"] = (key_s, None)
            except SystemExit as why:
                raise NotMeasurable(str(why)) from why
            self.notes.append(f"The same for {count:,} runs took {bare * 1000:.0f} ms.")
            return figures
        finally:
            store.remove()

    def run_twice(self, store, *words):
        for _ in range(2):
            store.run(self.bench.ours, *words)

    def wide(self):
        """50 experiments, 1,500 metrics of 20 steps, 150 parameters, 50 tags; as many runs as the disk has room for."""
        count = 50 if self.bench.quick else 1000
        n, _ = self.bench.times(5, 1)
        store = Store(self.bench, "wide", count, (1500, 20, 150, 50, 50))
        ours = self.bench.ours
        try:
            cold = store.cold(1, "runs", "-F", "metric_0700 > 0.5")
            figures = {
                "wide_runs": (store.wall(ours, n, "runs"), None),
                "wide_filter": (store.wall(ours, n, "runs", "-F", "metric_0700 > 0.5"), None),
                "wide_compare": (store.wall(ours, n, "compare", "1:100", "--csv", "-"), None),
            }
            self.notes.append(f"The wide store had {count:,} runs over 50 experiments (1,500 runs each would be some 110 GB of "
                              f"event files); its index was filled in {cold:.1f} s.")
            return figures
        finally:
            store.remove()
