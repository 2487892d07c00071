"""What differs between runs: guild diff, runs info --against, compare --changed, explain-diff."""

import json

import rundirs


def test_compare_changed(guild):
    same = dict(host="h", user="u", platform={"python_version": "3.11.2", "cpus": 4}, label="same")
    old = dict(flags={"lr": 0.1, "bs": 8}, pip_freeze=["numpy==1.24.1", "scipy==1.10", "six==1"],
               sourcecode_digest="a" * 32, vcs_commit="git:1", note="x", **same)
    new = dict(flags={"lr": 0.2, "bs": 8}, pip_freeze=["NumPy==1.26.0", "six==1", "tqdm==4"],
               sourcecode_digest="b" * 32, vcs_commit="git:1", note="y", **same)
    rundirs.make_run(guild.home, 1, manifest="d data.txt " + "1" * 40 + " file:data.txt\n", **old)
    rundirs.make_run(guild.home, 2, manifest="d data.txt " + "2" * 40 + " file:data.txt\n", **new)
    rows = json.loads(guild("compare", "--changed", "-r", "--json").stdout)
    assert [list(row) for row in rows] == [
        ["id", "run", "lr", "sourcecode", "note", "input data.txt", "package numpy", "package tqdm", "package scipy"]] * 2
    assert [list(row.values())[2:] for row in rows] == [
        [0.2, "bbbbbbbb", "y", "22222222", "1.26.0", "4", None], [0.1, "aaaaaaaa", "x", "11111111", "1.24.1", None, "1.10"]]
    # One run differs from nothing; what is asked for is shown where it differs.
    assert list(json.loads(guild("compare", "--changed", "--json", "1").stdout)[0]) == ["id", "run"]
    assert guild("compare", "--changed", "-t", "-cc", ".label,=lr,.host").stdout.split()[:3] == ["run", "lr", "sourcecode"]
