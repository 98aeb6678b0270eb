"""What an audit looks at: the data as they lie in their files, which is more than what a training gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

InspectedKind = Literal["table", "image", "audio", "text"]


@dataclass(frozen=True, eq=False)
class Inspected:
    """The data of an audit.

    Args:
        kind: What they are.
        subject: What the checks of that kind look at, such as a `TableAudit`.
        digest: Hash of the content.
        source: What the user named: a file, a folder, or the experiment.
        typed: The words that name it on a command line; empty where none do.
        notices: What was found out or set while reading.
        trains: Whether the experiment can train on these rows, so that a remedy can be measured.
        preprocessed: Whether it trains through a preprocessing that scales by itself.
        why_not: Why it cannot, for a person.
    """

    kind: InspectedKind
    subject: Any
    digest: str
    source: str
    typed: str = ""
    notices: tuple[str, ...] = ()
    trains: bool = False
    preprocessed: bool = False
    why_not: str = ""
