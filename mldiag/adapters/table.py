"""`[tool.mldiag]` with a table and an estimator: an experiment without any Python."""

from __future__ import annotations

import inspect
import json
import shlex
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from mldiag.adapters.config import read_parameters
from mldiag.adapters.table_declaration import (
    ESTIMATOR_EXAMPLE,
    check_table,
    module_and_name,
)
from mldiag.adapters.user_file import import_folder, nearest_module
from mldiag.data.preprocess import TablePreprocessor, column_kinds, describe_preprocessing
from mldiag.data.source import DataSource, Loaded, is_class_target
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError, unknown_name
from mldiag.estimators.checks import check_parameters, targets_of
from mldiag.estimators.declare import fields_of
from mldiag.estimators.parts import parameters_of
from mldiag.parameters import Parameter
from mldiag.scoring.names import check_metric_name

_MODEL, _PREPROCESS = "model", "preprocess"


def table_experiment(table: Mapping[str, Any], path: Path) -> Experiment:
    """The experiment that a table and an estimator make.

    Args:
        table: The `[tool.mldiag]` table.
        path: The file it stands in; paths in it start from that file's folder.

    Raises:
        MldiagError: If a key, a column, the estimator's path or a parameter is wrong.
    """
    check_table(table, path.parent)
    source = table_source(table, path.parent)
    named = "estimator" in table
    if named:  # what the estimator refuses is told before a large table is read
        chosen, notices = _estimator(table, path.parent)
        check_parameters(chosen, _parameters(table, chosen), "")
    if "metric" in table:
        check_metric_name(table["metric"])
    loaded = source.load()
    assert loaded.dataset is not None
    targets = targets_of(
        loaded.dataset.main.y,
        f"the targets in {table['target']!r}",
        hint=_without_missing(table["data"], table["target"]),
    )
    if not named:
        chosen, notices = _default_estimator(table, targets, path.parent)
    model, prefix, said = _preprocessed(table, chosen, loaded, targets)
    params = _parameters(table, chosen)
    metric = table.get("metric")
    fields = fields_of(
        model,
        source,
        loaded=loaded,
        metric=metric,
        maximize=table.get("maximize"),
        minimize=table.get("minimize"),
        params=params,
        prefix=prefix,
        name=table.get("name") or Path(table["data"]).stem,  # stays when the estimator is exchanged
        features_hint='preprocess = "auto"',
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
            `sample_weight`, `drop`.
        folder: Where relative paths start.
    """
    return DataSource(
        data=table["data"],
        target=table["target"],
        stratify=table.get("stratify"),
        groups=table.get("groups"),
        time=table.get("time"),
        sample_weight=table.get("sample_weight"),
        valid=table.get("valid"),
        test=table.get("test"),
        drop=tuple(table.get("drop", ())),
        base=folder,
    )


def _parameters(table: Mapping[str, Any], chosen: Any) -> dict[str, Parameter]:
    return read_parameters(table.get("params", {}), parameters_of(chosen))


def _without_missing(file: str, target: str) -> str:
    """A command that writes the table without the rows that have no target; for text without gzip."""
    if not file.endswith((".csv", ".tsv")):
        return f"remove these rows from {file}; its first row is number 0"
    name = Path(file).with_stem(Path(file).stem + "-clean")
    code = (
        f'import pandas as pd; frame = pd.read_csv({json.dumps(file)}, sep=None, engine="python"); '
        f"frame[frame[{json.dumps(target)}].notna()].to_csv({json.dumps(str(name))}, index=False)"
    )
    return f"python -c {shlex.quote(code)}"


def _estimator(table: Mapping[str, Any], folder: Path) -> tuple[Any, list[str]]:
    """The declared estimator with its options, and nothing to say of it."""
    shown = str(table["estimator"])
    return _made(imported(shown, folder), shown, table.get("estimator_params", {})), []


def _default_estimator(
    table: Mapping[str, Any], targets: np.ndarray[Any, Any], folder: Path
) -> tuple[Any, list[str]]:
    """The estimator where none is declared, and what to say of it."""
    classes = is_class_target(targets)
    name = "HistGradientBoostingClassifier" if classes else "HistGradientBoostingRegressor"
    shown = f"sklearn.ensemble:{name}"
    kind = "classes" if classes else "quantities"
    notice = f"no estimator is named, and the targets are {kind}: {shown}"
    return _made(imported(shown, folder), shown, table.get("estimator_params", {})), [notice]


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
    module_name, name = module_and_name(path)
    import_folder(folder)
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        near = nearest_module(missing)
        raise MldiagError(
            f"the estimator {path!r}: there is no module {missing!r}",
            expected="package.module:Class of an installed package, or of a file beside the config",
            nearest=near,
            hint=ESTIMATOR_EXAMPLE if near or "." in missing else f"pip install {missing}",
        ) from error
    except Exception as error:  # the module's own code
        raise MldiagError(
            f"importing {module_name!r} raised {type(error).__name__}: {error}",
            expected="a module that imports",
        ) from error
    if not hasattr(module, name):
        public = [item for item in dir(module) if not item.startswith("_")]
        classes = [item for item in public if callable(getattr(module, item, None))]
        told = unknown_name(f"name in {module_name}", name, classes)
        near = f"{module_name}:{told.nearest}" if told.nearest else ""
        hint = f'estimator = "{near}"' if near else ESTIMATOR_EXAMPLE
        raise MldiagError(told.what, expected=told.expected, nearest=told.nearest, hint=hint)
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
            raise _unknown_option(name, options[name], shown, known)
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


def _unknown_option(name: str, value: Any, shown: str, known: list[str]) -> MldiagError:
    error = unknown_name(f"option of {shown} in estimator_params", name, known)
    near = error.nearest
    hint = f"[tool.mldiag.estimator_params]\n{near} = {_toml(value)}" if near else ""
    return MldiagError(error.what, expected=error.expected, nearest=near, hint=hint)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else json.dumps(value, default=str)


def _plain(value: Any) -> Any:
    """TOML has no tuples: (64, 64) is written [64, 64]."""
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value


def _preprocessed(
    table: Mapping[str, Any], chosen: Any, loaded: Loaded, targets: np.ndarray[Any, Any]
) -> tuple[Any, str, list[str]]:
    """The estimator behind the default preprocessing, the prefix of its parameters, and what to say."""
    if table.get("preprocess", "auto") == "none":
        return chosen, "", []
    assert loaded.dataset is not None
    frame = loaded.dataset.main.X
    empty = [str(name) for name in frame.columns if frame[name].isna().all()]
    if len(empty) == frame.shape[1]:
        raise MldiagError(
            f"no column of {table['data']} beside {table['target']!r} holds any value",
            expected="at least one feature",
        )
    kinds = column_kinds(loaded.dataset.main.X)
    classes = is_classifier(chosen) or (not is_regressor(chosen) and is_class_target(targets))
    steps = [
        (_PREPROCESS, TablePreprocessor(kinds, classes=classes)),
        (_MODEL, clone(chosen, safe=False)),
    ]
    said = [f"no row has a value in {', '.join(empty)}: left out"] if empty else []
    return Pipeline(steps), f"{_MODEL}__", [*said, describe_preprocessing(kinds)]
