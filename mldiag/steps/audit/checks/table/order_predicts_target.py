"""MD321: does the place in the file, an id or a date tell the target?"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.one_feature import (
    Question,
    asked,
    bins_of_numbers,
    class_skill,
    quantity_skill,
)
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD321; a skill is the share of the errors of a guess that is removed.

    Args:
        id_skill: Of an id, from which it carries the target.
        order_skill: Of the row's place in the file.
        date_skill: Of a date.
        least_rows: With fewer labelled rows nothing is said.
    """

    id_skill: float = 0.3
    order_skill: float = 0.5
    date_skill: float = 0.6
    least_rows: int = 50


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD321",
    slug="order-predicts-target",
    title="Does the place in the file, an id or a date tell the target?",
    detects=(
        "Rows predicted from their neighbours by id, by place in the file or by date. An id that "
        "removes {id_skill:.0%} of the errors of a guess is a problem; the place in the file "
        "({order_skill:.0%}) and a date ({date_skill:.0%}) are advice. Nothing below {least_rows} "
        "labelled rows."
    ),
    why=(
        "New rows have new ids: what a model learns from them is gone when it is used. A file "
        "sorted by the target gives folds or batches of one class where nothing shuffles."
    ),
    fix="Drop the id; shuffle before splitting; split by time where the target drifts.",
    source="Kaufman, Rosset and Perlich (2012), Leakage in Data Mining, ACM TKDD 6.",
    thresholds=THRESHOLDS,
)

_DIGITS = re.compile(r"\d+")


def judge(subject: TableAudit) -> Finding | None:
    """Judge the row order, ids and dates; None without a target."""
    if subject.target is None or subject.task is None:
        return None
    question = asked(subject)
    if question is None or len(question.rows) < THRESHOLDS.least_rows:
        return CHECK.finding(
            "not_applicable",
            f"It takes {plural(THRESHOLDS.least_rows, 'labelled row')} to judge the order",
        )
    ids = {
        name: _skill(_id_numbers(subject.train[name], question.rows), question)
        for name in subject.features
        if subject.train[name].kind == "id"
    }
    dates = {
        name: _skill(
            np.asarray(subject.train[name].values, dtype=np.float64)[question.rows], question
        )
        for name in subject.features
        if subject.train[name].kind == "date"
    }
    order = _skill(question.rows.astype(np.float64), question)
    carrying = sorted(
        (n for n, s in ids.items() if s >= THRESHOLDS.id_skill), key=lambda n: -ids[n]
    )
    dated = sorted(
        (n for n, s in dates.items() if s >= THRESHOLDS.date_skill), key=lambda n: -dates[n]
    )
    evidence: dict[str, Any] = {
        "n": len(question.rows),
        "columns": carrying + dated,
        "order_skill": round(order, 4),
        "skill": {name: round(skill, 4) for name, skill in (ids | dates).items()},
    }
    if question.rows_in_all > len(question.rows):
        evidence["sampled"] = len(question.rows)
    is_sorted = order >= THRESHOLDS.order_skill and subject.time is None
    if carrying:
        return _of_ids(carrying, ids, is_sorted, evidence)
    if dated:
        return _of_dates(dated, dates, evidence)
    if is_sorted:
        return _of_order(order, question, evidence)
    return CHECK.finding(
        "passed",
        "Neither the place in the file nor an id or a date tells the target",
        evidence=evidence,
    )


def _of_ids(
    names: list[str], skills: dict[str, float], is_sorted: bool, evidence: dict[str, Any]
) -> Finding:
    also = (
        " The file is sorted by the target, and the ids follow it: shuffle it too."
        if is_sorted
        else ""
    )
    return CHECK.finding(
        "problem",
        f"The id {listed(names)} tells the target"
        if len(names) == 1
        else f"The ids {listed(names)} tell the target",
        explanation=(
            f"Rows with neighbouring ids have the same target: {listed(names[:1])} alone removes "
            f"{skills[names[0]]:.0%} of the errors of a guess. New rows have new ids.{also}"
        ),
        evidence=evidence,
        action=Action("fix_leak", f"Drop {listed(names)}."),
    )


def _of_dates(names: list[str], skills: dict[str, float], evidence: dict[str, Any]) -> Finding:
    return CHECK.finding(
        "advice",
        f"The date {listed(names)} tells the target",
        explanation=(
            f"{listed(names[:1])} alone removes {skills[names[0]]:.0%} of the errors of a guess. "
            "Rows of the same days on both sides of a split make the score too good for days to "
            "come."
        ),
        evidence=evidence,
        action=Action("fix_split", f"Split by time: --time {shlex.quote(names[0])}."),
    )


def _of_order(order: float, question: Question, evidence: dict[str, Any]) -> Finding:
    return CHECK.finding(
        "advice",
        f"The file is sorted by the target: a row's place removes {order:.0%} of the errors of a "
        "guess",
        explanation=(
            f"Looked at: {plural(len(question.rows), 'row')}. Folds or batches taken in this order "
            "hold few classes or values each."
        ),
        evidence=evidence,
        action=Action("fix_split", "Shuffle the rows before they are split, and in every epoch."),
    )


def _skill(numbers: NDArray[np.float64], question: Question) -> float:
    bins = bins_of_numbers(numbers)
    if question.is_classes:
        return class_skill(bins, np.asarray(question.target, dtype=np.int64), question.classes)
    return quantity_skill(bins, np.asarray(question.target, dtype=np.float64))


def _id_numbers(column: Column, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Ids as numbers: their order, or for codes such as `A-0017` their place in the alphabet."""
    if column.is_numeric:
        return np.asarray(column.values, dtype=np.float64)[rows]
    cells = column.raw.iloc[rows]
    keys = [
        _DIGITS.sub(lambda found: found.group().zfill(20), str(cell)) if there else ""
        for cell, there in zip(cells, ~column.missing[rows], strict=True)
    ]
    _, places = np.unique(np.array(keys, dtype=object).astype(str), return_inverse=True)
    found: NDArray[np.float64] = places.reshape(-1).astype(np.float64)
    found[column.missing[rows]] = np.nan
    return found
