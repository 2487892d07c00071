 import argparse

base = argparse.ArgumentParser(add_help=False)
base.add_argument("--seed", type=int, default=0)
group = base.add_argument_group("io")
group.add_argument("--out", default="out")
other = argparse.ArgumentParser(add_help=False)
other.add_argument("--debug", action="store_true")
parser = argparse.ArgumentParser(parents=[base, other], conflict_handler="resolve")
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--out", default="elsewhere")
parser.parse_args()
