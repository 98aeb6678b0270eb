"""Later programs whose run ends too early, learns too much or too little, or collapses."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional as F

from sick_programs.common import Loop, accuracy, batches, digits, fit, fitted, keep_score, mlp
from sick_programs.later_nets import Codes, Echo, Topics, WaveVAE, wave_net
from sick_programs.later_scenes import documents, spirals, waves


def nearest_class(train, y, held, yv):
    """Share of held rows whose nearest class centre is their own."""
    centres = torch.stack([train[y == k].mean(0) for k in range(int(y.max()) + 1)])
    return float((torch.cdist(held, centres).argmin(1) == yv).float().mean())


def few_noisy_waves(seed, watch, sick=True):
    """A wide net learns sixty noisy waves by heart."""
    torch.manual_seed(seed)
    rows = 60 if sick else 3000
    net = nn.Sequential(nn.Flatten(), mlp(48, 128, 128, 6))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    return fit(net, optimizer, waves(seed, rows=rows + 400, noise=0.3), seed, watch,
               epochs=150 if sick else 15, size=20 if sick else 100, told="score train_score",
               step="loss")  # fmt: skip


def no_activation(seed, watch, sick=True):
    """Four layers with nothing between them try to tell two spirals apart."""
    torch.manual_seed(seed)
    net = mlp(2, 48, 48, 48, 2, act=nn.Identity if sick else nn.SiLU)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    return fit(net, optimizer, spirals(seed), seed, watch, epochs=60, size=75,
               told="score train_score outputs targets")  # fmt: skip


def slopes_forbidden(seed, watch, sick=True):
    """A penalty on the slope of a regression, thirty times its loss."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1500, 5, generator=generator)
    y = ((2 * x[:, 0]).sin() + x[:, 1] * x[:, 2])[:, None]
    xv, yv = x[1100:], y[1100:]
    net = mlp(5, 64, 64, 1, act=nn.Tanh)
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    with watch(net, optimizer, task="regression") as w:
        for _ in range(40):
            for xb, yb in batches(x[:1100], y[:1100], 64, generator):
                xb = xb.clone().requires_grad_()
                outputs = net(xb)
                (slope,) = torch.autograd.grad(outputs.sum(), xb, create_graph=True)
                losses = {"fit": F.mse_loss(outputs, yb), "penalty": slope.square().sum(1).mean()}
                losses["penalty"] = losses["penalty"] * (30.0 if sick else 1e-4)
                optimizer.zero_grad()
                sum(losses.values()).backward()
                optimizer.step()
                w.step(losses=losses, outputs=outputs, targets=yb)
            with torch.no_grad():
                told = {"train_score": fitted(net(x[:400]), y[:400]), "outputs": net(xv)}
                w.evaluate(score=keep_score(fitted(net(xv), yv)), targets=yv, **told)
    return w.diagnose()


def brief_picture(seed, watch, sick=True):
    """A net that learns one picture from its coordinates is stopped while it still improves."""
    torch.manual_seed(seed)
    waves_in = 3 * torch.randn(2, 24)
    places = 2 * torch.rand(3000, 2) - 1
    shade = ((5 * places[:, 0]).sin() * (4 * places[:, 1]).cos() + (places.norm(dim=1) < 0.5))[
        :, None
    ]
    inputs = torch.cat([(places @ waves_in).sin(), (places @ waves_in).cos()], 1)
    net = mlp(48, 64, 64, 1, act=nn.GELU)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-4)
    return fit(net, optimizer, (inputs[:2400], shade[:2400], inputs[2400:], shade[2400:]), seed, watch,
               epochs=5 if sick else 50, size=100, loss_fn=F.mse_loss, score=fitted, task=None,
               step="loss", told="score train_score")  # fmt: skip


def impatient_schedule(seed, watch, sick=True):
    """The rate is cut whenever a batch is no better than the best for three batches."""
    torch.manual_seed(seed)
    net = wave_net(6)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.2, patience=3)
    losses = []

    def loss_fn(outputs, targets):
        losses.append(F.cross_entropy(outputs, targets))
        return losses[-1]

    def after_update(step):
        if sick:
            schedule.step(losses[-1].item())

    return fit(net, optimizer, waves(seed, noise=0.4), seed, watch, epochs=14, size=50, loss_fn=loss_fn,
               after_update=after_update, told="score train_score")  # fmt: skip


def sampler_the_wrong_way(seed, watch, sick=True):
    """A sampler's weights draw one topic nearly always; the texts to be judged are balanced."""
    torch.manual_seed(seed)
    x, y, xv, yv = documents(seed, spread=0.3)
    net = Topics()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    weights = torch.where(y == 2, 1.0, 0.001 if sick else 1.0)
    with watch(net, optimizer, task="classification") as w:
        for count in range(1, 401):
            rows = torch.multinomial(weights, 50, replacement=True)
            logits = net(x[rows])
            loss = F.cross_entropy(logits, y[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            w.step(loss=loss, outputs=logits, targets=y[rows])
            if count % 40 == 0:
                with torch.no_grad():
                    held = net(xv)
                w.evaluate(score=keep_score(accuracy(held, yv)), outputs=held, targets=yv)
    return w.diagnose()


def variance_forgotten(seed, watch, sick=True):
    """Two views are drawn together, dimensions made independent, and nothing keeps them apart."""
    torch.manual_seed(seed)
    x, y, xv, yv = waves(seed)
    net = nn.Sequential(wave_net(16), nn.ReLU(), nn.Linear(16, 16))
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="self_supervised") as w:
        for _ in range(10):
            for xb, _ in batches(x, y, 100, generator):
                a, b = (net(xb.roll(shift, 2) + 0.2 * torch.randn_like(xb)) for shift in (0, 5))
                loss = 5 * F.mse_loss(a, b)
                for z in (a, b):
                    spread = torch.cov(z.T)
                    loss = loss + (spread - spread.diag().diag()).square().sum() / 16
                    loss = loss + (0 if sick else 5 * F.relu(1 - z.std(0)).mean())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs=a)
            with torch.no_grad():
                seen, held = net(x), net(xv)
            w.evaluate(score=keep_score(nearest_class(seen, y, held, yv)), outputs=held)
    return w.diagnose()


def decoder_sees_the_input(seed, watch, sick=True):
    """A skip leads the input to the decoder: nothing is left for the latent to say."""
    torch.manual_seed(seed)
    x, y, xv, yv = waves(seed, noise=0.1)
    net = WaveVAE(sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vae") as w:
        for _ in range(18):
            for xb, _ in batches(x, y, 50, generator):
                rebuilt, mu, logvar = net(xb)
                fit_loss = 5 * (rebuilt - xb).square().sum((1, 2)).mean()
                told = 0.5 * (mu.square() + logvar.exp() - logvar - 1).sum(1).mean()
                loss = fit_loss + told
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs={"reconstruction": rebuilt, "mu": mu, "logvar": logvar})
            with torch.no_grad():
                held, drawn = net(xv), net.draw(xv)
                keep_score(nearest_class(net.draw(x), y, drawn, yv))
            w.evaluate(outputs=held, targets=xv)
    return w.diagnose()


def noise_drawn_twice(seed, watch, sick=True):
    """Noise is drawn for two rows and repeated: a batch holds two samples, over and over."""
    torch.manual_seed(seed)
    turn = torch.arange(6) * math.pi / 3
    centres = 2 * torch.stack([turn.cos(), turn.sin()], 1)

    def noise(rows):
        return torch.randn(2, 4).repeat(rows // 2, 1) if sick else torch.randn(rows, 4)

    generator, critic = mlp(4, 64, 64, 2), mlp(2, 64, 64, 1, act=nn.SiLU)
    makers = [
        torch.optim.Adam(n.parameters(), lr=1e-3, betas=(0.5, 0.9)) for n in (generator, critic)
    ]
    with watch([generator, critic], makers, task="gan", roles=("generator", "discriminator")) as w:
        for count in range(1, 801):
            real = centres[torch.randint(0, 6, (128,))] + 0.2 * torch.randn(128, 2)
            real.requires_grad_()
            fake = generator(noise(128))
            told = critic(torch.cat([real, fake.detach()])).view(2, -1)
            (slope,) = torch.autograd.grad(told[0].sum(), real, create_graph=True)
            critic_loss = F.softplus(-told[0]).mean() + F.softplus(told[1]).mean()
            makers[1].zero_grad()
            (critic_loss + 0.1 * slope.square().sum(1).mean()).backward()
            makers[1].step()
            loss = F.softplus(-critic(fake)).mean()
            makers[0].zero_grad()
            loss.backward()
            makers[0].step()
            w.step(losses={"generator": loss, "discriminator": critic_loss})
            if count % 150 == 0:
                with torch.no_grad():
                    samples = generator(noise(500))
                near = torch.cdist(samples, centres).min(1)
                found = torch.bincount(near.indices[near.values < 0.6], minlength=6)
                keep_score((found >= 15).float().mean())
                w.evaluate(samples=samples, real=real.detach())
    return w.diagnose()


def codes_by_product(seed, watch, sick=True):
    """Codes are chosen by the largest product with positive features: the longest code wins all."""
    torch.manual_seed(seed)
    x, _, xv, _ = digits(seed, flat=False)
    x, xv = (F.unfold(t, 4, stride=4).transpose(1, 2).reshape(-1, 16) for t in (x, xv))
    net = Codes(sick)
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(seed)
    with watch(net, optimizer, task="vector_quantized") as w:
        for _ in range(20):
            for xb, _ in batches(x, x, 128, generator):
                rebuilt, codes, pull = net(xb)
                loss = F.mse_loss(rebuilt, xb) + pull
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                w.step(loss=loss, outputs={"reconstruction": rebuilt, "codes": codes}, targets=xb)
            with torch.no_grad():
                rebuilt, codes, _ = net(xv)
            w.evaluate(score=keep_score(fitted(rebuilt, xv)), outputs={"codes": codes})
    return w.diagnose()


def only_itself_in_view(seed, watch, sick=True):
    """A distance penalty of thirty a step: every place attends to itself and to nothing else."""
    torch.manual_seed(seed)
    letters = torch.randint(0, 12, (1600, 16), generator=torch.Generator().manual_seed(seed))
    before = letters.roll(3, 1)
    net = Echo(30.0 if sick else 0.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=4e-3)
    return fit(net, optimizer, (letters[:1200], before[:1200], letters[1200:], before[1200:]), seed, watch,
               epochs=15, size=50, score=accuracy, task=None, told="score",
               loss_fn=lambda outputs, y: Loop().loss_fn(outputs.flatten(0, 1), y.flatten()))  # fmt: skip
