"""Random, TPE and GP search over several parameters together, through Optuna's samplers.

The study is rebuilt from the results each time, so that a search is a pure function of what has come back:
it resumes by itself, and a repeated command asks for the same points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.parameters import Categorical, Int, rounded
from mldiag.steps.sweep.axes import Axis
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import Plain, TrialSpec

if TYPE_CHECKING:
    import optuna

BATCH = 4
"""Points asked for before the sampler learns of their scores: enough to keep a few workers busy."""

Point = Mapping[str, Plain]


def is_search(settings: Settings) -> bool:
    """Whether the parameters are searched together instead of moved one at a time."""
    return settings.search is not None


def point_specs(experiment: Experiment, settings: Settings, point: Point) -> list[TrialSpec]:
    """The trials of one point, by repeat."""
    return [experiment.spec(point, repeat=repeat) for repeat in range(settings.repeats)]


def next_points(
    experiment: Experiment,
    settings: Settings,
    axes: Sequence[Axis],
    results: Sequence[TrialResult],
) -> list[Point]:
    """The points to try next, the defaults first; none once `settings.trials` points are done.

    Raises:
        MldiagError: If the sampler needs a package that is not installed.
    """
    points, scores = tried_points(experiment, settings, axes, results)
    wanted = min(BATCH, settings.trials - len(points))
    if not points:
        return [{}, *_ask(settings, axes, [], [], wanted - 1)]
    return _ask(settings, axes, points, scores, wanted) if wanted > 0 else []


def tried_points(
    experiment: Experiment,
    settings: Settings,
    axes: Sequence[Axis],
    results: Sequence[TrialResult],
) -> tuple[list[Point], list[float]]:
    """Points with a result for every repeat, in a fixed order, and their mean scores, higher is better."""
    names = {axis.name for axis in axes}
    by_point: dict[tuple[tuple[str, Plain], ...], dict[str, TrialResult]] = {}
    for result in results:
        point = tuple((n, v) for n, v in result.spec.params if n in names)
        by_point.setdefault(point, {})[result.spec.digest] = result
    points: list[Point] = []
    scores: list[float] = []
    defaults = {name: experiment.defaults[name] for name in names}
    # Sorted, because results come back in the order of the workers' luck.
    for key in sorted(by_point, key=lambda k: (dict(k) != defaults, repr(k))):
        specs = point_specs(experiment, settings, dict(key))
        if all(spec.digest in by_point[key] for spec in specs):
            points.append(dict(key))
            found = [by_point[key][s.digest].score(experiment.metric.name) for s in specs]
            scores.append(experiment.metric.sign * float(np.mean(found)))
    return points, scores


def _ask(
    settings: Settings,
    axes: Sequence[Axis],
    points: Sequence[Point],
    scores: Sequence[float],
    count: int,
) -> list[Point]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space = {axis.name: _distribution(axis) for axis in axes}
    study = optuna.create_study(sampler=_sampler(settings, len(points)), direction="maximize")
    for point, score in zip(points, scores, strict=True):
        params = {axis.name: _to_optuna(axis, point[axis.name]) for axis in axes}
        if not all(_inside(space[name], params[name]) for name in space):
            continue  # a zero beside a logarithmic range has no place on its scale
        state = optuna.trial.TrialState
        if np.isfinite(score):
            told: dict[str, Any] = {"value": score}
        else:
            told = {"state": state.FAIL}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=dict(space), **told))
    asked = [study.ask(fixed_distributions=dict(space)).params for _ in range(count)]
    return [{axis.name: _from_optuna(axis, params[axis.name]) for axis in axes} for params in asked]


def _by_position(axis: Axis) -> bool:
    """Whether Optuna sees positions in the list of values: it knows no tuples as choices."""
    return axis.explicit or isinstance(axis.parameter, Categorical)


def _to_optuna(axis: Axis, value: Plain) -> Any:
    if not _by_position(axis):
        return value
    return axis.values.index(value) if value in axis.values else -1


def _from_optuna(axis: Axis, value: Any) -> Plain:
    if _by_position(axis):
        return axis.values[int(value)]
    return (
        int(value)
        if isinstance(axis.parameter, Int)
        else rounded(value, 3 if axis.parameter.log else 6)
    )


def _inside(distribution: Any, value: Any) -> bool:
    choices = getattr(distribution, "choices", None)
    if choices is not None:
        return value in choices
    return bool(distribution.low <= value <= distribution.high)


def _sampler(settings: Settings, done: int) -> optuna.samplers.BaseSampler:
    import optuna

    seed = done  # each round draws anew, and the same round of a repeated command draws the same
    if settings.search == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    if settings.search == "gp":
        if find_spec("torch") is None:
            raise MldiagError(
                "--search gp needs PyTorch, which is not installed",
                expected="torch, or another method",
                hint="pip install 'mldiag[torch]'   or   --search tpe",
            )
        return optuna.samplers.GPSampler(seed=seed, deterministic_objective=False)
    return optuna.samplers.TPESampler(seed=seed, multivariate=True)


def _distribution(axis: Axis) -> optuna.distributions.BaseDistribution:
    import optuna

    parameter = axis.parameter
    if axis.explicit or isinstance(parameter, Categorical):
        return optuna.distributions.CategoricalDistribution(list(range(len(axis.values))))
    if isinstance(parameter, Int):
        return optuna.distributions.IntDistribution(
            parameter.low, parameter.high, log=parameter.log
        )
    return optuna.distributions.FloatDistribution(parameter.low, parameter.high, log=parameter.log)
