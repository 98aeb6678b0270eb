"""The numbers of a search, from which its checks judge and its figure is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.stats.gain import gain_of_best
from mldiag.stats.intervals import is_determined, mean_interval, t_interval, variance_factor
from mldiag.steps.score_table import ScoreTable, score_table
from mldiag.steps.sweep.search.claim import WinnerNumbers, judge_winner, on_reserve
from mldiag.steps.sweep.search.closing import Pair, fresh_pair, reserve_pair, whole_pair
from mldiag.steps.sweep.search.replay import SearchState
from mldiag.steps.sweep.search.space import Point
from mldiag.steps.sweep.search.tried import Tried, point_specs
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult

Verdict = Literal[
    "better value", "default is best", "flat", "ignored", "inconclusive", "no score", "not finished"
]


@dataclass(frozen=True, eq=False)
class SearchMeasured:
    """What a search has measured; positions are those of `tried.points`, the defaults at 0.

    Args:
        metric: The metric.
        tried: Points and scores, higher is better.
        winner: Numbers of the winner; None where the defaults lead or nothing can be compared.
        worth: Smallest gain worth having.
        asked: Points that were to be tried.
        default_score: Mean score of the defaults over the repeats of the search, in the user's metric.
        uncertainty: Which uncertainty is stated.
        valid_to_train: Scoring rows over training rows; 0 where they are fixed.
        fresh_pair: Trials on fresh repeats.
        reserve_pair: Trials on the reserve; None where there is none.
        chosen_score: The winner's mean score over the repeats that chose it, in the user's metric.
        confirmed_score: Its mean score on the reserve likewise; NaN where it was not used.
    """

    metric: Metric
    tried: Tried
    winner: WinnerNumbers | None
    worth: float
    asked: int
    default_score: Interval
    uncertainty: str
    valid_to_train: float
    fresh_pair: Pair = field(repr=False)
    reserve_pair: Pair | None = field(repr=False)
    chosen_score: float = math.nan
    confirmed_score: float = math.nan

    @property
    def best(self) -> int:
        """Position of the winner; 0 where the defaults lead."""
        return self.tried.leader

    @property
    def failed(self) -> tuple[int, ...]:
        """Trials without a score, by point; those cut short on purpose are not among them."""
        return tuple(
            sum(c is not None and c.status not in ("ok", "cut") for c in row)
            for row in self.tried.cells
        )

    @property
    def cut(self) -> int:
        """Points that were cut short because they did worse than others at the same step."""
        return sum(any(c is not None and c.status == "cut" for c in r) for r in self.tried.cells)

    @property
    def gain(self) -> Interval | None:
        """Gain of the winner; None without one."""
        return self.winner.gain if self.winner else None

    @property
    def runner_up(self) -> Interval | None:
        """The 80 % interval of the best point beside the defaults, where these lead."""
        gains = self.tried.gains.copy()
        gains[0] = np.nan
        if not np.isfinite(gains).any():
            return None
        best = int(np.nanargmax(gains))
        sd, df = noise_of(self.tried)
        error = sd * math.sqrt(variance_factor(int(self.tried.done[best]), self.valid_to_train))
        return t_interval(float(gains[best]), error, df=df)

    @property
    def verdict(self) -> Verdict:
        """What the search says."""
        gains = np.delete(self.tried.gains, 0)
        if not np.isfinite(self.tried.gains[0]) or not np.isfinite(gains).any():
            return "no score"
        differences = (self.tried.scores - self.tried.scores[0])[1:]
        if not np.any(differences[np.isfinite(differences)]):
            return "ignored"
        if self.best == 0:
            most = self.runner_up
            if most is not None and is_determined(most) and most.high < self.worth:
                return "default is best"
            return "inconclusive"
        if self.winner is None:
            return "not finished"
        if self.winner.claimed:
            return "better value"
        gain = self.winner.gain
        return "flat" if is_determined(gain) and gain.high < self.worth else "inconclusive"


def measured_search(
    experiment: Experiment,
    settings: Settings,
    state: SearchState,
    results: Sequence[TrialResult],
) -> SearchMeasured:
    """Compare the winner with the defaults.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        state: The search, replayed from the same results.
        results: What came back, in any order.
    """
    whole = whole_pair(experiment, settings, state)
    table = score_table(experiment, [whole.default, whole.winner], results)
    sign = experiment.metric.sign
    chosen_on = table.scores[0][: settings.repeats]  # as the points' differences are
    default = mean_interval(chosen_on, valid_to_train=table.valid_to_train)
    measured = SearchMeasured(
        metric=experiment.metric,
        tried=state.tried,
        winner=None,
        worth=settings.gain or smallest_gain(experiment.metric, sign * default.estimate),
        asked=settings.trials,
        default_score=_shown(default, sign),
        uncertainty=table.uncertainty,
        valid_to_train=table.valid_to_train,
        fresh_pair=fresh_pair(experiment, settings, state),
        reserve_pair=reserve_pair(experiment, state),
    )
    if measured.best == 0 or not np.isfinite(state.tried.gains[0]):
        return measured
    if table.resampled is not None:
        numbers = _winner_on_fixed_rows(experiment, settings, state, results)
    else:
        numbers = _winner(measured, table, settings)
    if numbers is None:
        return measured
    chosen = sign * float(np.mean(state.tried.scores[measured.best]))
    measured = replace(measured, winner=numbers, chosen_score=chosen)
    return _with_reserve(experiment, measured, results)


def _winner(
    measured: SearchMeasured, table: ScoreTable, settings: Settings
) -> WinnerNumbers | None:
    """Where rows are redrawn: the search's own repeats, and fresh ones."""
    tried, best = measured.tried, measured.best
    both = table.scores[1] - table.scores[0]
    differences = np.full((len(tried.points), len(both)), np.nan)
    differences[:, : tried.scores.shape[1]] = tried.scores - tried.scores[0]
    differences[best] = both
    return judge_winner(
        differences,
        best,
        searched=settings.repeats,
        points=len(tried.points) - 1,
        valid_to_train=table.valid_to_train,
    )


def _winner_on_fixed_rows(
    experiment: Experiment,
    settings: Settings,
    state: SearchState,
    results: Sequence[TrialResult],
) -> WinnerNumbers | None:
    """Where the validation rows are fixed they are the sample: all points share them, fresh seeds too."""
    tried, best = state.tried, state.tried.leader
    grid = [point_specs(experiment, point, range(settings.repeats)) for point in tried.points]
    table = score_table(experiment, grid, results)
    found = table.compare(0)
    if best not in found.candidates:
        return None
    gain = gain_of_best(found, chosen=best)
    p_better = float(found.p_better[best])
    return WinnerNumbers(
        chosen=float(found.difference[best]),
        fresh=gain,
        p_fresh=p_better if found.claimed[best] else max(p_better, 0.05),
        p_family=p_better if found.claimed[best] else max(p_better, 0.05),
        noise_sd=found.noise_sd,
        repeats=settings.repeats,
        points=len(tried.points) - 1,
    )


def _with_reserve(
    experiment: Experiment, measured: SearchMeasured, results: Sequence[TrialResult]
) -> SearchMeasured:
    """Add what the reserve says, where it was used."""
    pair, numbers = measured.reserve_pair, measured.winner
    if pair is None or numbers is None or not pair.complete(results):
        return measured
    table = score_table(experiment, [pair.default, pair.winner], results)
    scores = table.scores
    confirmed = measured.metric.sign * float(np.nanmean(scores[1])) if _any(scores[1]) else math.nan
    if not (_any(scores[0]) and _any(scores[1])):
        return replace(measured, confirmed_score=confirmed)
    if table.resampled is not None:
        found = table.difference(0, 1)
        interval, p_value = found.interval, found.p_greater
    else:
        interval, p_value = on_reserve(
            float(np.nanmean(scores[1]) - np.nanmean(scores[0])),
            numbers.noise_sd if not experiment.splits.fixed_valid else math.nan,
            df=numbers.repeats - 1,
            valid_rows=experiment.splits.valid_size(),
            reserve_rows=len(experiment.splits.reserve),
        )
    return replace(
        measured,
        winner=replace(numbers, reserve=interval, p_reserve=p_value),
        confirmed_score=confirmed,
    )


def noise_of(tried: Tried) -> tuple[float, float]:
    """Noise of one repeat's difference with the defaults over points with several, and its df."""
    squares, count = 0.0, 0
    for row in (tried.scores - tried.scores[0])[1:]:
        values = row[np.isfinite(row)]
        if len(values) > 1:
            squares += float(((values - values.mean()) ** 2).sum())
            count += len(values) - 1
    return (math.sqrt(squares / count) if count else math.nan), float(count)


def plain_search(measured: SearchMeasured, points: Sequence[Point]) -> dict[str, Any]:
    """What was measured as plain data, for JSON."""
    numbers = measured.winner
    return {
        "verdict": measured.verdict,
        "best": measured.best,
        "best_point": points[measured.best],
        "scores": measured.metric.sign * measured.tried.scores,
        "gains": measured.tried.gains,
        "repeats": measured.tried.done,
        "failed": measured.failed,
        "cut": measured.cut,
        "winner": None if numbers is None else _plain_winner(measured, numbers),
        "default_score": measured.default_score,
        "smallest_gain_worth_having": measured.worth,
        "uncertainty": measured.uncertainty,
    }


def _plain_winner(measured: SearchMeasured, numbers: WinnerNumbers) -> dict[str, Any]:
    return {
        "gain": numbers.gain,
        "p_better": numbers.p_better,
        "gain_on_fresh_repeats": numbers.fresh,
        "gain_on_reserve": numbers.reserve,
        "gain_while_chosen": numbers.chosen,
        "chosen_score": measured.chosen_score,
        "confirmed_score": measured.confirmed_score,
        "noise_sd": numbers.noise_sd,
    }


def _any(scores: NDArray[np.float64]) -> bool:
    return bool(np.isfinite(scores).any())


def _shown(interval: Interval, sign: float) -> Interval:
    if sign > 0:
        return interval
    return Interval(-interval.estimate, -interval.high, -interval.low, interval.level)
