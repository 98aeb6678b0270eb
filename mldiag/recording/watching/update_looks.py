"""Looks at the steps of one optimizer: lengths and directions of gradients and updates, and the way gone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from mldiag.recording.watching.birth import is_broken
from mldiag.recording.watching.motion_lot import Look, MotionLot
from mldiag.recording.watching.weight_sample import Slot, WeightSample

WINDOW = 3
"""Neighbouring steps whose gradients and updates are compared, from a sampled one on."""

FEW = 64
"""Numbers of a gradient that are looked through one by one."""

SMALL = 65_536
"""A gradient of at most so many numbers is looked through for NaN at every step."""

FARTHEST_EVERY = 8
"""Every so many steps the gradient farthest from the loss is looked through too."""

Flag = bool | torch.Tensor | None
"""Whether something is not finite; a tensor where the answer would have to be waited for."""


class UpdateLooks:
    """What is asked before and after the steps of an optimizer.

    Args:
        tensors: The parameters it steps, of the watched networks.
        columns: Their columns in the record.
        width: Number of columns.
        number: Number of the optimizer.
    """

    def __init__(
        self, tensors: Sequence[torch.Tensor], columns: Sequence[int], width: int, number: int
    ) -> None:
        self.tensors, self.number, self.updates = list(tensors), number, 0
        self.wanted = self.wants_window = False
        self.seen: Look | None = None
        self._columns, self._width = list(columns), width
        self._sample: WeightSample | None = None
        self._lot: MotionLot | None = None
        self._look: Look | None = None
        self._before: Slot | None = None
        self._window: list[Slot] = []
        self._scales: list[torch.Tensor | None] = []
        self._begun: Look | None = None
        self._watchful: list[torch.Tensor] = self.tensors
        self._nearest: torch.Tensor | None = None

    def _ready(self) -> tuple[WeightSample, MotionLot]:
        """What looks, made at the first step: a lazy layer has no shape before its first batch."""
        if self._sample is None or self._lot is None:
            shaped = [
                (tensor, column)
                for tensor, column in zip(self.tensors, self._columns, strict=True)
                if not is_lazy(tensor)
                and not tensor.is_meta
                and tensor.numel()
                and type(tensor.data) is torch.Tensor
            ]
            if not shaped:
                raise ValueError("no parameter has a shape yet")
            self.tensors = [tensor for tensor, _ in shaped]
            self._columns = [column for _, column in shaped]
            self._sample = WeightSample(self.tensors)
            self._lot = MotionLot(self._sample, self._columns, self._width, self.number)
            self._watchful = [t for t in self.tensors if t.numel() <= SMALL] or self.tensors
        return self._sample, self._lot

    # ---- at every step ----------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether the step that comes is looked at, by itself or as one of a window."""
        return self.wanted or bool(self._window)

    def is_broken(self) -> Flag:
        """Whether the gradient nearest to the loss is not finite; now and then, the farthest one.

        What breaks in the forward pass or the loss shows in the nearest. What breaks on the way back leaves
        it as it is, and shows in the nearest one step later.
        """
        if self._look is not None and _all_finite(self._look.gradients):
            return False
        tensor = self._nearest
        if tensor is None or tensor.grad is None:
            tensor = self._nearest = _with_gradient(reversed(self._watchful))
            if tensor is None:
                return None
        broken = _is_broken(tensor.grad)
        if broken is not False or (self._look is None and self.updates % FARTHEST_EVERY):
            return broken
        farthest = _with_gradient(self._watchful)
        return broken if farthest is None else _is_broken(farthest.grad)

    # ---- at sampled steps -------------------------------------------------------------------------------

    def before(self, scale: torch.Tensor | None = None) -> None:
        """To be called before the weights change in a step that is looked at.

        Args:
            scale: Factor that is in the gradients and that the step itself takes out.
        """
        sample, lot = self._ready()
        scale = None if scale is None else scale.detach().clone()
        if len(self._window) % 3:  # the step before was not carried out
            self._end_window(sample)
        self._look = None
        if self.wanted:
            self._look = Look(lot, directions=self.wants_window)
            self._look.scale = scale
            self._look.columns, self._look.gradients = self._gradient_norms()
        if self._window or (self.wanted and self.wants_window):
            if not self._window:
                self._begun = self._look
            self._window.append(sample.gradients())
            self._scales.append(scale)
        self._before = sample.weights()

    def _gradient_norms(self) -> tuple[list[int], list[torch.Tensor]]:
        gradients: list[Any] = [tensor.grad for tensor in self.tensors]
        columns = self._columns
        plain = not any(g is None or g.requires_grad or g.is_sparse for g in gradients)
        if not plain:
            known = [
                (column, gradient.detach())
                for column, gradient in zip(columns, gradients, strict=True)
                if gradient is not None
            ]
            columns = [column for column, _ in known]
            # Of rows that were looked up, some several times.
            gradients = [g.coalesce().values() if g.is_sparse else g for _, g in known]
        return columns, list(torch._foreach_norm(gradients)) if gradients else []

    def after(self) -> None:
        """To be called after the weights have changed, where `before` was called."""
        if self._before is None or self._sample is None or self._lot is None:
            return
        before, self._before = self._before, None
        after = self._sample.weights()
        look, self._look = self._look, None
        inside = len(self._window) % 3 == 1
        before.users = after.users = int(look is not None) + int(inside)
        if look is not None:
            look.before, look.after = before, after
            self.seen, self.wanted = look, False
            self._lot.add(look)
        if inside:
            self._window += [before, after]
        if len(self._window) == 3 * WINDOW and self._begun is not None:
            self._lot.add_window(self._begun, self._window, self._scales)
            self._window, self._scales, self._begun = [], [], None

    def _end_window(self, sample: WeightSample) -> None:
        sample.give_back(self._window)
        self._window, self._scales, self._begun = [], [], None

    def let_go(self) -> None:
        """Work out what waits, and give back what is only needed while steps are looked at."""
        if self._sample is not None and self._lot is not None:
            self._end_window(self._sample)
            self._lot.work()
            self._sample.let_go()
        self._before = self._look = None


def _with_gradient(tensors: Iterable[torch.Tensor]) -> torch.Tensor | None:
    return next((t for t in tensors if t.grad is not None and not t.grad.is_sparse), None)


def _all_finite(norms: Sequence[torch.Tensor]) -> bool:
    """Whether the gradients nearest to the loss and farthest from it are known to be finite."""
    if not norms or not norms[0].is_cpu:
        return False
    return math.isfinite(float(norms[-1])) and math.isfinite(float(norms[0]))


def _is_broken(gradient: Any) -> Flag:
    if gradient.is_sparse or not gradient.is_cpu or gradient.is_complex():
        return None if gradient.is_sparse else is_broken(gradient)
    if gradient.numel() <= FEW:
        return not all(map(math.isfinite, gradient.reshape(-1).tolist()))
    if gradient.requires_grad:
        gradient = gradient.detach()
    if gradient.element_size() < 4:  # a sum of finite halves may not be one
        return not math.isfinite(float(gradient.sum(dtype=torch.float32)))
    return not math.isfinite(float(gradient.sum()))
