"""Tables to audit: from frames and files to what the checks look at, and to an experiment that can train."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.table import AuditedTable, TableAudit, audited
from mldiag.data.content import content_digest, hashed
from mldiag.data.source import DataSource
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError, nearest_name, unknown_name
from mldiag.metrics import named_metric
from mldiag.trial import Trial

TARGET = "target"
"""Name of the target where features and targets came as two arrays."""

MOST_COLUMNS = 20_000
"""Arrays of more features than this, such as images pixel by pixel, are not looked at as a table."""


@dataclass(frozen=True)
class Roles:
    """Which column is what, and what is learned.

    Args:
        target: Name of the target column.
        group: Name of the column whose equal values belong together.
        time: Name of the column of times.
        task: What is learned; None infers it.
        kinds: Kinds of columns that override the guess.
    """

    target: str | None = None
    group: str | None = None
    time: str | None = None
    task: Any = None
    kinds: Mapping[str, Any] | None = None


def frame_of(data: Any, name: str, *, target: str | None = None) -> tuple[pd.DataFrame, str | None]:
    """Data in memory as one frame, with the name of its target column.

    Args:
        data: A frame, an array of rows, or (features, targets).
        name: What to call the data in messages.
        target: Name of the target column, where known.

    Raises:
        MldiagError: If it is no table.

    Example:
        >>> frame, target = frame_of((np.zeros((2, 1)), [0, 1]), "train")
        >>> list(frame.columns), target
        (['x0', 'target'], 'target')
    """
    if isinstance(data, (tuple, list)) and len(data) == 2 and hasattr(data[0], "shape"):
        features, _ = frame_of(data[0], name)
        column = target or TARGET
        if hasattr(data[1], "index") and hasattr(data[0], "index"):
            _check_aligned(data[0].index, data[1].index, name)
        targets = data[1].to_numpy() if hasattr(data[1], "to_numpy") else np.asarray(data[1])
        if targets.ndim == 2 and targets.shape[1] == 1:
            targets = targets[:, 0]
        if len(targets) != len(features) or targets.ndim > 1:
            raise MldiagError(
                f"{name} has {len(features)} rows of features, and targets of shape {targets.shape}",
                expected="one target for every row",
            )
        return features.assign(**{column: targets}), column
    if isinstance(data, pd.DataFrame):
        return data.reset_index(drop=True), target
    if hasattr(data, "toarray"):
        data = data.toarray()
    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
    array = np.asarray(data)
    width = int(np.prod(array.shape[1:])) if array.ndim else 0
    if array.ndim < 2 or array.dtype.kind not in "iufbOU" or not 0 < width <= MOST_COLUMNS:
        raise MldiagError(
            f"{name} is a {type(data).__name__} of shape {array.shape}, which is no table",
            expected=f"rows with 1 to {MOST_COLUMNS:,} columns, a frame, or the path of a file or folder",
        )
    flat = array.reshape(len(array), width)
    return pd.DataFrame(flat, columns=[f"x{i}" for i in range(width)]), target


def flattened(data: Any, name: str) -> tuple[str, ...]:
    """What to say of an array with more than two sides, which `frame_of` lays out as columns.

    Args:
        data: As for `frame_of`.
        name: What to call it.

    Example:
        >>> flattened(np.zeros((5, 8, 8)), "train")
        ('train: 8 x 8 values a row are looked at as 64 columns',)
    """
    features = data[0] if isinstance(data, (tuple, list)) and len(data) == 2 else data
    shape = tuple(getattr(features, "shape", ()))
    if len(shape) < 3:
        return ()
    sides = " x ".join(str(int(side)) for side in shape[1:])
    width = int(np.prod(shape[1:]))
    return (f"{name}: {sides} values a row are looked at as {width:,} columns",)


def _check_aligned(features: Any, targets: Any, name: str) -> None:
    """Refuse targets whose index says that they are those of the features in another order."""
    if len(features) == len(targets) and not features.equals(targets):
        same = features.is_unique and targets.is_unique and set(features) == set(targets)
        if same:
            raise MldiagError(
                f"the targets of {name} have the index of the features in another order",
                expected="rows of both in one order",
                hint="(X, y.loc[X.index])",
            )


def checked_roles(frame: pd.DataFrame, roles: Roles, source: str) -> None:
    """Refuse roles of columns that are not there, and column names that occur twice.

    Raises:
        MldiagError: With the nearest name.
    """
    if not len(frame) or not frame.shape[1]:
        raise MldiagError(
            f"{source} has {len(frame)} rows and {frame.shape[1]} columns",
            expected="rows to look at",
        )
    names = [str(name) for name in frame.columns]
    twice = (
        sorted({name for name in names if names.count(name) > 1})
        if len(set(names)) < len(names)
        else []
    )
    if twice:
        raise MldiagError(
            f"{source} has {names.count(twice[0])} columns named {twice[0]!r}",
            expected="a name of its own for every column",
        )
    asked = {"target": roles.target, "group": roles.group, "time": roles.time}
    for role, name in asked.items():
        if name is not None and name not in names:
            error = unknown_name(
                f"{role} column",
                name,
                names,
                hint=f"--{role} {shlex.quote(_likely(names, name, roles))}",
            )
            raise error.prefixed(f"{source}: ")
    for name in roles.kinds or {}:
        if name not in names:
            raise unknown_name(
                "column", name, names, hint=f"--type {shlex.quote(f'{names[-1]}=category')}"
            )


def _likely(names: list[str], asked: str, roles: Roles) -> str:
    """A column to show in a hint: the nearest, else one without a role."""
    taken = (roles.target, roles.group, roles.time)
    free = [name for name in names if name not in taken]
    return nearest_name(asked, names) or (free or names)[-1]


def inspected_tables(
    train: pd.DataFrame,
    test: pd.DataFrame | None,
    roles: Roles,
    *,
    estimator: Any = None,
    source: str,
    typed: str = "",
    digest: str = "",
    notices: tuple[str, ...] = (),
) -> Inspected:
    """What an audit of tables looks at.

    Args:
        train: The rows that train.
        test: The rows that score, or None.
        roles: Which column is what.
        estimator: The model that the data are for.
        source: What the user named.
        typed: How it was typed.
        digest: Hash of the content, where known; computed otherwise.
        notices: What was found out while reading.
    """
    checked_roles(train, roles, source)
    subject = audited(
        train, test, target=roles.target, group=roles.group, time=roles.time, task=roles.task,
        estimator=estimator, kinds=roles.kinds,
    )  # fmt: skip
    whole = (
        digest
        or hashed([content_digest(train), "" if test is None else content_digest(test)]).hex()
    )
    return Inspected("table", subject, whole, source, typed, notices)


def plain_experiment(
    name: str, home: Path, inspected: Inspected, *, task: str | None
) -> Experiment:
    """An experiment that holds what is audited and cannot train."""
    return Experiment(
        name=name,
        train=_no_model,
        source=DataSource(unseen=True, base=home),
        params={},
        metric=named_metric("r2" if task == "regression" else "accuracy"),
        home=home,
        fixed_rows="no model was named: nothing is trained",
        inspected=inspected,
    )


def training_experiment(
    estimator: Any, subject: TableAudit, *, name: str, home: Path
) -> Experiment:
    """An experiment that trains the estimator on the audited rows, so that remedies can be measured.

    Where every feature is a number and none is missing, the estimator gets them as they are; else through
    the default preprocessing of tables.

    Raises:
        MldiagError: If it cannot train on them.
    """
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    from mldiag.data.preprocess import TablePreprocessor, column_kinds

    if subject.target is None:
        raise MldiagError("no target is named", expected="a target column", hint="--target COLUMN")
    frame = usable_frame(subject)
    target = frame.pop(subject.target)
    if target.isna().any():
        raise MldiagError(
            f"{int(target.isna().sum())} rows have no target", expected="one for every row"
        )
    plain = all(subject.train[c].is_numeric for c in frame.columns) and not frame.isna().any().any()
    model = clone(estimator)
    if not plain:
        kinds = column_kinds(frame)
        classes = subject.task == "classification"
        model = Pipeline(
            [("preprocess", TablePreprocessor(kinds, classes=classes)), ("model", model)]
        )
    roles = {
        key: subject.train[column].values
        for key, column in (("groups", subject.group), ("time", subject.time))
        if column is not None
    }
    made = Experiment.from_estimator(model, frame, target.to_numpy(), name=name, **roles)
    return made.renamed(home=home)


def is_preprocessed(estimator: Any) -> bool:
    """Whether an estimator is a pipeline that begins with mldiag's default preprocessing of tables."""
    from mldiag.data.preprocess import TablePreprocessor

    steps = getattr(estimator, "steps", None)
    return isinstance(steps[0][1], TablePreprocessor) if steps else False


def usable_frame(subject: TableAudit) -> pd.DataFrame:
    """Features and target as what the columns were taken for: numbers as floats, the rest as text."""
    wanted = [*subject.features, *([subject.target] if subject.target else [])]
    table: AuditedTable = subject.train
    made = {name: table[name].values for name in wanted if table[name].kind != "empty"}
    return pd.DataFrame(made)


def _no_model(trial: Trial) -> float:
    """Stands where no model was named; the audit plans no trial then."""
    raise MldiagError("there is no model to train", expected="--estimator package.module:Class")
