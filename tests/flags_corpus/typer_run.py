from enum import Enum
from pathlib import Path
from typing import List, Optional

import typer


class Color(str, Enum):
    red = "red"
    blue = "blue"


def main(
    source: Path,
    name: str = "x",
    count: int = typer.Option(3, "--count", "-c", help="how many"),
    learning_rate: float = 0.1,
    debug: bool = False,
    cache: bool = typer.Option(True, help="keep it"),
    force: bool = typer.Option(False, "--force"),
    color: Color = Color.red,
    token: Optional[str] = None,
    needed: int = typer.Option(...),
    tags: List[str] = typer.Option([]),
):
    """Says hello."""


if __name__ == "__main__":
    typer.run(main)
