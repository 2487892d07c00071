"""Every action of argparse, on one page."""
import argparse


class Upper(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values.upper())


class Plain(argparse._StoreAction):
    pass


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("data", help="a positional argument")
parser.add_argument("--store", default=1)
parser.add_argument("--on", action="store_true", help="turn it on")
parser.add_argument("--off", action="store_false", help="turn it off")
parser.add_argument("--on-by-default", action="store_true", default=True)
parser.add_argument("--unset", action="store_true", default=None)
parser.add_argument("--cache", action=argparse.BooleanOptionalAction, default=True)
parser.add_argument("--shuffle", action=argparse.BooleanOptionalAction, default=False, help="shuffle it")
parser.add_argument("--resume", action=argparse.BooleanOptionalAction)
parser.add_argument("--const", action="store_const", const=3)
parser.add_argument("--verbose", "-v", action="count", default=0)
parser.add_argument("--tag", action="append", default=[])
parser.add_argument("--tags", action="append_const", const="x")
parser.add_argument("--more", action="extend", nargs="+")
parser.add_argument("--upper", action=Upper, default="a")
parser.add_argument("--plain", action=Plain, default="a")
parser.add_argument("--version", action="version", version="1.0")
parser.add_argument("-s", default=3)
parser.add_argument("-long", default=3)
print(parser.parse_args())
