"""Whether a loader's batches keep the pairs of its data set: each row with its own label."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mldiag.training_checks import tree

MOST_ITEMS = 4000
"""A data set of more items is not looked through."""

MOST_BATCHES = 8

MATCHED = 0.9
"""Share of a batch's rows that must be found among the items for the batch to be judged."""

WRONG = 0.1
"""Share of the found rows that must carry another row's label."""


def exchanged_labels(loader: Any, going: Callable[[], bool]) -> tuple[int, int] | None:
    """Compare batches with the items of the data set that they were made of.

    A batch counts as exchanged where it holds the very labels of its items, but not each at its own row.
    Labels that were changed on purpose are others than the items', and are not counted.

    Args:
        loader: What `train_batches` gave. Only a loader of a data set that can be indexed is judged.
        going: Whether there is time to go on.

    Returns:
        How many batches were exchanged, and of how many; None where none could be compared.
    """
    labels = _labels_of_items(loader, going)
    if not labels:
        return None
    lengths = sorted({length for length, _ in labels}, reverse=True)
    judged = exchanged = 0
    for number, batch in enumerate(loader):
        if number == MOST_BATCHES or not going():
            break
        answer = _is_exchanged(batch, labels, lengths)
        judged += answer is not None
        exchanged += bool(answer)
    return (exchanged, judged) if judged else None


def _labels_of_items(loader: Any, going: Callable[[], bool]) -> dict[tuple[int, bytes], float]:
    """The label of each content that has one label alone."""
    data: Any = getattr(loader, "dataset", None)
    if not (hasattr(data, "__getitem__") and hasattr(data, "__len__")) or len(data) > MOST_ITEMS:
        return {}
    found: dict[tuple[int, bytes], float] = {}
    twice: set[tuple[int, bytes]] = set()
    for place in range(len(data)):
        pair = _pair(_item(data, place)) if going() else None
        if pair is None:
            return {}
        key, label = _key(pair[0]), pair[1]
        if found.setdefault(key, label) != label:
            twice.add(key)
    return {key: label for key, label in found.items() if key not in twice}


def _item(data: Any, place: int) -> Any:
    try:
        return data[place]
    except Exception:  # a stream that says its length, or whatever a user's data set does
        return None


def _pair(item: Any) -> tuple[np.ndarray[Any, Any], float] | None:
    """The one array of an item and its one number; None where it has more or less."""
    parts = list(item.values()) if isinstance(item, Mapping) else item
    if not isinstance(parts, (list, tuple)):
        return None
    arrays: list[np.ndarray[Any, Any]] = []
    numbers: list[float] = []
    for part in parts:
        if isinstance(part, (int, float)):
            numbers.append(float(part))
        elif tree.is_leaf(part):
            array = tree.array_of(part)
            if array.ndim:
                arrays.append(array)
            else:
                numbers.append(float(array))
    if len(arrays) != 1 or len(numbers) != 1:
        return None
    return arrays[0], numbers[0]


def _key(array: np.ndarray[Any, Any]) -> tuple[int, bytes]:
    content = np.ascontiguousarray(array)
    digest = hashlib.blake2b(content.tobytes(), digest_size=16)
    digest.update(str(content.dtype).encode())
    return len(content), digest.digest()


def _is_exchanged(
    batch: Any, labels: dict[tuple[int, bytes], float], lengths: list[int]
) -> bool | None:
    """Whether the labels of a batch are its items' in another order; None where it cannot be compared."""
    arrays = [tree.array_of(leaf) for _, leaf in tree.leaves(batch)]
    rows = max((a for a in arrays if a.ndim > 1), key=lambda a: a.size, default=None)
    lines = [
        a.astype(float) for a in arrays if a.ndim == 1 and rows is not None and len(a) == len(rows)
    ]
    if rows is None or not lines:
        return None
    items = [_label_of(row, labels, lengths) for row in rows]
    own = np.array([np.nan if item is None else item for item in items])
    known = ~np.isnan(own)
    if known.mean() < MATCHED:
        return None
    alike = [line for line in lines if not Counter(own[known].tolist()) - Counter(line.tolist())]
    wrong = [float((line[known] != own[known]).mean()) for line in alike]
    return bool(wrong) and min(wrong) > WRONG


def _label_of(
    row: np.ndarray[Any, Any], labels: dict[tuple[int, bytes], float], lengths: list[int]
) -> float | None:
    """The label of the item that a row holds, whole or filled up at its end with one value."""
    for length in lengths:
        rest = row[length:]
        if length <= len(row) and (not rest.size or bool((rest == rest.flat[0]).all())):
            label = labels.get(_key(row[:length]))
            if label is not None:
                return label
    return None
