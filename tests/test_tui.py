"""The table in the terminal, driven by keys in tmux."""

import csv
import io
import os
import re
import signal
import subprocess

import pytest
from conftest import GUILD
from events import event
from rundirs import make_run, run_id
from screens import Screen

ACTS = ("relu", "tanh", "a very long activation name here")


@pytest.fixture
def open_table(tmp_path, guild):
    """Opens `guild compare` with options on a terminal."""
    opened = []

    def start(*args, env=None, **more):
        folder = tmp_path / f"screen{len(opened)}"
        folder.mkdir()
        screen = Screen(folder, [GUILD, "compare", *args], guild.env(**(env or {})), guild.cwd, **more)
        opened.append(screen)
        return screen

    yield start
    for screen in opened:
        screen.close()


def make_runs(guild, n=30, **more):
    for i in range(n):
        make_run(guild.home, i, flags={"lr": ((i * 7) % 13) / 1000, "act": ACTS[i % 3], "layers": i % 5},
                 label=f"run number {i}", **more)


def short(n):
    return run_id(n)[:8]


def ends(screen):
    """The exit code, once the program has ended; the terminal is as it was."""
    code = screen.wait(r"^exit (\d+)$").group(1)
    screen.wait("(?s)^icanon$.*^echo$")
    return int(code)


def test_rows_are_those_of_csv(guild, open_table):
    make_runs(guild, 50)
    rows = list(csv.reader(io.StringIO(guild("compare", "--csv", "-").stdout)))
    screen = open_table(columns=160, rows=20)
    screen.wait("1/50")
    screen.keys("C")  # the whole text of the widest column, too
    header = screen.lines[0].split()
    assert header == rows[0]
    seen = []
    screen.keys("c")
    screen.wait("very long activation name here")
    while True:
        for line in screen.lines[1:-1]:
            cells = re.split(r"\s{2,}", line.strip())
            if cells not in seen:
                seen.append(cells)
        at = screen.status.split()[0]
        if at == "50/50":
            break
        screen.keys("J", until=lambda s, at=at: s.status.split()[0] != at)
    assert seen == rows[1:]
    screen.keys("q")
    assert ends(screen) == 0


def test_moving(guild, open_table):
    make_runs(guild, 30)
    screen = open_table()
    screen.wait("1/30  run: ")
    screen.keys("j", "j", until=rf"^3/30  run: {short(27)}")
    screen.keys("k", "Down", "Up", until="^2/30 ")
    screen.keys("l", until="^2/30  operation: train")
    screen.keys("Right", "Right", "Left", until="^2/30  started: 2023-11-14 22:13:48")
    screen.keys("$", until="^2/30  lr: ")
    screen.keys("0", until="^2/30  run: ")
    screen.keys("End", "Home", "C-e", "^", "C-a", until="^2/30  run: ")
    screen.keys("G", until="^30/30  run: ")
    assert screen.lines[-2].split()[0] == short(0)
    screen.keys("g", until="^1/30 ")
    screen.keys("J", until="^23/30 ")
    screen.keys("NPage", until="^30/30 ")
    screen.keys("K", until="^8/30 ")
    screen.keys("PPage", until="^1/30 ")
    screen.keys("7", "G", until="^7/30 ")
    # 0.9.0 sorts at a 1; a further digit makes it a number here.
    screen.keys("1", "2", "G", until="^12/30 ")
    assert "\u2191" not in screen.status
    screen.keys(":", "5", "Enter", until="^5/30 ")
    screen.keys("3", "|", until="^5/30  started: ")
    screen.keys("|", until="^5/30  run: ")
    screen.keys("L", until=lambda s: "run:" not in s.status)
    screen.keys("H", until="^5/30  (run|operation): ")
    screen.keys("|", "6", "|", until="^5/30  label: ")
    screen.keys("IC", until="position kept")
    screen.keys("G", "0", until="^30/30  run")
    screen.keys("DC", until="^5/30  label: run number 25")
    screen.keys("G", "'", until="^5/30  label: run number 25")
    # The next value of "act" and of the row.
    screen.keys("l", until="^5/30  act: tanh")
    screen.keys("]", until="^6/30  act: relu")
    screen.keys("[", "[", until="^4/30  act: a very long")
    screen.keys("|", "4", "|", until="^4/30  time: 0:00:00")
    screen.keys("]", until="^30/30  time: 0:00:00")
    screen.keys("}", until="^30/30  status: completed")
    screen.keys("{", until="^30/30  time: ")


def column(screen, name):
    """What the screen shows below a heading."""
    start = re.search(rf"(?<!\S){name}(?!\S)", screen.lines[0]).start()
    return [line[start:].split("  ")[0] for line in screen.lines[1:-1] if line]


def test_sorting(guild, open_table):
    make_runs(guild, 30)
    make_run(guild.home, 90, op="eval", status="running")  # has neither flags nor label
    screen = open_table("-c", ".label as note", columns=120)
    screen.wait("1/31")
    screen.keys("$", "h", until="1/31  lr:")
    screen.keys("1", until="lr\u2191")
    screen.wait(lambda s: column(s, "lr")[:4] == ["0.0", "0.0", "0.0", "0.001"])
    assert screen.status.startswith("1/31")
    screen.keys("!", until="lr\u2193")
    screen.wait(lambda s: column(s, "lr")[:3] == ["0.012"] * 2 + ["0.011"])
    screen.keys("S", "G", until="31/31")
    assert short(90) in screen.lines[-2]  # without a value: last, both ways
    screen.keys("#", "G", until="31/31")
    screen.wait(lambda s: short(90) in s.lines[-2])
    screen.keys("g", "l", "s", until="note\u2191")
    screen.wait(lambda s: column(s, "note")[:3] == ["run number 0", "run number 1", "run number 10"])
    # The cursor goes with its run.
    screen.keys("j", until="2/31  note: run number 1 ")
    screen.keys("A", until="reversed")
    screen.wait("2/31  note: run number 1 ")
    screen.keys("a", until=lambda s: "reversed" not in s.text and "30/31  note: run number 1" in s.text)
    # By durations and by a click on a heading.
    screen.keys("5", "|", "1", until="time\u2191|status\u2191")


def test_search(guild, open_table):
    make_runs(guild, 30)
    screen = open_table()
    screen.wait("1/30")
    screen.keys("/")
    screen.type("NUMBER 7")
    screen.keys("Enter", until="^23/30  label: run number 7")
    screen.keys("n", until="^23/30")
    screen.keys("/", "C-u")
    screen.type("number 1")
    screen.keys("Enter", until="^29/30  label: run number 1$")
    screen.keys("n", until="^11/30  label: run number 19")
    screen.keys("p", until="^29/30  ")
    screen.keys("/")
    screen.type("nowhere")
    screen.keys("Enter", until="'nowhere' is in no cell")
    screen.keys("/", "Escape", "j", until="^30/30")


def test_filter(guild, open_table):
    make_runs(guild, 30)
    guild("label", "-s", "wérk 日本", "2", "-y")
    screen = open_table(columns=120)
    screen.wait("1/30")
    screen.keys("f")
    screen.type("lr < and")
    screen.keys("Enter", until="expected a name")
    assert screen.lines[-2] == "filter: lr < and"
    assert screen.lines[-1].startswith(" " * len("filter: lr < ") + "^ expected")
    screen.keys("C-w", until=lambda s: "expected" not in s.text)
    screen.type("0.004 and act = relu")
    screen.keys("Enter", until="1/3 of 30")
    assert column(screen, "act") == ["relu"] * 3
    assert "& lr < 0.004 and act = relu" in screen.status
    # It stays over a sort and a reload, and is edited.
    screen.keys("A", until="reversed")
    screen.keys("r", until="1/3 of 30")
    screen.keys("&", until="^filter: lr < 0.004 and act = relu$")
    screen.keys("C-a", "Right", "Right", "Space", "BSpace", "C-k", "C-u")
    screen.type("label = \"wérk 日本\"")
    screen.keys("Enter", until="1/1 of 30")
    screen.wait(lambda s: "wérk 日本" in s.lines[1])
    screen.keys("f", "C-u", "Enter", until=r"^\d+/30  ")
    # A name that no run has.
    screen.keys("f")
    screen.type("lrr < 1")
    screen.keys("Enter", until="did you mean 'lr'")
    screen.keys("`", until="(?s)Messages.*did you mean 'lr'")
    screen.keys("q", until="0/0 of 30")
    screen.keys("Enter", "d", "m", "Space", "w", "G", "]", "}", "IC", "/", "x", "Enter", "j")
    screen.keys("f", "C-u", "Enter", until=r"^\d+/30")


def test_columns(guild, open_table):
    make_runs(guild, 5)
    screen = open_table(columns=60, rows=10)
    screen.wait("1/5")
    assert "a very" not in screen.text
    screen.keys("$", until="lr:")
    assert screen.lines[0].split()[0] == "run"  # stays
    screen.keys("0", "l", "z", until="stay at the left")
    screen.keys("$", until="lr:")
    assert screen.lines[0].split()[:2] == ["run", "operation"]
    screen.keys("0", "l", "z", until="no column stays")
    screen.keys("$", until=lambda s: "run" not in s.lines[0].split())
    screen.keys("0", "l", "x", until="started: ")
    assert "operation" not in screen.lines[0]
    screen.keys("v", until="(?s)Columns.*\\[ \\] operation")
    screen.keys("k", "k", "j", "Space", until=r"\[x\] operation")
    screen.keys("j", "x", "j", "x", "q", until=lambda s: "operation" in s.lines[0])
    assert "started" not in screen.lines[0] and "time" not in screen.lines[0]
    screen.keys("v", "g", "o", until=lambda s: s.text.count("[x]") == 1)
    screen.keys("x", until=lambda s: s.text.count("[x]") == 1)  # one stays
    screen.keys("a", "Escape", until=lambda s: "started" in s.lines[0])
    screen.keys("0", ".", ".", until=r"^ run {9}operation")
    screen.keys(",", "+", until=r"^ run {9}operation")
    screen.keys("<", "<", until="^ run {7}operat\u2026")
    screen.keys(">", ">", "-", until=r"^ run {8}operation")
    screen.keys("6", "c", until=r"^ run {5}opera\u2026")
    screen.keys("c", "c", until=r"^ run {7}operation")
    screen.keys("7", "|", "5", "C", until="act: tanh")
    screen.wait("a ve\u2026")
    screen.keys("C", until="a very long activation name here")
    screen.keys("C", until="a very long activat\u2026")


def test_marks(guild, open_table):
    make_runs(guild, 5)
    screen = open_table()
    screen.wait("1/5")
    screen.keys("j", "m", until="marked " + short(3))
    screen.wait(lambda s: "train [marked]" in s.lines[2])
    assert guild.attr(guild.home / "runs" / run_id(3), "marked") == "true\n"
    assert guild("runs", "--marked").stdout.count("\n") == 1
    screen.keys("u", until="unmarked")
    screen.wait(lambda s: "[marked]" not in s.text)
    assert guild("runs", "--marked").stdout == ""


def test_detail_and_diff(guild, open_table):
    make_runs(guild, 30)
    lines = b"".join(event("loss", step, 1 / (step + 1)) for step in range(10))
    for n in (28, 29):
        path = guild.home / "runs" / run_id(n) / ".guild" / "events.out.tfevents.1.x"
        path.write_bytes(lines if n == 28 else lines + event("loss", 10, 7))
    screen = open_table(rows=30)
    screen.wait("1/30")
    screen.keys("Enter", until=f"Run {run_id(29)}")
    assert "operation: train" in screen.lines
    screen.wait(r"^  loss: 7.000000 \(step 10\)")
    screen.resize(60, 8)
    screen.wait("1-6 of ")
    screen.keys("j", until="2-7 of")
    screen.keys("G", until=lambda s: "flags:" not in s.text)
    screen.keys("g", "l", until=lambda s: s.lines[1].startswith(run_id(29)[4:]))
    screen.keys("q", until="1/30")
    screen.resize(80, 30)
    screen.keys("d", until="select two runs")
    screen.keys("Space", until="1 selected")
    screen.keys("d", until=f"From {short(28)} train to {short(29)} train")
    screen.wait("~ loss: ")
    assert "Flags" in screen.text and "~ loss: 0.1" in screen.text and "-> 7.0 (step 10)" in screen.text
    assert re.search(r"^~ act: tanh -> a very", screen.text, re.M)
    screen.keys("D", until="Press Enter to go back")
    screen.keys("Enter", until=f"From {short(28)}")
    screen.keys("q", until="2/30")
    screen.keys("Space", "d", until=f"From {short(28)} train to {short(29)} train")
    screen.keys("Escape", until="2 selected")
    screen.keys("k", "Space", until="1 selected")
    screen.keys("Y")
    assert ends(screen) == 0
    assert run_id(29) in screen.lines


def test_courses(guild, open_table):
    make_runs(guild, 3)
    folder = guild.home / "runs" / run_id(2) / ".guild"
    (folder / "events.out.tfevents.1.x").write_bytes(b"".join(event("loss", s, s) for s in range(8)))
    screen = open_table(columns=120)
    screen.wait("1/3")
    screen.keys("$", until="1/3  loss: 7.0")
    screen.keys("w", until="\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588")
    screen.keys("w", until=lambda s: "\u2581" not in s.text)
    # Where the column is no scalar its name is asked for.
    screen.keys("0", "w", until="^scalar:")
    screen.type("loss")
    screen.keys("Enter", until="\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588")
    plain = open_table(columns=120, env={"LC_ALL": "C"})
    plain.wait("1/3")
    plain.keys("$", "w", until=re.escape("_.,-~=*#"))


@pytest.mark.slow
def test_live(guild, open_table):
    make_runs(guild, 30)
    screen = open_table()
    screen.wait("1/30")
    screen.keys("j", "j", "l", "l", until=f"3/30  started: ")
    make_run(guild.home, 40, status="running", flags={"lr": 1, "new": 5})
    screen.wait("4/31  started: 2023-11-14 22:13:47")
    assert short(40) in screen.lines[1] and "running" in screen.lines[1]
    screen.keys("$", until="4/31  new:")
    # What goes on inside a run that is running is seen, too.
    (guild.home / "runs" / run_id(40) / ".guild" / "attrs" / "label").write_text("epoch 2\n")
    screen.wait("epoch 2")
    screen.keys("R", until="stay as they are")
    screen.keys("j", until="still")
    guild("runs", "rm", "-y", "31")
    screen.keys("r", until="5/30")
    screen.keys("R", until="appear by themselves")


def test_mouse(guild, open_table):
    make_runs(guild, 60)
    screen = open_table(columns=120, term="xterm")
    screen.wait("1/60")

    def press(button, x, y, times=1):
        screen.type((f"\x1b[<{button};{x};{y}M" + (f"\x1b[<0;{x};{y}m" if button == 0 else "")) * times)

    press(0, 2, 5)
    screen.wait("^4/60  run: ")
    x = screen.lines[0].index("lr") + 1
    press(0, x, 9)
    screen.wait("^8/60  lr: ")
    press(65, x, 9)
    screen.wait(lambda s: short(56) in s.lines[1])
    press(64, x, 9)
    screen.wait(lambda s: short(59) in s.lines[1])
    press(0, x, 1)
    screen.wait("lr\u2191")
    press(0, x, 1)
    screen.wait("lr\u2193")
    press(0, 2, 3, times=2)
    screen.wait("^Run [0-9a-f]{32}")


def test_sizes(guild, open_table):
    make_runs(guild, 30)
    screen = open_table(columns=40, rows=10)
    screen.wait("1/30  run")
    for columns, rows in ((80, 24), (10, 3), (2, 2), (1, 1), (200, 60), (40, 10)):
        screen.resize(columns, rows)
        screen.keys("j", "$", "0", "?", "j", "q", "v", "j", "q", "f", "x", "Escape", "Enter", "q")
    screen.wait(f"^7/30  run: {short(23)}")
    assert len(screen.lines) == 10
    screen.keys("q")
    assert ends(screen) == 0


@pytest.mark.parametrize("term", ["xterm", "tmux-256color", "linux", "vt100"])
def test_terminals(guild, open_table, term):
    make_runs(guild, 3, status="error")
    screen = open_table(term=term, columns=80)
    screen.wait("1/3")
    screen.keys("j", "Enter", until=f"Run {run_id(1)}")
    screen.keys("q", "q")
    assert ends(screen) == 0


def test_colors(guild, open_table):
    make_runs(guild, 3, status="error")
    screen = open_table(env={"NO_COLOR": ""})
    screen.wait("1/3")
    assert "\x1b[31m" in screen.styled
    screen = open_table(env={"NO_COLOR": "1"})
    screen.wait("1/3")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.styled)


def test_hostile_texts(guild, open_table):
    labels = ["plain", "\x1b[31mred\x07\x9b", "日本語のラベル" * 5, "e\u0301" * 30, "a\u202eb", "tab\there", "\U0001f600 face"]
    for i, label in enumerate(labels):
        make_run(guild.home, i, label=None, flags={"after": i})
        path = guild.home / "runs" / run_id(i) / ".guild" / "attrs" / "label"
        path.write_text('"' + "".join(c if ord(c) > 0x9f or 0x1f < ord(c) < 0x7f else f"\\x{ord(c):02x}" for c in label) + '"\n')
    screen = open_table("-cc", "=after as before,.label,=after", columns=60, rows=12)
    screen.wait(f"1/{len(labels)}")
    where = screen.lines[0].index("after")
    text = screen.text
    assert "\ufffd[31mred\ufffd\ufffd" in text and "\u202e" not in text
    assert "日本語のラベル日本…" in text and "ab  " in text and "tab here" in text
    for i, line in enumerate(screen.lines[1:8]):
        number = re.search(r"\d+$", line).group()
        assert number == str(len(labels) - 1 - i)
    assert all(line[where:] == str(len(labels) - 1 - i) for i, line in enumerate(screen.lines[1:8])
               if line.isascii())
    screen.keys("4", "G", "l", "l", "Enter", until="^Run ")
    assert "\x1b" not in screen.text


def test_groups(guild, open_table):
    make_runs(guild, 30)
    screen = open_table("--group-by", "act")
    screen.wait("1/3  act: ")
    screen.keys("l", until="1/3  n: 10")
    screen.keys("f")
    screen.type("act = relu")
    screen.keys("Enter", until="1/1 of 3")
    screen.keys("Enter", until="(?s)Group.*act: relu.*n: 10")
    screen.keys("q", "m", "u", "d", "Space", "w", until="no run whose course")
    screen.keys("q")
    assert ends(screen) == 0


def test_nothing_to_show(guild, open_table):
    screen = open_table()
    screen.wait("^no runs")
    screen.keys("j", "k", "G", "l", "s", "1", "/", "x", "Enter", "n", "p", "Enter", "d", "m", "w", "v", "x", "z", "c",
                "C", "]", "}", "IC", "DC", "Space", "f")
    screen.type("lr < 1")
    screen.keys("Enter", "r", until="0/0")
    make_run(guild.home, 1)
    screen.keys("f", "C-u", "Enter", until=f"^ {short(1)} ")
    screen.keys("q")
    assert ends(screen) == 0


def test_errors_are_said_after_the_table(guild, open_table):
    make_runs(guild, 3)
    screen = open_table("-F", "lr < and")
    assert ends(screen) == 1
    assert "guild: filter expression" in screen.text


def test_ends_by_signals(guild, open_table):
    make_runs(guild, 3)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        screen = open_table()
        screen.wait("1/3")
        os.kill(screen.wait(lambda s: s.pid("guild")), number)
        assert ends(screen) == 128 + number
    screen = open_table()
    screen.wait("1/3")
    screen.keys("C-c")
    assert ends(screen) == 128 + signal.SIGINT


def test_ctrl_z_and_fg(guild, tmp_path, open_table):
    make_runs(guild, 3)
    env = guild.env(PS1="prompt> ")
    screen = Screen(tmp_path, ["bash", "--norc", "--noprofile", "-i"], env, guild.cwd)
    try:
        screen.wait("prompt>")
        screen.type(f"{GUILD} compare\n", until="1/3")
        screen.keys("j", until="2/3")
        screen.keys("C-z", until="Stopped")
        screen.resize(70, 12)
        screen.type("fg\n", until="2/3")
        assert len(screen.lines) == 12 and screen.lines[0].split()[0] == "run"
        screen.keys("k", until="1/3")
        screen.keys("q", until="prompt>$")
    finally:
        screen.close()


def test_no_table_without_a_terminal(guild, open_table):
    make_runs(guild, 3)
    assert guild("compare").stdout == guild("compare", "--table").stdout
    for args, term in (((), "dumb"), (("--table",), "xterm"), (("--csv", "-"), "xterm")):
        screen = open_table(*args, term=term, columns=160, rows=50)
        assert ends(screen) == 0
        assert any(line.startswith(("run  ", "run,")) for line in screen.lines)
        assert screen.lines[0].startswith("run")


def test_kind_of_terminal_unknown(guild, open_table):
    make_runs(guild, 3)
    screen = open_table(term="nosuchterm", columns=160)
    assert ends(screen) == 1
    assert "guild: the kind of this terminal is not known here: TERM is 'nosuchterm'" in screen.text
    assert "hint: " in screen.text
