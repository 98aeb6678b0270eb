"""MD363: which files were once sampled at a lower rate?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.data.audio.spectra import CLIFF, HIGHEST_CUTOFF, LEAST_DROP_DB
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, nothing_heard, share, sound_of, told

LOSSY = frozenset({"OGG", "MP3"})


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD363.

    Args:
        highest: A cliff counts below this share of the Nyquist frequency.
        lossy: The same for Ogg and MP3, whose coders cut off on purpose.
        drop_db: How deep the spectrum falls there at least.
        width: Within this share of its frequency.
    """

    highest: float = HIGHEST_CUTOFF
    lossy: float = 0.55
    drop_db: float = LEAST_DROP_DB
    width: float = CLIFF[1] - CLIFF[0]


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD363",
    slug="upsampled-audio",
    title="Which files hold less than their rate promises?",
    detects=(
        "A cliff in the mean spectrum, at least {drop_db:g} dB deep within {width:.0%} of its "
        "frequency and with a flat floor beyond, below {highest:.0%} of half the rate ({lossy:.0%} "
        "for Ogg and MP3): what was sampled at a lower rate, or strongly compressed, ends there however high "
        "the rate is now."
    ),
    why=(
        "The upper part of every spectrogram is empty: it costs time, and where only some files are "
        "so it tells their source instead of their content."
    ),
    fix="Bring all to the lowest true rate, or get the originals.",
    source="mldiag; low-pass of coders as in Hennequin et al. (2017), ICASSP (codec detection).",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for cliffs in the spectra."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    found = sorted((f for f in heard if _ends_early(f)), key=lambda f: sound_of(f).cutoff or 0.0)
    if not found:
        return CHECK.finding(
            "passed",
            f"The {len(heard):,} sounds reach as far as their rate lets them",
            evidence={"n": len(heard)},
        )
    cutoffs = [(f, sound_of(f).cutoff or 0.0) for f in found]
    lowest, highest = cutoffs[0][1] / 1000, cutoffs[-1][1] / 1000
    where = f"{lowest:.1f} kHz" if highest - lowest < 0.15 else f"{lowest:.1f} to {highest:.1f} kHz"
    everywhere = share(found, heard) > 0.9
    reason = (
        "All could be kept at a lower rate without a loss"
        if everywhere
        else "Beside the others they show where a file comes from, not what it holds"
    )
    return told(
        CHECK,
        "advice",
        f"hold nothing above {where}",
        found=found,
        looked_at=heard,
        explanation=f"They were sampled at a lower rate once, or strongly compressed: {{names}}. {reason}.",
        fix=f"Bring all to one true rate: mldiag prepare audio IN OUT --rate {_rate(cutoffs)}",
        evidence={"cutoff_hz": by_name(cutoffs)},
    )


def _ends_early(facts: AudioFacts) -> bool:
    end = sound_of(facts).cutoff
    if end is None or facts.header is None:
        return False
    limit = THRESHOLDS.lossy if facts.header.format in LOSSY else THRESHOLDS.highest
    return end <= limit * facts.header.rate / 2


def _rate(cutoffs: list[tuple[AudioFacts, float]]) -> int:
    """The lowest usual rate that keeps the content of the middle file."""
    middle = sorted(end for _, end in cutoffs)[len(cutoffs) // 2]
    usual = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
    return next((rate for rate in usual if rate / 2 >= 0.95 * middle), usual[-1])
