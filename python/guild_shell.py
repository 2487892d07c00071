"""The Python shell of guild: guild_shell.py GUILD GUILD-HOME [CODE]

Runs on the user's interpreter and imports nothing that is not there; pandas and IPython are used where they are installed. All it
knows of runs it asks the program GUILD.
"""

import datetime
import json
import os
import subprocess
import sys

GUILD, HOME = sys.argv[1:3]
LISTS = {"operations": "operation", "labels": "label", "tags": "tag", "comments": "comment", "filter_expr": "filter"}


class GuildError(Exception):
    """A command of guild failed; its message is what guild said."""


def _call(args, **more):
    sys.stdout.flush()
    try:
        return subprocess.run(
            [GUILD] + [str(arg) for arg in args], env=dict(os.environ, GUILD_HOME=HOME), check=False, **more
        )
    except OSError as e:
        raise GuildError("cannot run %s: %s" % (GUILD, e)) from None


def _ask(*args):
    done = _call(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode != 0:
        raise GuildError(said.replace("guild: ", "", 1))
    if said:
        print(said, file=sys.stderr)
    return json.loads(done.stdout.decode("utf-8"))


def _options(given):
    """Keyword arguments as options: completed=True, error=False (none of these), tags=["a", "b"], filter="loss < 0.1"."""
    words = []
    for name, value in given.items():
        option = "--" + LISTS.get(name, name).replace("_", "-")
        if value is None:
            continue
        if value is True:
            words.append(option)
        elif value is False:
            words.append("--not-" + option[2:])
        elif isinstance(value, (list, tuple)):
            for item in value:
                words.extend([option, item])
        else:
            words.extend([option, value])
    return words


def _runs_of(words):
    """Ids, indexes, slices ("2:5"), runs, and rows or frames with a column 'id'."""
    found = []
    for word in words:
        if isinstance(word, Run):
            found.append(word.id)
        elif isinstance(word, dict):
            found.append(word["id"])
        elif hasattr(word, "columns"):
            found.extend(word["id"])
        elif isinstance(word, (list, tuple)):
            found.extend(_runs_of(word))
        else:
            found.append(word)
    return found


def _time(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") if text else None


# ---- tables ----------------------------------------------------------------------------------------------------------


class Table(list):
    """Rows as dicts, shown as a table. What there is instead of a pandas.DataFrame where pandas is not installed."""

    def columns_(self):
        names = {}
        for row in self:
            names.update(dict.fromkeys(row))
        return list(names)

    def column(self, name):
        """The values of one column."""
        return [row.get(name) for row in self]

    def __getitem__(self, key):
        if isinstance(key, str):
            return self.column(key)
        got = list.__getitem__(self, key)
        return Table(got) if isinstance(key, slice) else got

    def __repr__(self):
        names = [name for name in self.columns_() if name != "id"]
        if not names:
            return "(nothing)"
        cells = [names] + [[self._cell(row.get(name)) for name in names] for row in self]
        widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip() for line in cells)

    @staticmethod
    def _cell(value):
        if value is None:
            return ""
        if isinstance(value, float):
            return "%.6g" % value
        if isinstance(value, (list, tuple)):
            return " ".join(map(str, value))
        return str(value)


def _pandas():
    try:
        import pandas
    except ImportError:
        return None
    return pandas


def _table(rows):
    pandas = _pandas()
    return Table(rows) if pandas is None else pandas.DataFrame(rows)


# ---- one run -----------------------------------------------------------------------------------------------------------


class Run:
    """One run: id, dir, operation, status, started, stopped, label, tags, flags, attrs, scalars, files, comments, marked."""

    def __init__(self, document):
        self._document = document
        self.id = document["id"]
        self.short_id = document["shortId"]
        self.dir = document["dir"]
        self.operation = document["operation"]
        self.status = document["status"]
        self.exit_status = document["exitStatus"] if document["exitStatus"] != "" else None
        self.label = document["label"]
        self.tags = document["tags"]
        self.marked = document["marked"]
        self.comments = document["comments"]
        self.flags = document["flags"]
        self.attrs = document["otherAttrs"]
        self.env = document["env"]
        self.command = document["command"]
        self.files = [f["path"] for f in document["files"]]
        self.started = self._when("started")
        self.stopped = self._when("stopped")

    def _when(self, name):
        us = self._document[name]
        return None if us is None else datetime.datetime.fromtimestamp(us / 1e6)

    @property
    def scalars(self):
        """The last value of each scalar by its tag (prefix#tag for those of subdirectories)."""
        found = {}
        for s in self._document["scalars"]:
            key = s["tag"] if s["prefix"] in ("", ".guild") else "%s#%s" % (s["prefix"], s["tag"])
            found.setdefault(key, s["lastVal"])
        return found

    def path(self, *parts):
        """A path inside the run directory."""
        return os.path.join(self.dir, *parts)

    def read(self, *parts):
        """The text of a file of the run."""
        with open(self.path(*parts), encoding="utf-8", errors="replace") as f:
            return f.read()

    @property
    def output(self):
        """What the run printed."""
        try:
            return self.read(".guild", "output")
        except FileNotFoundError:
            return ""

    def __repr__(self):
        return "<Run %s %s %s>" % (self.short_id, self.operation, self.status)


# ---- what the user types -------------------------------------------------------------------------------------------------


def runs(*which, **filters):
    """Runs, newest first: runs(), runs("2:5"), runs(operations="train", completed=True), runs(filter="loss < 0.1").

    Arguments are those of 'guild runs': ids, indexes and slices; options by their long names. The rows have id, run, operation,
    started, stopped, time, status, label, tags, marked and exit_status.
    """
    columns = "operation started stopped time status label tags marked exit_status".split()
    spec = ",".join("." + name for name in columns)
    rows = _ask("compare", "--json", "--include-batch", "-cc", spec, *_options(filters), *_runs_of(which))
    for row in rows:
        row["started"] = _time(row["started"])
        row["stopped"] = _time(row["stopped"])
        row["label"] = row["label"] or ""
        row["tags"] = row["tags"] or []
        row["marked"] = bool(row["marked"])
    return _table(rows)


def run(which=1, **filters):
    """One run, by id, index or row; the latest when nothing is said: run(), run(3), run("f9e5"), run(operations="train")."""
    found = _ask("api", "runs", "--include-batch", *_options(filters), *_runs_of([which]))
    if len(found) != 1:
        raise GuildError("%s is %d runs, not one" % (which, len(found)))
    return Run(found[0])


def scalars(*which, **filters):
    """A row for each scalar of the runs: run, prefix, tag, first, last, min, max with their steps, avg, total, count."""
    rows = []
    for document in _ask("api", "runs", *_options(filters), *_runs_of(which)):
        for s in document["scalars"]:
            row = {"id": document["id"], "run": document["shortId"], "prefix": s["prefix"], "tag": s["tag"]}
            for name in ("first", "last", "min", "max"):
                row[name] = s[name + "Val"]
                row[name + "_step"] = s[name + "Step"]
            row.update(avg=s["avgVal"], total=s["total"], count=s["count"])
            rows.append(row)
    return _table(rows)


def flags(*which, **filters):
    """A row for each run, a column for each flag."""
    rows = []
    for document in _ask("api", "runs", *_options(filters), *_runs_of(which)):
        row = {"id": document["id"], "run": document["shortId"]}
        row.update(document["flags"])
        rows.append(row)
    return _table(rows)


def compare(*which, **options):
    """What 'guild compare' shows: compare(), compare(cols="=lr, min loss", max="acc", top=5)."""
    return _table(_ask("compare", "--json", *_options(options), *_runs_of(which)))


def guild(*args):
    """Any command of guild, on this terminal: guild("run", "train.py", "lr=0.1"), guild("diff", 1, 2)."""
    code = _call(_runs_of(args)).returncode
    if code != 0:
        raise GuildError("guild %s: exit code %d" % (" ".join(map(str, args)), code))


NAMES = {f.__name__: f for f in (runs, run, scalars, flags, compare, guild)}
NAMES.update(GuildError=GuildError)

BANNER = """Python %s, Guild home %s
  runs()  run(ID)  scalars()  flags()  compare()  guild("COMMAND", ...)     help(runs) tells more, Ctrl-D ends
  tables are %s"""


def _banner():
    kind = "lists of dicts (pandas is not installed)" if _pandas() is None else "pandas.DataFrame"
    home = HOME.replace(os.path.expanduser("~") + os.sep, "~" + os.sep, 1)
    return BANNER % (sys.version.split()[0], home, kind)


def _interact(names):
    try:
        from IPython import start_ipython
    except ImportError:
        start_ipython = None
    if start_ipython is not None and sys.stdin.isatty():
        print(_banner())
        start_ipython(argv=["--no-banner"], user_ns=names)
        return
    try:
        import readline
        import rlcompleter

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
    except ImportError:
        pass
    import code

    if sys.stdin.isatty():
        code.interact(banner=_banner(), local=names, exitmsg="")
    else:
        exec(compile(sys.stdin.read(), "<stdin>", "exec"), names)


def _main():
    sys.path[0] = ""  # as in any Python shell
    names = dict(NAMES, __name__="__main__", __builtins__=__builtins__)
    rest = sys.argv[3:]
    sys.argv[:] = [""]
    if rest:
        exec(compile(rest[0], "<string>", "exec"), names)
    else:
        _interact(names)


def _show_error(kind, value, trace):
    """What guild said is enough; other errors are shown as always, without the lines of this file."""
    if kind is GuildError:
        print("guild: %s" % value, file=sys.stderr)
        return
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    sys.__excepthook__(kind, value.with_traceback(trace), trace)


sys.excepthook = _show_error
_main()
