"""Norms of gradients, weights and updates of one optimizer step, for each parameter, without a sync."""

from __future__ import annotations

from collections.abc import Sequence

import torch

HELD = 20_000_000
"""Numbers of all weights up to which the memory of their copy is kept for the next look: asking for it anew
takes longer than the copy itself."""


class WeightLook:
    """Looks before and after one step of an optimizer, or of whatever else changes the weights.

    Args:
        tensors: The parameters that the step changes; all with a shape.
        columns: Their columns in the record, as many.
        width: Number of columns.
    """

    def __init__(self, tensors: Sequence[torch.Tensor], columns: Sequence[int], width: int) -> None:
        self._tensors, self._columns, self._width = list(tensors), list(columns), width
        self._before: list[torch.Tensor] = []
        self._holds = sum(tensor.numel() for tensor in tensors) <= HELD
        self._in_order = self._columns == list(range(width))

    @torch.no_grad()
    def before(self) -> torch.Tensor:
        """Norms of the gradients, shape (width,); NaN where there is none. Keeps the weights."""
        now = [tensor.detach() for tensor in self._tensors]
        if not self._before:
            self._before = [torch.empty_like(tensor) for tensor in now]
        try:
            torch._foreach_copy_(self._before, now)
        except RuntimeError:  # a parameter has changed its shape or its device
            self._before = [tensor.clone() for tensor in now]
        columns, gradients = [], []
        for column, tensor in zip(self._columns, self._tensors, strict=True):
            gradient = tensor.grad
            if gradient is None:
                continue
            if gradient.is_sparse:  # rows that were looked up, some several times
                gradient = gradient.coalesce().values()
            if gradient.layout is torch.strided:
                columns.append(column)
                gradients.append(gradient.detach())
        return self._spread(columns, gradients)

    @torch.no_grad()
    def after(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Norms of the weights before the step and of their change, each of shape (width,)."""
        weights = self._spread(self._columns, self._before)
        torch._foreach_sub_(self._before, [tensor.detach() for tensor in self._tensors])
        updates = self._spread(self._columns, self._before)
        if not self._holds:
            self._before = []
        return weights, updates

    def let_go(self) -> None:
        """Give back the memory of the copy."""
        self._before = []

    def _spread(self, columns: Sequence[int], tensors: list[torch.Tensor]) -> torch.Tensor:
        if not tensors:
            return torch.full((self._width,), torch.nan)
        device = tensors[0].device
        norms = list(torch._foreach_norm(tensors))
        try:
            stacked = torch.stack(norms)
        except (
            RuntimeError
        ):  # on several devices; asking each for its own takes longer than the norms
            stacked = torch.stack([norm.to(device, torch.float32) for norm in norms])
        if self._in_order and len(columns) == self._width:
            return stacked
        whole = torch.full((self._width,), torch.nan, device=device)
        whole[torch.tensor(columns, device=device)] = stacked.float()
        return whole
