"""The callback in a real Lightning trainer."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
lightning = pytest.importorskip(
    "lightning.pytorch", reason="needs Lightning: pip install 'mldiag[lightning]'"
)

from mldiag import MldiagError  # noqa: E402
from mldiag.adapters.lightning import WatchCallback  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore"),  # the framework's own advice on loaders and devices
]

ROWS = torch.randn(128, 6, generator=torch.Generator().manual_seed(0))
DATA = torch.utils.data.TensorDataset(ROWS, (ROWS[:, 0] > 0).long())


class Classifier(lightning.LightningModule):
    """A plain module; `whole` says whether its own forward is called."""

    def __init__(self, *, whole=True, breaks_at=None):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)
        )
        self.whole, self.breaks_at = whole, breaks_at

    def forward(self, rows):
        return self.net(rows)

    def training_step(self, batch, number):
        if self.breaks_at == self.global_step:
            raise ValueError("a bad batch")
        rows, classes = batch
        outputs = self(rows) if self.whole else self.net(rows)
        return torch.nn.functional.cross_entropy(outputs, classes)

    def validation_step(self, batch, number):
        rows, classes = batch
        outputs = self(rows)
        self.log("val_loss", torch.nn.functional.cross_entropy(outputs, classes))
        self.log("val_acc", (outputs.argmax(1) == classes).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(model, *callbacks, folder, **options):
    trainer = lightning.Trainer(
        max_epochs=3, callbacks=list(callbacks), logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, accelerator="cpu",
        default_root_dir=folder, **options,
    )  # fmt: skip
    loader = torch.utils.data.DataLoader(DATA, batch_size=16)
    trainer.fit(model, loader, torch.utils.data.DataLoader(DATA, batch_size=64))
    return model


def made(**options):
    torch.manual_seed(0)
    return Classifier(**options)


def weights(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def test_the_training_is_the_same_and_is_seen(tmp_path):
    callback = WatchCallback()
    watched = fit(made(), callback, folder=tmp_path)
    assert torch.equal(weights(watched), weights(fit(made(), folder=tmp_path)))
    recording = callback.recording
    assert recording.steps == 24
    assert recording.task == "classification"
    assert np.isfinite(recording.series("output/sd")).all()
    assert recording.series("eval/step").tolist() == [8.0, 16.0, 24.0]
    assert (recording.series("eval/valid/accuracy") == recording.series("eval/score")).all()
    assert recording.series("eval/probabilities").shape == (128, 2)
    report = callback.diagnose()
    assert report.step == "probe"
    assert {finding.code[:3] for finding in report.findings} == {"MD4"}


def test_a_forward_that_is_never_called_is_looked_at_from_within(tmp_path):
    callback = WatchCallback()
    fit(made(whole=False), callback, folder=tmp_path)
    assert callback.recording.steps == 24
    assert np.isfinite(callback.recording.series("output/sd")[2:]).all()


def test_accumulated_gradients_are_one_step_with_their_mean_loss(tmp_path):
    callback = WatchCallback()
    fit(made(), callback, folder=tmp_path, accumulate_grad_batches=4)
    assert callback.recording.steps == 6
    assert 0.5 < callback.recording.series("loss/mean")[0] < 1.2


def test_an_error_ends_the_watch_and_what_was_seen_is_judged(tmp_path):
    callback = WatchCallback()
    backward = torch.autograd.backward
    with pytest.raises(ValueError, match="a bad batch"):
        fit(made(breaks_at=9), callback, folder=tmp_path)
    assert callback.recording.steps == 9
    assert torch.autograd.backward is backward
    assert callback.diagnose().result["steps"] == 9


def test_asked_too_early_it_says_what_comes_first():
    with pytest.raises(MldiagError, match="before its training began"):
        WatchCallback().diagnose()


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="taks"):
        WatchCallback(taks="gan")
