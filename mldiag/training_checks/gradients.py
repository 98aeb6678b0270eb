"""Where gradients go during watched steps: to which parameters, into which updates, and what moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

MOST_PROBE_ELEMENTS = 200_000
"""Gradients of larger parameters are not kept to tell which contributions an update used."""

MOST_KEPT = 64
SAME_SUM = 1e-4
"""Relative difference below which two sums of gradients are the same, added in another order."""

SAME_DIRECTION = 1e-6
"""One minus the cosine below which one gradient is another one scaled, as clipping by norm does."""


@dataclass(frozen=True)
class ParameterSeen:
    """What became of one parameter.

    Args:
        name: Its name, with the network's in front.
        shape: Its shape.
        trainable: Whether `requires_grad` was set at the start.
        in_optimizer: The number of the optimizer that holds it; None where none does.
        moved: Whether its values changed.
        gradients: How many gradients reached it.
        nonzero: How many of them were not all zero.
        called: Whether its module took part in a forward pass.
    """

    name: str
    shape: tuple[int, ...]
    trainable: bool
    in_optimizer: int | None
    moved: bool
    gradients: int
    nonzero: int
    called: bool


class GradientWatch:
    """Hooks on the parameters and optimizers of a loop; `close` takes them away."""

    def __init__(self, models: Mapping[str, nn.Module], optimizers: tuple[Any, ...]) -> None:
        self._named = named_parameters(models)
        self._optimizers = optimizers
        self._start = {p: p.detach().clone() for p in self._named}
        self._trainable = {p: p.requires_grad for p in self._named}
        self._counts = {p: [0, 0] for p in self._named}
        self._called: set[int] = set()
        self.not_finite: list[str] = []
        self.updates = [0] * len(optimizers)
        self.learning_rates: list[set[float]] = [set() for _ in optimizers]
        self._probes = [_probes(optimizer) for optimizer in optimizers]
        self._kept: dict[nn.Parameter, list[torch.Tensor]] = {
            p: [] for ps in self._probes for p in ps
        }
        self._last = [dict.fromkeys(ps, 0) for ps in self._probes]
        self._used: list[dict[nn.Parameter, torch.Tensor]] = [{} for _ in optimizers]
        self._stale = [[0, 0] for _ in optimizers]
        self._modules = [module for model in models.values() for module in model.modules()]
        self._handles: list[Any] = []
        self._attach()

    def _attach(self) -> None:
        for parameter in {*self._named, *self._kept}:
            if parameter.requires_grad:
                handle = parameter.register_hook(partial(self._reached, parameter))  # type: ignore[no-untyped-call]
                self._handles.append(handle)
        for module in self._modules:
            self._handles.append(module.register_forward_pre_hook(self._ran))
        for number, optimizer in enumerate(self._optimizers):
            if hasattr(optimizer, "register_step_pre_hook"):
                hook = partial(self._before_update, number)
                self._handles.append(optimizer.register_step_pre_hook(hook))

    def close(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()

    def _reached(self, parameter: nn.Parameter, gradient: torch.Tensor) -> None:
        values = gradient.coalesce().values() if gradient.is_sparse else gradient
        finite = bool(values.isfinite().all())
        if parameter in self._counts:
            self._counts[parameter][0] += 1
            self._counts[parameter][1] += bool(values.ne(0).any())
            if not finite and self._named[parameter] not in self.not_finite:
                self.not_finite.append(self._named[parameter])
        kept = self._kept.get(parameter)
        if kept is not None and len(kept) < MOST_KEPT and gradient.layout == torch.strided:
            kept.append(gradient.detach().flatten().double())

    def _ran(self, module: nn.Module, args: Any) -> None:
        self._called.add(id(module))

    def _before_update(self, number: int, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.updates[number] += 1
        self.learning_rates[number] |= {float(g["lr"]) for g in optimizer.param_groups if "lr" in g}
        verdicts = []
        for parameter in self._probes[number]:
            kept, last = self._kept[parameter], self._last[number][parameter]
            if parameter.grad is not None and parameter.grad.layout == torch.strided:
                gradient = parameter.grad.detach().flatten().double()
                before = self._used[number].get(parameter)
                if before is not None and 0 < last < len(kept) < MOST_KEPT:
                    older = uses_older(gradient, kept, last, before)
                    verdicts += [] if older is None else [older]
                self._used[number][parameter] = gradient
            self._last[number][parameter] = len(kept)
        if verdicts:
            self._stale[number][0] += all(verdicts)
            self._stale[number][1] += 1

    def stale(self) -> list[tuple[int, int]]:
        """For each optimizer: updates that used older gradients, and updates that could be judged."""
        return [(old, judged) for old, judged in self._stale]

    def parameters(self) -> list[ParameterSeen]:
        """What became of every parameter of the networks."""
        holder = {
            id(p): number
            for number, optimizer in enumerate(self._optimizers)
            for group in optimizer.param_groups
            for p in group["params"]
        }
        called = self._called_parameters()
        return [
            ParameterSeen(
                name=name,
                shape=tuple(p.shape),
                trainable=self._trainable[p],
                in_optimizer=holder.get(id(p)),
                moved=not torch.equal(self._start[p], p.detach()),
                gradients=self._counts[p][0],
                nonzero=self._counts[p][1],
                called=id(p) in called,
            )
            for p, name in self._named.items()
        ]

    def _called_parameters(self) -> set[int]:
        """Ids of the parameters whose module ran."""
        return {
            id(parameter)
            for module in self._modules
            if id(module) in self._called
            for parameter in module._parameters.values()
        }


def named_parameters(models: Mapping[str, nn.Module]) -> dict[nn.Parameter, str]:
    """Every parameter with its name; the network's name stands in front where there are several."""
    several = len(models) > 1
    found: dict[nn.Parameter, str] = {}
    for root, model in models.items():
        for name, parameter in model.named_parameters():
            found.setdefault(parameter, f"{root}.{name}" if several else name)
    return found


def uses_older(
    gradient: torch.Tensor,
    contributions: list[torch.Tensor],
    last: int,
    before: torch.Tensor | None = None,
) -> bool | None:
    """Whether a gradient is a sum that reaches back before the last update.

    Args:
        gradient: What the optimizer is about to use.
        contributions: Everything that was added so far, in order.
        last: How many there were at the last update.
        before: The gradient that the last update used: clipped, it is no plain sum any more.

    Returns:
        None where no sum of the latest contributions gives the gradient, even scaled.

    Example:
        >>> parts = [torch.tensor(v).double() for v in ([1.0, 0.0], [0.0, 1.0], [1.0, 1.0])]
        >>> uses_older(parts[2], parts, 2), uses_older(parts[1] + parts[2], parts, 2)
        (False, True)
    """
    if not gradient.isfinite().all() or not gradient.any():
        return None
    sums: list[torch.Tensor] = []
    running = torch.zeros_like(gradient)
    for contribution in reversed(contributions):
        if contribution.shape != gradient.shape:
            return None
        running = running + contribution
        sums.append(running)
    recent = len(contributions) - last
    older = sums[recent:] if before is None else [*sums[recent:], before + sums[recent - 1]]
    for same in (_equal, _parallel):
        if any(same(gradient, total) for total in sums[:recent]):
            return False
        if any(same(gradient, total) for total in older):
            return True
    return None


def _equal(gradient: torch.Tensor, total: torch.Tensor) -> bool:
    return bool((gradient - total).norm() <= SAME_SUM * total.norm())


def _parallel(gradient: torch.Tensor, total: torch.Tensor) -> bool:
    lengths = gradient.norm() * total.norm()
    return bool(lengths > 0 and 1 - gradient.dot(total) / lengths < SAME_DIRECTION)


def _probes(optimizer: Any) -> list[nn.Parameter]:
    """The first and the last weight matrix of an optimizer, where they are small enough to keep."""
    held = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    small = [p for p in held if 1 < p.numel() <= MOST_PROBE_ELEMENTS]
    matrices = [p for p in small if p.dim() > 1] or small
    return list(dict.fromkeys([*matrices[:1], *matrices[-1:]]))
