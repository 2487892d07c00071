"""For programs that run as the optimizer of a batch: what the trials so far gave, and new trials. docs/guide/custom-optimizers.md describes it.

The functions are those of Guild AI 0.9.0; all work is done by the program guild (GUILD_PROGRAM), which knows how runs are stored.
"""

import csv
import itertools
import json
import math
import os
import random
import re
import subprocess
import sys

_TRIALS_AT_ONCE = 100
_PREV_TRIALS = ("batch", "operation", "sourcecode")


class BatchError(Exception):
    """guild refused what it was asked for."""


class Run:
    """A run as it was when it was asked for."""

    def __init__(self, data):
        self.id = data["id"]
        self.short_id = self.id[:8]
        self.dir = self.path = data["dir"]
        self.opref = data.get("opref")
        self.status = data.get("status")
        self._attrs = data.get("attrs") or {"flags": data.get("flags")}
        self.batch_proto = Run(data["proto"]) if "proto" in data else None

    def get(self, name, default=None):
        """An attribute."""
        value = self._attrs.get(name)
        return default if value is None else value

    def __getitem__(self, name):
        return self._attrs[name]

    def guild_path(self, *parts):
        return os.path.join(self.dir, ".guild", *parts)

    def __repr__(self):
        return "<guild run %s>" % self.id


def _program():
    return os.environ.get("GUILD_PROGRAM") or "guild"


def _guild(*args):
    done = subprocess.run([_program()] + list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise BatchError(said or "guild ended with %i" % done.returncode)
    return done.stdout.decode("utf-8")


def _batch(path, *args):
    return json.loads(_guild("optimizer", "batch", "--batch", path, *args))


def batch_run():
    """The batch that this program runs for. `batch_run().batch_proto` is what its trials are made from: its attribute "flags" has what the user asked
    for, lists and search functions as they were typed."""
    path = os.environ.get("RUN_DIR")
    if not path:
        raise BatchError("this program is not run by guild: there is no RUN_DIR")
    return Run(_batch(path))


# ---- flags ----


def expand_flags(flag_vals, random_seed=None):
    """Every combination of what lists hold, flags by name, the last one varying fastest. Of a search function one value is drawn."""
    draw = random.Random(random_seed)
    names = sorted(flag_vals)
    lists = [v if isinstance(v, list) else [_drawn(v, draw)] for v in (flag_vals[name] for name in names)]
    return [dict(zip(names, values)) for values in itertools.product(*lists)]


_FUNCTION = re.compile(r"\s*(uniform|loguniform|)\[([^\[\]]*)\]\s*$")


def _number(text):
    try:
        return int(text)
    except ValueError:
        return float(text)


def _drawn(value, draw):
    """The value of a search function such as uniform[0:1] or [1:10]; anything else as it is."""
    found = _FUNCTION.match(value) if isinstance(value, str) else None
    if not found:
        return value
    try:
        args = [_number(part) for part in found.group(2).split(":")]
    except ValueError:
        return value
    if len(args) == 3:
        return args[2]
    if len(args) != 2:
        return value
    if found.group(1) == "loguniform":
        return math.exp(draw.uniform(math.log(args[0]), math.log(args[1])))
    return draw.randint(*args) if all(isinstance(a, int) for a in args) else draw.uniform(*args)


def sample_trials(trials, count=None, random_seed=None):
    """`count` of the trials by chance, in their order; all where there are no more, or no count is given."""
    if not count or count >= len(trials):
        return trials
    return [trials[i] for i in sorted(random.Random(random_seed).sample(range(len(trials)), count))]


# ---- trials ----


def _plain(value):
    """Numbers of numpy and the like."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError("%s is no value of a flag" % type(value).__name__)


def _make(batch, trials, *options):
    """Ids of new trials, pending."""
    ids = []
    for i in range(0, len(trials), _TRIALS_AT_ONCE):
        words = [json.dumps(flags, default=_plain) for flags in trials[i:i + _TRIALS_AT_ONCE]]
        ids += _guild("optimizer", "trial", "--batch", batch.dir, *options, "--", *words).split()
    return ids


def _describe(batch, flags):
    name = (batch.batch_proto.opref or "").split(" ")[-1]
    text = ", ".join("%s=%s" % (k, flags[k]) for k in sorted(flags))
    return "%s (%s)" % (name, text) if text else name


def _start(batch, run_id, flags):
    """Runs a trial and returns its exit code. What it prints goes where the output of this program goes."""
    _say("INFO", "Running trial %s: %s" % (run_id, _describe(batch, flags)))
    env = {k: v for k, v in os.environ.items() if k not in ("RUN_DIR", "RUN_ID")}
    sys.stdout.flush()
    return subprocess.run([_program(), "run", "--start", run_id, "-y"], env=env).returncode


def _say(level, text):
    sys.stderr.write("%s: [guild] %s\n" % (level, text))
    sys.stderr.flush()


def _trial(batch, run_id):
    """The trial as it is now."""
    for data in _batch(batch.dir, "--trial", run_id)["trials"]:
        return Run(data)
    raise BatchError("trial %s is gone" % run_id)


def run_trial(batch_run, flag_vals):
    """Makes a trial with these flags, runs it and returns its run. Where it fails, SystemExit(None, code) is raised, as by 0.9.0: catch it to go on."""
    (run_id,) = _make(batch_run, [flag_vals])
    code = _start(batch_run, run_id, flag_vals)
    if code != 0:
        raise SystemExit(None, code)
    return _trial(batch_run, run_id)


def handle_trials(batch_run, trials):
    """Makes all trials, then runs one after another; those that fail are said, and the rest are run, unless the batch was started with
    --fail-on-trial-error. With --print-trials and --save-trials they are shown or saved instead, with --stage-trials only staged."""
    if os.environ.get("PRINT_TRIALS") == "1":
        _print_trials(trials)
    elif os.environ.get("SAVE_TRIALS"):
        _save_trials(trials, os.environ["SAVE_TRIALS"])
    elif trials:
        if batch_run.get("stage_trials"):
            _make(batch_run, trials, "--stage")
        else:
            _run_trials(batch_run, list(zip(_make(batch_run, trials), trials)))


def _run_trials(batch, made):
    stops = (batch.get("run_params") or {}).get("fail_on_trial_error")
    for run_id, flags in made:
        code = _start(batch, run_id, flags)
        if code == 0:
            continue
        _say("ERROR", "Trial %s exited with an error (%i) - see log for details" % (run_id, code))
        if stops or code < 0:
            raise SystemExit(code)


def _names(trials):
    return sorted({name for flags in trials for name in flags})


def _cell(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=_plain)


def _print_trials(trials):
    names = _names(trials)
    rows = [["#"] + names] + [[str(i + 1)] + [_cell(t.get(n)) for n in names] for i, t in enumerate(trials)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(names) + 1)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def _save_trials(trials, path):
    with open(path, "w", newline="") as out:
        if path.endswith(".json"):
            json.dump(trials, out, sort_keys=True, default=_plain)
            return
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_names(trials))
        for flags in trials:
            writer.writerow([_cell(flags.get(name)) for name in _names(trials)])


def trial_results(batch_run, scalars, prev_trials_mode="batch"):
    """[(flags, [value, ...]), ...] of the completed trials, oldest first, None where a trial has no such scalar. A scalar is
    (prefix, tag, qualifier); the qualifier is last, first, min, max, avg or total, None for last. `prev_trials_mode`: the trials of the batch, all
    runs of the same "operation", or all with the same "sourcecode"."""
    if prev_trials_mode not in _PREV_TRIALS:
        raise ValueError("prev_trials_mode is one of %s, not %r" % (", ".join(_PREV_TRIALS), prev_trials_mode))
    args = ["--prev-trials", prev_trials_mode]
    for prefix, tag, qualifier in scalars:
        key = "%s#%s" % (prefix, tag) if prefix else tag
        args += ["--column", "%s %s" % (qualifier, key) if qualifier else key]
    trials = _batch(batch_run.dir, *args)["trials"]
    return [(t["flags"], t["values"]) for t in trials if t["status"] == "completed"]
