#!/usr/bin/env python3
"""Runs the stages of make test, make check and make lint and adds up their counts.

The last line is always 'N passed, N failed, N skipped'.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
JOBS = str(os.cpu_count() or 2)
FAST = "not slow and not differential and not registry and not peers"


class Counts:
    def __init__(self, passed=0, failed=0, skipped=0):
        self.passed = passed
        self.failed = failed
        self.skipped = skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(argv, log=None, env=None, quiet=True):
    """Runs argv in the clone; prints what it said only when it fails or quiet is off."""
    full_env = dict(os.environ, **(env or {}))
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env=full_env,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
        text=True,
        errors="replace",
        check=False,
    )
    if quiet and done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-200:]))
    return done.returncode


def build(folder, options=(), env=None):
    """Configures a build folder where it is not, and builds it: one count."""
    path = ROOT / folder
    if not (path / "build.ninja").exists():
        if run(["meson", "setup", folder, *(options or ["-Dwerror=true"])], env=env) != 0:
            return Counts(failed=1)
    return Counts(passed=1) if run(["ninja", "-C", folder], env=env) == 0 else Counts(failed=1)


def meson_tests(folder, suites, wrapper=None, env=None):
    log = ROOT / folder / "meson-logs" / "testlog.json"
    if wrapper:
        log = log.with_name("testlog-" + pathlib.Path(wrapper[0]).name + ".json")
    log.unlink(missing_ok=True)
    argv = ["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs"]
    for suite in suites:
        argv += ["--suite", suite]
    if wrapper:
        argv += ["--wrapper", " ".join(wrapper), "--timeout-multiplier", "10"]
    code = run(argv, env=env)
    counts = Counts()
    if log.exists():
        for line in log.read_text(errors="replace").splitlines():
            result = json.loads(line)["result"]
            if result in ("OK", "EXPECTEDFAIL"):
                counts.passed += 1
            elif result == "SKIP":
                counts.skipped += 1
            else:
                counts.failed += 1
    if code != 0 and counts.failed == 0:
        counts.failed = 1
    return counts


def say_skips(root):
    """Skips are said aloud: each reason once, with how many tests gave it."""
    reasons = {}
    for case in root.iter("testcase"):
        for skip in case.iter("skipped"):
            reason = skip.get("message") or "no reason given"
            reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        print(f"    skipped {count}: {reason}")


def pytest(name, expression, env=None, prefix=(), jobs=JOBS):
    """Runs the tests of tests/ that the marker expression selects."""
    report = ROOT / "build" / f"pytest-{name}.xml"
    report.unlink(missing_ok=True)
    argv = [*prefix, PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", expression,
            f"--junitxml={report}", "-n", jobs, "tests"]
    code = run(argv, env=env)
    if code == 5:
        return Counts()
    if not report.exists():
        return Counts(failed=1)
    root = xml.etree.ElementTree.parse(report).getroot()
    counts = Counts()
    for suite in root.iter("testsuite"):
        total = int(suite.get("tests", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        counts.add(Counts(total - failed - skipped, failed, skipped))
    say_skips(root)
    if code != 0 and counts.failed == 0:
        counts.failed = 1
    return counts


def guild_env(folder, **more):
    return dict({"GUILD_BIN": str(ROOT / folder / "guild"), "BUILD_DIR": str(ROOT / folder)}, **more)


def lint():
    """Counts the checks of scripts/lint.py, one line 'ok NAME' or 'not ok NAME' each."""
    done = subprocess.run([PYTHON, "scripts/lint.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          errors="replace", check=False)
    counts = Counts()
    for line in done.stdout.splitlines():
        if line.startswith("ok "):
            counts.passed += 1
        elif line.startswith("not ok "):
            counts.failed += 1
            print("   ", line)
        else:
            print("   ", line)
    if done.returncode != 0 and counts.failed == 0:
        counts.failed = 1
    return counts


def sanitizer_env(folder):
    return guild_env(
        folder,
        ASAN_OPTIONS="abort_on_error=0:halt_on_error=1:detect_leaks=1:exitcode=99",
        LSAN_OPTIONS=f"suppressions={ROOT}/scripts/lsan.supp:print_suppressions=0",
        UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1:exitcode=99",
        TSAN_OPTIONS="halt_on_error=1:exitcode=99",
        GUILD_SANITIZED="1",
    )


def sanitize_stages(kinds):
    folder = "build-" + ("asan" if kinds == "address,undefined" else kinds.replace(",", "-"))
    env = sanitizer_env(folder)
    # Without -Werror: gcc warns of things in instrumented code that are not so.
    return [
        (f"{kinds}: build",
         lambda: build(folder, [f"-Db_sanitize={kinds}", "-Db_lundef=false"])),
        (f"{kinds}: unit and seeds",
         lambda: meson_tests(folder, ["unit", "fuzz-seeds"], env=env)),
        (f"{kinds}: end to end", lambda: pytest("sanitized", FAST, env=env)),
    ]


def oracle():
    code = run(["scripts/venv.sh", "oracle"])
    if code != 0:
        print("    skipped: Guild AI 0.9.0 cannot be installed here (no registry?)")
        return Counts(skipped=1)
    return Counts(passed=1)


def no_network():
    """The fast end-to-end tests once more, in a network namespace with nothing but loopback."""
    probe = subprocess.run(["unshare", "-rn", "true"], stderr=subprocess.DEVNULL, check=False)
    if probe.returncode != 0:
        print("    skipped: this machine lets nobody make a network namespace")
        return Counts(skipped=1)
    return pytest("no-network", FAST, env=guild_env("build"), prefix=["unshare", "-rn", "scripts/loopback.py"])


def valgrind():
    wrapper = ["valgrind", "-q", "--error-exitcode=99", "--leak-check=full",
               "--errors-for-leak-kinds=definite", f"--suppressions={ROOT}/scripts/valgrind.supp"]
    # What is statistics alone is left out: it says nothing about memory.
    return meson_tests("build", ["unit"], wrapper=wrapper, env={"GUILD_MEMORY_ONLY": "1"})


TEST = [
    ("build", lambda: build("build")),
    ("unit tests and fuzz seeds", lambda: meson_tests("build", ["unit", "fuzz-seeds"])),
    ("end to end, fast", lambda: pytest("fast", FAST, env=guild_env("build"))),
]

LINT = [
    ("build", lambda: build("build")),
    ("build with clang", lambda: build("build-clang", env={"CC": "clang-14"})),
    ("lint", lint),
]


def check_stages(sanitize):
    return TEST + LINT[1:] + [
        ("unit tests, clang", lambda: meson_tests("build-clang", ["unit", "fuzz-seeds"])),
    ] + sanitize_stages(sanitize or "address,undefined") + [
        ("end to end without network", no_network),
        ("unit tests under valgrind", valgrind),
        ("Guild AI 0.9.0 for comparison", oracle),
        ("end to end, slow", lambda: pytest(
            "slow", "slow and not differential and not peers", env=guild_env("build"))),
        ("differential", lambda: pytest(
            "differential", "differential and not peers", env=guild_env("build"))),
    ]


PEERS = [
    ("build", lambda: build("build")),
    ("Guild AI 0.9.0 for comparison", oracle),
    ("peers", lambda: pytest("peers", "peers", env=guild_env("build"))),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["test", "lint", "check", "peers"])
    parser.add_argument("--sanitize", default="", help="as Meson's b_sanitize")
    args = parser.parse_args()
    stages = {"test": TEST, "lint": LINT, "peers": PEERS}.get(args.what)
    if stages is None:
        stages = check_stages(args.sanitize)
    total = Counts()
    started = time.monotonic()
    skip_prefix = None
    for name, stage in stages:
        if skip_prefix and name.startswith(skip_prefix):
            print(f"    left out, because the build failed: {name}")
            continue
        stage_started = time.monotonic()
        counts = stage()
        total.add(counts)
        print(f"[{time.monotonic() - stage_started:6.1f} s] {name}: {counts}", flush=True)
        if counts.failed and name == "build":
            break
        if counts.failed and name.endswith(": build"):
            skip_prefix = name.removesuffix("build")
    print(f"[{time.monotonic() - started:6.1f} s] all of it")
    print(total, flush=True)
    sys.exit(1 if total.failed else 0)


if __name__ == "__main__":
    main()
