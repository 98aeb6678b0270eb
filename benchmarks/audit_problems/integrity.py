"""Faults inside columns: constant, missing, sentinels, mixed types, spellings, infinite, ids, redundant."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from audit_problems.common import (
    Fault,
    Injected,
    NotHere,
    Tables,
    as_text,
    cells,
    named,
    one_of,
    some_rows,
    with_cells,
    with_column,
)

Rng = np.random.Generator


def constant(tables: Tables, missing: float, rng: Rng) -> Injected:
    """A column that says the same in every row, or is missing; a number or a word."""
    name = str(rng.choice(["batch", "sensor_mode", "currency"]))
    value = 7 if rng.random() < 0.5 else "EUR"
    sides = []
    for frame in (tables.train, tables.test):
        column = pd.Series([value] * len(frame), dtype="str" if value == "EUR" else float)
        column.iloc[some_rows(rng, len(frame), missing, least=0)] = np.nan
        sides.append(column)
    changed = with_column(tables, name, sides[0], sides[1], rng)
    return Injected(changed, "constant-column", named(name))


def quasi_constant(tables: Tables, share: float, rng: Rng) -> Injected:
    """A column that says the same in nearly every row."""
    if (1 - share) * len(tables.train) < 1:
        raise NotHere("too few rows for such a share")
    sides = []
    for frame in (tables.train, tables.test):
        column = pd.Series(["standard"] * len(frame), dtype="str")
        odd = some_rows(rng, len(frame), 1 - share, least=0)
        column.iloc[odd] = rng.choice(["reduced", "express"], size=len(odd))
        sides.append(column)
    changed = with_column(tables, "tariff_plan", sides[0], sides[1], rng)
    return Injected(changed, "quasi-constant-column", named("tariff_plan"))


def _emptied(tables: Tables, column: str, share: float, value: object, rng: Rng) -> Tables:
    """The same cell in a share of the rows of both sides, never all of them."""
    places = [some_rows(rng, len(frame), share) for frame in (tables.train, tables.test)]
    train, test = (dict.fromkeys(place.tolist(), value) for place in places)
    return with_cells(tables, column, train=train, test=test)


def missing(tables: Tables, share: float, rng: Rng) -> Injected:
    """Cells missing at random in one column of both sides."""
    whole = [c for c in tables.continuous + tables.words if tables.train[c].notna().all()]
    column = one_of(rng, whole, "no whole column")
    return Injected(_emptied(tables, column, share, np.nan, rng), "missing-values", named(column))


def spelled(words: tuple[str, ...], tables: Tables, share: float, rng: Rng) -> Injected:
    """Cells that say "missing" in words, in a column of numbers or of words."""
    column = one_of(rng, tables.continuous + tables.words, "no column fits")
    changed = tables
    for word in words:
        changed = _emptied(changed, column, share / len(words), word, rng)
    return Injected(changed, "missing-spellings", named(column))


def sentinel(value: float, tables: Tables, share: float, rng: Rng) -> Injected:
    """A number that stands for "missing", in a column where it cannot be measured."""

    def fits(column: str) -> bool:
        values = tables.train[column].dropna()
        low, high = values.min(), values.max()
        if value == 0:
            return bool(low > 0.2 * values.median() and values.median() > 0)
        if value == -1:
            return bool(low >= 0)
        return bool(low > 0.2 * value) if value < 0 else bool(high < 0.5 * value)

    column = one_of(rng, filter(fits, tables.continuous), f"no column without {value:g} near")
    whole = pd.api.types.is_integer_dtype(tables.train[column].dtype)
    cell = int(value) if whole else float(value)
    return Injected(_emptied(tables, column, share, cell, rng), "numeric-sentinel", named(column))


def mixed_types(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """Words, or numbers with their unit, among the numbers of one training column."""
    column = one_of(rng, tables.continuous, "no column of numbers")
    filled = np.flatnonzero(tables.train[column].notna())
    places = filled[some_rows(rng, len(filled), share, least=2)]
    text = as_text(tables.train[column])
    if kind == "unit":
        new = {int(i): f"{text.iloc[i]} kg" for i in places}
    else:
        new = {int(i): str(rng.choice(["high", "below limit", "see notes"])) for i in places}
    changed = with_cells(tables, column, train=new)
    return Injected(changed, "mixed-types", named(column), rows=cells("train", places))


def _typo(word: str, rng: Rng) -> str:
    """A word with two neighbouring letters swapped, or one left out where they are equal."""
    place = int(rng.integers(0, len(word) - 1))
    left, right = word[place], word[place + 1]
    if left == right:
        return word[:place] + word[place + 1 :]
    return word[:place] + right + left + word[place + 2 :]


def variants(kind: str, tables: Tables, share: float, rng: Rng) -> Injected:
    """A share of rows in which a common category is written in another case, or with a blank behind."""
    fitting = [c for c in tables.words if _common_word(tables.train[c], 2) is not None]
    column = one_of(rng, fitting, "no column of words long enough")
    word = _common_word(tables.train[column], 2) or ""
    other = word + " "
    if kind == "case":
        other = word.upper() if word.upper() != word else word.lower()
    if other in set(tables.train[column].dropna()):
        raise NotHere("the other spelling is a category of its own")
    sides = {}
    for side, frame in (("train", tables.train), ("test", tables.test)):
        places = np.flatnonzero((frame[column] == word).to_numpy())
        count = min(len(places) // 2, max(1, round(share * len(frame))))
        sides[side] = dict.fromkeys(rng.choice(places, size=count, replace=False).tolist(), other)
    changed = with_cells(tables, column, train=sides["train"], test=sides["test"])
    rows = cells("train", sides["train"])
    return Injected(changed, "category-variants", named(column), rows=rows)


def typos(tables: Tables, share: float, rng: Rng) -> Injected:
    """A share of a column's cells with a slip of the pen, each with its own."""
    fitting = [c for c in tables.words if _common_word(tables.train[c], 5) is not None]
    column = one_of(rng, fitting, "no column of words long enough")
    known = set(tables.train[column].dropna()) | set(tables.test[column].dropna())
    common = tables.train[column].value_counts()
    long = {w for w, n in common.items() if n >= 10 and sum(map(str.isalpha, str(w))) >= 5}
    sides: dict[str, dict[int, str]] = {}
    for side, frame in (("train", tables.train), ("test", tables.test)):
        places = np.flatnonzero(frame[column].isin(long))
        drawn = rng.choice(places, size=max(2, round(share * len(places))), replace=False)
        written = {int(i): _typo(str(frame[column].iloc[i]), rng) for i in drawn}
        sides[side] = {i: word for i, word in written.items() if word not in known}
    if not sides["train"]:
        raise NotHere("every slip gives a category of its own")
    changed = with_cells(tables, column, train=sides["train"], test=sides["test"])
    rows = cells("train", sides["train"])
    return Injected(changed, "category-variants", named(column), rows=rows)


def _common_word(values: pd.Series, least: int) -> str | None:
    """The most common category whose letters allow another way of writing, or None."""
    for word, count in values.value_counts().items():
        letters = sum(letter.isalpha() for letter in str(word))
        if letters >= least and count >= 10 and str(word).strip() == word:
            return str(word)
    return None


def infinite(tables: Tables, share: float, rng: Rng) -> Injected:
    """Infinities, as a division by zero leaves them."""
    column = one_of(rng, tables.continuous, "no column of numbers")
    places = some_rows(rng, len(tables.train), share)
    new = {int(i): float(rng.choice([np.inf, np.inf, -np.inf])) for i in places}
    changed = with_cells(tables, column, train=new)
    return Injected(changed, "infinite-values", named(column), rows=cells("train", places))


def id_like(kind: str, tables: Tables, unique: float, rng: Rng) -> Injected:
    """A number or a code for every row, or nearly every one, in no order."""
    total = len(tables.train) + len(tables.test)
    numbers = rng.permutation(total) + int(rng.integers(1, 9)) * 10_000
    again = some_rows(rng, total, 1 - unique, least=0)
    numbers[again] = rng.choice(numbers, size=len(again))
    if kind == "numbers":
        name, ids = str(rng.choice(["record_id", "customer_no", "id"])), pd.Series(numbers)
    else:
        name = str(rng.choice(["uuid", "ticket", "serial"]))
        ids = pd.Series([f"{n * 2654435761 % 2**32:08x}" for n in numbers.tolist()], dtype="str")
    cut = len(tables.train)
    changed = with_column(tables, name, ids[:cut].to_numpy(), ids[cut:].to_numpy(), rng)
    return Injected(changed, "id-like-column", named(name))


def redundant(kind: str, tables: Tables, noise: float, rng: Rng) -> Injected:
    """A column that others give: a copy, its negative, another unit, a sum; with noise."""
    source = one_of(rng, tables.continuous, "no column of numbers")
    other = one_of(rng, [c for c in tables.continuous if c != source], "one column of numbers") \
        if kind == "sum" else source  # fmt: skip
    spread = float(tables.train[source].std())
    sides = []
    for frame in (tables.train, tables.test):
        values = frame[source].to_numpy(dtype=float)
        made = {
            "copy": values,
            "negated": -values,
            "scaled": 2.54 * values + 3,
            "sum": values + frame[other].to_numpy(dtype=float),
        }[kind]
        factor = 2.54 if kind == "scaled" else 1.0
        sides.append(made + noise * factor * spread * rng.standard_normal(len(values)))
    name = {"copy": f"{source}_2", "negated": "loss", "scaled": "reading_cm", "sum": "total"}[kind]
    changed = with_column(tables, name, sides[0], sides[1], rng)
    return Injected(changed, "redundant-columns", ((name, source, other),))


def recoded_category(tables: Tables, differing: float, rng: Rng) -> Injected:
    """A category under other names: the code beside the word."""
    source = one_of(rng, tables.words, "no column of words")
    both = pd.concat([tables.train[source], tables.test[source]], ignore_index=True)
    codes, levels = pd.factorize(both)
    renamed = rng.permutation(len(levels)) + 1
    column = pd.Series(np.where(codes >= 0, renamed[codes], 0))
    odd = some_rows(rng, len(column), differing, least=0)
    column.iloc[odd] = rng.choice(renamed, size=len(odd))
    text = ("K" + column.astype("str")).astype("str")
    cut = len(tables.train)
    changed = with_column(tables, "short_code", text[:cut].to_numpy(), text[cut:].to_numpy(), rng)
    return Injected(changed, "redundant-columns", (("short_code", source),))


SHARES = (0.01, 0.03, 0.1)

FAULTS = (
    Fault("constant", constant, (0.0, 0.2), 0.0, "share missing beside it"),
    Fault("quasi_constant", quasi_constant, (0.995, 0.999), 0.995, "share of the common value"),
    Fault("missing", missing, (0.05, 0.2, 0.4, 0.6), 0.2),
    Fault("spelled_question", partial(spelled, ("?",)), (0.01, 0.05), 0.05),
    Fault("spelled_several", partial(spelled, ("N/A", "-", "missing")), (0.02, 0.06), 0.06),
    Fault("sentinel_-999", partial(sentinel, -999), SHARES, 0.03),
    Fault("sentinel_9999", partial(sentinel, 9999), SHARES, 0.03),
    Fault("sentinel_zero", partial(sentinel, 0), SHARES, 0.03),
    Fault("sentinel_-1", partial(sentinel, -1), SHARES, 0.03),
    Fault("mixed_words", partial(mixed_types, "word"), (0.005, 0.02), 0.02),
    Fault("mixed_units", partial(mixed_types, "unit"), (0.005, 0.02), 0.02),
    Fault("variants_case", partial(variants, "case"), (0.02, 0.05), 0.05),
    Fault("variants_blank", partial(variants, "blank"), (0.02, 0.05), 0.05),
    Fault("variants_typo", typos, (0.005, 0.02), 0.02, "share of cells"),
    Fault("infinite", infinite, (0.002, 0.01), 0.01),
    Fault("id_numbers", partial(id_like, "numbers"), (1.0, 0.98), 1.0, "share of unique ids"),
    Fault("id_codes", partial(id_like, "codes"), (1.0, 0.98), 1.0, "share of unique ids"),
    Fault("redundant_copy", partial(redundant, "copy"), (0.0, 0.01), 0.0, "noise, sd"),
    Fault("redundant_negated", partial(redundant, "negated"), (0.0, 0.01), 0.0, "noise, sd"),
    Fault("redundant_scaled", partial(redundant, "scaled"), (0.0, 0.01), 0.0, "noise, sd"),
    Fault("redundant_sum", partial(redundant, "sum"), (0.0, 0.01), 0.0, "noise, sd"),
    Fault("redundant_recoded", recoded_category, (0.0, 0.01), 0.0, "share that differs"),
)  # fmt: skip
