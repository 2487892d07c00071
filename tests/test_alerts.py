"""Alerts: what is watched while a run goes on, and what happens then."""

import http.server
import json
import os
import sys
import threading

import pytest
import yaml

import events

PYTHON = os.path.realpath(sys.executable)

DIVERGES = """
import time
for i in range(200):
    print("step: %i" % i)
    print("loss: %s" % (1 / (i + 1) if i < 3 else float("nan")), flush=True)
    time.sleep(0.02 if i < 3 else 0.1)
"""


@pytest.fixture
def run(guild):
    def call(*args, code=0, **kw):
        return guild("run", *args, "-y", code=code, env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"}, **kw)

    return call


def alerts(guild, run):
    return yaml.safe_load(guild.attr(run, "alerts"))


class Hook:
    """A server that keeps what is posted to it."""

    def __init__(self, status=200):
        self.got = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%i/hook" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_loss_becomes_nan(guild, run):
    """Stop, tag, mark, a command and a post in one; and the history that a restart keeps."""
    hook = Hook()
    guild.write("train.py", DIVERGES)
    guild.write("tell.py", "import sys, os\nopen('told', 'a').write(sys.stdin.read() + os.environ['GUILD_ALERT_TEXT'] + '\\n')\n")
    guild.write("guild.yml", f"""
train:
  alerts:
    - loss is nan: stop, tag diverged
    - when: last(loss) < 0.6 * first(loss)
      mark: yes
      tag: [good, b]
      run: {PYTHON} tell.py
      post: {hook.url}
    - 'max(loss) > 1: stop'
""")
    done = run("train", code=143)
    assert "alert: loss is nan (loss = nan at step 3) - the run is stopped" in done.stderr
    [made] = guild.runs()
    # At once, not when the clock comes round.
    assert "step: 3\n" in done.stdout and "step: 10\n" not in done.stdout
    assert guild.attr(made, "exit_status") == "-15\n" and guild.attr(made, "marked") == "true\n"
    assert yaml.safe_load(guild.attr(made, "tags")) == ["b", "diverged", "good"]
    first, second = alerts(guild, made)
    assert first["rule"] == "last(loss) < 0.6 * first(loss)" and first["value"] == {"loss": 0.5}
    assert first["action"] == ["mark", "tag good", "tag b", f"run {PYTHON} tell.py", f"post {hook.url}"]
    assert second["rule"] == "loss is nan" and second["action"] == ["stop", "tag diverged"] and second["value"]["loss"] != second["value"]["loss"]
    assert first["time"] < second["time"]
    [(path, kind, event)] = hook.got
    assert (path, kind) == ("/hook", "application/json")
    assert event["rule"] == first["rule"] and event["value"] == {"loss": 0.5} and event["time"] == first["time"] and event["step"] == 1
    assert event["run"] == {"id": made.name, "dir": str(made), "operation": "train", "label": ""}
    told, text = (made / "told").read_text().rsplit("}", 1)
    assert json.loads(told + "}") == event and text == "last(loss) < 0.6 * first(loss) (loss = 0.5 at step 1)\n"
    info = guild("runs", "info", "--json").stdout
    assert json.loads(info)["alerts"][0]["rule"] == first["rule"]
    assert "terminated" in guild("runs").stdout

    # Started again: rules are the run's own, more can be added, and what fired before stays.
    (made / "train.py").write_text("import time\nprint('loss: 5', flush=True)\ntime.sleep(5)\n")
    run("--restart", made.name, "--alert", "loss = 5: stop", code=143)
    again = alerts(guild, made)
    assert again[0] == first and [a["rule"] for a in again[1:]] == ["loss is nan", "max(loss) > 1", "loss = 5"]
    assert len(yaml.safe_load(guild.attr(made, "op"))["alerts"]) == 4


def test_silence_and_the_clock(guild, run):
    """A stalled program that ignores nothing and says nothing; a server that refuses is a warning."""
    hook = Hook(status=500)
    guild.write("stalls.py", "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
                             "print('x: 1', flush=True)\ntime.sleep(20)\n")
    done = run("stalls.py", "--alert", f"no output for 0.5 s: stop, post {hook.url}", "--alert", "time > 0.1 s", "--alert", "no new x for 600 s: stop",
               "--alert", "memory > 0 % and cpu util >= 0: tag busy", "--alert", "disk free < 1 kB: stop", "--alert", "no new scalar for 0.4 s: run false",
               code=143)
    [made] = guild.runs()
    by_rule = {a["rule"]: a for a in alerts(guild, made)}
    assert set(by_rule) >= {"no output for 0.5 s", "time > 0.1 s", "no new scalar for 0.4 s"}
    assert set(by_rule) <= {"no output for 0.5 s", "time > 0.1 s", "no new scalar for 0.4 s", "memory > 0 % and cpu util >= 0"}
    assert by_rule["no output for 0.5 s"]["value"]["seconds"] >= 0.5 and by_rule["time > 0.1 s"]["value"]["time"] > 0.1
    # It ended with 0 after SIGTERM; an alert stopped it all the same.
    assert guild.attr(made, "exit_status") == "-15\n"
    assert len(hook.got) == 1 and f"could not be posted to {hook.url}: the server answered 500" in done.stderr
    assert "the command 'false' of an alert ended with 1" in done.stderr


@pytest.mark.slow
def test_for_and_again(guild, run):
    guild.write("t.py", "import time\nfor i in range(20):\n    print('x: %i' % (i < 3 or i > 8), flush=True)\n    time.sleep(0.1)\n")
    run("t.py", "--alert", "x = 1 for 0.8 s: tag long", "--alert", "x >= 0: again after 1 s", "--alert", "x = 1 for 60 s: stop")
    [made] = guild.runs()
    fired = [a["rule"] for a in alerts(guild, made)]
    assert fired.count("x = 1 for 0.8 s") == 1 and 2 <= fired.count("x >= 0") <= 3 and len(fired) == fired.count("x >= 0") + 1
    assert guild.attr(made, "exit_status") == "0\n" and yaml.safe_load(guild.attr(made, "tags")) == ["long"]


@pytest.mark.slow
def test_event_files_of_the_program(guild, run):
    """Scalars the program writes itself, in records that arrive in pieces; those of an earlier attempt do not count."""
    data = events.event("loss", 1, 0.5) + events.event("loss", 2, float("nan"))
    guild.write("t.py", "import os, time\nos.makedirs('logs', exist_ok=True)\nf = open('logs/events.out.tfevents.%i.h' % time.time_ns(), 'wb', buffering=0)\n"
                        f"data = {data!r}\nif os.path.exists('seen'):\n    data = b''\nopen('seen', 'w')\n"
                        "f.write(data[:-9])\ntime.sleep(1.3)\nf.write(data[-9:])\nfor i in range(100 if data else 2):\n    time.sleep(0.1)\n")
    run("t.py", "--alert", "last(logs#loss) is not finite: stop", code=143)
    [made] = guild.runs()
    [one] = alerts(guild, made)
    assert one["action"] == ["stop"] and one["value"]["logs#loss"] != one["value"]["logs#loss"]
    run("--restart", made.name)
    assert len(alerts(guild, made)) == 1 and guild.attr(made, "exit_status") == "0\n"


def test_bad_rules(guild, run):
    """Said with their place by check --strict, and before a run is made."""
    guild.write("t.py", "print('x: 1')\n")
    guild.write("guild.yml", """
t:
  alerts:
    - loss > > 1: stop
    - when: x > 1
      stopp: yes
    - {when: x = 1, stop: maybe}
    - {when: x = 1, post: 'ftp://x'}
    - {when: no output}
    - {when: x > 1 for ever}
    - {stop: yes}
    - 'x = 1: explode'
    - x = 1: 3
    - {when: x = 1, again-after: 10}
    - {when: x = 1, run: "a 'b"}
ok: {main: t, alerts: 'x > 5: stop'}
""")
    found = guild("check", "--strict", code=1).stdout
    for place, text in [("4:7", "expected a name, a number"), ("6:7", "unknown attribute 'stopp' of an alert"), ("7:27", "'stop' must be yes or no"),
                        ("8:27", "'post' must be a URL"), ("9:14", "say how long: 'no output for 10 min'"), ("10:14", "expected how long after 'for'"),
                        ("11:7", "an alert needs 'when'"), ("12:7", "an alert cannot 'explode'"), ("13:14", "expected what to do"),
                        ("14:34", "again-after"), ("15:26", "quot")]:
        assert any(line.startswith(f"guild.yml:{place}: ") and text in line for line in found.splitlines()), (place, text, found)
    failed = run("t", code=1)
    assert failed.stderr.startswith("guild: guild.yml:4:7: ") and not guild.runs()
    for rule, text in [("", "needs a condition"), ("x >", "expression ends here"), ("x > 1:", "needs an action"), ("x > 1: tag", "cannot 'tag'")]:
        assert text in run("ok", "--alert", rule, code=1).stderr
    assert not guild.runs()
    run("ok")
    assert "alerts" not in os.listdir(guild.runs()[0] / ".guild" / "attrs")


def test_trials(guild, run):
    """Rules reach every trial once; a stopped one does not stop the others."""
    guild.write("t.py", "import time\nlr = 1\nprint('loss: %s' % (lr - 2), flush=True)\ntime.sleep(5 if lr == 1 else 0)\n")
    run("t.py", "lr=[1,2,3]", "--alert", "loss < 0: stop", code=None)
    trials = [r for r in guild.runs() if not (r / ".guild" / "proto").exists()]
    assert sorted(guild.attr(t, "exit_status") for t in trials) == ["-15\n", "0\n", "0\n"]
    assert all(len(yaml.safe_load(guild.attr(t, "op"))["alerts"]) == 1 for t in trials)


@pytest.mark.slow
def test_gpus(guild, run):
    """The program's own GPU is idle, another one is not. What is read at the start comes ten seconds later at worst."""
    if os.path.exists("/dev/nvidiactl"):
        pytest.skip("this machine has GPUs of its own")
    tools = guild.write("bin/nvidia-smi", "#!/bin/sh\necho '0, 30 %, P8, 1000 MiB, 960 MiB, 90 %, 3 %, 60, 100 W'\n"
                                          "echo '1, 30 %, P8, 1000 MiB, 10 MiB, 2 %, 3 %, 40, 20 W'\n", mode=0o755).parent
    guild.write("t.py", "import time\ntime.sleep(60)\n")
    rules = ["gpu util < 5 %: stop", "gpu 0 util > 50 %: tag busy", "gpu0 memory > 95 %: tag full", "gpu memory > 90 %: tag mine", "sys/gpu1/temp = 40: mark"]
    done = guild("run", "t.py", "-y", "--gpus", "1", *[a for r in rules for a in ("--alert", r)], code=143,
                 env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1", "PATH": f"{tools}:{os.environ['PATH']}"})
    [made] = guild.runs()
    by_rule = {a["rule"]: a["value"] for a in alerts(guild, made)}
    assert set(by_rule) == {r.split(":")[0] for r in rules} - {"gpu memory > 90 %"}, done.stderr
    assert by_rule["gpu util < 5 %"] == {"gpu util": pytest.approx(2)} and by_rule["gpu 0 util > 50 %"] == {"gpu0 util": pytest.approx(90)}
    assert yaml.safe_load(guild.attr(made, "tags")) == ["busy", "full"]
