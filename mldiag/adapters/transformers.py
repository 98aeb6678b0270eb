"""A callback for Hugging Face: `Trainer(..., callbacks=[callback])`, then `callback.diagnose()`."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from mldiag import watch  # the same door as a user's
from mldiag.recording.outside_watch import OutsideWatch, missing

if TYPE_CHECKING:
    from mldiag.findings import Report

try:
    from transformers import TrainerCallback
except ImportError:
    raise missing("Transformers", "transformers") from None


class WatchCallback(TrainerCallback):  # type: ignore[misc]
    """Looks into a training that the Trainer runs; the training is bit by bit what it is without.

    Losses, predictions and labels are seen where the model computes its loss with `torch.nn.functional`, as
    the models of the library do.

    The Trainer tells no callback of an error: around one, `with WatchCallback() as callback:` ends the watch.

    Args:
        **options: `task` and `every` as for `mldiag.watch`; `score`, the name of the metric that
            `compute_metrics` gives (`eval_accuracy` and the like are found), and `maximize`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._watch = OutsideWatch(watch, **options)
        self._training = False

    def __enter__(self) -> WatchCallback:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End, whatever happened."""
        self._watch.end()

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

    def on_train_begin(
        self,
        args: Any,
        state: Any,
        control: Any,
        model: Any = None,
        optimizer: Any = None,
        **more: Any,
    ) -> None:
        """Begin."""
        self._watch.begin(model, optimizer)
        self._training = True

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: Any = None, **more: Any
    ) -> None:
        """Take the scores, and what the losses of the evaluation showed."""
        if self._training:
            self._watch.evaluated(dict(metrics or {}), prefix="eval_")

    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        """End."""
        self._training = False
        self._watch.end()
