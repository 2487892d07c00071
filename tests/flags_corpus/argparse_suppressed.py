import argparse

p = argparse.ArgumentParser()
p.add_argument("--hidden", default=2, help=argparse.SUPPRESS)
p.add_argument("--unset", default=argparse.SUPPRESS, type=str)
p.parse_args()
