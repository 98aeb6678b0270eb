"""Which axis of a network's inputs counts the rows, and whether rows of its outputs depend on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch

from mldiag.training_checks import tree
from mldiag.training_checks.networks import (
    ModelCall,
    changed_along,
    changed_entries,
    tensor_leaves,
    with_other_row,
)

Mixing = Literal["independent", "mixes", "no_answer"]
"""`no_answer`: the output does not change at all, or has no axis of rows."""


@dataclass(frozen=True)
class RowAxis:
    """Where the rows are.

    Args:
        axis: The axis of the inputs.
        size: How many rows.
        sure: False where another axis could be meant.
    """

    axis: int
    size: int
    sure: bool


def row_axis(call: ModelCall, targets: Any, batch: Any) -> RowAxis | None:
    """Find the axis that counts rows; None where a call has fewer than two rows.

    A line of targets has one entry a row. Targets of two axes that are those of the inputs may be rows by
    time or time by rows, and layers that say `batch_first=True` tell which.
    """
    tensors = [t for t in tensor_leaves(call.inputs) if t.dim() > 0]
    if not tensors:
        return None
    shape = tuple(max(tensors, key=lambda t: t.dim()).shape)
    lines = {t.shape[0] for t in tensor_leaves([targets, batch]) if t.dim() == 1}
    if len(shape) > 1 and len(lines) == 1:
        count = lines.pop()
        if shape[0] != count and shape[1] == count:
            places = len(shape) > 2 or not max(tensors, key=lambda t: t.dim()).is_floating_point()
            return _axis(1 if places else 0, shape, sure=places and shape[0] % count != 0)
        if shape[0] == count:
            return _axis(0, shape, sure=shape[1] != count)
    alike = any(t.dim() > 1 and tuple(t.shape[:2]) == shape[:2] for t in tensor_leaves(targets))
    told = any(getattr(module, "batch_first", False) for module in call.model.modules())
    recurrent = any(hasattr(module, "batch_first") for module in call.model.modules())
    unclear = len(shape) > 1 and shape[1] > 1 and not told and (alike or recurrent)
    return _axis(0, shape, sure=not unclear)


def _axis(axis: int, shape: tuple[int, ...], *, sure: bool) -> RowAxis | None:
    return RowAxis(axis, shape[axis], sure) if shape[axis] > 1 else None


def repeatable(call: ModelCall, *, other_random: bool = False) -> bool:
    """Whether the same call gives the same output twice in eval mode.

    Args:
        call: The call.
        other_random: Draw other random numbers the second time.
    """
    first, second = (
        tensor_leaves(call.repeated()),
        tensor_leaves(call.repeated(seed=int(other_random))),
    )
    return len(first) == len(second) and all(
        a.shape == b.shape and not changed_entries(a, b).any()
        for a, b in zip(first, second, strict=True)
    )


def mixing(call: ModelCall, axis: int, size: int) -> Mixing:
    """Whether altering one row of the inputs changes other rows of the outputs, in eval mode."""
    before = call.repeated()
    answers: list[Mixing] = []
    for row in sorted({0, size // 2, size - 1}):
        after = call.repeated(with_other_row(call.inputs, axis, row, size))
        for old, new in zip(tensor_leaves(before), tensor_leaves(after), strict=False):
            if old.shape == new.shape:
                answers.append(_one_answer(old, new, row, size))
    if "mixes" in answers:
        return "mixes"
    return "independent" if "independent" in answers else "no_answer"


def _one_answer(old: torch.Tensor, new: torch.Tensor, row: int, size: int) -> Mixing:
    axes = [i for i, length in enumerate(old.shape) if length == size]
    changed = changed_entries(old, new)
    if not axes or not changed.any():
        return "no_answer"
    if len(axes) > 1:  # similarities of rows with rows: the altered one has a line along each axis
        others = [i for i in range(size) if i != row]
        index = torch.tensor(others, device=changed.device)
        if not changed.index_select(axes[0], index).index_select(axes[1], index).any():
            return "independent"
    return "independent" if any(changed_along(changed, i) <= {row} for i in axes) else "mixes"


def meant_to_mix(call: ModelCall, axis: RowAxis) -> str:
    """Why rows may see each other on purpose: neighbours in a graph, or one series given without a batch."""
    given = tensor_leaves(call.inputs)
    square = (axis.size, axis.size)
    whole = (torch.int64, torch.int32)
    if any(
        t.layout != torch.strided or (t.dim() == 2 and 2 in t.shape and t.dtype in whole)
        for t in given
    ):
        return "the inputs hold the edges of a graph"
    if any(t.dim() == 1 and len(t) > 1 and t.dtype in whole and _are_groups(t) for t in given):
        return "the inputs say which rows belong together"
    held = [*given, *call.model.buffers()] if len(given) > 1 or axis.axis == 0 else given
    biggest = max(given, key=lambda t: t.dim())
    if any(
        t is not biggest and (t.layout != torch.strided or tuple(t.shape) == square) for t in held
    ):
        return "a table of rows by rows says which belong together"
    series = any(hasattr(m, "batch_first") for m in call.model.modules())
    if series and biggest.dim() < (3 if biggest.is_floating_point() else 2):
        return "it may be one series without an axis of rows"
    return ""


def _are_groups(numbers: torch.Tensor) -> bool:
    """Whether numbers count groups of rows: 0, 0, 1, 1, 1, 2."""
    steps = numbers.diff()
    return bool(
        numbers[0] == 0 and (steps >= 0).all() and (steps <= 1).all() and (steps == 0).any()
    )


def rows_alone(call: ModelCall, axis: RowAxis, row: int) -> dict[str, Any]:
    """One row's call, with every tensor that has rows cut to it."""

    def cut(path: tuple[Any, ...], leaf: Any) -> Any:
        if leaf.ndim == 1 and leaf.shape[0] == axis.size:
            return leaf[row : row + 1]
        if leaf.ndim > axis.axis and leaf.shape[axis.axis] == axis.size:
            return leaf[row : row + 1] if axis.axis == 0 else leaf[:, row : row + 1]
        return leaf

    inputs: dict[str, Any] = tree.mapped(call.inputs, cut)
    return inputs
