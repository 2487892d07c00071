"""Patterns of output-scalars beside Guild AI 0.9.0, which hands them to Python's re."""

import json
import random
import re
import warnings

import pytest

pytestmark = pytest.mark.differential

PIECES = [r"\key", r"\value", r"\step", "loss", "acc", r"\s+", r"\s*", " ", "=", ": ", r"\w+", r"\d+", "[a-z]+", "[^=:]",
          r"\b", r"\B", "^", "$", r"\Z", r"\A", "(?:a|l)", "x?", "e{1,2}", "o{,2}", ".", ".*?", r"\S", r"\W", r"\D",
          r"[\s\d]", "(?=s)", "(?!q)", "(?<=o)", r"\.", r"\-", "[[:a]", r"\x73", r"\u0073", "(?#note)", "(?i:LOSS)",
          "(?>l+)", "s++"]
GROUPS = ["({})", "(?P<name>{})", "(?P<_val>{})", "(?P<_key>{})", "(?P<step>{})"]
LINES = ["loss: 0.5", "loss=0.25 acc=0.75", "step 3: loss 1e-3", "a.b-c = 7", "l  :  -2.", "LOSS=3 Loss=4", "losss 5",
         "1.2.3 4 5", "", "  indented: 6", "tab\tvalue\t7", "\u00e9t\u00e9: 8", "\u00a0nbsp: 9", "x=\u0663 y=10", "[1] a: 2 q",
         "oo=11 e=1_0", "nan=nan inf=inf", "k: 0.1 (step 30)", "a=1 a=2 b=a"]


def random_pattern(rng):
    def text():
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 4)))

    parts = [text() if rng.random() < 0.6 else "" for _ in range(3)]
    for i in range(rng.choice([1, 1, 2])):
        parts.insert(2 * i + 1, rng.choice(GROUPS).format(text()))
    return "".join(parts)


def is_good(pattern):
    for token, by in ((r"\key", "[^ \t]+"), (r"\value", r"[0-9\.e\-]+"), (r"\step", "[0-9]+")):
        pattern = pattern.replace(token, by)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern)
    except re.error:
        return False
    # A lone group without a name has no key: here guild differs on purpose.
    return 0 < compiled.groups and (compiled.groupindex or compiled.groups == 2)


@pytest.mark.parametrize("seed", range(3))
def test_matches(guild, oracle, seed):
    rng = random.Random(seed)
    patterns = []
    while len(patterns) < 150:
        pattern = random_pattern(rng)
        if is_good(pattern):
            patterns.append(pattern)
    guild.write("train.py", "print('loss: 1')\n")
    guild.write("lines.txt", "\n".join(LINES) + "\n")
    guild.write("guild.yml", "train:\n  main: train\n  output-scalars: " + json.dumps(patterns) + "\n")
    oracle.home.mkdir(exist_ok=True)
    ours = guild("run", "train", "--test-output-scalars", "lines.txt").stdout.splitlines()
    theirs = oracle("run", "train", "--test-output-scalars", "lines.txt").stdout.splitlines()
    assert len(ours) == len(theirs) == len(LINES) * 151
    for mine, reference in zip(ours, theirs, strict=True):
        # The reference takes what ends in u for a literal of Python 2.
        assert re.sub("u'(.*?)'", r"'\1'", mine) == reference


def test_default_patterns(guild, oracle):
    rng = random.Random(11)
    pieces = ["loss", "a:b", ":", " ", "  ", "\t", "0.1", "-", "1e-3", "(", ")", "step ", "(step 3)", "(30)", ": ", ": 5"]
    lines = ["".join(rng.choice(pieces) for _ in range(rng.randrange(8))) for _ in range(400)]
    guild.write("train.py", "print('loss: 1')\n")
    guild.write("lines.txt", "\n".join(lines) + "\n")
    oracle.home.mkdir(exist_ok=True)
    ours = guild("run", "train.py", "--test-output-scalars", "lines.txt").stdout.splitlines()
    theirs = oracle("run", "train.py", "--test-output-scalars", "lines.txt").stdout.splitlines()
    assert ours[: len(theirs)] == theirs
    # Behind the lines guild may propose patterns for what its automatic rules found.
    assert len(theirs) == 3 * len(lines)
