"""Everything that a check may change in the user's program, put away before it and put back after it."""

from __future__ import annotations

import copy
import random
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

MOST_ELEMENTS = 1_000_000
"""Loose tensors and arrays above this size are data, which training does not write to: never copied."""

MOST_ITEMS = 10_000
"""Containers above this length are data likewise."""

PLAIN = (int, float, complex, str, bytes, bool, type(None))
LIBRARIES = ("torch", "numpy", "builtins", "collections", "sklearn", "pandas", "random", "mldiag")

Undo = Callable[[], None]


@contextmanager
def preserved(*roots: Any) -> Iterator[None]:
    """Put back, at the end, whatever changed in what the roots reach.

    That is: parameters, buffers, gradients, modes and flags of networks; state and settings of optimizers;
    schedulers and whatever else has a `state_dict`; counters, lists and small tensors in the closures,
    attributes and globals of functions; random generators, their own and the global ones.

    Args:
        roots: Networks, optimizers, functions, or containers of them.
    """
    random_states = (
        _global_random()
    )  # kept first and put back last: keeping and putting back may draw
    undo = [step for value in reachable(roots) for step in _snapshot(value)]
    try:
        yield
    finally:
        with torch.no_grad():
            for step in (*undo, *random_states):
                step()


def reachable(roots: Iterable[Any]) -> list[Any]:
    """The objects with a state of their own that the roots reach, each once."""
    found: list[Any] = []
    seen: set[int] = set()
    waiting = deque(roots)
    while waiting:
        value = waiting.popleft()
        if id(value) in seen or isinstance(value, (*PLAIN, type, types.ModuleType)):
            continue
        seen.add(id(value))
        found.append(value)
        waiting.extend(_inside(value))
    return found


def _inside(value: Any) -> Iterable[Any]:
    """What a value leads to."""
    if isinstance(value, (torch.Tensor, np.ndarray, nn.Module, torch.optim.Optimizer)):
        return ()
    if isinstance(value, types.FunctionType):
        cells = list(value.__closure__ or ())
        named = [value.__globals__.get(name) for name in _names(value.__code__)]
        return [*cells, *named, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if isinstance(value, types.CellType):
        return _contents(value)
    if isinstance(value, types.MethodType):
        return (value.__self__, value.__func__)
    if isinstance(value, partial):
        return (value.func, *value.args, *value.keywords.values())
    if isinstance(value, dict):
        return list(value.values()) if len(value) <= MOST_ITEMS else ()
    if isinstance(value, (list, tuple, set, frozenset, deque)):
        return list(value) if len(value) <= MOST_ITEMS else ()
    return list(getattr(value, "__dict__", {}).values())


def _names(code: types.CodeType) -> set[str]:
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return {*code.co_names}.union(*(_names(c) for c in inner))


def _contents(cell: types.CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # a name that is not bound yet
        return ()


def _snapshot(value: Any) -> Iterator[Undo]:
    """How to put one object back."""
    if isinstance(value, nn.Module):
        for module in value.modules():
            yield from _module(module)
    elif isinstance(value, torch.optim.Optimizer):
        yield _optimizer(value)
    elif isinstance(value, torch.Tensor):
        yield from _tensor(value)
    elif isinstance(value, np.ndarray):
        if value.size <= MOST_ELEMENTS and value.flags.writeable and value.dtype != object:
            yield partial(np.copyto, value, value.copy())
    elif isinstance(value, torch.Generator):
        yield partial(_set_generator, value, value.get_state())
    elif isinstance(value, np.random.Generator):
        yield partial(
            setattr, value.bit_generator, "state", copy.deepcopy(value.bit_generator.state)
        )
    elif isinstance(value, np.random.RandomState):
        yield partial(value.set_state, value.get_state())
    elif isinstance(value, random.Random):
        yield partial(value.setstate, value.getstate())
    elif isinstance(value, types.FunctionType):
        yield _plain_globals(value)
    elif isinstance(value, types.CellType):
        yield from (partial(setattr, value, "cell_contents", held) for held in _contents(value))
    else:
        yield from _container(value)


def _container(value: Any) -> Iterator[Undo]:
    if isinstance(value, dict) and len(value) <= MOST_ITEMS:
        yield partial(_refill_dict, value, dict(value))
    elif isinstance(value, list) and len(value) <= MOST_ITEMS:
        yield partial(value.__setitem__, slice(None), list(value))
    elif isinstance(value, (set, deque)) and len(value) <= MOST_ITEMS:
        yield partial(_refill, value, list(value))
    elif hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
        yield partial(value.load_state_dict, copy.deepcopy(value.state_dict()))
    elif _is_the_users(value):
        yield partial(_refill_dict, value.__dict__, dict(value.__dict__))


def _is_the_users(value: Any) -> bool:
    return type(value).__module__.split(".")[0] not in LIBRARIES and isinstance(
        getattr(value, "__dict__", None), dict
    )


def _module(module: nn.Module) -> Iterator[Undo]:
    held_by_name = {k: v for k, v in module.__dict__.items() if _is_own(k, v)}
    yield partial(_set_attributes, module, held_by_name)
    for name, value in held_by_name.items():
        if isinstance(value, torch.Tensor):
            yield from _tensor(value)
        elif not name.startswith("_") and isinstance(value, (dict, list, set, deque)):
            yield from _container(value)
    yield partial(_refill_dict, module._modules, dict(module._modules))
    for held in (module._parameters, module._buffers):
        yield partial(_refill_dict, held, dict(held))
        for tensor in held.values():
            if tensor is not None:
                yield from _tensor(tensor, always=True)


def _is_own(name: str, value: Any) -> bool:
    """Whether an attribute of a network is the user's, or a plain one of torch's such as the mode."""
    return not name.startswith("_") or isinstance(value, PLAIN)


def _set_attributes(module: nn.Module, attributes: dict[str, Any]) -> None:
    for name in [k for k, v in module.__dict__.items() if _is_own(k, v) and k not in attributes]:
        del module.__dict__[name]
    module.__dict__.update(attributes)


def _tensor(tensor: torch.Tensor, *, always: bool = False) -> Iterator[Undo]:
    if torch.nn.parameter.is_lazy(tensor) or not (always or tensor.numel() <= MOST_ELEMENTS):
        return
    if tensor.is_leaf:
        gradient = None if tensor.grad is None else tensor.grad.detach().clone()
        yield partial(_set_gradient, tensor, gradient, tensor.requires_grad)
    if tensor.layout == torch.strided:
        yield partial(_write, tensor, tensor.detach().clone())


def _write(tensor: torch.Tensor, value: torch.Tensor) -> None:
    if tensor.shape == value.shape:
        tensor.detach().copy_(value)
    else:
        tensor.data = value


def _set_gradient(tensor: torch.Tensor, gradient: torch.Tensor | None, requires: bool) -> None:
    tensor.requires_grad_(requires)
    tensor.grad = gradient


def _optimizer(optimizer: torch.optim.Optimizer) -> Undo:
    groups = [
        (group, {k: _kept(k, v) for k, v in group.items()}) for group in optimizer.param_groups
    ]
    state = {p: copy.deepcopy(held) for p, held in optimizer.state.items()}

    def undo() -> None:
        optimizer.param_groups[:] = [group for group, _ in groups]
        for group, held in groups:
            _refill_dict(group, held)
        optimizer.state.clear()
        optimizer.state.update(state)

    return undo


def _kept(key: str, value: Any) -> Any:
    return list(value) if key == "params" else copy.deepcopy(value)


def _plain_globals(function: types.FunctionType) -> Undo:
    names = [n for n in _names(function.__code__) if n in function.__globals__]
    held = {n: function.__globals__[n] for n in names if isinstance(function.__globals__[n], PLAIN)}
    return partial(function.__globals__.update, held)


def _set_generator(generator: torch.Generator, state: torch.Tensor) -> None:
    generator.set_state(state)


def _refill_dict(held: dict[Any, Any], content: dict[Any, Any]) -> None:
    held.clear()
    held.update(content)


def _refill(held: Any, content: list[Any]) -> None:
    held.clear()
    (held.extend if isinstance(held, deque) else held.update)(content)


def _global_random() -> list[Undo]:
    undo: list[Undo] = [
        partial(random.setstate, random.getstate()),
        partial(np.random.set_state, np.random.get_state()),
        partial(torch.set_rng_state, torch.get_rng_state()),
    ]
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        undo.append(partial(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all()))
    return undo
