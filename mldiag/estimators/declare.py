"""From a scikit-learn estimator, or a factory of one, to the fields of an `Experiment`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from mldiag.data.augmentation import declared_augmentation
from mldiag.data.source import DataSource, Loaded
from mldiag.errors import MldiagError, unknown_name
from mldiag.estimators.checks import (
    build_once,
    check_features,
    check_parameters,
    check_response,
    check_weights,
    targets_of,
)
from mldiag.estimators.classes import all_targets, classes_of
from mldiag.estimators.parts import (
    EARLY_STOPPING_ROWS,
    final_step,
    fixed_seeds,
    is_deterministic,
    is_own,
    parameters_of,
    pin_early_stopping,
    written_out,
)
from mldiag.estimators.train import EstimatorTrain
from mldiag.parameters import Parameter
from mldiag.scoring.names import measured_by


def describe_estimator(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    metric: Any = None,
    maximize: bool | None = None,
    minimize: bool | None = None,
    params: Mapping[str, Parameter] | None = None,
    valid: Any = None,
    test: Any = None,
    groups: Any = None,
    time: Any = None,
    stratify: Any = None,
    sample_weight: Any = None,
    augment: Any = None,
    name: str = "",
    **unknown: Any,
) -> dict[str, Any]:
    """The fields of an `Experiment` that fits an estimator.

    Args:
        estimator: An estimator, or a function `(params, seed) -> estimator`.
        X: Features with one row a sample: array, frame, sparse matrix, list, or the path of a table.
        y: Targets, one a row; of a frame or table, the name of its target column.
        metric: A scorer's name, a scorer, or `(y_true, y_pred) -> float`; `accuracy` or `r2` if None.
        maximize: Direction of a function; larger is better unless said otherwise.
        minimize: Direction of a function.
        params: Declared parameters by their name in `set_params`.
        valid: `(X, y)` to validate on; drawn from the rows if None.
        test: `(X, y)` for the reserve; set aside from the rows if None.
        groups: Group by row, or a column's name; groups are kept whole.
        time: Time by row, or a column's name; order is kept.
        stratify: True, False, or labels by row; None stratifies classes.
        sample_weight: Weight by row, or a column's name.
        augment: A function `(X, y, rng) -> (X, y)` on training rows, the name of a parameter whose default
            is "off", or a pair of that name and the value that is "on".
        name: Name of the experiment; that of the estimator if empty.
        **unknown: Refused with the nearest option.

    Raises:
        MldiagError: If an option, a parameter or a metric is unknown or does not suit the data.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> fields = describe_estimator(KNeighborsClassifier(), *load_iris(return_X_y=True))
        >>> fields["name"], fields["metric"].name, fields["deterministic"]
        ('KNeighborsClassifier', 'accuracy', True)
    """
    if unknown:
        raise unknown_name("option", next(iter(unknown)), _OPTIONS)
    table = isinstance(y, str)
    if isinstance(X, (str, Path)) and not table:
        raise MldiagError(f"{X} is given without a target", expected="y= the target column's name")
    if y is None:
        raise MldiagError("y is missing", expected="one target for every row of X")
    source = DataSource(
        data=X if table else (X, targets_of(y)),
        target=y if table else None,
        stratify=stratify,
        groups=groups,
        time=time,
        sample_weight=sample_weight,
        valid=valid if table else _with_targets(valid, "valid"),
        test=test if table else _with_targets(test, "test"),
    )
    fields = fields_of(
        estimator,
        source,
        metric=metric,
        maximize=maximize,
        minimize=minimize,
        params=params,
        name=name,
    )
    augmentation = declared_augmentation(augment, params or {}, holds_data=True)
    users = augmentation is not None and augmentation.function is not None
    in_process = fields["in_process"] and not users  # the user's code may hang or crash
    return fields | {"augment": augmentation, "in_process": in_process}


_OPTIONS = ("metric", "maximize", "minimize", "params", "valid", "test", "groups", "time", "stratify",
            "sample_weight", "augment", "name")  # fmt: skip


def fields_of(
    estimator: Any,
    source: DataSource,
    *,
    loaded: Loaded | None = None,
    metric: Any = None,
    maximize: bool | None = None,
    minimize: bool | None = None,
    params: Mapping[str, Parameter] | None = None,
    prefix: str = "",
    name: str = "",
    features_hint: str = "",
) -> dict[str, Any]:
    """`describe_estimator` for data that are already declared.

    Args:
        estimator: An estimator or a factory.
        source: The declared data.
        loaded: What `source.load()` gave, where it was called before.
        metric: As for `describe_estimator`.
        maximize: As for `describe_estimator`.
        minimize: As for `describe_estimator`.
        params: Declared parameters.
        prefix: Put before a parameter's name that the estimator itself does not have (`model__`).
        name: Name of the experiment.
        features_hint: What to do where the estimator does not take missing features.
    """
    params = dict(params or {})
    built, factory = build_once(estimator, {key: value.default for key, value in params.items()})
    check_parameters(built if factory is None else None, params, prefix)
    loaded = loaded or source.load()
    y = all_targets(loaded)
    classes = classes_of(built, y)
    for _, part in loaded.dataset.parts() if loaded.dataset is not None and factory is None else ():
        check_features(built, part.X, hint=features_hint)
    source = _stratified(source, built, y)
    shown, rule = measured_by(
        metric or ("r2" if classes is None and y.dtype.kind not in "USb" else "accuracy"),
        y,
        classes=classes,
        maximize=maximize,
        minimize=minimize,
    )
    response = check_response(built, rule, shown.name)
    rule = replace(rule, responses=(response,))
    weighted = source.sample_weight is not None
    if weighted:
        check_weights(built, rule, shown.name)
    rows = loaded.splits.train_size_of(0)
    train = EstimatorTrain(
        estimator=built if factory is None else None,
        factory=factory,
        rule=rule,
        metric=shown.name,
        swept=tuple(params),
        prefix=prefix,
        early_stopping=rows > EARLY_STOPPING_ROWS,
        weighted=weighted,
    )
    swept = {key if key in parameters_of(built) else prefix + key for key in params}
    return {
        "name": name or _name_of(built, factory),
        "train": train,
        "source": source,
        "params": params,
        "metric": replace(shown, response=response),
        "deterministic": factory is None and is_deterministic(built, swept),
        "in_process": factory is None and is_own(built) and not rule.users,
        "notices": tuple(_notices(train, built, params, rows, loaded)),
    }


def _with_targets(part: Any, name: str) -> Any:
    """A declared (X, y) with its targets as an array."""
    if part is None or callable(part):
        return part
    if not isinstance(part, (tuple, list)) or len(part) != 2:
        raise MldiagError(
            f"{name}= is a {type(part).__name__}", expected="(X, y)", hint=f"{name}=(X, y)"
        )
    return (part[0], targets_of(part[1], f"the {name} targets"))


def _stratified(source: DataSource, estimator: Any, y: NDArray[Any]) -> DataSource:
    """Stratify a classifier's rows even where it has more classes than a target is taken to have."""
    if source.stratify is None and is_classifier(estimator) and y.ndim == 1:
        return replace(source, stratify=True)
    return source


def _name_of(built: Any, factory: Any) -> str:
    if factory is None:
        return type(final_step(built)).__name__
    name = getattr(factory, "__name__", type(factory).__name__)
    return "estimator" if name == "<lambda>" else name


def _notices(
    train: EstimatorTrain, built: Any, params: Mapping[str, Parameter], rows: int, loaded: Loaded
) -> list[str]:
    notices = []
    kept = fixed_seeds(built)
    if train.factory is not None:  # a factory may pass the seed on: only what ignores it is fixed
        other = fixed_seeds(train.factory({name: p.default for name, p in params.items()}, 1))
        kept = {name: value for name, value in kept.items() if other.get(name) == value}
    for name, value in kept.items():
        notices.append(
            f"{name.removeprefix(train.prefix)}={value!r} is kept: the trials' seeds do not change it"
        )
    own = clone(built, safe=False)
    notices += [
        f"{name.removeprefix(train.prefix)}='auto' is fixed at {train.early_stopping} for every trial: "
        f"scikit-learn switches it on above {EARLY_STOPPING_ROWS:,} rows, and the full training has {rows:,}"
        for name in pin_early_stopping(own, on=train.early_stopping)
    ]
    known = parameters_of(built) if train.factory is None else {}
    for name, parameter in params.items():
        given = known.get(name, known.get(train.prefix + name, parameter.default))
        if written_out(given) != written_out(parameter.default) and given != parameter.default:
            notices.append(
                f"{name}: trials use the declared default {parameter.default!r}, where the estimator "
                f"was given {given!r}"
            )
    if train.weighted and loaded.splits.fixed_valid:
        notices.append("the rows of valid= have no weights: they count equally in the score")
    return notices
