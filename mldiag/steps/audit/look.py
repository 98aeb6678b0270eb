"""Runs the checks over the data, once for each data set, and tells which one it is at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from mldiag.data.audited.inspected import Inspected
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.findings import Finding
from mldiag.steps.audit.checks import CheckModule, checks_of
from mldiag.steps.audit.reconcile import reconciled

Tell = Callable[[str, int, int], None]
"""Takes the name of the check that begins, its number from 0, and how many there are."""

_LOOKED: WeakKeyDictionary[Any, tuple[Finding, ...]] = WeakKeyDictionary()


def inspected_of(experiment: Experiment) -> Inspected:
    """What is audited.

    Raises:
        MldiagError: If the experiment brings no data that can be.
    """
    if experiment.inspected is None:
        raise MldiagError(
            f"{experiment.name} holds no data that can be audited",
            expected="data=(X, y), a table, or a folder of files",
            hint="mldiag audit train.csv --target COLUMN",
        )
    return experiment.inspected


def look(inspected: Inspected, tell: Tell | None = None) -> tuple[Finding, ...]:
    """What the checks say of the data; the second time from memory.

    A check that breaks on odd data is reported as skipped, with its error: the others have seen theirs.

    Args:
        inspected: The data.
        tell: Told before each check; not called where the data were looked at before.
    """
    subject = inspected.subject
    if subject not in _LOOKED:
        modules = checks_of(inspected.kind)
        found: list[Finding] = []
        for number, module in enumerate(modules):
            if tell is not None:
                tell(module.CHECK.slug, number, len(modules))
            finding = _judged(module, subject)
            found += [finding] if finding is not None else []
        _LOOKED[subject] = reconciled(found)
    return _LOOKED[subject]


def _judged(module: CheckModule, subject: Any) -> Finding | None:
    try:
        return module.judge(subject)
    except MldiagError as error:
        return module.CHECK.finding("skipped", f"{module.CHECK.slug}: {error.what}")
    except Exception as error:
        told = f"{type(error).__name__}: {error}".strip()
        return module.CHECK.finding(
            "skipped",
            f"{module.CHECK.slug} could not be judged on these data",
            explanation=f"The check broke ({told[:200]}). The other checks are not touched by it.",
            evidence={"error": told[:1000]},
        )
