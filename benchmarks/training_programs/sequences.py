"""Programs that read series and tokens."""

from __future__ import annotations

import math
from types import SimpleNamespace

import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from torch import nn
from torch.nn import functional as F

from training_programs.common import digits, supervised


class _Recurrent(nn.Module):
    def __init__(self, bug=""):
        super().__init__()
        self.layer = nn.GRU(8, 32, batch_first=bug != "batch_first forgotten")
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


def recurrent(seed, bug=""):
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    model = _Recurrent(bug)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    return supervised(
        model,
        optimizer,
        F.cross_entropy,
        (x.view(-1, 8, 8), y, xv.view(-1, 8, 8), yv),
        seed,
        bug=bug,
    )


class _TimeFirst(nn.Module):
    """A recurrent network that reads time by rows, with a length for every row."""

    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.LSTM(8, 24), nn.Linear(24, 10)

    def forward(self, series, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(series, lengths, enforce_sorted=False)
        _, (state, _) = self.layer(packed)
        return {"scores": self.head(state[-1])}


def time_first(seed, bug=""):
    torch.manual_seed(seed)
    x, y, xv, yv = digits(seed)
    model = _TimeFirst()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)

    def batches(epoch):
        order = torch.randperm(len(x))
        for rows in order.split(50):
            lengths = torch.randint(5, 9, (len(rows),))
            yield {
                "series": x[rows].view(-1, 8, 8).transpose(0, 1),
                "lengths": lengths,
                "digit": y[rows],
            }

    def step(batch):
        optimizer.zero_grad()
        scores = model(batch["series"], batch["lengths"])["scores"]
        loss = F.cross_entropy(scores, batch["digit"])
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": {"scores": scores}, "targets": batch["digit"]}

    def evaluate():
        with torch.no_grad():
            scores = model(xv.view(-1, 8, 8).transpose(0, 1), torch.full((len(xv),), 8))["scores"]
        return {"accuracy": float((scores.argmax(1) == yv).float().mean())}

    return {"model": model, "optimizers": [optimizer], "train_batches": batches, "step": step,
            "evaluate": evaluate, "end_epoch": lambda epoch: scheduler.step(), "epochs": 5}  # fmt: skip


def characters():
    text = " ".join(
        load().DESCR for load in (load_diabetes, load_digits, load_wine, load_breast_cancer)
    ).lower()
    known = sorted(set(text))
    return torch.tensor([known.index(c) for c in text]), len(known)


class _Writer(nn.Module):
    def __init__(self, vocabulary, places=24, wide=32, bug=""):
        super().__init__()
        self.bug = bug
        self.tokens, self.places = nn.Embedding(vocabulary, wide), nn.Embedding(places, wide)
        layer = nn.TransformerEncoderLayer(wide, 4, 64, dropout=0.1, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(wide, vocabulary)

    def forward(self, tokens):
        length = tokens.shape[1]
        mask = (
            None
            if self.bug == "no causal mask"
            else nn.Transformer.generate_square_subsequent_mask(length)
        )
        hidden = self.tokens(tokens) + self.places(torch.arange(length))
        if self.bug == "centred over time":
            hidden = hidden - hidden.mean(1, keepdim=True)
        return self.head(self.body(hidden, mask=mask))


def writer(seed, bug=""):
    torch.manual_seed(seed)
    text, vocabulary = characters()
    model = _Writer(vocabulary, bug=bug)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

    def batches(epoch):
        for _ in range(24):
            starts = torch.randint(0, len(text) - 25, (16,))
            yield torch.stack([text[s : s + 25] for s in starts])

    def step(batch):
        model.train()
        inputs, targets = batch[:, :-1], batch[:, 1:]
        if bug == "targets unshifted":
            targets = inputs
        outputs = model(inputs)
        loss = F.cross_entropy(outputs.flatten(0, 1), targets.flatten())
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return {"loss": loss.item(), "outputs": outputs, "targets": targets}

    def evaluate():
        model.eval()
        window = text[:240].view(10, 24)
        with torch.no_grad():
            loss = F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())
        model.train()
        return {"perplexity": math.exp(float(loss))}

    return SimpleNamespace(
        model=model,
        optimizers=optimizer,
        train_batches=batches,
        step=step,
        evaluate=evaluate,
        epochs=3,
    )


def masked_pixels(seed, bug=""):
    """A bidirectional transformer that fills in hidden tokens, with the loss inside the model."""
    torch.manual_seed(seed)
    x = (digits(seed)[0] * 4).long().clamp(max=4)

    class Filler(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(6, 16), nn.Parameter(torch.randn(64, 16) * 0.1)
            self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
            self.head = nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 5))

        def forward(self, input_ids, labels=None):
            hidden = self.tokens(input_ids) + self.places
            hidden = hidden + self.attention(hidden, hidden, hidden, need_weights=False)[0]
            logits = self.head(hidden)
            loss = (
                None
                if labels is None
                else F.cross_entropy(logits.transpose(1, 2), labels, ignore_index=-100)
            )
            return SimpleNamespace(loss=loss, logits=logits)

    model = Filler()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def batches(epoch):
        for rows in torch.randperm(len(x)).split(64):
            hidden = torch.rand(len(rows), 64) < 0.15
            yield {
                "input_ids": x[rows].masked_fill(hidden, 5),
                "labels": x[rows].masked_fill(~hidden, -100),
            }

    def step(batch):
        out = model(**batch)
        optimizer.zero_grad()
        out.loss.backward()
        optimizer.step()
        return {"loss": out.loss, "outputs": out.logits, "targets": batch["labels"]}

    return {"model": model, "optimizers": optimizer, "train_batches": batches, "step": step}


def translation(seed, bug=""):
    """Digits of a number turned round: an encoder and a decoder with two optimizers, fed with the truth."""
    torch.manual_seed(seed)
    encoder = nn.ModuleDict(
        {"words": nn.Embedding(12, 16), "layer": nn.GRU(16, 24, batch_first=True)}
    )
    decoder = nn.ModuleDict(
        {
            "words": nn.Embedding(12, 16),
            "layer": nn.GRU(16, 24, batch_first=True),
            "head": nn.Linear(24, 12),
        }
    )
    optimizers = [torch.optim.Adam(m.parameters(), lr=3e-3) for m in (encoder, decoder)]

    def batches(epoch):
        for _ in range(20):
            lengths = torch.randint(3, 8, (32,))
            words = torch.randint(1, 11, (32, 7)).masked_fill(
                torch.arange(7) >= lengths[:, None], 0
            )
            yield words, words.flip(1), lengths

    def step(batch):
        words, wanted, _ = batch
        state = encoder["layer"](encoder["words"](words))[1]
        given = torch.cat([torch.full((len(words), 1), 11), wanted[:, :-1]], 1)
        outputs = decoder["head"](decoder["layer"](decoder["words"](given), state)[0])
        loss = F.cross_entropy(outputs.flatten(0, 1), wanted.flatten(), ignore_index=0)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": wanted}

    return {
        "model": [encoder, decoder],
        "optimizers": optimizers,
        "train_batches": batches,
        "step": step,
    }
