"""guild runs search: text in flags, labels, tags, comments and output."""

import json
import re
import subprocess

PROJECT = """
say:
  exec: sh say.sh
  flags: {text: hello, n: 1}
  env: {TEXT: '${text}'}
"""


def say(guild, text, *more):
    guild("run", "say", f"text={text}", "-y", *more)
    return max(guild.runs(), key=lambda p: int(guild.attr(p, "started")))


def found(guild, *words, code=0):
    return [item["id"] for item in json.loads(guild("runs", "search", *words, "--json", code=code).stdout)]


def test_search(guild):
    guild.write("guild.yml", PROJECT)
    guild.write("say.sh", 'printf "first line\\nSaid %s\\n" "$TEXT"; printf "\\033[31mred\\033[0m end"\n')
    one = say(guild, "alpha", "-l", "the Label", "-t", "keep")
    two = say(guild, "beta", "-c", "a remark on memory")
    assert found(guild, "said") == [two.name, one.name], "newest first"
    assert found(guild, "said", "--case", code=1) == []
    assert found(guild, "Said", "--case") == [two.name, one.name]
    assert found(guild, "the label") == [one.name]
    assert found(guild, "keep", "--in", "tags") == [one.name]
    assert found(guild, "MEMORY") == [two.name]
    assert found(guild, "text=alp", "--in", "flags") == [one.name]
    assert found(guild, "line", "memory") == [two.name], "both, wherever"
    assert found(guild, "-e", "^said (alpha|gamma)$") == [one.name], "anchors are of lines"
    assert found(guild, "first line\nSaid", code=1) == []
    assert found(guild, "said", "-Ft", "keep") == [one.name]
    assert found(guild, "nowhere", code=1) == []
    assert found(guild, "red end") == [two.name, one.name], "as a terminal shows it"
    text = guild("runs", "search", "said beta").stdout
    assert re.match(r"\[1:\w{8}]  say .*\n    output:2: Said beta\n$", text), text
    done = guild("runs", "search", "said", "-n", "1")
    assert done.stdout.count("[") == 1 and "--all" in done.stderr
    guild("runs", "delete", two.name, "-y")
    assert found(guild, "beta", "-d") == [two.name]
    for words, message in [(["-e", "("], "("), ([""], "empty"), (["-e", "a", "b"], "one regular expression")]:
        done = guild("runs", "search", *words, code=1)
        assert message in done.stderr and done.stderr.count("\n") <= 2, done.stderr


def test_long_outputs(guild, tmp_path):
    """Line numbers hold over pieces, in lines without end, and as grep says them."""
    guild.write("guild.yml", PROJECT)
    guild.write("say.sh", "echo x\n")
    run = say(guild, "x")
    output = run / ".guild" / "output"
    lines = [f"line {i} " + "y" * (i % 300) for i in range(20000)]
    lines[7777] += " Needle"
    lines[15000] = "z" * 700000 + "needle" + "z" * 100000
    output.write_text("\n".join(lines) + "\nneedle at the end")
    grep = subprocess.run(["grep", "-ci", "needle", output], capture_output=True, text=True, check=True).stdout
    assert int(grep) == 3
    places = json.loads(guild("runs", "search", "needle", "--in", "output", "--json").stdout)[0]["places"]
    assert [p["line"] for p in places] == [7778, 15001, 20001]
