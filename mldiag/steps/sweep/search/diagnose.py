"""The answer of a search over several parameters together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis, Finding, Interval, Table, ranked
from mldiag.stats.intervals import t_interval, variance_factor
from mldiag.steps.sweep import next_step
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.checks import confirmed_on_reserve, parameter_importance, search_result
from mldiag.steps.sweep.search.importance import Importance, importances
from mldiag.steps.sweep.search.measured import (
    SearchMeasured,
    measured_search,
    noise_of,
    plain_search,
)
from mldiag.steps.sweep.search.replay import SearchState, replayed
from mldiag.steps.sweep.search.space import Space
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain
from mldiag.wording import gain, gain_short, plural, score, setting

SHOWN_POINTS = 10


@dataclass(frozen=True)
class SearchDiagnosis(Diagnosis):
    """The findings, and what was measured over the points."""

    search: SearchMeasured | None = None
    points: tuple[dict[str, Plain], ...] = ()
    searched: tuple[Axis, ...] = ()
    importance: tuple[Importance, ...] = ()
    method: str = ""

    def result(self) -> dict[str, Any]:
        """Points and scores as plain data."""
        if self.search is None:
            return {"points": self.points}
        return {
            "method": self.method,
            "points": self.points,
            **plain_search(self.search, self.points),
            "importance": {one.name: one.share for one in self.importance},
        }

    def curves(self) -> dict[str, dict[int, float]]:
        """Score of each point, and of the best so far, by number of the point."""
        if self.search is None:
            return {}
        scores, best = shown_scores(self.search), best_so_far(self.search)
        name = self.search.metric.name
        return {
            f"search/{name}": {i: float(v) for i, v in enumerate(scores) if np.isfinite(v)},
            f"search/{name}_best": {i: float(v) for i, v in enumerate(best) if np.isfinite(v)},
        }

    def scalars(self) -> dict[str, float]:
        """Best score, its gain, the noise, and how much each parameter matters."""
        if self.search is None:
            return {}
        numbers = self.search.winner
        scalars = {
            f"best_{self.search.metric.name}": float(shown_scores(self.search)[self.search.best])
        }
        if numbers is not None:
            scalars |= {"gain": numbers.gain.estimate, "noise_sd": numbers.noise_sd}
            scalars |= {
                "chosen": self.search.chosen_score,
                "confirmed": self.search.confirmed_score,
            }
        scalars |= {f"importance_{one.name}": one.share.estimate for one in self.importance}
        return {name: value for name, value in scalars.items() if np.isfinite(value)}


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> SearchDiagnosis:
    """Judge the points of a search against the defaults.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    state = replayed(experiment, settings, results)
    points = tuple(dict(point) for point in state.tried.points)
    if len(points) < 2 or not state.tried.ran[0].any():
        finding = search_result.CHECK.finding(
            "inconclusive", "Too few points were tried to compare any"
        )
        return SearchDiagnosis((finding,), "OPEN search", "inconclusive")
    measured = measured_search(experiment, settings, state, results)
    important, noise_share = _importance(state)
    main = search_result.judge(measured, points)
    findings = [
        main,
        confirmed_on_reserve.judge(measured, no_reserve=_no_reserve(experiment)),
        parameter_importance.judge(
            important,
            points=int(np.isfinite(state.tried.gains).sum()),
            noise_share=noise_share,
        )
        if len(state.space.axes) > 1
        else None,
    ]
    return SearchDiagnosis(
        ranked([finding for finding in findings if finding is not None]),
        _headline(measured, main),
        main.outcome,
        notices=(state.choice.reason, *_notices(state, measured)),
        tables=(_points_table(measured, points), *_importance_table(important)),
        next_step=next_step.after(experiment),
        search=measured,
        points=points,
        searched=state.space.axes,
        importance=important,
        method=state.choice.method,
    )


def shown_scores(measured: SearchMeasured) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Score of each point in the user's metric: that of the defaults, and its difference with them."""
    return np.asarray(measured.default_score.estimate + measured.metric.sign * measured.tried.gains)


def best_so_far(measured: SearchMeasured) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Best score up to each point."""
    sign = measured.metric.sign
    oriented = sign * shown_scores(measured)
    return np.asarray(
        sign * np.maximum.accumulate(np.where(np.isfinite(oriented), oriented, -np.inf))
    )


def _importance(state: SearchState) -> tuple[tuple[Importance, ...], float]:
    """How much each parameter matters, and the share of the points' differences that is noise."""
    space, tried = state.space, state.tried
    usable = np.flatnonzero(np.isfinite(tried.gains))
    gains = tried.gains[usable]
    sd, _ = noise_of(tried)
    known = sd if np.isfinite(sd) else 0.0
    errors = known / np.sqrt(np.maximum(tried.done[usable], 1))
    errors[usable == 0] = 0.0
    spread = float(gains.var()) if len(gains) else 0.0
    share = min(1.0, float((errors**2).mean()) / spread) if spread > 0 else 1.0
    where = np.array([_position(space, dict(tried.points[i])) for i in usable])
    return importances(space.names, where, gains, errors), share


def _position(space: Space, point: dict[str, Plain]) -> list[float]:
    units = space.units(space.settled({})) | space.units(point)
    return [units.get(name, 0.5) for name in space.names]


def _no_reserve(experiment: Experiment) -> str:
    """Why nothing can be confirmed; empty where it can."""
    if experiment.fixed_rows:
        return "mldiag does not see the rows, so that none are in reserve"
    if len(experiment.splits.reserve):
        return ""
    if experiment.splits.fixed_valid:
        return "valid= was given without test=, so there is no reserve"
    return "under 300 rows none are set aside in reserve; declare test= to have one"


def _headline(measured: SearchMeasured, finding: Finding) -> str:
    if measured.verdict == "better value" and measured.winner is not None:
        return f"TUNE {gain_short(measured.metric, measured.winner.gain.estimate)} by search"
    if measured.verdict == "ignored":
        return "BUG parameters ignored"
    return "OPEN search" if finding.outcome == "inconclusive" else "OK defaults"


def _notices(state: SearchState, measured: SearchMeasured) -> list[str]:
    notices = []
    if len(state.tried.points) < measured.asked and state.wanted:
        done = plural(len(state.tried.points), "point")
        notices.append(f"{done} of {measured.asked} were tried before the search ended")
    if measured.cut:
        notices.append(
            f"{plural(measured.cut, 'point')} were cut short, because they did worse than others "
            "had by then"
        )
    if state.space.idle:
        notices.append(
            f"{' and '.join(state.space.idle)} cannot act while what their conditions name keeps its "
            "default, and were left out"
        )
    if state.choice.method == "gp" and state.space.conditional:
        notices.append(
            f"the Gaussian process models what acts everywhere; TPE draws "
            f"{' and '.join(state.space.conditional)}"
        )
    return notices


def _points_table(measured: SearchMeasured, points: Sequence[dict[str, Plain]]) -> Table:
    """The best points and the defaults."""
    gains = np.where(np.isfinite(measured.tried.gains), measured.tried.gains, -np.inf)
    order = [int(i) for i in np.lexsort((-gains, -measured.tried.done == 0))]
    leader = measured.best
    shown = [leader, *(i for i in order if i not in (leader, 0))][:SHOWN_POINTS]
    if 0 not in shown:
        shown.append(0)
    sd, df = noise_of(measured.tried)
    scores = shown_scores(measured)
    rows = []
    for index in shown:
        done = int(measured.tried.done[index])
        error = sd * np.sqrt(variance_factor(max(done, 1), measured.valid_to_train))
        against: Interval = t_interval(float(measured.tried.gains[index]), float(error), df=df)
        mark = " (default)" if index == 0 else ""
        star = " *" if index == leader and measured.verdict == "better value" else ""
        rows.append(
            (
                ", ".join(f"{n}={setting(v)}" for n, v in points[index].items()) + mark + star,
                score(measured.metric, float(scores[index])),
                "" if index == 0 else gain(measured.metric, against),
                str(done),
            )
        )
    return Table(
        f"the best of {plural(len(points), 'point')}: while they were chosen, so too good",
        ("point", "validation", "against the defaults", "repeats"),
        tuple(rows),
    )


def _importance_table(found: Sequence[Importance]) -> tuple[Table, ...]:
    if not found:
        return ()
    rows = tuple(
        (
            one.name,
            f"{one.share.estimate:.0%} ({one.share.low:.0%} to {one.share.high:.0%})",
            "yes" if one.matters else "not surely",
        )
        for one in found
    )
    return (Table("which parameters matter", ("parameter", "explains alone", "matters"), rows),)
