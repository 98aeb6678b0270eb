"""The learned part: small networks, averaged, that turn features into a distribution by doublings ahead."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mldiag.steps.learning_curve.forecasting.features import Features

Floats = NDArray[np.float64]

KNOTS = np.array([0.0, 0.5, 1, 2, 3, 4])
"""Doublings of the rows at which the networks state the distribution; linear in between."""

LEVEL_KNOTS, GAIN_KNOTS = len(KNOTS), len(KNOTS) - 1
OUTPUTS = 3 * LEVEL_KNOTS + 2 * GAIN_KNOTS
LIMIT = 4.0
"""Features beyond this many standard deviations of those trained on count as that many."""

NORMAL_OUTER = 1.2816
"""Standard deviations from the median of a normal distribution to its 90 % quantile."""

FILE = Path(__file__).parent / "parameters.npz"


@dataclass(frozen=True)
class Layers:
    """Networks of one shape with two hidden layers, and what their widths were calibrated by.

    Args:
        center: Mean of every feature in training, shape (F,).
        scale: Its standard deviation.
        first: Weights, shape (networks, F + 1, H); the last row is the bias, in `second` and `last` too.
        second: Weights, shape (networks, H + 1, H).
        last: Weights, shape (networks, H + 1, OUTPUTS).
        level_factor: Conformal factor of the width of a score's interval, by knot.
        gain_factor: Of a gain's, by knot.
    """

    center: Floats
    scale: Floats
    first: Floats
    second: Floats
    last: Floats
    level_factor: Floats
    gain_factor: Floats

    def outputs(self, features: Floats) -> Floats:
        """Mean over the networks of what they say, shape (N, OUTPUTS), widths already positive.

        Args:
            features: Shape (N, F).
        """
        values = np.clip((features - self.center) / self.scale, -LIMIT, LIMIT)
        hidden = _silu(values @ self.first[:, :-1] + self.first[:, -1:])
        hidden = _silu(hidden @ self.second[:, :-1] + self.second[:, -1:])
        raw = hidden @ self.last[:, :-1] + self.last[:, -1:]
        raw[..., LEVEL_KNOTS:] = _widths(raw[..., LEVEL_KNOTS:])
        mean: Floats = raw.mean(axis=0)
        return mean


@dataclass(frozen=True)
class Knots:
    """A distribution by doublings ahead, in the unit of the forecast.

    Args:
        middle: Median score, shape (knots,).
        below: Width from the median down to the 10 % quantile.
        above: Width up to the 90 % quantile.
        gain_below: Width of the gain over the largest size, down; 0 at the first knot.
        gain_above: The same, up.
    """

    middle: Floats
    below: Floats
    above: Floats
    gain_below: Floats
    gain_above: Floats


Parameters = Mapping[str, Layers]


def knots_of(
    features: Features, parameters: Parameters, *, bounded: bool, valid_to_train: float
) -> Knots:
    """Run the networks for a metric with bounds (which see the level) or without.

    Args:
        features: Of the curve.
        parameters: From `read_parameters`.
        bounded: Whether the unit is between 0 and 1.
        valid_to_train: Scoring rows over training rows, where the repeats split the same few rows again.
    """
    layers = parameters[part_name(bounded=bounded, with_train=features.with_train)]
    row = inputs(features.scale_free, features.levels, bounded=bounded)
    out = layers.outputs(row[None, :])[0]
    middle, below, above, gain_below, gain_above = split(out)
    level = layers.level_factor * features.widening
    gain = layers.gain_factor * features.widening
    # What the repeats share does not show in their spread, and moves every score of the curve alike.
    shared = NORMAL_OUTER * features.run_sd * np.sqrt(valid_to_train)
    return Knots(
        features.level + features.spread * middle,
        np.hypot(features.spread * _growing(below * level), shared),
        np.hypot(features.spread * _growing(above * level), shared),
        features.spread * _growing(gain_below * gain),
        features.spread * _growing(gain_above * gain),
    )


def inputs(scale_free: Floats, levels: Floats, *, bounded: bool) -> Floats:
    """The features that a network of that part reads; the last axis is the feature."""
    return np.concatenate([scale_free, levels], axis=-1) if bounded else scale_free


def split(out: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Outputs by meaning, as in `Knots`; the widths of a gain get their 0 at the first knot."""
    ends = np.cumsum([LEVEL_KNOTS, LEVEL_KNOTS, LEVEL_KNOTS, GAIN_KNOTS])
    middle, below, above, gain_below, gain_above = np.split(out, ends, axis=-1)
    none = np.zeros((*out.shape[:-1], 1))
    return (
        middle,
        below,
        above,
        np.concatenate([none, gain_below], axis=-1),
        np.concatenate([none, gain_above], axis=-1),
    )


def part_name(*, bounded: bool, with_train: bool) -> str:
    """Name of a part in the parameter file."""
    return f"{'bounded' if bounded else 'free'}{'_train' if with_train else ''}"


@cache
def read_parameters(file: Path = FILE) -> Parameters:
    """Read the parameters once.

    Args:
        file: An .npz of plain arrays; the package's own by default.
    """
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name].astype(np.float64) for name in stored.files}
    parts = sorted({name.split("/")[0] for name in arrays})
    names = Layers.__dataclass_fields__
    return {part: Layers(**{name: arrays[f"{part}/{name}"] for name in names}) for part in parts}


def write_parameters(parameters: Parameters, file: Path) -> None:
    """Write what `read_parameters` reads, in half precision and with the same bytes every time.

    Args:
        parameters: Layers by part.
        file: Where to write.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, layers in sorted(parameters.items()):
            for name, array in vars(layers).items():
                entry = zipfile.ZipInfo(f"{part}/{name}.npy", (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(entry, "w") as stream:
                    kind = np.float32 if array.ndim == 1 else np.float16
                    np.lib.format.write_array(stream, array.astype(kind), allow_pickle=False)


def _growing(width: Floats) -> Floats:
    """No narrower farther on, whatever factors the knots were calibrated by."""
    return np.maximum.accumulate(width)


def _silu(x: Floats) -> Floats:
    activated: Floats = x / (1 + np.exp(-x))
    return activated


def _widths(raw: Floats) -> Floats:
    """Positive widths that grow from knot to knot: sums of softplus, one sum for every side."""
    ends = [LEVEL_KNOTS, 2 * LEVEL_KNOTS, 2 * LEVEL_KNOTS + GAIN_KNOTS]
    sides = []
    for side in np.split(raw, ends, axis=-1):
        shift = np.ones(side.shape[-1])
        shift[0] = 0.0  # steps between knots are smaller than the width at the first one
        sides.append(np.cumsum(np.logaddexp(0, side - shift), axis=-1))
    return np.concatenate(sides, axis=-1)
