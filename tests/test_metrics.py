"""Directions of metrics, known and declared."""

import pytest

from mldiag import MldiagError
from mldiag.metrics import named_metric, smallest_gain


@pytest.mark.parametrize(
    ("name", "maximize"),
    [("accuracy", True), ("val_loss", False), ("test_f1", True), ("rmse", False), ("r2", True)],
)
def test_common_metrics_have_a_direction(name, maximize):
    assert named_metric(name).maximize is maximize


def test_an_unknown_metric_needs_its_direction():
    with pytest.raises(MldiagError, match="nearest: accuracy"):
        named_metric("acuracy")
    assert named_metric("fancy", minimize=True).maximize is False
    assert named_metric("fancy", maximize=True).high is None


def test_both_directions_are_a_contradiction():
    with pytest.raises(MldiagError, match="one of the two"):
        named_metric("fancy", maximize=True, minimize=True)


def test_a_declared_direction_wins_over_the_known_one():
    assert named_metric("loss", maximize=True).maximize is True


def test_points_are_for_scores_between_zero_and_one():
    assert smallest_gain(named_metric("f1"), 0.5) == 0.005
    assert smallest_gain(named_metric("rmse"), 200.0) == 2.0
    assert smallest_gain(named_metric("r2"), 0.0) > 0
