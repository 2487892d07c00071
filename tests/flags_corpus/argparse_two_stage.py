import argparse

config_parser = argparse.ArgumentParser(description="config", add_help=False)
config_parser.add_argument("-c", "--config", default="", type=str, metavar="FILE")

parser = argparse.ArgumentParser(description="training")
parser.add_argument("--model", default="resnet50", type=str, metavar="MODEL")
parser.add_argument("--opt-betas", default=None, type=float, nargs="+")
parser.add_argument("-b", "--batch-size", type=int, default=128)


def _parse_args():
    args_config, remaining = config_parser.parse_known_args()
    if args_config.config:
        with open(args_config.config) as f:
            import yaml

            parser.set_defaults(**yaml.safe_load(f))
    args = parser.parse_args(remaining)
    return args, str(args)


def main():
    args, text = _parse_args()
    print(text)


if __name__ == "__main__":
    main()
