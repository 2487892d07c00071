import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--flag", is_flag=True)
@click.option("--flag-on", is_flag=True, default=True, help="is on")
@click.option("--shout/--no-shout", default=False)
@click.option("--color/--plain")
@click.option("--upper", "case", flag_value="upper")
def main(**kwargs):
    pass


main()
