import numpy as np
import pytest

from mldiag.steps.probe.checks.representation_collapse import judge
from tests.steps.probe.recordings import recording, sampled, signals

COUNT = len(sampled(400))
OF_VIEWS = {"task": "self_supervised"}


def embeddings(spectrum, spread=0.9, size=1.0):
    """Embeddings whose covariance has these eigenvalues at the end; at first it is even."""
    spectra = np.broadcast_to(spectrum, (COUNT, len(spectrum))).copy()
    spectra[0] = 1.0 / len(spectrum)
    sizes = np.full(COUNT, size)
    sizes[0] = 1.0
    return {
        "embedding/spectrum": spectra, "embedding/spread": np.full(COUNT, spread), "embedding/size": sizes,
    }  # fmt: skip


EVEN = np.full(64, 1 / 64)
LINE = np.array([1.0, *[1e-6] * 63])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (embeddings(EVEN, spread=0.001), "to a point"),
        (embeddings(EVEN, size=0.001), "0.1% of those at first"),
        (embeddings(LINE), "of 64 dimensions"),
    ],
)
def test_embeddings_that_fill_a_point_or_a_line_are_a_problem(arrays, said):
    found = judge(signals(arrays=arrays, facts=OF_VIEWS))
    assert (found.outcome, found.action.kind) == ("problem", "stabilize_training")
    assert said in found.title


def test_embeddings_that_fill_their_space_pass():
    found = judge(signals(arrays=embeddings(EVEN), facts=OF_VIEWS))
    assert found.outcome == "passed"
    assert found.evidence["effective_rank"] == pytest.approx(64)


def test_features_that_are_the_same_for_every_row_are_a_problem_where_nothing_is_learned():
    flat = {"feature/spectrum": 1e-9 * recording().series("feature/spectrum")}
    assert judge(signals(arrays=flat, learned=0.0)).outcome == "problem"
    assert judge(signals(learned=0.0)).outcome == "passed"
    assert judge(signals(arrays=flat)).outcome == "not_applicable"  # it learns


def test_too_little():
    assert judge(signals(steps=10)).outcome == "inconclusive"
    assert judge(signals(facts=OF_VIEWS)).outcome == "not_applicable"
    assert judge(signals(learned=0.0, without=("feature/",))).outcome == "not_applicable"


@pytest.mark.torch
@pytest.mark.parametrize("negatives", [True, False])
def test_real_views_without_anything_that_pushes_apart(negatives):
    torch = pytest.importorskip("torch")
    import mldiag
    from tests.steps.probe.trainings import blobs, mlp

    x, _ = blobs()
    net = mlp(8, 32, 16)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(0)
    with mldiag.watch(net, optimizer, task="self_supervised") as watch:
        for _ in range(120):
            rows = torch.randint(0, len(x), (64,), generator=generator)
            noise = 0.1 * torch.randn(2, 64, 8, generator=generator)
            one, other = (torch.nn.functional.normalize(net(x[rows] + n), dim=1) for n in noise)
            loss = (one - other).pow(2).sum(1).mean()
            if negatives:
                loss = torch.nn.functional.cross_entropy(one @ other.T / 0.2, torch.arange(64))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss=loss, outputs=one)
    assert (watch.diagnose().headline == "COLLAPSED") == (not negatives)
