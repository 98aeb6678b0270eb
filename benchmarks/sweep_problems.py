"""Real one-parameter problems as tables: 41 values trained on 60 draws of the rows, as mldiag draws them.

    python benchmarks/sweep_problems.py            # trains what benchmarks/sweep_tables lacks

A sweep of a table costs nothing, and its right answer is known: the mean of a value over the draws that the
sweep did not see. An asked value takes the scores of the nearest trained one on the parameter's own scale,
draw by draw, so that the noise stays real. Every second value makes the exhaustive run of 21 values.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from sklearn.metrics import get_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from mldiag import Float, Int
from mldiag.subsets import SplitPlan
from mldiag.trial_spec import RowRecipe

Floats = NDArray[np.float64]
VALUES, DRAWS = 41, 60
FOLDER = Path(__file__).parent / "sweep_tables"


@dataclass(frozen=True)
class Problem:
    """A learner on a data set, and the one parameter that moves.

    Args:
        name: Also the name of its table.
        data: Name of the data set, of which the first `rows` of a fixed shuffle are taken.
        rows: Number of rows.
        parameter: The parameter's range and default.
        make: `(value, seed) -> estimator`.
        metric: Name of mldiag's metric.
        scorer: Name of scikit-learn's scorer.
        kind: `design` (the rule was made on it), `unseen`, or `useless` (the parameter does nothing).
    """

    name: str
    data: str
    rows: int
    parameter: Float | Int
    make: Callable[[Any, int], Any]
    metric: str = "accuracy"
    scorer: str = "accuracy"
    kind: str = "design"

    @property
    def values(self) -> tuple[float, ...]:
        """The trained values."""
        return tuple(self.parameter.grid(VALUES))


def _scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


def _log(low: float, high: float, default: float) -> Float:
    return Float(low, high, default=default, log=True)


def problems() -> list[Problem]:
    """Ten problems to design on, five unseen, and three whose parameter only shifts the seed."""
    rmse, log_loss = ("rmse", "neg_root_mean_squared_error"), ("log_loss", "neg_log_loss")
    auc, r2 = ("roc_auc", "roc_auc"), ("r2", "r2")
    return [
        Problem("svc_C", "digits", 400, _log(1e-3, 1e3, 0.1), lambda v, s: SVC(C=v, gamma=1e-3)),
        Problem("svc_gamma", "breast_cancer", 569, _log(1e-5, 10, 1),
                lambda v, s: _scaled(SVC(gamma=v)), *auc),
        Problem("logistic_C", "breast_cancer", 569, _log(1e-4, 1e4, 1),
                lambda v, s: _scaled(LogisticRegression(C=v, max_iter=200)), *log_loss),
        Problem("ridge_alpha", "diabetes", 442, _log(1e-3, 1e5, 1), lambda v, s: _scaled(Ridge(v)), *rmse),
        Problem("knn_k", "digits", 400, Int(1, 100, default=30, log=True),
                lambda v, s: KNeighborsClassifier(v)),
        Problem("tree_depth", "digits", 600, Int(1, 30, default=3),
                lambda v, s: DecisionTreeClassifier(max_depth=v, random_state=s)),
        Problem("mlp_lr", "digits", 300, _log(1e-5, 3, 1e-3), lambda v, s: _scaled(
            MLPClassifier((16,), learning_rate_init=v, max_iter=10, batch_size=32, random_state=s))),
        Problem("sgd_eta0", "diabetes", 442, _log(1e-6, 1, 1e-3), lambda v, s: _scaled(SGDRegressor(
            learning_rate="constant", eta0=v, max_iter=20, tol=None, random_state=s)), *rmse),
        Problem("boosting_lr", "diabetes", 442, _log(1e-3, 2, 0.5), lambda v, s: GradientBoostingRegressor(
            n_estimators=30, learning_rate=v, max_depth=2, subsample=0.7, random_state=s), *r2),
        Problem("forest_features", "breast_cancer", 400, Float(0.03, 1, default=0.2),
                lambda v, s: RandomForestClassifier(10, max_features=v, random_state=s)),
        Problem("tree_leaf", "diabetes", 442, Int(1, 150, default=1, log=True),
                lambda v, s: DecisionTreeRegressor(min_samples_leaf=v, random_state=s), *r2, kind="unseen"),
        Problem("kernel_ridge_gamma", "diabetes", 442, _log(1e-5, 1, 0.03),
                lambda v, s: _scaled(KernelRidge(kernel="rbf", alpha=0.1, gamma=v)), *rmse, kind="unseen"),
        Problem("bayes_smoothing", "wine", 178, _log(1e-12, 10, 1e-9),
                lambda v, s: GaussianNB(var_smoothing=v), *log_loss, kind="unseen"),
        Problem("pca_parts", "digits", 500, Int(1, 60, default=10), lambda v, s: make_pipeline(
            PCA(v, random_state=s), KNeighborsClassifier(3)), kind="unseen"),
        Problem("sgd_alpha", "digits", 400, _log(1e-7, 10, 1e-4), lambda v, s: _scaled(
            SGDClassifier(alpha=v, max_iter=10, tol=None, random_state=s)), kind="unseen"),
        Problem("useless_forest", "breast_cancer", 300, _log(1e-4, 1, 1e-2),
                lambda v, s: RandomForestClassifier(6, random_state=_luck(v, s)), kind="useless"),
        Problem("useless_mlp", "digits", 250, _log(1e-4, 1, 1e-2), lambda v, s: _scaled(
            MLPClassifier((12,), max_iter=8, learning_rate_init=0.02, random_state=_luck(v, s))),
                kind="useless"),
        Problem("useless_tree", "diabetes", 250, _log(1e-4, 1, 1e-2), lambda v, s: DecisionTreeRegressor(
            max_depth=4, splitter="random", random_state=_luck(v, s)), *r2, kind="useless"),
    ]  # fmt: skip


def _luck(value: float, seed: int) -> int:
    """What a parameter changes that only shifts the seed."""
    return int(np.random.default_rng([round(-1e4 * np.log(value)), seed]).integers(2**31))


@cache
def table(problem_name: str) -> Floats:
    """Scores (values, draws), in the metric's own direction; NaN where training gave none."""
    return np.load(FOLDER / f"{problem_name}.npz")["scores"].astype(float)


@cache
def data(name: str, rows: int) -> tuple[Floats, Floats]:
    """The first rows of a fixed shuffle."""
    load = {"digits": load_digits, "breast_cancer": load_breast_cancer, "diabetes": load_diabetes,
            "wine": load_wine}[name]  # fmt: skip
    inputs, target = load(return_X_y=True)
    order = np.random.default_rng(7).permutation(len(target))[:rows]
    return inputs[order], target[order]


def train(problem: Problem) -> Floats:
    """Train every value on every draw."""
    inputs, target = data(problem.data, problem.rows)
    plan = SplitPlan(len(target), labels=None if problem.data == "diabetes" else target)
    scorer = get_scorer(problem.scorer)
    scores = np.full((len(problem.values), DRAWS), np.nan)
    for draw in range(DRAWS):
        fit, valid = plan.rows(RowRecipe(repeat=draw))
        for index, value in enumerate(problem.values):
            try:
                model = clone(problem.make(value, draw)).fit(inputs[fit], target[fit])
                scores[index, draw] = scorer(model, inputs[valid], target[valid])
            except ValueError:  # weights that are no numbers
                continue
    if problem.scorer.startswith("neg_"):
        scores = -scores
    return np.where(np.abs(scores) < 1e8, scores, np.nan)


def main() -> None:
    """Train what is missing."""
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    with threadpool_limits(1), np.errstate(all="ignore"):
        for problem in problems():
            file = FOLDER / f"{problem.name}.npz"
            if file.exists() or (sys.argv[1:] and problem.kind not in sys.argv[1:]):
                continue
            start = time.perf_counter()
            scores = train(problem)
            np.savez_compressed(file, scores=scores.astype(np.float32))
            print(
                f"{problem.name}: {scores.shape}, {time.perf_counter() - start:.0f} s", flush=True
            )


if __name__ == "__main__":
    main()
