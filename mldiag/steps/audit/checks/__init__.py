"""What an audit looks for, one file a check, one folder a kind of data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mldiag.findings import Check
    from mldiag.steps.judged import CheckModule

KINDS: dict[str, tuple[str, ...]] = {
    "table": ("table", "text"),
    "image": ("files", "image"),
    "audio": ("files", "audio"),
    "text": ("files", "text"),
}
"""Folders of checks by kind of data, in reading order."""


def checks_of(kind: str) -> tuple[CheckModule, ...]:
    """The checks of a kind of data, in reading order.

    Example:
        >>> checks_of("table")[0].CHECK.code
        'MD301'
    """
    folders = KINDS[kind]
    return tuple(
        module for name in folders for module in import_module(f"{__name__}.{name}").CHECKS
    )


def _all() -> tuple[Check, ...]:
    names = dict.fromkeys(name for folders in KINDS.values() for name in folders)
    return tuple(m.CHECK for name in names for m in import_module(f"{__name__}.{name}").CHECKS)


CHECKS = _all()
