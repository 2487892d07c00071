import argparse

MODELS = {"cnn": object, "mlp": object}
LEVELS = ("debug", "info")

parser = argparse.ArgumentParser()
parser.add_argument("--level", choices=LEVELS, default="info")
parser.add_argument("--number", type=int, choices=[1, 2, 3])
parser.add_argument("--sorted", choices=sorted(MODELS))
parser.add_argument("--listed", choices=list(MODELS.keys()))
parser.add_argument("--comprehended", choices=[m.upper() for m in MODELS if m != "mlp"])
parser.add_argument("--ranged", type=int, choices=list(range(1, 4)), default=2)
parser.add_argument("--required", choices=["a"], required=True)
parser.parse_args()
