"""Rows of places: which are continued by the targets, and who sees later ones."""

import torch
from torch import nn
from torch.nn import functional as F

from tests.training_checks.loops import judged, loop, outcome
from tests.training_checks.test_data_checks import Reader, language_loop, sentences


class Convolution(nn.Module):
    """Numbers over time; `ahead` looks to both sides."""

    def __init__(self, channels=1, ahead=False):
        super().__init__()
        self.layer, self.head = nn.Conv1d(channels, 8, 3), nn.Conv1d(8, 1, 1)
        self.sides = (1, 1) if ahead else (2, 0)

    def forward(self, x):
        x = x.unsqueeze(1) if x.dim() == 2 else x.transpose(1, 2)
        return self.head(self.layer(F.pad(x, self.sides)).relu())[:, 0]


def wave(n=64, length=13):
    when = torch.arange(length) + torch.rand(n, 1, generator=torch.Generator().manual_seed(0)) * 9
    return when.sin()


def forecast_loop(ahead=False, values=None):
    values = wave() if values is None else values
    torch.manual_seed(0)
    return loop(Convolution(ahead=ahead), (values[:, :-1], values[:, 1:]), loss_fn=F.l1_loss)


class TestNumbersOverTime:
    def test_a_forecast_that_sees_both_sides_is_found(self):
        assert outcome("causal-leak", forecast_loop(ahead=True)) == "problem"

    def test_one_that_looks_back_passes(self):
        assert outcome("causal-leak", forecast_loop()) == "passed"

    def test_series_that_stand_still_tell_nothing(self):
        still = torch.ones(64, 13) * torch.arange(64)[:, None]
        assert outcome("causal-leak", forecast_loop(True, still)) == "not_applicable"

    def test_dates_known_ahead_may_be_seen(self):
        values = wave()
        dates = torch.arange(13).sin().expand(64, -1)

        class Dated(Convolution):
            def forward(self, x):
                return super().forward(x[..., :1]) + x[..., 1:].mean((1, 2), keepdim=True)[:, 0]

        inputs = torch.stack([values[:, :-1], dates[:, 1:]], 2)
        parts = loop(Dated(), (inputs, values[:, 1:]), loss_fn=F.l1_loss)
        assert outcome("causal-leak", parts) == "passed"


class Translating(nn.Module):
    """Reads a sentence from both sides, and what has been written so far from one, or wrongly both."""

    def __init__(self, ahead=False):
        super().__init__()
        self.encoder, self.decoder = Reader(True), Reader(ahead)

    def forward(self, source, written):
        return self.decoder(written) + self.encoder(source).mean(1, keepdim=True)


def translating_loop(ahead=False):
    torch.manual_seed(0)
    source = sentences()
    target = source.flip(1)
    model = Translating(ahead)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def step(batch):
        outputs = model(batch[0][:, :-1], batch[1][:, :-1])
        loss = F.cross_entropy(outputs.flatten(0, 1), batch[1][:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1][:, 1:]}

    return loop(model, (source, target), optimizer=optimizer, step=step)


class TestTranslation:
    def test_the_sentence_to_translate_may_be_seen_whole(self):
        assert outcome("causal-leak", translating_loop()) == "passed"
        assert outcome("unshifted-targets", translating_loop()) == "passed"

    def test_what_is_to_be_written_may_not(self):
        assert outcome("causal-leak", translating_loop(ahead=True)) == "problem"


class TestTargetsInParts:
    def gathered(self, shift):
        """Each batch in two parts, whose gradients are gathered."""
        torch.manual_seed(0)
        model = Reader()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

        def step(batch):
            optimizer.zero_grad()
            total = 0.0
            for part in batch[0].chunk(2):
                inputs, targets = (part[:, :-1], part[:, 1:]) if shift else (part, part)
                outputs = model(inputs)
                loss = F.cross_entropy(outputs.flatten(0, 1), targets.flatten()) / 2
                loss.backward()
                total += loss.item()
            optimizer.step()
            return {"loss": total, "outputs": outputs, "targets": targets}

        text = sentences()
        return loop(model, (text, text), optimizer=optimizer, step=step)

    def test_unshifted_targets_are_found_in_every_part(self):
        assert outcome("unshifted-targets", self.gathered(shift=False)) == "problem"
        assert outcome("unshifted-targets", self.gathered(shift=True)) == "passed"

    def test_tokens_that_hardly_change_tell_only_where_they_do(self):
        text = sentences(length=1).repeat_interleave(5, 1)
        for shift, wanted in ((1, "passed"), (0, "problem")):
            torch.manual_seed(0)
            targets = text[:, 1:] if shift else text[:, :-1]
            parts = loop(
                Reader(),
                (text[:, :-1], targets),
                loss_fn=lambda o, t: F.cross_entropy(o.flatten(0, 1), t.flatten()),
            )
            assert outcome("unshifted-targets", parts) == wanted

    def test_tokens_that_never_change_are_no_answer(self):
        text = torch.full((64, 9), 3)
        parts = loop(
            Reader(),
            (text, text),
            loss_fn=lambda o, t: F.cross_entropy(o.flatten(0, 1), t.flatten()),
        )
        found = judged("unshifted-targets", parts)
        assert found.outcome == "inconclusive"
        assert found.evidence["telling"] == 0

    def test_a_plain_language_model_passes(self):
        assert outcome("unshifted-targets", language_loop()) == "passed"
