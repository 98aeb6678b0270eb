"""MD460 and MD461: copies of real rows, and the course of the diversity."""

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from mldiag.recording.recorded import Recording
from mldiag.recording.watching.evaluations import Evaluations
from mldiag.steps.probe.mistakes import sample_diversity, samples_memorised


def rows(count, modes, seed, width=2):
    random = np.random.default_rng(seed)
    angle = random.integers(0, modes, count) * 2 * np.pi / 8
    points = np.stack([np.cos(angle), np.sin(angle)], 1) + 0.05 * random.normal(size=(count, 2))
    return torch.tensor(np.tile(points, (1, width // 2)), dtype=torch.float32)


def seen(*pairs):
    evaluations = Evaluations()
    for place, (made, real) in enumerate(pairs):
        evaluations.add(
            10 * place, "gan", score=None, train_score=None, inputs=None, outputs=None, targets=None,
            samples=made, real=real,
        )  # fmt: skip
    return Recording({"task": "gan"}, evaluations.arrays())


@pytest.mark.parametrize("seed", range(5))
def test_new_samples_of_the_same_kind_are_no_copies(seed):
    found = samples_memorised.judge(seen((rows(300, 8, seed), rows(300, 8, 100 + seed))))
    assert found.outcome == "passed"


def test_blurred_samples_are_no_copies():
    real = torch.randn(300, 64)
    found = samples_memorised.judge(seen((0.3 * torch.randn(300, 64), real)))
    assert found.outcome == "passed"


def test_copies_with_a_little_noise_are_a_problem():
    real = torch.randn(300, 64)
    found = samples_memorised.judge(seen((real + 0.01 * torch.randn(300, 64), real)))
    assert found.outcome == "problem"
    assert found.evidence["share"] > 0.9


def test_a_few_copies_are_advice():
    real, made = torch.randn(300, 64), torch.randn(300, 64)
    made[:60] = real[:60]
    found = samples_memorised.judge(seen((made, real)))
    assert found.outcome == "advice"
    assert found.evidence["copies"] == 60


def test_real_rows_that_repeat_each_other_are_no_fault_of_the_generator():
    half = torch.randn(150, 8)
    real = torch.cat([half, half + 1e-4])
    found = samples_memorised.judge(seen((torch.randn(300, 8), real)))
    assert found.outcome == "passed"


def test_few_samples_are_inconclusive():
    assert samples_memorised.judge(seen((rows(20, 8, 0), rows(20, 8, 1)))).outcome == "inconclusive"
    assert samples_memorised.judge(Recording({}, {})) is None


def test_modes_that_were_lost_on_the_way_are_told_and_no_alarm():
    found = sample_diversity.judge(
        seen(*[(rows(300, k, k), rows(300, 8, 9)) for k in (8, 8, 5, 3)])
    )
    assert found.outcome == "passed"
    assert found.evidence["coverage_best"] > 0.9
    assert found.evidence["coverage"] < 0.55
    assert "at step 0 it was" in found.title or "at step 10 it was" in found.title


def test_diversity_that_stays_is_told_so():
    found = sample_diversity.judge(seen(*[(rows(300, 8, k), rows(300, 8, 9)) for k in range(4)]))
    assert "it has stayed there" in found.title
    assert sample_diversity.judge(Recording({}, {})) is None
