"""Sentences that several checks share."""

from __future__ import annotations

from mldiag.findings import Check, Finding
from mldiag.steps.probe.signals import ENOUGH_STEPS, Signals
from mldiag.wording import plural


def too_few(check: Check, signals: Signals, needed: int = ENOUGH_STEPS) -> Finding | None:
    """An inconclusive finding where the training was too short to judge; None where it was not."""
    if signals.steps >= needed:
        return None
    title = f"{plural(signals.steps, 'step')} tell too little: at least {needed} are needed"
    return check.finding("inconclusive", title, evidence={"steps": signals.steps, "needed": needed})
