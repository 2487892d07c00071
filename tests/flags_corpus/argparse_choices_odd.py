import argparse
import enum


class Color(enum.Enum):
    red = 1
    blue = 2

    def __str__(self):
        return self.name


parser = argparse.ArgumentParser()
parser.add_argument("--size", type=int, choices=range(3), default=1)
parser.add_argument("--keys", choices={"a": 1, "b": 2}.keys(), default="a")
parser.add_argument("--dict", choices={"a": 1, "b": 2}, default="a")
parser.add_argument("--set", choices={"only"}, default="only")
parser.parse_args()
