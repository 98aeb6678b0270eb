"""Flipped labels of digits: precision and recall of the audit beside confident learning by two models."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.svm import SVC

from audit_problems.audited_with import audit_findings
from audit_problems.common import Tables
from audit_problems.scoring import SPOKEN, held_rows

Rows = NDArray[np.int64]
SEEDS = range(5)


def flipped_digits(share: float, seed: int) -> tuple[Tables, Rows]:
    """All digits as training rows, a share of the labels moved from k to k + 1, and which rows these are."""
    frame = load_digits(as_frame=True).frame
    rng = np.random.default_rng([seed, round(1000 * share)])
    wrong = np.sort(rng.choice(len(frame), size=round(share * len(frame)), replace=False))
    labels = frame["target"].to_numpy().copy()
    labels[wrong] = (labels[wrong] + 1) % 10
    flipped = frame.assign(target=labels)
    return Tables("digits", flipped, flipped.iloc[:0], "target", "classification"), wrong


def _ours(tables: Tables) -> Rows:
    found = [f for f in audit_findings(tables) if f.slug == "label-errors" and f.outcome in SPOKEN]
    held = held_rows(found[0].evidence) if found else set()
    return np.array(sorted(row for side, row in held if side == "train"), dtype=np.int64)


def _confident_learning(model: Callable[[], object]) -> Callable[[Tables], Rows]:
    """Cleanlab's filter as it is by default, on class probabilities of five shuffled folds."""

    def find(tables: Tables) -> Rows:
        from cleanlab.filter import find_label_issues

        features = tables.train.drop(columns="target").to_numpy() / 16  # pixels go up to 16
        labels = tables.train["target"].to_numpy()
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Platt's probabilities inside SVC are on their way out
            shares = cross_val_predict(model(), features, labels, cv=folds, method="predict_proba")
        return np.flatnonzero(find_label_issues(labels, shares, n_jobs=1))

    return find


METHODS: dict[str, Callable[[Tables], Rows]] = {
    "mldiag audit": _ours,
    "cleanlab, logistic regression": _confident_learning(lambda: LogisticRegression(max_iter=1000)),
    "cleanlab, RBF SVM": _confident_learning(lambda: SVC(probability=True, random_state=0)),
}


def print_label_errors(others: bool = True) -> None:
    """Precision and recall, mean over five draws with their standard error.

    Args:
        others: Whether beside cleanlab, where it is installed (`pip install cleanlab`).
    """
    print(
        "Label errors on digits, moved from k to k + 1, 1797 rows, five draws: precision / recall"
    )
    for share in (0.05, 0.1):
        for name, find in METHODS.items():
            if name.startswith("cleanlab") and not others:
                continue
            try:
                scores = np.array([_scores(find, share, seed) for seed in SEEDS])
            except ImportError:
                print(f"  {name}: not installed (pip install cleanlab)")
                continue
            means = scores.mean(axis=0)
            errors = scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
            parts = [f"{m:.3f} ± {e:.3f}" for m, e in zip(means, errors, strict=True)]
            print(f"  {share:.0%} flipped  {name:30} {parts[0]} / {parts[1]}")


def _scores(find: Callable[[Tables], Rows], share: float, seed: int) -> tuple[float, float]:
    tables, wrong = flipped_digits(share, seed)
    named = find(tables)
    hits = len(np.intersect1d(named, wrong))
    return hits / max(1, len(named)), hits / len(wrong)
