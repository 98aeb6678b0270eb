"""A table and what is audited: its columns by name, and one or two tables with their roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.guess import guessed_column
from mldiag.data.audited.kinds import Kind
from mldiag.data.source import CLASS_LIMIT

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class AuditedTable:
    """One table.

    Args:
        frame: Its rows as they were read.
        columns: Its columns by name, in the order of the file.
    """

    frame: pd.DataFrame
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.frame)

    def __getitem__(self, name: str) -> Column:
        """The column with this name."""
        return self.columns[name]

    @classmethod
    def of(cls, frame: pd.DataFrame, kinds: Mapping[str, Kind] | None = None) -> AuditedTable:
        """Guess what every column holds.

        Args:
            frame: The table; names of columns are taken as text.
            kinds: Kinds that override the guess, by name.

        Example:
            >>> table = AuditedTable.of(pd.DataFrame({"age": ["41", "38"], "city": ["Rome", "Bonn"]}))
            >>> {name: column.kind for name, column in table.columns.items()}
            {'age': 'number', 'city': 'category'}
        """
        kinds = kinds or {}
        frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
        found = {name: guessed_column(name, frame[name], kinds.get(name)) for name in frame.columns}
        return cls(frame, found)


@dataclass(frozen=True, eq=False)
class TableAudit:
    """What the checks of tables look at.

    Args:
        train: The rows that train.
        test: The rows that score or are predicted, with the same columns; the target may be missing.
        target: Name of the target column, or None.
        group: Name of the column whose equal values belong together, or None.
        time: Name of the column of times, or None.
        task: What is learned; None without a target.
        estimator: The user's estimator, not fitted; None where unknown.
        seed: Decides what is sampled.
    """

    train: AuditedTable
    test: AuditedTable | None = None
    target: str | None = None
    group: str | None = None
    time: str | None = None
    task: Task | None = None
    estimator: Any = None
    seed: int = 0

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Columns that a model would use: not the target, the group or the time."""
        roles = {self.target, self.group, self.time}
        return tuple(name for name in self.train.columns if name not in roles)

    @property
    def shared(self) -> tuple[str, ...]:
        """Features that the test table has too; empty without one."""
        if self.test is None:
            return ()
        return tuple(name for name in self.features if name in self.test.columns)

    def sampled(self, limit: int) -> NDArray[np.int64]:
        """Positions of at most `limit` training rows, drawn with the seed, in order."""
        return sampled_rows(len(self.train), limit, self.seed)

    @property
    def sides(self) -> tuple[tuple[str, AuditedTable], ...]:
        """The tables with their names."""
        return (("train", self.train), *((("test", self.test),) if self.test is not None else ()))


def sampled_rows(n: int, limit: int, seed: int = 0) -> NDArray[np.int64]:
    """At most `limit` of `n` positions, drawn with a seed, in order.

    Example:
        >>> sampled_rows(3, 10).tolist(), len(sampled_rows(1000, 10))
        ([0, 1, 2], 10)
    """
    if n <= limit:
        return np.arange(n, dtype=np.int64)
    drawn = np.random.default_rng(seed).choice(n, size=limit, replace=False)
    return np.sort(drawn).astype(np.int64)


def audited(
    train: pd.DataFrame,
    test: pd.DataFrame | None = None,
    *,
    target: str | None = None,
    group: str | None = None,
    time: str | None = None,
    task: Task | None = None,
    estimator: Any = None,
    kinds: Mapping[str, Kind] | None = None,
    seed: int = 0,
) -> TableAudit:
    """Two tables with roles, ready for the checks.

    A column of the test table is taken for what the training table has there: rows that do not fit are
    strays of the test table.

    Args:
        train: The rows that train.
        test: The rows that score, or None.
        target: Name of the target column.
        group: Name of the column whose equal values belong together.
        time: Name of the column of times.
        task: What is learned; inferred from the target where not given.
        estimator: The user's estimator.
        kinds: Kinds that override the guess, by name.
        seed: Decides what is sampled.

    Example:
        >>> subject = audited(pd.DataFrame({"x": [1, 2, 3], "y": ["a", "b", "a"]}), target="y")
        >>> subject.task, subject.features
        ('classification', ('x',))
    """
    own = AuditedTable.of(train, kinds)
    found = {name: column.kind for name, column in own.columns.items()}
    taken = {name: kind for name, kind in found.items() if kind not in ("empty", "other")}
    other = None if test is None else AuditedTable.of(test, taken)
    if task is None and target is not None:
        task = task_of(own[target])
    return TableAudit(own, other, target, group, time, task, estimator, seed)


def task_of(target: Column) -> Task:
    """What is learned where this is the target: classes are words, booleans or few whole numbers.

    Example:
        >>> task_of(guessed_column("y", pd.Series([0.5, 1.5])))
        'regression'
    """
    if target.kind not in ("number", "date", "id"):
        return "classification"
    rows = int(target.counts.sum())
    few = target.is_whole and target.n_unique <= min(CLASS_LIMIT, max(2, rows // 3))
    return "classification" if few and target.kind == "number" else "regression"
