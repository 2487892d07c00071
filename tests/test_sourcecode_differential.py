"""Which files an operation copies: the same layouts asked of guild and of Guild AI 0.9.0."""

import difflib
import os
import shlex
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.differential, pytest.mark.slow]

PY = "print('hi')\n"
TREE = {"train.py": PY, "README": "read me\n", "run.sh": "ls\n", "data.bin": "b\n", "sub/util.py": PY, "sub/deep/x.py": PY,
        "sub/notes.md": "n\n", ".hidden": "h\n", ".cfg/a.py": PY, "conf/a.yml": "a: 1\n", "conf/b.json": "{}\n"}
ENVS = {"venv/bin/activate": "", "venv/lib/x.py": PY, "win/Scripts/activate": "", "win/y.py": PY, "build/z.py": PY, "dist/w.py": PY,
        "a.egg-info/PKG": "x\n", "__pycache__/c.py": PY, "src/build/q.py": PY, "build.txt": "t\n"}


def op(spec, main="exec: 'true'"):
    """One operation with this 'sourcecode' (flow style)."""
    return f"t: {{{main}, sourcecode: {spec}}}\n"


def model(spec, op_spec=None):
    own = "" if op_spec is None else f", sourcecode: {op_spec}"
    return f"- model: m\n  sourcecode: {spec}\n  operations: {{t: {{exec: 'true'{own}}}}}\n"


# name: (guild.yml, files, options)
LAYOUTS = {
    # ---- without git: the base rules
    "plain exec": ("t: {exec: 'true'}\n", {**TREE, **ENVS}, {}),
    "plain main": ("t: {main: train}\n", {**TREE, **ENVS}, {}),
    "exec of python_exe": ("t: {exec: '${python_exe} -c 1'}\n", {**TREE, **ENVS}, {}),
    "nothing said": ("train: {}\n", {**TREE, **ENVS}, {"op": "train"}),
    "order of files and folders": ("t: {exec: 'true'}\n", {n: "x\n" for n in (
        "b/a.txt", "a/b.txt", "a.txt", "B.txt", "a/c/d.txt", "a/a.txt", "a-b/x.txt", "a b.txt", "ab/x.txt", "é.txt", "_x.txt")}, {}),
    "size limit": ("t: {exec: 'true'}\n", {"a.txt": "x" * 99, "b.txt": "x" * 100, "c.txt": "x" * 101},
                   {"env": {"MAX_DEFAULT_SOURCECODE_FILE_SIZE": "100"}}),
    "count limit": ("t: {exec: 'true'}\n", {f"{i}.txt": "x\n" for i in range(9)}, {"env": {"MAX_DEFAULT_SOURCECODE_COUNT": "5"}}),
    "limits and a rule": (op("[{include: '3.txt'}, {include: big.txt}]"), {**{f"{i}.txt": "x\n" for i in range(5)}, "big.txt": "x" * 200},
                          {"env": {"MAX_DEFAULT_SOURCECODE_COUNT": "2", "MAX_DEFAULT_SOURCECODE_FILE_SIZE": "100"}}),
    "nocopy": ("t: {exec: 'true'}\n", {"a/.guild-nocopy": "", "a/x.py": PY, "b/c/.guild-nocopy": "", "b/c/x.py": PY, "b/y.py": PY}, {}),
    "nocopy taken back": (op("[{include: {dir: a}}]"), {"a/.guild-nocopy": "", "a/x.py": PY}, {}),
    "binary by name": ("t: {exec: 'true'}\n", {n: "text\n" for n in (
        "a.svg", "a.PNG", "a.pkl", "a.npy", "a.so", "a.tar.gz", "a.zip.txt", ".png", "a.key", "a.xlr", "a.bz2", "a.PY")}, {}),
    "binary by content": ("t: {exec: 'true'}\n", {
        "nul.dat": b"a" * 500 + b"\0" + b"b" * 400, "ff.dat": b"hello\xffworld", "utf8.dat": "é中😀 text".encode(), "late": b"a" * 1024 + b"\0",
        "utf16.dat": "hello world\n".encode("utf-16"), "utf16le.dat": "hello world\n".encode("utf-16-le"), "latin1": "d\xe9j\xe0 vu".encode("latin-1"),
        "nul.csv": b"\0\1\2", "empty": b"", "koi8": "Привет мир, как дела сегодня? ".encode("koi8-r") * 5, "high": bytes(range(128, 255)),
        "cut": b"a" * 1023 + "é".encode(), "bad.dat": b"hello \xc3\x28 world", "utf32": "hello".encode("utf-32")}, {}),
    # ---- without git: forms
    "no": (op("no"), TREE, {}),
    "empty list": (op("[]"), TREE, {}),
    "text": (op("'*.py'"), TREE, {}),
    "list": (op("['*.py', README]"), TREE, {}),
    "text names a folder": (op("sub"), TREE, {}),
    "text names a folder with a slash": (op("sub/"), TREE, {}),
    "text names a nested folder": (op("sub/deep"), TREE, {}),
    "list with a mapping": (op("[data.bin, {exclude: '*.md'}]"), TREE, {}),
    "mapping with select": (op("{select: ['*.md', {exclude: sub/notes.md}]}"), TREE, {}),
    "select is text": (op("{select: '*.md'}"), TREE, {}),
    "select is a list": (op("{select: ['*.md']}"), TREE, {}),
    "select is off": (op("{select: no}"), TREE, {}),
    "mapping is a rule": (op("{exclude: '*.py'}"), TREE, {}),
    "empty mapping": (op("{}"), TREE, {}),
    "patterns in a list": (op("[{exclude: ['*.md', 'conf/*', README]}]"), TREE, {}),
    "typed rules": (op("[{exclude: {text: '*'}}, {include: {binary: '*'}}, {include: {text: ['*.md', '*.yml']}}]"), TREE, {}),
    "folders left": (op("[{exclude: {dir: sub}}]"), TREE, {}),
    "folders left by path": (op("[{exclude: {dir: sub/deep}}]"), TREE, {}),
    "folders left by pattern": (op("[{exclude: {dir: ['s*', c*f]}}]"), TREE, {}),
    "folders left by a leading slash": (op("[{exclude: {dir: /deep}}, {exclude: {dir: /conf}}]"), TREE, {}),
    "folders taken back": (op("[{exclude: {dir: '*'}}, {include: {dir: sub}}]"), TREE, {}),
    "hidden folder taken": (op("[{include: {dir: .cfg}}]"), TREE, {}),
    "leading slash": (op("[/train.py, /util.py, {exclude: /README}]"), TREE, {}),
    "star crosses folders": (op("['sub/*.py']"), TREE, {}),
    "two stars": (op("['**/x.py', '**/train.py']"), TREE, {}),
    "question and class": (op("['?EADME', '[rt]*.??', '[!r]un.sh', 'sub/[!u]*']"), TREE, {}),
    "upper case": (op("['*.PY', readme]"), TREE, {}),
    "dot slash": (op("['./train.py', 'sub/../README']"), TREE, {}),
    "off and on": (op("[{exclude: '*'}, train.py]"), TREE, {}),
    "on and off": (op("[train.py, {exclude: '*'}]"), TREE, {}),
    "off by slash": (op("[{exclude: '*/*'}]"), TREE, {}),
    "root": (op("{root: sub}"), TREE, {}),
    "root and select": (op("{root: sub, select: ['*.py', /notes.md]}"), TREE, {}),
    "root and dest": (op("{root: sub, dest: code/here}"), TREE, {}),
    "dest": (op("{dest: src}"), TREE, {}),
    "digest": (op("{digest: no}"), TREE, {}),
    "root above": (op("{root: .., select: ['project/train.py', 'other/*']}"), {**TREE, "../other/o.py": PY}, {"root": True}),
    "root beside": (op("{root: ../other}"), {**TREE, "../other/o.py": PY, "../other/in/p.py": PY}, {}),
    # ---- models
    "model rules": (model("'*.py'"), TREE, {}),
    "model and operation": (model("['*.py']", "[{exclude: 'sub/*'}, README]"), TREE, {}),
    "model and text": (model("['*.py']", "README"), TREE, {}),
    "model off": (model("no"), TREE, {}),
    "model off, operation on": (model("no", "['*.py']"), TREE, {}),
    "model on, operation off": (model("['*.py']", "no"), TREE, {}),
    "model root": (model("{root: sub, select: ['*.py']}"), TREE, {}),
    "model root, operation rules": (model("{root: sub}", "[{exclude: '*.md'}]"), TREE, {}),
    "both roots": (model("{root: sub, dest: a}", "{root: conf}"), TREE, {}),
    # ---- dependencies
    "dependencies": ("t:\n  exec: 'true'\n  requires:\n    - file: README\n    - {config: conf/a.yml}\n    - file: ./sub/../run.sh\n"
                     "    - file: sub\n", TREE, {}),
    "named and wrapped dependencies": ("t:\n  exec: 'true'\n  requires:\n    - name: x\n      sources: [{file: README}]\n"
                                       "    - sources: ['file:run.sh', data.bin]\n", TREE, {}),
    "dependency of another model": ("- model: n\n  resources: {r: [{file: README}, {file: sub/util.py}]}\n- model: m\n"
                                    "  operations: {t: {exec: 'true', requires: ['n:r', {resource: 'n:r'}]}}\n", TREE, {"op": "m:t"}),
    "dependency of a resource": ("- model: m\n  operations: {t: {exec: 'true', requires: [r]}}\n  resources:\n    r:\n"
                                 "      sources: [file: README, {config: conf/b.json}]\n", TREE, {}),
    # ---- links, names
    "linked folder": ("t: {exec: 'true'}\n", {"a/x.py": PY, "z": ("link", "a"), "f.py": ("link", "a/x.py"), "gone.py": ("link", "nope")}, {}),
    "linked folder outside": ("t: {exec: 'true'}\n", {"../else/x.py": PY, "in": ("link", "../else")}, {}),
    "odd names": (op("['*']"), {"a\tb.py": PY, "a'b.py": PY, 'a"b.py': PY, "a\\b.py": PY, "-n.py": PY, "[x].py": PY, "a*b.py": PY}, {}),
    "odd names by class": (op("['[[]x[]].py', 'a[*]b.py', 'a[']"), {"[x].py": PY, "a*b.py": PY, "axb.py": PY, "a[": "t\n"}, {}),
    "characters are not bytes": (op("['?.py', '[à-ü]x.py', '??b.py']"), {"é.py": PY, "éx.py": PY, "ab.py": PY, "éeb.py": PY}, {}),
    "patterns with blanks": (op("['a b.py', {exclude: 'c, d'}]"), {"a b.py": PY, "c, d": "x\n"}, {}),
    "names that are no text": (op("['*.py', {include: {binary: '*.dat'}}]"), {b"a\xff.py": PY, b"\xe9.dat": b"\xff", b"d\xfe/x.py": PY}, {}),
    "sub-directory with its own guild.yml": ("t: {exec: 'true'}\n", {"lib/guild.yml": "u: {exec: 'true'}\n", "lib/u.py": PY, "t.py": PY}, {}),
    # ---- git
    "git": ("t: {main: train}\n", {**TREE, **ENVS, ".gitignore": "*.md\n/conf/\n", "big.txt": "x" * 2000000}, {"git": ["."]}),
    "git, nothing committed": ("t: {exec: 'true'}\n", {**TREE, ".gitignore": "sub/deep\n"}, {"git": []}),
    "git nested ignores": ("t: {exec: 'true'}\n", {
        ".gitignore": "*.log\nout/\n!keep.log\n", "a.log": "x\n", "keep.log": "x\n", "out/x.py": PY, "sub/.gitignore": "!a.log\n*.tmp\n/only\n",
        "sub/a.log": "x\n", "sub/b.tmp": "x\n", "sub/only": "x\n", "sub/d/only": "x\n", "sub/d/out/y.py": PY, "c.tmp": "x\n"}, {"git": []}),
    "git and guildignore": ("t: {exec: 'true'}\n", {**TREE, ".guildignore": "# no\n\n*.md\nconf/\n/sub/deep\n!run.sh\n", ".gitignore": "*.sh\n"},
                            {"git": ["."]}),
    "guildignore without git": ("t: {exec: 'true'}\n", {**TREE, ".guildignore": "*.md\n"}, {}),
    "git with binary and hidden": ("t: {exec: 'true'}\n", {"a.bin": b"\0\1", ".hid/x": "x\n", ".env": "A=1\n", ".gitattributes": "\n",
                                                             "s/.gitkeep": "", "s/.guildignore": "x\n"}, {"git": []}),
    "git and rules": (op("['*.md', {exclude: {dir: conf}}]"), {**TREE, ".gitignore": "*.md\nsub/deep/\n"}, {"git": []}),
    "git and text": (op("sub/deep"), {**TREE, ".gitignore": "*.md\nsub/deep/\n"}, {"git": []}),
    "git nocopy": ("t: {exec: 'true'}\n", {"a/.guild-nocopy": "", "a/x.py": PY, "y.py": PY}, {"git": []}),
    "git sub-directory": ("t: {exec: 'true'}\n", {**TREE, "../.gitignore": "*.md\nproject/conf\n", "../x.py": PY}, {"git": [], "git_dir": ".."}),
    "git root above": (op("{root: ..}"), {"train.py": PY, "../.gitignore": "*.md\nignored/\n", "../x.py": PY, "../a.md": "x\n", "../ignored/y": "y\n",
                                          "../home/.guild-nocopy": "", "../oracle_home/.guild-nocopy": ""}, {"git": [], "git_dir": "..", "root": True}),
    "git root below": (op("{root: sub}"), {**TREE, ".gitignore": "*.md\n/sub/deep\n"}, {"git": [], "root": True}),
    "git and the home of guild": ("t: {exec: 'true'}\n", {".guild/runs/x/.guild/opref": "x\n", ".guild/runs/x/a.py": PY, "b.py": PY}, {"git": []}),
    "git submodule": ("t: {exec: 'true'}\n", {"a.py": PY}, {"git": [], "submodule": {"m.py": PY, "n/.gitignore": "*.log\n", "n/x.log": "x\n"}}),
    "git linked folder": ("t: {exec: 'true'}\n", {"a/x.py": PY, "z": ("link", "a"), ".gitignore": "f.py\n", "f.py": ("link", "a/x.py")}, {"git": []}),
    "git ignored names with blanks": ("t: {exec: 'true'}\n", {"a b.txt": "x\n", "c d/e f": "x\n", ".gitignore": "a b.txt\nc d/\n"}, {"git": []}),
    "git ignored link to a folder": ("t: {exec: 'true'}\n", {"../else/x.py": PY, "data": ("link", "../else"), ".gitignore": "data\n"}, {"git": []}),
    "broken git": ("t: {exec: 'true'}\n", {".git/config": "broken\n", "a.py": PY}, {}),
}


# name: (guild.yml, files, options, lines only of 0.9.0, lines only of guild)
DIFFERENT = {
    # Its own interpreter is the only one that 0.9.0 knows as Python's.
    "exec of python": ("t: {exec: 'python3 -c 1'}\n", {"dist/w.py": PY, "venv/bin/activate": ""}, {}, ["  dist/w.py", "  venv/bin/activate"],
                       ["  exclude dir __pycache__", "  exclude dir * containing bin/activate", "  exclude dir * containing Scripts/activate",
                        "  exclude dir build", "  exclude dir dist", "  exclude dir *.egg-info", "  dist/", "  venv/"]),
    # 0.9.0 reads the escapes that git prints for such names as names.
    "git ignores names beyond ASCII": ("t: {exec: 'true'}\n", {"é.txt": "x\n", "ü/x": "x\n", ".gitignore": "é.txt\nü\n"}, {"git": []},
                                       ["  exclude dir .git", "  é.txt", "  ü/x"], ["  exclude dir .git, ü", "  ü/", "  é.txt"]),
    # 0.9.0 leaves out tracked files, too, where .gitignore matches them: programs then miss what their repository has.
    "git ignored but tracked": ("t: {exec: 'true'}\n", {"a.log": "x\n", "b.log": "x\n", ".gitignore": "*.log\n", "d/x.py": PY, "d/y.py": PY,
                                                        ".git/info/exclude": "d/\n"}, {"git": ["-f", "a.log", "d/x.py"]}, ["  a.log", "  d/x.py"], ["  a.log", "  d/x.py"]),
    # 0.9.0 compares paths below the guild file with paths below the root.
    "dependency below a root": ("t: {exec: 'true', sourcecode: {root: sub}, requires: [{file: sub/util.py}, {file: notes.md}]}\n", TREE, {},
                                ["  sub/util.py", "  sub/notes.md"], ["  sub/notes.md", "  sub/util.py"]),
}


def git(folder, *args):
    subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e@e", "-c", "protocol.file.allow=always", *args], cwd=folder,
                   check=True, capture_output=True)


def make(project, text, files, options):
    if "git" in options:
        git(project, "init", "-q", options.get("git_dir", "."))
    for name, content in {"guild.yml": text, **files}.items():
        path = project / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            path.symlink_to(content[1])
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if options.get("submodule"):
        make_submodule(project, options["submodule"])
    if options.get("git"):
        git(project, "add", *options["git"])
        git(project, "commit", "-qm", "first")


def make_submodule(project, files):
    other = project.parent / "module"
    other.mkdir()
    make(other, "x: {}\n", files, {"git": ["."]})
    git(project, "submodule", "--quiet", "add", str(other), "mod")
    (project / "mod/n/y.log").write_text("y\n")


def ask(program, options):
    done = program("run", options.get("op", "t"), "--test-sourcecode", code=None, env={"COLUMNS": "200", **options.get("env", {})})
    assert "Traceback" not in done.stderr, done.stderr
    # With a root of its own, 0.9.0 marks some folders and not others.
    strip = (lambda line: line.rstrip("/")) if "root" in options else (lambda line: line)
    return [strip(line) for line in done.stdout.split("\n")]


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(guild, oracle, project, name):
    text, files, options = LAYOUTS[name]
    make(project, text, files, options)
    guild.home.mkdir(exist_ok=True)
    assert ask(guild, options) == ask(oracle, options)


@pytest.mark.parametrize("name", DIFFERENT)
def test_difference(guild, oracle, project, name):
    text, files, options, theirs, ours = DIFFERENT[name]
    make(project, text, files, options)
    guild.home.mkdir(exist_ok=True)
    diff = [line for line in difflib.ndiff(ask(oracle, options), ask(guild, options)) if line[0] in "-+"]
    assert sorted(line[2:] for line in diff if line[0] == "-") == sorted(theirs)
    assert sorted(line[2:] for line in diff if line[0] == "+") == sorted(ours)


COPIED = ["plain main", "list", "root and dest", "root above", "dest", "folders left by path", "linked folder", "odd names", "git and guildignore",
          "git sub-directory", "git submodule", "model root, operation rules", "nocopy taken back"]


@pytest.mark.parametrize("name", COPIED)
def test_what_is_copied(guild, oracle, project, name):
    """The same files in the same order with the same digests, in two runs of one project."""
    text, files, options = LAYOUTS[name]
    make(project, text.replace("main: train", "main: train, pip-freeze: no"), files, options)
    guild.home.mkdir(exist_ok=True)
    (guild.home / ".guild-nocopy").touch()
    manifests = []
    for program in (oracle, guild):
        run_dir = project.parent / f"run-{program.program.split('/')[-3]}"
        run_dir.mkdir(exist_ok=True)
        (run_dir / ".guild-nocopy").touch()
        program("run", options.get("op", "t"), "-y", "--run-dir", run_dir, env={"GUILD_PYTHON_EXE": sys.executable})
        lines = (run_dir / ".guild/manifest").read_bytes().splitlines()
        manifests.append([line for line in lines if line.startswith(b"s ")])
        for line in manifests[-1]:
            path = os.fsdecode(shlex.split(os.fsdecode(line))[1])
            assert (run_dir / path).is_file()
        digest = (run_dir / ".guild/attrs/sourcecode_digest").read_text()
        manifests[-1].append(digest)
    assert manifests[0] == manifests[1] and len(manifests[0]) > 1
