"""MD361: which files hold no sound, or numbers that are none?"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.data.audio.levels import SILENT_DB
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, share, told
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD361.

    Args:
        silent_db: A file without a frame above this level, in dBFS, is silent.
        problem_share: From this share on silent files are a problem, below it advice.
        own_label_share: A label of which this share is silent means silence: its files belong there.
    """

    silent_db: float = SILENT_DB
    problem_share: float = 0.01
    own_label_share: float = 0.8


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD361",
    slug="empty-audio",
    title="Which files hold no sound?",
    detects=(
        "Files without a sample, with a NaN or an infinite sample (both a problem), or without a "
        "frame of 20 ms above {silent_db:g} dBFS (a problem from {problem_share:.0%} of the files "
        "on). Silent files whose label has {own_label_share:.0%} silent files are meant to be "
        "silent."
    ),
    why=(
        "One NaN makes every weight NaN; a silent file carries a label without a reason, and its "
        "features are the logarithm of nothing."
    ),
    fix="Leave them out, or record them again; look at what wrote them.",
    source="mldiag; levels as in AES17 (dBFS).",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for files with nothing in them, or NaN."""
    files = [f for f in subject.all if f.header is not None]
    none = [f for f in files if f.sound is None]
    nan = [f for f in files if f.sound is not None and f.sound.not_finite]
    silent = [f for f in _unexpected(files) if f not in nan]
    found = [*nan, *none, *silent]
    meant = sum(f.sound is not None and f.sound.silent for f in files) - len(silent)
    if not found:
        also = f"; {meant} are meant to be silent by their label" if meant > 0 else ""
        return CHECK.finding(
            "passed", f"All {len(files):,} sounds can be heard{also}", evidence={"n": len(files)}
        )
    parts = [
        f"{plural(len(group), 'file')} {words}"
        for group, words in (
            (nan, "with NaN or infinite samples"),
            (none, "without a sample"),
            (silent, "with nothing but silence"),
        )
        if group
    ]
    severe = bool(nan or none) or share(silent, files) >= THRESHOLDS.problem_share
    return told(
        CHECK,
        "problem" if severe else "advice",
        "hold no usable sound",
        found=found,
        looked_at=files,
        explanation=f"{', '.join(parts)}: {{names}}.",
        fix="Leave them out, or get them again.",
        evidence={
            "not_finite": len(nan),
            "without_samples": len(none),
            "silent": len(silent),
            "reasons": by_name([(f, _reason(f)) for f in found]),
        },
    )


def _unexpected(files: list[AudioFacts]) -> list[AudioFacts]:
    """Silent files, less those of a label that means silence."""
    of_label: dict[str | None, list[bool]] = defaultdict(list)
    for f in files:
        of_label[f.file.label].append(f.sound is not None and f.sound.silent)
    meant = {
        label
        for label, silent in of_label.items()
        if label is not None and sum(silent) >= THRESHOLDS.own_label_share * len(silent)
    }
    return [
        f for f in files if f.sound is not None and f.sound.silent and f.file.label not in meant
    ]


def _reason(facts: AudioFacts) -> str:
    if facts.sound is None:
        return "no sample"
    if facts.sound.not_finite:
        where = facts.sound.first_not_finite
        return f"{facts.sound.not_finite} NaN or infinite, the first at {where:.2f} s"
    return f"loudest sample {facts.sound.levels.peak:.1e}"
