"""Operation attributes that shape how a run is executed and recorded: one small project for each."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time

import pytest

PYTHON = os.path.realpath(sys.executable)


@pytest.fixture
def run(guild):
    def call(*args, code=0, env=None, **kw):
        before = set(guild.runs())
        done = guild("run", *args, code=code, env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1", **(env or {})}, **kw)
        made = [r for r in guild.runs() if r not in before]
        done.dir = made[-1] if made else None
        return done

    call.guild = guild
    return call


# ---- the environment -------------------------------------------------------------------------------------------


ENV = r"""
e:
  exec: sh -c 'env | grep ^Z_ | sort'
  flags: {a: 1, b: x y, n: null, t: yes, off: {default: no}, f: 1e-5, s: '', enc: {default: q, env-encoding: {q: QQ}}, num: '007'}
  env: {Z_TX: 'x${t}', Z_FX: 'x${f}', Z_B: '${b}', Z_BX: '${b}x', Z_NX: 'x${n}y', Z_S: '${s}', Z_AB: '${a}${b}', Z_NULL: null, Z_YES: yes,
        Z_OFFX: 'z${off}', Z_ENC: '${enc}', Z_NUM: 'a${num}', Z_LIST: [1, a b], Z_RAW: '\${a} $a', Z_INT: 010}
"""


def test_env(run):
    """References inside of text are spelled as 0.9.0 spells them."""
    run.guild.write("guild.yml", ENV.replace("off:", "'off':"))
    assert run("e", "-y").stdout.splitlines() == [
        "Z_AB=1x y", "Z_B=x y", "Z_BX=x yx", "Z_ENC=q", "Z_FX=x1.0e-05", "Z_INT=8", "Z_LIST=1 'a b'", "Z_NULL=", "Z_NUM=a007", "Z_NX=xnully",
        "Z_OFFX=zfalse", "Z_RAW=${a} $a", "Z_S=", "Z_TX=xtrue", "Z_YES=1"]


@pytest.mark.differential
def test_env_as_in_the_reference(run, oracle):
    run.guild.write("guild.yml", ENV.replace("off:", "'off':"))
    run.guild.home.mkdir()
    assert oracle("run", "e", "-y").stdout == run("e", "-y").stdout


def test_env_that_is_one_flag(run):
    """0.9.0 ends in a traceback for all of them but text."""
    run.guild.write("guild.yml", "e: {exec: \"sh -c 'echo [$T] [$N] [$F] [$O]'\", flags: {t: yes, n: null, f: 1e-5, o: no}, env: {T: '${t}', N: '${n}', "
                                 "F: '${f}', O: '${o}'}}\n".replace("o: no", "o: {default: no}"))
    assert run("e", "-y").stdout == "[1] [] [1e-05] []\n"


@pytest.mark.parametrize("value,name", [("${zz}", "zz"), ("a ${z z} b", "z z"), ("${}", "")])
def test_env_of_no_flag(run, value, name):
    run.guild.write("guild.yml", f"e: {{exec: 'true', env: {{A: '{value}'}}}}\n")
    assert f"cannot set environment variable 'A': undefined reference '${{{name}}}'" in run("e", "-y", code=1).stderr
    assert not (run.guild.home / "runs").exists()


def test_env_secrets(run):
    run.guild.write("guild.yml", "l: {exec: \"sh -c 'echo $MINE $OTHER'\", env: {MINE: v1, OTHER: v2}, env-secrets: [MINE]}\n"
                                 "m: {exec: 'true', env: {MINE: v1, OTHER: v2, DB_PASSWORD: p}, env-secrets: {MINE: zz}}\n")
    for op in ("l", "m"):
        done = run(op, "-y")
        saved = run.guild.attr(done.dir, "env")
        assert "MINE" not in saved and "DB_PASSWORD" not in saved and "OTHER: v2\n" in saved and "zz" not in saved
    run("--restart", run.guild.runs()[0].name, "-y")
    assert "MINE" not in run.guild.attr(run.guild.runs()[0], "env"), "a restart remembers"
    assert run("l", "-y").stdout == "v1 v2\n"


def test_process_environment(run):
    """guildfile.md 4.3."""
    run.guild.write("guild.yml", "- model: m\n  operations:\n    e:\n      main: show\n      flags-dest: args\n      flags: {lr: 0.1, a-b: x}\n"
                                 "      sourcecode: {dest: code}\n      env: {PYTHONPATH: /own}\n")
    run.guild.write("show.py", "import os, sys\nfor n, v in sorted(os.environ.items()): print(f'{n}={v}')\nprint('CWD=' + os.getcwd())\n")
    done = run("m:e", "-y", env={"PYTHONPATH": "/inherited:/own", "LOG_LEVEL": "10"})
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert {k: seen.get(k) for k in ("GUILD_HOME", "GUILD_OP", "GUILD_SOURCECODE", "RUN_DIR", "RUN_ID", "PROJECT_DIR", "CMD_DIR", "LOG_LEVEL",
                                     "FLAGS_DEST", "FLAG_LR", "FLAG_A_B", "PYTHONPATH", "CWD")} == {
        "GUILD_HOME": str(run.guild.home), "GUILD_OP": "m:e", "GUILD_SOURCECODE": "code", "RUN_DIR": str(done.dir), "RUN_ID": done.dir.name,
        "PROJECT_DIR": str(run.guild.cwd), "CMD_DIR": str(run.guild.cwd), "LOG_LEVEL": "10", "FLAGS_DEST": "args", "FLAG_LR": "0.1",
        "FLAG_A_B": "x", "PYTHONPATH": "/own:code:/inherited", "CWD": str(done.dir)}
    assert "cpu,disk" in seen["GUILD_PLUGINS"] and "_" not in seen and "HANDLE_KEYBOARD_INTERRUPT" not in seen


# ---- Python ------------------------------------------------------------------------------------------------------


def test_python_path(run):
    """The module is found there, for its flags and for the run; so are its neighbours."""
    run.guild.write("guild.yml", "t: {main: train, python-path: [src, lib], flags-import: all}\n")
    run.guild.write("src/train.py", "import helper, other, sys\nlr = 0.1\nprint(lr, helper.__file__, other.__file__)\n")
    run.guild.write("src/other.py", "")
    run.guild.write("lib/helper.py", "")
    run.guild.write("train.py", "raise SystemExit('not this one')\n")
    done = run("t", "lr=0.5", "-y")
    assert done.stdout == f"0.5 {done.dir}/lib/helper.py {done.dir}/src/other.py\n"
    assert "PYTHONPATH: src:lib:.\n" in run.guild.attr(done.dir, "env")
    (run.guild.cwd / "src/train.py").unlink()
    assert run("--restart", done.dir.name, "-y").stdout == done.stdout


def test_python_path_of_what_is_not_copied(run, tmp_path):
    run.guild.write("guild.yml", "t: {main: train, python-path: src, sourcecode: no}\np: {main: pkg.mod, python-path: ../outside}\n"
                                 "e: {exec: '${python_exe} -c \"import mod2\"', python-path: ../outside}\n"
                                 "m: {main: train, python-path: src, sourcecode: {root: src}}\n")
    run.guild.write("src/train.py", "import helper\nprint(helper.__file__)\n")
    run.guild.write("src/helper.py", "")
    (tmp_path / "outside/pkg").mkdir(parents=True)
    (tmp_path / "outside/pkg/mod.py").write_text("print(__file__, __package__)\n")
    (tmp_path / "outside/mod2.py").write_text("print(__file__)\n")
    assert run("t", "-y").stdout == f"{run.guild.cwd}/src/helper.py\n"
    assert run("p", "-y").stdout == f"{tmp_path}/outside/pkg/mod.py pkg\n"
    assert run("e", "-y").stdout == f"{tmp_path}/outside/mod2.py\n"
    done = run("m", "-y")
    assert done.stdout == f"{done.dir}/helper.py\n"


def fake_python(path, version):
    """Answers what guild asks of an interpreter, and says who it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncase $1 in -VV) echo 'Python {version} (fake)' ;; -c*) echo $0 ;; *) echo fake {version} ;; esac\n")
    path.chmod(0o755)


@pytest.mark.parametrize("spec,version", [
    ("'>=3.4'", "3.8.1"), ("3.7", "3.7.9"), ("'3.7.2'", "3.7.2"), ("'<3.7'", "3.6.3"), ("'>=3.9,<3.11'", "3.10.4"), ("'>3.10.4'", "3.12.0"),
    ("'!=3.8.1,<3.9'", "3.7.9"), ("'==3.5.*'", None), ("'>=4'", None)])
def test_python_requires(run, tmp_path, spec, version):
    """The usual interpreter when it will do, then python3.N on PATH, then those of pyenv and uv, the newest first."""
    fake_python(tmp_path / "bin/python3", "3.8.1")
    fake_python(tmp_path / "bin/python3.7", "3.7.9")
    fake_python(tmp_path / "pyenv/versions/3.6.3/bin/python3", "3.6.3")
    fake_python(tmp_path / "pyenv/versions/3.10.4/bin/python3", "3.10.4")
    fake_python(tmp_path / "pyenv/versions/3.9.20/bin/python3", "3.9.20")
    fake_python(tmp_path / "pyenv/versions/3.7.2/bin/python3", "3.7.2")
    fake_python(tmp_path / "uv/cpython-3.12.0-linux/bin/python3", "3.12.0")
    run.guild.write("guild.yml", f"t: {{main: t, python-requires: {spec}, flags-import: no}}\n")
    run.guild.write("t.py", "")
    done = run("t", "-y", code=0 if version else 1, env={
        "GUILD_PYTHON_EXE": "", "PATH": f"{tmp_path}/bin", "HOME": str(tmp_path),
        "PYENV_ROOT": f"{tmp_path}/pyenv", "UV_PYTHON_INSTALL_DIR": f"{tmp_path}/uv", "VIRTUAL_ENV": "", "CONDA_PREFIX": ""})
    if version:
        assert done.stdout == f"fake {version}\n"
    else:
        assert "cannot find a Python interpreter for requirement" in done.stderr and "hint:" in done.stderr and done.dir is None


def test_pip_freeze(run):
    run.guild.write("guild.yml", "on: {main: t}\nout: {main: t, pip-freeze: no}\nsh: {exec: 'true'}\npy: {exec: '${python_exe} t.py'}\n".replace("on:", "'on':"))
    run.guild.write("t.py", "")
    for op, wanted in (("on", True), ("out", False), ("sh", False), ("py", True)):
        done = run(op, "-y", env={"NO_PIP_FREEZE": ""})
        assert (done.dir / ".guild/attrs/pip_freeze").exists() == wanted, op
        assert ("python_script" in run.guild.attr(done.dir, "plugins")) == (op != "sh")
    done = run("out", "-y", env={"NO_PIP_FREEZE": ""})
    run("--restart", done.dir.name, "-y", env={"NO_PIP_FREEZE": ""})
    assert not (done.dir / ".guild/attrs/pip_freeze").exists(), "a restart remembers"


# ---- the end of a run ----------------------------------------------------------------------------------------------


STOP = "import os, signal, sys, time\nprint('ready', flush=True)\ntime.sleep(60)\n"


def start(run, *args):
    proc = subprocess.Popen([run.guild.program, "run", *args], cwd=run.guild.cwd, env=run.guild.env(GUILD_PYTHON_EXE=PYTHON, NO_PIP_FREEZE="1"),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert proc.stdout.readline() == "ready\n"
    return proc


@pytest.mark.parametrize("op,how,code,status,was", [
    ("ok", "stop", 0, "0", "-15"), ("no", "stop", 143, "-15", None), ("ok", "int", 0, "0", "-16"), ("no", "int", 130, "-16", None),
    ("ok", "term", 0, "0", "-15"), ("ok", "kill-program", 137, "-9", None)])
def test_stoppable(run, op, how, code, status, was):
    run.guild.write("guild.yml", "ok: {main: t, stoppable: yes}\n'no': {main: t}\n")
    run.guild.write("t.py", STOP)
    proc = start(run, op, "-y")
    made = run.guild.runs()[0]
    if how == "stop":
        run.guild("stop", "-y", made.name)
    elif how == "kill-program":
        os.kill(int((made / ".guild/LOCK").read_text()), signal.SIGKILL)
    else:
        os.kill(proc.pid, signal.SIGINT if how == "int" else signal.SIGTERM)
    proc.communicate(timeout=30)
    assert proc.returncode == code
    assert run.guild.attr(made, "exit_status") == status + "\n"
    assert not (made / ".guild/STOPPED").exists()
    if was:
        assert run.guild.attr(made, "_stopped_status") == was + "\n"
        assert "completed" in run.guild("runs", "info", made.name).stdout
        run.guild.write("t.py", "")
        (made / "t.py").write_text("raise SystemExit(3)\n")
        run("--restart", made.name, "-y", code=3)
        assert not (made / ".guild/attrs/_stopped_status").exists()


def test_stop_after_of_a_stoppable_operation(run):
    run.guild.write("guild.yml", "ok: {main: t, stoppable: yes}\n")
    run.guild.write("t.py", STOP)
    done = run("ok", "-y", "--stop-after", "0.003")
    assert run.guild.attr(done.dir, "exit_status") == "0\n" and run.guild.attr(done.dir, "_stopped_status") == "-15\n"


def test_handle_keyboard_interrupt(run):
    run.guild.write("guild.yml", "h: {main: t, handle-keyboard-interrupt: yes}\n")
    run.guild.write("t.py", "import os, time\nx = 1\nprint('ready', flush=True)\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n"
                            "    print('handled', os.getenv('HANDLE_KEYBOARD_INTERRUPT'))\n")
    proc = start(run, "h", "-y")
    os.kill(proc.pid, signal.SIGINT)
    out, err = proc.communicate(timeout=30)
    assert out == "handled 1\n" and "Traceback" not in err
    assert run.guild.attr(run.guild.runs()[0], "exit_status") == "-16\n"


@pytest.mark.parametrize("dest", ["args", "globals"])
def test_an_interrupt_is_shown_as_python_shows_it(run, dest):
    run.guild.write("guild.yml", f"h: {{main: t, flags-dest: {dest}, flags: {{x: 1}}}}\n")
    run.guild.write("t.py", "import sys, time\nx = 1\nprint('ready', flush=True)\ntime.sleep(60)\n")
    proc = start(run, "h", "-y")
    os.kill(proc.pid, signal.SIGINT)
    _, err = proc.communicate(timeout=30)
    assert err.count("Traceback") == 1 and "KeyboardInterrupt" in err and "guild" not in err.replace(str(run.guild.home.parent), "").replace("guild.yml", "")


# ---- records ---------------------------------------------------------------------------------------------------------


def test_run_attrs(run):
    run.guild.write("guild.yml", "o:\n  exec: 'true'\n  run-attrs: {a: 1, b: [x], c: {d: null}, e: '${x}', id: q, cmd: z, label: l, a/b: 1, ../x: 2, marked: true}\n")
    done = run("o", "-y")
    assert [run.guild.attr(done.dir, n) for n in "abce"] == ["1\n", "- x\n", "d: null\n", "${x}\n"]
    assert sorted(re.findall(r"WARNING: .*?'(.*?)'", done.stderr)) == ["../x", "a/b", "cmd", "id", "label"]
    assert run.guild.attr(done.dir, "id") == done.dir.name + "\n" and not (done.dir / ".guild/x").exists()
    assert run.guild.attr(done.dir, "marked") == "true\n"


@pytest.mark.parametrize("value", ["no", "cpu", "[gpu]", "all", "summary", "[]", "[cpu, gpu]", "nope"])
def test_plugins(run, value):
    """0.9.0 turns on what it can, whatever is written; only gpu waits to be named, or for an nvidia-smi."""
    run.guild.write("guild.yml", f"- model: m\n  plugins: {value}\n  operations: {{a: {{exec: 'true'}}, b: {{exec: 'true', plugins: cpu}}}}\n")
    path = {"PATH": "/usr/bin:/bin"}
    listed = run.guild.attr(run("a", "-y", env=path).dir, "plugins").split()
    assert ("gpu" in listed) == ("gpu" in value or value in ("all", "summary"))
    assert [p for p in listed if p not in ("-", "gpu")] == ["cpu", "disk", "memory", "perf"]
    assert "gpu" not in run.guild.attr(run("b", "-y", env=path).dir, "plugins")


LABELS = [
    ("plain ${a}", "plain 1.12345"), ("${a|%.2f}", "1.12"), ("${a|%05.1f}|${a|%i}", "001.1|1"), ("${b|basename}", "y z.txt"),
    ("${n|default:none}", "none"), ("${zz}x", "x"), ("${q|unquote}", "x"), ("${n|default:a b|%5s}", "  a b"), ("${zz|default}", ""),
    ("${t} ${t|%s}", "yes True"), ("${default_label}", None), ("$a {a} ${a", "$a {a} ${a"), ("  ${a|%.1f} ", "  1.1 "), ("${l}", None)]


@pytest.mark.parametrize("template,label", LABELS)
def test_label(run, template, label):
    run.guild.write("guild.yml", f"l: {{exec: 'true', flags: {{a: 1.123456789, b: /x/y z.txt, n: null, q: \"'x'\", t: yes}}, label: '{template}'}}\n")
    done = run("l", "-y")
    shown = json.loads(run.guild("runs", "--json").stdout)[0]["label"]
    if label is None:
        label = "a=1.12345 b='/x/y z.txt' q='''x''' t=yes" if "default" in template else ""
    assert (shown or "") == label and (done.dir / ".guild/attrs/label").exists() == bool(label)


@pytest.mark.differential
@pytest.mark.slow
@pytest.mark.parametrize("template,label", LABELS)
def test_label_as_in_the_reference(run, oracle, template, label):
    run.guild.write("guild.yml", f"l: {{exec: 'true', flags: {{a: 1.123456789, b: /x/y z.txt, n: null, q: \"'x'\", t: yes}}, label: '{template}'}}\n")
    run.guild.home.mkdir()
    oracle("run", "l", "-y")
    theirs = run.guild.runs()[0] / ".guild/attrs/label"
    ours = run("l", "-y").dir / ".guild/attrs/label"
    assert theirs.exists() == ours.exists() and (not ours.exists() or theirs.read_text() == ours.read_text())


def test_unknown_filter(run):
    run.guild.write("guild.yml", "l: {exec: 'true', flags: {a: 1}, label: 'x ${a|bad}'}\n")
    done = run("l", "-y")
    assert "unknown filter 'bad'" in done.stderr and run.guild.attr(done.dir, "label") == "'x #error#'\n"


def test_label_and_tags(run):
    run.guild.write("guild.yml", "l: {exec: 'true', flags: {a: 1}, label: 'L ${a}', tags: [x, y]}\ns: {exec: 'true', tags: one}\nb: {exec: 'true', tags: '[p, q]'}\n")
    tagged = run("l", "-y", "-t", "T")
    assert run.guild.attr(tagged.dir, "label") == "T a=1\n" and run.guild.attr(tagged.dir, "tags") == "- T\n- x\n- 'y'\n"
    assert run.guild.attr(run("l", "-y", "--label", "${a} mine").dir, "label") == "1 mine\n"
    assert run.guild.attr(run("s", "-y").dir, "tags") == "- one\n" and run.guild.attr(run("b", "-y").dir, "tags") == "- p\n- q\n"


def test_compare(run):
    run.guild.write("guild.yml", "c: {exec: 'echo loss: 1', flags: {lr: 0.1, other: 2}, compare: [=lr as rate, loss]}\n")
    run("c", "-y")
    header = run.guild("compare", "--csv", "-").stdout.splitlines()[0]
    assert "rate" in header and "loss" in header and "other" not in header


def test_attributes_are_kept_for_later(run):
    """Nothing is refused that other commands use: batches, search, publish."""
    run.guild.write("guild.yml", "o:\n  exec: 'true'\n  objective: {maximize: acc}\n  default-max-trials: 5\n  can-stage-trials: yes\n  flag-encoder: m:f\n"
                                 "  publish: {files: [a], template: t}\n  optimizers: {gp: {x: 1}, mine: {algorithm: random, default: yes}}\n")
    assert run("o", "-y").stderr == ""


# ---- choosing the command ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attrs,kept,left", [
    ("main: t, exec: echo e", "e", ["main"]), ("main: t, steps: [x]", "main", ["steps"]), ("exec: echo e, steps: [x]", "e", ["steps"]),
    ("main: t, exec: echo e, steps: [x]", "e", ["main", "steps"])])
def test_one_command_wins(run, attrs, kept, left):
    run.guild.write("guild.yml", f"o: {{{attrs}}}\n")
    run.guild.write("t.py", "print('main')\n")
    done = run("o", "-y")
    assert done.stdout == kept + "\n"
    assert re.findall(r"'(\w+)' is ignored", done.stderr) == left


@pytest.mark.parametrize("name,file,out", [
    ("train", "train.py", "train"), ("my-train", "my_train.py", "my"), ("sub/x.py", "sub/x.py", "sub"), ("a.b", "a/b.py", "ab")])
def test_the_name_is_the_module(run, name, file, out):
    run.guild.write("guild.yml", f"{name}: {{}}\n")
    run.guild.write(file, f"print('{out}')\n")
    assert run(name, "-y").stdout == out + "\n"


@pytest.mark.parametrize("word,text", [
    ("${flag_args}x", "undefined reference '${flag_args}' in '${flag_args}x'"), ("${zz}", "undefined reference '${zz}'"), ("${}", "undefined reference '${}'")])
def test_undefined_references(run, word, text):
    run.guild.write("guild.yml", f"o: {{exec: 'echo {word}', flags: {{a: 1}}}}\nm: {{main: 't {word}', flags: {{a: 1}}}}\n")
    run.guild.write("t.py", "")
    for op in ("o", "m"):
        assert text in run(op, "-y", code=1).stderr and not run.guild.runs()


def test_words_of_a_command(run):
    run.guild.write("guild.yml", "o: {exec: \"echo ${t} x${n}y ${f} '${b}' '\\\\${a}' $HOME '*' ${project_dir}\", flags: {a: 1, b: x y, n: null, t: yes, f: 1e-5}}\n")
    assert run("o", "--print-cmd").stdout == f"echo 1 xy 1e-05 'x y' '${{a}}' '$HOME' '*' {run.guild.cwd}\n"


def test_shadowed_flags_are_told_once(run):
    run.guild.write("guild.yml", "o: {exec: 'echo --a 5 ${flag_args}', flags: {a: 1, b: 2}}\n")
    done = run("o", "-y")
    assert done.stdout == "--a 5 --b 2\n" and done.stderr.count("'a' is not passed") == 1


def test_flags_are_skipped_by_default(run):
    run.guild.write("guild.yml", "o: {exec: 'echo ${flag_args} ${a}', default-flag-arg-skip: yes, flags: {a: 1, b: {default: 2, arg-skip: no}}}\n")
    assert run("o", "-y").stdout == "--b 2 1\n"
