from dataclasses import dataclass

from simple_parsing import ArgumentParser


@dataclass
class Options:
    """Options of it."""

    log_dir: str  # where logs go
    learning_rate: float = 1e-4
    # how many of them
    batch_size: int = 32
    debug: bool = False

    momentum: float = 0.9
    """how heavy"""


parser = ArgumentParser()
parser.add_argument("--foo", type=int, default=123, help="foo help")
parser.add_arguments(Options, dest="options")
args = parser.parse_args()
