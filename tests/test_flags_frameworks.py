"""Flags of the scripts in the source packages of five frameworks, fetched when the test runs.

Most of their imports are missing here, so Python's own ast is the judge of what their sources say; Guild AI 0.9.0 is
compared where it needs no import.
"""

import ast
import json
import os
import shutil
import subprocess

import pytest

import flags_reference
from flags_reference import ROOT
from test_flags_detection import detect, normal

PIP = ROOT / ".venv" / "oracle" / "bin" / "pip"
PACKAGES = [
    "Lasagne==0.1",
    "deap==1.3.3",
    "face_recognition==1.3.0",
    "pytorch-pretrained-bert==0.6.2",
    "tensor2tensor==1.15.7",
]
REFERENCE_SCRIPTS = 6  # of each package; it takes seconds a script
SKIPPED_ACTIONS = {"append", "append_const", "const", "count", "extend", "help", "store_const", "version"}


@pytest.fixture(scope="module", params=PACKAGES)
def package(request, tmp_path_factory):
    """The unpacked source package."""
    if not PIP.exists():
        pytest.skip("the private Python environment .venv/oracle is not there")
    folder = tmp_path_factory.mktemp("package")
    done = subprocess.run(
        [PIP, "download", "-q", "--disable-pip-version-check", "--no-deps", "--no-binary", ":all:",
         "--no-build-isolation", "-d", folder, request.param],
        capture_output=True, text=True, timeout=300, check=False,
    )
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode != 0 or not archives:
        pytest.skip(f"{request.param} cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "tree").mkdir()
    subprocess.run(["tar", "-xzf", archives[0], "-C", folder / "tree"], check=True)
    return folder / "tree"


def scripts_of(tree):
    """Files that are run: they have a main guard, or lie in a folder of examples."""
    found = []
    for path in sorted(tree.rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "__main__" in text or "examples" in path.parts:
            found.append(path)
    return found


def parse(path):
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError:
        return None


def imported_names(tree):
    """The rule of the reference: every import, wherever it is."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(alias.name for alias in node.names)
            if node.module and not node.level:
                names.add(node.module)
    return names


def is_literal(node):
    if isinstance(node, ast.Constant):
        return node.value is None or isinstance(node.value, (bool, int, float, str))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
        return isinstance(node.operand, ast.Constant) and isinstance(node.operand.value, (int, float))
    return isinstance(node, ast.List) and all(map(is_literal, node.elts))


def literal_globals(tree):
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.col_offset == 0 and is_literal(node.value):
            names.update(t.id for t in node.targets if isinstance(t, ast.Name))
    return {name for name in names if not name.startswith("_")}


def declared_options(tree):
    """First long names in add_argument calls of actions that make flags."""
    names = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr != "add_argument":
            continue
        action = [k.value for k in node.keywords if k.arg == "action"]
        if action and getattr(action[0], "value", None) in SKIPPED_ACTIONS:
            continue
        words = [a.value for a in node.args if isinstance(a, ast.Constant)]
        longs = [w[2:] for w in words if isinstance(w, str) and w.startswith("--")]
        names.update(longs[:1])
    return names


def defined_flags(tree):
    """Names in DEFINE_… calls outside functions."""
    names = set()
    for node in tree.body:
        call = getattr(node, "value", None)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            if call.func.attr.startswith("DEFINE_") and isinstance(call.args[0], ast.Constant):
                names.add(call.args[0].value)
    return names


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.differential
def test_scripts_of_a_framework(package, tmp_path):
    scripts = scripts_of(package)
    assert scripts
    answers = detect(scripts, python=None)
    assert len(answers) == len(scripts)
    compared = []
    for path, answer in zip(scripts, answers):
        tree = parse(path)
        if tree is None:
            continue
        names = set(answer["flags"])
        if answer["library"] == "globals":
            assert names == literal_globals(tree), path
            if not imported_names(tree) & {"argparse", "click"}:
                compared.append((path, answer))
        elif answer["library"] == "argparse":
            assert names == declared_options(tree), path
        elif answer["library"] == "absl":
            assert names >= defined_flags(tree), path
        assert answer["flags-dest"] in ("args", "args:click", "globals"), path
    if flags_reference.ORACLE.exists():
        with_flags = [pair for pair in compared if pair[1]["flags"]]
        for path, answer in with_flags[:REFERENCE_SCRIPTS]:
            assert reference_of(path, tmp_path) == normal(answer), path


def reference_of(path, tmp_path):
    """What Guild AI 0.9.0 finds in one script that it need not run."""
    project = tmp_path / "project"
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir()
    (tmp_path / "home").mkdir(exist_ok=True)
    shutil.copy(path, project)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GUILD_", "FLAG_"))}
    env.update(GUILD_HOME=str(tmp_path / "home"), NO_COLOR="1", LC_ALL="C.UTF-8")
    done = subprocess.run(
        [str(flags_reference.ORACLE), "run", path.name, "--test-flags", "-y"], cwd=project, env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, check=False,
    )
    return normal(json.loads(json.dumps(flags_reference.read_answer(done.stdout), default=str)))
