#!/usr/bin/env python3
"""Writes a C file that holds a text file as a string: embed.py INPUT OUTPUT NAME."""

import sys

source, target, name = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    lines = file.read().splitlines()
with open(target, "w", encoding="utf-8") as file:
    file.write(f"/* Made from {source.rsplit('/', 1)[-1]}. */\nextern const char {name}[];\nconst char {name}[] =\n")
    for line in lines:
        octets = line.encode("utf-8")
        text = "".join(
            chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in octets
        )
        file.write(f'\t"{text}\\n"\n')
    file.write("\t;\n")
