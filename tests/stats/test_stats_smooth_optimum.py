"""The smooth curve through noisy scores: where its best lies, what it bends, what it wants to see next."""

import numpy as np
import pytest

from mldiag.stats.bend import Bend, bend_of, repeat_effects
from mldiag.stats.smooth_optimum import fit_surface, worth_trying

PLACE = np.linspace(0, 1, 21)


def scores_of(curve, tried, *, sd=0.01, repeats=3, seed=0, shared=0.02):
    """Scores of a known curve at some candidates, NaN elsewhere."""
    random = np.random.default_rng(seed)
    table = np.full((len(PLACE), repeats), np.nan)
    parts = random.normal(0, shared, repeats)
    for value in tried:
        table[value] = curve(PLACE[value]) + parts + random.normal(0, sd, repeats)
    return table


def hill(place):
    return 0.9 - (place - 0.6) ** 2


def test_the_best_lies_where_the_curve_has_it():
    surface = fit_surface(scores_of(hill, range(0, 21, 4)), PLACE)
    assert abs(PLACE[int(np.argmax(surface.mean))] - 0.6) <= 0.1
    assert surface.regret(12).mean() < surface.regret(0).mean()


def test_the_known_best_is_inside_its_interval_about_as_often_as_said():
    inside = []
    for seed in range(40):
        best = 0.3 + 0.4 * np.random.default_rng(seed).random()
        table = scores_of(
            lambda place, best=best: 0.9 - 0.5 * (place - best) ** 2,
            range(0, 21, 4),
            sd=0.01,
            seed=seed,
        )
        winners = np.sort(fit_surface(table, PLACE).draws.argmax(axis=1))
        low, high = PLACE[winners[[len(winners) // 10, 9 * len(winners) // 10]]]
        inside.append(low - 0.025 <= best <= high + 0.025)
    assert np.mean(inside) >= 0.65


def test_a_cliff_does_not_hide_the_top():
    def curve(place):
        return hill(place) if place < 0.8 else -1e4 * place

    table = scores_of(curve, range(0, 21, 4))
    table[20] = -np.inf  # and where the cliff ends, training fails
    assert abs(PLACE[int(np.argmax(fit_surface(table, PLACE).mean))] - 0.6) <= 0.15


def test_bending_keeps_the_order_and_can_be_undone():
    bend = Bend(0.9, 0.1)
    levels = np.array([0.9, 0.85, 0.7, 0.0, -1e6])
    bent = bend.apply(levels)
    assert (np.diff(bent) < 0).all()
    assert bent[:2].tolist() == levels[:2].tolist()
    assert bend.undo(bent) == pytest.approx(levels)


def test_values_that_tie_at_the_top_do_not_bend_everything():
    table = np.array([[0.97, np.nan], [0.97, np.nan], [0.97, np.nan], [0.5, 0.6], [0.1, np.nan]])
    assert bend_of(table, repeat_effects(table)).width > 0.05


def test_equal_scores_have_no_best():
    surface = fit_surface(
        np.where(np.arange(21)[:, None] % 4 == 0, 0.8, np.nan) * np.ones(2), PLACE
    )
    assert np.ptp(surface.mean) < 1e-6


def test_choices_share_nothing():
    table = np.full((4, 3), np.nan)
    table[:3] = np.array([[0.7], [0.9], [0.7]]) + np.random.default_rng(0).normal(0, 0.003, (3, 3))
    surface = fit_surface(table, np.arange(4.0), scale=False)
    assert int(np.argmax(surface.mean)) == 1
    assert (
        surface.mean[3] < surface.mean[1]
    )  # one that was never tried borrows no neighbour's strength


def test_what_is_tried_next_is_allowed_near_the_top_and_no_value_twice():
    table = scores_of(hill, range(0, 21, 4), repeats=3)
    table[:, 1:] = np.nan
    surface = fit_surface(table, PLACE)
    allowed = np.isnan(table).any(axis=1)
    allowed[12] = False
    picks = worth_trying(surface, allowed, 3)
    assert 12 not in picks
    assert len(picks) == len(set(picks)) > 0
    assert np.median(PLACE[picks]) > 0.3


def test_the_same_scores_give_the_same_curve():
    table = scores_of(hill, range(0, 21, 4))
    first, second = (fit_surface(table, PLACE) for _ in range(2))
    assert (first.draws == second.draws).all()
