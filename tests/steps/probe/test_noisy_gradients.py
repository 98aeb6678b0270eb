import numpy as np
import pytest

from mldiag.steps.probe.checks.noisy_gradients import judge, noise_scale
from tests.steps.probe.recordings import falling, signals


def wandering():
    """A loss that comes down and climbs again."""
    loss = falling(400)
    loss[200:] += np.linspace(0, 1.8, 200)
    return loss


NOISY = {
    "agreement": 0.01,
    "update": -1.5,
    "loss": wandering(),
    "learned": 0.1,
    "facts": {"batch": 2},
}


def test_the_noise_scale_is_noise_over_signal():
    assert noise_scale(signals(agreement=0.5)) == pytest.approx(1.0)
    assert noise_scale(signals(agreement=0.1)) == pytest.approx(9.0)
    assert np.isnan(noise_scale(signals(without=("window/",))))


def test_tiny_batches_at_a_rate_too_high_for_them_get_a_size_to_try():
    found = judge(signals(**NOISY))
    assert (found.outcome, found.action.param) == ("problem", "batch_size")
    assert found.action.value == 256  # 99 times 2 rows, as a power of two


@pytest.mark.parametrize(
    "changes",
    [
        {"facts": {"batch": 64}},
        {"agreement": 0.5},
        {"update": -3.5},
        {"loss": falling(400), "learned": 0.97},  # noisy, and learned all the same
        {"update": 0.4},  # thrown about: it is the rate
    ],
)
def test_what_is_not_the_batch_passes(changes):
    assert judge(signals(**NOISY | changes)).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=50)).outcome == "inconclusive"
    assert judge(signals(facts={"batch": None})).outcome == "not_applicable"
    assert judge(signals(without=("window/",))).outcome == "not_applicable"
