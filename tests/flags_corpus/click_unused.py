import click

lr = 0.1

click.echo("hello")
