"""Needs to be asked: which options there are depends on the interpreter."""
import argparse
import sys

parser = argparse.ArgumentParser()
parser.add_argument("--always", type=int, default=1)
if sys.version_info >= (3, 6):
    parser.add_argument("--modern", default="yes, it is")
else:
    parser.add_argument("--ancient")
parser.parse_args()
