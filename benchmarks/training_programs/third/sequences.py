"""Networks on sequences of tokens: language models, masks, sequences to sequences, unequal lengths."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader

from .data import language, seeded

WORDS = 24


def _reviews(seed: int, n: int) -> list[tuple[Tensor, int]]:
    """Sequences of 4 to 15 tokens; the class is whether low tokens outnumber high ones."""
    draw = seeded(seed)
    rows = []
    for length in torch.randint(4, 16, (n,), generator=draw).tolist():
        lean = 0.65 if len(rows) % 2 else 0.35
        high = torch.rand(length, generator=draw) < lean
        tokens = torch.randint(1, 12, (length,), generator=draw) + 11 * high
        rows.append((tokens, int(high.float().mean() > 0.5)))
    return rows


def packed_gru(seed: int, *, labels_sorted: bool = True) -> dict[str, Any]:
    """Sequences of unequal lengths, packed for a bidirectional GRU, in dictionaries."""
    torch.manual_seed(seed)

    def collate(rows: list[tuple[Tensor, int]]) -> dict[str, Tensor]:
        labels = torch.tensor([label for _, label in rows])
        longest_first = sorted(range(len(rows)), key=lambda place: -len(rows[place][0]))
        sequences = [rows[place][0] for place in longest_first]
        return {
            "tokens": pad_sequence(sequences, batch_first=True),
            "lengths": torch.tensor([len(sequence) for sequence in sequences]),
            "label": labels[longest_first] if labels_sorted else labels,
        }

    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(WORDS, 16, padding_idx=0)
            self.recurrent = nn.GRU(16, 24, batch_first=True, bidirectional=True)
            self.dropout = nn.Dropout(0.2)
            self.head = nn.Linear(48, 2)

        def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
            packed = pack_padded_sequence(self.words(tokens), lengths, batch_first=True)
            _, last = self.recurrent(packed)
            return self.head(self.dropout(last.transpose(0, 1).flatten(1)))

    train = _reviews(seed, 800)
    held = collate(_reviews(seed + 100, 200))
    loader = DataLoader(train, batch_size=40, shuffle=True, collate_fn=collate)
    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        model.train()
        logits = model(batch["tokens"], batch["lengths"])
        loss = functional.cross_entropy(logits, batch["label"])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": batch["label"]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            hits = model(held["tokens"], held["lengths"]).argmax(1) == held["label"]
        return {"accuracy": hits.float().mean().item()}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": held,
    }


def carried_state_lm(seed: int) -> dict[str, Any]:
    """An LSTM over one long stream in its order; the state is carried from batch to batch, detached."""
    torch.manual_seed(seed)
    stream = language(seed, 16 * 400).reshape(16, -1)
    model = nn.ModuleDict(
        {
            "words": nn.Embedding(WORDS, 24),
            "recurrent": nn.LSTM(24, 32, num_layers=2, batch_first=True, dropout=0.1),
            "head": nn.Linear(32, WORDS),
        }
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    carried: dict[str, Any] = {"state": None}

    def train_batches(epoch: int) -> Any:
        carried["state"] = None
        for start in range(0, stream.shape[1] - 21, 20):
            yield stream[:, start : start + 20], stream[:, start + 1 : start + 21]

    def step(batch: Any) -> dict[str, Any]:
        inputs, targets = batch
        state = carried["state"]
        if state is not None:
            state = tuple(part.detach() for part in state)
        seen, carried["state"] = model["recurrent"](model["words"](inputs), state)
        logits = model["head"](seen)
        loss = functional.cross_entropy(logits.reshape(-1, WORDS), targets.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": targets}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "task": "language_model",
    }


class Attention(nn.Module):
    """Several heads over what came before, by hand with `scaled_dot_product_attention`."""

    def __init__(self, width: int, *, causal: bool = True) -> None:
        super().__init__()
        self.project = nn.Linear(width, 3 * width, bias=False)
        self.merge = nn.Linear(width, width, bias=False)
        self.causal = causal

    def forward(self, x: Tensor) -> Tensor:
        """What each place makes of those before it."""
        rows, length, width = x.shape
        parts = self.project(x).reshape(rows, length, 3, 4, width // 4).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(
            parts[0], parts[1], parts[2], is_causal=self.causal, dropout_p=0.1 * self.training
        )
        return self.merge(seen.transpose(1, 2).reshape(rows, length, width))


class Decoder(nn.Module):
    """A causal transformer whose last layer shares the embedding's weights."""

    def __init__(self, causal: tuple[bool, bool]) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, 32), nn.Embedding(64, 32)
        self.attention = nn.ModuleList(Attention(32, causal=each) for each in causal)
        self.norms = nn.ModuleList(nn.LayerNorm(32) for _ in range(5))
        self.inner = nn.ModuleList(
            nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32)) for _ in causal
        )
        self.head = nn.Linear(32, WORDS, bias=False)
        self.head.weight = self.words.weight
        self.dropout = nn.Dropout(0.1)
        for weights in self.parameters():
            if weights.ndim == 2:
                nn.init.normal_(weights, std=0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the next token at each place."""
        x = self.dropout(self.words(tokens) + self.places.weight[: tokens.shape[1]])
        for layer, (attend, inner) in enumerate(zip(self.attention, self.inner, strict=True)):
            x = x + self.dropout(attend(self.norms[2 * layer](x)))
            x = x + self.dropout(inner(self.norms[2 * layer + 1](x)))
        return self.head(self.norms[-1](x))


def causal_transformer(
    seed: int,
    *,
    causal: tuple[bool, bool] = (True, True),
    shifted: bool = True,
    grad: str = "clear",
) -> dict[str, Any]:
    """A small GPT: tied weights, dropout, gradients gathered over two batches in bfloat16."""
    torch.manual_seed(seed)
    stream = language(seed, 6000)
    windows = stream.unfold(0, 25, 12)
    train, held = windows[:-60], windows[-58:]
    model = Decoder(causal)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))

    def loss_of(tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        inputs, targets = (tokens[:, :-1], tokens[:, 1:]) if shifted else (tokens, tokens)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(inputs)
        loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        return loss, logits, targets

    def step(batch: Tensor) -> dict[str, Any]:
        model.train()
        if grad == "clear":
            optimizer.zero_grad(set_to_none=True)
        total = torch.zeros(())
        for part in batch.chunk(2):
            loss, logits, targets = loss_of(part)
            (loss / 2).backward()
            total += loss.detach() / 2
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if grad == "too late":
            optimizer.zero_grad()
        optimizer.step()
        return {"loss": total, "outputs": logits, "targets": targets}

    def train_batches(epoch: int) -> Any:
        return (train[rows] for rows in torch.randperm(len(train)).split(32))

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"perplexity": math.exp(loss_of(held)[0])}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": held,
        "task": "language_model",
    }


def masked_words(seed: int) -> dict[str, Any]:
    """A BERT in small: 15 % of the tokens hidden, the others not counted in the loss."""
    torch.manual_seed(seed)
    stream = language(seed, 6000)
    windows = stream.unfold(0, 20, 10)
    hidden_word = WORDS
    layer = nn.TransformerEncoderLayer(32, 2, 64, dropout=0.1, batch_first=True)
    model = nn.Sequential(
        nn.Embedding(WORDS + 1, 32),
        nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
        nn.Linear(32, WORDS),
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

    def collate(rows: list[Tensor]) -> dict[str, Tensor]:
        tokens = torch.stack(rows)
        hidden = torch.rand(tokens.shape) < 0.15
        hidden[:, 0] |= ~hidden.any(1)
        labels = tokens.masked_fill(~hidden, -100)
        swapped = torch.where(torch.rand(tokens.shape) < 0.9, hidden_word, tokens)
        return {"input_ids": torch.where(hidden, swapped, tokens), "labels": labels}

    loader = DataLoader(windows, batch_size=48, shuffle=True, collate_fn=collate)

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        model.train()
        logits = model(batch["input_ids"])
        loss = functional.cross_entropy(logits.transpose(1, 2), batch["labels"], ignore_index=-100)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return {"loss": loss, "outputs": logits, "targets": batch["labels"]}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": lambda epoch: loader,
        "step": step,
    }
