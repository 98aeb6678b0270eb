"""MD384: which files carry telephone coding, declared or hidden in linear samples?"""

from __future__ import annotations

from mldiag.data.audio.companding import LEAST_VALUES
from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, nothing_heard, share, told

DECLARED = {"ULAW": "mu-law", "ALAW": "A-law"}

CHECK = Check(
    code="MD384",
    slug="mu-law-audio",
    title="Which files are coded in mu-law or A-law?",
    detects=(
        "The coding in the header, and 16-bit linear files all of whose samples are among the 255 "
        f"or 256 values that mu-law or A-law can carry (at least {LEAST_VALUES} different ones). "
        "Linear audio hits them by chance only if it is nearly silent."
    ),
    why=(
        "Eight bits on a logarithmic scale: the noise follows the sound, 38 dB below it at best. Read as raw "
        "bytes the file is noise; mixed with linear files it tells the source."
    ),
    fix="Decode to linear samples when loading, and keep coded and linear recordings alike in all classes.",
    source="ITU-T Recommendation G.711 (1988).",
)


def judge(subject: AudioAudit) -> Finding:
    """Look for telephone coding."""
    heard = subject.heard
    if not heard:
        return nothing_heard(CHECK)
    coded = [(f, how) for f in heard if (how := _coding(f)) is not None]
    if not coded:
        return CHECK.finding(
            "passed",
            f"The {len(heard):,} sounds carry no telephone coding",
            evidence={"n": len(heard)},
        )
    found = [f for f, _ in coded]
    hidden = sum("in linear samples" in how for _, how in coded)
    names = " and ".join(sorted({how.split(" ")[0] for _, how in coded}))
    mixed = share(found, heard) < 0.9
    reason = (
        "Beside linear files they show where a file comes from."
        if mixed
        else "All are alike, so it tells no source, but there is no detail below 38 dB under the sound."
    )
    lost = f" In {hidden} of them the header does not say so." if hidden else ""
    return told(
        CHECK,
        "advice",
        f"are coded in {names}",
        found=found,
        looked_at=heard,
        explanation=f"{{names}}. {reason}{lost}",
        fix="Get linear originals where there are any; else treat all files alike: mldiag "
        "prepare audio IN OUT --mu-law",
        evidence={"coding": by_name(coded), "hidden": hidden},
    )


def _coding(facts: AudioFacts) -> str | None:
    if facts.header is not None and facts.header.subtype in DECLARED:
        return f"{DECLARED[facts.header.subtype]} by its header"
    if facts.sound is not None and facts.sound.companding is not None:
        return f"{facts.sound.companding} in linear samples"
    return None
