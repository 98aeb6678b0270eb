"""The best learning rate at a part of the training and at all of it: trials, optimum, how it moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.conditions import condition_point
from mldiag.declaration import Experiment
from mldiag.findings import CLAIM_ERROR, Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.parameters import Float, Int, rounded
from mldiag.stats.distributions import t_upper_tail
from mldiag.stats.intervals import (
    PairedDifference,
    paired_difference,
    t_interval,
    undetermined,
    variance_factor,
)
from mldiag.steps.score_table import score_table
from mldiag.steps.sweep.measured import MeasuredAxis
from mldiag.steps.sweep.pairs.design import best_index
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec

Floats = NDArray[np.float64]

LENGTHS = (0.25, 0.5, 1.0)
"""Shares of the full training."""

AROUND = (-2, -1, 0, 1, 2, 3)
"""Half decades from the best rate, each trained at every length."""

NEAR = 0.12
"""Decades within which a value that was tried stands in for another."""


@dataclass(frozen=True, eq=False)
class Schedule:
    """The optimum of the learning rate by length of the training.

    Args:
        param: The learning rate's name.
        duration: The parameter that shortens the training; empty where fewer epochs do.
        metric: The metric.
        lengths: Shares of the full training, ascending, the last one 1.
        rates: The rates tried.
        means: Mean score by length and rate, in the user's metric.
        optima: Where the optimum lies by length, in the unit of the rate.
        shift: Factor by which it moves from the shortest to the full length.
        p_moves: Two-sided p-value of a shift.
        twice: Where it is expected at twice the full length.
        loss: What is lost at the full length by taking the shortest one's best rate; positive is a loss.
        p_loss: One-sided p-value of that loss.
        worth: Smallest gain worth having.
    """

    param: str
    duration: str
    metric: Metric
    lengths: tuple[float, ...]
    rates: tuple[float, ...]
    means: Floats
    optima: tuple[Interval, ...]
    shift: Interval
    p_moves: float
    twice: Interval
    loss: PairedDifference
    p_loss: float
    worth: float

    @property
    def moves(self) -> bool:
        """Whether the optimum surely moves."""
        return self.p_moves < CLAIM_ERROR


def schedule_specs(
    experiment: Experiment,
    settings: Settings,
    axes: Sequence[MeasuredAxis],
    results: Sequence[TrialResult],
) -> list[TrialSpec]:
    """Trials of the learning rates at a part of the training; none where it cannot be shortened.

    Where no parameter is the duration, one trial first tells whether the training counts its epochs with
    `trial.epochs`, without which it is never shorter.
    """
    found = _rate_axis(axes)
    if found is None or settings.repeats < 2:
        return []
    if _duration(experiment) is None:
        probe = _short(experiment, found, found.axis.values[found.axis.default], 0, LENGTHS[0])
        told = next((r for r in results if r.spec.digest == probe.digest), None)
        if told is None:
            return [probe]
        if told.fidelity_reached >= 1:
            return []
    grid = schedule_grid(experiment, settings, found)
    return [spec for length in grid for row in length for spec in row]


def schedule_grid(
    experiment: Experiment, settings: Settings, found: MeasuredAxis
) -> list[list[list[TrialSpec]]]:
    """Specs by length, rate and repeat."""
    return [
        [
            [_short(experiment, found, rate, repeat, length) for repeat in range(settings.repeats)]
            for rate in _rates(found)
        ]
        for length in LENGTHS
    ]


def measure_schedule(
    experiment: Experiment,
    settings: Settings,
    axes: Sequence[MeasuredAxis],
    results: Sequence[TrialResult],
) -> Schedule | None:
    """The optimum by length; None where the training was not shortened, or not enough of it was run."""
    found = _rate_axis(axes)
    if found is None:
        return None
    grid = schedule_grid(experiment, settings, found)
    known = {result.spec.digest for result in results}
    flat = [row for length in grid for row in length]
    if any(spec.digest not in known for row in flat for spec in row):
        return None
    table = score_table(experiment, flat, results)
    rates = tuple(float(str(rate)) for rate in _rates(found))
    scores = table.scores.reshape(len(LENGTHS), len(rates), -1)
    usable: NDArray[np.bool_] = np.asarray(np.isfinite(scores).all(axis=(0, 2)))
    if usable.sum() < 3:
        return None
    rates = tuple(rate for rate, kept in zip(rates, usable, strict=True) if kept)
    scores = scores[:, usable]
    worth = settings.gain or smallest_gain(
        experiment.metric, float(table.metric.sign * scores[-1].mean())
    )
    duration = _duration(experiment)
    return _judged(
        scores, rates, table.valid_to_train, worth,
        param=found.axis.name, duration=duration or "", metric=experiment.metric,
    )  # fmt: skip


def optimum(means: Floats, log_rates: Floats, temperature: float) -> float:
    """Where a parabola through the scores near the best has its top: between the rates, not at one of them.

    Scores count the less the further they are below the best, so that a cliff on one side does not pull.
    Where the scores bend upwards, their weighted middle.

    Args:
        means: Mean scores by rate, higher is better, shape (K,).
        log_rates: Logarithms of the rates, shape (K,).
        temperature: A score this far below the best has a weight of 1/e; at least three rates count.

    Example:
        >>> places = np.array([0.0, 1.0, 2.0, 3.0])
        >>> round(optimum(1 - (places - 1.3) ** 2, places, 0.01), 6)
        1.3
    """
    below = means.max() - means
    weights = np.exp(-below / max(temperature, float(np.sort(below)[2]), 1e-12))
    middle = float((weights * log_rates).sum() / weights.sum())
    bend, slope, _ = np.polyfit(log_rates - middle, means, 2, w=np.sqrt(weights))
    if not bend < 0:
        return middle
    top = middle - float(slope) / (2 * float(bend))
    return float(np.clip(top, log_rates.min(), log_rates.max()))


def _judged(
    scores: Floats,
    rates: tuple[float, ...],
    valid_to_train: float,
    worth: float,
    *,
    param: str,
    duration: str,
    metric: Metric,
) -> Schedule:
    """Optima with their spread over repeats by the jackknife."""
    repeats = scores.shape[2]
    log_rates, doublings = np.log10(rates), np.log2(LENGTHS)
    gaps = scores - scores.mean(axis=(0, 1))
    noise = float((gaps - gaps.mean(axis=2, keepdims=True)).std()) / math.sqrt(repeats)
    temperature = max(worth, noise)

    def read(some: Floats) -> Floats:
        """Optimum by length, the shift over all lengths, and where it is at twice the full length."""
        optima = np.array([optimum(table.mean(axis=1), log_rates, temperature) for table in some])
        slope = float(np.polyfit(doublings, optima, 1)[0])
        return np.array([*optima, optima[-1] - optima[0], optima[-1] + slope])

    whole = read(scores)
    without = np.array([read(np.delete(scores, r, axis=2)) for r in range(repeats)])
    pseudo = repeats * whole - (repeats - 1) * without
    errors = pseudo.std(axis=0, ddof=1) * math.sqrt(variance_factor(repeats, valid_to_train))
    spacing = float(np.median(np.diff(log_rates)))
    errors = np.hypot(errors, spacing / math.sqrt(12) / 2)  # the grid itself is coarse
    df = repeats - 1
    ends = [_power(t_interval(v, e, df=df)) for v, e in zip(whole, errors, strict=True)]
    t = abs(whole[-2]) / errors[-2] if errors[-2] > 0 else math.nan
    taken = int(np.argmin(np.abs(log_rates - whole[0])))
    own = int(np.argmin(np.abs(log_rates - whole[len(LENGTHS) - 1])))
    loss = paired_difference(scores[-1, taken], scores[-1, own], valid_to_train=valid_to_train)
    return Schedule(
        param=param,
        duration=duration,
        metric=metric,
        lengths=LENGTHS,
        rates=rates,
        means=metric.sign * scores.mean(axis=2),
        optima=tuple(ends[: len(LENGTHS)]),
        shift=ends[-2],
        p_moves=min(1.0, 2 * t_upper_tail(t, df)) if math.isfinite(t) else math.nan,
        twice=ends[-1],
        loss=loss,
        p_loss=loss.p_greater,
        worth=worth,
    )


def _power(interval: Interval) -> Interval:
    if not math.isfinite(interval.low):
        return undetermined(10**interval.estimate)
    return Interval(10**interval.estimate, 10**interval.low, 10**interval.high, interval.level)


def _rate_axis(axes: Sequence[MeasuredAxis]) -> MeasuredAxis | None:
    """The first learning rate that was moved on a logarithmic range."""
    rates = [
        found
        for found in axes
        if found.axis.parameter.role == "learning_rate"
        and found.axis.numeric
        and found.axis.parameter.log
    ]
    return rates[0] if rates else None


def _rates(found: MeasuredAxis) -> tuple[Plain, ...]:
    """Rates half a decade apart around the best one, more of them above: short trainings like it fast.

    A value that was tried alone stands in for one that is near it, because its trials are there.
    """
    parameter = found.axis.parameter
    best = found.axis.values[best_index(found)]
    tried = [v for v in found.axis.values if isinstance(v, (int, float)) and v > 0]
    if not isinstance(parameter, (Float, Int)) or not isinstance(best, (int, float)) or best <= 0:
        return tuple(tried)
    rates: set[float] = {best}
    for steps in AROUND:
        wanted = best * 10 ** (steps / 2)
        if steps == 0 or not parameter.low <= wanted <= parameter.high:
            continue
        near = min(tried, key=lambda value: abs(math.log(value / wanted)))
        taken = near if abs(math.log10(near / wanted)) < NEAR else rounded(wanted, 2)
        rates.add(parameter.coerce(taken))
    return tuple(sorted(rates))


def _duration(experiment: Experiment) -> str | None:
    """A whole-number duration whose default can be quartered within its range."""
    for name, parameter in experiment.params.items():
        if parameter.role != "duration" or not isinstance(parameter, Int):
            continue
        shortest = round(parameter.default * LENGTHS[0])
        if shortest >= max(1, parameter.low) and round(parameter.default * LENGTHS[1]) > shortest:
            return name
    return None


def _short(
    experiment: Experiment, found: MeasuredAxis, rate: Plain, repeat: int, length: float
) -> TrialSpec:
    """A training at a rate, shortened by its duration parameter or by fewer epochs."""
    name = found.axis.name
    point: dict[str, Plain] = {**condition_point(experiment.params, name), name: rate}
    duration = _duration(experiment)
    if duration is None or length == 1:
        return experiment.spec(point, repeat=repeat, fidelity=length)
    default = experiment.params[duration].default
    assert isinstance(default, int)
    return experiment.spec({**point, duration: round(default * length)}, repeat=repeat)
