import click


@click.command()
@click.option("--cache/--no-cache", default=True, help="keep it")
@click.option("--up", "case", flag_value="upper", default=True)
@click.option("--verbose", count=True)
@click.option("--size", nargs=2, type=float, default=(1.0, 2.0))
@click.option("--pair", type=(str, int), default=("a", 1))
@click.option("--tags", multiple=True, default=["a", "b"])
@click.option("--late", default=lambda: 3)
def main(**kwargs):
    pass


main()
