"""The first steps of a training, watched: what the checks judge without training again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from mldiag.training_checks import tree
from mldiag.training_checks.gradients import GradientWatch, ParameterSeen
from mldiag.training_checks.loss_calls import LossCall, LossCalls
from mldiag.training_checks.networks import BATCH_NORMS, DROPOUTS, ModelCall, caught_calls
from mldiag.training_checks.parts import Parts

STEPS = 16
"""Steps watched: enough for four updates under fourfold accumulation."""

KEPT = 8
"""Steps of which batches and outputs are kept."""

MOST_EPOCHS = 16


@dataclass
class StepResult:
    """What one step returned, in one form."""

    loss: float | None
    outputs: Any
    targets: Any


@dataclass
class StepSeen:
    """One watched step."""

    batch: Any
    result: StepResult
    calls: list[ModelCall] = field(default_factory=list)
    loss_calls: list[LossCall] = field(default_factory=list)
    same_memory: tuple[set[int], set[int]] = (set(), set())
    """Where the memory of the outputs and of the targets begins."""


@dataclass
class Observation:
    """The first steps together.

    Args:
        steps: The steps; those after `KEPT` without their tensors.
        losses: The loss of every step that told one.
        parameters: What became of every parameter.
        stale: For each optimizer the number of updates that used older gradients, and of those judged.
        updates: For each optimizer, how often it stepped.
        learning_rates: The distinct learning rates of every optimizer's groups.
        modes: For every dropout and batch norm the modes in which it ran.
        not_finite: Places at which NaN or infinity appeared, with the step.
        error: The message of an exception that ended the watching.
    """

    steps: list[StepSeen] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    parameters: list[ParameterSeen] = field(default_factory=list)
    stale: list[tuple[int, int]] = field(default_factory=list)
    updates: list[int] = field(default_factory=list)
    learning_rates: list[set[float]] = field(default_factory=list)
    modes: dict[str, set[bool]] = field(default_factory=dict)
    not_finite: dict[str, int] = field(default_factory=dict)
    error: BaseException | None = None


def result_of(returned: Any) -> StepResult:
    """Read what a step returned: a mapping, a loss alone, or (loss, outputs, targets)."""
    if isinstance(returned, Mapping):
        loss = returned.get("loss")
        return StepResult(_number(loss), returned.get("outputs"), returned.get("targets"))
    if isinstance(returned, (tuple, list)):
        loss, outputs, targets = (*returned, None, None, None)[:3]
        return StepResult(_number(loss), outputs, targets)
    return StepResult(_number(returned), None, None)


def first_batches(parts: Parts, most: int) -> Iterator[Any]:
    """Copies of batches, epoch after epoch, with `end_epoch` between them."""
    given = 0
    for epoch in range(MOST_EPOCHS):
        before = given
        for batch in parts.train_batches(epoch):
            if given == most:
                return
            given += 1
            yield tree.cloned(batch)
        if given in (before, most):
            return
        if parts.end_epoch is not None:
            parts.end_epoch(epoch)


def observe(parts: Parts, optimizers: tuple[Any, ...], seconds: float) -> Observation:
    """Run the first steps and watch them; the caller puts the state back.

    Args:
        parts: The loop.
        optimizers: The user's optimizers, given or found.
        seconds: The time after which no further step is begun; two are always run.
    """
    seen = Observation()
    start = time.monotonic()
    watch = GradientWatch(parts.models, optimizers)
    try:
        with layer_modes(parts) as seen.modes:
            for number, batch in enumerate(first_batches(parts, STEPS)):
                if number >= 2 and time.monotonic() - start > seconds:
                    break
                seen.steps.append(_step(parts, batch, number, seen))
    except Exception as error:  # the user's step may fail in any way; run.py tells it
        seen.error = error
    finally:
        watch.close()
    seen.parameters = watch.parameters()
    seen.stale, seen.updates, seen.learning_rates = (
        watch.stale(),
        watch.updates,
        watch.learning_rates,
    )
    for name in watch.not_finite:
        seen.not_finite.setdefault(f"gradient of {name}", 0)
    return seen


def _step(parts: Parts, batch: Any, number: int, seen: Observation) -> StepSeen:
    kept = tree.cloned(batch) if number < KEPT else None
    _note_not_finite("batch", batch, number, seen)
    if number >= KEPT:
        result = result_of(parts.step(batch))
        _note_loss(result, number, seen)
        return StepSeen(None, StepResult(result.loss, None, None))
    with caught_calls(parts.models) as calls, LossCalls() as losses:
        returned = parts.step(batch)
    result = result_of(returned)
    _note_loss(result, number, seen)
    memory = (_addresses(result.outputs), _addresses(result.targets))
    _note_not_finite("outputs", result.outputs, number, seen)
    result = StepResult(result.loss, tree.cloned(result.outputs), tree.cloned(result.targets))
    return StepSeen(kept, result, calls if number == 0 else calls[:4], losses.calls, memory)


@contextmanager
def layer_modes(parts: Parts) -> Iterator[dict[str, set[bool]]]:
    """Collect in which modes the dropout and batch norm layers of the networks run."""
    modes: dict[str, set[bool]] = {}

    def noting(name: str) -> Any:
        def hook(module: torch.nn.Module, args: Any) -> None:
            modes.setdefault(name, set()).add(module.training)

        return hook

    handles = [
        module.register_forward_pre_hook(noting(f"{root}.{name}"))
        for root, model in parts.models.items()
        for name, module in model.named_modules()
        if isinstance(module, BATCH_NORMS) or (isinstance(module, DROPOUTS) and module.p > 0)
    ]
    try:
        yield modes
    finally:
        for handle in handles:
            handle.remove()


def _addresses(value: Any) -> set[int]:
    return {leaf.data_ptr() for _, leaf in tree.leaves(value) if isinstance(leaf, torch.Tensor)}


def _note_loss(result: StepResult, number: int, seen: Observation) -> None:
    if result.loss is not None:
        seen.losses.append(result.loss)
        if not math.isfinite(result.loss):
            seen.not_finite.setdefault("loss", number)


def _note_not_finite(what: str, value: Any, number: int, seen: Observation) -> None:
    for path, leaf in tree.leaves(value):
        if (
            isinstance(leaf, torch.Tensor)
            and leaf.is_floating_point()
            and not leaf.isfinite().all()
        ):
            name = ".".join(map(str, path))
            seen.not_finite.setdefault(f"{what} {name}".strip(), number)


def _number(loss: Any) -> float | None:
    if loss is None:
        return None
    try:
        return float(loss.detach().mean() if isinstance(loss, torch.Tensor) else loss)
    except (TypeError, ValueError):
        return None
