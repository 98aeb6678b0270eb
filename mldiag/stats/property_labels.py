"""Does a property that has nothing to do with the content tell the label? One test over all properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

MOST_ROWS = 5_000
"""More rows than this are drawn by lot: what is strong enough to be told shows on these."""

MOST_LEVELS = 16
"""A number becomes so many classes of equal size, a word is kept if it is among so many most frequent."""

ROWS_PER_LEVEL = 10
"""On few rows a number becomes fewer classes, each of so many rows."""

LEAST_OF_LABEL = 8
"""Labels with fewer rows are left out: nothing can be said of them."""

FOLDS = 5
PERMUTATIONS = 199
REGRESSION_CLASSES = 4
"""A label that is a number is judged by the class of its size, of so many."""


@dataclass(frozen=True, slots=True)
class PropertyLabel:
    """How well one property tells the label, on rows that did not choose the rule.

    Args:
        name: The property.
        told: Balanced accuracy above chance as a share of what is possible: 0 nothing, 1 all labels.
        label: The label that it tells best.
        label_told: For that label alone, hits among its rows minus false alarms among the others (Youden).
        p_value: Chance that any property of any label does as well on permuted labels.
        n: Rows looked at.
    """

    name: str
    told: float
    label: str
    label_told: float
    p_value: float
    n: int

    @property
    def strength(self) -> float:
        """The larger of what it tells of all labels and of one."""
        return max(self.told, self.label_told)


def property_labels(
    properties: Mapping[str, Sequence[Any]],
    labels: Sequence[str | None],
    *,
    worth_testing: float = 0.3,
    seed: int = 0,
) -> tuple[PropertyLabel, ...]:
    """Measure what each property alone tells of the label, cross-validated, corrected for their number.

    A property is cut into classes without looking at the labels; a row is given the label that is most
    frequent in its class among the other folds, each label weighing the same. The largest strength over all
    properties and labels is compared with its distribution on permuted labels (Westfall and Young 1993,
    single step), so that many properties do not make a false alarm.

    Args:
        properties: By name, one number or word a row; None and NaN are a class of their own.
        labels: One a row; rows without are left out.
        worth_testing: Properties below this strength keep a p-value of 1, which costs nothing.
        seed: Of folds, lots and permutations.

    Returns:
        The strongest first; empty where fewer than two labels have enough rows.

    Example:
        >>> random = np.random.default_rng(0)
        >>> labels = ["cat", "dog"] * 60
        >>> found = property_labels({"width": [640, 320] * 60, "noise": random.normal(size=120)}, labels)
        >>> [(p.name, round(p.told, 1), p.p_value < 0.05) for p in found]
        [('width', 1.0, True), ('noise', 0.0, False)]
    """
    random = np.random.default_rng(seed)
    rows, codes, names = _label_codes(labels, random)
    if len(names) < 2 or not properties:
        return ()
    folds = _folds(codes, random)
    levels = {name: _levels([values[row] for row in rows]) for name, values in properties.items()}
    measured = {name: _strengths(level, codes, folds, len(names)) for name, level in levels.items()}
    strong = {
        name: level
        for name, level in levels.items()
        if max(measured[name][0], measured[name][1].max()) >= worth_testing
    }
    highest = np.array(
        [_highest(strong, codes, folds, len(names), random) for _ in range(PERMUTATIONS)]
    )
    found = []
    for name, (told, each) in measured.items():
        best = int(each.argmax())
        strength = max(told, float(each[best]))
        as_strong = 1 + int((highest >= strength - 1e-12).sum())
        p_value = as_strong / (PERMUTATIONS + 1) if name in strong else 1.0
        found.append(PropertyLabel(name, told, names[best], float(each[best]), p_value, len(codes)))
    return tuple(sorted(found, key=lambda item: -item.strength))


def _label_codes(
    labels: Sequence[str | None], random: np.random.Generator
) -> tuple[Integers, Integers, list[str]]:
    """Positions of the rows that are used, the codes of their labels, and the labels' names."""
    known = np.array([row for row, label in enumerate(labels) if label is not None], dtype=np.int64)
    if len(known) > MOST_ROWS:
        known = np.sort(random.choice(known, MOST_ROWS, replace=False))
    words = np.array([str(labels[row]) for row in known], dtype=object)
    names, codes, counts = np.unique(words, return_inverse=True, return_counts=True)
    numbers = _numbers(words) if len(names) > max(20, len(words) // 4) else None
    if numbers is not None:
        codes = _levels(numbers, REGRESSION_CLASSES) - 1
        names = np.array(
            [f"part {part + 1} of {codes.max() + 1} by size" for part in range(codes.max() + 1)]
        )
        counts = np.bincount(codes)
    enough = counts[codes] >= LEAST_OF_LABEL if len(codes) else np.zeros(0, dtype=bool)
    kept, codes = np.unique(codes[enough], return_inverse=True)
    return known[enough], codes.astype(np.int64), [str(names[code]) for code in kept]


def _numbers(words: NDArray[Any]) -> list[float] | None:
    try:
        return [float(word) for word in words]
    except ValueError:
        return None


def _folds(codes: Integers, random: np.random.Generator) -> Integers:
    """A fold for each row, each label spread evenly."""
    order = np.lexsort((random.random(len(codes)), codes))
    folds = np.empty(len(codes), dtype=np.int64)
    folds[order] = np.arange(len(codes)) % FOLDS
    return folds


def _levels(values: Sequence[Any], most: int = MOST_LEVELS) -> Integers:
    """A class for each value: of equal size for numbers, of equal words for others; missing is one."""
    missing = np.array([value is None or value != value for value in values], dtype=bool)
    present = [value for value, gone in zip(values, missing, strict=True) if not gone]
    codes = np.zeros(len(values), dtype=np.int64)
    if not present:
        return codes
    if isinstance(present[0], (int, float, np.number)):
        numbers = np.asarray(present, dtype=float)
        distinct = np.unique(numbers)
        if len(distinct) > most:
            parts = min(most, max(3, len(numbers) // ROWS_PER_LEVEL))
            cuts = np.unique(np.quantile(numbers, np.arange(1, parts) / parts))
            inner = np.searchsorted(cuts, numbers, side="right")
        else:
            inner = np.searchsorted(distinct, numbers)
    else:
        words, inner, counts = np.unique(
            np.array([str(value) for value in present]), return_inverse=True, return_counts=True
        )
        place = np.full(len(words), most, dtype=np.int64)
        place[np.argsort(-counts, kind="stable")[:most]] = np.arange(min(most, len(words)))
        inner = place[inner]
    codes[~missing] = inner + 1
    return codes


def _strengths(
    levels: Integers, codes: Integers, folds: Integers, labels: int
) -> tuple[float, NDArray[np.float64]]:
    """Balanced accuracy above chance in [0, 1], and Youden's J of each label, cross-validated."""
    width = int(levels.max()) + 1
    flat = (folds * width + levels) * labels + codes
    counts = np.bincount(flat, minlength=FOLDS * width * labels).reshape(FOLDS, width, labels)
    rest = counts.sum(axis=0) - counts
    each = rest / np.maximum(rest.sum(axis=1, keepdims=True), 1)
    # A class that the other folds never saw is given no label; ties go to none as well.
    guess = np.where(each.max(axis=2) > 0, each.argmax(axis=2), -1)
    hits = np.zeros((labels, labels + 1))
    for fold in range(FOLDS):
        np.add.at(hits.T, guess[fold], counts[fold])
    totals = hits.sum(axis=1)
    recall = np.diag(hits) / np.maximum(totals, 1)
    told = (float(recall.mean()) - 1 / labels) / (1 - 1 / labels)
    alone = _one_label(each, counts, totals)
    return max(0.0, told), alone


def _one_label(
    each: NDArray[np.float64], counts: Integers, totals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Hits minus false alarms of each label against all others together."""
    labels = counts.shape[2]
    rest_rate = (each.sum(axis=2, keepdims=True) - each) / max(labels - 1, 1)
    said = each > rest_rate
    hits = (said * counts).sum(axis=(0, 1)) / np.maximum(totals, 1)
    others = counts.sum(axis=2, keepdims=True) - counts
    alarms = (said * others).sum(axis=(0, 1)) / np.maximum(totals.sum() - totals, 1)
    return np.asarray(np.maximum(hits - alarms, 0.0))


def _highest(
    levels: Mapping[str, Integers],
    codes: Integers,
    folds: Integers,
    labels: int,
    random: np.random.Generator,
) -> float:
    """The largest strength of any property on labels that changed places."""
    if not levels:
        return 0.0
    permuted = codes[random.permutation(len(codes))]
    measured = [_strengths(level, permuted, folds, labels) for level in levels.values()]
    return max(max(told, float(each.max())) for told, each in measured)
