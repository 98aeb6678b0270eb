"""MD360: which files cannot be decoded, or hold less than they announce?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, names_of, told
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD360.

    Args:
        missing_share: Share of the announced sound that may be missing: padding, not a loss.
    """

    missing_share: float = 0.0005


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD360",
    slug="unreadable-audio",
    title="Which files cannot be decoded, or were cut off?",
    detects=(
        "Every file is decoded to its end, and the length that its header announces (WAV, RF64, "
        "AIFF, AU, FLAC, MP3 with a table) is compared with what is there; a last page of Ogg that "
        "is not whole. A file that cannot be decoded, or lacks over {missing_share:.2%} of its "
        "sound, is a problem; a header that contradicts itself or the file's name is advice."
    ),
    why=(
        "Decoders return what there is of a cut-off file without a word: the model learns half a "
        "sentence under the label of the whole. A file that cannot be decoded ends the training in "
        "the middle."
    ),
    fix="Copy or download the files again; leave out what stays broken.",
    source="libsndfile reads truncated WAV files silently; WAVE specification (IBM and Microsoft 1991).",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for files that are broken, cut off or contradict themselves."""
    files = subject.all
    broken = [f for f in files if f.problem is not None]
    cut = [f for f in files if f.header is not None and f.header.truncated]
    doubted = [f for f in files if f.header is not None and f.header.doubts and f not in cut]
    if not broken and not cut and not doubted:
        return CHECK.finding(
            "passed", f"All {len(files):,} sounds are whole", evidence={"n": len(files)}
        )
    cut.sort(key=lambda f: -_missing(f))
    found = [*broken, *cut] or doubted
    evidence = {
        "problems": by_name([(f, _reason(f)) for f in [*broken, *cut, *doubted]]),
        "undecodable": len(broken),
        "truncated": len(cut),
        "doubtful": len(doubted),
    }
    if not broken and not cut:
        return told(
            CHECK,
            "advice",
            "have a header that does not fit",
            found=found,
            looked_at=files,
            explanation=f"{doubted[0].file.name}: {_reason(doubted[0])}. A decoder may read them "
            "at a wrong speed.",
            fix="Look at what wrote these files, and listen to one.",
            evidence=evidence,
        )
    parts = [f"{_reason(f)} ({f.file.name})" for f in (broken[:1] + cut[:1])]
    what = (
        "cannot be decoded or were cut off"
        if broken and cut
        else "cannot be decoded"
        if broken
        else "were cut off"
    )
    also = f" {plural(len(doubted), 'more header')} do not fit." if doubted else ""
    return told(
        CHECK,
        "problem",
        what,
        found=found,
        looked_at=files,
        explanation=f"{names_of(found)}: {'; '.join(parts)}.{also}",
        fix="Copy or download them again, and leave out what stays broken.",
        evidence=evidence,
    )


def _missing(facts: AudioFacts) -> float:
    return facts.header.missing_share if facts.header is not None else 1.0


def _reason(facts: AudioFacts) -> str:
    if facts.problem is not None:
        return facts.problem
    if facts.header is None:
        return "nothing is known of it"
    if facts.header.missing_share:
        return f"{facts.header.missing_share:.0%} of the announced sound is missing"
    return "; ".join(facts.header.doubts)
