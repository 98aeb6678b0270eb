"""MD150: does the loss get what it expects: logits, or log-probabilities?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    import torch

    from mldiag.training_checks.loop import Loop
    from mldiag.training_checks.loss_calls import LossCall

    Tensor = torch.Tensor


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD150.

    Args:
        rounding: Distance from one within which a sum of probabilities is one: single precision.
        values: Values between 0 and 1 that are taken for probabilities, where nothing else shows it.
    """

    rounding: float = 1e-3
    values: int = 64


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD150",
    slug="softmax-twice",
    title="Does the loss get logits where it expects logits?",
    detects=(
        "torch's losses are watched. cross_entropy and binary_cross_entropy_with_logits must "
        "not get what a "
        "softmax or sigmoid has made, nor rows of probabilities (each row sums to 1 within "
        "{rounding:g}); "
        "nll_loss must get log-probabilities, and not the log_softmax of a softmax."
    ),
    why=(
        "A softmax inside the loss after one in the model: the loss cannot fall below a floor, "
        "ln(1 + (C - 1)/e) "
        "for C classes, and gradients are weak. It still learns, so nobody notices."
    ),
    fix="Let the model return logits and take the softmax at prediction time alone.",
    source="The documentation of torch.nn.CrossEntropyLoss: the input is expected to contain "
    "unnormalised logits.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()

_LOG_OF_BOTH = (
    "problem",
    "the model takes the log_softmax of probabilities: a softmax is applied twice",
    "Take the log_softmax of the logits themselves, and no softmax before it.",
)


def judge(loop: Loop) -> Finding:
    """Judge the inputs of the losses in the first steps."""
    calls = [c for step in loop.kept_steps for c in step.loss_calls if c.name in _RULES]
    if not calls:
        return _without_calls(loop)
    for name, rule in _RULES.items():
        own = [c for c in calls if c.name == name]
        found = [rule(c) for c in own]
        if own and all(found):
            outcome, title, fix = found[0]
            return CHECK.finding(
                outcome,
                title,
                explanation=_CONSEQUENCE[outcome],
                evidence={"calls": len(own), "made_by": own[0].made_by},
                action=Action("fix_bug", fix) if fix else None,
            )
    return CHECK.finding("passed", "The loss gets what it expects", evidence={"calls": len(calls)})


def _cross_entropy(call: LossCall) -> Any:
    values = _classes_last(call)
    if values.shape[-1] < 2:
        return None
    if call.squashed in ("Softmax", "Sigmoid"):
        return _LOG_OF_BOTH
    if call.made_by == "LogSoftmax":
        return (
            "advice",
            "cross_entropy gets log-probabilities, and takes their log_softmax again",
            "Leave one out.",
        )
    if call.made_by.startswith("Softmax") or _are_probabilities(values):
        return (
            "problem",
            "cross_entropy gets probabilities: a softmax is applied twice",
            "Return the logits from the model; take the softmax at prediction time alone.",
        )
    return None


def _nll(call: LossCall) -> Any:
    values = _classes_last(call)
    if values.shape[-1] < 2:
        return None
    if call.made_by.startswith("Softmax") or _are_probabilities(values):
        return (
            "problem",
            "nll_loss gets probabilities, not their logarithms",
            "Use log_softmax before nll_loss.",
        )
    if call.squashed in ("Softmax", "Sigmoid"):
        return _LOG_OF_BOTH
    if call.made_by.startswith(("Log", "Sub")):
        return None
    sums = values.double().exp().sum(dim=-1)
    if bool(((sums - 1).abs() > 10 * THRESHOLDS.rounding).float().mean() > 0.5):
        return (
            "problem",
            "nll_loss gets logits, not log-probabilities",
            "Use cross_entropy, which takes logits.",
        )
    return None


def _with_logits(call: LossCall) -> Any:
    values = call.inputs
    between = bool(((values >= 0) & (values <= 1)).all())
    if call.made_by.startswith(("Sigmoid", "Softmax")) or (
        between and values.numel() >= THRESHOLDS.values
    ):
        if not call.made_by.startswith(("Sigmoid", "Softmax")):
            return (
                "inconclusive",
                "binary_cross_entropy_with_logits gets values between 0 and 1 only",
                "",
            )
        return (
            "problem",
            "binary_cross_entropy_with_logits gets probabilities: a sigmoid is applied twice",
            "Return the logits from the model; take the sigmoid at prediction time alone.",
        )
    return None


_RULES = {
    "cross_entropy": _cross_entropy,
    "nll_loss": _nll,
    "binary_cross_entropy_with_logits": _with_logits,
}


_CONSEQUENCE = {
    "problem": "The loss then has a floor above zero and weak gradients.",
    "advice": "It is applied twice, which changes nothing.",
    "inconclusive": "They may be probabilities, or logits that happen to lie there.",
}


def _classes_last(call: LossCall) -> Tensor:
    return call.inputs.movedim(1, -1) if call.inputs.dim() > 1 else call.inputs


def _are_probabilities(values: Tensor) -> bool:
    return bool((values >= 0).all()) and bool(
        ((values.double().sum(dim=-1) - 1).abs() < THRESHOLDS.rounding).all()
    )


def _without_calls(loop: Loop) -> Finding:
    import torch

    from mldiag.training_checks import tree

    targets = loop.targets()
    whole = targets is not None and targets.dtype in (torch.int64, torch.int32)
    outputs = [leaf for _, leaf in tree.leaves(loop.first.result.outputs)]
    classes = len(outputs) != 1 or (outputs[0].dim() > 1 and outputs[0].shape[1] > 1)
    if whole and classes and loop.parts.task in (None, "classification", "language_model"):
        return CHECK.finding(
            "inconclusive",
            "The loss is none of torch's own, so what it expects cannot be told",
            explanation="Use torch.nn.functional.cross_entropy on logits, or see that the "
            "softmax is taken once.",
        )
    return CHECK.finding("not_applicable", "No loss over classes is taken")
