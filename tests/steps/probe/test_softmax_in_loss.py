import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import mldiag
from mldiag.recording.softmax_path import squashed_twice
from mldiag.steps.probe.checks.softmax_in_loss import judge
from tests.steps.probe.recordings import signals


def graph(values):
    return signals(arrays={"loss/softmax_twice": np.array(values, float)})


def test_a_loss_that_takes_it_twice_in_most_steps_is_a_problem():
    found = judge(graph([1] * 20))
    assert (found.outcome, found.action.kind) == ("problem", "fix_bug")


def test_one_that_never_does_passes():
    assert judge(graph([0] * 20)).outcome == "passed"


def test_one_whose_graph_was_not_seen_is_not_judged():
    assert judge(graph([np.nan] * 3)).outcome == "not_applicable"
    assert judge(signals()).outcome == "not_applicable"


LOGITS = torch.randn(12, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
CLASSES = torch.arange(12) % 3
BINARY = (CLASSES > 0).float()


@pytest.mark.parametrize(
    "loss",
    [
        F.cross_entropy(LOGITS.softmax(1), CLASSES),
        F.nll_loss(F.log_softmax(F.softmax(LOGITS, 1), 1), CLASSES),
        F.nll_loss(LOGITS.softmax(1).view(-1, 3).log_softmax(1), CLASSES) + 0.1 * LOGITS.norm(),
        F.binary_cross_entropy_with_logits(LOGITS[:, 0].sigmoid(), BINARY),
    ],
)
def test_twice_is_seen_in_the_graph(loss):
    assert squashed_twice(loss) in ("Softmax", "Sigmoid")


@pytest.mark.parametrize(
    "loss",
    [
        F.cross_entropy(LOGITS, CLASSES),
        F.nll_loss(LOGITS.softmax(1).log(), CLASSES),
        F.nll_loss(F.log_softmax(LOGITS * 2, 1), CLASSES),
        F.cross_entropy((LOGITS.softmax(1) @ torch.ones(3, 3)) * LOGITS, CLASSES),  # attention, say
        F.binary_cross_entropy(LOGITS[:, 0].sigmoid(), BINARY),
        torch.tensor(1.0),
    ],
)
def test_once_is_fine(loss):
    assert squashed_twice(loss) == ""


def test_a_watched_loop_is_told_of_it():
    x = torch.randn(256, 6, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 2), nn.Softmax(1), nn.LogSoftmax(1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with mldiag.watch(net, optimizer) as watch:
        for rows in torch.arange(256).split(8):
            outputs = net(x[rows])
            loss = F.nll_loss(outputs, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss=loss, outputs=outputs, targets=y[rows])
    report = watch.diagnose()
    assert (report.headline, report.findings[0].code) == ("SOFTMAX TWICE", "MD427")
