#!/usr/bin/env python3
"""Trains tiny models with real frameworks and keeps what they print, with the numbers they report themselves.

usage: generate.py [--list] [NAME...]        (in an environment of tests/frameworks-requirements.txt)

For each case of cases_*.py: logs/NAME.out and logs/NAME.err hold the raw bytes of its two streams, logs/NAME.json the
truth: [key, step, value] as the framework's history, callbacks or logger know it. Nothing in these files is written by
hand. A case whose framework is not installed is left as it is, and said so.
"""

import argparse
import importlib
import json
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import termios
import threading

HERE = pathlib.Path(__file__).resolve().parent
MODULES = ["cases_sklearn", "cases_boosting", "cases_keras", "cases_torch", "cases_plain"]
SKIPPED = 77


class Truth:
    """What a case knows about its own run."""

    def __init__(self):
        self.required = []
        self.optional = []

    def add(self, key, step, value):
        """A number the log shows: it must be found (step None: the log names none)."""
        self.required.append([key, step, float(value)])

    def allow(self, key, step, value):
        """A number of the framework's that may be found."""
        self.optional.append([key, step, float(value)])

    def series(self, key, values, first=1):
        for i, value in enumerate(values):
            self.add(key, first + i, value)


CASES = {}


def case(needs, on_tty=False):
    """Registers a function of Truth; `needs` is what it imports."""

    def register(function):
        CASES[function.__name__] = (function, needs, on_tty)
        return function

    return register


def run_one(name, truth_file):
    function, needs, _ = CASES[name]
    for module in needs:
        try:
            importlib.import_module(module)
        except ImportError:
            sys.exit(SKIPPED)
    truth = Truth()
    function(truth)
    sys.stdout.flush()
    truth_file.write_text(json.dumps({"required": truth.required, "optional": truth.optional}))


def read_all(fd, into):
    while True:
        try:
            data = os.read(fd, 65536)
        except OSError:
            return
        if not data:
            return
        into += data


def capture(argv, env, on_tty):
    """Runs argv; returns its exit code and the bytes of both streams, each from a pipe or a terminal of its own."""
    pairs = [pty.openpty() if on_tty else os.pipe() for _ in range(2)]
    if on_tty:
        for _, terminal in pairs:
            termios.tcsetwinsize(terminal, (40, 120))
    process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=pairs[0][1], stderr=pairs[1][1],
                               cwd=env["SCRATCH"])
    buffers = [bytearray(), bytearray()]
    threads = []
    for (read_end, write_end), into in zip(pairs, buffers):
        os.close(write_end)
        threads.append(threading.Thread(target=read_all, args=(read_end, into)))
        threads[-1].start()
    code = process.wait()
    for thread in threads:
        thread.join()
    texts = [bytes(b) for b in buffers]
    # A terminal turns line ends into two characters; guild switches that off in its own.
    return code, [t.replace(b"\r\n", b"\n") for t in texts] if on_tty else texts




def generate(name):
    _, _, on_tty = CASES[name]
    with tempfile.TemporaryDirectory() as scratch:
        env = dict(os.environ, PYTHONUNBUFFERED="1", PYTHONWARNINGS="ignore", KERAS_BACKEND="jax",
                   TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", JAX_PLATFORMS="cpu", COLUMNS="120",
                   LINES="40", TERM="xterm-256color", HOME=scratch, SCRATCH=scratch, HF_HUB_OFFLINE="1",
                   YOLO_OFFLINE="true", PYTHONHASHSEED="0")
        truth = pathlib.Path(scratch) / "truth.json"
        argv = [sys.executable, "-W", "ignore", str(HERE / "generate.py"), "--case", name, "--truth", str(truth)]
        code, (out, err) = capture(argv, env, on_tty)
        if code == SKIPPED:
            return "left as it is: its framework is not installed"
        if code != 0:
            sys.stderr.write(err.decode(errors="replace")[-2000:])
            return f"FAILED with exit code {code}"
        known = json.loads(truth.read_text())
    logs = HERE / "logs"
    for suffix, text in ((".out", out), (".err", err)):
        path = logs / (name + suffix)
        if text:
            path.write_bytes(text)
        else:
            path.unlink(missing_ok=True)
    rows = [json.dumps(row) for row in known["required"]]
    allowed = [json.dumps(row) for row in known["optional"]]
    (logs / (name + ".json")).write_text(
        '{"required": [\n' + ",\n".join(rows) + '\n], "optional": [\n' + ",\n".join(allowed) + "\n]}\n")
    return f"{len(out) + len(err)} bytes, {len(rows)} numbers"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--truth", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    sys.modules["generate"] = sys.modules["__main__"]
    sys.path.insert(0, str(HERE))
    for module in MODULES:
        importlib.import_module(module)
    if args.case:
        run_one(args.case, args.truth)
        return 0
    if args.list:
        print("\n".join(CASES))
        return 0
    failed = 0
    for name in args.names or CASES:
        told = generate(name)
        failed += told.startswith("FAILED")
        print(f"{name}: {told}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
