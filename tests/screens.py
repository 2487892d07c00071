"""Programs on a terminal that tmux draws: keys are sent, screens are read."""

import re
import shlex
import subprocess
import time

PATIENCE_S = 30


class Screen:
    """A terminal of its own with a program in it."""

    def __init__(self, folder, argv, env, cwd, columns=80, rows=24, term="screen-256color"):
        self.socket = folder / "tmux"
        unset = " ".join(f"-u {name}" for name in ("TMUX", "TMUX_PANE", "LINES", "COLUMNS"))
        command = f"env {unset} TERM={term} {shlex.join(map(str, argv))}"
        self.env = {**env, "SHELL": "/bin/sh"}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, "-c", cwd,
                  f"trap : INT; {command}; echo \"exit $?\"; stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(icanon|isig|echo)'; cat")
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", columns, "-y", rows)

    def tmux(self, *args):
        done = subprocess.run(["tmux", "-S", self.socket, *map(str, args)], env=self.env,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def lines(self):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p").splitlines()]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def styled(self):
        """The screen with the escape codes of colours and attributes."""
        return self.tmux("capture-pane", "-p", "-e")

    @property
    def status(self):
        """The last line that is not empty."""
        return next((line for line in reversed(self.lines) if line), "")

    def wait(self, condition, what=None):
        """Waits until a pattern is on the screen, or a function of the screen is true."""
        if isinstance(condition, str):
            pattern = condition

            def condition(screen):
                return re.search(pattern, screen.text, re.M)

            what = what or pattern
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = condition(self)
            if found:
                return found
            time.sleep(0.01)
        raise AssertionError(f"waited in vain for {what}:\n{self.text}")

    def keys(self, *keys, until=None):
        """Sends keys by tmux's names (Enter, Up, C-a), then waits for the screen."""
        self.tmux("send-keys", *keys)
        return self.wait(until) if until else None

    def type(self, text, until=None):
        """Sends characters as they are."""
        self.tmux("send-keys", "-l", text)
        return self.wait(until) if until else None

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", columns, "-y", rows)

    def pid(self, name):
        """The process of a program in this terminal."""
        tty = self.tmux("display-message", "-p", "#{pane_tty}").strip().removeprefix("/dev/")
        done = subprocess.run(["pgrep", "-t", tty, "-x", name], capture_output=True, text=True, check=False)
        return int(done.stdout.split()[0]) if done.returncode == 0 else None

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], env=self.env, capture_output=True, check=False)
