"""Several models in one project, and models of installed packages."""

import json

import pytest

PACKAGE_YML = """\
- package: gpkg.hello-w
  version: 0.3.1
- model: hello
  operations: {train: {main: train, flags: {x: 1}}}
- config: base
  params: {n: 1}
  operations: {fit: {exec: 'echo fit {{n}}'}}
  resources: {data: [file: data.txt]}
- operations: {anon: {main: train}}
"""


@pytest.fixture
def lib(tmp_path):
    """A Python path with a wheel as pip installs it and a directory that nobody registered."""
    files = {
        "gpkg/hello_w/guild.yml": PACKAGE_YML,
        "gpkg/hello_w/train.py": "x = 1\nprint('x', x)\n",
        "gpkg/hello_w/data.txt": "data of the package\n",
        "gpkg.hello_w-0.3.1.dist-info/entry_points.txt":
            "[guild.models]\n__anonymous__ = guild.model:PackageModel\nhello = guild.model:PackageModel\n",
        "gpkg.hello_w-0.3.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: gpkg.hello-w\nVersion: 0.3.1\nKeywords: gpkg\n",
        "gpkg.hello_w-0.3.1.dist-info/RECORD":
            "gpkg/hello_w/guild.yml,,\ngpkg/hello_w/train.py,,\ngpkg.hello_w-0.3.1.dist-info/METADATA,,\n"
            "gpkg.hello_w-0.3.1.dist-info/entry_points.txt,,\ngpkg.hello_w-0.3.1.dist-info/RECORD,,\n",
        "plain/guild.yml": "go: {exec: echo gone}\n",
    }
    for name, text in files.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {"PYTHONPATH": str(tmp_path / "lib")}


def test_installed_models_and_operations(guild, lib):
    assert [line.rstrip() for line in guild("models", env=lib).stdout.splitlines()] == ["gpkg.hello-w/hello"]
    assert [line.rstrip() for line in guild("ops", env=lib).stdout.splitlines()] == [
        "gpkg.hello-w/anon", "gpkg.hello-w/hello:train", "plain/go"]
    guild.write("guild.yml", "- model: m\n  operations: {t: {exec: 'true'}}\n")
    assert guild("ops", env=lib).stdout.split() == ["m:t"]
    assert "gpkg.hello-w/hello:train" in guild("ops", "-i", env=lib).stdout
    listed = json.loads(guild("models", "-i", "--json", env=lib).stdout)
    assert [m["name"] for m in listed] == ["gpkg.hello-w/", "gpkg.hello-w/hello", "plain/"]


@pytest.mark.parametrize("spec, name, opref", [
    ("gpkg.hello-w/hello:train", "gpkg.hello-w/hello:train", "package:gpkg.hello-w 0.3.1 hello train"),
    ("hello:train", "gpkg.hello-w/hello:train", "package:gpkg.hello-w 0.3.1 hello train"),
    ("hell:train", "gpkg.hello-w/hello:train", "package:gpkg.hello-w 0.3.1 hello train"),
    ("gpkg.hello-w/anon", "gpkg.hello-w/anon", "package:gpkg.hello-w 0.3.1 '' anon"),
    ("gpkg.hello-w/:anon", "gpkg.hello-w/anon", "package:gpkg.hello-w 0.3.1 '' anon"),
    ("anon", "gpkg.hello-w/anon", "package:gpkg.hello-w 0.3.1 '' anon"),
])
def test_operations_of_a_package_run(guild, lib, spec, name, opref):
    assert guild("run", spec, "-y", env=lib).stdout == "x 1\n"
    run = guild.runs()[-1]
    assert (run / ".guild" / "opref").read_text() == opref
    assert name in guild("runs").stdout
    restarted = guild("run", "--restart", run.name, "-y", *(["x=2"] if "train" in spec else []), env=lib)
    assert restarted.stdout == ("x 2\n" if "train" in spec else "x 1\n")


def test_what_is_not_installed(guild, lib):
    for spec in ["gpkg.none/x:y", "gpkg.hello-w/hello:none", "none:y"]:
        done = guild("run", spec, "-y", env=lib, code=1)
        assert done.stderr.startswith(f"guild: cannot find operation '{spec}'")


def test_extending_a_package(guild, lib):
    guild.write("guild.yml", "- model: m\n  extends: gpkg.hello-w/base\n  params: {n: 2}\n"
                             "  operations: {fit: {requires: data}}\n")
    assert guild("check", "--strict", env=lib).stdout == ""
    assert guild("run", "fit", "-y", env=lib).stdout.endswith("fit 2\n")
    assert (guild.runs()[-1] / "data.txt").read_text() == "data of the package\n"


SEVERAL = """\
- model: cnn
  operations: {train: {exec: echo cnn}, only-cnn: {exec: echo oc}}
- model: cnn-large
  operations: {train: {exec: echo large}}
- model: mlp
  default: yes
  operations: {train: {exec: echo mlp}, eval: {exec: echo eval, default: yes}}
- operations: {prep: {exec: echo prep}, train: {exec: echo anonymous}}
"""


@pytest.mark.parametrize("spec, output", [
    ("", "eval"), ("train", "mlp"), (":train", "mlp"), ("cnn:train", "cnn"), ("large:train", "large"), ("ml:train", "mlp"),
    ("prep", "prep"), (":prep", "prep"), ("cnn:only-cnn", "oc"), ("mlp:eval", "eval"),
])
def test_models_of_one_project(guild, spec, output):
    guild.write("guild.yml", SEVERAL)
    assert guild("run", *([spec] if spec else []), "-y").stdout == output + "\n"


def test_several_models_match(guild):
    guild.write("guild.yml", SEVERAL)
    done = guild("run", "n:train", "-y", code=1)
    assert "cnn\n" in done.stderr and "cnn-large" in done.stderr
    assert "did you mean" in guild("run", "cnn:trian", "-y", code=1).stderr


def test_a_subdirectory_with_its_own_project(guild):
    """Neither the name of a model nor the place of a project is lost."""
    guild.write("guild.yml", "- model: m\n  operations: {t: {exec: echo outer}}\n")
    guild.write("sub/guild.yml", "- model: m\n  operations: {t: {exec: echo inner}}\n")
    assert guild("run", "m:t", "-y").stdout == "outer\n"
    assert guild("-C", "sub", "run", "m:t", "-y").stdout == "inner\n"
    outer, inner = guild.runs()
    assert "project/guild.yml" in (outer / ".guild" / "opref").read_text()
    assert "project/sub/guild.yml" in (inner / ".guild" / "opref").read_text()
    listed = json.loads(guild("runs", "--json").stdout)
    assert len(listed) == 2
    # Without RUN, only what belongs to the project here is deleted, and the count is told first.
    done = guild("-C", "sub", "runs", "rm", stdin="n\n", code=None)
    assert "1 run" in done.stdout + done.stderr or inner.name[:8] in done.stdout + done.stderr
    assert len(guild.runs()) == 2
    guild("-C", "sub", "runs", "rm", "-y")
    assert guild.runs() == [outer]
