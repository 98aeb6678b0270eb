"""A training that is looked into: the user's own code, and what can be seen of it from a worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from mldiag.findings import plain
from mldiag.recording.bounded import bounded
from mldiag.recording.predicted_rows import predicted_rows
from mldiag.recording.recorded import Recording
from mldiag.recording.sklearn_steps import SklearnRecorder
from mldiag.recording.torch_recorder import TorchRecorder
from mldiag.stop_rule import TrainingCut
from mldiag.trial import WATCH, Trial
from mldiag.trial_spec import TrialSpec

REPORTS = 200
"""Reports of scores that are kept; of more, every second one."""

NOTHING = (
    "the inside of the training: it steps no optimizer of PyTorch and is no learner of scikit-learn that can "
    "be stepped"
)


def is_watched(spec: TrialSpec) -> bool:
    """Whether a trial is looked into.

    Example:
        >>> from mldiag.trial_spec import Intervention
        >>> is_watched(TrialSpec("a.py", interventions=(Intervention("watch"),)))
        True
    """
    return any(change.kind == WATCH for change in spec.interventions)


def watched(
    train: Callable[[Trial], Any], metric: str, *, maximize: bool = True
) -> Callable[[Trial], Any]:
    """The same training, whose trial has a `recording` afterwards, also where it raised.

    Args:
        train: The experiment's train function.
        metric: Name of the metric that it reports.
        maximize: Whether a larger value is better.
    """

    def watched_training(trial: Trial) -> Any:
        torch_seen, sklearn_seen = TorchRecorder(), SklearnRecorder(trial)
        reports = Reports(trial, metric, lambda: torch_seen.steps)
        trial.record_with(torch_seen)
        began = time.perf_counter()
        error = ""
        try:
            with torch_seen.looking(), sklearn_seen.looking():
                return sklearn_seen.run(train)
        except TrainingCut:
            raise
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}"[:300]
            raise
        finally:
            found = torch_seen.recording() or sklearn_seen.recording() or empty_recording()
            facts = {
                "maximize": maximize, "seconds": time.perf_counter() - began, "error": error
            }  # fmt: skip
            told = {} if torch_seen.evaluated else reports.arrays()
            trial.recording = _whole(trial, found, facts, told, sklearn_seen)

    return watched_training


def empty_recording() -> Recording:
    """The recording of a training of which nothing was seen."""
    lists = ("networks", "parameters", "layers", "optimizers", "updates", "notices")
    facts: dict[str, Any] = {name: [] for name in lists}
    return Recording(
        facts
        | {
            "task": None,
            "steps": 0,
            "batch": None,
            "birth": None,
            "strays": 0,
            "not_seen": [NOTHING],
        }
    )


class Reports:
    """Scores that a training reports of itself, with the step at which it did.

    Args:
        trial: Its `report` is listened to.
        metric: Name of the metric.
        steps: Says how many steps were taken so far.
    """

    def __init__(self, trial: Trial, metric: str, steps: Callable[[], int]) -> None:
        self._rows: list[tuple[float, float, float, float]] = []
        self._own, self._metric, self._steps = trial.report, metric, steps
        object.__setattr__(trial, "report", self._report)

    def _report(self, step: int, **metrics: float) -> None:
        try:
            self._own(step, **metrics)
        finally:
            self._keep(step, metrics)

    def _keep(self, step: int, metrics: dict[str, Any]) -> None:
        losses = [metrics.get(name) for name in ("valid_loss", "val_loss", "validation_loss")]
        told = [metrics.get(self._metric), metrics.get(f"train_{self._metric}"), *losses]
        numbers = [np.nan if value is None else float(value) for value in told]
        loss = next((value for value in numbers[2:] if np.isfinite(value)), np.nan)
        self._rows.append((float(self._steps() or step), numbers[0], numbers[1], loss))
        if len(self._rows) > REPORTS:
            self._rows = self._rows[::2]

    def arrays(self) -> dict[str, Any]:
        """`eval/step`, `eval/score`, `eval/train_score`, `eval/valid/loss`, each of shape (reports,)."""
        if not self._rows:
            return {}
        table = np.array(self._rows)
        names = ("score", "train_score", "valid/loss")
        found = {
            f"eval/{name}": table[:, k + 1]
            for k, name in enumerate(names)
            if np.isfinite(table[:, k + 1]).any()
        }
        return found and {"eval/step": table[:, 0]} | found


def _whole(
    trial: Trial,
    found: Recording,
    facts: dict[str, Any],
    reports: dict[str, Any],
    estimators: SklearnRecorder,
) -> Recording:
    """The recording with the reported scores and the predictions of the scoring rows."""
    try:
        rows, told = predicted_rows(trial, estimators.graded(), estimators.classes)
    except Exception as error:  # a diagnosis must not end a training
        rows, told = {}, {}
        facts["notices"] = [
            *found.facts.get("notices", ()),
            f"the predictions could not be read: {type(error).__name__}: {error}",
        ]
    arrays = dict(found.arrays)
    if not ("eval/step" in arrays or "eval/score" in arrays):
        arrays |= reports
    if not any(name in arrays for name in ("eval/probabilities", "eval/outputs", "eval/targets")):
        of_epochs = "eval/step" in arrays and len(arrays["eval/step"]) != 1
        arrays |= {
            name: values
            for name, values in rows.items()
            if not (of_epochs and name.startswith("eval/valid/"))
        }
        if found.facts.get("task") not in (None, told.get("task")):
            told = {name: value for name, value in told.items() if name != "task"}
        facts |= told
    return bounded(Recording(plain({**found.facts, **facts}), arrays))
