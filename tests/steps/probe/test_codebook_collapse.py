import numpy as np
import pytest

from mldiag.steps.probe.checks.codebook_collapse import judge
from tests.steps.probe.recordings import sampled, signals

COUNT = len(sampled(400))
ASKED = {"task": "vector_quantized", "codebook": 64}


def codes(used, size=64):
    """Counts of each code in the sampled batches; the used ones alike."""
    counts = np.where(np.arange(size) < used, 10.0, 0.0)
    return {"codes/counts": np.broadcast_to(counts, (COUNT, size))}


def test_a_codebook_of_which_few_entries_are_used_is_a_problem():
    found = judge(signals(arrays=codes(2), facts=ASKED))
    assert (found.outcome, found.action.kind) == ("problem", "stabilize_training")
    assert "2 of 64 codes" in found.title
    assert found.evidence["perplexity"] == pytest.approx(2.0)


def test_entries_beyond_the_last_one_seen_count():
    found = judge(signals(arrays=codes(3, size=3), facts=ASKED))
    assert (found.outcome, found.evidence["codebook"]) == ("problem", 64)


def test_a_codebook_that_is_used_passes():
    assert judge(signals(arrays=codes(40), facts=ASKED)).outcome == "passed"


def test_too_little():
    assert judge(signals(steps=10, facts=ASKED)).outcome == "inconclusive"
    assert judge(signals(facts=ASKED)).outcome == "not_applicable"
    nothing = {"codes/counts": np.zeros((COUNT, 0))}
    assert judge(signals(arrays=nothing, facts=ASKED)).outcome == "not_applicable"
