"""The import shim for flags in module globals: what it sets, and that nothing else differs from Python alone."""

import datetime
import glob
import math
import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

SHIM = pathlib.Path(__file__).resolve().parent.parent / "python" / "guild_shim"
sys.path.insert(0, str(SHIM))
import guild_yaml  # noqa: E402


def other_pythons():
    """One interpreter of every other version on this machine."""
    found = {}
    places = [shutil.which(f"python3.{n}") for n in range(6, 30)]
    places += glob.glob(os.path.expanduser("~/.pyenv/versions/3.*/bin/python"))
    for place in filter(None, places):
        done = subprocess.run([place, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True)
        if done.returncode == 0:
            found.setdefault(done.stdout.strip(), place)
    found.pop(str(sys.version_info[:2]), None)
    return sorted(found.values())


PYTHONS = [sys.executable, *(pytest.param(p, marks=pytest.mark.slow) for p in other_pythons())]


def run(folder, python, *words, **env):
    env = dict({k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
               PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", **env)
    done = subprocess.run([python, "-u", *map(str, words)], cwd=folder, env=env, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120)
    return done.returncode, done.stdout, done.stderr


def shim(folder, python, flags, *words, dest="globals", **env):
    return run(folder, python, SHIM / "guild_main.py", dest, *flags, "--", *words, **env)


def lines(text):
    return text.lstrip("\n")


# ---- nothing differs --------------------------------------------------------------------------------------

SCRIPTS = {
    "attributes": """
        '''A docstring.'''
        import sys
        lr = 0.1
        note: str = "x"
        print(sorted(globals()), __doc__, __name__, __package__, __spec__, __file__, type(__builtins__).__name__)
        print(type(__loader__).__name__, __loader__.name, __loader__.path, sys.argv, sys.path, globals() is locals())
        print(__loader__.get_source("__main__")[:20])
        """,
    "module": """
        import sys, __main__
        lr = 0.1
        print(__main__.lr, __main__ is sys.modules["__main__"], vars(__main__) is globals())
        def f(): return lr
        print(f(), f.__module__, f.__globals__ is globals(), f.__code__.co_filename, f.__code__.co_firstlineno)
        """,
    "traceback": """
        lr = 0.1
        def f(x):
            return x / 0
        class A:
            def g(self):
                return f(lr)
        A().g()
        """,
    "chained": """
        lr = 0.1
        try:
            {}["missing"]
        except KeyError as e:
            raise ValueError("worse") from e
        """,
    "caught": """
        import traceback
        lr = 0.1
        def f(): raise ValueError(lr)
        try:
            f()
        except ValueError:
            traceback.print_exc()
        """,
    "import_error": "lr = 0.1\nimport no_such_module\n",
    "syntax_error": "lr = 0.1\nif lr\n    pass\n",
    "syntax_error_later": "lr = 0.1\ndef f():\n    x = (1,\n\nreturn 3\n",
    "return_outside": "lr = 0.1\nx = 2\nreturn 3\n",
    "tabs": "lr = 0.1\nif lr:\n\tx = 1\n        y = 2\n",
    "exit_3": "import sys\nlr = 0.1\nsys.exit(3)\n",
    "exit_text": "import sys\nlr = 0.1\nsys.exit('said')\n",
    "exit_none": "import sys\nlr = 0.1\nsys.exit()\n",
    "exit_in_function": "lr = 0.1\ndef f(): raise SystemExit(4)\nf()\n",
    "exit_hard": "import os\nlr = 0.1\nprint('x')\nos._exit(5)\n",
    "interrupt": "lr = 0.1\ndef f():\n    raise KeyboardInterrupt\nf()\n",
    "killed": "import os\nlr = 0.1\nos.kill(os.getpid(), 15)\n",
    "atexit": """
        import atexit, sys
        lr = 0.1
        atexit.register(lambda: print("at exit", lr, sys.excepthook is sys.__excepthook__))
        print("end")
        """,
    "own_excepthook": """
        import sys, traceback
        lr = 0.1
        def hook(kind, value, trace):
            print("hook", kind, value, [f.name for f in traceback.extract_tb(trace)], value.__traceback__ is trace)
        sys.excepthook = hook
        def f(): raise ValueError(lr)
        f()
        """,
    "inspect": """
        import inspect, linecache, sys
        lr = 0.1
        class A:
            def f(self):
                return 1  # comment
        print(inspect.getsource(A), inspect.getsource(A.f), inspect.getsourcefile(A), inspect.getmodule(A))
        print(inspect.getsource(sys.modules["__main__"]))
        print(linecache.getline(__file__, 2), inspect.currentframe().f_lineno, inspect.stack()[0].lineno)
        """,
    "pickle": """
        import pickle
        lr = 0.1
        class A:
            def __init__(self): self.x = lr
        def f(): return lr
        data = pickle.dumps([A(), f, A])
        print(data, pickle.loads(data)[0].x, pickle.loads(data)[1] is f)
        """,
    "future": """
        '''Doc.'''
        from __future__ import annotations
        lr = 0.1
        def f(x: no_such_name) -> 5: pass
        print(f.__annotations__)
        """,
    "types": """
        import typing
        lr: float = 0.1
        class A:
            x: "A" = None
        print(typing.get_type_hints(A), typing.get_type_hints(__import__("__main__")), lr)
        """,
    "warnings": """
        import warnings
        lr = 0.1
        def f():
            warnings.warn("old", DeprecationWarning, stacklevel=2)
        f()
        warnings.warn("plain")
        x = 3
        print("\\d", x is 3)
        """,
    "escapes": 'lr = 0.1\nx = "\\\\d \\d"\n',
    "unittest": """
        import unittest
        lr = 0.1
        class T(unittest.TestCase):
            def test_a(self): self.assertEqual(lr, 0.1)
        unittest.main(argv=["x"], verbosity=0, exit=False) if False else print(unittest.defaultTestLoader.loadTestsFromName("__main__"))
        """,
    "doctest": """
        '''
        >>> lr
        0.1
        '''
        import doctest
        lr = 0.1
        print(doctest.testmod())
        """,
    "threads": """
        import asyncio, threading
        lr = 0.1
        t = threading.Thread(target=lambda: print("thread", lr, threading.main_thread() is not threading.current_thread()))
        t.start(); t.join()
        async def main(): print("async", lr)
        asyncio.get_event_loop_policy().new_event_loop().run_until_complete(main())
        """,
    "exec": """
        lr = 0.1
        exec("lr = lr * 2")
        print(lr, eval("lr"), [k for k in globals() if not k.startswith("_")])
        """,
    "del_name": "lr = 0.1\ndel lr\ntry:\n    lr\nexcept NameError as e:\n    print(e)\n",
    "main_guard": """
        lr = 0.1
        def main():
            print("main", lr)
        if __name__ == "__main__":
            main()
        """,
    "unicode": "lr = 0.1\nnamé = 'ü'; print(namé, lr)\n",
    "no_end": "lr = 0.1\nprint(lr)",
    "only_flag": "lr = 0.1",
    "empty": "",
    "comments": "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n\nlr = 0.1  # rate\nprint('é', lr)\n",
}  # fmt: skip


def text_of(name):
    import textwrap

    return textwrap.dedent(lines(SCRIPTS[name]))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_script_as_alone(tmp_path, python, name):
    (tmp_path / "script.py").write_text(text_of(name), encoding="utf-8")
    alone = run(tmp_path, python, "script.py", "a", "--b")
    assert shim(tmp_path, python, ["--lr=0.1"], "script.py", "a", "--b") == alone


BYTES = {
    "latin": b"# coding: latin-1\nlr = 0.1\nx = '\xe9'; print(ascii(x), lr)\n",
    "bom": b"\xef\xbb\xbflr = 0.1\nprint('\xc3\xa9', lr)\n1/0\n",
    "crlf": b"lr = 0.1\r\nx = '''a\r\nb'''\r\nprint(repr(x), lr)\r\n1/0\r\n",
    "bad_utf8": b"lr = 0.1\nx = '\xff'\n",
    "bad_coding": b"# coding: nonesuch\nlr = 0.1\n",
    "form_feed": b"lr = 0.1\n\x0c\nprint(lr)\n1/0\n",
}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", sorted(BYTES))
def test_any_encoding_as_alone(tmp_path, python, name):
    (tmp_path / "script.py").write_bytes(BYTES[name])
    alone = run(tmp_path, python, "script.py")
    got = shim(tmp_path, python, ["--lr=0.1"], "script.py")
    assert got[:2] == alone[:2]
    if name.startswith("bad"):
        # What was read as bytes is named in other words than what was read as a file.
        assert "SyntaxError: " in got[2] and "SyntaxError: " in alone[2]
    else:
        assert got[2] == alone[2]


@pytest.mark.parametrize("python", PYTHONS)
def test_places_of_scripts_as_alone(tmp_path, python):
    text = text_of("attributes") + "raise ValueError\n"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "script.py").write_text(text)
    (tmp_path / "link.py").symlink_to("sub/script.py")
    (tmp_path / "dir").symlink_to("sub")
    for path in ("sub/script.py", "./sub/script.py", "sub/../sub/script.py", tmp_path / "sub" / "script.py",
                 "link.py", "dir/script.py", "./missing.py", "missing.py"):
        assert shim(tmp_path, python, ["--lr=0.1"], path) == run(tmp_path, python, path)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("env", [{"PYTHONSAFEPATH": "1"}, {"PYTHONPATH": "/nonesuch:lib"}, {"PYTHONOPTIMIZE": "2"}])
def test_environment_as_alone(tmp_path, python, env):
    (tmp_path / "script.py").write_text(text_of("attributes") + "assert not lr\n")
    assert shim(tmp_path, python, ["--lr=0.1"], "script.py", **env) == run(tmp_path, python, "script.py", **env)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "__init__.py").write_text("print('init', __name__)\n")
    (folder / "helper.py").write_text("def f(x):\n    return 1 / x\n")
    text = """
'''Doc.'''
import sys
from . import helper
lr = 0.1
class A: pass
print(__name__, __package__, __spec__.name, __file__, __doc__, sys.argv, sys.path, sorted(globals()), lr)
print(sorted(name for name in sys.modules if name.startswith(("pkg", "runpy"))))
if "fail" in sys.argv:
    helper.f(0)
"""
    (folder / "mod.py").write_text(text)
    (folder / "__main__.py").write_text(text)
    (folder / "bad.py").write_text("lr = 0.1\nif lr\n")
    return tmp_path


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("words", ["pkg.mod x y", "pkg x", "pkg.mod fail", "pkg fail", "pkg.bad", "pkg.none", "none"])
def test_module_as_alone(package, python, words):
    code, out, err = run(package, python, "-m", *words.split())
    got = shim(package, python, ["--lr=0.1"], "-m", *words.split())
    assert got[:2] == (code, out)
    if words == "pkg.bad" and "3.6" in python:
        # Frames inside a traceback cannot be taken out before Python 3.7.
        assert got[2].splitlines()[-4:] == err.splitlines()[-4:]
    else:
        assert got[2] == err


@pytest.mark.parametrize("python", PYTHONS)
def test_little_is_imported(tmp_path, python):
    (tmp_path / "script.py").write_text("import sys\nlr = 0.1\nname = 'x'\nprint(*sys.modules)\n")
    _, alone, _ = run(tmp_path, python, "script.py")
    _, out, _ = shim(tmp_path, python, ["--lr=1.0e-05", "--name='a\\n\\n  b'"], "script.py")
    assert set(out.split()) - set(alone.split()) <= {"guild_shim", "guild_yaml", "warnings", "_ast"}


# ---- new processes --------------------------------------------------------------------------------------------

SPAWN = """
import multiprocessing, os, pickle, sys
lr = 77.5
print("import", __name__, os.path.basename(__file__), lr, flush=True)
class Point:
    def __init__(self, x): self.x = x
    def __repr__(self): return "Point(%r)" % self.x
def work(point):
    main = sys.modules["__main__"]
    return (lr, point, point.x, main.__name__, os.path.basename(main.__file__), main.__spec__ is None or main.__spec__.name,
            type(point) is main.Point, sys.argv, os.path.basename(sys.path[0]), __name__)
def fail():
    raise ValueError(lr)
def nested(kind, queue):
    context = multiprocessing.get_context(kind)
    with context.Pool(1) as pool:
        queue.put(pool.map(work, [Point(9)]))
if __name__ == "__main__":
    kind = sys.argv[1]
    context = multiprocessing.get_context(kind)
    with context.Pool(1) as pool:
        print(pool.map(work, [Point(1), Point(2)]), flush=True)
        try:
            pool.apply(fail)
        except ValueError as e:
            print(e.__cause__, flush=True)
    queue = context.Queue()
    process = context.Process(target=nested, args=(kind, queue))
    process.start()
    print(queue.get(), flush=True)
    process.join()
    print(process.exitcode)
"""


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    "how, kind",
    [
        ("script", "spawn"),
        *(pytest.param(how, kind, marks=pytest.mark.slow) for how, kind in
          [("script", "forkserver"), ("script", "fork"), ("module", "spawn"), ("module", "forkserver"), ("module", "fork")]),
    ],
)
def test_new_processes(tmp_path, python, kind, how):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "mod.py").write_text(SPAWN)
    words = ["pkg/mod.py"] if how == "script" else ["-m", "pkg.mod"]

    # Python itself hangs once in a while, with the shim and without: a pool forks while its threads hold locks.
    def patiently(call, *args):
        try:
            return call(*args)
        except subprocess.TimeoutExpired:
            return call(*args)

    code, out, err = patiently(run, tmp_path, python, *words, kind)
    assert code == 0 and out.count("77.5") >= 4
    changed = patiently(shim, tmp_path, python, ["--lr=66.5"], *words, kind)
    assert changed == (0, out.replace("77.5", "66.5"), err)


def test_new_processes_of_joblib(tmp_path):
    pytest.importorskip("joblib", reason="joblib is not installed")
    (tmp_path / "script.py").write_text(
        "import joblib\nlr = 0.1\ndef f(x): return lr * x\n"
        "if __name__ == '__main__':\n    print(joblib.Parallel(2)(joblib.delayed(f)(i) for i in range(3)))\n"
    )
    code, out, _ = shim(tmp_path, sys.executable, ["--lr=2"], "script.py")
    assert (code, out) == (0, "[0, 2, 4]\n")


# ---- what is set ------------------------------------------------------------------------------------------------


def values(tmp_path, script, flags, dest="globals", python=sys.executable):
    (tmp_path / "script.py").write_text(script)
    code, out, err = shim(tmp_path, python, flags, "script.py", dest=dest)
    assert code == 0, err
    return out.splitlines()


CASES = [
    # script, flags, printed
    ("a = 1\nprint(a)", ["--a=2"], "2"),
    ("a = 1\na = a + 5\nprint(a)", ["--a=2"], "7"),
    ("a = b = 1\nprint(a, b)", ["--a=2", "--b=3"], "2 3"),
    ("a = b = 1\nprint(a, b)", ["--a=2"], "2 1"),
    ("a = b = 1\nprint(a, b)", ["--b=2"], "1 2"),
    ("a: int = 1\nprint(a, __annotations__)", ["--a=2"], "2 {'a': <class 'int'>}"),
    ("a: 'x=1' = 1; b = 7\nprint(a, b)", ["--a=2"], "2 7"),
    ("a = 1; b = 2; print(a, b)", ["--a=5"], "5 2"),
    ("a=1;b=2\nprint(a, b)", ["--b=5"], "1 5"),
    ("a = [\n  1,\n  2,\n]\nprint(a, __import__('sys')._getframe().f_lineno)", ["--a=[3]"], "[3] 5"),
    ("a = '''\na = 1\n'''\nb = '''\nb = 2\n'''\nprint(a, b)", ["--a=x"], "x \nb = 2\n"),
    ("s = '''\na = 1\n'''\na = 2\nprint(s, a)", ["--a=x"], "\na = 1\n x"),
    ("if True:\n    a = 1\nprint(a)", ["--a=2"], "2"),
    ("if True:\n    a = 1\nelse:\n    a = 5\nprint(a)", ["--a=2"], "2"),
    ("if False:\n    a = 1\nelse:\n    a = 5\nprint(a)", ["--a=2"], "5"),
    ("if True:\n    if True:\n        a = 1\nprint(a)", ["--a=2"], "1"),
    ("for a in [1]: pass\nprint(a)", ["--a=2"], "1"),
    ("def f():\n    a = 1\n    return a\nprint(a, f())", ["--a=2"], "2 1"),
    ("a = 1 \\\n  + 2\nprint(a)", ["--a=2"], "2"),
    ("(a) = 1\nprint(a)", ["--a=2"], "2"),
    ("a = \"é\"; b = 'ü'; print(a, b)", ["--b=2"], "é 2"),
    ("a == 1 if 'a' in globals() else 0\na = 3\nprint(a)", ["--a=2"], "2"),
    ("import os\nprint(a)", ["--a=2"], "2"),
    ("print(a)", ["--a"], "True"),
    ("print(a)", ["--a=1", "--a=two"], "[1, 'two']"),
    ("print(repr(a))", ["--a='1'"], "'1'"),
    ("print(repr(a))", ["--a=--x=1"], "'--x=1'"),
    ("print(a)", ["--a=null"], "None"),
    ("print(repr(a))", ["--a=''"], "''"),
    ("print(repr(a), b)", ["--a=--", "--b=1"], "'--' 1"),
]


@pytest.mark.parametrize("python", PYTHONS)
def test_globals(tmp_path, python):
    for script, flags, wanted in CASES:
        assert "\n".join(values(tmp_path, script, flags, python=python)).rstrip("\n") == wanted.rstrip("\n"), script


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("dest", ["global:cfg", "dict:cfg"])
def test_dict(tmp_path, python, dest):
    script = "cfg = {'a': 1, 'b': {'c': 2, 'd': 3}}\nprint(cfg)"
    assert values(tmp_path, script, ["--a=5", "--b.c=[x]"], dest, python) == ["{'a': 5, 'b': {'c': ['x']}}"]


def test_dict_in_a_dict(tmp_path):
    script = "cfg = {'net': {'a': 1}}\nprint(cfg)"
    assert values(tmp_path, script, ["--a=5", "--b.c=6"], "dict:cfg.net") == ["{'net': {'a': 5, 'b': {'c': 6}}}"]


@pytest.mark.parametrize("python", PYTHONS)
def test_namespace(tmp_path, python):
    script = "from types import SimpleNamespace\ncfg = SimpleNamespace(a=1)\nprint(type(cfg) is SimpleNamespace, cfg.a, cfg.b.c, cfg.d.e)"
    flags = ["--a=5", "--b.c=6", "--d={e: 7}"]
    assert values(tmp_path, script, flags, "namespace:cfg", python) == ["True 5 6 7"]


def test_names_that_cannot_nest(tmp_path):
    (tmp_path / "script.py").write_text("cfg = {}\n")
    code, _, err = shim(tmp_path, sys.executable, ["--a=5", "--a.b=6"], "script.py", dest="dict:cfg")
    assert code == 1
    assert err.startswith("guild: flag 'a.b' cannot be set") and err.count("\n") == 1


def test_module_without_source(tmp_path):
    import py_compile

    (tmp_path / "mod.py").write_text("lr = 0.1\n")
    py_compile.compile(str(tmp_path / "mod.py"), cfile=str(tmp_path / "mod.pyc"))
    (tmp_path / "mod.py").unlink()
    code, _, err = shim(tmp_path, sys.executable, ["--lr=1"], "-m", "mod")
    assert code == 1
    assert err == "guild: flags cannot be set in module 'mod': it has no source\n"


def test_big_script(tmp_path):
    """Only the head is parsed; the flag at the end is found too."""
    body = "".join(f"def f{i}(x):\n    return x + {i}\n" for i in range(3000))
    script = f"first = 1\n{body}last = 2\nprint(first, last, f2999(1))\n"
    assert values(tmp_path, script, ["--first=5", "--last=6"]) == ["5 6 3000"]
    assert values(tmp_path, script, ["--first=5"]) == ["5 2 3000"]


# ---- values ---------------------------------------------------------------------------------------------------------


def same(a, b):
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and set(map(repr, a)) == set(map(repr, b)) and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


def loader():
    """PyYAML with guild's floats."""
    import re

    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {k: list(v) for k, v in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    numbers = re.compile(
        r"""^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+
        |\.[0-9_]+(?:[eE][-+][0-9]+)?)$""",
        re.X,
    )
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", numbers, list("-+0123456789."))
    return yaml, Loader


PLAIN = """0 1 -1 +1 007 08 0o7 0x1F 0xG 0b11 0b2 1_000 _1 1__0 1:30 1:30:00 01:30 1:60 1:30.5 -1:30 0.1 .5 -.5 +.5 1. 1.e5 1e5 1E5 1e-5
1e+5 1e 1e5.0 -1e5 1.5e3 1_0.5 1_0e5 ._5 .e5 . .. + -- --x -x e5 inf nan .inf -.inf +.inf .nan .NaN .INF yes Yes YES yEs no on Off true
TRUE True tRUE false null NULL ~ Null y n Y N None 2020-01-01 2020-1-1 2020-01-01T10:00:00Z 2020-01-01T10:00:00.5+02:00 2020-13-01x 1-2
0777 0_7 0x_f 00 -0 0. 12345678901234567890 1.7976931348623157e+309 a a:b a,b a[b 1,2 x# http://x/y c:\\d é 1e400 0x 0b 1.2.3 1-e5""".split()


def test_plain_scalars_as_pyyaml():
    yaml, Loader = loader()
    for text in PLAIN:
        assert same(guild_yaml.decode_value(text), yaml.load(text, Loader)), text


def test_dates():
    assert guild_yaml.decode_value("2020-02-30") == "2020-02-30"
    assert guild_yaml.decode_value("2020-01-02 03:04:05") == datetime.datetime(2020, 1, 2, 3, 4, 5)


FLOW = [
    "[]", "{}", "[1, 2]", "[a, 'b', \"c\", [d], {e: 1}]", "{a: 1, b: [2], 'c d': null}", "''", "'it''s'", "' a '",
    '"a\\nb\\t\\x41\\u00e9\\U0001F600\\\\\\""', "'a\n\n  b'", "'a\n  b'", "'a\n\n\n  b c\n  d'", '"a\\\n  b"', "[a b, c:d]",
    "{a: }", "{a}", "[1, ]", "'1'", "['1', \"2\"]", "{1: 2, 1.5: x, yes: no}", "[-1]",
]  # fmt: skip


def test_flow_values_as_pyyaml():
    yaml, Loader = loader()
    for text in FLOW:
        assert same(guild_yaml.decode_value(text), yaml.load(text, Loader)), text


def test_no_yaml_is_text():
    for text in ("[1, 2", "{a", "'open", '"open', '"\\q"', "[1] x", "[a] [b]"):
        assert guild_yaml.decode_value(text) == text


def random_value(r, depth=0):
    kind = r.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return r.choice([None, True, False, 0, -1, 10**20, 0.1, 1e-5, -1e300, float("inf"), 1.0])
    if kind == 1:
        return r.uniform(-1, 1) * 10 ** r.randrange(-20, 20)
    if kind == 2:
        return r.choice(PLAIN)
    if kind < 6:
        return "".join(r.choice("ab '\"\\:,#[]{}\n\t-?!&*%@`é\u2028\x07😀=<>|01e.") for _ in range(r.randrange(8)))
    if kind < 8:
        return [random_value(r, depth + 1) for _ in range(r.randrange(4))]
    return {str(random_value(r, 3)): random_value(r, depth + 1) for _ in range(r.randrange(4))}


def test_what_pyyaml_writes_is_read():
    yaml, Loader = loader()

    class Dumper(yaml.SafeDumper):
        yaml_implicit_resolvers = Loader.yaml_implicit_resolvers

        def ignore_aliases(self, data):
            return True

    r = random.Random(5)
    for _ in range(1500):
        value = random_value(r)
        text = yaml.dump(value, Dumper=Dumper, default_flow_style=True, width=float("inf"))
        text = text[:-4] if text.endswith("\n...\n") else text
        assert same(guild_yaml.decode_value(text.rstrip("\n")), value), text


def test_what_guild_writes_is_read(tmp_path):
    """Through guild's own encoder: the judge prints each value in flow style."""
    root = pathlib.Path(__file__).resolve().parent.parent
    judge = pathlib.Path(os.environ.get("BUILD_DIR", root / "build")) / "tests" / "formats_judge"
    yaml, _ = loader()
    r = random.Random(6)
    wanted = [random_value(r) for _ in range(1000)]
    records = b""
    for value in wanted:
        data = __import__("json").dumps(value).encode()
        records += b"json-flow %d\n" % len(data) + data
    done = subprocess.run([judge], input=records, capture_output=True, check=True)
    rest = done.stdout
    for value in wanted:
        size, _, rest = rest.partition(b"\n")
        text, rest = rest[: int(size)].decode(), rest[int(size) :]
        assert same(guild_yaml.decode_value(text.rstrip("\n")), value), text


@pytest.mark.parametrize("python", PYTHONS)
def test_under_the_debugger(tmp_path, python):
    (tmp_path / "script.py").write_text("lr = 0.1\nprint('lr is', lr)\n1 / 0\n")
    done = subprocess.run([python, "-m", "pdb", "-c", "continue", SHIM / "guild_main.py", "globals", "--lr=7", "--", "script.py"],
                          cwd=tmp_path, input="p lr + 1\nq\n", capture_output=True, text=True, timeout=120)
    if "unrecognized arguments" in done.stderr:
        pytest.skip("pdb of Python 3.13.0 takes no options for the program")
    assert "lr is 7\n" in done.stdout and "(Pdb) 8\n" in done.stdout


# ---- through guild run --------------------------------------------------------------------------------------------------


def test_guild_run_sets_globals(guild):
    guild.write("train.py", "lr = 0.1\nname = 'a'\nlayers = [1]\nnothing = 1\nprint(repr(lr), repr(name), layers, nothing)\n")
    guild.write("cfg.py", "cfg = {'a': 1, 'net': {'b': 2}}\nprint(cfg)\n1 / 0\n")
    guild.write(
        "guild.yml",
        """
train:
  flags-dest: globals
  flags: {lr: 0.5, name: '013', layers: {default: 1 two, arg-split: yes}, nothing: null}
cfg:
  flags-dest: dict:cfg
  flags: {net.b: 5}
""",
    )
    assert guild("run", "train", "-y").stdout == "0.5 '013' [1, 'two'] 1\n"
    assert guild("run", "train", "-y", "lr=1e-5", "name=no").stdout == "1e-05 'no' [1, 'two'] 1\n"
    run_dir = guild.runs()[-1]
    again = guild("run", "-y", "--restart", run_dir.name)
    assert again.stdout == "1e-05 'no' [1, 'two'] 1\n"
    failed = guild("run", "cfg", "-y", code=1)
    assert failed.stdout == "{'net': {'b': 5}}\n"
    trace = [line for line in failed.stderr.splitlines() if line.startswith("  File")]
    assert trace == [f'  File "{guild.runs()[-1]}/cfg.py", line 3, in <module>']
