"""The loop of a generator against a critic."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def duel(
    generator,
    critic,
    optimizers,
    real,
    noise,
    watch,
    *,
    steps=800,
    size=64,
    rounds=(1, 1),
    every=200,
):
    """Train a generator against a critic; `rounds` are the critic's and the generator's updates."""
    of_generator, of_critic = optimizers
    zeros, ones = torch.zeros(size, 1), torch.ones(size, 1)
    wrong = F.binary_cross_entropy_with_logits
    with watch([generator, critic], [of_generator, of_critic], task="gan",
               roles=("generator", "discriminator")) as w:  # fmt: skip
        for count in range(1, steps + 1):
            for _ in range(rounds[0]):
                made = generator(noise(size)).detach()
                judged = wrong(critic(real(size)), ones) + wrong(critic(made), zeros)
                of_critic.zero_grad()
                judged.backward()
                of_critic.step()
            for _ in range(rounds[1]):
                made = generator(noise(size))
                fooled = wrong(critic(made), ones)
                of_generator.zero_grad()
                fooled.backward()
                of_generator.step()
            w.step(losses={"generator": fooled, "discriminator": judged})
            if count % every == 0:
                generator.eval()
                with torch.no_grad():
                    made = generator(noise(500))
                generator.train()
                w.evaluate(samples=made, real=real(500))
    return w.diagnose(), made
