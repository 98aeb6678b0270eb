"""MD703: does something have to be mended before any other number can be trusted?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.findings import Check, Finding

CHECK = Check(
    code="MD703",
    slug="fix-this-first",
    title="Does something have to be mended before any other number can be trusted?",
    detects=(
        "A problem of the audit or of the bug checks whose remedy is to mend a bug, a leak, a split or "
        "labels. The steps that train are then not asked. What may as well be a setting that is far off (a "
        "score that does not beat a dummy, few rows that cannot be fitted) does not end the check-up."
    ),
    why="Behind a leak every score is too good, and the best remedy is the one that leaks most.",
    fix="Mend it, and ask again: what was trained already is reused where it still holds.",
    source="Kapoor and Narayanan (2023), Patterns 4: leakage and the reproducibility crisis.",
)


def judge(cause: Finding | None, left_out: Sequence[str]) -> Finding | None:
    """What was not asked because of it; None where nothing stands in the way."""
    if cause is None or not left_out:
        return None
    return CHECK.finding(
        "skipped",
        f"Not asked before that is mended: {', '.join(left_out)}",
        explanation=f"{cause.code} {cause.slug}: no other number can be trusted.",
        evidence={"left_out": tuple(left_out)},
        caused_by=cause.code,
    )
