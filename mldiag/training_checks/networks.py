"""Networks looked at from outside: their calls caught and repeated, their mode held, their rows perturbed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mldiag.training_checks import tree

RELATIVE_TOLERANCE = 1e-4
"""Differences below this share of an output's size are rounding: single precision has 1e-7 an operation."""

ROUNDINGS = 16
"""Rounding steps of a type that a difference may have, for types coarser than single precision."""

DROPOUTS = (nn.modules.dropout._DropoutNd,)
BATCH_NORMS = (nn.modules.batchnorm._BatchNorm,)


@dataclass(frozen=True)
class ModelCall:
    """One call of a network during a step: copies of what went in and what came out."""

    name: str
    model: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any

    @property
    def inputs(self) -> dict[str, Any]:
        """Everything that went in, as one structure."""
        return {"args": self.args, "kwargs": self.kwargs}

    def repeated(
        self, inputs: dict[str, Any] | None = None, *, seed: int = 0, training: bool = False
    ) -> Any:
        """Call the network again, in eval mode unless told, with the same random numbers.

        Args:
            inputs: Other inputs in the form of `inputs`; the same as before where None.
            seed: Of the random numbers that the network may draw.
            training: Whether in training mode.

        Returns:
            The output, outside any graph.
        """
        given = self.inputs if inputs is None else inputs
        given = tree.cloned(given)
        state = torch.get_rng_state()
        torch.manual_seed(seed)
        try:
            with held_mode([self.model], training=training), torch.no_grad():
                return tree.cloned(self.model(*given["args"], **given["kwargs"]))
        finally:
            torch.set_rng_state(state)


@contextmanager
def caught_calls(models: Mapping[str, nn.Module]) -> Iterator[list[ModelCall]]:
    """Catch the calls of the named networks; a network that another one calls is caught as well."""
    calls: list[ModelCall] = []
    open_inputs: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def before(model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        open_inputs.append((tree.cloned(args), tree.cloned(kwargs)))

    def after(name: str) -> Any:
        def hook(model: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            given = open_inputs.pop()
            calls.append(ModelCall(name, model, given[0], given[1], tree.cloned(output)))

        return hook

    handles = []
    for name, model in models.items():
        handles.append(model.register_forward_pre_hook(before, with_kwargs=True))
        handles.append(model.register_forward_hook(after(name), with_kwargs=True))
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def held_mode(models: Iterable[nn.Module], *, training: bool) -> Iterator[None]:
    """Keep networks in one mode, whatever the user's code sets."""
    modules = list({id(m): m for model in models for m in model.modules()}.values())
    modes = [module.training for module in modules]
    for module in modules:
        module.training = training
        module.__dict__["train"] = _unmoved(module)
    try:
        yield
    finally:
        for module, mode in zip(modules, modes, strict=True):
            del module.__dict__["train"]
            module.training = mode


def _unmoved(module: nn.Module) -> Any:
    def train(mode: bool = True) -> nn.Module:
        return module

    return train


def changed_entries(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """Which entries differ by more than rounding."""
    tolerance = RELATIVE_TOLERANCE
    if before.is_floating_point():
        tolerance = max(tolerance, ROUNDINGS * torch.finfo(before.dtype).eps)
    old, new = before.double(), after.double()
    scale = old[old.isfinite()].abs().max() if old.isfinite().any() else old.new_zeros(())
    same = (old == new) | (old.isnan() & new.isnan())
    return ~same & ~((old - new).abs() <= tolerance * scale + 1e-9)


def changed_along(changed: torch.Tensor, axis: int) -> set[int]:
    """Positions of an axis at which anything changed."""
    others = [i for i in range(changed.dim()) if i != axis]
    line = changed.any(dim=others[0]) if len(others) == 1 else changed
    if len(others) > 1:
        line = changed.transpose(0, axis).flatten(1).any(dim=1)
    return {int(i) for i in line.nonzero().flatten()}


def with_other_row(inputs: Any, axis: int, row: int, size: int) -> Any:
    """The same inputs with one row taken from another one and altered, in every tensor that has rows.

    Numbers are altered by noise of their own spread; whole numbers and flags are another row's, so that
    they stay valid. One-dimensional whole numbers are lengths or classes and stay.
    """
    other = (row + size // 2) % size if size > 1 else row

    def change(path: tuple[Any, ...], leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor) or leaf.dim() <= axis or leaf.shape[axis] != size:
            return leaf
        new = leaf.clone()
        place = new.select(axis, row)
        if leaf.is_floating_point():
            generator = torch.Generator().manual_seed(row)
            noise = torch.randn(place.shape, generator=generator).to(leaf)
            spread = leaf.std() if leaf.numel() > 1 and float(leaf.std()) > 0 else 1.0
            place.copy_(leaf.select(axis, other) + spread * noise)
        elif leaf.dim() > 1 and leaf.dtype != torch.bool:
            place.copy_(_other_values(leaf, axis, row, other))
        return new

    return tree.mapped(inputs, change)


def _other_values(leaf: torch.Tensor, axis: int, row: int, other: int) -> torch.Tensor:
    taken = leaf.select(axis, other)
    if not torch.equal(taken, leaf.select(axis, row)):
        return taken
    return taken.flip(0) if taken.dim() else taken


def tensor_leaves(value: Any) -> list[torch.Tensor]:
    """The tensors of a structure."""
    return [leaf for _, leaf in tree.leaves(value) if isinstance(leaf, torch.Tensor)]
