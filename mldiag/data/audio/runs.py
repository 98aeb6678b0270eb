"""Runs of equal samples: flat tops where the sound was clipped, holes where it was dropped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audio.facts import Clipping
from mldiag.data.audio.framing import Framing, Samples

LEAST_FLAT = 3
"""Equal samples in a row that can be a flat top."""

SMALLEST_STEP = {"PCM_S8": 2.0**-7, "PCM_U8": 2.0**-7}
DEFAULT_STEP = 2.0**-15
STEPS_BESIDE = 4.0
"""A natural peak that is equal over three samples is at most 1.8 steps of the coding above its neighbours:
a parabola that stays within one step over L samples drops by 4 (L+1)/L^2 steps beside them. Flat tops
fall off by more."""

LEAST_LEVEL = 0.1
"""Flat tops lower than this, of full scale, are no flat tops but a quiet coarse signal."""

TOP = 0.98
"""Runs count where their value is at least this share of the channel's highest."""

LEAST_HOLE_SECONDS = 0.003
LONGEST_HOLE_SECONDS = 1.5
HOLE_LEVEL = 0.01
"""A hole holds a value this near to the mean, of the file's peak."""

SIDE_SECONDS = 0.002
MOST_PLACES = 20
MOST_CANDIDATES = 200_000


class RunFinder:
    """Takes blocks of samples, then tells flat tops and holes.

    Args:
        framing: The framing of the file.
        channels: Its channels.
        subtype: Coding of its samples, which tells the smallest step.
    """

    def __init__(self, framing: Framing, channels: int, subtype: str) -> None:
        self._rate = framing.rate
        self._step = SMALLEST_STEP.get(subtype, DEFAULT_STEP)
        self._highest = np.zeros((2, channels))
        self._flat: list[list[NDArray[np.float64]]] = [[] for _ in range(channels)]
        self._kept = 0
        self._holes: list[tuple[int, int, float]] = []
        self._side = max(2, round(SIDE_SECONDS * framing.rate))
        self._overlap = round(LONGEST_HOLE_SECONDS * framing.rate) + 2 * self._side
        self._tail: Samples | None = None
        self._seen = 0
        self._last_hole = -1

    def add(self, block: Samples) -> None:
        """The next samples, shape (n, channels)."""
        self._highest[0] = np.maximum(self._highest[0], block.max(axis=0))
        self._highest[1] = np.maximum(self._highest[1], -block.min(axis=0))
        for channel in range(block.shape[1]):
            self._add_flat(block[:, channel], channel)
        self._add_holes(block)
        self._seen += len(block)

    def _add_flat(self, samples: Samples, channel: int) -> None:
        least = max(LEAST_LEVEL, 0.9 * TOP * float(self._highest[:, channel].min()))
        if self._kept > MOST_CANDIDATES or not (np.abs(samples) >= least).any():
            return
        starts, lengths = equal_runs(samples, LEAST_FLAT)
        values = samples[starts]
        chosen = (np.abs(values) >= least) & (starts > 0) & (starts + lengths < len(samples))
        starts, lengths, values = starts[chosen], lengths[chosen], values[chosen]
        beside = np.minimum(
            np.abs(values - samples[starts - 1]), np.abs(values - samples[starts + lengths])
        )
        outward = (np.sign(values) * (values - samples[starts - 1]) > 0) & (
            np.sign(values) * (values - samples[starts + lengths]) > 0
        )
        steep = (beside > STEPS_BESIDE * self._step) & outward
        found = np.column_stack([values, lengths, starts + self._seen])[steep].astype(np.float64)
        self._kept += len(found)
        self._flat[channel].append(found)

    def _add_holes(self, block: Samples) -> None:
        """Holes are looked for in the block with the end of the last one before it."""
        joined = block if self._tail is None else np.concatenate([self._tail, block])
        begin = self._seen - (0 if self._tail is None else len(self._tail))
        first = joined[:, 0]
        starts, lengths = equal_runs(first, max(4, round(LEAST_HOLE_SECONDS * self._rate)))
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            end = start + length
            whole = start >= self._side and end + self._side <= len(joined)
            if not whole or begin + start <= self._last_hole or length > self._overlap:
                continue
            self._last_hole = begin + start
            if joined.shape[1] > 1 and np.ptp(joined[start:end], axis=0).max() > 0:
                continue
            sides = (joined[start - self._side : start], joined[end : end + self._side])
            level = min(
                float(np.sqrt(np.mean(np.square(side - side.mean(axis=0))))) for side in sides
            )
            if np.abs(joined[start]).max() <= HOLE_LEVEL * max(self._highest.max(), 1e-9):
                self._holes.append((begin + start, length, level))
        self._tail = joined[-self._overlap :].copy()

    def clipping(self, samples: int) -> Clipping:
        """Flat tops at the highest or lowest value of their channel.

        Args:
            samples: Number of samples of one channel.
        """
        total, longest, level = 0.0, [], 0.0
        runs = 0
        for channel, found in enumerate(self._flat):
            every = np.concatenate(found) if found else np.empty((0, 3))
            for side, sign in enumerate((1, -1)):
                top = self._highest[side, channel]
                tops = every[(every[:, 0] * sign >= TOP * top) & (every[:, 0] * sign > 0)]
                runs += len(tops)
                total += float(tops[:, 1].sum())
                longest += tops[:, 1:].tolist()
                level = max(level, float(top)) if len(tops) else level
        places = tuple(
            round(start / self._rate, 4) for _, start in sorted(longest, reverse=True)[:MOST_PLACES]
        )
        share = total / max(samples * len(self._flat), 1)
        return Clipping(runs, share, level, places)

    def dropouts(self, least_level: float) -> list[tuple[float, float]]:
        """(start, length) in seconds of the holes with sound right up to both edges.

        Args:
            least_level: Root mean square that the sound must have beside the hole.
        """
        return [
            (start / self._rate, length / self._rate)
            for start, length, level in self._holes
            if level >= least_level
        ]


def equal_runs(
    samples: NDArray[np.floating], least: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Starts and lengths of the runs of at least so many equal values.

    Example:
        >>> starts, lengths = equal_runs(np.array([1.0, 2, 2, 2, 3, 3]), 3)
        >>> starts.tolist(), lengths.tolist()
        ([1], [3])
    """
    if len(samples) < least:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    changes = np.flatnonzero(samples[1:] != samples[:-1]) + 1
    edges = np.concatenate([[0], changes, [len(samples)]])
    lengths = np.diff(edges)
    chosen = np.flatnonzero(lengths >= least)
    return edges[chosen], lengths[chosen]
