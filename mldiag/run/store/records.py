"""Records of the store as text: trial results and runs, without pickles and without loss."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from mldiag.recording.recorded import Recording
from mldiag.run.store.array_bytes import arrays_from_bytes, arrays_to_bytes
from mldiag.run.store.readable import readable
from mldiag.trial_result import Predictions, Status, TrialResult
from mldiag.trial_spec import TrialSpec

_FIELDS = (
    "status", "error", "wall_seconds", "memory_bytes", "attempts", "fidelity_reached", "train_rows",
    "valid_rows", "rows_digest", "threads",
)  # fmt: skip

_TEXTS = ("status", "error", "rows_digest")


@dataclass(frozen=True)
class RunRecord:
    """One command that was run.

    Args:
        id: Unique name of the run; its folder under `.mldiag/runs/`.
        step: The checklist's step.
        experiment: The experiment's name.
        started: Start, in seconds since 1970 UTC.
        seconds: Time it took, in seconds.
        report: `Report.to_dict()`.
        trial_keys: Keys of the trials it used, in order.
        figures: Paths of its figures.
        tracking: Where it was projected to. None: not yet, `Store.unprojected_runs` gives it. A mapping
            with `"pending": True`: begun, given too. Any other mapping: done, or not wanted.
    """

    id: str
    step: str
    experiment: str
    started: float
    seconds: float
    report: Mapping[str, Any] = field(default_factory=dict)
    trial_keys: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tracking: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class ReserveUse:
    """One use of the reserve, which makes every later one less of a confirmation.

    Args:
        experiment: The experiment's name.
        what: What was confirmed.
        used: When, in seconds since 1970 UTC.
    """

    experiment: str
    what: str
    used: float


@dataclass(frozen=True)
class ExperimentSummary:
    """What the store holds of one experiment.

    Args:
        experiment: Its name.
        trials: Number of recorded attempts by status.
        seconds: Training time of all of them, in seconds.
        runs: Number of commands that were run.
        last_run: The latest of these, or None.
    """

    experiment: str
    trials: Mapping[str, int]
    seconds: float
    runs: int
    last_run: RunRecord | None


def result_to_json(result: TrialResult) -> str:
    """All but predictions and recording as text; floats are exact, NaN and infinities included.

    Example:
        >>> result = TrialResult(TrialSpec("a.py"), "ok", {"loss": float("inf")})
        >>> result_from_json(result_to_json(result)) == result
        True
    """
    body = {name: getattr(result, name) for name in _FIELDS}
    body["spec"] = json.loads(result.spec.to_json())
    body["metrics"] = dict(result.metrics)
    body["history"] = [[step, dict(values)] for step, values in result.history]
    body["notices"] = list(result.notices)
    return json.dumps(body, separators=(",", ":"))


def result_from_json(
    text: str, predictions: bytes | None = None, recording: bytes | None = None
) -> TrialResult:
    """Read what `result_to_json` wrote, with the predictions and the recording if they were kept."""
    with readable("a trial"):
        body = json.loads(text)
        _check_kinds(body)
        return TrialResult(
            spec=TrialSpec.from_json(json.dumps(body["spec"])),
            metrics=body["metrics"],
            history=tuple((step, values) for step, values in body["history"]),
            notices=tuple(body["notices"]),
            predictions=None if predictions is None else predictions_from_bytes(predictions),
            recording=None if recording is None else recording_from_bytes(recording),
            **{name: body[name] for name in _FIELDS},
        )


def _check_kinds(body: Mapping[str, Any]) -> None:
    """Refuse what no training could have given: stores and studies travel between machines."""
    tables = [body["metrics"], *(values for _, values in body["history"])]
    numbers = [value for table in tables for value in table.values()]
    numbers += [body[name] for name in _FIELDS if name not in _TEXTS]
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise TypeError("a number is none")
    for number in numbers:
        float(number)  # JSON has whole numbers of any length
    if not all(isinstance(text, str) for text in (*(body[n] for n in _TEXTS), *body["notices"])):
        raise TypeError("a text is none")
    if body["status"] not in get_args(Status):
        raise ValueError(f"unknown status {body['status']!r}")


def predictions_to_bytes(predictions: Predictions) -> bytes:
    """Per-row output as bytes: the names and types as JSON, then the arrays' own bytes; no pickles.

    Reading 100 of these takes 5 ms where NumPy's npz takes 80, and a sweep reads hundreds.
    """
    arrays = {"rows": predictions.rows, "values": predictions.values}
    if predictions.truth is not None:
        arrays["truth"] = predictions.truth
    return arrays_to_bytes(arrays, note=predictions.response)


def predictions_from_bytes(data: bytes) -> Predictions:
    """Read what `predictions_to_bytes` wrote; the arrays can be written to, as fresh ones can."""
    arrays, response = arrays_from_bytes(data)
    return Predictions(arrays["rows"], arrays["values"], arrays.get("truth"), response)


def recording_to_bytes(recording: Recording) -> bytes:
    """What was seen inside a training as bytes: its facts as JSON, then its arrays; no pickles.

    Example:
        >>> import numpy as np
        >>> recording = Recording({"steps": 1, "batch": None}, {"loss/mean": np.array([0.5])})
        >>> recording_from_bytes(recording_to_bytes(recording)) == recording
        True
    """
    return arrays_to_bytes(recording.arrays, note=json.dumps(dict(recording.facts)))


def recording_from_bytes(data: bytes) -> Recording:
    """Read what `recording_to_bytes` wrote."""
    arrays, facts = arrays_from_bytes(data)
    return Recording(json.loads(facts), arrays)


def answers(result: TrialResult, *, failed_before: str | None = None) -> bool:
    """Whether a result settles its trial, so that the store may give it instead of a training.

    Settled are `ok`, `diverged`, and `failed` with the same exception twice: in two attempts of the same
    run, or now and in the attempt recorded before. `cut` reached less than was asked for and settles nothing.

    Args:
        result: The result.
        failed_before: Error of the latest recorded failure of this trial, if there was one.

    Example:
        >>> spec = TrialSpec("a.py")
        >>> answers(TrialResult(spec, "failed", error="ValueError: no")), answers(TrialResult(spec, "ok"))
        (False, True)
    """
    if result.status == "failed":
        same = failed_before is not None and exception_line(failed_before) == exception_line(
            result.error
        )
        return result.attempts >= 2 or same
    return result.status in ("ok", "diverged")


def exception_line(error: str) -> str:
    r"""Last line of a traceback: the exception itself, which stays equal when line numbers move.

    Example:
        >>> exception_line("Traceback ...\n  File ...\nValueError: no\n")
        'ValueError: no'
    """
    lines = error.strip().splitlines()
    return lines[-1] if lines else ""
