"""Logistic regression by stochastic gradient descent; knows nothing of mldiag.

    python train.py --data tumours.csv --lr 0.1

Prints both losses after each epoch.
"""

import argparse
import csv
from pathlib import Path

import numpy as np


def read(path):
    """Measurements (n, 10) and whether each tumour is malignant (n,)."""
    with path.open(newline="") as file:
        _, *rows = csv.reader(file)
    *columns, diagnosis = zip(*rows, strict=True)
    return np.array(columns, dtype=float).T, np.array(diagnosis) == "malignant"


def log_loss(weights, bias, x, y):
    """Mean negative log-likelihood, without overflow."""
    margin = np.where(y, 1, -1) * (x @ weights + bias)
    return np.logaddexp(0, -margin).mean()


def main():
    """Read the arguments, train, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--valid", type=Path, help="without it, the last fifth of the data is held out"
    )
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--l2", type=float, default=0.0)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    x, y = read(args.data)
    if args.valid:
        x_valid, y_valid = read(args.valid)
    else:
        held_out = len(x) // 5
        x, x_valid, y, y_valid = x[:-held_out], x[-held_out:], y[:-held_out], y[-held_out:]
    mean, sd = x.mean(axis=0), x.std(axis=0)
    x, x_valid = (x - mean) / sd, (x_valid - mean) / sd

    rng = np.random.default_rng(args.seed)
    weights, bias = rng.normal(scale=0.01, size=x.shape[1]), 0.0
    for epoch in range(args.epochs):
        order = rng.permutation(len(x))
        for rows in np.split(order, range(args.batch_size, len(x), args.batch_size)):
            error = 1 / (1 + np.exp(-(x[rows] @ weights + bias))) - y[rows]
            weights -= args.lr * (x[rows].T @ error / len(rows) + args.l2 * weights)
            bias -= args.lr * error.mean()
        print(
            f"epoch {epoch + 1}  train loss: {log_loss(weights, bias, x, y):.4f}"
            f"  val loss: {log_loss(weights, bias, x_valid, y_valid):.4f}"
        )


if __name__ == "__main__":
    main()
