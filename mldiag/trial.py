"""The live object that a train function receives; its description and its result have files of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from mldiag.inert_watch import InertWatch, Recorder
from mldiag.stop_rule import Gate, TrainingCut
from mldiag.trial_result import Predictions, TrialResult, as_number, to_numpy
from mldiag.trial_rows import DataView, digest_of_read, stop_rows
from mldiag.trial_spec import Intervention, RowRecipe, Rows, TrialSpec

__all__ = ["DataView", "Intervention", "Recorder", "RowRecipe", "Trial", "TrialResult", "TrialSpec"]


AUGMENT = "augment"
"""Kind of the intervention that stands for the augment function, which lies in the experiment."""

REFERENCE = "reference"
"""Kind of the intervention that trains a reference learner instead of the experiment; argument `family`."""

SCORE_TRAINING_ROWS = "score_training_rows"
"""Kind of the intervention under which the rows that are trained on are also those that score."""

NOT_AUGMENTED = (
    "trial.X_train was never read, so the training rows were not augmented: the declared augment function "
    "changes what trial.X_train and trial.y_train give, not the row numbers trial.train"
)
"""Notice on a trial that should have been augmented; check MD204 looks for it."""


RUN_AGAIN = "run_again"
"""Kind of the intervention that changes nothing but the process: a new interpreter runs the trial."""

WATCH = "watch"
"""Kind of the intervention that changes nothing but looks into the training, which a probe does."""

NOT_CHANGED = "the changed data were never read"
"""How the notice on a trial begins whose code reads its data past the trial; bug checks look for it."""


def is_augmented(spec: TrialSpec) -> bool:
    """Whether the experiment's augment function makes the training rows of a trial.

    Example:
        >>> is_augmented(TrialSpec("a.py", interventions=(Intervention("augment"),)))
        True
    """
    return any(change.kind == AUGMENT for change in spec.interventions)


def reference_family(spec: TrialSpec) -> str | None:
    """Family of the reference learner that a trial trains; None where it trains the experiment.

    Example:
        >>> linear = Intervention("reference", (("family", "linear"),))
        >>> reference_family(TrialSpec("a.py", interventions=(linear,)))
        'linear'
    """
    for change in spec.interventions:
        if change.kind == REFERENCE:
            return str(change.argument("family"))
    return None


class Trial:
    """The live object that a train function receives.

    Attributes:
        params: The parameter values of this trial, read-only.
        seed: Seed for initialisation, order and augmentation.
        spec: The description of the trial.
        devices: Names of the GPUs that the trial may use, such as `cuda:0`; none unless they were asked for.
        device: The first of them, else `cpu`.
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
        devices: tuple[str, ...] = (),
    ) -> None:
        """Build the object; `seconds` is the time budget after which `epochs` ends, in seconds."""
        self.spec = spec
        self.params: Mapping[str, Any] = MappingProxyType(dict(spec.params))
        self.seed = spec.seed
        self.device, self.devices = (*devices, "cpu")[0], devices
        self.history: list[tuple[int, dict[str, float]]] = []
        self.notices: list[str] = []
        self.kept_predictions: Predictions | None = None
        self.fidelity_reached = 1.0
        self.recording: Any = None
        self.out_of_time = False
        self.was_cut = False
        self._gate = None if spec.stop is None else Gate(spec.stop)
        self._counts_epochs = False
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
        never stop it; only where the question is whether the training rows can be memorised, and so these
        score, do they stay in `train`.
        """
        if self._stop is None:
            kept = any(change.kind == SCORE_TRAINING_ROWS for change in self.spec.interventions)
            if "train" in self._read and not kept:
                self.notices.append(
                    "trial.stop was read after trial.train: the rows that stop training were also "
                    "trained on; read trial.stop first"
                )
            self._stop = stop_rows(self._train, self.seed)
            if not kept:
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
        self._read.add("y_train")
        return self._data().y(self.train, training=True)

    @property
    def X_valid(self) -> Any:
        """Features of the scoring rows."""
        self._read.add("X_valid")
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

    @property
    def missed_change(self) -> str:
        """Why an intervention on labels or features changed nothing; empty where it may have."""
        kinds = {change.kind for change in self.spec.interventions}
        if "permute_labels" in kinds and "y_train" not in self._read:
            return f"{NOT_CHANGED}: the code does not read trial.y_train"
        if "zero_inputs" in kinds and not self._read & {"X_train", "X_valid"}:
            return f"{NOT_CHANGED}: the code does not read trial.X_train"
        return ""

    def rows_digest(self) -> str:
        """Digest of the row numbers that the user's code has read; empty if it read none."""
        rows = {"train": self._train, "valid": self._valid}
        return digest_of_read({name: part for name, part in rows.items() if name in self._read})

    def epochs(self, count: int) -> Iterator[int]:
        """Count epochs 0, 1, ... up to `count`; fewer at a fidelity below 1 or past the time, more above 1.

        Args:
            count: Epochs of the full training.
        """
        if count < 1:
            raise ValueError(f"expected at least one epoch, got {count}")
        planned = max(1, round(count * self.spec.fidelity))
        self._counts_epochs = True
        for epoch in range(planned):
            if epoch and self._deadline is not None and time.monotonic() > self._deadline:
                self.fidelity_reached = epoch / count
                self.out_of_time = True
                return
            yield epoch
            if self.was_cut:
                self.fidelity_reached = (epoch + 1) / count
                return
        self.fidelity_reached = planned / count

    def report(self, step: int, **metrics: float) -> None:
        """Keep metrics of one epoch or step; the last report is the score unless the function returns one.

        Args:
            step: Epoch or step, a whole number.
            **metrics: Values by name; NaN and infinities mean diverged.
        """
        self.history.append((int(step), {name: as_number(name, v) for name, v in metrics.items()}))
        if self._gate is None or self.was_cut or self._gate.lets_pass(*self.history[-1]):
            return
        self.was_cut = True
        if not self._counts_epochs:
            assert self.spec.stop is not None
            self.fidelity_reached = (step + 1) / max(self.spec.stop.steps, step + 2)
            raise TrainingCut

    def record_with(self, recorder: Recorder) -> None:
        """Let a recorder look into what is trained from now on; a worker says so where a trial is watched."""
        self._recorder = recorder

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

    def watch(
        self,
        networks: Any,
        optimizers: Any = None,
        *,
        task: str | None = None,
        roles: Sequence[str] | None = None,
        every: int | None = None,
    ) -> Any:
        """Let a probing step look into the training; outside of one this costs nothing.

        The watch begins at once and ends with the training, or with a `with` block around it. Its `step` and
        `evaluate` tell more than can be seen from outside; where they are never called, what the optimizers
        and the losses show is recorded all the same.

        Args:
            networks: One torch module or a list of them.
            optimizers: One optimizer or a list of them.
            task: Task word; None infers it.
            roles: Names of the networks.
            every: Look closely at every so many steps.
        """
        if self._recorder is None:
            return InertWatch()
        options = {"task": task, "roles": roles, "every": every}
        told = {name: value for name, value in options.items() if value is not None}
        return self._recorder.attach(networks, optimizers, **told)
