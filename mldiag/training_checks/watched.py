"""A short training under watch after the active checks: what they cannot see shows only while it learns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mldiag.errors import MldiagError
from mldiag.recording.recorded import Recording
from mldiag.training_checks import tree
from mldiag.training_checks.loop import Loop
from mldiag.training_checks.observed import result_of

MOST_STEPS = 2000
"""Steps of the watched training."""

SHARE = 0.25
"""Share of the time for all checks that the watched training takes, more where they left some."""

FEWEST_STEPS = 200
"""Where the number of epochs is not told, they go on until so many steps were taken."""

LOWER_IS_BETTER = ("loss", "error", "mse", "mae", "rmse", "perplexity", "nll")

OF_THE_END = ("stopped-early", "underfitting", "overfitting", "plateau", "over-regularised")
"""Checks that judge where a training ends up: of one that was cut short they say nothing."""

SURE_EARLY = (
    "not-finite", "inputs-not-scaled", "dead-units", "saturated-units", "vanishing-gradients",
    "exploding-gradients", "learning-rate-too-low", "learning-rate-too-high", "updates-too-small",
)  # fmt: skip
"""Checks whose problem is one after few steps too; of a training that was cut, what others find is advice."""

OF_WHAT_WAS_LEARNED = (
    "predicted-class-collapse", "representation-collapse", "posterior-collapse", "mode-collapse",
    "codebook-collapse", "attention-collapse", "neural-collapse", "mistakes-of-classes", "confident-mistakes",
    "mistakes-concentrate", "calibration", "hard-examples", "forgotten-examples", "worst-errors",
)  # fmt: skip
"""Checks of outputs, which need a training of some length: of a short one that was cut they say nothing."""


def watched_training(
    loop: Loop, make: Callable[..., Any], clock: Callable[[], float] = time.monotonic
) -> tuple[Recording, bool] | None:
    """Train as the loop does, for a while; everything is put back afterwards.

    Args:
        loop: The user's loop.
        make: Makes a watch, as `mldiag.watch` does.
        clock: Time in seconds.

    Returns:
        What was recorded, and whether the training came to its end; None where there is no time, or no step
        could be taken.
    """
    if loop.remaining() < 0 or not loop.observed.steps:
        return None
    end = clock() + max(loop.remaining(), SHARE * loop.seconds)
    parts = loop.parts
    with loop.preserved():
        try:
            watch = make(dict(parts.models), list(loop.optimizers) or None, task=loop.task)
        except MldiagError:  # such as an optimizer of the user's own that is none of torch's
            return None
        with watch:
            whole = _train(loop, watch, lambda: clock() > end)
        recording: Recording = watch.recording()
    return (recording, whole) if recording.steps else None


def _train(loop: Loop, watch: Any, is_late: Callable[[], bool]) -> bool:
    """Whether the training came to its end; an error in it ends it."""
    parts, steps = loop.parts, 0
    for epoch in range(parts.epochs or FEWEST_STEPS):
        before = steps
        try:
            for batch in parts.train_batches(epoch):
                if steps >= MOST_STEPS or is_late():
                    return False
                own = tree.cloned(batch)
                result = result_of(parts.step(own))
                watch.step(loss=result.loss, outputs=result.outputs, targets=result.targets)
                steps += 1
            if parts.end_epoch is not None:
                parts.end_epoch(epoch)
            if parts.evaluate is not None:
                _evaluate(parts.evaluate(), watch)
        except Exception:  # the checks have told of it; what was seen until then is judged
            return False
        if steps == before or (parts.epochs is None and steps >= FEWEST_STEPS):
            return False
    return parts.epochs is not None


def unjudged(steps: int, *, whole: bool) -> tuple[str, ...]:
    """Slugs of the checks that a watched training says nothing of.

    Args:
        steps: Steps that were taken.
        whole: Whether it came to its end.

    Example:
        >>> unjudged(500, whole=True), "stopped-early" in unjudged(500, whole=False)
        ((), True)
    """
    if whole:
        return ()
    return OF_THE_END + (OF_WHAT_WAS_LEARNED if steps < FEWEST_STEPS else ())


def _evaluate(told: Any, watch: Any) -> None:
    name, value = next(iter(told.items())) if isinstance(told, dict) and told else ("score", told)
    better_low = any(word in str(name).lower() for word in LOWER_IS_BETTER)
    watch.evaluate(score=value, maximize=not better_low)
