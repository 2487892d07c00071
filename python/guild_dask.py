"""Starts staged runs on a Dask cluster: the program of the operation dask:scheduler.

Runs on the user's interpreter and dask.distributed: one worker in this process with so many threads. A run is claimed, as the
queue does it, when a thread and what it needs are free: until then any queue may have it. What it needs is said by its tags,
`dask:NAME=QUANTITY`.
"""

import argparse
import datetime
import json
import os
import signal
import subprocess
import sys
import threading
import time

GUILD = os.environ.get("GUILD_PROGRAM", "guild")
NOT_CLAIMED = 75  # exit code of guild run-claimed
OF_THIS_RUN = ("RUN_DIR", "RUN_ID", "GUILD_OP", "FLAGS_DEST")


# Dask gives a thread a copy of the function and of what it names; what threads share is reached through the module.
STOPPING = threading.Event()
CHILDREN = {}


class Stopped(Exception):
    """SIGTERM, SIGHUP or Ctrl-C came."""


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


def ask_guild(*args):
    """What guild answers in JSON; None when it cannot, which is said."""
    done = subprocess.run([GUILD, *args, "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout)
    say("runs cannot be read: %s" % done.stderr.strip(), "WARNING")
    return None


def list_staged():
    """Staged runs that wait for no other run, in the order in which queues start them."""
    runs = {run["id"]: run for run in ask_guild("runs", "--all", "--staged") or []}
    waiting = (ask_guild("queue", "status") or {}).get("staged", []) if runs else []
    return [runs[one["run"]] for one in waiting if one["run"] in runs and not one["waits"]]


def is_anything_running():
    return any(not run["opref"].startswith("builtin:") for run in ask_guild("runs", "--all", "--running") or [])


def environment_of(run_dir):
    env = {k: v for k, v in os.environ.items() if k not in OF_THIS_RUN and not k.startswith("FLAG_")}
    env.update(NO_RESTARTING_MSG="1", GUILD_SCHEDULER=os.environ.get("RUN_ID", ""))
    packages = os.path.join(run_dir, ".guild", "job-packages")
    if os.path.isdir(packages):
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [packages, env.get("PYTHONPATH")]))
    return env


def start(run_id, run_dir):
    """On a thread of the worker. False when the run was not to be had: somebody else has started it meanwhile."""
    shared = sys.modules["__main__"]
    if shared.STOPPING.is_set() or not os.path.exists(os.path.join(run_dir, ".guild", "STAGED")):
        return False
    say("Starting staged run %s" % run_id)
    # Signals and keys of the terminal reach the scheduler alone: it decides what becomes of the runs.
    child = subprocess.Popen([GUILD, "run-claimed", run_id], stdin=subprocess.DEVNULL, env=environment_of(run_dir), start_new_session=True)
    shared.CHILDREN[run_id] = child
    code = child.wait()
    shared.CHILDREN.pop(run_id)
    if code == NOT_CLAIMED:
        say("Staged run %s is left alone: it was started elsewhere, or waits for another run" % run_id)
    return code != NOT_CLAIMED


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

    def look(self):
        self.forget_done()
        if self.args.wait_for_running and is_anything_running():
            return False
        for run in list_staged():
            if run["id"] not in self.futures:
                self.submit(run)
        return True

    def forget_done(self):
        """The number of runs that were started. Staged again, a run is a new job."""
        started = 0
        for run_id in [i for i, future in self.futures.items() if future.done()]:
            future = self.futures.pop(run_id)
            if future.status == "error":
                say("Run %s could not be started: %s" % (run_id, future.exception()), "ERROR")
            else:
                started += bool(future.result())
        return started

    def run_all(self):
        """Until a look finds nothing that can be started: what has ended may let others start."""
        n = 0
        while True:
            while not self.look():
                time.sleep(min(1, self.args.poll_interval))
            before = n
            while self.futures:
                n += self.forget_done()
                time.sleep(0.05)
            if n == before:
                return n

    def run(self):
        begun = time.monotonic()
        if self.args.run_once:
            say("Processing staged runs")
            n = self.run_all()
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
    """None: no dashboard. A number alone is a port of this machine, 0 any that is free."""
    if text.lower() in ("no", "false", ""):
        return None
    return ":" + text if text.isdigit() else text


def stop(number, frame):
    raise Stopped


def end_children():
    """Waits for the runs; one more signal stops them."""
    STOPPING.set()
    if CHILDREN:
        say("Waiting for %d run(s) to end; a second signal stops them" % len(CHILDREN))
    while CHILDREN:
        try:
            time.sleep(0.05)
        except Stopped:
            for child in list(CHILDREN.values()):
                child.terminate()


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
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)
    import logging

    level = getattr(logging, {"warn": "WARNING"}.get(args.loglevel, args.loglevel).upper(), logging.WARNING)
    cluster = dask.distributed.LocalCluster(n_workers=1, threads_per_worker=args.workers or os.cpu_count() or 1, processes=False,
                                            dashboard_address=dashboard_address(args.dashboard_address), resources=resources,
                                            silence_logs=level)
    client = dask.distributed.Client(cluster)
    try:
        Scheduler(client, args, resources).run()
    except Stopped:
        pass
    finally:
        end_children()
        say("Stopping Dask scheduler")
        client.close()
        cluster.close()


if __name__ == "__main__":
    main()
