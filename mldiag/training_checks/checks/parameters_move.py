"""MD154: does every trainable parameter change?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.gradients import ParameterSeen
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD154",
    slug="parameters-move",
    title="Does every trainable parameter change?",
    detects=(
        "Of the parameters with requires_grad=True those whose values are the same to the last "
        "bit after the first "
        "16 steps, and why: in no optimizer although gradients reach them; no gradient although "
        "their layer is "
        "used; gradients that are all zero, in weights of two or more axes. Frozen parameters "
        "are intent. Where gradients come and no optimizer makes an update, up to 128 steps are "
        "watched. Advice "
        "where a layer is not used, or looks frozen by torch.no_grad() and by being left out of "
        "the optimizer."
    ),
    why="A layer that is never trained is noise between those that are.",
    fix=(
        "Give the optimizer model.parameters() after all layers are made; keep layers in "
        "nn.ModuleList and "
        "parameters in nn.Parameter; freeze on purpose with requires_grad_(False)."
    ),
    source="Karpathy (2019), A Recipe for Training Neural Networks: check what the gradients "
    "reach.",
)

NEEDS: tuple[str, ...] = ()
SHOWN = 8
PATIENCE, LEAST_STEPS = 128, 64
"""Steps watched for an update, and those that no accumulation of gradients explains."""

NO_UPDATE = (
    "Call optimizer.step() after backward(); a scheduler's step() changes the learning rate alone."
)

LEFT_OUT = "Give them to an optimizer, or freeze them: requires_grad_(False)."
CUT = "Look for .detach(), .data, torch.no_grad() and argmax behind these layers, or freeze them on purpose."
STUCK = "See that gradients are not cleared before step(), and that their group's learning rate is above 0."
DEAD = "Look at dead activations and at multiplications by zero behind them."
UNUSED = (
    "Remove layers that are not used; say requires_grad_(False) where they are frozen on purpose."
)


def judge(loop: Loop) -> Finding:
    """Judge the parameters after the first steps."""
    seen = loop.observed
    idle_roots = _untrained_networks(seen.parameters) if len(loop.parts.models) > 1 else set()
    trainable = [p for p in seen.parameters if p.trainable and _root(p) not in idle_roots]
    if not trainable:
        return CHECK.finding("not_applicable", "No parameter of the networks is trainable")
    idle = {i for i, n in enumerate(seen.updates) if n == 0}
    still = [p for p in trainable if not p.moved and p.in_optimizer not in idle]
    if not still:
        return _never_updated(loop, trainable, idle) or _all_moved(trainable, idle)
    rates = {rate for found in seen.learning_rates for rate in found}
    left_out = [p for p in still if p.in_optimizer is None and p.nonzero]
    cut = [p for p in still if p.in_optimizer is not None and not p.gradients and p.called]
    if rates == {0.0} and not left_out and not cut:
        return CHECK.finding("inconclusive", "Nothing changes while the learning rate is 0")
    if left_out:
        title = f"{plural(len(left_out), 'parameter')} with gradients are in no optimizer"
        return _finding("problem", title, left_out, LEFT_OUT)
    if cut:
        title = f"No gradient reaches {plural(len(cut), 'parameter')} of layers that are used"
        return _finding("problem", title, cut, CUT)
    stuck = [p for p in still if _should_move(p, loop)]
    if stuck:
        title = f"{plural(len(stuck), 'parameter')} with gradients do not change"
        return _finding("problem", title, stuck, STUCK)
    return _without_gradients(still, len(seen.steps))


def _without_gradients(still: Sequence[ParameterSeen], steps: int) -> Finding:
    """What remains: gradients that are zero, and layers that take no part."""
    dead = [p for p in still if p.in_optimizer is not None and p.gradients and not p.nonzero]
    weights = [p for p in dead if len(p.shape) > 1]
    if weights:
        title = f"All gradients of {plural(len(weights), 'weight')} are exactly zero"
        return _finding("problem", title, weights, DEAD)
    unused = [p for p in still if not p.gradients]
    if not unused:
        title = f"Gradients of {plural(len(still), 'parameter')} are too small to change anything"
        return CHECK.finding("passed", title, evidence=_evidence(still))
    title = f"{plural(len(unused), 'trainable parameter')} took no part in {plural(steps, 'step')}"
    return _finding("advice", title, unused, UNUSED)


def _root(parameter: ParameterSeen) -> str:
    return parameter.name.split(".", 1)[0]


def _untrained_networks(parameters: Sequence[ParameterSeen]) -> set[str]:
    """Networks among several that no gradient reaches and no optimizer holds: targets, teachers, averages."""
    trained = {_root(p) for p in parameters if p.gradients or p.in_optimizer is not None}
    return {_root(p) for p in parameters} - trained if trained else set()


def _should_move(parameter: ParameterSeen, loop: Loop) -> bool:
    """Whether an optimizer with a rate above 0 had gradients for it.

    Biases are left out: before a norm their gradients are zero but for rounding, and change nothing.
    """
    if parameter.in_optimizer is None or not parameter.nonzero or len(parameter.shape) < 2:
        return False
    from mldiag.training_checks.gradients import named_parameters

    own = {name: p for p, name in named_parameters(loop.parts.models).items()}
    groups = loop.optimizers[parameter.in_optimizer].param_groups
    return any(g.get("lr", 1) for g in groups for p in g["params"] if p is own[parameter.name])


def _never_updated(
    loop: Loop, trainable: Sequence[ParameterSeen], idle: set[int]
) -> Finding | None:
    """Whether there is no update for as long as no accumulation lasts, where the first steps had none."""
    waiting = [p for p in trainable if p.in_optimizer in idle and not p.moved and p.gradients]
    if len(waiting) < len(trainable):
        return None
    from mldiag.training_checks.observed import first_batches

    before, steps = _values(loop), 0
    for batch in first_batches(loop.parts, PATIENCE):
        if loop.remaining() < 0:
            return None
        loop.parts.step(batch)
        steps += 1
    if steps < LEAST_STEPS or any(
        not (old == new).all() for old, new in zip(before, _values(loop), strict=True)
    ):
        return None
    title = f"No parameter changes in {steps} steps, for no optimizer makes an update"
    return _finding("problem", title, waiting, NO_UPDATE)


def _values(loop: Loop) -> list[Any]:
    return [
        p.detach().clone()
        for model in loop.parts.models.values()
        for p in model.parameters()
        if p.requires_grad
    ]


def _all_moved(trainable: Sequence[ParameterSeen], idle: set[int]) -> Finding:
    waiting = [p for p in trainable if p.in_optimizer in idle and not p.moved]
    if waiting and len(waiting) == len(trainable):
        return CHECK.finding(
            "inconclusive",
            "No parameter changed, as no optimizer made an update in the first steps",
            explanation="See that optimizer.step() is called; or give fewer batches to an "
            "accumulation.",
        )
    if waiting:
        return CHECK.finding(
            "inconclusive",
            f"{plural(len(waiting), 'parameter')} wait for an optimizer that made no update in "
            "the first steps",
            evidence=_evidence(waiting),
        )
    return CHECK.finding(
        "passed",
        f"All of {plural(len(trainable), 'trainable parameter')} change",
        evidence={"n": len(trainable)},
    )


def _finding(
    outcome: Outcome, title: str, parameters: Sequence[ParameterSeen], fix: str
) -> Finding:
    names = ", ".join(p.name for p in parameters[:3]) + (", ..." if len(parameters) > 3 else "")
    return CHECK.finding(
        outcome,
        title,
        explanation=f"They stay as they were made: {names}.",
        evidence=_evidence(parameters),
        action=Action("fix_bug", fix),
    )


def _evidence(parameters: Sequence[ParameterSeen]) -> dict[str, Any]:
    return {"parameters": [p.name for p in parameters[:SHOWN]], "n": len(parameters)}
