"""MD366: which files were recorded too loud, so that their tops are flat?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.data.audio.runs import LEAST_FLAT, STEPS_BESIDE, TOP
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, nothing_heard, share, sound_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD366.

    Args:
        flat: Equal samples in a row that make a flat top.
        steps: Steps of the coding by which the samples beside it lie lower.
        top: Tops count from this share of the channel's highest value on.
        runs: Flat tops that a file must have,
        share: and share of its samples that lie in them.
        heavy_share: Share of samples from which a file counts as heavily clipped.
        problem_share: Share of files so heavily clipped from which it is a problem.
    """

    flat: int = LEAST_FLAT
    steps: float = STEPS_BESIDE
    top: float = TOP
    runs: int = 4
    share: float = 1e-4
    heavy_share: float = 0.01
    problem_share: float = 0.1


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD366",
    slug="clipping",
    title="Which files are clipped?",
    detects=(
        "Flat tops: at least {flat} equal samples in a row, within {top:.0%} of the highest value "
        "of their channel, with over {steps:g} steps of the coding down on both sides, at full "
        "scale or below it (turned down after clipping). A file with at least {runs} of them and "
        "{share:.2%} of its samples in them is told; a problem where {problem_share:.0%} of the "
        "files have over {heavy_share:.0%}. What was coded in Ogg or MP3 after clipping has no flat "
        "tops any more, and is not found."
    ),
    why="Cut tops add harmonics that were never in the sound; the loudest parts of a class look alike.",
    fix="Record again with head room; leave out or repair (declip) the worst; never clip test data alone.",
    source="mldiag; Eaton and Naylor (2013), EUSIPCO: detection of clipping, also after coding.",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for flat tops."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    found = sorted((f for f in heard if _is_clipped(f)), key=lambda f: -sound_of(f).clipping.share)
    if not found:
        return CHECK.finding(
            "passed", f"None of {len(heard):,} sounds is clipped", evidence={"n": len(heard)}
        )
    heavy = [f for f in found if sound_of(f).clipping.share >= THRESHOLDS.heavy_share]
    worst = sound_of(found[0]).clipping
    below = sum(sound_of(f).clipping.level < 0.99 for f in found)
    also = (
        f" {below} of them were turned down afterwards, so that no sample is at full scale."
        if below
        else ""
    )
    severe = share(heavy, heard) >= THRESHOLDS.problem_share
    return told(
        CHECK,
        "problem" if severe else "advice",
        "are clipped",
        found=found,
        looked_at=heard,
        explanation=f"{{names}}. In the worst {worst.share:.1%} of the samples lie in "
        f"{worst.runs:,} flat tops at "
        f"{worst.level:.2f} of full scale.{also}",
        fix="Get recordings with head room, or leave out the worst; lower the level before "
        "mixing, not after.",
        evidence={
            "heavy": len(heavy),
            "clipped_share": by_name([(f, sound_of(f).clipping.share) for f in found]),
        },
    )


def _is_clipped(facts: AudioFacts) -> bool:
    clipping = sound_of(facts).clipping
    return clipping.runs >= THRESHOLDS.runs and clipping.share >= THRESHOLDS.share
