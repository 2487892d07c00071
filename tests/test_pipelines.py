"""Pipelines: steps, their flags and options, order, checks, restarts after a kill."""

import json
import os
import random
import re
import signal
import subprocess
import time

import pytest

OPS = """
- model: m
  operations:
    a:
      exec: sh -c 'echo a x=${x} s=${s}'
      flags: {x: 1, s: {default: t, type: string}}
    b:
      exec: sh -c 'echo b y=${y} >out.txt; echo "loss~ 0.5" | tr "~" ":"'
      flags: {y: 1}
    code:
      exec: sh -c 'exit ${n}'
      flags: {n: 0}
"""


def pipeline(guild, steps, flags="{}", name="p", more=""):
    """Writes guild.yml with the operations above and one pipeline; steps are YAML flow text, one each."""
    text = OPS + f"    {name}:\n      flags: {flags}\n{more}      steps:\n"
    guild.write("guild.yml", text + "".join(f"      - {s}\n" for s in steps))


def opref(run):
    return (run / ".guild/opref").read_text().split()[-1]


def parent(guild, op="p"):
    return [r for r in guild.runs() if opref(r) == op][-1]


def links(run):
    """Name -> run that it links to, in the order in which they were made."""
    found = [p for p in run.iterdir() if p.is_symlink()]
    return {p.name: run / os.readlink(p) for p in sorted(found, key=lambda p: p.lstat().st_mtime_ns)}


def attr(guild, run, name):
    return guild.attr(run.resolve(), name)


# ---- what a pipeline leaves ---------------------------------------------------------------------------------


def test_runs_its_steps_in_order(guild):
    pipeline(guild, ["a x=3", "a", "{run: b, name: my b}"])
    done = guild("run", "p", "-y")
    assert done.stdout.splitlines() == ["a x=3 s=t", "a x=1 s=t", "loss: 0.5"]
    assert [line for line in done.stderr.splitlines() if "running" in line] == [
        "INFO: [guild] running a: m:a x=3", "INFO: [guild] running a: m:a", "INFO: [guild] running my b: m:b"]
    run = parent(guild)
    made = links(run)
    assert list(made) == ["a", "a_2", "my-b"]
    assert all(os.readlink(run / name).startswith("../") for name in made)
    assert guild.attr(run, "steps") == "- a x=3\n- a\n- name: my b\n  run: b\n"
    assert "guild.steps_main" in guild.attr(run, "op") and guild.attr(run, "sourcecode_digest") == "null\n"
    assert guild.attr(run, "exit_status") == "0\n"
    assert attr(guild, made["a"], "run_params").count("- x=3") == 1
    assert "loss" in guild("runs", "info", "-Fo", "p").stdout, "the pipeline has the scalars of its steps"


def test_link_names(guild):
    pipeline(guild, ["{run: 'm:a', name: 'we/ird n:a'}", "'m:a'", "'m:a'"])
    guild("run", "p", "-y")
    assert list(links(parent(guild))) == ["we-ird-n-a", "m-a", "m-a_2"]


def test_flags_of_steps(guild):
    pipeline(guild, ["{run: a x=3, name: nm}", "{run: a x=4 s=q, flags: {s: '${s}'}}", "a x=9",
                     "{run: b, flags: {y: {default: '${list}'}}}"],
             flags="{'m:a:x': 7, 'nm:x': 8, s: '007', list: 1.5}")
    done = guild("run", "p", "-y")
    assert done.stdout.splitlines()[:3] == ["a x=7 s=t", "a x=7 s=007", "a x=7 s=t"]
    made = links(parent(guild))
    assert attr(guild, made["a"], "flags") == "s: '007'\nx: 7\n"
    assert attr(guild, made["b"], "flags") == "'y': 1.5\n" or attr(guild, made["b"], "flags") == "y: 1.5\n"


def test_a_null_flag_of_the_pipeline_leaves_the_default(guild):
    pipeline(guild, ["a x=4"], flags="{'m:a:x': null}")
    assert guild("run", "p", "-y").stdout == "a x=1 s=t\n"


def test_values_of_any_size_and_type_arrive_as_they_are(guild):
    big = "é'\"\n$ " * 17000
    guild.write("flags.json", json.dumps({"big": big, "t": "1e3", "b": True}))
    guild.write("guild.yml", """
show:
  exec: sh -c 'printf %s "$FLAG_V" >seen'
  flags: {v: "", t: "", b: no}
p:
  flags: {big: "", t: "", b: no}
  steps:
  - run: show
    flags: {v: '${big}', t: '${t}', b: '${b}'}
""")
    guild("run", "p", "@flags.json", "-y")
    step = links(parent(guild))["show"].resolve()
    assert guild("select", "--attr", "flags", step.name).stdout == guild.attr(step, "flags")
    assert (step / "seen").read_text() == big
    assert guild.attr(step, "flags").startswith("b: true\nt: '1e3'\nv: ")


def test_options_of_steps(guild):
    pipeline(guild, ["{run: a --label la -t one, tags: ['t${x}', two], label: 'L ${x} ${default_label}'}", "a --label own -t z", "a"],
             flags="{x: 5}")
    guild("run", "p", "-y", "-l", "mine", "-t", "tt")
    made = links(parent(guild))
    assert [attr(guild, made[n], "label") for n in ("a", "a_2", "a_3")] == ["L 5 s=t x=1\n", "own\n", "mine\n"]
    assert [attr(guild, made[n], "tags") for n in ("a", "a_2", "a_3")] == ["- t5\n- two\n", "- z\n", "- tt\n"]


def test_other_options_are_ignored_aloud(guild):
    pipeline(guild, ["a --keep-run"])
    done = guild("run", "p", "-y")
    assert done.stdout == "a x=1 s=t\n" and done.stderr.count("--keep-run is ignored") == 1


def test_batches_as_steps(guild):
    guild.write("t.csv", "x\n5\n6\n")
    pipeline(guild, ["'a x=[1,2]'", "a @t.csv s=z", "{run: 'a x=[7,8,9]', max-trials: 1, random-seed: 1}"])
    done = guild("run", "p", "-y")
    assert done.stdout.splitlines()[:4] == ["a x=1 s=t", "a x=2 s=t", "a x=5 s=z", "a x=6 s=z"]
    assert len(done.stdout.splitlines()) == 5
    assert all(not p.exists() for p in links(parent(guild)).values()), "batches that went well are in the trash"
    assert len(guild.runs()) == 6


def test_a_batch_of_pipelines(guild):
    pipeline(guild, ["{run: a, flags: {x: '${k}'}}"], flags="{k: 1}")
    assert guild("run", "p", "k=[1,2]", "-y").stdout == "a x=1 s=t\na x=2 s=t\n"


def test_nested_pipelines(guild):
    pipeline(guild, ["a", "inner"], more="")
    text = (guild.cwd / "guild.yml").read_text()
    guild.write("guild.yml", text + "    inner:\n      steps: [b, code]\n")
    guild("run", "p", "-y")
    assert list(links(links(parent(guild))["inner"].resolve())) == ["b", "code"]


def test_scripts_as_steps(guild):
    guild.write("hi.py", "n = 1\nprint('hi', n)\n")
    guild.write("guild.yml", "p:\n  steps: [hi.py, hi.py n=2]\n")
    assert guild("run", "p", "-y").stdout == "hi 1\nhi 2\n"


# ---- failing ---------------------------------------------------------------------------------------------------


def test_the_first_failure_ends_it(guild):
    pipeline(guild, ["a", "code n=4", "b"])
    done = guild("run", "p", "-y", code=4)
    assert "step code failed with exit code 4" in done.stderr
    assert list(links(parent(guild))) == ["a", "code"] and guild.attr(parent(guild), "exit_status") == "4\n"


def test_parallel_steps_are_let_run_to_their_end(guild):
    guild.write("guild.yml", """
code:
  exec: sh -c 'exit ${n}'
  flags: {n: 0}
slow:
  exec: sh -c 'sleep 0.3; echo slow'
p:
  steps:
  - {run: slow, after: []}
  - {run: code n=5, after: []}
  - {run: slow, name: never}
""")
    done = guild("run", "p", "-y", "-j", "2", code=5)
    assert "slow" in done.stdout and set(links(parent(guild))) == {"slow", "code"}


@pytest.mark.parametrize("check, ok", [
    ("{output: 'x=1 s=.$'}", True), ("{output: nope}", False), ("{file: o*.txt, contains: 'y=[0-9]'}", True),
    ("{file: none.txt}", False), ("{file: out.txt, contains: nope}", False), ("[{output: x=1}, {output: nope}]", False),
    ("{file: out.txt, compare-to: '${CMP}'}", True), ("{file: out.txt, compare-to: '${OTHER}'}", False),
])
def test_checks(guild, check, ok):
    op = "b" if "file" in check else "a"
    pipeline(guild, [f"{{run: {op}, expect: {check}}}", "code"])
    env = {"CMP": guild.write("same.txt", "b y=1\n"), "OTHER": guild.write("other.txt", "b y=2\n")}
    done = guild("run", "p", "-y", code=0 if ok else 3, env=env)
    assert ("checks passed" in done.stderr) and ("stopping because a check failed" in done.stderr) != ok
    if "OTHER" in check:
        assert "-b y=2\n+b y=1\n" in done.stderr
    assert ("code" in links(parent(guild))) == ok


@pytest.mark.parametrize("steps, where, what", [
    (["a", "{run: nope}"], "guild.yml:17:9", "'nope'"),
    (["a --nope"], "guild.yml:16:9", "unrecognized option '--nope'"),
    (["{name: x}"], "guild.yml:16:9", "what to 'run'"),
    (["3"], "guild.yml:16:9", "text or a mapping"),
    (["{run: a, max-trials: many}"], "guild.yml:16:9", "expected an integer"),
    (["{run: a, flags: {x: '${zz}'}}"], "guild.yml:16:9", "'${zz}' names no flag"),
    (["{run: a, after: [firts]}", "{run: a, name: first}"], "guild.yml:16:26", "(did you mean 'first'?)"),
    (["{run: b, after: a}", "a", "a"], "guild.yml:16:25", "names several steps"),
    (["{run: a, after: [b]}", "{run: b, after: [a]}"], "guild.yml:16:9", "'a' waits for 'b' waits for 'a'"),
    (["{run: a, after: [b]}", "b"], "guild.yml:16:9", "cycle in steps"),
    (["a", "p"], "guild.yml:17:9", "cycle in steps (m:p -> m:p)"),
    (["x=1"], "guild.yml:16:9", "names no operation"),
    (["a", "a y=1"], "guild.yml:17:9", "unknown flag 'y' for m:a"),
    (["{run: a, flags: {sss: 1}}"], "guild.yml:16:9", "unknown flag 'sss'"),
])
def test_what_cannot_be_run_is_said_before_anything_is(guild, steps, where, what):
    pipeline(guild, steps)
    for args in (["run", "p", "-y"], ["run", "p", "--print-cmd"]):
        done = guild(*args, code=1)
        assert done.stderr.startswith(f"guild: {where}: ") and what in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) <= 2 and not guild.runs()
    assert guild("run", "a", "-y").stdout == "a x=1 s=t\n", "other operations are not concerned"


def test_any_flag_with_force_flags(guild):
    pipeline(guild, ["a y=1 --force-flags"])
    assert guild("run", "p", "-y").stdout == "a x=1 s=t\n"


def test_stage_trials_are_passed_on(guild):
    pipeline(guild, ["'a x=[1,2]'", "b"])
    done = guild("run", "p", "-y", "--stage-trials")
    assert done.stderr.count("Staging trial") == 2 and done.stdout == "loss: 0.5\n"
    assert guild("runs", "-s", "--staged").stdout.count("m:a") == 2


# ---- order --------------------------------------------------------------------------------------------------------


def test_after(guild):
    guild.write("guild.yml", """
t:
  exec: sh -c 'echo "begin ${n}" >>$LOG; sleep 0.2; echo "end ${n}" >>$LOG'
  flags: {n: 0}
p:
  steps:
  - {run: t n=1, name: one, after: []}
  - {run: t n=2, name: two, after: []}
  - {run: t n=3, name: three, after: one}
  - t n=4
""")
    log = guild.cwd / "log.txt"
    done = guild("run", "p", "-y", "--jobs", "4", env={"LOG": log})
    lines = log.read_text().split("\n")
    assert set(lines[:2]) == {"begin 1", "begin 2"}
    assert lines.index("end 1") < lines.index("begin 3") and lines.index("begin 4") > max(
        lines.index(f"end {n}") for n in (1, 2, 3))
    assert done.returncode == 0
    log.unlink()
    guild("run", "p", "-y", "--jobs", "1", env={"LOG": log})
    assert log.read_text().split("\n")[:-1] == [f"{w} {n}" for n in (1, 2, 3, 4) for w in ("begin", "end")]


def test_lines_of_steps_stay_whole(guild):
    guild.write("guild.yml", """
t:
  exec: sh -c 'for i in $(seq 200); do printf "%s" aaaaaaaaaa; printf "%s\\n" bbbb; done'
p:
  steps: [{run: t, name: one, after: []}, {run: t, name: two, after: []}]
""".replace("\\n", "\\\\n"))
    done = guild("run", "p", "-y", "-j", "2")
    assert {re.sub(r"^(one|two) \| ", "", line) for line in done.stdout.splitlines()} == {"aaaaaaaaaabbbb"}
    assert len(done.stdout.splitlines()) == 400


# ---- restarts -----------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_where_it_failed(guild):
    guild.write("guild.yml", """
a:
  exec: sh -c 'echo a >>$LOG'
b:
  exec: sh -c 'echo b >>$LOG; test -f $OK'
p: {steps: [a, b, a]}
""")
    env = {"LOG": guild.cwd / "log.txt", "OK": guild.cwd / "ok.txt"}
    guild("run", "p", "-y", code=1, env=env)
    run = parent(guild)
    first = links(run)["a"]
    env["OK"].touch()
    guild("run", "--restart", run.name, "-y", env=env)
    assert env["LOG"].read_text().split() == ["a", "b", "b", "a"]
    assert links(run)["a"] == first and set(links(run)) == {"a", "b", "a_2"}
    guild("run", "--restart", run.name, "-y", env=env)
    assert env["LOG"].read_text().split() == ["a", "b", "b", "a", "a", "b", "a"], "what ended well begins anew"


def test_other_flags_run_what_they_change(guild):
    guild.write("guild.yml", """
a:
  exec: sh -c 'echo a${x} >>$LOG; exit ${code}'
  flags: {x: 0, code: 0}
p:
  flags: {k: 1, code: 1}
  steps:
  - {run: a x=7, name: same, after: []}
  - {run: a, name: first, after: [], flags: {x: '${k}'}}
  - {run: a x=8, name: second, after: [first]}
  - {run: a x=9, name: third, flags: {code: '${code}', x: 9}}
""")
    env = {"LOG": guild.cwd / "log.txt"}
    guild("run", "p", "-y", "-j1", code=1, env=env)
    guild("run", "--restart", parent(guild).name, "-y", "-j1", "k=2", "code=0", env=env)
    assert env["LOG"].read_text().split() == ["a7", "a1", "a8", "a9", "a2", "a8", "a9"]


def start(guild, *args, env=None):
    return subprocess.Popen([guild.program, *args], cwd=guild.cwd, env=guild.env(**(env or {})), stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, start_new_session=True)


def wait_for(path, text, timeout=20):
    end = time.time() + timeout
    while time.time() < end:
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.01)
    raise AssertionError(f"no '{text}' in {path}")


def descendants(pid):
    try:
        children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    except OSError:
        return []
    return [int(c) for c in children] + [d for c in children for d in descendants(int(c))]


SLOW = """
a:
  exec: sh -c 'echo begin ${n} >>$LOG; sleep 0.5; echo end ${n} >>$LOG'
  flags: {n: 0}
p: {steps: [a n=1, a n=2]}
"""


def test_a_step_that_outlives_its_pipeline_is_waited_for(guild):
    guild.write("guild.yml", SLOW.replace("sleep 0.5", "while [ ! -e $GO ]; do sleep 0.02; done"))
    env = {"LOG": guild.cwd / "log.txt", "GO": guild.cwd / "go.txt"}
    process = start(guild, "run", "p", "-y", env=env)
    wait_for(env["LOG"], "begin 1")
    supervisor = descendants(process.pid)[0]
    os.kill(process.pid, signal.SIGKILL)
    os.kill(supervisor, signal.SIGKILL)
    process.wait()
    run = parent(guild)
    output = run / ".guild/output"
    # Whoever has to reap the supervisor may take its time: until then the pipeline counts as running.
    while not (output.exists() and "still runs" in output.read_text()):
        process = start(guild, "run", "--restart", run.name, "-y", env=env)
        time.sleep(0.2)
        if process.poll() is not None:
            assert b"is running" in process.communicate()[0]
    env["GO"].touch()
    assert process.wait(timeout=30) == 0
    assert env["LOG"].read_text().splitlines() == ["begin 1", "end 1", "begin 2", "end 2"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_steps(guild, number):
    guild.write("guild.yml", SLOW.replace("sleep 0.5", "exec sleep 30"))
    env = {"LOG": guild.cwd / "log.txt"}
    process = start(guild, "run", "p", "-y", env=env)
    wait_for(env["LOG"], "begin 1")
    began = time.time()
    os.kill(process.pid, number)
    code = process.wait(timeout=20)
    assert code == 128 + number and time.time() - began < 10
    run = parent(guild)
    assert guild.attr(run, "exit_status") == f"{-16 if number == signal.SIGINT else -number}\n"
    assert int(attr(guild, links(run)["a"], "exit_status")) < 0 and set(links(run)) == {"a"}


GRAPH = """
t:
  exec: sh -c 'echo ${n} >>$LOG; sleep 0.03'
  flags: {n: 0}
p:
  steps:
  - {run: t n=1, name: s1, after: []}
  - {run: t n=2, name: s2, after: []}
  - {run: t n=3, name: s3, after: [s1]}
  - {run: t n=4, name: s4, after: [s2]}
  - {run: t n=5, name: s5}
  - {run: t n=6, name: s6, after: [s4]}
"""


@pytest.mark.slow
def test_killed_at_any_moment(guild):
    """A hundred kills at random moments, of everything or of guild alone; every step ends well once, and is not run again then."""
    guild.write("guild.yml", GRAPH)
    rng = random.Random(5)
    log = guild.cwd / "log.txt"
    env = {"LOG": log}
    n_kills = 0
    while n_kills < 100:
        log.write_text("")
        before = {r.name for r in guild.runs()}
        args = ["run", "p", "-y", "-j2"]
        for attempt in range(100):
            process = start(guild, *args, env=env)
            if attempt < 12 and n_kills < 100:
                time.sleep(rng.uniform(0.005, 0.25))
                tree = descendants(process.pid)
                victims = [process.pid, *(tree if rng.random() < 0.6 else tree[:1])]
                for pid in victims:
                    try:
                        os.kill(pid, signal.SIGKILL)
                        n_kills += pid == process.pid
                    except ProcessLookupError:
                        pass
            output = process.communicate(timeout=60)[0].decode()
            made = [r for r in guild.runs() if r.name not in before and (r / ".guild/opref").exists()]
            parents = [r for r in made if (r / ".guild/attrs/steps").exists()]
            if any((r / ".guild/attrs/exit_status").exists() and guild.attr(r, "exit_status") == "0\n" for r in parents):
                break  # perhaps the kill came after the end
            assert process.returncode in (-9, 1), output
            if process.returncode == 1:
                # Its program outlived it: the next try waits until that is over.
                assert "is running" in output or "being run by another process" in output, output
                time.sleep(0.05)
            if parents:
                args = ["run", "--restart", parents[0].name, "-y", "-j2"]
        run, made_now = parents[-1], made
        made = links(run)
        assert set(made) == {f"s{i}" for i in range(1, 7)}
        for i in range(1, 7):
            step = made[f"s{i}"].resolve()
            assert guild.attr(step, "exit_status") == "0\n" and guild.attr(step, "flags") == f"'n': {i}\n"
            done = [r for r in made_now if not (r / ".guild/attrs/steps").exists() and guild.attr(r, "flags") == f"'n': {i}\n"]
            assert done == [step], "one run for each step, whatever happened"


# ---- beside 0.9.0 ---------------------------------------------------------------------------------------------------

PIPELINES = {
    "plain": (["a x=3", "a", "{run: b, name: my b}"], "{}"),
    "flags": (["{run: a x=3, name: nm}", "{run: a, flags: {x: '${s}'}}", "{run: a x=4, flags: {s: '${n}'}}"],
              "{'m:a:x': 7, 'nm:x': 8, s: '1', n: null}"),
    "refs": (["{run: a, flags: {s: 'q${f}-${b}', x: '${f}'}}"], "{f: 1.50, b: yes}"),
    "options": (["{run: a --label L, tags: [u]}", "{run: a -t v, label: 'x${f}'}"], "{f: 2}"),
    "fails": (["a", "code n=4", "b"], "{}"),
    "check": (["{run: a, expect: {output: nope}}", "b"], "{}"),
    "checks": (["{run: b, expect: [{output: loss}, {file: '*.txt', contains: y=1}]}", "a"], "{}"),
    "batch": (["'a x=[1,2]'", "b"], "{}"),
    "batchfile": (["a @t.csv s=7", "b"], "{}"),
    "missing": (["a", "nope"], "{}"),
    "badopt": (["a --nope"], "{}"),
}


def shape(guild, code):
    """What a pipeline left, without ids and times."""
    run = [r for r in guild.runs() if opref(r) == "p"]
    steps = links(run[-1]) if run else {}
    seen = []
    for name, step in steps.items():
        step = step.resolve()
        if (step / ".guild/opref").exists():
            seen.append((name, opref(step), *(guild.attr(step, n) for n in ("flags", "exit_status", "run_params")
                                              if (step / ".guild/attrs" / n).exists()),
                         *((guild.attr(step, n) if (step / ".guild/attrs" / n).exists() else None) for n in ("label", "tags"))))
        else:
            seen.append((name,))
    text = re.sub(r"[0-9a-f]{32}|run_dir: .*", "ID", repr((code, seen)))
    return text.replace(str(guild.home), "HOME")


@pytest.mark.differential
@pytest.mark.slow
@pytest.mark.parametrize("name", PIPELINES)
def test_agrees_with_the_reference(guild, oracle, name, tmp_path):
    steps, flags = PIPELINES[name]
    guild.write("t.csv", "x\n5\n6\n")
    pipeline(guild, steps, flags)
    oracle.home = tmp_path / "other"
    oracle.home.mkdir()
    theirs = oracle("run", "p", "-y", code=None)
    ours = guild("run", "p", "-y", code=None)
    if name in ("missing", "badopt"):
        assert ours.returncode == theirs.returncode == 1
        return
    assert shape(guild, ours.returncode) == shape(oracle, theirs.returncode)
    assert ours.stdout == theirs.stdout


@pytest.mark.differential
@pytest.mark.slow
def test_the_other_restarts_it(guild, oracle):
    pipeline(guild, ["a", "{run: code, flags: {n: '${n}'}}", "b"], flags="{n: 4}")
    guild("run", "p", "-y", code=4)
    ours = parent(guild)
    oracle("run", "--restart", ours.name, "-y", "n=0")
    assert set(links(ours)) == {"a", "code", "a_2", "code_2", "b"}
    oracle("run", "p", "-y", code=4)
    theirs = parent(guild)
    assert theirs != ours
    before = links(theirs)["a"]
    guild("run", "--restart", theirs.name, "-y", "n=0")
    assert set(links(theirs)) == {"a", "code", "b"} and links(theirs)["a"] == before
    staged = oracle("run", "p", "n=0", "-y", "--stage")
    start_id = re.search("--start ([0-9a-f]+)", staged.stdout).group(1)
    done = guild("run", "--start", start_id, "-y")
    assert done.stdout.splitlines()[0] == "a x=1 s=t" and guild.attr(parent(guild), "exit_status") == "0\n"
