"""The readers and writers of src/formats against PyYAML and Python's json, csv and repr."""

import csv
import datetime
import io
import json
import os
import pathlib
import random
import re
import subprocess

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

ROOT = pathlib.Path(__file__).resolve().parent.parent
JUDGE = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build")) / "tests" / "formats_judge"

# What the reference adds to YAML 1.1: floats without a dot or without the sign of the exponent.
NUMBERS = re.compile(
    r"""^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
    |\.[0-9_]+(?:[eE][-+][0-9]+)?)$""",
    re.X,
)


class NumbersLoader(yaml.SafeLoader):
    pass


class AttrDumper(yaml.SafeDumper):
    """What attribute files hold: numbers as above, y and n quoted, nothing shared."""

    def ignore_aliases(self, data):
        return True


class FlowDumper(AttrDumper):
    pass


def one_line_text(dumper, text):
    """Our flow style is one line, always."""
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text else None)


FlowDumper.add_representer(str, one_line_text)
for cls in (NumbersLoader, AttrDumper, FlowDumper):
    cls.add_implicit_resolver("tag:yaml.org,2002:float", NUMBERS, list("-+0123456789."))
AttrDumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^[yYnN]$"), list("yYnN"))


def ask(records):
    """Sends (op, text) records through the judge program and returns its answers."""
    data = b""
    for op, text in records:
        raw = text.encode("utf-8", "surrogateescape")
        data += f"{op} {len(raw)}\n".encode() + raw
    done = subprocess.run([JUDGE], input=data, stdout=subprocess.PIPE, check=True)
    out = io.BytesIO(done.stdout)
    answers = []
    for _ in records:
        size = int(out.readline())
        answers.append(out.read(size).decode("utf-8", "surrogateescape"))
    return answers


def describe(v):
    if isinstance(v, str):
        return "str:" + repr(v)
    if isinstance(v, (datetime.date, datetime.datetime)):
        return "date:" + str(v)
    if isinstance(v, list):
        return "[" + ",".join(map(describe, v)) + "]"
    if isinstance(v, dict):
        return "{" + ",".join(describe(k) + "=" + describe(x) for k, x in v.items()) + "}"
    return repr(v)


def is_shown(v):
    """False for what our values do not have: bytes, sets, tuples."""
    if isinstance(v, list):
        return all(map(is_shown, v))
    if isinstance(v, dict):
        return all(is_shown(k) and is_shown(x) for k, x in v.items())
    return not isinstance(v, (bytes, set, tuple))


def strip_end(text):
    """The final '...' and newline, which attribute files do not have."""
    if text.endswith("\n...\n"):
        text = text[:-4]
    return text[:-1] if text.endswith("\n") else text


def compare(cases, expected, answers):
    wrong = [(c, e, a) for c, e, a in zip(cases, expected, answers) if e != a]
    shown = "\n".join(f"  {c!r}\n    expected {e!r}\n    got      {a!r}" for c, e, a in wrong[:10])
    assert not wrong, f"{len(wrong)} of {len(cases)} differ:\n{shown}"


# ---- plain scalars ----

WORDS = """y n Y N yes Yes YES yEs no No NO true True TRUE false False FALSE on On ON off Off OFF oFf
~ null Null NULL nULL None none << = - -- --- ... ? : , # @ ` % ! & * | > ' " [ ] { } !!int !!str
0 -0 +0 00 007 08 089 0o17 0777 -0777 +12 1_000 1__0 _1 1_ 0_ 0_7 0b101 0b 0b2 -0b11 0x1F 0xfg -0x1f 0x 0X1F
1:30 1:60 1:5 1:05 -1:30 1:2:3 0:30 01:30 190:20:30 190:20:30.15 1:30.5 1:30. 1:60.5 0:30.5 1_0:30
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 123456789012345678901234567890
0xffffffffffffffffffffffff 0b11111111111111111111111111111111111111111111111111111111111111111 0777777777777777777777777
1. 1.0 -1.5 +1.5 .5 -.5 +.5 . .. ._ ._1 1._5 1.5_ 1e5 1E5 1e+5 1e-5 1.e5 1.e+5 1.5e3 1.5e+3 1.5e+ 1e 1e+ 1.0e+22 .5e1
.5e-1 .5e+1 12e03 1_0e5 1e1_0 1.0e400 1e400 -1e400 1e-400 .inf .Inf .INF -.inf +.inf .iNf .nan .NaN .NAN .Nan -.nan inf nan
2020-01-01 2020-1-1 2020-01-32 20-01-01 2020-01-01T10:20:30 2020-01-01t1:20:30 2020-1-2T10:20:30Z
2020-01-01T10:20:30.5 2020-01-01T10:20:30.1234567 2020-01-01T10:20:30. 2020-01-01T10:20:30+1 2020-01-01T10:20:30-05:30
2020-01-01T10:20:30+01:00 2020-02-29 2021-02-28 0001-01-01 9999-12-31
a ab a,b a:b a: :a a#b #a a? ?a -a a- +a 1,000 0.1.2 1.2.3 v1 1a a1 /usr/bin C:\\x x=1 ${x} 100% @x a@b *x &x !x x! é 日本 😀
""".split()
BLANKS = ["", " ", "a b", "a  b", " a", "a ", "a #b", "a: b", "a - b", "- a", "? a", "2020-01-01 10:20:30",
          "2020-01-01 10:20:30 +01:00", "2020-01-01 \t 1:20:30.25  -5", "a\tb", "\ta", "a\n", "\n", "a\nb", "a\n\nb",
          "\na", "a \nb", "a\n b", "x" * 100, "x " * 60, ("x" * 30 + "  ") * 5, "it's", "''", "'a'", '"a"', "\x00",
          "\x07\x1b", "\x7f", "\x85", "\xa0", "\u2028", "\ufeff", "\ufffe", "\U0010ffff", "\udce9", "\r", "a\r\nb",
          "é " * 50, "a\\b", "\\" * 90, "---", "--- a", "...", "...a", "key: value\nother: 1\n", "ab\n" * 40]
ALPHABETS = ["0123456789_.eE+-:", "0123456789", "01_bx", "yesnoYESNOtrufal", "ab -:#,[]{}?&*!|>'\"%@`", "abc \n'",
             "aé\t \u2028\\\"", "0123456789-:T.Z +"]
ERRORS = (yaml.YAMLError, ValueError, OverflowError, KeyError, TypeError, IndexError)


def random_texts(rng, n):
    for _ in range(n):
        alphabet = rng.choice(ALPHABETS)
        yield "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 12)))


def scalars(seed, n):
    return WORDS + BLANKS + list(random_texts(random.Random(seed), n))


def reads(loader, text):
    """What PyYAML reads, described; None where it fails or gives what we do not have."""
    try:
        v = yaml.load(text, loader)
    except ERRORS as e:
        # A date, number or octal that is none is text for us, as its author meant it.
        return "any" if isinstance(e, ValueError) and "!" not in text else None
    return describe(v) if is_shown(v) else None


@pytest.mark.parametrize("op, loader", [
    ("yaml-describe", yaml.SafeLoader), ("yaml-describe-numbers", NumbersLoader)])
def test_scalars_are_read_as_pyyaml_reads_them(op, loader):
    # libyaml takes tabs where PyYAML refuses them.
    texts = [t for t in scalars(1, 4000) if "\udce9" not in t and "\t" not in t]
    # … and a comment right after the sign of a block scalar.
    texts = [t for t in texts if not t.startswith((">#", "|#"))]
    answers = ask([(op, t) for t in texts])
    cases, expected, found = [], [], []
    for text, answer in zip(texts, answers):
        wanted = reads(loader, text)
        if wanted == "any":
            wanted = describe(text)
        cases.append(text)
        expected.append(wanted or "error")
        found.append("error" if answer.startswith("error:") else answer)
    compare(cases, expected, found)


# ---- documents ----

DOCUMENTS = r"""
- &a {x: 1}|- *a
---
a: &x [1, 2]|b: *x|c: {d: *x}
---
base: &b {a: 1, b: 2}|use: {<<: *b, b: 3, c: 4}
---
<<: {a: 1}|a: 2|b: 3
---
a: 0|<<: [{a: 1, b: 1}, {b: 2, c: 2}]
---
<<: 1
---
<<: [1]
---
"<<": 1
---
a: <<
---
a: =
---
=: 1
---
1: a|1.0: b|true: c
---
a: 1|a: 2|b: 3|a: 4
---
? [a]|: b
---
? {a: b}|: c
---
? a|: - 1|  - 2
---
[a, b: c, {d: e}, [f]]
---
{a, b: , c: 1, ? d : e}
---
a: |{  b|{  c|d: e
---
a: >|  folded|  text||  more|b: 1
---
a: |{-|  x|  y|b: 'it''s'|c: "\x41\u00e9\n\t\"\\ \
---
a: "one|  two||  three"|b: 'one|  two'
---
a:|- 1|- 2|b:|  - 3|  - - 4|    - 5|  - x: 1|    y: 2
---
!!str 5
---
!!int "5"
---
!!float 1
---
!!int abc
---
!!null x
---
!!bool "yes"
---
! 5
---
! [a]
---
!foo bar
---
!!python/object:x y
---
!!timestamp 2020-01-01
---
!!map {a: b}
---
!!seq [a]
---
!!seq {a: b}
---
--- a|--- b
---
--- |a: 1|...
---
%YAML 1.1|---|a: 1
---
a: 1|...|
---
# only a comment
---
a: b # comment|c: 'd' # more
---
a: [1,|2,|3|]
---
a: {|x: 1|}
---
- &a 1|- &a 2
---
*missing
---
&a [*a]
---
a: b: c
---
a:|	- b
---
[a, b
---
{a: b
---
a: 'x
---
- a| - b
---
a: @x
---
a: `x`
---
a: %x
---
key with spaces: value with spaces|"quoted key": 'quoted'
---
a: - 1
---
? a|? b
---
a: !!str|b: 1
---
"a": &x|b: *x
---
2020-01-01: date|2020-01-01 10:00:00: time|null: none|~: again|1.5: f
---
a:   |  - b|  -|  - c|d:
---
-|  a: 1|-|  - 2
---
---
a: x y  z|  more words|b: 1
"""


def documents():
    for text in DOCUMENTS.split("\n---\n"):
        # '|' stands for a newline so that a document is one line here; '{' after it keeps a literal one.
        text = text.strip("\n").replace("|{", "\0").replace("|", "\n").replace("\0", "|")
        yield text


def test_documents_are_read_as_pyyaml_reads_them():
    texts = list(documents())
    assert len(texts) > 60
    answers = ask([("yaml-describe", t) for t in texts])
    # What we refuse on purpose: a value inside itself.
    refused = {"&a [*a]"}
    expected = ["error" if t in refused else reads(yaml.SafeLoader, t) or "error" for t in texts]
    found = ["error" if a.startswith("error:") else a for a in answers]
    compare(texts, expected, found)


# ---- writing ----

def random_value(rng, depth=0):
    kind = rng.randint(0, 9 if depth < 4 else 6)
    if kind == 0:
        return rng.choice([None, True, False])
    if kind == 1:
        return rng.choice([0, 1, -1, rng.randint(-10**6, 10**6), rng.randint(-10**30, 10**30)])
    if kind == 2:
        return rng.choice([0.0, -0.0, 1.0, 0.1, 1e-5, 1e22, 1e16, 1e15, 123456789.125, float("inf"),
                           float("-inf"), rng.random(), rng.uniform(-1e30, 1e30), 10.0 ** rng.randint(-300, 300)])
    if kind <= 4:
        return rng.choice(WORDS + BLANKS)
    if kind == 5:
        return next(random_texts(rng, 1))
    if kind == 6:
        words = [rng.choice(["a", "bb", "it's", "#x", "x:", "longer-word", "é", "y" * 30, ""]) for _ in range(rng.randint(1, 60))]
        return rng.choice([" ", " ", "\n", "  "]).join(words)
    if kind <= 8:
        return [random_value(rng, depth + 1) for _ in range(rng.randint(0, 5))]
    return {random_key(rng): random_value(rng, depth + 1) for _ in range(rng.randint(0, 6))}


def random_key(rng):
    return rng.choice([rng.choice(WORDS), rng.choice(BLANKS), next(random_texts(rng, 1)), "k" * rng.randint(100, 140)])


def values(seed, n):
    rng = random.Random(seed)
    return scalars(2, 1500) + [random_value(rng) for _ in range(n)]


def to_json(v):
    """JSON that keeps bytes which are not UTF-8 as they are."""
    return json.dumps(v, ensure_ascii=False)


@pytest.mark.parametrize("op, options", [
    ("json-block", dict(Dumper=AttrDumper, default_flow_style=False)),
    ("json-unsorted", dict(Dumper=AttrDumper, default_flow_style=False, sort_keys=False)),
    ("json-flow", dict(Dumper=FlowDumper, default_flow_style=True, width=float("inf"))),
])
def test_values_are_written_as_pyyaml_writes_them(op, options):
    cases = values(3, 1500)
    answers = ask([(op, to_json(v)) for v in cases])
    compare(cases, [strip_end(yaml.dump(v, **options)) for v in cases], answers)


def test_keys_of_any_type_are_written_as_pyyaml_writes_them():
    texts = ["{2: a, 1: b}", "{1.5: a, 1: b, true: c}", "{b: 1, 1: 2}", "{~: 1, a: 2}", "{2020-01-02: a, 2020-01-01: b}",
             "[2020-01-01, 2020-01-01 10:20:30, 2020-01-01 10:20:30.5Z]", "2020-01-01", "{a: {2: x, 1: y}}"]
    values_read = [yaml.safe_load(t) for t in texts]
    for op, options in [("yaml-block", dict(Dumper=AttrDumper, default_flow_style=False)),
                        ("yaml-flow", dict(Dumper=FlowDumper, default_flow_style=True, width=float("inf")))]:
        answers = ask([(op, t) for t in texts])
        compare(texts, [strip_end(yaml.dump(v, **options)) for v in values_read], answers)


def test_what_is_written_reads_back():
    cases = values(4, 800)
    for op, read in [("json-block", "yaml-describe-numbers"), ("json-flow", "yaml-describe-numbers")]:
        answers = ask([(read, t) for t in ask([(op, to_json(v)) for v in cases])])
        wanted = [describe(json.loads(json.dumps(v, sort_keys=True))) for v in cases]
        compare(cases, wanted, answers)


def test_json_is_read_and_written_as_python_does():
    cases = values(5, 1500)
    compare(cases, [json.dumps(v) for v in cases], ask([("json-json", to_json(v)) for v in cases]))
    compare(cases, [json.dumps(v, indent=2, sort_keys=True) for v in cases],
            ask([("json-indented", json.dumps(v)) for v in cases]))


def test_values_print_as_python_prints_them():
    cases = values(6, 1500)
    compare(cases, [repr(v) for v in cases], ask([("json-repr", to_json(v)) for v in cases]))


def test_csv_is_read_as_python_reads_it():
    rng = random.Random(7)
    texts = ["", "a,b\n1,2\n", "a,b\r\n1,\r\n\r\n,2", '"a ""b""",c\n"x\ny",z', 'ab"c,d', '"a"b,c', ",", "a,", '""', '"',
             'a\n"b', '"a\n']
    texts += ["".join(rng.choice('ab,"\n\r ') for _ in range(rng.randint(0, 20))) for _ in range(2000)]
    answers = ask([("csv-describe", t) for t in texts])
    # A quote that is never closed is an error for us; Python takes the rest of the file as its text.
    closed = [i for i, a in enumerate(answers) if not a.startswith("error:")]
    assert len(closed) > len(texts) / 2
    assert answers[texts.index('"')].startswith("error:")
    compare([texts[i] for i in closed],
            [describe([r for r in csv.reader(io.StringIO(texts[i], newline="")) if r]) for i in closed],
            [answers[i] for i in closed])
