"""Rows of tokens: which a network reads, and whether later ones change what it says at earlier places."""

from __future__ import annotations

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


def tokens_of(call: ModelCall) -> torch.Tensor | None:
    """The whole numbers, rows by places, that a network read; None where there are none."""
    found = [t for t in tensor_leaves(call.inputs) if t.dim() == 2 and t.dtype in WHOLE]
    values = [int(torch.unique(t).numel()) for t in found]  # a mask among them has two
    return found[values.index(max(values))] if found else None


def earlier_places_changed(call: ModelCall, tokens: torch.Tensor) -> int | None:
    """Count earlier places whose outputs change, in eval mode, when the later half of every row is replaced.

    Returns:
        None where the outputs have no axis of places, or nothing changes at all.
    """
    places = tokens.shape[1]
    if places < LEAST_PLACES:
        return None
    cut = places // 2
    shape = tuple(tokens.shape)
    inputs = tree.mapped(call.inputs, lambda path, leaf: _later_replaced(leaf, shape, cut))
    before, after = tensor_leaves(call.repeated()), tensor_leaves(call.repeated(inputs))
    counts = []
    for old, new in zip(before, after, strict=False):
        axes = [i for i, size in enumerate(old.shape[:3]) if size == places]
        changed = changed_entries(old, new) if old.shape == new.shape else torch.zeros(0)
        if axes and changed.any():
            axis = 1 if 1 in axes else axes[-1]
            counts.append(sum(place < cut for place in changed_along(changed, axis)))
    return max(counts) if counts else None


def _later_replaced(leaf: Any, shape: tuple[int, ...], cut: int) -> Any:
    """Other rows' tokens from a place on, or the row's own backwards, so that they stay valid."""
    if tuple(leaf.shape) != shape or leaf.dtype not in WHOLE:
        return leaf
    new = leaf.clone()
    later = leaf[:, cut:]
    other = later.roll(1, 0)
    new[:, cut:] = torch.where((other == later).all(), later.flip(1), other)
    return new
