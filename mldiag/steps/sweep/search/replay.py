"""A search gone through again from its results: what was asked for, what came, and what is asked for next.

Each round follows from the ones before it alone, so a search that was stopped goes on where it stopped, and
a repeated command asks for the same trials.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mldiag.declaration import Experiment
from mldiag.steps.sweep.axes import asked_axes
from mldiag.steps.sweep.search.choice import Choice, chosen_method, fallback
from mldiag.steps.sweep.search.designs import even_points, grid_points
from mldiag.steps.sweep.search.race import next_repeats
from mldiag.steps.sweep.search.rungs import (
    FEWEST_CURVES,
    best_third,
    guessed_gains,
    reports,
    row_rungs,
    rung_specs,
    stop_rule,
)
from mldiag.steps.sweep.search.samplers import History, ask, cmaes_generation
from mldiag.steps.sweep.search.space import Point, Space
from mldiag.steps.sweep.search.tried import Tried, key_of, point_specs, points_in, tried
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

BATCH = 4
"""Points asked for before the sampler learns of their scores: enough to keep a few workers busy."""

EVEN_BATCH = 8
"""The same where the points do not follow from scores."""


@dataclass(frozen=True, eq=False)
class SearchState:
    """How far a search has come.

    Args:
        space: What is searched.
        choice: The method, and why.
        tried: The points and their results, the defaults first.
        wanted: Trials of the present round, of which at least one is missing; empty where the search
            has tried all its points and settled its race.
        rounds: Rounds that are complete.
    """

    space: Space
    choice: Choice
    tried: Tried
    wanted: tuple[TrialSpec, ...]
    rounds: int


def replayed(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> SearchState:
    """Go through the rounds as far as the results reach.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    space = Space.of(experiment, asked_axes(experiment, settings))
    run = _Replay(experiment, settings, space, {r.spec.digest: r for r in results})
    return run.through(points_in(space, results))


class _Replay:
    """The rounds of one search."""

    def __init__(
        self,
        experiment: Experiment,
        settings: Settings,
        space: Space,
        results: dict[str, TrialResult],
    ) -> None:
        self._experiment, self._settings, self._space = experiment, settings, space
        self._results = results
        self._points: list[Point] = [space.settled({})]
        self._choice = chosen_method(space, settings, None)
        self._seen: dict[str, TrialResult] = {}
        self._dropped: list[tuple[Point, TrialResult]] = []
        # Two experiments begin at different points, and one always at the same.
        self._seed = int.from_bytes(
            hashlib.blake2b(experiment.name.encode(), digest_size=3).digest()
        )

    def through(self, found: dict[Any, Point]) -> SearchState:
        """Absorb complete rounds; points that no round asked for come from elsewhere and count too."""
        wanted: list[TrialSpec] = self._first_round()
        rounds = 0
        while wanted and all(spec.digest in self._results for spec in wanted):
            self._seen |= {spec.digest: self._results[spec.digest] for spec in wanted}
            rounds += 1
            if rounds == 1:
                self._choice = chosen_method(self._space, self._settings, self._trial_seconds())
            wanted = self._round()
        known = {key_of(self._space, point) for point in self._points}
        others = [point for key, point in found.items() if key not in known]
        others = [*self._points, *others]
        whole = tried(self._experiment, self._settings, others, self._with_dropped())
        keep = np.asarray(whole.ran.any(axis=1), dtype=bool)
        keep[0] = True
        return SearchState(self._space, self._choice, _only(whole, keep), tuple(wanted), rounds)

    def _first_round(self) -> list[TrialSpec]:
        """Every repeat of the defaults, and the first repeat of points spread over the space."""
        default, settings = self._points[0], self._settings
        specs = point_specs(self._experiment, default, range(settings.repeats))
        if self._choice.method == "hyperband":
            return specs  # they tell whether a training reports on its way
        return [*specs, *self._begun(self._first_points())]

    def _first_points(self) -> list[Point]:
        if self._choice.method == "grid":
            return self._new(grid_points(self._space, self._settings), EVEN_BATCH)
        return self._new(self._even(self._first_count() + 1), self._first_count())

    def _first_count(self) -> int:
        wanted = max(FIRST_POINTS, 2 * len(self._space.axes) + 1)
        if self._choice.method == "hyperband":
            wanted = FEWEST_CURVES - 1  # with the defaults, as many as are needed to cut the others
        return min(wanted, self._settings.trials - 1, max(2, self._settings.trials // 3))

    def _round(self) -> list[TrialSpec]:
        """The next repeats of points that may win, and new points."""
        state = tried(self._experiment, self._settings, self._points, self._seen)
        racing = [
            spec
            for index, repeats in next_repeats(state)
            for spec in point_specs(self._experiment, self._points[index], repeats)
        ]
        left = self._settings.trials - len(self._points)
        if self._choice.method == "hyperband" and not self._reports():
            sizes = row_rungs(self._experiment)
            if sizes:
                return self._on_fewer_rows(sizes, racing)
            self._choice = fallback(self._choice)
        return [*racing, *self._begun(self._next_points(state, left) if left > 0 else [])]

    def _on_fewer_rows(self, sizes: Sequence[int], racing: list[TrialSpec]) -> list[TrialSpec]:
        """The next rung of row sets; the points that are left after the last get all rows."""
        if len(self._points) > 1:
            return racing
        points = self._new(self._even(self._settings.trials + 1), self._settings.trials - 1)
        dropped: list[tuple[Point, TrialResult]] = []
        for size in sizes:
            specs = rung_specs(self._experiment, points, size)
            if any(spec.digest not in self._seen for spec in specs):
                return specs
            results = [self._seen[spec.digest] for spec in specs]
            kept = best_third(self._experiment, points, results)
            pairs = list(zip(points, results, strict=True))
            dropped += [pair for index, pair in enumerate(pairs) if index not in kept]
            points = [points[index] for index in kept]
        self._dropped = dropped
        self._points += points
        begun = [spec for point in points for spec in point_specs(self._experiment, point, [0])]
        self._points += [point for point, _ in dropped]
        self._seen |= self._with_dropped()
        return begun

    def _with_dropped(self) -> dict[str, TrialResult]:
        """The results, with those on fewer rows as trainings that were cut short."""
        cut = {
            spec.digest: replace(result, spec=spec, status="cut", fidelity_reached=0.0)
            for point, result in self._dropped
            for spec in point_specs(self._experiment, point, [0])
        }
        return cut | self._results

    def _reports(self) -> bool:
        return reports(list(self._seen.values()), self._experiment.metric.name)

    def _next_points(self, state: Tried, left: int) -> list[Point]:
        method = self._choice.method
        if method == "grid":
            return self._new(grid_points(self._space, self._settings), min(left, EVEN_BATCH))
        if method == "random":
            return self._new(self._even(self._settings.trials + 1), min(left, EVEN_BATCH))
        if method == "cmaes":
            return self._generation(state, left)
        if len(self._points) == 1:  # hyperband has only seen the defaults yet
            return self._first_points()
        first = [row[0] for row in state.cells]
        history = History(self._points, guessed_gains(self._experiment, first, state.gains))
        model = "tpe" if method == "hyperband" else method
        return ask(model, self._space, history, min(left, BATCH), seed=self._seed)

    def _generation(self, state: Tried, left: int) -> list[Point]:
        """New points of the next generations; those whose points were all tried pass at once.

        Only first repeats count, because what a generation was told must not change afterwards.
        """
        first = History(self._points, state.scores[:, 0]).filled()
        begun = 1 + self._first_count()
        start = self._space.units(self._points[int(np.argmax(first[:begun]))])
        scores = {key_of(self._space, p): s for p, s in zip(self._points, first, strict=True)}
        told: list[list[float]] = []
        for _ in range(self._settings.trials):
            points, _ = cmaes_generation(self._space, start, told, seed=self._seed)
            new = self._new(points, left)
            if new:
                return new
            told.append([scores[key_of(self._space, point)] for point in points])
        return []

    def _even(self, count: int) -> list[Point]:
        return even_points(self._space, count, seed=self._seed)

    def _new(self, points: Sequence[Point], count: int) -> list[Point]:
        known = {key_of(self._space, point) for point in self._points}
        fresh: dict[Any, Point] = {}
        for point in points:
            key = key_of(self._space, point)
            if key not in known:
                fresh.setdefault(key, point)
        return list(fresh.values())[:count]

    def _begun(self, points: Sequence[Point]) -> list[TrialSpec]:
        self._points += points
        firsts = [result for result in self._seen.values() if result.spec.rows.repeat == 0]
        rule = stop_rule(
            self._experiment, self._space, firsts, hyperband=self._choice.method == "hyperband"
        )
        specs = [spec for point in points for spec in point_specs(self._experiment, point, [0])]
        return [replace(spec, stop=rule) for spec in specs]

    def _trial_seconds(self) -> float | None:
        cells = [r for r in self._seen.values() if r.status == "ok"]
        return float(np.median([r.wall_seconds for r in cells])) if cells else None


FIRST_POINTS = 7
"""Points spread over the space before a model learns from scores."""


def _only(whole: Tried, keep: Any) -> Tried:
    chosen = np.flatnonzero(keep)
    return replace(
        whole,
        points=tuple(whole.points[i] for i in chosen),
        scores=whole.scores[chosen],
        ran=whole.ran[chosen],
        cells=tuple(whole.cells[i] for i in chosen),
    )
