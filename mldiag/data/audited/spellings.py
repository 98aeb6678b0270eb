"""How text says that a value is missing, and how it writes numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MISSING_WORDS = frozenset(
    {
        "", "?", "??", "-", "--", "---", ".", "..", "na", "n/a", "n.a.", "n.a", "#n/a", "<na>", "nan",
        "-nan",
        "null", "nil", "missing", "(missing)", "not available", "not applicable", "#null!", "#value!",
    }
)  # fmt: skip
"""Lower-case spellings that say "missing" in any column."""

DOUBTFUL_WORDS = frozenset({"none", "unknown", "unk", "x", "*", "undefined", "no data"})
"""Spellings that are missing among numbers and dates, but may be an answer among words."""

MOST_CODES = 1000
"""Different codes looked at."""

SHORT_CODE = 3
"""Among codes of at most so many capital letters, `NA` is a code (Namibia, North America)."""

_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.IGNORECASE)
_WRITTEN = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<currency>[$€£¥]?)\s*(?P<number>\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?)\s*"
    r"(?P<percent>%?)"
)
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+,\d+")


def missing_words(levels: pd.Series, *, among_numbers: bool) -> NDArray[np.bool_]:
    """Which of the different values of a column of text say "missing".

    Args:
        levels: The different values.
        among_numbers: Whether the other values are numbers or dates, where `none` is no answer.

    Returns:
        One flag a level.

    Example:
        >>> missing_words(pd.Series(["Rome", "N/A", "none"]), among_numbers=False).tolist()
        [False, True, False]
        >>> missing_words(pd.Series(["US", "NA", "DE", "FR"]), among_numbers=False).tolist()
        [False, False, False, False]
    """
    words = MISSING_WORDS | DOUBTFUL_WORDS if among_numbers else MISSING_WORDS
    stripped = levels.str.strip()
    found = np.array(stripped.str.lower().isin(list(words)), dtype=bool)
    if found.any() and not among_numbers and _are_codes(list(levels[~found][:MOST_CODES])):
        found &= np.array(stripped != "NA", dtype=bool)
    return found


def _are_codes(levels: Sequence[str]) -> bool:
    """Whether these are codes such as those of countries."""
    if len(levels) < 2:
        return False
    short = [len(s) <= SHORT_CODE and s.isalpha() and s.isupper() for s in levels]
    same = len({len(s) for s in levels}) == 1 and len(levels[0]) == 2
    return same and sum(short) >= 0.9 * len(levels)


def as_numbers(levels: pd.Series) -> NDArray[np.float64]:
    """The different values of a column as numbers, NaN where they are none.

    Plain numbers first; where these are rare, numbers as people write them: `1,234`, `$12.50`, `7 %`, and
    `3,14` where most are written with a decimal comma.

    Args:
        levels: Different values as text.

    Example:
        >>> as_numbers(pd.Series(["1,200", "$3", "x"])).tolist()
        [1200.0, 3.0, nan]
    """
    stripped = levels.str.strip()
    found = np.array(pd.to_numeric(stripped, errors="coerce"), dtype=np.float64)
    if np.isfinite(found).mean() >= 0.5 or not len(levels):
        return found
    looked_at = stripped.iloc[:: max(1, len(stripped) // 500)]
    commas = looked_at.map(lambda text: _DECIMAL_COMMA.fullmatch(text) is not None).mean()
    written = looked_at.map(lambda text: _WRITTEN.fullmatch(text) is not None).mean()
    if max(commas, written) < 0.5:
        return found
    if commas > written:
        plain = stripped.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        return np.array(pd.to_numeric(plain, errors="coerce"), dtype=np.float64)
    fits = stripped.map(lambda text: _WRITTEN.fullmatch(text) is not None).to_numpy(dtype=bool)
    plain = stripped.str.replace(r"[,$€£¥%\s]", "", regex=True)
    numbers = np.array(pd.to_numeric(plain, errors="coerce"), dtype=np.float64)
    return np.where(fits, numbers, found)


def is_plain_number(text: str) -> bool:
    """Whether a text is a number as a program writes it.

    Example:
        >>> is_plain_number("-1.5e3"), is_plain_number("12 kg")
        (True, False)
    """
    return _PLAIN.fullmatch(text.strip()) is not None
