"""What a measure sees of a training step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mldiag.recording.watching.structure import Structure


@dataclass(frozen=True, eq=False)
class LookedAtStep:
    """A step that was just taken; the gradients are still there unless the loop has cleared them already.

    Args:
        number: Steps before it.
        watched: Its `networks` by name, its `optimizers` (none where the loop changes the weights by itself)
            and its `parameters`, each with `name` and `tensor`.
        loss: The loss that was told, or None.
        outputs: What the network said of the batch, as told, or None.
        targets: What it should have said, or None.
    """

    number: int
    watched: Structure
    loss: Any = None
    outputs: Any = None
    targets: Any = None
