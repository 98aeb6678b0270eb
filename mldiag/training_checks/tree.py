"""Batches and outputs of any shape: mappings, tuples, dataclasses and plain objects that hold tensors."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

Leaf = Any
"""A torch tensor or a NumPy array."""

DEEPEST = 8
"""Levels of a structure that are looked into: objects may refer to each other in a circle."""


def is_leaf(value: Any) -> bool:
    """Whether a value is a tensor or an array.

    Example:
        >>> is_leaf(np.zeros(2)), is_leaf([1, 2])
        (True, False)
    """
    return isinstance(value, np.ndarray) or (hasattr(value, "dim") and hasattr(value, "detach"))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Leaf]]:
    """Every tensor or array with its path, in a fixed order.

    Example:
        >>> [path for path, _ in leaves({"x": np.zeros(2), "more": (1, np.ones(3))})]
        [('x',), ('more', 1)]
    """
    if is_leaf(value):
        yield path, value
        return
    if len(path) > DEEPEST:
        return
    for key, item in _items(value):
        yield from leaves(item, (*path, key))


def mapped(
    value: Any, change: Callable[[tuple[Any, ...], Leaf], Leaf], path: tuple[Any, ...] = ()
) -> Any:
    """The same structure with every leaf replaced by `change(path, leaf)`; nothing given is altered.

    Example:
        >>> mapped({"x": np.ones(2), "name": "a"}, lambda path, leaf: leaf * 2)
        {'x': array([2., 2.]), 'name': 'a'}
    """
    if is_leaf(value):
        return change(path, value)
    items = _items(value) if len(path) <= DEEPEST else []
    if not items:
        return value
    new = {key: mapped(item, change, (*path, key)) for key, item in items}
    if all(new[key] is item for key, item in items):
        return value
    return _rebuilt(value, new)


def cloned(value: Any) -> Any:
    """A copy that shares no memory with what was given; tensors leave their graph."""
    return mapped(value, lambda path, leaf: _copy(leaf))


def row_count(value: Any) -> int | None:
    """Rows of a batch: the first size that all its tensors share; None where they do not.

    Example:
        >>> row_count((np.zeros((4, 2)), np.zeros(4))), row_count((np.zeros((3, 4)), np.zeros(4)))
        (4, None)
    """
    sizes = {leaf.shape[0] for _, leaf in leaves(value) if len(leaf.shape) > 0}
    return int(sizes.pop()) if len(sizes) == 1 and not _is_packed(value) else None


def take_rows(value: Any, rows: list[int]) -> Any:
    """The named rows of every tensor, and of every list with one entry a row.

    Example:
        >>> take_rows({"x": np.arange(4), "id": ["a", "b", "c", "d"]}, [2, 0])
        {'x': array([2, 0]), 'id': ['c', 'a']}
    """
    count = row_count(value)

    def pick(part: Any, depth: int = 0) -> Any:
        if is_leaf(part):
            return part[rows] if len(part.shape) > 0 else part
        if isinstance(part, list) and len(part) == count and not any(True for _ in leaves(part)):
            return [part[row] for row in rows]
        items = _items(part) if depth <= DEEPEST else []
        return _rebuilt(part, {k: pick(item, depth + 1) for k, item in items}) if items else part

    return pick(value)


def array_of(leaf: Leaf) -> np.ndarray[Any, Any]:
    """A leaf as a NumPy array in memory; half precision becomes single."""
    if isinstance(leaf, np.ndarray):
        return leaf
    held = leaf.detach().cpu()
    if str(held.dtype) == "torch.bfloat16":
        held = held.float()
    array: np.ndarray[Any, Any] = held.numpy()
    return array


def _copy(leaf: Leaf) -> Leaf:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf.detach().clone()


def _is_packed(value: Any) -> bool:
    return type(value).__name__ == "PackedSequence"


def _items(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (list, tuple)):
        return list(enumerate(value))
    if isinstance(value, type) or callable(value):
        return []
    if is_dataclass(value):
        return [(f.name, getattr(value, f.name)) for f in fields(value)]
    inner = getattr(value, "__dict__", None)
    return list(inner.items()) if isinstance(inner, dict) else []


def _rebuilt(value: Any, new: dict[Any, Any]) -> Any:
    if isinstance(value, dict) and type(value) is dict:
        return new
    if isinstance(value, Mapping):
        same = copy.copy(value)
        for key, item in new.items():
            same[key] = item  # type: ignore[index]
        return same
    if isinstance(value, tuple):
        made = getattr(type(value), "_make", None)
        return made(new.values()) if made is not None else tuple(new.values())
    if isinstance(value, list):
        return list(new.values())
    same = copy.copy(value)
    for key, item in new.items():
        object.__setattr__(same, key, item)
    return same
