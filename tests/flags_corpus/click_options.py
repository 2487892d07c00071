import click


@click.command()
@click.option("--count", default=1, help="Number of greetings.")
@click.option("--lr", type=float, default=0.1, show_default=True)
@click.option("-n", "--name", prompt="Your name", required=True)
@click.option("--choice", type=click.Choice(["a", "b"]), default="a")
@click.option("--ranged", type=click.IntRange(0, 5), default=3)
@click.option("--fraction", type=click.FloatRange(0, 1))
@click.option("--path", type=click.Path(exists=False), default="out")
@click.option("--text", type=str)
@click.option("--int", type=click.INT)
@click.option("--float", "the_float", type=click.FLOAT, default=1)
@click.option("--string", type=click.STRING, default="s")
@click.option("--bool", type=click.BOOL, default=True)
@click.option("--uuid", type=click.UUID)
@click.option("--date", type=click.DateTime())
@click.option("--inferred-bool", default=False)
@click.option("--inferred-float", default=1.5)
@click.option("--nothing")
@click.option("--under_score", default=2)
@click.option("-z", default=3)
@click.option("--env", envvar="X", default="d")
@click.option("--hidden", hidden=True, default=5)
@click.option("--converted", type=lambda s: s)
@click.argument("src", nargs=-1)
def main(**kwargs):
    """Does something."""


if __name__ == "__main__":
    main()
