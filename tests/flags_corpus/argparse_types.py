import argparse
import ast
import json
import pathlib


def positive(text):
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be positive")
    return value


def str2bool(v):
    return v.lower() in ("yes", "true", "t", "1")


parser = argparse.ArgumentParser()
parser.add_argument("--s", type=str, default="text")
parser.add_argument("--i", type=int, default=3)
parser.add_argument("--f", type=float, default=1e-3)
parser.add_argument("--f2", type=float, default=1)
parser.add_argument("--b", type=bool, default=False)
parser.add_argument("--positive", type=positive, default=10)
parser.add_argument("--bool", type=str2bool, nargs="?", const=True, default=False)
parser.add_argument("--lam", type=lambda s: [int(x) for x in s.split(",")], default="1,2")
parser.add_argument("--path", type=pathlib.Path, default=pathlib.Path("out") / "models")
parser.add_argument("--json", type=json.loads, default="{}")
parser.add_argument("--lit", type=ast.literal_eval, default=(1, 2))
parser.add_argument("--evaluated", type=eval, default=None)
parser.add_argument("--file", type=argparse.FileType("w"), default="-")
parser.add_argument("--text-for-int", type=int, default="12")
parser.add_argument("--none", type=None, default=5)
args = parser.parse_args()
