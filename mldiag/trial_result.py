"""What comes back from one training run: metrics, history, status, cost, per-row predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mldiag.trial_spec import Plain, Rows, TrialSpec

if TYPE_CHECKING:
    from mldiag.recording.recorded import Recording

Status = Literal[
    "ok", "diverged", "failed", "cut", "timeout", "out_of_memory", "lost_worker", "interrupted"
]


BEST_EPOCH = "is that of the best epoch, not of the last one"
"""Part of the notice on a trial whose returned score is its best report; check MD101 looks for it."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Per-row output on the scoring rows.

    Args:
        rows: Row numbers, shape (n,).
        values: Model output, shape (n,) or (n, k).
        truth: True targets, shape (n,) or (n, k); None where mldiag does not see the data.
        response: The method that made the output: `predict`, `predict_proba`, `decision_function`.
    """

    rows: Rows
    values: NDArray[Any]
    truth: NDArray[Any] | None = None
    response: str = "predict"

    def __eq__(self, other: object) -> bool:
        """Equal when every array is equal, NaN counting as equal to NaN."""
        if not isinstance(other, Predictions):
            return NotImplemented
        mine, theirs = ((p.rows, p.values, p.truth) for p in (self, other))
        return self.response == other.response and all(map(_same, mine, theirs))

    __hash__ = None  # type: ignore[assignment]


def _same(first: NDArray[Any] | None, second: NDArray[Any] | None) -> bool:
    if first is None or second is None:
        return first is second
    kind = first.dtype.kind
    return np.array_equal(first, second, equal_nan=kind == "f" and second.dtype.kind == "f")


@dataclass(frozen=True)
class TrialResult:
    """What came back from a trial; equal whether fresh or read from the store.

    Args:
        spec: The trial.
        status: One of `Status`; what the store reuses is decided by `run.store.records.answers`.
        metrics: Final metrics by name.
        history: `(step, {metric: value})` as reported, in order.
        error: The user's trimmed traceback, or why there is no result.
        wall_seconds: Time of the training itself, in seconds.
        memory_bytes: Peak resident memory of the process that trained, in bytes.
        attempts: How often it was tried.
        fidelity_reached: Share of the full training that was done.
        train_rows: Number of training rows.
        valid_rows: Number of rows that scored.
        rows_digest: Digest of the training and scoring row numbers that the user's code read; empty if
            it read none.
        threads: Inner threads that the training was limited to.
        notices: Remarks for the user, such as a best epoch returned instead of the last.
        predictions: Per-row output, if kept.
        recording: What was seen inside the training, of a trial that was watched.
    """

    spec: TrialSpec
    status: Status
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: tuple[tuple[int, Mapping[str, float]], ...] = ()
    error: str = ""
    wall_seconds: float = 0.0
    memory_bytes: int = 0
    attempts: int = 1
    fidelity_reached: float = 1.0
    train_rows: int = 0
    valid_rows: int = 0
    rows_digest: str = ""
    threads: int = 0
    notices: tuple[str, ...] = ()
    predictions: Predictions | None = None
    recording: Recording | None = None

    def score(self, metric: str) -> float:
        """The final value of a metric; NaN unless the trial ended well and reported it."""
        return float(self.metrics.get(metric, np.nan)) if self.status == "ok" else float("nan")

    def param(self, name: str) -> Plain:
        """The value of a parameter in this trial."""
        return dict(self.spec.params).get(name)


def final_metrics(
    returned: Any, history: Sequence[tuple[int, Mapping[str, float]]], metric: str
) -> dict[str, float]:
    """Merge what a train function returned with its last report.

    Args:
        returned: A mapping of metrics, one number (the metric), or None.
        history: What `trial.report` kept.
        metric: Name of the experiment's metric.

    Raises:
        TypeError: If the return value is none of these, or the metric is nowhere to be found.

    Example:
        >>> final_metrics(None, [(0, {"accuracy": 0.5}), (1, {"accuracy": 0.75})], "accuracy")
        {'accuracy': 0.75}
    """
    merged = dict(history[-1][1]) if history else {}
    if isinstance(returned, Mapping):
        merged |= {str(name): as_number(str(name), value) for name, value in returned.items()}
    elif returned is not None:
        merged[metric] = as_number(metric, returned)
    if metric not in merged:
        found = ", ".join(sorted(merged)) or "nothing"
        raise TypeError(
            f"the train function gave no {metric!r}: it must return it, return a dict with it, or "
            f"report it in trial.report; it gave {found}"
        )
    return merged


def as_number(name: str, value: Any) -> float:
    """A metric's value as a float; tensors and NumPy scalars included."""
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"metric {name!r} must be a number, got {type(value).__name__}") from error


def to_numpy(values: Any) -> NDArray[Any]:
    """Make an array of a list, a frame's column or a tensor on any device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values)
