import numpy as np
import pytest

from mldiag.steps.probe.checks.mode_collapse import judge
from tests.steps.probe.recordings import EVALUATIONS, signals


def samples(coverage, own, typical=1.0):
    """What the evaluations of a generator told."""
    told = {"coverage": coverage, "own_distance": own, "typical_distance": typical}
    return {f"eval/samples/{name}": np.full(EVALUATIONS, value) for name, value in told.items()}


@pytest.mark.parametrize(("coverage", "own"), [(0.02, 0.1), (0.6, 0.005)])
def test_samples_that_are_the_same_few_are_a_problem(coverage, own):
    found = judge(signals(arrays=samples(coverage, own)))
    assert (found.outcome, found.action.kind) == ("problem", "stabilize_training")


@pytest.mark.parametrize(("coverage", "own"), [(0.8, 0.9), (0.4, 0.5)])
def test_samples_that_differ_or_cover_the_data_pass(coverage, own):
    assert judge(signals(arrays=samples(coverage, own))).outcome == "passed"


def test_samples_that_were_not_told_do_not_apply():
    assert judge(signals()).outcome == "not_applicable"
    assert judge(signals(arrays=samples(np.nan, np.nan))).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize(("spread", "outcome"), [(0.001, "problem"), (1.0, "passed")])
def test_real_samples_beside_real_rows(spread, outcome):
    torch = pytest.importorskip("torch")
    import mldiag
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import blobs, mlp

    real, _ = blobs(200)
    generator, judges = mlp(4, 8), mlp(8, 1)
    draws = torch.Generator().manual_seed(0)
    roles = ("generator", "discriminator")
    with mldiag.watch([generator, judges], None, task="gan", roles=roles) as watch:
        watch.step(losses={"generator": 0.7, "discriminator": 1.3})
        noise = torch.randn(real.shape, generator=draws)
        made = real[0] + spread * noise if outcome == "problem" else real + 0.2 * noise
        watch.evaluate(samples=made, real=real)
    assert judge(Signals(watch.recording())).outcome == outcome
