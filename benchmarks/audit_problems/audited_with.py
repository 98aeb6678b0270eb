"""The one place at which the benchmark calls the audit."""

from __future__ import annotations

import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from audit_problems.common import Tables

Way = Literal["checks", "report", "files"]
WAYS: tuple[Way, ...] = get_args(Way)


def audit_findings(
    tables: Tables, estimator: Any = None, *, way: Way = "checks"
) -> tuple[Any, ...]:
    """What the audit says of train and test.

    Args:
        tables: What is audited, with its roles.
        estimator: The user's estimator.
        way: The checks alone; `mldiag.audit` on the frames, with its report; or on two CSV files.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _looked(tables, estimator) if way == "checks" else _reported(tables, estimator, way)


def _reported(tables: Tables, estimator: Any, way: Way) -> tuple[Any, ...]:
    import mldiag

    sides: tuple[Any, Any] = (tables.train, tables.test)
    if way == "files":
        sides = (_folder() / "train.csv", _folder() / "test.csv")
        tables.train.to_csv(sides[0], index=False)
        tables.test.to_csv(sides[1], index=False)
    report = mldiag.audit(
        *sides, target=tables.target, group=tables.group, time=tables.time, task=tables.task,
        estimator=estimator, measure=False, tracking_uri=False, store=str(_folder() / "store"),
    )  # fmt: skip
    return tuple(report.findings)


def _looked(tables: Tables, estimator: Any) -> tuple[Any, ...]:
    from mldiag.data.audited.inspected import Inspected
    from mldiag.data.audited.table import audited
    from mldiag.steps.audit.look import look

    test = tables.test if len(tables.test) else None
    subject = audited(
        tables.train, test, target=tables.target, group=tables.group, time=tables.time,
        task=tables.task, estimator=estimator,
    )  # fmt: skip
    return tuple(look(Inspected("table", subject, "", tables.name)))


@cache
def _folder() -> Path:
    """A folder of this process."""
    return Path(tempfile.mkdtemp(prefix="mldiag-audit-faults-"))
