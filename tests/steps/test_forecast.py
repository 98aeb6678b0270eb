"""The forecast of a learning curve: what holds for every curve, whatever the networks have learned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mldiag import MldiagError
from mldiag.steps.learning_curve.forecast import forecast, forecast_interval
from mldiag.steps.learning_curve.forecasting.features import read_features
from mldiag.steps.learning_curve.forecasting.network import (
    FILE,
    KNOTS,
    Layers,
    inputs,
    read_parameters,
    write_parameters,
)

SIZES = np.array([50.0, 100, 200, 400, 800])
AHEAD = np.array([800.0, 1000, 1600, 3200, 6400, 12800, 100_000])
RISING = 0.95 - 0.45 * (SIZES / 50) ** -0.6


def runs(curve, sd=0.01, repeats=5, seed=0):
    random = np.random.default_rng(seed)
    return curve[:, None] + sd * random.standard_normal((len(curve), repeats))


def assert_sane(ahead):
    for values in (ahead.mean, ahead.low, ahead.high):
        assert np.isfinite(values).all()
    assert (ahead.low <= ahead.mean).all()
    assert (ahead.mean <= ahead.high).all()
    chance = ahead.probability_gain(0.0)
    assert ((chance >= 0) & (chance <= 1)).all()
    for gain in ahead.gain():
        assert gain.low <= gain.estimate <= gain.high


CURVES = {
    "rises": (RISING, {}),
    "falls": (0.9 - 0.02 * np.log2(SIZES / 50), {}),
    "rises late": (0.5 + 0.4 / (1 + np.exp(-3 * np.log2(SIZES / 800))), {}),
    "is 1 from the start": (np.ones(5), {}),
    "is 0 all along": (np.zeros(5), {}),
    "error of 0": (np.zeros(5), {"maximize": False}),
    "RMSE in thousands": (9e4 * (SIZES / 50) ** -0.3, {"maximize": False, "bounds": (0, None)}),
    "log loss": (0.2 + 2 * (SIZES / 50) ** -0.5, {"maximize": False, "bounds": (0, None)}),
    "MSE near nothing": (1e-14 * (SIZES / 50) ** -2.0, {"maximize": False}),
    "R2 far below 0": (1 - 40 * (SIZES / 50) ** -0.9, {"bounds": (None, 1)}),
    "a loss below 0": (-3 - np.log(SIZES), {"maximize": False}),
    "accuracy in percent": (100 * RISING, {"bounds": (0, 1)}),
    "correlation": (2 * RISING - 1, {"bounds": (-1, 1)}),
}


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("name", CURVES)
def test_every_kind_of_curve_has_a_forecast(name, train, noise):
    curve, how = CURVES[name]
    unit = max(np.abs(curve).max(), 1e-300)
    scores = runs(curve, noise * unit) if noise else runs(curve, 0)
    low, high = how.get("bounds") or ((None, 1) if how.get("maximize", True) else (0, None))
    if name not in ("a loss below 0", "accuracy in percent"):
        scores = np.clip(scores, low, high)
    trained = np.clip(scores + 0.02 * unit, low, high) if train else None
    ahead = forecast(SIZES, scores, AHEAD, train_scores=trained, **how)
    assert_sane(ahead)
    assert ahead.rows_for(float(ahead.mean[2])).text


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 12),
    st.integers(1, 6),
    st.floats(1, 18),
    st.sampled_from([0.0, 1e-3, 0.05]),
    st.booleans(),
    st.integers(0, 10_000),
)
def test_any_design_gives_a_forecast(sizes, repeats, log_rows, sd, train, seed):
    random = np.random.default_rng(seed)
    rows = np.unique(np.ceil(10 * 2 ** np.sort(random.uniform(0, log_rows, sizes))))
    if len(rows) < 2:
        rows = np.array([10.0, 20.0])
    curve = np.clip(random.uniform(0, 1) + random.normal(0, 0.1, len(rows)).cumsum(), 0, 1)
    scores = np.clip(runs(curve, sd, repeats, seed), 0, 1)
    scores[random.random(scores.shape) < 0.2] = np.nan
    scores[[0, -1], 0] = curve[[0, -1]]
    trained = np.clip(scores + 0.1, 0, 1) if train else None
    order = random.permutation(len(rows))
    ahead = forecast(
        rows[order], scores[order], rows[-1] * np.array([0.5, 1, 2, 9]),
        train_scores=None if trained is None else trained[order],
    )  # fmt: skip
    assert_sane(ahead)
    assert (ahead.low >= 0).all()
    assert (ahead.high <= 1).all()
    straight = forecast(rows, scores, ahead.sizes, train_scores=trained)
    np.testing.assert_allclose(straight.mean, ahead.mean)


def test_intervals_nest_and_widen_with_the_distance():
    scores = runs(RISING)
    narrow, shown, wide = (forecast(SIZES, scores, AHEAD, level=q) for q in (0.5, 0.8, 0.95))
    assert (wide.low <= shown.low).all()
    assert (shown.low <= narrow.low).all()
    assert (narrow.high <= shown.high).all()
    assert (shown.high <= wide.high).all()
    low = forecast(SIZES, scores * 0.5, AHEAD)  # far from the bound at 1
    assert (np.diff(low.high - low.low) > 0).all()


def test_gain_is_probable_where_the_curve_rises_and_not_where_it_is_flat():
    up = forecast(SIZES, runs(RISING, 0.003), [1600, 3200])
    flat = forecast(SIZES, runs(np.full(5, 0.8), 0.003), [1600, 3200])
    down = forecast(SIZES, runs(0.9 - 0.03 * np.log2(SIZES / 50), 0.003), [1600, 3200])
    assert (up.probability_gain(0.01) > 0.9).all()
    assert (flat.probability_gain(0.01) < 0.25).all()
    # Of real curves that fell over two doublings, half rose with the next: a fall is no proof of another.
    assert (down.probability_gain(0.01) < 0.5).all()
    assert down.probability_gain(0.0)[0] < up.probability_gain(0.0)[0] - 0.4


def test_probability_falls_with_the_gain_asked_for_and_agrees_with_its_interval():
    ahead = forecast(SIZES, runs(RISING), [1600, 6400])
    chances = np.array([ahead.probability_gain(d) for d in np.linspace(-0.1, 0.2, 31)])
    assert (np.diff(chances, axis=0) <= 0).all()
    for i, gain in enumerate(ahead.gain()):
        assert ahead.probability_gain(gain.low)[i] == pytest.approx(0.9, abs=1e-6)
        assert ahead.probability_gain(gain.estimate)[i] == pytest.approx(0.5, abs=1e-6)
        assert gain.estimate == pytest.approx(
            ahead.mean[i] - forecast(SIZES, runs(RISING), [800]).mean[0]
        )


def test_at_the_largest_size_nothing_is_gained():
    for how, curve in (({}, RISING), ({"maximize": False, "bounds": (0, None)}, 3 - RISING)):
        here = forecast(SIZES, runs(curve), [800], **how)
        assert here.probability_gain(0.0)[0] == 1
        assert here.probability_gain(1e-4)[0] == 0
        (gain,) = here.gain()
        assert gain.low == pytest.approx(0, abs=1e-12)
        assert gain.high == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("bounds", [(0, 1), None])
def test_lower_is_better_mirrors_higher_is_better(bounds):
    scores = runs(RISING) if bounds else runs(10 * RISING) - 3
    mirror = (lambda s: 1 - s) if bounds else (lambda s: -s)
    kwargs = {"bounds": bounds} if bounds else {"bounds": (None, None)}
    up = forecast(SIZES, scores, AHEAD, train_scores=scores + 0.02, **kwargs)
    down = forecast(
        SIZES, mirror(scores), AHEAD, train_scores=mirror(scores + 0.02), maximize=False, **kwargs
    )
    np.testing.assert_allclose(mirror(down.mean), up.mean)
    np.testing.assert_allclose(mirror(down.low), up.high)
    np.testing.assert_allclose(down.probability_gain(0.01), up.probability_gain(0.01))
    wanted = float(up.mean[3])
    assert down.rows_for(mirror(wanted)).rows == pytest.approx(up.rows_for(wanted).rows)


@pytest.mark.parametrize("factor", [1e-6, 1e5])
def test_a_loss_in_another_unit_has_the_same_forecast(factor):
    loss = runs(2 * (SIZES / 50) ** -0.4)
    one = forecast(SIZES, loss, AHEAD, maximize=False, bounds=(0, None))
    other = forecast(SIZES, factor * loss, AHEAD, maximize=False, bounds=(0, None))
    np.testing.assert_allclose(other.mean, factor * one.mean, rtol=1e-6)
    np.testing.assert_allclose(other.high, factor * one.high, rtol=1e-6)


def test_rows_for_agrees_with_the_intervals():
    ahead = forecast(SIZES, runs(RISING, 0.003), [1600])
    needed = ahead.rows_for(float(ahead.mean[0]))
    assert needed.reachable
    assert needed.rows == pytest.approx(1600, rel=0.03)
    assert needed.low < needed.rows < needed.high
    assert f"{needed.rows:,.0f} rows" in needed.text
    there = forecast(SIZES, runs(RISING, 0.003), [needed.low, needed.rows])
    assert there.high[0] >= ahead.mean[0]
    assert there.mean[1] >= ahead.mean[0]
    wider = ahead.rows_for(float(ahead.mean[0]), level=0.95)
    assert wider.low <= needed.low
    assert wider.high >= needed.high


def test_a_score_out_of_reach_is_said_to_be():
    ahead = forecast(SIZES, runs(np.full(5, 0.7), 0.003), [1600], bounds=(0, 1))
    for score in (0.99, 1.5):
        needed = ahead.rows_for(score)
        assert not needed.reachable
        assert np.isinf(needed.rows)
        assert needed.text.startswith("not reachable at this level")
    assert ahead.rows_for(0.3).rows == 50


def test_an_open_end_is_told_in_words():
    ahead = forecast(SIZES, runs(RISING, 0.02), [1600])
    needed = ahead.rows_for(float(forecast(SIZES, runs(RISING, 0.02), [12800]).mean[0]) - 1e-6)
    assert np.isinf(needed.high)
    assert "more than 12,800" in needed.text


def test_missing_scores_do_not_count():
    scores, train = runs(RISING), runs(RISING + 0.02)
    whole = forecast(SIZES, scores, AHEAD, train_scores=train)
    empty = np.full((1, 5), np.nan)
    longer = forecast(
        np.r_[SIZES, 1600], np.r_[scores, empty], AHEAD, train_scores=np.r_[train, empty]
    )
    np.testing.assert_allclose(longer.mean, whole.mean)
    assert longer.rows == 800
    column = np.full((5, 1), np.inf)
    np.testing.assert_allclose(
        forecast(SIZES, np.c_[scores, column], AHEAD, train_scores=np.c_[train, column]).mean,
        whole.mean,
        atol=2e-3,
    )


def test_two_sizes_are_enough_and_a_list_is_one_repeat():
    mean, low, high = forecast_interval([50, 100], [0.7, 0.8], [200, 400])
    assert (low < mean).all()
    assert (mean < high).all()
    table = forecast_interval([50, 100], [[0.7], [0.8]], [200, 400])
    np.testing.assert_array_equal(table[0], mean)


def test_what_the_repeats_share_widens_the_score_and_not_the_gain():
    scores = runs(RISING, 0.02)
    reserve = forecast(SIZES, scores, AHEAD[:3], bounds=(0, None))
    split_again = forecast(SIZES, scores, AHEAD[:3], bounds=(0, None), valid_to_train=0.25)
    assert (split_again.high > reserve.high).all()
    assert (split_again.low < reserve.low).all()
    np.testing.assert_array_equal(split_again.mean, reserve.mean)
    assert split_again.gain() == reserve.gain()


def test_train_scores_are_used():
    scores = runs(RISING)
    close = forecast(SIZES, scores, [3200], train_scores=scores + 0.001)
    far = forecast(SIZES, scores, [3200], train_scores=np.ones_like(scores))
    assert far.mean[0] > close.mean[0]


@pytest.mark.parametrize(
    ("sizes", "scores", "kwargs", "words"),
    [
        ([50, 100], [[0.7, 0.8]], {}, "shape"),
        ([[50, 100]], [0.7, 0.8], {}, "shape"),
        ([50, 50], [0.7, 0.8], {}, "once"),
        ([0, 50], [0.7, 0.8], {}, "above 0"),
        ([50, 100], [0.7, np.nan], {}, "two sizes"),
        ([50, 100], [0.7, 0.8], {"level": 1.0}, "level"),
        ([50, 100], [0.7, 0.8], {"train_scores": [0.9]}, "train scores"),
        ([50, 100], [0.7, 0.8], {"valid_to_train": -1}, "valid_to_train"),
    ],
)
def test_what_cannot_be_is_told(sizes, scores, kwargs, words):
    with pytest.raises(MldiagError, match=words):
        forecast(sizes, scores, [200], **kwargs)


@pytest.mark.parametrize("targets", [[0], [np.nan], [[200]]])
def test_impossible_targets_are_told(targets):
    with pytest.raises(MldiagError, match="target sizes"):
        forecast([50, 100], [0.7, 0.8], targets)


def test_parameters_are_small_plain_and_fit_the_features():
    assert FILE.stat().st_size < 200_000
    features = read_features(SIZES, runs(RISING), runs(RISING))
    parts = read_parameters()
    assert set(parts) == {"bounded", "bounded_train", "free", "free_train"}
    for name, layers in parts.items():
        row = inputs(features.scale_free, features.levels, bounded=name.startswith("bounded"))
        assert layers.center.shape == row.shape
        for factor in (layers.level_factor, layers.gain_factor):
            assert factor.shape == KNOTS.shape
            assert (factor > 0).all()


def test_parameters_survive_the_file(tmp_path):
    part = read_parameters()["free"]
    file = tmp_path / "one.npz"
    write_parameters({"free": part}, file)
    first = file.read_bytes()
    back = read_parameters(Path(file))["free"]
    for name in Layers.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(back, name), getattr(part, name))
    write_parameters({"free": replace(part)}, file)
    assert file.read_bytes() == first
