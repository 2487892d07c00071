import typer
from typing_extensions import Annotated

app = typer.Typer()
users = typer.Typer()
app.add_typer(users, name="users")


@app.command()
def train(
    lr: Annotated[float, typer.Option(help="rate")] = 0.1,
    epochs: Annotated[int, typer.Option("--epochs", "-e")] = 3,
    name: Annotated[str, typer.Argument()] = "x",
):
    pass


@app.command("ev-al")
def evaluate(ckpt: str, big_size: int = 2):
    pass


@users.command()
def create(admin: bool = False):
    pass


if __name__ == "__main__":
    app()
