"""MD128: do augmented rows still look like the label that they carry?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mldiag.declaration import Experiment
from mldiag.findings import CLAIM_ERROR, Action, Check, Finding
from mldiag.reference.neighbour_votes import Votes
from mldiag.steps.reproduce.augmented_sample import AugmentedSample, augmented_sample
from mldiag.steps.reproduce.runs import augmented_specs, run_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult
from mldiag.wording import gain, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD128.

    Args:
        share: Part of what neighbours know of the labels that must surely be lost.
        of_class: Agreement that a single class must surely lose, where the others keep theirs.
        of_rows: Share of all made rows below which it is advice.
        least_rows: Made rows that lie near to original ones, below which nothing is said.
        least_flips: Rows that change their label alone, below which they are not counted.
        known: Agreement above chance that the original rows need: else neighbours know nothing.
    """

    share: float = 0.1
    of_class: float = 0.3
    of_rows: float = 0.02
    least_rows: int = 10
    least_flips: int = 5
    known: float = 0.1


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD128",
    slug="augmentation-breaks-labels",
    title="Do augmented rows keep their label?",
    detects=(
        "The declared augment function makes rows of training rows. Five nearest original rows vote on each "
        "made row that lies as near to them as they lie to each other, and on each original row without "
        "itself, so that wrong labels of the data are not blamed on the augmentation. A problem where surely "
        "(1 %) more than {share:.0%} of what neighbours know of the original labels is lost, or more than "
        "{of_class:.0%} of the agreement of one class, on {of_rows:.0%} of the augmented rows or more; "
        "also where so many rows stay nearest to the row they are made of and change their class. Where the "
        "augmentation is a parameter, --thorough trains with it on and off: advice where it is surely worse."
    ),
    why=(
        "A row that looks like one class and carries the label of another teaches the wrong thing: a 6 that "
        "is turned by 180 degrees is a 9."
    ),
    fix="Restrict the augmentation to changes under which a person would give the same label.",
    source=(
        "Shorten and Khoshgoftaar (2019), Journal of Big Data 6: safety of an augmentation, 6 against 9; the "
        "votes are Cover and Hart's (1967) nearest neighbours."
    ),
    thresholds=THRESHOLDS,
)


def judge(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding | None:
    """Judge the declared augmentation; None where none is declared."""
    if experiment.augment is None:
        return None
    if experiment.augment.function is None:
        return _of_parameter(experiment, settings, results)
    sample = augmented_sample(experiment)
    if sample.why_not:
        return CHECK.finding("not_applicable", sample.why_not, explanation=sample.enable)
    if sample.broken:
        return CHECK.finding(
            "advice",
            f"The augment function cannot be used: {sample.broken}",
            explanation="Every trial with augmentation would fail.",
            action=Action("fix_bug", "Make the function return the rows and their targets."),
        )
    if sample.new_labels:
        return CHECK.finding(
            "problem",
            f"{plural(sample.new_labels, 'augmented row')} of {sample.made:,} carry a label that no training "
            "row has",
            evidence={"n": sample.made, "new_labels": sample.new_labels},
            action=_repair(),
        )
    votes = sample.votes
    if votes is None:
        return CHECK.finding(
            "inconclusive",
            f"{plural(sample.originals, 'training row')} are too few to tell whether augmented rows keep "
            "their label",
            evidence={"n": sample.originals},
        )
    return _judged(sample, votes)


def _judged(sample: AugmentedSample, votes: Votes) -> Finding:
    evidence = _evidence(sample, votes)
    if not votes.made:
        return CHECK.finding(
            "passed", "The augmentation returns the rows as they are", evidence=evidence
        )
    known = votes.before - votes.chance
    if known < THRESHOLDS.known:
        return CHECK.finding(
            "inconclusive",
            "Cannot tell whether augmented rows keep their label: neighbours do not know it of the original "
            "rows either",
            explanation=f"They agree in {votes.before:.0%}, by chance in {votes.chance:.0%}.",
            evidence=evidence,
        )
    if votes.near < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"Only {votes.near} of {plural(votes.made, 'augmented row')} lie near enough to original rows to "
            "tell whether they keep their label",
            explanation=(
                "The others look like no training row, as shifted images or strong noise do; that is no "
                "fault. Whether they help, mldiag learning-curve --augment measures."
            ),
            evidence=evidence,
        )
    worst = votes.worst
    of_class = worst is not None and worst.low > THRESHOLDS.of_class
    flips = votes.flipped * sample.made >= THRESHOLDS.least_flips
    if votes.low > THRESHOLDS.share * known or of_class or (flips and _many(votes.flipped)):
        return _broken(sample, votes, evidence)
    return CHECK.finding(
        "passed",
        f"Augmented rows keep their label: {_shown(sample, votes)}",
        explanation=(
            f"Judged on the {votes.near:,} of {votes.made:,} augmented rows that lie near to original ones."
        ),
        evidence=evidence,
    )


def _broken(sample: AugmentedSample, votes: Votes, evidence: dict[str, Any]) -> Finding:
    share = votes.lost * votes.near / max(sample.made, 1)
    told = _shown(sample, votes)
    parts = [
        f"Judged on the {votes.near:,} of {votes.made:,} augmented rows that lie near to original ones."
    ]
    worst = votes.worst
    if worst is not None and worst.lost > THRESHOLDS.of_class:
        parts.append(
            f"Worst is label {worst.label}: neighbours agree {100 * worst.lost:.0f} points less than "
            f"with original rows of it, and mostly say {worst.votes_for}."
        )
    if votes.flipped > 0:
        parts.append(
            f"{votes.flipped:.1%} of the rows stay where they were and change their label."
        )
    enough = _many(share) or _many(votes.flipped)
    return CHECK.finding(
        "problem" if enough else "advice",
        f"The augmentation breaks labels: {told}",
        explanation=" ".join(parts),
        evidence=evidence | {"share_of_made_rows": share},
        action=_repair(),
    )


def _many(share: float) -> bool:
    return share >= THRESHOLDS.of_rows


def _shown(sample: AugmentedSample, votes: Votes) -> str:
    if sample.classes:
        return (
            f"neighbours agree with {votes.after:.0%} of them, and with {votes.before:.0%} of the original "
            "rows"
        )
    errors = [f"{1 - agreement:.2f}" for agreement in (votes.after, votes.before)]
    return (
        f"neighbours miss them by {errors[0]} of what chance does, the original rows by {errors[1]}"
    )


def _evidence(sample: AugmentedSample, votes: Votes) -> dict[str, Any]:
    worst = votes.worst
    return {
        "n": votes.near,
        "originals": votes.originals,
        "made": sample.made,
        "agreement": votes.after,
        "agreement_of_originals": votes.before,
        "chance": votes.chance,
        "lost_at_least": votes.low,
        "flipped": None if math.isnan(votes.flipped) else votes.flipped,
        "worst_label": None
        if worst is None
        else [worst.label, worst.votes_for, worst.lost, worst.rows],
        "rows": {"train": sample.contradicted},
    }


def _repair() -> Action:
    return Action("fix_bug", "Leave out the changes that turn one label into another.")


def _of_parameter(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding:
    """Trials with the parameter on beside the runs, where there are any."""
    assert experiment.augment is not None
    name = experiment.augment.setting
    plain = run_specs(experiment, settings)
    twins = augmented_specs(experiment, settings)
    known = {result.spec.digest for result in results if result.status == "ok"}
    pairs = [
        pair for pair in zip(plain, twins, strict=True) if all(s.digest in known for s in pair)
    ]
    if not pairs:
        return CHECK.finding(
            "not_applicable",
            f"What {name} does to the rows is not seen: it happens inside the training",
            explanation="--thorough trains with it too; a function augment=(X, y, rng) -> (X, y) is judged "
            "without training.",
        )
    table = score_table(experiment, [[pair[i] for pair in pairs] for i in (0, 1)], results)
    found, metric = table.difference(0, 1), experiment.metric
    evidence = {"n": found.n, "difference": found.interval, "p_worse": found.p_less}
    shown = gain(metric, found.interval)
    if found.p_less < CLAIM_ERROR and found.interval.high < 0:
        return CHECK.finding(
            "advice",
            f"{name} makes it worse: {shown}",
            explanation="Either it changes what the rows mean, or the training is too short for it.",
            evidence=evidence,
            action=Action("fix_bug", f"Look at rows as they are with {name}."),
        )
    return CHECK.finding(
        "passed", f"{name} does not surely make it worse: {shown}", evidence=evidence
    )
