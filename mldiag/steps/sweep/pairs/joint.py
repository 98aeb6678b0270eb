"""What the joint design of a pair has shown: does moving one at a time mislead, and by how much?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Interval
from mldiag.metrics import Metric, smallest_gain
from mldiag.stats.comparisons import Comparisons
from mldiag.stats.gain import selection_optimism
from mldiag.stats.intervals import is_determined, t_interval, undetermined
from mldiag.steps.score_table import ScoreTable, score_table
from mldiag.steps.sweep.pairs.additivity import (
    Additivity,
    additivity,
    additivity_on_fixed_rows,
)
from mldiag.steps.sweep.pairs.design import FIRST_LOOK, Design, Floats, survivors
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain

JointVerdict = Literal["misleads", "does not add up", "one at a time is safe", "inconclusive"]


@dataclass(frozen=True, eq=False)
class Joint:
    """A pair as measured; scores in the user's metric where a person sees them, gains positive if better.

    Args:
        design: The joint design.
        metric: The metric.
        means: Mean validation score with interval, by point, in the user's metric.
        repeats: Scores of each point.
        table: All scores, higher is better.
        anchor: The best point that one at a time leads to.
        chosen: The best other point.
        comparisons: Every point against the anchor.
        gain: What the chosen point gains over the anchor, corrected for having been chosen.
        over_defaults: What the chosen point gains over the defaults, corrected likewise.
        both: What both bests together gain over the anchor; unknown where that is the anchor.
        additive: The test of the interaction.
        worth: Smallest gain worth having.
    """

    design: Design
    metric: Metric
    means: tuple[Interval, ...]
    repeats: tuple[int, ...]
    table: ScoreTable
    anchor: int
    chosen: int
    comparisons: Comparisons
    gain: Interval
    over_defaults: Interval
    both: Interval
    additive: Additivity
    worth: float

    @property
    def names(self) -> tuple[str, str]:
        """Names of both parameters."""
        return self.design.pair.names

    @property
    def levels(self) -> Floats:
        """Mean score of every point in the user's metric, shape as the design's.

        The anchor's mean plus each point's paired difference: a point of fewer repeats is not shifted by
        those repeats being easy.
        """
        return np.asarray(self.metric.sign * self.comparisons.means).reshape(self.design.shape)

    @property
    def verdict(self) -> JointVerdict:
        """What the comparison says."""
        found = self.comparisons
        if not math.isfinite(self.means[self.anchor].estimate) or not is_determined(self.gain):
            return "inconclusive"
        if found.claimed[self.chosen] and self.gain.estimate > 0:
            return "misleads"
        together = self.design.anchors[3]
        if together != self.anchor and found.claimed_worse[together] and self.moves_both:
            return "does not add up"
        return "one at a time is safe" if self.gain.high < self.worth else "inconclusive"

    @property
    def moves_both(self) -> bool:
        """Whether each of both parameters has a better value alone."""
        _, first, second, together = self.design.anchors
        return together not in (first, second)

    def point(self, index: int) -> dict[str, Plain]:
        """Values of both parameters at a point."""
        whole = self.design.points[index]
        return {name: whole[name] for name in self.names}


def measure_pair(
    experiment: Experiment,
    settings: Settings,
    design: Design,
    results: Sequence[TrialResult],
    *,
    families: int = 1,
) -> Joint:
    """Compare every point of a pair with where one at a time leads.

    The anchor is the best of four points: the defaults, each parameter alone at its best, and both. Taking
    the one that looks best of these is generous to one at a time, so no claim against it is flattered. All
    points count in the correction for many, those left after the first look too.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        design: The joint design.
        results: What came back, in any order.
        families: Comparisons of this kind in the same step, which share the error of a claim.
    """
    table = score_table(experiment, design.specs, results)
    anchor = _anchor(design, table.scores)
    comparisons = table.compare(anchor, families=families)
    kept = [i for i in survivors(design, table.scores) if i in comparisons.candidates]
    chosen = max(kept, key=lambda i: float(comparisons.difference[i])) if kept else anchor
    gain = gain_among(comparisons, kept, chosen, anchors=on_the_way(design))
    default = design.anchors[0]
    over = gain
    if default not in (anchor, chosen):
        others = table.compare(default, families=families)
        over = gain_among(others, [i for i in kept if i != default], chosen)
    return Joint(
        design=design,
        metric=experiment.metric,
        means=tuple(table.interval(index) for index in range(len(design.points))),
        repeats=tuple(int(n) for n in np.isfinite(table.scores).sum(axis=1)),
        table=table,
        anchor=anchor,
        chosen=chosen,
        comparisons=comparisons,
        gain=gain,
        over_defaults=over,
        both=comparisons.intervals[design.anchors[3]],
        additive=_additivity(design, table),
        worth=settings.gain or smallest_gain(experiment.metric, table.interval(anchor).estimate),
    )


def gain_among(
    comparisons: Comparisons,
    candidates: Sequence[int],
    chosen: int,
    *,
    anchors: Sequence[int] = (),
) -> Interval:
    """`gain_of_best` among some of the values: those that went on after the first look.

    Args:
        comparisons: Every point against the default of the comparison.
        candidates: Points to choose from.
        chosen: The one that was chosen.
        anchors: Points from which the default of the comparison was chosen itself, because it looked best:
            by what that flatters it, its rival's gain is too small.
    """
    if chosen == comparisons.default or chosen not in candidates:
        return undetermined(0.0)
    basis = comparisons.basis
    among = np.asarray(candidates, dtype=np.intp)
    flattered = selection_optimism(basis.left_out, basis.elsewhere, among, best=chosen)
    if len(anchors) > 1:
        others = np.asarray([*dict.fromkeys([comparisons.default, *anchors])], dtype=np.intp)
        flattered -= selection_optimism(
            basis.left_out, basis.elsewhere, others, best=comparisons.default
        )
    error, df = float(basis.interval_error[chosen]), float(basis.interval_df[chosen])
    estimate = float(comparisons.difference[chosen]) - flattered
    return t_interval(estimate, error, df=df, level=comparisons.level)


def on_the_way(design: Design) -> tuple[int, ...]:
    """Points at which one at a time has looked: the default's row and column, and both bests."""
    default, *_, both = design.anchors
    rows, columns = design.shape
    row, column = divmod(default, columns)
    along = [row * columns + i for i in range(columns)] + [
        i * columns + column for i in range(rows)
    ]
    return tuple(dict.fromkeys([*along, both]))


def _anchor(design: Design, scores: Floats) -> int:
    """The best of the points that one at a time leads to, over the repeats that all of them have."""
    points = list(dict.fromkeys(design.anchors))
    usable = np.isfinite(scores[points]).all(axis=0)
    if not usable.any():
        return design.anchors[0]
    means = scores[points][:, usable].mean(axis=1)
    return points[int(np.argmax(means))]


def _additivity(design: Design, table: ScoreTable) -> Additivity:
    """The test on the repeats of the first look, in which every point was run.

    Levels at which some point has no score are left out, and so are those that cannot compete at any level
    of the other parameter: where one value ruins everything, nothing is left to add up.
    """
    shape = (*design.shape, table.scores.shape[1])
    scores = table.scores.reshape(shape)[:, :, :FIRST_LOOK]
    full = np.asarray(np.isfinite(scores).all(axis=2))
    means = np.where(full, np.nan_to_num(scores).mean(axis=2), -np.inf)
    rows, columns = (_competing(means, axis) for axis in (0, 1))
    rows = [row for row in rows if full[row, columns].all()]
    if len(rows) < 2 or len(columns) < 2:
        return Additivity(math.nan, math.nan, math.nan)
    block = np.ix_(rows, columns)
    if table.resampled is not None:
        resampled = table.resampled.resampled
        whole = resampled.reshape(len(resampled), *shape)[:, :, :, :FIRST_LOOK]
        return additivity_on_fixed_rows(
            scores[block], whole[np.ix_(range(len(whole)), rows, columns)]
        )
    return additivity(scores[block], valid_to_train=table.valid_to_train)


def _competing(means: Floats, axis: int) -> list[int]:
    """Levels whose best point is in the upper half of the range of all points' means."""
    finite = means[np.isfinite(means)]
    if finite.size == 0:
        return []
    middle = (float(finite.max()) + float(finite.min())) / 2
    best = means.max(axis=1 - axis)
    return [int(level) for level in np.flatnonzero(best >= middle)]
