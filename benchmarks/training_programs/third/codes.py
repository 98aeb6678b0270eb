"""Networks through a codebook, and networks that take noise away."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .generative import pixels_of, shuffled


class Codebook(nn.Module):
    """The nearest of 32 codes, the gradient passed straight through; codes follow their members' mean."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("codes", torch.randn(32, width))
        self.register_buffer("members", torch.ones(32))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The codes, and how far the inputs are from them."""
        nearest = torch.cdist(x, self.codes).argmin(1)
        chosen = self.codes[nearest]
        if self.training:
            with torch.no_grad():
                belongs = functional.one_hot(nearest, 32).to(x.dtype)
                self.members.mul_(0.9).add_(0.1 * belongs.sum(0))
                mean = belongs.T @ x / belongs.sum(0).clamp_min(1)[:, None]
                used = belongs.sum(0) > 0
                self.codes[used] = 0.9 * self.codes[used] + 0.1 * mean[used]
        return x + (chosen - x).detach(), functional.mse_loss(x, chosen.detach())


def vector_quantized(seed: int) -> dict[str, Any]:
    """An autoencoder through a codebook that moves by averages, not by gradients."""
    torch.manual_seed(seed)
    X, X_held = pixels_of(seed)

    class Quantized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 4))
            self.codebook = Codebook(4)
            self.decoder = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 64))

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            code, commitment = self.codebook(self.encoder(x))
            return self.decoder(code), commitment

    model = Quantized()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch: Tensor) -> dict[str, Any]:
        model.train()
        outputs, commitment = model(batch)
        loss = functional.mse_loss(outputs, batch) + 0.25 * commitment
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"error": float(functional.mse_loss(model(X_held)[0], X_held))}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": shuffled(X),
        "step": step,
        "evaluate": evaluate,
        "eval_batch": X_held,
    }


def diffusion(seed: int) -> dict[str, Any]:
    """The noise in a picture at a random time; the last layer starts at zero."""
    torch.manual_seed(seed)
    X, _ = pixels_of(seed)
    clean = 2 * X - 1
    kept = torch.cumprod(1 - torch.linspace(1e-3, 0.15, 40), 0)

    class Denoiser(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.when = nn.Embedding(40, 32)
            self.inward = nn.Linear(64, 96)
            self.scale = nn.Linear(32, 96)
            self.outward = nn.Linear(96, 64)
            nn.init.zeros_(self.outward.weight)
            nn.init.zeros_(self.outward.bias)

        def forward(self, x: Tensor, time: Tensor) -> Tensor:
            return self.outward(functional.silu(self.inward(x) + self.scale(self.when(time))))

    model = Denoiser()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

    def step(batch: Tensor) -> dict[str, Any]:
        time = torch.randint(40, (len(batch),))
        noise = torch.randn_like(batch)
        share = kept[time][:, None]
        outputs = model(share.sqrt() * batch + (1 - share).sqrt() * noise, time)
        loss = functional.mse_loss(outputs, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": noise}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": shuffled(clean),
        "step": step,
    }
