"""Starts tests/supervise_driver.c and looks at what it does."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DRIVER = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build")) / "tests" / "supervise_driver"
PYTHON = [sys.executable, "-S", "-E", "-c"]
PATIENCE_S = 60


def until(condition, what="the condition"):
    """Waits for a condition and returns its first true value."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            value = condition()
            if value:
                return value
        time.sleep(0.005)
    raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}")


# Counts the signals it gets, one line each in COUNT_DIR/NAME, until SIGUSR2; so does its child.
COUNTER = """
import os, signal, sys
name, folder = sys.argv[1], sys.argv[2]
wanted = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
child = None
if name == "parent":
    import subprocess
    child = subprocess.Popen([sys.executable, "-S", "-E", "-c", sys.argv[3], "child", folder, ""])
    while not os.path.exists(folder + "/child.ready"):
        pass
open(folder + "/" + name, "w").close()
with open(folder + "/" + name + ".pid", "w") as f:
    f.write(str(os.getpid()))
open(folder + "/" + name + ".ready", "w").close()
while True:
    got = signal.sigwait(wanted)
    if got == signal.SIGUSR2:
        break
    with open(folder + "/" + name, "a") as f:
        f.write(got.name + "\\n")
if child:
    child.wait()
"""


class Supervised:
    """One run directory and the drivers started in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.run_dir = self.folder / "run"
        self.guild_dir = self.run_dir / ".guild"
        self.counts = self.folder / "counts"
        self.counts.mkdir(exist_ok=True)
        self.stack = contextlib.ExitStack()

    def argv(self, command, options):
        return [str(DRIVER), str(self.run_dir), "--log", str(self.folder / "log"), "--result",
                str(self.folder / "result"), *map(str, options), "--", *map(str, command)]

    def start(self, *command, options=(), **popen):
        process = subprocess.Popen(self.argv(command, options), **popen)
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def run(self, *command, options=(), **popen):
        """Runs to the end; returns the driver's stdout and stderr."""
        popen.setdefault("stdin", subprocess.DEVNULL)
        popen.setdefault("stdout", subprocess.PIPE)
        popen.setdefault("stderr", subprocess.PIPE)
        process = self.start(*command, options=options, **popen)
        return process.communicate(timeout=PATIENCE_S)

    def counter(self):
        return [*PYTHON, COUNTER, "parent", self.counts, COUNTER]

    def wait_for_counter(self):
        until(lambda: (self.counts / "parent.ready").exists(), "the program's start")

    def count(self, name):
        return (self.counts / name).read_text().split()

    @property
    def result(self):
        return json.loads((self.folder / "result").read_text())

    @property
    def log(self):
        return (self.folder / "log").read_text().splitlines()

    @property
    def output(self):
        return (self.guild_dir / "output").read_bytes()

    @property
    def index(self):
        data = (self.guild_dir / "output.index").read_bytes()
        assert len(data) % 9 == 0
        return list(struct.iter_unpack(">QB", data))

    def attr(self, name):
        path = self.guild_dir / "attrs" / name
        return int(path.read_text()) if path.exists() else None

    def lock_pid(self):
        """The program's process id, as soon as it is known."""
        def read():
            with contextlib.suppress(FileNotFoundError):
                return (self.guild_dir / "LOCK").read_text()
            return None
        return int(until(read, "LOCK"))


def has_ended(pid):
    """True for a process that is gone or only waits to be reaped."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


class Terminal:
    """A pseudo terminal and a process in its foreground."""

    def __init__(self, argv, rows=24, columns=80, streams=(0, 1, 2), **popen):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        modes = termios.tcgetattr(slave)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            if number in streams:
                popen[name] = slave

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(argv, preexec_fn=own_terminal, pass_fds=[slave], **popen)
        os.close(slave)
        self.seen = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, data):
        os.write(self.master, data)

    def read_until(self, wanted):
        """Reads up to the wanted bytes and returns all that came before and them."""
        deadline = time.monotonic() + PATIENCE_S
        while wanted not in self.seen:
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.seen!r}"
            if select.select([self.master], [], [], 1)[0]:
                try:
                    chunk = os.read(self.master, 65536)
                except OSError:
                    chunk = b""
                assert chunk, f"the terminal ended without {wanted!r}: {self.seen!r}"
                self.seen += chunk
        end = self.seen.index(wanted) + len(wanted)
        found, self.seen = self.seen[:end], self.seen[end:]
        return found

    def read_to_end(self):
        try:
            while chunk := os.read(self.master, 65536):
                self.seen += chunk
        except OSError:
            pass
        self.process.wait(PATIENCE_S)
        return self.seen

    def hang_up(self):
        os.close(self.master)
        self.master = -1

    def close(self):
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()
        if self.master >= 0:
            os.close(self.master)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
