"""MD128: augmentations that turn one label into another, and such that do not."""

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

import mldiag
from mldiag.steps import step_named
from mldiag.steps.reproduce.checks import augmentation_breaks_labels
from mldiag.steps.reproduce.settings import Settings
from tests.steps.made_up import answer, made_up_experiment, noise

STEP = step_named("reproduce")
DIGITS = tuple(part[:500] for part in load_digits(return_X_y=True))
WINE = load_wine(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def finding(augment, data=DIGITS, model=None, metric="accuracy"):
    experiment = mldiag.Experiment.from_estimator(
        model or KNeighborsClassifier(), *data, metric=metric, augment=augment
    )
    return augmentation_breaks_labels.judge(experiment, Settings(), ())


def on_images(change):
    def augment(X, y, rng):
        return np.stack([change(row.reshape(8, 8), rng).ravel() for row in X]), y

    return augment


def shift(X, y, rng):
    return on_images(lambda x, r: ndimage.shift(x, r.integers(-1, 2, 2), order=1))(X, y, rng)


def add_noise(X, y, rng):
    return X + rng.normal(0, 0.2, X.shape) * X.std(axis=0), y


def twice(X, y, rng):
    return np.vstack([X, add_noise(X, y, rng)[0]]), np.concatenate([y, y])


def shuffle_rows(X, y, rng):
    return X[rng.permutation(len(y))], y


@pytest.mark.parametrize("augment", [shift, add_noise, twice], ids=lambda f: f.__name__)
def test_changes_that_keep_the_label_are_no_problem(augment):
    assert finding(augment).outcome in ("passed", "inconclusive")
    if augment is not shift:
        assert finding(augment, WINE).outcome == "passed"


def test_a_six_upside_down_is_a_nine():
    found = finding(on_images(lambda x, rng: np.rot90(x, 2)))
    assert found.outcome == "problem"
    assert found.evidence["agreement"] < 0.8 < found.evidence["agreement_of_originals"]
    assert found.evidence["worst_label"][2] > 0.5
    assert found.action.kind == "fix_bug"


def test_labels_that_change_places():
    found = finding(lambda X, y, rng: (X, rng.permutation(y)), WINE)
    assert found.outcome == "problem"
    assert found.evidence["flipped"] > 0.5
    named = found.evidence["rows"]["train"]
    assert set(named) <= set(range(len(WINE[1])))
    assert len(named) > 20


def test_a_few_flips_are_told_though_most_rows_are_right():
    def flip(X, y, rng):
        return add_noise(X, np.where(rng.random(len(y)) < 0.08, (y + 1) % 10, y), rng)

    assert finding(flip).outcome == "problem"


def test_rows_that_leave_their_labels_behind():
    assert finding(shuffle_rows).outcome == "problem"
    tiled = finding(lambda X, y, rng: (np.repeat(X, 2, axis=0), np.tile(y, 2)), WINE)
    assert tiled.outcome == "problem"


def test_noisy_labels_are_not_blamed_on_the_augmentation():
    X, y = DIGITS
    random = np.random.default_rng(0)
    wrong = np.where(random.random(len(y)) < 0.25, random.permutation(y), y)
    assert finding(add_noise, (X, wrong)).outcome == "passed"
    nothing = finding(add_noise, (X, random.permutation(y)))
    assert nothing.outcome == "inconclusive"
    assert "of the original rows either" in nothing.title


def test_quantities_by_their_error():
    ridge = {"data": DIABETES, "model": Ridge(), "metric": "r2"}
    assert finding(add_noise, **ridge).outcome == "passed"
    assert finding(shuffle_rows, **ridge).outcome == "problem"

    def mixup(X, y, rng):
        other, share = rng.permutation(len(y)), rng.beta(0.4, 0.4, len(y))
        return X + share[:, None] * (X[other] - X), y + share * (y[other] - y)

    assert finding(mixup, **ridge).outcome == "passed"


def test_mixed_targets_are_not_judged():
    def mixup(X, y, rng):
        other = rng.permutation(len(y))
        return (X + X[other]) / 2, (y + y[other]) / 2

    assert finding(mixup).outcome == "not_applicable"


def test_too_few_rows_and_rows_far_from_all_others():
    few = tuple(part[:30] for part in WINE)
    X, y = few[0], np.arange(30) % 2
    assert finding(add_noise, (X, y)).outcome == "inconclusive"
    far = finding(lambda X, y, rng: (X + 100 * X.std(axis=0), y), WINE)
    assert far.outcome == "inconclusive"
    assert "near enough" in far.title


def test_what_changes_nothing_and_what_cannot_be_used():
    same = finding(lambda X, y, rng: (X, y))
    assert (same.outcome, same.title) == (
        "passed",
        "The augmentation returns the rows as they are",
    )
    assert finding(lambda X, y, rng: X).outcome == "advice"
    assert "ZeroDivisionError" in finding(lambda X, y, rng: 1 / 0).title
    new = finding(lambda X, y, rng: (X, y + 1))
    assert new.outcome == "problem"
    assert new.evidence["new_labels"] > 0


def test_the_global_random_numbers_stay_as_they_were():
    def draws(X, y, rng):
        return X + np.random.normal(0, 0.01, X.shape), y

    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    finding(draws)
    assert np.random.random() == expected


def test_without_an_augmentation_nothing_is_said():
    assert finding(None) is None


@pytest.mark.parametrize(
    ("effect", "outcome"), [(-0.05, "advice"), (0.02, "passed"), (0, "passed")]
)
def test_a_parameter_is_tried_by_thorough_alone(effect, outcome):
    flip = {"flip": mldiag.Categorical([False, True], default=False)}
    experiment = made_up_experiment(params=flip, augment="flip")

    def score(spec, rows):
        return 0.9 + noise(spec, 0.003) + effect * bool(dict(spec.params)["flip"])

    told = {}
    for thorough in (False, True):
        diagnosis, results = answer(STEP, experiment, Settings(thorough=thorough), score)
        told[thorough] = next(f for f in diagnosis.findings if f.code == "MD128")
        switched = sum(bool(dict(r.spec.params)["flip"]) for r in results)
        assert switched == (5 if thorough else 0)
    assert told[False].outcome == "not_applicable"
    assert told[True].outcome == outcome
