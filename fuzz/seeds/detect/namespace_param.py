from types import SimpleNamespace

p = {"a": 1, "b": {"c": 2.5, "d": {}}, "l": [1, 2], "n": None, "s": "x", "_h": 1, "yes": True}
ns = SimpleNamespace(a=1, b=SimpleNamespace(c=2.5), d={"e": "t"}, g=[1], _h=2)
other = 3




