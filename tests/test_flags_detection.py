"""Flags found in scripts, beside what Guild AI 0.9.0 finds, and beside what the libraries say themselves."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import flags_reference
from flags_reference import CORPUS, MORE_CASES, ROOT, cases

BUILD = pathlib.Path(os.environ.get("GUILD_BIN", ROOT / "build" / "guild")).parent
DETECT = BUILD / "tests" / "detect_flags"
# Cases where our answer is another one: why, and what it is.
DIFFERENT = json.loads((CORPUS / "different.json").read_text())


def detect(scripts, *options, python=sys.executable):
    """The answers for some scripts, in order; python None: never ask the script."""
    asking = ["--python", python] if python else []
    done = subprocess.run(
        [str(DETECT), *asking, *options, *map(str, scripts)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def detect_case(case, **kwargs):
    _, script, base, dest = case
    options = ["--dest", dest] if dest else []
    for word in base:
        options += ["--base", word]
    return detect([CORPUS / script], *options, **kwargs)[0]


def normal_path(value):
    """Our path defaults are absolute, the reference lists them as written."""
    if not isinstance(value, str) or "/" not in value:
        return value
    value = value.replace("TMP/project", str(CORPUS))
    if value.startswith(f"{CORPUS}/"):
        return os.path.relpath(value, CORPUS)
    return os.path.normpath(value) if (CORPUS / value).exists() else value


def normal_flag(flag):
    """Without what is not set, and with one spelling of infinity."""
    flag = {k: v for k, v in (flag or {}).items() if v is not None and (k, v) != ("required", False)}
    if "default" in flag:
        flag["default"] = normal_path(flag["default"])
        if flag["default"] == "Infinity":
            flag["default"] = float("inf")
    return flag


def normal(answer):
    return {
        "flags-dest": answer.get("flags-dest"),
        "flags": {name: normal_flag(flag) for name, flag in answer.get("flags", {}).items()},
        "error": "error" in answer,
    }


def expected_answer(name, reference):
    """The reference's answer with the listed differences applied."""
    different = DIFFERENT.get(name)
    wanted = normal(reference)
    if different is None:
        return wanted
    assert different["why"]
    if "flags-dest" in different:
        wanted["flags-dest"] = different["flags-dest"]
        wanted["error"] = False
    if different.get("only"):
        wanted["flags"] = {}
    for flag, value in different.get("flags", {}).items():
        if value is None:
            wanted["flags"].pop(flag, None)
        else:
            wanted["flags"][flag] = normal_flag(value)
    return wanted


@pytest.fixture(scope="module")
def answers():
    """Our answers to all cases: the plain ones by one process."""
    more = {case[0] for case in MORE_CASES}
    plain = [case for case in cases() if case[0] not in more]
    found = detect([CORPUS / case[1] for case in plain])
    out = {case[0]: answer for case, answer in zip(plain, found)}
    out.update({case[0]: detect_case(case) for case in MORE_CASES})
    return out


REFERENCE = json.loads(flags_reference.FIXTURE.read_text())


@pytest.mark.parametrize("name", [case[0] for case in cases()])
def test_as_the_reference(name, answers):
    answer = normal(answers[name])
    wanted = expected_answer(name, REFERENCE[name])
    if wanted["error"]:
        assert answer["error"]
        assert "flags" not in answers[name]
    else:
        assert answer == wanted


def test_differences_are_of_cases():
    assert set(DIFFERENT) <= {case[0] for case in cases()}


def test_every_script_has_an_answer_of_the_reference():
    assert {case[0] for case in cases()} == set(REFERENCE)
    assert len({case[1] for case in cases()}) >= 60


def test_errors_name_the_place(answers):
    error = answers["syntax_error.py"]["error"]
    assert error.splitlines()[0].startswith(f"{CORPUS}/syntax_error.py:3:6: ")
    assert error.splitlines()[1:] == ["    lr = = 0.1", "         ^"]
    assert "syntax_error_indent.py:3:1: " in answers["syntax_error_indent.py"]["error"]
    assert "syntax_error_python2.py:2:1: " in answers["syntax_error_python2.py"]["error"]
    assert "syntax_error_open.py:2:5: " in answers["syntax_error_open.py"]["error"]
    assert "syntax_error_nul.py:2: " in answers["syntax_error_nul.py"]["error"]


def test_errors_without_an_interpreter():
    names = ["syntax_error.py", "syntax_error_indent.py", "syntax_error_open.py"]
    lines = [3, 2, 2]
    for name, line, answer in zip(names, lines, detect([CORPUS / n for n in names], python=None)):
        assert answer["error"].startswith(f"{CORPUS}/{name}:{line}:")


def test_only_the_undecided_are_asked(answers):
    asked = {name for name, answer in answers.items() if answer.get("asked")}
    assert asked == {"argparse_computed.py", "argparse_conditional.py"}


def test_missing_imports_warn_of_nothing(answers):
    for name in ("argparse_missing_import.py", "pytorch_mnist.py", "click_missing_import.py"):
        assert answers[name]["warnings"] == []


def test_what_cannot_be_asked_is_told(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse, nobody_has_this\n"
        "p = argparse.ArgumentParser()\n"
        "p.add_argument('--known', type=int, default=1)\n"
        "p.add_argument('--device', default=nobody_has_this.device())\n"
        "p.parse_args()\n"
    )
    answer = detect([script])[0]
    assert answer["flags"] == {"device": {}, "known": {"default": 1, "type": "int"}}
    assert len(answer["warnings"]) == 1
    assert "a default is computed" in answer["warnings"][0]
    assert "No module named 'nobody_has_this'" in answer["warnings"][0]


def test_the_script_goes_no_further_than_its_parser(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse, pathlib, platform, sys\n"
        "print('noise'); print('noise', file=sys.stderr)\n"
        "p = argparse.ArgumentParser(add_help=False)\n"
        "p.add_argument('--where', default=platform.system())\n"
        "a = p.parse_args()\n"
        "pathlib.Path(__file__).with_name('started').touch()\n"
    )
    answer = detect([script])[0]
    assert answer["asked"]
    assert answer["flags"] == {"where": {"default": "Linux"}}
    assert not (tmp_path / "started").exists()


def test_a_module_of_a_package(tmp_path):
    package = tmp_path / "pkg" / "sub"
    package.mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (tmp_path / "pkg" / "options.py").write_text(
        "import argparse\n"
        "def make():\n"
        "    p = argparse.ArgumentParser()\n"
        "    p.add_argument('--x', type=int, default=1)\n"
        "    return p\n"
    )
    script = package / "train.py"
    script.write_text(
        "import argparse\nfrom ..options import make\np = make()\n"
        "p.add_argument('--y', default=2)\np.parse_args()\n"
    )
    for options in ([], ["--ask"]):
        answer = detect([script], "--module", "pkg.sub.train", "--cwd", tmp_path, *options)[0]
        assert answer["flags"] == {"x": {"default": 1, "type": "int"}, "y": {"default": 2}}


def test_cache(tmp_path):
    script = tmp_path / "train.py"
    helper = tmp_path / "options.py"
    cache = tmp_path / "cache"
    helper.write_text("LR = 0.1\n")
    script.write_text(
        "import argparse, os\nfrom options import LR\n"
        "p = argparse.ArgumentParser()\n"
        "p.add_argument('--lr', type=float, default=LR)\n"
        "p.add_argument('--inf', type=float, default=float('inf'), choices=[1, None, 'a'])\n"
        "p.add_argument('--big', type=int, default=99999999999999999999)\n"
        "p.parse_args()\n"
    )

    def ask(*options):
        answer = detect([script], "--cache", cache, *options)[0]
        return answer.pop("from-cache"), {k: v for k, v in answer.items() if k != "us"}

    first = ask()
    assert first[0] is False
    assert ask() == (True, first[1])
    entries = list(cache.iterdir())
    assert len(entries) == 1

    # Another request is another entry.
    assert ask("--dest", "globals")[0] is False
    assert ask("--base", "x")[0] is False
    assert len(list(cache.iterdir())) == 3

    # A damaged entry is none.
    whole = entries[0].read_text()
    for text in ("", "{", whole[: len(whole) // 2], "[]", '{"flags": 3}', "\0" * 40):
        entries[0].write_text(text)
        assert ask() == (False, first[1])
        assert ask() == (True, first[1])

    # A module that was consulted counts, and so does one that was not there.
    helper.write_text("LR = 0.5\n")
    is_cached, changed = ask()
    assert not is_cached and changed["flags"]["lr"]["default"] == 0.5
    (tmp_path / "options").mkdir()
    (tmp_path / "options" / "__init__.py").write_text("LR = 0.7\n")
    is_cached, changed = ask()
    assert not is_cached and changed["flags"]["lr"]["default"] == 0.7

    # The text of the script counts, not its time.
    assert ask()[0] is True
    os.utime(script, (1, 1))
    assert ask()[0] is True
    script.write_text(script.read_text().replace("--big", "--huge"))
    is_cached, changed = ask()
    assert not is_cached and "huge" in changed["flags"]


def test_cache_knows_the_environment(tmp_path, monkeypatch):
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse, os\np = argparse.ArgumentParser()\n"
        "p.add_argument('--dir', default=os.environ.get('GUILD_TEST_DIR', 'd'))\np.parse_args()\n"
    )
    for value, is_cached in (("a", False), ("a", True), ("b", False)):
        monkeypatch.setenv("GUILD_TEST_DIR", value)
        answer = detect([script], "--cache", tmp_path / "cache")[0]
        assert (answer["flags"]["dir"]["default"], answer["from-cache"]) == (value, is_cached)


def test_a_failed_question_is_kept_until_something_is_installed(tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    script = tmp_path / "train.py"
    script.write_text(
        "import argparse\nimport not_yet\np = argparse.ArgumentParser()\n"
        "p.add_argument('--x', default=not_yet.value())\np.parse_args()\n"
    )
    first = detect([script], "--cache", tmp_path / "cache")[0]
    again = detect([script], "--cache", tmp_path / "cache")[0]
    assert again["from-cache"] and again["warnings"] == first["warnings"] != []
    (tmp_path / "not_yet.py").write_text("def value():\n    import platform\n    return platform.system()\n")
    now = detect([script], "--cache", tmp_path / "cache")[0]
    assert now["asked"] and now["flags"]["x"]["default"] == "Linux" and now["warnings"] == []


def large_script(size):
    """A script of some hundred options and as many functions as fill the size."""
    lines = ["import argparse", "", "parser = argparse.ArgumentParser()"]
    for i in range(200):
        kind, default = [("int", i), ("float", i / 10), ("str", f"'v{i}'")][i % 3]
        lines.append(f'parser.add_argument("--option-{i}", type={kind}, default={default})')
    number = 0
    while sum(map(len, lines)) + len(lines) < size:
        lines += [
            "", "", f"def function_{number}(first, second=None, *args, **kwargs):",
            f'    """Does step {number}."""',
            "    for value in [x * 2 for x in range(first)]:",
            "        if value % 3 == 0 and second is not None:",
            f"            kwargs['k{number}'] = value + {number}",
            "    return kwargs",
        ]
        number += 1
    return "\n".join(lines + ["", "", "parser.parse_args()", ""])


def test_large_script(tmp_path):
    script = tmp_path / "large.py"
    script.write_text(large_script(99_000))
    flags = detect([script], python=None)[0]["flags"]
    assert len(flags) == 200
    assert flags["option-4"] == {"default": 0.4, "type": "float"}


@pytest.mark.slow
@pytest.mark.differential
def test_the_kept_answers_are_the_references():
    """Asks Guild AI 0.9.0 about everything once more."""
    if not flags_reference.ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    now = flags_reference.ask_all()
    changing = {"argparse_objects.py", "click_flags_on.py"}  # the time, an address in memory
    for name, answer in now.items():
        if name not in changing:
            answer = json.loads(json.dumps(answer, default=str))
            assert normal(answer) == normal(REFERENCE[name]), name


LIBRARY_PYTHON = ROOT / ".venv" / "libraries" / "bin" / "python"


@pytest.fixture(scope="module")
def library_python():
    done = subprocess.run([ROOT / "scripts" / "venv.sh", "libraries"], check=False)
    if done.returncode != 0:
        pytest.skip("the libraries of arguments cannot be installed here (no registry?)")
    return str(LIBRARY_PYTHON)


@pytest.mark.slow
@pytest.mark.registry
def test_sources_say_what_the_libraries_say(library_python):
    """Every script that can run is asked as well; its own parser must agree with what was read."""
    compared = set()
    for case in cases():
        if case[3] or case[1].startswith(("globals", "syntax")):
            continue
        read = detect_case(case, python=library_python)
        _, script, base, _ = case
        words = [w for word in base for w in ("--base", word)]
        asked = detect([CORPUS / script], "--ask", *words, python=library_python)[0]
        if not asked.get("asked"):
            continue
        assert asked["flags"] == read["flags"], case[0]
        compared.add(read["library"])
    assert compared == {"argparse", "click", "absl", "typer", "fire", "dataclass"}
