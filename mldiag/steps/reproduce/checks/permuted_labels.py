"""MD122: does the score fall to chance when the labels are permuted?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.metrics import smallest_gain
from mldiag.scoring.scorer import scorer_of
from mldiag.stats.permutation import Chance, against_chance
from mldiag.steps.reproduce.runs import PERMUTED, check_spec
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial import NOT_CHANGED
from mldiag.trial_result import TrialResult
from mldiag.wording import score


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD122.

    Args:
        p_value: Largest share of permuted scores as good as the measured one at which it is no chance.
        worths: By how many smallest gains worth having it must stand above chance to matter.
    """

    p_value: float = 0.002
    worths: float = 4.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD122",
    slug="permuted-labels",
    title="Does the score fall to chance without labels?",
    detects=(
        "A trial whose targets change places among the training rows and among the scoring rows. Its "
        "predictions are scored against 999 further permutations: a problem where at most {p_value:.1%} of "
        "these do as well and the score stands {worths:g} smallest gains worth having above them. Where no "
        "predictions are kept, an accuracy is compared with the share of the most frequent class, which "
        "chance cannot exceed."
    ),
    why="What predicts labels that carry no information has seen them: a leak, or a score on training rows.",
    fix="Look for the target among the features, and for labels of scoring rows that reach the training.",
    source="Ojala and Garriga (2010), JMLR 11: permutation tests for studying classifier performance.",
    thresholds=THRESHOLDS,
)


def judge(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding | None:
    """Test the trial with permuted labels; None where there is none."""
    digest = check_spec(experiment, settings, PERMUTED).digest
    result = next((r for r in results if r.spec.digest == digest), None)
    if result is None:
        return None
    if any(notice.startswith(NOT_CHANGED) for notice in result.notices):
        return CHECK.finding(
            "not_applicable",
            "The labels cannot be permuted: the code does not read trial.y_train",
            explanation="With trial.y_train in the place of labels of its own, this check would run.",
        )
    if result.status != "ok":
        return CHECK.finding("inconclusive", "With permuted labels the training gives no score")
    metric, rows = experiment.metric, result.valid_rows
    chance = _of_predictions(experiment, result) or _of_shares(experiment, result)
    if chance is None:
        return CHECK.finding(
            "inconclusive",
            "Cannot tell whether the score falls to chance: no predictions give the reported score",
            explanation="trial.predictions(values) keeps them.",
        )
    above = chance.score - chance.mean
    ours, theirs = (score(metric, metric.sign * s) for s in (chance.score, chance.mean))
    evidence = {"n": rows, "score": metric.sign * chance.score,
                "chance": metric.sign * chance.mean, "p_value": chance.p_value}  # fmt: skip
    worth = THRESHOLDS.worths * smallest_gain(metric, metric.sign * chance.mean)
    if chance.p_value <= THRESHOLDS.p_value and above > worth:
        return CHECK.finding(
            "problem",
            f"With permuted labels it still scores {ours}, where chance is {theirs}",
            explanation=(
                "The permuted labels say nothing of the features, so what predicts them has seen them: "
                "the target among the features, or scoring rows that are trained on."
            ),
            evidence=evidence,
            action=Action("fix_leak", "Find where labels of scoring rows reach the predictions."),
        )
    return CHECK.finding(
        "passed",
        f"With permuted labels the score falls to chance: {ours} ({theirs})",
        evidence=evidence,
    )


def _of_predictions(experiment: Experiment, result: TrialResult) -> Chance | None:
    """The score beside that of the same predictions for other rows; None without predictions."""
    scorer, kept = scorer_of(experiment), result.predictions
    if scorer is None or kept is None or kept.truth is None or not scorer.explains(result):
        return None
    sign = experiment.metric.sign

    def signed(truth: Any, values: Any) -> float:
        rows = scorer.rows(truth, values)  # a hundred times as fast, where the metric is their mean
        return sign * (scorer(truth, values) if rows is None else float(rows.mean()))

    return against_chance(kept.truth, kept.values, signed)


def _of_shares(experiment: Experiment, result: TrialResult) -> Chance | None:
    """An accuracy beside the most that chance can reach on its rows; None for any other metric."""
    dataset = experiment.dataset
    if experiment.metric.function != "accuracy_score" or dataset is None:
        return None
    targets = np.asarray(dataset.y(experiment.splits.rows(result.spec.rows)[1]))
    if targets.ndim != 1:
        return None
    most = float(np.unique(targets, return_counts=True)[1].max() / len(targets))
    measured = result.score(experiment.metric.name)
    error = math.sqrt(most * (1 - most) / len(targets))
    p_value = float(special.ndtr((most - measured) / error)) if error > 0 else 1.0
    return Chance(measured, most, most, p_value)
