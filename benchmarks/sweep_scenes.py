"""A sweep on tables of real trainings: what it sees, what is true, and the step itself run on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sweep_problems import Problem, problems, table

import mldiag
from mldiag.metrics import named_metric
from mldiag.steps import step_named
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult

Floats = NDArray[np.float64]
STEP = step_named("sweep")
REPEATS = 5


@dataclass(frozen=True)
class Scene:
    """One run: a problem's table, the draws that the sweep sees, a default, and the truth.

    Args:
        problem: The problem.
        seen: Scores (values, repeats) of the sweep's draws, in the metric's direction.
        truth: True scores (values,), higher is better, -inf where a training failed.
        default: Position of the default.
        noise: Standard deviation of one trial: of the default, or of the best value if that is smaller.
        residual: Standard deviation of one score within a repeat, among the better half of the values.
    """

    problem: Problem
    seen: Floats
    truth: Floats
    default: int
    noise: float
    residual: float

    @property
    def sign(self) -> float:
        """1 where larger is better, else -1."""
        return named_metric(self.problem.metric).sign

    @property
    def exhaustive(self) -> NDArray[np.intp]:
        """Positions of the exhaustive run: every second value, or all where whole numbers are few."""
        count = len(self.truth)
        return np.arange(0, count, 2) if count > 30 else np.arange(count)

    def nearest(self, value: float) -> int:
        """The trained value nearest to an asked one, on the parameter's own scale."""
        return int(np.argmin(np.abs(self.place - self._scaled(value))))

    @property
    def place(self) -> Floats:
        """Where the trained values stand on the parameter's own scale."""
        return np.array([self._scaled(value) for value in self.problem.values])

    def score(self, value: float, repeat: int) -> float:
        """What a trial gives."""
        return float(self.seen[self.nearest(value), repeat])

    def _scaled(self, value: float) -> float:
        return float(np.log(value)) if self.problem.parameter.log else float(value)


@cache
def problem_named(name: str) -> Problem:
    return next(problem for problem in problems() if problem.name == name)


def scene(problem: Problem, run: int, *, permuted: bool = False) -> Scene:
    """The scene of a run; permuted: what a value scored is dealt out anew in every draw."""
    scores, random = table(problem.name), np.random.default_rng([run, 5])
    columns = random.permutation(scores.shape[1])[:REPEATS]
    sign = named_metric(problem.metric).sign
    if permuted:
        kept = scores[np.isfinite(scores).all(axis=1)]
        upper = kept[np.argsort(-(sign * kept).mean(axis=1))][: max(len(kept) // 2, 10)]
        positions = np.random.default_rng([run, 9]).integers(len(upper), size=scores.shape[:1])
        scores = random.permuted(upper[positions], axis=0)
    oriented = sign * scores
    others = np.setdiff1d(np.arange(scores.shape[1]), columns)
    failed = ~np.isfinite(oriented).all(axis=1)
    truth = np.where(
        failed, -np.inf, np.where(np.isfinite(oriented), oriented, 0)[:, others].mean(axis=1)
    )
    good = np.flatnonzero(~failed)
    declared = int(
        np.argmin(np.abs(np.array(problem.values, dtype=float) - problem.parameter.default))
    )
    default = declared if run % 2 == 0 else int(random.choice(good))
    spreads = [oriented[i].std(ddof=1) for i in (default, int(np.argmax(truth)))]
    better = oriented[good][truth[good] >= np.median(truth[good])]
    rest = better - better.mean(axis=1, keepdims=True) - better.mean(axis=0) + better.mean()
    return Scene(
        problem,
        scores[:, columns],
        truth,
        default,
        min(s for s in spreads if s > 0),
        float(rest.std()),
    )


def experiment_of(scenes: dict[str, Scene]) -> Any:
    """An experiment with the scenes' parameters, which is never trained."""
    first = next(iter(scenes.values())).problem
    params = {
        name: replace(s.problem.parameter, default=s.problem.values[s.default])
        for name, s in scenes.items()
    }

    @mldiag.experiment(rows=first.rows, metric=first.metric, params=params)
    def tabled(trial: Any) -> float:
        return 0.0

    return tabled


def sweep(scenes: dict[str, Scene], settings: Settings) -> tuple[Any, list[TrialResult], int]:
    """Let the step plan round after round on the tables; its diagnosis, the results, how many rounds."""
    experiment, results, rounds = experiment_of(scenes), {}, 0
    defaults = experiment.defaults
    while True:
        fresh = STEP.plan(experiment, settings, tuple(results.values()))
        if not fresh:
            return (
                STEP.diagnose(experiment, settings, list(results.values())),
                list(results.values()),
                rounds,
            )
        rounds += 1
        for spec in fresh:
            values = dict(spec.params)
            moved = next((n for n in values if values[n] != defaults[n]), next(iter(values)))
            score = scenes[moved].score(values[moved], spec.rows.repeat)
            status = "ok" if np.isfinite(score) else "diverged"
            metrics = {experiment.metric.name: score}
            results[spec.digest] = TrialResult(spec, status, metrics, wall_seconds=0.1)
