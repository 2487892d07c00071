import argparse
import sys


def main():
    parser = argparse.ArgumentParser(
        prog="known",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--local_rank", type=int, default=-1)
    parser.add_argument("--alpha", type=float, default=.5, metavar="A", help="alpha")
    args, unknown = parser.parse_known_args(sys.argv[1:])
    print(args, unknown)


main()
