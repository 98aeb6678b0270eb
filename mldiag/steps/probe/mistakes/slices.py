"""Parts of the evaluated rows that fit in a sentence: values of a feature, length, class, brightness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.judged_rows import input_rows

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

PARTS = 4
"""Ranges of a number, of equal numbers of rows."""

MOST_COLUMNS = 100
"""Columns looked at; of more, those that vary over the most values."""

WIDEST = 400
"""Inputs with more columns are signals, not tables: only what summarises them is looked at."""

FEW = 6
"""A column of at most so many values is taken value by value."""


@dataclass(frozen=True, eq=False)
class Slice:
    """Rows that fulfil one condition.

    Args:
        text: The condition, such as `x3 above 1.2`.
        about: What it is about: a column, "length", "brightness".
        inside: Which rows, shape (n,).
        known: Rows of which it is known, shape (n,).
    """

    text: str
    about: str
    inside: Mask
    known: Mask


def slices_of(recording: Recording, rows: int, *, least: int) -> list[Slice]:
    """Slices by what the inputs are.

    Tables (rows, columns) by the values of their columns; sequences of ids by their length and pictures by
    brightness and contrast, sounds by loudness.

    Args:
        recording: With `eval/inputs`.
        rows: Number of judged rows.
        least: Rows that a slice holds and leaves out at least.

    Example:
        >>> table = np.column_stack([np.arange(80.0), np.arange(80) % 2])
        >>> seen = Recording({"columns": ["age", "sex"]}, {"eval/inputs": table})
        >>> [s.text for s in slices_of(seen, 80, least=20)][:2]
        ['age up to 19.75', 'age above 19.75 and up to 39.5']
    """
    inputs, places = input_rows(recording, rows)
    if len(places) < 2 * least or inputs.dtype.kind not in "fiub":
        return []
    if recording.series("eval/input_rows").size and len(places) < rows:
        return []  # only the worst rows have their inputs: nothing to compare them with
    found: list[Slice] = []
    for name, values in _attributes(recording, inputs):
        full = np.full(rows, np.nan)
        full[places] = values
        found += [
            s for s in ranges_of(name, full) if least <= s.inside.sum() <= s.known.sum() - least
        ]
    return found


def ranges_of(name: str, values: Floats) -> list[Slice]:
    """Values of a number one by one where they are few, else ranges of equal numbers of rows."""
    known = np.isfinite(values)
    levels = np.unique(values[known])
    if len(levels) < 2:
        return []
    if len(levels) <= FEW:
        return [Slice(f"{name} is {level:.4g}", name, values == level, known) for level in levels]
    cuts = np.unique(np.quantile(values[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
    ends = [-np.inf, *cuts.tolist(), np.inf]
    return [
        Slice(_between(name, low, high), name, known & (values > low) & (values <= high), known)
        for low, high in pairwise(ends)
    ]


def _between(name: str, low: float, high: float) -> str:
    if low == -np.inf:
        return f"{name} up to {high:.4g}"
    if high == np.inf:
        return f"{name} above {low:.4g}"
    return f"{name} above {low:.4g} and up to {high:.4g}"


def _attributes(recording: Recording, inputs: NDArray[np.generic]) -> list[tuple[str, Floats]]:
    if inputs.ndim == 2 and is_token_ids(inputs, recording):
        return [("length", lengths_of(inputs))]
    if inputs.ndim == 2 and inputs.shape[1] <= WIDEST and not _is_sound(inputs):
        return _columns(recording, np.asarray(inputs, dtype=np.float64))
    flat = np.asarray(inputs, dtype=np.float64).reshape(len(inputs), -1)
    if inputs.ndim >= 4 or (inputs.ndim == 3 and min(inputs.shape[1:]) >= 8):
        return [("brightness", flat.mean(axis=1)), ("contrast", flat.std(axis=1))]
    if inputs.ndim == 3 and inputs.shape[1] > 1 and inputs.shape[2] > 1:
        steps = np.abs(np.asarray(inputs, dtype=np.float64)).sum(axis=2)
        return [("length", _filled(steps != 0)), ("size of the values", flat.std(axis=1))]
    return [("loudness", flat.std(axis=1))]


def _columns(recording: Recording, inputs: Floats) -> list[tuple[str, Floats]]:
    names: Sequence[str] = [str(name) for name in recording.facts.get("columns", ())]
    if len(names) != inputs.shape[1]:
        names = [f"column {k}" for k in range(inputs.shape[1])]
    chosen: Sequence[int] = range(inputs.shape[1])
    if len(chosen) > MOST_COLUMNS:
        varied = [-len(np.unique(inputs[:, k])) for k in chosen]
        chosen = sorted(np.argsort(varied, kind="stable")[:MOST_COLUMNS].tolist())
    return [(names[k], inputs[:, k]) for k in chosen]


def _is_sound(inputs: NDArray[np.generic]) -> bool:
    return inputs.dtype.kind == "f" and inputs.shape[1] > WIDEST


def is_token_ids(inputs: NDArray[np.generic], recording: Recording) -> bool:
    """Whether rows are sequences of ids: whole numbers in more columns than a coded table has."""
    if inputs.ndim != 2 or inputs.dtype.kind not in "iu" or inputs.shape[1] < 4:
        return False
    named = len(recording.facts.get("columns", ())) == inputs.shape[1]
    return not named and bool(inputs.min(initial=0) >= 0) and len(np.unique(inputs)) > 2


def lengths_of(ids: NDArray[np.generic]) -> Floats:
    """Length of each sequence without the padding at its end: the id that the most rows end with.

    Example:
        >>> lengths_of(np.array([[5, 6, 7, 0], [8, 0, 0, 0], [9, 5, 0, 0]])).tolist()
        [3.0, 1.0, 2.0]
    """
    last, counts = np.unique(ids[:, -1], return_counts=True)
    first, first_counts = np.unique(ids[:, 0], return_counts=True)
    pad, begin = last[counts.argmax()], first[first_counts.argmax()]
    if first_counts.max() > counts.max():  # padded in front
        return _filled((ids != begin)[:, ::-1])
    return _filled(ids != pad)


def _filled(there: Mask) -> Floats:
    """Position after the last true one in each row."""
    backwards = there[:, ::-1].argmax(axis=1)
    return np.where(there.any(axis=1), there.shape[1] - backwards, 0).astype(np.float64)
