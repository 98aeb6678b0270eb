"""The answer of the capacity step."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import replace

from mldiag.declaration import Experiment
from mldiag.findings import ActionKind, Finding, ranked
from mldiag.reference.families import family_named
from mldiag.reference.specs import why_no_references
from mldiag.steps.capacity.capacity_diagnosis import CapacityDiagnosis
from mldiag.steps.capacity.ceiling import Ceiling, measure_ceiling
from mldiag.steps.capacity.checks import (
    bias_or_variance,
    capacity_moved,
    ceiling_reached,
    longer_training,
    memorises_rows,
    reference_families,
    regularization_moved,
)
from mldiag.steps.capacity.lines import present_lines
from mldiag.steps.capacity.measured import MeasuredLine, measure_lines
from mldiag.steps.capacity.memorising import Memory, measure_memory
from mldiag.steps.capacity.settings import Settings
from mldiag.steps.capacity.tables import all_tables
from mldiag.steps.capacity.verdict import Judged, Remedy, judge_together
from mldiag.trial_result import TrialResult
from mldiag.wording import amount, gain, gain_short, score

_HEADS: dict[ActionKind, str] = {
    "larger_model": "LARGER", "smaller_model": "SMALLER", "more_regularization": "REGULARIZE",
    "less_regularization": "LOOSEN", "train_longer": "LONGER", "tune": "CHANGE",
}  # fmt: skip


def diagnose(
    experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> CapacityDiagnosis:
    """Judge what the trials say of the model.

    Args:
        experiment: The experiment.
        settings: The step's settings.
        results: What came back, in any order.
    """
    lines = measure_lines(
        experiment, settings, present_lines(experiment, settings, results), results
    )
    memory = measure_memory(experiment, settings, results)
    ceiling = measure_ceiling(experiment, lines, results, human_score=settings.human_score)
    judged = judge_together(lines, memory, ceiling)
    findings = _findings(experiment, settings, results, lines, memory, ceiling, judged)
    first = ranked(findings)[0]
    joined = bias_or_variance.judge(
        judged, gap=_gap(lines), cause=_cause(judged, first), outcome=first.outcome
    )
    if "param" in first.evidence and joined.caused_by == first.code:
        joined = replace(joined, evidence={**joined.evidence, "param": first.evidence["param"]})
    return CapacityDiagnosis(
        ranked([*findings, joined]),
        _headline(judged),
        first.outcome,
        tables=all_tables(lines, memory, experiment.metric),
        next_step=_next_step(experiment, judged),
        lines=lines,
        memory=memory,
        ceiling=ceiling,
        judged=judged,
    )


def _findings(
    experiment: Experiment,
    settings: Settings,
    results: Sequence[TrialResult],
    lines: Sequence[MeasuredLine],
    memory: Memory | None,
    ceiling: Ceiling | None,
    judged: Judged,
) -> list[Finding]:
    own = [r for r in judged.remedies if r.kind != "change_model"]
    why = why_no_references(experiment)
    no_memory = "" if settings.memorise else "Not asked for: --memorise 64."
    defaults = {experiment.spec(repeat=repeat).digest for repeat in range(settings.repeats)}
    stands = [result for result in results if result.spec.digest in defaults]
    valid_to_train = lines[0].valid_to_train if lines else 0.0
    findings = [
        memorises_rows.judge(
            memory,
            experiment.metric,
            why_not=experiment.fixed_rows or no_memory,
            no_reference=why,
            broken=judged.learns_nothing,
            cause=_code_of(own, memory),
        ),
        *capacity_moved.judge(lines),
        *regularization_moved.judge(lines),
        *longer_training.judge(lines, stands, valid_to_train=valid_to_train),
        *reference_families.judge(
            lines, why_not=why, cause=_leader(judged), bug=judged.beaten_by_dummy
        ),
        ceiling_reached.judge(ceiling, judged, experiment.metric, why_not=why),
    ]
    if judged.verdict == "broken":
        bug = memorises_rows.CHECK.code if judged.learns_nothing else reference_families.CHECK.code
        return [_after_bug(finding, bug) for finding in findings]
    if judged.remedies:
        return [_after_longer(finding, judged) for finding in findings]
    if judged.verdict == "ceiling":
        below = [_below_ceiling(finding, lines) for finding in findings]
        return sorted(below, key=lambda finding: finding.code != ceiling_reached.CHECK.code)
    return findings


_CODES = {
    "capacity": capacity_moved.CHECK.code,
    "regularization": regularization_moved.CHECK.code,
    "duration": longer_training.CHECK.code,
    "epochs": longer_training.CHECK.code,
    "references": reference_families.CHECK.code,
}


def _code_of(own: Sequence[Remedy], memory: Memory | None) -> str | None:
    """Code of the remedy that also lets the model memorise, if one does."""
    if memory is None or memory.memorises:
        return None
    helps = {variant.line for variant in memory.variants if variant.share > memory.yours.share}
    for remedy in own:
        if remedy.found.line.name in helps:
            return _CODES[remedy.found.line.kind]
    return None


def _leader(judged: Judged) -> str | None:
    """Code of the model's own remedy that comes first, though another family may gain more."""
    first = judged.remedies[0] if judged.remedies else None
    if first is None or first.kind == "change_model":
        return None
    return _CODES[first.found.line.kind]


def _after_longer(finding: Finding, judged: Judged) -> Finding:
    """A training that was cut short looks like a model that is too small."""
    first = judged.remedies[0]
    larger = finding.action is not None and finding.action.kind == "larger_model"
    if first.kind != "train_longer" or not larger:
        return finding
    told = "A training that was cut short looks like a model that is too small: train longer first."
    return replace(
        finding,
        explanation=f"{finding.explanation} {told}",
        caused_by=_CODES[first.found.line.kind],
    )


def _after_bug(finding: Finding, bug: str) -> Finding:
    """What a model that does not work gains elsewhere counts only once it works."""
    if finding.action is None or finding.action.kind in ("fix_bug", "none"):
        return finding
    return replace(finding, caused_by=bug)


def _below_ceiling(finding: Finding, lines: Sequence[MeasuredLine]) -> Finding:
    """What alone would be open is settled where everything together shows the ceiling."""
    if finding.outcome != "inconclusive":
        return finding
    name = finding.evidence.get("param", "references")
    found = next((f for f in lines if f.line.name == name), None)
    if found is None or finding.evidence.get("reference") == "dummy":
        return replace(finding, outcome="passed", caused_by=ceiling_reached.CHECK.code)
    looks = gain(found.metric, found.gain)
    return replace(
        finding,
        outcome="passed",
        title=f"{name}: nothing that was tried surely gains; the best of it {looks}",
        explanation=f"A gain of {amount(found.metric, found.worth)} would be worth having.",
        caused_by=ceiling_reached.CHECK.code,
    )


def _cause(judged: Judged, first: Finding) -> str:
    if judged.verdict in ("ceiling", "inconclusive"):
        return ceiling_reached.CHECK.code
    return first.code


def _gap(lines: Sequence[MeasuredLine]) -> str:
    """Train and validation score of the model as it stands."""
    for found in lines:
        train, valid = (side[found.line.default].estimate for side in (found.train, found.valid))
        if math.isfinite(train) and math.isfinite(valid):
            metric = found.metric
            distance = amount(metric, metric.sign * (train - valid))
            return (
                f"As it stands: train {score(metric, train)}, validation {score(metric, valid)}, gap "
                f"{distance}, which alone says neither."
            )
    return ""


def _headline(judged: Judged) -> str:
    """The verdict in few characters: MLflow's lists cut names after about 14."""
    if judged.verdict == "broken":
        return "FIX BUG"
    if judged.remedies:
        first = judged.remedies[0]
        head = _HEADS.get(first.kind, "CHANGE")
        if first.kind == "change_model":
            head = f"CHANGE {family_named(str(first.found.best_value)).short}"
        return f"{head} {gain_short(first.found.metric, first.gain)}"
    return "CEILING" if judged.verdict == "ceiling" else "OPEN"


def _next_step(experiment: Experiment, judged: Judged) -> str:
    """Where it gains, sweep on from there; else at the amount of data."""
    first = judged.remedies[0] if judged.remedies else None
    if first is not None and first.found.line.move is not None:
        return f"sweep --param {shlex.quote(first.found.line.name)}"
    if judged.verdict == "broken" and experiment.params:
        return "sweep --all"
    return "" if experiment.fixed_rows else "learning-curve"
