"""Labels as they are written, before a spelling is read as the same class."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.column import Column


def label_codes(column: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Codes of the labels as written, -1 where missing, and the words of the codes.

    Whole numbers are the same with and without a decimal point; true and false in other letters are not.

    Example:
        >>> from mldiag.data.audited.guess import guessed_column
        >>> codes, words = label_codes(guessed_column("y", pd.Series(["Yes", "yes ", None, "Yes"])))
        >>> codes.tolist(), words
        ([0, 1, -1, 0], ['Yes', 'yes '])
    """
    if column.is_numeric and column.kind != "boolean":
        return np.asarray(column.codes, dtype=np.int64), [f"{level:g}" for level in column.levels]
    if not pd.api.types.is_bool_dtype(column.raw.dtype) and column.kind == "boolean":
        codes, words = pd.factorize(column.raw)
        codes = np.where(column.missing, -1, codes).astype(np.int64)
        return codes, [str(word) for word in words]
    if column.kind == "boolean":
        return np.asarray(column.codes, dtype=np.int64), [
            str(bool(level)) for level in column.levels
        ]
    return np.asarray(column.codes, dtype=np.int64), [str(level) for level in column.levels]
