import click
import not_a_package_at_all


@click.command()
@click.option("--epochs", default=3)
@not_a_package_at_all.decorate
def main(epochs):
    pass


if __name__ == "__main__":
    main()
