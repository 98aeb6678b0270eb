"""Whether an estimator minds on which scale its features are, and whether it scales them itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Sensitivity = Literal["distance", "penalty", "none", "unknown"]

DISTANCE = (
    "KNeighbors", "RadiusNeighbors", "NearestCentroid", "NearestNeighbors", "LocalOutlierFactor",
    "KNNImputer",
    "NuSV", "SVC", "SVR", "OneClassSVM", "MLP", "GaussianProcess", "KernelRidge", "LabelPropagation",
    "LabelSpreading", "KMeans", "DBSCAN", "HDBSCAN", "OPTICS", "MeanShift", "SpectralClustering", "KernelPCA",
    "Agglomerative", "PCA", "TruncatedSVD", "FactorAnalysis", "Isomap", "TSNE", "LocallyLinear", "MDS",
    "RBFSampler", "Nystroem", "SGD", "Perceptron", "PassiveAggressive", "NeuralNet", "Keras",
)  # fmt: skip
"""Beginnings of names of what measures distances, looks for large variances, or trains by gradients."""

PENALTY = (
    "LinearSV", "LogisticRegression", "Ridge", "Lasso", "ElasticNet", "MultiTaskLasso", "MultiTaskElasticNet",
    "BayesianRidge", "ARDRegression", "PoissonRegressor", "GammaRegressor", "TweedieRegressor",
    "HuberRegressor", "QuantileRegressor",
)  # fmt: skip
"""Beginnings of names of linear models whose penalty treats all coefficients alike."""

INDIFFERENT = (
    "DecisionTree", "ExtraTree", "RandomForest", "GradientBoosting", "HistGradientBoosting", "AdaBoost",
    "IsolationForest", "XGB", "LGBM", "CatBoost", "LinearRegression", "GaussianNB", "MultinomialNB",
    "BernoulliNB", "CategoricalNB", "ComplementNB", "LinearDiscriminant", "QuadraticDiscriminant",
    "PLS", "CCA", "Dummy", "TheilSen", "RANSAC", "Isotonic",
)  # fmt: skip

SCALERS = (
    "StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "QuantileTransformer",
    "PowerTransformer", "KBinsDiscretizer", "SplineTransformer", "TablePreprocessor", "TableVectorizer",
    "BatchNorm",
)  # fmt: skip


@dataclass(frozen=True)
class Sensitive:
    """What an estimator does with the scale of its features.

    Args:
        kind: `distance`, `penalty`, `none` or `unknown`.
        name: Of the part that minds, or of the estimator.
        scaled: Columns that are scaled before it; None for all of them.
    """

    kind: Sensitivity
    name: str
    scaled: frozenset[str] | None = frozenset()


def sensitivity(estimator: Any, columns: tuple[str, ...]) -> Sensitive:
    """Look through pipelines, searches and ensembles for the first part that minds the scale.

    Nothing is fitted and no library is imported: parts are known by their names.

    Args:
        estimator: Not fitted.
        columns: Names of the features.

    Example:
        >>> from sklearn.neighbors import KNeighborsClassifier
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> sensitivity(KNeighborsClassifier(), ("a",)).kind
        'distance'
        >>> sensitivity(make_pipeline(StandardScaler(), KNeighborsClassifier()), ("a",)).scaled is None
        True
    """
    scaled: frozenset[str] | None = frozenset()
    unknown = False
    for part in _parts(estimator):
        if part is None or isinstance(part, str):
            continue
        if type(part).__name__ == "ColumnTransformer":
            found = _scaled_columns(part, columns)
            scaled = None if scaled is None or found is None else scaled | found
            continue
        name = type(part).__name__
        if name.startswith(SCALERS):
            scaled = None
            continue
        kind = _kind(part, name)
        if kind in ("distance", "penalty"):
            return Sensitive(kind, name, scaled)
        unknown = unknown or kind == "unknown"
    return Sensitive("unknown" if unknown else "none", type(estimator).__name__, scaled)


def _parts(estimator: Any) -> list[Any]:
    """The steps of an estimator in the order in which the features pass through them."""
    if hasattr(estimator, "steps"):
        return [part for _, step in estimator.steps for part in _parts(step)]
    inner: list[Any] = []
    for attribute in ("estimator", "base_estimator", "regressor", "classifier", "final_estimator"):
        one = getattr(estimator, attribute, None)
        if one is not None and hasattr(one, "fit"):
            inner.append(one)
    several = getattr(estimator, "estimators", None)
    if isinstance(several, (list, tuple)):
        inner += [one[1] if isinstance(one, tuple) else one for one in several]
    if not inner:
        return [estimator]
    # branches stand beside each other: the first that minds the scale and does not scale tells
    branches = [_parts(one) for one in inner]
    plain = [branch for branch in branches if not any(_is_scaler(part) for part in branch)]
    return (plain or branches)[0] if len(branches) == 1 else _worst(plain or branches)


def _worst(branches: list[list[Any]]) -> list[Any]:
    for wanted in ("distance", "penalty"):
        for branch in branches:
            if any(_kind(part, type(part).__name__) == wanted for part in branch):
                return branch
    return branches[0]


def _is_scaler(part: Any) -> bool:
    return type(part).__name__.startswith(SCALERS)


def _kind(part: Any, name: str) -> Sensitivity:
    if name.startswith(PENALTY):
        free = getattr(part, "penalty", "l2") is None or getattr(part, "C", 1.0) == float("inf")
        return "none" if free else "penalty"
    if name.startswith(DISTANCE):
        return "distance"
    if name.startswith(INDIFFERENT) or not hasattr(part, "predict"):
        return "none"
    return "unknown"


def _scaled_columns(part: Any, columns: tuple[str, ...]) -> frozenset[str] | None:
    """Columns that a ColumnTransformer scales; None where it cannot be told, which counts as all."""
    found: set[str] = set()
    for _, transformer, chosen in part.transformers:
        if not any(_is_scaler(one) for one in _parts(transformer)):
            continue
        if callable(chosen) or isinstance(chosen, slice):
            return None
        names = [chosen] if isinstance(chosen, (str, int)) else list(chosen)
        for name in names:
            if isinstance(name, str):
                found.add(name)
            elif isinstance(name, int) and not isinstance(name, bool) and name < len(columns):
                found.add(columns[name])
            else:
                return None
    return frozenset(found)
