"""The ways in which a sweep can ask: one folder each, with `plan`, `diagnose` and `plot`."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from mldiag.steps.sweep.settings import Settings


def mode_of(settings: Settings) -> str:
    """Name of the folder that plans, judges and draws what the settings ask for.

    Example:
        >>> mode_of(Settings(param="lr")), mode_of(Settings(search="tpe"))
        ('one_at_a_time', 'search')
    """
    if settings.range_test:
        return "range_test"
    if settings.search is not None:
        return "search"
    return "pairs" if settings.pairs else "one_at_a_time"


def part(mode: str, name: str) -> ModuleType:
    """A module of a mode, imported when it is first needed."""
    room = "mldiag.steps" if mode == "range_test" else "mldiag.steps.sweep"
    return import_module(f"{room}.{mode}.{name}")
