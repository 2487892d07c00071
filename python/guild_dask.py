"""Starts staged runs on a Dask cluster: the program of the operation dask:scheduler.

Runs on the user's interpreter and dask.distributed: one worker in this process with so many threads. A run is started by
`guild run --restart`, as the queue does it; what it needs of the cluster is said by its tags, `dask:NAME=QUANTITY`.
"""

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import time

GUILD = os.environ.get("GUILD_PROGRAM", "guild")


class Stopped(Exception):
    """SIGTERM came."""


def say(text, level="INFO"):
    sys.stderr.write("%s: [guild] %s %s\n" % (level, datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"), text))
    sys.stderr.flush()


def fail(text, hint=None):
    sys.stderr.write("guild: %s\n" % text)
    if hint:
        sys.stderr.write("hint: %s\n" % hint)
    sys.exit(1)


def read_quantities(text, what):
    """{"NAME": number} of "NAME=1 OTHER=2.5"."""
    found = {}
    for word in text.split():
        name, eq, number = word.partition("=")
        try:
            if not name or not eq or not float(number) >= 0:
                raise ValueError
            found[name] = float(number)
        except ValueError:
            raise ValueError("invalid %s '%s': expected NAME=QUANTITY" % (what, word)) from None
    return found


def needs_of(run):
    """What the tags of a run ask for."""
    needs = {}
    for tag in run.get("tags") or []:
        if str(tag).startswith("dask:"):
            needs.update(read_quantities(str(tag)[5:], "tag dask:"))
    return needs


def list_runs(status):
    done = subprocess.run([GUILD, "runs", "--json", "--all", "--" + status], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        say("staged runs cannot be read: %s" % done.stderr.strip(), "WARNING")
        return []
    runs = json.loads(done.stdout)
    return sorted(runs, key=lambda run: (run.get("started") or 0, run["id"]))


def is_scheduler(run):
    return run.get("opref", "").startswith("builtin:")


def start(run_id, run_dir):
    """On a thread of the worker. A run that somebody else has started meanwhile is not started again."""
    if not os.path.exists(os.path.join(run_dir, ".guild", "STAGED")):
        return None
    say("Starting staged run %s" % run_id)
    env = dict(os.environ, NO_RESTARTING_MSG="1")
    for name in ("RUN_DIR", "RUN_ID", "GUILD_OP"):
        env.pop(name, None)
    return subprocess.run([GUILD, "run", "--restart", run_id, "-y"], stdin=subprocess.DEVNULL, env=env).returncode


class Scheduler:
    def __init__(self, client, args, resources):
        self.client = client
        self.args = args
        self.resources = resources
        self.futures = {}
        self.told = set()

    def tell_once(self, run, text):
        if run["id"] not in self.told:
            self.told.add(run["id"])
            say("Ignoring staged run %s: %s" % (run["id"], text), "WARNING")

    def submit(self, run):
        try:
            needs = needs_of(run)
        except ValueError as e:
            self.tell_once(run, str(e))
            return
        missing = [name for name in needs if needs[name] > self.resources.get(name, 0)]
        if missing:
            self.tell_once(run, "it needs %s, and this scheduler has %s" % (
                ", ".join("%s=%g" % (name, needs[name]) for name in sorted(missing)),
                ", ".join("%s=%g" % (name, self.resources.get(name, 0)) for name in sorted(missing))))
            return
        say("Scheduling staged run %s" % run["id"])
        self.futures[run["id"]] = self.client.submit(start, run["id"], run["run_dir"], key=run["id"], pure=False, resources=needs or None)

    def is_blocked(self):
        return self.args.wait_for_running and any(not is_scheduler(run) for run in list_runs("running"))

    def look(self):
        if self.is_blocked():
            return
        for run in list_runs("staged"):
            if run["id"] not in self.futures:
                self.submit(run)
        for run_id in [i for i, future in self.futures.items() if future.done()]:
            future = self.futures[run_id]
            if future.status == "error":
                say("Run %s could not be started: %s" % (run_id, future.exception()), "ERROR")
            # Staged again, it is a new job.
            del self.futures[run_id]

    def wait(self):
        while self.futures:
            for run_id in [i for i, future in self.futures.items() if future.done()]:
                del self.futures[run_id]
            time.sleep(0.1)

    def run(self):
        begun = time.monotonic()
        if self.args.run_once:
            say("Processing staged runs")
            self.look()
            n = len(self.futures)
            self.wait()
            say("Dask scheduler processed %d run(s) in %f seconds" % (n, time.monotonic() - begun))
            return
        say("Waiting for staged runs")
        while True:
            self.look()
            time.sleep(self.args.poll_interval)


def read_args():
    p = argparse.ArgumentParser()
    p.add_argument("--workers", type=int)
    p.add_argument("--loglevel", default="warn")
    p.add_argument("--dashboard-address", default="8787")
    p.add_argument("--poll-interval", type=float, default=10)
    p.add_argument("--run-once", action="store_true")
    p.add_argument("--wait-for-running", action="store_true")
    p.add_argument("--resources", default="")
    args = p.parse_args()
    if args.workers is not None and args.workers < 1:
        fail("workers must be at least 1, not %d" % args.workers)
    return args


def dashboard_address(text):
    """None: no dashboard. A number alone is a port of this machine."""
    if text.lower() in ("no", "false", "0", ""):
        return None
    return ":" + text if text.isdigit() else text


def stop(number, frame):
    raise Stopped


def main():
    args = read_args()
    try:
        resources = read_quantities(args.resources, "resource")
    except ValueError as e:
        fail(str(e))
    say("Starting Dask scheduler")
    try:
        import dask.distributed
    except ImportError:
        fail("dask.distributed is not installed for %s" % sys.executable, "%s -m pip install 'dask[distributed]'" % sys.executable)
    os.makedirs(os.path.join(os.environ["RUN_DIR"], ".guild", "proto"), exist_ok=True)
    signal.signal(signal.SIGTERM, stop)
    import logging

    level = getattr(logging, {"warn": "WARNING"}.get(args.loglevel, args.loglevel).upper(), logging.WARNING)
    cluster = dask.distributed.LocalCluster(n_workers=1, threads_per_worker=args.workers or os.cpu_count() or 1, processes=False,
                                            dashboard_address=dashboard_address(args.dashboard_address), resources=resources,
                                            silence_logs=level)
    client = dask.distributed.Client(cluster)
    try:
        Scheduler(client, args, resources).run()
    except (Stopped, KeyboardInterrupt):
        pass
    finally:
        say("Stopping Dask scheduler")
        client.close()
        cluster.close()


if __name__ == "__main__":
    main()
