"""The live object that a train function receives; its description and its result have files of their own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from mldiag.trial_result import Predictions, TrialResult, as_number, to_numpy
from mldiag.trial_spec import Intervention, RowRecipe, Rows, TrialSpec

__all__ = ["DataView", "Intervention", "Recorder", "RowRecipe", "Trial", "TrialResult", "TrialSpec"]


class Recorder(Protocol):
    """What a worker injects to record inside a training loop; see `mldiag.recording`."""

    def attach(self, networks: Any, optimizers: Any, **options: Any) -> AbstractContextManager[Any]:
        """Begin to watch; the returned context ends it."""


class DataView(Protocol):
    """The rows of the experiment's data, with the trial's interventions applied.

    `training` says that the rows are read to train on, which is when they are augmented.
    """

    def X(self, rows: Rows, *, training: bool = False) -> Any:
        """Features of the given rows."""

    def y(self, rows: Rows, *, training: bool = False) -> Any:
        """Targets of the given rows."""

    def weights(self, rows: Rows, *, training: bool = False) -> Any:
        """Sample weights of the given rows, or None."""


AUGMENT = "augment"
"""Kind of the intervention that stands for the augment function, which lies in the experiment."""

STOP_SHARE = 0.1
"""Share of the training rows that `trial.stop` holds."""

NOT_AUGMENTED = (
    "trial.X_train was never read, so the training rows were not augmented: the declared augment function "
    "changes what trial.X_train and trial.y_train give, not the row numbers trial.train"
)
"""Notice on a trial that should have been augmented; check MD204 looks for it."""


def is_augmented(spec: TrialSpec) -> bool:
    """Whether the experiment's augment function makes the training rows of a trial.

    Example:
        >>> is_augmented(TrialSpec("a.py", interventions=(Intervention("augment"),)))
        True
    """
    return any(change.kind == AUGMENT for change in spec.interventions)


class Trial:
    """The live object that a train function receives.

    Attributes:
        params: The parameter values of this trial, read-only.
        seed: Seed for initialisation, order and augmentation.
        spec: The description of the trial.
    """

    def __init__(
        self,
        spec: TrialSpec,
        train: Rows,
        valid: Rows,
        *,
        view: DataView | None = None,
        recorder: Recorder | None = None,
        seconds: float | None = None,
    ) -> None:
        """Build the object; `seconds` is the time budget after which `epochs` ends, in seconds."""
        self.spec = spec
        self.params: Mapping[str, Any] = MappingProxyType(dict(spec.params))
        self.seed = spec.seed
        self.history: list[tuple[int, dict[str, float]]] = []
        self.notices: list[str] = []
        self.kept_predictions: Predictions | None = None
        self.fidelity_reached = 1.0
        self.out_of_time = False
        self._train, self._valid, self._view, self._recorder = train, valid, view, recorder
        self._stop: Rows | None = None
        self._read: set[str] = set()
        self._deadline = None if seconds is None else time.monotonic() + seconds

    @property
    def train(self) -> Rows:
        """Numbers of the rows to train on, shape (n_train,); without `stop` once that was read."""
        self._read.add("train")
        return self._train

    @property
    def valid(self) -> Rows:
        """Numbers of the rows to score on, shape (n_valid,)."""
        self._read.add("valid")
        return self._valid

    @property
    def stop(self) -> Rows:
        """A seeded slice of the training rows for early stopping; read it before `train`.

        From the first time it is read, `train` no longer holds these rows. Rows that score a trial
        never stop it.
        """
        if self._stop is None:
            if "train" in self._read:
                self.notices.append(
                    "trial.stop was read after trial.train: the rows that stop training were also "
                    "trained on; read trial.stop first"
                )
            count = max(1, round(STOP_SHARE * len(self._train)))
            order = np.random.default_rng([self.seed, 7]).permutation(len(self._train))
            self._stop = np.sort(self._train[order[:count]])
            self._train = self._train[~np.isin(self._train, self._stop)]
        return self._stop

    @property
    def X_train(self) -> Any:
        """Features of the training rows, augmented where the trial is."""
        self._read.add("X_train")
        return self._data().X(self.train, training=True)

    @property
    def y_train(self) -> Any:
        """Targets of the training rows, one for each row of `X_train`."""
        return self._data().y(self.train, training=True)

    @property
    def X_valid(self) -> Any:
        """Features of the scoring rows."""
        return self._data().X(self.valid)

    @property
    def y_valid(self) -> Any:
        """Targets of the scoring rows."""
        return self._data().y(self.valid)

    @property
    def X_stop(self) -> Any:
        """Features of the rows for early stopping."""
        return self._data().X(self.stop)

    @property
    def y_stop(self) -> Any:
        """Targets of the rows for early stopping."""
        return self._data().y(self.stop)

    @property
    def weights_train(self) -> Any:
        """Sample weights of the training rows, or None where none were declared."""
        return self._data().weights(self.train, training=True)

    @property
    def weights_valid(self) -> Any:
        """Sample weights of the scoring rows, or None where none were declared."""
        return self._data().weights(self.valid)

    def _data(self) -> DataView:
        if self._view is None:
            raise AttributeError(
                "this experiment declares rows=, so mldiag does not hold its data: use the row "
                "numbers trial.train and trial.valid, or declare data=(X, y)"
            )
        return self._view

    @property
    def missed_augmentation(self) -> bool:
        """Whether the training rows are augmented and the code never read them as `X_train`."""
        return is_augmented(self.spec) and "X_train" not in self._read

    def rows_digest(self) -> str:
        """Digest of the row numbers that the user's code has read; empty if it read none."""
        digest = hashlib.blake2b(digest_size=8)
        for name, rows in (("train", self._train), ("valid", self._valid)):
            if name in self._read:
                digest.update(name.encode() + np.ascontiguousarray(rows).tobytes())
        return digest.hexdigest() if self._read else ""

    def epochs(self, count: int) -> Iterator[int]:
        """Count epochs 0, 1, ... up to `count`, fewer at lower fidelity or past the time budget.

        Args:
            count: Epochs of the full training.
        """
        if count < 1:
            raise ValueError(f"expected at least one epoch, got {count}")
        planned = max(1, round(count * self.spec.fidelity))
        for epoch in range(planned):
            if epoch and self._deadline is not None and time.monotonic() > self._deadline:
                self.fidelity_reached = epoch / count
                self.out_of_time = True
                return
            yield epoch
        self.fidelity_reached = planned / count if planned < count else 1.0

    def report(self, step: int, **metrics: float) -> None:
        """Keep metrics of one epoch or step; the last report is the score unless the function returns one.

        Args:
            step: Epoch or step, a whole number.
            **metrics: Values by name; NaN and infinities mean diverged.
        """
        self.history.append((int(step), {name: as_number(name, v) for name, v in metrics.items()}))

    def predictions(self, values: Any, *, response: str = "predict") -> None:
        """Keep the output for each scoring row, in the order of `valid`; it makes intervals tighter.

        Args:
            values: Output of shape (n_valid,) or (n_valid, k); tensors are taken to the CPU.
            response: Kind of output: `predict`, `predict_proba` or `decision_function`.
        """
        array = to_numpy(values)
        if len(array) != len(self._valid):
            raise ValueError(
                f"trial.predictions expected {len(self._valid)} rows, one for each of trial.valid, "
                f"got {len(array)}"
            )
        truth = None if self._view is None else to_numpy(self._view.y(self._valid))
        self.kept_predictions = Predictions(self._valid, array, truth, response)

    def watch(self, networks: Any, optimizers: Any = None, **options: Any) -> Any:
        """Let a probing step look into the training; outside of one this costs nothing.

        Args:
            networks: One torch module or a list of them.
            optimizers: One optimizer or a list of them.
            **options: As for `mldiag.watch`.
        """
        if self._recorder is None:
            return nullcontext()
        return self._recorder.attach(networks, optimizers, **options)
