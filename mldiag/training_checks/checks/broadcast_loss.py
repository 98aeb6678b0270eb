"""MD149: are outputs and targets of different shapes broadcast against each other in the loss?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop
    from mldiag.training_checks.loss_calls import LossCall
    from mldiag.training_checks.observed import StepSeen

CHECK = Check(
    code="MD149",
    slug="broadcast-loss",
    title="Are outputs and targets of the same shape in the loss?",
    detects=(
        "torch's losses and subtractions are watched: a column (N, 1) against a line (N,) gives "
        "N x N differences. "
        "Where loss_fn is given, it must give the same for a column as for a line."
    ),
    why="Every output is then drawn to the mean of all targets: it runs, and still gives a fair "
    "score.",
    fix="outputs.squeeze(-1), or targets.unsqueeze(-1).",
    source="The broadcasting rules of NumPy, which torch follows.",
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the losses of the first steps."""
    judged = 0
    for step in loop.kept_steps:
        for call in step.loss_calls:
            judged += call.name not in ("difference",)
            if _broadcasts(call) and (call.name != "difference" or _is_the_loss(call, step)):
                return _problem(*_shapes(call, step))
        pair = _column_and_line(step)
        if pair is not None and loop.parts.loss_fn is not None:
            judged += 1
            outputs, targets = pair
            mixed = float(loop.parts.loss_fn(outputs, targets))
            flat = float(loop.parts.loss_fn(outputs.reshape(-1), targets.reshape(-1)))
            if abs(mixed - flat) > 1e-4 * max(abs(flat), abs(mixed)):
                return _problem(tuple(outputs.shape), tuple(targets.shape))
    if not judged:
        return CHECK.finding(
            "not_applicable",
            "The loss is none of torch's own, and loss_fn was not given or takes no pair of "
            "outputs and targets",
            explanation="Give loss_fn=, and return 'outputs' and 'targets' from step.",
        )
    return CHECK.finding("passed", "Outputs and targets have the same shape in the loss")


def _broadcasts(call: LossCall) -> bool:
    if call.name in ("cross_entropy", "nll_loss"):
        return False
    a, b = tuple(call.inputs.shape), tuple(call.target.shape)
    if a == b:
        return False
    whole = 1
    for x, y in zip(reversed((1,) * 8 + a), reversed((1,) * 8 + b), strict=False):
        whole *= max(x, y)
    return whole > max(call.inputs.numel(), call.target.numel())


def _shapes(call: LossCall, step: StepSeen) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shapes of outputs and targets, whichever was subtracted from the other."""
    pair = tuple(call.inputs.shape), tuple(call.target.shape)
    return pair if call.addresses[1] not in step.same_memory[0] else (pair[1], pair[0])


def _is_the_loss(call: LossCall, step: StepSeen) -> bool:
    """Whether a difference is one of outputs and targets."""
    outputs, targets = step.same_memory
    left, right = call.addresses
    return (left in outputs and right in targets) or (left in targets and right in outputs)


def _column_and_line(step: StepSeen) -> tuple[Any, Any] | None:
    from mldiag.training_checks.networks import tensor_leaves

    outputs, targets = tensor_leaves(step.result.outputs), tensor_leaves(step.result.targets)
    if len(outputs) != 1 or len(targets) != 1 or not targets[0].is_floating_point():
        return None
    a, b = tuple(outputs[0].shape), tuple(targets[0].shape)
    rows = outputs[0].numel()
    return (outputs[0], targets[0]) if rows > 1 and {a, b} == {(rows, 1), (rows,)} else None


def _problem(outputs: tuple[int, ...], targets: tuple[int, ...]) -> Finding:
    return CHECK.finding(
        "problem",
        f"The loss compares every output with every target: shapes {outputs} and {targets} are "
        "broadcast",
        explanation="Each output is drawn to the mean of all targets of the batch.",
        evidence={"outputs": outputs, "targets": targets},
        action=Action(
            "fix_bug", "Bring both to one shape: outputs.squeeze(-1), or targets.unsqueeze(-1)."
        ),
    )
