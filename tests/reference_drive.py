"""Runs Guild AI 0.9.0 many times from one process, which has loaded it once.

Reads a JSON list of [directory, [word, ...]] and writes one of [exit code, output], each from a process of its own.
Executed by the reference's own interpreter.
"""

import json
import os
import sys

from guild import main_bootstrap
import guild.commands.main  # noqa: F401  loaded before forking
import guild.commands.models_impl  # noqa: F401
import guild.commands.operations_impl  # noqa: F401
import guild.commands.run_impl  # noqa: F401
import guild.guildfile  # noqa: F401


def call(cwd, words):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.chdir(cwd)
        os.dup2(write, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.close(read)
        sys.argv = ["guild", *words]
        code = 0
        try:
            main_bootstrap.main()
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else 1
        except BaseException:
            code = 1
        sys.stdout.flush()
        os._exit(code or 0)
    os.close(write)
    with os.fdopen(read, "rb") as f:
        output = f.read()
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output.decode()]


json.dump([call(cwd, words) for cwd, words in json.load(sys.stdin)], sys.stdout)
