import numpy as np
import pytest

from mldiag.steps.probe.checks.posterior_collapse import judge
from tests.steps.probe.recordings import sampled, signals

COUNT = len(sampled(400))
VAE = {"task": "vae"}


def latents(active, units=8):
    """So many units carry something, the others are the prior."""
    says = np.arange(units) < active
    variance, nats = np.where(says, 0.8, 1e-4), np.where(says, 1.5, 1e-3)
    return {
        "batch/mu_variance": np.broadcast_to(variance, (COUNT, units)),
        "batch/kl": np.broadcast_to(nats, (COUNT, units)),
    }


def test_a_code_that_says_nothing_is_a_problem():
    found = judge(signals(arrays=latents(0), facts=VAE))
    assert (found.outcome, found.action.param) == ("problem", "beta")
    assert "0 of 8 latent units" in found.title


@pytest.mark.parametrize("active", [8, 3])
def test_a_code_of_which_some_units_carry_something_passes(active):
    found = judge(signals(arrays=latents(active), facts=VAE))
    assert (found.outcome, found.evidence["active_units"]) == ("passed", active)


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(facts=VAE)).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize(("beta", "collapsed"), [(50.0, True), (0.01, False)])
def test_a_real_autoencoder_whose_divergence_rules(beta, collapsed):
    torch = pytest.importorskip("torch")
    import mldiag
    from tests.steps.probe.trainings import blobs, mlp

    x, _ = blobs()
    net = torch.nn.ModuleDict({"encoder": mlp(8, 16, 8), "decoder": mlp(4, 16, 8, seed=1)})
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(0)
    with mldiag.watch(net, optimizer) as watch:
        for _ in range(150):
            rows = x[torch.randint(0, len(x), (48,), generator=generator)]
            mu, logvar = net["encoder"](rows).chunk(2, 1)
            code = mu + (0.5 * logvar).exp() * torch.randn(mu.shape, generator=generator)
            made = net["decoder"](code)
            divergence = 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum(1).mean()
            loss = (made - rows).pow(2).sum(1).mean() + beta * divergence
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(
                loss=loss,
                outputs={"reconstruction": made, "mu": mu, "logvar": logvar},
                targets=rows,
            )
    report = watch.diagnose()
    outcomes = {finding.slug: finding.outcome for finding in report.findings}
    assert outcomes["posterior-collapse"] == ("problem" if collapsed else "passed")
