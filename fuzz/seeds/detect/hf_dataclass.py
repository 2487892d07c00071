 from dataclasses import dataclass, field
from typing import List, Literal, Optional

from transformers import HfArgumentParser


@dataclass
class ModelArguments:
    model_name: str = field(metadata={"help": "which model"})
    hidden_size: int = field(default=128, metadata={"help": "size"})
    dropout: float = 0.1
    use_fast: bool = field(default=True, metadata={"help": "fast one"})
    cache_dir: Optional[str] = None
    kind: Literal["a", "b"] = "a"


@dataclass
class DataArguments:
    files: List[str] = field(default_factory=lambda: ["a", "b"])
    limit: Optional[int] = field(default=None, metadata={"help": "limit"})
    shuffle: bool = False


def main():
    parser = HfArgumentParser((ModelArguments, DataArguments))
    model_args, data_args = parser.parse_args_into_dataclasses()


if __name__ == "__main__":
    main()
