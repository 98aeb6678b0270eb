"""Does linear audio carry only the values of the telephone codes mu-law or A-law (ITU-T G.711)?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.framing import Samples

LEAST_VALUES = 48
"""So many different values must have been heard before a set of values tells anything."""

LEAST_LARGE = 8
"""Of them so many above the range where both codes take every eighth or sixteenth value."""

LARGE = 4096


def mu_law_values() -> NDArray[np.int64]:
    """The 16-bit values that mu-law can carry (G.711, table 2a, times four).

    Example:
        >>> values = mu_law_values()
        >>> len(values), int(values.max())
        (255, 32124)
    """
    code = np.arange(128)
    size = (((code & 15) << 3) + 132 << (code >> 4)) - 132
    return np.unique(np.concatenate([size, -size])).astype(np.int64)


def a_law_values() -> NDArray[np.int64]:
    """The 16-bit values that A-law can carry (G.711, table 1a, times eight).

    Example:
        >>> values = a_law_values()
        >>> len(values), int(values.max())
        (256, 32256)
    """
    code = np.arange(128)
    part, step = code >> 4, (code & 15) << 4
    size = np.where(part == 0, step + 8, (step + 264) << np.maximum(part - 1, 0))
    return np.unique(np.concatenate([size, -size])).astype(np.int64)


class ValueFinder:
    """Marks which 16-bit values occur; only of use for 16-bit linear audio."""

    def __init__(self) -> None:
        self._seen = np.zeros(65536, dtype=bool)
        self._many = False

    def add(self, block: Samples) -> None:
        """The next samples; after more values than the codes have, nothing is looked at any more."""
        if self._many:
            return
        values = np.rint(block * 32768.0).astype(np.int32) + 32768
        self._seen[np.clip(values, 0, 65535)] = True
        self._many = bool(self._seen.sum() > 300)

    def companding(self) -> str | None:
        """`mu-law`, `A-law`, or None where other values occur or too few to tell."""
        values = np.flatnonzero(self._seen) - 32768
        if (
            self._many
            or len(values) < LEAST_VALUES
            or (np.abs(values) >= LARGE).sum() < LEAST_LARGE
        ):
            return None
        for name, known in (("mu-law", mu_law_values()), ("A-law", a_law_values())):
            if np.isin(values, known).all():
                return name
        return None
