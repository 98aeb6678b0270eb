"""What mending a finding would be, as changes to the data of a trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Finding
from mldiag.trial_spec import Intervention, TrialSpec

MOST_ROWS = 20_000
"""A trial names the rows that it leaves out one by one; with more than this, nothing is measured."""


@dataclass(frozen=True)
class Remedy:
    """A finding's remedy as two kinds of trials that differ in nothing else.

    Args:
        slug: The finding.
        words: What is done, for a person.
        before: Changes without the remedy: rows whose label is doubted do not score in either kind.
        after: Changes with it.
        flattered: Whether the score without the remedy is too good, so that the difference is no gain.
    """

    slug: str
    words: str
    before: tuple[Intervention, ...]
    after: tuple[Intervention, ...]
    flattered: bool = False


def remedies_of(findings: Sequence[Finding], *, preprocessed: bool = False) -> tuple[Remedy, ...]:
    """The remedies that trials can measure, in the order of the findings.

    Args:
        findings: The findings of the audit.
        preprocessed: Whether the trials scale by themselves, so that scaling cannot be tried.

    Example:
        >>> finding = Finding("MD331", "unscaled-features", "advice", "")
        >>> [remedy.words for remedy in remedies_of([finding])]
        ['every feature scaled']
    """
    known = [slug for slug in _MAKERS if not (preprocessed and slug == "unscaled-features")]
    told = (f for f in findings if f.outcome in ("problem", "advice") and f.slug in known)
    made = (_MAKERS[finding.slug](finding) for finding in told)
    return tuple(remedy for remedy in made if remedy is not None)


def remedy_grid(
    experiment: Experiment, remedy: Remedy, repeats: int
) -> tuple[list[TrialSpec], list[TrialSpec]]:
    """The trials without and with a remedy, one a repeat."""
    before = [experiment.spec(repeat=r, interventions=remedy.before) for r in range(repeats)]
    after = [experiment.spec(repeat=r, interventions=remedy.after) for r in range(repeats)]
    return before, after


def named_rows(finding: Finding) -> tuple[int, ...]:
    """Training rows that a finding names, ascending."""
    rows = finding.evidence.get("rows") or {}
    return tuple(sorted({int(row) for row in rows.get("train", ())}))


def _without_rows(
    finding: Finding, part: str, rows: Sequence[int] | None = None
) -> Intervention | None:
    named = named_rows(finding) if rows is None else tuple(rows)
    if not named or len(named) > MOST_ROWS or finding.evidence.get("rows_left_off"):
        return None
    return Intervention("drop_rows", (("part", part), ("rows", named)))


def _without_doubted_labels(finding: Finding) -> Remedy | None:
    scoring, all_of_them = _without_rows(finding, "valid"), _without_rows(finding, "all")
    if scoring is None or all_of_them is None:
        return None
    return Remedy(finding.slug, "the doubted rows left out", (scoring,), (all_of_them,))


def _without_copies(finding: Finding) -> Remedy | None:
    copies = finding.evidence.get("copies")
    dropped = _without_rows(finding, "all", copies)
    if dropped is None:
        return None
    return Remedy(finding.slug, "the copies left out", (), (dropped,), flattered=True)


def _without_odd_rows(finding: Finding) -> Remedy | None:
    dropped = _without_rows(finding, "train")
    return None if dropped is None else Remedy(finding.slug, "these rows left out", (), (dropped,))


def _without_columns(*, flattered: bool) -> Callable[[Finding], Remedy | None]:
    def made(finding: Finding) -> Remedy | None:
        columns = tuple(finding.evidence.get("columns") or ())
        if not columns:
            return None
        dropped = Intervention("drop_columns", (("columns", columns),))
        words = "the column left out" if len(columns) == 1 else "these columns left out"
        return Remedy(finding.slug, words, (), (dropped,), flattered=flattered)

    return made


def _scaled(finding: Finding) -> Remedy | None:
    scale = Intervention("scale", (("method", "standard"),))
    return Remedy(finding.slug, "every feature scaled", (), (scale,))


def _edited(words: str) -> Callable[[Finding], Remedy | None]:
    """Cells put right: `edits` of the evidence name a column, rows, and a factor or a value to fill in."""

    def made(finding: Finding) -> Remedy | None:
        edits = finding.evidence.get("edits") or ()
        total = sum(len(edit["rows"]) for edit in edits)
        if not total or total > MOST_ROWS:
            return None
        changes = tuple(
            Intervention(
                "edit_cells",
                (
                    ("column", edit["column"]),
                    ("factor", edit.get("factor")),
                    ("fill", edit.get("fill")),
                    ("rows", tuple(int(row) for row in np.sort(edit["rows"]))),
                ),
            )
            for edit in edits
        )
        return Remedy(finding.slug, words, (), changes)

    return made


_MAKERS: dict[str, Callable[[Finding], Remedy | None]] = {
    "label-errors": _without_doubted_labels,
    "conflicting-labels": _without_doubted_labels,
    "duplicate-rows": _without_copies,
    "target-leakage": _without_columns(flattered=True),
    "missingness-predicts-target": _without_columns(flattered=True),
    "order-predicts-target": _without_columns(flattered=True),
    "id-like-column": _without_columns(flattered=False),
    "unscaled-features": _scaled,
    "outliers": _without_odd_rows,
    "unit-mix-up": _edited("the units made alike"),
    "numeric-sentinel": _edited("the median put in place of the codes"),
}
