"""`[tool.mldiag]` with a table and an estimator: an experiment without any Python."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from mldiag.adapters.config import check_keys, read_parameters, text_of
from mldiag.adapters.user_file import import_folder
from mldiag.data.preprocess import TablePreprocessor, column_kinds, describe_preprocessing
from mldiag.data.source import DataSource, Loaded, is_class_target
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError, unknown_name
from mldiag.estimators.checks import targets_of
from mldiag.estimators.declare import fields_of
from mldiag.estimators.parts import parameters_of

_WHERE = "[tool.mldiag]"
_KEYS = (
    "name", "data", "target", "estimator", "estimator_params", "preprocess", "params", "metric",
    "maximize", "minimize", "valid", "test", "groups", "time", "stratify", "sample_weight", "command",
)  # fmt: skip
_MODEL, _PREPROCESS = "model", "preprocess"


def table_experiment(table: Mapping[str, Any], path: Path) -> Experiment:
    """The experiment that a table and an estimator make.

    Args:
        table: The `[tool.mldiag]` table.
        path: The file it stands in; paths in it start from that file's folder.

    Raises:
        MldiagError: If a key, a column, the estimator's path or a parameter is wrong.
    """
    check_keys(table, _KEYS, _WHERE)
    source = table_source(table, path.parent)
    loaded = source.load()
    assert loaded.dataset is not None
    targets = targets_of(
        loaded.dataset.main.y,
        f"the targets in {table['target']!r}",
        hint=f"remove these rows from {table['data']}; its first row is number 0",
    )
    chosen, notices = _estimator(table, targets, path.parent)
    model, prefix, said = _preprocessed(table, chosen, loaded, targets)
    params = read_parameters(table.get("params", {}), parameters_of(chosen))
    metric = table.get("metric")
    if not isinstance(metric, (str, type(None))):
        raise MldiagError(f"metric is {metric!r}", expected="a scorer's name in quotes")
    fields = fields_of(
        model,
        source,
        loaded=loaded,
        metric=metric,
        maximize=table.get("maximize"),
        minimize=table.get("minimize"),
        params=params,
        prefix=prefix,
        name=table.get("name", ""),
    )
    fields["notices"] = (*notices, *said, *fields["notices"])
    experiment = Experiment(**fields, target=str(path), home=path.parent)
    vars(experiment)["loaded"] = (
        loaded  # the file has been read; a copy of the experiment reads it again
    )
    return experiment


def table_source(table: Mapping[str, Any], folder: Path) -> DataSource:
    """The data that a table declares.

    Args:
        table: With `data`, `target` and perhaps `valid`, `test`, `groups`, `time`, `stratify`,
            `sample_weight`.
        folder: Where relative paths start.
    """
    text_of(table, "data", _WHERE, hint='data = "train.csv"')
    text_of(table, "target", _WHERE, hint='target = "label"')
    for key in ("valid", "test", "groups", "time", "sample_weight"):
        if key in table:
            text_of(table, key, _WHERE)
    stratify = table.get("stratify")
    if not isinstance(stratify, (bool, str, type(None))):
        raise MldiagError(f"stratify is {stratify!r}", expected="true, false, or a column's name")
    return DataSource(
        data=table["data"],
        target=table["target"],
        stratify=stratify,
        groups=table.get("groups"),
        time=table.get("time"),
        sample_weight=table.get("sample_weight"),
        valid=table.get("valid"),
        test=table.get("test"),
        base=folder,
    )


def _estimator(
    table: Mapping[str, Any], targets: np.ndarray[Any, Any], folder: Path
) -> tuple[Any, list[str]]:
    """The declared estimator with its options, or the default one, and what to say of it."""
    options = table.get("estimator_params", {})
    if not isinstance(options, Mapping):
        raise MldiagError(
            f"estimator_params is {options!r}", expected="a table, [tool.mldiag.estimator_params]"
        )
    if "estimator" in table:
        shown = text_of(table, "estimator", _WHERE)
        return _made(imported(shown, folder), shown, options), []
    name = (
        "HistGradientBoostingClassifier"
        if is_class_target(targets)
        else "HistGradientBoostingRegressor"
    )
    kind = "classes" if is_class_target(targets) else "quantities"
    shown = f"sklearn.ensemble:{name}"
    notice = f"no estimator is named, and the targets are {kind}: {shown}"
    return _made(imported(shown, folder), shown, options), [notice]


def imported(path: str, folder: Path) -> Any:
    """What `package.module:name` stands for.

    Args:
        path: The path, as in the configuration.
        folder: Where local modules lie.

    Raises:
        MldiagError: If the module or the name does not exist.

    Example:
        >>> imported("sklearn.svm:SVC", Path()).__name__
        'SVC'
    """
    module_name, _, name = path.partition(":")
    if not name and "." in path:
        module_name, _, name = path.rpartition(".")
    example = 'estimator = "sklearn.ensemble:RandomForestClassifier"'
    if not name:
        raise MldiagError(
            f"the estimator {path!r} names no class", expected="package.module:Class", hint=example
        )
    import_folder(folder)
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        raise MldiagError(
            f"the estimator {path!r}: there is no module {missing!r}",
            expected="package.module:Class of an installed package, or of a file beside the config",
            hint=example if find_spec(missing.partition(".")[0]) else f"pip install {missing}",
        ) from error
    except Exception as error:  # the module's own code
        raise MldiagError(
            f"importing {module_name!r} raised {type(error).__name__}: {error}",
            expected="a module that imports",
        ) from error
    if not hasattr(module, name):
        public = [item for item in dir(module) if not item.startswith("_")]
        classes = [item for item in public if callable(getattr(module, item, None))]
        raise unknown_name(f"name in {module_name}", name, classes, hint=example)
    return getattr(module, name)


def _made(maker: Any, shown: str, options: Mapping[str, Any]) -> Any:
    """An estimator of the class, with its options."""
    try:
        known = list(inspect.signature(maker).parameters)
    except (TypeError, ValueError):
        known = []
    variable = any(
        p.kind is inspect.Parameter.VAR_KEYWORD
        for p in (inspect.signature(maker).parameters.values() if known else ())
    )
    for name in options:
        if known and not variable and name not in known:
            raise unknown_name(f"option of {shown} in estimator_params", name, known)
    try:
        estimator = maker(**{name: _plain(value) for name, value in options.items()})
    except Exception as error:  # the class's own complaint
        raise MldiagError(
            f"{shown} cannot be made: {error}",
            expected="a class whose arguments have defaults, or are in estimator_params",
        ) from error
    if not hasattr(estimator, "fit"):
        raise MldiagError(
            f"{shown} made a {type(estimator).__name__} without fit", expected="an estimator"
        )
    return estimator


def _plain(value: Any) -> Any:
    """TOML has no tuples: (64, 64) is written [64, 64]."""
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value


def _preprocessed(
    table: Mapping[str, Any], chosen: Any, loaded: Loaded, targets: np.ndarray[Any, Any]
) -> tuple[Any, str, list[str]]:
    """The estimator behind the default preprocessing, the prefix of its parameters, and what to say."""
    wanted = table.get("preprocess", "auto")
    if wanted not in ("auto", "none"):
        raise unknown_name("preprocess", str(wanted), ["auto", "none"])
    if wanted == "none":
        return chosen, "", []
    assert loaded.dataset is not None
    kinds = column_kinds(loaded.dataset.main.X)
    classes = is_classifier(chosen) or (not is_regressor(chosen) and is_class_target(targets))
    steps = [
        (_PREPROCESS, TablePreprocessor(kinds, classes=classes)),
        (_MODEL, clone(chosen, safe=False)),
    ]
    return Pipeline(steps), f"{_MODEL}__", [describe_preprocessing(kinds)]
