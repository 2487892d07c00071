from argparse import Namespace

rate = 0.5


def train(args: Namespace) -> None:
    print(args)
