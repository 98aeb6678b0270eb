import numpy as np
import pytest

from mldiag.steps.probe.checks.attention_collapse import judge
from tests.steps.probe.recordings import LAYERS, layer, sampled, signals

COUNT = len(sampled(400))
HEADS = {"layers": [*(layer(*names) for names in LAYERS), layer("block", "attention")]}


def attending(narrow, entropy, first=None):
    """Share of heads and queries that attend one place; only the last layer is an attention."""
    arrays = {}
    for name, value in (("narrow", narrow), ("entropy", entropy)):
        series = np.full((COUNT, len(LAYERS) + 1), np.nan)
        series[:, -1] = value
        arrays[f"attention/{name}"] = series
    if first is not None:
        arrays["attention/narrow"][0, -1] = first
    return arrays


def test_heads_that_attend_one_place_from_the_start_are_a_problem():
    found = judge(signals(arrays=attending(0.95, 0.02), facts=HEADS))
    assert (found.outcome, found.evidence["layers"]) == ("problem", ["block"])
    assert "95%" in found.title


def test_heads_that_became_sharp_by_learning_pass_and_those_that_learned_nothing_do_not():
    sharpened = attending(0.95, 0.02, first=0.0)
    assert judge(signals(arrays=sharpened, facts=HEADS)).outcome == "passed"
    assert judge(signals(arrays=sharpened, facts=HEADS, learned=0.1)).outcome == "problem"


def test_attention_that_is_spread_passes():
    assert judge(signals(arrays=attending(0.05, 0.7), facts=HEADS)).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals()).outcome == "not_applicable"
    assert judge(signals(arrays=attending(np.nan, np.nan), facts=HEADS)).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize(("factor", "outcome"), [(60.0, "problem"), (1.0, "passed")])
def test_a_real_attention_whose_scores_are_too_large(factor, outcome):
    torch = pytest.importorskip("torch")
    from mldiag.steps.probe.signals import Signals
    from tests.steps.probe.trainings import blobs, sgd, trained

    class Reader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
            self.head = torch.nn.Linear(8, 3)

        def forward(self, x):
            words = x[:, :, None] * torch.eye(8)
            return self.head(self.attention(words, words, words, need_weights=False)[0].mean(1))

    torch.manual_seed(0)
    net = Reader()
    with torch.no_grad():
        net.attention.in_proj_weight[:16].mul_(factor)
    recorded = trained(net, sgd(net, 1e-3), blobs(), epochs=3)
    assert judge(Signals(recorded)).outcome == outcome
