"""The texts that checks look at: a folder of files, or each column of free text of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.data.texts.read import TextAudit
from mldiag.steps.audit.evidence import named_rows
from mldiag.wording import listed, plural

MOST_TEXTS = 20_000
"""Texts of a side that are looked at; of more, a sample is."""


@dataclass(frozen=True, eq=False)
class Side:
    """The texts of one side of the split.

    Args:
        texts: What they say.
        labels: Their labels; None where there is none.
        rows: Their positions among all texts of the side.
    """

    texts: tuple[str, ...]
    labels: tuple[str | None, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of one column, or of a collection of files.

    Args:
        column: Name of the column; empty for files.
        train: The training side.
        test: The test side; without texts where there is none.
        names: Names of the files by side; empty for a column.
        total: Texts there are in all.
    """

    column: str
    train: Side
    test: Side
    names: dict[str, tuple[str, ...]]
    total: int

    @property
    def sides(self) -> tuple[tuple[str, Side], ...]:
        """The sides with their names."""
        return (("train", self.train), ("test", self.test))

    @property
    def n(self) -> int:
        """Texts looked at."""
        return len(self.train.texts) + len(self.test.texts)


def texts_of(subject: TableAudit | TextAudit) -> tuple[Texts, ...]:
    """The texts of what is audited; nothing where a table has no column of text."""
    if isinstance(subject, TextAudit):
        return (_of_files(subject),)
    names = [c for c in subject.features if subject.train[c].kind == "text"]
    return tuple(_of_column(subject, name) for name in names)


def evidence_of(found: Sequence[tuple[Texts, str, Sequence[int]]], n: int) -> dict[str, Any]:
    """Evidence that names texts: rows of a table, or files.

    Args:
        found: Texts, the side, and positions within that side's texts.
        n: Texts looked at.
    """
    rows: dict[str, set[int]] = {"train": set(), "test": set()}
    files: list[str] = []
    for texts, side, places in found:
        own = texts.train if side == "train" else texts.test
        rows[side] |= {own.rows[place] for place in places}
        files += [texts.names[side][own.rows[place]] for place in places] if texts.names else []
    columns = list(
        dict.fromkeys(texts.column for texts, _, places in found if texts.column and places)
    )
    named = named_rows(train=sorted(rows["train"]), test=sorted(rows["test"]))
    return {"n": n, "columns": columns, **named} | ({"files": files} if files else {})


def told(count: int, total: int, noun: str = "text") -> str:
    """`3 of 240 texts`."""
    return f"{count:,} of {plural(total, noun)}"


def quoted(texts: Sequence[str], most: int = 2) -> str:
    """The first words of some texts."""
    shown = [" ".join(text.split())[:50] for text in texts[:most]]
    return listed([repr(text) for text in shown], most)


def _of_files(subject: TextAudit) -> Texts:
    sides = {}
    for name, facts in (("train", subject.train), ("test", subject.test)):
        rows = [int(i) for i in sampled_rows(len(facts), MOST_TEXTS) if facts[i].problem is None]
        sides[name] = Side(
            tuple(facts[i].text for i in rows),
            tuple(facts[i].file.label for i in rows),
            tuple(rows),
        )
    names = {
        "train": tuple(f.file.name for f in subject.train),
        "test": tuple(f.file.name for f in subject.test),
    }
    return Texts("", sides["train"], sides["test"], names, len(subject.train) + len(subject.test))


def _of_column(subject: TableAudit, name: str) -> Texts:
    sides = {"train": Side((), (), ()), "test": Side((), (), ())}
    total = 0
    for side, table in subject.sides:
        if name not in table.columns:
            continue
        total += len(table)
        rows = sampled_rows(len(table), MOST_TEXTS, subject.seed)
        cells = table[name].raw.iloc[rows].astype(object).to_numpy()
        texts = tuple("" if cell is None or cell != cell else str(cell) for cell in cells)
        sides[side] = Side(texts, _labels(subject, table, rows), tuple(int(r) for r in rows))
    return Texts(name, sides["train"], sides["test"], {}, total)


def _labels(subject: TableAudit, table: Any, rows: np.ndarray) -> tuple[str | None, ...]:
    target = subject.target
    if target is None or subject.task != "classification" or target not in table.columns:
        return (None,) * len(rows)
    column = table[target]
    return tuple(
        str(column.levels[code]) if code >= 0 else None for code in column.codes[rows].tolist()
    )
