"""Experiments whose trouble is known, made of data that come with scikit-learn; written before any threshold.

Each case takes a small data set from a real one and sets a model up well, or badly in one known way. A third
of the cases (`unseen`) was left out while thresholds were chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import mldiag

Floats = NDArray[np.float64]
Make = Callable[..., mldiag.Experiment]


@dataclass(frozen=True)
class Case:
    """A case.

    Args:
        name: Its name.
        cause: What is wrong, or that nothing is.
        right: Kinds of action that are right as the first one; `none` stands for no gain claimed.
        load: The population.
        rows: Rows of one draw.
        make: `(X, y, valid=None) -> Experiment`.
        unseen: Whether it was left out while thresholds were chosen.
    """

    name: str
    cause: str
    right: tuple[str, ...]
    load: Callable[[], tuple[Floats, Any]]
    rows: int
    make: Make
    unseen: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing is to be gained."""
        return self.right == ("none",)


# ---- populations


def digits() -> tuple[Floats, Any]:
    inputs, target = load_digits(return_X_y=True)
    return inputs / 16.0, target


def digits_parity() -> tuple[Floats, Any]:
    inputs, target = digits()
    return inputs, target % 2


def digits_with_flipped_labels() -> tuple[Floats, Any]:
    """One label in five is another digit, drawn at random."""
    inputs, target = digits()
    random = np.random.default_rng(5)
    flipped = random.random(len(target)) < 0.2
    return inputs, np.where(flipped, (target + random.integers(1, 10, len(target))) % 10, target)


def tumours() -> tuple[Floats, Any]:
    inputs, target = load_breast_cancer(return_X_y=True)
    return inputs, target


def tumours_with_flipped_labels() -> tuple[Floats, Any]:
    inputs, target = tumours()
    flipped = np.random.default_rng(6).random(len(target)) < 0.25
    return inputs, np.where(flipped, 1 - target, target)


def tumours_at_random() -> tuple[Floats, Any]:
    """Labels that have nothing to do with the features."""
    inputs, target = tumours()
    return inputs, np.random.default_rng(7).permutation(target)


def wine() -> tuple[Floats, Any]:
    inputs, target = load_wine(return_X_y=True)
    return inputs, target


def diabetes() -> tuple[Floats, Any]:
    inputs, target = load_diabetes(return_X_y=True)
    return inputs, target


# ---- models


def estimator(model: Callable[[], Any], metric: str, **params: Any) -> Make:
    def make(X: Any, y: Any, valid: Any = None) -> mldiag.Experiment:
        return mldiag.Experiment.from_estimator(
            model(), X, y, metric=metric, params=params, valid=valid
        )

    return make


def scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


def network(
    *,
    width: int = 64,
    epochs: int = 40,
    lr: float = 3e-3,
    alpha: float = 1e-3,
    shuffled: bool = False,
) -> Make:
    """A network trained in epochs, as people write it; `shuffled` gives every row another one's target."""

    def make(X: Any, y: Any, valid: Any = None) -> mldiag.Experiment:
        classes = np.unique(y)

        @mldiag.experiment(
            data=(X, y), valid=valid, metric="accuracy", stratify=True,
            params={
                "width": mldiag.Int(2, 256, default=width, log=True, role="capacity"),
                "alpha": mldiag.Float(1e-5, 10, default=alpha, log=True, role="regularization"),
            },
        )  # fmt: skip
        def net(trial: Any) -> dict[str, float]:
            model = MLPClassifier(
                (trial.params["width"],), learning_rate_init=lr, alpha=trial.params["alpha"],
                batch_size=min(32, len(trial.train)), random_state=trial.seed,
            )  # fmt: skip
            train, target = trial.X_train, trial.y_train
            shown = np.roll(target, len(target) // 3) if shuffled else target
            for epoch in trial.epochs(epochs):
                model.partial_fit(train, shown, classes=classes)
                if epoch % 4 == 3:
                    trial.report(epoch, accuracy=model.score(trial.X_valid, trial.y_valid))
            trial.predictions(model.predict(trial.X_valid))
            return {
                "accuracy": float(model.score(trial.X_valid, trial.y_valid)),
                "train_accuracy": float(model.score(train, target)),
            }

        return net

    return make


LEAF = mldiag.Int(1, 64, default=1, log=True, role="regularization")
WEAK_C = mldiag.Float(1e-5, 1e3, default=1e-5, log=True)
GOOD_C = mldiag.Float(1e-4, 1e4, default=1, log=True)
SVM = {"svc__C": mldiag.Float(1e-2, 1e3, default=5, log=True),
       "svc__gamma": mldiag.Float(1e-4, 1, default=0.02, log=True)}  # fmt: skip

CASES = (
    Case("narrow network", "too small", ("larger_model",), digits, 400, network(width=3, epochs=20)),
    Case("shallow tree", "too small, and a single tree", ("larger_model", "change_model"), digits, 400,
         estimator(lambda: DecisionTreeClassifier(max_depth=2), "accuracy",
                   max_depth=mldiag.Int(1, 20, default=2))),
    Case("strong penalty", "over-regularised", ("less_regularization",), digits, 400,
         estimator(lambda: scaled(LogisticRegression(max_iter=200)), "accuracy",
                   logisticregression__C=WEAK_C)),
    Case("free polynomial", "under-regularised", ("more_regularization",), diabetes, 299,
         estimator(lambda: make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge()), "rmse",
                   ridge__alpha=mldiag.Float(1e-4, 1e4, default=1e-3, log=True))),
    Case("two epochs", "trained too little", ("train_longer",), digits, 400, network(epochs=2, lr=1e-3)),
    Case("plane on parity", "wrong family", ("change_model",), digits_parity, 400,
         estimator(lambda: scaled(LogisticRegression(max_iter=200)), "accuracy",
                   logisticregression__C=mldiag.Float(1e-3, 10, default=0.1, log=True))),
    Case("flipped digits", "at the ceiling: 20 % of the labels are wrong", ("none",),
         digits_with_flipped_labels, 400,
         estimator(lambda: make_pipeline(SVC()), "accuracy",
                   svc__C=mldiag.Float(1e-2, 1e3, default=2, log=True),
                   svc__gamma=mldiag.Float(1e-4, 1, default=0.05, log=True))),
    Case("random labels", "at the ceiling: nothing to learn", ("none",), tumours_at_random, 299,
         estimator(lambda: scaled(LogisticRegression(max_iter=200)), "accuracy",
                   logisticregression__C=mldiag.Float(1e-4, 1, default=1e-3, log=True))),
    Case("sound svm", "healthy", ("none",), digits, 400,
         estimator(lambda: make_pipeline(SVC()), "accuracy",
                   svc__C=mldiag.Float(1e-2, 1e3, default=10, log=True),
                   svc__gamma=mldiag.Float(1e-4, 10, default=0.06, log=True))),
    Case("sound ridge", "healthy", ("none",), diabetes, 299,
         estimator(lambda: scaled(Ridge()), "rmse",
                   ridge__alpha=mldiag.Float(1e-2, 1e4, default=30, log=True))),
    Case("shuffled targets", "broken: targets belong to other rows", ("fix_bug",), digits, 400,
         network(shuffled=True, epochs=5)),
    Case("no learning rate", "broken: the learning rate does nothing", ("fix_bug",), digits, 400,
         network(lr=1e-9, epochs=5)),
    # Unseen until the thresholds stood.
    Case("stumps", "too small", ("larger_model", "train_longer"), tumours, 299,
         estimator(lambda: HistGradientBoostingClassifier(max_leaf_nodes=2, learning_rate=0.02,
                                                          max_iter=20),
                   "log_loss", max_leaf_nodes=mldiag.Int(2, 31, default=2, log=True),
                   max_iter=mldiag.Int(5, 200, default=20, log=True)), unseen=True),
    Case("deep regression tree", "under-regularised",
         ("more_regularization", "smaller_model", "change_model"),
         diabetes, 299,
         estimator(lambda: DecisionTreeRegressor(), "rmse", min_samples_leaf=LEAF), unseen=True),
    Case("unscaled neighbours", "wrong family: it needs scaling", ("change_model",), wine, 140,
         estimator(lambda: KNeighborsClassifier(), "accuracy",
                   n_neighbors=mldiag.Int(1, 50, default=5, log=True)), unseen=True),
    Case("naive Bayes", "wrong family", ("change_model",), digits, 400,
         estimator(lambda: GaussianNB(var_smoothing=0.03), "accuracy",
                   var_smoothing=mldiag.Float(1e-5, 1, default=0.03, log=True)), unseen=True),
    Case("flipped tumours", "at the ceiling: 25 % of the labels are wrong", ("none",),
         tumours_with_flipped_labels, 299,
         estimator(lambda: scaled(LogisticRegression(max_iter=200)), "accuracy",
                   logisticregression__C=mldiag.Float(1e-4, 1e2, default=0.03, log=True)), unseen=True),
    Case("sound logistic", "healthy", ("none",), tumours, 299,
         estimator(lambda: scaled(LogisticRegression(max_iter=200)), "accuracy",
                   logisticregression__C=mldiag.Float(1e-3, 1e2, default=0.3, log=True)), unseen=True),
)  # fmt: skip
