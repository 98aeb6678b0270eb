"""A number for each row that is equal where all of its features are: for finding rows again."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray


def row_keys(features: Any) -> NDArray[np.uint64] | None:
    """Hashes of rows, shape (n,); None where rows of this kind cannot be compared.

    Missing values are equal to each other. Two different rows share a 64-bit hash once in 10^19.

    Args:
        features: Array of any shape with one entry a row, frame, or list of these rows.

    Example:
        >>> keys = row_keys(np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]))
        >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
        (True, False)
    """
    import pandas as pd
    from pandas.util import hash_pandas_object

    if hasattr(features, "tocsr"):
        return _sparse_keys(features.tocsr())
    if hasattr(features, "detach"):
        features = features.detach().cpu().numpy()
    if isinstance(features, pd.Series):
        features = features.to_frame()
    if isinstance(features, pd.DataFrame):
        try:
            return np.asarray(hash_pandas_object(features, index=False), dtype=np.uint64)
        except TypeError:  # cells that have no hash, such as lists
            return None
    try:
        table = np.asarray(features)
    except ValueError:  # rows of different shapes
        return None
    if table.dtype.kind not in "iufb" or not len(table):
        return None
    numbers = table.reshape(len(table), -1).astype(np.float64) + 0.0  # -0.0 becomes 0.0
    numbers[np.isnan(numbers)] = np.nan  # one of the many NaNs
    return np.asarray(hash_pandas_object(pd.DataFrame(numbers), index=False), dtype=np.uint64)


def _sparse_keys(table: Any) -> NDArray[np.uint64]:
    """Rows of a sparse matrix, by what is stored in them."""
    table = table.astype(np.float64)
    table.eliminate_zeros()
    table.sort_indices()
    found = np.empty(table.shape[0], dtype=np.uint64)
    for row in range(table.shape[0]):
        span = slice(table.indptr[row], table.indptr[row + 1])
        stored = table.indices[span].astype(np.int64).tobytes() + table.data[span].tobytes()
        digest = hashlib.blake2b(stored, digest_size=8).digest()
        found[row] = int.from_bytes(digest, "little")
    return found
