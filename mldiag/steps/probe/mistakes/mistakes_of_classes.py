"""MD450: which classes does the network confuse, and which does it hardly ever recognise?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.judged_rows import JudgedRows, judged_rows
from mldiag.wording import plural

Floats = NDArray[np.float64]
MOST_PAIRS = 5


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD450.

    Args:
        least_rows: Rows that the evaluation must have.
        class_rows: Rows of a class before anything is said of it.
        recall: A class is hardly recognised where its recall, at the upper end of its interval, is below it.
        error: Error of every test, over all classes or pairs.
        common: Classes of this share of the rows that are never named make a problem, not advice.
        pair_share: A pair is told where so many of a class's rows are given the other one.
        pair_times: And so many times as many as the other mistakes let expect.
        pair_mistakes: And at least so many rows.
    """

    least_rows: int = 50
    class_rows: int = 10
    recall: float = 0.3
    error: float = 0.01
    common: float = 0.1
    pair_share: float = 0.3
    pair_times: float = 2.0
    pair_mistakes: int = 10


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD450",
    slug="mistakes-of-classes",
    title="Which classes are confused or hardly ever recognised?",
    detects=(
        "The confusion matrix of the last evaluation. A class is hardly recognised where the upper end of "
        "the "
        "exact interval of its recall is below {recall:.0%} (error {error:g} over all classes of at least "
        "{class_rows} rows) while the network has learned the others; never naming classes that "
        "hold {common:.0%} of the rows is a problem. A pair is confused far more than chance where over "
        "{pair_share:.0%} of a class's rows are given the other one, {pair_times:g} times what the "
        "other mistakes let expect (binomial test, error {error:g} over all pairs)."
    ),
    why="A good average hides a class that is lost; one pair with most mistakes says where to look.",
    fix=(
        "Weigh or oversample a class that is lost, or collect more of it; look at rows of both classes of "
        "a pair: "
        "are they labelled by one rule, and can a person tell them apart from these inputs?"
    ),
    source="Clopper and Pearson (1934); the mistakes of the other classes as the null of a pair.",
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """Look at the confusion matrix; None without a classifier's evaluation."""
    rows = judged_rows(recording)
    if rows is None:
        return None
    evidence: dict[str, Any] = {
        "n": len(rows), "accuracy": rows.accuracy, "accuracy_of_guessing": rows.guess,
        "mistakes": int(rows.wrong.sum()),
    }  # fmt: skip
    if len(rows) < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"{plural(len(rows), 'evaluated row')}: too few to tell which classes are confused",
            explanation=f"It takes at least {THRESHOLDS.least_rows}.",
            evidence=evidence,
        )
    if not rows.learned:
        return CHECK.finding(
            "not_applicable",
            f"Nothing is said of classes: accuracy {rows.accuracy:.3f} is hardly above a guess "
            f"({rows.guess:.3f}, {plural(len(rows), 'row')})",
            evidence=evidence,
        )
    lost, pairs = lost_classes(rows), confused_pairs(rows)
    evidence |= {
        "recall": _recalls(rows),
        "pairs": [
            {"true": rows.names[a], "said": rows.names[b], "rows": count, "expected": expected}
            for a, b, count, expected, _ in pairs[:MOST_PAIRS]
        ],
    }
    if lost:
        return _of_lost(rows, lost, evidence)
    strong = [pair for pair in pairs if pair[4]]
    if strong:
        return _of_pair(rows, strong, evidence)
    told = ""
    if pairs:
        a, b, count, _, _ = pairs[0]
        told = f"; most often {rows.names[a]} is taken for {rows.names[b]} ({plural(count, 'row')})"
    return CHECK.finding(
        "passed",
        f"No class is lost and no pair stands out: accuracy {rows.accuracy:.3f} "
        f"({plural(len(rows), 'row')}){told}",
        evidence=evidence,
    )


def lost_classes(rows: JudgedRows) -> list[int]:
    """Classes that are hardly ever recognised, those with the most rows first."""
    from scipy.stats import beta

    counts = np.bincount(rows.targets, minlength=rows.classes)
    judged = np.flatnonzero(counts >= THRESHOLDS.class_rows)
    found = []
    for k in judged:
        hits = int(rows.confusion[k, k])
        upper = beta.ppf(1 - THRESHOLDS.error / len(judged), hits + 1, counts[k] - hits)
        if float(upper) < THRESHOLDS.recall:
            found.append(int(k))
    return sorted(found, key=lambda k: -counts[k])


def confused_pairs(rows: JudgedRows) -> list[tuple[int, int, int, float, bool]]:
    """(true class, class said, rows, rows expected, whether it stands out), most rows first.

    What is expected follows from how often the other classes are mistaken for the same one.
    """
    from scipy.stats import binom

    mistakes = rows.confusion.astype(float)
    np.fill_diagonal(mistakes, 0.0)
    expected = expected_mistakes(mistakes)
    counts = np.bincount(rows.targets, minlength=rows.classes)
    made = mistakes.sum(axis=1)
    tests = max(int((made > 0).sum()) * (rows.classes - 1), 1)
    found = []
    for a, b in zip(*np.nonzero(mistakes), strict=True):
        count = int(mistakes[a, b])
        share = min(max(expected[a, b] / made[a], 1e-9), 1.0)
        p_value = float(binom.sf(count - 1, int(made[a]), share)) * tests
        stands = (
            rows.classes > 2
            and p_value < THRESHOLDS.error
            and count >= THRESHOLDS.pair_mistakes
            and count >= THRESHOLDS.pair_share * counts[a]
            and count >= THRESHOLDS.pair_times * expected[a, b]
        )
        found.append((int(a), int(b), count, float(expected[a, b]), bool(stands)))
    return sorted(found, key=lambda pair: (-pair[2], pair[:2]))


def expected_mistakes(mistakes: Floats) -> Floats:
    """Mistakes of each class, were they spread over the others as the mistakes of all other classes are.

    A class's own mistakes have no say in its row, or else a pair with most mistakes would expect itself.

    Args:
        mistakes: Counts without the diagonal, shape (K, K).

    Example:
        >>> table = np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0], [2.0, 2.0, 0.0]])
        >>> expected_mistakes(table).tolist() == table.tolist()
        True
    """
    others = mistakes.sum(axis=0) - mistakes + 1.0
    np.fill_diagonal(others, 0.0)
    return np.asarray(
        mistakes.sum(axis=1, keepdims=True) * others / others.sum(axis=1, keepdims=True)
    )


def _recalls(rows: JudgedRows) -> list[dict[str, Any]]:
    counts = np.bincount(rows.targets, minlength=rows.classes)
    hits = np.diag(rows.confusion)
    recall = hits / np.maximum(counts, 1)
    worst = [k for k in np.argsort(recall, kind="stable") if counts[k]][:50]
    return [
        {"class": rows.names[k], "recall": float(recall[k]), "n": int(counts[k])} for k in worst
    ]


def _of_lost(rows: JudgedRows, lost: list[int], evidence: dict[str, Any]) -> Finding:
    counts = np.bincount(rows.targets, minlength=rows.classes)
    said = np.bincount(rows.predicted, minlength=rows.classes)
    never = sum(int(counts[k]) for k in lost if said[k] == 0)
    names = ", ".join(rows.names[k] for k in lost[:3]) + (" and others" if len(lost) > 3 else "")
    hits, held = sum(int(rows.confusion[k, k]) for k in lost), int(counts[lost].sum())
    what = f"Class {names} is" if len(lost) == 1 else f"{len(lost)} classes ({names}) are"
    return CHECK.finding(
        "problem" if never >= THRESHOLDS.common * len(rows) else "advice",
        f"{what} hardly ever recognised: {hits:,} of {held:,} rows right",
        explanation=(
            f"They are {held / len(rows):.1%} of the evaluated rows; over all rows accuracy is "
            f"{rows.accuracy:.3f}, which hides it."
        ),
        evidence=evidence | {"classes": [rows.names[k] for k in lost]},
        action=Action(
            "balance_classes",
            f"Weigh class {names} higher in the loss, or collect more rows of it.",
        ),
    )


def _of_pair(
    rows: JudgedRows,
    strong: list[tuple[int, int, int, float, bool]],
    evidence: dict[str, Any],
) -> Finding:
    a, b, count, expected, _ = strong[0]
    held = int((rows.targets == a).sum())
    first, second = rows.names[a], rows.names[b]
    return CHECK.finding(
        "advice",
        f"{count:,} of {held:,} rows of class {first} are taken for {second}",
        explanation=(
            f"{count / max(int(rows.wrong.sum()), 1):.0%} of all {int(rows.wrong.sum()):,} mistakes, and "
            f"{count / max(expected, 1e-9):.1f} times what the other mistakes let expect. The other way "
            f"round it is {int(rows.confusion[b, a]):,} rows."
        ),
        evidence=evidence | {"classes": [first, second]},
        action=Action(
            "clean_labels",
            f"Look at rows of {first} and {second}: labelled by one rule, and different to the eye?",
        ),
    )
