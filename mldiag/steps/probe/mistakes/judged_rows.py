"""The evaluated rows as several checks read them: what was said, how surely, and what was right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEARNED = 0.2
"""Share of the errors of a guess that must be gone: of a network that learned nothing, mistakes tell "
"nothing."""

SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """Rows of classes.

    Args:
        probabilities: Shape (n, K).
        targets: Codes of the classes, shape (n,).
        names: Of the classes, K of them.
        graded: Whether the probabilities say how sure the model was; false where only classes were named.
    """

    probabilities: Floats
    targets: Whole
    names: tuple[str, ...]
    graded: bool

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.probabilities.shape[1])

    @cached_property
    def predicted(self) -> Whole:
        """The likeliest class of each row."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @cached_property
    def wrong(self) -> Mask:
        """Which rows are mistakes."""
        return np.asarray(self.predicted != self.targets)

    @cached_property
    def confidence(self) -> Floats:
        """Probability of the predicted class."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def accuracy(self) -> float:
        """Share of the rows that are right."""
        return 1.0 - float(self.wrong.mean())

    @cached_property
    def guess(self) -> float:
        """Accuracy of always saying the most frequent class."""
        return float(np.bincount(self.targets).max()) / len(self)

    @property
    def learned(self) -> bool:
        """Whether clearly more is right than by guessing."""
        if self.guess >= 1.0:
            return False
        noise = math.sqrt(self.guess * (1.0 - self.guess) / len(self))
        gain = self.accuracy - self.guess
        return gain > 2 * noise and gain / (1.0 - self.guess) >= LEARNED

    @cached_property
    def confusion(self) -> Whole:
        """Counts, true classes in rows and predicted ones in columns, shape (K, K)."""
        table = np.zeros((self.classes, self.classes), dtype=np.int64)
        np.add.at(table, (self.targets, self.predicted), 1)
        return table


def judged_rows(recording: Recording) -> JudgedRows | None:
    """The rows of the last evaluation of a classifier; None where there are none.

    Example:
        >>> rows = judged_rows(Recording({}, {
        ...     "eval/probabilities": np.array([[0.9, 0.1], [0.8, 0.2]]), "eval/targets": np.array([0, 1])}))
        >>> rows.accuracy, rows.confusion.tolist(), rows.names
        (0.5, [[1, 0], [1, 0]], ('0', '1'))
    """
    chances, targets = recording.series("eval/probabilities"), recording.series("eval/targets")
    if chances.ndim != 2 or targets.shape != (len(chances),) or chances.shape[1] < 2:
        return None
    chances = np.asarray(chances, dtype=np.float64)
    kept = np.isfinite(chances).all(axis=1) & (targets >= 0) & (targets < chances.shape[1])
    if not kept.all():
        return None  # a training that broke: its mistakes are no matter of examples
    named_only = bool((chances.max(axis=1) == 1.0).all())
    chances = np.maximum(chances, SMALLEST)
    chances /= chances.sum(axis=1, keepdims=True)
    names = [str(name) for name in recording.facts.get("classes", ())]
    if len(names) != chances.shape[1]:
        names = [str(k) for k in range(chances.shape[1])]
    graded = bool(recording.facts.get("graded", True)) and not named_only
    return JudgedRows(chances, np.asarray(targets, dtype=np.int64), tuple(names), graded)


@dataclass(frozen=True, eq=False)
class Residuals:
    """Rows of a regression, each output in standard deviations of its target.

    Args:
        outputs: Shape (n, D).
        targets: Shape (n, D).
        scales: Standard deviation of each target, shape (D,).
        middles: Mean of each target, shape (D,).
    """

    outputs: Floats
    targets: Floats
    scales: Floats
    middles: Floats

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def errors(self) -> Floats:
        """Output minus target, shape (n, D)."""
        return self.outputs - self.targets

    @cached_property
    def squares(self) -> Floats:
        """Mean squared error of each row, shape (n,)."""
        return np.asarray((self.errors**2).mean(axis=1))

    @property
    def explained(self) -> float:
        """Share of the targets' variance that is explained."""
        return 1.0 - float(self.squares.mean())

    @property
    def learned(self) -> bool:
        """Whether clearly more is explained than by the mean."""
        return self.explained >= LEARNED


def residuals(recording: Recording) -> Residuals | None:
    """The rows of the last evaluation of a regression; None where there are none.

    Example:
        >>> rows = residuals(Recording({"task": "regression"}, {
        ...     "eval/outputs": np.array([[1.0], [3.0]]), "eval/targets": np.array([[1.0], [2.0]])}))
        >>> rows.errors.tolist()
        [[0.0], [2.0]]
    """
    outputs, targets = recording.series("eval/outputs"), recording.series("eval/targets")
    fits = outputs.ndim == 2 and outputs.shape == targets.shape and len(outputs) > 1
    if recording.task not in ("regression", None) or not fits:
        return None
    out, true = np.asarray(outputs, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if not (np.isfinite(out).all() and np.isfinite(true).all()):
        return None
    scales, middles = true.std(axis=0), true.mean(axis=0)
    moving = scales > 1e-12 * np.maximum(np.abs(middles), 1.0)
    if not moving.any():
        return None
    out, true, scales, middles = out[:, moving], true[:, moving], scales[moving], middles[moving]
    return Residuals((out - middles) / scales, (true - middles) / scales, scales, middles)


def input_rows(recording: Recording, rows: int) -> tuple[NDArray[np.generic], Whole]:
    """Inputs that were kept and the positions of their rows among the judged ones; both empty without.

    Args:
        recording: What was measured.
        rows: Number of judged rows.
    """
    inputs = recording.series("eval/inputs")
    places = recording.series("eval/input_rows")
    if inputs.ndim < 1 or not len(inputs):
        return np.empty(0), np.empty(0, dtype=np.int64)
    if not len(places):
        places = np.arange(len(inputs))
    count = min(len(places), len(inputs))
    places, inputs = np.asarray(places[:count], dtype=np.int64), inputs[:count]
    there = places < rows
    return inputs[there], places[there]


def halves(rows: int, seed: int = 0) -> Mask:
    """A seeded half of the rows: one finds, the other confirms."""
    chosen = np.zeros(rows, dtype=bool)
    chosen[np.random.default_rng(seed).permutation(rows)[: rows // 2]] = True
    return chosen
