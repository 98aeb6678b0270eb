"""What a reference is asked: classes or quantities, and how its predictions are scored."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy
import sklearn.metrics

from mldiag.data.source import Loaded, is_class_target
from mldiag.errors import MldiagError
from mldiag.estimators.classes import all_targets
from mldiag.estimators.parts import written_out
from mldiag.metrics import Metric
from mldiag.reference.features import Unsuited, check_features
from mldiag.scoring.rule import ScoreRule

_OF_QUANTITIES = frozenset({
    "r2_score", "explained_variance_score", "mean_squared_error", "root_mean_squared_error",
    "mean_absolute_error", "median_absolute_error", "max_error", "mean_absolute_percentage_error",
})  # fmt: skip

_ONE_WAY_FOR_MANY_CLASSES = frozenset({
    "accuracy_score", "balanced_accuracy_score", "zero_one_loss", "matthews_corrcoef", "log_loss",
})  # fmt: skip
"""Metrics of more than two classes that need no choice of an average."""

_OF_ABSOLUTE_ERRORS = frozenset(
    {"mean_absolute_error", "median_absolute_error", "mean_absolute_percentage_error"}
)

_OF_RANKS = frozenset({"roc_auc_score", "average_precision_score", "top_k_accuracy_score"})


PROTOCOL = "1"
"""Raised whenever a reference trains or scores in another way, so that stored trials are not reused."""


@dataclass(frozen=True, eq=False)
class Question:
    """How a reference is trained and scored.

    Args:
        metric: Name of the experiment's metric.
        rule: How predictions are scored.
        classes: Every class in order; None for quantities.
        weighted: Whether rows have weights in the score.
    """

    metric: str
    rule: ScoreRule
    classes: tuple[Any, ...] | None
    weighted: bool = False

    @property
    def absolute(self) -> bool:
        """Whether the metric is an absolute error, which the median minimises."""
        return getattr(self.rule.function, "__name__", "") in _OF_ABSOLUTE_ERRORS


def question_of(train: Callable[..., Any], metric: Metric, loaded: Loaded) -> Question:
    """What references of an experiment are asked.

    Args:
        train: The experiment's train function; where it has a rule (estimators), that one scores.
        metric: The experiment's metric.
        loaded: The experiment's data.

    Raises:
        Unsuited: If the data are not held, are no numbers, or the metric cannot be computed from
            predictions; with what would enable it.
    """
    if loaded.dataset is None:
        raise Unsuited(
            "mldiag does not hold the data", expected="data=(X, y) in the declaration, not rows="
        )
    try:
        y = all_targets(loaded)
    except MldiagError as error:
        raise Unsuited(error.what, expected=error.expected) from error
    if y.ndim > 1:
        raise Unsuited("the targets have several columns", expected="one target a row")
    check_features(loaded.dataset.main.X)
    rule = getattr(train, "rule", None)
    if isinstance(rule, ScoreRule):
        rule = _any_response(rule)
        return Question(metric.name, rule, rule.classes, bool(getattr(train, "weighted", False)))
    return Question(metric.name, *_known(metric, y))


def _known(metric: Metric, y: Any) -> tuple[ScoreRule, tuple[Any, ...] | None]:
    """The rule of a metric that is known by its name."""
    if metric.function is None:
        raise Unsuited(
            f"{metric.name} cannot be computed from predictions by mldiag",
            expected="a metric such as accuracy or rmse beside it",
        )
    function = getattr(sklearn.metrics, metric.function)
    if metric.function in _OF_QUANTITIES:
        if y.dtype.kind not in "iufb":
            raise Unsuited(f"{metric.name} is of quantities, and the targets are not")
        return ScoreRule(function), None
    if not is_class_target(y):
        raise Unsuited(f"{metric.name} is of classes, and the targets are quantities")
    classes = tuple(np.unique(y).tolist())
    if len(classes) > 2 and metric.function not in _ONE_WAY_FOR_MANY_CLASSES:
        raise Unsuited(
            f"{metric.name} of more than two classes can be averaged in several ways",
            expected="a name that says which, through Experiment.from_estimator, or accuracy",
        )
    singled_out = "pos_label" in inspect.signature(function).parameters and len(classes) == 2
    if singled_out and 1 not in classes:
        raise Unsuited(f"{metric.name} does not say which class is the positive one")
    positive = classes.index(1) if singled_out else None
    rule = ScoreRule(function, responses=(metric.response,), classes=classes, positive=positive)
    return _any_response(rule), classes


def _any_response(rule: ScoreRule) -> ScoreRule:
    """Ranks may come from probabilities as well as from decisions."""
    if getattr(rule.function, "__name__", "") not in _OF_RANKS:
        return rule
    responses = dict.fromkeys((*rule.responses, "predict_proba", "decision_function"))
    return replace(rule, responses=tuple(responses))


def reference_digest(question: Question) -> list[str]:
    """What decides a reference's result beside its description and the data, as texts."""
    rule = question.rule
    return [
        PROTOCOL,
        question.metric,
        written_out((rule.function, rule.arguments, rule.responses)),
        f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, scipy {scipy.__version__}",
    ]
