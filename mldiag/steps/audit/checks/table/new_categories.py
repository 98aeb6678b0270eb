"""MD337: do the test rows have categories that the training rows lack?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.column import Column
from mldiag.data.audited.table import AuditedTable, TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.drift import SHOWN_COLUMNS, splits_by_time, train_codes
from mldiag.wording import listed, plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD337.

    Args:
        advice_share: Share of the test rows with a category that no training row has.
        problem_share: Share from which it is a problem.
        error: Error over all columns of an advice, where chance is a random split of all rows.
        problem_error: Error over all columns of a problem.
        least_rows: Fewer test rows than this with new categories are no problem.
        shown_levels: New categories that the evidence names for each column.
    """

    advice_share: float = 0.002
    problem_share: float = 0.05
    error: float = 0.02
    problem_error: float = 0.002
    least_rows: int = 5
    shown_levels: int = 20


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD337",
    slug="new-categories",
    title="Do the test rows have categories that no training row has?",
    detects=(
        "Columns of categories where {advice_share:.1%} of the test rows or more have one that no training "
        "row has, and a random split of all rows would hardly leave so many or so frequent ones to the test "
        "rows alone (error {error:.0%} over all columns): advice. A problem from {problem_share:.0%} of the "
        "test rows on, with an error of {problem_error:.1%}."
    ),
    why="A model has learned nothing of a category that it never saw; some encoders refuse it.",
    fix="Find out where they come from; encode unknown categories on purpose, and put rare ones together.",
    source="The chance is that of a permutation of the rows, as in Fisher's exact test.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look for categories that only the test rows have; None without a test table."""
    if subject.test is None:
        return None
    names = [n for n in subject.shared if subject.train[n].kind in ("category", "boolean")]
    if not names:
        return CHECK.finding("not_applicable", "No column holds categories that both tables have")
    new = {name: _new_rows(subject, name) for name in names}
    share = {name: len(new[name]) / len(subject.test) for name in names}
    told = [name for name in names if share[name] >= THRESHOLDS.advice_share]
    chance = {name: _chance(subject, name) * len(names) for name in told}
    flagged = [name for name in told if chance[name] < THRESHOLDS.error]
    flagged.sort(key=lambda name: -len(new[name]))
    few = [name for name in names if len(new[name]) and name not in flagged]
    n = len(subject.test)
    evidence: dict[str, Any] = {
        "n": n,
        "columns": flagged,
        "shares": {name: share[name] for name in flagged},
        "levels": {name: _levels(subject.test[name], new[name]) for name in flagged},
        "rare": {name: len(new[name]) for name in few},
    }
    if not flagged:
        title = "Every category of the test rows is known from training"
        if few:
            title = f"New categories in {listed(few)} are as rare as rare categories let expect"
        return CHECK.finding("passed", title, evidence=evidence)
    rows = np.unique(np.concatenate([new[name] for name in flagged]))
    evidence |= named_rows(test=rows)
    first = flagged[0]
    count, by_time = len(new[first]), splits_by_time(subject)
    bad = share[first] >= THRESHOLDS.problem_share and count >= THRESHOLDS.least_rows
    bad = bad and chance[first] < THRESHOLDS.problem_error and not by_time
    more = f", and {listed(flagged[1:])} likewise" if len(flagged) > 1 else ""
    shown = listed(evidence["levels"][first], SHOWN_COLUMNS)
    return CHECK.finding(
        "problem" if bad else "advice",
        f"{plural(count, 'test row')} ({share[first]:.1%}) {'has' if count == 1 else 'have'} categories of "
        f"{first!r} unknown to training: "
        f"{shown}{more}",
        explanation="A model has learned nothing of them, and an encoder may refuse them."
        + (" The test rows come later, where new ones are to be expected." if by_time else ""),
        evidence=evidence,
        action=Action(
            "clean_data",
            "Encode unknown categories on purpose, and put rare ones together: "
            "OneHotEncoder(handle_unknown='infrequent_if_exist').",
        ),
    )


def _new_rows(subject: TableAudit, name: str) -> NDArray[np.int64]:
    """Positions of test rows with a category that no training row has."""
    assert subject.test is not None
    codes = train_codes(subject, name)[1]
    return np.flatnonzero((codes < 0) & ~subject.test[name].missing).astype(np.int64)


def _chance(subject: TableAudit, name: str) -> float:
    """How probable it is that a random split leaves so many, or so frequent, categories to the test rows.

    A category of k rows in all falls into the test rows whole with the share of the test rows to the power k;
    where rows come in groups, k counts these. Both the number of such categories and the most frequent one
    are judged.
    """
    from scipy.special import pdtrc

    codes = train_codes(subject, name)
    counts, n_test = _frequencies(subject, name, codes)
    new = counts[0] == 0
    totals = counts.sum(axis=0)
    expected = (n_test / max(n_test + _units(subject.train, subject.group), 1)) ** totals
    found = []
    for least in (1, int(totals[new].max())):
        most = totals >= least
        found.append(float(pdtrc(int((new & most).sum()) - 1, float(expected[most].sum()))))
    return min(2 * min(found), 1.0)


def _frequencies(
    subject: TableAudit, name: str, codes: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[NDArray[np.int64], int]:
    """Rows, or groups, of every category on both sides, shape (2, categories), and those of the test."""
    assert subject.test is not None
    other = subject.test[name]
    unknown = (codes[1] < 0) & ~other.missing
    joint = codes[1].copy()
    joint[unknown] = other.codes[unknown] + int(codes[0].max(initial=-1)) + 1
    width = int(max(joint.max(initial=-1), codes[0].max(initial=-1))) + 1
    rows = [
        np.bincount(_once(own, table, subject.group), minlength=width)
        for own, table in ((codes[0], subject.train), (joint, subject.test))
    ]
    counts = np.vstack(rows).astype(np.int64)
    return counts[:, counts.sum(axis=0) > 0], _units(subject.test, subject.group)


def _once(codes: NDArray[np.int64], table: AuditedTable, group: str | None) -> NDArray[np.int64]:
    """The categories present, once a row, or once a group."""
    present = codes >= 0
    if group is None or group not in table.columns:
        return codes[present]
    pairs = np.column_stack([codes, table[group].codes])[present]
    return np.asarray(np.unique(pairs, axis=0)[:, 0])


def _units(table: AuditedTable, group: str | None) -> int:
    return len(table) if group is None or group not in table.columns else table[group].n_unique


def _levels(column: Column, rows: NDArray[np.int64]) -> list[str]:
    """The new categories, the most frequent first."""
    counts = np.bincount(column.codes[rows], minlength=column.n_unique)
    order = np.argsort(-counts, kind="stable")[: THRESHOLDS.shown_levels]
    return [str(column.levels[i])[:60] for i in order if counts[i]]
