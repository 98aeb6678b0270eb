"""Real tables for the fifth set of patients: orders, countries, a ride, blood sugar, pixels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from audit_problems.sources import packaged
from numpy.typing import NDArray
from sklearn.datasets import load_sample_images

from patients.tables import Table, standardised

PIXELS = 30_000
"""Pixels that are drawn from the two photographs."""

LOW = 70
"""Milligrams of sugar in a decilitre of blood below which a diabetic is in danger."""

BEFORE = 6
"""Readings that are known, five minutes apart."""

AHEAD = 6
"""Readings after them that are asked for."""


def _scaled(y: pd.Series) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(y, dtype=np.float64)
    return np.asarray((values - values.mean()) / values.std())


def _codes(words: pd.Series) -> pd.Series:
    return words.astype("category").cat.codes.astype(int)


def _order_lines() -> pd.DataFrame:
    frame = packaged("bokeh_sampledata", "_data/SampleSuperstore.csv.gz").drop_duplicates()
    frame = frame.reset_index(drop=True)
    listed = frame["Sales"] / (1 - frame["Discount"])
    return frame.assign(
        unit=np.log(listed / frame["Quantity"]),
        margin=(frame["Profit"] + listed - frame["Sales"]) / listed,
    )


@cache
def products() -> Table:
    """8,905 order lines by unit price, margin, and discount, standardised; which of 11 products (bokeh)."""
    frame = _order_lines()
    often = frame["Sub-Category"].map(frame["Sub-Category"].value_counts()) > 300
    frame = frame[often]
    return standardised(frame[["unit", "margin", "Discount"]]), _codes(
        frame["Sub-Category"]
    ).to_numpy()


def _planned_lines(frame: pd.DataFrame) -> pd.DataFrame:
    names = ["Ship Mode", "Segment", "State", "Region", "Sub-Category"]
    coded = {name.lower(): _codes(frame[name]) for name in names}
    return pd.DataFrame({**coded, "quantity": frame["Quantity"], "discount": frame["Discount"]})


@cache
def told_profit() -> Table:
    """All 9,977 order lines by what is ordered and whereto, one column the profit; sales on a log scale."""
    frame = _order_lines()
    X = _planned_lines(frame).assign(profit=frame["Profit"])
    return X.astype(float), _scaled(np.log(frame["Sales"]))


@cache
def returns_on_sales() -> Table:
    """The order lines by discount, unit price, and product, standardised; profit as a share of the sales."""
    frame = _order_lines()
    X = pd.get_dummies(frame["Sub-Category"]).assign(
        discount=frame["Discount"], unit=frame["unit"], quantity=frame["Quantity"]
    )
    return standardised(X), _scaled((frame["Profit"] / frame["Sales"]).clip(-2, 1))


@cache
def quantities() -> Table:
    """The order lines by product and place, but no money; whether more than three pieces are ordered."""
    frame = _order_lines()
    X = _planned_lines(frame).drop(columns="quantity")
    return X.astype(float), (frame["Quantity"] > 3).to_numpy().astype(int)


@cache
def countries() -> Table:
    """10,100 years of 202 countries, the country's number among the columns; life expectancy (bokeh)."""
    frame = packaged("bokeh_sampledata", "_data/gapminder.csv.gz").dropna()
    X = pd.DataFrame({
        "country": _codes(frame["country"]), "year": frame["year"],
        "fertility": frame["fertility"], "log_population": np.log(frame["population"]),
    })  # fmt: skip
    return X.astype(float), _scaled(frame["life_expectancy"])


def _readings() -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = packaged("bokeh_sampledata", "_data/CGM.csv.gz")
    times = pd.to_datetime(frame["datetime"])
    sugar = frame.set_index(times)["glucose"].resample("5min").mean()
    X = pd.DataFrame({f"sugar_{lag}": sugar.shift(lag) for lag in range(BEFORE)})
    after = pd.DataFrame({f"after_{lag}": sugar.shift(-lag) for lag in range(1, AHEAD + 1)})
    known = X.notna().all(axis=1) & after.notna().all(axis=1)
    hour = 2 * np.pi * (X.index.hour + X.index.minute / 60) / 24
    X = X.assign(sine=np.sin(hour), cosine=np.cos(hour))
    return X[known], after[known]


@cache
def low_sugar() -> Table:
    """50,067 half hours of a diabetic, standardised; whether the sugar falls too low in the next (bokeh)."""
    X, after = _readings()
    return standardised(X), (after.min(axis=1) < LOW).to_numpy().astype(int)


@cache
def sugar_ahead() -> Table:
    """The half hours by the sugar and how it changed, standardised; the sugar after the next."""
    X, after = _readings()
    now = X["sugar_0"]
    X = pd.DataFrame({"now": now, "risen_5": now - X["sugar_1"], "risen_15": now - X["sugar_3"],
                      "risen_25": now - X["sugar_5"]})  # fmt: skip
    return standardised(X), _scaled(after[f"after_{AHEAD}"])


@cache
def ride_power() -> Table:
    """4,381 seconds of a bicycle ride by speed, cadence, slope, and pull, standardised; watts (bokeh)."""
    frame = packaged("bokeh_sampledata", "_data/cycling.csv.gz")
    slope = frame["altitude"].shift(-5) - frame["altitude"].shift(5)
    pull = frame["speed"].shift(-1) - frame["speed"].shift(1)
    X = frame[["speed", "cadence"]].assign(slope=slope, pull=pull)
    known = X.notna().all(axis=1)
    return standardised(X[known]), _scaled(frame["power"][known])


def _pixels() -> NDArray[np.float64]:
    pixels = np.concatenate([image.reshape(-1, 3) for image in load_sample_images().images])
    chosen = np.random.default_rng(51).choice(len(pixels), PIXELS, replace=False)
    return pixels[chosen] / 255


@cache
def hues() -> Table:
    """29,765 pixels by red, green and blue; which is strongest and which weakest, six ways (scikit-learn)."""
    pixels = _pixels()
    coloured = pixels.max(axis=1) > pixels.min(axis=1)
    order = (3 * pixels.argmax(axis=1) + pixels.argmin(axis=1))[coloured]
    return standardised(pixels[coloured]), np.unique(order, return_inverse=True)[1]
