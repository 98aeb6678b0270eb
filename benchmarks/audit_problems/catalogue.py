"""Every fault by the group it is in, and the draw that a case stands for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from audit_problems import drift, integrity, labels, leakage, repeated_rows, scale, splits
from audit_problems.common import Fault, Injected, NotHere
from audit_problems.tables import tables_of

GROUPS: dict[str, tuple[Fault, ...]] = {
    "integrity": integrity.FAULTS,
    "repeated rows": repeated_rows.FAULTS,
    "leakage": leakage.FAULTS,
    "labels": labels.FAULTS,
    "scale": scale.FAULTS,
    "drift": drift.FAULTS,
    "splits": splits.FAULTS,
}

FAULTS: dict[str, Fault] = {fault.name: fault for group in GROUPS.values() for fault in group}


@dataclass(frozen=True)
class Case:
    """A fault of some strength in a table that was split with some seed.

    Args:
        fault: Name of the fault.
        strength: How strong.
        table: Name of the table.
        seed: Splits the table and draws where the fault goes.
    """

    fault: str
    strength: float
    table: str
    seed: int

    def injected(self) -> Injected:
        """The tables with the fault.

        Raises:
            NotHere: It means nothing there.
        """
        return FAULTS[self.fault].inject(
            tables_of(self.table, self.seed), self.strength, self.rng()
        )

    def means_something(self) -> bool:
        """Whether the fault can be put into this table."""
        try:
            self.injected()
        except NotHere:
            return False
        return True

    def rng(self) -> np.random.Generator:
        """Random numbers of this fault, table and seed: the same for every strength."""
        return named_rng(self.fault, self.table, self.seed)


def named_rng(*parts: str | int) -> np.random.Generator:
    """Random numbers that depend on nothing but these words."""
    digest = hashlib.sha256(" ".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))
