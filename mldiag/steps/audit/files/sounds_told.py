"""What the checks of sounds share: which files stand out, and how a finding tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from mldiag.data.audio.facts import AudioFacts, Sound
from mldiag.findings import Action, ActionKind, Check, Finding, Outcome
from mldiag.steps.audit.files.media_told import counted, named_files
from mldiag.wording import listed

MOST_VALUES = 1000
"""So many values are told beside the names of the files."""


def sound_of(facts: AudioFacts) -> Sound:
    """The sound of a file that carries some.

    Raises:
        ValueError: It does not; such files are not among `AudioAudit.heard`.
    """
    if facts.sound is None:
        raise ValueError(f"{facts.file.name} holds no sound")
    return facts.sound


def names_of(found: Sequence[AudioFacts], most: int = 3) -> str:
    """Names for a sentence, without their folders: in full they are in the evidence."""
    return listed([PurePosixPath(facts.file.name).name for facts in found], most)


def share(found: Sequence[AudioFacts], looked_at: Sequence[AudioFacts]) -> float:
    """Share of the files that were looked at."""
    return len(found) / max(1, len(looked_at))


def nothing_heard(check: Check) -> Finding:
    """The answer where no file carries sound."""
    return check.finding(
        "not_applicable",
        "No file carries any sound, so that there is nothing to look at",
        explanation="See what unreadable-audio and empty-audio say.",
        evidence={"n": 0},
    )


def told(
    check: Check,
    outcome: Outcome,
    what: str,
    *,
    found: Sequence[AudioFacts],
    looked_at: Sequence[AudioFacts],
    explanation: str,
    fix: str,
    kind: ActionKind = "clean_data",
    evidence: dict[str, Any] | None = None,
) -> Finding:
    """A finding about some of the files.

    Args:
        check: The check.
        outcome: `problem` or `advice`.
        what: The rest of the title after `3 of 240 sounds`.
        found: The files, the worst first.
        looked_at: All that were looked at.
        explanation: Why it matters here; `{names}` is replaced by the first names.
        fix: What to do.
        kind: Kind of the action.
        evidence: Numbers beside the names.
    """
    return check.finding(
        outcome,
        f"{counted(found, looked_at, 'sound')} {agreeing(what, len(found))}",
        explanation=explanation.replace("{names}", names_of(found)),
        evidence={**named_files(found, looked_at), **(evidence or {})},
        action=Action(kind, fix),
    )


_SINGULAR = {
    "are": "is", "have": "has", "hold": "holds", "do": "does", "were": "was", "hum": "hums",
}  # fmt: skip


def agreeing(what: str, count: int) -> str:
    """A phrase of several, said of one where there is one.

    Example:
        >>> agreeing("are noisy or hum", 1), agreeing("are clipped", 2)
        ('is noisy or hums', 'are clipped')
    """
    if count != 1:
        return what
    return " ".join(_SINGULAR.get(word, word) for word in what.split(" "))


def by_name(values: Sequence[tuple[AudioFacts, Any]]) -> dict[str, Any]:
    """Values beside the names of their files, for the evidence."""
    return {facts.file.name: value for facts, value in values[:MOST_VALUES]}


def decibel(value: float) -> str:
    """A level as people write it.

    Example:
        >>> decibel(-20.04), decibel(3.0)
        ('-20 dB', '3 dB')
    """
    return f"{value:.0f} dB".replace("-0 dB", "0 dB")
