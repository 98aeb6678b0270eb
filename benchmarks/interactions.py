"""How often `mldiag sweep --pairs` is right about one at a time, and whether its extra gain is true.

    OMP_NUM_THREADS=1 python benchmarks/interactions.py [--draws 30] [--only 1|2|3]

A full data set plays the population. Each draw takes a small data set from it and runs the whole command on
it: each parameter alone, then the pair. The truth about two points is the mean difference over 60 fresh data
sets of the same size, scored on the rest of the population: on none of the splits that the command saw.

A verdict is wrong where it says that one at a time misleads and the joint point is truly no better, or that
one at a time is safe and the joint point is truly better by the smallest gain worth having. Coverage is that
of the 80 % interval of the extra gain, over all draws with an interval.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from real_draws import Population, populations, print_table, share
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import ExtraTreeClassifier

import mldiag
from mldiag.declaration import Experiment
from mldiag.stats.intervals import is_determined
from mldiag.stats.many import compare_with_default
from mldiag.steps import step_named
from mldiag.steps.sweep.pairs.design import FIRST_LOOK, survivors
from mldiag.steps.sweep.pairs.diagnose import PairsDiagnosis
from mldiag.steps.sweep.pairs.joint import gain_among, on_the_way
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

FRESH = 60


class NoisyTree(ClassifierMixin, BaseEstimator):
    """A random tree whose two parameters do nothing but change its randomness."""

    def __init__(
        self, first: float = 0.1, second: float = 0.1, random_state: int | None = None
    ) -> None:
        self.first, self.second, self.random_state = first, second, random_state

    def fit(self, X: Any, y: Any) -> NoisyTree:
        """Fit a tree of its own seed."""
        seed = zlib.crc32(repr((self.first, self.second, self.random_state)).encode())
        self.tree_ = ExtraTreeClassifier(random_state=seed).fit(X, y)
        self.classes_ = self.tree_.classes_
        return self

    def predict(self, X: Any) -> Any:
        """Classes."""
        return self.tree_.predict(X)


class HalfNoisyNeighbours(NoisyTree):
    """Nearest neighbours whose number matters and whose second parameter only adds its own randomness."""

    def fit(self, X: Any, y: Any) -> HalfNoisyNeighbours:
        """Fit on a random nine tenths of the rows."""
        seed = zlib.crc32(repr((self.second, self.random_state)).encode())
        rows = np.random.default_rng(seed).permutation(len(y))[: len(y) * 9 // 10]
        self.tree_ = KNeighborsClassifier(max(1, round(self.first))).fit(X[rows], y[rows])
        self.classes_ = self.tree_.classes_
        return self


@dataclass(frozen=True)
class Problem:
    """Two parameters of a learner on a population."""

    label: str
    population: str
    make: Callable[[], Any]
    params: dict[str, Any]
    metric: str = "accuracy"


def log(low: float, high: float, default: float) -> Any:
    return mldiag.Float(low, high, default=default, log=True)


def whole(low: int, high: int, default: int) -> Any:
    return mldiag.Int(low, high, default=default, log=True)


def interacting() -> list[Problem]:
    rates = {"learning_rate": log(0.01, 1, 0.5), "n_estimators": whole(5, 200, 20)}
    widths = {
        "learning_rate_init": log(1e-4, 0.1, 1e-3),
        "hidden_layer_sizes": whole(4, 256, 16),
    }
    sgd = {"eta0": log(1e-3, 10, 1), "alpha": log(1e-6, 1, 0.1)}
    network = partial(MLPClassifier, 16, max_iter=10, batch_size=32)
    linear = partial(SGDClassifier, learning_rate="constant", eta0=1, max_iter=20, tol=None)
    boosted = partial(GradientBoostingRegressor, max_depth=2, subsample=0.7)
    far = {"C": log(1e-2, 1e3, 0.05), "gamma": log(1e-4, 10, 1.0)}
    near = {"C": log(1e-2, 1e3, 1), "gamma": log(1e-4, 10, 0.02)}
    return [
        Problem("SVC C x gamma, far defaults", "digits", SVC, far),
        Problem("SVC C x gamma, good defaults", "digits", SVC, near),
        Problem("SVC C x gamma, far defaults, cancer", "breast_cancer", SVC, far),
        Problem("SGD rate x alpha", "breast_cancer", linear, sgd),
        Problem("MLP rate x width", "digits", network, widths),
        Problem("boosting rate x trees", "diabetes", boosted, rates, "r2"),
    ]


def useless() -> list[Problem]:
    nothing = {"first": log(0.01, 1, 0.1), "second": log(0.01, 1, 0.1)}
    half = {"first": whole(1, 25, 5), "second": log(0.01, 1, 0.1)}
    return [
        Problem("two that do nothing", "digits", NoisyTree, nothing),
        Problem("two that do nothing, iris", "iris", NoisyTree, nothing),
        Problem("neighbours x nothing", "digits", HalfNoisyNeighbours, half),
        Problem("neighbours x nothing, wine", "wine", HalfNoisyNeighbours, half),
    ]


def command(problem: Problem, population: Population, draw: int) -> tuple[PairsDiagnosis, int, int]:
    """Run the command on one draw: its diagnosis, trials alone, trials in all."""
    rows = np.random.default_rng([draw, 2026]).permutation(len(population.target))[
        : population.rows
    ]
    experiment = Experiment.from_estimator(
        problem.make(), population.inputs[rows], population.target[rows], metric=problem.metric,
        params=problem.params, name="drawn",
    )  # fmt: skip
    step, results = step_named("sweep"), {}
    settings = Settings(param=tuple(problem.params), pairs=True, values=7)
    alone = 0
    while specs := step.plan(experiment, settings, tuple(results.values())):
        alone = alone or len(specs)
        results |= {spec.digest: trained(problem, experiment, spec) for spec in specs}
    return step.diagnose(experiment, settings, list(results.values())), alone, len(results)


def trained(problem: Problem, experiment: Experiment, spec: TrialSpec) -> TrialResult:
    """As a worker would train it, without what a worker does besides."""
    train, valid = experiment.splits.rows(spec.rows)
    inputs, target = experiment.dataset.main.X, experiment.dataset.main.y
    model = problem.make().set_params(**dict(spec.params))
    if "random_state" in model.get_params():
        model.set_params(random_state=spec.seed)
    score = float(model.fit(inputs[train], target[train]).score(inputs[valid], target[valid]))
    return TrialResult(spec=spec, status="ok", metrics={experiment.metric.name: score})


class Truth:
    """Mean scores of points on fresh data sets; every point sees the same ones."""

    def __init__(self, problem: Problem, population: Population) -> None:
        self.problem, self.population = problem, population
        self.known: dict[tuple[Any, ...], float] = {}

    def __call__(self, point: dict[str, Any]) -> float:
        """Mean score of a point."""
        key = tuple(sorted(point.items()))
        if key not in self.known:
            self.known[key] = float(np.mean([self._score(point, i) for i in range(FRESH)]))
        return self.known[key]

    def _score(self, point: dict[str, Any], number: int) -> float:
        count = self.population.rows
        rows = np.random.default_rng([number, 77]).permutation(len(self.population.target))
        train, rest = rows[: count * 4 // 5], rows[count:]
        model = self.problem.make().set_params(**point, **self._seed(number))
        model.fit(self.population.inputs[train], self.population.target[train])
        return float(model.score(self.population.inputs[rest], self.population.target[rest]))

    def _seed(self, number: int) -> dict[str, int]:
        return (
            {"random_state": number} if "random_state" in self.problem.make().get_params() else {}
        )


def measured(problem: Problem, population: Population, draws: int) -> tuple[str, ...]:
    truth = Truth(problem, population)
    verdicts, extra, covered, wrong, right_claims, seen = [], [], [], [], [], []
    begin = time.perf_counter()
    for draw in range(draws):
        diagnosis, _, trials = command(problem, population, draw)
        joint = diagnosis.joints[0]
        verdicts.append(joint.verdict)
        gap = truth(joint.point(joint.chosen)) - truth(joint.point(joint.anchor))
        extra.append(gap)
        seen.append(trials)
        if is_determined(joint.gain) and joint.chosen != joint.anchor:
            covered.append(joint.gain.low <= gap <= joint.gain.high)
        if joint.verdict == "misleads":
            right_claims.append(gap > 0)
        wrong.append(
            (joint.verdict == "misleads" and gap <= 0)
            or (joint.verdict == "one at a time is safe" and gap >= joint.worth)
        )
    told = np.array(verdicts)
    claims = told == "misleads"
    false = claims & (np.array(extra) <= 0)
    return (
        problem.label, f"{np.mean(claims):.2f}", f"{np.mean(told == 'one at a time is safe'):.2f}",
        f"{np.mean(told == 'inconclusive'):.2f}", share(false),
        share(np.array(wrong)), share(np.array(covered)),
        f"{100 * np.median(extra):+.1f}",
        f"{100 * np.median(np.array(extra)[claims]):+.1f}" if claims.any() else "-",
        f"{np.mean(seen):.0f}", f"{time.perf_counter() - begin:.0f} s",
    )  # fmt: skip


def simulated(tables: int, *, peak: float) -> tuple[str, ...]:
    """Tables of scores without a training: 25 points, two looks, the judgement of the product.

    Each point's scores share a part of their noise over repeats, as those of overlapping splits do (Nadeau
    and Bengio's correlation for 80/20 splits): a table without any difference looks as if it had some.

    Args:
        tables: How many.
        peak: What one point off the default's row and column is truly better by, in noises of one score.
    """
    claims, covered, right = [], [], []
    for number in range(tables):
        random = np.random.default_rng([number, 5])
        truth = np.zeros((5, 5))
        truth[4, 0] = peak
        noise = math.sqrt(0.2) * random.normal(size=(25, 1)) + math.sqrt(0.8) * random.normal(
            size=(25, 5)
        )
        scores = truth.reshape(25, 1) + noise + random.normal(size=5)
        alone = scores.mean(axis=1).reshape(5, 5)
        first, second = int(np.argmax(alone[:, 2])), int(np.argmax(alone[2]))
        anchors = (12, 5 * first + 2, 10 + second, 5 * first + second)
        design = SimpleNamespace(anchors=anchors, shape=(5, 5), pair=SimpleNamespace(nuisance=None))
        kept = survivors(design, scores)
        seen = scores.copy()
        seen[[i for i in range(25) if i not in kept], FIRST_LOOK:] = np.nan
        points = list(dict.fromkeys(anchors))
        anchor = points[int(np.argmax(scores[points].mean(axis=1)))]
        found = compare_with_default(seen, anchor, valid_to_train=0.25, not_run=np.isnan(seen))
        others = [i for i in kept if i in found.candidates]
        chosen = max(others, key=lambda i: float(found.difference[i]))
        gain, gap = (
            gain_among(found, others, chosen, anchors=on_the_way(design)),
            float(truth.flat[chosen] - truth.flat[anchor]),
        )
        claims.append(bool(found.claimed[chosen] and gain.estimate > 0 and gap <= 0))
        right.append(bool(found.claimed[chosen] and gain.estimate > 0 and gap > 0))
        covered.append(gain.low <= gap <= gain.high)
    return (f"{peak:g}", share(np.array(claims)), share(np.array(right)), share(np.array(covered)))


HEAD = ("pair", "misleads", "safe", "open", "false claims", "wrong verdicts", "coverage of the gain",
        "true extra gain, points", "of the claims", "trials", "time")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--only", type=int, choices=(1, 2, 3), default=None)
    asked = parser.parse_args()
    draws = asked.draws
    warnings.simplefilter("ignore")
    data = populations()
    parts = (
        (1, "Pairs that act on each other", interacting(), draws),
        (2, "Pairs that cannot (false claims at most .05)", useless(), 3 * draws),
    )
    for number, title, problems, count in parts:
        if asked.only in (None, number):
            rows = []
            for problem in problems:
                rows.append(measured(problem, data[problem.population], count))
                print(*rows[-1], sep="; ", file=sys.stderr, flush=True)
            print_table(f"{number}  {title}, {count} draws", HEAD, rows)
    if asked.only in (None, 3):
        rows = [simulated(50 * draws, peak=peak) for peak in (0.0, 2.0, 4.0, 8.0)]
        head = (
            "true gain of one point, noises",
            "false claims",
            "right claims",
            "coverage of the gain",
        )
        print_table(f"3  Simulated tables of 25 points, two looks, {50 * draws} tables", head, rows)


if __name__ == "__main__":
    main()
