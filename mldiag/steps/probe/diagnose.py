"""The answer of a probe: what the recording of a training shows, causes first."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mldiag.declaration import Experiment
from mldiag.findings import Finding, Outcome, ranked
from mldiag.recording.recorded import Recording
from mldiag.steps.judged import judged
from mldiag.steps.probe import mistakes
from mldiag.steps.probe.causes import with_causes
from mldiag.steps.probe.checks import MODULES, nothing_recorded
from mldiag.steps.probe.completed import completed
from mldiag.steps.probe.learning_rate import range_test, with_value
from mldiag.steps.probe.probe_diagnosis import ProbeDiagnosis
from mldiag.steps.probe.settings import Settings
from mldiag.steps.probe.signals import Signals
from mldiag.steps.range_test.diagnose import RangeTestDiagnosis
from mldiag.trial_result import TrialResult

NOTHING = "NOTHING SEEN"

HEADLINES = {
    "softmax-in-loss": "SOFTMAX TWICE",
    "not-finite": "NaN", "inputs-not-scaled": "SCALE INPUTS", "frozen-parameters": "FROZEN",
    "bad-initialisation": "BAD INIT", "dead-units": "DEAD UNITS", "saturated-units": "SATURATED",
    "vanishing-gradients": "VANISHING", "exploding-gradients": "EXPLODING",
    "learning-rate-too-low": "LR TOO LOW",
    "learning-rate-too-high": "LR TOO HIGH", "updates-too-small": "STUCK", "updates-too-large": "THRASHING",
    "loss-spikes": "SPIKES", "plateau": "PLATEAU", "noisy-gradients": "NOISY", "overfitting": "OVERFITS",
    "underfitting": "UNDERFITS", "over-regularised": "OVERREGULAR", "stopped-early": "TRAIN LONGER",
    "predicted-class-collapse": "ONE CLASS", "representation-collapse": "COLLAPSED",
    "posterior-collapse": "COLLAPSED", "mode-collapse": "COLLAPSED", "codebook-collapse": "COLLAPSED",
    "attention-collapse": "ATTENTION", "mistakes-of-classes": "CLASSES MIXED",
    "confident-mistakes": "SURE BUT WRONG", "mistakes-concentrate": "WEAK SLICE",
    "calibration": "MISCALIBRATED", "hard-examples": "HARD EXAMPLES",
    "forgotten-examples": "FORGETS", "worst-errors": "LARGE ERRORS",
    "samples-memorised": "MEMORISED", "sample-diversity": "FEW SAMPLES",
}  # fmt: skip
"""What a headline calls each problem."""


def diagnose_recording(
    recording: Recording, tested: RangeTestDiagnosis | None = None
) -> ProbeDiagnosis:
    """Judge one training.

    Args:
        recording: What was measured of it.
        tested: What range tests of the learning rate say.
    """
    if not recording.steps and not any(n.startswith(("eval/", "batch/")) for n in recording.arrays):
        return ProbeDiagnosis((nothing_recorded.found(),), NOTHING, "inconclusive")
    recording = completed(recording)
    signals = Signals(recording)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # means of columns that were never measured
        found = [judged(module, signals) for module in MODULES]
        told = [judged(module, recording) for module in mistakes.CHECKS]
    if not recording.steps:  # of what needs steps there is nothing to say, not even that it passed
        found = [f for f in found if f is not None and f.outcome in ("problem", "advice")]
    known = [f for f in (*found, *told) if f is not None]
    if all(f.outcome == "not_applicable" for f in known):
        return ProbeDiagnosis((nothing_recorded.found(), *known), NOTHING, "inconclusive")
    findings = ranked(with_value(with_causes(known), tested))
    return ProbeDiagnosis(
        findings,
        _headline(findings),
        _outcome(findings),
        notices=tuple(_notices(recording)),
        tables=() if tested is None else tested.tables,
        recording=recording,
        tested=tested,
        next_step=_next_step(findings) if tested is None else tested.next_step,
    )


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> ProbeDiagnosis:
    """Judge the watched trial; of several, the first of those that give the most frequent answer.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back.
    """
    watched = sorted((r for r in results if r.recording is not None), key=lambda r: r.spec.seed)
    recordings = [r.recording for r in watched if r.recording is not None]
    if not recordings:
        return ProbeDiagnosis((nothing_recorded.found(),), "NOTHING SEEN", "inconclusive")
    tested = range_test(experiment, settings, results)
    judged = [diagnose_recording(recording, tested) for recording in recordings]
    counts = Counter(one.headline for one in judged)
    answer = max(judged, key=lambda one: counts[one.headline])
    if len(judged) == 1:
        return answer
    told = ", ".join(f"{name} in {count}" for name, count in counts.most_common())
    return replace(answer, notices=(f"of {len(judged)} seeds: {told}", *answer.notices))


def nothing_told() -> ProbeDiagnosis:
    """The answer where a loop was watched that told of no step."""
    return ProbeDiagnosis((nothing_recorded.not_told(),), NOTHING, "inconclusive")


def _headline(findings: Sequence[Finding]) -> str:
    first = findings[0]
    if first.outcome in ("problem", "advice"):
        return HEADLINES.get(first.slug, first.slug.replace("-", " ").upper()[:14])
    return "OPEN" if _outcome(findings) == "inconclusive" else "NO FAULT SEEN"


def _outcome(findings: Sequence[Finding]) -> Outcome:
    """The first finding's, unless what is open hides that the rest has passed."""
    first = findings[0].outcome
    if first == "inconclusive" and any(f.outcome == "passed" for f in findings):
        open_ones = sum(f.outcome == "inconclusive" for f in findings)
        return "inconclusive" if open_ones > len(findings) // 3 else "passed"
    return first


def _next_step(findings: Sequence[Finding]) -> str:
    first = findings[0]
    if first.slug in ("learning-rate-too-low", "learning-rate-too-high", "updates-too-small"):
        return "probe --lr-range"
    if first.slug == "underfitting":
        return "capacity"
    if first.slug == "overfitting":
        return "learning-curve"
    return "probe" if first.outcome == "problem" else "sweep --all"


def _notices(recording: Recording) -> list[str]:
    told = [f"not seen: {what}" for what in recording.facts.get("not_seen", [])]
    if recording.facts.get("error"):
        told.append(
            f"the training ended with {recording.facts['error']}; this is the answer so far"
        )
    return told + [str(notice) for notice in recording.facts.get("notices", [])]
