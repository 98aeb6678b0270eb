"""Written last: ensembles, ranks, masked spectra, two domains, each with and without a mistake."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from .data import digit_images, parted, waves
from .mistakes import loop_of


def ensemble(seed: int, *, own_weights: bool = True) -> dict[str, Any]:
    """Three networks on the same batches, each with an optimizer; wrongly, all of the first one's weights."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("patients", seed)
    models = [nn.Sequential(nn.Linear(30, 16), nn.Tanh(), nn.Linear(16, 2)) for _ in range(3)]
    optimizers = [
        torch.optim.Adam(models[place if own_weights else 0].parameters(), lr=2e-3)
        for place in range(3)
    ]

    def step(batch: Any) -> dict[str, Any]:
        total, answers = 0.0, []
        for model, optimizer in zip(models, optimizers, strict=True):
            logits = model(batch[0])
            loss = functional.cross_entropy(logits, batch[1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() / 3
            answers.append(logits.detach())
        return {"loss": total, "outputs": torch.stack(answers).mean(0), "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        with torch.no_grad():
            mean = torch.stack([model(X_held).softmax(1) for model in models]).mean(0)
        return {"accuracy": float((mean.argmax(1) == y_held).float().mean())}

    loader = DataLoader(TensorDataset(X, y), batch_size=48, shuffle=True)
    return {
        "model": models,
        "optimizers": optimizers,
        "train_batches": lambda epoch: loader,
        "step": step,
        "evaluate": evaluate,
        "eval_batch": (X_held, y_held),
    }


def ranks(seed: int, *, limit: float = 1.0) -> dict[str, Any]:
    """How ill, in five ordered grades: is it more than the first, the second, ... ?"""
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("diabetes", seed)
    edges = torch.quantile(y.float(), torch.tensor([0.2, 0.4, 0.6, 0.8]))
    above, above_held = (y[:, None] > edges).float(), (y_held[:, None] > edges).float()

    class Grades(nn.Module):
        """One score, and four thresholds for it."""

        def __init__(self) -> None:
            super().__init__()
            self.score = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
            self.thresholds = nn.Parameter(torch.linspace(1, -1, 4))

        def forward(self, x: Tensor) -> Tensor:
            """A logit for each threshold."""
            return self.score(x) + self.thresholds

    model = Grades()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def step(batch: Any) -> dict[str, Any]:
        model.train()
        outputs = model(batch[0])
        loss = functional.binary_cross_entropy_with_logits(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), limit)
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"hits": float(((model(X_held) > 0) == (above_held > 0)).float().mean())}

    rows, held = (X, above), (X_held, above_held)
    return loop_of(model, optimizer, rows, held, step=step, evaluate=evaluate)


def masked_spectra(seed: int, *, norm_of_one: bool = False) -> dict[str, Any]:
    """Spectra of sounds with bands and times hidden at random: is it the low or the high one?"""
    torch.manual_seed(seed)
    sounds = waves(seed, 600, 64)
    label = torch.arange(600) % 2
    sounds = sounds + label[:, None] * torch.sin(torch.arange(64) * 1.8)
    spectra = torch.stft(sounds, 16, 8, window=torch.hann_window(16), return_complex=True).abs()

    class Listener(nn.Module):
        """Convolutions over time; wrongly, each number normalised by itself."""

        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(1) if norm_of_one else nn.LayerNorm(9)
            self.layers = nn.Sequential(nn.Conv1d(9, 16, 3), nn.ReLU(), nn.AdaptiveMaxPool1d(1))
            self.head = nn.Linear(16, 2)

        def forward(self, x: Tensor) -> Tensor:
            """Logits."""
            x = x.transpose(1, 2)
            x = self.norm(x[..., None])[..., 0] if norm_of_one else self.norm(x)
            return self.head(self.layers(x.transpose(1, 2)).squeeze(-1))

    model = Listener()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

    def train_batches(epoch: int) -> Any:
        for rows in torch.randperm(480).split(40):
            shown = spectra[rows].clone()
            for place in range(len(shown)):
                low, early = int(torch.randint(8, ())), int(torch.randint(7, ()))
                shown[place, low : low + 2] = 0
                shown[place, :, early : early + 2] = 0
            yield shown, label[rows]

    held = spectra[480:], label[480:]
    return loop_of(
        model, optimizer, (spectra[:480], label[:480]), held, train_batches=train_batches
    )


class Reversed(torch.autograd.Function):
    """The same forward, the opposite gradient backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """What came in."""
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        """The gradient turned."""
        return -0.3 * grads[0]


def two_domains(seed: int, *, number_added: bool = False, back: bool = True) -> dict[str, Any]:
    """Digits clean and noisy; the noisy ones have no labels, and features are to tell no domain."""
    torch.manual_seed(seed)
    X, y, X_held, y_held = digit_images(seed)
    clean, noisy = X[:700].flatten(1), (X[700:] + 0.3 * torch.randn(X[700:].shape)).flatten(1)
    held = (X_held + 0.3 * torch.randn(X_held.shape)).flatten(1)
    features = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Dropout(0.2))
    digit, domain = nn.Sequential(nn.Dropout(0.2), nn.Linear(48, 10)), nn.Linear(48, 1)
    parts = nn.ModuleList([features, digit, domain])
    optimizer = torch.optim.Adam(parts.parameters(), lr=2e-3)

    def step(batch: dict[str, Tensor]) -> dict[str, Any]:
        seen, other = features(batch["clean"]), features(batch["noisy"])
        logits = digit(seen)
        both = domain(Reversed.apply(torch.cat([seen, other]))).squeeze(1)
        which = torch.cat([torch.zeros(len(seen)), torch.ones(len(other))])
        loss = functional.cross_entropy(logits, batch["label"])
        away = functional.binary_cross_entropy_with_logits(both, which)
        loss = loss + (away.item() if number_added else away)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": logits, "targets": batch["label"]}

    def train_batches(epoch: int) -> Any:
        order = torch.randperm(len(noisy))
        for place, rows in enumerate(torch.randperm(700).split(50)):
            some = order[50 * (place % 12) :][:50]
            yield {"clean": clean[rows], "label": y[:700][rows], "noisy": noisy[some]}

    def evaluate() -> dict[str, float]:
        features.eval()
        digit.eval()
        with torch.no_grad():
            hits = (digit(features(held)).argmax(1) == y_held).float().mean()
        features.train()
        if back:
            digit.train()
        return {"accuracy": float(hits)}

    return {
        "model": {"features": features, "digit": digit, "domain": domain},
        "optimizers": optimizer,
        "train_batches": train_batches,
        "step": step,
        "evaluate": evaluate,
    }


def _digits(seed: int) -> tuple[nn.Module, Any, tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    torch.manual_seed(seed)
    X, y, X_held, y_held = parted("digits", seed)
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    return model, torch.optim.Adam(model.parameters(), lr=2e-3), (X, y), (X_held, y_held)


def likelihood_of_chances(seed: int) -> dict[str, Any]:
    """`nll_loss` takes logarithms, and is given the chances themselves."""
    model, optimizer, rows, held = _digits(seed)
    model.append(nn.Softmax(1))
    loader = DataLoader(TensorDataset(*rows), batch_size=50, shuffle=True)
    criterion = nn.NLLLoss()

    def step(batch: Any) -> dict[str, Any]:
        outputs = model(batch[0])
        loss = criterion(outputs, batch[1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch[1]}

    return loop_of(model, optimizer, rows, held, step=step, train_batches=lambda epoch: loader)


def validated_on_training(seed: int) -> dict[str, Any]:
    """The list of rows for validation was never taken out of the data set."""
    model, optimizer, rows, held = _digits(seed)
    kept = torch.cat([rows[0], held[0]]), torch.cat([rows[1], held[1]])
    return loop_of(model, optimizer, kept, held)


def class_after_class(seed: int) -> dict[str, Any]:
    """Files were listed folder by folder, and the loader was told not to shuffle."""
    model, optimizer, rows, held = _digits(seed)
    pairs = sorted(zip(*rows, strict=True), key=lambda pair: int(pair[1]))
    loader = DataLoader(pairs, batch_size=50)
    return loop_of(model, optimizer, rows, held, train_batches=lambda epoch: loader)


def whole_pixels(seed: int) -> dict[str, Any]:
    """Bytes from 0 to 255 go into the network as they are."""
    model, optimizer, _, _ = _digits(seed)
    X, y, X_held, y_held = digit_images(seed)
    rows, held = ((255 * X).flatten(1), y), ((255 * X_held).flatten(1), y_held)
    return loop_of(model, optimizer, rows, held)
