"""A fixed sample of the numbers of every weight tensor: the same ones at every look, taken in one call.

Copying all weights before a step, to see how far it moves them, costs as much as a small step itself. A
bounded number of each tensor tells its length within a few percent, and the sample of all together tells
whether gradients of neighbouring steps agree and how far the weights have come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MOST = 512
"""Numbers of one tensor; smaller tensors are taken whole."""

ALL = 32_768
"""Numbers of all tensors together; of very many tensors fewer numbers each, but at least `LEAST`."""

LEAST = 32

RUN = 4
"""Neighbours that are taken together: they lie in one line of the cache, which is what a number costs."""


@dataclass(eq=False)
class Slot:
    """Room for one sample.

    Args:
        flat: Shape (coordinates,).
        parts: Views of it, one a tensor.
        users: How many still need its numbers.
    """

    flat: torch.Tensor
    parts: list[torch.Tensor]
    users: int = 1


class WeightSample:
    """Which numbers of which tensors are taken.

    Args:
        tensors: The parameters, in order; all with a shape.

    Example:
        >>> sample = WeightSample([torch.nn.Parameter(torch.ones(40, 50)), torch.nn.Parameter(torch.ones(3))])
        >>> sample.counts.tolist(), sample.factors.round(2).tolist()
        ([512, 3], [1.98, 1.0])
    """

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._tensors = list(tensors)
        most = max(LEAST, min(MOST, ALL // len(self._tensors)))
        self._formats = [_format_of(tensor) for tensor in self._tensors]
        self._shapes = [_taken(_real(t.detach()), most) for t in self._tensors]
        self.counts = np.array([math.prod(size) for size, _ in self._shapes])
        self.starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        sizes = np.array([_real(t.detach()).numel() for t in self._tensors])
        self.factors = np.sqrt(sizes / self.counts)
        """Length of a whole tensor over that of what is taken of it, about."""
        self._double = any(t.dtype in (torch.float64, torch.complex128) for t in self._tensors)
        self._free: list[Slot] = []
        self._places: list[int] = []
        self._views: list[torch.Tensor] = []

    def weights(self) -> Slot:
        """The sample of the weights as they are."""
        places = list(map(torch.Tensor.data_ptr, self._tensors))
        if places != self._places:  # at first, and after `.data = ...` or `.to(...)`
            self._views = [self._view(k, tensor) for k, tensor in enumerate(self._tensors)]
            # What had to be copied to be sampled is copied anew the next time.
            plain = all(map(_is_plain, self._tensors, self._formats))
            self._places = places if plain else []
        slot = self._slot()
        torch._foreach_copy_(slot.parts, self._views)
        return slot

    def gradients(self) -> Slot:
        """The same numbers of the gradients; zero where there is none."""
        slot = self._slot()
        into, views = [], []
        for k, tensor in enumerate(self._tensors):
            gradient = tensor.grad
            if gradient is None or gradient.layout is not torch.strided:
                slot.parts[k].zero_()
            else:
                into.append(slot.parts[k])
                views.append(self._view(k, gradient))
        if views:
            torch._foreach_copy_(into, views)
        return slot

    def give_back(self, slots: Sequence[Slot]) -> None:
        """Slots whose numbers one user does not need any more."""
        for slot in slots:
            slot.users -= 1
            if not slot.users:
                self._free.append(slot)

    def let_go(self) -> None:
        """Give back the memory of free slots, and of what was copied to be sampled."""
        self._free, self._views, self._places = [], [], []

    def _slot(self) -> Slot:
        if self._free:
            slot = self._free.pop()
            slot.users = 1
            return slot
        device = self._tensors[0].device
        dtype = torch.float64 if self._double else torch.float32
        flat = torch.empty(int(self.counts.sum()), dtype=dtype, device=device)
        parts = torch.split(flat, self.counts.tolist())
        shaped = [part.view(size) for part, (size, _) in zip(parts, self._shapes, strict=True)]
        return Slot(flat, shaped)

    def _view(self, place: int, tensor: torch.Tensor) -> torch.Tensor:
        values = tensor.detach() if tensor.requires_grad else tensor
        if not _is_plain(values, self._formats[place]):
            values = values.contiguous(memory_format=self._formats[place])
        values = _real(values)
        size, stride = self._shapes[place]
        return values.as_strided(size, stride)


def _taken(values: torch.Tensor, most: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Size and strides, in memory, of what is taken of a tensor."""
    whole = values.numel()
    if whole <= most:
        return (whole,), (1,)
    runs = most // RUN
    hop = whole // runs
    # Without a divisor in common with the length of a row, hops walk through every column.
    row = whole // max(values.shape[0], 1)
    while hop > 1 and math.gcd(hop, row) > 1:
        hop -= 1
    return (runs, RUN), (hop, 1)


def _real(values: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(values.resolve_conj()) if values.is_complex() else values


def _format_of(tensor: torch.Tensor) -> Any:
    last = tensor.dim() == 4 and not tensor.is_complex() and not tensor.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format


def _is_plain(tensor: torch.Tensor, memory_format: Any) -> bool:
    return tensor.is_contiguous(memory_format=memory_format) and not tensor.is_conj()
