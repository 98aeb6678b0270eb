"""What augmentation gains and is worth in rows, and what is said of it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from mldiag.data.augmentation import Augmentation
from mldiag.errors import MldiagError
from mldiag.findings import Interval
from mldiag.metrics import named_metric
from mldiag.stats.bootstrap import resample_mean
from mldiag.steps.learning_curve.augmentation import augmented_sizes, measure_augmentation
from mldiag.steps.learning_curve.checks.augmentation import CHECK, THRESHOLDS, judge, worth_in_rows

SIZES = np.array([25, 50, 100, 200, 400])
ACCURACY, RMSE = named_metric("accuracy"), named_metric("rmse")
FLIP, FUNCTION = (
    Augmentation(param="flip", value=True),
    Augmentation(function=lambda X, y, r: (X, y)),
)


def power_law(rows, exponent=0.5, excess=0.08):
    return 0.95 - excess * (np.asarray(rows, dtype=float) / SIZES[-1]) ** -exponent


def noisy(means, random, *, sd=0.004, repeats=5, valid_to_train=0.25):
    """Scores (S, R) whose noise falls with the rows and is shared between repeats as by redrawn splits."""
    shared = valid_to_train / (1 + valid_to_train)
    noise = math.sqrt(shared) * random.normal(size=(len(means), 1))
    noise = noise + math.sqrt(1 - shared) * random.normal(size=(len(means), repeats))
    return means[:, None] + sd * (SIZES[:, None] / SIZES[-1]) ** -0.25 * noise


def effect(plain, augmented, **options):
    options = {"worth": 0.005, "valid_to_train": 0.25} | options
    return measure_augmentation(SIZES, plain, augmented, **options)


def made(factor=1.0, *, shift=0.0, seed=0, flat=False, **options):
    random = np.random.default_rng(seed)
    curve = np.full(len(SIZES), 0.9) if flat else power_law(SIZES)
    moved = curve if flat else power_law(factor * SIZES)
    return effect(noisy(curve, random, **options), noisy(moved + shift, random, **options))


@pytest.mark.parametrize("repeats", [3, 5])
@pytest.mark.parametrize(("factor", "exponent"), [(1.0, 0.5), (1.6, 0.3), (1.6, 0.7), (3.0, 0.5)])
def test_the_factor_is_found_and_its_interval_covers(repeats, factor, exponent):
    random = np.random.default_rng(repeats)
    found, covered = [], []
    for _ in range(300):
        plain = noisy(power_law(SIZES, exponent), random, repeats=repeats)
        augmented = noisy(power_law(factor * SIZES, exponent), random, repeats=repeats)
        shown = effect(plain, augmented).factor
        found.append(shown.estimate)
        covered.append(math.isnan(shown.low) or shown.low <= factor <= shown.high)
    assert np.median(found) == pytest.approx(factor, rel=0.04)
    assert 0.72 <= np.mean(covered) <= 0.88


def test_a_parabola_in_log_rows_is_exact():
    doublings = np.log2(SIZES / SIZES[-1])

    def curve(x):
        return 0.9 + 0.03 * x - 0.004 * x**2

    offsets = np.array([0.0, 0.01, -0.01])
    plain = curve(doublings)[:, None] + offsets
    augmented = curve(doublings + math.log2(1.7))[:, None] + offsets + [0, 1e-4, -1e-4]
    assert effect(plain, augmented).factor.estimate == pytest.approx(1.7, rel=1e-6)


def test_only_the_upper_sizes_count_and_only_pairs():
    random = np.random.default_rng(3)
    plain, augmented = noisy(power_law(SIZES), random), noisy(power_law(1.6 * SIZES), random)
    whole = effect(plain, augmented)
    assert whole.sizes == (100, 200, 400)
    planned = augmented.copy()
    planned[:2] = np.nan
    plain[:2] = 0.0
    assert effect(plain, planned) == whole
    planned[-1] = np.nan  # nothing came back at the full size: the next one stands for it
    assert effect(plain, planned).sizes == (100, 200)
    assert effect(plain, np.full_like(plain, np.nan)) is None
    one = np.full_like(plain, np.nan)
    one[-1] = augmented[-1]
    alone = effect(plain, one)
    assert alone.gain == whole.gain
    assert not alone.in_rows


def test_where_the_curve_is_flat_nothing_is_worth_rows():
    found = [made(shift=0.02, flat=True, seed=seed) for seed in range(40)]
    bounded = [f for f in found if math.isfinite(f.factor.high)]
    assert len(bounded) <= 0.3 * len(found)
    assert np.mean([f.gain.p_greater < 0.05 for f in found]) > 0.9
    falling = effect(
        noisy(power_law(SIZES)[::-1], np.random.default_rng(0)),
        noisy(power_law(SIZES)[::-1] + 0.02, np.random.default_rng(1)),
    )
    assert not falling.in_rows


def test_fixed_validation_rows_are_the_sample():
    random = np.random.default_rng(0)
    chances = np.concatenate([power_law(SIZES), power_law(2 * SIZES)])
    ranks = np.sort(random.random(2000))  # the same rows are hard for all
    rows = (ranks < chances[:, None])[:, None, :].astype(float)
    rows = np.where(random.random(rows.shape) < 0.02, 1 - rows, rows)
    resampled = resample_mean(rows)
    scores = resampled.measured
    found = effect(scores[:5], scores[5:], valid_to_train=0.0, resampled=resampled)
    assert found.on_fixed_rows
    assert found.gain.n == 1
    assert found.factor.low < 2 < found.factor.high
    assert found.factor.low > 1
    assert not effect(scores[:5], scores[5:], valid_to_train=0.0).in_rows  # one repeat alone
    unsure = replace(found, gain=replace(found.gain, p_greater=0.2), worth=0.001)
    told = judge(unsure, ACCURACY, augmentation=FLIP).explanation
    assert "validation rows that are too few" in told
    assert "100 to 400 rows together it looks like" in told


def test_sizes_that_are_trained_again():
    assert augmented_sizes((10, 20, 40, 57, 80, 113, 160)) == (160, 80, 40)
    assert augmented_sizes((50, 100)) == (100, 50)
    assert augmented_sizes((10, 100)) == (100,)  # the other one is too far to be read with it
    with pytest.raises(MldiagError, match="5 sizes"):
        effect(np.zeros((4, 3)), np.zeros((4, 3)))


def test_help_is_an_advice_in_rows():
    finding = judge(made(2.0), ACCURACY, augmentation=FLIP)
    assert (finding.code, finding.slug, finding.outcome) == ("MD204", "augmentation", "advice")
    assert finding.title.startswith("Augmentation is worth ")
    assert "x the rows (" in finding.title
    assert "points" in finding.title
    action = finding.action
    assert (action.kind, action.param, action.value) == ("augment_data", "flip", True)
    assert action.gain.low > 0
    assert "flip=True" in action.text
    assert finding.evidence["worth_times_the_rows"].estimate == pytest.approx(2.0, rel=0.2)
    assert judge(made(2.0), ACCURACY, augmentation=FUNCTION).action.param is None


def test_help_on_a_flat_curve_is_told_without_rows():
    found = next(
        f for f in (made(shift=0.02, flat=True, seed=s) for s in range(40)) if not f.in_rows
    )
    finding = judge(found, ACCURACY, augmentation=FUNCTION)
    assert finding.title.startswith("Augmentation helps: +")
    assert "cannot be put in rows" in finding.explanation
    assert finding.action.kind == "augment_data"


def test_a_gain_that_is_not_worth_having_passes():
    finding = judge(made(sd=0.0005), ACCURACY, augmentation=FLIP)
    assert finding.outcome == "passed"
    assert finding.action.kind == "none"


def test_harm_is_said_with_what_to_do():
    finding = judge(made(shift=-0.03), ACCURACY, augmentation=FLIP)
    assert finding.outcome == "advice"
    assert finding.title.startswith("Augmentation harms: -")
    assert finding.action.kind == "none"
    assert "off" in finding.action.text


def test_too_little_to_tell_says_what_would_settle_it():
    random = np.random.default_rng(0)
    noise = random.normal(0, 0.02, (2, 5, 4))
    noise -= noise.mean(axis=2, keepdims=True)  # the mean gain is what is set below
    curve = power_law(SIZES)[:, None]
    found = effect(curve + noise[0], curve + 0.002 + noise[1], valid_to_train=0.0)
    finding = judge(found, ACCURACY, augmentation=FLIP)
    assert finding.outcome == "inconclusive"
    assert finding.action is None
    assert "repeats would settle it: --repeats" in finding.explanation
    few = effect(curve + noise[0], curve + 0.002 + noise[1], valid_to_train=0.5)
    assert "validation rows are too few" in judge(few, ACCURACY, augmentation=FLIP).explanation
    one = effect((curve + noise[0])[:, :1], (curve + 0.03 + noise[1])[:, :1])
    assert "--repeats 5" in judge(one, ACCURACY, augmentation=FLIP).explanation


def test_fewer_errors_are_a_gain():
    finding = judge(
        effect(
            noisy(-50 * (1 - power_law(SIZES)), np.random.default_rng(0), sd=0.1),
            noisy(-50 * (1 - power_law(2 * SIZES)), np.random.default_rng(1), sd=0.1),
            worth=0.1,
        ),
        RMSE,
        augmentation=FLIP,
    )
    assert finding.action.kind == "augment_data"
    assert finding.action.gain.estimate > 0


def test_an_augmentation_that_reaches_nothing_is_found():
    scores = noisy(power_law(SIZES), np.random.default_rng(0))
    same = judge(effect(scores, scores), ACCURACY, augmentation=FLIP)
    assert same.outcome == "inconclusive"
    assert "flip=True reaches the training" in same.explanation
    unread = judge(effect(scores, scores), ACCURACY, augmentation=FUNCTION, never_read=True)
    assert unread.outcome == "problem"
    assert unread.action.kind == "fix_bug"
    assert judge(None, ACCURACY, augmentation=FLIP).outcome == "inconclusive"


def test_harmless_augmentation_is_rarely_called_good_or_bad():
    findings = [judge(made(seed=seed, sd=0.01), ACCURACY, augmentation=FLIP) for seed in range(300)]
    titles = [finding.title for finding in findings]
    helped = sum(
        finding.outcome == "advice" and "harms" not in finding.title for finding in findings
    )
    assert helped <= 0.08 * 300
    assert sum("harms" in title for title in titles) <= 0.08 * 300


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((1.6, 1.3, 2.1), "1.6x the rows (1.3 to 2.1)"),
        ((3.1, 2.0, 7.7), "3.1x the rows (2.0 to over 4)"),
        ((9.0, 4.4, math.inf), "over 4x the rows"),
        ((9.0, 2.4, 30.0), "over 4x the rows (from 2.4x on)"),
        ((2.0, 1.2, math.inf), "at least 1.2x the rows"),
        ((2.0, 0.7, math.inf), ""),
        ((0.9, 0.7, 1.2), ""),
        ((1.6, math.nan, math.nan), ""),
    ],
)
def test_factors_in_words(ends, words):
    assert worth_in_rows(replace(made(), factor=Interval(*ends))) == words


def test_what_is_explained_states_the_thresholds():
    assert "5%" in CHECK.detection()
    assert f"up to {THRESHOLDS.most_factor:g}" in CHECK.detection()
