import argparse
import sys

DEFAULT_LR = 3e-4


def add_data_args(parser):
    parser.add_argument("--data", default="mnist")
    return parser


def get_parser(name, *, lr=DEFAULT_LR, extra=()):
    parser = argparse.ArgumentParser(name)
    parser.add_argument("--lr", type=float, default=lr)
    for option in extra:
        parser.add_argument("--" + option, default=option)
    return add_data_args(parser)


def main(argv=None):
    args = get_parser("x", extra=["alpha", "beta"]).parse_args(argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
