"""MD151: does the loss reach the parameters at all?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD151",
    slug="loss-detached",
    title="Does the loss reach the parameters?",
    detects=(
        "In the first 16 steps no gradient reaches any trainable parameter of any network, or "
        "backward raises "
        "because the loss needs no gradient."
    ),
    why="Nothing is learned, however long the training runs.",
    fix=(
        "Look for .detach(), .item(), .data, .numpy(), torch.tensor(loss), argmax and "
        "torch.no_grad() between "
        "the network and backward(); argmax and comparisons have no gradient."
    ),
    source="torch.autograd's documentation, on locally disabling gradient computation.",
)

NEEDS: tuple[str, ...] = ()
MESSAGE = "does not require grad"


def judge(loop: Loop) -> Finding:
    """Judge which gradients arrived."""
    seen = loop.observed
    trainable = [p for p in seen.parameters if p.trainable]
    reached = [p for p in trainable if p.gradients]
    if seen.error is not None and MESSAGE in str(seen.error):
        return _problem("backward() raised: the loss is cut off from the parameters")
    if not trainable:
        return CHECK.finding("not_applicable", "No parameter of the networks is trainable")
    if not reached and any(p.moved for p in trainable):
        return CHECK.finding(
            "inconclusive", "The parameters change without gradients, by a rule of their own"
        )
    if not reached:
        return _problem(f"No gradient reached any parameter in {plural(len(seen.steps), 'step')}")
    return CHECK.finding(
        "passed",
        f"Gradients reach {len(reached)} of {plural(len(trainable), 'trainable parameter')}",
        evidence={"reached": len(reached), "trainable": len(trainable)},
    )


def _problem(title: str) -> Finding:
    return CHECK.finding(
        "problem",
        title,
        explanation="Something between the network and backward() cuts the graph, or backward() "
        "is not called.",
        action=Action(
            "fix_bug",
            "Look for .detach(), .item(), .data, torch.no_grad() and argmax before backward().",
        ),
    )
