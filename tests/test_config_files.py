"""Configuration files read and changed in place, against PyYAML and Python's json, configparser and tomllib."""

import configparser
import json
import math
import pathlib
import random
import re

import pytest

from test_formats_judge import ask

tomllib = pytest.importorskip("tomllib", reason="tomllib comes with Python 3.11")
yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


def edit(kind, text, settings):
    return ask([("edit." + kind, json.dumps(settings) + "\n" + text)])[0]


# ---- what Python reads -----------------------------------------------------------------------------------


def ini_value(text):
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            pass
    return configparser.RawConfigParser.BOOLEAN_STATES.get(text.lower(), text)


def load_ini(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    data = {k: ini_value(parser.get("DEFAULT", k)) for k in parser.defaults()}
    for section in parser.sections():
        data[section] = {k: ini_value(parser.get(section, k)) for k in parser[section]}
    return data


LOADERS = {"yml": yaml.safe_load, "json": json.loads, "ini": load_ini, "toml": tomllib.loads}


def alike(a, b):
    """Equal to the type; NaN is NaN."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and a == b


# ---- layout: what stays, what comes where ------------------------------------------------------------------

LAYOUT = [
    # YAML: the value alone changes
    ("yml", "lr: 0.1  # rate\nn: 3\n", {"lr": 0.2}, "lr: 0.2  # rate\nn: 3\n"),
    ("yml", "a:\n  b: 1 # one\n  # two\n  c: 'x'\n", {"a.c": "y", "a.d": True},
     "a:\n  b: 1 # one\n  # two\n  c: y\n  d: true\n"),
    ("yml", "l: # items\n- 1\n- 2 # two\nz: 1\n", {"l": [3, 4]}, "l: [3, 4] # items # two\nz: 1\n"),
    ("yml", "l:\n    - 1\n\n# z\nz: 1\n", {"l": []}, "l: []\n\n# z\nz: 1\n"),
    ("yml", "t: |\n  a\n  b\nz: 1\n", {"t": "c"}, "t: c\nz: 1\n"),
    ("yml", "t: >-\n  a\n  b", {"t": "c"}, "t: c"),
    ("yml", "t: |\n  a\nz: 1\n", {"k": 1}, "t: |\n  a\nz: 1\nk: 1\n"),
    ("yml", "a:\n  t: |\n    x\n", {"a.k": 1}, "a:\n  t: |\n    x\n  k: 1\n"),
    ("yml", "e:\nz: 1\n", {"e": 5}, "e: 5\nz: 1\n"),
    ("yml", "f: {a: 1, b: [1, 2]} # f\n", {"f.a": 2, "f.c": "x y"}, "f: {a: 2, b: [1, 2], c: x y} # f\n"),
    ("yml", "f: {}\n", {"f.c": 1}, "f: {c: 1}\n"),
    ("yml", "# only this\n", {"a.b": 1}, "# only this\na:\n  b: 1\n"),
    ("yml", "", {"a": 1}, "a: 1\n"),
    ("yml", "a: 1\n", {"b.c.d": [1, {"x": None}]}, "a: 1\nb:\n  c:\n    d:\n    - 1\n    - x: null\n"),
    ("yml", "lr: 1e-3\n", {"k": 1}, "lr: 0.001\nk: 1\n"),  # PyYAML alone would read a text
    ("yml", "q.r: 5\n", {"q.r": 6}, "q.r: 6\n"),
    ("yml", "a: 1", {"b": 2}, "a: 1\nb: 2"),
    ("yml", "ü: é # ö\nb: 1\n", {"b": 2}, "ü: é # ö\nb: 2\n"),
    ("yml", "a: 1\r\nb: 2\r\n", {"a": 3}, "a: 3\r\nb: 2\r\n"),
    ("yml", "a: yes\nb: 'no'\n", {"a": True, "b": "no"}, "a: yes\nb: 'no'\n"),
    ("yml", "a: !!str 1\n", {"a": 2}, "a: 2\n"),
    # YAML anchors: what they share is unshared only where values differ
    ("yml", "base: &b {lr: 1}\no: *b\n", {"base.lr": 2, "o.lr": 2}, "base: &b {lr: 2}\no: *b\n"),
    ("yml", "base: &b {lr: 1}\no: *b # same\n", {"base.lr": 2}, "base: &b {lr: 2}\no: {lr: 1} # same\n"),
    ("yml", "base: &b\n  lr: 1\no:\n  <<: *b\n  z: 1\n", {"base.lr": 2},
     "base: &b\n  lr: 2\no:\n  <<: *b\n  z: 1\n  lr: 1\n"),
    ("yml", "base: &b {lr: 1}\no: *b\n", {"o.lr": 2}, "base: &b {lr: 1}\no: {lr: 2}\n"),
    ("yml", "a: &x 1\nb: *x\n", {"a": 2}, "a: &x 2\nb: 1\n"),
    # JSON
    ("json", '{\n  "a": 1,\n  "b": {"c": [1, 2]}\n}\n', {"b.c": [3], "b.d": None},
     '{\n  "a": 1,\n  "b": {"c": [3], "d": null}\n}\n'),
    ("json", '{\n\t"a": 1\n}', {"b": "x"}, '{\n\t"a": 1,\n\t"b": "x"\n}'),
    ("json", '{"a": 1}', {"b.c": 2}, '{"a": 1, "b": {"c": 2}}'),
    ("json", "{}", {"a": 1}, '{"a": 1}'),
    ("json", '{"\\u0061": 1, "a": "}"}', {"a": 2}, '{"\\u0061": 1, "a": 2}'),
    # INI
    ("ini", "# top\n[a]\n; x\nx = 1\ny=2\n\n[b]\n", {"a.x": 5}, "# top\n[a]\n; x\nx = 5\ny=2\n\n[b]\n"),
    ("ini", "[a]\nx=1\n\n[b]\ny = 1\n", {"a.new": "t"}, "[a]\nx=1\nnew=t\n\n[b]\ny = 1\n"),
    ("ini", "[a]\nx : 1\n", {"c.k": 1.5, "d": True}, "[DEFAULT]\nd = True\n\n[a]\nx : 1\n\n[c]\nk = 1.5\n"),
    ("ini", "[a]\nm = 1\n  2\n  # c\n  3\nz = 1\n", {"a.m": "q"}, "[a]\nm = q\nz = 1\n"),
    ("ini", "[a]\nx =\n", {"a.x": "b\nc"}, "[a]\nx = b\n\tc\n"),
    ("ini", "[a]\nx = 1\n", {"a.x": "50%"}, "[a]\nx = 50%%\n"),
    ("ini", "[a]\nx = yes\ny = 1e-3\n", {"a.x": True, "a.y": 0.001}, "[a]\nx = yes\ny = 1e-3\n"),
    ("ini", "[DEFAULT]\nf = 1\n[s]\nx = 2\n", {"f": 3}, "[DEFAULT]\nf = 3\n[s]\nx = 2\nf = 1\n"),
    ("ini", "[a.b]\nx = 1\n", {"a.b.x": 2, "a.b.y.z": 3}, "[a.b]\nx = 2\ny.z = 3\n"),
    # TOML
    ("toml", "# c\na = 1 # one\n\n[s]\nb = 'x'\n", {"a": 2, "s.b": "y\n"}, '# c\na = 2 # one\n\n[s]\nb = "y\\n"\n'),
    ("toml", "a = 1\n[s] # s\nb = 1 # b\n\n[t]\n", {"s.c": [1, 2], "n": 0.5},
     "a = 1\nn = 0.5\n[s] # s\nb = 1 # b\nc = [1, 2]\n\n[t]\n"),
    ("toml", "a.b = 1\nc = 2\n", {"a.d": 3}, "a.b = 1\nc = 2\na.d = 3\n"),
    ("toml", "[x]\na.b.c = 1\n", {"x.a.b.d": 3}, "[x]\na.b.c = 1\na.b.d = 3\n"),
    ("toml", "i = { a = 1 }\nj = {}\n", {"i.b": 2, "j.c.d": True}, "i = { a = 1, b = 2 }\nj = { c.d = true }\n"),
    ("toml", "[a.b]\nx = 1\n", {"a.y": 2, "a.b.x": 3}, "[a.b]\nx = 3\n\n[a]\ny = 2\n"),
    ("toml", "[a]\n", {"p.q.r": "s"}, '[a]\n\n[p.q]\nr = "s"\n'),
    ("toml", "[a]\nx=1\n", {"y": 1}, "y = 1\n\n[a]\nx=1\n"),
    ("toml", "m = [\n  1, # one\n  2,\n]\nz = 1\n", {"z": 2}, "m = [\n  1, # one\n  2,\n]\nz = 2\n"),
    ("toml", "a = 1\r\n[b]\r\n", {"a": 2}, "a = 2\r\n[b]\r\n"),
]


@pytest.mark.parametrize("kind,before,settings,after", LAYOUT)
def test_layout_stays(kind, before, settings, after):
    result = edit(kind, before, settings)
    assert result == after
    LOADERS[kind](result)


@pytest.mark.parametrize("kind,text,settings,message", [
    ("yml", "a: 5\n", {"a.b": 1}, "'a.b' cannot be nested: conflicts with {'a': 5}"),
    ("yml", "- 1\n", {"a": 1}, "f: expected a mapping, not list"),
    ("yml", "a: [\n", {"a": 1}, "f:2:1: "),
    ("json", '{"a": 1,}', {"a": 1}, "f:1:"),
    ("json", "[1]", {"a": 1}, "f: expected a mapping, not list"),
    ("ini", "x = 1\n", {"a": 1}, "f:1:1: expected a section"),
    ("ini", "[a]\nx\n", {"a": 1}, "f:2:1: expected 'name = value'"),
    ("ini", "[a]\nx=1\nX=2\n", {"a": 1}, "f:3:1: a value of this name was there before"),
    ("ini", "[a]\n[a]\n", {"a": 1}, "f:2:1: a section of this name was there before"),
    ("toml", "a = 1\na = 2\n", {"a": 1}, "f:2:1: a value of this name was there before"),
    ("toml", "a = \n", {"a": 1}, "f:1:5: expected a value"),
    ("toml", "a = 1\n", {"b": None}, "'b' holds null, which TOML has not"),
])
def test_refusals(kind, text, settings, message):
    assert message in edit(kind, text, settings)


# ---- reading -----------------------------------------------------------------------------------------------

# Cases are parted by '|'; \\n, \\r, \\x01 and \\x7f stand for those characters from the line on that is empty.
TOML_CASES = pathlib.Path(__file__).with_name("toml_cases.txt")


def as_shown(v):
    """The judge program's description of a value, for what tomllib gives."""
    if isinstance(v, dict):
        return "{" + ",".join(f"{as_shown(k)}={as_shown(x)}" for k, x in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(as_shown, v)) + "]"
    if isinstance(v, str):
        return "str:" + repr(v)
    return repr(v) if isinstance(v, (int, float)) else f"date:{v}"


def toml_cases():
    plain, escaped = TOML_CASES.read_text().rstrip("\n").split("\n\n")
    escaped = escaped.replace("\n", "|")
    for name, char in [("\\n", "\n"), ("\\r", "\r"), ("\\x01", "\x01"), ("\\x7f", "\x7f")]:
        escaped = escaped.replace(name, char)
    return plain.replace("\n", "|").split("|") + escaped.split("|")


def check_toml(cases):
    for case, answer in zip(cases, ask([("toml-describe", c) for c in cases])):
        try:
            expected = as_shown(tomllib.loads(case))
        except (tomllib.TOMLDecodeError, ValueError, RecursionError):
            expected = None
        if expected is None:
            assert answer.startswith("error:"), f"{case!r}: tomllib refuses it"
        else:
            assert answer == expected, repr(case)


def test_toml_reads_as_tomllib():
    check_toml(toml_cases())


@pytest.mark.slow
def test_mutated_toml_reads_as_tomllib():
    rng = random.Random(5)
    cases = toml_cases()
    alphabet = "ab.=[]{}\"'#,\n 019-_+eTZ:x\\u\t"
    made = []
    for _ in range(20000):
        text = list("\n".join(rng.sample(cases, rng.randint(1, 3))))
        for _ in range(rng.randint(1, 4)):
            i = rng.randint(0, len(text))
            if rng.random() < 0.5:
                text[i:i + 1] = rng.choice(alphabet)
            else:
                text[i:i] = rng.choice(alphabet)
        made.append("".join(text))
    check_toml(made)


INI = [
    "[a]\nx=1\n", "[DEFAULT]\nd=1\n[a]\nx=%(d)s-%(y)s\ny: 2\n", "[a]\nx=%%\n", "[a]\nk = a\n b\n\n c\n\n", "[a]\nk =\n  b\n",
    "[a]\n  k = 1\n  l = 2\n   m = 3\n", "[a]\nk = 1\n# c\n  2\n", "[a]\nk = 1 ; no comment\n", "[a]\nK y = v = w\n", "[ a ]\nx=1",
    "[a]x\nk=1", "[a]]\nk=1", "# c\n;d\n\n[a]\n", "[a]\nt=TRUE\nf=Off\ni=007\nj=-1_0\ng=1e5\nh=.5\nn=nan\ne=\n", "",
    "[DEFAULT]\na=1\n[DEFAULT]\nb=2\n[s]\n", "[a]\r\nx = 1\r\ny = 2\r\n", "[a]\nx=1\n\t\n\ty\n",
]


def test_ini_reads_as_configparser():
    answers = ask([("ini-describe", text) for text in INI])
    for text, answer in zip(INI, answers):
        assert answer == as_shown(load_ini(text)), repr(text)


@pytest.mark.parametrize("text", ["x=1", "[a]\nx", "[a]\n=1", "[a]\nx=1\nx=2", "[a]\n[a]", "[]\nx=1"])
def test_ini_refuses_what_configparser_refuses(text):
    with pytest.raises(configparser.Error):
        load_ini(text)
    assert ask([("ini-describe", text)])[0].startswith("error:")


def test_ini_keeps_what_cannot_be_interpolated():
    assert ask([("ini-describe", "[l]\nfmt = %(asctime)s\nx = 5%\n")])[0] == "{str:'l'={str:'fmt'=str:'%(asctime)s',str:'x'=str:'5%'}}"


# ---- any text, any settings: the result holds what it should ---------------------------------------------------

YAML_FILES = [b for k, b, _, _ in LAYOUT if k == "yml"] + [
    "a: 1\nb:\n  c: [1, 2,\n    3]\n  d:\n  - x: 1\n    y: 2\n  - z\ne: 'long\n  text'\n",
    "%YAML 1.1\n---\na: 1\n...\n", "---\n", "{a: 1,\n b: {c: 2,},}\n", "? a\n: 1\n? b\n:\n  c: 1\n", "a: &x\n  b: 1\nc: &y [*x, 2]\nd: *y\n",
    '"a": "b"\n\'c\': "d\\\n  e"\n', "a: |+\n  x\n\n\nb: 1\n", "a:\n  - 1\n  -\n    - 2\nb: ~\n", "\ufeffa: 1\nb: 2\n",
]
FILES = {
    "yml": YAML_FILES,
    "json": [b for k, b, _, _ in LAYOUT if k == "json"] + ['{"a": {"b": [1, {"c": 2}], "c": "\\"}"}, "e": {}}', '{"a": 1, "a": {"b": 2}}'],
    "ini": [b for k, b, _, _ in LAYOUT if k == "ini"] + [t for t in INI if t],
    "toml": [b for k, b, _, _ in LAYOUT if k == "toml"] + [
        "a = 1\n[b]\nc = [1,\n 2]\n[b.d]\ne = 1.5\n[[t]]\nx = 1\n[[t]]\ny = 2\n", 'a = """\nx\n"""\nb.c.d = 1\nb.c.e = 2\n[f]\n', "",
        "[a]\nb = {c = {d = 1}}\n[a.e]\n[g.h]\n",
    ],
}
VALUES = [0, -5, 1.5, 1e-05, 1e22, True, False, "", "x", "yes", "1", "1e-3", "a: b", "# c", "it's \"q\"", "two\nlines", "ü", "50%",
          [1, "two", 3.5], [], [[1], {"k": "v"}], " padded ", "~", "null", "-", "2020-01-01", "a" * 200, "[a]", "a, b", "\ttab"]
KEYS = ["a", "b", "c", "e", "a.b", "a.c", "b.c", "b.d", "b.c.d", "a.b.c", "new", "n.e.w", "f.a", "s.x", "DEFAULT.q", "base.lr", "o.lr", "a b",
        "x.a.b.c", "t"]


def unshared(v):
    """A copy in which nothing is there twice: copy.deepcopy would keep what an anchor shares."""
    if isinstance(v, dict):
        return {k: unshared(x) for k, x in v.items()}
    return [unshared(x) for x in v] if isinstance(v, list) else v


def expected_of(kind, data, settings):
    """Python's own idea of setting dotted keys; None where a part is in the way."""
    data = unshared(data) or {}
    for key, value in settings.items():
        at, parts = data, key.split(".")
        while key not in at and len(parts) > 1:
            n = next((i for i in range(len(parts) - 1, 0, -1) if ".".join(parts[:i]) in at), 1)
            head, parts = ".".join(parts[:n]), parts[n:]
            if at.get(head) is None:
                at[head] = {}
            if not isinstance(at[head], dict):
                return None
            at, key = at[head], ".".join(parts)
        at[key] = value
    return data


@pytest.mark.parametrize("kind", ["yml", "json", "toml"])
def test_any_settings(kind):
    rng = random.Random(3)
    records, expected = [], []
    for text in FILES[kind] * 12:
        settings = {rng.choice(KEYS): rng.choice(VALUES) for _ in range(rng.randint(1, 4))}
        if kind == "yml":
            data = yaml.load(text, NumbersLoader)
        else:
            data = LOADERS[kind](text)
        records.append(("edit." + kind, json.dumps(settings) + "\n" + text))
        expected.append(expected_of(kind, data, settings))
    n_edited = 0
    for (_, record), answer, data in zip(records, ask(records), expected):
        if data is None:
            assert "cannot be nested" in answer, record
        else:
            assert alike(LOADERS[kind](answer), data), f"{record}\n----\n{answer}"
            n_edited += 1
    assert n_edited > 50


def test_any_ini_settings():
    """What is set is read back, and what was there is still there."""
    rng = random.Random(4)
    cases = []
    for text in FILES["ini"] * 12:
        settings = {f"{s}.{k}" if s else k: rng.choice(VALUES)
                    for s, k in [(rng.choice(["a", "s", "new", ""]), rng.choice(["x", "k", "q.r", "z"])) for _ in range(3)]}
        cases.append((text, settings))
    answers = ask([("edit.ini", json.dumps(s) + "\n" + t) for t, s in cases])
    for (text, settings), answer in zip(cases, answers):
        if "cannot be nested" in answer:  # a key of DEFAULT and a section of one name
            assert re.search(r"\[DEFAULT\]\na", text)
            continue
        before, after = load_ini(text), load_ini(answer)
        for name, values in before.items():
            for key in values if isinstance(values, dict) else []:
                if f"{name}.{key}" not in settings:
                    assert alike(after[name][key], values[key]), f"{text}{settings}\n----\n{answer}"
        for key, value in settings.items():
            section, _, option = key.partition(".") if key.split(".")[0] in after and "." in key else ("", "", key)
            found = after[section][option] if section else after[option]
            # Lines are stripped, as configparser does; a line that looks like a comment is one.
            if isinstance(value, str) and (value != value.strip() or value.startswith("#")):
                continue
            assert alike(found, ini_value(str(value))), f"{text}{settings}\n----\n{answer}"


class NumbersLoader(yaml.SafeLoader):
    pass


from test_formats_judge import NUMBERS  # noqa: E402

NumbersLoader.add_implicit_resolver("tag:yaml.org,2002:float", NUMBERS, list("-+0123456789."))
