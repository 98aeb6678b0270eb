"""Sentences that several checks share."""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Check, Finding
from mldiag.steps.probe.signals import ENOUGH_STEPS, Signals
from mldiag.wording import plural


def too_few(check: Check, signals: Signals, needed: int = ENOUGH_STEPS) -> Finding | None:
    """An inconclusive finding where the training was too short to judge; None where it was not."""
    if signals.steps >= needed:
        return None
    title = f"{plural(signals.steps, 'step')} tell too little: at least {needed} are needed"
    return check.finding("inconclusive", title, evidence={"steps": signals.steps, "needed": needed})


def listed(names: Sequence[str], most: int = 3) -> str:
    """A few names, and how many more there are.

    Example:
        >>> listed(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def number(value: float) -> str:
    """A number of any size in three digits.

    Example:
        >>> number(0.000123), number(1234.0)
        ('0.000123', '1.23e+03')
    """
    return f"{value:.3g}"
