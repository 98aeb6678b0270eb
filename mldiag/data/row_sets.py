"""Explicit row sets, kept under their digest so that a recipe can name them in a few characters."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from mldiag.errors import MldiagError
from mldiag.trial_spec import Rows


def row_set_digest(rows: Rows) -> str:
    """Digest of the different row numbers, whatever their order.

    Example:
        >>> row_set_digest(np.array([2, 1])) == row_set_digest(np.array([1, 2, 2]))
        True
    """
    return hashlib.blake2b(_sorted(rows).tobytes(), digest_size=12).hexdigest()


def save_row_set(home: Path, rows: Rows) -> str:
    """Keep a row set beside the trials of an experiment, and return its digest.

    Args:
        home: The experiment's folder; the set goes to `.mldiag/rows/`.
        rows: Row numbers, shape (n,).
    """
    digest = row_set_digest(rows)
    path = _path(home, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.npy")
        np.save(draft, _sorted(rows), allow_pickle=False)
        draft.replace(path)  # whole or not at all, also when two processes write the same set
    return digest


def load_row_set(home: Path, digest: str) -> Rows:
    """Read a row set.

    Raises:
        MldiagError: If there is none of this digest.
    """
    path = _path(home, digest)
    if not path.exists():
        raise MldiagError(
            f"the row set {digest} is gone", expected=f"it in {path}", hint="run the step again"
        )
    rows: Rows = np.load(path, allow_pickle=False)
    return rows


def _path(home: Path, digest: str) -> Path:
    return home / ".mldiag" / "rows" / f"{digest}.npy"


def _sorted(rows: Rows) -> Rows:
    return np.unique(np.asarray(rows, dtype=np.int64))
