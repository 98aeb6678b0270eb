"""What the adaptive design of the learning curve saves, and what that costs its answer.

    python benchmarks/learning_curve_cost.py [--draws 6] > benchmarks/learning_curve_cost.txt

On real data, for each pair of data and learner: `draws` random halves of the rows are an experiment each.
The full design (8 sizes x 5 repeats) is trained through mldiag's own engine; the adaptive design asks the
same store, so that both see the same trials, and its time is that of the trials it asked for. The truth at
twice the rows is the mean of 20 trainings on as many rows of the whole data, scored on the others.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import mldiag
from mldiag.run.executor import Executor, RunSettings
from mldiag.run.identity import identify
from mldiag.run.settings import SilentListener
from mldiag.run.store.trial_store import Store
from mldiag.steps import step_named
from mldiag.steps.learning_curve.settings import Settings

DIGITS = (load_digits, {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "SVC": SVC(), "5 neighbours": KNeighborsClassifier(), "naive Bayes": GaussianNB(),
    "random forest": RandomForestClassifier(40),
})  # fmt: skip
CANCER = (load_breast_cancer, {
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
    "tree": DecisionTreeClassifier(), "5 neighbours": KNeighborsClassifier(),
    "extra trees": ExtraTreesClassifier(40),
})  # fmt: skip
DIABETES = (load_diabetes, {
    "ridge": Ridge(), "5 neighbours": make_pipeline(StandardScaler(), KNeighborsRegressor()),
    "random forest": RandomForestRegressor(40),
})  # fmt: skip

STEP = step_named("learning-curve")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=6)
    draws = parser.parse_args().draws
    load = os.getloadavg()[0]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores (load {load:.1f} at the start)"
    )
    print(f"{draws} random halves of the rows for each pair; means over them, +- standard error")
    print(
        f"{'data and learner':38}{'same verdict':>13}{'time':>7}   {'error at 2x, full':>18}{'adaptive':>10}"
    )
    rows = []
    for load_data, learners in (DIGITS, CANCER, DIABETES):
        X, y = load_data(return_X_y=True)
        for name, estimator in learners.items():
            pair = [one_draw(X, y, estimator, seed) for seed in range(draws)]
            rows += pair
            show(f"{load_data.__name__.removeprefix('load_')}, {name}", pair)
    show("all", rows)
    full, adaptive = (
        np.array([row["full"] for row in rows]),
        np.array([row["adaptive"] for row in rows]),
    )
    share = adaptive.mean() / full.mean()
    rng = np.random.default_rng(0)
    picks = [rng.integers(len(rows), size=len(rows)) for _ in range(1000)]
    spread = np.std([adaptive[pick].mean() / full[pick].mean() for pick in picks])
    print(
        f"error of the forecast at twice the rows, adaptive over full: {share:.3f} +- {spread:.3f}"
    )
    verdicts: dict[str, int] = {}
    for row in rows:
        both = f"{row['verdicts'][0]} / {row['verdicts'][1]}"
        verdicts[both] = verdicts.get(both, 0) + 1
    print("verdicts, full / adaptive:", ", ".join(f"{k}: {v}" for k, v in sorted(verdicts.items())))


def one_draw(X: Any, y: Any, estimator: Any, seed: int) -> dict[str, Any]:
    """Both designs on a random half of the rows."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(y))[: round(0.45 * len(y))]
    regression = len(np.unique(y)) > 20
    metric = "rmse" if regression else "accuracy"
    experiment = mldiag.Experiment.from_estimator(estimator, X[chosen], y[chosen], metric=metric)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder, "trials.db")) as store:
        full, full_seconds = design(experiment, store, Settings(design="full"))
        adaptive, seconds = design(experiment, store, Settings())
    rows = full.curve.sizes[full.curve.last]
    scorer: Callable[[Any, Any], float] = root_mean_squared_error if regression else accuracy_score
    truth = true_score(X, y, estimator, rows=2 * rows, scorer=scorer, seed=seed)
    unit = float(np.std(y)) if regression else 1.0
    errors = [
        abs(found.curve.ahead.scores[8].estimate - truth) / unit for found in (full, adaptive)
    ]
    return {
        "verdicts": (full.verdict, adaptive.verdict),
        "same": full.verdict == adaptive.verdict,
        "time": seconds / full_seconds,
        "full": errors[0],
        "adaptive": errors[1],
    }


def design(experiment: mldiag.Experiment, store: Store, settings: Settings) -> tuple[Any, float]:
    """The diagnosis of a design, and the training time of the trials that it asked for."""
    run = RunSettings(engine="inline")
    executor = Executor(experiment, store, identify(experiment), run, SilentListener())
    results: dict[str, Any] = {}
    while True:
        specs = STEP.plan(experiment, settings, tuple(results.values()))
        fresh = [spec for spec in specs if spec.digest not in results]
        if not fresh:
            break
        results |= {result.spec.digest: result for result in executor.run(fresh)}
    executor.close()
    found = tuple(results.values())
    return STEP.diagnose(experiment, settings, found), sum(r.wall_seconds for r in found)


def true_score(
    X: Any, y: Any, estimator: Any, *, rows: int, scorer: Callable[[Any, Any], float], seed: int
) -> float:
    """Mean score of trainings on so many rows of the whole data."""
    rng = np.random.default_rng(1000 + seed)
    scores = []
    for _ in range(20):
        order = rng.permutation(len(y))
        train, test = order[:rows], order[rows:]
        fitted = clone(estimator).fit(X[train], y[train])
        scores.append(scorer(y[test], fitted.predict(X[test])))
    return float(np.mean(scores))


def show(name: str, rows: list[dict[str, Any]]) -> None:
    same, time, full, adaptive = (
        np.array([row[key] for row in rows], dtype=float)
        for key in ("same", "time", "full", "adaptive")
    )
    error = same.std() / np.sqrt(len(same))
    print(f"{name:38}{same.mean():7.2f} +-{error:4.2f}{time.mean():7.2f}   {full.mean():18.4f}"
          f"{adaptive.mean():10.4f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
