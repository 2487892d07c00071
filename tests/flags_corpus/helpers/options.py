import argparse

from .constants import WIDTH


def make_parser(name):
    parser = argparse.ArgumentParser(name)
    parser.add_argument("--width", type=int, default=WIDTH)
    return parser


def add_common(parser):
    parser.add_argument("--common", default="c")
    return parser


def get_args():
    return add_common(make_parser("helper")).parse_args()
