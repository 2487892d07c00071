"""guild plot: charts as SVG and PNG."""

import json
import math
import re
import struct
import uuid
import xml.etree.ElementTree as ET

import events
import pytest

SVG = "{http://www.w3.org/2000/svg}"


def number(i):
    return uuid.uuid5(uuid.NAMESPACE_OID, str(i)).hex


def make_run(home, i, flags, loss, status="0", op="train", steps=3):
    """A finished run with what a plot reads; loss None: no scalar at all."""
    folder = home / "runs" / number(i) / ".guild"
    attrs = folder / "attrs"
    attrs.mkdir(parents=True)
    (attrs / "flags").write_text("".join(f"{k}: {v}\n" for k, v in flags.items()) or "{}\n")
    (attrs / "id").write_text(number(i))
    (attrs / "started").write_text(str(1_700_000_000_000_000 + i * 1_000_000))
    (attrs / "stopped").write_text(str(1_700_000_000_500_000 + i * 1_000_000))
    (attrs / "exit_status").write_text(status)
    if loss is not None:
        data = b"".join(events.event(tag, step, value + 1 / step)
                        for step in range(1, steps + 1) for tag, value in (("loss", loss - 1 / steps), ("acc", -loss)))
        (folder / "events.out.tfevents.1.host").write_bytes(data)
    (folder / "opref").write_text(f"guildfile:'/p/guild.yml' abc '' {op}")
    return number(i)


def make_batch(home, i, trials, objective="loss", search="lr: loguniform[1e-5:0.1]\n"):
    folder = home / "runs" / number(i)
    (folder / ".guild" / "attrs").mkdir(parents=True)
    (folder / ".guild" / "proto" / ".guild" / "attrs").mkdir(parents=True)
    (folder / ".guild" / "attrs" / "objective").write_text(objective)
    (folder / ".guild" / "attrs" / "started").write_text("1600000000000000")
    (folder / ".guild" / "attrs" / "exit_status").write_text("0")
    (folder / ".guild" / "proto" / ".guild" / "opref").write_text("guildfile:'/p/guild.yml' abc '' train")
    (folder / ".guild" / "proto" / ".guild" / "attrs" / "flags").write_text(search)
    for trial in trials:
        (folder / trial).symlink_to(f"../{trial}")
    (folder / ".guild" / "opref").write_text("builtin:guildai 0.9.0 skopt gp")
    return number(i)


@pytest.fixture
def home(guild):
    """A batch of 30 trials: one failed without a value, one has NaN, one was terminated; and an older run of something else."""
    make_run(guild.home, 0, {"lr": 1}, 5, op="other")
    trials = []
    for i in range(1, 31):
        flags = {"lr": 10 ** (-5 + i % 9 / 2), "act": ["relu", "tanh", "a<b&c"][i % 3], "layers": i % 4 + 1}
        if i % 3 == 0:
            flags["slope"] = i / 10
        loss = None if i == 7 else math.nan if i == 8 else 0.5 + math.sin(i) / 4
        trials.append(make_run(guild.home, i, flags, loss, status={7: "1", 9: "-15"}.get(i, "0")))
    pruned = guild.home / "runs" / number(10) / ".guild" / "attrs"
    (pruned / "_pruned").write_text("reason: median\n")
    (pruned / "exit_status").write_text("-15")
    make_batch(guild.home, 99, trials)
    return guild


def svg(guild, *args):
    root = ET.fromstring(guild("plot", *args, "-o", "-").stdout.encode())
    assert root.tag == SVG + "svg"
    return root


def marks(root, word="run"):
    return [e for e in root.iter() if word in e.get("class", "").split()]


def texts(root):
    return [e.text for e in root.iter(SVG + "text")]


def check_places(root):
    """Nothing of text or marks lies outside the chart, and no text on another one that is level with it."""
    width, height = float(root.get("width")), float(root.get("height"))
    for e in root.iter(SVG + "circle"):
        assert -1 <= float(e.get("cx")) <= width + 1 and -1 <= float(e.get("cy")) <= height + 1
    boxes = []
    for e in root.iter(SVG + "text"):
        if e.get("transform"):
            continue
        size = float(e.get("font-size"))
        w = 0.5 * size * len(e.text)
        x = float(e.get("x")) - {"middle": w / 2, "end": w}.get(e.get("text-anchor"), 0)
        boxes.append((x, x + w, float(e.get("y")), e.text))
        assert -2 <= x and x + w <= width + 2 and 0 <= float(e.get("y")) <= height, e.text
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert abs(a[2] - b[2]) >= 8 or a[1] <= b[0] or b[1] <= a[0], (a, b)


def test_kinds_as_svg(home):
    root = svg(home)
    assert len(marks(root)) == 28 and len(marks(root, "best")) == 1
    assert {"lr", "act", "layers", "slope", "loss (lower is better)", "not set", "a<b&c",
            "2 of 30 runs left out: no value of loss"} <= set(texts(root))
    assert "0.0001" in texts(root), "the batch searched lr on a logarithmic scale"
    check_places(root)
    titles = [m.find(SVG + "title").text for m in marks(root)]
    assert any("act: a<b&c" in t and number(2)[:8] in t for t in titles)

    root = svg(home, "--kind", "slice", "--flags", "lr,act")
    assert len(marks(root)) == 2 * 28
    assert {"lr", "act", "stopped", "pruned", "trial", "30"} <= set(texts(root))
    check_places(root)

    root = svg(home, "--kind", "contour", "-f", "lr,layers")
    assert len(marks(root)) == 28 and len(marks(root, "level")) > 5
    assert [e.text for e in marks(root, "axis")] == ["lr", "layers"]
    check_places(root)

    root = svg(home, "--kind", "history", "--title", "T <1>")
    assert len(marks(root)) == 30
    assert len([m for m in marks(root) if m.tag == SVG + "path"]) == 2, "a cross for the failed one, a triangle for the pruned one"
    assert len([m for m in marks(root) if m.get("fill") == "none" and m.tag == SVG + "circle"]) == 1
    assert {"T <1>", "best so far", "trial", "error", "completed"} <= set(texts(root))
    best = marks(root, "best")[0].get("d")
    ys = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", best)]
    assert len(ys) > 3 and ys == sorted(ys), "it only goes down"
    check_places(root)

    root = svg(home, "--kind", "scatter", "-x", "=lr", "-y", "acc")
    assert len(marks(root)) == 29 - 1
    assert [e.text for e in marks(root, "axis")] == ["lr", "acc"]
    check_places(root)

    root = svg(home, "--kind", "scalars", "--scalar", "loss", "--scalar", "acc", "1:5")
    assert len(marks(root)) == 2 * 5
    assert {"step", "loss", "acc"} <= set(texts(root))
    check_places(root)


def test_sizes_and_png(home):
    def png_size(name):
        data = (home.cwd / name).read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR"
        return struct.unpack(">II", data[16:24])

    for kind in ("parallel", "slice", "contour", "history", "scalars"):
        done = home("plot", "--kind", kind, "-o", f"{kind}.png", "--size", "500x400")
        assert done.stdout == f"{kind}.png\n"
        assert png_size(f"{kind}.png") == (500, 400)
    home("plot", "-o", "a.png", "--size", "500x400", "--scale", "1.5", "--dark")
    assert png_size("a.png") == (750, 600)
    home("plot", "-o", "a.png", "--size", "500x400", "--dpi", "192")
    assert png_size("a.png") == (1000, 800)
    assert home("plot", "-k", "history").stdout == "plot-history.svg\n"
    assert ET.parse(home.cwd / "plot-history.svg").getroot().get("width") == "1000"

    for words, said in (
        (["-o", "a.pdf"], "no format is known"),
        (["--size", "10x10"], "--size 10x10 is out of range"),
        (["--size", "big"], "--size is WIDTHxHEIGHT"),
        (["--scale", "2"], "--scale is for PNG files"),
        (["-o", "a.png", "--scale", "0"], "--scale must be above 0"),
        (["-o", "a.png", "--scale", "50"], "out of range"),
        (["-o", "a.png", "--scale", "nan"], "scale"),
        (["-k", "scatter"], "needs --x"),
        (["-x", "acc"], "--x is for --kind scatter"),
        (["-o", "no/such/dir/a.svg"], "no/such/dir"),
    ):
        done = home("plot", *words, code=None)
        assert done.returncode in (1, 2) and said in done.stderr, (words, done.stderr)
    done = home("plot", "-o", "b.png", env={"LD_LIBRARY_PATH": str(home.cwd)}, code=None)
    assert done.returncode == 0


def test_png_without_cairo(home, tmp_path):
    """A file by the library's name that is none stands for a machine without it."""
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "libcairo.so.2").write_text("none")
    env = {"LD_LIBRARY_PATH": str(lib)}
    done = home("plot", "-o", "a.png", env=env, code=1)
    assert "Cairo is needed" in done.stderr and "hint: " in done.stderr and "libcairo2" in done.stderr
    assert not (home.cwd / "a.png").exists()
    home("plot", "-o", "a.svg", env=env)


def test_which_runs_and_objective(home):
    def data(*args):
        return json.loads(home("plot", "--json", *args).stdout)

    found = data()
    assert len(found["runs"]) == 30 and found["objective"]["name"] == "loss"
    assert [r["trial"] for r in found["runs"]] == list(range(1, 31))
    assert found["runs"][0]["id"] == number(1)
    scales = {a["name"]: a["scale"] for a in found["axes"]}
    assert scales == {"lr": "log", "act": "categories", "layers": "linear", "slope": "linear"}
    assert "slope" in found["runs"][2]["flags"] and found["runs"][1]["flags"]["slope"] is None
    values = {r["id"]: r["objective"] for r in found["runs"] if isinstance(r["objective"], float)}
    best = min((v, k) for k, v in values.items() if not math.isnan(v))[1]
    assert found["best"] == best and found["runs"][9]["pruned"] and not found["runs"][8]["pruned"]
    assert not list(home.cwd.glob("*.svg")), "with --json no file is written unless asked for"

    assert len(data(number(99)[:8])["runs"]) == 30, "a batch stands for its trials"
    assert len(data("1:4")["runs"]) == 4
    assert len(data("-F", "lr < 0.001")["runs"]) < 30
    assert len(data("-Fo", "train", "-Sc")["runs"]) == 27
    maximized = data("--objective=-loss")
    assert maximized["objective"]["direction"] == "maximize"
    assert maximized["best"] == max((v, k) for k, v in values.items() if not math.isnan(v))[1]
    assert data("-X", "min acc")["objective"] == {**data("-X", "min acc")["objective"], "name": "min acc",
                                                  "direction": "maximize"}
    history = data("-k", "history")["best_so_far"]
    assert len(history) == 30 and all(a >= b for a, b in zip(history, history[1:]))
    assert data("--linear", "lr")["axes"] != data()["axes"]
    timed = data("-k", "scatter", "-x", ".time")
    assert timed["axes"][0]["scale"] == "linear" and {r["x"] for r in timed["runs"]} == {0.5}
    assert {r["objective"] for r in data("--minimize", ".time")["runs"]} == {0.5}
    points = data("-k", "scalars", "1")["scalars"]["loss"][0]["points"]
    assert [p[0] for p in points] == [1, 2, 3]

    # The batch's objective counts; and without a batch all runs of the newest one's operation.
    attr = home.home / "runs" / number(99) / ".guild" / "attrs" / "objective"
    attr.write_text("-max acc")
    assert data()["objective"] == {**data()["objective"], "name": "max acc", "direction": "maximize"}
    trash = home.home / "trash" / "runs"
    trash.mkdir(parents=True)
    (home.home / "runs" / number(99)).rename(trash / number(99))
    assert data()["objective"]["name"] == "max acc", "a grid's batch is in the trash when it is done"
    (trash / number(99)).rename(home.cwd / "gone")
    assert data()["objective"]["name"] == "loss" and len(data()["runs"]) == 30
    make_run(home.home, 200, {"lr": 1}, 1, op="other")
    assert len(data("-k", "history")["runs"]) == 2


def test_messages(home):
    done = home("plot", "--minimize", "val_loss", code=1)
    assert done.stderr == ("guild: no value of val_loss in any of 30 runs\n"
                           "hint: their scalars are: acc, loss\n")
    done = home("plot", "--flags", "lr,layer", code=1)
    assert "no run has flag 'layer'" in done.stderr and "did you mean 'layers'?" in done.stderr
    done = home("plot", "-k", "scalars", "-s", "lss", code=1)
    assert "no run has scalar 'lss'" in done.stderr and "acc, loss" in done.stderr
    done = home("plot", "-k", "contour", "-f", "lr", code=1)
    assert "two flags, not 1" in done.stderr
    done = home("plot", "0f0f0f0f", code=1)
    assert "0f0f0f0f" in done.stderr
    done = home("plot", "-k", "pie", code=2)
    assert "pie" in done.stderr
    done = home("plot", "--json", "-o", "-", code=1)
    assert done.stdout == "" and "standard output" in done.stderr
    done = home("plot", "-Fo", "other", code=1)
    assert "no flag differs between the runs" in done.stderr and "--kind history" in done.stderr
    assert not list(home.cwd.iterdir()), "nothing half-made"


def test_many_runs_and_odd_values(guild):
    for i in range(400):
        flags = {f"flag-{k}-with-a-rather-long-name": (i * (k + 3)) % 17 for k in range(14)}
        flags["path"] = f"/data/set-{i % 60}/with/a/long/path"
        flags["nested"] = f"[{i % 3}, x]"
        make_run(guild.home, i, flags, 1e6 if i == 50 else 1 + (i * 7 % 100) / 100, steps=1)
    root = svg(guild)
    assert len(marks(root)) == 400
    assert any("12 of 16 flags shown" in t for t in texts(root))
    assert any(t.startswith("1 value of loss beyond ") for t in texts(root))
    check_places(root)
    check_places(svg(guild, "-k", "slice", "-f", "path,nested"))
    check_places(svg(guild, "-k", "contour", "-f", "path,nested"))
    check_places(svg(guild, "-k", "scatter", "-x", "=path", "-y", "=nested"))
    check_places(svg(guild, "--size", "300x260"))


def test_compare_by_objective(home):
    def losses(*args):
        rows = json.loads(home("compare", "--json", *args).stdout)
        return [row["loss"] for row in rows]

    values = [v for v in losses("--by-objective") if v is not None and not math.isnan(v)]
    assert len(losses("--by-objective")) == 30 and len(values) == 28
    assert losses("--by-objective")[:28] == sorted(values), "what has no value comes last"
    assert losses("--by-objective", "--top", "2") == sorted(values)[:2]
    assert losses("--by-objective", "1:5") == sorted(losses("1:5"))
    attr = home.home / "runs" / number(99) / ".guild" / "attrs" / "objective"
    attr.write_text("-min loss as worst")
    rows = json.loads(home("compare", "--json", "--by-objective", "-cc", "=lr").stdout)
    assert list(rows[0])[-2:] == ["lr", "worst"]
    assert [r["worst"] for r in rows[:28]] == sorted((r["worst"] for r in rows[:28]), reverse=True)

    # A batch stands for its trials; with --include-batch it is a run.
    assert len(losses(number(99)[:8])) == 30
    assert len(json.loads(home("compare", "--json", "--include-batch", number(99)[:8]).stdout)) == 1
    done = home("compare", "--table", "--by-objective", number(0)[:8], number(1)[:8], code=1)
    assert "not all of one batch" in done.stderr and "--min COL" in done.stderr
    done = home("compare", "--by-objective", "--min", "loss", code=1)
    assert "--by-objective" in done.stderr and "--min" in done.stderr
