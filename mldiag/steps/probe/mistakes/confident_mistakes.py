"""MD451: where is the network sure and wrong?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.stats.label_noise import label_noise
from mldiag.steps.probe.mistakes.judged_rows import JudgedRows, judged_rows
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD451.

    Args:
        least_rows: Rows that the evaluation must have before labels are doubted.
        shown: Mistakes that are listed, the surest first.
        evidence: Log likelihood that wrong labels must gain over honest doubt, beyond the parameters it
            takes.
        rate: Share of the labels that must seem wrong.
        surely: A label seems wrong above this probability.
        least: Labels that must seem wrong.
        level_off: Among the surest quarter of the rows, mistakes are at least so many times as
            frequent as in the next quarter: honest doubt becomes rare, wrong labels do not.
        accuracy: Of a network that is right less often nothing is said of labels.
    """

    least_rows: int = 200
    shown: int = 24
    evidence: float = 8.0
    rate: float = 0.01
    surely: float = 0.8
    least: int = 5
    level_off: float = 0.5
    accuracy: float = 0.7


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD451",
    slug="confident-mistakes",
    title="Where is the network sure and wrong?",
    detects=(
        "The mistakes of the last evaluation, the surest first. They look like wrong labels where a model of "
        "changed labels explains them better than honest doubt (log likelihood over {evidence:g}), at least "
        "{least} labels and {rate:.0%} seem wrong, and mistakes among the surest quarter of the rows are "
        "no rarer than "
        "{level_off:g} times those of the next quarter."
    ),
    why="A sure mistake is a wrong label, a kind of row that training never saw, or a shortcut.",
    fix="Look at the rows that are listed; have their labels checked first.",
    source="Northcutt, Jiang and Chuang (2021), Confident Learning, JAIR 70.",
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """List them; None without a classifier's evaluation that says how sure it is."""
    rows = judged_rows(recording)
    if rows is None or not rows.graded:
        return None
    order = surest_mistakes(rows)
    shown = [_told(rows, row) for row in order[: THRESHOLDS.shown]]
    evidence = {"n": len(rows), "mistakes": len(order), "examples": shown}
    evidence["rows"] = {"evaluated": order[: THRESHOLDS.shown].tolist()}
    if not rows.learned:
        return CHECK.finding(
            "not_applicable",
            f"Mistakes of a network that learned little tell nothing (accuracy {rows.accuracy:.3f})",
            evidence={"n": len(rows), "mistakes": len(order)},
        )
    doubted = doubted_labels(rows)
    if len(doubted):
        return CHECK.finding(
            "advice",
            f"{len(doubted):,} of {plural(len(rows), 'evaluated label')} look wrong: the network is sure of "
            "another class",
            explanation=(
                "Mistakes do not become rarer where the network is surer, as honest doubt would. Until these "
                "labels are checked, the score of this evaluation is not what it seems."
            ),
            evidence=evidence | {"rows": {"evaluated": doubted[:1000].tolist()}},
            action=Action(
                "clean_labels",
                "Have the listed labels checked, the first ones first; the audit does it for training rows.",
            ),
        )
    if not len(order):
        return CHECK.finding(
            "passed", f"No mistakes in {plural(len(rows), 'row')}", evidence=evidence
        )
    sure = rows.confidence[order[0]]
    few = " (too few rows to doubt labels)" if len(rows) < THRESHOLDS.least_rows else ""
    return CHECK.finding(
        "passed",
        f"{plural(len(order), 'mistake')} in {plural(len(rows), 'row')}, the surest at {sure:.0%}; they look "
        f"like honest doubt, not like wrong labels{few}",
        evidence=evidence,
    )


def surest_mistakes(rows: JudgedRows) -> NDArray[np.int64]:
    """Rows that are wrong, in the order of the probability of the wrong class."""
    wrong = np.flatnonzero(rows.wrong)
    return np.asarray(wrong[np.argsort(-rows.confidence[wrong], kind="stable")], dtype=np.int64)


def doubted_labels(rows: JudgedRows) -> NDArray[np.int64]:
    """Rows whose labels look wrong, the most doubted first; none where honest doubt explains the mistakes."""
    nothing = np.empty(0, dtype=np.int64)
    wrong = rows.wrong
    if len(rows) < THRESHOLDS.least_rows or wrong.sum() < THRESHOLDS.least:
        return nothing
    if rows.accuracy < THRESHOLDS.accuracy or not _level(rows):
        return nothing
    present = np.unique(rows.targets)
    codes = np.searchsorted(present, rows.targets)
    scores = np.log(rows.probabilities[:, present])
    found = label_noise(scores, codes)
    if found.rate < THRESHOLDS.rate or found.evidence < THRESHOLDS.evidence:
        return nothing
    chances = found.wrong(scores, codes)
    doubted = np.flatnonzero((chances > THRESHOLDS.surely) & wrong)
    least = max(THRESHOLDS.least, THRESHOLDS.rate * len(rows))
    if len(doubted) < least:
        return nothing
    return np.asarray(doubted[np.argsort(-chances[doubted], kind="stable")], dtype=np.int64)


def _level(rows: JudgedRows) -> bool:
    """Whether mistakes level off among the surest rows."""
    quarter = len(rows) // 4
    order = np.argsort(-rows.confidence, kind="stable")
    first, second = (
        int(rows.wrong[order[:quarter]].sum()),
        int(rows.wrong[order[quarter : 2 * quarter]].sum()),
    )
    return first >= 2 and first >= THRESHOLDS.level_off * second


def _told(rows: JudgedRows, row: int) -> dict[str, Any]:
    return {
        "row": int(row),
        "true": rows.names[rows.targets[row]],
        "said": rows.names[rows.predicted[row]],
        "confidence": float(rows.confidence[row]),
        "of_true": float(rows.probabilities[row, rows.targets[row]]),
    }
