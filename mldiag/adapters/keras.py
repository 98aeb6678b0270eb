"""A callback for Keras on torch: `model.fit(..., callbacks=[callback])`, then `callback.diagnose()`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mldiag import watch  # the same door as a user's
from mldiag.errors import MldiagError
from mldiag.recording.outside_watch import OutsideWatch, missing

if TYPE_CHECKING:
    from mldiag.findings import Report

if find_spec("keras") is None:
    raise missing("Keras", "keras")
try:
    import keras
except ImportError as error:  # of the backend, which is TensorFlow where nothing was said
    raise MldiagError(
        f"Keras cannot be imported: {error}",
        expected="the torch backend, chosen before Keras is imported",
        hint="KERAS_BACKEND=torch python train.py",
    ) from error


class WatchCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks into a training that Keras runs on torch; the training is bit by bit what it is without.

    Args:
        **options: `task` and `every` as for `mldiag.watch`; `score`, the name of the validation metric
            (`val_accuracy` and the like are found), and `maximize`.

    Raises:
        MldiagError: If Keras runs on another backend.
    """

    def __init__(self, **options: Any) -> None:
        backend = keras.backend.backend()
        if backend != "torch":
            raise MldiagError(
                f"Keras runs on {backend}: its steps cannot be looked into",
                expected="the torch backend, chosen before Keras is imported",
                hint="KERAS_BACKEND=torch python train.py",
            )
        super().__init__()
        self._watch = OutsideWatch(watch, **options)
        self._own_loss: Any = None

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

    def on_train_begin(self, logs: Any = None) -> None:
        """Begin."""
        self._watch.begin(self.model)
        self._own_loss = self.model.compute_loss
        self.model.compute_loss = self._told_loss

    def _told_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        loss = self._own_loss(x, y, y_pred, *args, **kwargs)
        if hasattr(y_pred, "detach") and y is not None and not isinstance(y, (dict, list, tuple)):
            self._watch.losses.computed(loss, _logits(y_pred), _targets(y, y_pred))
        return loss

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Take a step: the optimizers of Keras are none of torch's."""
        self._watch.updated()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Take the scores, and what the losses of the validation showed."""
        self._watch.evaluated(dict(logs or {}), prefix="val_")

    def on_train_end(self, logs: Any = None) -> None:
        """End."""
        if self._own_loss is not None:
            del self.model.compute_loss
            self._own_loss = None
        self._watch.end()


def _logits(outputs: Any) -> Any:
    """Logarithms where a model ends in a softmax, as models of Keras do; then they are logits as well."""
    if outputs.dim() < 2 or outputs.shape[-1] < 2 or not outputs.is_floating_point():
        return outputs
    sums = outputs.detach().sum(-1)
    if bool((outputs.detach() >= 0).all()) and bool((sums - 1).abs().max() < 1e-3):
        return outputs.clamp_min(1e-12).log()
    return outputs


def _targets(y: Any, outputs: Any) -> Any:
    """Targets as a tensor: class numbers where they were given as rows with a single one."""
    torch = __import__("torch")
    targets = torch.as_tensor(y, device=outputs.device).detach()
    if targets.shape == outputs.shape and targets.dim() == 2 and targets.shape[1] > 1:
        single = (targets.sum(1) == 1) & ((targets == 0) | (targets == 1)).all(1)
        return targets.argmax(1) if bool(single.all()) else targets
    if outputs.dim() == 2 and outputs.shape[1] > 1 and targets.dim() == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    return targets
