"""Rows of places, such as tokens or times: what is read, what goes on where, and who sees later places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from mldiag.training_checks import tree
from mldiag.training_checks.networks import (
    ModelCall,
    changed_along,
    changed_entries,
    tensor_leaves,
)

WHOLE = (torch.int64, torch.int32)
LEAST_PLACES = 3

MATCHING = 0.99
"""Share of the telling places from which the targets are what was read, moved by one place."""

LEAST_TELLING = 8
"""Places at which two neighbours differ, below which nothing is said of what was moved."""

MOST_FEATURES = 64


@dataclass(frozen=True)
class PlacesRead:
    """Rows by places that a network read.

    Args:
        call: The call.
        path: Where in its inputs they are.
        feature: Which of the last axis, where every place has several numbers; else None.
        values: The rows by places.
    """

    call: ModelCall
    path: tuple[Any, ...]
    feature: int | None
    values: torch.Tensor


def telling_places(values: torch.Tensor) -> torch.Tensor:
    """Where the next place holds something else: only there can one see whether targets were moved."""
    telling = torch.zeros(values.shape, dtype=torch.bool, device=values.device)
    telling[:, :-1] = values[:, 1:] != values[:, :-1]
    return telling


def tokens_read(call: ModelCall) -> PlacesRead | None:
    """The whole numbers, rows by places, that a network read; None where there are none."""
    found = [
        PlacesRead(call, path, None, leaf)
        for path, leaf in tree.leaves(call.inputs)
        if isinstance(leaf, torch.Tensor) and leaf.dim() == 2 and leaf.dtype in WHOLE
    ]
    # a mask among them has two values
    return max(found, key=lambda read: int(torch.unique(read.values).numel()), default=None)


def continued_by(call: ModelCall, targets: torch.Tensor) -> PlacesRead | None:
    """What the targets are the continuation of: each target is what the next place holds."""
    if targets.dim() == 3 and targets.shape[2] == 1:
        targets = targets[..., 0]
    if targets.dim() != 2 or targets.shape[1] < LEAST_PLACES:
        return None
    for path, leaf in tree.leaves(call.inputs):
        if not isinstance(leaf, torch.Tensor) or leaf.shape[:2] != targets.shape:
            continue
        if leaf.dim() == 2 and _moved_by_one(leaf, targets):
            return PlacesRead(call, path, None, leaf)
        for feature in range(min(leaf.shape[2], MOST_FEATURES) if leaf.dim() == 3 else 0):
            if _moved_by_one(leaf[..., feature], targets):
                return PlacesRead(call, path, feature, leaf[..., feature])
    return None


def _moved_by_one(read: torch.Tensor, targets: torch.Tensor) -> bool:
    telling = telling_places(read)[:, :-1]
    if int(telling.sum()) < LEAST_TELLING:
        return False
    return bool((read[:, 1:] == targets[:, :-1])[telling].float().mean() > MATCHING)


def earlier_places_changed(read: PlacesRead) -> int | None:
    """Count earlier places whose outputs change, in eval mode, when the later half of every row is replaced.

    Whatever else the network was given stays, such as a sentence to translate or known dates.

    Returns:
        None where the outputs have no axis of places, or nothing changes at all.
    """
    places = read.values.shape[1]
    if places < LEAST_PLACES:
        return None
    cut = places // 2
    inputs = tree.mapped(
        read.call.inputs,
        lambda path, leaf: _later_replaced(leaf, read, cut) if path == read.path else leaf,
    )
    before, after = tensor_leaves(read.call.repeated()), tensor_leaves(read.call.repeated(inputs))
    counts = []
    for old, new in zip(before, after, strict=False):
        axes = [i for i, size in enumerate(old.shape[:3]) if size == places]
        changed = changed_entries(old, new) if old.shape == new.shape else torch.zeros(0)
        if axes and changed.any():
            axis = 1 if 1 in axes else axes[-1]
            counts.append(sum(place < cut for place in changed_along(changed, axis)))
    return max(counts) if counts else None


def _later_replaced(leaf: Any, read: PlacesRead, cut: int) -> Any:
    """Other rows' values from a place on, or the row's own backwards, so that they stay valid."""
    new = leaf.clone()
    later = read.values[:, cut:]
    other = later.roll(1, 0)
    replaced = later.flip(1) if (other == later).all() else other
    if read.feature is None:
        new[:, cut:] = replaced
    else:
        new[:, cut:, read.feature] = replaced
    return new
