"""The documents of 'guild api' beside Guild AI 0.9.0, on runs that either of them made."""

import json
import os

import pytest

pytestmark = pytest.mark.differential

GUILD_YML = """
- model: mlp
  default: yes
  operations:
    prep:
      exec: sh prep.sh
    train:
      description: Train the model
      exec: python3 train.py ${flag_args}
      flags:
        lr: 0.1
        act: {default: relu, choices: [relu, {value: tanh, alias: th, description: smooth}], description: activation}
        n: {type: int, default: null}
        b: yes
        s: {default: a b}
      requires:
        - {operation: prep, select: 'out/f\\..*', target-type: link, target-path: in}
        - {file: data.txt, target-type: link}
      run-attrs: {note: some text, num: {a: 1}}
    _private: {exec: 'true', sourcecode: {dest: code, select: '*.yml'}}
    none: {exec: 'true', sourcecode: no}
    fail: {exec: sh -c 'exit 3'}
- model: aux
  operations:
    x: {exec: 'true', flags: {y: 1}}
"""
EXTENSIONS = "py txt csv tsv PNG jpg gif tiff json ipynb h5 pb zip gz mid mp3 ogg mp4 R pickle pt ckpt log svg ''"
PREP_SH = f"""
mkdir -p out sub/empty .hidden
for e in {EXTENSIONS}; do echo x > "out/f.$e"; done
echo z > .hidden/z; echo t > out/noext; touch out/n9 out/n10; touch out/empty events.out.tfevents.123
ln -s /nonexistent broken; ln -s out outlink; ln -s out/f.py link.py; ln -s /etc/hostname ext.txt; ln -s ../gone/x gone; ln -s /etc dir
"""
TRAIN_PY = "print('loss: 0.25 (step 2)')\nprint('loss: 0.125 (step 3)')\nprint('acc: 0.7')\nopen('model.txt', 'w').write('x')\n"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """One Guild home with runs by both programs, in every state."""
    import conftest

    if not conftest.ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    folder = tmp_path_factory.mktemp("api")
    project = folder / "project"
    project.mkdir()
    (folder / "home").mkdir()
    theirs = conftest.Guild(conftest.ORACLE, project, folder / "home")
    ours = conftest.Guild(conftest.GUILD, project, folder / "home")
    theirs.write("guild.yml", GUILD_YML)
    theirs.write("prep.sh", PREP_SH)
    theirs.write("train.py", TRAIN_PY)
    theirs.write("script.py", "lr = 0.1\nprint('loss: %f' % lr)\n")
    theirs.write("data.txt", "data\n")
    for guild in (theirs, ours):
        guild("run", "prep", "-y")
        guild("run", "train", "-y", "-t", "t2", "-t", "t1", "-c", "a comment")
        guild("run", "script.py", "lr=[0.1,0.2]", "-y", "--keep-batch", "-l", "my label")
        for op in ("fail", "_private", "none"):
            guild("run", op, "-y", code=None)
        guild("run", "script.py", "--stage", "-y")
        guild("mark", "2", "-y")
        guild("runs", "rm", "3", "-y")
    return theirs, ours


SAME = [["runs"], ["runs", "-v", "1"], ["runs", "--include-batch"], ["runs", "-d"], ["runs", "-f", "-Fo", "train"], ["runs", "2:4", "1"],
        ["runs", "-Fo", "nothing"], ["runs", "-Fo", "nothing", "-f"], ["compare"], ["compare", "-f", "--include-batch"],
        ["compare", "-Fo", "nothing"], ["compare", "1", "2"], ["ops"], ["ops", "-f"], ["help-op", "train"], ["help-op", "script.py", "-f"]]


def without_deps(text):
    """0.9.0 finds the runs that files came from only where their paths were recorded as absolute ones, as before 0.9."""
    data = json.loads(text)
    for item in data:
        if isinstance(item, dict):
            item["deps"] = []
    return data


@pytest.mark.parametrize("args", SAME, ids=" ".join)
def test_same_document(both, args):
    theirs, ours = both
    expected = theirs("api", *args).stdout
    got = ours("api", *args).stdout
    if args[0] == "runs":
        assert json.dumps(without_deps(got)) == json.dumps(without_deps(expected))
        assert got.count("\n") == expected.count("\n") or "deps" in got
    elif args[0] == "compare":
        assert got == expected
    else:
        # Flags of dependencies come after the others there, here in the order of names.
        assert json.loads(got) == json.loads(expected)
        assert got.count("\n") == expected.count("\n")


def test_recorded_runs_of_dependencies(both):
    theirs, ours = both
    runs = json.loads(ours("api", "runs", "-Fo", "train").stdout)
    assert len(runs) == 2
    for run in runs:
        [dep] = run["deps"]
        assert dep["operation"] == "mlp:prep"
        assert "out/f.py" in dep["paths"] and len(dep["paths"]) == len(EXTENSIONS.split())
    # As 0.9.0 reads what was recorded before 0.9.
    attr = ours.home / "runs" / runs[0]["id"] / ".guild/attrs/deps"
    kept = attr.read_text()
    source = next(p for p in (ours.home / "runs").iterdir() if p.name.startswith(runs[0]["deps"][0]["run"]))
    attr.write_text(json.dumps({"operation:prep": [f"{source}/out/f.py", f"{source}/out/f.txt"]}))
    try:
        answers = [json.loads(g("api", "runs", runs[0]["id"]).stdout)[0]["deps"] for g in both]
    finally:
        attr.write_text(kept)
    assert answers[0] == answers[1] == [
        {"run": source.name[:8], "operation": "mlp:prep", "paths": ["out/f.py", "out/f.txt"]}]


def test_failures(both):
    theirs, ours = both
    for args in [["help-op", "nope"], ["help-op"], ["runs", "-v", "3"], ["runs", "zzz"], ["compare", "zzz"], ["none"]]:
        assert ours("api", *args, code=None).returncode == theirs("api", *args, code=None).returncode, args


def test_without_project(both, tmp_path):
    theirs, ours = both
    assert json.loads(ours("api", "ops", cwd=tmp_path, env={"PYTHONPATH": os.devnull}).stdout) == []


MERGES = [["merge", "--preview", "RUN"], ["merge", "-y", "RUN"], ["merge", "-f", "-a", "-x", "*.txt", "--preview", "RUN"], ["merge", "-t", "other", "--preview", "RUN"],
          ["merge", "-s", "-t", "other", "-y", "RUN"], ["merge", "RUN"]]


def test_merge(both, tmp_path):
    """Each step is asked of both; what is done is undone in between."""
    theirs, ours = both
    project = theirs.cwd
    run = json.loads(ours("api", "runs", "-Fo", "prep").stdout)[-1]["id"]
    original = (project / "prep.sh").read_text()

    def same(args, prepare=None):
        answers = []
        for guild in both:
            if prepare:
                prepare()
            done = guild("api", *[run if arg == "RUN" else arg for arg in args], code=None)
            answers.append((done.returncode, done.stdout))
            (project / "prep.sh").write_text(original)
            for path in sorted((project / "other").glob("*")):
                path.unlink()
        assert answers[0] == answers[1], args
        return answers[0][1]

    def change():
        (project / "prep.sh").write_text("changed")

    for args in MERGES:
        same(args)
    assert json.loads(same(["merge", "-y", "RUN"], change)) == {"resp": "replacement-paths", "paths": ["prep.sh"]}
    assert json.loads(same(["merge", "-y", "--replace", "RUN"], change)) == {"resp": "ok", "copied": ["prep.sh"]}
    done = ours("api", "merge", "--preview", "zzz", code=1)
    assert json.loads(done.stdout)["resp"] == "other-error" and "zzz" in done.stderr
    assert json.loads(ours("api", "merge", "--preview", run, cwd=tmp_path, code=1).stdout)["resp"] == "other-error"
