import argparse
import os
import pathlib

HERE = os.path.dirname(os.path.abspath(__file__))

p = argparse.ArgumentParser()
p.add_argument("--data", default="helpers/constants.py")
p.add_argument("--dir", default="./helpers")
p.add_argument("--missing", default="helpers/no-such-file")
p.add_argument("--bare", default="helpers")
p.add_argument("--here", default=os.path.join(HERE, "data"))
p.add_argument("--path", type=pathlib.Path, default=pathlib.Path("helpers/options.py"))
p.parse_args()
