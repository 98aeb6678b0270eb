"""The answer of a search over several parameters together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis, Outcome, Table
from mldiag.stats.intervals import is_determined
from mldiag.steps.sweep.axes import Axis, asked_axes
from mldiag.steps.sweep.checks import better_value
from mldiag.steps.sweep.measured import (
    Measured,
    family_curves,
    family_scalars,
    measure,
    plain_measured,
)
from mldiag.steps.sweep.search.points import point_specs, tried_points
from mldiag.steps.sweep.settings import Settings
from mldiag.steps.sweep.table_cells import cells, mark
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain
from mldiag.wording import gain_short, plural, setting


@dataclass(frozen=True)
class SearchDiagnosis(Diagnosis):
    """The findings, and what was measured over the points."""

    search: Measured | None = None
    points: tuple[dict[str, Plain], ...] = ()
    searched: tuple[Axis, ...] = ()

    def result(self) -> dict[str, Any]:
        """Points and scores as plain data."""
        if self.search is None:
            return {"points": self.points}
        return {"points": self.points, **plain_measured(self.search)}

    def curves(self) -> dict[str, dict[int, float]]:
        """Mean, low and high by number of the point."""
        return {} if self.search is None else family_curves("search", self.search)

    def scalars(self) -> dict[str, float]:
        """Best score, its gain, and the noise."""
        return {} if self.search is None else family_scalars(self.search)


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> SearchDiagnosis:
    """Judge the points of a search against the defaults.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    axes = asked_axes(experiment, settings)
    points, _ = tried_points(experiment, settings, axes, results)
    if len(points) < 2:
        finding = better_value.CHECK.finding(
            "inconclusive", "Too few points were tried to compare any"
        )
        return SearchDiagnosis((finding,), "OPEN search", "inconclusive")
    full = tuple(dict(point) for point in points)
    grid = [point_specs(experiment, settings, point) for point in points]
    measured = measure(experiment, settings, grid, 0, results)
    finding = better_value.judge_search(measured, full)
    return SearchDiagnosis(
        (finding,),
        _search_headline(measured, finding.outcome),
        finding.outcome,
        tables=(_search_table(measured, full),),
        next_step="learning-curve",
        search=measured,
        points=full,
        searched=axes,
    )


def _search_headline(measured: Measured, outcome: Outcome) -> str:
    if measured.verdict == "better value" and is_determined(measured.gain):
        return f"TUNE {gain_short(measured.metric, measured.gain.estimate)} by search"
    return "OPEN search" if outcome == "inconclusive" else "OK defaults"


def _search_table(measured: Measured, points: Sequence[dict[str, Plain]]) -> Table:
    """The ten best points and the defaults."""
    means = measured.metric.sign * np.array([interval.estimate for interval in measured.valid])
    order = [
        int(i) for i in np.argsort(-np.where(np.isfinite(means), means, -np.inf), kind="stable")
    ]
    shown = [index for index in order[:10] if index != 0]
    rows = tuple(
        (
            ", ".join(f"{n}={setting(v)}" for n, v in points[index].items())
            + mark(index, measured),
            *cells(index, measured),
        )
        for index in [*shown, 0]
    )
    return Table(
        f"the best of {plural(len(points), 'point')}, 80 % intervals {measured.uncertainty}",
        ("point", "validation", "against the defaults", "without a score"),
        rows,
    )
