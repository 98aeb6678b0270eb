"""MD159: do the outputs depend on the inputs?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD159.

    Args:
        share: Spread of the outputs over the rows, as a share of their size, below which they are the same.
        steps: Steps of training after which they are looked at again.
    """

    share: float = 1e-6
    steps: int = 20


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD159",
    slug="inputs-ignored",
    title="Do the outputs depend on the inputs?",
    detects=(
        "In eval mode the network is called with every row of a batch replaced by another row "
        "and by zeros, before "
        "training and after {steps} steps. A problem where the outputs are then the same, to "
        "{share:g} of their "
        "size, both times and for both."
    ),
    why="A model that does not read its inputs can only learn how often each answer comes.",
    fix="Look for a variable that is not used in forward, for dead activations, and for a mean "
    "over the wrong axis.",
    source="Karpathy (2019), A Recipe for Training Neural Networks: input-independent baseline.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the first call of the first network before and after a little training."""
    from mldiag.training_checks.observed import first_batches

    call = loop.call
    if call is None or loop.adversarial:
        return CHECK.finding(
            "not_applicable", "No network is called as a module in step with inputs to replace"
        )
    before = _reads(loop)
    if before is None:
        return CHECK.finding(
            "not_applicable", "The inputs have no rows that differ, or no output to compare"
        )
    if before:
        return CHECK.finding("passed", "The outputs change with the inputs")
    for batch in first_batches(loop.parts, THRESHOLDS.steps):
        loop.parts.step(batch)
    if _reads(loop):
        return CHECK.finding("passed", "The outputs change with the inputs after a little training")
    return CHECK.finding(
        "problem",
        "The outputs are the same for every input",
        explanation="Zeros and other rows give the same outputs as the rows themselves.",
        evidence={"steps": THRESHOLDS.steps},
        action=Action(
            "fix_bug",
            "Look for a variable not used in forward, and for dead or saturated activations.",
        ),
    )


def _reads(loop: Loop) -> bool | None:
    """Whether other rows, or zeros, change any output."""
    import torch

    from mldiag.training_checks import tree
    from mldiag.training_checks.networks import tensor_leaves

    call = loop.call
    if call is None:
        return None
    given = tensor_leaves(call.inputs)
    if not any(t.dim() > 1 and t.shape[0] > 1 and not torch.equal(t, t.roll(1, 0)) for t in given):
        return None
    rolled = tree.mapped(call.inputs, lambda path, t: t.roll(1, 0) if t.ndim > 1 else t)
    zeroed = tree.mapped(
        call.inputs, lambda path, t: t * 0 if t.ndim > 1 and t.is_floating_point() else t
    )
    plain = tensor_leaves(call.repeated())
    answers = []
    for inputs in (rolled, zeroed):
        for old, new in zip(plain, tensor_leaves(call.repeated(inputs)), strict=False):
            if old.shape == new.shape and old.is_floating_point() and old.numel():
                size = float(old.double().abs().max()) + 1e-12
                answers.append(
                    float((old.double() - new.double()).abs().max()) > THRESHOLDS.share * size
                )
    return any(answers) if answers else None
