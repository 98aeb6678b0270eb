"""MD149 to MD151, MD158: what the loss is given, whether it reaches the parameters, where it starts."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.training_checks.loops import Through, judged, loop, network, numbers, outcome, rows


class TestBroadcastLoss:
    @pytest.mark.parametrize(
        "loss_fn",
        [
            F.mse_loss,
            nn.L1Loss(),
            lambda o, t: ((o - t) ** 2).mean(),
            lambda o, t: (t - o).abs().sum(),
        ],
    )
    def test_a_column_against_a_line_is_found(self, loss_fn):
        found = judged("broadcast-loss", loop(network(1), numbers(), loss_fn=loss_fn))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")
        assert found.evidence["outputs"] == (16, 1)

    def test_it_is_found_without_loss_fn(self):
        parts = loop(network(1), numbers(), loss_fn=lambda o, t: ((o - t) ** 2).mean())
        del parts["loss_fn"]
        assert outcome("broadcast-loss", parts) == "problem"

    @pytest.mark.parametrize("loss_fn", [F.mse_loss, lambda o, t: ((o - t) ** 2).mean()])
    def test_equal_shapes_pass(self, loss_fn):
        x, y = numbers()
        assert outcome("broadcast-loss", loop(network(1), (x, y[:, None]), loss_fn=loss_fn)) in (
            "passed",
            "not_applicable",
        )

    def test_distances_of_rows_with_rows_are_meant(self):
        def loss_fn(outputs, targets):
            apart = (outputs[:, None] - outputs[None]).abs().sum(-1)
            own = (outputs[:, :1] - outputs[:, 0]).abs().mean()
            return F.cross_entropy(outputs, targets) + 0.01 * apart.mean() + 0.01 * own

        assert outcome("broadcast-loss", loop(loss_fn=loss_fn)) == "passed"

    def test_a_loss_of_its_own_is_no_answer(self):
        parts = loop(loss_fn=lambda o, t: -o.log_softmax(1)[range(len(t)), t].mean())
        assert outcome("broadcast-loss", parts) == "not_applicable"


class TestSoftmaxTwice:
    @pytest.mark.parametrize(
        ("change", "loss_fn"),
        [
            (lambda x, out: out.softmax(1), F.cross_entropy),
            (lambda x, out: out.exp() / out.exp().sum(1, keepdim=True), nn.CrossEntropyLoss()),
            (lambda x, out: out.softmax(1), F.nll_loss),
            (lambda x, out: out, F.nll_loss),
            (lambda x, out: out.softmax(1).log_softmax(1), F.nll_loss),
            (lambda x, out: out.softmax(1).log_softmax(1), F.cross_entropy),
        ],
    )
    def test_probabilities_where_others_are_expected_are_found(self, change, loss_fn):
        found = judged("softmax-twice", loop(Through(change), loss_fn=loss_fn))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_a_sigmoid_twice_is_found(self):
        x, y = rows(classes=2)
        model = Through(lambda x, out: out.sigmoid()[:, 0], network(1))
        assert (
            outcome(
                "softmax-twice",
                loop(model, (x, y.float()), loss_fn=F.binary_cross_entropy_with_logits),
            )
            == "problem"
        )

    @pytest.mark.parametrize(
        ("change", "loss_fn"),
        [
            (lambda x, out: out, F.cross_entropy),
            (lambda x, out: out.log_softmax(1), F.nll_loss),
            (lambda x, out: out.softmax(1).log(), F.nll_loss),
        ],
    )
    def test_what_is_expected_passes(self, change, loss_fn):
        assert outcome("softmax-twice", loop(Through(change), loss_fn=loss_fn)) == "passed"

    def test_log_probabilities_twice_are_harmless(self):
        assert (
            outcome("softmax-twice", loop(Through(lambda x, out: out.log_softmax(1)))) == "advice"
        )

    def test_a_loss_of_its_own_is_inconclusive(self):
        parts = loop(loss_fn=lambda o, t: -o.log_softmax(1)[range(len(t)), t].mean())
        assert outcome("softmax-twice", parts) == "inconclusive"


class TestLossDetached:
    def test_an_error_of_backward_is_told_as_what_it_is(self):
        model = Through(lambda x, out: out.detach())
        found = judged("loss-detached", loop(model))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_a_loss_made_anew_is_found(self):
        parts = loop(
            loss_fn=lambda o, t: torch.tensor(F.cross_entropy(o, t).item(), requires_grad=True)
        )
        assert outcome("loss-detached", parts) == "problem"

    def test_a_loss_that_is_returned_detached_passes(self):
        assert outcome("loss-detached", loop()) == "passed"

    def test_a_network_without_trainable_parameters_is_not_judged(self):
        model = network().requires_grad_(False)
        parts = loop(
            model,
            step=lambda batch: {"loss": 1.0},
            optimizer=torch.optim.SGD(model.parameters(), 0.1),
        )
        assert outcome("loss-detached", parts) == "not_applicable"


class TestInitialLoss:
    def test_outputs_that_are_far_too_large_are_found(self):
        model = network()
        nn.init.normal_(model[2].weight, std=20.0)
        assert outcome("initial-loss", loop(model)) == "problem"

    def test_outputs_that_are_somewhat_too_large_are_advice(self):
        model = network()
        nn.init.normal_(model[2].weight, std=1.2)
        assert outcome("initial-loss", loop(model)) == "advice"

    @pytest.mark.parametrize("reduction", ["mean", "sum"])
    def test_a_usual_start_passes(self, reduction):
        found = judged(
            "initial-loss",
            loop(loss_fn=lambda o, t: F.cross_entropy(o, t, reduction=reduction), size=32),
        )
        assert found.outcome == "passed"
        assert found.evidence["expected"] == pytest.approx(1.0986, abs=1e-3)

    def test_small_targets_are_no_fault_of_the_network(self):
        x, y = numbers()
        parts = loop(network(1), (x, 0.01 * y[:, None]), loss_fn=F.mse_loss)
        assert outcome("initial-loss", parts) == "advice"

    def test_inputs_that_are_not_scaled_are_found_for_numbers(self):
        x, y = numbers()
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
        assert (
            outcome("initial-loss", loop(model, (x * 1e4, y[:, None]), loss_fn=F.mse_loss))
            == "problem"
        )

    def test_a_trained_model_is_inconclusive(self):
        parts = loop()
        for epoch in range(8):
            for batch in parts["train_batches"](epoch):
                parts["step"](batch)
        assert outcome("initial-loss", parts) == "inconclusive"

    def test_few_targets_are_inconclusive(self):
        assert outcome("initial-loss", loop(size=4)) == "inconclusive"

    def test_other_losses_are_not_judged(self):
        assert outcome("initial-loss", loop(loss_fn=lambda o, t: (o**2).mean())) == "not_applicable"
