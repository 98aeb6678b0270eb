"""The rows of a trial: their data, the slice for early stopping, and which numbers a function has read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from mldiag.trial_spec import Rows

STOP_SHARE = 0.1
"""Share of the training rows that `trial.stop` holds."""


class DataView(Protocol):
    """The rows of the experiment's data, with the trial's interventions applied.

    `training` says that the rows are read to train on, which is when they are augmented.
    """

    def X(self, rows: Rows, *, training: bool = False) -> Any:
        """Features of the given rows."""

    def y(self, rows: Rows, *, training: bool = False) -> Any:
        """Targets of the given rows."""

    def weights(self, rows: Rows, *, training: bool = False) -> Any:
        """Sample weights of the given rows, or None."""


def stop_rows(train: Rows, seed: int) -> Rows:
    """The seeded slice of the training rows for early stopping, in ascending order.

    Example:
        >>> len(stop_rows(np.arange(50), seed=0))
        5
    """
    count = max(1, round(STOP_SHARE * len(train)))
    order = np.random.default_rng([seed, 7]).permutation(len(train))
    return np.sort(train[order[:count]])


def digest_of_read(read: Mapping[str, Rows]) -> str:
    """Digest of the row numbers that were read, by part; empty where nothing was.

    Args:
        read: Row numbers by `train` and `valid`, in this order; parts that were not read are left out.
    """
    digest = hashlib.blake2b(digest_size=8)
    for name, rows in read.items():
        digest.update(name.encode() + np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest() if read else ""


def parts_read(digest: str, train: Rows, valid: Rows, *, seed: int) -> tuple[str, ...] | None:
    """Which parts a train function has read, from the digest that its trial left.

    Args:
        digest: What `digest_of_read` gave.
        train: Training rows of the trial, those for early stopping among them.
        valid: Scoring rows of the trial.
        seed: Seed of the trial.

    Returns:
        Names among `train` and `valid`; None where the digest is that of no combination of them.

    Example:
        >>> train, valid = np.arange(8), np.arange(8, 10)
        >>> parts_read(digest_of_read({"train": train}), train, valid, seed=0)
        ('train',)
    """
    without_stop = train[~np.isin(train, stop_rows(train, seed))]
    for rows in (train, without_stop):
        for names in ((), ("train",), ("valid",), ("train", "valid")):
            known = {"train": rows, "valid": valid}
            if digest_of_read({name: known[name] for name in names}) == digest:
                return names
    return None
