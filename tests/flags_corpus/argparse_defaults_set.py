import argparse

parser = argparse.ArgumentParser(argument_default=9)
parser.set_defaults(late=5, explicit=5)
parser.add_argument("--early", default=1)
parser.add_argument("--late")
parser.add_argument("--explicit", default=1)
parser.add_argument("--bare")
parser.add_argument("--no-bias", dest="bias", action="store_false")
parser.set_defaults(early=2, bias=False, unknown=3)
parser.parse_args()
