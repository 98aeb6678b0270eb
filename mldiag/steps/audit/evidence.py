"""How findings of an audit name rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mldiag.wording import listed

MOST_ROWS = 100_000
"""A finding names at most so many rows of a side; then it says how many it leaves off."""


def named_rows(*, train: ArrayLike = (), test: ArrayLike = ()) -> dict[str, Any]:
    """Evidence that names rows, in the order given.

    Args:
        train: Positions of training rows, from 0.
        test: Positions of test rows.

    Example:
        >>> named_rows(train=np.array([4, 1]))
        {'rows': {'train': [4, 1]}}
    """
    sides = {"train": np.asarray(train, dtype=np.int64), "test": np.asarray(test, dtype=np.int64)}
    rows = {name: found[:MOST_ROWS].tolist() for name, found in sides.items() if len(found)}
    left = sum(max(0, len(found) - MOST_ROWS) for found in sides.values())
    return {"rows": rows, "rows_left_off": left} if left else {"rows": rows}


def stands(names: Sequence[str], singular: str, plural: str) -> str:
    """`Column a has` or `3 columns have`, with the fitting verb.

    Example:
        >>> stands(["a"], "holds", "hold"), stands(["a", "b"], "holds", "hold")
        ('Column a holds', '2 columns hold')
    """
    if len(names) == 1:
        return f"Column {listed(names)} {singular}"
    return f"{len(names):,} columns {plural}"
