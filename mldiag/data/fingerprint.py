"""The fingerprint of an experiment's data: one content hash a piece, and a sentence on what it covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mldiag.data.content import content_digest, hashed
from mldiag.data.source import DataSource, Loaded


@dataclass(frozen=True)
class Fingerprint:
    """Content hashes of the data by piece.

    Args:
        parts: Hash of each piece: `X`, `y`, `weights`, `valid.X`, `groups`, ...
        covers: One line for the plan: what is covered, and what is not.

    Example:
        >>> Fingerprint({"X": "1"}, "X").digest == Fingerprint({"X": "2"}, "X").digest
        False
    """

    parts: Mapping[str, str]
    covers: str

    @cached_property
    def digest(self) -> str:
        """Hash over every piece; the wording of `covers` does not enter."""
        return hashed(text for item in sorted(self.parts.items()) for text in item).hex()


def fingerprint(
    source: DataSource, loaded: Loaded, reached: Mapping[str, Any] | None = None
) -> Fingerprint:
    """Hash the data of an experiment.

    Args:
        source: The declaration.
        loaded: What it gave.
        reached: Arrays and frames that the train function reaches itself, by name; they stand in for the
            data where only `rows=` is declared.

    Example:
        >>> import numpy as np
        >>> source = DataSource((np.zeros((20, 2)), np.arange(20.0)))
        >>> fingerprint(source, source.load()).covers
        'the declared data: X, y'
    """
    parts = _split_parts(source, loaded)
    if loaded.dataset is None:
        found = {name: content_digest(value) for name, value in (reached or {}).items()}
        parts["rows"] = str(loaded.splits.n_rows)
        parts |= {f"reached {name}": digest for name, digest in found.items()}
        covers = _UNSEEN if source.unseen else _covers_reached(sorted(found))
        return Fingerprint(parts, covers)
    declared: dict[str, str] = {}
    for part_name, part in loaded.dataset.parts():
        prefix = "" if part_name == "main" else f"{part_name}."
        pieces = {"X": part.X, "y": part.y, "weights": part.weights}
        for piece, values in pieces.items():
            if values is not None:
                declared[prefix + piece] = content_digest(values)
    named = [*declared, *(name for name in ("groups", "time") if name in parts)]
    return Fingerprint(declared | parts, f"the declared data: {', '.join(named)}")


_UNSEEN = "nothing: the command reads its data itself; the files on its line count as its code"


def _split_parts(source: DataSource, loaded: Loaded) -> dict[str, str]:
    """What decides which rows a trial gets, beside the data themselves."""
    splits = loaded.splits
    columns = {"groups": splits.groups, "time": splits.time}
    if loaded.dataset is None:
        columns |= {"valid rows": splits.valid_rows, "test rows": splits.test_rows}
    parts = {name: content_digest(v) for name, v in columns.items() if v is not None}
    explicit = source.stratify is not None and not isinstance(source.stratify, bool)
    if splits.labels is None:
        parts["stratify"] = "off"
    else:
        parts["stratify"] = content_digest(splits.labels) if explicit else "by the target"
    return parts


def _covers_reached(names: list[str]) -> str:
    if not names:
        return (
            "the number of rows only: the train function reaches no array or frame through its globals "
            "or closure, so a change of the data goes unseen (declare data=(X, y) to cover them)"
        )
    return f"what the train function reaches: {', '.join(names)}; data read inside it goes unseen"
