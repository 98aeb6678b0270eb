"""MD153: does the optimizer hold the networks' parameters, with a learning rate above zero?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Action, Check, Finding
from mldiag.wording import plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

CHECK = Check(
    code="MD153",
    slug="optimizer-parameters",
    title="Does the optimizer hold the networks' parameters, with a learning rate above zero?",
    detects=(
        "No parameter of an optimizer is one of the networks'; or every learning rate is 0 in "
        "all of the first 16 "
        "steps and after the first epoch; or no optimizer makes an update in them."
    ),
    why="A model that was copied, wrapped or built anew after the optimizer was made is never "
    "trained.",
    fix="Make the optimizer last, from the parameters of the very model that step uses; look at "
    "the schedule.",
    source="torch.optim's documentation: construct optimizers after the model is in place.",
)

NEEDS: tuple[str, ...] = ()


def judge(loop: Loop) -> Finding:
    """Judge what every optimizer holds and how fast it goes."""
    if not loop.optimizers:
        return CHECK.finding(
            "not_applicable", "No optimizer was given", explanation="Give optimizers=."
        )
    own = {id(p) for model in loop.parts.models.values() for p in model.parameters()}
    held = [[p for group in o.param_groups for p in group["params"]] for o in loop.optimizers]
    foreign = [
        i for i, many in enumerate(held) if own and many and not any(id(p) in own for p in many)
    ]
    if foreign and len(foreign) == len(held):
        return _foreign(sum(map(len, held)))
    if foreign:
        return CHECK.finding(
            "inconclusive",
            f"Optimizer {foreign[0]} holds no parameter of the networks given",
            explanation="Give every network: model=[generator, discriminator].",
        )
    seen = loop.observed
    if seen.updates and not any(seen.updates) and seen.error is None:
        return CHECK.finding(
            "inconclusive",
            f"No optimizer made an update in {plural(len(seen.steps), 'step')}",
            explanation="Either step() is never called, or gradients are accumulated over more "
            "batches than that.",
        )
    rates = {rate for found in seen.learning_rates for rate in found}
    if rates == {0.0}:
        return _zero(loop)
    return CHECK.finding(
        "passed",
        "The optimizer holds the networks' parameters",
        evidence={"learning_rates": sorted(rates)[:8]},
    )


def _zero(loop: Loop) -> Finding:
    """Tell a rate of 0 from the start of a warm-up."""
    if loop.parts.end_epoch is not None:
        loop.parts.end_epoch(0)
    after = {float(g["lr"]) for o in loop.optimizers for g in o.param_groups if "lr" in g}
    if after - {0.0}:
        return CHECK.finding(
            "advice",
            "The learning rate is 0 all through the first epoch",
            explanation=f"It is {max(after):g} after it: a warm-up that begins at 0 wastes an "
            "epoch.",
            action=Action("fix_bug", "Let the warm-up begin above 0."),
        )
    return CHECK.finding(
        "problem",
        "The learning rate is 0: nothing is learned",
        evidence={"learning_rates": [0.0]},
        action=Action(
            "fix_bug", "Set the optimizer's lr above 0, and look at what the schedule makes of it."
        ),
    )


def _foreign(held: int) -> Finding:
    return CHECK.finding(
        "problem",
        f"The optimizer holds {plural(held, 'parameter')}, none of them the networks'",
        explanation="The networks were copied or built anew after it was made.",
        evidence={"held": held},
        action=Action(
            "fix_bug", "Make the optimizer from the parameters of the model that step uses."
        ),
    )
