"""Bad use of a watch is told clearly and never ends a training."""

import threading
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import mldiag
from mldiag.errors import MldiagError
from mldiag.recording.watching.watch import Watch
from tests.recording.watching.trainings import mlp, rows


def start(**options):
    torch.manual_seed(0)
    net = mlp()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    return net, optimizer, Watch(net, optimizer, **options)


def step(net, optimizer, watch, **told):
    inputs, targets = rows()
    optimizer.zero_grad()
    outputs = net(inputs)
    loss = nn.functional.cross_entropy(outputs, targets)
    loss.backward()
    optimizer.step()
    watch.step(**({"loss": loss, "outputs": outputs, "targets": targets} | told))


def several(times, call, *told, **named):
    for _ in range(times):
        call(*told, **named)


def hooks(net, *optimizers):
    """Everything that is hooked to a network and its optimizers."""
    found = [
        hook
        for module in net.modules()
        for hooked in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        for hook in hooked.values()
    ]
    for optimizer in optimizers:
        found += [*optimizer._optimizer_step_pre_hooks.values()]
        found += [*optimizer._optimizer_step_post_hooks.values()]
    return found


# ---- what is refused --------------------------------------------------------------------------------


def test_a_loop_that_tells_of_no_step_is_told_how_after_it():
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with mldiag.watch(net, optimizer) as watch:
        net(torch.ones(4, 2)).sum().backward()
        optimizer.step()
    report = watch.diagnose()
    assert (report.headline, report.outcome) == ("NOTHING SEEN", "inconclusive")
    assert "watch.step(" in report.findings[0].explanation
    assert any("diagnose_training" in notice for notice in report.notices)


@pytest.mark.parametrize("model", [nn.ReLU(), nn.Sequential()])
def test_a_model_without_parameters(model):
    with pytest.raises(MldiagError, match="has no parameters"):
        Watch(model)


@pytest.mark.parametrize(
    ("networks", "optimizers", "message"),
    [
        ([], None, "no network was given"),
        (None, None, "a network is a NoneType"),
        ("net", None, "a network is a str"),
        (mlp(), 0.1, "an optimizer is a float"),
        (mlp(), [None], "an optimizer is a NoneType"),
    ],
)
def test_things_of_a_wrong_kind(networks, optimizers, message):
    with pytest.raises(MldiagError, match=message):
        Watch(networks, optimizers)


def test_misspelt_task_and_cadence():
    with pytest.raises(MldiagError, match="nearest: classification"):
        Watch(mlp(), task="clasification")
    for every in (0, -1, 2.5, True, "10"):
        with pytest.raises(MldiagError, match="every is"):
            Watch(mlp(), every=every)


def test_two_watches_on_one_model():
    net, optimizer, watch = start()
    with watch:
        with pytest.raises(MldiagError, match="watched already"):
            Watch(net, optimizer).start()
        step(net, optimizer, watch)
    with Watch(net, optimizer) as second:  # after the first one's end
        step(net, optimizer, second)
    assert watch.recording().steps == second.recording().steps == 1
    assert not hooks(net, optimizer)


def test_two_watches_on_nested_models():
    net, optimizer, watch = start()
    outer = nn.Sequential(net, nn.Linear(3, 3))
    with watch, pytest.raises(MldiagError, match="watched already"):
        Watch(outer).start()
    with Watch(outer), pytest.raises(MldiagError, match="watched already"):
        Watch(net[0]).start()
    assert not hooks(outer, optimizer)


def test_entered_twice_is_entered_once():
    net, optimizer, watch = start()
    with watch, watch:
        step(net, optimizer, watch)
    assert watch.recording().steps == 1
    assert not hooks(net, optimizer)


# ---- the training goes on -------------------------------------------------------------------------------


def test_an_exception_in_the_loop_leaves_hooks_nowhere_and_the_record_whole():
    net, optimizer, watch = start()
    with pytest.raises(ZeroDivisionError), watch:  # noqa: PT012 - the block is what is tested
        for number in (2, 1, 0):
            _ = 1 / number
            step(net, optimizer, watch)
    assert not hooks(net, optimizer)
    recording = watch.recording()
    assert recording.steps == 2
    assert recording.facts["error"] == "ZeroDivisionError: division by zero"


def test_an_exception_in_the_forward_pass_leaves_no_hook_on_layers():
    net, optimizer, watch = start()
    with watch:
        with pytest.raises(RuntimeError):
            net(torch.zeros(2, 5))
        assert not [hook for layer in net for hook in hooks(layer)]
        step(net, optimizer, watch)
    assert watch.recording().steps == 1


def test_step_after_the_end_is_told_once():
    net, optimizer, watch = start()
    with watch:
        step(net, optimizer, watch)
    with pytest.warns(RuntimeWarning, match="outside of the watch"):
        step(net, optimizer, watch)
    step(net, optimizer, watch)
    assert watch.recording().steps == 1


@pytest.mark.parametrize(
    "loss",
    [3, 2.5, True, np.float32(1.5), torch.tensor(3), torch.tensor([1.0, 2.0]), torch.tensor([[4.0]]),
     torch.tensor(2.0, dtype=torch.bfloat16), torch.tensor(1 + 2j), None],
)  # fmt: skip
def test_losses_that_are_numbers(loss):
    net, optimizer, watch = start()
    with watch:
        for _ in range(3):
            step(net, optimizer, watch, loss=loss)
    series = watch.recording().series("loss/mean")
    assert series.size == (0 if loss is None else 3)
    assert np.isfinite(series).all()


@pytest.mark.parametrize("loss", ["0.5 or so", object(), [1.0, 2.0], torch.empty(0), {}])
def test_losses_that_are_none_warn_once(loss):
    net, optimizer, watch = start()
    with watch:
        with pytest.warns(RuntimeWarning) as seen:
            several(4, step, net, optimizer, watch, loss=loss)
        assert len(seen) == 1
    recording = watch.recording()
    assert recording.steps == 4
    assert not recording.has("loss/mean")
    assert recording.has("update/norm")


class Odd:
    """An output that is nothing the watch knows."""

    def __len__(self):
        raise RuntimeError("not to be counted")


@pytest.mark.parametrize(
    ("outputs", "targets"),
    [
        ("text", "text"),
        (Odd(), Odd()),
        ([1, 2], [3]),
        ({}, {}),
        (torch.empty(0, 3), torch.empty(0, dtype=torch.long)),
        (torch.zeros(4, 3), torch.zeros(7, dtype=torch.long)),
        (torch.zeros(()), torch.zeros(())),
        (torch.zeros(4, 3, dtype=torch.complex64), torch.zeros(4, dtype=torch.long)),
        (torch.zeros(4, 3).to_sparse(), torch.zeros(4, dtype=torch.long)),
        (np.zeros((4, 3)), np.zeros(4)),
        (torch.zeros(4, 3, device="meta"), torch.zeros(4, dtype=torch.long)),
        (torch.zeros(4, 3), torch.full((4,), 99)),
        (torch.full((4, 3), torch.nan), torch.zeros(4, dtype=torch.long)),
        (None, torch.zeros(4)),
    ],
)
def test_odd_outputs_and_targets(outputs, targets):
    for task in (None, "classification", "regression", "vae", "language_model", "self_supervised"):
        net, optimizer, watch = start(task=task)
        with watch, warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            for _ in range(3):
                step(net, optimizer, watch, outputs=outputs, targets=targets)
                watch.evaluate(score=0.5, outputs=outputs, targets=targets, inputs=outputs,
                               samples=outputs, real=targets)  # fmt: skip
        assert len(seen) <= 4
        assert all("mldiag.watch" in str(one.message) for one in seen)
        recording = watch.recording()
        assert recording.steps == 3
        assert (recording.series("update/norm") > 0).all()


def test_evaluations_of_odd_kinds_are_told_once_and_good_ones_kept():
    net, optimizer, watch = start()
    with watch:
        step(net, optimizer, watch)
        with pytest.warns(RuntimeWarning) as seen:
            several(3, watch.evaluate, score="good")
        assert len(seen) == 1
        watch.evaluate(score=0.75)
        watch.evaluate(score=torch.tensor(0.8))
    assert watch.recording().series("eval/score")[-2:].tolist() == pytest.approx([0.75, 0.8])


def test_where_warnings_are_errors_the_training_goes_on():
    net, optimizer, watch = start()
    with watch, warnings.catch_warnings():
        warnings.simplefilter("error")
        step(net, optimizer, watch, loss="nothing")
    recording = watch.recording()
    assert recording.steps == 1
    assert "is no number" in str(recording.facts["notices"])


def test_a_look_that_breaks_does_not_end_the_training(monkeypatch):
    from mldiag.recording.watching import layer_looks

    def broken(*told):
        raise RuntimeError("cannot look")

    monkeypatch.setattr(layer_looks, "unit_matrix", broken)
    net, optimizer, watch = start(every=1)
    with watch, pytest.warns(RuntimeWarning) as seen:
        several(4, step, net, optimizer, watch)
    assert len(seen) == 1
    assert watch.recording().has("update/norm")


def test_threads():
    """Two trainings at once, each with a watch of its own."""
    found = {}

    def train(name):
        net = mlp()
        optimizer = torch.optim.Adam(net.parameters())
        with Watch(net, optimizer, every=1) as watch:
            for _ in range(10):
                step(net, optimizer, watch)
        found[name] = watch.recording(), hooks(net, optimizer)

    threads = [threading.Thread(target=train, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1, 2]
    for recording, left in found.values():
        assert recording.steps == 10
        assert recording.facts["notices"] == []
        assert np.isfinite(recording.series("output/sd")).all()
        assert not left
