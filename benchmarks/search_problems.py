"""Real tuning problems as tables: every cell of a dense grid trained on ten draws of the rows.

A search of any length then costs nothing: the score of a point is read between the cells, draw by draw, so
that the noise, and what two points share in one draw, stay real. The best of the table is the known best.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from mldiag import Categorical, Float, Int
from mldiag.conditions import settled

Floats = NDArray[np.float64]
REPEATS = 10


@dataclass(frozen=True)
class Problem:
    """A learner on a data set, its parameters, and how dense its table is."""

    name: str
    data: str
    rows: int
    params: Mapping[str, Any]
    make: Callable[[dict[str, Any], int], Any]
    density: tuple[int, ...]
    unseen: bool = False

    @cached_property
    def levels(self) -> list[tuple[Any, ...]]:
        """Values of each parameter in the table."""
        return [
            tuple(p.grid(n)) if not isinstance(p, Categorical) else tuple(p.choices)
            for p, n in zip(self.params.values(), self.density, strict=True)
        ]


def scaled(model: Any) -> Any:
    """A learner behind a scaler."""
    return make_pipeline(StandardScaler(), model)


def problems() -> list[Problem]:
    log = {"log": True}
    return [
        Problem("svc", "digits", 300, {
            "C": Float(1e-2, 1e3, default=1, **log), "gamma": Float(1e-5, 1e-1, default=1e-4, **log),
        }, lambda p, s: SVC(C=p["C"], gamma=p["gamma"]), (11, 13)),
        Problem("mlp", "breast_cancer", 200, {
            "lr": Float(1e-4, 1, default=1e-3, **log), "alpha": Float(1e-5, 10, default=1e-4, **log),
            "width": Int(2, 64, default=8, **log),
        }, lambda p, s: scaled(MLPClassifier((p["width"],), alpha=p["alpha"], learning_rate_init=p["lr"],
                                             max_iter=15, random_state=s)), (9, 5, 6)),
        Problem("boosting", "diabetes", 250, {
            "learning_rate": Float(0.01, 1, default=0.1, **log), "leaves": Int(2, 31, default=31, **log),
            "l2": Float(1e-2, 100, default=1, **log), "iterations": Int(10, 160, default=80, **log),
        }, lambda p, s: HistGradientBoostingRegressor(
            learning_rate=p["learning_rate"], max_leaf_nodes=p["leaves"], l2_regularization=p["l2"],
            max_iter=p["iterations"], early_stopping=False), (7, 5, 4, 5)),
        Problem("sgd", "digits", 300, {
            "alpha": Float(1e-6, 1, default=1e-4, **log), "l1_ratio": Float(0, 1, default=0.15),
            "loss": Categorical(["hinge", "log_loss", "modified_huber"], default="hinge"),
        }, lambda p, s: scaled(SGDClassifier(
            loss=p["loss"], penalty="elasticnet", alpha=p["alpha"], l1_ratio=p["l1_ratio"], max_iter=20,
            tol=None, random_state=s)), (10, 5, 3)),
        Problem("neighbours", "digits", 300, {
            "k": Int(1, 60, default=5, **log),
            "weights": Categorical(["uniform", "distance"], default="uniform"),
            "p": Float(1, 4, default=2), "metric": Categorical(["minkowski", "cosine"], default="minkowski"),
        }, lambda p, s: KNeighborsClassifier(
            p["k"], weights=p["weights"], metric=p["metric"], p=p["p"]), (11, 2, 5, 2)),
        Problem("forest", "breast_cancer", 200, {
            "max_features": Float(0.03, 1, default=0.2, **log), "leaf": Int(1, 30, default=1, **log),
            "depth": Int(1, 12, default=12, **log),
        }, lambda p, s: RandomForestClassifier(
            12, max_features=p["max_features"], min_samples_leaf=p["leaf"], max_depth=p["depth"],
            random_state=s), (7, 6, 6)),
        Problem("kernel_ridge", "diabetes", 250, {
            "alpha": Float(1e-4, 10, default=1, **log), "gamma": Float(1e-4, 10, default=0.1, **log),
        }, lambda p, s: scaled(KernelRidge(kernel="rbf", alpha=p["alpha"], gamma=p["gamma"])), (15, 15)),
        Problem("svc_kernels", "wine", 150, {
            "kernel": Categorical(["linear", "rbf", "poly"], default="linear"),
            "C": Float(1e-3, 1e3, default=1, **log),
            "gamma": Float(1e-4, 10, default=0.1, when={"kernel": ["rbf", "poly"]}, **log),
            "degree": Int(2, 5, default=3, when={"kernel": "poly"}),
        }, lambda p, s: scaled(SVC(kernel=p["kernel"], C=p["C"], gamma=p["gamma"], degree=p["degree"])),
            (3, 9, 8, 4)),
        Problem("logistic", "breast_cancer", 150, {
            "C": Float(1e-4, 1e3, default=1, **log), "l1_ratio": Float(0, 1, default=0.0),
        }, lambda p, s: scaled(LogisticRegression(
            C=p["C"], l1_ratio=p["l1_ratio"], solver="saga", max_iter=60)), (13, 6), unseen=True),
        Problem("mlp_activation", "digits", 300, {
            "lr": Float(1e-4, 1, default=1e-3, **log), "batch": Int(8, 128, default=32, **log),
            "alpha": Float(1e-5, 10, default=1e-4, **log),
            "activation": Categorical(["relu", "tanh", "logistic"], default="relu"),
        }, lambda p, s: MLPClassifier(
            (24,), alpha=p["alpha"], learning_rate_init=p["lr"], batch_size=p["batch"], max_iter=8,
            activation=p["activation"], random_state=s), (8, 4, 4, 3), unseen=True),
        Problem("extra_trees", "wine", 120, {
            "max_features": Float(0.05, 1, default=0.3, **log), "leaf": Int(1, 30, default=1, **log),
            "criterion": Categorical(["gini", "entropy"], default="gini"),
        }, lambda p, s: ExtraTreesClassifier(
            10, max_features=p["max_features"], min_samples_leaf=p["leaf"], criterion=p["criterion"],
            random_state=s), (7, 7, 2), unseen=True),
    ]  # fmt: skip


class TabulatedProblem:
    """Scores (levels..., repeats) of a problem, and what lies between them."""

    def __init__(self, problem: Problem, scores: Floats) -> None:
        self.problem, self.scores = problem, scores
        self._readers: dict[Any, Any] = {}
        self.mean = scores.mean(axis=-1)
        self.best, self.default = float(self.mean.max()), self.truth({})
        residual = scores - self.mean[..., None]
        residual -= residual.reshape(-1, scores.shape[-1]).mean(axis=0)
        self.noise_sd = float(np.sqrt((residual**2).sum() / (residual.size * 0.9)))

    def truth(self, point: Mapping[str, Any]) -> float:
        """The mean over all repeats."""
        return float(np.mean([self.score(point, repeat) for repeat in range(REPEATS)]))

    def score(self, point: Mapping[str, Any], repeat: int) -> float:
        """The score in one repeat, read between the cells on each parameter's own scale."""
        params = self.problem.params
        values = settled(params, {n: p.default for n, p in params.items()} | dict(point))
        chosen, where = [], []
        for (name, parameter), levels in zip(params.items(), self.problem.levels, strict=True):
            if isinstance(parameter, Categorical):
                chosen.append(levels.index(values[name]))
            else:
                chosen.append(slice(None))
                scale = np.log if parameter.log else float
                axis = np.array([scale(level) for level in levels])
                where.append((axis, float(np.clip(scale(values[name]), axis[0], axis[-1]))))
        key = (repeat, str(chosen))
        if key not in self._readers:
            table = self.scores[(*chosen, repeat)]
            self._readers[key] = RegularGridInterpolator([a for a, _ in where], table)
        return float(self._readers[key]([w for _, w in where])[0])


def tabulated(problem: Problem, cache: Path) -> TabulatedProblem:
    """The table of a problem, from the cache where it is there."""
    file = cache / f"{problem.name}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, _trained(problem))
    return TabulatedProblem(problem, np.load(file))


def _trained(problem: Problem) -> Floats:
    X, y = _data(problem)
    shape = [len(level) for level in problem.levels]
    scores = np.empty((*shape, REPEATS))
    done: dict[str, Floats] = {}
    with threadpool_limits(1), np.errstate(all="ignore"):
        import warnings

        warnings.simplefilter("ignore")
        for cell in itertools.product(*(range(n) for n in shape)):
            values = {
                n: problem.levels[i][c]
                for i, (n, c) in enumerate(zip(problem.params, cell, strict=True))
            }
            values = settled(problem.params, values)
            key = hashlib.sha1(repr(values).encode()).hexdigest()
            if key not in done:
                done[key] = np.array([_score(problem, values, X, y, r) for r in range(REPEATS)])
            scores[cell] = done[key]
    return scores


def _score(problem: Problem, values: dict[str, Any], X: Floats, y: Any, repeat: int) -> float:
    split = train_test_split(X, y, test_size=0.2, random_state=repeat)
    model = clone(problem.make(values, repeat))
    try:
        return float(max(model.fit(split[0], split[2]).score(split[1], split[3]), -1.0))
    except ValueError:
        return 0.0  # what a diverged network would predict at best


def _data(problem: Problem) -> tuple[Floats, Any]:
    loaders = {"digits": load_digits, "breast_cancer": load_breast_cancer, "wine": load_wine,
               "diabetes": load_diabetes}  # fmt: skip
    X, y = loaders[problem.data](return_X_y=True)
    rows = np.random.default_rng(5).permutation(len(X))[: problem.rows]
    return X[rows], y[rows]
