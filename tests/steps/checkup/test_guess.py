"""A model that guesses: what another one gains is held against the noise of guessing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mldiag import Experiment
from mldiag.findings import Finding, Interval
from mldiag.steps.checkup.gathered import Gathered
from mldiag.steps.checkup.guess import Guess, guess_of, nobody_learns
from tests.steps.checkup.made import asked

ROWS = np.arange(400.0).reshape(-1, 1)
EXPERIMENT = Experiment.from_estimator(
    LogisticRegression(), ROWS, (ROWS[:, 0] % 2).astype(int), metric="accuracy"
)


def about(estimate, half=0.004):
    return Interval(estimate, estimate - half, estimate + half)


def of_dummy(gain, outcome="inconclusive"):
    evidence = {"reference": "dummy", "gain": about(gain)}
    return Finding("MD605", "reference-families", outcome, "", evidence=evidence)


def of_families(gain, outcome="problem"):
    evidence = {"scores": {}, "gain": about(gain)}
    return Finding("MD605", "reference-families", outcome, "", evidence=evidence)


def gathered(*findings):
    return Gathered(asked=(asked("capacity", *findings),))


def test_repeats_that_agree_by_chance_are_no_surer_than_their_scoring_rows():
    guess = guess_of(EXPERIMENT, gathered(of_dummy(0.02)))
    assert guess.noise == pytest.approx(0.6 / np.sqrt(64))
    assert not guess.is_beaten(about(0.06), repeats=3, error=0.01)
    assert guess.is_beaten(about(0.35), repeats=3, error=0.01)


def test_many_scoring_rows_tell_more():
    few, many = (Guess(0.0, 0.6 / np.sqrt(rows), 0.25) for rows in (100, 10_000))
    assert not few.is_beaten(about(0.05), 5, 0.05)
    assert many.is_beaten(about(0.05), 5, 0.05)


def test_fixed_scoring_rows_are_the_same_in_every_repeat():
    guess = Guess(0.0, 0.02)
    assert not guess.is_beaten(about(0.04), repeats=1_000, error=0.05)
    assert guess.is_beaten(about(0.05), repeats=1, error=0.05)


def test_a_model_that_looks_far_better_than_a_guess_is_not_held_against_one():
    assert Guess(-0.2, 0.03, 0.25).is_beaten(about(0.01), 5, 0.05)


def test_nobody_learns_where_the_best_family_is_within_the_noise_of_a_guess():
    found = gathered(of_dummy(0.02), of_families(0.05))
    guess = guess_of(EXPERIMENT, found)
    assert nobody_learns(found, guess, 5, 0.05)
    assert not nobody_learns(found, None, 5, 0.05)
    assert not nobody_learns(gathered(of_families(0.4)), guess, 5, 0.05)
    assert not nobody_learns(gathered(of_dummy(0.02)), guess, 5, 0.05)


def test_a_model_that_is_surely_better_than_a_guess_has_none():
    assert guess_of(EXPERIMENT, gathered(of_families(0.05))) is None
