"""The families of reference learners: their names, and how many rows each is worth training on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """One family of learners.

    Args:
        name: As in the settings.
        shown: For a person, with its article.
        short: For a headline.
        most_rows: It trains on no more than this many rows, so that it costs seconds on any data.
        seeded: Whether its training depends on a seed.
    """

    name: str
    shown: str
    short: str
    most_rows: int
    seeded: bool = False


FAMILIES = (
    Family("dummy", "a dummy that ignores the features", "dummy", 1_000_000),
    Family("linear", "a linear model", "linear", 20_000),
    Family("neighbours", "nearest neighbours", "knn", 5_000),
    Family("forest", "a random forest", "forest", 5_000, seeded=True),
    Family("boosting", "gradient boosting", "boosting", 50_000, seeded=True),
    Family("network", "a small neural network", "network", 20_000, seeded=True),
)

LOOKUP = Family("lookup", "a table of the rows", "lookup", 1_000_000)
"""What can be memorised at all: rows that are equal and have different targets cannot."""

NAMES = tuple(family.name for family in FAMILIES)


def family_named(name: str) -> Family:
    """The family with this name.

    Example:
        >>> family_named("boosting").shown
        'gradient boosting'
    """
    return next(family for family in (*FAMILIES, LOOKUP) if family.name == name)
