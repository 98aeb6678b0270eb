"""What sampled steps have shown of weights and gradients: samples first, numbers when enough of them wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mldiag.recording.watching.weight_sample import Slot, WeightSample

LOT_NUMBERS = 1 << 17
"""Numbers of samples that wait to be worked out together: code that runs again and again is in the caches."""

Numbers = NDArray[Any]


class Look:
    """What one step of an optimizer has shown.

    Args:
        lot: What works it out.
        directions: Whether the way of the weights belongs to it.
    """

    def __init__(self, lot: MotionLot, *, directions: bool) -> None:
        self.directions = directions
        self.before: Slot | None = None
        self.after: Slot | None = None
        self.gradients: list[torch.Tensor] = []
        self.columns: list[int] = []
        self.scale: torch.Tensor | None = None
        self.found: dict[str, Numbers] = {}
        self._lot = lot

    def arrays(self) -> dict[str, Numbers]:
        """`gradient/norm`, `weight/norm`, `update/norm`; where asked for, `travel/K` and `window/K`."""
        self._lot.work()
        return self.found


class MotionLot:
    """Looks at the steps of one optimizer that wait, and what works them out.

    Args:
        sample: What is taken of its weights.
        columns: Columns of the weights in the record.
        width: Number of columns.
        number: Number of the optimizer.
    """

    def __init__(
        self, sample: WeightSample, columns: Sequence[int], width: int, number: int
    ) -> None:
        self._sample, self._columns, self._width = sample, list(columns), width
        self._number = number
        self._looks: list[Look] = []
        self._windows: list[tuple[Look, list[Slot], list[torch.Tensor | None]]] = []
        self._waiting = 0
        self._start: Numbers | None = None
        self._earlier: Numbers | None = None
        self._weights = np.repeat(sample.factors, sample.counts).astype(np.float32)

    def add(self, look: Look) -> None:
        """Take a look; it is worked out when enough wait."""
        self._looks.append(look)
        self._count(2)

    def add_window(self, look: Look, slots: list[Slot], scales: list[torch.Tensor | None]) -> None:
        """Take a window.

        Args:
            look: The look that it began with.
            slots: Gradients of a step, weights before and after it, and so on for each step.
            scales: Factor in the gradients of each step; None where there is none.
        """
        self._windows.append((look, slots, scales))
        self._count(len(slots))

    def _count(self, slots: int) -> None:
        self._waiting += slots * len(self._weights)
        if self._waiting >= LOT_NUMBERS:
            self.work()

    def work(self) -> None:
        """Work out everything that waits."""
        looks, self._looks, self._waiting = self._looks, [], 0
        windows, self._windows = self._windows, []
        with np.errstate(all="ignore"):
            if looks:
                self._work_gradients(looks)
                self._work_weights(looks)
            for look, slots, scales in windows:
                look.found[f"window/{self._number}"] = self._products(slots, scales)
                self._sample.give_back(slots)

    def _work_gradients(self, looks: Sequence[Look]) -> None:
        norms = [norm for look in looks for norm in look.gradients]
        numbers = _brought(norms)
        alike = all(look.columns == looks[0].columns for look in looks[1:])
        rows = np.full((len(looks), self._width), np.nan, np.float32)
        if alike:
            rows[:, looks[0].columns] = numbers.reshape(len(looks), -1)
        start = 0
        for look, row in zip(looks, rows, strict=True):
            if not alike:
                end = start + len(look.gradients)
                row[look.columns] = numbers[start:end]
                start = end
            if look.scale is not None:
                row /= float(look.scale)
            look.found["gradient/norm"] = row
            look.gradients = []

    def _work_weights(self, looks: Sequence[Look]) -> None:
        """Lengths of the weights before each step and of its change; the way, where asked for."""
        known = [(look, look.before, look.after) for look in looks]
        slots = [slot for _, *pair in known for slot in pair if slot is not None]
        both = _arrays(slots).reshape(len(looks), 2, -1)
        for (look, _, _), lengths, moved in zip(
            known, self._lengths(both[:, 0]), self._lengths(both[:, 1] - both[:, 0]), strict=True
        ):
            look.found["weight/norm"], look.found["update/norm"] = lengths, moved
        for (look, _, _), (before, after) in zip(known, both, strict=True):
            if look.directions:
                look.found[f"travel/{self._number}"] = self._travelled(before, after)
            look.before = look.after = None
        self._sample.give_back(slots)

    def _lengths(self, samples: Numbers) -> Numbers:
        squares = np.add.reduceat(samples * samples, self._sample.starts, axis=1)
        lengths = np.full((len(samples), self._width), np.nan, np.float32)
        lengths[:, self._columns] = np.sqrt(squares) * self._sample.factors
        return lengths

    def _travelled(self, before: Numbers, after: Numbers) -> Numbers:
        """Distance from the start, length of the start, distance from the last look, length now."""
        now = after * self._weights
        if self._start is None:
            self._start = before * self._weights
        earlier = now if self._earlier is None else self._earlier
        self._earlier = now
        ways = (now - self._start, self._start, now - earlier, now)
        return np.array([np.sqrt(float(way @ way)) for way in ways])

    def _products(self, slots: Sequence[Slot], scales: Sequence[torch.Tensor | None]) -> Numbers:
        """Products of gradients and updates of neighbouring steps with each other."""
        arrays = _arrays(slots) * self._weights
        rows: list[Numbers] = []
        for scale, gradients, before, after in zip(
            scales, arrays[0::3], arrays[1::3], arrays[2::3], strict=True
        ):
            rows += [gradients if scale is None else gradients / float(scale), after - before]
        stacked = np.stack(rows)
        return np.asarray(stacked @ stacked.T)


def _arrays(slots: Sequence[Slot]) -> Numbers:
    """The samples as one array on the CPU, shape (slots, coordinates): one wait for all."""
    if slots[0].flat.is_cpu:
        return np.stack([slot.flat.numpy() for slot in slots])
    return np.asarray(torch.stack([slot.flat for slot in slots]).cpu().numpy())


def _brought(norms: Sequence[torch.Tensor]) -> Numbers:
    if not norms:
        return np.empty(0, np.float32)
    try:
        return np.asarray(torch.stack(list(norms)).float().cpu().numpy())
    except RuntimeError:  # of several devices, or of several kinds of numbers
        return np.array([float(norm) for norm in norms], np.float32)
