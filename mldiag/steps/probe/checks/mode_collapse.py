"""MD423: a generator that makes the same few things."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.steps.probe.signals import Signals
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When a generator counts as collapsed.

    Args:
        coverage: Share of the real examples that have a sample in their neighbourhood.
        none: The same, whatever their distances.
        alike: Distance between a sample and its nearest other, over that of real examples, at such a
            coverage.
        same: The same whatever is covered.
        last: Evaluations at the end that are averaged.
    """

    coverage: float = 0.08
    none: float = 0.03
    alike: float = 0.3
    same: float = 0.03
    last: int = 3


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD423",
    "mode-collapse",
    "The generator has collapsed to few modes",
    detects=(
        "samples that cover {coverage:.0%} of the real examples or less and lie at {alike} or less"
        " of the distance of real examples from each other, or at {same} or less"
    ),
    why="The samples may look real one by one, and most of the data are never made.",
    fix=(
        "Lower the discriminator's rate or give the generator more steps, add minibatch statistics,"
        " noise or spectral normalisation; check that the noise reaches the output."
    ),
    source="Naeem et al. 2020, Reliable fidelity and diversity metrics (coverage, 5 neighbours)",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge samples beside real examples.

    Args:
        signals: Numbers of the recording.
    """
    coverage = signals.recording.series("eval/samples/coverage")
    if not coverage.size or not np.isfinite(coverage).any():
        return CHECK.finding(
            "not_applicable", "No samples beside real ones were told (evaluate(samples=, real=))"
        )
    own = signals.recording.series("eval/samples/own_distance")
    typical = signals.recording.series("eval/samples/typical_distance")
    t = THRESHOLDS
    covered = float(np.nanmean(coverage[-t.last :]))
    spread = float(np.nanmean(own[-t.last :] / np.maximum(typical[-t.last :], 1e-12)))
    evidence = {
        "coverage": covered,
        "own_distance_over_real": spread,
        "n_evaluations": len(coverage),
    }
    few = covered <= t.none or (covered <= t.coverage and spread <= t.alike)
    if spread > t.same and not few:
        title = f"Samples cover {covered:.0%} of the real examples"
        return CHECK.finding("passed", title, evidence=evidence)
    title = f"Samples cover {covered:.0%} of the real examples"
    if spread <= t.same:
        title = (
            f"Samples are nearly the same: {number(spread)} of the distance of real examples from"
            " each other"
        )
    action = Action(
        "stabilize_training",
        "Balance generator and discriminator (a lower rate for the discriminator, spectral"
        " normalisation, minibatch statistics), and see that the noise reaches the output.",
    )
    return CHECK.finding("problem", title, evidence=evidence, action=action)
