"""MD383: which files hold nothing?"""

from __future__ import annotations

from mldiag.data.media_facts import MediaAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.files.media_told import counted, named_files, names_of

CHECK = Check(
    code="MD383",
    slug="empty-files",
    title="Which files hold nothing?",
    detects="Files of 0 bytes; any is a problem.",
    why="A loader stops at them, or reads nothing where a label says that something is there.",
    fix="Get the files again, or leave them out.",
    source="A plain count; of ten audit tools compared in November 2026 none looks.",
)


def judge(subject: MediaAudit) -> Finding:
    """Look for files of no bytes."""
    files = [*subject.train, *subject.test]
    empty = [facts for facts in files if facts.file.bytes == 0]
    if not empty:
        return CHECK.finding(
            "passed", f"None of {len(files):,} files is empty", evidence={"n": len(files)}
        )
    return CHECK.finding(
        "problem",
        f"{counted(empty, files, 'file')} {'are' if len(empty) > 1 else 'is'} empty",
        explanation=f"{names_of(empty)}: 0 bytes.",
        evidence=named_files(empty, files),
        action=Action("clean_data", "Get the empty files again, or leave them out."),
        caused_by="MD350"
        if subject.kind == "image"
        else None,  # where they are named as unreadable
    )
