"""MD126: is the reported score that of the predictions?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.scoring.scorer import scorer_of
from mldiag.trial_result import TrialResult
from mldiag.wording import score

CHECK = Check(
    code="MD126",
    slug="metric-disagrees",
    title="Is the reported score that of the predictions?",
    detects=(
        "The metric computed anew from the kept predictions, beside the score that the trial reported; "
        "equal to four digits, or a problem."
    ),
    why="A metric that is computed on other rows, batch by batch, or another way answers another question.",
    fix="Compute the score once, over all scoring rows, in the order of trial.valid.",
    source="By construction: the same predictions have one score.",
)


def judge(experiment: Experiment, results: Sequence[TrialResult]) -> Finding | None:
    """Compare both scores; None where no predictions were kept, or the metric cannot be computed."""
    scorer, name = scorer_of(experiment), experiment.metric.name
    if scorer is None:
        return None
    checked, wrong = 0, []
    for result in results:
        kept = result.predictions
        if kept is None or kept.truth is None or result.status != "ok":
            continue
        try:
            value = scorer(kept.truth, kept.values)
        except (ValueError, TypeError):
            continue
        checked += 1
        if not scorer.explains(result):
            wrong.append((result.score(name), value))
    if not checked:
        return None
    if not wrong:
        return CHECK.finding(
            "passed",
            f"{name} computed anew from the predictions is the score that was reported",
            evidence={"n": checked},
        )
    reported, computed = (score(experiment.metric, value) for value in wrong[0])
    return CHECK.finding(
        "problem",
        f"The predictions score {computed}, not the reported {reported}",
        explanation=(
            f"In {len(wrong)} of {checked} trials. Either the score is computed on other rows or batch by "
            "batch, or the predictions are not in the order of trial.valid."
        ),
        evidence={
            "n": checked,
            "wrong": len(wrong),
            "reported": wrong[0][0],
            "computed": wrong[0][1],
        },
        action=Action(
            "fix_bug", "Score all of trial.valid at once, and keep predictions in its order."
        ),
    )
