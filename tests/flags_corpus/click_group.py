import click


def shared(f):
    f = click.option("--seed", type=int, default=0, help="seed")(f)
    f = click.option("--out", default="out")(f)
    return f


@click.group()
@click.option("--debug/--no-debug", default=False)
@click.pass_context
def cli(ctx, debug):
    ctx.obj = debug


@cli.command()
@shared
@click.option("--lr", default=0.1, help="""Multi
    line help.

    More.""")
def train(**kwargs):
    pass


@cli.command("ev-al")
@click.option("--checkpoint", required=True)
def evaluate(checkpoint):
    pass


@click.command()
@click.option("--two", default=2)
def two_words(two):
    pass


cli.add_command(two_words)


@cli.group()
@click.option("--nested", default=1)
def sub(nested):
    pass


@sub.command()
@click.option("--deep", default=3)
def deeper(deep):
    pass


if __name__ == "__main__":
    cli(obj={})
