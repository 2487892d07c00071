 import dataclasses
from typing import Literal, Tuple

import tyro


@dataclasses.dataclass
class Optimizer:
    kind: Literal["adam", "sgd"] = "adam"
    """Which one."""
    betas: Tuple[float, float] = (0.9, 0.999)


@dataclasses.dataclass(frozen=True)
class Args:
    seed: int
    """The seed."""
    learning_rate: float = 1e-3
    track: bool = False
    cache: bool = True
    opt: Optimizer = dataclasses.field(default_factory=Optimizer)


if __name__ == "__main__":
    args = tyro.cli(Args)
