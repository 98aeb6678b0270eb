"""MD364: do the files have the same channels, and does each of them carry sound?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, nothing_heard, share, sound_of, told
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD364.

    Args:
        opposite: Channels whose correlation is below this are in opposite phase.
        problem_share: Share of files in opposite phase from which it is a problem.
    """

    opposite: float = -0.9
    problem_share: float = 0.01


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD364",
    slug="channel-mix",
    title="Do the files have the same channels, all with sound?",
    detects=(
        "Numbers of channels that differ; a channel at least 40 dB below the others and below -75 "
        "dBFS; first two channels with a correlation below {opposite:g}, which cancel when they are "
        "averaged: a problem from {problem_share:.0%} of the files on."
    ),
    why=(
        "A batch needs one shape; averaging to mono halves a sound with a silent channel, and "
        "leaves nothing of one in opposite phase."
    ),
    fix="Make all mono when preparing: take the channel that carries sound, and turn the phase "
    "where it is opposite.",
    source="mldiag; correlation as a phase meter shows it.",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for other numbers of channels, silent ones and opposite phase."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    counts = Counter(_channels(f) for f in heard)
    main = counts.most_common(1)[0][0]
    opposite = [f for f in heard if _is_opposite(f)]
    silent = [f for f in heard if sound_of(f).channels.silent]
    other = [f for f in heard if _channels(f) != main and f not in opposite and f not in silent]
    same = sum(sound_of(f).channels.identical for f in heard)
    found = [*opposite, *silent, *other]
    if not found:
        also = f"; {same:,} hold the same in each" if same else ""
        return CHECK.finding(
            "passed",
            f"All {len(heard):,} sounds have {plural(main, 'channel')}{also}",
            evidence={"n": len(heard), "channels": dict(counts), "identical": same},
        )
    parts = [
        f"{len(group):,} {words}"
        for group, words in (
            (opposite, "in opposite phase, of which an average to mono leaves nothing"),
            (silent, "with a silent channel"),
            (other, f"with another number of channels than {main}"),
        )
        if group
    ]
    severe = share(opposite, heard) >= THRESHOLDS.problem_share
    what = (
        "have channels in opposite phase"
        if opposite and not (silent or other)
        else "have a silent channel"
        if silent and not (opposite or other)
        else f"have another number of channels than {main}"
        if other and not (opposite or silent)
        else "have channels unlike the others"
    )
    twice = f" {same:,} hold the same in each channel." if same else ""
    return told(
        CHECK,
        "problem" if severe else "advice",
        what,
        found=found,
        looked_at=heard,
        explanation=f"Of these, {', '.join(parts)}: {{names}}.{twice}",
        fix="Make all mono, each in its own way: mldiag prepare audio IN OUT --mono",
        evidence={
            "channels": dict(counts),
            "opposite": len(opposite),
            "silent": len(silent),
            "identical": same,
            "what": by_name([(f, _what(f)) for f in found]),
        },
    )


def _channels(facts: AudioFacts) -> int:
    return facts.header.channels if facts.header is not None else 0


def _is_opposite(facts: AudioFacts) -> bool:
    correlation = sound_of(facts).channels.correlation
    return correlation is not None and correlation < THRESHOLDS.opposite


def _what(facts: AudioFacts) -> str:
    channels = sound_of(facts).channels
    if _is_opposite(facts):
        return f"correlation {channels.correlation:.2f}"
    if channels.silent:
        return f"channel {', '.join(str(c + 1) for c in channels.silent)} is silent"
    return plural(_channels(facts), "channel")
