"""More on sequences: translation, tagging, alignment, forecasts of waves, bags of words."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from .data import language, seeded, waves

WORDS = 24
START, PAD = WORDS, WORDS + 1


class Translator(nn.Module):
    """An encoder, and a decoder that sees what it has written so far."""

    def __init__(self, *, blind_encoder: bool) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS + 2, 32, padding_idx=PAD)
        self.places = nn.Parameter(0.1 * torch.randn(16, 32))
        self.network = nn.Transformer(32, 2, 1, 1, 64, dropout=0.1, batch_first=True)
        self.head = nn.Linear(32, WORDS + 2)
        self.blind_encoder = blind_encoder

    def forward(self, source: Tensor, written: Tensor) -> Tensor:
        """Logits of the next word at each place of what is written."""
        length = written.shape[1]
        ahead = torch.ones(length, length, dtype=torch.bool).triu(1)
        read = self.words(source) + self.places[: source.shape[1]]
        memory = self.network.encoder(read, src_key_padding_mask=source == PAD)
        if self.blind_encoder:
            memory = memory.data
        seen = self.network.decoder(
            self.words(written) + self.places[:length],
            memory,
            tgt_mask=ahead,
            memory_key_padding_mask=source == PAD,
        )
        return self.head(seen)


def encoder_decoder(seed: int, *, blind_encoder: bool = False) -> dict[str, Any]:
    """Sentences of 5 to 10 words written backwards, padded, with teacher forcing."""
    torch.manual_seed(seed)
    draw = seeded(seed)
    sentences = language(seed, 9000).unfold(0, 10, 9).clone()
    lengths = torch.randint(5, 11, (len(sentences), 1), generator=draw)
    outside = torch.arange(10) >= lengths
    back = (lengths - 1 - torch.arange(10)).clamp_min(0)
    answers = sentences.gather(1, back).masked_fill(outside, PAD)
    questions = sentences.masked_fill(outside, PAD)
    loader = DataLoader(TensorDataset(questions[100:], answers[100:]), 50, shuffle=True)
    model = Translator(blind_encoder=blind_encoder)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def loss_of(outputs: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(
            outputs.flatten(0, 1), targets.flatten(), ignore_index=PAD, label_smoothing=0.1
        )

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        source, answer = batch
        written = torch.cat([torch.full((len(answer), 1), START), answer[:, :-1]], 1)
        logits = model(source, written)
        loss = loss_of(logits, answer)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": answer}

    def evaluate() -> dict[str, float]:
        model.eval()
        source, answer = questions[:100], answers[:100]
        written = torch.full((100, 1), START)
        with torch.no_grad():
            for _ in range(10):
                word = model(source, written)[:, -1:].argmax(-1)
                written = torch.cat([written, word], 1)
        inside = answer != PAD
        return {"token_accuracy": float((written[:, 1:] == answer)[inside].float().mean())}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (questions[:100], answers[:100]),
        "loss_fn": loss_of,
    }


def tagger(seed: int) -> dict[str, Any]:
    """A tag for each word from both sides: does the word return within the next three?"""
    torch.manual_seed(seed)
    windows = language(seed, 8000).unfold(0, 14, 14)
    later = [windows[:, place : place + 10] for place in (1, 2, 3)]
    tags = sum((windows[:, :10] == other).float() for other in later).clamp_max(1).long()
    words = windows[:, :13]
    tags = functional.pad(tags, (0, 3), value=-1)

    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(WORDS, 16)
            self.recurrent = nn.LSTM(16, 24, batch_first=True, bidirectional=True)
            self.head = nn.Linear(48, 2)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.head(self.recurrent(self.words(tokens))[0])

    model = Tagger()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
    criterion = nn.CrossEntropyLoss(ignore_index=-1, weight=torch.tensor([0.4, 1.6]))

    def step(batch: Any) -> dict[str, Any]:
        optimizer.zero_grad()
        logits = model(batch[0])
        loss = criterion(logits.reshape(-1, 2), batch[1].reshape(-1))
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": batch[1]}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(len(words) - 100).split(32):
            yield words[rows], tags[rows]

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "eval_batch": (words[-100:], tags[-100:]),
    }


def aligned_speech(seed: int) -> dict[str, Any]:
    """Frames of made-up sound and the shorter text in it: connectionist temporal classification."""
    torch.manual_seed(seed)
    draw = seeded(seed)
    texts = torch.randint(1, 8, (400, 5), generator=draw)
    sounds = torch.randn(8, 12, generator=draw)
    frames = sounds[texts.repeat_interleave(4, 1)] + 0.4 * torch.randn(400, 20, 12, generator=draw)
    model = nn.Sequential(
        nn.Conv1d(12, 32, 3, padding=1), nn.ReLU(), nn.Conv1d(32, 32, 3, padding=1), nn.ReLU()
    )
    head = nn.Linear(32, 8)
    optimizer = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=3e-3)
    criterion = nn.CTCLoss()

    def step(batch: Any) -> dict[str, Any]:
        sound, text = batch
        scores = head(model(sound.transpose(1, 2)).transpose(1, 2)).log_softmax(-1)
        lengths = torch.full((len(sound),), 20), torch.full((len(sound),), 5)
        loss = criterion(scores.transpose(0, 1), text, *lengths)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": scores, "targets": text}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(350).split(35):
            yield frames[rows], texts[rows]

    return {
        "model": [model, head],
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "eval_batch": (frames[350:], texts[350:]),
    }


class Causal(nn.Module):
    """Convolutions that look back alone, each further than the last, or to both sides."""

    def __init__(self, channels: int, *, both_sides: bool) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(1 if each == 0 else channels, channels, 3, dilation=2**each)
            for each in range(3)
        )
        self.head = nn.Conv1d(channels, 3, 1)
        self.both_sides = both_sides

    def forward(self, x: Tensor) -> Tensor:
        """Three quantiles at each time."""
        x = x.unsqueeze(1)
        for each, layer in enumerate(self.layers):
            span = 2 * 2**each
            x = functional.relu(
                layer(functional.pad(x, (span // 2,) * 2 if self.both_sides else (span, 0)))
            )
        return self.head(x).transpose(1, 2)


def quantile_forecast(seed: int, *, both_sides: bool = False) -> dict[str, Any]:
    """Three quantiles of the next value at each time, by causal convolutions."""
    torch.manual_seed(seed)
    series = waves(seed, 500, 41)
    levels = torch.tensor([0.1, 0.5, 0.9])
    model = Causal(16, both_sides=both_sides)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def pinball(outputs: Tensor, targets: Tensor) -> Tensor:
        error = targets.unsqueeze(-1) - outputs
        return torch.maximum(levels * error, (levels - 1) * error).mean()

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        optimizer.zero_grad()
        outputs = model(batch["past"])
        loss = pinball(outputs, batch["next"])
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch["next"]}

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(400).split(32):
            yield {"past": series[rows, :-1], "next": series[rows, 1:]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            outputs = model(series[400:, :-1])
        return {"pinball": float(pinball(outputs, series[400:, 1:]))}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": {"past": series[400:, :-1], "next": series[400:, 1:]},
        "loss_fn": pinball,
    }


def bags_of_words(seed: int) -> dict[str, Any]:
    """Texts as one flat row of words with offsets, as `EmbeddingBag` takes them."""
    torch.manual_seed(seed)
    draw = seeded(seed)
    topics = torch.arange(600) % 4
    chance = torch.softmax(2.0 * torch.randn(4, 60, generator=draw), 1)
    texts = [
        torch.multinomial(chance[topic], 8 + place % 5, True, generator=draw)
        for place, topic in enumerate(topics)
    ]
    model = nn.ModuleDict({"words": nn.EmbeddingBag(60, 16), "head": nn.Linear(16, 4)})
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)

    def collate(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        chosen = [texts[row] for row in rows.tolist()]
        lengths = torch.tensor([0, *(len(text) for text in chosen[:-1])])
        return torch.cat(chosen), lengths.cumsum(0), topics[rows]

    def step(batch: Any) -> dict[str, Any]:
        words, offsets, labels = batch
        logits = model["head"](model["words"](words, offsets))
        loss = functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": labels}

    def train_batches(epoch: int) -> Any:
        return [collate(rows) for rows in torch.randperm(500).split(25)]

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "eval_batch": collate(torch.arange(500, 600)),
    }
