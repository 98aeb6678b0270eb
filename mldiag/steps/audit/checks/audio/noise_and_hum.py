"""MD369: which files are noisy, or hum?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.data.audio.hum import PROMINENCE_DB
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import (
    by_name,
    decibel,
    names_of,
    nothing_heard,
    sound_of,
    told,
)


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD369.

    Args:
        noise_db: A steady noise is told where the sound is less than this above it.
        hum_db: Hum is told where it is less than this below the sound.
        prominence_db: How far its peaks stand out of their neighbourhood.
    """

    noise_db: float = 18.0
    hum_db: float = 45.0
    prominence_db: float = PROMINENCE_DB


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD369",
    slug="noise-and-hum",
    title="Which files are noisy, or hum?",
    detects=(
        "Noise: the quietest tenth of the frames is smooth in frequency, varies as a noise does, "
        "and the sound is less than {noise_db:g} dB above it; without such frames nothing is "
        "claimed. Hum: peaks at 50 or 60 Hz and their multiples that stand {prominence_db:g} dB out "
        "of their neighbourhood in three quarters of the file's windows of 2 s, two of them at "
        "least, less than {hum_db:g} dB below the sound."
    ),
    why=(
        "A model learns the room and the mains of a recording; what is noisy in the test set only is not "
        "recognised."
    ),
    fix="Train on noise of the same kind as in use (mixed in at a stated SNR); high-pass or notch the hum.",
    source="mldiag; spectral flatness: Gray and Markel (1974), IEEE ASSP 22.",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for steady noise near the sound, and for hum."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    noisy = sorted((f for f in heard if _snr(f) < THRESHOLDS.noise_db), key=_snr)
    humming = sorted((f for f in heard if _hum(f) > -THRESHOLDS.hum_db), key=lambda f: -_hum(f))
    found = list(dict.fromkeys([*noisy, *humming]))
    facts = {"noisy": len(noisy), "humming": len(humming)}
    if not found:
        measured = sum(sound_of(f).levels.snr_db is not None for f in heard)
        return CHECK.finding(
            "passed",
            f"None of {len(heard):,} sounds is noisy or hums",
            explanation=f"{measured:,} have a steady noise that could be measured, far below the sound.",
            evidence={"n": len(heard), **facts},
        )
    parts = []
    if noisy:
        parts.append(
            f"{len(noisy):,} with less than {THRESHOLDS.noise_db:g} dB of sound over a steady noise, "
            f"{decibel(_snr(noisy[0]))} in the worst ({names_of(noisy, 2)})"
        )
    if humming:
        parts.append(
            f"{len(humming):,} with mains hum, {decibel(_hum(humming[0]))} against the sound in the worst "
            f"({names_of(humming, 2)})"
        )
    what = "are noisy or hum" if noisy and humming else "are noisy" if noisy else "hum"
    return told(
        CHECK,
        "advice",
        what,
        found=found,
        looked_at=heard,
        explanation=f"Of these, {'; '.join(parts)}.",
        fix="Look whether noise goes with a label or a side of the split; train with such noise mixed in: "
        "mldiag prepare audio IN OUT --noise FOLDER --snr 10"
        if noisy
        else "High-pass or notch at the mains' frequency, if it is not in use as well.",
        kind="augment_data" if noisy else "clean_data",
        evidence={**facts, "what": by_name([(f, _what(f)) for f in found])},
    )


def _snr(facts: AudioFacts) -> float:
    snr = sound_of(facts).levels.snr_db
    return snr if snr is not None else 120.0


def _hum(facts: AudioFacts) -> float:
    hum = sound_of(facts).hum
    return hum.level_db if hum is not None else -120.0


def _what(facts: AudioFacts) -> str:
    words = []
    if _snr(facts) < THRESHOLDS.noise_db:
        words.append(f"SNR {decibel(_snr(facts))}")
    hum = sound_of(facts).hum
    if hum is not None and hum.level_db > -THRESHOLDS.hum_db:
        at = ", ".join(str(place) for place in hum.harmonics)
        words.append(f"hum at {at} Hz, {decibel(hum.level_db)}")
    return "; ".join(words)
