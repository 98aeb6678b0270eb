"""What a watch keeps of evaluations: bounded, aligned, and only while the rows are the same."""

import numpy as np
import pytest

pytest.importorskip("torch")
import torch

from mldiag.recording.watching.evaluations import EPOCHS, Evaluations


def told(evaluations, step, task="classification", **given):
    names = ("score", "train_score", "inputs", "outputs", "targets", "samples", "real")
    evaluations.add(step, task, **{name: given.get(name) for name in names})
    return evaluations.arrays()


def test_rows_in_the_order_of_their_classes_keep_every_class():
    targets = torch.arange(10).repeat_interleave(1000)
    arrays = told(Evaluations(), 1, outputs=torch.randn(10_000, 10), targets=targets)
    assert np.bincount(arrays["eval/targets"]).tolist() == [200] * 10


def test_inputs_stay_beside_their_rows_where_targets_are_left_out():
    targets = torch.tensor([0, -100, 1, 1])
    inputs = torch.arange(4.0)[:, None]
    arrays = told(
        Evaluations(), 1, inputs=inputs, outputs=torch.eye(2)[[0, 0, 1, 1]], targets=targets
    )
    assert arrays["eval/targets"].tolist() == [0, 1, 1]
    assert arrays["eval/inputs"][:, 0].tolist() == [0, 2, 3]


def test_of_large_pictures_the_worst_are_kept():
    targets = torch.zeros(80, dtype=torch.long)
    outputs = torch.stack([torch.arange(80.0), torch.zeros(80)], 1)
    inputs = torch.zeros(80, 3, 256, 256)
    arrays = told(Evaluations(), 1, inputs=inputs, outputs=outputs, targets=targets)
    assert arrays["eval/inputs"].nbytes <= 12 * 2**20
    assert arrays["eval/input_rows"].tolist() == list(range(len(arrays["eval/inputs"])))


def test_right_and_wrong_over_the_same_rows():
    evaluations, targets = Evaluations(), torch.tensor([0, 1, 1])
    told(evaluations, 5, outputs=torch.eye(2)[[0, 0, 1]], targets=targets)
    arrays = told(evaluations, 9, outputs=torch.eye(2)[[0, 1, 1]], targets=targets)
    assert arrays["eval/right"].tolist() == [[True, False, True], [True, True, True]]
    assert arrays["eval/look_step"].tolist() == [5, 9]
    assert arrays["eval/losses"].shape == (2, 3)


def test_other_rows_each_time_have_no_history():
    evaluations = Evaluations()
    for step, targets in enumerate(([0, 1, 1], [1, 0, 1])):
        arrays = told(evaluations, step, outputs=torch.randn(3, 2), targets=torch.tensor(targets))
    assert "eval/right" not in arrays
    assert arrays["eval/step"].tolist() == [0, 1]


def test_memory_is_bounded_over_many_evaluations():
    evaluations, targets = Evaluations(), torch.zeros(50, dtype=torch.long)
    nothing = dict.fromkeys(("train_score", "inputs", "samples", "real"))
    outputs = torch.randn(50, 2)
    for step in range(3 * EPOCHS):
        evaluations.add(
            step, "classification", score=0.5, outputs=outputs, targets=targets, **nothing
        )
    arrays = evaluations.arrays()
    assert len(arrays["eval/right"]) <= EPOCHS
    assert len(arrays["eval/score"]) <= EPOCHS
    assert arrays["eval/look_step"][-1] >= 3 * EPOCHS - 2


def test_a_later_evaluation_without_inputs_forgets_the_earlier_ones():
    evaluations = Evaluations()
    targets = torch.tensor([0, 1])
    told(evaluations, 1, inputs=torch.zeros(2, 3), outputs=torch.eye(2), targets=targets)
    arrays = told(evaluations, 2, outputs=torch.eye(2), targets=targets)
    assert "eval/inputs" not in arrays


def test_reconstructions_go_from_the_worst_to_the_best():
    given = torch.rand(100, 1, 8, 8)
    noise = torch.linspace(0, 1, 100).reshape(-1, 1, 1, 1)
    arrays = told(Evaluations(), 1, "autoencoder", outputs=given + noise, targets=given)
    errors = ((arrays["eval/outputs"] - arrays["eval/originals"]) ** 2).mean((1, 2, 3))
    assert (np.diff(errors) < 0).all()
    assert arrays["eval/errors"].shape == (100,)
