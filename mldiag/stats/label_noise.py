"""Wrong labels or honest overlap? A mixture of a calibrated model and labels that were changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

SHARPNESS = tuple(float(value) for value in np.geomspace(0.5, 256, 28))
ROUNDS = 25
LOOKS = 10
"""Rounds while the sharpness is looked for."""
TYPICAL_ROWS = 5.0
"""Weight, in rows, of "a wrong label is any other class" against what the rows say of each class."""
SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """What the mixture says.

    Args:
        rate: Estimated share of wrong labels.
        evidence: Log likelihood over that of the same model without wrong labels.
        log_likelihood: With wrong labels, per row in nats.
        sharpness: The factor of the scores.
        turned: Share of a class that carries each other label, where labels are wrong, shape (C, C).
        honest_sharpness: The factor of the scores in the model without wrong labels.
    """

    rate: float
    evidence: float
    log_likelihood: float
    sharpness: float
    turned: Floats
    honest_sharpness: float

    def honest_chances(self, scores: Floats) -> Floats:
        """Calibrated probabilities of the labels, wrong ones included, shape (n, C)."""
        return softmax(self.honest_sharpness * scores)

    def chances(self, scores: Floats) -> Floats:
        """Calibrated probabilities of the classes before the label is seen, shape (n, C)."""
        return softmax(self.sharpness * scores)

    def true_class(self, scores: Floats, labels: Labels) -> Floats:
        """Probabilities of the true class once the label is seen, shape (n, C).

        Args:
            scores: Shape (n, C), as those fitted.
            labels: Shape (n,).
        """
        classes = scores.shape[1]
        given = (self.rate * self.turned + (1 - self.rate) * np.eye(classes))[:, labels].T
        joint = self.chances(scores) * given
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))

    def wrong(self, scores: Floats, labels: Labels) -> Floats:
        """Probability that each label is wrong, shape (n,)."""
        return np.asarray(1 - self.true_class(scores, labels)[np.arange(len(labels)), labels])


def label_noise(scores: Floats, labels: Labels) -> LabelNoise:
    """Fit: true class ~ softmax(sharpness x scores); a share of the labels was changed afterwards.

    Honest overlap makes contradictions that become rare, fast, as the model grows surer; wrong labels
    happen where it is sure as well. So both can be told apart by the likelihood, and the gain in it over
    a model without wrong labels says whether there are any. Which class is mistaken for which is learned
    with the rate by expectation maximisation (Dawid and Skene 1979 for the confusion of one annotator;
    Northcutt, Jiang and Chuang 2021 for labels against a model).

    Args:
        scores: Out of sample, shape (n, C); larger is likelier, such as logits.
        labels: Codes of shape (n,), 0 to C - 1.

    Example:
        >>> random = np.random.default_rng(0)
        >>> truth = random.integers(0, 2, 600)
        >>> given = np.where(np.arange(600) < 30, 1 - truth, truth)
        >>> scores = np.eye(2)[truth] + random.normal(0, 0.2, (600, 2))
        >>> found = label_noise(scores, given)
        >>> wrong = found.wrong(scores, given)
        >>> bool((wrong[:30] > 0.5).mean() > 0.9), bool((wrong[30:] > 0.5).mean() < 0.01)
        (True, True)
        >>> label_noise(scores, truth).evidence < 2
        True
    """
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels, minlength=scores.shape[1])
    sorted_scores, grouped = scores[order], _Grouped(labels[order], counts)
    tried = [(_mixed(softmax(s * sorted_scores), grouped, LOOKS), s) for s in SHARPNESS[::3]]
    near = SHARPNESS.index(max(tried, key=lambda found: found[0].total)[1])
    around = SHARPNESS[max(near - 2, 0) : near + 3]
    mixed, sharpness = max(
        ((_mixed(softmax(s * sorted_scores), grouped, ROUNDS), s) for s in around),
        key=lambda found: found[0].total,
    )
    alone, honest = max((_alone(softmax(s * sorted_scores), labels[order]), s) for s in SHARPNESS)
    n = max(len(labels), 1)
    return LabelNoise(
        mixed.rate, mixed.total - alone, mixed.total / n, sharpness, mixed.turned, honest
    )


@dataclass(frozen=True, eq=False)
class _Grouped:
    """Labels in order, and how many rows each has."""

    labels: Labels
    counts: Labels

    def sums(self, values: Floats) -> Floats:
        """Sums over the rows of each label, shape (labels, columns)."""
        found = np.zeros((len(self.counts), values.shape[1]))
        starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        there = self.counts > 0
        found[there] = np.add.reduceat(values, starts[there], axis=0)
        return found


@dataclass(frozen=True, eq=False)
class _Mixed:
    total: float
    rate: float
    turned: Floats


def _alone(chances: Floats, labels: Labels) -> float:
    return float(np.log(chances[np.arange(len(labels)), labels]).sum())


def _mixed(chances: Floats, grouped: _Grouped, rounds: int) -> _Mixed:
    n, classes = chances.shape
    rate, total = 0.02, -np.inf
    off = 1 - np.eye(classes)
    turned = off / max(classes - 1, 1)
    for _ in range(rounds):
        joint = chances * (rate * turned + (1 - rate) * np.eye(classes))[:, grouped.labels].T
        likelihood = joint.sum(axis=1)
        joint /= likelihood[:, None]
        total = float(np.log(likelihood).sum())
        counts = grouped.sums(joint).T * off
        rate = min(max(float(counts.sum()) / max(n, 1), 1e-6), 0.9)
        shared = counts + off * (TYPICAL_ROWS / max(classes - 1, 1))
        turned = shared / np.maximum(shared.sum(axis=1, keepdims=True), SMALLEST)
    return _Mixed(total, rate, turned)


def softmax(scores: Floats) -> Floats:
    """Rows of scores as probabilities, none of them 0."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances = np.maximum(shifted / shifted.sum(axis=1, keepdims=True), SMALLEST)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
