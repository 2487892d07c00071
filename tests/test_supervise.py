"""A supervised program: what it sees, what is kept of it, and how it ends."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

import pytest
from supervised import PYTHON, Supervised, has_ended, until


@pytest.fixture
def sv(tmp_path):
    supervised = Supervised(tmp_path)
    with supervised.stack:
        yield supervised


def test_output_bytes_and_index(sv):
    before_ms = time.time_ns() // 1000000
    out, err = sv.run("sh", "-c", "echo one; printf 'a\\0b\\r\\n'; printf tail")
    assert out == b"one\na\0b\r\ntail"
    assert err == b""
    assert sv.output == out
    times = [record[0] for record in sv.index]
    assert len(times) == 3
    assert [record[1] for record in sv.index] == [0, 0, 0]
    assert before_ms <= times[0] <= times[1] <= times[2] <= time.time_ns() // 1000000
    assert sv.result["output_bytes"] == len(out)
    assert not (sv.folder / "log").read_text()


def test_both_streams(sv):
    out, err = sv.run("sh", "-c", "echo to-out; echo to-err >&2")
    assert (out, err) == (b"to-out\n", b"to-err\n")
    assert sorted(sv.output.split()) == [b"to-err", b"to-out"]
    assert sorted(record[1] for record in sv.index) == [0, 1]


def test_streams_merged(sv):
    out, err = sv.run("sh", "-c", "echo to-out; echo to-err >&2", options=["--merge"])
    assert (out, err) == (b"to-out\nto-err\n", b"")
    assert sv.output == out
    assert [record[1] for record in sv.index] == [0, 0]


def test_quiet_still_captures(sv):
    out, err = sv.run("sh", "-c", "echo x; echo y >&2", options=["--quiet"])
    assert (out, err) == (b"", b"")
    assert sorted(sv.output) == sorted(b"x\ny\n")


def test_without_capture_streams_are_guilds_own(sv):
    where = "import os; print(*(os.fstat(fd).st_ino for fd in (0, 1, 2)))"
    with open(os.devnull, "rb") as null, open(sv.folder / "out", "w+b") as own:
        sv.run(*PYTHON, where, options=["--no-capture"], stdin=null, stdout=own, stderr=own)
        wanted = [os.fstat(f.fileno()).st_ino for f in (null, own, own)]
    assert [int(word) for word in (sv.folder / "out").read_text().split()] == wanted
    assert not (sv.guild_dir / "output").exists()
    assert not (sv.guild_dir / "output.index").exists()
    assert sv.attr("exit_status") == 0


def test_binary_output_of_any_chunking_is_kept(sv):
    program = """
import os, random
random.seed(7)
for _ in range(400):
    data = random.randbytes(random.randrange(1, 9000))
    fd = random.choice((1, 1, 2))
    while data:
        data = data[os.write(fd, data):]
"""
    out, err = sv.run(*PYTHON, program)
    assert len(sv.output) == len(out) + len(err)
    assert sorted(sv.output) == sorted(out + err)
    ends = out.count(b"\n") + err.count(b"\n")
    tails = sum(1 for data in (out, err) if not data.endswith(b"\n"))
    assert len(sv.index) == ends + tails


@pytest.mark.parametrize(
    "command, status",
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("kill -9 $$", -9),
        ("kill -15 $$", -15),
        ("kill -2 $$", -2),
    ],
)
def test_exit_status(sv, command, status):
    sv.run("sh", "-c", command)
    assert sv.attr("exit_status") == status
    assert sv.result["exit_status"] == status
    assert sv.attr("started") == sv.result["started"] < sv.attr("stopped") == sv.result["stopped"]
    assert not (sv.guild_dir / "LOCK").exists()
    assert not sv.result["interrupted"]


def make(path, text, mode):
    path.write_text(text)
    path.chmod(mode)
    return path


def test_program_that_cannot_be_started(sv):
    cases = [
        ("nonesuch", 127, "there is no such program"),
        ("/nonesuch/x", 127, "there is no such program"),
        (make(sv.folder / "gone", "#!/nonesuch/sh\n", 0o755), 127, "interpreter"),
        (make(sv.folder / "plain", "echo x\n", 0o644), 126, "Permission denied"),
        (make(sv.folder / "bare", "echo x\n", 0o755), 126, "Exec format error"),
        (sv.folder, 126, "Permission denied"),
    ]
    for program, status, reason in cases:
        sv.run(program)
        assert sv.result["rc"] == (-1 if status == 127 else -5)
        assert sv.attr("exit_status") == status
        assert sv.attr("stopped") >= sv.attr("started")
        assert str(program) in sv.result["error"] and reason in sv.result["error"]
        assert not (sv.guild_dir / "LOCK").exists()


def test_program_is_found_on_path_of_its_environment(sv):
    folder = sv.folder / "bin"
    folder.mkdir()
    make(folder / "denied", "", 0o644)
    make(folder / "my-tool", "#!/bin/sh\necho found $0\n", 0o755)
    env = dict(os.environ, PATH=f"/nonesuch:{folder}/denied:{folder}")
    out, _ = sv.run("my-tool", env=env)
    assert out == f"found {folder}/my-tool\n".encode()
    sv.run("denied", env=env)
    assert sv.attr("exit_status") == 126


def test_program_sees_argv_environment_and_run_directory(sv):
    program = "import os, sys, json; print(json.dumps([sys.argv, dict(os.environ), os.getcwd()]))"
    arguments = ["a b", "", "*", "é"]
    env = {"A": "1", "B": "", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    alone = subprocess.run(
        [*PYTHON, program, *arguments], env=env, capture_output=True, check=True, cwd=sv.folder
    ).stdout
    sv.run_dir.mkdir()
    out, _ = sv.run(*PYTHON, program, *arguments, env=env)
    assert out == alone.replace(f'"{sv.folder}"]'.encode(), f'"{sv.run_dir}"]'.encode())


def test_program_sees_three_descriptors(sv):
    out, _ = sv.run("ls", "/proc/self/fd")
    assert out.split() == [b"0", b"1", b"2", b"3"]  # 3 is the folder that ls reads


def test_program_sees_inherited_descriptors(sv):
    with open(os.devnull, "rb") as null:
        fd = null.fileno()
        out, _ = sv.run("ls", "/proc/self/fd", pass_fds=[fd])
    assert str(fd).encode() in out.split()


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_guild_with_closed_streams(sv, closed):
    def close():
        for fd in closed:
            os.close(fd)

    mark = sv.folder / "mark"
    sv.run("sh", "-c", f"echo x; echo y >&2; ls -l /proc/$$/fd > {mark}; exit 4", preexec_fn=close)
    assert sv.attr("exit_status") == 4
    assert sorted(sv.output) == sorted(b"x\ny\n")
    assert ".guild" not in mark.read_text()


def signal_lines(text):
    return [line for line in text.decode().splitlines() if line.startswith(("SigBlk", "SigIgn", "SigCgt"))]


@pytest.mark.parametrize(
    "ignored, blocked",
    [
        ((), ()),
        ((signal.SIGINT, signal.SIGQUIT), ()),
        ((signal.SIGPIPE, signal.SIGXFSZ), ()),
        ((signal.SIGCHLD,), ()),
        ((signal.SIGHUP, signal.SIGUSR1, signal.SIGWINCH, signal.SIGTSTP, signal.SIGTTOU), ()),
        ((), (signal.SIGUSR1, signal.SIGTERM, signal.SIGCHLD)),
    ],
)
def test_program_sees_signals_as_alone(sv, ignored, blocked):
    def prepare():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)

    # Not a shell or Python: they change what they find.
    command = ["grep", "^Sig", "/proc/self/status"]
    alone = subprocess.run(command, preexec_fn=prepare, restore_signals=False, capture_output=True, check=True)
    out, _ = sv.run(*command, preexec_fn=prepare, restore_signals=False)
    assert len(signal_lines(out)) == 3
    assert signal_lines(out) == signal_lines(alone.stdout)
    assert sv.attr("exit_status") == 0


def test_standard_input_is_inherited(sv):
    process = sv.start("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = process.communicate(b"through\n", timeout=60)
    assert out == sv.output == b"through\n"


def test_lock_holds_the_program(sv):
    process = sv.start("cat", stdin=subprocess.PIPE)
    pid = sv.lock_pid()
    assert pathlib.Path(f"/proc/{pid}/comm").read_text() == "cat\n"
    assert (sv.guild_dir / "LOCK").read_text() == str(pid)
    assert sv.attr("started") is not None
    assert sv.attr("exit_status") is None
    process.communicate(timeout=60)
    assert sv.attr("exit_status") == 0
    assert not (sv.guild_dir / "LOCK").exists()


def test_restart_replaces_output_and_end(sv):
    sv.run("sh", "-c", "echo a longer first text; exit 5")
    first = sv.attr("started")
    process = sv.start("cat", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    sv.lock_pid()
    assert sv.attr("exit_status") is None
    assert sv.attr("stopped") is None
    process.communicate(b"second\n", timeout=60)
    assert sv.output == b"second\n"
    assert len(sv.index) == 1
    assert sv.attr("exit_status") == 0
    assert sv.attr("started") > first


def test_output_is_on_disk_at_once(sv):
    process = sv.start("sh", "-c", "printf '\\r 10%%'; read x", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert os.read(process.stdout.fileno(), 100) == b"\r 10%"
    assert sv.output == b"\r 10%"
    process.communicate(b"\n", timeout=60)


# ---- the end of a run -------------------------------------------------------------------------------------


def test_child_that_keeps_the_streams_is_heard_after_the_end(sv):
    fifo = sv.folder / "fifo"
    os.mkfifo(fifo)
    process = sv.start("sh", "-c", f"(read x <{fifo}; echo late) & echo early; exit 3",
                       options=["--drain-ms", 600000], stdout=subprocess.PIPE)
    until(lambda: sv.attr("exit_status") is not None, "the recorded end")
    until(lambda: not (sv.guild_dir / "LOCK").exists(), "the removal of LOCK")
    assert sv.attr("exit_status") == 3
    assert process.poll() is None
    assert sv.output == b"early\n"
    fifo.write_text("go\n")
    out, _ = process.communicate(timeout=60)
    assert out == sv.output == b"early\nlate\n"
    assert len(sv.index) == 2
    assert process.returncode == 3


def test_child_that_keeps_the_streams_does_not_hold_the_run(sv):
    fifo = sv.folder / "fifo"
    os.mkfifo(fifo)
    sv.run("sh", "-c", f"(read x <{fifo}) & echo $!; exit 0", options=["--drain-ms", 200])
    child = int(sv.output)
    assert not has_ended(child)
    assert sv.attr("exit_status") == 0
    fifo.write_text("go\n")
    until(lambda: has_ended(child), "the child's end")


def test_child_that_writes_for_ever_does_not_hold_the_run(sv):
    sv.run("sh", "-c", "yes & echo $! >pid; exit 0", options=["--drain-ms", 200], stdout=subprocess.DEVNULL)
    child = int((sv.run_dir / "pid").read_text())
    assert sv.attr("exit_status") == 0
    until(lambda: has_ended(child), "yes to get SIGPIPE")


def test_signal_ends_the_wait_for_a_child(sv):
    fifo = sv.folder / "fifo"
    os.mkfifo(fifo)
    process = sv.start("sh", "-c", f"(read x <{fifo}) & exit 0", options=["--drain-ms", 600000])
    until(lambda: sv.attr("stopped") is not None, "the recorded end")
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert sv.attr("exit_status") == 0
    fifo.write_text("go\n")


# ---- readers that are gone or slow --------------------------------------------------------------------------


def test_reader_that_went_away(sv):
    process = sv.start("sh", "-c", "echo first; read x; yes line | head -n 100000; exit 7",
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"first\n"
    process.stdout.close()
    process.stdout = None
    process.communicate(b"\n", timeout=60)
    assert sv.attr("exit_status") == 7
    assert sv.output == b"first\n" + b"line\n" * 100000
    assert len(sv.index) == 100001


def test_slow_reader_gets_everything_and_signals_still_work(sv):
    process = sv.start("sh", "-c", f"exec 2>/dev/null; trap 'touch {sv.folder}/trapped' TERM; yes line | head -n 200000; read x; exit 6",
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    until(lambda: len(sv.output) > 65536, "a full pipe")
    process.send_signal(signal.SIGTERM)
    # sh runs its trap when its foreground command is over: that one dies of the signal.
    until(lambda: (sv.folder / "trapped").exists(), "the trap")
    out, _ = process.communicate(b"\n", timeout=60)
    assert out == sv.output


def test_slow_reader_holds_the_program_up(sv):
    process = sv.start("sh", "-c", "yes line | head -n 2000000; touch written", stdout=subprocess.PIPE)
    until(lambda: len(sv.output) > 65536, "a full pipe")
    assert not (sv.run_dir / "written").exists()
    assert len(sv.output) < 5000000
    out, _ = process.communicate(timeout=60)
    assert out == sv.output == b"line\n" * 2000000
    assert (sv.run_dir / "written").exists()


def test_full_disk_of_guilds_own_output(sv):
    with open("/dev/full", "wb") as full:
        sv.run("sh", "-c", "echo a; echo b; exit 2", stdout=full)
    assert sv.attr("exit_status") == 2
    assert sv.output == b"a\nb\n"
    assert len(sv.log) == 1 and "full" in sv.log[0]


# ---- guild's own troubles --------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder],
                          stderr=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk(sv, small_disk):
    sv.run_dir = small_disk / "run"
    sv.guild_dir = sv.run_dir / ".guild"
    out, _ = sv.run("sh", "-c", "yes line | head -n 200000; exit 9")
    assert out == b"line\n" * 200000
    assert sv.result["exit_status"] == 9
    saved = sv.output
    assert 0 < len(saved) < len(out) and out.startswith(saved)
    assert len([line for line in sv.log if "output is lost" in line]) == 1
    assert len(sv.log) <= 4


def test_disk_that_has_room_again(sv, small_disk):
    sv.run_dir = small_disk / "run"
    sv.guild_dir = sv.run_dir / ".guild"
    ballast = small_disk / "ballast"
    process = sv.start("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sv.lock_pid()
    with open(ballast, "wb", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 4096)
        except OSError:
            pass
    lost = b"lost\n" * 20000
    process.stdin.write(lost)
    process.stdin.flush()
    assert process.stdout.read(len(lost)) == lost
    until(lambda: (sv.folder / "log").read_text(), "the warning")
    ballast.unlink()
    process.communicate(b"kept\nkept too\n", timeout=60)
    assert sv.output.endswith(b"kept\nkept too\n")
    assert sv.attr("exit_status") == 0
    assert len(sv.index) == len(sv.output.splitlines())


def test_run_directory_removed_in_the_middle(sv):
    process = sv.start("sh", "-c", "echo a; read x; echo b; exit 8", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sv.lock_pid()
    assert process.stdout.readline() == b"a\n"
    shutil.rmtree(sv.run_dir)
    out, _ = process.communicate(b"\n", timeout=60)
    assert out == b"b\n"
    assert process.returncode == 8
    assert len(sv.log) == 1 and "gone" in sv.log[0]
    assert not sv.run_dir.exists()


def test_files_that_cannot_be_written(sv):
    (sv.guild_dir / "output").mkdir(parents=True)
    (sv.guild_dir / "output.index").mkdir()
    out, _ = sv.run("sh", "-c", "echo a; exit 8")
    assert out == b"a\n"
    assert sv.attr("exit_status") == 8
    assert len(sv.log) == 1 and "output" in sv.log[0]


@pytest.mark.parametrize("limit", [8, 9, 10, 11, 12, 13, 14, 15, 16])
def test_hardly_any_descriptors(sv, limit):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    mark = sv.folder / "mark"
    program = f"import os; os.write(1, b'a\\n'); os.write(2, b'b\\n'); open('{mark}', 'w').close(); os._exit(8)"
    out, err = sv.run(*PYTHON, program, preexec_fn=few)
    assert mark.exists()
    assert (out, err) == (b"a\n", b"b\n")
    assert sv.result["exit_status"] == 8
    assert sv.result["rc"] == 0


def test_output_past_the_file_size_limit(sv):
    def small():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000, resource.RLIM_INFINITY))

    out, _ = sv.run("sh", "-c", "yes line | head -n 20000; exit 8", preexec_fn=small)
    assert out == b"line\n" * 20000
    assert sv.attr("exit_status") == 8
    assert sv.output == out[:10000]


# ---- signals to guild, without a terminal ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signal_is_passed_on_once(sv, number):
    process = sv.start(*sv.counter(), start_new_session=True)
    sv.wait_for_counter()
    process.send_signal(number)
    until(lambda: sv.count("parent") and sv.count("child"), "the signal")
    process.send_signal(signal.SIGUSR2)
    process.wait(60)
    assert sv.count("parent") == sv.count("child") == [number.name]
    assert sv.attr("exit_status") == (-16 if number == signal.SIGINT else 0)
    assert sv.result["interrupted"] == (number == signal.SIGINT)
    wanted = number if number in (signal.SIGTERM, signal.SIGHUP) else 0
    assert sv.result["forwarded_signal"] == wanted


def test_signal_to_guild_and_its_group_is_passed_on_once(sv):
    process = sv.start(*sv.counter(), start_new_session=True)
    sv.wait_for_counter()
    process.send_signal(signal.SIGTERM)
    os.killpg(process.pid, signal.SIGTERM)
    until(lambda: sv.count("parent") and sv.count("child"), "the signal")
    process.send_signal(signal.SIGUSR2)
    process.wait(60)
    assert sv.count("parent") == sv.count("child") == ["SIGTERM"]


def test_status_after_sigterm_is_the_programs(sv):
    process = sv.start("sh", "-c", "trap 'exit 33' TERM; echo ready; while :; do sleep 0.01; done", stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert sv.attr("exit_status") == 33
    assert not sv.result["stopped_early"]


STUBBORN = "trap '' TERM INT; echo ready; while :; do sleep 0.01; done"


def test_program_that_survives_an_interrupt_is_killed(sv):
    process = sv.start("sh", "-c", STUBBORN, options=["--grace-ms", 100], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert sv.attr("exit_status") == -16
    assert sv.result["interrupted"]


def test_second_interrupt_kills_the_tree(sv):
    process = sv.start("sh", "-c", f"trap '' INT; sh -c \"{STUBBORN}\" & echo $!; wait", stdout=subprocess.PIPE)
    said = {process.stdout.readline().strip(), process.stdout.readline().strip()}
    child = int(*(said - {b"ready"}))
    process.send_signal(signal.SIGINT)
    # What comes within milliseconds counts as the same key press, so more than two may be needed.
    until(lambda: process.poll() is not None or process.send_signal(signal.SIGINT), "the end")
    assert sv.attr("exit_status") == -16
    until(lambda: has_ended(child), "the child's end")


@pytest.mark.slow
@pytest.mark.parametrize("is_silent", [False, True])
def test_interrupted_message(sv, is_silent):
    env = dict(os.environ, **({"NO_OP_INTERRUPTED_MSG": "1"} if is_silent else {}))
    process = sv.start("sh", "-c", STUBBORN, options=["--grace-ms", 2300], stdout=subprocess.PIPE, env=env)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    process.wait(60)
    assert len(sv.log) == (0 if is_silent else 1)


def test_stop_after(sv):
    sv.run("sleep", "600", options=["--stop-after-s", 0.2])
    assert sv.attr("exit_status") == -15
    assert sv.result["stopped_early"] and not sv.result["interrupted"]


def test_stop_after_kills_what_does_not_stop(sv):
    sv.run("sh", "-c", STUBBORN, options=["--stop-after-s", 0.1, "--kill-ms", 100])
    assert sv.attr("exit_status") == -9


def test_callback_stops_the_program(sv):
    sv.run("sh", "-c", "echo 'loss: 0.5'; echo 'loss: 3.5'; sleep 600", options=["--stop-above", 2])
    assert sv.attr("exit_status") == -15
    assert sv.result["stop_reason"] == 7


def test_guild_is_suspended_and_continued_with_the_program(sv):
    process = sv.start("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = sv.lock_pid()

    def state(number):
        return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]

    process.send_signal(signal.SIGTSTP)
    until(lambda: state(pid) == "T" and state(process.pid) == "T", "both to stop")
    process.send_signal(signal.SIGCONT)
    until(lambda: state(pid) != "T", "the program to go on")
    out, _ = process.communicate(b"alive\n", timeout=60)
    assert out == b"alive\n"


def test_kill_of_the_supervisor(sv):
    process = sv.start("sh", "-c", "echo kept; read x; echo lost; echo lost; exit 0", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"kept\n"
    pid = sv.lock_pid()
    process.kill()
    process.wait(60)
    assert not has_ended(pid)
    assert sv.output == b"kept\n"
    process.stdin.write(b"\n")
    process.stdin.flush()
    until(lambda: has_ended(pid), "the program's end")
    assert sv.attr("exit_status") is None
    assert (sv.guild_dir / "LOCK").read_text() == str(pid)


# ---- scalars and much output ----------------------------------------------------------------------------------------


def event_files(sv):
    return sorted(sv.guild_dir.glob("events.out.tfevents.*"))


def test_scalars_are_written_while_the_program_runs(sv):
    process = sv.start("sh", "-c", "echo 'loss: 0.25'; read x; printf 'acc: 0.5'", options=["--scalars"],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"loss: 0.25\n"
    until(lambda: event_files(sv) and b"loss" in event_files(sv)[0].read_bytes(), "the event")
    process.communicate(b"\n", timeout=60)
    assert b"acc" in event_files(sv)[0].read_bytes()
    assert event_files(sv)[0].name.endswith(".0")
    sv.run("sh", "-c", "echo 'loss: 0.125'", options=["--scalars"])
    assert len(event_files(sv)) == 2


def test_no_scalars_no_event_file(sv):
    sv.run("echo", "hello", options=["--scalars"])
    assert event_files(sv) == []


def peak_kib(pid):
    """The most memory a process ever had."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def test_line_without_end_is_bounded(sv):
    program = "import sys; print('x' * 40000000, end='', flush=True); input(); print(); print('loss: 0.25')"
    process = sv.start(*PYTHON, program, options=["--scalars"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    until(lambda: len(sv.output) == 40000000, "the long line")
    if "GUILD_SANITIZED" not in os.environ:
        assert peak_kib(process.pid) <= 12 * 1024
    process.communicate(b"\n", timeout=60)
    assert b"loss" in event_files(sv)[0].read_bytes()


def test_pipe_of_a_fast_writer_grows(sv):
    """... and the lines are those written, wherever the reads cut them."""
    write = ("import fcntl, os, sys\n"
             "lines = [f'{i} {k}' + 'x' * (k % 90) + '\\n' for i in range(300) for k in range(1000)]\n"
             "left = ''.join(lines).encode()\n"
             "while left:\n"
             "    left = left[os.write(1, left):]\n"
             "print(fcntl.fcntl(1, fcntl.F_GETPIPE_SZ), file=sys.stderr)")
    with open(sv.folder / "out", "w+b") as out:
        _, err = sv.run(*PYTHON, write, stdout=out)
    if int(pathlib.Path("/proc/sys/fs/pipe-max-size").read_text()) >= 512 << 10:
        assert int(err) == 512 << 10
    expected = b"".join(b"%d %d%s\n" % (i, k, b"x" * (k % 90)) for i in range(300) for k in range(1000))
    assert sv.output.replace(err, b"") == expected == (sv.folder / "out").read_bytes()
    assert len(sv.index) == 300001


def test_progress_bar_redrawn_for_ever_is_one_line(sv):
    program = """
import sys
for i in range(20000):
    sys.stdout.write("\\rstep %d of many" % i)
sys.stdout.write("\\rloss: 0.75        \\n")
"""
    sv.run(*PYTHON, program, options=["--scalars"], stdout=subprocess.DEVNULL)
    assert sv.log == []
    assert b"loss" in event_files(sv)[0].read_bytes()


@pytest.mark.slow
def test_two_hundred_megabytes(sv):
    data = sv.folder / "data"
    block = b"".join(b"%-49d\n" % n for n in range(20000))
    with open(data, "wb") as f:
        for _ in range(200):
            f.write(block)
    with open(sv.folder / "copy", "wb") as copy:
        process = sv.start("cat", data, options=["--scalars"], stdout=copy)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_kib(process.pid))
    assert process.returncode == 0
    for other in (sv.guild_dir / "output", sv.folder / "copy"):
        assert subprocess.run(["cmp", data, other], check=False).returncode == 0
    assert (sv.guild_dir / "output.index").stat().st_size == 200 * 20000 * 9
    if "GUILD_SANITIZED" not in os.environ:
        assert peak <= 12 * 1024
