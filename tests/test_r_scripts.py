"""R scripts as operations: flags without any R package, values in the run's copy, and R itself where it is installed."""

import shutil

import pytest
import yaml

SCRIPT = """\
#!/usr/bin/env Rscript
#| description: Trains a model
#| output-scalars: '(\\key): (\\value)'
#| tags: [r]

#| description: size of the first layer
#| min: 16
#| max: 256
units <- 32

#| choices: [relu, tanh]
activation <- "relu"
lr = 0.001; n <- 3L
flag <- TRUE
layers <- c(64, 32)
text <- "two
lines"
if (flag) inner <- 1
cat("loss:", lr * units, "\\n")
"""

STUB = '#!/bin/sh\necho "$0 $*" | sed "s|.*/||"\ncat "$1"\n'


@pytest.fixture
def stub(guild, tmp_path):
    """An Rscript that prints what it is given."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("Rscript", "R"):
        (folder / name).write_text(STUB)
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def flags_of(guild, op):
    return yaml.safe_load(guild("run", op, "--test-flags").stdout)["flags"]


def test_flags_and_help(guild):
    guild.write("train.R", SCRIPT)
    found = {name: (flag["default"], flag["type"]) for name, flag in flags_of(guild, "train.R").items()}
    assert found == {
        "units": (32.0, "float"),
        "activation": ("relu", "string"),
        "lr": (0.001, "float"),
        "n": (3, "int"),
        "flag": (True, "boolean"),
        "layers": ("64.0 32.0", None),
        "text": ("two\nlines", "string"),
    }
    text = guild("run", "train.R", "--help-op").stdout
    assert "Trains a model" in text and "size of the first layer (default is 32.0)" in text and "relu, tanh" in text


def test_values_are_in_the_copy_on_the_same_lines(guild, stub):
    guild.write("train.R", SCRIPT)
    guild("run", "train.R", "-y", "units=64", "lr=0.5", "flag=no", "layers=1 2 3", "text=x", "activation=tanh", env=stub)
    run = guild.runs()[-1]
    expected = (
        SCRIPT.replace("units <- 32", "units <- 64")
        .replace("lr = 0.001", "lr = 0.5")
        .replace("flag <- TRUE", "flag <- FALSE")
        .replace("c(64, 32)", "c(1, 2, 3)")
        .replace('"two\nlines"', '("x"\n)')
        .replace('"relu"', '"tanh"')
    )
    assert (run / "train.R").read_text() == expected
    assert (guild.cwd / "train.R").read_text() == SCRIPT
    op = yaml.safe_load(guild.attr(run, "op"))
    assert op["op-cmd"]["cmd-args"] == ["Rscript", "train.R"] and op["op-cmd"]["flags-dest"] == "train.R"
    assert (run / ".guild/opref").read_text().endswith(" '' '' train.R")
    assert guild.attr(run, "tags") == "- r\n"
    guild("run", "--restart", run.name, "-y", "units=128", env=stub)
    assert "units <- 128" in (run / "train.R").read_text()


def test_limits_of_a_flag(guild, stub):
    guild.write("train.R", SCRIPT)
    assert "256" in guild("run", "train.R", "-y", "units=300", env=stub, code=1).stderr
    assert "relu" in guild("run", "train.R", "-y", "activation=elu", env=stub, code=1).stderr
    assert guild.runs() == []


@pytest.mark.parametrize("name", ["a.R", "a.r", "sub/a.R"])
def test_names(guild, stub, name):
    guild.write(name, "x <- 1\n")
    guild("run", name, "-y", "x=2", env=stub)
    assert (guild.runs()[-1] / name.split("/")[-1]).read_text() == "x <- 2\n"


def test_flags_in_another_file(guild, stub):
    guild.write("flags.R", "x <- 1\ny <- 'a'\n")
    guild.write("train.R", "#| flags-dest: ./flags.R\n\nz <- 1\nsource('flags.R')\n")
    assert list(flags_of(guild, "train.R")) == ["x", "y"]
    guild("run", "train.R", "-y", "x=5", env=stub)
    run = guild.runs()[-1]
    assert (run / "flags.R").read_text() == "x <- 5\ny <- 'a'\n"
    assert (run / "train.R").read_text() == (guild.cwd / "train.R").read_text()


@pytest.mark.parametrize("dest", ["./flags.yml", "config:flags.yml"])
def test_flags_in_a_config_file(guild, stub, dest):
    guild.write("flags.yml", "lr: 0.1\nname: bob\n")
    guild.write("train.R", f"#| flags-dest: {dest}\n\nz <- 1\n")
    assert {n: f["default"] for n, f in flags_of(guild, "train.R").items()} == {"lr": 0.1, "name": "bob"}
    guild("run", "train.R", "-y", "lr=0.5", env=stub)
    run = guild.runs()[-1]
    assert yaml.safe_load((run / "flags.yml").read_text()) == {"lr": 0.5, "name": "bob"}
    assert (run / "train.R").read_text() == (guild.cwd / "train.R").read_text()


def test_an_operation_of_the_project(guild, stub):
    guild.write("train.R", "x <- 1\ny <- 2\n")
    guild.write("guild.yml", "train.R:\n  flags: {x: 3}\nboth:\n  exec: Rscript train.R ${x}\n  flags: {x: 4}\n")
    assert {n: f["default"] for n, f in flags_of(guild, "train.R").items()} == {"x": 3}
    done = guild("run", "train.R", "-y", env=stub)
    assert done.stdout == "Rscript train.R\nx <- 3\ny <- 2\n"
    assert guild("run", "both", "-y", env=stub).stdout.splitlines()[0] == "Rscript train.R 4"


def test_echo_shows_the_code(guild, stub):
    guild.write("train.R", "#| echo: yes\n\nx <- 1\n")
    assert guild("run", "train.R", "--print-cmd", env=stub).stdout == "R -q --no-save --no-restore -f train.R\n"


def test_bad_front_matter(guild):
    guild.write("train.R", "#| a: [\n#| b\nx <- 1\n")
    done = guild("run", "train.R", "-y", code=1)
    assert done.stderr.startswith("guild: train.R:") and done.stdout == ""
    guild.write("train.R", "#| requires:\n#|   - file: gone.csv\n\nx <- 1\n")
    assert "gone.csv" in guild("run", "train.R", "-y", code=1).stderr
    assert guild.runs() == []


def test_r_itself_is_missing(guild, tmp_path):
    guild.write("train.R", "x <- 1\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    done = guild("run", "train.R", "-y", env={"PATH": empty}, code=127)
    assert "cannot start 'Rscript'" in done.stderr


def test_nothing_to_prepare(guild):
    done = guild("run", "r-script:init", "-y")
    assert "no preparation" in done.stdout and guild.runs() == []


def test_check(guild, stub):
    assert "rscript_version:" in guild("check", "--r-script", "--offline", env=stub).stdout


# ---- R ------------------------------------------------------------------------------------------------------------

r_itself = [
    pytest.mark.slow,
    pytest.mark.peers,
    pytest.mark.skipif(not shutil.which("Rscript"), reason="Rscript is not installed"),
]


def with_r(test):
    for mark in r_itself:
        test = mark(test)
    return test


@with_r
def test_r_runs_it(guild):
    guild.write(
        "train.R",
        SCRIPT + 'cat(class(n), length(layers), nchar(text), flag, activation, "\\n")\n'
        "f <- function(i) {\n  cat('step:', i, '\\n')\n  cat('acc:', i / 10, '\\n')\n}\nfor (i in 1:3) f(i)\n",
    )
    done = guild("run", "train.R", "-y", "units=64", "lr=0.5", "n=7", "flag=no", "layers=1 2 3", "text=x")
    assert done.stdout.startswith("loss: 32 \ninteger 3 1 FALSE relu \nstep: 1 \n")
    assert "acc" in guild("runs", "info").stdout and "loss" in guild("runs", "info").stdout


@with_r
def test_an_error_keeps_its_line(guild):
    guild.write("train.R", 'text <- "two\nlines"\nx <- 1\nf <- function() stop("bad")\nif (x > 2) {\n  f()\n}\n')
    env = {"R_KEEP_PKG_SOURCE": "yes"}
    guild("run", "train.R", "-y", "text=one", env=env)
    done = guild("run", "train.R", "-y", "x=3", "text=one", env=env, code=1)
    assert "Error in f() : bad" in done.stderr
    assert (guild.runs()[-1] / "train.R").read_text().splitlines()[3] == 'f <- function() stop("bad")'


# What R itself reads as the value of each literal, and what must be found in the text.
LITERALS = [
    "1", "-5", "+2.5", "1e-3", "0x1F", "10L", "-3L", ".5", "5.", "1e5", "TRUE", "FALSE", "'a'", '"a\\tb"', "'it\\'s'",
    "r\"(raw \\n)\"", 'R"--[a]-]--"', "'\\u00e9\\u{41}'", "'\\x41\\101'", "c(1, 2, 3)", "c('a', 'b')", "c(1L, 2L)", "c(TRUE, FALSE)",
]  # fmt: skip


@with_r
def test_values_are_what_r_reads(guild):
    """The default of each flag, printed by R from the literal, is the default that was found; and comes back unchanged."""
    names = [f"v{i:02}" for i in range(len(LITERALS))]
    assigned = "".join(f"{name} <- {text}\n" for name, text in zip(names, LITERALS))
    show = "".join(f"cat('{name}', typeof({name}), length({name}), format({name}, digits = 15), sep = '|')\ncat('\\n')\n" for name in names)
    guild.write("a.R", assigned + show)
    flags = flags_of(guild, "a.R")
    assert list(flags) == names
    plain = guild("run", "a.R", "-y").stdout
    kinds = {"double": "float", "integer": "int", "character": "string", "logical": "boolean"}
    for line in plain.splitlines():
        name, kind, n, *values = line.split("|")
        if n == "1":
            assert flags[name]["type"] == kinds[kind], line
            if kind == "character":
                assert flags[name]["default"] == values[0]
            elif kind != "logical":
                assert float(flags[name]["default"]) == float(values[0])
        else:
            assert len(flags[name]["default"].split()) == int(n)
    # other values for all of them, of the same types
    again = [f"{n}={'no' if f['type'] == 'boolean' else 7 if f['type'] in ('int', 'float') else 'q'}" for n, f in flags.items()]
    changed = guild("run", "a.R", "-y", *again).stdout
    for before, after in zip(plain.splitlines(), changed.splitlines()):
        name, kind, n, *_ = before.split("|")
        if n == "1":
            assert after.split("|")[:3] == [name, kind, "1"], (before, after)


@with_r
def test_echo(guild):
    guild.write("a.R", "#| echo: yes\n\nx <- 1\ncat('value:', x, '\\n')\n")
    done = guild("run", "a.R", "-y", "x=2")
    assert "> x <- 2" in done.stdout and "\nvalue: 2" in done.stdout
