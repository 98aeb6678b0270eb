"""Programs without labels: autoencoders, competing networks, losses that compare rows."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from training_programs.common import digits


def autoencoder(seed, bug=""):
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    model = nn.Sequential(
        nn.Linear(64, 32),
        nn.GELU(),
        nn.Linear(32, 8),
        nn.Linear(8, 32),
        nn.GELU(),
        nn.Linear(32, 64),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

    def step(batch):
        noisy = batch + 0.1 * torch.randn_like(batch)
        outputs = model(noisy)
        loss = F.mse_loss(outputs, batch)
        if bug != "missing zero_grad":
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch}

    return {"model": model, "optimizer": optimizer,
            "train_batches": lambda epoch: x[torch.randperm(len(x))].split(64), "step": step,
            "evaluate": lambda: {"mse": float(F.mse_loss(model(xv), xv))}, "eval_batch": xv}  # fmt: skip


class _Variational(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))
        self.decoder = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64))

    def forward(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        drawn = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.decoder(drawn), mu, logvar


def variational(seed, bug=""):
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed)
    model = _Variational()
    trained = model.encoder if bug == "decoder left out" else model
    optimizer = torch.optim.Adam(trained.parameters(), lr=1e-3)

    def losses(outputs, targets):
        rebuilt, mu, logvar = outputs
        wrong = F.binary_cross_entropy_with_logits(rebuilt, targets, reduction="sum") / len(targets)
        return wrong - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()

    def step(batch):
        outputs = model(batch)
        loss = losses(outputs, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": batch}

    def evaluate():
        with torch.no_grad():
            return {"loss": float(losses(model(xv), xv))}

    return {"model": model, "optimizers": optimizer, "loss_fn": losses, "step": step,
            "evaluate": evaluate,
            "train_batches": lambda epoch: x[torch.randperm(len(x))].split(64),
            "eval_batch": xv}  # fmt: skip


def adversarial(seed, bug=""):
    torch.manual_seed(seed)
    x = digits(seed)[0]
    generator = nn.Sequential(
        nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.Sigmoid()
    )
    critic = nn.Sequential(nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(64, 1))
    of_critic = torch.optim.Adam(critic.parameters(), lr=2e-4, betas=(0.5, 0.99))
    of_generator = torch.optim.Adam(generator.parameters(), lr=2e-4, betas=(0.5, 0.99))

    def step(real):
        fake = generator(torch.randn(len(real), 16))
        of_critic.zero_grad()
        right = F.binary_cross_entropy_with_logits(critic(real), torch.ones(len(real), 1))
        wrong = F.binary_cross_entropy_with_logits(critic(fake.detach()), torch.zeros(len(real), 1))
        (right + wrong).backward()
        of_critic.step()
        if bug != "generator keeps gradients":
            of_generator.zero_grad()
        fooled = F.binary_cross_entropy_with_logits(critic(fake), torch.ones(len(real), 1))
        fooled.backward()
        of_generator.step()
        return {
            "loss": fooled,
            "losses": {"critic": right + wrong, "generator": fooled},
            "outputs": fake,
        }

    def evaluate():
        with torch.no_grad():
            return {"real": float(critic(x[:200]).mean())}

    return {"model": [generator, critic], "optimizers": [of_generator, of_critic],
            "step": step, "evaluate": evaluate,
            "train_batches": lambda epoch: x[torch.randperm(len(x))].split(64),
            "task": "gan" if seed % 2 else None}  # fmt: skip


def contrastive(seed, bug=""):
    torch.manual_seed(seed)
    x = digits(seed)[0]
    encoder = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.1, momentum=0.9)

    def step(batch):
        encoder.train()
        views = torch.cat(
            [batch + 0.1 * torch.randn_like(batch), batch * (torch.rand_like(batch) > 0.2)]
        )
        z = F.normalize(encoder(views), dim=1)
        if bug == "embeddings detached":
            z = z.detach().requires_grad_()
        alike = z @ z.T / 0.2
        alike.fill_diagonal_(-1e9)
        other = torch.arange(len(z)).roll(len(batch))
        loss = F.cross_entropy(alike, other)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss.item(), "outputs": z.detach()}

    return {"model": encoder, "optimizers": optimizer, "step": step,
            "task": "self_supervised" if seed % 2 else None,
            "train_batches": lambda epoch: x[torch.randperm(len(x))].split(64)}  # fmt: skip


def diffusion(seed, bug=""):
    """The noise in a digit is predicted, at a random time."""
    torch.manual_seed(seed)
    x = digits(seed)[0] * 2 - 1
    model = nn.Sequential(nn.Linear(65, 128), nn.SiLU(), nn.Linear(128, 64))
    nn.init.zeros_(model[2].weight)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step(batch):
        time, noise = torch.rand(len(batch), 1), torch.randn_like(batch)
        mixed = (1 - time).sqrt() * batch + time.sqrt() * noise
        outputs = model(torch.cat([mixed, time], 1))
        loss = F.mse_loss(outputs, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": noise}

    return {"model": model, "optimizers": optimizer, "step": step,
            "train_batches": lambda epoch: x[torch.randperm(len(x))].split(64)}  # fmt: skip


def two_towers(seed, bug=""):
    """Halves of a digit are matched: similarities of every left with every right, computed in the network."""
    torch.manual_seed(seed)
    x = digits(seed)[0].view(-1, 8, 8)

    class Towers(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(32, 16), nn.Linear(32, 16)
            self.scale = nn.Parameter(torch.tensor(2.0))

        def forward(self, left, right):
            left, right = F.normalize(self.left(left), dim=1), F.normalize(self.right(right), dim=1)
            return left @ right.T * self.scale.exp()

    model = Towers()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def batches(epoch):
        for rows in torch.randperm(len(x)).split(64):
            yield x[rows][:, :, :4].flatten(1), x[rows][:, :, 4:].flatten(1)

    def step(batch):
        outputs, own = model(*batch), torch.arange(len(batch[0]))
        loss = (F.cross_entropy(outputs, own) + F.cross_entropy(outputs.T, own)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": outputs, "targets": own}

    return {"model": model, "optimizers": optimizer, "train_batches": batches, "step": step}
