"""What sampled steps have shown of the layers: samples first, numbers when enough of them wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mldiag.recording.watching import attention
from mldiag.recording.watching.unit_stats import QUANTITIES, UNITS, numbers_of_stack

Sample = tuple[torch.Tensor, str]
"""A sample of an output, shape (rows, units), and the kind of its layer where that has a range."""

LOT_BYTES = 4 << 20
"""Samples that wait to be worked out together: a call in the middle of a training finds nothing of its code
in
the caches and takes ten times as long as the same call after itself."""

CHUNK_BYTES = 1 << 19
"""Samples that go through a call together: what fits into the caches."""


class LayerRow:
    """What one step has shown of the layers.

    Args:
        samples: Samples of outputs, by column.
        attentions: Quantities of attentions, by column.
    """

    def __init__(self, samples: dict[int, Sample], attentions: dict[int, torch.Tensor]) -> None:
        self.samples, self.attentions = samples, attentions
        self._groups: list[tuple[list[int], NDArray[np.float32], NDArray[np.float16]]] = []
        self._weights: NDArray[np.float32] | None = None

    def put(self, places: list[int], numbers: NDArray[np.float32], on: NDArray[np.float16]) -> None:
        """Take what was worked out of some of the samples.

        Args:
            places: Their columns.
            numbers: Their quantities, shape (layers, quantities).
            on: Shares of rows in which their units were not zero, shape (layers, units).
        """
        self._groups.append((places, numbers, on))
        for place in places:
            del self.samples[place]

    def end(self) -> None:
        """Bring the attentions over."""
        if self.attentions and self._weights is None:
            stacked = torch.stack([numbers.float() for numbers in self.attentions.values()])
            self._weights = stacked.cpu().numpy()
            self.attentions = dict.fromkeys(self.attentions, torch.empty(0))

    def arrays(self, count: int) -> dict[str, NDArray[Any]]:
        """`output/numbers`, `output/on` and `attention/numbers` with a row for each of `count` layers."""
        numbers = np.full((count, len(QUANTITIES)), np.nan, np.float32)
        on = np.full((count, UNITS), np.nan, np.float16)
        weights = np.full((count, len(attention.QUANTITIES)), np.nan, np.float32)
        for places, of_layers, shares in self._groups:
            numbers[places] = of_layers
            on[places, : shares.shape[1]] = shares
        if self._weights is not None:
            weights[list(self.attentions)] = self._weights
        return {"output/numbers": numbers, "output/on": on, "attention/numbers": weights}


class SampleLot:
    """Samples of several steps that wait, and what works them out."""

    def __init__(self) -> None:
        self._rows: list[LayerRow] = []
        self._bytes = 0

    def add(self, row: LayerRow) -> None:
        """Take the samples of a step; they are worked out when enough wait."""
        self._rows.append(row)
        self._bytes += sum(4 * sample.numel() for sample, _ in row.samples.values())
        if self._bytes >= LOT_BYTES:
            self.work()

    def work(self) -> None:
        """Work out everything that waits."""
        rows, self._rows, self._bytes = self._rows, [], 0
        kinds: dict[tuple[object, ...], list[tuple[LayerRow, list[int]]]] = {}
        for row in rows:
            alike: dict[tuple[object, ...], list[int]] = {}
            for place, (sample, kind) in row.samples.items():
                alike.setdefault((sample.shape, sample.get_device(), kind), []).append(place)
            for key, places in alike.items():
                kinds.setdefault(key, []).append((row, places))
            row.end()
        for key, waiting in kinds.items():
            _work_out(waiting, str(key[2]))


def _work_out(waiting: Sequence[tuple[LayerRow, list[int]]], kind: str) -> None:
    """The numbers of samples of one shape, a chunk at a time."""
    chunk: list[tuple[LayerRow, list[int]]] = []
    size = 0
    for row, places in waiting:
        chunk.append((row, places))
        size += 4 * row.samples[places[0]][0].numel() * len(places)
        if size >= CHUNK_BYTES:
            _work_out_chunk(chunk, kind)
            chunk, size = [], 0
    if chunk:
        _work_out_chunk(chunk, kind)


def _work_out_chunk(chunk: Sequence[tuple[LayerRow, list[int]]], kind: str) -> None:
    with torch.no_grad():
        stack = torch.stack([row.samples[place][0] for row, places in chunk for place in places])
        numbers, shares = (part.cpu().numpy() for part in numbers_of_stack(stack, kind))
    start = 0
    for row, places in chunk:
        end = start + len(places)
        row.put(places, numbers[start:end].copy(), shares[start:end].astype(np.float16))
        start = end
