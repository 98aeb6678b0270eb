"""MD124: do the same rows stand on both sides of the split?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mldiag.data.dataset import Dataset, row_count
from mldiag.data.row_keys import row_keys
from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.metrics import Metric
from mldiag.steps.reproduce.copies import Flattery, flattery_of
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Rows
from mldiag.wording import gain, plural, score


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD124.

    Args:
        share: Share of the scoring rows, above which it is told at all.
        problem_share: Share above which the score is flattered enough to be a problem.
        half: Share from which the table was put together wrongly, whatever that does to this score.
        coarse_power: Features are coarse, and different cases equal by chance, where they can make
            fewer different rows than the number of rows to this power.
        least_rows: Fewer equal rows than this are never a problem.
        shown_rows: Rows that the evidence names.
        surely: Standard errors by which equal rows must have equal labels more often than any two rows.
    """

    share: float = 0.005
    problem_share: float = 0.03
    half: float = 0.5
    coarse_power: float = 3.0
    least_rows: int = 5
    shown_rows: int = 50
    surely: float = 3.0


THRESHOLDS = Thresholds()

MOST_COLUMNS = 200
"""So many columns of features that are not coarse tell it as well as all of them."""

CHECK = Check(
    code="MD124",
    slug="overlapping-rows",
    title="Do the same rows train and score?",
    detects=(
        "Scoring rows whose features are exactly those of a training row of the same repeat. A problem "
        "above {problem_share:.0%} of them and from {least_rows} rows on, advice above {share:.1%}. Not "
        "applicable where the features take so few values that different cases are equal by chance (fewer "
        "possible rows than the number of rows to the power {coarse_power:g}). Advice only where equal rows "
        "have equal labels no more often than any two ({surely:g} standard errors): different cases; and "
        "where fewer than {half:.0%} of them are equal, and the runs, trained once more without these rows, "
        "score as well."
    ),
    why="A row that was trained on is not predicted but remembered: the score is too good.",
    fix="Drop the duplicates, or declare what belongs together as groups=.",
    source="Barz and Denzler (2020), Journal of Imaging 6: duplicates in CIFAR's test set.",
    thresholds=THRESHOLDS,
)


def judge(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding | None:
    """What is seen in the rows, and, where that is a problem, what it does to the score.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back.
    """
    seen = look(experiment)
    if seen is None or seen.outcome != "problem":
        return seen
    flattery = flattery_of(experiment, settings, results)
    return seen if flattery is None else _measured(experiment.metric, seen, flattery)


def look(experiment: Experiment) -> Finding | None:
    """Look for scoring rows among the training rows; None where mldiag does not hold the data."""
    dataset = experiment.dataset
    if dataset is None:
        return None
    train, valid = experiment.splits.rows(experiment.spec().rows)
    keys = [row_keys(dataset.X(rows)) for rows in (train, valid)]
    if keys[0] is None or keys[1] is None:
        return CHECK.finding("not_applicable", "Rows of this kind of data cannot be compared")
    same = np.isin(keys[1], keys[0])
    count, share = int(same.sum()), float(same.mean())
    evidence: dict[str, Any] = {
        "n": len(valid),
        "share": share,
        "rows": {"train": valid[same][: THRESHOLDS.shown_rows].tolist()},
    }
    told = f"{count} of {plural(len(valid), 'scoring row')} ({share:.1%})"
    if share <= THRESHOLDS.share:
        return CHECK.finding(
            "passed",
            "No scoring row stands among the training rows"
            if not count
            else f"Only {told} stand among the training rows too",
            evidence=evidence,
        )
    if _is_coarse(dataset.X(train)):
        return CHECK.finding(
            "not_applicable",
            "Equal rows say nothing here: with features of so few values different cases are equal",
            evidence=evidence,
        )
    action = Action(
        "fix_split", "Drop the duplicates, or declare what belongs together as groups=."
    )
    if not _labels_agree(dataset, train, valid, keys):
        return CHECK.finding(
            "advice",
            f"{told} have the features of a training row",
            explanation=(
                "Their labels agree no more often than those of any two rows: they seem to be different "
                "cases with equal features, and flatter nothing."
            ),
            evidence=evidence,
        )
    if share > THRESHOLDS.problem_share and count >= THRESHOLDS.least_rows:
        return CHECK.finding(
            "problem",
            f"{told} stand among the training rows too",
            explanation="They are remembered, not predicted: the score is too good.",
            evidence=evidence,
            action=action,
        )
    return CHECK.finding(
        "advice",
        f"{told} have the features of a training row",
        explanation="If they are the same cases, the score is a little too good.",
        evidence=evidence,
        action=action,
    )


def _measured(metric: Metric, seen: Finding, found: Flattery) -> Finding:
    """The finding with what the copies do to the score; advice where that is next to nothing."""
    change = gain(metric, found.change)
    told = {"change": found.change, "score_without": found.without, "pairs": found.pairs}
    evidence = {**seen.evidence, "flattered": told}
    if found.negligible:
        explanation = (
            f"They hardly flatter this score: trained with them and without, over "
            f"{plural(found.pairs, 'pair')} of runs, it differs by {change}. Another model may remember them."
        )
        if seen.evidence["share"] < THRESHOLDS.half:
            return replace(seen, outcome="advice", explanation=explanation, evidence=evidence)
        more = " So many are no accident, and rows that count twice make every interval too narrow."
        return replace(seen, explanation=explanation + more, evidence=evidence)
    without = score(metric, found.without)
    settled = "" if found.claimed else f", not settled by {plural(found.pairs, 'pair')} of runs"
    explanation = (
        f"They are remembered, not predicted. Trained without them, {metric.name} is {without}: the score is "
        f"too good by {change}{settled}."
    )
    return replace(seen, explanation=explanation, evidence=evidence)


def _labels_agree(dataset: Dataset, train: Rows, valid: Rows, keys: Sequence[Any]) -> bool:
    """Whether equal rows have equal labels more often than any two rows; true where there are none."""
    if dataset.main.y is None:
        return True
    of_train, of_valid = np.asarray(dataset.y(train)), np.asarray(dataset.y(valid))
    if of_train.ndim != 1 or of_train.dtype.kind not in "biufOUST":
        return True
    order = np.argsort(keys[0], kind="stable")
    places = np.clip(np.searchsorted(keys[0][order], keys[1]), 0, len(order) - 1)
    twins = order[places]
    same = keys[0][twins] == keys[1]
    agreeing = float(np.mean(of_valid[same] == of_train[twins[same]]))
    _, counts = np.unique(of_train.astype(str), return_counts=True)
    chance = float(((counts / counts.sum()) ** 2).sum())
    error = math.sqrt(max(chance * (1 - chance), 1e-9) / int(same.sum()))
    return agreeing > chance + THRESHOLDS.surely * error


def _is_coarse(features: Any) -> bool:
    """Whether the features take so few values that different cases may well be equal in all of them."""
    if hasattr(features, "nunique"):
        counts = np.atleast_1d(features.nunique())
    else:
        dense = features.toarray() if hasattr(features, "toarray") else features
        table = np.asarray(dense).reshape(row_count(features), -1)
        counts = np.array([len(np.unique(column)) for column in table.T[:MOST_COLUMNS]])
    possible = float(np.log(np.maximum(counts, 1)).sum())
    return possible < THRESHOLDS.coarse_power * math.log(max(row_count(features), 2))
