"""Flag values: what is typed, what the run keeps, what the program gets; alone and beside Guild AI 0.9.0."""

import random
import re
import shlex

import pytest
import yaml


def new_run(guild, *args, **options):
    """Runs and returns the one new run directory."""
    before = set(guild.runs()) if guild.home.exists() else set()
    done = guild(*args, **options)
    new = set(guild.runs()) - before
    assert len(new) == 1, f"{done.stdout}\n{done.stderr}"
    return new.pop()


def kept_flags(guild, run):
    proto = run / ".guild" / "proto"
    return guild.attr(proto if proto.exists() else run, "flags")


def as_lines(text):
    """One entry for each flag of an attribute file, its value as written."""
    lines = {}
    name = None
    for line in text.splitlines():
        match = re.match(r"(f\d\d\d):(.*)", line)
        if match:
            name = match.group(1)
            lines[name] = match.group(2)
        else:
            lines[name] += "\n" + line
    return lines


def names(texts, types=(None,)):
    return {f"f{i:03}": (type_, text) for i, (type_, text) in
            enumerate((type_, text) for type_ in types for text in texts)}


def both(guild, oracle, args):
    """The flags that each of the two keeps of a staged run."""
    kept = []
    for program in (guild, oracle):
        run = new_run(program, "run", "op", *args, "--force-flags", "--stage", "-y")
        kept.append(as_lines(kept_flags(program, run)))
    return kept


def compare(cases, ours, theirs, differ=()):
    """Whether both keep the same bytes for every flag; `differ` are texts where we mean to do otherwise."""
    assert ours.keys() == theirs.keys() == cases.keys()
    wrong = [f"{case}: {theirs[name]!r}, ours {ours[name]!r}" for name, case in cases.items()
             if theirs[name] != ours[name] and case[1] not in differ]
    assert not wrong, "\n".join(wrong)
    # Differences on purpose still are differences.
    same = [case for name, case in cases.items()
            if theirs[name] == ours[name] and case[1] in differ]
    assert not same, same


TEXTS = """1 0777 08 -0 +1 .5 -.5 +.5e1 1. 1E3 1e-5 1e5 nan +nan inf -inf infinity Infinity 1e400 1_000 1_0.5 1__0 _1 1_ 1:30 -1:30
10:20:30 12:30:45.5 1.5:2 yes y null ~ None True TRUE on No 0x1F 0b11 0o17 0x_ 0b_ 0xfg '1' '' "a" [a,b {a:1} a:b =
<< @x a: ' [ { [a]x x[1 !!str !!float &a *a |x 1j 1,000 a,b a#b 1e 1e+ .e5 2020-01-01 2020-13-01 v1.2 1/2 50% $x `x`
C:\\x a/b http://x.org/y --- ... -- - -x ? ! > % @ é 日本""".split()
BLANKS = ["", " 1", " 1.5 ", "1 2", "a b", "a # c", "# c", "a: b", "{a: 1, b: [x]}", "[a, b", "'a b'", "'a' b", "'a' # c",
          "!!int 5", "!!str 5", "!!float 1_0", "&a 1", "--- a", "? a", "a b: c", "2020-01-01 10:00:00", "it's", "\"a\\tb\"",
          "'it''s'", "a\tb", "[", "]", "a\nb", "x " * 60, "word" * 40]


def random_texts(seed, n):
    rng = random.Random(seed)
    alphabets = ["0123456789_.eE+-:", "01_bxo", "yesnoYESNOtrufalml~", "ab -:#,{}?&!|>'\"%@`=", "0123456789-:T. Z"]
    texts = ("".join(rng.choice(rng.choice([a])) for _ in range(rng.randint(1, 8)))
             for a in (rng.choice(alphabets) for _ in range(n)))
    # A list or a search function is a batch; a flag that is only blanks is no word for a shell.
    return [t for t in texts if "[" not in t and not t.startswith("- ") and t.strip() and t != "-"]


@pytest.mark.differential
def test_guessed_values_are_kept_as_the_reference_keeps_them(guild, oracle):
    guild.write("guild.yml", "op:\n  exec: 'true'\n")
    cases = names(TEXTS + BLANKS + random_texts(1, 300))
    ours, theirs = both(guild, oracle, [f"{name}={text}" for name, (_, text) in cases.items()])
    compare(cases, ours, theirs)


@pytest.mark.differential
def test_typed_values_are_kept_as_the_reference_keeps_them(guild, oracle):
    types = ["string", "int", "float", "number", "boolean", "path", "auto"]
    texts = ["1", "013", "1.0", "1e3", "1_000", "1_0.5", "1__0", "yes", "no", "null", "", "foo", "0", "'a'", "'a' b", "1:30",
             "0x1F", "08", "1e-3", " 1 ", "~/x", "/abs", "a b", "[a", "2020-01-01", "nan", "True", "1e400", "x # y", "+5",
             "0o17", "a/../b", "x/", "."]
    cases = names(texts, types)
    definitions = {name: {"type": type_} for name, (type_, _) in cases.items()}
    guild.write("guild.yml", yaml.safe_dump({"op": {"exec": "true", "flags": definitions}}))
    ours, theirs = both(guild, oracle, [f"{name}={text}" for name, (_, text) in cases.items()])
    compare(cases, ours, theirs)


SEQUENCES = """range[3] range[1:3] range[1:10:4] range[3:1:-1] range[1.5] range[0:1:0.25] range[1:2:0.1] range[10:1:-3]
range[1.0:3] range[3:1] range[-3] range[0] range[1e-9:3e-9:1e-9] linspace[0:1] linspace[0:1:3] linspace[1:3:3] linspace[0:1:1]
linspace[0:1:0] logspace[0:2] logspace[0:2:3] logspace[0:2:3:2] logspace[-5:-1:5] logspace[-9:-7:3] range[0:5:2] range[0:6:2]
range[0:1:0.2] linspace[-1:1:7] linspace[0.1:0.3:4] logspace[-3:3:13] range[0:2:0.3] [a]*2 [1,2]*3 [a]*0 [a,b]
[[1,2],[3]] [1:3] [0.1:0.9] [a:b] uniform[1:10] loguniform[1e-4:1] foo[1:2] [1:10:5] []""".split()


@pytest.mark.differential
def test_lists_and_functions_are_kept_as_the_reference_keeps_them(guild, oracle):
    guild.write("guild.yml", "op:\n  exec: 'true'\n")
    # The reference goes past an end that the steps do not meet.
    differ = {"range[0:2:0.3]"}
    plain = [t for t in SEQUENCES if t not in ("[1:3]", "[0.1:0.9]", "[a:b]", "uniform[1:10]", "loguniform[1e-4:1]",
                                               "foo[1:2]", "[1:10:5]")]
    cases = names(plain)
    ours, theirs = both(guild, oracle, [f"{name}={text}" for name, (_, text) in cases.items()])
    compare(cases, ours, theirs, differ)


DEFINITIONS = yaml.safe_load(r"""
string: a b
quote: it's
int: 1
small: 0.00001
large: 1.0e+22
true: yes
false: no
null: null
empty: ''
minus: -5
dash: -x
unicode: é
dict: {a: 1, b: x}
switch-on: {default: yes, arg-switch: yes}
switch-off: {default: no, arg-switch: yes}
switch-no: {default: no, arg-switch: no}
switch-one: {default: 1, arg-switch: yes}
switch-text: {default: a b, arg-switch: a b}
split: {default: "1 'x y' 3", arg-split: yes}
split-comma: {default: "a,b,,c", arg-split: ","}
split-empty: {default: "", arg-split: yes}
split-shlex: {default: "a b", arg-split: shlex}
split-not: {default: "a b", arg-split: no}
split-typed: {default: "1 2", arg-split: yes, type: float}
enc: {default: yes, arg-encoding: {yes: "ON", no: "OFF"}}
enc-one: {default: 1.0, arg-encoding: {1: one}}
enc-miss: {default: x, arg-encoding: {y: z}}
enc-null: {default: null, arg-encoding: {null: none}}
env-enc: {default: 1, env-encoding: {1: e}}
both-enc: {default: 1, arg-encoding: {1: a}, env-encoding: {1: e}}
env-name: {default: 1, env-name: SOME_NAME}
named: {default: 2, arg-name: another}
skipped: {default: 3, arg-skip: yes}
typed: {default: 1.0e-3, type: string}
typed-yes: {default: yes, type: string}
typed-bool: {default: "no", type: boolean}
typed-path: {default: a/../b, type: path}
"we ird.n-ame": 1
required: {default: 1, required: yes}
ranged: {default: 5, min: 0, max: 10}
choice: {default: b, choices: [a, b]}
other: {default: q, choices: [a, b], allow-other: yes}
by-alias: {default: two, choices: [{value: 1, alias: one}, {value: 2, alias: two, flags: {brought: 7}}]}
brought: 0
""")
DEFINITIONS = {str(k).lower() if not isinstance(k, str) else k: v for k, v in DEFINITIONS.items()}


@pytest.mark.differential
@pytest.mark.parametrize("dest", ["args", "globals", "global:P"])
def test_arguments_and_environment_are_those_of_the_reference(guild, oracle, dest):
    definitions = dict(DEFINITIONS)
    if dest == "globals":
        # A part that is no YAML breaks the reference.
        definitions["split"] = {"default": "1 2 x", "arg-split": True}
    guild.write("m.py", "")
    guild.write("guild.yml", yaml.safe_dump({
        "run": {"exec": "echo ${flag_args}", "flags": definitions} if dest == "args" else
        {"main": "m", "flags-dest": dest, "flags-import": False, "flags": definitions}}))
    if dest == "args":  # elsewhere we pass them in a way of our own
        ours, theirs = (shlex.split(program("run", "run", "-y", "--print-cmd").stdout) for program in (guild, oracle))
        assert ours == theirs

    def environment(program):
        lines = program("run", "run", "-y", "--print-env").stdout.splitlines()
        return sorted(line for line in lines if line.startswith(("FLAG_", "SOME_NAME")))

    assert environment(guild) == environment(oracle)


LABELS = """${a} ${s} ${f} ${f|%.2f} ${n|default:V} ${n} ${missing} ${missing|default:q} ${p|basename} ${q|unquote} ${q} ${a|%03d}
${f|%d} ${s|%d} ${f|%.3e} $a $${a} a} ${b} ${m} ${e} ${f|default:1|%.1f} ${n|%.2f} ${b|%s} ${a|%5.1f} ${l|%.2g} ${sq} ${sq|unquote}
${f|%s} ${q|%s} ${q|default:x} ${f|default:x} ${a|%x} ${q|%r} ${b|%d} ${big|%d} ${f|%.2fms} ${f|%g} ${d} ${a-b} ${a.b} ${a|bogus}
${p|default:x} ${default_label}""".split()


@pytest.mark.differential
def test_labels_are_those_of_the_reference(guild, oracle):
    guild.write("guild.yml", "op:\n  exec: 'true'\n")
    guild.write("some/deep/dir/with-a-long-name/x.txt", "")
    flags = ["a=1", "s=hello", "f=0.123456789", "n=null", "p=some/deep/dir/with-a-long-name/x.txt", "q=a b", "b=yes",
             "m={x: 1, y: [a, 'b,c']}", "e=", "l=1234.5678", "sq='1'", "a-b=3", "a.b=4", "big=12345678901234567890",
             "d=2020-01-01", "g=0.99999999", "h=1.234567e+20", "i=x'y z", "j='a: b'", "k='yes'"]
    template = " ;; ".join(LABELS)
    labels = [program.attr(new_run(program, "run", "op", *flags, "--force-flags", "--stage", "-y", "--label", template),
                           "label") for program in (guild, oracle)]
    ours, theirs = (yaml.safe_load(label).split(" ;; ") for label in labels)
    assert list(zip(LABELS, ours)) == list(zip(LABELS, theirs))


REFUSED = [
    ("x=5", "x: {type: int}", True),
    ("x=1.0", "x: {type: int}", False),
    ("x=abc", "x: {type: int}", False),
    ("x=abc", "x: {type: float}", False),
    ("x=abc", "x: {type: number}", False),
    ("x=11", "x: {max: 10}", False),
    ("x=-1", "x: {min: 0}", False),
    ("x=c", "x: {choices: [a, b]}", False),
    ("x=nope", "x: {type: existing-path}", False),
    ("y=1", "x: 1", False),
    ("word", "x: 1", False),
    ("=1", "x: 1", False),
    ("x=1", "z: {required: yes}\n    x: 1", False),
    ("x=1", "z: {alias: x}", True),
]


@pytest.mark.differential
def test_the_same_is_refused(guild, oracle):
    operations = "".join(f"op{i}:\n  exec: 'true'\n  flags:\n    {flags}\n" for i, (_, flags, _) in enumerate(REFUSED))
    guild.write("guild.yml", operations)
    for i, (word, flags, is_good) in enumerate(REFUSED):
        for program in (guild, oracle):
            done = program("run", f"op{i}", word, "-y", "--stage", code=None)
            assert (done.returncode == 0) == is_good, (program.program, word, flags, done.stderr)


# ---- alone ----

SHOW = r"""printf '<%s>' "$@"
printf '\n<%s>\n' "$FLAG_X"
"""


@pytest.mark.parametrize("type_, typed, argument, kept", [
    ("string", "013", "013", "'013'"),
    ("string", "1e3", "1e3", "'1e3'"),
    ("string", "yes", "yes", "'yes'"),
    ("string", "null", "null", "'null'"),
    ("string", '{"lr": 0.1}', '{"lr": 0.1}', "'{\"lr\": 0.1}'"),
    ("string", "caf\udce9", "caf\udce9", '"caf\\uDCE9"'),
    (None, "'013'", "013", "'013'"),
    (None, "013", "13", "13"),
    (None, "1e-5", "1e-05", "1.0e-05"),
    (None, "it's", "it's", "it's"),
    ("float", "1", "1.0", "1.0"),
    ("int", "1_000", "1000", "1000"),
])
def test_a_value_is_the_same_everywhere(guild, type_, typed, argument, kept):
    """Command line, attribute file, arguments, environment, and once more when the run is started again."""
    guild.write("show.sh", SHOW)
    definition = f"{{type: {type_}}}" if type_ else "null"
    guild.write("guild.yml", f"op:\n  exec: sh show.sh ${{flag_args}}\n  flags:\n    x: {definition}\n")
    run = new_run(guild, "run", "op", f"x={typed}", "-y")
    assert guild.attr(run, "flags") == f"x: {kept}\n"
    wanted = f"<--x><{argument}>\n<{argument}>\n".encode("utf-8", "surrogateescape")
    assert (run / ".guild" / "output").read_bytes() == wanted
    guild("run", "--restart", run.name, "-y")
    assert (run / ".guild" / "output").read_bytes() == wanted
    assert guild.attr(run, "flags") == f"x: {kept}\n"


def test_unknown_flags_name_the_nearest(guild):
    guild.write("guild.yml", "op:\n  exec: 'true'\n  flags:\n    learning-rate: 1\n    epochs: 2\n")
    done = guild("run", "op", "learning-rte=2", "-y", code=1)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2
    assert "learning-rte" in lines[0] and "'learning-rate'" in lines[1]


def test_a_bad_value_is_one_line(guild):
    guild.write("guild.yml", "op:\n  exec: 'true'\n  flags:\n    x: {min: 0, default: 1}\n")
    done = guild("run", "op", "x=abc", "-y", code=1)
    assert done.stderr.strip().splitlines() == [
        "guild: invalid value abc for 'x': it cannot be compared with the minimum 0"]


def test_switches_turned_off_survive_a_restart(guild):
    guild.write("show.sh", SHOW)
    guild.write("guild.yml", "op:\n  exec: sh show.sh ${flag_args}\n  flags:\n    x: {default: yes, arg-switch: no}\n")
    run = new_run(guild, "run", "op", "x=no", "-y")
    assert (run / ".guild" / "output").read_text().splitlines()[0] == "<--x>"
    assert yaml.safe_load(guild.attr(run, "op"))["op-cmd"]["cmd-flags"] == {"x": {"arg-switch": False}}
    guild("run", "--restart", run.name, "-y")
    assert (run / ".guild" / "output").read_text().splitlines()[0] == "<--x>"


def test_a_file_name_with_brackets_is_no_search(guild):
    guild.write("guild.yml", "op:\n  exec: echo ${flag_args}\n  flags:\n    x: null\n")
    run = new_run(guild, "run", "op", "x=data[1].csv", "-y")
    assert (run / ".guild" / "output").read_text() == "--x data[1].csv\n"
