"""Dependencies that are downloads, archives and configuration files; commands that process them."""

import gzip
import hashlib
import http.server
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import zipfile

import pytest

from conftest import ORACLE, Guild
from test_dependencies import files, run  # noqa: F401

PYTHON = os.path.realpath(sys.executable)
yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


@pytest.fixture
def web(tmp_path):
    """Serves tmp_path/web; .asked counts requests."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def do_GET(self):
            httpd.asked.append(self.path)
            super().do_GET()

        def log_message(self, *args):
            pass

    try:
        httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    except OSError:
        pytest.skip("there is no loopback interface here")
    httpd.asked = []
    httpd.folder = folder
    httpd.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()


def project(guild, requires, flags="{}", more=""):
    guild.write("guild.yml", f"- operations:\n    t: {{exec: 'true', sourcecode: no, flags: {flags}, requires: {requires}{more}}}\n")


TREE = {"d/e/f.txt": "f", "d/m-5.bin": "5", "d/m-12.bin": "12", "top": "t"}


def make_zip(path, tree=TREE):
    with zipfile.ZipFile(path, "w") as z:
        for name, text in tree.items():
            z.writestr(name, text)


def make_tar(path, tree=TREE, mode="w"):
    with tarfile.open(path, mode) as t:
        for name, text in tree.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            t.addfile(info, io.BytesIO(text.encode()))


# ---- downloads ---------------------------------------------------------------------------------------------


def test_url(run, web):  # noqa: F811
    (web.folder / "a b.txt").write_text("A")
    url = f"{web.url}/a%20b.txt"
    project(run.guild, f"[{{url: '{url}', target-path: d, rename: 'a a2'}}]")
    done = run("t")
    assert files(done.dir) == {"d/a2 b.txt": "A"}
    run("t")
    assert web.asked == ["/a%20b.txt"]
    key = hashlib.sha224(f"http\n{url[7:].split('/')[0]}\n/a%20b.txt\n\n\n".encode()).hexdigest()
    assert (run.guild.home / "cache/resources" / key / "a b.txt").read_text() == "A"
    assert f"uri: {url}" in run.guild.attr(done.dir, "deps")


def test_url_of_flags_is_one_file_for_each_value(run, web):  # noqa: F811
    for v in "12":
        (web.folder / v).mkdir()
        (web.folder / v / "x.txt").write_text(v)
    project(run.guild, f"[{{url: '{web.url}/${{v}}/x.txt'}}]", "{v: 1}")
    assert files(run("t").dir) == {"x.txt": "1"} and files(run("t", "v=2").dir) == {"x.txt": "2"}


def test_url_with_a_digest(run, web):  # noqa: F811
    (web.folder / "x.txt").write_text("one")
    good = hashlib.sha256(b"one").hexdigest()
    bad = "0" * 64
    project(run.guild, f"[{{url: '{web.url}/x.txt', sha256: '{bad}'}}]")
    done = run("t", code=1)
    assert f"expected {bad} but got {good}" in done.stderr and done.stderr.rstrip().endswith("(guild.yml:2:61)")
    assert run.guild.runs() == [] and not list((run.guild.home / "cache/resources").rglob("x.txt*"))
    project(run.guild, f"[{{url: '{web.url}/x.txt', sha256: '{good}'}}]")
    assert files(run("t").dir) == {"x.txt": "one"}


@pytest.mark.parametrize("source,text", [
    ("url: 'WEB/none.txt'", "the server answered 404"),
    ("url: 'WEB/'", "names no file"),
    ("url: 'http://127.0.0.1:1/x'", "onnect"),
    ("url: 'ftp://127.0.0.1/x'", "unknown URL type 'ftp'"),
    ("url: 'file:///no/such/file'", "No such file"),
    ("url: 'WEB/${nope}.txt'", "nope"),
    ("file: bad.zip", "cannot unpack 'bad.zip'"),
    ("file: bad.zip, type: rar", "unsupported archive type 'rar'"),
    ("file: out.tar", "'../out.txt' in archive 'out.tar' leads out of its directory"),
    ("file: cut.tar.gz", "cannot unpack 'cut.tar.gz'"),
    ("file: bomb.tar.gz", "more than"),
    ("file: good.zip, post-process: 'echo no >&2; exit 3'", "post-process failed (exit 3): no"),
    ("file: good.zip, post-process: 'cat $(project-src none)'", "cannot find 'none'"),
    ("config: x.txt", "is of a type that flags cannot be written to"),
    ("config: none.yml", "cannot find 'none.yml'"),
    ("config: list.yml", "expected a mapping"),
    ("config: bad.json", "bad.json:1:"),
    ("config: deep.yml, params: {a.b: 1}", "'a.b' cannot be nested: conflicts with {'a': 5}"),
    ("config: c.toml, params: {a: null}", "TOML has not"),
])
def test_one_clear_line_and_nothing_left(run, web, source, text):  # noqa: F811
    guild = run.guild
    for name, content in {"bad.zip": "PK no", "x.txt": "", "list.yml": "- 1\n", "bad.json": "{", "deep.yml": "a: 5\n", "c.toml": "a = 1\n"}.items():
        guild.write(name, content)
    make_zip(guild.cwd / "good.zip")
    make_tar(guild.cwd / "out.tar", {"in.txt": "x", "../out.txt": "x"})
    make_tar(guild.cwd / "whole.tar.gz", {"a": "x" * 50000, "b": "y"}, "w:gz")
    (guild.cwd / "cut.tar.gz").write_bytes((guild.cwd / "whole.tar.gz").read_bytes()[:90])
    make_tar(guild.cwd / "bomb.tar.gz", {"a": "x" * 50000}, "w:gz")
    project(guild, f"[{{{source.replace('WEB', web.url)}}}]")
    done = run("t", code=1, env={"GUILD_UNPACK_MAX": 10000})
    errors = [line for line in done.stderr.splitlines() if line.startswith("guild: ")]
    assert len(errors) == 1 and text in errors[0] and "(guild.yml:2:61)" in errors[0]
    assert guild.runs() == [] and not (guild.cwd.parent / "out.txt").exists()
    left = {p.name for p in (guild.home / "cache/resources").rglob("*") if p.is_file()}
    assert left <= {os.path.basename(name) for name in TREE} | {".guild-cache-good.zip.unpacked"}


# ---- archives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more,expected", [
    ("", TREE),
    (", select: ['top', 'd/e'], target-path: x", {"x/top": "t", "x/e/f.txt": "f"}),
    (", select: 'd/e/f.txt', preserve-path: yes", {"d/e/f.txt": "f"}),
    (", select-max: 'd/m-(\\d+).bin'", {"m-12.bin": "12"}),
])
def test_archives(run, more, expected):  # noqa: F811
    make_zip(run.guild.cwd / "a.zip")
    project(run.guild, f"[{{file: a.zip{more}}}]")
    assert files(run("t").dir) == expected


@pytest.mark.parametrize("name,mode", [("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.tar.xz", "w:xz")])
def test_tar_files(run, name, mode):  # noqa: F811
    make_tar(run.guild.cwd / name, mode=mode)
    project(run.guild, f"[{{file: {name}, target-path: x}}, {{file: {name}, name: b, select: 'd/m.*'}}]")
    assert files(run("t").dir) == {**{"x/" + k: v for k, v in TREE.items()}, "m-5.bin": "5", "m-12.bin": "12"}


def test_archive_stays_whole(run):  # noqa: F811
    make_zip(run.guild.cwd / "a.zip")
    project(run.guild, "[{file: a.zip, unpack: no}]")
    assert list(run("t").dir.glob("*.zip"))


def test_single_gzip_file(run):  # noqa: F811
    (run.guild.cwd / "x.txt.gz").write_bytes(gzip.compress(b"one") + gzip.compress(b"two"))
    project(run.guild, "[{file: x.txt.gz}]")
    assert files(run("t").dir) == {"x.txt": "onetwo"}


def test_type_overrides_the_name(run):  # noqa: F811
    make_zip(run.guild.cwd / "data.bin")
    project(run.guild, "[{file: data.bin, type: zip}]")
    assert files(run("t").dir) == TREE


def test_archive_by_url_and_a_changed_archive(run, web):  # noqa: F811
    make_zip(web.folder / "a.zip")
    make_zip(run.guild.cwd / "b.zip")
    project(run.guild, f"[{{url: '{web.url}/a.zip', target-path: u}}, {{file: b.zip, select: top}}]")
    done = run("t")
    assert files(done.dir) == {"top": "t", **{"u/" + k: v for k, v in TREE.items()}}
    make_zip(run.guild.cwd / "b.zip", {"top": "new"})
    assert files(run("t").dir)["top"] == "new"


def test_names_beyond_ascii(run):  # noqa: F811
    make_zip(run.guild.cwd / "a.zip", {"ü/é.txt": "z"})
    make_tar(run.guild.cwd / "b.tar", {"ö.txt": "t"})
    project(run.guild, "[{file: a.zip}, {file: b.tar}]")
    assert files(run("t", env={"LC_ALL": "C"}).dir) == {"ü/é.txt": "z", "ö.txt": "t"}


def test_links_in_archives(run):  # noqa: F811
    with tarfile.open(run.guild.cwd / "a.tar", "w") as t:
        for kind, name, to in [(tarfile.SYMTYPE, "l", "d/f"), (tarfile.REGTYPE, "d/f", ""), (tarfile.LNKTYPE, "h", "d/f")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, to
            info.size = 1 if kind == tarfile.REGTYPE else 0
            t.addfile(info, io.BytesIO(b"x"))
    project(run.guild, "[{file: a.tar}]")
    assert files(run("t").dir) == {"l": "x", "d/f": "x", "h": "x"}  # a link that is selected is followed


def test_unpacked_by_two_at_once(run):  # noqa: F811
    make_zip(run.guild.cwd / "a.zip", {f"d/{i}": str(i) for i in range(300)})
    project(run.guild, "[{file: a.zip}]")
    env = run.guild.env(GUILD_PYTHON_EXE=PYTHON, NO_PIP_FREEZE="1")
    both = [subprocess.Popen([run.guild.program, "run", "t", "-y"], cwd=run.guild.cwd, env=env, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE) for _ in range(3)]
    for process in both:
        assert process.wait(60) == 0, process.stderr.read()
    for r in run.guild.runs():
        assert len(files(r)) == 300


# ---- post-process -------------------------------------------------------------------------------------------


def test_post_process(run, web):  # noqa: F811
    guild = run.guild
    make_zip(web.folder / "a.zip")
    guild.write("my dir/it's.txt", "S")
    command = 'cat $(project-src my dir/it\'\'s.txt) "$(project-src my dir/it\'\'s.txt)" >> d/e/f.txt\n; echo $PWD; echo said'
    project(guild, f"[{{url: '{web.url}/a.zip', select: d/e, post-process: '{command}'}}]")
    done = run("t")
    assert files(done.dir) == {"e/f.txt": "fSS"} and "\nsaid\n" in done.stderr
    again = run("t")
    assert files(again.dir) == {"e/f.txt": "fSS"} and "said" not in again.stderr  # once


def test_post_process_of_a_plain_file(run):  # noqa: F811
    run.guild.write("x.txt", "x")
    project(run.guild, "[{file: x.txt, post-process: 'echo in $PWD'}]")
    done = run("t")
    assert files(done.dir) == {"x.txt": "x"} and "in " + str(run.guild.home / "cache") in done.stderr


def test_flags_are_no_part_of_the_command(run):  # noqa: F811
    run.guild.write("x.txt", "x")
    project(run.guild, "[{file: x.txt, post-process: 'echo got ${v:-unset}'}]", "{v: '; touch hacked'}")
    assert "got unset" in run("t").stderr


# ---- configuration files ---------------------------------------------------------------------------------------

CONFIGS = {
    "yml": "# rates\nlr: 0.1  # learning\nnet:\n  layers: [1, 2]\n  name: x\n",
    "json": '{\n  "lr": 0.1,\n  "net": {"layers": [1, 2], "name": "x"}\n}\n',
    "ini": "; rates\n[DEFAULT]\nlr = 0.1\n[net]\nlayers = 1\nname = x\n",
    "toml": "# rates\nlr = 0.1 # learning\n[net]\nlayers = [1, 2]\nname = 'x'\n",
}


@pytest.mark.parametrize("kind,expected", [
    ("yml", "# rates\nlr: 0.5  # learning\nnet:\n  layers: [1, 2]\n  name: y z\n"),
    ("json", '{\n  "lr": 0.5,\n  "net": {"layers": [1, 2], "name": "y z"}\n}\n'),
    ("ini", "; rates\n[DEFAULT]\nlr = 0.5\n[net]\nlayers = 1\nname = y z\nlr = 0.1\n"),
    ("toml", "# rates\nlr = 0.5 # learning\n[net]\nlayers = [1, 2]\nname = \"y z\"\n"),
])
def test_flags_go_into_the_file(run, kind, expected):  # noqa: F811
    run.guild.write("c." + kind, CONFIGS[kind])
    run.guild.write("guild.yml", f"t: {{exec: cat c.{kind}, flags-dest: 'config:c.{kind}', flags-import: all}}\n")
    done = run("t", "lr=0.5", "net.name=y z")
    assert done.stdout == expected
    assert (run.guild.cwd / ("c." + kind)).read_text() == CONFIGS[kind]
    made = list((done.dir / ".guild/generated").rglob("c." + kind))
    assert len(made) == 1 and made[0].read_text() == expected


def test_restart_and_trials_write_it_again(run):  # noqa: F811
    run.guild.write("c.yml", "lr: 1\n")
    run.guild.write("guild.yml", "t: {exec: cat c.yml, flags-dest: 'config:c.yml', flags-import: all}\n")
    first = run("t", "lr=2")
    again = run("--restart", first.dir.name, "lr=3")
    assert (first.dir / "c.yml").read_text() == "lr: 3\n" and "lr: 3\n" in again.stdout
    done = run("t", "lr=[5,6]")
    assert "lr: 5\n" in done.stdout and "lr: 6\n" in done.stdout


def test_python_gets_the_file_and_no_arguments(run):  # noqa: F811
    run.guild.write("c.toml", "a = 1\n")
    run.guild.write("m.py", "import sys, pathlib; print(sys.argv[1:], pathlib.Path('c.toml').read_text())\n")
    run.guild.write("guild.yml", "t: {main: m, flags-dest: 'config:c.toml', flags-import: all}\n")
    assert run("t", "a=7").stdout == "[] a = 7\n\n"


def test_params_then_flags_by_arg_name(run):  # noqa: F811
    run.guild.write("sub/c.json.in", '{"a": {"b": 1}, "k": 1}')
    run.guild.write("guild.yml", """
t:
  exec: echo ${flag_args}
  flags:
    x: {default: 5, arg-name: a.b}
    l: {default: '1 two', arg-split: yes}
    none: null
  requires:
    - config: sub/c.json.in
      params: {a.b: 2, k: 3, big: {deep: [1, {x: [2]}]}}
""")
    done = run("t")
    assert json.loads((done.dir / "c.json.in").read_text()) == {
        "a": {"b": 5}, "k": 3, "big": {"deep": [1, {"x": [2]}]}, "l": [1, "two"]}
    assert "--a.b 5" in done.stdout


def test_a_flag_chooses_the_file(run):  # noqa: F811
    run.guild.write("a.yml", "n: a\n")
    run.guild.write("b.yml", "n: b\n")
    run.guild.write("guild.yml", "t: {exec: ls, flags: {c: a.yml, z: 1}, requires: [{config: a.yml, name: c}], sourcecode: no}\n")
    assert yaml.safe_load((run("t", "c=b.yml").dir / "b.yml").read_text())["n"] == "b"


# ---- Guild AI 0.9.0 ------------------------------------------------------------------------------------------------

# One guild.yml; every operation is run by both. Where the file differs on purpose: not here.
SAME = """
- operations:
    zip: {exec: 'true', sourcecode: no, requires: [{file: a.zip}]}
    zip-all: {exec: 'true', sourcecode: no, requires: [{file: a.zip, select: '.*'}]}
    zip-max: {exec: 'true', sourcecode: no, requires: [{file: a.zip, select-max: 'd/m-(\\d+).bin', rename: 'm-\\S+ m.bin'}]}
    tgz: {exec: 'true', sourcecode: no, requires: [{file: b.tgz, target-path: x, preserve-path: no}]}
    post: {exec: 'true', sourcecode: no, requires: [{file: c.zip, select: d/e, post-process: 'cat $(project-src guild.yml) > d/e/g; echo x'}]}
    url: {exec: 'true', sourcecode: no, requires: [{url: 'WEB/x.txt', sha256: SUM, rename: 'x y'}]}
    url-zip: {exec: 'true', sourcecode: no, requires: [{url: 'WEB/u.zip', select: 'd/.*bin', target-path: q}]}
    yml: {exec: 'true', flags-dest: 'config:c.yml', flags-import: all, sourcecode: no, flags: {new.k: 1.5, sp: {default: '1 a', arg-split: yes}, nn: null}}
    json: {exec: 'true', flags-dest: 'config:c.json', flags-import: [b, a.x], sourcecode: no, flags: {a.y: {arg-name: a.q, default: no}}}
    ini: {exec: 'true', flags-dest: 'config:c.ini', flags-import: all, sourcecode: no, flags: {sec.new: [x], key: 3}}
    conf: {exec: 'true', sourcecode: no, flags: {lr: 0.5, q: null}, requires: [{config: c.json, params: {lr: 1, q: 2, deep.er: {a: [1]}}, target-path: out}]}
"""


def load(path):
    from test_config_files import load_ini
    text = path.read_text()
    return {".json": json.loads, ".ini": load_ini, ".yml": yaml.safe_load}[path.suffix](text)


@pytest.mark.slow
@pytest.mark.differential
def test_agrees_with_the_reference(tmp_path, web):
    if not ORACLE.exists():
        pytest.skip("Guild AI 0.9.0 is not installed in .venv/oracle")
    project_dir = tmp_path / "project"
    project_dir.mkdir()
    (web.folder / "x.txt").write_text("x")
    for name in ["a.zip", "c.zip"]:
        make_zip(project_dir / name)
    make_zip(web.folder / "u.zip")
    make_tar(project_dir / "b.tgz", mode="w:gz")
    (project_dir / "c.yml").write_text("b: 1\na: {x: 0.1, l: [1, two], ll: [[1], 2], d: 2020-01-01, e: {}, n: null}\ns: 'yes'\nlr: 1e-3\nt: 1:30\n")
    (project_dir / "c.json").write_text('{"b": 1, "a": {"x": 1e-3, "z": [1, 2]}, "t": true}')
    (project_dir / "c.ini").write_text("[DEFAULT]\nKey = 1\nF: 0.5\n[sec]\n# c\nname = hi %(key)s\nb = true\nmulti = a\n  b\nempty =\n[other]\nx = 1e-3\n")
    text = SAME.replace("WEB", web.url).replace("SUM", hashlib.sha256(b"x").hexdigest())
    (project_dir / "guild.yml").write_text(text)
    for op in re.findall(r"^    ([a-z-]+):", text, re.M):
        runs = []
        for name in ["ours", "theirs"]:
            from conftest import GUILD
            g = Guild(GUILD if name == "ours" else ORACLE, project_dir, tmp_path / name)
            (tmp_path / name / "runs").mkdir(parents=True, exist_ok=True)
            before = set(g.runs())
            g("run", op, "-y", env={"GUILD_PYTHON_EXE": PYTHON, "NO_PIP_FREEZE": "1"})
            runs.append([r for r in g.runs() if r not in before][0])
        mine, ref = runs
        assert sorted(files(mine)) == sorted(files(ref)), op
        for name in files(ref):
            if name.endswith((".yml", ".json", ".ini")):
                assert load(mine / name) == load(ref / name), f"{op}: {name}"
            else:
                assert (mine / name).read_bytes() == (ref / name).read_bytes(), f"{op}: {name}"
        attrs = [yaml.safe_load((r / ".guild/attrs/flags").read_text()) for r in runs]
        for flags in attrs:
            flags.pop("a.ll", None)  # the text of a list in a list
        assert attrs[0] == attrs[1], op
        deps = [re.sub(r"generated/\w+", "generated/X", (r / ".guild/attrs/deps").read_text()) for r in runs]
        assert deps[0] == deps[1], op
        # Rewritten files have other bytes.
        lines = [re.sub(r" [0-9a-f]{40} config:", " SHA config:", "\n".join(
            line for line in (r / ".guild/manifest").read_text().splitlines() if line[0] == "d")) for r in runs]
        assert lines[0] == lines[1] or op == "ini", op  # its manifest leaves the file out
