"""One example drawn as what it is: a picture, a waveform, a text, a row of a table."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording
from mldiag.steps.drawing import BAD, LABEL_SIZE, VALID
from mldiag.wording import number

Kind = Literal["picture", "sound", "ids", "series", "row"]

CAPTION = LABEL_SIZE - 2.5
LONG = 256
"""From so many numbers on, a row of them is a signal."""

COLUMNS_SHOWN = 6
WORDS_SHOWN = 40


def kind_of(values: NDArray[Any], facts: Any) -> Kind:
    """What examples of shape (rows, ...) are, by their shape and numbers.

    Example:
        >>> kind_of(np.zeros((9, 3, 32, 32)), {}), kind_of(np.zeros((9, 1, 4000)), {})
        ('picture', 'sound')
        >>> kind_of(np.zeros((9, 20), dtype=int), {}), kind_of(np.zeros((9, 13)), {})
        ('ids', 'row')
    """
    shape = values.shape[1:]
    named = bool(facts.get("columns"))
    if len(shape) >= 3:
        return "picture"
    if len(shape) == 2:
        if min(shape) <= 2:
            return "sound" if max(shape) >= 32 else "row"
        alike = max(shape) <= 4 * min(shape) and min(shape) >= 8
        return "picture" if alike else "series"
    if len(shape) == 1 and values.dtype.kind in "iu" and shape[0] >= 4 and not named:
        return "ids"
    if len(shape) == 1 and not named:
        side = math.isqrt(shape[0])
        if side >= 8 and side * side == shape[0]:
            return "picture"  # a flat square one, as small networks take them
        return "sound" if shape[0] >= LONG else "row"
    return "row"


def sheet(rows: int, across: int, height: float = 1.45) -> tuple[Figure, list[list[Axes]]]:
    """A figure of cells without axes, row by row."""
    figure = Figure(
        figsize=(10.0, 0.9 + height * rows),
        dpi=120,
        layout=ConstrainedLayoutEngine(h_pad=0.05, w_pad=0.04),
    )
    axes = figure.subplots(rows, across, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    return figure, [list(row) for row in axes]


def draw(
    axes: Axes, value: NDArray[Any], kind: Kind, recording: Recording, typical: Any = None
) -> None:
    """Draw one example.

    Args:
        axes: Where.
        value: Of shape (...), without the row axis.
        kind: From `kind_of`.
        recording: With `columns` and `words` among its facts, where they are known.
        typical: Mean and standard deviation of the columns, two arrays, so that what is unusual comes first.
    """
    value = np.nan_to_num(np.asarray(value, dtype=value.dtype if kind == "ids" else np.float64))
    if kind == "picture":
        pixels = as_picture(value)
        colours: dict[str, Any] = {"cmap": "gray"} if pixels.ndim == 2 else {}
        axes.imshow(pixels, interpolation="nearest", **colours)
    elif kind == "sound":
        wave = value.reshape(-1, value.shape[-1])[0] if value.ndim == 2 else value
        wave = value.reshape(-1) if value.ndim == 2 and value.shape[1] == 1 else wave
        axes.plot(_thinned(wave), color=VALID, linewidth=0.7)
        axes.margins(x=0.02, y=0.12)
    elif kind == "series":
        long = value if value.shape[0] >= value.shape[1] else value.T
        axes.plot(long[:, :8], linewidth=0.8)
    else:
        text = _words(value, recording) if kind == "ids" else _table(value, recording, typical)
        family, smaller = ("sans-serif", 0.5) if kind == "ids" else ("monospace", 1.0)
        axes.text(
            0.02, 0.98, text, transform=axes.transAxes, ha="left", va="top",
            fontsize=CAPTION - smaller, family=family, color="#333333", linespacing=1.15,
        )  # fmt: skip


def as_picture(value: NDArray[Any]) -> NDArray[Any]:
    """Pixels of shape (height, width) or (height, width, 3) from 0 to 1.

    Example:
        >>> as_picture(np.arange(12.0).reshape(3, 2, 2)).shape, as_picture(np.arange(64.0)).shape
        ((2, 2, 3), (8, 8))
    """
    if value.ndim == 1:
        side = math.isqrt(len(value))
        value = value.reshape(side, side)
    while value.ndim > 3:  # of a film the middle picture, first channel first
        value = value[:, value.shape[1] // 2]
    if value.ndim == 3 and value.shape[0] in (1, 2, 3, 4) and value.shape[-1] not in (1, 3):
        value = np.moveaxis(value, 0, -1)
    if value.ndim == 3:
        value = value[..., :3] if value.shape[-1] >= 3 else value[..., 0]
        if value.ndim == 3 and value.shape[-1] > 3:
            value = value[..., 0]
    low, high = float(value.min()), float(value.max())
    return np.asarray((value - low) / (high - low) if high > low else np.zeros_like(value))


def caption(axes: Axes, text: str, *, colour: str = "#333333") -> None:
    """A short text below a cell."""
    axes.text(
        0.5, -0.03, text, transform=axes.transAxes, ha="center", va="top", fontsize=CAPTION, color=colour,
        linespacing=1.15,
    )  # fmt: skip


def said(text: str, width: int = 18) -> str:
    """A name cut to its width."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _thinned(wave: NDArray[Any]) -> NDArray[Any]:
    """Lowest and highest of each stretch, so that a long wave keeps its outline."""
    if len(wave) <= 1200:
        return wave
    parts = np.array_split(wave, 600)
    return np.ravel([(part.min(), part.max()) for part in parts])


def _words(ids: NDArray[Any], recording: Recording) -> str:
    known: Sequence[str] = recording.facts.get("words", ())
    found = [int(k) for k in ids]
    last = found[-1]
    while len(found) > 1 and found[-2:] == [last, last]:
        found.pop()  # what a sequence is filled up with
    found = found[:-1] if len(found) < len(ids) else found
    told = [str(known[k]) if 0 <= k < len(known) else str(k) for k in found[:WORDS_SHOWN]]
    rest = f" … ({len(found):,} in all)" if len(found) > WORDS_SHOWN else ""
    return textwrap.fill(said(" ".join(told), 260) + rest, 36)


def _table(values: NDArray[Any], recording: Recording, typical: Any) -> str:
    flat = values.reshape(-1)
    names = [str(name) for name in recording.facts.get("columns", ())]
    if len(names) != len(flat):
        names = [f"column {k}" for k in range(len(flat))]
    order = np.arange(len(flat))
    if typical is not None and len(flat) > COLUMNS_SHOWN:
        unusual = np.abs(flat - typical[0]) / np.maximum(typical[1], 1e-12)
        order = np.argsort(-unusual, kind="stable")
    lines = [f"{said(names[k], 14):<14} {number(float(flat[k])):>8}" for k in order[:COLUMNS_SHOWN]]
    left = len(flat) - len(lines)
    return "\n".join([*lines, f"and {left:,} more" if left > 0 else ""])


def frame(axes: Axes, colour: str = BAD) -> None:
    """A thin frame around a cell of text."""
    axes.set_axis_on()
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=0.8)
