"""MD307: is one value spelled in several ways?"""

from __future__ import annotations

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows, stands
from mldiag.steps.audit.tables.variants import LIMITS, merges_of
from mldiag.wording import listed

CHECK = Check(
    code="MD307",
    slug="category-variants",
    title="Is one value spelled in several ways?",
    detects=(
        "Words that are equal but for case, blanks, accents or punctuation; and rare words (at most "
        "{rare_share:.0%} of the rows of the other) that are one letter away from a frequent one of at "
        "least {typo_length} letters. A problem from {problem_share:.0%} of the rows on."
    ),
    why="A model takes them for different categories, and rare spellings are never learned.",
    fix="Bring them to one spelling when the file is read.",
    source="deepchecks 0.19, string mismatch.",
    thresholds=LIMITS,
)


def judge(subject: TableAudit) -> Finding:
    """Look for variants in the categories of both tables."""
    merges: dict[str, dict[str, str]] = {}
    rows: dict[str, set[int]] = {"train": set(), "test": set()}
    for name in subject.features:
        sides = [(side, table[name]) for side, table in subject.sides if name in table.columns]
        if sides[0][1].kind != "category":
            continue
        counts: dict[str, int] = {}
        for _, column in sides:
            for level, count in zip(column.levels, column.counts, strict=True):
                counts[str(level)] = counts.get(str(level), 0) + int(count)
        merge = merges_of(counts)
        if merge:
            merges[name] = merge
            for side, column in sides:
                rows[side] |= {int(i) for i in column.raw.isin(list(merge)).to_numpy().nonzero()[0]}
    n, total = len(subject.train), sum(map(len, rows.values()))
    if not merges:
        return CHECK.finding("passed", "Every category is spelled in one way", evidence={"n": n})
    examples = [
        f"{old!r} for {new!r}" for merge in merges.values() for old, new in list(merge.items())[:2]
    ]
    severe = len(rows["train"]) >= LIMITS.problem_share * n
    named = list(merges)
    return CHECK.finding(
        "problem" if severe else "advice",
        f"{stands(named, 'spells', 'spell')} a value in several ways ({total:,} rows: "
        f"{listed(examples, 2)})",
        explanation=f"{listed(named, 8)}. To a model these are different categories.",
        evidence={
            "n": n,
            "columns": named,
            "merge": merges,
            **named_rows(**{k: sorted(v) for k, v in rows.items()}),
        },
        action=Action("clean_data", f"Bring the spellings in {listed(named)} to one."),
    )
