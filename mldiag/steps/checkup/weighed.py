"""What a remedy is worth, from the step that found it and from fresh repeats of the training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy import special

from mldiag.declaration import Experiment
from mldiag.findings import CLAIM_ERROR, Interval
from mldiag.stats.intervals import is_determined
from mldiag.steps.checkup.candidates import SHOWN_Z, Candidate
from mldiag.steps.checkup.guess import Guess
from mldiag.steps.checkup.treatments import fresh_repeats, treated
from mldiag.steps.score_table import score_table
from mldiag.trial_result import TrialResult

LEAST_FRESH = 3
"""Fresh repeats below which they say too little."""

SMALLEST_P = 1e-4
"""No test of a few repeats is surer than this."""


@dataclass(frozen=True)
class Weighed:
    """A remedy with what is known of it in the end.

    Args:
        candidate: The remedy.
        gain: Its gain with an 80 % interval; None where nothing was measured.
        p: One-sided p-value of "it helps", of the step and of the fresh repeats together.
        claimed: Whether it surely helps, with a 5 % error over everything that the check-up compares.
        expected: What it may be expected to gain: the estimate, less where it is uncertain.
        fresh: Number of fresh repeats behind it.
        cause: Code of what has to be done first, or None.
        note: Why it stands where it stands, for a person.
    """

    candidate: Candidate
    gain: Interval | None
    p: float
    claimed: bool
    expected: float
    fresh: int = 0
    cause: str | None = None
    note: str = ""


def weigh(
    experiment: Experiment,
    candidates: Sequence[Candidate],
    results: Sequence[TrialResult],
    *,
    repeats: int,
    worth: float,
    guess: Guess | None = None,
) -> list[Weighed]:
    """Join what each step said with what fresh repeats say.

    A claim of a step holds a 5 % error within the step. Over all steps that would be five times as much, so
    that each p-value is held against a share of it; where fresh repeats were run, both are joined (Stouffer).

    Args:
        experiment: The experiment.
        candidates: The remedies.
        results: Trials of the fresh repeats, in any order.
        repeats: Draws of the rows for each comparison.
        worth: Smallest gain worth having: less is not claimed, however sure.
        guess: The model beside a dummy that ignores the features, unless it is surely better: what only
            brings a model up to that has learned nothing.
    """
    shares = max(1, len({one.step for one in candidates if one.gain is not None}))
    error = CLAIM_ERROR / shares
    known = [_weighed(experiment, one, results, repeats, error) for one in candidates]
    if guess is not None:
        known = [_beside(guess, one, repeats, error) for one in known]
    return [
        one if one.gain is None or one.expected >= worth else replace(one, claimed=False)
        for one in known
    ]


def _beside(guess: Guess, one: Weighed, repeats: int, error: float) -> Weighed:
    """The gain of a model that guesses, which counts from a dummy on."""
    if one.gain is None:
        return one
    claimed = one.claimed and guess.is_beaten(one.gain, one.fresh or repeats, error)
    gain = one.gain if claimed else _widened(one.gain)
    expected, note = _expected(gain, one.p, guess.gain), one.note
    if one.claimed and not claimed:
        note = "a model that guesses may score as well by chance"
    return replace(one, gain=gain, claimed=claimed, expected=expected, note=note)


def _weighed(
    experiment: Experiment,
    candidate: Candidate,
    results: Sequence[TrialResult],
    repeats: int,
    error: float,
) -> Weighed:
    if candidate.gain is None:
        return Weighed(candidate, None, math.nan, claimed=False, expected=math.nan)
    gain, p, fresh = candidate.gain, candidate.p, 0
    again = _fresh_gain(experiment, candidate, results, repeats)
    if again is not None:
        gain, fresh_p, fresh = again
        p = _joined(p, fresh_p)
        claimed = p <= error and gain.estimate > 0
    else:
        claimed = math.isfinite(p) and p <= error
    if not claimed:
        gain = _widened(gain)
    return Weighed(candidate, gain, p, claimed, _expected(gain, p), fresh)


def _fresh_gain(
    experiment: Experiment, candidate: Candidate, results: Sequence[TrialResult], repeats: int
) -> tuple[Interval, float, int] | None:
    """The gain on repeats that had no part in choosing the remedy, joined with what the step saw."""
    pair = treated(experiment, candidate, fresh_repeats(experiment, candidate, repeats))
    if pair is None or not pair[0]:
        return None
    table = score_table(experiment, pair, results)
    found = table.difference(0, 1)
    if found.n < LEAST_FRESH or not math.isfinite(found.interval.estimate):
        return None
    if not is_determined(found.interval):  # the same gain in every repeat
        return None
    return _mixed(candidate.gain, found.interval), found.p_greater, found.n


def _mixed(chosen: Interval | None, fresh: Interval) -> Interval:
    """The mean of both estimates: the step's is corrected for the choice, the fresh one needs no correction.

    They share rows, so that the mean is taken to be no surer than the fresh repeats alone.
    """
    if chosen is None or not is_determined(chosen):
        return fresh
    shift = (chosen.estimate - fresh.estimate) / 2
    return Interval(fresh.estimate + shift, fresh.low + shift, fresh.high + shift, fresh.level)


def _joined(first: float, second: float) -> float:
    """Stouffer's p-value of two; the other alone where one is unknown."""
    if not math.isfinite(first):
        return second
    each = [-special.ndtri(min(max(p, SMALLEST_P), 1 - SMALLEST_P)) for p in (first, second)]
    return float(special.ndtr(-sum(each) / math.sqrt(2)))


def _widened(gain: Interval) -> Interval:
    """What is not claimed is not shown as if it were: its interval reaches to zero."""
    if gain.estimate <= 0 or not is_determined(gain) or gain.low <= 0:
        return gain
    return replace(gain, low=0.0)


def _expected(gain: Interval, p: float, of_a_guess: float = 0.0) -> float:
    """The estimate, less what a guess gains, drawn towards zero by its uncertainty, as z^2 / (1 + z^2)."""
    if math.isfinite(p):
        z = float(-special.ndtri(min(max(p, SMALLEST_P), 1 - SMALLEST_P)))
    elif is_determined(gain) and gain.high > gain.low:
        z = gain.estimate / ((gain.high - gain.low) / (2 * SHOWN_Z))
    else:
        return 0.0
    if z <= 0:
        return 0.0
    more = gain.estimate - max(of_a_guess, 0.0)
    z *= max(more, 0.0) / gain.estimate if gain.estimate > 0 else 0.0
    return more * z * z / (1 + z * z)
