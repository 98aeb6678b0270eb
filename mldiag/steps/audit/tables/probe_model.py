"""The probe: two unlike learners that predict the target out of sample, made once for every subject."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import AuditedTable, TableAudit, Task, sampled_rows
from mldiag.stats.label_noise import LabelNoise, label_noise
from mldiag.steps.audit.tables.kernel_probe import fit_kernel
from mldiag.steps.audit.tables.probe_features import ProbeFeatures, probe_features

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]

FIT_ROWS = 5000
"""Rows that a learner is fitted on at most."""

JUDGED_ROWS = 25_000
"""Rows that are predicted at most."""

LEAST_ROWS = 40
"""With fewer rows there is no probe."""

LEAST_OF_CLASS = 4
"""Rows of a class with fewer rows are left out."""

MOST_CLASSES = 120
TREES = 200
FEWER_TREES = 100
SMALL_CHANCE = 0.01
BLEND_FLOOR = 1e-4
SURE_PARTS = 20
SURE_ROWS = 40
TREE_THREADS = 2
THREADED_ROWS = 1500
"""With fewer rows threads cost more than they give."""


@dataclass(frozen=True, eq=False)
class Probe:
    """Out-of-sample predictions of the target.

    Args:
        task: What is learned.
        rows: Positions of the rows in the training table, ascending, shape (n,).
        fitted: Which of them trained; these are predicted without their own target, shape (n,).
        target: Codes of the classes, or standardised quantities, shape (n,).
        classes: The class of each code; empty for regression.
        families: Scores by learner: of shape (n, classes), larger is likelier, or (n, 1) quantities.
        columns: Columns that were used.
        rows_in_all: Rows of the table with a target.
    """

    task: Task
    rows: Positions
    fitted: NDArray[np.bool_]
    target: NDArray[Any]
    classes: NDArray[Any]
    families: Mapping[str, Floats]
    columns: tuple[str, ...]
    rows_in_all: int

    @cached_property
    def noise(self) -> Mapping[str, LabelNoise]:
        """What each learner says of wrong labels, from the rows that trained; classification only."""
        labels = np.asarray(self.target[self.fitted], dtype=np.int64)
        return {name: label_noise(s[self.fitted], labels) for name, s in self.families.items()}

    @cached_property
    def blend(self) -> Floats:
        """Both learners together: the mean of their calibrated log probabilities, shape (n, classes)."""
        logs = [
            np.log(self.noise[name].honest_chances(scores) + BLEND_FLOOR)
            for name, scores in self.families.items()
        ]
        mean = np.mean(logs, axis=0)
        return np.asarray(mean - np.log(np.exp(mean).sum(axis=1, keepdims=True)))

    @cached_property
    def blend_noise(self) -> LabelNoise:
        """What both learners together say of wrong labels."""
        labels = np.asarray(self.target[self.fitted], dtype=np.int64)
        return label_noise(self.blend[self.fitted], labels)

    @cached_property
    def best(self) -> str:
        """The learner that predicts best."""
        if self.task == "classification":
            return max(self.noise, key=lambda name: self.noise[name].log_likelihood)
        return min(self.families, key=lambda name: float(np.mean(self.absolute_errors(name))))

    def predicted(self, family: str) -> NDArray[np.int64]:
        """Likeliest class of every row, as a code."""
        return np.asarray(self.families[family].argmax(axis=1), dtype=np.int64)

    def absolute_errors(self, family: str) -> Floats:
        """Of quantities, in standard deviations of the target, shape (n,)."""
        gaps: Floats = np.abs(self.families[family][:, 0] - self.target).astype(np.float64)
        return gaps

    @cached_property
    def losses(self) -> Floats:
        """What every row costs: 1 where both learners together err, or the best one's absolute error."""
        if self.task == "classification":
            return np.asarray(self.blend.argmax(axis=1) != self.target, dtype=np.float64)
        return self.absolute_errors(self.best)

    @cached_property
    def expected_losses(self) -> Floats:
        """What rows cost that the probe is as sure of, or of quantities predicted alike, shape (n,).

        Near the border of two classes every model errs often, and says so: that is nothing special.
        """
        if self.task == "classification":
            order = np.argsort(self.blend.max(axis=1), kind="stable")
        else:
            order = np.argsort(self.families[self.best][:, 0], kind="stable")
        expected = np.empty(len(order))
        for part in np.array_split(order, max(1, min(SURE_PARTS, len(order) // SURE_ROWS))):
            expected[part] = self.losses[part].mean()
        return expected

    @cached_property
    def skill(self) -> float:
        """Share of the error of a guess without features that the probe removes; may be negative."""
        if self.task == "classification":
            _, counts = np.unique(self.target, return_counts=True)
            guess = 1 - float(counts.max()) / len(self.target)
        else:
            guess = float(np.mean(np.abs(self.target - np.median(self.target))))
        return 1 - float(self.losses.mean()) / guess if guess > 0 else 0.0


_PROBES: weakref.WeakKeyDictionary[TableAudit, list[Probe | None]] = weakref.WeakKeyDictionary()


def probe_of(subject: TableAudit) -> Probe | None:
    """The probe of a subject, computed at the first call; None where there is too little to learn from.

    Args:
        subject: With a target.
    """
    if subject not in _PROBES:
        _PROBES[subject] = [_probe(subject)]
    return _PROBES[subject][0]


def _probe(subject: TableAudit) -> Probe | None:
    if subject.target is None or subject.task is None:
        return None
    usable = _usable_rows(subject.train, subject.target, subject.task)
    if len(usable) < LEAST_ROWS:
        return None
    rows = usable[sampled_rows(len(usable), JUDGED_ROWS, subject.seed)]
    features = probe_features(subject.train, subject.features, rows)
    if features is None:
        return None
    fitted = np.zeros(len(rows), dtype=bool)
    fitted[sampled_rows(len(rows), FIT_ROWS, subject.seed + 1)] = True
    target, classes = _targets(subject.train, subject.target, subject.task, rows, fitted)
    if subject.task == "classification" and len(classes) < 2:
        return None
    from threadpoolctl import threadpool_limits

    with threadpool_limits(
        1
    ):  # waiting threads of a busy machine cost far more than they give here
        families = _families(features, target, fitted, len(classes), subject.seed)
    return Probe(subject.task, rows, fitted, target, classes, families, features.names, len(usable))


def _usable_rows(table: AuditedTable, target: str, task: Task) -> Positions:
    """Rows with a target, of classes that are not too rare."""
    column = table[target]
    if task == "classification":
        if column.n_unique > MOST_CLASSES:
            kept = np.argsort(-column.counts, kind="stable")[:MOST_CLASSES]
            common = np.isin(np.arange(column.n_unique), kept)
        else:
            common = np.ones(column.n_unique, dtype=bool)
        common &= column.counts >= LEAST_OF_CLASS
        return np.flatnonzero(np.append(common, False)[column.codes]).astype(np.int64)
    if not len(column.present) or np.ptp(column.present) == 0:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.isfinite(column.values)).astype(np.int64)


def _targets(
    table: AuditedTable, target: str, task: Task, rows: Positions, fitted: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[Any]]:
    column = table[target]
    if task == "classification":
        there, codes = np.unique(column.codes[rows], return_inverse=True)
        return codes.reshape(-1).astype(np.int64), np.asarray(column.levels)[there]
    values = np.asarray(column.values, dtype=np.float64)[rows]
    middle = values[fitted]
    return (values - middle.mean()) / max(float(middle.std()), 1e-300), np.empty(0)


def _families(
    features: ProbeFeatures,
    target: NDArray[Any],
    fitted: NDArray[np.bool_],
    classes: int,
    seed: int,
) -> dict[str, Floats]:
    Y = np.eye(classes)[target] if classes else np.asarray(target, dtype=np.float64)[:, None]
    smooth = np.empty(Y.shape)
    fit = fit_kernel(features.scaled[fitted], Y[fitted], seed=seed)
    smooth[fitted] = fit.left_out
    smooth[~fitted] = fit.predict(features.scaled[~fitted])
    return {"kernel": smooth, "trees": _trees(features.plain, target, fitted, classes, seed)}


def _trees(
    X: Floats, target: NDArray[Any], fitted: NDArray[np.bool_], classes: int, seed: int
) -> Floats:
    """Extremely randomised trees; rows that trained are predicted by the trees that left them out."""
    import warnings

    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesClassifier if classes else ExtraTreesRegressor
    trees = TREES if len(X) <= FIT_ROWS else FEWER_TREES
    model = kind(
        trees, bootstrap=True, oob_score=True, min_samples_leaf=2, random_state=seed,
        n_jobs=TREE_THREADS if len(X) >= THREADED_ROWS else 1,
        max_features="sqrt" if classes else 0.5,
    )  # fmt: skip
    largest = float(np.finfo(np.float32).max)  # trees hold no more; the order of the others stays
    filled = np.where(np.isnan(X), np.nanmin(X, axis=0) - 1, X)
    filled = np.clip(filled, -largest, largest).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a row that every tree has drawn has no prediction
        model.fit(filled[fitted], target[fitted])
    if not classes:
        found = np.empty((len(X), 1))
        found[fitted, 0] = model.oob_prediction_
        if not fitted.all():
            found[~fitted, 0] = model.predict(filled[~fitted])
        return found
    chances = np.zeros((len(X), classes))
    columns = np.asarray(model.classes_, dtype=np.int64)
    out = np.nan_to_num(model.oob_decision_function_, nan=1 / classes)
    chances[np.ix_(np.flatnonzero(fitted), columns)] = out
    if not fitted.all():
        chances[np.ix_(np.flatnonzero(~fitted), columns)] = model.predict_proba(filled[~fitted])
    return np.log(chances + SMALL_CHANCE)
