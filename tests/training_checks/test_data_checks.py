"""MD141 to MD145: what the batches hold. Each with a sick loop, its healthy twin and too little to tell."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.training_checks.loops import Through, judged, loop, network, numbers, outcome, rows


class TestNotFinite:
    def test_a_missing_value_far_into_the_epoch_is_found(self):
        x, y = rows()
        x[300, 2] = float("nan")
        found = judged(
            "not-finite",
            loop(data=(x, y), train_batches=[*zip(x.split(10), y.split(10), strict=True)]),
        )
        assert (found.outcome, found.action.kind) == ("problem", "clean_data")
        assert "batch" in found.title

    def test_finite_rows_pass(self):
        assert outcome("not-finite", loop()) == "passed"

    def test_a_loss_that_explodes_is_found_behind_the_data(self):
        model = network()
        found = judged(
            "not-finite", loop(model, loss_fn=lambda o, t: F.cross_entropy(o, t) / (o.sum() * 0))
        )
        assert found.outcome == "problem"
        assert "batch" not in found.title

    def test_a_mask_of_minus_infinity_that_the_loss_does_not_see_passes(self):
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        x, y = rows()
        mask = torch.zeros(16, 3)
        mask[:, 2] = -torch.inf

        def step(batch):
            loss = F.cross_entropy(model(batch["x"]) + batch["mask"], batch["y"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return {"loss": loss, "targets": batch["y"]}

        batches = [
            {"x": a, "y": b, "mask": mask}
            for a, b in zip(x.split(16), (y % 2).split(16), strict=True)
        ]
        assert (
            outcome(
                "not-finite", loop(model, optimizer=optimizer, step=step, train_batches=batches)
            )
            == "passed"
        )


class TestRowsOverlap:
    def test_training_rows_in_the_evaluation_batch_are_found(self):
        x, y = rows()
        xv, yv = rows(60, seed=1)
        held = (torch.cat([xv, x[:20]]), torch.cat([yv, y[:20]]))
        found = judged("rows-overlap", loop(data=(x, y), eval_batch=held))
        assert (found.outcome, found.action.kind, found.evidence["shared"]) == (
            "problem",
            "fix_split",
            20,
        )
        assert found.evidence["rows"]["eval"][0] == 60

    def test_other_rows_pass(self):
        assert outcome("rows-overlap", loop(eval_batch=lambda: rows(60, seed=1))) == "passed"

    def test_rows_that_repeat_by_chance_are_inconclusive(self):
        x = torch.arange(6.0).repeat(320, 1).roll(1, 0) + (torch.arange(320) % 8)[:, None]
        held = (x[:20], rows(20)[1])
        assert outcome("rows-overlap", loop(data=(x, rows()[1]), eval_batch=held)) == "inconclusive"

    def test_rows_without_content_cannot_be_told_apart(self):
        x, y = torch.randint(2, (320, 2)).float(), rows()[1]
        assert (
            outcome("rows-overlap", loop(network(columns=2), (x, y), eval_batch=(x[:9], y[:9])))
            == "not_applicable"
        )

    def test_without_an_evaluation_batch_it_says_what_to_give(self):
        assert "eval_batch=" in judged("rows-overlap", loop()).title


class TestDataOrder:
    def test_batches_sorted_by_class_are_found(self):
        x, y = rows()
        order = y.argsort(stable=True)
        batches = [(x[o], y[o]) for o in order.split(16)]
        found = judged("data-order", loop(train_batches=batches))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")

    def test_shuffled_batches_pass(self):
        assert outcome("data-order", loop()) == "passed"

    def test_batches_of_a_few_classes_on_purpose_pass(self):
        x, y = rows(600, classes=6)
        pairs = [(a, b) for a in range(6) for b in range(6) if a != b]
        chosen = [torch.cat([(y == c).nonzero()[:8, 0] for c in pair]) for pair in pairs]
        assert (
            outcome(
                "data-order",
                loop(network(6), train_batches=lambda e: [(x[r].roll(e), y[r]) for r in chosen]),
            )
            == "passed"
        )

    def test_the_same_order_every_epoch_is_advice(self):
        x, y = rows()
        found = judged(
            "data-order", loop(train_batches=[*zip(x.split(16), y.split(16), strict=True)])
        )
        assert found.outcome == "advice"

    def test_rows_sorted_by_a_number_are_advice(self):
        x, y = numbers()
        order = y.argsort()
        parts = loop(
            network(1),
            loss_fn=lambda o, t: F.mse_loss(o[:, 0], t),
            train_batches=[(x[o], y[o]) for o in order.split(16)],
        )
        assert "sorted" in judged("data-order", parts).title

    def test_too_few_batches_are_no_answer(self):
        x, y = rows(32)
        assert outcome("data-order", loop(train_batches=[(x, y)])) == "not_applicable"


class TestMisalignedTargets:
    def test_targets_shuffled_apart_are_found(self):
        x, y = rows()
        y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(3))]
        found = judged("misaligned-targets", loop(data=(x, y)))
        assert (found.outcome, found.action.kind) == ("problem", "fix_labels")
        assert found.evidence["linear"]["p"] > 0.05

    def test_targets_that_follow_pass_for_classes_and_numbers(self):
        assert outcome("misaligned-targets", loop()) == "passed"
        parts = loop(network(1), numbers(), loss_fn=lambda o, t: F.mse_loss(o[:, 0], t))
        assert outcome("misaligned-targets", parts) == "passed"

    def test_a_relation_that_is_not_linear_passes(self):
        x = torch.rand(320, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
        assert (
            outcome("misaligned-targets", loop(network(2, 2), (x, (x.prod(1) > 0).long())))
            == "passed"
        )

    def test_few_rows_are_inconclusive(self):
        x, y = rows(48)
        y = y[torch.randperm(48, generator=torch.Generator().manual_seed(0))]
        assert outcome("misaligned-targets", loop(data=(x, y), size=8)) == "inconclusive"

    def test_places_of_rows_as_targets_are_not_judged(self):
        parts = loop(
            Through(lambda x, out: out @ out.T),
            loss_fn=lambda o, t: F.cross_entropy(o, torch.arange(len(o))),
        )
        plain = parts["step"]
        parts["step"] = lambda batch: {**plain(batch), "targets": torch.arange(len(batch[1]))}
        assert outcome("misaligned-targets", parts) == "not_applicable"

    def test_constant_targets_are_found(self):
        x, y = rows()
        assert "the same" in judged("misaligned-targets", loop(data=(x, y * 0 + 1))).title


def sentences(n=64, length=10, vocabulary=12):
    steps = torch.randint(1, 4, (n, length + 1), generator=torch.Generator().manual_seed(0))
    return steps.cumsum(1) % vocabulary


class Reader(nn.Module):
    def __init__(self, both_ways=False, vocabulary=12):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, 8)
        self.layer = nn.GRU(8, 8, batch_first=True, bidirectional=both_ways)
        self.head = nn.Linear(16 if both_ways else 8, vocabulary)

    def forward(self, tokens):
        return self.head(self.layer(self.tokens(tokens))[0])


def language_loop(shift=1, both_ways=False, **parts):
    torch.manual_seed(0)
    text = sentences()
    inputs = text[:, :-1]
    targets = text[:, 1:] if shift else inputs
    return loop(
        Reader(both_ways),
        (inputs, targets),
        loss_fn=lambda o, t: F.cross_entropy(o.flatten(0, 1), t.flatten()),
        **parts,
    )


class TestUnshiftedTargets:
    def test_targets_equal_to_the_inputs_are_found(self):
        found = judged("unshifted-targets", language_loop(shift=0))
        assert (found.outcome, found.action.kind) == ("problem", "fix_labels")

    def test_shifted_targets_pass(self):
        assert outcome("unshifted-targets", language_loop()) == "passed"

    def test_copying_may_be_meant_where_places_see_each_other(self):
        assert (
            outcome("unshifted-targets", language_loop(shift=0, both_ways=True)) == "inconclusive"
        )
        assert (
            outcome("unshifted-targets", language_loop(shift=0, task="autoencoder"))
            == "not_applicable"
        )

    def test_other_networks_are_not_judged(self):
        assert outcome("unshifted-targets", loop()) == "not_applicable"


class TestCausalLeak:
    def test_a_network_that_reads_both_ways_is_found(self):
        found = judged("causal-leak", language_loop(both_ways=True))
        assert (found.outcome, found.action.kind) == ("problem", "fix_leak")

    def test_one_way_passes(self):
        assert outcome("causal-leak", language_loop()) == "passed"

    def test_tagging_both_ways_is_not_judged(self):
        text = sentences()
        tags = (text[:, :-1] % 5 == text[:, 1:] % 5).long()
        parts = loop(
            Reader(True),
            (text[:, :-1], tags),
            loss_fn=lambda o, t: F.cross_entropy(o.flatten(0, 1), t.flatten()),
        )
        assert outcome("causal-leak", parts) == "not_applicable"

    def test_outputs_without_places_are_inconclusive(self):
        text = sentences()
        model = nn.Sequential(nn.Embedding(12, 4), nn.Flatten(), nn.Linear(40, 12))
        parts = loop(model, (text[:, :-1], text[:, -1]), task="language_model")
        assert outcome("causal-leak", parts) == "inconclusive"
