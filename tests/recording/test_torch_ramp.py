"""A rising learning rate in a torch loop that knows nothing of it."""

import numpy as np
import pytest

import mldiag
from mldiag.recording.ramp import RAMP, Ramp, RampOver
from mldiag.recording.torch_steps import torch_steps
from mldiag.run.worker import run_trial
from mldiag.trial_spec import Intervention

torch = pytest.importorskip("torch")

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(96, 4)).astype("float32")
CLASSES = (ROWS[:, 0] > 0).astype("int64")


def ramp(steps=12):
    return Ramp(low=1e-4, high=1.0, steps=steps, reference=0.1)


def step(network, optimizer, *, closure=False):
    rows, classes = torch.from_numpy(ROWS), torch.from_numpy(CLASSES)

    def backward():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(rows), classes)
        loss.backward()
        return loss

    if closure:
        return optimizer.step(backward)
    backward()
    return optimizer.step()


def train(network, optimizer, *, scheduler=None, closure=False):
    for _ in range(99):
        step(network, optimizer, closure=closure)
        if scheduler is not None:
            scheduler.step()


def test_groups_keep_their_ratios_and_get_their_rates_back():
    network, seen = torch.nn.Linear(4, 2), []
    optimizer = torch.optim.SGD(
        [{"params": [network.weight], "lr": 0.1}, {"params": [network.bias], "lr": 0.02}], lr=0.1
    )
    optimizer.register_step_pre_hook(
        lambda one, *_: seen.append([group["lr"] for group in one.param_groups])
    )
    one = ramp()
    with torch_steps(one), pytest.raises(RampOver):
        train(network, optimizer)
    assert len(one.record) == 12
    assert np.allclose([first for first, _ in seen], [values["lr"] for _, values in one.record])
    assert np.allclose([second / first for first, second in seen], 0.2)
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.02]


def test_a_scheduler_does_not_undo_the_ramp():
    network = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    warming = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda number: number / 5)  # from zero
    one, used = ramp(), []
    optimizer.register_step_pre_hook(lambda o, *_: used.append(o.param_groups[0]["lr"]))
    with torch_steps(one), pytest.raises(RampOver):
        train(network, optimizer, scheduler=warming)
    assert np.allclose(used, [values["lr"] for _, values in one.record])
    assert used[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("closure", [False, True])
def test_the_loss_is_the_root_of_backward_however_it_is_called(closure):
    network = torch.nn.Linear(4, 2)
    rows, classes = torch.from_numpy(ROWS), torch.from_numpy(CLASSES)
    first = torch.nn.functional.cross_entropy(network(rows), classes).item()
    optimizer, one = torch.optim.SGD(network.parameters(), lr=0.1), ramp()
    backward = torch.autograd.backward
    with torch_steps(one), pytest.raises(RampOver):
        train(network, optimizer, closure=closure)
    assert one.record[0][1]["loss"] == pytest.approx(first, rel=1e-5)
    assert one.record[0][1]["gradient_norm"] > 0
    assert torch.autograd.backward is backward
    step(network, optimizer)  # the hooks are gone: nothing ends this training
    assert len(one.record) == 12


def test_a_training_that_catches_every_exception_is_ended_all_the_same():
    @mldiag.experiment(
        data=(ROWS, CLASSES),
        metric="accuracy",
        params={"lr": mldiag.Float(1e-3, 1, default=0.1, log=True)},
    )
    def careful(trial):
        torch.manual_seed(trial.seed)
        network = torch.nn.Linear(4, 2)
        optimizer = torch.optim.Adam(network.parameters(), lr=trial.params["lr"])
        for _ in trial.epochs(2):
            try:
                step(network, optimizer)
            except Exception:
                continue
        return 0.5

    named = (("param", "lr"), ("low", 1e-4), ("high", 1.0), ("steps", 30))
    spec = careful.spec(interventions=(Intervention(RAMP, named),))
    first, second = (run_trial(careful, spec, threads=1) for _ in range(2))
    assert len(first.history) == 30  # two epochs of one step each were asked for
    assert first.history == second.history
    assert first.status == "ok"
    assert run_trial(careful, careful.spec(), threads=1).metrics == {"accuracy": 0.5}


def test_several_optimizers_are_told_of():
    @mldiag.experiment(
        data=(ROWS, CLASSES),
        metric="accuracy",
        params={"lr": mldiag.Float(1e-3, 1, default=0.1, log=True)},
    )
    def two(trial):
        networks = [torch.nn.Linear(4, 2) for _ in range(2)]
        optimizers = [torch.optim.SGD(n.parameters(), lr=trial.params["lr"]) for n in networks]
        for _ in trial.epochs(5):
            for network, optimizer in zip(networks, optimizers, strict=True):
                step(network, optimizer)
        return 0.5

    named = (("param", "lr"), ("low", 1e-4), ("high", 1.0), ("steps", 20))
    result = run_trial(two, two.spec(interventions=(Intervention(RAMP, named),)), threads=1)
    assert len(result.history) == 20
    assert any("several optimizers" in notice for notice in result.notices)
