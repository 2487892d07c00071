"""Filter expressions over runs, beside a small model in Python and beside Guild AI 0.9.0."""

import json
import random
import statistics
import struct

import pytest
from conftest import GUILD, Guild
from events import write_events
from rundirs import make_run, run_id

# ---- a store -----------------------------------------------------------------------------------------

LOSSES = {1: [1.0, 0.5, 0.25], 2: [0.5, 0.75], 3: [2.0], 4: None, 5: [0.125, 0.25, 0.0625]}


def fill(home, source):
    """Five runs with flags, labels, tags and scalars of all kinds; 5 is the newest."""
    make_run(home, 1, model="m", source=source, label="first one", tags=["a", "b"],
             flags={"lr": 0.1, "act": "relu", "n": 1, "deep": True})
    make_run(home, 2, model="m", source=source, label="second", tags=["b"], status="error",
             flags={"lr": 0.01, "act": "tanh", "n": 2, "deep": False})
    make_run(home, 3, op="other", source=source, flags={"lr": 1, "act": "relu", "n": "3", "sizes": [1, 2]})
    make_run(home, 4, op="other", source=source, status="pending", label="", flags={"act": None, "n": 4})
    make_run(home, 5, model="m", source=source, marked=True, tags=[],
             flags={"lr": 0.5, "act": "RELU", "n": 5, "two words": 1, "loss": "a flag"} | {"loss": None})
    for number, values in LOSSES.items():
        if values:
            folder = home / "runs" / run_id(number)
            write_events(folder / ".guild", {"loss": list(enumerate(values))})
            write_events(folder / "sub", {"acc": [(0, number / 8)], "loss": [(7, 9.0)]})


@pytest.fixture
def store(guild):
    fill(guild.home, guild.cwd / "guild.yml")
    return guild


@pytest.fixture(scope="module")
def still(tmp_path_factory):
    """The same for tests that change nothing."""
    folder = tmp_path_factory.mktemp("still")
    (folder / "project").mkdir()
    fill(folder / "home", folder / "project" / "guild.yml")
    return Guild(GUILD, folder / "project", folder / "home")


def numbers(done):
    known = {run_id(n): n for n in LOSSES}
    return [known[item["id"]] for item in json.loads(done.stdout)]


def chosen(guild, text, *args):
    return numbers(guild("runs", "--json", "-F", text, *args))


@pytest.mark.parametrize("text,expected", [
    ("", [5, 4, 3, 2, 1]),
    ("loss < 0.2", [5]),
    ("loss < 0.2 or lr = 1", [5, 3]),
    ("last(loss) < 0.9 * first(loss)", [5, 1]),
    ("min(loss) = 0.5", [2]),
    ("max loss step = 1", [5, 2]),
    ("count(loss) > 1 and avg(loss) < 0.6", [5, 1]),
    ("loss at 1 = 0.5", [1]),
    ("sub#loss = 9", [5, 3, 2, 1]),
    ("acc > 0.3", [5, 3]),
    ("act =~ '(?i)^relu$'", [5, 3, 1]),
    ("act !~ relu", [5, 4, 2]),
    ("n = '3'", [3]),
    ("n = 3", []),
    ("sizes contains 2", [3]),
    ("label is undefined", [5, 3]),
    ("tags contains b and not tags contains a", [2]),
    ("marked", [5]),
    ("not marked", [4, 3, 2, 1]),
    ("deep", [1]),
    ("lr < 0.1 or lr > 0.1 and act = relu", [3, 2]),
    ("status = pending", [4]),
    ("started = 2023-11-14", [5, 3, 2, 1]),
    ("started > now() - 1d", []),
    ("time < 1s", [5, 3, 2, 1]),
    ("flag:'two words' = 1", [5]),
    (f"run = {run_id(2)[:8]}", [2]),
])
def test_filter(still, text, expected):
    assert chosen(still, text) == expected


def test_indexes_and_every_command_know_filters(store):
    assert store("select", "-F", "act = relu", "2").stdout.strip() == run_id(1)
    assert store("select", "--all", "-F", "lr < 0.2").stdout.split() == [run_id(2), run_id(1)]
    store("label", "--set", "x", "-F", "lr = 1", "-y", "1")
    assert store.attr(store.home / "runs" / run_id(3), "label").strip() == "x"
    store("tag", "-a", "good", "-F", "loss < 0.3", "-y", ":")
    assert chosen(store, "tags contains good") == [5, 1]
    store("runs", "rm", "-y", "-F", "status = pending", ":")
    assert chosen(store, "") == [5, 3, 2, 1]
    rows = store("compare", "--csv", "-", "-F", "act = tanh").stdout.splitlines()
    assert len(rows) == 2 and rows[1].startswith(run_id(2)[:8])


def test_sort(still):
    assert chosen(still, "lr is not undefined", "--sort", "lr") == [2, 1, 5, 3]
    assert chosen(still, "", "--sort", "-lr") == [3, 5, 1, 2, 4]
    assert chosen(still, "", "--sort", "op, -last(loss)") == [3, 4, 2, 1, 5]
    assert chosen(still, "", "--sort", "first(loss) - last(loss)") == [2, 3, 5, 1, 4]
    first = still("runs", "--sort", "loss", "-n", "1").stdout
    assert first.startswith(f"[1:{run_id(5)[:8]}]")
    first = still("runs", "--sort", "-loss", "-n", "1").stdout
    assert first.startswith(f"[3:{run_id(3)[:8]}]"), "runs keep their index"
    assert "position" in still("runs", "--sort", "a b", code=1).stderr


def test_select_in_order(still):
    def selected(*args):
        known = {run_id(n): n for n in LOSSES}
        return [known[line] for line in still("select", *args).stdout.split()]

    assert selected("--sort", "-lr") == [3] and selected("--sort", "lr") == [2]
    assert selected("--sort", "-lr", "-n", "2") == [3, 5] and selected("-n", "2") == [5, 4]
    assert selected("--sort", "op, -last(loss)", "-A") == [3, 4, 2, 1, 5]
    assert selected("--sort", "lr", "1:3", run_id(1)) == [1, 5, 3, 4]
    assert selected("--sort", "lr", "-Fo", "other", "--limit", "9") == [3, 4]
    assert selected("--sort", "last(loss) - first(loss)", "-F", "count(loss) > 1") == [1]
    assert still("select", "--sort", "-lr", "-s", "-n", "1", "--json").stdout == f'["{run_id(3)[:8]}"]\n'
    assert "cannot both" in still("select", "--sort", "lr", "--min", "lr", code=1).stderr
    assert "no matching runs" in still("select", "--sort", "lr", "-Fo", "none", code=1).stderr


def test_compare_sorted(still):
    def order(*args):
        rows = still("compare", "--csv", "-", "-cc", ".id,=lr", *args).stdout.splitlines()
        assert rows[0] == "run,id,lr"
        return [next(n for n in LOSSES if run_id(n) == row.split(",")[1]) for row in rows[1:]]

    assert order("--sort", "-lr") == [3, 5, 1, 2, 4]
    assert order("--sort", "op, -lr", "-n", "2") == [3, 4]
    assert order("--sort", "-op", "--min", "lr") == [2, 1, 5, 3, 4]
    assert "position" in still("compare", "-t", "--sort", "lr <", code=1).stderr


def group_rows(guild, *args):
    return json.loads(guild("compare", "--json", *args).stdout)


def test_groups(still):
    runs = {n: [single(v) for v in values] for n, values in LOSSES.items() if values}
    rows = group_rows(still, "--group-by", ".op", "--cols", "loss, min loss as least", "-Fo", "m:")
    assert [row["op"] for row in rows] == ["train"] and rows[0]["n"] == 3
    last = [runs[n][-1] for n in (1, 2, 5)]
    assert rows[0]["loss mean"] == pytest.approx(statistics.mean(last))
    assert rows[0]["loss sd"] == pytest.approx(statistics.stdev(last))
    assert (rows[0]["loss min"], rows[0]["loss max"]) == (min(last), max(last))
    assert rows[0]["least min"] == min(min(runs[n]) for n in (1, 2, 5))
    assert "loss n" not in rows[0]
    rows = group_rows(still, "--group-by", ".op", "--max", "acc mean")
    assert {(row["op"], row["n"], row["loss n"]) for row in rows} == {("train", 3, 3), ("other", 2, 1)}
    assert rows[0]["acc mean"] >= rows[1]["acc mean"]
    other = next(row for row in rows if row["op"] == "other")
    assert other["loss sd"] is None and other["loss mean"] == 2
    rows = group_rows(still, "--group-by", "act,deep", "--min", "loss mean", "-n", "1")
    assert (rows[0]["act"], rows[0]["deep"], rows[0]["loss mean"]) == ("RELU", None, 0.0625)
    assert still("compare", "-t", "--group-by", "act", "-F", "act = none").stdout == ""
    assert "loss mean" in still("compare", "-t", "--group-by", "act", "--min", "none", code=1).stderr
    assert "act" in still("compare", "-t", "--group-by", "act").stdout.splitlines()[0]


def test_broken_expressions(store):
    done = store("runs", "-F", "loss < 0.1 an lr = 1", code=1)
    assert done.stdout == ""
    assert done.stderr == (
        "guild: filter expression, position 12: expected 'and', 'or' or the end, not 'an'\n"
        "  loss < 0.1 an lr = 1\n"
        "             ^\n")
    # Nothing is done where the expression cannot be read.
    store("runs", "rm", "-y", "-F", "loss <", ":", code=1)
    assert len(chosen(store, "")) == 5
    assert "there are 1 and 2" in store("runs", "--filter-syntax", "3", "-F", "a", code=1).stderr


def test_notes(still):
    def note(*args):
        return still("runs", "--json", "-F", *args).stderr

    assert "no run has a flag, scalar or attribute 'los' (did you mean 'loss'?)" in note("los < 1")
    assert "no run has a scalar 'acd' (did you mean 'acc'?)" in note("last(acd) < 1")
    assert "operators after a name need a blank" in note("learning-rate*2 < 1")
    assert note("missing is undefined") == ""
    assert note("exit_status = 3 or comments contains x") == ""
    mixed = "lr > 9 and act = relu or act = tanh"
    assert chosen(still, mixed) == [2]
    assert chosen(still, mixed, "--filter-syntax", "1") == []
    said = note(mixed)
    assert "reads this filter as lr > 9 and (act = 'relu' or act = 'tanh')" in said
    assert "selects 0 run(s), not 1" in said
    assert note(mixed, "--filter-syntax", "1") == ""
    # No difference over these runs: nothing to say.
    assert note("lr < 9 and act = tanh or act = nothing") == ""


def test_completion_of_names(still):
    def complete(line):
        done = still(env={"_GUILD_COMPLETE": "fish_complete", "COMP_WORDS": line, "COMP_CWORD": line.split(" ", 2)[-1]
                          if "'" not in line else line[line.index("'"):]}, code=None)
        return [row.split(",", 1)[1].split("\t")[0] for row in done.stdout.splitlines()]

    assert "lr" in complete("guild runs --filter l")
    assert "loss" in complete("guild runs --filter l")


def test_only_what_is_named_is_read(store):
    """A filter on flags looks into no event file: one that cannot be read is not noticed."""
    for number in (1, 2, 3, 5):
        for path in (store.home / "runs" / run_id(number)).rglob("*tfevents*"):
            path.unlink()
            path.mkdir()
            path.chmod(0)
    assert chosen(store, "loss < 0.2 and lr = 7") == []
    done = store("runs", "--json", "-F", "flag:act = relu or loss < 1 and flag:act = tanh and flag:lr = 7")
    assert numbers(done) == [3, 1] and done.stderr == ""
    for path in store.home.rglob("*tfevents*"):
        path.chmod(0o755)


# ---- a model -------------------------------------------------------------------------------------------
# What a run holds, and expressions as nested tuples that know their text and their truth.

UNDEFINED = None


def single(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def values_of(number):
    """Names that a filter sees, for the runs of fill()."""
    losses = LOSSES[number]
    base = {
        1: dict(label="first one", tags=["a", "b"], lr=0.1, act="relu", n=1, deep=True, op="train"),
        2: dict(label="second", tags=["b"], lr=0.01, act="tanh", n=2, deep=False, op="train"),
        3: dict(lr=1, act="relu", n="3", sizes=[1, 2], op="other"),
        4: dict(label="", n=4, op="other"),
        5: dict(tags=[], lr=0.5, act="RELU", n=5, op="train"),
    }[number]
    base["status"] = {2: "error", 4: "pending"}.get(number, "completed")
    if losses:
        base["loss"] = losses[-1]
        base["first(loss)"], base["min(loss)"] = losses[0], min(losses)
        base["total(loss)"], base["count(loss)"] = sum(losses), len(losses)
    return base


def comparable(a, b):
    kinds = (int, float, bool)
    return (isinstance(a, kinds) and isinstance(b, kinds)) or (isinstance(a, str) and isinstance(b, str)) or (
        isinstance(a, list) and isinstance(b, list))


def compare(op, a, b):
    if op == "=":
        return a == b
    if op == "!=":
        return a != b
    if not comparable(a, b):
        return False
    try:
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
    except TypeError:
        return False


def contains(value, part):
    if not value:
        return False
    if isinstance(value, list):
        return part in value
    return str(part).lower() in str(value).lower()


def literal(value):
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


NAMES = ["label", "tags", "lr", "act", "n", "deep", "sizes", "op", "status", "loss", "nothing"]
FIGURES = ["first(loss)", "min(loss)", "total(loss)", "count(loss)"]
CONSTANTS = [0, 1, 2, 3, 0.1, 0.5, -1, "relu", "RELU", "3", "first one", "b", "", True, False, UNDEFINED, [1, 2], "completed"]


def number_of(value):
    return value if isinstance(value, (int, float)) else None


def random_sum(rng, depth):
    """(text, function of a run's values) of something with a number."""
    if depth == 0 or rng.random() < 0.4:
        if rng.random() < 0.5:
            constant = rng.choice([0, 1, 2, 0.5, -1])
            return repr(constant), lambda run: constant
        name = rng.choice(FIGURES)
        return name, lambda run: run.get(name)
    sign = rng.choice("+-*/")
    left_text, left = random_sum(rng, depth - 1)
    right_text, right = random_sum(rng, depth - 1)

    def value(run):
        a, b = number_of(left(run)), number_of(right(run))
        if a is None or b is None or (sign == "/" and b == 0):
            return None
        return float({"+": a + b, "-": a - b, "*": a * b}[sign]) if sign != "/" else a / b

    return f"({left_text} {sign} {right_text})", value


def random_test(rng, extended):
    if extended and rng.random() < 0.3:
        a_text, a = random_sum(rng, 2)
        b_text, b = random_sum(rng, 1)
        op = rng.choice(["=", "!=", "<", "<=", ">", ">="])
        return f"{a_text} {op} {b_text}", lambda run: compare(op, a(run), b(run))
    name = rng.choice(NAMES)
    kind = rng.randrange(4)
    constant = rng.choice(CONSTANTS)
    if kind == 0:
        items = rng.sample(CONSTANTS, rng.randint(1, 4))
        negated = rng.random() < 0.3
        text = f"{name} {'not in' if negated else 'in'} {literal(items)}"
        return text, lambda run: (run.get(name) in items) != negated
    if kind == 1 and constant is not UNDEFINED and not isinstance(constant, (bool, list)):
        negated = rng.random() < 0.3
        text = f"{name} {'not contains' if negated else 'contains'} {literal(constant)}"
        return text, lambda run: contains(run.get(name), constant) != negated
    if kind == 2:
        word = rng.choice(["is", "is not"])
        return f"{name} {word} {literal(constant)}", lambda run: compare("=" if word == "is" else "!=", run.get(name), constant)
    op = rng.choice(["=", "!=", "<", "<=", ">", ">="])
    return f"{name} {op} {literal(constant)}", lambda run: compare(op, run.get(name), constant)


def random_expression(rng, depth, extended):
    """With brackets everywhere that grouping could be taken otherwise."""
    if depth == 0 or rng.random() < 0.2:
        return random_test(rng, extended)
    if rng.random() < 0.2:
        text, holds = random_expression(rng, depth - 1, extended)
        return f"not ({text})", lambda run: not holds(run)
    word = rng.choice(["and", "or"])
    (a_text, a), (b_text, b) = (random_expression(rng, depth - 1, extended) for _ in range(2))
    return f"({a_text}) {word} ({b_text})", lambda run: (a(run) and b(run)) if word == "and" else (a(run) or b(run))


def random_chain(rng):
    """Tests joined without brackets: how they group is what is asked."""
    tests = [random_test(rng, False) for _ in range(rng.randint(2, 5))]
    words = [rng.choice(["and", "or"]) for _ in tests[1:]]
    text = tests[0][0] + "".join(f" {w} {t}" for w, (t, _) in zip(words, tests[1:]))

    def new(run):
        groups = [[tests[0][1](run)]]
        for word, (_, holds) in zip(words, tests[1:]):
            if word == "or":
                groups.append([])
            groups[-1].append(holds(run))
        return any(all(group) for group in groups)

    def old(run):
        value = tests[-1][1](run)
        for word, (_, holds) in zip(reversed(words), reversed(tests[:-1])):
            value = holds(run) and value if word == "and" else holds(run) or value
        return value

    return text, new, old


def expected_runs(holds):
    return [n for n in (5, 4, 3, 2, 1) if holds(values_of(n))]


def random_cases(seed, count):
    rng = random.Random(seed)
    for i in range(count):
        if i % 3 == 0:
            text, new, old = random_chain(rng)
            yield text, "2", new
            yield text, "1", old
        else:
            text, holds = random_expression(rng, 3, i % 3 == 1)
            yield text, "2", holds


def check_model(store, seed, count):
    for text, syntax, holds in random_cases(seed, count):
        got = chosen(store, text, "--filter-syntax", syntax)
        assert got == expected_runs(holds), (text, syntax)


def test_model(still):
    check_model(still, 1, 40)


@pytest.mark.slow
def test_model_long(still):
    check_model(still, 2, 2500)


# ---- beside Guild AI 0.9.0 --------------------------------------------------------------------------------

OLD_EXPRESSIONS = [
    "lr = 0.1", "lr=1", "act in [relu, tanh]", "act not in [relu]", "n is 1", "n is not 1", "n = '3'", "deep = 1", "deep",
    "label contains ONE", "label not contains one", "tags contains b", "tags = [a, b]", "tags in [[a, b]]", "sizes contains 2",
    "loss < 0.3", "loss <> 0.25", "scalar:loss > 0.3", "sub#loss = 9", "scalar:sub#loss is undefined", "acc >= 0.375",
    "status = error OR status = pending", "not status = completed AND act = tanh", "op = train and lr < 0.5 or n = 4",
    "lr > 9 and act = relu or act = tanh", "started > '2023-11-14'", "time = '0:00:00'", "flag:n > 1", "attr:label = second",
    "label is undefined", "label = ''", "marked = true", "exit_status = 0", "x in [undefined]", "((lr < 1) and (n > 1))",
    "n = 01", "lr < 1e0", "lr > -1", "act = \"re\\x6cu\"", "sizes < [1, 3]", "lr < relu", "undefined", "true", "not false", "1",
    "act <= 'relu'", "id contains e", "model = m", "from contains guild.yml", "nothing != 1", "loss is not undefined",
]
BROKEN = ["lr <", "lr < )", "and", "a in x", "a = [", "$x = 1", "a = 'x", "a b", "a = 1 b", "(a = 1", "a < 1 < 2"]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    import conftest

    if not conftest.ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = tmp_path_factory.mktemp("queries")
    project = folder / "project"
    project.mkdir()
    home = folder / "home"
    theirs = conftest.Guild(conftest.ORACLE, project, home)
    ours = conftest.Guild(conftest.GUILD, project, home)
    fill(home, project / "guild.yml")
    return theirs, ours


@pytest.mark.differential
@pytest.mark.parametrize("text", OLD_EXPRESSIONS)
def test_as_guild_0_9(both, text):
    theirs, ours = both
    assert chosen(ours, text, "--filter-syntax", "1") == chosen(theirs, text)


@pytest.mark.differential
def test_refused_as_in_guild_0_9(both):
    theirs, ours = both
    for text in BROKEN:
        assert theirs("runs", "-F", text, code=None).returncode == 1, text
        assert ours("runs", "-F", text, code=None).returncode == 1, text


@pytest.mark.differential
@pytest.mark.slow
def test_random_expressions_as_guild_0_9(both):
    theirs, ours = both
    rng = random.Random(7)
    for _ in range(60):
        text, new, old = random_chain(rng)
        assert chosen(theirs, text) == chosen(ours, text, "--filter-syntax", "1") == expected_runs(old), text
        assert chosen(ours, text) == expected_runs(new), text
