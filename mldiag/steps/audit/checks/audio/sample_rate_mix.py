"""MD362: do the files have several sample rates?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.sounds_told import by_name, share, told


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD362.

    Args:
        problem_share: From this share of files at another rate on it is a problem, below it advice.
    """

    problem_share: float = 0.01


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD362",
    slug="sample-rate-mix",
    title="Do the files have one sample rate?",
    detects=(
        "The rates in the headers. Files at another rate than most of the training files are a problem from "
        "{problem_share:.0%} of the files on."
    ),
    why=(
        "Arrays do not know their rate: read as they are, a file at 44.1 kHz sounds almost three "
        "times slower than one at 16 kHz, and its frequencies lie in other bins."
    ),
    fix="Resample all to one rate when preparing, with a good resampler (soxr), not by leaving out samples.",
    source="Nyquist (1928), Shannon (1949): the rate says which frequency a bin means.",
    thresholds=THRESHOLDS,
)


def judge(subject: AudioAudit) -> Finding:
    """Look for files at another rate than most."""
    files = [f for f in subject.all if f.header is not None]
    if not files:
        return CHECK.finding("not_applicable", "No file could be decoded", evidence={"n": 0})
    rates = Counter(_rate(f) for f in files)
    if len(rates) == 1:
        (rate,) = rates
        return CHECK.finding(
            "passed",
            f"All {len(files):,} sounds have {rate:,} samples a second",
            evidence={"n": len(files), "rates": dict(rates)},
        )
    reference = Counter(_rate(f) for f in files if f.file.split == "train") or rates
    main = reference.most_common(1)[0][0]
    found = [f for f in files if _rate(f) != main]
    listed = ", ".join(f"{count:,} at {rate:,} Hz" for rate, count in rates.most_common(5))
    severe = share(found, files) >= THRESHOLDS.problem_share
    lowest = min(rates)
    return told(
        CHECK,
        "problem" if severe else "advice",
        f"have another rate than {main:,} Hz",
        found=sorted(found, key=lambda f: rates[_rate(f)]),
        looked_at=files,
        explanation=f"There are {listed}. Without resampling the same sound looks different in "
        f"each: {{names}}.",
        fix=f"Resample all to one rate: mldiag prepare audio IN OUT --rate {lowest}",
        evidence={"rates": dict(rates), "rate_of": by_name([(f, _rate(f)) for f in found])},
    )


def _rate(facts: AudioFacts) -> int:
    return facts.header.rate if facts.header is not None else 0
