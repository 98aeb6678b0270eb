"""MD155: are the running statistics of batch norm kept up to date?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mldiag.findings import Action, Check, Finding
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD155",
    slug="batch-norm-statistics",
    title="Are the running statistics of batch norm kept up to date?",
    detects=(
        "After the first 16 steps a trainable batch norm that was used still has the mean 0 and "
        "variance 1 that it "
        "was made with: its momentum is 0, or it always ran in eval mode. Frozen layers and "
        "loaded statistics pass."
    ),
    why="In eval mode the layer then normalises by numbers that have nothing to do with the data.",
    fix="model.train() before training; momentum=0.1, or None for a plain average.",
    source="Ioffe and Szegedy (2015), section 3.1, on inference with population statistics.",
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge the statistics after a few steps of training."""
    from mldiag.training_checks.networks import BATCH_NORMS
    from mldiag.training_checks.observed import first_batches

    layers: dict[str, Any] = {
        f"{root}.{name}": module
        for root, model in loop.parts.models.items()
        for name, module in model.named_modules()
        if isinstance(module, BATCH_NORMS)
    }
    modes = loop.observed.modes
    used = {n: m for n, m in layers.items() if n in modes and m.running_mean is not None}
    judged = {n: m for n, m in used.items() if m.weight is None or m.weight.requires_grad}
    if not judged:
        return CHECK.finding(
            "not_applicable", "No trainable batch norm with running statistics is used"
        )
    for batch in first_batches(loop.parts, 4):
        loop.parts.step(batch)
    fresh = [
        n
        for n, m in judged.items()
        if bool((m.running_mean == 0).all() and (m.running_var == 1).all())
    ]
    if not fresh:
        return CHECK.finding(
            "passed", f"The statistics of {plural(len(judged), 'batch norm layer')} follow the data"
        )
    always_eval = [n for n in fresh if modes[n] == {False}]
    reason = "always ran in eval mode" if always_eval else "have a momentum of 0"
    return CHECK.finding(
        "problem",
        f"The statistics of {plural(len(fresh), 'batch norm layer')} are never updated: they "
        f"{reason}",
        evidence={"layers": fresh[:8], "n": len(fresh)},
        action=Action(
            "fix_bug",
            "Call model.train() before training." if always_eval else "Set momentum=0.1, or None.",
        ),
    )
