"""Whatever a check does, the user's program is afterwards as it was."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mldiag import diagnose_training
from mldiag.training_checks.checks import ALL
from mldiag.training_checks.state import preserved
from tests.training_checks.loops import judged, loop, rows


def rich_loop():
    """A loop with everything that a step can change."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 3)
    )
    model[0].bias.requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    average = torch.zeros(())
    own = np.random.default_rng(0)
    seen, log = 0, []
    held = {"best": None}

    def step(batch):
        nonlocal seen
        seen += 1
        random.random()
        np.random.rand()
        inputs = batch[0] + 0.01 * torch.tensor(
            own.normal(size=batch[0].shape), dtype=torch.float32
        )
        outputs = model.train()(inputs)
        loss = F.cross_entropy(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        batch[0].zero_()
        average.lerp_(loss.detach(), 0.1)
        log.append(loss.item())
        held["best"] = min(log)
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    x, y = rows(128)
    parts = loop(
        model, (x, y), optimizer=optimizer, step=step, end_epoch=lambda epoch: schedule.step()
    )
    xv, yv = rows(32, seed=1)
    parts["evaluate"] = lambda: {
        "accuracy": float((model.eval()(xv).argmax(1) == yv).float().mean())
    }
    parts["eval_batch"] = (xv, yv)
    for batch in parts["train_batches"](0):
        step((batch[0].clone(), batch[1]))

    def state():
        tensors = [*model.state_dict().values(), average, x, torch.get_rng_state()]
        tensors += [p.grad for p in model.parameters() if p.grad is not None]
        for group in optimizer.state.values():
            tensors += [value for value in group.values() if isinstance(value, torch.Tensor)]
        plain = [seen, log, held, schedule.state_dict(), own.bit_generator.state, random.getstate()]
        plain += [str(np.random.get_state()), [m.training for m in model.modules()], model[2].p]
        plain += [
            [p.requires_grad for p in model.parameters()],
            len(optimizer.state),
            optimizer.param_groups[0]["lr"],
        ]
        plain += [sum(len(m._forward_pre_hooks) + len(m._forward_hooks) for m in model.modules())]
        plain += ["train" in m.__dict__ for m in model.modules()]
        return [t.clone() for t in tensors], repr(plain)

    return parts, state


def assert_same(before, after):
    assert after[1] == before[1]
    assert len(after[0]) == len(before[0])
    for old, new in zip(before[0], after[0], strict=True):
        assert torch.equal(old, new)


@pytest.mark.parametrize("module", ALL, ids=lambda module: module.CHECK.slug)
def test_every_check_leaves_the_program_as_it_was(module):
    parts, state = rich_loop()
    before = state()
    assert judged(module.CHECK.slug, parts).outcome != "skipped"
    assert_same(before, state())


def test_all_of_them_together_leave_it_as_it_was():
    parts, state = rich_loop()
    group = parts["optimizers"].param_groups[0]
    before = state()
    diagnose_training(**parts)
    assert_same(before, state())
    assert parts["optimizers"].param_groups[0] is group


def test_training_goes_on_as_if_nothing_had_been_checked():
    results = []
    for checked in (False, True):
        parts, state = rich_loop()
        torch.manual_seed(1)
        random.seed(1)
        np.random.seed(1)
        if checked:
            diagnose_training(**parts)
        for batch in parts["train_batches"](1):
            parts["step"]((batch[0].clone(), batch[1]))
        results.append(state())
    assert_same(*results)


def change_everything_and_fail(parts):
    with preserved(*parts.values()):
        parts["step"](next(iter(parts["train_batches"](0))))
        parts["optimizers"].add_param_group({"params": [nn.Parameter(torch.zeros(2))]})
        parts["model"][1].running_mean = torch.ones(8)
        parts["model"][0].bias.requires_grad_(True)
        raise ZeroDivisionError


def test_an_error_leaves_it_as_it_was():
    parts, state = rich_loop()
    before = state()
    with pytest.raises(ZeroDivisionError):
        change_everything_and_fail(parts)
    assert_same(before, state())
    assert len(parts["optimizers"].param_groups) == 1


def test_what_a_network_keeps_of_itself_is_put_back():
    class Keeping(nn.Linear):
        def forward(self, x):
            self.calls.append(len(x))
            self.last = super().forward(x)
            self.mean.add_(1)
            return self.last

    model = Keeping(6, 3)
    model.calls, model.mean = [], torch.zeros(2)
    diagnose_training(**loop(model))
    assert (model.calls, model.mean.tolist(), hasattr(model, "last")) == ([], [0.0, 0.0], False)


def test_a_check_that_raises_is_skipped_with_the_reason():
    parts, state = rich_loop()
    before = state()
    parts["evaluate"] = lambda: {"accuracy": 1 / 0}
    found = judged("training-mode", parts)
    assert found.outcome == "skipped"
    assert "ZeroDivisionError" in found.explanation
    assert_same(before, state())


def test_the_first_use_of_a_public_name_draws_no_random_number():
    program = """
import random
import numpy
import mldiag
random.seed(1), numpy.random.seed(1)
before = random.getstate(), str(numpy.random.get_state())
mldiag.diagnose_training, mldiag.Experiment, mldiag.sweep
import rich.style
print(before == (random.getstate(), str(numpy.random.get_state())))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert told.stdout.strip() == "True", told.stderr
