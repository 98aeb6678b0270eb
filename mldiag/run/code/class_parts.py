"""What a class is made of, and what an object holds, without source and without addresses."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from types import FunctionType
from typing import Any

from mldiag.run.code.packages import is_standard

_BOOKKEEPING = frozenset({
    "__dict__", "__weakref__", "__module__", "__doc__", "__qualname__", "__firstlineno__",
    "__static_attributes__", "__annotations__", "__annotate__", "__annotate_func__",
    "__annotations_cache__", "__dataclass_fields__", "__match_args__", "__classcell__", "_abc_impl",
    "__abstractmethods__", "__parameters__", "_member_map_", "_value2member_map_",
})  # fmt: skip

_OPEN_RECORDS = ("types.SimpleNamespace", "argparse.Namespace")
"""Classes of the standard library whose objects are nothing but their attributes."""


def class_members(cls: type) -> Iterator[tuple[str, Any]]:
    """Members that decide what a class does, by name; generated and descriptive ones are left out.

    Example:
        >>> class Net:
        ...     "A net."
        ...     width = 3
        >>> list(class_members(Net))
        [('width', 3)]
    """
    if is_dataclass(cls):
        for field in fields(cls):
            default = None if field.default is MISSING else field.default
            factory = None if field.default_factory is MISSING else field.default_factory
            yield f"field {field.name}", (default, factory, field.init, field.kw_only)
    generated = is_dataclass(cls) or hasattr(cls, "_fields")
    for name, value in sorted(vars(cls).items()):
        made = isinstance(value, FunctionType) and value.__code__.co_filename.startswith("<string>")
        if name not in _BOOKKEEPING and not (generated and made):
            yield name, value


def object_state(value: Any) -> dict[str, Any]:
    """Attributes of an object; empty where it has none or the standard library made it.

    Example:
        >>> from types import SimpleNamespace
        >>> object_state(SimpleNamespace(rate=0.1)), object_state(1.5)
        ({'rate': 0.1}, {})
    """
    cls = type(value)
    if is_standard(cls.__module__) and f"{cls.__module__}.{cls.__qualname__}" not in _OPEN_RECORDS:
        return {}
    state = dict(getattr(value, "__dict__", {}))
    for base in cls.__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                state[name] = getattr(value, name)
        for name, member in vars(base).items():
            if isinstance(member, functools.cached_property):
                state.pop(name, None)  # follows from the rest, and is not always there yet
    return state
