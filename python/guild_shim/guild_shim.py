"""Runs a script or module with some of its module globals set from the command line.

    guild_main.py DEST [--NAME[=VALUE]]... -- SCRIPT [ARG]...
    guild_main.py DEST [--NAME[=VALUE]]... -- -m MODULE [ARG]...

DEST is 'globals', 'global:X', 'dict:X' or 'namespace:X'; VALUE is YAML in flow style. What the program sees is what it
would see without this file. Every import here delays its start, so there are few, and none at the top that Python has
not made already.
"""

import os
import sys

ENV = "GUILD_SHIM_PROGRAM"
ONLY_AST = 0x400  # ast.PyCF_ONLY_AST, without importing ast
HERE = os.path.dirname(os.path.abspath(__file__))
# What starts processes that import the main module again, each with its copy of one interface.
SPAWNERS = (
    "billiard.spawn",
    "joblib.externals.loky.backend.spawn",
    "loky.backend.spawn",
    "multiprocess.spawn",
    "multiprocessing.spawn",
)


class Program:
    """What is run, and with what."""

    def __init__(self):
        self.words = []  # the command line up to and with the script or module
        self.is_module = False
        self.target = ""
        self.bindings = {}  # global name -> value
        self.path = None  # file of the main module
        self.name = None  # name of the main module where it was run as one
        self.operand = None  # what the runner is called with

    def read(self, argv):
        """Reads the shim's own command line; returns the program's arguments."""
        end = argv.index("--")
        flags = {}
        several = set()  # names given more than once: their values are a list
        for word in argv[1:end]:
            name, equals, text = word[2:].partition("=")
            value = decode(text) if equals else True
            if name not in flags:
                flags[name] = value
            elif name in several:
                flags[name].append(value)
            else:
                flags[name] = [flags[name], value]
                several.add(name)
        self.bindings = bind(argv[0], flags)
        self.is_module = argv[end + 1] == "-m"
        at = end + 2 if self.is_module else end + 1
        self.target = argv[at]
        self.words = argv[: at + 1]
        return argv[at + 1 :]


program = Program()


def decode(text):
    from guild_yaml import decode_value

    return decode_value(text)


# ---- values ----------------------------------------------------------------------------------------------------------


def nest(flags):
    """Dotted names become mappings in mappings."""
    top = {}
    for name, value in flags.items():
        *parents, last = name.split(".")
        place = top
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                sys.exit("guild: flag '%s' cannot be set: '%s' has a value of its own" % (name, parent))
        place[last] = value
    return top


def as_namespace(value):
    if not isinstance(value, dict):
        return value
    namespace = type(sys.implementation)()  # types.SimpleNamespace
    for name, item in value.items():
        setattr(namespace, str(name), as_namespace(item))
    return namespace


def bind(dest, flags):
    """The globals that a destination sets."""
    kind, _, place = dest.partition(":")
    if not place:
        return flags
    value = nest(flags)
    for name in reversed(place.split(".")[1:]):
        value = {name: value}
    return {place.split(".")[0]: as_namespace(value) if kind == "namespace" else value}


# ---- source ----------------------------------------------------------------------------------------------------------


def assigned_names(statement):
    """The plain names an assignment gives a value to."""
    kind = type(statement).__name__
    if kind == "Assign":
        return [target.id for target in statement.targets if type(target).__name__ == "Name"]
    if kind == "AnnAssign" and statement.simple and statement.value is not None:
        return [statement.target.id]
    return []


def first_assignments(tree, names):
    """(statements, index, names) of each first assignment at the top, or in the body of an 'if' there."""
    wanted = set(names)
    found = []

    def look(statements, is_top):
        for index, statement in enumerate(statements):
            if not wanted:
                return
            here = wanted.intersection(assigned_names(statement))
            if here:
                wanted.difference_update(here)
                found.append((statements, index, here))
            elif is_top and type(statement).__name__ == "If":
                look(statement.body, False)

    look(tree.body, True)
    return found, wanted


def remove_from_tree(found):
    import _ast

    for statements, index, names in found:
        statement = statements[index]
        if type(statement).__name__ == "AnnAssign":
            statement.value = None
            continue
        rest = [t for t in statement.targets if type(t).__name__ != "Name" or t.id not in names]
        if rest:
            statement.targets = rest
        else:
            nothing = _ast.Pass()
            for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
                if hasattr(statement, place):
                    setattr(nothing, place, getattr(statement, place))
            statements[index] = nothing


def blank(source, found):
    """The source with '0' and blanks in place of the assignments, everything else where it was; None where that cannot be done."""
    text = bytearray(source)
    starts = [0]
    for line in source.split(b"\n"):
        starts.append(starts[-1] + len(line) + 1)
    for statements, index, names in found:
        statement = statements[index]
        begin = starts[statement.lineno - 1] + statement.col_offset
        end = starts[statement.end_lineno - 1] + statement.end_col_offset
        if type(statement).__name__ == "AnnAssign":
            note = statement.annotation
            begin = text.find(b"=", starts[note.end_lineno - 1] + note.end_col_offset, end)
            if b"\n" in text[begin:end]:
                return None
        elif len(names) < len(statement.targets):
            return None
        else:
            text[begin] = ord("0")
            begin += 1
        for at in range(begin, end):
            if text[at] not in b"\n":
                text[at] = ord(" ")
    return bytes(text)


def is_plain_utf8(source):
    """True where columns of the syntax tree count the bytes of the file."""
    if b"\r" in source or source.startswith(b"\xef\xbb\xbf") or b"coding" in source[:400]:
        return False
    try:
        source.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def find_assignment(source, word):
    """Where the first line starts that looks like an assignment to the word, or -1."""
    at = 0
    while True:
        if source.startswith(word, at):
            rest = source[at + len(word) : at + len(word) + 100].lstrip(b" \t")
            if rest[:1] in (b"=", b":") and rest[:2] != b"==":
                return at
        at = source.find(b"\n" + word, at) + 1
        if at == 0:
            return -1


def head(source, names):
    """The beginning of the source that seems to hold all assignments: parsing all of it would take longer than compiling it."""
    end = 0
    for name in names:
        at = find_assignment(source, name.encode("utf-8", "surrogateescape"))
        if at < 0:
            return source
        end = max(end, at + 1)
    # The last assignment goes on up to the next line that begins with a letter.
    while not source[end : end + 1].isalpha() or source[end - 1 : end] != b"\n":
        end = source.find(b"\n", end) + 1
        if end == 0:
            return source
    return source[:end]


def parse_quietly(source, filename):
    """The syntax tree, without the warnings that compiling gives again; None for what is no Python."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compile(source, filename, "exec", ONLY_AST, True)
        except (SyntaxError, ValueError):
            return None


def edit(source, filename, names):
    """The source without the assignments, or None where only the syntax tree can lose them."""
    if sys.version_info < (3, 8) or not is_plain_utf8(source):
        return None
    wanted = [name for name in names if name.encode("utf-8", "surrogateescape") in source]
    if not wanted:
        return source
    for part in (head(source, wanted), source):
        tree = parse_quietly(part, filename)
        found, missing = first_assignments(tree, wanted) if tree is not None else ([], wanted)
        if not missing or (tree is not None and part is source):
            return blank(source, found)
    return None


def compile_without(source, filename, names):
    """Compiles a source without the first assignment to each of the names."""
    edited = edit(source, filename, names)
    if edited is not None:
        return compile(edited, filename, "exec", 0, True)
    tree = compile(source, filename, "exec", ONLY_AST, True)
    remove_from_tree(first_assignments(tree, names)[0])
    return compile(tree, filename, "exec", 0, True)


# ---- the main module ---------------------------------------------------------------------------------------------------


def read_script(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        sys.stderr.write("%s: can't open file %r: [Errno %s] %s\n" % (sys.executable, path, e.errno, e.strerror))
        sys.exit(2)


def module_code(spec):
    """The code of a module found by runpy."""
    try:
        source = None if spec.origin.endswith(".pyc") else spec.loader.get_data(spec.origin)
    except (AttributeError, OSError):
        source = None
    if source is None:
        sys.exit("guild: flags cannot be set in module '%s': it has no source" % spec.name)
    return compile_without(source, spec.origin, program.bindings)


def set_path(first):
    """Replaces what Python and guild_main.py put at the front of the path for this file."""
    del sys.path[0]
    if not (getattr(sys.flags, "safe_path", False) or sys.flags.isolated):
        sys.path[0] = first


def run_script(names, arguments):
    """As 'python SCRIPT ARG...'."""
    given = program.target
    path = given
    if sys.version_info >= (3, 9) and not os.path.isabs(given):
        path = os.getcwd() + "/" + given
    program.path = os.path.normpath(os.path.join(os.getcwd(), given))
    sys.argv[:] = [given] + arguments
    set_path(os.path.dirname(os.path.realpath(given)))
    names["__file__"] = path
    if "__loader__" in names:  # a debugger that runs this file leaves it out
        names["__loader__"] = type(names["__loader__"])("__main__", path)
    program.operand = compile_without(read_script(path), path, program.bindings)
    return exec


def run_module(arguments):
    """As 'python -m MODULE ARG...': runpy does it, and finds the module's code changed."""
    import runpy

    sys.argv[:] = ["-m"] + arguments
    set_path(os.getcwd() if sys.version_info >= (3, 7) else "")
    find = runpy._get_module_details

    def find_changed(*args):
        runpy._get_module_details = find
        name, spec, _ = find(*args)
        program.name = spec.name
        program.path = spec.origin
        return name, spec, module_code(spec)

    runpy._get_module_details = find_changed
    program.operand = program.target
    return runpy._run_module_as_main


def runner(names):
    """Prepares everything; returns what is to be called with program.operand in the main module's own frame."""
    if names["__name__"] != "__main__":
        return run_again(names)
    arguments = program.read(sys.argv[1:])
    names.update(program.bindings)
    sys.meta_path.insert(0, Watcher)
    if program.is_module:
        return run_module(arguments)
    return run_script(names, arguments)


# ---- processes that import the main module again ----------------------------------------------------------------------


def pack(words):
    return "".join("%d:%s" % (len(word), word) for word in words)


def unpack(text):
    words = []
    while text:
        n, _, rest = text.partition(":")
        words.append(rest[: int(n)])
        text = rest[int(n) :]
    return words


def redirect(data):
    """The new process shall import guild_main.py, which is told by the environment what to become."""
    path = data.get("init_main_from_path")
    name = data.get("init_main_from_name")
    if name is not None and name == program.name and not name.endswith("__main__"):
        del data["init_main_from_name"]
    elif path is None or path != program.path:
        return
    os.environ[ENV] = pack([program.path] + program.words)
    data["init_main_from_path"] = HERE + "/guild_main.py"


def run_again(names):
    """As multiprocessing imports a main module: under the name __mp_main__."""
    program.path, *words = unpack(os.environ[ENV])
    program.read(words)
    del sys.path[0]
    program.operand = ""
    before = sys.modules["__main__"]
    if before.__name__ == "__mp_main__" and getattr(before, "__file__", None) == program.path:
        # A fork server has imported it already: this is the same module once more.
        names.update(vars(before))
        return exec
    watch_spawners()
    names.update(program.bindings)
    if program.is_module:
        import runpy

        _, spec, _ = runpy._get_module_details(program.target)
        program.name = spec.name
        names.update(
            __spec__=spec, __package__=spec.parent, __loader__=spec.loader, __cached__=spec.cached
        )
        program.operand = module_code(spec)
    else:
        program.operand = compile_without(read_script(program.path), program.path, program.bindings)
    names["__file__"] = sys.argv[0] = program.path
    return exec


def watch_spawners():
    for name in SPAWNERS:
        if name in sys.modules:
            patch(sys.modules[name])
    sys.meta_path.insert(0, Watcher)


def patch(module):
    original = module.get_preparation_data

    def get_preparation_data(*args, **kwargs):
        data = original(*args, **kwargs)
        redirect(data)
        return data

    module.get_preparation_data = get_preparation_data


class Watcher:
    """Finds nothing itself; changes what starts processes when it is imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name not in SPAWNERS:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not Watcher else None
            if spec is not None:
                break
        else:
            return None
        run = spec.loader.exec_module

        def exec_module(module):
            del spec.loader.exec_module
            run(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


# ---- failures ------------------------------------------------------------------------------------------------------------


def is_ours(trace):
    return os.path.dirname(trace.tb_frame.f_code.co_filename) == HERE


def without_shim(trace):
    """A traceback without the frames of this folder."""
    while trace is not None and is_ours(trace):
        trace = trace.tb_next
    at = trace
    while at is not None and sys.version_info >= (3, 7):
        while at.tb_next is not None and is_ours(at.tb_next):
            at.tb_next = at.tb_next.tb_next
        at = at.tb_next
    return trace


def hide_frames():
    """The exception in hand is about to end the program: whoever shows it gets it without the shim's frames."""
    if isinstance(sys.exc_info()[1], SystemExit):
        return
    show = sys.excepthook

    def show_without_shim(kind, value, trace):
        sys.excepthook = show
        trace = without_shim(trace)
        value.__traceback__ = trace
        sys.last_traceback = trace
        show(kind, value, trace)

    sys.excepthook = show_without_shim
