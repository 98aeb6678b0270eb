"""Faults of scale: features unscaled for the user's estimator, outliers, mixed units, skew."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from audit_problems.common import (
    Fault,
    Injected,
    NotHere,
    Tables,
    cells,
    named,
    one_of,
    some_rows,
    with_cells,
)

Rng = np.random.Generator

LEARNERS = {
    "knn": (KNeighborsClassifier, KNeighborsRegressor),
    "svm": (SVC, SVR),
    "mlp": (MLPClassifier, MLPRegressor),
    "tree": (DecisionTreeClassifier, DecisionTreeRegressor),
}


def estimator_of(kind: str, tables: Tables, scaled: bool) -> Any:
    """A learner as people build it: alone for whole numbers, behind an imputer and an encoder else."""
    learner = LEARNERS[kind][tables.task == "regression"]()
    words = [c for c in tables.features if c not in tables.numbers]
    parts: list[Any] = []
    if words:
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        parts.append(make_column_transformer((encoder, words), remainder="passthrough"))
    if tables.train[tables.numbers].isna().to_numpy().any():
        parts.append(SimpleImputer())
    if scaled:
        parts.append(StandardScaler())
    return make_pipeline(*parts, learner) if parts else learner


def spread_ratio(tables: Tables) -> float:
    """The widest standard deviation of a feature of numbers over the narrowest."""
    spreads = tables.train[tables.numbers].std().to_numpy()
    spreads = spreads[spreads > 0]
    return float(spreads.max() / spreads.min()) if len(spreads) > 1 else 1.0


def units_apart(tables: Tables, factor: float, rng: Rng) -> Tables:
    """Half the features of numbers in a unit so many times smaller; the width of the others stays.

    Raises:
        NotHere: Fewer than three features of numbers.
    """
    if len(tables.numbers) < 3:
        raise NotHere("fewer than three features of numbers")
    count = len(tables.numbers) // 2
    columns = rng.choice(np.array(tables.numbers, dtype=object), size=count, replace=False)
    train, test = tables.train.copy(), tables.test.copy()
    for column in columns:
        train[column] = tables.train[column] * factor
        test[column] = tables.test[column] * factor
    return replace(tables, train=train, test=test)


def unscaled(kind: str, tables: Tables, factor: float, rng: Rng) -> Injected:
    """Features of very different width in front of a learner that measures distances or steps."""
    changed = units_apart(tables, factor, rng)
    return Injected(
        changed, "unscaled-features", estimator=estimator_of(kind, changed, scaled=False)
    )


def _calm(tables: Tables) -> list[str]:
    """Columns without outliers of their own: none beyond five robust standard deviations."""
    return [c for c in tables.continuous if _reach(tables.train[c]) < 5]


def _reach(values: pd.Series) -> float:
    low, middle, high = values.quantile([0.25, 0.5, 0.75])
    width = (high - low) / 1.349
    return float((values - middle).abs().max() / width) if width > 0 else np.inf


def outliers(tables: Tables, distance: float, rng: Rng) -> Injected:
    """One training cell in a hundred so many standard deviations away, up or down."""
    column = one_of(rng, _calm(tables), "no column without outliers of its own")
    values = tables.train[column]
    filled = np.flatnonzero(values.notna())
    places = filled[some_rows(rng, len(filled), 0.01, least=2)]
    steps = distance * (1 + 0.5 * rng.random(len(places))) * rng.choice([-1, 1], len(places))
    new = float(values.median()) + steps * float(values.std())
    whole = pd.api.types.is_integer_dtype(values.dtype)
    put = {int(i): int(v) if whole else float(v) for i, v in zip(places, new, strict=True)}
    changed = with_cells(tables, column, train=put)
    return Injected(changed, "outliers", named(column), rows=cells("train", places))


def unit_mixup(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """A share of a column in another unit: a thousandth (g and kg), inches for cm, Fahrenheit for Celsius."""
    scale, shift = {"thousand": (1000.0, 0.0), "inch": (1 / 2.54, 0.0), "fahrenheit": (1.8, 32.0)}[
        kind
    ]

    def apart(column: str) -> bool:
        low, high = tables.train[column].quantile([0.005, 0.995])
        moved = sorted((scale * low + shift, scale * high + shift))
        signed = kind == "fahrenheit"
        fits = 15 <= high <= 60 and low >= -20 if signed else low > 0
        return bool(fits and (moved[0] > high or moved[1] < low))

    column = one_of(rng, filter(apart, tables.continuous), "no column where the units do not mix")
    places = {}
    sides = {}
    for side, frame in (("train", tables.train), ("test", tables.test)):
        filled = np.flatnonzero(frame[column].notna())
        places[side] = filled[some_rows(rng, len(filled), share, least=2)]
        values = frame[column].to_numpy(dtype=float)[places[side]] * scale + shift
        sides[side] = {int(i): float(v) for i, v in zip(places[side], values, strict=True)}
    changed = with_cells(tables, column, train=sides["train"], test=sides["test"])
    return Injected(changed, "unit-mix-up", named(column), rows=cells("train", places["train"]))


def skew(tables: Tables, sigma: float, rng: Rng) -> Injected:
    """A column on the scale of its exponential: log-normal with this sigma."""
    column = one_of(rng, _calm(tables), "no column without outliers of its own")
    middle, width = tables.train[column].mean(), tables.train[column].std()
    sides = [
        frame.assign(**{column: np.exp(sigma * (frame[column] - middle) / width)})
        for frame in (tables.train, tables.test)
    ]
    changed = replace(tables, train=sides[0], test=sides[1])
    return Injected(changed, "skewed-features", named(column))


APART = "factor between the widths"
FAULTS = (
    Fault("unscaled_knn", partial(unscaled, "knn"), (100, 1000), 1000, APART),
    Fault("unscaled_svm", partial(unscaled, "svm"), (100, 1000), 1000, APART),
    Fault("unscaled_mlp", partial(unscaled, "mlp"), (100, 1000), 1000, APART),
    Fault("outliers", outliers, (7, 12), 12, "standard deviations away, 1 % of rows"),
    Fault("unit_thousand", partial(unit_mixup, "thousand"), (0.02, 0.05), 0.05),
    Fault("unit_inch", partial(unit_mixup, "inch"), (0.02, 0.05), 0.05),
    Fault("unit_fahrenheit", partial(unit_mixup, "fahrenheit"), (0.02, 0.05), 0.05),
    Fault("skew", skew, (1.5, 2.5), 2.5, "sigma of the log-normal"),
)
