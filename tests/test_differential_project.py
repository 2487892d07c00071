"""Small projects, about one for each attribute of guild.yml: what is listed, helped and run is as in Guild AI 0.9.0.

All questions are put to 0.9.0 at once; the directories are the same for both, the Guild homes are not.
"""

import json
import os
import pathlib
import subprocess

import pytest
import yaml

from conftest import GUILD, ORACLE

pytestmark = [pytest.mark.differential, pytest.mark.slow]

# name -> (guild.yml, the operation that is looked at; None: nothing can be run)
PROJECTS = {
    "operations only": ("train: {exec: echo 1}\neval: {exec: echo 2, description: Evaluate it}\n_hidden: {exec: x}\n", "train"),
    "string operation": ("t: mod --a 1\n", None),
    "description": ("- model: m\n  description: |\n    First line\n\n    Second paragraph, which goes on.\n"
                    "  operations: {t: {exec: echo, description: Do it.}}\n", "t"),
    "default operation": ("a: {exec: echo a}\nb: {exec: echo b, default: yes}\n", ""),
    "default model": ("- model: a\n  operations: {t: {exec: echo a}}\n- model: b\n  default: yes\n  operations: {t: {exec: echo b}}\n", "t"),
    "anonymous and named": ("- operations: {p: {exec: echo p}}\n- model: m\n  operations: {t: {exec: echo t}}\n", "p"),
    "model by part of its name": ("- model: alpha\n  operations: {t: {exec: echo a}}\n- model: beta\n  operations: {t: {exec: echo b}}\n", "bet:t"),
    "flags of all kinds": ("t:\n  exec: echo ${flag_args}\n  flags: {i: 1, f: 1e-3, s: text, b: yes, n: null, l: a b, q: '1', o: 0777, d: 1:30}\n", "t"),
    "flag attributes": ("t:\n  exec: echo ${flag_args}\n  flags:\n    a: {default: 1, description: 'A flag\\n\\nMore about it', type: int, min: 0, max: 5}\n"
                        "    b: {required: yes, default: x, null-label: none}\n    c: {type: float, default: 2, arg-name: see}\n"
                        "    d: {default: yes, arg-switch: yes}\n    e: {default: a b, arg-split: yes}\n"
                        "    g: {default: 1, arg-skip: yes, env-name: GG}\n    h: {null-label: nothing}\n", "t"),
    "choices": ("t:\n  exec: echo ${flag_args}\n  flags:\n    c: {default: a, choices: [a, b]}\n"
                "    d: {default: 1, choices: [{value: 1, description: One}, {value: 2, description: Two, alias: zwei}], allow-other: yes}\n", "t"),
    "choice flags": ("t:\n  exec: echo ${flag_args}\n  flags:\n    size: {choices: [{value: 9, alias: big, flags: {n: 5}}], default: 1, allow-other: yes}\n    n: 1\n", "t"),
    "arg-encoding": ("t:\n  exec: echo ${flag_args}\n  flags:\n    b: {default: yes, arg-encoding: {yes: 'on', no: 'off'}}\n", "t"),
    "extends": ("- config: a\n  operations: {t: {exec: 'echo ${flag_args}', flags: {x: 1, y: 2}}}\n- model: m\n  extends: a\n"
                "  operations: {t: {flags: {x: 3}}, u: {exec: echo}}\n", "t"),
    "extends several": ("- config: a\n  description: From a\n  operations: {t: {exec: echo a, flags: {x: 1}}}\n"
                        "- config: b\n  operations: {t: {exec: echo b, label: b, flags: {y: 1}}}\n- model: m\n  extends: [a, b]\n", "t"),
    "diamond": ("- config: top\n  operations: {t: {exec: echo, flags: {x: 1, y: 1, z: 1}}}\n- config: a\n  extends: top\n  operations: {t: {flags: {y: 2}}}\n"
                "- config: b\n  extends: top\n  operations: {t: {flags: {z: 3}}}\n- model: m\n  extends: [a, b]\n", "t"),
    "extends a model": ("- model: a\n  operations: {t: {exec: echo a, flags: {x: 1}}}\n- model: b\n  extends: a\n  operations: {t: {flags: {x: 2}}}\n", "b:t"),
    "long and short flags merged": ("- config: a\n  operations: {t: {exec: echo, flags: {x: {default: 1, choices: [1, 5]}, y: 2}}}\n"
                                    "- model: m\n  extends: a\n  operations: {t: {flags: {x: 5, y: {min: 1}}}}\n", "t"),
    "params": ("- config: c\n  params: {n: 1, greet: 'hi {{n}}'}\n  operations: {t: {exec: 'echo {{greet}}', flags: {n: '{{n}}', s: 'v{{n}}'}, description: 'For {{n}}'}}\n"
               "- model: m\n  extends: c\n  params: {n: 2}\n", "t"),
    "params of types": ("- model: m\n  params: {a: yes, f: 1e-3, n: null, l: [1, 2]}\n"
                        "  operations: {t: {exec: echo, flags: {a: '{{a}}', f: '{{f}}', n: '{{n}}', s: 'x {{l}} {{a}} {{n}} {{none}}'}}}\n", "t"),
    "include of flags": ("- config: c\n  flags: {lr: 0.1, n: 5, act: {default: relu, choices: [relu, tanh]}}\n"
                         "- model: m\n  operations: {t: {exec: echo, flags: {$include: c, n: 7}}, u: {exec: echo, flags: {$include: 'c#act'}}}\n", "t"),
    "include of a list": ("- config: a\n  flags: {x: 1, y: 1}\n- config: b\n  flags: {x: 2}\n- model: m\n  operations: {t: {exec: echo, flags: {$include: [a, b]}}}\n", "t"),
    "include of an operation's flags": ("- model: m\n  operations: {t: {exec: echo, flags: {$include: 'm:u', b: 1}}, u: {exec: echo, flags: {a: 2}}}\n", "t"),
    "include of operations": ("- config: c\n  operations: {t: {exec: echo t, flags: {x: 1}}, u: {exec: echo u}}\n- model: m\n  operations: {$include: c, t: {label: mine}}\n", "t"),
    "included data is raw": ("- config: c\n  flags: {y: '{{a}}'}\n- model: m\n  params: {a: 1}\n  operations: {t: {exec: echo, flags: {$include: c}}}\n", "t"),
    "include of resources": ("- config: c\n  resources: {r: {description: A resource, sources: [file: data.txt]}}\n"
                             "- model: m\n  resources: {$include: c}\n  operations: {t: {exec: cat data.txt, requires: r}}\n", "t"),
    "operation defaults": ("- model: m\n  operation-defaults: {label: by default, flags: {x: 1}}\n  operations: {t: {exec: echo}, u: {exec: echo, flags: {y: 1}}}\n", "t"),
    "inherited defaults": ("- config: c\n  operation-defaults: {tags: a, flags: {x: 1}}\n- model: m\n  extends: c\n  operation-defaults: {label: l, flags: {y: 2}}\n"
                           "  operations: {t: {exec: echo}}\n", "t"),
    "label and tags": ("t: {exec: echo, label: 'x=${x} ${default_label}', tags: [a, b], flags: {x: 1, y: text}}\n", "t"),
    "default-flag-arg-skip": ("t: {exec: 'echo ${flag_args}', default-flag-arg-skip: yes, flags: {x: 1, y: {default: 2, arg-skip: no}}}\n", "t"),
    "included file": ("- include: more.yml\n- model: m\n  extends: c\n", "m:t"),
    "included files of files": ("- include: [sub/a.yml]\n- model: m\n  operations: {t: {exec: echo}}\n", "b:u"),
    "references": ("- model: m\n  references: [one, two]\n  operations: {t: {exec: echo}}\n", "t"),
    "anchors and merge keys": ("- config: a\n  operations:\n    t: &t {exec: echo, flags: &f {x: 1, y: 2}}\n"
                               "- model: m\n  operations:\n    t: {<<: *t, label: l}\n    u: {exec: echo, flags: {<<: *f, y: 3}}\n", "u"),
    "package item": ("- package: gpkg.p\n  version: 1.0\n- model: m\n  operations: {t: {exec: echo}}\n", "t"),
    "flags imported": ("t: {main: script, flags-import: all, flags: {lr: {description: Rate}}}\n", "t"),
    "flags imported by name": ("t: {main: script, flags-import: [lr]}\n", "t"),
    "flags not imported": ("t: {main: script, flags-import: no, flags: {lr: 5}}\n", "t"),
    "flags skipped": ("t: {main: script, flags-import: all, flags-import-skip: [steps]}\n", "t"),
    "env": ("t: {exec: 'sh -c \"echo $A $FLAG_X\"', env: {A: 'a${x}'}, flags: {x: 1}}\n", "t"),
    "compare and unknown names": ("t: {exec: echo, compare: [loss, =x], mine: 1, flags: {x: {default: 1, other: 2}}}\n", "t"),
}
FILES = {
    "more.yml": "- config: c\n  operations: {t: {exec: echo, flags: {x: 1}}}\n- model: other\n  operations: {z: {exec: echo}}\n",
    "sub/a.yml": "- include: b.yml\n",
    "sub/b.yml": "- model: b\n  operations: {u: {exec: echo u}}\n",
    "data.txt": "data\n",
    "script.py": "lr = 0.1\nsteps = 10\nprint(lr, steps)\n",
}


def questions(op):
    yield ["ops"]
    yield ["ops", "-a"]
    yield ["models"]
    if op is None:
        return
    words = [op] if op else []
    yield ["run", *words, "--help-op"]
    yield ["run", *words, "--help-model"]
    yield ["run", *words, "--test-flags"]
    yield ["run", *words, "-y"]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """(project, question) -> (code, output) of 0.9.0; the directories; attributes of the runs of 0.9.0."""
    if not ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = tmp_path_factory.mktemp("projects")
    jobs, keys = [], []
    for i, (name, (text, op)) in enumerate(PROJECTS.items()):
        project = folder / f"p{i}"
        for path, content in {**FILES, "guild.yml": text}.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(content)
        home = folder / f"theirs{i}"
        home.mkdir()
        (folder / f"ours{i}").mkdir()
        for words in questions(op):
            jobs.append([str(project), ["-H", str(home), *words]])
            keys.append((name, tuple(words)))
    env = {k: v for k, v in os.environ.items() if not k.startswith("GUILD_")}
    env.update(LC_ALL="C.UTF-8", NO_WARN_FLAGS_IMPORT="1")
    drive = pathlib.Path(__file__).with_name("reference_drive.py")
    done = subprocess.run([str(ORACLE.parent / "python"), str(drive)], input=json.dumps(jobs), env=env,
                          stdout=subprocess.PIPE, text=True, check=True)
    return folder, dict(zip(keys, json.loads(done.stdout)))


def last_run(home):
    runs = [p for p in (home / "runs").iterdir() if (p / ".guild" / "opref").exists()]
    assert len(runs) == 1
    attrs = runs[0] / ".guild" / "attrs"
    return {name: yaml.safe_load((attrs / name).read_text()) for name in ["flags", "label", "tags"] if (attrs / name).exists()}


def same_lines(text):
    lines = [line.rstrip() for line in text.splitlines() if not line.startswith("Refreshing flags")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


@pytest.mark.parametrize("name", PROJECTS)
def test_project(answers, name):
    folder, theirs = answers
    i = list(PROJECTS).index(name)
    op = PROJECTS[name][1]
    env = {k: v for k, v in os.environ.items() if not k.startswith("GUILD_")}
    env.update(LC_ALL="C.UTF-8", NO_WARN_FLAGS_IMPORT="1")
    for words in questions(op):
        code, output = theirs[name, tuple(words)]
        done = subprocess.run([GUILD, "-H", str(folder / f"ours{i}"), *words], cwd=folder / f"p{i}", env=env,
                              capture_output=True, text=True, check=False)
        assert code == done.returncode == 0, (words, code, output, done.stderr)
        assert same_lines(done.stdout) == same_lines(output), words
    if op is not None:
        assert last_run(folder / f"ours{i}") == last_run(folder / f"theirs{i}")
