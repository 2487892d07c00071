import click


@click.command()
@click.version_option("1.0")
@click.password_option()
@click.confirmation_option(prompt="sure?")
@click.option("--x", default=1)
def main(password, x):
    pass


main()
