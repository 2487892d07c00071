#!/usr/bin/env python3
"""Measures the table in the terminal: from a key press to the last byte of the screen it draws.

usage: bench/tui_latency.py HOME [--program build/guild] [--presses 60] [--columns 160] [--rows 50]

HOME is a Guild home (bench/make_store makes one). Prints one line a key: median, 95th percentile and
maximum in milliseconds.
"""

import argparse
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUIET_S = 0.03  # a screen is complete when nothing has come for so long
LOAD_LIMIT_S = 900

def keys_of(count):
    """What is pressed in the middle of so many rows, and what brings the table back before it is pressed again."""
    middle = f":{count // 2}\r".encode()
    return {
        "one row down": (b"j", None),
        "one row up": (b"k", None),
        "page down": (b"J", None),
        "page up": (b"K", None),
        "first row": (b"g", middle),
        "last row": (b"G", middle),
        "row N": (f":{count * 7 // 10}\r".encode(), middle),
        "one column to the right": (b"l", b"h"),
        "last column": (b"$", b"0"),
        "freeze columns, and not": (b"z", None),
        "select a row": (b" ", None),
        "next change of the value": (b"]", None),
        "wheel": (b"\x1b[<65;20;9M", b"\x1b[<64;20;9M"),
        "detail of the run": (b"\r", b"q"),
        "course of a scalar": (b"w", b"w"),
    }


# Work over all rows: keys are answered meanwhile, so the time is that of the work.
WORK = {
    "sort by numbers": (b"1", b"a"),
    "sort by text": (b"s", b"a"),
    "search what is nowhere": (b"/nowhere-at-all\r", None),
    "filter": (b"fstatus = completed and loss < 1\r", b"f\x15\r"),
}


class Terminal:
    """A pseudo terminal with the program in it; `child` is its process."""

    def __init__(self, argv, env, rows, columns):
        self.child, self.fd = pty.fork()
        if self.child == 0:
            os.execvpe(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, limit_s):
        """What comes within so many seconds; b'' for nothing."""
        if not select.select([self.fd], [], [], limit_s)[0]:
            return b""
        try:
            return os.read(self.fd, 1 << 16)
        except OSError:
            return b""

    def wait_for(self, pattern, limit_s):
        seen = b""
        deadline = time.monotonic() + limit_s
        while not re.search(pattern, seen):
            if time.monotonic() > deadline:
                raise SystemExit(f"no {pattern!r} within {limit_s} s: {seen[-2000:]!r}")
            seen += self.read(1)
        return seen

    def settle(self, quiet_s=QUIET_S):
        while self.read(quiet_s):
            pass

    def press(self, keys, until=None, quiet_s=QUIET_S):
        """Seconds from the key to the last byte of the screen, and CPU seconds of the thread that draws it."""
        cpu = self.cpu_s()
        start = time.perf_counter()
        os.write(self.fd, keys)
        seen, last = b"", start
        while True:
            more = self.read(quiet_s if not until or re.search(until, seen) else 60)
            if not more:
                break
            last = time.perf_counter()
            seen += more
        return last - start, self.cpu_s() - cpu

    def cpu_s(self):
        """CPU seconds of the main thread: they say what a key costs also where the machine is busy."""
        stat = pathlib.Path(f"/proc/{self.child}/task/{self.child}/schedstat").read_text()
        return int(stat.split()[0]) / 1e9

    def close(self):
        os.kill(self.child, signal.SIGTERM)
        self.settle(0.2)
        os.waitpid(self.child, 0)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


def line(what, pairs):
    """One row of the report; returns the 95th percentile of the time, in ms."""
    text = "  ".join(f"{statistics.median(v) * 1000:8.2f} {percentile(v, 0.95):8.2f} {max(v) * 1000:8.2f}"
                     for v in zip(*pairs))
    print(f"{what:32} {text}", flush=True)
    return percentile([wall for wall, _ in pairs], 0.95)


def peak_memory_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text).group(1)) / 1024


def measure(home, program, presses=60, rows=50, columns=160, with_work=True):
    """Prints the report; returns seconds to the first screen and to the rows, and the 95th percentile of the slowest key."""
    env = {**os.environ, "GUILD_HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
    for name in ("NO_COLOR", "LINES", "COLUMNS"):
        env.pop(name, None)
    start = time.monotonic()
    terminal = Terminal([program, "compare"], env, rows, columns)
    terminal.wait_for(rb"reading runs", 20)
    first = time.monotonic() - start
    seen = terminal.wait_for(rb"1/\d+ ", LOAD_LIMIT_S)
    middle = f":{int(re.search(rb'1/([0-9]+) ', seen).group(1)) // 2}\r".encode()
    loaded = time.monotonic() - start
    terminal.settle(0.3)
    terminal.press(b"R")  # as nothing else is to be measured
    print(f"first screen {first * 1000:.0f} ms, rows {loaded:.2f} s, "
          f"peak memory {peak_memory_mib(terminal.child):.0f} MiB")
    print(f"{'key press to screen, ms':32} {'median':>8} {'95 %':>8} {'most':>8}"
          f"  of a CPU: median, 95 %, most")
    worst = 0
    for what, (key, back) in keys_of(int(middle[1:-1]) * 2).items():
        terminal.press(middle)
        terminal.press(b"l")
        pairs = []
        for _ in range(presses):
            pairs.append(terminal.press(key))
            if back:
                terminal.press(back)
        worst = max(worst, line(what, pairs))
    terminal.press(middle)
    for what, (key, back) in WORK.items() if with_work else ():
        pairs = []
        for _ in range(3):
            terminal.press(b"h")
            terminal.press(b"$")
            pairs.append(terminal.press(key, rb"is in no cell" if b"/" in key else rb" of " if b"f" in key else None,
                                        quiet_s=1))
            if back:
                terminal.press(back, quiet_s=1)
        line(f"({what})", pairs)
    terminal.close()
    return {"first_s": first, "loaded_s": loaded, "key_s": worst / 1000}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("home")
    parser.add_argument("--program", default=str(ROOT / "build" / "guild"))
    parser.add_argument("--presses", type=int, default=60)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--columns", type=int, default=160)
    args = parser.parse_args()
    measure(pathlib.Path(args.home).resolve(), args.program, args.presses, args.rows, args.columns)
    return 0


if __name__ == "__main__":
    sys.exit(main())
