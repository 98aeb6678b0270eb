"""Do the nearest original rows vote for the targets that made rows carry? Numbers only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from mldiag.reference.features import as_numbers, preparation, without_infinities
from mldiag.reference.neighbours import EQUAL

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

VOTES = 5
"""Neighbours that vote."""

CLIP = 4.0
"""Standardised values are cut here: a pixel that is nearly always blank would outweigh all others."""

NEAR = 0.9
"""A made row is near where its neighbours are no farther than those of this share of the original rows."""

SURE = 2.33
"""Standard errors of a one-sided bound at 1 %."""


@dataclass(frozen=True)
class Group:
    """Made rows of one class beside the original rows of it.

    Args:
        label: The class that the made rows carry.
        votes_for: The class that most of those that are contradicted look like.
        rows: Made rows of the class that are near to original rows.
        lost: Agreement of the original rows of the class minus that of the made ones.
        low: What is lost at least (one-sided 1 % over all classes).
    """

    label: Any
    votes_for: Any
    rows: int
    lost: float
    low: float


@dataclass(frozen=True)
class Votes:
    """How well neighbours know the targets of original rows, and those of made rows.

    For classes the agreement is the share of rows whose class their neighbours vote for. For quantities it
    is 1 minus the mean error of the neighbours' mean in units of the error by chance.

    Args:
        originals: Rows that were given.
        made: Rows that were made and are not simply original rows.
        near: Those of them that lie as near to original rows as these to each other: only they are judged.
        chance: Agreement of targets that have nothing to do with the rows.
        before: Agreement of the original rows, each without itself.
        after: Agreement of the near rows, each without the row that it was made of.
        low: `before - after` at least (one-sided 1 %).
        flipped: Share of all made rows that are still nearest to the row they were made of, and carry
            another class; NaN where rows do not keep their number and order, or have quantities.
        worst: The class that loses most, or None.
        contradicted: Positions of the near made rows whose class their neighbours do not vote for.
    """

    originals: int
    made: int
    near: int
    chance: float
    before: float
    after: float
    low: float
    flipped: float
    worst: Group | None = None
    contradicted: tuple[int, ...] = ()

    @property
    def lost(self) -> float:
        """Agreement that is lost."""
        return self.before - self.after


def neighbour_votes(X: Any, y: Any, made_X: Any, made_y: Any, *, classes: bool) -> Votes:
    """Compare made rows with the original ones by the votes of their neighbours.

    A made row far from all original rows is not judged: a shifted image is no neighbour of its original in
    pixels, and its label is right all the same.

    Args:
        X: Original features: array, frame or sparse matrix of n rows.
        y: Their targets, shape (n,).
        made_X: Features of m made rows.
        made_y: Their targets, shape (m,).
        classes: Whether targets are classes; every made one must be among the original ones.

    Raises:
        Unsuited: If the features are no numbers.

    Example:
        >>> random = np.random.default_rng(0)
        >>> X = np.vstack([random.normal(c, 0.5, (60, 3)) for c in (0, 4)])
        >>> y = np.repeat(["a", "b"], 60)
        >>> moved = X + random.normal(0, 0.1, X.shape)
        >>> right = neighbour_votes(X, y, moved, y, classes=True)
        >>> wrong = neighbour_votes(X, y, moved, y[::-1], classes=True)
        >>> right.after, wrong.after, wrong.worst.label, wrong.worst.votes_for
        (1.0, 0.0, 'b', 'a')
    """
    before, after = _numbers(X, made_X, classes=classes)
    targets, made = np.asarray(y), np.asarray(made_y)
    count = min(VOTES, len(targets) - 2)
    search = NearestNeighbors(n_neighbors=count + 1).fit(before)
    own_distance, own = search.kneighbors(n_neighbors=count)
    distances, found = search.kneighbors(after)
    same = _are_original(distances, found, targets, made)
    paired = len(made) == len(targets)
    flipped = math.nan
    if paired and classes:
        flipped = float(((found[:, 0] == np.arange(len(made))) & (targets != made)).mean())
    distances, found = _without_source(distances, found, paired=paired)
    limit = float(np.quantile(own_distance.mean(axis=1), NEAR))
    near = (distances.mean(axis=1) <= limit + EQUAL) & ~same
    judged = _of_classes if classes else _of_quantities
    chance, agree_before, agree_after, groups = judged(targets, own, made, found, near)
    dense = own_distance.mean(axis=1) <= limit + EQUAL
    first = float(agree_before[dense].mean())
    second = float(agree_after[near].mean()) if near.any() else math.nan
    return Votes(
        originals=len(targets),
        made=int((~same).sum()),
        near=int(near.sum()),
        chance=chance,
        before=first,
        after=second,
        low=first - second - SURE * _error(agree_before[dense], agree_after[near], len(targets)),
        flipped=flipped,
        worst=max(groups, key=_low, default=None),
        contradicted=tuple(np.flatnonzero(near & (agree_after == 0)).tolist()) if classes else (),
    )


def _numbers(X: Any, made_X: Any, *, classes: bool) -> tuple[Floats, Floats]:
    """Both on the scale of the original rows."""
    first, second = (without_infinities(as_numbers(values)) for values in (X, made_X))
    prepared = preparation(first, classes=classes, dense=True).fit(first)
    both = []
    for values in (first, second):
        dense = prepared.transform(values)
        dense = dense.toarray() if hasattr(dense, "toarray") else np.asarray(dense)
        both.append(np.clip(dense.astype(np.float64), -CLIP, CLIP))
    return both[0], both[1]


def _are_original(distances: Floats, found: Any, targets: Any, made: Any) -> NDArray[np.bool_]:
    """Made rows that equal an original one in features and target: nothing was done to them."""
    equal = (distances <= EQUAL) & (targets[found] == made[:, None])
    return np.asarray(equal.any(axis=1))


def _without_source(distances: Floats, found: Any, *, paired: bool) -> tuple[Floats, Any]:
    """Take out the row that a made row stems from, where that is known; else the farthest neighbour."""
    rows, count = found.shape
    out = np.full(rows, count - 1)
    if paired:
        is_source = found == np.arange(rows)[:, None]
        out = np.where(is_source.any(axis=1), is_source.argmax(axis=1), out)
    keep = np.arange(count)[None, :] != out[:, None]
    return distances[keep].reshape(rows, -1), found[keep].reshape(rows, -1)


Agreement = tuple[float, Floats, Floats, list[Group]]


def _of_classes(
    targets: Any, own: Any, made: Any, found: Any, near: NDArray[np.bool_]
) -> Agreement:
    labels, codes = np.unique(targets, return_inverse=True)
    made_codes = np.searchsorted(labels, made)
    votes = [_vote(codes[rows], len(labels)) for rows in (own, found)]
    right, made_right = (votes[0] == codes).astype(float), (votes[1] == made_codes).astype(float)
    shares = np.bincount(codes) / len(codes)
    groups = []
    for code, label in enumerate(labels):
        of_class, made_of = codes == code, near & (made_codes == code)
        if made_of.sum() < 2 or of_class.sum() < 2:
            continue
        parts = right[of_class], made_right[made_of]
        lost = float(parts[0].mean() - parts[1].mean())
        several = SURE + math.log10(len(labels))  # the worst of many classes is asked for
        low = lost - several * _error(*parts, int(of_class.sum()))
        wrong = votes[1][made_of & (made_right == 0)]
        looks = labels[np.bincount(wrong).argmax()] if len(wrong) else label
        groups.append(Group(label.item() if hasattr(label, "item") else label,
                            looks.item() if hasattr(looks, "item") else looks,
                            int(made_of.sum()), lost, low))  # fmt: skip
    return float((shares**2).sum()), right, made_right, groups


def _vote(codes: Numbers, count: int) -> Numbers:
    """The most frequent code of each row; of equals the smallest."""
    ballots = np.zeros((len(codes), count), dtype=np.int64)
    for column in codes.T:
        ballots[np.arange(len(codes)), column] += 1
    return np.asarray(ballots.argmax(axis=1))


def _of_quantities(
    targets: Any, own: Any, made: Any, found: Any, near: NDArray[np.bool_]
) -> Agreement:
    quantities, made_quantities = targets.astype(np.float64), np.asarray(made, dtype=np.float64)
    expected = quantities[own].mean(axis=1)
    by_chance = np.abs(np.sort(quantities)[:, None] - np.sort(expected)[None, :]).mean()
    unit = float(by_chance) or 1.0
    errors = np.abs(quantities - expected) / unit
    made_errors = np.abs(made_quantities - quantities[found].mean(axis=1)) / unit
    return 0.0, 1 - errors, 1 - made_errors, []


def _error(first: Floats, second: Floats, most: int) -> float:
    """Standard error of a difference of means; made rows tell no more than the rows they are made of."""
    if not len(first) or not len(second):
        return math.inf
    counts = len(first), min(len(second), most)
    variances = [
        max(float(part.var()), _least(part, n))
        for part, n in zip((first, second), counts, strict=True)
    ]
    return math.sqrt(sum(v / n for v, n in zip(variances, counts, strict=True)))


def _least(part: Floats, count: int) -> float:
    """Variance where all rows agree by luck: that of one more that does not (Agresti and Coull's idea)."""
    if set(np.unique(part)) <= {0.0, 1.0}:
        share = (part.mean() * count + 1) / (count + 2)
        return float(share * (1 - share))
    return 0.0


def _low(group: Group) -> float:
    return group.low
