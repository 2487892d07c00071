"""Every check of scripts/lint.py finds what it is there to find."""

import importlib.util
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

ARCHITECTURE = """## Rooms

```
cmd/   commands (knows: everything below)
flags/ values (knows: formats)
run/   runs (knows: formats)
formats/ files (knows: base)
base/  ground (knows: libc)
```
"""


@pytest.fixture
def lint(tmp_path):
    """The lint module over a small clone of its own."""
    spec = importlib.util.spec_from_file_location("lint", ROOT / "scripts" / "lint.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ROOT = tmp_path
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "architecture.md").write_text(ARCHITECTURE)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "format.sh", tmp_path / "scripts")
    shutil.copy(ROOT / ".clang-format", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for room in ("base", "formats", "flags", "run", "cmd"):
        (tmp_path / "src" / room).mkdir(parents=True)
        (tmp_path / "src" / room / "meson.build").write_text("room_sources = files('a.c')\n")
    (tmp_path / "include" / "guild").mkdir(parents=True)
    return module


def write(lint, name, text):
    (lint.ROOT / name).write_text(text)


@pytest.mark.parametrize("include, is_found", [
    ('#include "guild/base.h"\n', False),
    ('#include <guild/formats.h>\n', False),
    ('#include "guild/flags.h"\n', False),
    ('#include "guild/version.h"\n', False),
    ('#include <stdio.h>\n', False),
    ('#include "guild/run.h"\n', True),
    ('#include <guild/cmd.h>\n', True),
    ('#include "../run/run_private.h"\n', True),
])
def test_includes_only_point_down(lint, include, is_found):
    write(lint, "src/flags/a.c", include)
    assert bool(lint.check_includes()) == is_found


def test_a_header_may_not_know_a_higher_room(lint):
    write(lint, "include/guild/base.h", "#include <guild/run.h>\n")
    assert lint.check_includes() == ["include/guild/base.h:1: base may not know 'run'"]


@pytest.mark.parametrize("line, is_found", [
    ("strcpy(a, b);", True),
    ("x = atoi(text);", True),
    ("x = strtod(text, NULL);", True),
    ("setlocale(LC_ALL, \"\");", True),
    ("my_strcpy(a, b);", False),
    ("ops->system(x);", False),
    ("/* strcpy(a, b) */", False),
    ("puts(\"strcpy(a, b)\");", False),
])
def test_forbidden_functions(lint, line, is_found):
    write(lint, "src/cmd/a.c", line + "\n")
    assert bool(lint.check_functions()) == is_found


def test_only_commands_print(lint):
    write(lint, "src/cmd/a.c", "printf(x);\n")
    assert lint.check_printing() == []
    write(lint, "src/run/a.c", "\nfputs(x, stderr);\nexit(1);\n")
    assert len(lint.check_printing()) == 2


def test_an_unlisted_file_is_found(lint):
    write(lint, "src/run/a.c", "")
    assert lint.check_lists() == []
    write(lint, "src/run/forgotten_test.c", "")
    assert lint.check_lists() == ["src/run/forgotten_test.c: in no list of a meson.build"]


@pytest.mark.parametrize("text", [
    "int a;\n" * 801,
    "/* TO" "DO: later */\n",
    "char *p = \"/ro" "ot/x\";\n",
    "/* see py" "pi.org */\n",
])
def test_files(lint, text):
    write(lint, "src/run/a.c", "int a;\n")
    assert lint.check_files() == []
    write(lint, "src/run/a.c", text)
    assert len(lint.check_files()) == 1


@pytest.mark.parametrize("root,found", [
    ("/tmp/fresh/guild", {"/tmp/fresh/guild/"}),
    ("/data", set()),
    ("/home/me/guild", {"/home/me/guild/"}),
])
def test_places_of_this_machine(lint, root, found):
    lint.ROOT = pathlib.Path(root)
    assert set(lint.places_of_this_machine()) == found | {"/ro" "ot/"}


def test_format(lint):
    if not shutil.which("clang-format-14"):
        pytest.skip("clang-format-14 is not installed")
    write(lint, "src/run/a.c", "int a;\n")
    assert lint.check_format() == []
    write(lint, "src/run/a.c", "int   a;\n")
    assert lint.check_format() == ["src/run/a.c: not formatted (make format)"]


def test_headers_compile_alone(lint):
    write(lint, "include/guild/base.h", "#include <stddef.h>\nsize_t guild_x(void);\n")
    assert lint.check_headers() == []
    write(lint, "include/guild/base.h", "size_t guild_x(void);\n")
    assert any("does not compile alone with gcc" in line for line in lint.check_headers())


@pytest.mark.parametrize("row, is_found", [
    ("libx static MIT Debian\n", False),
    ("libx shared MIT Debian\n", True),
    ("libx static GPL-3.0 Debian\n", True),
    ("libx static LGPL-2.1-or-later Debian\n", True),
    ("liby static MIT Debian\n", True),
])
def test_licences(lint, monkeypatch, row, is_found):
    monkeypatch.setattr(lint, "linked_libraries", lambda: {"libx": "static"})
    write(lint, "NOTICE", row)
    assert bool(lint.check_licences()) == is_found


def test_loaded_libraries_need_a_row(lint, monkeypatch):
    monkeypatch.setattr(lint, "linked_libraries", lambda: {})
    write(lint, "NOTICE", "libx loaded MIT Debian\n")
    write(lint, "src/run/a.c", 'dlopen("libx.so.4", 0);\n')
    assert lint.check_licences() == []
    write(lint, "src/run/a.c", 'dlopen("liby.so.4", 0);\n')
    assert lint.check_licences() == ["NOTICE: liby is loaded by src/run/a.c and has no row"]
