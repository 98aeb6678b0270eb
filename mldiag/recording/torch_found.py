"""The networks that own what optimizers step, found in memory where a training never names them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Sequence
from typing import Any


def networks_of(optimizers: Sequence[Any]) -> list[Any]:
    """Outermost modules that hold the parameters of some optimizers; few that together hold the most.

    Args:
        optimizers: torch optimizers.

    Returns:
        Modules, the one that holds most first; empty where no module holds any of the parameters.
    """
    module_type = sys.modules["torch"].nn.Module
    wanted = {id(p) for o in optimizers for group in o.param_groups for p in group["params"]}
    # The type is asked, not the object: some objects in memory answer isinstance with surprises.
    modules = [one for one in gc.get_objects() if issubclass(type(one), module_type)]
    inside = {id(child) for one in modules for child in _children(one)}
    outermost = [one for one in modules if id(one) not in inside and "_parameters" in vars(one)]
    held = {id(one): wanted & {id(p) for p in one.parameters()} for one in outermost}
    chosen: list[Any] = []
    while True:
        best = max(outermost, key=lambda one: len(held[id(one)]), default=None)
        if best is None or not held[id(best)]:
            return chosen
        chosen.append(best)
        found = held[id(best)]
        held = {key: rest - found for key, rest in held.items()}


def bare_parameters(optimizers: Sequence[Any]) -> Any:
    """A module that holds the parameters of optimizers by number, where nothing else does."""
    torch = sys.modules["torch"]
    tensors = {id(p): p for o in optimizers for group in o.param_groups for p in group["params"]}
    holder = torch.nn.Module()
    for number, tensor in enumerate(tensors.values()):
        own = tensor if isinstance(tensor, torch.nn.Parameter) else None
        if own is not None:
            holder.register_parameter(f"tensor{number}", own)
    return holder if any(True for _ in holder.parameters()) else None


def _children(module: Any) -> Iterable[Any]:
    children = vars(module).get("_modules") or {}
    return [child for child in children.values() if child is not None]
