"""MD121: is the model better than one that never looks at the features?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mldiag.declaration import Experiment
from mldiag.findings import CLAIM_ERROR, Action, Check, Finding, Interval
from mldiag.metrics import smallest_gain
from mldiag.reference.families import family_named
from mldiag.stats.intervals import PairedDifference, is_determined
from mldiag.steps.reproduce.runs import PLAIN, reference_specs, run_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.wording import amount, gain, score_interval

CHECK = Check(
    code="MD121",
    slug="beats-a-dummy",
    title="Is the model better than a dummy?",
    detects=(
        "A dummy (the most frequent class, the class shares, the mean or the median, whichever suits the "
        "metric) on the same rows as every run. Where the model is not surely better than it (5 %), a linear "
        "model and gradient boosting are asked too: a problem where one of them surely is better, advice "
        "where they are not: then the features say little of the target."
    ),
    why="A model that loses to a constant has learned nothing, or the wrong thing.",
    fix="Look at what reaches the model: labels, features, their order, the loss.",
    source="scikit-learn, DummyClassifier: a baseline for other classifiers.",
)


@dataclass(frozen=True)
class Beside:
    """The runs beside a reference on the same rows.

    Args:
        gain: How much the runs, or another model, are better than the reference.
        ours: Their mean score.
        theirs: That of the reference.
    """

    gain: PairedDifference
    ours: Interval
    theirs: Interval

    @property
    def surely_better(self) -> bool:
        """Whether the reference is beaten at 5 %."""
        return self.gain.p_greater < CLAIM_ERROR and self.gain.interval.low > 0

    @property
    def surely_worse(self) -> bool:
        """Whether the reference wins at 5 %; or always, by the same amount."""
        found = self.gain.interval
        return self.gain.p_less < CLAIM_ERROR or (not is_determined(found) and found.estimate < 0)


def is_settled(experiment: Experiment, settings: Settings, results: Sequence[TrialResult]) -> bool:
    """Whether nothing more need be trained: the model beats the dummy, or no dummy can be scored."""
    found = _beside(experiment, settings, results, None, "dummy")
    return found is None or found.surely_better


def judge(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding | None:
    """Compare the runs with a dummy; None where no dummy can be scored."""
    found = _beside(experiment, settings, results, None, "dummy")
    if found is None:
        return None
    metric, shown = experiment.metric, found.gain.interval
    evidence: dict[str, Any] = {
        "n": found.gain.n,
        "gain_over_dummy": shown,
        "p_better": found.gain.p_greater,
    }
    if found.surely_better:
        return CHECK.finding(
            "passed", f"Better than a dummy: {gain(metric, shown)}", evidence=evidence
        )
    scores = [score_interval(metric, one) for one in (found.ours, found.theirs)]
    told = f"{metric.name} {scores[0]} against {scores[1]}."
    plain = {name: _beside(experiment, settings, results, name, "dummy") for name in PLAIN}
    learnable = any(other is None or other.surely_better for other in plain.values())
    if found.surely_worse and learnable:
        return CHECK.finding(
            "problem",
            f"A dummy is better: {gain(metric, shown)} over it",
            explanation=f"{told} The dummy never looks at the features.",
            evidence=evidence,
            action=Action("fix_bug", "Check labels, their order, the loss and what is predicted."),
        )
    return _beside_plain_models(experiment, settings, results, found, told, evidence)


def _beside_plain_models(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult],
    found: Beside,
    told: str,
    evidence: dict[str, Any],
) -> Finding:
    """Not surely better than the dummy: is there anything to learn on these rows?"""
    metric, shown = experiment.metric, found.gain.interval
    plain = {name: _beside(experiment, settings, results, name, "dummy") for name in PLAIN}
    able = {name: other for name, other in plain.items() if other and other.surely_better}
    worth = smallest_gain(metric, found.ours.estimate)
    if able:
        name = max(able, key=lambda n: able[n].gain.interval.estimate)
        other = able[name].gain.interval
        ours = _beside(experiment, settings, results, None, name)
        if ours is not None and ours.surely_worse and other.low > worth:
            words = family_named(name).shown
            return CHECK.finding(
                "problem",
                f"Nothing is learned where {words} gains {gain(metric, other)} over a dummy",
                explanation=(
                    f"{told} On the same rows {words} reaches {score_interval(metric, able[name].ours)}."
                ),
                evidence=evidence | {"reference": name, "gain_of_reference": other},
                action=Action(
                    "fix_bug", "Check labels, their order, the loss and what is predicted."
                ),
            )
    if found.surely_worse or (is_determined(shown) and shown.high < worth):
        return CHECK.finding(
            "advice",
            f"No better than a dummy: {gain(metric, shown)} over it",
            explanation=(
                f"{told} A gain of {amount(metric, worth)} is ruled out; a linear model and gradient "
                "boosting do no better: the features say little of the target, or do not belong to its "
                "rows."
            ),
            evidence=evidence,
            action=Action("fix_labels", "Check that features and labels belong to the same rows."),
        )
    return CHECK.finding(
        "inconclusive",
        f"Cannot tell whether the model is better than a dummy: {gain(metric, shown)}",
        explanation=told,
        evidence=evidence,
    )


def _beside(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult],
    family: str | None,
    reference: str,
) -> Beside | None:
    """A family, or the runs themselves (None), beside a reference; None where either was not scored."""
    first = reference_specs(experiment, settings, reference)
    second = (
        run_specs(experiment, settings)
        if family is None
        else reference_specs(experiment, settings, family)
    )
    known = {result.spec.digest for result in results if result.status == "ok"}
    pairs = [
        pair
        for pair in zip(first, second, strict=True)
        if all(spec.digest in known for spec in pair)
    ]
    if not pairs:
        return None
    grid = [[pair[position] for pair in pairs] for position in (0, 1)]
    table = score_table(experiment, grid, results)
    return Beside(table.difference(0, 1), table.interval(1), table.interval(0))
