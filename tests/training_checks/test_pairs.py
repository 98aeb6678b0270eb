"""Rows and their labels: exchanged by a loader, copied into the evaluation, worse the more is trained."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from tests.training_checks.loops import judged, loop, network, outcome, rows


def texts(n=240):
    """Token rows of several lengths, and whether high tokens outnumber low ones."""
    draw = torch.Generator().manual_seed(0)
    made = []
    for number in range(n):
        tokens = torch.randint(1, 9, (4 + number % 5,), generator=draw)
        made.append((tokens, int((tokens > 4).float().mean() > 0.5)))
    return made


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(9, 4, padding_idx=0), nn.Linear(4, 2)

    def forward(self, tokens):
        return self.head(self.words(tokens).sum(1))


def text_loop(relabel, data=None):
    """A loader that sorts its rows by length; `relabel` gives labels from the items' and the order."""

    def collate(items):
        order = sorted(range(len(items)), key=lambda place: -len(items[place][0]))
        padded = nn.utils.rnn.pad_sequence([items[place][0] for place in order], batch_first=True)
        return padded, relabel(torch.tensor([label for _, label in items]), order)

    torch.manual_seed(0)
    loader = DataLoader(data or texts(), batch_size=24, shuffle=True, collate_fn=collate)
    return loop(Bag(), train_batches=loader)


class TestExchangedLabels:
    def test_labels_left_behind_by_sorting_are_found(self):
        found = judged("misaligned-targets", text_loop(lambda labels, order: labels))
        assert (found.outcome, found.action.kind) == ("problem", "fix_labels")
        assert found.evidence["exchanged"] == found.evidence["n"] == 8

    def test_labels_that_are_sorted_along_pass(self):
        assert (
            outcome("misaligned-targets", text_loop(lambda labels, order: labels[order]))
            == "passed"
        )

    def test_labels_changed_on_purpose_are_not_exchanged(self):
        data = [(tokens, label + 5) for tokens, label in texts()]
        parts = text_loop(lambda labels, order: (labels[order] > 5).long(), data)
        assert outcome("misaligned-targets", parts) == "passed"

    def test_a_few_labels_turned_on_purpose_are_not_exchanged(self):
        def turned(labels, order):
            wrong = torch.rand(len(labels), generator=torch.Generator().manual_seed(order[0])) < 0.2
            return torch.where(wrong, 1 - labels[order], labels[order])

        assert outcome("misaligned-targets", text_loop(turned)) == "passed"

    def test_a_stream_that_says_its_length_is_not_compared(self):
        class Stream(torch.utils.data.IterableDataset):
            def __iter__(self):
                return iter(zip(*rows(), strict=True))

            def __len__(self):
                return 320

        parts = loop(train_batches=DataLoader(Stream(), batch_size=32))
        assert outcome("misaligned-targets", parts) == "passed"

    def test_labels_without_a_data_set_to_compare_are_inconclusive_at_most(self):
        parts = text_loop(lambda labels, order: labels)
        loader = parts["train_batches"]
        parts["train_batches"] = lambda epoch: iter(list(loader))
        assert outcome("misaligned-targets", parts) == "inconclusive"


class TestCopiedRows:
    def copied(self, times):
        """Rows of one class copied, then parted at random, and drawn with replacement."""
        x, y = rows(400)
        more = (y == 0).nonzero()[:, 0].repeat(times)
        x, y = torch.cat([x, x[more]]), torch.cat([y, y[more]])
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
        held, kept = order[:150], order[150:]
        sampler = WeightedRandomSampler([1.0] * len(kept), len(kept))
        loader = DataLoader(TensorDataset(x[kept], y[kept]), 30, sampler=sampler)
        return loop(train_batches=loader, eval_batch=(x[held], y[held]))

    def test_copies_made_before_the_split_are_found_though_training_rows_repeat(self):
        found = judged("rows-overlap", self.copied(4))
        assert found.outcome == "problem"
        assert found.evidence["repeated_within_training"] > 0.3

    def test_rows_drawn_twice_without_copies_pass(self):
        assert outcome("rows-overlap", self.copied(0)) == "passed"

    def test_rows_of_few_values_may_be_equal_by_chance(self):
        a, b, c = torch.randint(9, (3, 400), generator=torch.Generator().manual_seed(0)).float()
        x = torch.stack([a, b, c, 10 + a, 20 + c, 30 + b], 1)
        held = (x[300:], torch.zeros(100).long())
        parts = loop(data=(x[:300], torch.zeros(300).long()), eval_batch=held)
        found = judged("rows-overlap", parts)
        assert found.outcome == "inconclusive"
        assert "half of the columns" in found.explanation


class TestTurnedByHand:
    def hand_made(self, sign, *, logits=False):
        model = network() if logits else nn.Sequential(network(), nn.LogSoftmax(1))

        def loss(outputs, targets):
            chosen = outputs.gather(1, targets[:, None]).mean()
            return sign * chosen

        return loop(model, loss_fn=loss)

    def test_a_likelihood_that_is_made_small_is_found(self):
        found = judged("overfit-batch", self.hand_made(1))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")
        before, after = found.evidence["chance_of_right"]
        assert after < before / 2

    def test_a_likelihood_that_is_made_large_is_no_problem(self):
        assert outcome("overfit-batch", self.hand_made(-1)) == "not_applicable"

    def test_numbers_that_may_be_distances_are_not_judged(self):
        assert outcome("overfit-batch", self.hand_made(1, logits=True)) == "not_applicable"


class TestNoUpdate:
    def stepping(self, every):
        """An optimizer that makes an update after so many batches; never, where 0."""
        model = network()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        seen = {"batches": 0}

        def step(batch):
            loss = F.cross_entropy(model(batch[0]), batch[1])
            loss.backward()
            seen["batches"] += 1
            if every and seen["batches"] % every == 0:
                optimizer.step()
                optimizer.zero_grad()
            return {"loss": loss, "targets": batch[1]}

        return loop(model, optimizer=optimizer, step=step)

    def test_an_optimizer_that_never_steps_is_found(self):
        found = judged("parameters-move", self.stepping(0))
        assert (found.outcome, found.action.kind) == ("problem", "fix_bug")
        assert "128 steps" in found.title

    def test_gradients_gathered_for_long_are_no_problem(self):
        assert outcome("parameters-move", self.stepping(40)) == "inconclusive"

    def test_a_few_steps_are_no_answer(self):
        parts = self.stepping(0)
        x, y = rows(32)
        parts["train_batches"] = [(x, y), (x, y)]
        assert outcome("parameters-move", parts) == "inconclusive"
