"""A sample of an output of a layer as rows by units, taken in one call whatever its shape."""

from __future__ import annotations

from functools import lru_cache

import torch

from mldiag.recording.unit_numbers import ROWS, UNITS

Sizes = tuple[int, ...]


def unit_matrix(output: torch.Tensor, channels_second: bool) -> torch.Tensor:
    """A sample of an output as rows by units, shape (at most ROWS, at most UNITS), 32 bits; a copy.

    Rows are examples, or places in them: spread over all examples and over their places.

    Args:
        output: Shape (batch, units), (batch, places, units) or (batch, units, places...).
        channels_second: Whether the units are dimension 1 instead of the last.

    Example:
        >>> unit_matrix(torch.zeros(4, 8, 10, 10), True).shape
        torch.Size([128, 8])
    """
    values = output.detach()
    plan = _plan(tuple(values.shape), values.stride(), channels_second)
    if plan is None:  # places that do not lie one behind the other
        if channels_second and values.dim() > 2:
            values = values.movedim(1, -1)
        values = values.contiguous()
        plan = _plan(tuple(values.shape), values.stride(), False)
        assert plan is not None
    size, stride = plan
    picked = values.as_strided(size, stride)
    copied = picked.clone() if picked.dtype == torch.float32 else picked.to(torch.float32)
    return copied if copied.dim() == 2 else copied.reshape(-1, size[-1])


@lru_cache(maxsize=1024)
def _plan(shape: Sizes, stride: Sizes, channels_second: bool) -> tuple[Sizes, Sizes] | None:
    """Size and strides of the sample; None where the places cannot be walked through with one stride."""
    if len(shape) < 2:
        shape, stride = (
            (*shape, *(1,) * (1 - len(shape)), 1),
            (*stride, *(0,) * (1 - len(shape)), 0),
        )
    inner = range(2, len(shape)) if channels_second else range(1, len(shape) - 1)
    unit = 1 if channels_second else len(shape) - 1
    places, step = 1, 0
    for axis in reversed(inner):
        if shape[axis] == 1:
            continue
        if places > 1 and stride[axis] != step * places:
            return None
        step = step if places > 1 else stride[axis]
        places *= shape[axis]
    skip = max(1, shape[unit] // UNITS)
    units = (min(shape[unit], UNITS), skip * stride[unit])
    rows = _rows(shape[0], stride[0], places, step)
    return (*(size for size, _ in rows), units[0]), (*(hop for _, hop in rows), units[1])


def _rows(examples: int, example: int, places: int, place: int) -> list[tuple[int, int]]:
    """Sizes and strides that walk over examples and their places, a new place with each example.

    Args:
        examples: Number of examples.
        example: Stride from one to the next.
        places: Number of places in each.
        place: Stride from one to the next.
    """
    hop = 1 if examples < 2 * ROWS else (examples // ROWS) | 1
    taken, example = min(ROWS, -(-examples // hop)), hop * example
    each = min(places, max(1, ROWS // max(taken, 1)))
    if places == 1:
        return [(taken, example)]
    apart = places // each
    rounds = max(-(-taken // apart), 1)  # after so many examples the places begin anew
    turn = max(taken // rounds, 1)
    # An odd shift does not stay in one column of an image.
    shift = _odd(apart // turn) * place
    return [(rounds, turn * example), (turn, example + shift), (each, apart * place)]


def _odd(number: int) -> int:
    return number if number % 2 else max(number - 1, 0)
