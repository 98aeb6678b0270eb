"""The rows of the record: which steps are looked at, and what they showed, brought to the CPU in lots."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mldiag.recording.cadence import Cadence
from mldiag.recording.series import BinnedSeries, SampledRows
from mldiag.recording.watching.layer_row import LayerRow, SampleLot
from mldiag.recording.watching.outputs import Later
from mldiag.recording.watching.spectra import spectrum

LOT = 64
"""Rows that wait on their device before they are brought over together."""

LOSSES = 256
"""Losses that do."""

BATCHES = 24
"""Sampled steps that tell the size of a batch."""

INPUTS = 8
"""Sampled steps whose inputs are described."""

FEATURES_EVERY = 6
"""Every so many looks at the layers, the features before the last one are decomposed."""

BEGINNING, LAYERS_EVERY = 12, 8
"""Where the user asks for many looks, lengths of gradients, weights and updates are taken at each of them;
layers, which cost most and change slowly, at the first `BEGINNING` and then at one in `LAYERS_EVERY`."""

DIRECTIONS = 24
"""Looks at layers that also compare neighbouring steps; later, every second of them does."""

INPUT_ROWS, INPUT_COLUMNS = 256, 2048

Arrays = dict[str, NDArray[Any]]


class StepRows:
    """Collects losses of all steps and the rows of sampled ones.

    Args:
        every: Look at every so many steps; None for gaps that widen.
    """

    def __init__(self, every: int | None) -> None:
        self._cadence = Cadence(every)
        self._layers_every = 1 if every is None else LAYERS_EVERY
        self._whole = 0
        self._losses: dict[str, BinnedSeries] = {}
        self._waiting: list[tuple[int, str, Any]] = []
        self._pending: list[tuple[int, dict[str, Any]]] = []
        self._sampled = SampledRows()
        self._batches: list[int] = []
        self._inputs: list[dict[str, torch.Tensor]] = []
        self._lot = SampleLot()
        self._taken = 0
        self.sampling = False
        """Whether the step is looked at."""
        self.wants_layers = False
        """Whether it is looked at in every respect, not only at its lengths."""
        self.wants_directions = False
        """Whether it and its neighbours are compared with each other."""
        self.wants_features = False
        """Whether its features are decomposed."""

    def begin(self, step: int) -> bool:
        """Whether the step that begins is looked at."""
        self.sampling = self._cadence.samples(step)
        self.wants_layers = self.wants_directions = self.wants_features = False
        layers = self._taken < BEGINNING or self._taken % self._layers_every == 0
        if self.sampling and layers:
            self.wants_layers = True
            self.wants_directions = self._whole < DIRECTIONS or self._whole % 2 == 0
            self.wants_features = self._whole % FEATURES_EVERY == 0
            self._whole += 1
        return self.sampling

    @property
    def next_step(self) -> int:
        """The step that is looked at next; steps before it need not be asked for."""
        return self._cadence.next_step

    def add_loss(self, step: int, name: str, value: Any) -> None:
        """Keep a loss, a number or a tensor with one element; None is left out."""
        if value is not None:
            self._waiting.append((step, name, value))
            if len(self._waiting) >= LOSSES:
                self._bring_losses()

    @property
    def wants_batch(self) -> bool:
        """Whether the batch of the step is to be described."""
        return len(self._batches) < BATCHES

    @property
    def batch(self) -> int | None:
        """The usual size of a batch; None where none was seen."""
        return sorted(self._batches)[len(self._batches) // 2] if self._batches else None

    def add_batch(self, outputs: torch.Tensor | None, inputs: torch.Tensor | None) -> None:
        """Describe a batch: its size, and of the first few the columns of the inputs."""
        both = (outputs, inputs)
        size = next((len(t) for t in both if t is not None and t.dim() > 0), None)
        if size is not None:
            self._batches.append(size)
        if inputs is not None:
            self._add_inputs(inputs)

    def _add_inputs(self, values: torch.Tensor) -> None:
        if len(self._inputs) >= INPUTS or not values.is_floating_point() or values.dim() < 2:
            return
        rows = values.detach()[:INPUT_ROWS].reshape(min(len(values), INPUT_ROWS), -1)
        rows = rows[:, :INPUT_COLUMNS].float()
        mean = rows.mean(0)
        described = {
            "mean": mean,
            "sd": (rows - mean).square_().mean(0).sqrt_(),
            "largest": rows.abs().amax(0),
        }
        if self._inputs and len(self._inputs[0]["mean"]) != rows.shape[1]:
            return
        self._inputs.append(described)

    def add(self, step: int, row: dict[str, Any]) -> None:
        """Keep what a sampled step showed."""
        self._taken += 1
        seen = row.get("seen")
        if seen is not None:
            self._lot.add(seen)
        if not _is_on_device(row):
            self._keep(step, row)
            return
        self._pending.append((step, row))
        if len(self._pending) >= LOT:
            self._bring_rows()

    def _keep(self, step: int, row: dict[str, Any]) -> None:
        if self._sampled.add(step, row):
            self._cadence.widen()

    def _bring_losses(self) -> None:
        waiting, self._waiting = self._waiting, []
        tensors = [value for _, _, value in waiting if isinstance(value, torch.Tensor)]
        brought: list[float] = []
        if tensors:
            try:
                stacked = torch.stack(tensors)
                brought = (stacked.real if stacked.is_complex() else stacked).tolist()
            except RuntimeError:  # on several devices
                brought = [float(tensor) for tensor in tensors]
        numbers = iter(brought)
        for step, name, value in waiting:
            number = next(numbers) if isinstance(value, torch.Tensor) else float(value)
            series = self._losses.get(name)
            if series is None:
                series = self._losses[name] = BinnedSeries()
            series.add(step, number)

    def _bring_rows(self) -> None:
        pending, self._pending = self._pending, []
        for step, row in pending:
            self._keep(step, {name: _on_cpu(value) for name, value in row.items()})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All series by name."""
        self._bring_losses()
        self._bring_rows()
        self._lot.work()
        arrays: dict[str, NDArray[Any]] = {}
        for name, series in self._losses.items():
            prefix = "loss" if not name else f"losses/{name}"
            arrays |= {f"{prefix}/{part}": values for part, values in series.arrays().items()}
        if len(self._sampled):
            arrays |= self._sampled.arrays(_plain)
        for part in self._inputs[0] if self._inputs else ():
            arrays[f"input/{part}"] = np.stack([_numpy(one[part]) for one in self._inputs])
        return arrays


def _plain(row: dict[str, Any]) -> Arrays:
    """A row as arrays; made when they are asked for, so that the training does not wait for it."""
    plain: Arrays = {}
    for name, value in row.items():
        if isinstance(value, Later):
            plain |= {key: _numpy(number) for key, number in value.numbers().items()}
        elif isinstance(value, LayerRow):
            plain |= value.arrays(row["layers"])
        elif name == "motions":
            for look in value:
                plain = _joined(plain, look.arrays())
        elif name == "features":
            if len(value) >= 16:
                plain["feature/spectrum"] = _numpy(spectrum(value - value.mean(0)))
                plain["feature/mean_size"] = _numpy(value.mean(0).norm())
        elif name == "codes":
            codes = _numpy(value).astype(np.int64)
            plain["codes/counts"] = np.bincount(codes.clip(0, 4095)).astype(np.float32)
        elif isinstance(value, torch.Tensor):
            plain[name] = _numpy(value)
        elif name != "layers":
            plain[name] = np.asarray(value, dtype=np.float64)
    return plain


def _joined(plain: Arrays, more: Arrays) -> Arrays:
    """Columns of another optimizer brought together with those that are known."""
    both = {
        name: np.where(np.isnan(more[name]), plain[name], more[name])
        for name in plain
        if name in more
    }
    return plain | more | both


def _on_cpu(value: Any) -> Any:
    return value.cpu() if isinstance(value, torch.Tensor) else value


def _is_on_device(row: dict[str, Any]) -> bool:
    return any(isinstance(value, torch.Tensor) and not value.is_cpu for value in row.values())


def _numpy(value: torch.Tensor) -> NDArray[Any]:
    array: NDArray[Any] = value.detach().float().cpu().numpy()
    return array if math.prod(array.shape) else array.reshape(-1)
