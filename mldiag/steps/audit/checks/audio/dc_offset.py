"""MD367: which files do not swing around zero?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, nothing_heard, sound_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD367.

    Args:
        offset: Offset, of full scale, that is told in any file.
        least: Smaller ones are told from here on,
        of_sound: where they are this share of the level of the sound.
        least_seconds: In shorter files a deep tone cannot be told from an offset.
    """

    offset: float = 0.02
    least: float = 0.003
    of_sound: float = 0.1
    least_seconds: float = 0.25


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD367",
    slug="dc-offset",
    title="Which files do not swing around zero?",
    detects=(
        "The median of the means of frames of 20 ms, over the quieter half of the file, where an "
        "offset shows and a deep tone does not: from {offset:g} of full scale on, or from {least:g} "
        "on where it is {of_sound:.0%} of the level of the sound; files from {least_seconds:g} s on."
    ),
    why=(
        "It takes head room, makes a click at every cut, hides silence from level meters, and models on raw "
        "waveforms see it as a signal of the recorder."
    ),
    fix="Subtract the mean, or use a high-pass at 20 Hz.",
    source="mldiag; common practice in recording (a fault of the converter or the sound card).",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for offsets."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    found = sorted((f for f in heard if _is_offset(f)), key=lambda f: -abs(_offset(f)))
    if not found:
        return CHECK.finding(
            "passed", f"The {len(heard):,} sounds swing around zero", evidence={"n": len(heard)}
        )
    return told(
        CHECK,
        "advice",
        "do not swing around zero",
        found=found,
        looked_at=heard,
        explanation=f"{{names}}. The largest offset is {_offset(found[0]):+.3f} of full scale. "
        "Models of spectra hardly "
        "mind; models of raw waveforms, level meters and cuts do.",
        fix="Subtract the mean of each file: mldiag prepare audio IN OUT does it.",
        evidence={"offset": by_name([(f, _offset(f)) for f in found])},
    )


def _offset(facts: AudioFacts) -> float:
    return sound_of(facts).levels.dc_offset


def _is_offset(facts: AudioFacts) -> bool:
    size = abs(_offset(facts))
    sound = 10.0 ** (sound_of(facts).levels.loud_db / 20)
    long = facts.header is not None and facts.header.seconds >= THRESHOLDS.least_seconds
    against = size >= THRESHOLDS.least and size >= THRESHOLDS.of_sound * sound
    return long and (size >= THRESHOLDS.offset or against)
