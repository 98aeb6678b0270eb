"""What a program is, and what healthy ones do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.metrics import accuracy_score

import mldiag

Data = tuple[Any, Any]
Make = Callable[[Data, int], Any]


@dataclass(frozen=True)
class Program:
    """An experiment of the benchmark.

    Args:
        name: What it is.
        load: Its data.
        make: The experiment on a draw of the data.
        codes: Codes that name the cause; none for a healthy program.
        unseen: Whether it was kept from the tuning.
        rows: Rows of a draw.
    """

    name: str
    load: Callable[..., Data]
    make: Make
    codes: tuple[str, ...] = ()
    unseen: bool = False
    rows: int = 500


def declared(data: Data, train: Callable[[Any], Any], metric: str = "accuracy", **more: Any) -> Any:
    return mldiag.experiment(data=data, metric=metric, name="program", **more)(train)


def scored(trial: Any, model: Any, X: Any, y: Any) -> dict[str, float]:
    """Fit, predict, score: what a healthy program does."""
    model.fit(X, y)
    predicted = model.predict(trial.X_valid)
    trial.predictions(predicted)
    return {
        "accuracy": accuracy_score(trial.y_valid, predicted),
        "train_accuracy": accuracy_score(y, model.predict(X)),
    }
