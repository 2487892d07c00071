import argparse

match (mode := "train"):
    case "train":
        default_epochs = 10
    case _:
        default_epochs = 10

if (p := argparse.ArgumentParser()) is not None:
    p.add_argument("--epochs", type=int, default=default_epochs)
    p.add_argument("--mode", default=mode)
    print(vars(p.parse_args()))
