import argparse
import math
import os

EPOCHS = 10
BATCH = 32 * 4
BASE = "runs"
NAMES = ["adam", "sgd"]
RATES = {"adam": 1e-3, "sgd": 0.1}
DEFAULT_OPTIMIZER = NAMES[0]
BIG = 2**40
HALF = 7 // 2
NEG = -5

parser = argparse.ArgumentParser("defaults")
parser.add_argument("--epochs", type=int, default=EPOCHS)
parser.add_argument("--batch", type=int, default=BATCH)
parser.add_argument("--optimizer", default=DEFAULT_OPTIMIZER, choices=NAMES)
parser.add_argument("--lr", type=float, default=RATES["sgd"])
parser.add_argument("--lr2", type=float, default=RATES[DEFAULT_OPTIMIZER] * 10)
parser.add_argument("--dir", default=BASE + "/" + "x")
parser.add_argument("--dir2", default=os.path.join(BASE, "a", "b"))
parser.add_argument("--name", default=f"{BASE}-{EPOCHS:03d}-{0.5:.2f}")
parser.add_argument("--name2", default="%s_%d" % (BASE, EPOCHS))
parser.add_argument("--name3", default="{}_{x}".format(BASE, x=EPOCHS))
parser.add_argument("--big", type=int, default=BIG)
parser.add_argument("--half", type=int, default=HALF)
parser.add_argument("--neg", type=int, default=NEG)
parser.add_argument("--sci", type=float, default=5e-5)
parser.add_argument("--tiny", type=float, default=1e-10)
parser.add_argument("--huge", type=float, default=1e22)
parser.add_argument("--inf", type=float, default=float("inf"))
parser.add_argument("--pi", type=float, default=math.pi)
parser.add_argument("--empty", default="")
parser.add_argument("--none", default=None)
parser.add_argument("--true", default=True)
parser.add_argument("--mapping", default={"a": 1, "b": [1, 2]})
parser.add_argument("--octal", default=0o17)
parser.add_argument("--underscore", default=1_000_000)
parser.add_argument("--upper", default=BASE.upper())
parser.add_argument("--joined", default=",".join(NAMES))
parser.add_argument("--count", default=len(NAMES))
parser.add_argument("--ternary", default="a" if EPOCHS > 5 else "b")
parser.add_argument("--quote", default="it's \"quoted\"")
parser.add_argument("--unicode", default="größe")
parser.add_argument("--multi", default="""a
b""")
parser.parse_args()
