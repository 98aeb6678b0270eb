"""MD123: does the model do worse when its inputs are blank?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.stats.intervals import is_determined
from mldiag.steps.reproduce.row_pairs import row_difference
from mldiag.steps.reproduce.runs import blank_specs
from mldiag.trial import NOT_CHANGED
from mldiag.trial_result import TrialResult
from mldiag.wording import gain, plural, score

CHECK = Check(
    code="MD123",
    slug="blank-inputs",
    title="Does the model do worse with blank inputs?",
    detects=(
        "A model that is surely better than a dummy (MD121) does see its features: no blank inputs are "
        "needed. Else, and with --thorough, the first run is repeated with features that are all constants. "
        "A problem where every metric and every prediction are the same: the features never reach the model. "
        "Passed where the paired bootstrap over the scoring rows has the real features ahead (80 % interval "
        "above 0)."
    ),
    why="A model that scores the same without its inputs has learned the label frequencies, nothing else.",
    fix="Follow the features from the loader to the first layer.",
    source="Karpathy (2019), A Recipe for Training Neural Networks: input-independent baseline.",
)


def judge(
    experiment: Experiment, results: Sequence[TrialResult], *, beside_dummy: Finding | None
) -> Finding | None:
    """Compare the first run with its blank twin; None where nothing tells.

    Args:
        experiment: The experiment.
        results: What came back.
        beside_dummy: The finding of MD121, if there is one.
    """
    found = {result.spec.digest: result for result in results}
    plain, blank = (found.get(spec.digest) for spec in blank_specs(experiment))
    if blank is None or plain is None or plain.status != "ok":
        return _without_trial(beside_dummy)
    same = dict(plain.metrics) == dict(blank.metrics) and plain.predictions == blank.predictions
    if any(notice.startswith(NOT_CHANGED) for notice in blank.notices):
        return CHECK.finding(
            "not_applicable",
            "The inputs cannot be made blank: the code does not read trial.X_train",
            explanation="With trial.X_train and trial.X_valid in the place of arrays of its own, it would.",
        )
    if blank.status != "ok":  # a model that cannot even train on constants did read them
        return CHECK.finding("passed", "With blank inputs the training gives no score at all")
    metric = experiment.metric
    scores = [result.score(metric.name) for result in (blank, plain)]
    shown = (
        f"{score(metric, scores[1])} with the features, {score(metric, scores[0])} with blank ones"
    )
    evidence = {"score": scores[1], "blank": scores[0], "n": plain.valid_rows}
    learnable = beside_dummy is None or beside_dummy.outcome != "advice"
    if same and learnable:
        return CHECK.finding(
            "problem",
            "The features change nothing: every metric is the same with blank inputs",
            explanation=f"{metric.name} {shown}, the same to the last digit.",
            evidence=evidence,
            action=Action("fix_bug", "Find where the features are lost on their way to the model."),
        )
    difference = None if same else row_difference(experiment, blank, plain)
    if difference is not None and is_determined(difference) and difference.low > 0:
        return CHECK.finding(
            "passed",
            f"With blank inputs it does worse: {gain(metric, difference)} for the features",
            evidence=evidence | {"difference": difference},
        )
    return CHECK.finding(
        "inconclusive",
        "Cannot tell whether the features help",
        explanation=f"{metric.name}: {shown}, on {plural(plain.train_rows, 'training row')}.",
        evidence=evidence,
        caused_by="MD121",
    )


def _without_trial(beside_dummy: Finding | None) -> Finding | None:
    """What the comparison with a dummy says of the features."""
    if beside_dummy is None or beside_dummy.outcome != "passed":
        return None
    return CHECK.finding(
        "passed",
        "The model does better than one that never looks at the features",
        explanation="So the features reach it; --thorough trains with blank ones too.",
        evidence={"n": beside_dummy.evidence.get("n")},
    )
