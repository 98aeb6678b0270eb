"""Looks at the steps of one optimizer: lengths and directions of gradients and updates, and the way gone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from mldiag.recording.watching.birth import is_broken
from mldiag.recording.watching.sketches import Sketch
from mldiag.recording.watching.weight_looks import WeightLook

WINDOW = 3
"""Neighbouring steps whose gradients and updates are compared, from each sampled one on."""

FEW = 64
"""Numbers of a gradient that are looked through one by one."""

SMALL = 65_536
"""A gradient of at most so many numbers is looked through for NaN at every step."""


class UpdateLooks:
    """What is asked before and after every step of an optimizer.

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
        self.row: dict[str, torch.Tensor] = {}
        self.windows: list[torch.Tensor] = []
        self._columns, self._width = list(columns), width
        self._look: WeightLook | None = None
        self._sketch: Sketch | None = None
        self._start: torch.Tensor | None = None
        self._earlier: torch.Tensor | None = None
        self._window: list[torch.Tensor] = []
        self._weights: torch.Tensor | None = None
        self._looking = False
        self._watchful: list[torch.Tensor] = []

    def _ready(self) -> tuple[WeightLook, Sketch]:
        """What looks, made at the first step: a lazy layer has no shape before its first batch."""
        if self._look is None or self._sketch is None:
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
            self._look = WeightLook(self.tensors, [column for _, column in shaped], self._width)
            self._sketch = Sketch(self.tensors)
            small = [tensor for tensor in self.tensors if tensor.numel() <= SMALL]
            self._watchful = small[::-1] or self.tensors[::-1]
        return self._look, self._sketch

    def is_broken(self) -> bool | torch.Tensor | None:
        """Whether the gradient nearest to the loss or farthest from it is not finite; None without one.

        A tensor where the gradient is on a device and the answer would have to be waited for.
        """
        nearest = self._answer(self._watchful)
        # What breaks on the way back leaves the gradients nearer to the loss as they are.
        if nearest is False:
            return self._answer(reversed(self._watchful))
        if isinstance(nearest, torch.Tensor):
            farthest = self._answer(reversed(self._watchful))
            return nearest | farthest if isinstance(farthest, torch.Tensor) else nearest
        return nearest

    @staticmethod
    def _answer(tensors: Iterable[torch.Tensor]) -> bool | torch.Tensor | None:
        for tensor in tensors:
            gradient = tensor.grad
            if gradient is None or gradient.is_sparse:
                continue
            if not gradient.is_cpu or gradient.is_complex():
                return is_broken(gradient)
            if gradient.numel() <= FEW:
                return not all(map(math.isfinite, gradient.reshape(-1).tolist()))
            return not math.isfinite(float(gradient.sum()))
        return None

    def before(self, scale: torch.Tensor | None = None) -> None:
        """To be called before the weights change.

        Args:
            scale: Factor that is in the gradients and that the step itself takes out.
        """
        self.updates += 1
        if not self.wanted and not self._window and self._look is not None:
            return
        with torch.no_grad():
            self._look_before(*self._ready(), scale)

    def _look_before(self, look: WeightLook, sketch: Sketch, scale: torch.Tensor | None) -> None:
        self._looking = self.wanted
        if self._looking:
            norms = look.before()
            self.row = {"gradient/norm": norms if scale is None else norms / scale.to(norms)}
        if (self._looking and self.wants_window) or self._window:
            if len(self._window) % 2:  # the step before was not carried out
                self._window = []
            gradients = sketch.gradients()
            self._window.append(gradients if scale is None else gradients / scale.to(gradients))
            self._weights = sketch.weights()
            if self._start is None:
                self._start = self._weights

    def after(self) -> None:
        """To be called after the weights have changed."""
        if self._looking or self._weights is not None:
            with torch.no_grad():
                self._look_after(*self._ready())

    def _look_after(self, look: WeightLook, sketch: Sketch) -> None:
        if self._looking:
            weights, updates = look.after()
            self.row |= {"weight/norm": weights, "update/norm": updates}
            self.wanted = self._looking = False
        if self._weights is None:
            return
        now = sketch.weights()
        self._window.append(now - self._weights)
        if len(self._window) == 2:
            self.row[f"travel/{self.number}"] = self._travelled(now)
        self._weights = None
        if len(self._window) == 2 * WINDOW:
            stacked = torch.stack(self._window).double()
            self.windows.append(stacked @ stacked.T)
            self._window = []

    def _travelled(self, now: torch.Tensor) -> torch.Tensor:
        """Distance from the start, length of the start, distance from the last look, length now."""
        assert self._start is not None
        from_start = now - self._start
        moved = torch.zeros_like(now) if self._earlier is None else now - self._earlier
        self._earlier = now
        return torch.stack([from_start.norm(), self._start.norm(), moved.norm(), now.norm()])

    def let_go(self) -> None:
        """Give back what is only needed while steps are looked at."""
        self._window, self._weights, self._looking = [], None, False
        if self._look is not None:
            self._look.let_go()

    @property
    def in_window(self) -> bool:
        """Whether the following steps belong to a window that has begun."""
        return bool(self._window)


def rates(optimizer: Any) -> list[float]:
    """Learning rate of each parameter group now."""
    return [
        float(group["lr"]) if "lr" in group else float("nan") for group in optimizer.param_groups
    ]
