"""A callback for Lightning: `Trainer(callbacks=[WatchCallback()])`, then `callback.diagnose()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldiag import watch  # the same door as a user's
from mldiag.recording.outside_watch import OutsideWatch, missing

if TYPE_CHECKING:
    from mldiag.findings import Report

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:
    try:
        from pytorch_lightning.callbacks import Callback
    except ImportError:
        raise missing("Lightning", "lightning") from None


class WatchCallback(Callback):  # type: ignore[misc]
    """Looks into a training that Lightning runs; the training is bit by bit what it is without.

    Losses, predictions and targets are seen where `torch.nn.functional` computes the loss.

    Args:
        **options: `task`, `roles` and `every` as for `mldiag.watch`; `score`, the name under which the
            validation score is logged (`val_acc` and the like are found), and `maximize`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._watch = OutsideWatch(watch, **options)

    def diagnose(self) -> Report:
        """Judge what was seen so far, during the training or after it.

        Raises:
            MldiagError: If no step was taken.
        """
        report: Report = self._watch.diagnose()
        return report

    @property
    def recording(self) -> Any:
        """What was recorded so far, a `Recording`."""
        return self._watch.recording()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin."""
        self._watch.begin(pl_module, list(trainer.optimizers))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """Take the scores, and what the losses of the validation showed."""
        if not trainer.sanity_checking:
            self._watch.evaluated(dict(trainer.callback_metrics), prefix="val_")

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End."""
        self._watch.end()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End; what was seen until then can be judged."""
        self._watch.end()
