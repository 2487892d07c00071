import argparse
from enum import Enum


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


class Kind(str, Enum):
    A = "a"
    B = "b"


parser = argparse.ArgumentParser()
parser.add_argument("--mode", type=Mode, default=Mode.FAST)
parser.add_argument("--kind", type=Kind, default=Kind.A, choices=[k.value for k in Kind])
parser.add_argument("--value", default=Mode.SLOW.value, choices=[m.value for m in Mode])
parser.parse_args()
