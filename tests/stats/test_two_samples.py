import numpy as np
import pytest

from mldiag.stats.two_samples import (
    adjusted,
    category_shift,
    mean_variance,
    number_shift,
    share_shift,
)


def random(seed=0):
    return np.random.default_rng(seed)


def test_equal_distributions_are_rarely_called_different_at_any_size():
    for rows, others in ((60, 25), (400, 100), (3000, 1000)):
        called = 0
        for seed in range(200):
            draw = random(seed)
            called += number_shift(draw.normal(size=rows), draw.normal(size=others)).p_value < 0.05
        assert called <= 18  # 5 % of 200, three standard deviations more


def test_the_effect_does_not_grow_with_the_number_of_rows():
    effects = []
    for rows in (200, 20_000):
        found = [
            number_shift(random(s).normal(size=rows), random(100 + s).normal(0.5, 1, rows)).effect
            for s in range(20)
        ]
        effects.append(np.mean(found))
    assert effects == pytest.approx([0.197, 0.197], abs=0.035)  # 2 Phi(.25) - 1


def test_the_interval_covers_the_effect():
    hits = 0
    for seed in range(200):
        draw = random(seed)
        found = number_shift(draw.normal(size=400), draw.normal(1, 1, 150))
        hits += found.low <= 0.3829 <= found.high
    assert hits >= 150


def test_a_wider_spread_is_seen_where_the_middle_is_the_same():
    found = number_shift(random(1).normal(size=400), random(2).normal(0, 2, 200))
    assert found.p_value < 0.001
    assert abs(found.direction) < 0.1


def test_rows_of_a_group_count_once():
    called = {"rows": 0, "groups": 0}
    for seed in range(100):
        draw = random(seed)
        groups = [np.repeat(np.arange(n), 20) for n in (20, 12)]
        values = [
            draw.normal(size=n)[g] + 0.1 * draw.normal(size=20 * n)
            for n, g in zip((20, 12), groups, strict=True)
        ]
        called["rows"] += number_shift(*values).p_value < 0.05
        grouped = number_shift(*values, first_groups=groups[0], second_groups=groups[1])
        called["groups"] += grouped.p_value < 0.05
    assert called["rows"] > 60
    assert called["groups"] <= 12


def test_categories_and_shares():
    draw = random()
    same = category_shift(draw.integers(0, 5, 500), draw.integers(0, 5, 200))
    moved = category_shift(draw.integers(0, 5, 500), draw.integers(0, 3, 200))
    assert same.p_value > 0.01
    assert moved.effect == pytest.approx(0.4, abs=0.06)
    assert moved.p_value < 1e-6
    found = share_shift(np.zeros(500, bool), draw.random(200) < 0.2)
    assert found.low < 0.2 < found.high


def test_rare_categories_alone_are_no_difference():
    called = 0
    for seed in range(100):
        draw = random(seed)
        codes = np.minimum(draw.zipf(1.5, 600), 400)
        called += category_shift(codes[:450], codes[450:]).p_value < 0.05
    assert called <= 14


def test_small_pieces():
    assert adjusted(np.array([0.02, 0.01])).tolist() == [0.02, 0.02]
    assert mean_variance(np.array([1.0, 2.0]), np.array([0, 0]))[0] == np.inf
