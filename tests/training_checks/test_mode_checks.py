"""MD155 to MD157: batch norm's statistics, eval mode in evaluate, training mode after it."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.training_checks.loops import Through, judged, loop, network, outcome, rows


def normed(momentum=0.1, dropout=0.2):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(6, 8),
        nn.BatchNorm1d(8, momentum=momentum),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(8, 3),
    )


def with_evaluate(model, *, before=True, after=True, train_in_step=True, **parts):
    xv, yv = rows(64, seed=1)
    optimizer = torch.optim.Adam(model.parameters())

    def evaluate():
        if before:
            model.eval()
        with torch.no_grad():
            score = float((model(xv).argmax(1) == yv).float().mean())
        if after:
            model.train()
        return {"accuracy": score}

    def step(batch):
        if train_in_step:
            model.train()
        outputs = model(batch[0])
        loss = F.cross_entropy(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    return loop(model, optimizer=optimizer, step=step, evaluate=evaluate, **parts)


class TestBatchNormStatistics:
    def test_a_momentum_of_0_is_found(self):
        found = judged("batch-norm-statistics", loop(normed(momentum=0.0)))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_training_in_eval_mode_is_found(self):
        model = normed().eval()
        assert (
            "eval mode"
            in judged("batch-norm-statistics", with_evaluate(model, train_in_step=False)).title
        )

    @pytest.mark.parametrize("momentum", [0.1, None])
    def test_statistics_that_follow_pass(self, momentum):
        assert outcome("batch-norm-statistics", loop(normed(momentum))) == "passed"

    def test_loaded_or_frozen_statistics_pass(self):
        loaded = normed().eval()
        loaded[1].running_mean.fill_(0.3)
        assert (
            outcome("batch-norm-statistics", with_evaluate(loaded, train_in_step=False)) == "passed"
        )
        frozen = normed().eval()
        frozen[1].requires_grad_(False)
        assert (
            outcome("batch-norm-statistics", with_evaluate(frozen, train_in_step=False))
            == "not_applicable"
        )

    def test_networks_without_it_are_not_judged(self):
        assert outcome("batch-norm-statistics", loop()) == "not_applicable"


class TestEvaluationMode:
    def test_training_mode_in_evaluate_is_found(self):
        found = judged("evaluation-mode", with_evaluate(normed(), before=False))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_eval_mode_passes(self):
        assert outcome("evaluation-mode", with_evaluate(normed())) == "passed"

    def test_dropout_that_ignores_the_mode_is_inconclusive(self):
        model = Through(lambda x, out: F.dropout(out, 0.5, training=True))
        assert outcome("evaluation-mode", with_evaluate(model)) == "inconclusive"

    def test_networks_without_modes_are_not_judged(self):
        assert (
            outcome("evaluation-mode", with_evaluate(network(), before=False)) == "not_applicable"
        )

    def test_without_evaluate_it_says_what_to_give(self):
        assert "evaluate=" in judged("evaluation-mode", loop(normed())).title

    def test_a_dropout_that_is_a_function_is_seen_by_its_effect(self):
        assert outcome("evaluation-mode", with_evaluate(Functional(), before=False)) == "problem"
        assert outcome("evaluation-mode", with_evaluate(Functional())) == "not_applicable"


class Functional(nn.Module):
    """Dropout without a layer of its own."""

    def __init__(self):
        super().__init__()
        self.inner = network()

    def forward(self, x):
        return self.inner(F.dropout(x, 0.5, training=self.training))


class TestTrainingMode:
    def test_a_network_with_a_dropout_that_is_a_function_is_seen_too(self):
        lost = with_evaluate(Functional(), after=False, train_in_step=False)
        assert outcome("training-mode", lost) == "problem"
        assert (
            outcome("training-mode", with_evaluate(Functional(), train_in_step=False))
            == "not_applicable"
        )
        plain = with_evaluate(network(), after=False, train_in_step=False)
        assert outcome("training-mode", plain) == "not_applicable"

    def test_eval_mode_left_on_is_found(self):
        found = judged("training-mode", with_evaluate(normed(), after=False, train_in_step=False))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    @pytest.mark.parametrize(("after", "train_in_step"), [(True, False), (False, True)])
    def test_training_mode_again_passes(self, after, train_in_step):
        assert (
            outcome(
                "training-mode", with_evaluate(normed(), after=after, train_in_step=train_in_step)
            )
            == "passed"
        )

    def test_a_mode_set_where_the_epoch_begins_passes(self):
        model = normed()
        x, y = rows()

        def batches(epoch):
            model.train()
            yield from zip(x.split(16), y.split(16), strict=True)

        parts = with_evaluate(model, after=False, train_in_step=False)
        assert outcome("training-mode", {**parts, "train_batches": batches}) == "passed"

    def test_a_backbone_that_stays_in_eval_mode_passes(self):
        backbone = normed().eval().requires_grad_(False)
        model = nn.Sequential(backbone, nn.Linear(3, 3))
        assert (
            outcome("training-mode", with_evaluate(model, train_in_step=False, after=False))
            != "problem"
        )
