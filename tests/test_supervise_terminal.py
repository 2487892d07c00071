"""A supervised program on a terminal: what it sees of it, and what the keys do."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest
from supervised import PYTHON, Supervised, Terminal, until


@pytest.fixture
def sv(tmp_path):
    supervised = Supervised(tmp_path)
    with supervised.stack:
        yield supervised


@pytest.fixture
def terminal(sv):
    """Starts a command under the supervisor in the foreground of a new terminal."""

    def start(*command, options=(), shell=None, **more):
        opened = Terminal(shell or sv.argv(command, options), **more)
        sv.stack.callback(opened.close)
        return opened

    return start


IS_TTY = "import os; print('tty', *(int(os.isatty(fd)) for fd in (0, 1, 2)), flush=True)"


@pytest.mark.parametrize(
    "streams, seen",
    [((0, 1, 2), "1 1 1"), ((0, 1), "1 1 0"), ((0, 2), "1 0 1"), ((1, 2), "0 1 1"), ((0,), "1 0 0")],
)
def test_a_tty_stays_a_tty_per_stream(sv, terminal, streams, seen):
    names = ("stdin", "stdout", "stderr")
    others = {name: subprocess.PIPE for number, name in enumerate(names) if number not in streams}
    t = terminal(*PYTHON, IS_TTY, streams=streams, **others)
    text = t.read_to_end() if 1 in streams else t.process.communicate(timeout=60)[0]
    assert text.split() == b"tty " .split() + seen.encode().split()
    assert sv.output == f"tty {seen}\n".encode()
    assert sv.attr("exit_status") == 0


def test_no_pty(sv, terminal):
    t = terminal(*PYTHON, IS_TTY, options=["--no-pty"])
    assert t.read_to_end().split() == b"tty 1 0 0".split()


def test_streams_merged_on_a_terminal(sv, terminal):
    t = terminal("sh", "-c", "test -t 1 && test -t 2 && echo out && echo err >&2", options=["--merge"])
    assert t.read_to_end() == b"out\r\nerr\r\n"
    assert sv.output == b"out\nerr\n"
    assert [record[1] for record in sv.index] == [0, 0]


def test_quiet_on_a_terminal_shows_nothing(sv, terminal):
    t = terminal(*PYTHON, IS_TTY, options=["--quiet"])
    assert t.read_to_end() == b""
    assert sv.output == b"tty 1 1 1\n"


def test_bytes_are_kept_as_written(sv, terminal):
    data = bytes(range(256)) + b"\n\r\n\ttab\x04\x03\n"
    program = f"import os; os.write(1, {data!r}); os.write(2, b'err\\n')"
    t = terminal(*PYTHON, program)
    shown = t.read_to_end()
    assert sv.output in (data + b"err\n", b"err\n" + data)
    # The real terminal makes the line ends, as it does without guild.
    assert shown.count(b"\r\n") == data.count(b"\n") + 1


def test_much_output_through_a_pty(sv, terminal):
    t = terminal("sh", "-c", "yes 0123456789 | head -n 50000; echo end")
    shown = t.read_to_end()
    assert sv.output == b"0123456789\n" * 50000 + b"end\n"
    assert shown == sv.output.replace(b"\n", b"\r\n")
    assert len(sv.index) == 50001


def test_redraw_is_seen_at_once(sv, terminal):
    t = terminal("sh", "-c", "printf '\\r 10%%'; read x; printf '\\r 20%%'; read x; echo")
    t.read_until(b"\r 10%")
    t.send(b"\n")
    t.read_until(b"\r 20%")
    t.send(b"\n")
    t.read_to_end()
    assert sv.output == b"\r 10%\r 20%\n"


def test_modes_are_the_terminals(sv, terminal):
    program = """
import termios
real = termios.tcgetattr(0)
own = termios.tcgetattr(1)
real[1] &= ~termios.OPOST
print(real == own, flush=True)
"""
    t = terminal(*PYTHON, program)
    assert t.read_to_end() == b"True\r\n"


WATCH_SIZE = """
import os, signal, sys
def show(*_):
    print('size', *os.get_terminal_size(1), *os.get_terminal_size(2), flush=True)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH, signal.SIGINT})
show()
while signal.sigwait({signal.SIGWINCH, signal.SIGINT}) == signal.SIGWINCH:
    show()
"""


@pytest.mark.parametrize("streams", [(0, 1, 2), (1, 2)])
def test_window_size(sv, terminal, streams):
    others = {} if 0 in streams else {"stdin": subprocess.DEVNULL}
    t = terminal(*PYTHON, WATCH_SIZE, rows=31, columns=97, streams=streams, **others)
    t.read_until(b"size 97 31 97 31")
    t.resize(50, 120)
    t.read_until(b"size 120 50 120 50")
    t.resize(10, 20)
    t.read_until(b"size 20 10 20 10")
    t.send(b"\x03")
    t.read_to_end()


@pytest.mark.parametrize("streams", [(0, 1, 2), (1, 2), (0, 2)])
def test_ctrl_c_reaches_everybody_once(sv, terminal, streams):
    names = ("stdin", "stdout", "stderr")
    others = {name: subprocess.DEVNULL for number, name in enumerate(names) if number not in streams}
    t = terminal(*sv.counter(), streams=streams, **others)
    sv.wait_for_counter()
    t.send(b"\x03")
    until(lambda: sv.count("parent") and sv.count("child"), "the signal")
    os.kill(t.process.pid, signal.SIGUSR2)
    t.process.wait(60)
    assert sv.count("parent") == sv.count("child") == ["SIGINT"]
    assert sv.attr("exit_status") == -16
    assert sv.result["interrupted"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_sent_to_guild_alone_is_passed_on_once(sv, terminal, number):
    t = terminal(*sv.counter())
    sv.wait_for_counter()
    os.kill(t.process.pid, number)
    until(lambda: sv.count("parent") and sv.count("child"), "the signal")
    os.kill(t.process.pid, signal.SIGUSR2)
    t.process.wait(60)
    assert sv.count("parent") == sv.count("child") == [number.name]


def test_second_ctrl_c_kills(sv, terminal):
    t = terminal("sh", "-c", "trap 'echo int' INT; echo ready; while :; do sleep 0.01; done")
    t.read_until(b"ready")
    t.send(b"\x03")
    t.read_until(b"int")
    until(lambda: t.process.poll() is not None or t.send(b"\x03"), "the end")
    assert sv.attr("exit_status") == -16


def test_ctrl_backslash_is_the_programs(sv, terminal):
    t = terminal("sh", "-c", "ulimit -c 0; echo ready; exec sleep 600")
    t.read_until(b"ready")
    t.send(b"\x1c")
    t.process.wait(60)
    assert sv.attr("exit_status") == -3
    assert not sv.result["interrupted"]


def test_stopped_terminal_holds_up_and_goes_on(sv, terminal):
    t = terminal("sh", "-c", "echo ready; read x; yes 0123456789 | head -n 60000; echo end")
    t.read_until(b"ready")
    t.send(b"\x13\n")  # Ctrl-S
    until(lambda: len(sv.output) > 1000, "full buffers")
    assert not sv.output.endswith(b"end\n")
    t.send(b"\x11")  # Ctrl-Q
    shown = t.read_to_end()
    assert shown.replace(b"\r\n", b"\n").lstrip(b"\n") == b"0123456789\n" * 60000 + b"end\n"
    assert sv.attr("exit_status") == 0


def test_ctrl_c_on_a_stopped_terminal(sv, terminal):
    t = terminal("sh", "-c", "echo ready; yes 0123456789")
    t.read_until(b"ready")
    until(lambda: len(sv.output) > 5000, "full buffers")
    t.send(b"\x03")
    t.read_to_end()
    assert sv.attr("exit_status") == -16


def test_terminal_that_was_closed(sv, terminal):
    fifo = sv.folder / "fifo"
    os.mkfifo(fifo)
    t = terminal("sh", "-c", f"trap '' HUP; echo before; read x <{fifo}; echo after; echo err >&2; exit 6")
    t.read_until(b"before")
    t.hang_up()
    fifo.write_text("go\n")
    t.process.wait(60)
    assert sorted(sv.output.split()) == [b"after", b"before", b"err"]
    assert sv.attr("exit_status") == 6


def test_program_ends_by_hangup_of_its_terminal(sv, terminal):
    t = terminal("sh", "-c", "echo before; exec sleep 600")
    t.read_until(b"before")
    t.hang_up()
    t.process.wait(60)
    assert sv.attr("exit_status") == -1


# ---- under a shell with job control -------------------------------------------------------------------------


@pytest.fixture
def shell(sv, terminal):
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    env = {"PS1": "prompt> ", "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    t = terminal(shell=[bash, "--norc", "--noprofile", "--noediting", "-i"], env=env)
    t.read_until(b"prompt> ")
    script = sv.folder / "driver.sh"

    def command(*program):
        text = " ".join("'" + str(word).replace("'", "'\\''") + "'" for word in sv.argv(program, []))
        script.write_text("exec " + text + "\n")
        return f"sh {script}".encode()

    t.command = command
    return t


def state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_ctrl_z_and_fg(sv, shell):
    shell.send(shell.command("cat") + b"\n")
    pid = sv.lock_pid()
    shell.send(b"one\n")
    shell.read_until(b"one\r\n")
    shell.send(b"\x1a")
    shell.read_until(b"prompt> ")
    # The kernel stops each process of the group in its own time: the shell may be first.
    until(lambda: state(pid) == "T", "cat to stop")
    shell.send(b"fg\n")
    until(lambda: state(pid) != "T", "cat to go on")
    shell.send(b"two\n")
    shell.read_until(b"two\r\n")
    shell.send(b"\x04")
    shell.read_until(b"prompt> ")
    assert sv.output == b"one\ntwo\n"
    assert sv.attr("exit_status") == 0


def test_background_job_is_killed_once(sv, shell):
    shell.send(shell.command(*sv.counter()) + b" &\n")
    sv.wait_for_counter()
    shell.send(b"kill %1\n")
    until(lambda: sv.count("parent") and sv.count("child"), "the signal")
    shell.send(b"kill -USR2 %1\n")
    until(lambda: sv.attr("stopped"), "the end")
    assert sv.count("parent") == sv.count("child") == ["SIGTERM"]


def test_background_job_brought_to_the_foreground(sv, shell):
    shell.send(shell.command(*sv.counter()) + b" &\n")
    sv.wait_for_counter()
    shell.send(b"fg\n")
    shell.read_until(b"driver.sh\r\n")
    until(lambda: sv.count("parent") and sv.count("child") or shell.send(b"\x03"), "Ctrl-C")
    assert set(sv.count("parent")) == {"SIGINT"}


def test_reader_in_the_same_pipeline(sv, shell):
    shell.send(shell.command("sh", "-c", "echo first; yes | head -n 100000; exit 5") + b" | head -n 1\n")
    shell.read_until(b"first\r\n")
    until(lambda: sv.attr("stopped"), "the end")
    assert sv.attr("exit_status") == 5
    assert len(sv.index) == 100001
