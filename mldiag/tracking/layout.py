"""What a trial looks like in MLflow: computed here as plain data, written elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from mldiag import wording
from mldiag.redaction import redacted
from mldiag.tracking import names
from mldiag.tracking.context import RunContext
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

HISTORY_POINTS = 300
"""Points kept of a series: MLflow's charts draw at most 320 of it."""

ERROR_LENGTH = 1000
"""Characters of an error that are shown: its end, where the cause stands."""

_REPETITION = ("repeat", "seed")

RUN_STATUS = {"ok": "FINISHED", "cut": "FINISHED", "interrupted": "KILLED"}
"""MLflow's status for those of a trial that are no failure."""


@dataclass(frozen=True)
class Point:
    """One value of a metric at an integer step."""

    name: str
    value: float
    step: int


@dataclass(frozen=True)
class ChildRun:
    """A trial as MLflow shows it.

    Args:
        name: Short name, the moved values first.
        status: MLflow's status of the run.
        start_ms: Start in milliseconds since 1970, chosen for the order of lists.
        end_ms: `start_ms` plus the time of the training.
        params: Varying parameters only.
        points: Metrics; every value is finite.
        tags: Everything else worth knowing.
    """

    name: str
    status: str
    start_ms: int
    end_ms: int
    params: Mapping[str, str]
    points: tuple[Point, ...]
    tags: Mapping[str, str]


@dataclass
class Varying:
    """Which parameters differ between the trials of a command, learned as trials are planned.

    Example:
        >>> varying = Varying()
        >>> varying.add([TrialSpec("t", params=(("lr", 0.1), ("width", 8))),
        ...              TrialSpec("t", params=(("lr", 0.2), ("width", 8)))])
        >>> varying.names
        ('lr',)
    """

    _seen: dict[str, set[Any]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def add(self, specs: Iterable[TrialSpec]) -> None:
        """Take note of what these trials hold."""
        for spec in specs:
            held: dict[str, Any] = {
                "train_rows": spec.rows.size,
                "repeat": spec.rows.repeat,
                "seed": spec.seed,
                "fidelity": spec.fidelity,
                "interventions": spec.interventions,
                **{name: _hashable(value) for name, value in spec.params},
            }
            for name, value in held.items():
                self._seen.setdefault(name, set()).add(value)
        self.names = tuple(name for name, values in self._seen.items() if len(values) > 1)


def _hashable(value: Any) -> Any:
    return type(value).__name__, value  # keeps True apart from 1


def display_order(specs: Sequence[TrialSpec]) -> list[TrialSpec]:
    """Order trials for a list whose first ten are seen: all points of repeat 0, then of repeat 1.

    Example:
        >>> from mldiag.trial_spec import RowRecipe
        >>> specs = [TrialSpec("t", RowRecipe(repeat=r, size=n), seed=r) for n in (9, 27) for r in (0, 1)]
        >>> [(spec.rows.size, spec.rows.repeat) for spec in display_order(specs)]
        [(9, 0), (27, 0), (9, 1), (27, 1)]
    """
    return sorted(specs, key=lambda spec: (spec.rows.split, spec.rows.repeat, spec.seed))


def child_run(
    result: TrialResult,
    context: RunContext,
    *,
    varying: Sequence[str],
    rank: int,
    cached: bool,
    finished: float,
) -> ChildRun:
    """Lay out a trial.

    Args:
        result: The trial's result.
        context: The command.
        varying: Names of what differs between the command's trials.
        rank: Place in lists, 0 on top.
        cached: Whether the result was taken from the store.
        finished: When it came back, in seconds since 1970.
    """
    points, left_out = trial_points(result, context.metric)
    start_ms = int(context.started * 1000) - 1 - rank  # newest first: rank 0 is the newest
    tags = _tags(result, cached=cached, finished=finished)
    if left_out:
        tags["mldiag.not_shown"] = "; ".join(left_out)[: names.TAG_LENGTH]
    return ChildRun(
        name=names.child_name(
            result.spec,
            varying=varying,
            defaults=dict(context.defaults),
            train_rows=result.train_rows,
        ),
        status=RUN_STATUS.get(result.status, "FAILED"),
        start_ms=start_ms,
        end_ms=start_ms + max(0, round(result.wall_seconds * 1000)),
        params=trial_params(result, context, varying),
        points=points,
        tags=tags,
    )


def trial_params(
    result: TrialResult, context: RunContext, varying: Sequence[str]
) -> dict[str, str]:
    """The varying parameters as text, with `log10_` twins for the logarithmic ones.

    The twins are there because the axes of MLflow's compare view are linear.
    """
    spec = result.spec
    held: dict[str, Any] = {
        "train_rows": result.train_rows or spec.rows.size or "all",
        "repeat": spec.rows.repeat,
        "seed": spec.seed,
        "fidelity": spec.fidelity,
        "interventions": ", ".join(change.kind for change in spec.interventions) or "none",
        **dict(spec.params),  # a parameter of the same name is the user's
    }
    # Beside a parameter that matters they would only be one more axis of the compare view.
    varying = [name for name in varying if name not in _REPETITION] or varying
    chosen = {name: held[name] for name in varying if name in held}
    written = names.keys(chosen)
    params = {written[name]: wording.setting(value) for name, value in chosen.items()}
    for name in ("train_rows", *context.log_params):
        exponent = names.log10_of(chosen.get(name))
        if exponent is not None:
            params[f"log10_{written[name]}"[: names.KEY_LENGTH]] = f"{exponent:.4g}"
    return {name: value[: names.VALUE_LENGTH] for name, value in params.items()}


def trial_points(result: TrialResult, metric: str) -> tuple[tuple[Point, ...], list[str]]:
    """The metrics of a trial and what was left out of them.

    The experiment's own metric comes first: it is the one that the compare view draws. Values that are
    not finite are left out: MLflow stores infinity as 1.8e308, which flattens every chart. A final value
    stands at the last step of its series, after the last reported one.
    """
    left_out: list[str] = []
    series: dict[str, dict[int, float]] = {}
    for step, values in result.history:
        for name, value in values.items():
            series.setdefault(name, {})[int(step)] = float(value)
    final = dict(sorted(result.metrics.items(), key=lambda item: item[0] != metric))
    series = dict(sorted(series.items(), key=lambda item: item[0] != metric))
    written = names.keys(dict.fromkeys([*series, *final, "seconds"]))
    points: list[Point] = []
    for name, by_step in series.items():
        finite = {step: value for step, value in by_step.items() if math.isfinite(value)}
        lost = sorted(set(by_step) - set(finite))
        if lost:
            left_out.append(
                f"{name} is {by_step[lost[0]]} from step {lost[0]} ({len(lost)} values)"
            )
        steps = thinned(sorted(finite))
        if len(steps) < len(finite):
            left_out.append(f"{name}: {len(steps)} of {len(finite)} steps are shown")
        points += [Point(written[name], finite[step], step) for step in steps]
    for name, value in final.items():
        by_step = series.get(name, {})
        last = max(by_step, default=0)
        if not math.isfinite(value):
            left_out.append(f"{name} = {value}")
        elif by_step.get(last) != value:
            points.append(Point(written[name], float(value), last))
    if math.isfinite(result.wall_seconds):
        points.append(Point("seconds", result.wall_seconds, 0))
    return tuple(points), left_out


def thinned(steps: Sequence[int], limit: int = HISTORY_POINTS) -> list[int]:
    """At most `limit` of the steps, evenly, the first and the last among them.

    Example:
        >>> thinned(range(10), 4)
        [0, 3, 6, 9]
    """
    if len(steps) <= limit:
        return list(steps)
    last = len(steps) - 1
    return [steps[round(index * last / (limit - 1))] for index in range(limit)]


def _tags(result: TrialResult, *, cached: bool, finished: float) -> dict[str, str]:
    """Few of them: each costs a row of MLflow's database and a place on the page."""
    spec = result.spec
    tags = {"mldiag.trial": spec.digest, "mldiag.repeat": str(spec.rows.repeat)}
    if spec.seed != spec.rows.repeat:
        tags["mldiag.seed"] = str(spec.seed)
    if cached:
        tags["mldiag.from"] = "store"
    else:
        tags["mldiag.started"] = _clock(finished - result.wall_seconds)
    if result.status != "ok":
        tags["mldiag.status"] = result.status
    if result.status not in RUN_STATUS:
        error = redacted(result.error.strip()) or result.status.replace("_", " ")
        tags["mldiag.error"] = error.rpartition("\n")[2][:ERROR_LENGTH]
        tags["mlflow.note.content"] = quoted_error(error)
    if result.notices:
        tags["mldiag.notices"] = "; ".join(result.notices)[:ERROR_LENGTH]
    return tags


def quoted_error(error: str) -> str:
    """The end of an error, as a description that MLflow shows as it is."""
    return f"```\n{error[-ERROR_LENGTH:]}\n```"


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
