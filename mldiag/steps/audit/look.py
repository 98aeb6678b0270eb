"""Runs the checks over the data, once for each data set, and tells which one it is at."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.table import TableAudit
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.findings import Finding
from mldiag.steps.audit.checks import checks_of
from mldiag.steps.audit.reconcile import reconciled
from mldiag.steps.judged import CheckModule, judged

Tell = Callable[[str, int, int], None]
"""Takes the name of the check that begins, its number from 0, and how many there are."""

AHEAD_ROWS = 5_000
"""With fewer rows a second thread costs more than it gives."""

_PROBED = ("shifted-labels", "label-errors", "weak-segments")
"""Checks that read the probe: they come last, so that it is learned beside all others."""

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
        from threadpoolctl import threadpool_limits

        modules = checks_of(inspected.kind)
        # Threads of the algebra that wait for each other take most of a busy machine, and gain little here.
        with threadpool_limits(1), _probed_ahead(subject) as learned:
            found = _found(modules, subject, tell, learned)
        _LOOKED[subject] = reconciled(found)
    return _LOOKED[subject]


def _found(
    modules: Sequence[CheckModule], subject: Any, tell: Tell | None, learned: Callable[[], None]
) -> list[Finding]:
    """What all checks say, in reading order, which is not the order in which they are run."""
    found: dict[int, Finding | None] = {}
    order = sorted(range(len(modules)), key=lambda place: modules[place].CHECK.slug in _PROBED)
    for number, place in enumerate(order):
        module = modules[place]
        if tell is not None:
            tell(module.CHECK.slug, number, len(modules))
        if module.CHECK.slug in _PROBED:
            learned()
        found[place] = judged(module, subject)
    told = [found[place] for place in range(len(modules))]
    return [finding for finding in told if finding is not None]


@contextlib.contextmanager
def _probed_ahead(subject: Any) -> Iterator[Callable[[], None]]:
    """Learn the probe of a large table in a second thread while the checks that need none are run.

    Yields:
        A function that returns when it is learned, or could not be.
    """
    if not isinstance(subject, TableAudit) or len(subject.train) < AHEAD_ROWS:
        yield lambda: None
        return
    from mldiag.steps.audit.tables.probe_model import probe_of

    ahead = ThreadPoolExecutor(1, thread_name_prefix="mldiag-audit")
    try:
        # Should it break, the checks break in the same way, and say so.
        probe = ahead.submit(probe_of, subject)
        ahead.submit(import_module, "mldiag.steps.audit.plot_tables")  # takes a second

        def learned() -> None:
            wait([probe])

        yield learned
    finally:
        ahead.shutdown(wait=True, cancel_futures=True)
