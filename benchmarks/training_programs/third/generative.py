"""Networks that make data: autoencoders and opponents."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm
from torch.utils.data import DataLoader

from .data import digit_images


def pixels_of(seed: int) -> tuple[Tensor, Tensor]:
    """Digits as rows of 64 pixels, those to train on and others."""
    X, _, X_held, _ = digit_images(seed)
    return X.flatten(1), X_held.flatten(1)


def shuffled(rows: Tensor, size: int = 64) -> Any:
    """Batches of rows in a new order each epoch, the rest dropped."""
    loader = DataLoader(rows, batch_size=size, shuffle=True, drop_last=True)
    return lambda epoch: loader


def denoising_autoencoder(seed: int) -> dict[str, Any]:
    """Clean pixels from noisy ones through a narrow place."""
    torch.manual_seed(seed)
    X, X_held = pixels_of(seed)
    model = nn.Sequential(
        nn.Linear(64, 32),
        nn.ReLU(),
        nn.Linear(32, 8),
        nn.Linear(8, 32),
        nn.ReLU(),
        nn.Linear(32, 64),
    )
    optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)

    def step(batch: Tensor) -> dict[str, Any]:
        model.train()
        optimizer.zero_grad()
        outputs = model(batch + 0.2 * torch.randn_like(batch))
        loss = functional.mse_loss(outputs, batch)
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch}

    def evaluate() -> dict[str, float]:
        model.eval()
        with torch.no_grad():
            return {"error": functional.mse_loss(model(X_held), X_held).item()}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": shuffled(X),
        "step": step,
        "evaluate": evaluate,
        "eval_batch": X_held,
        "task": "autoencoder",
    }


class Variational(nn.Module):
    """An encoder to a mean and a spread, a draw, and a decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 12))
        self.decoder = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 64))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """The reconstruction, and where it was drawn from."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        drawn = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return {"reconstruction": self.decoder(drawn), "mu": mean, "logvar": log_variance}


def variational_autoencoder(seed: int) -> dict[str, Any]:
    """A VAE whose weight of the divergence grows over the first epochs."""
    torch.manual_seed(seed)
    X, X_held = pixels_of(seed)
    model = Variational()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    weight = {"divergence": 0.0}

    def end_epoch(epoch: int) -> None:
        weight["divergence"] = min(1.0, weight["divergence"] + 0.25)

    def step(batch: Tensor) -> dict[str, Any]:
        outputs = model(batch)
        entropy = functional.binary_cross_entropy_with_logits(
            outputs["reconstruction"], batch, reduction="none"
        ).sum(1)
        mean, spread = outputs["mu"], outputs["logvar"]
        divergence = -0.5 * (1 + spread - mean**2 - spread.exp()).sum(1)
        loss = (entropy + weight["divergence"] * divergence).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch}

    return {
        "model": model,
        "optimizers": optimizer,
        "train_batches": shuffled(X),
        "step": step,
        "end_epoch": end_epoch,
        "eval_batch": X_held,
        "task": "vae",
    }


def _opponents(normed: bool) -> tuple[nn.Module, nn.Module]:
    maker = nn.Sequential(
        nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid()
    )
    layers = [nn.Linear(64, 48), nn.Linear(48, 1)]
    first, last = (spectral_norm(layer) for layer in layers) if normed else layers
    return maker, nn.Sequential(first, nn.LeakyReLU(0.2), last)


def gan_cross_entropy(seed: int, *, cut: bool = False, clears: str = "both") -> dict[str, Any]:
    """Two opponents with two optimizers and cross-entropy, soft labels for the real ones."""
    torch.manual_seed(seed)
    X, _ = pixels_of(seed)
    maker, judge = _opponents(normed=False)
    of_maker = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.5, 0.999))
    of_judge = torch.optim.Adam(judge.parameters(), lr=1e-3, betas=(0.5, 0.999))
    entropy = nn.BCEWithLogitsLoss()

    def step(real: Tensor) -> dict[str, Any]:
        fake = maker(torch.randn(len(real), 16))
        of_judge.zero_grad()
        on_real, on_fake = judge(real), judge(fake.detach())
        loss_judge = entropy(on_real, torch.full_like(on_real, 0.9))
        loss_judge = loss_judge + entropy(on_fake, torch.zeros_like(on_fake))
        loss_judge.backward()
        of_judge.step()
        (of_maker if clears == "both" else of_judge).zero_grad()
        verdict = judge(fake.detach() if cut else fake)
        loss_maker = entropy(verdict, torch.ones_like(verdict))
        loss_maker.backward()
        of_maker.step()
        losses = {"generator": loss_maker.item(), "discriminator": loss_judge.item()}
        return {"loss": loss_judge, "losses": losses, "outputs": fake, "targets": real}

    return {
        "model": {"generator": maker, "discriminator": judge},
        "optimizers": [of_maker, of_judge],
        "train_batches": shuffled(X),
        "step": step,
        "task": "gan",
    }


def gan_hinge(seed: int) -> dict[str, Any]:
    """Opponents with the hinge loss; spectral norms in the one that judges; task not told."""
    torch.manual_seed(seed)
    X, _ = pixels_of(seed)
    maker, judge = _opponents(normed=True)
    of_maker = torch.optim.Adam(maker.parameters(), lr=5e-4, betas=(0.0, 0.9))
    of_judge = torch.optim.Adam(judge.parameters(), lr=2e-3, betas=(0.0, 0.9))

    def step(real: Tensor) -> dict[str, Any]:
        for weights in judge.parameters():
            weights.requires_grad_(True)
        with torch.no_grad():
            fake = maker(torch.randn(len(real), 16))
        loss_judge = (
            functional.relu(1 - judge(real)).mean() + functional.relu(1 + judge(fake)).mean()
        )
        of_judge.zero_grad()
        loss_judge.backward()
        of_judge.step()
        for weights in judge.parameters():
            weights.requires_grad_(False)
        made = maker(torch.randn(len(real), 16))
        loss_maker = -judge(made).mean()
        of_maker.zero_grad()
        loss_maker.backward()
        of_maker.step()
        return {"loss": loss_maker + loss_judge.detach(), "outputs": made, "targets": real}

    return {
        "model": [maker, judge],
        "optimizers": [of_maker, of_judge],
        "train_batches": shuffled(X),
        "step": step,
    }


def wasserstein_penalty(seed: int) -> dict[str, Any]:
    """A critic with a penalty on its gradient; the maker moves after every fourth batch alone."""
    torch.manual_seed(seed)
    X, _ = pixels_of(seed)
    maker = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid())
    critic = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    of_maker = torch.optim.Adam(maker.parameters(), lr=1e-3, betas=(0.0, 0.9))
    of_critic = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.9))
    count = {"batches": 0}

    def step(real: Tensor) -> dict[str, Any]:
        fake = maker(torch.randn(len(real), 16)).detach()
        share = torch.rand(len(real), 1)
        between = (share * real + (1 - share) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
        of_critic.zero_grad()
        loss.backward()
        of_critic.step()
        count["batches"] += 1
        if count["batches"] % 4 == 0:
            of_maker.zero_grad()
            (-critic(maker(torch.randn(len(real), 16))).mean()).backward()
            of_maker.step()
        return {"loss": loss, "outputs": fake, "targets": real}

    return {
        "model": [maker, critic],
        "optimizers": [of_maker, of_critic],
        "train_batches": shuffled(X),
        "step": step,
        "task": "gan",
    }
