"""MD129: can the model fit a few rows that it trains on?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.reference.specs import why_no_references
from mldiag.steps.memorising import MEMORISED, ROWS, rows_to_memorise
from mldiag.steps.reproduce.memory import FewRows, FitOfRuns, few_rows, fit_of_runs
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.wording import plural, score


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD129.

    Args:
        memorised: Share of the way from a dummy to all that can be memorised; bagged trees reach it.
        partly: Below this share it is told, if a linear model memorises the same rows.
        nothing: Below this share the model has not learned the rows at all.
        rows: Rows of the trial, or three a class.
    """

    memorised: float = MEMORISED
    partly: float = 0.5
    nothing: float = 0.1
    rows: int = ROWS


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD129",
    slug="overfits-small-batch",
    title="Can the model fit a few rows that it trains on?",
    detects=(
        "Where the runs go {memorised:.0%} of the way from a dummy to the best score, on the rows that they "
        "train on or on new ones, the model can. Else one trial trains and scores on the same {rows} rows "
        "(three a class or more); there a dummy is 0 and a table of the rows is 1. A problem below "
        "{nothing:.0%} of that way, if MD121 finds that all rows teach it nothing where a plain model "
        "learns. Advice below {partly:.0%}, if the runs go no farther and a linear model goes "
        "{memorised:.0%}. An estimator trains right, and is held back by its parameters: neither is said."
    ),
    why=(
        "A model that cannot fit what it has just seen fails before any question of more data or other "
        "parameters: the loss, the gradients or the labels are wrong."
    ),
    fix="Train on ten rows and follow one update: does the loss fall, and do all parameters move?",
    source="Karpathy (2019), A Recipe for Training Neural Networks: overfit one batch.",
    thresholds=THRESHOLDS,
)


def judge(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult],
    *,
    beside_dummy: Finding | None,
) -> Finding | None:
    """Judge what the runs tell, or the trial on a few rows; None where nothing is known.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back.
        beside_dummy: The finding of MD121, if there is one.
    """
    why_not = _why_not(experiment)
    if why_not:
        return CHECK.finding(
            "not_applicable",
            "Whether the model can fit a few rows cannot be asked",
            explanation=why_not,
        )
    found = few_rows(experiment, results)
    if found is None:
        return _of_runs(experiment, settings, results)
    if math.isnan(found.share):
        return CHECK.finding(
            "inconclusive",
            f"Cannot tell whether the model can fit {plural(found.rows, 'row')}",
            explanation="The trial gave no score."
            if math.isnan(found.score)
            else "A dummy scores as well as a table of the rows: there is nothing to memorise.",
            evidence={"n": found.rows, "score": found.score},
        )
    fit = fit_of_runs(experiment, settings, results)
    return _of_few_rows(experiment, found, beside_dummy, fit)


def _why_not(experiment: Experiment) -> str:
    if experiment.fixed_rows:
        return experiment.fixed_rows
    return why_no_references(experiment) or (
        "" if rows_to_memorise(experiment) else "There are no training rows to choose from."
    )


def _of_runs(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding | None:
    fit = fit_of_runs(experiment, settings, results)
    if fit is None or not fit.share >= THRESHOLDS.memorised:
        return None
    where = "the rows that it trains on" if fit.trained_on else "new rows"
    shown = score(experiment.metric, fit.score)
    return CHECK.finding(
        "passed",
        f"The model fits {where}: {experiment.metric.name} {shown}",
        explanation=f"That is {fit.share:.0%} of the way from a dummy to the best, with "
        f"{plural(fit.rows, 'row')}; it fits all of them, so fewer rows are not tried.",
        evidence={"n": fit.rows, "score": fit.score, "share": fit.share},
    )


def _of_few_rows(
    experiment: Experiment, found: FewRows, beside_dummy: Finding | None, fit: FitOfRuns | None
) -> Finding:
    metric, rows = experiment.metric, plural(found.rows, "row")
    between = (
        f"{score(metric, found.score)} on {rows} that it trains on; a dummy "
        f"{score(metric, found.dummy)}, at most {score(metric, found.most)}"
    )
    evidence = {
        "n": found.rows,
        "score": found.score,
        "dummy": found.dummy,
        "most_that_can_be_memorised": found.most,
        "share": found.share,
        "share_of_linear_model": found.linear,
    }
    broken = beside_dummy is not None and beside_dummy.outcome == "problem"
    if found.share >= THRESHOLDS.memorised:
        return CHECK.finding(
            "passed",
            f"It can memorise {rows}: {between}",
            explanation="So the training works: what is wrong lies between it and the scoring rows."
            if broken
            else "",
            evidence=evidence,
        )
    estimator = hasattr(experiment.train, "rule")
    if broken and found.share < THRESHOLDS.nothing and not estimator:
        return CHECK.finding(
            "problem",
            f"It cannot fit even {rows}: {between}",
            explanation=(
                "So the fault lies in the training, not in new rows: targets that do not belong to their "
                "rows, a loss of the wrong thing, inputs that are overwritten, or a learning rate that does "
                "nothing or too much."
            ),
            evidence=evidence,
            action=Action(
                "fix_bug", f"Make the training fit {rows} before anything else is tuned."
            ),
            caused_by="MD121",
        )
    short = found.share < THRESHOLDS.partly and (fit is None or fit.share < THRESHOLDS.partly)
    held_back = short and found.linear >= THRESHOLDS.memorised and not estimator
    learns = beside_dummy is None or beside_dummy.outcome == "passed"
    open_too = found.share < THRESHOLDS.nothing and not learns
    return CHECK.finding(
        "advice" if held_back else "inconclusive" if open_too else "passed",
        f"It goes {max(found.share, 0):.0%} of the way to memorising {rows}: {between}",
        explanation=(
            f"A linear model goes {found.linear:.0%}. Strong regularization, few updates or a bug in the "
            "training may hold it back: mldiag capacity tells which."
            if held_back
            else "A plain or regularized model is limited on purpose: that alone is no fault."
        ),
        evidence=evidence,
    )
