import pytest
import torch

import mldiag
from mldiag.recording.watching import measures


class Faulty:
    def __init__(self, name, measure):
        self.NAME, self.measure = name, measure


def recorded(monkeypatch, *modules):
    monkeypatch.setattr(measures, "MEASURES", (*measures.MEASURES, *modules))
    net = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with mldiag.watch(net, optimizer) as watch:
        for _ in range(12):
            loss = net(torch.ones(4, 3)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss=loss)
        return watch.recording()


def test_a_measure_of_ones_own_is_a_series(monkeypatch):
    zeros = Faulty("weight/zero", lambda step: float(step.watched.parameters[0].tensor.eq(0).sum()))
    several = Faulty("norms", lambda step: [1.0, 2.0])
    recording = recorded(monkeypatch, zeros, several)
    looks = len(recording.series("sample/step"))
    assert recording.series("weight/zero").shape == (looks,)
    assert recording.series("norms").shape == (looks, 2)
    assert recording.series("lr").shape == (looks, 1)
    assert recording.series("loss/softmax_twice").tolist() == [0.0] * looks


@pytest.mark.parametrize(
    "measure",
    [
        lambda step: 1 / 0,
        lambda step: {"a": 1},
        lambda step: "many",
        lambda step: [1.0] if step.number % 2 else 1.0,
        lambda step: [[1.0]],
    ],
)
def test_a_measure_that_goes_wrong_costs_itself_alone(monkeypatch, measure):
    with pytest.warns(RuntimeWarning, match="the measure faulty"):
        recording = recorded(monkeypatch, Faulty("faulty", measure))
    assert len(recording.series("lr")) == len(recording.series("sample/step"))


def test_names_are_those_of_no_other_series(monkeypatch):
    names = [module.NAME for module in measures.MEASURES]
    monkeypatch.setattr(measures, "MEASURES", ())
    own = set(recorded(monkeypatch).arrays)
    assert len(set(names)) == len(names)
    assert not own & set(names)
