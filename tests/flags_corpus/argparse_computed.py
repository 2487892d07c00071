"""Needs to be asked: defaults and choices are computed by the platform."""
import argparse
import json
import platform
import string

def names():
    return [n for n in dir(string) if n.startswith("ascii_")]

parser = argparse.ArgumentParser()
parser.add_argument("--system", default=platform.system())
parser.add_argument("--alphabet", choices=names(), default="ascii_letters")
parser.add_argument("--indent", type=int, default=json.loads("[4]")[0])
parser.add_argument("--fixed", type=int, default=1)
parser.parse_args()
