"""MD158: is the loss at the start what an untrained model gives?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.wording import number

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop
    from mldiag.training_checks.loss_calls import LossCall


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD158.

    Args:
        advice: Times the expected loss above which it is high.
        problem: Times the expected loss above which outputs are far too large.
        excess: What it must also exceed the expected loss by, for a cross-entropy in nats.
        squared_advice: As `advice`, for a squared error, which grows with the square of the outputs.
        squared_problem: As `problem`, for a squared error.
        largest_output: Root mean square of outputs that are as usual; small targets are then the cause.
        low: Share of the expected loss below which the model knows something already.
        least_targets: Fewer targets do not show how often each class comes.
    """

    advice: float = 2.0
    problem: float = 3.0
    excess: float = 2.0
    squared_advice: float = 5.0
    squared_problem: float = 25.0
    largest_output: float = 5.0
    low: float = 0.6
    least_targets: int = 16


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD158",
    slug="initial-loss",
    title="Is the loss at the start what an untrained model gives?",
    detects=(
        "The first step's loss against that of a model that knows nothing: ln C for C classes, "
        "which is also the "
        "entropy of balanced ones, or the mean square of the targets for a squared error. A "
        "problem above {problem:g} times it and {excess:g} more, advice above {advice:g} times (a "
        "squared error: {squared_problem:g} times with outputs above {largest_output:g}, and "
        "{squared_advice:g} times); below {low:g} times it the model is taken for trained already. "
        "Not judged for other losses."
    ),
    why=(
        "An untrained model that is confident is wrong: inputs that are not scaled, weights "
        "drawn too large, or a "
        "loss that is not the one meant. The first steps then only undo it."
    ),
    fix="Scale the inputs to mean 0 and spread 1; draw the last layer's weights small; look at "
    "the loss's arguments.",
    source="Karpathy (2019), A Recipe for Training Neural Networks: verify loss at init.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the loss of the first step."""
    from mldiag.training_checks.loop import main_loss

    if loop.adversarial or loop.task in ("self_supervised", "vae", "vector_quantized"):
        return CHECK.finding(
            "not_applicable", "The loss at the start has no expected value for this task"
        )
    call = main_loss(loop.first)
    expected = None if call is None else _expected(call)
    if call is None or expected is None or call.value is None:
        return CHECK.finding(
            "not_applicable",
            "The expected loss at the start is known for cross-entropy and squared error only",
            explanation="Use torch's own losses in step, and return the loss as 'loss'.",
        )
    start, name = _mean(call), call.name
    ratio = start / expected if expected > 0 else math.inf
    evidence = {"loss": start, "expected": expected, "ratio": ratio, "n": call.target.numel()}
    told = f"{number(start)}, and a constant guess gives {number(expected)}"
    if call.target.numel() < THRESHOLDS.least_targets or expected <= 1e-6:
        return CHECK.finding(
            "inconclusive",
            "The first batch has too few different targets to tell",
            evidence=evidence,
        )
    high = _too_high(call, ratio, start - expected)
    if high is not None:
        return CHECK.finding(
            high,
            f"The loss starts at {told}",
            explanation="The untrained model's outputs are far too large, or inputs or targets "
            "are not scaled.",
            evidence=evidence,
            action=Action(
                "fix_bug",
                "Scale inputs (and targets, for numbers); draw the last layer's weights small.",
            ),
        )
    if ratio < THRESHOLDS.low:
        return CHECK.finding(
            "inconclusive",
            f"The loss starts at {told}: the model knows something already",
            explanation="It was trained before, or it can see its targets.",
            evidence=evidence,
        )
    return CHECK.finding(
        "passed", f"The loss starts at {told}", evidence={**evidence, "loss_function": name}
    )


def _too_high(call: LossCall, ratio: float, excess: float) -> Outcome | None:
    """How sure it is that the outputs are too large; a squared error may be large by small targets alone."""
    if call.name == "mse_loss":
        large = float(call.inputs.double().pow(2).mean().sqrt()) > THRESHOLDS.largest_output
        if ratio > THRESHOLDS.squared_problem and large:
            return "problem"
        return "advice" if ratio > THRESHOLDS.squared_advice else None
    if ratio > THRESHOLDS.problem and excess > THRESHOLDS.excess:
        return "problem"
    return "advice" if ratio > THRESHOLDS.advice else None


def _mean(call: LossCall) -> float:
    """The loss for one target, whatever the reduction."""
    value = float(call.value.sum()) if call.value is not None else math.nan
    if call.options.get("reduction", "mean") == "mean":
        return value
    entries = call.target.numel()
    return value / max(entries, 1)


def _expected(call: LossCall) -> float | None:
    """The loss of a model that knows nothing: all classes alike, or zero."""
    if call.options.get("weight") is not None or call.options.get("pos_weight") is not None:
        return None
    if call.name in ("cross_entropy", "nll_loss"):
        classes = call.inputs.shape[1] if call.inputs.dim() > 1 else call.inputs.shape[0]
        return math.log(classes) if classes > 1 else None
    if call.name.startswith("binary_cross_entropy"):
        return math.log(2)
    if call.name == "mse_loss":
        return float((call.target.double() ** 2).mean())
    return None
