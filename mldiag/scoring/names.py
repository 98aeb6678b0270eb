"""From what a user gives as `metric=` to a `Metric` and the rule that computes it."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer, get_scorer_names, make_scorer, zero_one_loss

from mldiag.errors import MldiagError, unknown_name
from mldiag.metrics import KNOWN, Metric
from mldiag.scoring.rule import ScoreRule, plain_labels

Classes = tuple[Any, ...] | None

_CHECKED_ROWS = 2000  # enough to meet every class; a user's own metric may be slow

_ALIASES = {
    "auc": "roc_auc",
    "mae": "neg_mean_absolute_error",
    "mape": "neg_mean_absolute_percentage_error",
    "mse": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
}

_Scorer = type(make_scorer(max))  # the class of every scorer; the package does not export it


def measured_by(
    metric: Any,
    y: NDArray[Any],
    *,
    classes: Classes = None,
    maximize: bool | None = None,
    minimize: bool | None = None,
) -> tuple[Metric, ScoreRule]:
    """The metric that the user named or gave, and how it is computed.

    Args:
        metric: A scikit-learn scorer's name, with or without `neg_`, a name in `mldiag.metrics`, a scorer,
            or a function `(y_true, y_pred) -> float`.
        y: All targets, shape (n,) or (n, outputs).
        classes: Every class in sorted order, where the targets are classes of one output.
        maximize: Direction, for a function.
        minimize: Direction, for a function.

    Returns:
        The metric under the name that is shown, and its rule.

    Raises:
        MldiagError: If it is unknown, its direction is contradicted, or it does not suit the targets.

    Example:
        >>> shown, rule = measured_by("neg_log_loss", np.array([0, 1, 0]), classes=(0, 1))
        >>> shown.name, shown.direction, rule.responses
        ('log_loss', 'minimize', ('predict_proba',))
    """
    if isinstance(metric, str):
        name, scorer = _named_scorer(metric)
        shown, rule = _from_scorer(name, scorer, classes)
    elif isinstance(metric, _Scorer):
        shown, rule = _from_scorer(_function_name(metric._score_func), metric, classes)
    elif callable(metric):
        return _from_function(metric, y, maximize=maximize, minimize=minimize)
    else:
        raise MldiagError(
            f"metric= is a {type(metric).__name__}",
            expected="a scorer's name or a function (y_true, y_pred) -> float",
            hint='metric="accuracy"',
        )
    wanted = maximize if maximize is not None else None if minimize is None else not minimize
    if wanted is not None and wanted != shown.maximize:
        raise MldiagError(
            f"metric {shown.name!r} is declared {'maximize' if wanted else 'minimize'}",
            expected=f"{shown.direction}, which scikit-learn knows of it",
            hint=f"metric={metric!r} alone",
        )
    _check_suits(shown.name, rule, y)
    return shown, rule


def check_metric_name(name: str) -> None:
    """Refuse an unknown metric, before there are targets to try it on."""
    _named_scorer(name)


def _named_scorer(name: str) -> tuple[str, Any]:
    scorers = get_scorer_names()
    for candidate in (name, f"neg_{name}"):
        if candidate in scorers:
            return candidate.removeprefix("neg_"), get_scorer(candidate)
    if name in _ALIASES:
        return name, get_scorer(_ALIASES[name])
    if name == "error_rate":
        return name, make_scorer(zero_one_loss, greater_is_better=False)
    shown = {scorer.removeprefix("neg_") for scorer in scorers}
    error = unknown_name("metric", name, {*shown, *_ALIASES, "error_rate"})
    raise MldiagError(
        error.what,
        expected="a scikit-learn scorer's name or a function (y_true, y_pred) -> float",
        nearest=error.nearest,
        hint='python -c "import sklearn.metrics as m; print(*m.get_scorer_names())"',
    )


def _from_scorer(name: str, scorer: Any, classes: Classes) -> tuple[Metric, ScoreRule]:
    function, arguments = scorer._score_func, dict(scorer._kwargs)
    responses = scorer._response_method
    responses = (responses,) if isinstance(responses, str) else tuple(responses)
    if not set(responses) <= {"predict", "predict_proba", "decision_function"}:
        raise MldiagError(
            f"the scorer {name!r} needs {' or '.join(responses)}",
            expected="predict, predict_proba or decision_function",
        )
    users = not _from_sklearn(function)
    rule = ScoreRule(
        function,
        tuple(sorted(arguments.items())),
        responses,
        classes,
        _positive(name, function, arguments, classes),
        users=users,
    )
    base = _base_metric(name, function, arguments)
    shown = Metric(
        name=name,
        maximize=scorer._sign > 0,
        low=base.low if base else None,
        high=base.high if base else None,
        function=None if users else function.__name__,
        response=responses[0],
        per_row=bool(base and base.per_row and not set(arguments)),
    )
    return shown, rule


def _from_function(
    function: Callable[..., Any],
    y: NDArray[Any],
    *,
    maximize: bool | None,
    minimize: bool | None,
) -> tuple[Metric, ScoreRule]:
    name = _function_name(function)
    needed = _required_arguments(function)
    if needed is not None and needed != 2:
        raise MldiagError(
            f"the metric {name} takes {needed} arguments",
            expected="a function (y_true, y_pred) -> float",
            hint="metric=lambda y_true, y_pred: ...",
        )
    if maximize is not None and minimize is not None and maximize == minimize:
        raise MldiagError(
            f"metric {name!r} is declared maximize={maximize} and minimize={minimize}",
            expected="one of the two",
        )
    rule = ScoreRule(function, users=not _from_sklearn(function))
    larger = maximize if maximize is not None else not minimize
    if rule.users and maximize is None and minimize is None and name in KNOWN:
        larger = KNOWN[name].maximize  # a function called rmse is an error, whoever wrote it
    if not rule.users and maximize is None and minimize is None:
        larger = not re.search(r"_(error|loss|deviance)$|^(hamming|zero_one|hinge)", name)
    _check_suits(name, rule, y)
    known = None if rule.users else _base_metric(name, function, {})
    if known is not None:
        return replace(known, name=known.name, maximize=larger), rule
    return Metric(name, larger), rule


def _base_metric(name: str, function: Any, arguments: dict[str, Any]) -> Metric | None:
    """The known metric of that name, or with that function: it has the bounds."""
    if name in KNOWN:
        return KNOWN[name]
    for metric in KNOWN.values():
        if metric.function == function.__name__ and _from_sklearn(function):
            return metric if not arguments else replace(metric, per_row=False)
    return None


def _positive(name: str, function: Any, arguments: dict[str, Any], classes: Classes) -> int | None:
    """Position of the class that scikit-learn's function calls positive; None if it singles none out."""
    parameters = inspect.signature(function).parameters
    if classes is None or len(classes) != 2 or "pos_label" not in parameters:
        return None
    label = arguments.get("pos_label", parameters["pos_label"].default)
    if arguments.get("average", "binary") != "binary" or label is None:
        return None
    if label in classes:
        return classes.index(label)
    nearest = f"{name}_macro" if f"{name}_macro" in get_scorer_names() else "roc_auc"
    raise MldiagError(
        f"the metric {name!r} does not know which of {classes[0]!r} and {classes[1]!r} is positive",
        expected=f"a class named {label!r}, as scikit-learn's {function.__name__} has it",
        nearest=nearest,
        hint=f"y = (y == {classes[1]!r}).astype(int)",
    )


def _check_suits(name: str, rule: ScoreRule, y: NDArray[Any]) -> None:
    """Score perfect predictions once, so that an unsuitable metric is known before anything runs."""
    labels = plain_labels(y)
    rows = np.arange(0, len(labels), max(1, len(labels) // _CHECKED_ROWS))
    if rule.classes is not None:
        _, first = np.unique(labels, return_index=True)
        rows = np.union1d(rows, first)
    truth = labels[rows]
    predicted = truth
    if rule.responses[0] != "predict" and rule.classes is not None:
        predicted = (truth[:, None] == np.asarray(rule.classes)).astype(float)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rule.score(truth, predicted)
    except Exception as error:  # whatever the metric raises, the user reads it here
        raise _unsuitable(name, rule, error) from error


def _unsuitable(name: str, rule: ScoreRule, error: Exception) -> MldiagError:
    message = str(error).splitlines()[0] if str(error) else type(error).__name__
    message = re.sub(r"np\.\w+_?\(('[^']*')\)", r"\1", message)
    suited = {"f1", "precision", "recall", "jaccard"}
    nearest = f"{name}_macro" if name in suited else "roc_auc_ovr" if "auc" in name else ""
    if not rule.users:
        nearest = nearest or ("accuracy" if rule.classes is not None else "r2")
    kind = "classes" if rule.classes is not None else "quantities"
    return MldiagError(
        f"the metric {name!r} cannot score these targets: {message}",
        expected="a function (y_true, y_pred) -> float" if rule.users else f"a metric of {kind}",
        nearest=nearest if nearest != name else "",
        hint=f'metric = "{nearest}"' if nearest not in ("", name) else "",
    )


def _required_arguments(function: Callable[..., Any]) -> int | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return None
    count = sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters)
    optional = sum(p.kind in positional for p in parameters) - count
    return 2 if count < 2 <= count + optional else count


def _function_name(function: Any) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return re.sub(r"\W+", "", name).strip("_") if name != "<lambda>" else "metric"


def _from_sklearn(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).split(".")[0] == "sklearn"
