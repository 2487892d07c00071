import os

yes = 1
computed = 2 * 3
called = int(3)
named = yes
formatted = f"{yes}"
joined = "a" + "b"
pair = (1, 2)
braces = {1, 2}
mapping = {"a": 1}
raw = b"bytes"
negated = not True
inverted = ~1
doubled = --1
conditional = 1 if yes else 2
_private = 1
__dunder__ = 2
annotated: int = 3
yes += 1
os.environ["X"] = "1"
mapping["b"] = 2
first, second = 1, 2
[third] = [3]
ellipsis = ...
comprehended = [i for i in range(3)]
in_list = [(1, 2)]
walrus = (inner := 3)
if yes:
    indented = 4
for loop in range(3):
    pass

class Config:
    attribute = 5

def function():
    local = 6

try:
    tried = 7
except Exception:
    pass
with open(os.devnull) as handle:
    within = 8
