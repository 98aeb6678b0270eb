"""A fixed sample of the coordinates of all weights, small enough to compare steps with each other.

Norms tell how long a gradient is. Whether gradients of neighbouring steps agree, how far the weights have
come,
and how much of a gradient is noise, needs directions: they are estimated from a few thousand coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

COORDINATES = 8192
"""Coordinates that are compared, over all parameters."""


class Sketch:
    """Which coordinates of which tensors are compared; the same ones at every step.

    Args:
        tensors: The parameters, in order; all with a shape.
        limit: Number of coordinates, about.
    """

    def __init__(self, tensors: Sequence[torch.Tensor], limit: int = COORDINATES) -> None:
        total = sum(tensor.numel() for tensor in tensors)
        stride = max(1, -(-total // limit))
        self._tensors = list(tensors)
        # An odd stride walks through every column of a matrix whose rows have an even length.
        self._strides = [min(stride | 1, max(1, t.numel() // 8)) for t in self._tensors]
        self._counts = [
            -(-t.numel() // k) for t, k in zip(self._tensors, self._strides, strict=True)
        ]
        self._device = self._tensors[0].device
        # A coordinate stands for as many as its stride, so that lengths are those of the whole.
        shares = [
            torch.full((n,), float(k) ** 0.5)
            for n, k in zip(self._counts, self._strides, strict=True)
        ]
        self._scale = torch.cat(shares).to(self._device)
        self._places = [-1] * len(self._tensors)
        self._views: list[torch.Tensor] = []
        self._plain = all(t.dtype == torch.float32 for t in self._tensors) and (
            len({t.device for t in self._tensors}) == 1
        )

    def weights(self) -> torch.Tensor:
        """The coordinates of the weights, shape (coordinates,), 32 bits, scaled to the whole's length."""
        places = [tensor.data_ptr() for tensor in self._tensors]
        if places != self._places or not self._plain:  # other storage: `.data = ...`, `.to(...)`
            self._views = [
                self._picked(tensor.detach(), k, n)
                for tensor, k, n in zip(self._tensors, self._strides, self._counts, strict=True)
            ]
            self._places = places
        return torch.cat(self._views).mul_(self._scale)

    def gradients(self) -> torch.Tensor:
        """The same coordinates of the gradients; zero where there is none."""
        parts = []
        for tensor, stride, count in zip(self._tensors, self._strides, self._counts, strict=True):
            gradient = tensor.grad
            if gradient is None or gradient.is_sparse:
                parts.append(torch.zeros(count, device=self._device))
            else:
                parts.append(self._picked(gradient, stride, count))
        return torch.cat(parts).mul_(self._scale)

    def _picked(self, values: torch.Tensor, stride: int, count: int) -> torch.Tensor:
        if not self._plain and values.is_complex():
            values = values.abs()
        if values.is_contiguous():
            picked = values.as_strided((count,), (stride,))
        else:
            picked = values.reshape(-1)[::stride]
        return picked if self._plain else picked.to(self._device, torch.float32)
