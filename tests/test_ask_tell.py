"""guild optimizer: searches over lines of JSON."""

import json
import math
import subprocess

import pytest

SPACE = [
    {"name": "x", "type": "float", "low": -1, "high": 2},
    {"name": "lr", "type": "float", "low": 1e-5, "high": 0.1, "log": True},
    {"name": "act", "type": "categorical", "choices": ["relu", 1, True, None, [1, 2]]},
    {"name": "n", "type": "int", "low": 1, "high": 8, "when": {"act": ["relu", 1]}},
]


def names(guild):
    return [o["name"] for o in json.loads(guild("optimizer", "list", "--json").stdout)]


def talk(guild, *requests, args=(), code=0):
    """What is answered to requests, which are values or texts."""
    lines = [r if isinstance(r, str) else json.dumps(r) for r in requests]
    done = guild("optimizer", "ask-tell", *args, stdin="".join(line + "\n" for line in lines), code=code)
    return [json.loads(line) for line in done.stdout.splitlines()]


def fits(params):
    ok = -1 <= params["x"] <= 2 and 1e-5 <= params["lr"] <= 0.1 and params["act"] in SPACE[2]["choices"]
    has_n = params["act"] == "relu" or (params["act"] == 1 and params["act"] is not True)
    return ok and (params["n"] in range(1, 9) if has_n else "n" not in params)


def test_each_optimizer_asks_tells_and_repeats(guild):
    for name in names(guild):
        requests = [{"space": SPACE}]
        for k in range(12):
            requests.append({"ask": 1})
            requests.append({"tell": k, "value": (k - 5) ** 2} if k % 4 else {"tell": k, "state": "failed"})
        requests += [{"ask": 5}, {"best": 1}]
        first = talk(guild, *requests, args=["-o", name, "--random-seed", "3"])
        assert [a.get("id") for a in first] == [*range(17), 5], (name, first)
        assert all(fits(a["params"]) for a in first), name
        assert first[-1]["value"] == 0 and first[-1]["params"] == first[5]["params"]
        assert first == talk(guild, *requests, args=["-o", name, "--random-seed", "3"])
        assert first != talk(guild, *requests, args=["-o", name, "--random-seed", "4"])


def test_values_that_are_no_numbers_and_states(guild):
    answers = talk(guild, {"space": SPACE[:1]}, {"ask": 5}, '{"tell": 0, "value": NaN}', '{"tell": 1, "value": -Infinity}',
                   {"tell": 2, "value": None}, {"best": 1}, {"tell": 3, "state": "pruned", "value": -9}, {"tell": 4, "value": 3},
                   {"best": 1}, {"tell": 4, "value": 2}, {"best": 1}, args=["-o", "random"])
    assert "no trial is complete" in answers[5]["error"]
    assert answers[6]["value"] == 3
    assert "told before" in answers[7]["error"] and answers[7]["line"] == 10
    assert answers[8]["value"] == 3


def test_directions_and_several_objectives(guild):
    told = [{"tell": 0, "value": 1}, {"tell": 1, "value": 5}, {"best": 1}]
    for args, space, best in [([], {}, 0), (["-N"], {}, 0), (["-X"], {}, 1), ([], {"directions": ["maximize"]}, 1)]:
        assert talk(guild, {"space": SPACE, **space}, {"ask": 2}, *told, args=args)[-1]["id"] == best
    answers = talk(guild, {"space": SPACE, "directions": ["minimize", "maximize"]}, {"ask": 5}, {"tell": 0, "value": 1},
                   {"tell": 0, "values": [1, 1]}, {"tell": 1, "values": [2, 2]}, {"tell": 2, "values": [2, 1]},
                   {"tell": 3, "values": [0, 9], "constraints": [1, 0]}, {"tell": 4, "values": [1, 1], "constraints": [-1]},
                   {"front": 1}, {"best": 1})
    assert "2 objectives" in answers[5]["error"]
    assert [(p["id"], p["values"]) for p in answers[6]["front"]] == [(0, [1, 1]), (1, [2, 2]), (4, [1, 1])]
    assert answers[7]["values"] == [1, 1]
    assert "option" in talk(guild, {"space": SPACE, "directions": ["maximize"]}, args=["-N"])[0]["error"]


BAD = [
    ('{"space": [{"name": "x", "type": "float", "low": 1, "high": 0}]}', "above"),
    ('{"space": [{"name": "x", "type": "float", "low": NaN, "high": 0}]}', "finite"),
    ('{"space": [{"name": "x", "type": "float", "low": 0, "high": 1, "log": true}]}', "logarithmic"),
    ('{"space": [{"name": "x", "type": "categorical", "choices": []}]}', "no choices"),
    ('{"space": [{"name": "x", "type": "int", "low": 0, "hgih": 1}]}', "unknown key 'hgih'"),
    ('{"space": []}', "nothing to search"),
    ('{"space": 3}', "list"),
    ('{"ask": 1}', "space comes first"),
    ("garbage", "no JSON"),
    ("\x00\xff{", "no JSON"),
    ("[" * 5000 + "]" * 5000, "nested"),
    ("3", "object"),
    ("{}", "one of space"),
    ('{"aks": 1}', "unknown key 'aks'"),
]
BAD_AFTER = [
    ('{"space": []}', "before"),
    ('{"ask": 0}', "whole number"), ('{"ask": 1e3}', "whole number"), ('{"ask": 99999999999999999999}', "whole number"),
    ('{"ask": 1, "best": 1}', "unknown key 'best'"),
    ('{"tell": 7, "value": 1}', "no trial 7"), ('{"tell": -1, "value": 1}', "id"), ('{"tell": "0", "value": 1}', "id"),
    ('{"tell": 0}', "'value' or a 'state'"), ('{"tell": 0, "vlaue": 1}', "unknown key 'vlaue'"),
    ('{"tell": 0, "value": "1"}', "string"), ('{"tell": 0, "value": true}', "boolean"),
    ('{"tell": 0, "state": "complete"}', "its value"), ('{"tell": 0, "state": "lost"}', "complete, failed or pruned"),
    ('{"tell": 0, "value": 1, "constraints": 1}', "list"), ('{"tell": 0, "value": 1, "values": [1]}', "either"),
    ('{"add": {"x": 9}, "value": 1}', "'x' is outside"), ('{"add": {}, "value": 1}', "no value of 'x'"), ('{"add": [1]}', "by name"),
    ('{"best": 2}', "takes 1"), ('{"front": 0}', "takes 1"),
]


def test_errors_are_lines_and_it_goes_on(guild):
    good = {"space": SPACE[:1]}
    answers = talk(guild, *[line for line, _ in BAD], good, {"ask": 1}, *[line for line, _ in BAD_AFTER], {"tell": 0, "value": 2},
                   "", "  ", '{"best": 1}', args=["-o", "random"])
    assert len(answers) == len(BAD) + 1 + len(BAD_AFTER) + 1
    said = answers[:len(BAD)] + answers[len(BAD) + 1:-1]
    for (line, text), answer in zip(BAD + BAD_AFTER, said):
        assert text in answer["error"], (line, answer)
    assert [a["line"] for a in said] == [*range(1, len(BAD) + 1), *range(len(BAD) + 3, len(BAD) + 3 + len(BAD_AFTER))]
    assert answers[-1]["value"] == 2
    assert [a["hint"] for a in said if "vlaue" in a["error"]] == ["did you mean 'value'?"]
    one = {"name": "c", "type": "categorical", "choices": ["only"]}
    assert talk(guild, {"space": [one]}, {"ask": 1})[0]["params"] == {"c": "only"}


def test_unknown_optimizers_and_flags(guild):
    for args, text in [(["-o", "radnom"], "did you mean 'random'?"), (["-o", "random", "-Fo", "kapa=1"], "no flag 'kapa'"),
                       (["-o", "gp", "-Fo", "kapa=1"], "did you mean 'kappa'?"),
                       (["-Fo", "kappa"], "NAME=VALUE"), (["-N", "-X"], "cannot both be used")]:
        done = guild("optimizer", "ask-tell", *args, code=None)
        assert done.returncode in (1, 2) and text in done.stderr and done.stdout == ""


def test_a_search_is_resumed_by_adding(guild):
    space = {"space": [{"name": "i", "type": "int", "low": 1, "high": 6}]}
    first = talk(guild, space, {"ask": 3}, args=["-o", "random", "--random-seed", "1"])
    known = [{"add": a["params"], "value": a["id"]} for a in first]
    again = talk(guild, space, *known, {"add": {"i": first[0]["params"]["i"] % 6 + 1}}, {"ask": 2}, {"best": 1},
                 args=["-o", "random", "--random-seed", "1"])
    assert [a["id"] for a in again] == [0, 1, 2, 3, 4, 5, 0]
    assert not {a["params"]["i"] for a in again[4:6]} & {a["params"]["i"] for a in first}


def test_answers_come_at_once_and_long_lines_are_refused(guild):
    with subprocess.Popen([guild.program, "optimizer", "ask-tell", "-o", "random"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env=guild.env()) as process:
        process.stdin.write(json.dumps({"space": SPACE}).encode() + b'\n{"ask": 1}\n{"ask"')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 0
        process.stdin.write(b": 1}\n" + b'{"ask": 1' + b" " * (17 << 20) + b'}\n{"sync": [1, NaN]}\n{"ask": 1}')
        process.stdin.close()
        assert json.loads(process.stdout.readline())["id"] == 1
        assert "16777216" in json.loads(process.stdout.readline())["error"]
        assert json.loads(process.stdout.readline()) == {"sync": [1, None]}
        assert json.loads(process.stdout.readline())["id"] == 2
        assert process.wait(10) == 0


@pytest.mark.slow
def test_many_asks_on_many_trials_have_no_duplicates(guild):
    n = 100_000
    space = [{"name": "i", "type": "int", "low": 0, "high": 2 * n}]
    known = [{"add": {"i": i}, "value": math.sin(i)} for i in range(n)]
    for name in ("random", "auto"):
        answers = talk(guild, {"space": space}, *known, *[{"ask": 1}] * 1000, args=["-o", name])
        asked = {a["params"]["i"] for a in answers[n:]}
        assert len(answers) == n + 1000 and len(asked) == 1000 and min(asked) >= n
