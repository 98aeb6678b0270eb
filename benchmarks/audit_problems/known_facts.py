"""What is true of the clean tables though it looks like a fault: found by eye, so that it is right to say so.

Such a fact is no false alarm where it is told as advice; as a problem only where `PROBLEMS` has it. What
holds on some splits only (a pair of equal rows may lie on one side) is listed too. Looked up in the tables
themselves, before any rule was run on the tables that are kept back.
"""

from __future__ import annotations

_TAILS = "measurements with long tails: the widest lie over ten robust sd away"
_COARSE = "few answers to few questions: equal rows are different people"

FACTS: dict[str, dict[str, str]] = {
    "iris": {"train-test-overlap": "two flowers have the same measurements"},
    "breast_cancer": {
        "redundant-columns": "radius, perimeter and area: r > .99",
        "skewed-features": "area error: skew 5.8",
        "outliers": _TAILS,
    },
    "digits": {
        "constant-column": "pixels at the edge are always empty",
        "quasi-constant-column": "others are empty in over 99 %",
        "skewed-features": "pixels near the edge are mostly empty",
        "outliers": "the same pixels",
    },
    "penguins": {"missing-values": "sex is missing for 3 %"},
    "weather": {
        "class-imbalance": "2 % of the days are snow",
        "skewed-features": "precipitation: mostly none",
        "outliers": "precipitation: mostly none",
        "label-drift": "the last year calls fog what was rain before",
        "relation-drift": "the same",
    },
    "cars": {
        "new-categories": "two thirds of the test rows have a name that train has not",
        "missing-values": "horsepower is missing for 2 %",
    },
    "affairs": {
        "duplicate-rows": _COARSE,
        "conflicting-labels": _COARSE,
        "train-test-overlap": _COARSE,
    },
    "titanic": {
        "missing-values": "age is missing for 42 %",
        "id-like-column": "names",
        "new-categories": "names",
    },
    "superstore": {
        "constant-column": "Country",
        "redundant-columns": "City gives State, State gives Region, Sub-Category gives Category",
        "duplicate-rows": "nine rows stand twice",
        "train-test-overlap": "five test rows stand in train",
        "skewed-features": "Sales: skew 14",
        "outliers": _TAILS,
        "new-categories": "1 % of the test rows are of a city that train has not",
    },
    "glass": {
        "duplicate-rows": "two rows are equal",
        "train-test-overlap": "the same two, where they are divided",
        "class-imbalance": "4 % are tableware",
        "skewed-features": "K and Ba: mostly none",
        "outliers": _TAILS,
    },
    "diamonds": {
        "redundant-columns": "weight and the three lengths: r > .99",
        "duplicate-rows": "65 of 37,758 rows, and more but for the price",
        "train-test-overlap": "61 test rows stand in train, and more but for the price",
        "outliers": "stones of 59 mm",
        "numeric-sentinel": "stones of length 0",
    },
    "default": {"class-imbalance": "3 % defaulted"},
    "colleges": {
        "redundant-columns": "applications, acceptances, enrolments",
        "skewed-features": "applications, part-time students",
        "outliers": "103 % with a doctorate, 118 % graduated; long tails",
    },
    "regimes": {
        "category-variants": "Chiang Kai-Shek and Chiang Kai-shek, military and Military",
        "row-order": "by country and year",
        "new-categories": "leaders, and regions whose countries are all in test",
        "duplicate-rows": "one row stands twice",
        "feature-drift": "regions: whole countries are divided",
    },
    "flights": {
        "redundant-columns": "hour and minute are in sched_dep_time; the places give the distance",
        "new-categories": "4 % of the test rows are of an aeroplane that train has not",
        "label-drift": "20 % late after 26 %",
        "row-order": "by time",
    },
    "trial": {
        "id-like-column": "pidnum",
        "constant-column": "zprior",
        "redundant-columns": "arms gives treat, strat gives str2",
        "skewed-features": "oprior",
        "outliers": _TAILS,
    },
    "juice": {
        "redundant-columns": "prices, discounts and their differences; three columns of the store",
        "duplicate-rows": "2 % of the rows",
        "train-test-overlap": "3 % of the test rows",
        "conflicting-labels": "equal offers, other choices",
    },
    "wage_panel": {
        "redundant-columns": "expersq is the square of exper",
        "row-order": "by person and year",
    },
    "housing": {
        "missing-values": "listings and inventory: 15 %",
        "missing-share-changed": "the same: none in the last years",
        "feature-drift": "listings, inventory, volume",
        "joint-drift": "the same",
        "label-drift": "prices rise",
        "relation-drift": "prices rise",
        "redundant-columns": "sales and volume: r = .98",
        "skewed-features": "sales, volume, listings, inventory",
        "outliers": _TAILS,
        "row-order": "by time",
    },
    "wages": {
        "constant-column": "region",
        "duplicate-rows": "one row stands twice",
        "train-test-overlap": "two test rows",
        "conflicting-labels": "equal answers, other wages",
    },
    "tumours": {"skewed-features": "progrec", "outliers": _TAILS},
    "bikes": {
        "redundant-columns": "atemp and temp: r = .99; the day gives month and season",
        "skewed-features": "holiday",
    },
    "insurance": {
        "quasi-constant-column": "insurances that hardly anybody has",
        "redundant-columns": "number and amount of the same insurance; shares that add up",
        "duplicate-rows": "308 of 4,075",
        "train-test-overlap": "230 of 1,747 test rows",
        "conflicting-labels": "equal customers",
        "class-imbalance": "6 % bought",
        "skewed-features": "insurances that hardly anybody has",
        "outliers": "the same",
    },
}  # fmt: skip
"""Table -> check -> what is true."""

PROBLEMS: dict[str, dict[str, str]] = {
    "weather": {
        "label-drift": "a model that learned rain is wrong on nearly every wet day of the last year",
        "relation-drift": "the same",
    },
    "housing": {"label-drift": "a model of past prices is far too low"},
}
"""Table -> check -> why a model does suffer."""
