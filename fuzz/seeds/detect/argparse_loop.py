 import argparse

OPTIONS = [
    ("lr", float, 0.1, "learning rate"),
    ("epochs", int, 3, "how long"),
    ("name", str, "x", None),
]
SIZES = {"small": 1, "large": 10}

p = argparse.ArgumentParser()
for name, kind, default, text in OPTIONS:
    p.add_argument(f"--{name}", type=kind, default=default, help=text)
for size, value in SIZES.items():
    p.add_argument("--size-%s" % size, type=int, default=value)
for i in range(3):
    if i == 1:
        continue
    p.add_argument("--layer{}".format(i), type=int, default=2**i)
kwargs = {"type": int, "default": 4}
p.add_argument("--spread", **kwargs)
args = ["--starred", "-S"]
p.add_argument(*args, default=1)
p.parse_args()
