#!/usr/bin/env python3
"""Runs guild's optimizers, and those of others, on many functions and says how far each came.

usage: bench/optimizers.py [--functions A,B] [--optimizers A,B] [--seeds N] [--trials N] [--jobs N] [--quick] [--no-peers] [--write]

Regret: what is left to the least value there is, of the point whose value looked best so far (its value without noise), as a part of what is
left at the median of random points. Peers (names optuna-…, skopt-…) come from the environment .venv/optimizers that `make bench-optimizers` makes; their
results are kept beside it by version and not measured again.
"""

import argparse
import concurrent.futures
import datetime
import fcntl
import json
import os
import pathlib
import platform
import random
import signal
import statistics
import sys
import time
import warnings

if __name__ == "__main__":  # before numpy is loaded, and not for those who import this file
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"

import optimizer_functions as functions
import optimizer_searchers as searchers

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv" / "optimizers"
KEPT = ROOT / ".venv" / "optimizers-peers.jsonl"
OUT = ROOT / "build" / "bench"
MARKS = [25, 50, 100, 200]
TIE = 1e-3
FORMAT = 1  # of what is kept


# ---- one search ----


def search(name, function_name, seed, trials):
    """The value without noise of what looked best after each mark, and the seconds of asks."""
    function = functions.by_name([function_name])[0]
    rng = random.Random(f"{function_name} {seed}")
    searcher = searchers.open_search(name, function, seed)
    best_seen, best_true, least = None, None, None
    at, seconds = {}, []
    try:
        for k in range(1, trials + 1):
            begin = time.perf_counter()
            key, params = searcher.ask()
            seconds.append(time.perf_counter() - begin)
            seen = function.seen(params, rng)
            if seen is not None:
                true = function.true(params)
                least = true if least is None else min(least, true)
                if best_seen is None or seen < best_seen:
                    best_seen, best_true = seen, true
            begin = time.perf_counter()
            searcher.tell(key, seen)
            seconds[-1] += time.perf_counter() - begin
            if k in MARKS:
                at[str(k)] = best_true
    finally:
        searcher.close()
    return {"optimizer": name, "function": function_name, "seed": seed, "trials": trials, "at": at, "least": least,
            "seconds": [round(statistics.median(seconds[max(0, m - 10):m]), 6) for m in MARKS if m <= trials]}


def attempt(job):
    name, function_name, seed, trials, _ = job
    try:
        return search(name, function_name, seed, trials)
    except Exception as error:
        return {"optimizer": name, "function": function_name, "seed": seed, "failed": f"{type(error).__name__}: {error}"[:300]}


# ---- what is kept of peers ----


def key_of(name, function, seed):
    return f"{FORMAT} {searchers.version(name)} {name} {function.name} {function.version()} {seed}"


def read_kept():
    """By key; of searches that differ in their number of trials the longest, which begins as the others."""
    kept = {}
    if KEPT.exists():
        for line in KEPT.read_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # cut short by a kill
            known = kept.get(record["key"])
            if known is None or known["trials"] < record["result"]["trials"]:
                kept[record["key"]] = record["result"]
    return kept


def keep(key, result):
    with open(KEPT, "a", encoding="utf-8") as out:
        fcntl.flock(out, fcntl.LOCK_EX)
        out.write(json.dumps({"key": key, "result": result}) + "\n")


# ---- regrets ----


def median_of_random(function):
    rng = random.Random(1)
    points = [function.draw(rng) for _ in range(200 if function.needs else 1000)]
    return statistics.median(function.true(p) for p in points if not function.failed(p))


def scale_of(function, results):
    """(least, width): of functions whose least value nobody knows, the least that any search found."""
    found = [r["least"] for r in results if r.get("least") is not None]
    least = function.least if function.least is not None else min(found)
    return least, median_of_random(function) - least


def regrets(results, scale, mark):
    """Of each seed; one that saw nothing but failures is as bad as a random point."""
    values = [r["at"].get(str(mark)) for r in results if str(mark) in r["at"]]
    return [1.0 if v is None else max(v - scale[0], 0.0) / scale[1] for v in values]


def ranks(values):
    """Rank of each name by value; those within TIE of each other share theirs."""
    order = sorted(values, key=values.get)
    found = {}
    i = 0
    while i < len(order):
        k = i
        while k + 1 < len(order) and values[order[k + 1]] - values[order[i]] <= TIE:
            k += 1
        for name in order[i:k + 1]:
            found[name] = (i + k) / 2 + 1
        i = k + 1
    return found


class Report:
    def __init__(self, results, names, chosen, marks):
        self.names = names
        self.marks = marks
        self.median, self.worst, self.seconds, self.seeds, self.failed = {}, {}, {}, {}, []
        self.functions = []
        for function in chosen:
            mine = [r for r in results if r["function"] == function.name]
            self.failed += [r for r in mine if "failed" in r]
            good = [r for r in mine if "failed" not in r]
            if not good:
                continue
            self.functions.append(function.name)
            scale = scale_of(function, good)
            for name in names:
                self.add(function.name, name, [r for r in good if r["optimizer"] == name], scale)

    def add(self, function, name, results, scale):
        self.seeds[function, name] = len(results)
        for i, mark in enumerate(self.marks):
            values = regrets(results, scale, mark)
            if values:
                self.median[function, name, mark] = statistics.median(values)
                self.worst[function, name, mark] = max(values)
                times = [r["seconds"][i] for r in results if i < len(r["seconds"])]
                self.seconds.setdefault((name, mark), []).append(statistics.median(times))

    def row(self, function, mark):
        return {n: self.median[function, n, mark] for n in self.names if (function, n, mark) in self.median}

    def mean_ranks(self, mark):
        every = [ranks(self.row(f, mark)) for f in self.functions]
        return {n: statistics.mean(r[n] for r in every if n in r) for n in self.names if any(n in r for r in every)}

    def ahead(self, name, peers, mark):
        """On how many functions `name` is at or below the best of peers, of how many; and where it is not."""
        behind, count = [], 0
        for f in self.functions:
            row = self.row(f, mark)
            others = [row[p] for p in peers if p in row]
            if name in row and others:
                count += 1
                if row[name] > min(others) + TIE:
                    behind.append(f)
        return count - len(behind), count, behind

    def table(self, mark, worst=False):
        source = self.worst if worst else self.median
        lines = [f"| function | {' | '.join(self.names)} |", "|-|" + "-|" * len(self.names)]
        for f in self.functions:
            values = [source.get((f, n, mark)) for n in self.names]
            least = min((v for v in values if v is not None), default=0)
            cells = ["" if v is None else (f"**{v:.4f}**" if v <= least + TIE else f"{v:.4f}") for v in values]
            lines.append(f"| {f} | {' | '.join(cells)} |")
        return lines

    def summary(self):
        head = [f"{m} trials" for m in self.marks]
        lines = [f"| optimizer | functions | seeds | rank at {' | rank at '.join(head)} | ms a suggestion at {' | at '.join(head)} |",
                 "|-|-|-|" + "-|" * (2 * len(self.marks))]
        by_mark = {m: self.mean_ranks(m) for m in self.marks}
        order = sorted(self.names, key=lambda n: by_mark[self.marks[-1]].get(n, by_mark[self.marks[0]].get(n, 99)))
        for n in order:
            shown = [f"{by_mark[m][n]:.2f}" if n in by_mark[m] else "" for m in self.marks]
            times = [f"{statistics.median(self.seconds[n, m]) * 1e3:.2f}" if (n, m) in self.seconds else "" for m in self.marks]
            seeds = [k for (_, name), k in self.seeds.items() if name == n and k]
            of = f"{min(seeds, default=0)}–{max(seeds, default=0)}" if len(set(seeds)) > 1 else str(max(seeds, default=0))
            lines.append(f"| {n} | {len(seeds)} | {of} | {' | '.join(shown + times)} |")
        return lines

    def goals(self):
        peers = [n for n in self.names if n in searchers.PEERS]
        asked = [("auto", peers, "the best of all peers"), ("auto", ["optuna-tpe"], "Optuna's multivariate TPE"),
                 ("gp", [p for p in peers if p.endswith("-gp")], "the best GP peer"), ("tpe", ["optuna-tpe"], "Optuna's multivariate TPE"),
                 ("cmaes", ["optuna-cmaes"], "Optuna's CMA-ES")]
        lines = []
        for mark in self.marks:
            for name, others, text in asked:
                good, count, behind = self.ahead(name, others, mark)
                if count:
                    where = f"; behind on {', '.join(behind)}" if behind else ""
                    lines.append(f"- {mark} trials: `{name}` is at or below {text} on {good} of {count} functions{where}")
        return lines

    def text(self):
        lines = ["## Ranks", "", *self.summary(), "", "## Beside the peers", "", *self.goals(), ""]
        for mark in self.marks:
            lines += [f"## Median regret at {mark} trials", "", *self.table(mark), ""]
        for mark in self.marks[-1:]:
            lines += [f"## Worst regret at {mark} trials", "", *self.table(mark, worst=True), ""]
        return lines


# ---- the whole ----


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--functions", help="names, comma-separated")
    parser.add_argument("--optimizers", help="names, comma-separated; peers: " + ", ".join(searchers.PEERS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2, help="searches at the same time")
    parser.add_argument("--quick", action="store_true", help=f"{len(functions.QUICK)} functions, 3 seeds, 50 trials, no GP of a peer")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--kept-only", action="store_true", help="of peers show what was measured before, and measure nothing")
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder for optimizers.json")
    parser.add_argument("--write", action="store_true", help="write docs/optimizers.md")
    options = parser.parse_args()
    if options.quick:
        options.functions = options.functions or ",".join(functions.QUICK)
        options.seeds = min(options.seeds, 3)
        options.trials = min(options.trials, 50)
    return options


def find_names(options):
    ours = searchers.ours()
    if options.optimizers:
        names = options.optimizers.split(",")
    else:
        slow = ("optuna-gp", "skopt-gp") if options.quick and not options.kept_only else ()
        names = ours + [n for n in searchers.PEERS if n not in slow and not options.no_peers]
    unknown = [n for n in names if n not in ours and n not in searchers.PEERS]
    if unknown:
        raise SystemExit(f"there is no optimizer {unknown[0]!r}; there are {', '.join([*ours, *searchers.PEERS])}")
    missing = [n for n in names if n in searchers.PEERS and searchers.version(n) is None]
    if missing:
        print(f"not here: {', '.join(missing)} (make bench-optimizers makes their environment)", file=sys.stderr)
    return [n for n in names if n not in missing]


def prepare():
    """Of a process that searches: the whole is stopped by the first one, between two searches."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    warnings.simplefilter("ignore")


def interrupt(number, frame):
    raise KeyboardInterrupt


def measure(options, names, chosen):
    kept = read_kept()
    results, jobs = [], []
    for seed in range(options.seeds):
        for function in chosen:
            for name in names:
                trials = min(options.trials, searchers.PEERS[name][3]) if name in searchers.PEERS else options.trials
                key = key_of(name, function, seed) if name in searchers.PEERS else None
                if key in kept and (options.kept_only or kept[key]["trials"] >= trials):
                    results.append(kept[key])
                elif not (key and options.kept_only):
                    jobs.append((name, function.name, seed, trials, key))
    print(f"{len(results)} searches of peers kept from before, {len(jobs)} to run", file=sys.stderr)
    begin = time.time()
    pool = concurrent.futures.ProcessPoolExecutor(options.jobs, initializer=prepare)
    waiting = {pool.submit(attempt, job): job for job in jobs}
    try:
        for i, done in enumerate(concurrent.futures.as_completed(waiting)):
            result = done.result()
            results.append(result)
            if waiting[done][4] and "failed" not in result:
                keep(waiting[done][4], result)
            if (i + 1) % 20 == 0:
                print(f"{i + 1} of {len(jobs)}, {time.time() - begin:.0f} s", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped: this is of what was done", file=sys.stderr)
    pool.shutdown(cancel_futures=True)
    return results


def usable(function):
    if function.needs:
        try:
            __import__(function.needs)
        except ImportError:
            print(f"not here: {function.name} ({function.needs} is missing)", file=sys.stderr)
            return False
    return True


def head(options, names):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    return ["# Optimizers", "",
            "Written by `make bench-optimizers` (`bench/optimizers.py`); every figure was measured by it, none typed.", "",
            *__doc__.split("\n\n")[2].strip().splitlines(), "",
            f"- date: {datetime.date.today()}", f"- machine: {cpu}, {os.cpu_count()} cores, Python {platform.python_version()}",
            f"- peers: {', '.join(sorted({p for n in names if n in searchers.PEERS for p in [searchers.version(n)]}))}",
            f"- {options.seeds} seeds, {options.trials} trials (skopt-gp: at most {searchers.PEERS['skopt-gp'][3]}); "
            f"bold: within {TIE} of the best", ""]


def main():
    python = VENV / "bin" / "python"
    if (VENV / ".requirements.sha256").exists() and pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(python, [str(python), *sys.argv])
    options = parse()
    signal.signal(signal.SIGTERM, interrupt)
    names = find_names(options)
    chosen = [f for f in (functions.by_name(options.functions.split(",")) if options.functions else functions.FUNCTIONS) if usable(f)]
    marks = [m for m in MARKS if m <= options.trials]
    if not marks:
        raise SystemExit(f"--trials: at least {MARKS[0]}")
    results = measure(options, names, chosen)
    report = Report(results, names, chosen, marks)
    lines = head(options, names) + report.text()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "optimizers.json").write_text(json.dumps({"results": results, "marks": marks}, indent=1) + "\n")
    if options.write:
        (ROOT / "docs" / "optimizers.md").write_text("\n".join(lines).rstrip() + "\n")
    print("\n".join(lines))
    for r in report.failed[:20]:
        print(f"failed: {r['optimizer']} on {r['function']}, seed {r['seed']}: {r['failed']}", file=sys.stderr)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
