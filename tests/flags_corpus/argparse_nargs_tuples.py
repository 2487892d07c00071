import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--betas", nargs=2, type=float, default=(0.9, 0.999))
parser.add_argument("--sizes", nargs="+", type=int, default=(64, 128))
parser.add_argument("--words", nargs="+", default=["yes", "1", "é", True])
parser.parse_args()
