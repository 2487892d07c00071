#!/usr/bin/env python3
"""The checks of make lint: each prints its findings, then 'ok NAME' or 'not ok NAME'.

usage: scripts/lint.py [NAME]...        (all of them without a name)
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import pwd
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = os.cpu_count() or 2
LONGEST_FILE = 800

# Never called: no bounds, hidden state, or a shell in between (docs/style.md).
FORBIDDEN = """strcpy strcat strncpy strncat sprintf vsprintf stpcpy strtok atoi atol atoll atof gets
alloca system popen tmpnam mktemp setjmp longjmp""".split()
# The locale speaks in these; base has the one place that may ask it.
LOCALE = "strtod strtof strtold".split()
# Only commands print and exit.
PRINTING = "printf vprintf puts putchar perror exit quick_exit".split()

FITTING = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "Zlib", "ISC", "Unicode-DFS-2016",
           "blessing", "CC0-1.0", "curl", "libpng-2.0"}
# May be linked or loaded as a shared object, never from an archive.
FITTING_SHARED = FITTING | {"LGPL-2.1-or-later"}
# Only ever loaded where the machine has it; never shipped. libgit2's authors permit linking its compiled
# form into any program, and distributing that, without restriction.
FITTING_LOADED = FITTING_SHARED | {"driver", "LGPL-2.1-only", "GPL-2.0-only-with-linking-exception"}


def tracked(*patterns):
    """Files of the clone that git knows or would take, by pathspec."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
                          cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def c_files():
    return tracked("include/*.h", "src/*.c", "src/*.h", "fuzz/*.c", "fuzz/*.h", "bench/*.c",
                   "docs/*.c")


def code_of(name):
    """A C file's text with comments and string contents blanked, lines kept."""
    text = (ROOT / name).read_text(errors="replace")
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match.group(0)
        if found[0] == "/":
            return "".join("\n" if c == "\n" else " " for c in found)
        return found[0] + " " * (len(found) - 2) + found[0]

    return pattern.sub(blank, text)


def calls(code, names):
    """Yields (line number, name) for calls of functions, not for members or declarations."""
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(names) + r")\s*\(")
    for match in pattern.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, match.group(1)


def check_format():
    done = subprocess.run(["scripts/format.sh", "--check"], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    files = sorted({line.split(":")[0] for line in done.stdout.splitlines() if "error:" in line})
    found = [f"{name}: not formatted (make format)" for name in files]
    if done.returncode != 0 and not found:
        found = done.stdout.splitlines()
    return found


def check_functions():
    found = []
    for name in c_files():
        code = code_of(name)
        for line, function in calls(code, FORBIDDEN):
            found.append(f"{name}:{line}: calls {function}")
        if not name.startswith("src/base/"):
            for line, function in calls(code, LOCALE):
                found.append(f"{name}:{line}: calls {function} (the locale speaks in it; "
                             "use guild_parse_f64)")
        for match in re.finditer(r"setlocale\s*\(\s*LC_(ALL|NUMERIC)", code):
            line = code.count("\n", 0, match.start()) + 1
            found.append(f"{name}:{line}: sets a locale that changes how numbers are written")
    return found


def check_printing():
    found = []
    for name in tracked("src/*.c"):
        if name.startswith("src/cmd/") or name.endswith("_test.c"):
            continue
        code = code_of(name)
        for line, function in calls(code, PRINTING):
            found.append(f"{name}:{line}: calls {function}; only commands print and exit")
        for match in re.finditer(r"\b(stdout|stderr)\b", code):
            line = code.count("\n", 0, match.start()) + 1
            if not name.startswith("src/base/"):
                found.append(f"{name}:{line}: names {match.group(1)}; only commands print")
    return found


def rooms_below():
    """Who may know whom, from docs/architecture.md: {room: set of rooms below it}."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    block = text.split("## Rooms", 1)[1].split("```")[1]
    rooms = []
    direct = {}
    current = []
    for line in block.splitlines():
        names = re.match(r"((?:[a-z]+/[ ]*)+)", line)
        if names:
            current = re.findall(r"([a-z]+)/", names.group(1))
            for room in current:
                rooms.append(room)
                direct[room] = set()
        knows = re.search(r"\(knows: ([^)]*)\)", line)
        if knows:
            for room in current:
                direct[room] = {word.strip() for word in knows.group(1).split(",")}
    for room, known in direct.items():
        if any("everything below" in word for word in known):
            direct[room] = set(rooms[rooms.index(room) + 1:])
        direct[room] &= set(rooms)

    def closure(room, seen):
        for below in direct[room]:
            if below not in seen:
                seen.add(below)
                closure(below, seen)
        return seen

    return {room: closure(room, set()) for room in rooms}


def check_includes():
    below = rooms_below()
    found = []
    for name in tracked("src/*.c", "src/*.h", "include/guild/*.h"):
        parts = name.split("/")
        room = parts[1] if parts[0] == "src" else parts[2][:-2]
        if room == "guild":
            continue
        if room not in below:
            found.append(f"{name}: no room '{room}' in docs/architecture.md")
            continue
        text = (ROOT / name).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
            if not match:
                continue
            included = match.group(1)
            header = re.fullmatch(r"guild/([a-z_]+)\.h", included)
            if header:
                other = header.group(1)
                if other in (room, "version"):
                    continue
                if other not in below[room]:
                    found.append(f"{name}:{number}: {room} may not know '{other}'")
            elif '"' in line and ("/" in included or not (ROOT / name).with_name(included).is_file()):
                found.append(f"{name}:{number}: \"{included}\" is in another folder; "
                             "a room shows its neighbours only guild/ROOM.h")
    return found


def check_headers():
    """Every public header compiles alone, in C and in C++."""
    found = []
    compilers = [["gcc", "-x", "c", "-std=c17"], ["g++", "-x", "c++", "-std=c++11"]]
    flags = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-Iinclude",
             "-Ibuild/include"]
    for name in tracked("include/guild/*.h"):
        for compiler in compilers:
            source = f'#include "guild/{pathlib.Path(name).name}"\n'
            done = subprocess.run([*compiler, *flags, "-"], cwd=ROOT, input=source, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            if done.returncode != 0:
                found.append(f"{name}: does not compile alone with {compiler[0]}")
                found += done.stdout.splitlines()[:5]
    return found


def licences():
    """The table of NOTICE: {library: (linkage, licence)}."""
    table = {}
    for line in (ROOT / "NOTICE").read_text().splitlines():
        match = re.match(r"(lib\S+)\s+(static|shared|loaded)\s+(\S+)\s", line)
        if match:
            table[match.group(1)] = (match.group(2), match.group(3))
    return table


def linked_libraries():
    """{library: 'static' or 'shared'} of build/guild, from its link line and its needed objects."""
    commands = subprocess.run(["ninja", "-C", "build", "-t", "commands", "guild"], cwd=ROOT,
                              stdout=subprocess.PIPE, text=True, check=True).stdout
    link = [line for line in commands.splitlines() if re.search(r" -o guild( |$)", line)][-1]
    linked = {}
    for word in link.split():
        archive = re.search(r"(?:^|/)(lib[^/]+)\.a$", word)
        if archive:
            linked[archive.group(1)] = "static"
        elif word.startswith("-l"):
            linked["lib" + word[2:]] = "shared"
    needed = subprocess.run(["readelf", "-d", "build/guild"], cwd=ROOT, stdout=subprocess.PIPE,
                            text=True, check=True).stdout
    for name in re.findall(r"\(NEEDED\).*\[(lib[^\]]+?)\.so", needed):
        linked[name] = "shared"
    return {k: v for k, v in linked.items() if k != "libguild" and not k.startswith("libguild-")}


def check_licences():
    found = []
    table = licences()
    for library, linkage in sorted(linked_libraries().items()):
        if library not in table:
            found.append(f"NOTICE: {library} is linked and has no row")
        elif table[library][0] != linkage:
            found.append(f"NOTICE: {library} is {linkage}, not {table[library][0]}")
    for name in tracked("src/*.c"):
        for library in re.findall(r'"(lib[\w+-]+)\.so[.\d]*"', (ROOT / name).read_text()):
            if table.get(library, ("",))[0] != "loaded":
                found.append(f"NOTICE: {library} is loaded by {name} and has no row")
    for library, (linkage, licence) in sorted(table.items()):
        fits = {"static": FITTING, "shared": FITTING_SHARED, "loaded": FITTING_LOADED}[linkage]
        if licence not in fits:
            found.append(f"NOTICE: {library} is under {licence}, which does not fit a {linkage} "
                         "library of an Apache-2.0 program")
    for recipe in tracked("subprojects/*.txt"):
        fields = dict(re.findall(r"^(\w+):\s*(.*)$", (ROOT / recipe).read_text(), re.M))
        for key in ("name", "source", "package", "version", "sha256", "licence", "why", "drop"):
            if not fields.get(key):
                found.append(f"{recipe}: no field '{key}'")
        for licence in fields.get("licence", "").split(", "):
            if licence not in FITTING:
                found.append(f"{recipe}: licence {licence} does not fit Apache-2.0")
    return found


def places_of_this_machine():
    """Folders that only this machine has: root's home, and the checkout where it lies deep enough to be no common word.

    What a checkout is below is not asked: in /tmp or /data it would be what many a sentence may name.
    """
    folders = {pathlib.Path(pwd.getpwuid(0).pw_dir)} | ({ROOT} if len(ROOT.parts) > 2 else set())
    return sorted(f"{folder}/" for folder in folders if folder.name)


def check_files():
    """Lengths, left-over notes, and paths or hosts that are true on one machine only."""
    found = []
    place = re.compile(r"(?:^|[\s\"'=(:`])(" + "|".join(map(re.escape, places_of_this_machine())) + ")")
    hosts = re.compile("|".join(h.replace(".", r"\.") for h in (
        "py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org")))
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" in data[:8192] or name.startswith("fuzz/seeds/"):
            continue
        lines = data.decode(errors="replace").splitlines()
        is_code = name.endswith((".c", ".h", ".py", ".sh"))
        if is_code and len(lines) > LONGEST_FILE:
            found.append(f"{name}: {len(lines)} lines, more than {LONGEST_FILE}")
        for number, line in enumerate(lines, 1):
            if is_code and re.search(r"\b(TODO|FIXME|XXX)\b", line) and name != "scripts/lint.py":
                found.append(f"{name}:{number}: a note left behind")
            if place.search(line):
                found.append(f"{name}:{number}: a path of one machine")
            if hosts.search(line):
                found.append(f"{name}:{number}: names a registry host")
    return found


def check_lists():
    """Every C file is listed in a meson.build: an unlisted test would never run."""
    found = []
    for name in tracked("src/*.c", "fuzz/*.c"):
        path = ROOT / name
        if path.parent == ROOT / "fuzz":
            listed = path.stem + "'" in (path.parent / "meson.build").read_text()
        else:
            listed = "'" + path.name + "'" in (path.parent / "meson.build").read_text()
        if not listed and name != "fuzz/replay.c":
            found.append(f"{name}: in no list of a meson.build")
    return found


def check_cppcheck():
    cache = ROOT / "build" / "cppcheck"
    cache.mkdir(exist_ok=True)
    done = subprocess.run(
        ["cppcheck", "-q", "-j", str(JOBS), "--std=c11", "--enable=warning,performance,portability",
         "--inline-suppr", "--error-exitcode=1", f"--cppcheck-build-dir={cache}", "-Iinclude",
         "--suppress=missingIncludeSystem", "--suppressions-list=scripts/cppcheck.txt",
         "--template={file}:{line}: {message} [{id}]", "src"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.splitlines() if done.returncode != 0 else []


def tidy_key(name, common):
    """What the findings of one file depend on: itself, our headers, the checks."""
    digest = hashlib.sha256(common)
    digest.update((ROOT / name).read_bytes())
    for header in sorted((ROOT / name).parent.glob("*.h")):
        digest.update(header.read_bytes())
    return digest.hexdigest()


def check_tidy():
    """clang-tidy over our sources as build-clang compiles them; clean files are remembered.

    Tests go without the static analyser: the sanitizers run them, and it is most of the time.
    """
    commands = json.loads((ROOT / "build-clang" / "compile_commands.json").read_text())
    names = sorted({os.path.relpath((ROOT / "build-clang" / c["file"]).resolve(), ROOT)
                    for c in commands})
    names = [name for name in names if name.startswith(("src/", "fuzz/", "bench/"))]
    common = (ROOT / ".clang-tidy").read_bytes()
    for header in tracked("include/guild/*.h"):
        common += (ROOT / header).read_bytes()
    clean = ROOT / "build-clang" / "tidy-clean"
    clean.mkdir(exist_ok=True)

    def tidy(name):
        mark = clean / tidy_key(name, common)
        if mark.exists():
            return []
        # A third of the time, and each finding so far is found within so many steps.
        checks = [f"--extra-arg={word}" for word in
                  ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=40000")]
        if name.endswith("_test.c"):
            checks = ["--checks=-clang-analyzer-*,-bugprone-suspicious-missing-comma"]
        done = subprocess.run(["clang-tidy-14", "--quiet", *checks, "-p", "build-clang", name],
                              cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        if done.returncode == 0:
            mark.touch()
            return []
        lines = [re.sub(r"^.*?(src|fuzz|bench|include)/", r"\1/", line) for line in done.stdout.splitlines()
                 if ": error:" in line or ": warning:" in line]
        return lines or (done.stdout + done.stderr).splitlines()[-20:]

    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        found = []
        for lines in pool.map(tidy, names):
            found += [line for line in lines if line not in found]
    return found


CHECKS = {
    "format": check_format,
    "functions": check_functions,
    "printing": check_printing,
    "includes": check_includes,
    "headers": check_headers,
    "licences": check_licences,
    "files": check_files,
    "lists": check_lists,
    "cppcheck": check_cppcheck,
    "tidy": check_tidy,
}


def main():
    failed = 0
    for name in sys.argv[1:] or CHECKS:
        found = CHECKS[name]()
        for line in found:
            print(line)
        print(f"not ok {name}" if found else f"ok {name}", flush=True)
        failed += bool(found)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
