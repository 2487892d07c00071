"""Shell completion: the protocol, and the scripts in real shells."""

import os
import shutil
import subprocess

import pexpect
import pytest

from rundirs import make_run, run_id

GUILD_YML = """
- model: mlp
  operations:
    train:
      description: Train the model
      exec: echo
      flags:
        lr: 0.1
        act: {default: relu, choices: [relu, tanh]}
        verbose: {default: no, type: boolean}
        data: {default: x, type: path}
    fail:
      exec: "false"
"""


@pytest.fixture
def ready(guild):
    guild.write("guild.yml", GUILD_YML)
    guild.write("script.py", "x = 1\n")
    guild.write("other.txt", "")
    guild.write("batch.csv", "lr\n1\n")
    guild.write("folder/inner.py", "")
    make_run(guild.home, 1, op="train", model="mlp", label="first run", tags=["t1", "t2"])
    make_run(guild.home, 2, op="other", sourcecode_digest="abcdef", status="error",
             files={"model.txt": "", "sub/x.json": "", "two words.txt": ""},
             comments=[{"body": "good one", "user": "u", "host": "h", "time": 1}])
    make_run(guild.home, 3, op="gone", trash=True)
    return guild


def ask(guild, line, shell="fish", cwd=None):
    """Values (fish: with help) for the cursor at the end of line."""
    words = line.split(" ")
    done = subprocess.run([guild.program], cwd=cwd or guild.cwd, capture_output=True, text=True, check=True,
                          env=guild.env(_GUILD_COMPLETE=f"{shell}_complete", COMP_WORDS=line,
                                        COMP_CWORD=words[-1] if shell == "fish" else len(words) - 1))
    assert done.stderr == ""
    return done.stdout.splitlines()


def plain(lines):
    return [line.split(",", 1)[1].split("\t")[0] for line in lines if line.startswith("plain,")]


CASES = [
    ("guild ru", {"run", "runs"}),
    ("guild runs re", {"restore"}),
    ("guild runs --del", {"--deleted"}),
    ("guild --ver", {"--version"}),
    ("guild run ", {"mlp:train", "mlp:fail", "script.py", "folder/"}),
    ("guild run mlp:", {"mlp:train", "mlp:fail"}),
    ("guild run folder/", {"folder/inner.py"}),
    ("guild run mlp:train ", {"lr=", "act=", "verbose=", "data="}),
    ("guild run mlp:train lr=1 ", {"act=", "verbose=", "data="}),
    ("guild run mlp:train act=", {"act=relu", "act=tanh"}),
    ("guild run mlp:train act=r", {"act=relu"}),
    ("guild run mlp:train verbose=", {"verbose=true", "verbose=false"}),
    ("guild run mlp:train data=oth", {"data=other.txt"}),
    ("guild run mlp:train @", {"@batch.csv", "@guild.yml", "@folder/"}),
    ("guild run --restart ", {run_id(1), run_id(2)}),
    ("guild ls ", {run_id(1), run_id(2)}),
    ("guild ls -Fo other ", {run_id(2)}),
    ("guild ls -Se ", {run_id(2)}),
    ("guild ls --not-error ", {run_id(1)}),
    ("guild ls " + run_id(1)[:2], {run_id(1)}),
    ("guild cat -Ft t1 ", {run_id(1)}),
    ("guild runs restore ", {run_id(3)}),
    ("guild runs purge ", {run_id(3)}),
    ("guild runs -Fo ", {"mlp:train", "other"}),
    ("guild runs -Fl ", {"first run"}),
    ("guild runs -Ft t", {"t1", "t2"}),
    ("guild runs --tag=", {"--tag=t1", "--tag=t2"}),
    ("guild runs -Fd a", {"abcdef"}),
    ("guild ls -p ", {"model.txt", "sub/", "two words.txt"}),
    ("guild ls -p sub/", {"sub/x.json"}),
    ("guild cat 1 -p m", {"model.txt"}),
    ("guild comment -d ", {"1"}),
    ("guild attr -g sourcecode", {"sourcecode_digest"}),
    ("guild completion -s ", {"bash", "zsh", "fish"}),
    ("guild completion --shell=f", {"--shell=fish"}),
    ("guild ls -- -", set()),
    ("guild nosuch ", set()),
    ("guild runs list x ", set()),
]


@pytest.mark.parametrize("line,expected", CASES, ids=[line for line, _ in CASES])
def test_values(ready, line, expected):
    assert set(plain(ask(ready, line))) == expected


def test_global_options_count(ready, tmp_path):
    other = tmp_path / "other-home"
    make_run(other, 9, op="elsewhere")
    assert plain(ask(ready, f"guild -H {other} cat ")) == [run_id(9)]
    assert "script.py" in plain(ask(ready, f"guild -C {ready.cwd} run ", cwd=tmp_path))


def test_newest_run_comes_first(ready):
    assert plain(ask(ready, "guild ls ")) == [run_id(2), run_id(1)]


def test_help_texts(ready):
    assert "plain,runs\tList runs" in ask(ready, "guild runs")[0]
    assert any(line.startswith(f"plain,{run_id(1)}\tmlp:train") for line in ask(ready, "guild ls "))
    assert ask(ready, "guild runs rest", shell="zsh") == ["plain", "restore", "Bring deleted runs back"]


def test_bash_answers(ready):
    assert ask(ready, "guild run mlp:train act=", shell="bash") == ["plain,relu", "plain,tanh"]
    assert "plain,!!no-colon-wordbreak" in ask(ready, "guild run mlp:", shell="bash")
    assert "plain,!!nospace" in ask(ready, "guild run mlp:train l", shell="bash")
    assert ask(ready, "guild -C ", shell="bash") == ["dir,"]
    assert ask(ready, "guild init -r f", shell="bash") == ["file,f"]


def test_options_are_offered_after_a_dash_only(ready):
    assert not any(value.startswith("-") for value in plain(ask(ready, "guild runs ")))
    shown = plain(ask(ready, "guild runs -"))
    assert "--not-error" in shown and "-Fo" in shown and "-S" not in shown
    assert "--all" not in plain(ask(ready, "guild runs --all --a"))
    assert "--tag" in plain(ask(ready, "guild runs --tag a --t"))


def test_many_runs_are_not_read(guild):
    for n in range(300):
        (guild.home / "runs" / run_id(n) / ".guild").mkdir(parents=True)
        (guild.home / "runs" / run_id(n) / ".guild" / "opref").write_text("guildfile:/p 0 '' op")
    command = ["strace", "-f", "-e", "trace=openat,open", guild.program]
    done = subprocess.run(command, cwd=guild.cwd, capture_output=True, text=True, check=True, env=guild.traced_env(
        _GUILD_COMPLETE="bash_complete", COMP_WORDS="guild ls " + run_id(7)[:6], COMP_CWORD="2"))
    assert done.stdout == f"plain,{run_id(7)}\n"
    opened = [line for line in done.stderr.splitlines() if "/runs/" in line]
    assert all(run_id(7) in line for line in opened)


def test_filters_among_many_runs_are_bounded(guild):
    """With a filter runs have to be read: those that were touched last, and no longer than may be."""
    for n in range(300):
        make_run(guild.home, n, op="train", label=f"label-{n}")
        os.utime(guild.home / "runs" / run_id(n), (n, n))
    opened = {}
    for ms in (1, 60000):
        command = ["strace", "-f", "-e", "trace=openat,open", guild.program]
        done = subprocess.run(command, cwd=guild.cwd, capture_output=True, text=True, check=True, env=guild.traced_env(
            _GUILD_COMPLETE="bash_complete", COMP_WORDS="guild ls -Fl label ", COMP_CWORD="4", GUILD_COMPLETION_MS=ms))
        opened[ms] = [n for n in range(300) if f"/runs/{run_id(n)}/" in done.stderr]
        offered = [line for line in done.stdout.splitlines() if line.startswith("plain,") and "!!" not in line]
        assert len(offered) == len(opened[ms])
    # Each call that strace stops for takes a good part of a millisecond.
    assert opened[60000] == list(range(300))
    assert len(opened[1]) < 100 and opened[1] == list(range(300 - len(opened[1]), 300))


def test_no_script_is_started(ready):
    command = ["strace", "-f", "-e", "trace=execve", ready.program]
    done = subprocess.run(command, cwd=ready.cwd, capture_output=True, text=True, check=True, env=ready.traced_env(
        _GUILD_COMPLETE="bash_complete", COMP_WORDS="guild run script.py ", COMP_CWORD="3"))
    assert done.stderr.count("execve(") == 1


# ---- real shells --------------------------------------------------------------------------------


@pytest.fixture
def shell_env(ready, tmp_path):
    """Environment with guild on PATH and an empty user home."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "guild").symlink_to(ready.program)
    user = tmp_path / "user"
    user.mkdir()
    return ready.env(PATH=f"{programs}:{os.environ['PATH']}", HOME=user, TERM="dumb", PS1="ready> ")


def script(ready, shell, tmp_path):
    path = tmp_path / ("_guild" if shell == "zsh" else f"guild.{shell}")
    path.write_text(ready("completion", "-s", shell).stdout)
    return path


def needs(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


class Session:
    """An interactive shell: types a line with TAB, reads what became of it."""

    def __init__(self, argv, env, cwd, start):
        self.child = pexpect.spawn(argv[0], argv[1:], env=env, cwd=str(cwd), encoding="utf-8",
                                   timeout=20, dimensions=(50, 200))
        self.n = 0
        for line in start:
            self.run(line)

    def run(self, line):
        """Runs one line to its end; its output."""
        self.n += 1
        self.child.sendline(f"{line}; echo done'-'{self.n}")
        self.child.expect(f"done-{self.n}\r")
        return self.child.before

    def complete(self, typed):
        """The words of the line after TAB was pressed behind it."""
        self.n += 1
        self.child.send(f"{typed}\t")
        self.child.send("\x01show \x05")
        self.child.sendline(f"; echo done'-'{self.n}")
        self.child.expect(f"done-{self.n}\r")
        start = self.child.before.rindex("<<<") + 3
        words = self.child.before[start:self.child.before.rindex(">>>")].split("|")
        return [word.rstrip("/") for word in words]  # zsh takes back the slash it has put

    def close(self):
        self.child.sendline("exit")
        self.child.close(force=True)


SHELL_CASES = [
    ("guild runs rest", ["guild", "runs", "restore"]),
    ("guild run mlp:tr", ["guild", "run", "mlp:train"]),
    ("guild run mlp:train ac", ["guild", "run", "mlp:train", "act="]),
    ("guild run mlp:train act=ta", ["guild", "run", "mlp:train", "act=tanh"]),
    ("guild run mlp:train @ba", ["guild", "run", "mlp:train", "@batch.csv"]),
    ("guild run scr", ["guild", "run", "script.py"]),
    ("guild runs -Fl fir", ["guild", "runs", "-Fl", "first run"]),
    ("guild runs --unl", ["guild", "runs", "--unlabeled"]),
    ("guild ls -Fo oth " + run_id(2)[:1], None),
    ("guild ls -Fo other " + run_id(2)[:1], ["guild", "ls", "-Fo", "other", run_id(2)]),
    ("guild cat 1 -p two", ["guild", "cat", "1", "-p", "two words.txt"]),
    ("guild -C fol", ["guild", "-C", "folder"]),
    ("guild runs -Fl 'first r", ["guild", "runs", "-Fl", "first run"]),
]


def check_cases(session):
    for typed, expected in SHELL_CASES:
        if expected is None:
            expected = typed.split(" ")
        assert session.complete(typed) == expected, typed


def test_bash_completes(ready, shell_env, tmp_path):
    needs("bash")
    session = Session(["bash", "--norc", "--noprofile", "-i"], shell_env, ready.cwd, [
        "bind 'set enable-bracketed-paste off' 2>/dev/null",
        "show() { local IFS='|'; echo \"<<<$*>>>\"; }",
        f"source {script(ready, 'bash', tmp_path)}",
    ])
    check_cases(session)
    session.run("COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]/}")
    assert session.complete("guild run mlp:train act=ta")[-1] == "act=tanh"
    assert session.complete("guild run mlp:f")[-1] == "mlp:fail"
    session.close()


def test_bash_lists_candidates(ready, shell_env, tmp_path):
    needs("bash")
    line = "guild run mlp:train "
    code = f"""source {script(ready, 'bash', tmp_path)}
COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=(guild run mlp : train '') COMP_CWORD=5
_guild_completion guild '' train 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", code], env=shell_env, cwd=ready.cwd, capture_output=True, text=True,
                          check=True)
    assert sorted(done.stdout.split()) == ["act=", "data=", "lr=", "verbose="]


def test_zsh_completes(ready, shell_env, tmp_path):
    needs("zsh")
    session = Session(["zsh", "-f", "-i"], shell_env, ready.cwd, [
        "unsetopt zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste",
        "show() { echo \"<<<${(j:|:)@}>>>\"; }",
        f"autoload -U compinit && compinit -u -d {tmp_path}/zcompdump",
        f"source {script(ready, 'zsh', tmp_path)}",
    ])
    check_cases(session)
    session.close()


def test_zsh_autoloads_the_script(ready, shell_env, tmp_path):
    needs("zsh")
    folder = tmp_path / "functions"
    folder.mkdir()
    shutil.copy(script(ready, "zsh", tmp_path), folder / "_guild")
    session = Session(["zsh", "-f", "-i"], shell_env, ready.cwd, [
        "unset zle_bracketed_paste",
        "show() { echo \"<<<${(j:|:)@}>>>\"; }",
        f"fpath=({folder} $fpath); autoload -U compinit && compinit -u -d {tmp_path}/zcompdump",
    ])
    assert session.complete("guild runs rest") == ["guild", "runs", "restore"]
    session.close()


def test_fish_completes(ready, shell_env, tmp_path):
    needs("fish")
    path = script(ready, "fish", tmp_path)

    def answers(line):
        done = subprocess.run(["fish", "--no-config", "-c", f"source {path}; complete -C '{line}'"],
                              env=shell_env, cwd=ready.cwd, capture_output=True, text=True, check=True)
        return {row.split("\t")[0] for row in done.stdout.splitlines()}

    assert answers("guild runs rest") == {"restore"}
    assert answers("guild run mlp:tr") == {"mlp:train"}
    assert answers("guild run mlp:train act=") == {"act=relu", "act=tanh"}
    assert answers("guild run mlp:train @b") == {"@batch.csv"}
    assert answers("guild ls -Fo other ") == {run_id(2)}
    assert "--unlabeled" in answers("guild runs --unl")
    assert answers("guild -C fol") == {"folder/"}


# ---- guild completion ------------------------------------------------------------------------------


@pytest.mark.parametrize("shell,init,line", [
    ("bash", ".bashrc", "[ -s ~/.guild/bash_completion ] && . ~/.guild/bash_completion"),
    ("zsh", ".zshrc", "[[ -s ~/.guild/zsh_completion ]] && . ~/.guild/zsh_completion"),
    ("fish", ".config/fish/completions/guild.fish", "test -s ~/.guild/fish_completion ;and . ~/.guild/fish_completion"),
])
def test_install(guild, tmp_path, shell, init, line):
    user = tmp_path / "user"
    user.mkdir()
    path = user / init
    if shell != "fish":
        path.write_text("# mine")
    env = {"HOME": str(user)}
    guild("completion", "-s", shell, "-i", env=env)
    assert (user / ".guild" / f"{shell}_completion").read_text() == guild("completion", "-s", shell).stdout
    lines = path.read_text().splitlines()
    assert lines[-1].startswith(line)
    backup = user / (init + ".guild-backup.1")
    if shell == "fish":
        assert not backup.exists()
    else:
        assert backup.read_text() == "# mine"
    again = guild("completion", "-s", shell, "-i", env=env)
    assert f"line {len(lines)}" in again.stderr
    assert path.read_text().splitlines() == lines


def test_install_elsewhere(guild, tmp_path):
    user = tmp_path / "user"
    user.mkdir()
    guild("completion", "-s", "bash", "-i", "--shell-init", tmp_path / "rc", env={"HOME": str(user)})
    assert "bash_completion" in (tmp_path / "rc").read_text()
    assert not (user / ".bashrc").exists()


def test_shell_is_found_out(guild):
    done = subprocess.run(["bash", "-c", f"{guild.program} completion; true"], env=guild.env(SHELL="/bin/zsh"),
                          capture_output=True, text=True, check=True)
    assert "for bash" in done.stdout
    done = guild("completion", env={"SHELL": "/usr/bin/fish"})
    assert "for fish" in done.stdout
    done = guild("completion", env={"SHELL": "/bin/tcsh"}, code=1)
    assert "hint:" in done.stderr
