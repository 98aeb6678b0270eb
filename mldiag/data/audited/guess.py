"""What a column holds, guessed from its cells: numbers read as text, dates, ids, categories, free text."""

from __future__ import annotations

import re
import shlex
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.kinds import DECLARED, Kind
from mldiag.data.audited.spellings import as_numbers, missing_words
from mldiag.errors import MldiagError


@dataclass(frozen=True)
class Limits:
    """When a column is taken for what.

    Args:
        fitting_share: Share of the cells present that must be numbers or dates.
        id_share: Different values a row, from which a column of short words without blanks is an id.
        id_rows: Fewer rows than this say nothing of ids.
        text_words: Mean words a cell, from which a column with many different values is text.
        text_share: Different values a row that text has at least.
        looked_at: Different values looked at for what they look like.
    """

    fitting_share: float = 0.75
    id_share: float = 0.95
    id_rows: int = 30
    text_words: float = 3.0
    text_share: float = 0.3
    looked_at: int = 500


LIMITS = Limits()

_ID_NAME = re.compile(
    r"(^|[_\W])(id|ids|uuid|guid|key|index|idx|no|nr|number|rownames?|code)$|^(id|key)[_\W]|"
    r"^unnamed: \d+$|(?-i:[a-z]I[Dd])$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ]\d{1,2}:\d{2}.*)?|"
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}([ T]\d{1,2}:\d{2}.*)?|"
    r"\d{1,2}[ -][A-Za-z]{3,9}[ -,]+\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4}.*"
)
_TRUE_FALSE = ({"true", "false"}, {"t", "f"})
_DAY = 86_400.0

EXACT = 2**53
"""Whole numbers beyond it lose digits as floats: such columns name things, and stay as they are written."""

_CODE = re.compile(r"0\d+")


def guessed_column(name: str, raw: pd.Series, declared: Kind | None = None) -> Column:
    """Take a column for what it looks like, or for what was declared.

    Args:
        name: Its name.
        raw: The cells as they were read.
        declared: A kind that overrides the guess.

    Example:
        >>> column = guessed_column("age", pd.Series(["41", "?", "38", "nine", "7", "12"]))
        >>> column.kind, column.spellings, column.strays.tolist()
        ('number', {'?': 1}, [3])
    """
    if declared is not None:
        return _declared(name, raw, declared)
    kind = raw.dtype
    if raw.isna().all():
        return Column(name, "empty", "no row has a value", raw)
    if pd.api.types.is_bool_dtype(kind):
        return Column(name, "boolean", "true and false", raw, _floats(raw))
    if pd.api.types.is_datetime64_any_dtype(kind):
        return Column(name, "date", "dates", raw, _days(raw))
    if pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_timedelta64_dtype(kind):
        return _of_numbers(name, raw)
    return _of_text(name, raw)


def _of_numbers(name: str, raw: pd.Series) -> Column:
    if pd.api.types.is_integer_dtype(raw.dtype) and raw.abs().max() > EXACT:
        return _of_text(name, raw.map(str, na_action="ignore").astype(object))
    if pd.api.types.is_timedelta64_dtype(raw.dtype):
        return Column(name, "number", "durations in seconds", raw, _floats(raw.dt.total_seconds()))
    numbers = _floats(raw)
    column = Column(name, "number", "numbers", raw, numbers)
    named = _ID_NAME.search(name) is not None
    many = len(raw) >= LIMITS.id_rows and column.n_unique >= LIMITS.id_share * len(raw)
    if not (named and many and column.is_whole):
        return column
    return Column(name, "id", "whole numbers that hardly repeat, and its name", raw, numbers)


def _of_text(name: str, raw: pd.Series) -> Column:
    if raw.dtype == object and raw.map(_is_container).any():
        return Column(name, "other", "lists or other containers in the cells", raw)
    levels, rows = _levels(raw)
    spelled = missing_words(levels, among_numbers=True)
    numbers = (
        as_numbers(levels) if _some_numbers(levels[~spelled]) else np.full(len(levels), np.nan)
    )
    if _share(rows, ~np.isnan(numbers), ~spelled) >= LIMITS.fitting_share:
        return _mapped(name, raw, "number", _how_numbers(levels, numbers), levels, numbers, spelled)
    dates = _dates(levels, spelled)
    if dates is not None and _share(rows, ~np.isnan(dates), ~spelled) >= LIMITS.fitting_share:
        return _mapped(name, raw, "date", "dates written as text", levels, dates, spelled)
    spelled = missing_words(levels, among_numbers=False)
    words = {level.strip().casefold() for level in levels[~spelled]} if len(levels) < 20 else set()
    if words in _TRUE_FALSE:
        flags = np.where(levels.str.strip().str.casefold().str.startswith("t"), 1.0, 0.0)
        return _mapped(name, raw, "boolean", "true and false as text", levels, flags, spelled)
    kind, why = _words(name, levels[~spelled], int(rows[~spelled].sum()))
    return Column(name, kind, why, raw, spellings=_counted(levels, rows, spelled))


def _some_numbers(levels: pd.Series) -> bool:
    """Whether the first different cells hold numbers that stay what they are as floats.

    Codes of one length with leading zeros (postal codes) and whole numbers of very many digits do not.
    """
    some = _looked_at(levels).str.strip()
    numbers = as_numbers(some)
    known = ~np.isnan(numbers)
    codes = bool(some.map(lambda text: _CODE.fullmatch(text) is not None).any())
    if codes and some.str.len().nunique() == 1 and some.str.len().iloc[0] > 1:
        return False
    finite = numbers[np.isfinite(numbers)]
    lossy = (
        len(finite) > 0 and np.abs(finite).max() > EXACT and len(np.unique(finite)) < len(finite)
    )
    return bool(known.any()) and not lossy


def _looked_at(levels: pd.Series) -> pd.Series:
    """Some of the different cells, spread over all of them."""
    return levels.iloc[:: max(1, len(levels) // LIMITS.looked_at)]


def _words(name: str, levels: pd.Series, n: int) -> tuple[Kind, str]:
    """Whether cells that are neither numbers nor dates are ids, text or categories."""
    if not n:
        return "empty", "every cell says that it is missing"
    some = _looked_at(levels).str.strip()
    words = float(some.map(lambda text: len(text.split())).mean())
    share = len(levels) / n
    unique = n >= LIMITS.id_rows and share >= LIMITS.id_share and words < 1.2
    if unique and (_ID_NAME.search(name) is not None or some.str.contains(r"\d").mean() > 0.9):
        return "id", "codes that hardly repeat"
    if words >= LIMITS.text_words and share >= LIMITS.text_share and len(levels) >= 20:
        return "text", f"{words:.0f} words a cell, hardly repeated"
    return "category", f"{len(levels)} different words"


def _declared(name: str, raw: pd.Series, kind: Kind) -> Column:
    why = DECLARED
    if kind == "id" and pd.api.types.is_numeric_dtype(raw.dtype):
        # As a guessed one, so that the ids of two tables compare.
        return Column(name, kind, why, raw, _floats(raw))
    if kind not in ("number", "boolean", "date"):
        if pd.api.types.is_numeric_dtype(raw.dtype) or raw.isna().all():
            raw = raw.map(str, na_action="ignore").astype(object)
        levels, rows = _levels(raw)
        spelled = missing_words(levels, among_numbers=False)
        return Column(name, kind, why, raw, spellings=_counted(levels, rows, spelled))
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return Column(name, kind, why, raw, _days(raw))
    if pd.api.types.is_numeric_dtype(raw.dtype) and kind != "date":
        return Column(name, kind, why, raw, _floats(raw))
    levels, _ = _levels(raw)
    spelled = missing_words(levels, among_numbers=True)
    try:
        dates = _dates(levels, spelled, sure=True) if kind == "date" else None
    except (ValueError, OverflowError):
        dates = np.full(len(levels), np.nan)
    if dates is not None and np.isnan(dates[~spelled]).all():
        raise MldiagError(
            f"column {name!r} cannot be read as dates: it holds {str(levels.iloc[0])[:40]!r}",
            expected="dates such as 2024-02-29",
            hint=f"--type {shlex.quote(f'{name}=number')}",
        )
    return _mapped(
        name, raw, kind, why, levels, as_numbers(levels) if dates is None else dates, spelled
    )


def _levels(raw: pd.Series) -> tuple[pd.Series, NDArray[np.int64]]:
    """The different cells as text, and in how many rows each stands."""
    counted = raw.map(str, na_action="ignore") if raw.dtype == object else raw.astype("str")
    found = counted.value_counts(sort=False)
    rows = np.asarray(found, dtype=np.int64)
    return pd.Series(found.index.astype("str"), dtype="str"), rows


def _mapped(
    name: str, raw: pd.Series, kind: Kind, why: str, levels: pd.Series, numbers: Any, spelled: Any
) -> Column:
    """A numeric column of cells of text, through the numbers of its different cells."""
    numbers = np.where(spelled, np.nan, numbers)
    text = raw.map(str, na_action="ignore") if raw.dtype == object else raw.astype("str")
    places = pd.Index(levels).get_indexer(pd.Index(text))  # -1 where the cell is empty
    values = np.where(places >= 0, numbers[places], np.nan)
    odd = np.isnan(numbers) & ~spelled
    strays = np.flatnonzero((places >= 0) & odd[places]).astype(np.int64)
    rows = np.bincount(places[places >= 0], minlength=len(levels))
    return Column(name, kind, why, raw, values, _counted(levels, rows, spelled), strays)


def _counted(levels: pd.Series, rows: Any, spelled: Any) -> dict[str, int]:
    return {str(levels.iloc[i]): int(rows[i]) for i in np.flatnonzero(spelled)}


def _share(rows: NDArray[np.int64], fits: Any, counted: Any) -> float:
    """Share of the cells present that fit."""
    total = int(rows[counted].sum())
    return float(rows[fits & counted].sum() / total) if total else 0.0


def _how_numbers(levels: pd.Series, numbers: NDArray[np.float64]) -> str:
    plain = np.isfinite(np.array(pd.to_numeric(levels.str.strip(), errors="coerce"), dtype=float))
    written = np.isfinite(numbers) & ~plain
    if written.any():
        return f"numbers written like {levels[written].iloc[0].strip()!r}"
    return "numbers"


def _dates(levels: pd.Series, spelled: Any, sure: bool = False) -> NDArray[np.float64] | None:
    """Days since 1970 of the different cells, NaN where they are no dates; None where hardly any is."""
    present = levels[~spelled]
    some = _looked_at(present).str.strip()
    alike = some.map(lambda text: _DATE.fullmatch(text) is not None).mean() if len(some) else 0.0
    if alike < LIMITS.fitting_share and not sure:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns where it cannot infer one format
        parsed = pd.to_datetime(levels.str.strip(), errors="coerce", utc=True)
        if parsed.isna().mean() > 1 - LIMITS.fitting_share:
            parsed = pd.to_datetime(levels.str.strip(), errors="coerce", utc=True, format="mixed")
    return _days(parsed)


def _days(dates: pd.Series) -> NDArray[np.float64]:
    utc = pd.to_datetime(dates, utc=True)
    seconds = (utc - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.array(seconds, dtype=np.float64) / _DAY


def _floats(raw: pd.Series) -> NDArray[np.float64]:
    return raw.to_numpy(dtype=np.float64, na_value=np.nan)


def _is_container(cell: Any) -> bool:
    return isinstance(cell, (list, dict, tuple, set, np.ndarray))
