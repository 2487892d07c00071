"""Trains a small network on the digits that come with scikit-learn."""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier


def main():
    parser = argparse.ArgumentParser(description="Train a classifier of handwritten digits.")
    parser.add_argument("--lr", type=float, default=0.003, help="learning rate")
    parser.add_argument("--hidden", type=int, default=32, help="hidden units")
    parser.add_argument("--epochs", type=int, default=12, help="passes over the training set")
    parser.add_argument("--seed", type=int, default=1, help="random seed")
    args = parser.parse_args()

    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x / 16.0, y, test_size=0.25, random_state=args.seed, stratify=y
    )
    classes = np.unique(y)
    model = MLPClassifier(
        hidden_layer_sizes=(args.hidden,),
        learning_rate_init=args.lr,
        random_state=args.seed,
    )
    for epoch in range(1, args.epochs + 1):
        model.partial_fit(x_train, y_train, classes=classes)
        print(f"step: {epoch}")
        print(f"loss: {log_loss(y_test, model.predict_proba(x_test), labels=classes):.5f}")
        print(f"accuracy: {model.score(x_test, y_test):.5f}", flush=True)

    np.savez("weights.npz", *model.coefs_, *model.intercepts_)


if __name__ == "__main__":
    main()
