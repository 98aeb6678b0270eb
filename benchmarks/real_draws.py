"""Small data sets drawn from real ones that play the population, their scores, and how rates are printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)

from mldiag.findings import Interval

Floats = NDArray[np.float64]
Make = Callable[[int], Any]

REPEATS = 5
VALID_TO_TRAIN = 0.25
VALUES = 9


@dataclass(frozen=True)
class Population:
    """A data set, and how many of its rows one draw takes."""

    name: str
    inputs: Floats
    target: Floats
    rows: int


def populations() -> dict[str, Population]:
    sizes = {"digits": 250, "breast_cancer": 120, "wine": 50, "iris": 50, "diabetes": 120}
    loaders = (load_digits, load_breast_cancer, load_wine, load_iris, load_diabetes)
    found = {}
    for (name, rows), load in zip(sizes.items(), loaders, strict=True):
        inputs, target = load(return_X_y=True)
        inputs = inputs / 16 if name == "digits" else (inputs - inputs.mean(0)) / inputs.std(0)
        target = target / target.std() if name == "diabetes" else target
        found[name] = Population(name, inputs, target, rows)
    return found


def splits(population: Population, draws: int) -> Iterator[tuple[int, int, NDArray[np.intp], int]]:
    """Draw, repeat, shuffled rows (training rows first), number of training rows."""
    count = len(population.target)
    for draw in range(draws):
        random = np.random.default_rng([draw, 2026])
        rows = random.permutation(count)[: population.rows]
        for repeat in range(REPEATS):
            yield draw, repeat, random.permutation(rows), population.rows * 4 // 5


def score_tensor(
    population: Population, draws: int, makers: list[Make], *, sizes: tuple[float, ...] = (1.0,)
) -> Floats:
    """Scores (draws, makers x sizes, repeats) over redrawn splits; `sizes` are shares of the rows."""
    scores = np.empty((draws, len(makers) * len(sizes), REPEATS))
    inputs, target = population.inputs, population.target
    for draw, repeat, rows, count in splits(population, draws):
        valid = rows[count:]
        for m, make in enumerate(makers):
            for s, share in enumerate(sizes):
                train = rows[: int(count * share)]
                fitted = make(draw * REPEATS + repeat).fit(inputs[train], target[train])
                column = m * len(sizes) + s
                scores[draw, column, repeat] = fitted.score(inputs[valid], target[valid])
    return scores


class Capped:
    """A classifier that trains on 25 random rows of what it gets: its learning curve is flat."""

    def __init__(self, model: Any, seed: int) -> None:
        self.model, self.random = model, np.random.default_rng(seed)

    def fit(self, inputs: Floats, target: Floats) -> Any:
        """Train the model on 25 rows and give it back."""
        rows = self.random.permutation(len(target))[:25]
        return self.model.fit(inputs[rows], target[rows])


# ---- printing


def share(hits: Any) -> str:
    """A rate with its Monte Carlo standard error."""
    array = np.asarray(hits, dtype=float)
    rate = float(array.mean())
    error = max(np.sqrt(rate * (1 - rate) / array.size), 0.5 / array.size)
    return f"{rate:.3f} +-{error:.3f}"


def print_table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    print(f"\n{title}")
    for row in [head, tuple("-" * width for width in widths), *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def covers(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


@dataclass(frozen=True)
class FixedRows:
    """Per-row correctness (draws, settings, seeds, rows) and the settings' true scores (draws, settings)."""

    right: NDArray[np.bool_]
    truth: Floats


def fixed_rows_draws(
    population: Population, draws: int, makers: list[Make], seeds: int
) -> FixedRows:
    """Train on 200 fixed rows, validate on 100, take the rest of the population for the truth."""
    right = np.empty((draws, len(makers), seeds, 100), dtype=bool)
    truth = np.empty((draws, len(makers)))
    for draw in range(draws):
        rows = np.random.default_rng([draw, 11]).permutation(len(population.target))
        train, rest = rows[:200], rows[200:]
        for m, make in enumerate(makers):
            share_right = np.empty((seeds, len(rest)), dtype=bool)
            for seed in range(seeds):
                fitted = make(draw * 1000 + m * 100 + seed)
                fitted.fit(population.inputs[train], population.target[train])
                share_right[seed] = (
                    fitted.predict(population.inputs[rest]) == population.target[rest]
                )
            right[draw, m] = share_right[:, :100]
            truth[draw, m] = share_right[:, 100:].mean()
    return FixedRows(right, truth)
