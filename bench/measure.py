"""Small measuring tools: CPU, wall time and memory of child processes."""

import os
import signal
import statistics
import threading
import time


class Usage:
    """What one child and its children took."""

    def __init__(self, code, cpu, wall, memory_kib):
        self.code = code
        self.cpu = cpu
        self.wall = wall
        self.memory_kib = memory_kib


def peak_memory(pid):
    """Peak resident memory in KiB of a live process; 0 once it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def run(argv, env=None, cwd=None, log=None, watch_memory=False, limit_s=900):
    """Runs argv to its end with its output in the file 'log' (default: nowhere).

    Memory is polled from /proc, because ru_maxrss of a child starts at what
    its parent had.
    """
    env = dict(os.environ if env is None else env)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log or "/dev/null"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    here = os.getcwd()
    if cwd:
        os.chdir(cwd)
    try:
        started = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, env, file_actions=actions)
    finally:
        os.chdir(here)
    killer = threading.Timer(limit_s, os.kill, (pid, signal.SIGKILL))
    killer.daemon = True
    killer.start()
    memory = 0
    if watch_memory:
        while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            memory = max(memory, peak_memory(pid))
            time.sleep(0.01)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    killer.cancel()
    return Usage(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, wall, memory)


def median(values):
    return statistics.median(values)


def cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown processor"


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def debian():
    try:
        with open("/etc/os-release", encoding="utf-8") as release:
            fields = dict(line.rstrip().split("=", 1) for line in release if "=" in line)
        return fields.get("PRETTY_NAME", "").strip('"')
    except OSError:
        return "unknown system"
