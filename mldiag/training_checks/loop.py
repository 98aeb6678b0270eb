"""What the checks are given: the loop, its first steps, one epoch of it, and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from mldiag.training_checks import tree
from mldiag.training_checks.loss_calls import LossCall
from mldiag.training_checks.networks import ModelCall, caught_calls
from mldiag.training_checks.observed import Observation, StepSeen, observe, result_of
from mldiag.training_checks.parts import Parts
from mldiag.training_checks.places import (
    PlacesRead,
    continued_by,
    earlier_places_changed,
    tokens_read,
)
from mldiag.training_checks.state import preserved, reachable

OBSERVING_SHARE = 0.2
EPOCH_SHARE = 0.2
MOST_ROWS = 4000
SAME_LOSS = 1e-3

ADVERSARIAL = "gan"


@dataclass(frozen=True)
class EpochRows:
    """One epoch of training as far as time allowed, row by row.

    Args:
        inputs: For every batch the first tensor that the network was given.
        targets: For every batch the targets of the step; None where there were none.
        losses: The loss of every step before its update.
        whole: Whether the epoch came to its end.
    """

    inputs: list[torch.Tensor]
    targets: list[Any]
    losses: list[float]
    whole: bool


class Loop:
    """The user's loop and what is known of it.

    Args:
        parts: The checked parts.
        seconds: Time for all the checks together.
    """

    def __init__(
        self, parts: Parts, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.parts = parts
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self.optimizers = parts.optimizers or self._found_optimizers()

    def remaining(self) -> float:
        """Seconds that are left."""
        return self._end - self._clock()

    def preserved(self) -> Any:
        """A context in which everything may be changed."""
        return preserved(*self._roots())

    def _roots(self) -> tuple[Any, ...]:
        p = self.parts
        return (
            *p.models.values(),
            *p.optimizers,
            p.step,
            p.train_batches,
            p.evaluate,
            p.end_epoch,
            p.loss_fn,
        )

    def _found_optimizers(self) -> tuple[Any, ...]:
        """Optimizers that the functions reach, where none were given."""
        return tuple(v for v in reachable(self._roots()) if isinstance(v, torch.optim.Optimizer))

    @cached_property
    def observed(self) -> Observation:
        """The first steps; the state is put back after them."""
        with self.preserved():
            return observe(self.parts, self.optimizers, OBSERVING_SHARE * self.seconds)

    @cached_property
    def epoch(self) -> EpochRows:
        """One epoch of training; the state is put back after it."""
        with self.preserved():
            return self._train_epoch(EPOCH_SHARE * self.seconds)

    @property
    def first(self) -> StepSeen:
        """The first step."""
        return self.observed.steps[0]

    @property
    def call(self) -> ModelCall | None:
        """The first call of a network that is trained in the first step; None where none was called."""
        calls = self._calls()
        return calls[0] if calls else None

    def _calls(self) -> list[ModelCall]:
        """Calls of the first step: of networks that are trained, where there are any."""
        calls = self.first.calls
        return [c for c in calls if any(p.requires_grad for p in c.model.parameters())] or calls

    @property
    def kept_steps(self) -> list[StepSeen]:
        """The steps of which batches and outputs are kept."""
        return [step for step in self.observed.steps if step.batch is not None]

    def scaled_gradients(self) -> bool:
        """Whether a gradient scaler of mixed precision is at work."""
        return any("GradScaler" in type(v).__name__ for v in reachable(self._roots()))

    @cached_property
    def task(self) -> str | None:
        """The task as told, else as the first step shows it, else None."""
        return self.parts.task or self._inferred_task()

    @property
    def adversarial(self) -> bool:
        """Whether networks train against each other, as far as one can see."""
        return self.task == ADVERSARIAL

    def _inferred_task(self) -> str | None:
        several = len(self.parts.models) > 1 and len(self.optimizers) > 1
        loss = main_loss(self.first)
        if several and (loss is None or self.first.result.targets is None):
            return ADVERSARIAL
        if loss is None or loss.name == "difference":
            return None
        read = [] if self.call is None else list(tree.leaves(self.call.inputs))
        alone = list(tree.leaves(self.first.batch))
        known = [*read, *(alone if len(alone) == 1 else [])]
        if any(_same_values(loss.target, leaf) for _, leaf in known if _is_input(leaf, loss)):
            return (
                "autoencoder"
                if loss.target.is_floating_point() and loss.target.dim() > 1
                else self._labelled(loss)
            )
        return self._labelled(loss)

    def _labelled(self, loss: LossCall) -> str | None:
        if self.first.result.targets is None and len(self.first.loss_calls) > 1:
            return None
        if loss.name in ("cross_entropy", "nll_loss"):
            return "language_model" if self.next_tokens() else "classification"
        if loss.name.startswith("binary"):
            return (
                "classification"
                if loss.target.dim() < 2 or loss.target.shape[-1] == 1
                else "multilabel"
            )
        return "regression"

    def next_tokens(self) -> bool:
        """Whether the targets are tokens read, moved by one place: a language model by its data."""
        read = self.continued
        return read is not None and not read.values.is_floating_point()

    @cached_property
    def continued(self) -> PlacesRead | None:
        """The rows, of tokens or of numbers, of which the targets are the next places."""
        targets = self.targets()
        if targets is None:
            return None
        found = (continued_by(call, targets) for call in self._calls())
        return next((read for read in found if read is not None), None)

    def read(self) -> PlacesRead | None:
        """The rows by places that the targets continue, else the tokens that the network reads."""
        if self.continued is not None:
            return self.continued
        return None if self.call is None else tokens_read(self.call)

    def tokens(self) -> torch.Tensor | None:
        """The whole numbers, rows by places, that the network reads in the first step."""
        read = self.read()
        return None if read is None or read.values.is_floating_point() else read.values

    def tokens_of_calls(self) -> list[torch.Tensor]:
        """The tokens of every call in the first step that reads some."""
        read = (tokens_read(call) for call in self._calls())
        return [found.values for found in read if found is not None]

    def targets(self) -> torch.Tensor | None:
        """The one tensor of targets of the first step; None where there are none or several."""
        found = [leaf for _, leaf in tree.leaves(self.first.result.targets)]
        return found[0] if len(found) == 1 and isinstance(found[0], torch.Tensor) else None

    def causal(self) -> bool:
        """Whether later places change no earlier output, as far as one can see."""
        return self.later_places_change_earlier() == 0

    def later_places_change_earlier(self) -> int | None:
        """Earlier places that change with later ones in the first call; None where that cannot be seen."""
        read = self.read()
        return None if read is None else earlier_places_changed(read)

    def targets_are_given(self) -> bool:
        """Whether the targets come with the batch, and are not made in the step."""
        targets = self.targets()
        held = [tree.array_of(leaf) for _, leaf in tree.leaves(self.first.batch)]
        if targets is None or not held:
            return False
        if len(held) == 1 and held[0].ndim == 1 and held[0].dtype.kind in "iu":
            return True  # row numbers, by which the step reads both
        wanted = tree.array_of(targets).reshape(-1)
        return any(a.size == wanted.size and np.array_equal(a.reshape(-1), wanted) for a in held)

    def train(self, batches: list[Any], times: int = 1) -> list[float]:
        """Train on copies of the batches and give the losses; to be called inside `preserved`."""
        losses = []
        for _ in range(times):
            for batch in batches:
                result = result_of(self.parts.step(tree.cloned(batch)))
                losses.append(float("nan") if result.loss is None else result.loss)
        return losses

    def _train_epoch(self, seconds: float) -> EpochRows:
        end = self._clock() + seconds
        inputs: list[torch.Tensor] = []
        targets: list[Any] = []
        losses: list[float] = []
        rows = 0
        for batch in self.parts.train_batches(0):
            if rows >= MOST_ROWS or (len(losses) > 1 and self._clock() > end):
                return EpochRows(inputs, targets, losses, whole=False)
            own = tree.cloned(batch)
            with caught_calls(self.parts.models) as calls:
                result = result_of(self.parts.step(own))
            read = _first_tensor(calls[0].inputs if calls else batch)
            if read is not None:
                inputs.append(read)
                rows += len(read)
            targets.append(tree.cloned(result.targets))
            losses.append(float("nan") if result.loss is None else result.loss)
        return EpochRows(inputs, targets, losses, whole=True)


def main_loss(step: StepSeen) -> LossCall | None:
    """The call of a loss function that judges the outputs: by its value, else by the memory it read.

    None where several could be meant.
    """
    calls = [c for c in step.loss_calls if c.value is not None]
    loss = step.result.loss
    if loss is not None:
        same = [c for c in calls if c.value is not None and c.value.numel() == 1
                and abs(float(c.value) - loss) <= SAME_LOSS * max(abs(loss), 1e-9)]  # fmt: skip
        if same:
            return same[0]
    own = [c for c in calls if c.addresses[0] in step.same_memory[0]]
    if len(own) == 1:
        return own[0]
    return calls[0] if len(calls) == 1 else None


def _is_input(leaf: Any, loss: LossCall) -> bool:
    return (
        isinstance(leaf, torch.Tensor)
        and leaf.numel() == loss.target.numel()
        and leaf.dtype == loss.target.dtype
    )


def _same_values(target: torch.Tensor, leaf: torch.Tensor) -> bool:
    return leaf.dim() > 1 and torch.equal(target.flatten(), leaf.flatten())


def _first_tensor(inputs: Any) -> torch.Tensor | None:
    found = [
        leaf for _, leaf in tree.leaves(inputs) if isinstance(leaf, torch.Tensor) and leaf.dim() > 0
    ]
    many = [leaf for leaf in found if leaf.dim() > 1] or found
    return many[0] if many else None
