from click import command, option
from click import Choice as C

RATES = [0.1, 0.01]


@command(name="x")
@option("--rate", type=float, default=RATES[1], help="rate %s" % RATES)
@option("--kind", type=C([str(r) for r in RATES]))
def main(rate, kind):
    return rate


if __name__ == "__main__":
    main()
