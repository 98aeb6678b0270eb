"""MD368: are the files equally loud?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, sound_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD368.

    Args:
        distance: Loudness units from the median that are told,
        deviations: and so many robust standard deviations.
        spread: Loudness units between the 5th and 95th percentile that are told of the whole set.
        least_files: With fewer files nothing is known of what is usual.
    """

    distance: float = 9.0
    deviations: float = 3.5
    spread: float = 20.0
    least_files: int = 10


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD368",
    slug="loudness-spread",
    title="Are the files equally loud?",
    detects=(
        "Integrated loudness (ITU-R BS.1770-4) of each file: those over {distance:g} LU and over "
        "{deviations:g} robust standard deviations from the median of the training files, and a "
        "spread of over {spread:g} LU between the 5th and the 95th percentile. At least "
        "{least_files} files."
    ),
    why=(
        "The distance to a microphone is rarely what is to be learned; without normalisation the loud files "
        "dominate the loss, and the quiet ones look like silence."
    ),
    fix="Normalise the loudness of each file (keep the gain, where the level carries meaning).",
    source="ITU-R BS.1770-4; EBU R 128.",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for files far louder or quieter than usual."""
    known = [f for f in subject.heard if sound_of(f).levels.loudness is not None]
    reference = np.array([_loudness(f) for f in known if f.file.split == "train"])
    if len(reference) < THRESHOLDS.least_files:
        return CHECK.finding(
            "inconclusive",
            f"Too few sounds to say which loudness is usual: {len(reference)}",
            explanation=f"It takes {THRESHOLDS.least_files} training files with sound.",
            evidence={"n": len(known)},
        )
    median = float(np.median(reference))
    deviation = 1.4826 * float(np.median(np.abs(reference - median)))
    low, high = np.quantile(reference, [0.05, 0.95])
    spread = float(high - low)
    limit = max(THRESHOLDS.distance, THRESHOLDS.deviations * deviation)
    facts = {
        "median_lufs": median,
        "deviation_lu": deviation,
        "spread_lu": spread,
        "limit_lu": limit,
    }
    found = [f for f in known if abs(_loudness(f) - median) > limit]
    wide = spread > THRESHOLDS.spread
    if wide and not found:
        found = [f for f in known if abs(_loudness(f) - median) > THRESHOLDS.distance]
    if not found:
        return CHECK.finding(
            "passed",
            f"The {len(known):,} sounds are about equally loud ({median:.0f} LUFS, spread {spread:.0f} LU)",
            evidence={"n": len(known), **facts},
        )
    found.sort(key=lambda f: -abs(_loudness(f) - median))
    quiet = sum(_loudness(f) < median for f in found)
    return told(
        CHECK,
        "advice",
        f"are over {min(limit, THRESHOLDS.distance if wide else limit):.0f} LU louder or quieter than usual",
        found=found,
        looked_at=known,
        explanation=f"Usual is {median:.0f} LUFS, nine in ten lie within {spread:.0f} LU. {quiet} "
        "are quieter, "
        f"{len(found) - quiet} louder: {{names}} ({_loudness(found[0]):.0f} LUFS the farthest).",
        fix="Normalise the loudness: mldiag prepare audio IN OUT --loudness -23",
        evidence={**facts, "loudness": by_name([(f, _loudness(f)) for f in found])},
    )


def _loudness(facts: AudioFacts) -> float:
    loudness = sound_of(facts).levels.loudness
    return loudness if loudness is not None else -120.0
