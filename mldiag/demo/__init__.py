"""The built-in experiments: they need no file, no extra and no download."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

DEMOS: dict[str, str] = {
    "digits": "8 x 8 images of digits, a small neural network (classification)",
    "diabetes": "progress of diabetes in 442 patients, gradient boosting (regression)",
}
"""Name of each built-in experiment and what it is; the first one is used where nothing else is found."""

DEFAULT_DEMO = "digits"


def demo_experiment(name: str) -> Experiment:
    """The built-in experiment of that name.

    Example:
        >>> demo_experiment("diabetes").metric.name
        'rmse'
    """
    module = import_module(f"mldiag.demo.{name}")
    experiment: Experiment = getattr(module, name)
    return experiment
