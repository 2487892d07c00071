"""What every end-to-end test gets: a Guild home of its own and a way to call guild."""

import os
import pathlib
import signal
import subprocess

import pytest

# A runner in the background of a script ignores these, and whatever it starts would, too: the tests are about them.
for number in (signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
    signal.signal(number, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = pathlib.Path(__file__).resolve().parent.parent
GUILD = os.environ.get("GUILD_BIN", str(ROOT / "build" / "guild"))
ORACLE = ROOT / ".venv" / "oracle" / "bin" / "guild"


class Guild:
    """Calls one guild program in one folder with one Guild home."""

    def __init__(self, program, cwd, home):
        self.program = str(program)
        self.cwd = pathlib.Path(cwd)
        self.home = pathlib.Path(home)

    def env(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("GUILD_") or k == "GUILD_SANITIZED"}
        env.update(GUILD_HOME=str(self.home), NO_COLOR="1", LC_ALL="C.UTF-8")
        # What completion offers must not hang on how busy this machine is.
        env.update(GUILD_COMPLETION_MS="60000")
        env.update({k: str(v) for k, v in more.items()})
        return env

    def traced_env(self, **more):
        """The environment under strace, where the leak sanitizer cannot work."""
        options = os.environ.get("ASAN_OPTIONS", "")
        return self.env(ASAN_OPTIONS=options + ":detect_leaks=0", **more)

    def __call__(self, *args, code=0, cwd=None, env=None, stdin=None, timeout=120):
        """Returns the finished process; asserts its exit code unless code is None."""
        done = subprocess.run(
            [self.program, *map(str, args)],
            cwd=cwd or self.cwd,
            env=self.env(**(env or {})),
            input=stdin if stdin is not None else "",
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout,
            check=False,
        )
        if code is not None:
            assert done.returncode == code, (
                f"guild {' '.join(map(str, args))}: exit {done.returncode}, not {code}\n"
                f"{done.stdout}\n{done.stderr}"
            )
        return done

    def write(self, name, text, mode=None):
        """Writes a file of the project."""
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if mode is not None:
            path.chmod(mode)
        return path

    def runs(self):
        """The run directories, oldest first."""
        folder = self.home / "runs"
        found = [p for p in folder.iterdir() if (p / ".guild").is_dir()] if folder.exists() else []
        return sorted(found, key=lambda p: p.stat().st_mtime_ns)

    def attr(self, run, name):
        """The text of one attribute file of a run directory."""
        return (run / ".guild" / "attrs" / name).read_text()


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def guild(tmp_path, project):
    return Guild(GUILD, project, tmp_path / "home")


@pytest.fixture
def oracle(tmp_path, project):
    """Guild AI 0.9.0 over the same project and Guild home as 'guild'."""
    if not ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    return Guild(ORACLE, project, tmp_path / "home")
