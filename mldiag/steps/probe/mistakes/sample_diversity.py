"""MD461: how varied are the samples, and how did that change over the training?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mldiag.findings import Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD461.

    Args:
        least: Evaluations with samples before a course is told.
        change: Difference of coverage that is called a change, beyond its noise.
        z: Standard errors of that difference.
    """

    least: int = 3
    change: float = 0.1
    z: float = 3.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD461",
    slug="sample-diversity",
    title="How varied are the samples, and how did that change?",
    detects=(
        "Coverage (share of real rows that have a sample nearby), density, the distance of samples from "
        "each other "
        "against that of real rows, at each of at least {least} evaluations. A change of coverage is told "
        "where it is over "
        "{change:.0%} and {z:g} standard errors. Information beside the check for lost modes: never an alarm."
    ),
    why="Coverage that falls while losses look well is how a generator loses modes.",
    fix="Keep the generator of the evaluation with the highest coverage; see the check for lost modes.",
    source="Naeem et al. (2020), Reliable Fidelity and Diversity Metrics for Generative Models, ICML.",
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """Tell the course of the diversity; None without samples beside real ones."""
    coverage = recording.series("eval/samples/coverage")
    there = np.flatnonzero(np.isfinite(coverage))
    if not len(there):
        return None
    values = coverage[there]
    steps = recording.series("eval/step")
    at = steps[there] if len(steps) == len(coverage) else there.astype(float)
    best, last = int(np.argmax(values)), float(values[-1])
    rows = max(len(recording.series("samples/real_distance")), 16)
    own, typical = (_last(recording, name) for name in ("own_distance", "typical_distance"))
    evidence = {
        "evaluations": len(values), "n": rows, "coverage": last, "coverage_first": float(values[0]),
        "coverage_best": float(values[best]), "best_step": float(at[best]),
        "density": _last(recording, "density"), "spread": _last(recording, "spread"),
        "own_distance": own, "typical_distance": typical,
    }  # fmt: skip
    apart = (
        f"; they lie {own / typical:.2f} times as far from each other as real rows do"
        if math.isfinite(own) and typical > 0
        else ""
    )
    if len(values) < THRESHOLDS.least:
        return CHECK.finding(
            "passed",
            f"Samples come near {last:.0%} of {plural(rows, 'real row')}{apart}",
            explanation=f"From {THRESHOLDS.least} evaluations with samples on, the course is told as well.",
            evidence=evidence,
        )
    course = "it has stayed there"
    if _changed(float(values[best]), last, rows):
        course = f"at step {at[best]:,.0f} it was {values[best]:.0%}"
    elif _changed(last, float(values[0]), rows):
        course = f"it began at {values[0]:.0%}"
    return CHECK.finding(
        "passed",
        f"Samples come near {last:.0%} of {plural(rows, 'real row')}, {course}{apart}",
        evidence=evidence,
    )


def _changed(high: float, low: float, rows: int) -> bool:
    noise = math.sqrt((high * (1 - high) + low * (1 - low)) / rows)
    return high - low > max(THRESHOLDS.change, THRESHOLDS.z * noise)


def _last(recording: Recording, name: str) -> float:
    values = recording.series(f"eval/samples/{name}")
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else math.nan
