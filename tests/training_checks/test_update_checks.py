"""MD152 to MD154, MD160: gradients, optimizers, parameters, and whether anything is learned."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.training_checks.loops import Through, judged, loop, network, numbers, outcome, rows


def stepping(model, optimizer, clear, *, every=1, clip=None, losses=1):
    """A step that calls `clear(count)` before backward and updates every so many batches."""
    count = 0

    def step(batch):
        nonlocal count
        count += 1
        clear(count)
        outputs = model(batch[0])
        for _ in range(losses):
            loss = F.cross_entropy(model(batch[0]), batch[1])
            (loss / every).backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        if count % every == 0:
            optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    return step


class TestMissingZeroGrad:
    @pytest.mark.parametrize("clip", [None, 0.1])
    @pytest.mark.parametrize("make", [lambda p: torch.optim.SGD(p, 0.01), torch.optim.Adam])
    def test_gradients_that_are_never_cleared_are_found(self, clip, make):
        model = network()
        optimizer = make(model.parameters())
        step = stepping(model, optimizer, lambda count: None, clip=clip)
        found = judged("missing-zero-grad", loop(model, optimizer=optimizer, step=step))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_gradients_cleared_once_an_epoch_are_found(self):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.01)
        step = stepping(model, optimizer, lambda count: count % 20 or optimizer.zero_grad())
        assert (
            outcome("missing-zero-grad", loop(model, optimizer=optimizer, step=step)) == "problem"
        )

    @pytest.mark.parametrize("clip", [None, 0.1])
    @pytest.mark.parametrize("losses", [1, 2])
    def test_cleared_gradients_pass(self, clip, losses):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.01)
        step = stepping(
            model, optimizer, lambda count: optimizer.zero_grad(), clip=clip, losses=losses
        )
        assert outcome("missing-zero-grad", loop(model, optimizer=optimizer, step=step)) == "passed"

    def test_accumulation_passes_and_is_found_when_never_cleared(self):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.01)
        clear = stepping(
            model, optimizer, lambda count: count % 4 == 1 and optimizer.zero_grad(), every=4
        )
        never = stepping(model, optimizer, lambda count: None, every=4)
        assert (
            outcome("missing-zero-grad", loop(model, optimizer=optimizer, step=clear)) == "passed"
        )
        assert (
            outcome("missing-zero-grad", loop(model, optimizer=optimizer, step=never)) == "problem"
        )

    def test_gradients_that_two_losses_leave_behind_pass_where_they_are_cleared(self):
        first, second = network(), network()
        of_first, of_second = (
            torch.optim.SGD(first.parameters(), 0.1),
            torch.optim.SGD(second.parameters(), 0.1),
        )

        def step(batch):
            of_second.zero_grad()
            F.cross_entropy(second(first[0](batch[0]) @ first[0].weight), batch[1]).backward()
            of_second.step()
            of_first.zero_grad()
            loss = F.cross_entropy(first(batch[0]) + second(batch[0]), batch[1])
            loss.backward()
            of_first.step()
            return {"loss": loss}

        parts = loop([first, second], optimizer=[of_first, of_second], step=step)
        assert outcome("missing-zero-grad", parts) == "passed"

    def test_an_optimizer_that_never_steps_is_inconclusive(self):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.01)
        step = stepping(model, optimizer, lambda count: None, every=1000)
        assert (
            outcome("missing-zero-grad", loop(model, optimizer=optimizer, step=step))
            == "inconclusive"
        )


class TestOptimizerParameters:
    def test_an_optimizer_of_a_copy_is_found(self):
        model = network()
        optimizer = torch.optim.SGD(copy.deepcopy(model).parameters(), 0.1)
        found = judged("optimizer-parameters", loop(model, optimizer=optimizer))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_a_learning_rate_of_0_is_found(self):
        model = network()
        assert (
            outcome(
                "optimizer-parameters",
                loop(model, optimizer=torch.optim.SGD(model.parameters(), 0.0)),
            )
            == "problem"
        )

    def test_a_warm_up_that_begins_at_0_is_advice(self):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: epoch / 5)
        parts = loop(model, optimizer=optimizer, end_epoch=lambda epoch: schedule.step())
        assert outcome("optimizer-parameters", parts) == "advice"
        assert schedule.last_epoch == 0

    def test_a_plain_optimizer_passes_and_is_found_by_itself(self):
        parts = loop()
        del parts["optimizers"]
        assert outcome("optimizer-parameters", parts) == "passed"

    def test_an_optimizer_of_a_network_not_given_is_inconclusive(self):
        model, other = network(), network()
        optimizers = [torch.optim.SGD(m.parameters(), 0.1) for m in (model, other)]
        parts = loop(model, optimizer=optimizers[0])
        assert (
            outcome("optimizer-parameters", {**parts, "optimizers": optimizers}) == "inconclusive"
        )


class TestParametersMove:
    def test_a_layer_left_out_is_found(self):
        model = network()
        found = judged(
            "parameters-move", loop(model, optimizer=torch.optim.SGD(model[2].parameters(), 0.1))
        )
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")
        assert found.evidence["parameters"] == ["0.weight", "0.bias"]

    def test_a_frozen_layer_is_meant(self):
        model = network()
        model[0].requires_grad_(False)
        assert (
            outcome(
                "parameters-move",
                loop(model, optimizer=torch.optim.SGD(model[2].parameters(), 0.1)),
            )
            == "passed"
        )

    def test_a_detached_layer_is_found(self):
        class Detached(nn.Module):
            def __init__(self):
                super().__init__()
                self.body, self.head = nn.Linear(6, 8), nn.Linear(8, 3)

            def forward(self, x):
                return self.head(self.body(x).detach())

        assert "No gradient" in judged("parameters-move", loop(Detached())).title

    def test_gradients_cleared_before_the_update_are_found(self):
        model = network()
        optimizer = torch.optim.Adam(model.parameters())

        def step(batch):
            loss = F.cross_entropy(model(batch[0]), batch[1])
            loss.backward()
            optimizer.zero_grad(set_to_none=False)
            optimizer.step()
            return {"loss": loss}

        assert outcome("parameters-move", loop(model, optimizer=optimizer, step=step)) == "problem"

    def test_a_backbone_under_no_grad_that_no_optimizer_holds_is_advice(self):
        class Frozen(nn.Module):
            def __init__(self):
                super().__init__()
                self.body, self.head = nn.Linear(6, 8), nn.Linear(8, 3)

            def forward(self, x):
                with torch.no_grad():
                    x = self.body(x)
                return self.head(x)

        model = Frozen()
        assert (
            outcome(
                "parameters-move",
                loop(model, optimizer=torch.optim.SGD(model.head.parameters(), 0.1)),
            )
            == "advice"
        )

    def test_a_second_network_that_only_follows_is_meant(self):
        model = network()
        parts = loop(
            [model, copy.deepcopy(model)],
            optimizer=torch.optim.SGD(model.parameters(), 0.1),
            step=loop(model)["step"],
        )
        assert outcome("parameters-move", parts) == "passed"

    def test_a_bias_before_batch_norm_passes(self):
        model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        assert (
            outcome(
                "parameters-move", loop(model, optimizer=torch.optim.SGD(model.parameters(), 1e-4))
            )
            == "passed"
        )

    def test_a_group_of_rate_0_is_no_problem(self):
        model = network()
        groups = [{"params": model[0].parameters(), "lr": 0.0}, {"params": model[2].parameters()}]
        assert (
            outcome("parameters-move", loop(model, optimizer=torch.optim.SGD(groups, 0.1)))
            != "problem"
        )

    def test_no_update_at_all_is_inconclusive(self):
        parts = loop(step=lambda batch: {"loss": 1.0})
        assert outcome("parameters-move", parts) == "inconclusive"


class TestOverfitBatch:
    def test_a_loss_of_the_wrong_sign_is_found(self):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)

        def step(batch):
            loss = F.cross_entropy(model(batch[0]), batch[1])
            optimizer.zero_grad()
            (-loss).backward()
            optimizer.step()
            return {"loss": loss, "targets": batch[1]}

        found = judged("overfit-batch", loop(model, optimizer=optimizer, step=step))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_a_loss_that_is_returned_with_the_wrong_sign_is_found(self):
        found = judged("overfit-batch", loop(loss_fn=lambda o, t: -F.cross_entropy(o, t)))
        assert "sign" in found.title

    def test_a_plain_loop_passes_with_dropout_and_a_low_rate(self):
        model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 3))
        parts = loop(model, optimizer=torch.optim.Adam(model.parameters(), 1e-4))
        assert outcome("overfit-batch", parts) == "passed"
        assert model[2].p == 0.5

    def test_numbers_pass(self):
        x, y = numbers()
        assert (
            outcome("overfit-batch", loop(network(1), (x, y[:, None]), loss_fn=F.mse_loss))
            == "passed"
        )

    def test_equal_rows_with_different_targets_are_inconclusive(self):
        x, y = rows()
        parts = loop(data=(x * 0 + torch.randn(1, 6), y))
        assert outcome("overfit-batch", parts) == "inconclusive"

    def test_a_step_that_needs_its_whole_batch_is_given_it(self):
        model = network()
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        x, y = rows(32)

        def step(batch):
            loss = F.cross_entropy(model(batch.view(32, 6)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss, "targets": y}

        assert (
            outcome("overfit-batch", loop(model, optimizer=optimizer, step=step, train_batches=[x]))
            == "passed"
        )

    def test_other_losses_are_not_judged(self):
        model = Through(lambda x, out: F.normalize(out))
        assert (
            outcome("overfit-batch", loop(model, loss_fn=lambda o, t: (o @ o.T).mean()))
            == "not_applicable"
        )
