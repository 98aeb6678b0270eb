"""A loss that falls while the right answers become less likely: whatever its form, its sign is turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from mldiag.training_checks import tree
from mldiag.training_checks.observed import result_of

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop

STEPS = 60
SUM = 1e-3
"""Distance from one within which a row of chances sums to one."""

FALLS = 0.05
"""What the loss must lose of its size before its direction says anything."""

WORSE = 0.9
"""Share of the rows whose right answer must have become less likely, and clearly so."""

LEAST_ROWS = 4


def turned_likelihood(loop: Loop, batch: Any) -> dict[str, Any] | None:
    """Train on one batch and follow the chance that the outputs give to the right classes.

    Only outputs that are chances, or their logarithms, are judged: of other numbers it is not known
    whether more of them means the class. To be called inside `preserved`.

    Args:
        loop: The loop.
        batch: A batch with several classes.

    Returns:
        What was seen where the loss fell and the right answers became less likely; else None.
    """
    first: tuple[float, torch.Tensor] | None = None
    for _ in range(STEPS):
        result = result_of(loop.parts.step(tree.cloned(batch)))
        chance = _chance_of_right(result.outputs, result.targets)
        if chance is None or result.loss is None or loop.remaining() < 0:
            return None
        first = first or (result.loss, chance)
        fallen = first[0] - result.loss > FALLS * max(abs(first[0]), 1e-6)
        if fallen and chance.shape == first[1].shape:
            worse = float((chance < 0.5 * first[1]).float().mean())
            if worse >= WORSE:
                return {
                    "loss": [first[0], result.loss],
                    "chance_of_right": [float(first[1].mean()), float(chance.mean())],
                    "n": len(chance),
                }
    return None


def _chance_of_right(outputs: Any, targets: Any) -> torch.Tensor | None:
    """What each row gives to its class; None where the outputs are no chances of classes."""
    said = [leaf for _, leaf in tree.leaves(outputs)]
    right = [leaf for _, leaf in tree.leaves(targets)]
    if len(said) != 1 or len(right) != 1 or not isinstance(said[0], torch.Tensor):
        return None
    chances, classes = said[0].detach().double(), right[0]
    whole = isinstance(classes, torch.Tensor) and classes.dtype in (torch.int64, torch.int32)
    if not whole or chances.dim() != 2 or classes.shape != chances.shape[:1]:
        return None
    if (
        len(classes) < LEAST_ROWS
        or int(classes.max()) >= chances.shape[1]
        or int(classes.min()) < 0
    ):
        return None
    if bool((chances <= SUM).all()):
        chances = chances.exp()
    if not bool(((chances.sum(1) - 1).abs() < SUM).all() and (chances >= 0).all()):
        return None
    return chances.gather(1, classes[:, None].long())[:, 0]
