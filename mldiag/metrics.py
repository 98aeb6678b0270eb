"""Metrics: their direction, their bounds, and how to compute them from predictions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mldiag.errors import MldiagError, nearest_name


@dataclass(frozen=True)
class Metric:
    """A metric as the user reads it.

    Args:
        name: Name in reports; `neg_` of a scorer's name is dropped.
        maximize: Whether larger is better.
        low: Smallest possible value, or None.
        high: Largest possible value, or None.
        function: `sklearn.metrics` function that computes it from (truth, prediction), or None.
        response: What the function needs: `predict`, `predict_proba` or `decision_function`.
        per_row: Whether the value is a mean over rows, so that it can be resampled by row.
        guess: What the best constant reaches, where values below it have no end, or None.
    """

    name: str
    maximize: bool
    low: float | None = None
    high: float | None = None
    function: str | None = None
    response: str = "predict"
    per_row: bool = False
    guess: float | None = None

    @property
    def direction(self) -> str:
        """`maximize` or `minimize`."""
        return "maximize" if self.maximize else "minimize"

    @property
    def sign(self) -> float:
        """Factor that turns a value into higher-is-better."""
        return 1.0 if self.maximize else -1.0

    def judged(self, value: float) -> float:
        """The value as comparisons take it: below a guess it falls by 1 at most.

        One run that diverges to an R2 of -40 would drown the others, though -40 and -2 say the same: it is
        worse than a constant.

        Example:
            >>> r2 = named_metric("r2")
            >>> r2.judged(0.8), r2.judged(-0.25), r2.judged(-3.0), r2.judged(-99.0)
            (0.8, -0.19999999999999996, -0.75, -0.99)
        """
        if self.guess is None or not value < self.guess:
            return value
        return self.guess - 1 + 1 / (1 + self.guess - value)

    def as_points(self) -> bool:
        """Whether a difference reads well as percentage points: scores between 0 and 1."""
        return self.low == 0 and self.high == 1 and self.maximize


_KNOWN = (
    Metric("accuracy", True, 0, 1, "accuracy_score", per_row=True),
    Metric("balanced_accuracy", True, 0, 1, "balanced_accuracy_score"),
    Metric("error_rate", False, 0, 1, "zero_one_loss", per_row=True),
    Metric("f1", True, 0, 1, "f1_score"),
    Metric("precision", True, 0, 1, "precision_score"),
    Metric("recall", True, 0, 1, "recall_score"),
    Metric("jaccard", True, 0, 1, "jaccard_score"),
    Metric("iou", True, 0, 1),
    Metric("dice", True, 0, 1),
    Metric("roc_auc", True, 0, 1, "roc_auc_score", "predict_proba"),
    Metric("auc", True, 0, 1, "roc_auc_score", "predict_proba"),
    Metric("average_precision", True, 0, 1, "average_precision_score", "predict_proba"),
    Metric("matthews_corrcoef", True, -1, 1, "matthews_corrcoef"),
    Metric("top_k_accuracy", True, 0, 1, "top_k_accuracy_score", "predict_proba"),
    Metric("log_loss", False, 0, None, "log_loss", "predict_proba"),
    Metric("brier_score", False, 0, None, "brier_score_loss", "predict_proba"),
    Metric("loss", False, None, None),
    Metric("val_loss", False, None, None),
    Metric("cross_entropy", False, 0, None),
    Metric("perplexity", False, 1, None),
    Metric("bits_per_byte", False, 0, None),
    Metric("bleu", True, 0, None),
    Metric("rouge", True, 0, None),
    Metric("psnr", True, None, None),
    Metric("ssim", True, -1, 1),
    Metric("fid", False, 0, None),
    Metric("wer", False, 0, None),
    Metric("cer", False, 0, None),
    Metric("map", True, 0, 1),
    Metric("r2", True, None, 1, "r2_score", guess=0),
    Metric("explained_variance", True, None, 1, "explained_variance_score", guess=0),
    Metric("mse", False, 0, None, "mean_squared_error", per_row=True),
    Metric("mean_squared_error", False, 0, None, "mean_squared_error", per_row=True),
    Metric("rmse", False, 0, None, "root_mean_squared_error"),
    Metric("root_mean_squared_error", False, 0, None, "root_mean_squared_error"),
    Metric("mae", False, 0, None, "mean_absolute_error", per_row=True),
    Metric("mean_absolute_error", False, 0, None, "mean_absolute_error", per_row=True),
    Metric("median_absolute_error", False, 0, None, "median_absolute_error"),
    Metric("max_error", False, 0, None, "max_error"),
    Metric("mean_absolute_percentage_error", False, 0, None, "mean_absolute_percentage_error", per_row=True),
    Metric("mape", False, 0, None, "mean_absolute_percentage_error", per_row=True),
)  # fmt: skip

KNOWN: dict[str, Metric] = {metric.name: metric for metric in _KNOWN}


def named_metric(
    name: str, *, maximize: bool | None = None, minimize: bool | None = None
) -> Metric:
    """Find a metric by name; one that is not known needs its direction.

    Args:
        name: Name under which the train function reports it.
        maximize: True where larger is better.
        minimize: True where smaller is better.

    Raises:
        MldiagError: If the direction is unknown or declared both ways.

    Example:
        >>> named_metric("rmse").maximize
        False
    """
    if not isinstance(name, str) or not name.strip():
        raise MldiagError(
            f"the metric is {name!r}",
            expected="the name under which the train function returns it",
            hint="metric='accuracy'",
        )
    if maximize is not None and minimize is not None and maximize == minimize:
        raise MldiagError(
            f"metric {name!r} is declared maximize={maximize} and minimize={minimize}",
            expected="one of the two",
            hint=f"metric={name!r}, maximize=True",
        )
    direction = maximize if maximize is not None else None if minimize is None else not minimize
    # A step's name before the metric's own ("val_accuracy", "test_f1") does not change its direction.
    known = KNOWN.get(name) or KNOWN.get(name.split("_", 1)[-1] if "_" in name else name)
    if known is not None and direction in (None, known.maximize):
        return Metric(**{**vars(known), "name": name})
    if direction is not None:
        return Metric(name, direction)
    near = nearest_name(name, KNOWN, cutoff=0.6)
    raise MldiagError(
        f"unknown metric {name!r}",
        expected="a known metric, or its direction: maximize=True or minimize=True",
        nearest=near,
        hint=f"metric={near!r}" if near else f"metric={name!r}, {_direction_of(name)}=True",
    )


def _direction_of(name: str) -> str:
    return "minimize" if likely_maximized(name) is False else "maximize"


_HIGHER = (
    "acc",
    "auc",
    "f1",
    "precision",
    "recall",
    "iou",
    "dice",
    "bleu",
    "rouge",
    "r2",
    "ndcg",
    "score",
)
_LOWER = (
    "loss",
    "err",
    "mse",
    "mae",
    "rmse",
    "nll",
    "perplexity",
    "ppl",
    "wer",
    "cer",
    "fid",
    "cost",
)


def likely_maximized(name: str) -> bool | None:
    """Whether a metric's name sounds like one that is better where it is larger; None where it does not tell.

    Example:
        >>> likely_maximized("test_acc"), likely_maximized("valLoss"), likely_maximized("thing")
        (True, False, None)
    """
    words = re.findall(r"[a-z]+[0-9]?", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())
    lower = any(word.startswith(_LOWER) for word in words)
    higher = any(word.startswith(_HIGHER) for word in words)
    return None if lower == higher else higher


WORTH_POINTS = 0.005
"""Half a point is worth having for scores in [0, 1] unless the user says otherwise."""

WORTH_SHARE = 0.01
"""For other metrics: 1 % of the present score."""


def smallest_gain(metric: Metric, present: float) -> float:
    """What counts as worth having where the user did not say, in the metric's own unit.

    Args:
        metric: The metric.
        present: The score without any change.

    Example:
        >>> smallest_gain(named_metric("accuracy"), 0.9), smallest_gain(named_metric("rmse"), 50.0)
        (0.005, 0.5)
        >>> smallest_gain(named_metric("r2"), 0.1), smallest_gain(named_metric("r2"), 0.9)
        (0.005, 0.009000000000000001)
    """
    if metric.as_points():
        return WORTH_POINTS
    least = 1e-12 if metric.guess is None else WORTH_POINTS  # 1 % of hardly any skill is nothing
    return max(WORTH_SHARE * abs(present), least)
