"""What Guild AI 0.9.0 finds in the scripts of tests/flags_corpus.

As a program: asks it about every case and rewrites tests/flags_corpus/reference.json.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "flags_corpus"
FIXTURE = CORPUS / "reference.json"
ORACLE = ROOT / ".venv" / "oracle" / "bin" / "guild"

# Scripts with base arguments or a destination: (name, script, base arguments, flags-dest).
MORE_CASES = [
    ("argparse_subcommands.py train", "argparse_subcommands.py", ["train"], None),
    ("argparse_subcommands.py fit", "argparse_subcommands.py", ["fit"], None),
    ("argparse_subcommands.py --level 3 test", "argparse_subcommands.py", ["--level", "3", "test"], None),
    ("argparse_subcommands.py deep deeper", "argparse_subcommands.py", ["deep", "deeper"], None),
    ("click_group.py train", "click_group.py", ["train"], None),
    ("click_group.py ev-al", "click_group.py", ["ev-al"], None),
    ("click_group.py two-words", "click_group.py", ["two-words"], None),
    ("click_group.py sub", "click_group.py", ["sub"], None),
    ("click_group.py sub deeper", "click_group.py", ["sub", "deeper"], None),
    ("typer_app.py train", "typer_app.py", ["train"], None),
    ("typer_app.py ev-al", "typer_app.py", ["ev-al"], None),
    ("typer_app.py users create", "typer_app.py", ["users", "create"], None),
    ("fire_class.py fit", "fire_class.py", ["fit"], None),
    ("fire_class.py --lr 3 test", "fire_class.py", ["--lr", "3", "test"], None),
    ("globals_namespace.py global:p", "globals_namespace.py", [], "global:p"),
    ("globals_namespace.py dict:p", "globals_namespace.py", ["x"], "dict:p"),
    ("globals_namespace.py namespace:ns", "globals_namespace.py", ["x", "y"], "namespace:ns"),
    ("globals_namespace.py global:other", "globals_namespace.py", ["z"], "global:other"),
    ("argparse_actions.py globals", "argparse_actions.py", [], "globals"),
    ("globals_literals.py args", "globals_literals.py", [], "args"),
]


def cases():
    """(name, script, base arguments, flags-dest) of every case."""
    scripts = sorted(p.name for p in CORPUS.glob("*.py"))
    return [(name, name, [], None) for name in scripts] + MORE_CASES


class Loader(yaml.SafeLoader):
    """What the reference prints is typed by its own rules; floats such as 1e-05 come with a dot anyway."""


Loader.add_constructor(
    "tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node)
)


def read_answer(text):
    """The flags in the output of guild run --test-flags, or the reason why there are none."""
    found = re.search(r"^\S+ flags imported for dest '([^']*)':\n((?:  .*\n|\n)*)", text, re.M)
    if not found:
        reason = re.search(r"^(?:WARNING|ERROR|guild): (.*)", text, re.M)
        return {"error": reason.group(1) if reason else text.strip().splitlines()[-1]}
    flags = yaml.load(found.group(2), Loader) or {}
    return {"flags-dest": found.group(1), "flags": flags}


def ask(case, guild=ORACLE):
    """Runs the reference over one case in a copy of the corpus."""
    _, script, base, dest = case
    with tempfile.TemporaryDirectory() as folder:
        project = pathlib.Path(folder) / "project"
        home = pathlib.Path(folder) / "home"
        home.mkdir()
        shutil.copytree(CORPUS, project)
        name = script
        if base or dest:
            operation = {"main": " ".join([script[:-3], *base]), "flags-import": "all"}
            if dest:
                operation["flags-dest"] = dest
            (project / "guild.yml").write_text(yaml.safe_dump({"op": operation}))
            name = "op"
        env = {k: v for k, v in os.environ.items() if not k.startswith(("GUILD_", "FLAG_"))}
        env.update(GUILD_HOME=str(home), NO_COLOR="1", LC_ALL="C.UTF-8")
        done = subprocess.run(
            [str(guild), "run", name, "--test-flags", "-y"],
            cwd=project, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120, check=False,
        )
        return read_answer(done.stdout.replace(folder, "TMP"))


def ask_all(wanted=None):
    chosen = [case for case in cases() if wanted is None or case[0] in wanted]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return dict(zip([case[0] for case in chosen], pool.map(ask, chosen)))


def main():
    answers = ask_all()
    FIXTURE.write_text(json.dumps(answers, indent=1, sort_keys=True, default=str) + "\n")
    print(f"{len(answers)} cases written to {FIXTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
