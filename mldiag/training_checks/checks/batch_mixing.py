"""MD146: does the output of one row depend on the other rows of the batch?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD146",
    slug="batch-mixing",
    title="Does each row's output depend on that row alone?",
    detects=(
        "The first call of the network is repeated in eval mode with one row altered; outputs "
        "of other rows must "
        "not change by more than rounding (1e-4 of their size). Batch norm in training and "
        "losses that compare "
        "rows are not concerned. Where the axis of rows is not certain the answer is inconclusive."
    ),
    why=(
        "A wrong axis in a softmax, a norm, a mean, an attention or a reshape lets rows see "
        "each other: training "
        "looks fine, and the model fails on one row at a time."
    ),
    fix="Look at dim=, view, reshape, transpose and batch_first in the layers; permute axes, do "
    "not reshape them.",
    source="Karpathy (2019), A Recipe for Training Neural Networks: use backprop to chart "
    "dependencies.",
)

NEEDS: tuple[str, ...] = ()

TIME_AXIS = "the axis may count time; one target a row, or batch_first=True, would show it"


def judge(loop: Loop) -> Finding:
    """Judge the first call of every network."""
    from mldiag.training_checks.rows import meant_to_mix, mixing, repeatable, row_axis

    calls = {call.name: call for call in reversed(loop.first.calls)}
    if not calls:
        return CHECK.finding(
            "not_applicable",
            "No network was called as a module in step, so its calls cannot be repeated",
            explanation="Call model(inputs), not model.forward(inputs) or its parts.",
        )
    passed: list[str] = []
    unsure: dict[str, str] = {}
    for name, call in calls.items():
        axis = row_axis(call, loop.first.result.targets, loop.first.batch)
        if axis is None or not repeatable(call):
            continue
        answer = mixing(call, axis.axis, axis.size)
        if answer == "independent":
            passed.append(name)
        elif answer == "mixes":
            reason = meant_to_mix(call, axis) or _task_reason(loop)
            if (
                not axis.sure
                and mixing(call, 1 - axis.axis, _size(call, 1 - axis.axis)) == "independent"
            ):
                reason = TIME_AXIS
            if not reason:
                return _problem(name, axis.size)
            unsure[name] = reason
    for name, reason in unsure.items():
        return CHECK.finding(
            "inconclusive",
            f"Rows along the first axis of {name} depend on each other",
            explanation=f"It may be meant: {reason}.",
        )
    if passed:
        return CHECK.finding(
            "passed", "Every row's output depends on that row alone", evidence={"networks": passed}
        )
    return CHECK.finding(
        "not_applicable",
        "No output has one entry a row that changes with it, or the network draws random numbers",
    )


def _task_reason(loop: Loop) -> str:
    if loop.adversarial:
        return "a discriminator may compare rows"
    if loop.task == "self_supervised" or loop.first.result.targets is None:
        return "a loss without targets may compare rows; return 'targets' from step where there are any"
    return ""


def _problem(name: str, rows: int) -> Finding:
    return CHECK.finding(
        "problem",
        f"Rows of a batch see each other in {name}: altering one row changes the outputs of others",
        explanation="In eval mode nothing may pass from row to row; an operation works along "
        "the wrong axis.",
        evidence={"network": name, "rows": rows},
        action=Action(
            "fix_bug", "Look for dim=0, view, reshape, transpose and batch_first in the layers."
        ),
    )


def _size(call: object, axis: int) -> int:
    from mldiag.training_checks.networks import tensor_leaves

    shapes = [tuple(t.shape) for t in tensor_leaves(call.inputs) if t.dim() > 1]  # type: ignore[attr-defined]
    return int(max(shapes, key=len)[axis])
