"""A model that is not surely better than a guess, and what a remedy gains beyond a guess."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from mldiag.declaration import Experiment
from mldiag.findings import Finding, Interval
from mldiag.metrics import Metric
from mldiag.steps.checkup.gathered import Gathered

NOISE_OF_ONE_ROW = 0.6
"""Spread of the score of a model that guesses, times the root of the scoring rows, at least: .5 for accuracy,
.58 for the area under the ROC curve of classes of equal size, more for others (Hanley and McNeil, 1982)."""


@dataclass(frozen=True)
class Guess:
    """What a dummy that ignores the features gains over a model that is not surely better.

    Scores of models that guess are noise, of which pairing takes nothing away, and a few repeats may agree by
    chance far better than so few scoring rows allow.

    Args:
        gain: Gain of the dummy over the model, below 0 where the model looks better.
        noise: Standard deviation of one score of a model that guesses, at least; 0 where it is not known.
        valid_to_train: Scoring rows over training rows; 0 where the scoring rows are fixed.
    """

    gain: float
    noise: float = 0.0
    valid_to_train: float = 0.0

    def is_beaten(self, gain: Interval, repeats: int, error: float) -> bool:
        """Whether a remedy surely gains more than a dummy.

        Args:
            gain: Of the remedy.
            repeats: Pairs of trainings behind it.
            error: One-sided error.
        """
        # The correction of Nadeau and Bengio for splits that overlap; fixed rows are the same every time.
        share = 1 / max(repeats, 1) + self.valid_to_train if self.valid_to_train else 1.0
        spread = self.noise * math.sqrt(2 * share)
        if -self.gain > spread:  # the model learns, as far as one can see
            return True
        return gain.estimate - max(self.gain, 0.0) > -float(special.ndtri(error)) * spread


def guess_of(experiment: Experiment, gathered: Gathered) -> Guess | None:
    """None where the model is surely better, or nobody asked."""
    for finding in _of_families(gathered):
        found = finding.evidence.get("gain")
        if finding.evidence.get("reference") != "dummy" or not isinstance(found, Interval):
            continue
        if not math.isfinite(found.estimate):
            return None
        if experiment.fixed_rows or not _is_bounded(experiment.metric):
            return Guess(found.estimate)
        splits = experiment.splits
        scoring = splits.valid_size()
        ratio = 0.0 if splits.fixed_valid else scoring / splits.train_size()
        return Guess(found.estimate, NOISE_OF_ONE_ROW / math.sqrt(max(scoring, 1)), ratio)
    return None


def nobody_learns(gathered: Gathered, guess: Guess | None, repeats: int, error: float) -> bool:
    """Whether other families were tried on the rows, and none of them surely learns more from these.

    Args:
        gathered: What the steps have said.
        guess: The model beside a guess, if it is not surely better.
        repeats: Pairs of trainings of a family and the model.
        error: One-sided error.
    """
    tried = [finding for finding in _of_families(gathered) if "scores" in finding.evidence]
    return bool(tried) and not any(_learns(one, guess, repeats, error) for one in tried)


def _learns(finding: Finding, guess: Guess | None, repeats: int, error: float) -> bool:
    found = finding.evidence.get("gain")
    if finding.outcome not in ("problem", "advice"):
        return False
    if guess is None or not isinstance(found, Interval):
        return True
    return guess.is_beaten(found, repeats, error)


def _of_families(gathered: Gathered) -> list[Finding]:
    report = gathered.report_of("capacity")
    return [] if report is None else [f for f in report.findings if f.slug == "reference-families"]


def _is_bounded(metric: Metric) -> bool:
    """Whether a guess has a score that is known beside the best one: 0 for R2, .5 or so for a share."""
    return metric.guess is not None or (metric.low == 0 and metric.high == 1)
