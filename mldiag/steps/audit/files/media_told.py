"""How findings of an audit name files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from mldiag.data.media import MediaFile, Split
from mldiag.wording import listed, plural

MOST_FILES = 100_000
"""A finding names at most so many files; then it says how many it leaves off."""


class HasFile(Protocol):
    """Facts of a file."""

    @property
    def file(self) -> MediaFile:
        """The file."""


def named_files(found: Iterable[HasFile], looked_at: Sequence[HasFile]) -> dict[str, Any]:
    """Evidence that names files, in the order given, the worst first where there is an order.

    Returns:
        `n`, the files looked at; `share` of them; `files`, names in the order given; `files_by_split`.
    """
    files = [facts.file for facts in found]
    shown = files[:MOST_FILES]
    evidence: dict[str, Any] = {
        "n": len(looked_at),
        "share": len(files) / max(1, len(looked_at)),
        "files": [file.name for file in shown],
        "files_by_split": {
            split: [file.name for file in shown if file.split == split]
            for split in ("train", "test")
            if any(file.split == split for file in shown)
        },
    }
    return evidence | (
        {"files_left_off": len(files) - MOST_FILES} if len(files) > MOST_FILES else {}
    )


def share_of(found: Sequence[HasFile], looked_at: Sequence[HasFile], split: Split) -> float:
    """Share of the files of one side that was found; 0 where there are none."""
    whole = sum(facts.file.split == split for facts in looked_at)
    return sum(facts.file.split == split for facts in found) / whole if whole else 0.0


def names_of(found: Sequence[HasFile], most: int = 3) -> str:
    """Their names for a sentence."""
    return listed([facts.file.name for facts in found], most)


def counted(found: Sequence[HasFile], looked_at: Sequence[HasFile], noun: str) -> str:
    """`3 of 240 images`."""
    return f"{len(found):,} of {plural(len(looked_at), noun)}"
