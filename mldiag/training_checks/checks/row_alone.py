"""MD147: is a row's output the same alone as in a batch?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD147",
    slug="row-alone",
    title="Is a row's output the same alone as in a batch?",
    detects=(
        "In eval mode the network is given three rows of its first call one by one; the outputs "
        "must be those "
        "rows of the whole batch's, but for rounding (1e-4 of their size)."
    ),
    why="A model that is used on one row at a time then gives other answers than those it was "
    "evaluated on.",
    fix="Look for squeeze() without dim=, statistics of the batch in eval mode, and padding "
    "that is not masked.",
    source="By construction: a prediction is a function of its row.",
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the first call of the first network."""
    from mldiag.training_checks.networks import changed_entries, tensor_leaves
    from mldiag.training_checks.rows import meant_to_mix, mixing, repeatable, row_axis, rows_alone

    call = loop.call
    axis = None if call is None else row_axis(call, loop.first.result.targets, loop.first.batch)
    if call is None or axis is None:
        return CHECK.finding("not_applicable", "No network is called with a batch of rows in step")
    meant = meant_to_mix(call, axis)
    if loop.adversarial or meant:
        return CHECK.finding(
            "not_applicable", f"Rows may see each other: {meant or 'two networks compete'}"
        )
    if not repeatable(call, other_random=True):
        return CHECK.finding("not_applicable", "The network draws random numbers in eval mode")
    if not axis.sure and mixing(call, axis.axis, axis.size) != "independent":
        return CHECK.finding("not_applicable", "Which axis counts the rows is not certain")
    whole = tensor_leaves(call.repeated())
    compared = 0
    for row in sorted({0, axis.size // 2, axis.size - 1}):
        try:
            alone = tensor_leaves(call.repeated(rows_alone(call, axis, row)))
        except Exception as error:
            return _raised(error)
        if len(alone) != len(whole):
            return CHECK.finding("inconclusive", "A row alone gives an output of another form")
        for many, one in zip(whole, alone, strict=True):
            if many.dim() == 0 or many.shape[0] != axis.size:
                continue
            if one.shape != many[row : row + 1].shape and one.numel() == many[row].numel():
                return _lost_axis(tuple(one.shape))
            if one.shape != many[row : row + 1].shape:
                continue
            compared += 1
            if changed_entries(many[row : row + 1], one).any():
                return _differs(row, float((many[row] - one[0]).abs().max()))
    if not compared:
        return CHECK.finding("not_applicable", "No output has one entry a row")
    return CHECK.finding(
        "passed", "Rows give the same output alone as in a batch", evidence={"rows": 3}
    )


def _differs(row: int, difference: float) -> Finding:
    return CHECK.finding(
        "problem",
        "A row gives another output alone than in a batch, in eval mode",
        explanation="The model will not predict one row at a time as it was evaluated.",
        evidence={"row": row, "largest_difference": difference},
        action=Action(
            "fix_bug", "Look for statistics over the batch, and for padding that is not masked."
        ),
    )


def _lost_axis(shape: tuple[int, ...]) -> Finding:
    return CHECK.finding(
        "advice",
        f"The output for a single row loses its first axis: its shape is {shape}",
        explanation="A last batch of one row, or a single prediction, is then broadcast or "
        "refused.",
        action=Action("fix_bug", "Give squeeze() the axis that is meant: squeeze(-1)."),
    )


def _raised(error: Exception) -> Finding:
    return CHECK.finding(
        "inconclusive",
        f"The network raised {type(error).__name__} for a single row",
        explanation=f"{error}".splitlines()[0] if f"{error}" else "",
    )
