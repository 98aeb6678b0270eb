"""The report of all checks together, and programs of many kinds that must raise no false alarm."""

import json
import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import mldiag
from mldiag.findings import OUTCOMES
from mldiag.steps import step_named
from mldiag.training_checks.checks import ALL, CHECKS
from mldiag.training_checks.run import LABELS
from tests.training_checks.loops import Through, loop, network, rows


def problems(report):
    return [f.code for f in report.findings if f.outcome == "problem"]


def test_a_healthy_loop_passes_with_every_check_told():
    report = mldiag.diagnose_training(**loop())
    assert report.outcome == "passed"
    assert report.headline == "NO BUG FOUND"
    active = {f.code for f in report.findings if f.code < "MD2"}
    assert active == {check.code for check in CHECKS}
    assert {f.code for f in report.findings} - active <= {*step_named("probe").checks()}
    assert [a.kind for a in report.actions] == ["none"]
    assert "training of Sequential" in str(report)
    assert "<" in report._repr_html_()


def test_a_bug_stands_first_with_its_consequences_behind_it():
    report = mldiag.diagnose_training(**loop(Through(lambda x, out: out.detach())))
    assert report.outcome == "problem"
    assert report.headline[:14] == "BUG detached"
    assert report.findings[0].slug == "loss-detached"
    assert report.actions[0].kind == "fix_bug"
    assert json.loads(json.dumps(report.to_dict()))["findings"][0]["code"] == "MD151"


def test_consequences_are_marked():
    model = network()
    report = mldiag.diagnose_training(
        **loop(model, optimizer=torch.optim.SGD(model.parameters(), 0.0))
    )
    by_slug = {f.slug: f for f in report.findings}
    assert report.headline == "BUG optimizer"
    assert by_slug["overfit-batch"].caused_by == "MD153"


def test_no_time_is_skipped_and_told():
    report = mldiag.diagnose_training(**loop(), seconds=0.0)
    assert report.outcome == "inconclusive"
    assert report.actions == ()
    assert all(f.outcome in ("skipped", "not_applicable") for f in report.findings)


def test_every_check_has_a_label_a_code_and_a_file_of_its_name():
    assert len({check.code for check in CHECKS}) == len(CHECKS) == 20
    for module in ALL:
        assert module.__name__.rsplit(".", 1)[1] == module.CHECK.slug.replace("-", "_")
        assert len(f"BUG {LABELS[module.CHECK.slug]}") <= 14
        assert "{" not in module.CHECK.detection()
        assert module.__doc__.startswith(module.CHECK.code)
    assert set(OUTCOMES) >= {"problem"}


WITHOUT_TORCH = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("no torch here")

sys.meta_path.insert(0, Missing())
import mldiag
try:
    mldiag.diagnose_training(build=lambda seed: {})
except mldiag.MldiagError as error:
    print(error.hint)
from mldiag.cli.explain import known_checks
print("MD160" in known_checks())
"""


def test_without_torch_the_error_says_what_to_install():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines() == ["pip install 'mldiag[torch]'", "True"]


@dataclass
class Batch:
    x: torch.Tensor
    y: torch.Tensor
    name: str = "made up"


def dataclasses_and_nested_outputs():
    model = network()
    x, y = rows()

    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, given, scale=1.0):
            out = self.inner(given["x"]) * scale
            return SimpleNamespace(logits=out, parts=(out.detach(), [given["x"]]))

    wrapped = Wrapped()
    optimizer = torch.optim.Adam(wrapped.parameters(), 1e-2)

    def step(batch):
        out = wrapped({"x": batch.x}, scale=2.0)
        loss = F.cross_entropy(out.logits, batch.y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": out, "targets": batch.y}

    return loop(
        wrapped,
        optimizer=optimizer,
        step=step,
        train_batches=lambda e: [Batch(x[i : i + 16], y[i : i + 16]) for i in range(e, 300, 16)],
    )


def adversarial():
    x = rows()[0]
    generator, critic = network(6, 4), network(1)
    first, second = (torch.optim.Adam(m.parameters(), 1e-3) for m in (generator, critic))

    def step(real):
        fake = generator(torch.randn(len(real), 4))
        loss = critic(fake.detach()).mean() - critic(real).mean()
        second.zero_grad()
        loss.backward()
        second.step()
        first.zero_grad()
        other = -critic(fake).mean()
        other.backward()
        first.step()
        return {"loss": other, "outputs": fake, "targets": None}

    return loop(
        [generator, critic],
        optimizer=[first, second],
        step=step,
        train_batches=lambda e: x.split(32),
        loss_fn=None,
    )


def critic_steps_five_times_as_often():
    parts = adversarial()
    generator, critic = parts["model"]
    first, second = parts["optimizers"]
    count = 0

    def step(real):
        nonlocal count
        count += 1
        if count % 5:
            second.zero_grad()
            loss = critic(generator(torch.randn(len(real), 4))).mean() - critic(real).mean()
            loss.backward()
            second.step()
        else:
            first.zero_grad()
            loss = -critic(generator(torch.randn(len(real), 4))).mean()
            loss.backward()
            first.step()
        return {"loss": loss, "outputs": None, "targets": None}

    return {**parts, "step": step}


def contrastive():
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
    x = rows()[0]
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def step(batch):
        one, two = (F.normalize(model(batch + 0.1 * torch.randn_like(batch))) for _ in range(2))
        loss = F.cross_entropy(one @ two.T / 0.1, torch.arange(len(batch)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "outputs": (one, two), "targets": None}

    return loop(
        model, optimizer=optimizer, step=step, train_batches=lambda e: x.split(32), loss_fn=None
    )


def attention_over_sets():
    torch.manual_seed(0)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(6, 2)
            self.head = nn.Linear(6, 3)

        def forward(self, x):
            x = x.transpose(0, 1)
            return self.head(self.attention(x, x, x, need_weights=False)[0].mean(0))

    x, y = rows(640)
    return loop(Attention(), (x.view(160, 4, 6), y.view(160, 4)[:, 0]))


def sparse_embeddings():
    torch.manual_seed(0)
    tokens = torch.randint(30, (200, 5), generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(nn.EmbeddingBag(30, 8, sparse=True), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    return loop(model, (tokens, tokens.sum(1) % 3), optimizer=optimizer)


def mixed_precision():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)

    def step(batch):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = model(batch[0])
            loss = F.cross_entropy(outputs, batch[1])
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_value_(model.parameters(), 0.01)
        scaler.step(optimizer)
        scaler.update()
        return {"loss": loss.item(), "outputs": outputs, "targets": batch[1]}

    return loop(model, optimizer=optimizer, step=step)


PROGRAMS = [
    dataclasses_and_nested_outputs, adversarial, critic_steps_five_times_as_often, contrastive,
    attention_over_sets, sparse_embeddings, mixed_precision,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_programs_of_many_kinds_raise_no_false_alarm(program):
    report = mldiag.diagnose_training(**program())
    assert problems(report) == []
    skipped = [f"{f.code} {f.explanation}" for f in report.findings if f.outcome == "skipped"]
    assert skipped == []
