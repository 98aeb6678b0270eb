"""Which trials of one parameter come next: a coarse look, refining around the best, confirming it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.stats.smooth_optimum import Surface, fit_surface, worth_trying
from mldiag.steps.sweep.one_at_a_time.progress import Cell, Progress

FIRST_REPEATS = 3
"""Repeats of the default in the coarse look, so that the noise is known before anything is claimed."""

BATCH = 3
"""Trials of a parameter in a round of refining."""

SEARCH_SHARE = 0.27
"""Share of the full grid's trials (values x repeats) that the search for the best value may take."""

CLOSE = 0.3
"""Noise standard deviations from the best within which a value is as good as it."""

OPEN_RISK = 0.1
"""Chance that the choice is not that close, above which the search goes on."""

FEWEST_PAIRS = 3
"""Scores beyond the first of values other than the default, below which nothing is known of their noise."""

FIRST_LOOK_SHARE, LAST_LOOK_SHARE = 0.2, 0.85
"""Shares of the error of a claim that its two looks may take: at the repeats of the first look, and at all.

The looks share data, so that both together take less than the sum: simulated with one, four and eight equal
values, three and five repeats and .9 for the last look, they claimed in .045, .064 and .054 of 1500 sweeps.
"""

ONE_TRIAL_SHARE = 0.7
"""Share of the error where a value has one trial and the resampled validation rows alone tell the noise.

With all of it, 180 sweeps of equal values on 200 rows claimed .067 (+-.019), the full design .072.
"""

USUAL_COARSE = 6
"""Values of a first look with the default; each further one has a trial more for the search."""


@dataclass(frozen=True, eq=False)
class Decision:
    """What is known after some rounds.

    Args:
        progress: What was run.
        surface: The curve through it; None before the coarse look is complete, or where nothing varies.
        chosen: Position of the value decided for; the default's where none looks better.
        settled: Whether the search is over.
        next_cells: What to run next; empty where nothing more would be worth it.
    """

    progress: Progress
    surface: Surface | None
    chosen: int
    settled: bool
    next_cells: tuple[Cell, ...]


def decide(progress: Progress) -> Decision:
    """Choose the value that looks best, and what to run next in the search for it.

    The search is over when the chosen value has repeats of its own and is, with a chance of 90 %, within .3
    standard deviations of one score of the best there is, or when its share of trials is spent.
    """
    first = coarse_look(progress)
    if first:
        return Decision(progress, None, progress.default, False, tuple(first))
    if _all_alike(progress):
        again = progress.cells(_coarse(progress), _first_repeats(progress))
        return Decision(progress, None, progress.default, not again, tuple(again))
    if not np.isfinite(progress.scores).any():
        return Decision(progress, None, progress.default, True, ())
    surface = fit_surface(progress.scores, progress.place, scale=progress.axis.numeric)
    chosen = _choice(progress, surface)
    wanted = min(2, progress.scores.shape[1])
    close = surface.regret(chosen) <= CLOSE * noise_of_trial(progress, surface, chosen)
    left = search_limit(progress) - _spent(progress)
    settled = bool((~close).mean() <= OPEN_RISK and progress.repeats[chosen] >= wanted)
    over = settled or left <= 0
    # A choice other than the default gets its repeats when it is confirmed.
    if over and _needs_pairs(progress) and (settled or chosen == progress.default):
        pairs = _more_pairs(progress, surface)
        return Decision(progress, surface, chosen, not pairs, tuple(pairs))
    if over:
        return Decision(progress, surface, chosen, True, ())
    limit = max(
        int(progress.repeats[progress.default]), min(FIRST_REPEATS, progress.scores.shape[1])
    )
    lacking = np.isnan(progress.scores[:, :limit]).any(axis=1)
    failed = np.isneginf(progress.scores).any(axis=1)  # one that failed is out of the race
    open_ = np.asarray(lacking & ~failed, dtype=bool)
    picks = worth_trying(surface, open_, min(BATCH, left))
    cells = [(progress.candidates[p], int(np.isnan(progress.scores[p]).argmax())) for p in picks]
    return Decision(progress, surface, chosen, not cells, tuple(cells))


def _spent(progress: Progress) -> int:
    """Trials of the search; repeats of the default that confirm another parameter's value are not its own."""
    own = int(progress.repeats[progress.default])
    return progress.run - max(own - FIRST_REPEATS, 0)


def _needs_pairs(progress: Progress) -> bool:
    """Whether too few values share repeats with the default to know the noise of a difference."""
    pairs = np.maximum(progress.repeats - 1, 0)
    pairs[progress.default] = 0
    return progress.scores.shape[1] > 1 and int(pairs.sum()) < FEWEST_PAIRS


def _more_pairs(progress: Progress, surface: Surface) -> list[Cell]:
    """Second repeats of the values that look best beside the default."""
    usable = (progress.repeats == 1) & ~np.isneginf(progress.scores).any(axis=1)
    order = np.argsort(-np.where(usable, surface.mean, -np.inf), kind="stable")
    return progress.cells([int(v) for v in order[: min(BATCH, int(usable.sum()))]], range(2))


def confirming(decision: Decision, *, claimed: bool) -> list[Cell]:
    """The repeats that the chosen value and the default still lack, where a gain worth having is in sight.

    First as many as the default's first look has, where large gains are sure; only else all of them.
    """
    progress, surface = decision.progress, decision.surface
    if surface is None or decision.chosen == progress.default or claimed:
        return []
    gain = surface.mean[decision.chosen] - surface.mean[progress.default]
    spread = math.sqrt(max(surface.variance_of_difference(decision.chosen, progress.default), 0.0))
    if gain + spread < progress.worth or gain < progress.worth / 2:
        return []
    both = [progress.default, decision.chosen]
    return progress.cells(both, _first_repeats(progress)) or progress.cells(
        both, range(progress.scores.shape[1])
    )


def coarse_look(progress: Progress) -> list[Cell]:
    """Every coarse value once, and the default often enough to know the noise."""
    missing = progress.cells(_coarse(progress), range(1))
    return missing + [
        cell
        for cell in progress.cells([progress.default], _first_repeats(progress))
        if cell not in missing
    ]


def search_limit(progress: Progress) -> int:
    """Trials that the search of this axis may take, those of the coarse look among them."""
    extra = len(_coarse(progress)) - USUAL_COARSE  # widened, or many choices: each needs its look
    return max(
        round(SEARCH_SHARE * progress.full) + max(extra, 0), len(coarse_look_of(progress)) + 2
    )


def coarse_look_of(progress: Progress) -> list[tuple[int, int]]:
    """Cells of the coarse look, run or not."""
    first = [(position, 0) for position in _coarse(progress)]
    return first + [(progress.default, r) for r in _first_repeats(progress) if r > 0]


def noise_of_trial(progress: Progress, surface: Surface, chosen: int) -> float:
    """Standard deviation of one score over repeats, near the top; the default's where that is unknown."""
    counts = progress.repeats
    near = (counts > 1) & (surface.mean >= surface.mean[chosen] - 3 * surface.noise_sd)
    if (counts[near] - 1).sum() < 2:
        near[progress.default] = counts[progress.default] > 1
    freedom = int((counts[near] - 1).sum())
    squares = 0.0
    for row in progress.scores[near]:
        known = row[np.isfinite(row)]
        squares += float(((known - known.mean()) ** 2).sum())
    return max(math.sqrt(squares / freedom) if freedom else 0.0, surface.noise_sd)


def _choice(progress: Progress, surface: Surface) -> int:
    """The candidate that looks best among those that were run and never failed."""
    usable = np.isfinite(progress.scores).any(axis=1) & ~np.isneginf(progress.scores).any(axis=1)
    if not usable.any():
        return progress.default
    return int(np.argmax(np.where(usable, surface.mean, -np.inf)))


def _coarse(progress: Progress) -> list[int]:
    return [progress.candidates.index(value) for value in progress.axis.values]


def _first_repeats(progress: Progress) -> range:
    return range(min(FIRST_REPEATS, progress.scores.shape[1]))


def _all_alike(progress: Progress) -> bool:
    """Whether no value differs from the default in any repeat that both have."""
    scores = progress.scores[progress.tried]
    default = progress.scores[progress.default]
    return bool(np.all((scores == default) | np.isnan(scores) | np.isnan(default)))
