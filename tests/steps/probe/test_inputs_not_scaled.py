import numpy as np
import pytest

from mldiag.steps.probe.checks.inputs_not_scaled import judge
from tests.steps.probe.recordings import LAYERS, layer, signals


def inputs(size):
    """Means and spreads of eight batches whose columns have these sizes."""
    return {"input/mean": np.zeros((8, 64)), "input/sd": np.broadcast_to(size, (8, 64))}


ONE_LOUD = np.where(np.arange(64) == 5, 100.0, 1.0)


@pytest.mark.parametrize(
    ("size", "said"), [(120.0, "size of 120"), (ONE_LOUD, "column 5"), (0.001, "hardly see")]
)
def test_raw_inputs_are_a_problem(size, said):
    found = judge(signals(arrays=inputs(size), learned=0.3))
    assert (found.outcome, found.action.kind) == ("problem", "scale_features")
    assert said in found.title


def test_a_network_that_has_coped_is_only_advised():
    found = judge(signals(arrays=inputs(120.0)))
    assert found.outcome == "advice"
    assert "coped" in found.explanation


def test_scaled_inputs_pass():
    assert judge(signals(arrays=inputs(1.0), learned=0.3)).outcome == "passed"


def test_a_picture_whose_margin_is_dark_is_not_uneven():
    size = np.where(np.arange(64) < 40, 0.0, 11.0)
    assert judge(signals(arrays=inputs(size), learned=0.3)).outcome == "passed"


def test_a_normalising_layer_that_comes_first_makes_them_fit():
    layers = [layer("norm", "BatchNorm1d"), *(layer(*names) for names in LAYERS)]
    found = judge(signals(arrays=inputs(120.0), facts={"layers": layers}, learned=0.3))
    assert found.outcome == "passed"


def test_inputs_that_were_not_seen_do_not_apply():
    assert judge(signals(without=("input/",))).outcome == "not_applicable"
    nothing = {"input/mean": np.full((8, 3), np.nan), "input/sd": np.full((8, 3), np.nan)}
    assert judge(signals(arrays=nothing)).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize(("factor", "outcome"), [(1.0, "passed"), (300.0, "problem")])
def test_a_real_training_on_raw_numbers(factor, outcome):
    pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import blobs, mlp, sgd, trained

    x, y = blobs()
    net = mlp(8, 16, 16, 3)
    recorded = trained(net, sgd(net), (factor * x, (y if factor == 1 else y.roll(7))), epochs=6)
    assert judge(Signals(recorded)).outcome == outcome
