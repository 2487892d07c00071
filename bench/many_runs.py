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

    def cold(self, side, n, *words):
        """Wall seconds with every index just deleted."""
        values = []
        for _ in range(n):
            self.drop_index()
            values.append(self.run(side, *words).wall)
        return measure.median(values)

    def bare(self, n, *options):
        """Seconds of asking the file system about every run, or of replacing a file in each, and of nothing else."""
        values = []
        for _ in range(n + 1):
            done = subprocess.run([BUILD / "bench" / "check_store", self.home, *options], capture_output=True,
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
        label = ("label", "-s", "measured", "-y", ":")
        try:
            figures = {
                "runs_cold": (store.cold(ours, 3, "runs"), store.cold(theirs, 1, "runs")),
                "runs_warm": (store.wall(ours, n, "runs"), store.wall(theirs, n_theirs, "runs")),
                "compare_cold": (store.cold(ours, 3, *COMPARE), store.cold(theirs, 1, *COMPARE)),
                "compare_warm": (store.wall(ours, n, *COMPARE), store.wall(theirs, n_theirs, *COMPARE)),
                "filter_warm": (store.wall(ours, n, *FILTER), store.wall(theirs, n_theirs, *FILTER)),
            }
            bare = store.bare(n)
            figures["filter_ratio"] = tuple(value / bare for value in figures["filter_warm"])
            figures["label"] = (store.wall(ours, 3, *label), store.wall(theirs, 1, *label))
            bare_label = store.bare(3, "--replace")
            figures["label_ratio"] = tuple(value / bare_label for value in figures["label"])
            self.notes.append(f"At {count:,} runs the bare check for changes made in place took {bare * 1000:.1f} ms, and replacing one small "
                              f"file in each run {bare_label * 1000:.0f} ms (`bench/check_store`, one thread, nothing else).")
            return figures
        finally:
            store.remove()

    def hundred_thousand(self):
        count = 5000 if self.bench.quick else 100000
        n, _ = self.bench.times(5, 1)
        store = Store(self.bench, "large", count)
        ours, theirs = self.bench.ours, self.bench.theirs
        try:
            for words in (("runs",), FILTER, COMPARE):
                self.run_twice(store, *words)
            bare = store.bare(2)
            listed = store.run(theirs, "runs", watch_memory=True)

            def memory(*words):
                return store.run(ours, *words, watch_memory=True).memory_kib / 1024

            figures = {
                "runs_large": (store.wall(ours, n, "runs"), listed.wall),
                "filter_large": (store.wall(ours, n, *FILTER), None),
                "memory_large": (max(memory("runs"), memory(*FILTER)), listed.memory_kib / 1024),
                "memory_compare": (memory(*COMPARE), None),
            }
            self.notes.append(f"At {count:,} runs the bare check took {bare * 1000:.0f} ms. There the reference was asked for `runs` only: "
                              "its filters and comparisons first read all "
                              "runs into an index of its own, ten times as long as at 10,000.")
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
        ours, theirs = self.bench.ours, self.bench.theirs
        question = ("runs", "-F", "metric_0700 > 0.5")
        some = ("compare", "1:100", "--csv", "-")
        try:
            filled = store.cold(ours, 1, *question)
            figures = {
                "wide_runs": (store.wall(ours, n, "runs"), store.run(theirs, "runs").wall),
                "wide_filter": (store.wall(ours, n, *question), None),
                # Its index has these hundred runs when it is asked the second time.
                "wide_compare": (store.wall(ours, n, *some), store.wall(theirs, 1, *some)),
            }
            self.notes.append(f"The wide store had {count:,} runs over 50 experiments (1,500 runs each would be some 110 GB of "
                              f"event files); its index was filled in {filled:.1f} s. The reference was not asked to filter it.")
            return figures
        finally:
            store.remove()
