"""guild_optimizer: the optimizers from Python."""

import concurrent.futures
import math
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python" / "optimizer"))
from guild_optimizer import Optimizer, OptimizerError, choice, integer, optimizers, real  # noqa: E402

SPACE = {
    "lr": real(1e-5, 0.1, log=True, initial=1e-3),
    "act": choice("relu", None, 3),
    "n": integer(1, 9, when={"act": ["relu", 3]}),
}


@pytest.fixture
def program(guild, monkeypatch):
    monkeypatch.setenv("GUILD_PROGRAM", guild.program)
    monkeypatch.setenv("GUILD_HOME", str(guild.home))
    return guild.program


def search(**more):
    with Optimizer(SPACE, optimizer="random", seed=5, **more) as s:
        for k in range(10):
            point = s.ask()
            if k % 5 == 4:
                s.tell(point, math.nan)
            else:
                s.tell(point, abs(math.log10(point.params["lr"]) + 3) + point.params.get("n", 0))
        return s.best(), s.ask(3)


def test_asks_tells_and_repeats(program):
    best, more = search()
    assert best.params["lr"] == 1e-3 or best.value < 9
    assert [p.id for p in more] == [10, 11, 12] and (best, more) == search()
    assert search(maximize=True)[0].value > best.value
    assert "random" in [o["name"] for o in optimizers()]


def test_known_points_objectives_and_errors(program):
    with Optimizer(SPACE, "random", directions=["minimize", "maximize"]) as s:
        assert s.best() is None and s.front() == []
        first = s.add({"lr": 0.01, "act": None}, values=[1, 2])
        assert first == (0, {"lr": 0.01, "act": None})
        tried = s.add({"lr": 0.02, "act": 3, "n": 1})
        s.tell(tried, values=(2, 3), constraints=[-1])
        s.tell(s.ask().id, state="pruned")
        assert [t.values for t in s.front()] == [[1, 2], [2, 3]] and s.best().value == 1
        for call, text in [(lambda: s.tell(first, values=[1, 2]), "told before"), (lambda: s.tell(77, 1), "2 objectives"),
                           (lambda: s.tell(77, values=[1, 2]), "no trial 77"), (lambda: s.ask(0), "whole number"),
                           (lambda: s.add({"lr": 5, "act": None}), "'lr' is outside"), (lambda: s.tell(2), "'state'")]:
            with pytest.raises(OptimizerError, match=text):
                call()
        with pytest.raises(TypeError):
            s.tell(first, object())
        assert s.ask().id == 3
    s.close()
    with pytest.raises(OptimizerError, match="closed"):
        s.ask()
    for space, more, text in [(SPACE, {"optimizer": "radnom"}, "did you mean 'random'"), ({"x": real(2, 1)}, {}, "above"),
                              (SPACE, {"optimizer": "random", "flags": {"kapa": 1}}, "no flag 'kapa'"), ({}, {}, "nothing to search"),
                              (SPACE, {"directions": ["up"]}, "minimize or maximize")]:
        with pytest.raises(OptimizerError, match=text):
            Optimizer(space, **more)
    with pytest.raises(FileNotFoundError):
        Optimizer(SPACE, program="/nowhere/guild")


def test_threads_share_a_search_and_a_death_is_an_error(program):
    with Optimizer({"x": integer(0, 199)}, "random", seed=1) as s:

        def work(_):
            point = s.ask()
            s.tell(point, point.params["x"])
            return point.params["x"]

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            seen = list(pool.map(work, range(200)))
        assert sorted(seen) == list(range(200)) and s.best().value == 0
        s._process.kill()
        for call in (s.ask, s.best):
            with pytest.raises(OptimizerError, match="ended with -9"):
                call()


def test_a_call_that_was_interrupted_leaves_the_next_one_its_own_answers(program):
    with Optimizer(SPACE, "random", seed=5) as s:
        s._process.stdin.write(b'{"ask": 2}\n{"sync": 99}\n')  # as Ctrl-C does it: written, and never read
        assert s.ask().id == 2 and [p.id for p in s.ask(2)] == [3, 4]
