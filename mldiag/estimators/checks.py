"""What is wrong with an estimator, its parameters or its targets is found before the first trial."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.utils import get_tags

from mldiag.errors import MldiagError, nearest_name
from mldiag.estimators.parts import (
    final_step,
    is_own,
    nested_parts,
    parameters_of,
    weight_argument,
)
from mldiag.estimators.responses import available_response
from mldiag.parameters import Parameter
from mldiag.scoring.rule import ScoreRule


def build_once(estimator: Any, defaults: Mapping[str, Any]) -> tuple[Any, Any]:
    """An unfitted estimator to look at, and the factory where one was given.

    Raises:
        MldiagError: If it is neither an estimator nor a function that makes one.
    """
    if isinstance(estimator, type):
        raise MldiagError(
            f"{estimator.__name__} is a class",
            expected="an estimator, or a function (params, seed) -> estimator",
            hint=f"{estimator.__name__}()",
        )
    if hasattr(estimator, "fit"):
        try:
            return clone(estimator, safe=False), None
        except Exception as error:  # raised by the estimator's own constructor
            raise MldiagError(
                f"{type(estimator).__name__} cannot be cloned: {_line(error)}",
                expected="an estimator that keeps its arguments unchanged",
                hint="give a function (params, seed) -> estimator instead",
            ) from error
    if not callable(estimator):
        raise MldiagError(
            f"estimator is a {type(estimator).__name__} without fit",
            expected="an estimator, or a function (params, seed) -> estimator",
        )
    return _made_by(estimator, defaults), estimator


def _made_by(factory: Any, defaults: Mapping[str, Any]) -> Any:
    shown = getattr(factory, "__name__", type(factory).__name__)
    try:
        inspect.signature(factory).bind({}, 0)
    except TypeError as error:
        raise MldiagError(
            f"{shown}{inspect.signature(factory)} cannot be called with the parameters and the seed",
            expected="a function of two arguments",
            hint=f"def {shown}(params, seed): ...",
        ) from error
    except ValueError:  # a built-in that does not tell its arguments
        pass
    try:
        made = factory(dict(defaults), 0)
    except Exception as error:  # whatever the user's function raises
        raise MldiagError(
            f"{shown}(params, seed) raised {type(error).__name__}: {_line(error)}",
            expected=f"an estimator for the defaults {dict(defaults)}",
            hint="declare every parameter that it reads in params=",
        ) from error
    if not hasattr(made, "fit"):
        raise MldiagError(
            f"{shown}(params, seed) returned a {type(made).__name__}",
            expected="an estimator with fit and predict",
        )
    return made


def check_parameters(estimator: Any, params: Mapping[str, Parameter], prefix: str) -> None:
    """Refuse a declared parameter that the estimator does not have; None stands for a factory."""
    if estimator is None:
        return
    known = parameters_of(estimator)
    for name in params:
        if name in known or prefix + name in known:
            continue
        allowed = sorted(key.removeprefix(prefix) for key in known if key.startswith(prefix))
        # "C" is meant as "svc__C": the last part of a nested name counts
        nested = [key for key in allowed if key.rsplit("__", 1)[-1] == name]
        one = nearest_name(name, allowed)
        close = nested or ([one] if one else [])
        shown = type(final_step(estimator)).__name__
        raise MldiagError(
            f"unknown parameter {name!r} of {shown}",
            expected=f"one of {', '.join(allowed)}" if allowed else "an estimator with get_params",
            nearest=", ".join(close),
        )


def check_response(estimator: Any, rule: ScoreRule, metric: str) -> str:
    """The method whose output the metric scores; an error where the estimator has none of them."""
    method = available_response(estimator, rule)
    if not hasattr(estimator, method):
        raise MldiagError(
            f"the metric {metric!r} needs {' or '.join(rule.responses)}",
            expected=f"an estimator that has it; {type(final_step(estimator)).__name__} as set has not",
            nearest="accuracy" if rule.classes else "r2",
        )
    return method


def check_weights(estimator: Any, rule: ScoreRule, metric: str) -> None:
    """Refuse sample weights that the fit or the score would ignore."""
    if weight_argument(estimator) is None:
        raise MldiagError(
            f"{type(final_step(estimator)).__name__}.fit takes no sample_weight",
            expected="an estimator that does, or no sample_weight=",
        )
    if "sample_weight" not in inspect.signature(rule.function).parameters:
        raise MldiagError(
            f"the metric {metric!r} takes no sample_weight",
            expected="a metric that does, or no sample_weight=",
            hint="def metric(y_true, y_pred, sample_weight=None): ..." if rule.users else "",
        )


def targets_of(y: Any, name: str = "the targets", *, hint: str = "") -> Any:
    """Targets as an array without missing values: text as text, one column as one dimension.

    Raises:
        MldiagError: If values are missing, or text and numbers are mixed.

    Example:
        >>> targets_of([["a"], ["b"]]).tolist()
        ['a', 'b']
    """
    array = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if isinstance(y, (list, tuple)) and array.dtype.kind == "U":
        array = np.array(y, dtype=object)  # else NumPy would turn a number among names into a name
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    flat = array.reshape(-1)
    if array.dtype == object:
        missing = np.array([value is None or value != value for value in flat], dtype=bool)
    else:
        missing = flat != flat
    if missing.any():
        first = int(np.flatnonzero(missing)[0])
        raise MldiagError(
            f"{name} are missing in {int(missing.sum())} of {len(flat)} rows, first in row {first}",
            expected="a target for every row: leave these rows out",
            hint=hint or "keep = y.notna(); X, y = X[keep], y[keep]",
        )
    if array.dtype.kind == "f" and np.isinf(flat).any():
        first = int(np.flatnonzero(np.isinf(flat))[0])
        raise MldiagError(
            f"{name} are infinite in {int(np.isinf(flat).sum())} of {len(flat)} rows, first in row {first}",
            expected="a finite target for every row: leave these rows out",
            hint="keep = np.isfinite(y); X, y = X[keep], y[keep]",
        )
    if array.dtype != object:
        return array
    kinds = {isinstance(value, str) for value in flat}
    if len(kinds) > 1:
        raise MldiagError(f"{name} mix text and numbers", expected="all text, or all numbers")
    return array.astype(str) if True in kinds else np.array(array.tolist())


def check_features(estimator: Any, X: Any, *, hint: str = "") -> None:
    """Refuse missing and infinite values where every fit would.

    Only a single estimator of scikit-learn's own is asked: its tags say what it takes. What a pipeline or an
    estimator around another one takes, only its fit can tell.

    Args:
        estimator: An unfitted estimator.
        X: Features: array or frame.
        hint: What to do about it.

    Raises:
        MldiagError: With the first column that holds such a value.
    """
    nested = len(list(nested_parts(estimator))) > 1
    if nested or not is_own(estimator) or isinstance(estimator, (DummyClassifier, DummyRegressor)):
        return
    if get_tags(estimator).input_tags.allow_nan:
        return
    for name, values in _number_columns(X):
        missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
        if missing or infinite:
            kind, count = ("missing", missing) if missing else ("infinite", infinite)
            raise MldiagError(
                f"{name} is {kind} in {count:,} of {len(values):,} rows, which "
                f"{type(estimator).__name__} does not take",
                expected="a finite number in every row, or a model that takes missing values",
                hint=hint or "make_pipeline(SimpleImputer(), StandardScaler(), estimator)",
            )


def _number_columns(X: Any) -> Iterator[tuple[str, Any]]:
    """Name and values of every column of floating-point numbers; sparse and other kinds have none."""
    if hasattr(X, "columns"):
        for position, name in enumerate(X.columns):
            column = X.iloc[:, position]
            if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
                yield f"column {name!r}", column.to_numpy()
    elif isinstance(X, np.ndarray) and X.dtype.kind == "f" and X.ndim == 2:
        yield from ((f"column {i} of X", X[:, i]) for i in range(X.shape[1]))


def _line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
