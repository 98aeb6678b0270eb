"""One trial, wherever it runs: rows, data, seeds, the train function, and what came of it."""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mldiag.data.row_sets import load_row_set
from mldiag.data.view import TrialView, limit_rows
from mldiag.errors import MldiagError
from mldiag.recording.ramp import RAMP, ramp_of
from mldiag.run.fresh_process import run_in_fresh_process, runs_again
from mldiag.run.seeding import seeded
from mldiag.run.threads import capped_threads
from mldiag.run.tracebacks import describe_error
from mldiag.run.training import training_of
from mldiag.stop_rule import TrainingCut
from mldiag.trial import NOT_AUGMENTED, SCORE_TRAINING_ROWS, WATCH, Trial
from mldiag.trial_result import BEST_EPOCH, Status, TrialResult, final_metrics
from mldiag.trial_spec import Rows, TrialSpec

if TYPE_CHECKING:
    from mldiag.declaration import Experiment
    from mldiag.metrics import Metric

REPORTS_FOR_BEST = 3
"""Below it, a returned score that equals the best report and not the last one may well be chance."""


def run_trial(
    experiment: Experiment,
    spec: TrialSpec,
    *,
    threads: int,
    row_sets: Mapping[str, Rows] | None = None,
    seconds: float | None = None,
    devices: tuple[str, ...] = (),
) -> TrialResult:
    """Run one trial in this process; whatever the train function does, a result comes back.

    The global random states and the number of inner threads are as before afterwards.

    Args:
        experiment: The experiment.
        spec: The trial.
        threads: Inner threads that the training is limited to.
        row_sets: Explicit row sets by digest; others are read from the experiment's folder.
        seconds: Time after which `trial.epochs` ends, in seconds.
        devices: GPUs that the trial may use.

    Raises:
        KeyboardInterrupt: Passed through.

    Example:
        >>> from mldiag import experiment
        >>> @experiment(rows=20, metric="accuracy")
        ... def half(trial):
        ...     return 0.5
        >>> result = run_trial(half, half.spec(), threads=1)
        >>> result.status, result.metrics
        ('ok', {'accuracy': 0.5})
    """
    if runs_again(spec):
        return run_in_fresh_process(
            experiment, spec, threads=threads, seconds=seconds, devices=devices
        )
    trial: Trial | None = None
    rows = (0, 0)
    returned: Any = None
    failure: BaseException | None = None
    started = time.perf_counter()
    try:
        trial, rows = _prepare(experiment, spec, row_sets, seconds, devices)
        train = training_of(experiment, spec)
        with seeded(spec.seed), capped_threads(threads):
            started = time.perf_counter()
            returned = train(trial)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except TrainingCut:
        returned = None  # its last report is its score
    except SystemExit as error:
        failure = RuntimeError(f"the train function called exit({error.code!r})")
    except BaseException as error:  # the user's own may derive from anything
        failure = error
    wall_seconds = time.perf_counter() - started
    outcome = _judge(experiment.metric, trial, returned, failure, spec)
    return TrialResult(
        spec=spec,
        wall_seconds=wall_seconds,
        memory_bytes=peak_memory(),
        train_rows=rows[0],
        valid_rows=rows[1],
        threads=threads,
        **_recorded(trial),
        **outcome,
    )


def peak_memory() -> int:
    """Peak resident memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def _prepare(
    experiment: Experiment,
    spec: TrialSpec,
    row_sets: Mapping[str, Rows] | None,
    seconds: float | None,
    devices: tuple[str, ...],
) -> tuple[Trial, tuple[int, int]]:
    known = dict(row_sets or {})
    named = [spec.rows.digest, *(change.argument("digest") for change in spec.interventions)]
    for digest in named:
        if digest is not None and digest not in known:
            known[str(digest)] = load_row_set(experiment.home, str(digest))
    explicit = None if spec.rows.digest is None else known[spec.rows.digest]
    train, valid = experiment.splits.rows(spec.rows, explicit)
    train, valid = limit_rows(spec.interventions, train, valid, row_sets=known)
    view = _view(experiment, spec, train, valid)
    for change in spec.interventions:
        if view is None and change.kind not in ("drop_rows", RAMP, SCORE_TRAINING_ROWS, WATCH):
            raise MldiagError(
                f"{change.kind} changes data that mldiag does not hold",
                expected="data=(X, y) in the experiment instead of rows=",
            )
    trial = Trial(spec, train, valid, view=view, seconds=seconds, devices=devices)
    return trial, (len(train), len(valid))


def _view(experiment: Experiment, spec: TrialSpec, train: Rows, valid: Rows) -> TrialView | None:
    if experiment.dataset is None:
        return None
    augment = None if experiment.augment is None else experiment.augment.function
    return TrialView(
        experiment.dataset, spec.interventions, train, valid, augment=augment, seed=spec.seed
    )


def _recorded(trial: Trial | None) -> dict[str, Any]:
    if trial is None:
        return {}
    return {
        "history": tuple(trial.history),
        "fidelity_reached": trial.fidelity_reached,
        "rows_digest": trial.rows_digest(),
        "predictions": trial.kept_predictions,
        "recording": trial.recording,
    }


def _judge(
    metric: Metric,
    trial: Trial | None,
    returned: Any,
    failure: BaseException | None,
    spec: TrialSpec,
) -> dict[str, Any]:
    """Status, metrics, error and notices."""
    notices = tuple(trial.notices) if trial else ()
    if trial is not None and trial.missed_augmentation:
        notices += (NOT_AUGMENTED,)
    if trial is not None and trial.missed_change:
        notices += (trial.missed_change,)
    if failure is not None or trial is None:
        status: Status = "out_of_memory" if _is_out_of_memory(failure) else "failed"
        error = describe_error(failure or RuntimeError("the trial could not be prepared"))
        return {"status": status, "error": error, "notices": notices}
    if ramp_of(spec) is not None:  # a range test ends before there is a score
        return {"status": "ok", "notices": notices}
    try:
        metrics = final_metrics(returned, trial.history, metric.name)
    except TypeError as wrong:  # our own words about the return value: no traceback
        return {"status": "failed", "error": str(wrong), "notices": notices}
    # A loss of NaN is divergence even where a class predicted from NaN still scores something.
    if not all(math.isfinite(value) for value in metrics.values()):
        status = "diverged"
    elif trial.fidelity_reached < spec.fidelity and (trial.out_of_time or trial.was_cut):
        status = "cut"
    else:
        status = "ok"
    if status == "ok" and _is_best_report(trial, metrics[metric.name], metric):
        notices += (
            f"{metric.name} {BEST_EPOCH}: rows that score a trial must not choose its epoch; use "
            "trial.stop to stop early",
        )
    return {"status": status, "metrics": metrics, "notices": notices}


def _is_out_of_memory(failure: BaseException | None) -> bool:
    if isinstance(failure, MemoryError):
        return True
    # torch raises torch.OutOfMemoryError on a device and a plain RuntimeError on the CPU.
    return isinstance(failure, RuntimeError) and (
        type(failure).__name__ == "OutOfMemoryError"
        or "out of memory" in str(failure).lower()
        or "can't allocate memory" in str(failure).lower()
    )


def _is_best_report(trial: Trial, score: float, metric: Metric) -> bool:
    reported = [values[metric.name] for _, values in trial.history if metric.name in values]
    finite = [value for value in reported if math.isfinite(value)]
    if len(reported) < REPORTS_FOR_BEST or not finite:
        return False
    best = max(finite) if metric.maximize else min(finite)
    return score == best and score != reported[-1]
