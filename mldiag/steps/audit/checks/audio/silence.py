"""MD365: how much of the files is silence, and is sound missing inside?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.data.audio.levels import BELOW_LOUD_DB
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, names_of, nothing_heard, sound_of, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD365.

    Args:
        below_db: Frames so far below the file's own sound, or near its steady noise, are silent.
        edge_seconds: Silence before or after the sound is told from this length on,
        edge_share: and from this share of the file on.
        inner_seconds: The same for a pause within.
        inner_share: The same for a pause within.
    """

    below_db: float = BELOW_LOUD_DB
    edge_seconds: float = 0.5
    edge_share: float = 0.25
    inner_seconds: float = 1.0
    inner_share: float = 0.25


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD365",
    slug="silence",
    title="How much of the files is silence?",
    detects=(
        "Frames of 20 ms that are {below_db:g} dB below the file's own sound (or within 6 dB of its "
        "steady noise) are silent. Told: silence before or after the sound of at least "
        "{edge_seconds:g} s and {edge_share:.0%} of the file, a pause of at least {inner_seconds:g} "
        "s and {inner_share:.0%}, and holes: 3 ms to 1.5 s of one constant value with sound right "
        "up to both edges (dropouts of a recorder or a stream)."
    ),
    why=(
        "Silence costs training time and fills batches with padding; its length can tell the label; "
        "a hole is a click in every spectrogram."
    ),
    fix="Trim the edges and keep a margin; record dropouts anew.",
    source="mldiag; relative threshold as in common trimming tools, with the file's own noise.",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for silence at the edges, long pauses and holes."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    holes = sorted(
        (f for f in heard if sound_of(f).silence.dropouts),
        key=lambda f: -sound_of(f).silence.dropouts,
    )
    edges = sorted((f for f in heard if _edge(f)), key=lambda f: -_edges(f))
    inner = [f for f in heard if _inner(f)]
    found = list(dict.fromkeys([*holes, *edges, *inner]))
    seconds = sum(f.header.seconds for f in heard if f.header is not None)
    at_edges = sum(sound_of(f).silence.leading + sound_of(f).silence.trailing for f in heard)
    facts = {
        "edge_share_of_all": at_edges / max(seconds, 1e-9),
        "holes": len(holes),
        "edges": len(edges),
        "pauses": len(inner),
    }
    if not found:
        return CHECK.finding(
            "passed",
            f"The {len(heard):,} sounds begin and end in time ({facts['edge_share_of_all']:.0%} "
            "silent edges)",
            evidence={"n": len(heard), **facts},
        )
    parts = []
    if holes:
        parts.append(f"{len(holes):,} with holes in the sound ({names_of(holes, 2)})")
    if edges:
        parts.append(f"{len(edges):,} with long silence before or after it ({names_of(edges, 2)})")
    if inner:
        parts.append(f"{len(inner):,} with a long pause inside ({names_of(inner, 2)})")
    whole = f" In all, {facts['edge_share_of_all']:.0%} of the time is silent edges."
    return told(
        CHECK,
        "advice",
        "have holes in the sound"
        if holes and not (edges or inner)
        else "hold much silence"
        if not holes
        else "hold much silence or holes",
        found=found,
        looked_at=heard,
        explanation=f"Of these, {'; '.join(parts)}.{whole}",
        fix="Trim what is silent at the edges: mldiag prepare audio IN OUT --trim"
        if edges or inner
        else "Record them again, or leave out what has holes.",
        evidence={**facts, "what": by_name([(f, _what(f)) for f in found])},
    )


def _edges(facts: AudioFacts) -> float:
    return sound_of(facts).silence.leading + sound_of(facts).silence.trailing


def _edge(facts: AudioFacts) -> bool:
    silence, seconds = sound_of(facts).silence, facts.header.seconds if facts.header else 0.0
    longest = max(silence.leading, silence.trailing)
    return longest >= THRESHOLDS.edge_seconds and longest >= THRESHOLDS.edge_share * seconds


def _inner(facts: AudioFacts) -> bool:
    silence, seconds = sound_of(facts).silence, facts.header.seconds if facts.header else 0.0
    longest = silence.longest_inner
    return longest >= THRESHOLDS.inner_seconds and longest >= THRESHOLDS.inner_share * seconds


def _what(facts: AudioFacts) -> str:
    silence = sound_of(facts).silence
    if silence.dropouts:
        start, length = silence.dropout_places[0]
        return f"{silence.dropouts} holes, the first at {start:.3f} s of {1000 * length:.0f} ms"
    if _edge(facts):
        return f"{silence.leading:.2f} s before, {silence.trailing:.2f} s after"
    return f"{silence.longest_inner:.2f} s at {silence.inner_start:.2f} s"
