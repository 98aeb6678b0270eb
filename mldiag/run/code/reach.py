"""What a train function reaches: local functions, classes and constants, packages, and data."""

from __future__ import annotations

import functools
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from mldiag.data.content import ContentHasher, content_digest, described, hashed, is_tabular
from mldiag.declaration import Experiment
from mldiag.run.code.class_parts import class_members, object_state
from mldiag.run.code.packages import extension_file, is_local_file, is_local_module, versions_of
from mldiag.run.code.part_names import PartNames, code_name, free_name, without_file
from mldiag.run.code.scope import (
    ForeignModule,
    Reference,
    closure_of,
    references,
    without_declaration,
)
from mldiag.run.code.source_tree import SourceTrees, code_form, normal_form

_WRAPPERS = (property, classmethod, staticmethod, functools.cached_property)


class Reach:
    """Walks from a train function to everything local that it reaches.

    Args:
        declared: The experiment's declared data: never code, wherever they are met.
        arrays_are_data: Whether arrays and frames that are met are kept in `data` instead of being
            hashed as constants.

    Attributes:
        parts: Readable name -> kind and hash (`function 3f...`), or a version.
        data: Arrays and frames met, by name, where these count as data.
    """

    def __init__(self, declared: Iterable[Any] = (), *, arrays_are_data: bool = False) -> None:
        """Begin with nothing reached."""
        self.parts: dict[str, str] = {}
        self.data: dict[str, Any] = {}
        self._declared = {id(value): value for value in declared}
        self._arrays_are_data = arrays_are_data
        self._trees = SourceTrees()
        self._labels = PartNames()
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []  # keeps the objects behind the ids in `_names` alive
        self._code: set[str] = set()
        self._queue: deque[Callable[[], None]] = deque()
        self._hasher = ContentHasher(self._object, self._reached)
        self._where = ""

    def follow(self, name: str, value: Any) -> None:
        """Walk from a root; its parts are complete when this returns."""
        self._where = name
        stands_for = self._hasher.digest(value)
        if not isinstance(value, (FunctionType, type)) and not _offers_parts(value):
            self.parts.setdefault(name, f"object {stands_for.hex()}")
        while self._queue:
            self._queue.popleft()()

    def _reached(self, value: Any) -> bytes | None:
        """What stands for a value that is code or data; None where its content does."""
        if id(value) in self._declared:
            return hashed(["declared data"])
        if isinstance(value, Experiment):
            return self._hasher.digest(value.train)
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, (ModuleType, ForeignModule)):
            return self._module(value)
        if isinstance(value, MethodType):
            return self._together("method", value.__func__, value.__self__)
        if isinstance(value, functools.partial):
            return self._together("partial", value.func, value.args, value.keywords)
        if isinstance(value, _WRAPPERS):
            return self._together(type(value).__name__, *_inner(value))
        if isinstance(value, BuiltinFunctionType) and not _belongs_to_module(value):
            return self._together("bound", value.__name__, value.__self__)
        if is_tabular(value):
            return self._datum(value) if self._arrays_are_data else None
        if _offers_parts(value):
            return self._described_by_itself(value)
        wrapped = _wrapped(value)
        if wrapped is not None:
            self._packages(type(value).__module__)
            return self._together("wrapped", type(value).__qualname__, wrapped)
        return self._named(value) if _has_name(value) else None

    def _together(self, *values: Any) -> bytes:
        return hashed([self._hasher.digest(value) for value in values])

    def _datum(self, value: Any) -> bytes:
        if id(value) not in self._names:
            self._remember(value, free_name(self._where, self.data))
        name = self._names[id(value)]
        self.data[name] = value
        return hashed(["data", without_file(name)])

    def _function(self, function: FunctionType) -> bytes:
        if _is_local_function(function):
            code = function.__code__
            label = self._labels.of(function.__globals__, code_name(code), code.co_filename)
            return self._enqueue(function, label, functools.partial(self._read_function, function))
        self._packages(function.__module__)
        inside = [
            *closure_of(function).values(),
            getattr(function, "__wrapped__", None),
            *getattr(function, "registry", {}).values(),  # functools.singledispatch
        ]
        local = [f for f in inside if isinstance(f, FunctionType) and _is_local_function(f)]
        return self._together("function", f"{function.__module__}.{function.__qualname__}", *local)

    def _enqueue(self, value: Any, label: str, read: Callable[[], None]) -> bytes:
        """Have a function or class read later, once; its name stands for it, so cycles end here."""
        if id(value) not in self._names:
            name = free_name(label, self.parts)
            self._remember(value, name)
            self._code.add(name)
            self.parts[name] = ""
            self._queue.append(read)
        return hashed(["name", without_file(self._names[id(value)])])

    def _remember(self, value: Any, name: str) -> None:
        self._names[id(value)] = name
        self._kept.append(value)

    def _read_function(self, function: FunctionType) -> None:
        name = self._names[id(function)]
        node = without_declaration(self._trees.function(function), function)
        text = code_form(function.__code__, function.__doc__) if node is None else normal_form(node)
        self._where = f"{name} default"
        stands_for: list[str | bytes] = [
            text,
            self._together(function.__defaults__, function.__kwdefaults__),
        ]
        for reference in references(function, node):
            stands_for += self._bind(reference, function, name)
        if (wrapped := getattr(function, "__wrapped__", None)) is not None:
            stands_for.append(self._hasher.digest(wrapped))
        self.parts[name] = f"function {hashed(stands_for).hex()}"

    def _bind(
        self, reference: Reference, function: FunctionType, function_name: str
    ) -> list[bytes | str]:
        """Record what a name stands for: a global as a part of its own, else as part of the function."""
        value, label = reference.value, f"{function_name}.{reference.name}"
        if reference.space is not None:
            file = function.__code__.co_filename
            label = self._labels.of(reference.space, reference.name, file)
        self._where = label
        stands_for = self._hasher.digest(value)
        if reference.space is None or (label in self._code and self._names.get(id(value)) != label):
            return [reference.name, stands_for]  # the latter: what wraps the function of that name
        if label not in self._code and label not in self.data and id(value) not in self._declared:
            self.parts[label] = _part_text(value, stands_for)
        return []

    def _class(self, cls: type) -> bytes:
        module = sys.modules.get(cls.__module__)
        if not is_local_module(cls.__module__):
            self._packages(cls.__module__)
            return hashed(["class", f"{cls.__module__}.{cls.__qualname__}"])
        methods = (value for value in vars(cls).values() if isinstance(value, FunctionType))
        own = next((f for f in methods if f.__module__ == cls.__module__), None)
        space = own.__globals__ if own else vars(module) if module else {}
        file = own.__code__.co_filename if own else ""
        label = self._labels.of(space, cls.__qualname__.replace(".<locals>", ""), file)
        return self._enqueue(cls, label, functools.partial(self._read_class, cls))

    def _read_class(self, cls: type) -> None:
        name = self._names[id(cls)]
        stands_for: list[bytes | str] = [self._together(type(cls), *cls.__bases__)]
        for member, value in class_members(cls):
            self._where = f"{name}.{member}"
            stands_for += [member, self._hasher.digest(value)]
        self.parts[name] = f"class {hashed(stands_for).hex()}"

    def _module(self, module: ModuleType | ForeignModule) -> bytes:
        name = module.name if isinstance(module, ForeignModule) else module.__name__
        self._packages(name)
        tree = None
        if isinstance(module, ModuleType) and is_local_module(name):
            tree = self._trees.module(module.__file__ or "")
        return hashed(["module", name, "" if tree is None else normal_form(tree)])

    def _named(self, value: Any) -> bytes:
        """A compiled function, a ufunc, a typing form: the name that its package gives it."""
        module = getattr(value, "__module__", None) or type(value).__module__
        self._packages(module)
        return hashed(["named", str(module), value.__name__])

    def _object(self, value: Any) -> bytes:
        kind = self._hasher.digest(type(value))
        state = object_state(value)
        if not state:
            return hashed(["object", kind, described(value)])
        return hashed(["object", kind, *self._attributes(state)])

    def _attributes(self, state: Mapping[str, Any]) -> Iterable[bytes | str]:
        where = self._where
        for name in sorted(state):
            self._where = f"{where}.{name}"
            yield name
            yield self._hasher.digest(state[name])
        self._where = where

    def _described_by_itself(self, value: Any) -> bytes:
        parts: Mapping[str, str] = value.digest_parts()
        self.parts |= parts
        roots = value.digest_roots() if hasattr(value, "digest_roots") else ()
        for root in roots:
            if not isinstance(root, (FunctionType, type)):
                name = free_name("given object", self.parts)
                self.parts[name] = f"object {self._hasher.digest(root).hex()}"
        stands_for = [self._hasher.digest(root) for root in roots]
        return hashed([type(value).__qualname__, *parts.keys(), *parts.values(), *stands_for])

    def _packages(self, module: str | None) -> None:
        if not is_local_module(module):
            self.parts |= {f"package {n}": version for n, version in versions_of(module).items()}
        elif (file := extension_file(module)) is not None:
            self.parts[f"extension {file.name}"] = content_digest(file.read_bytes())


def _part_text(value: Any, stands_for: bytes) -> str:
    is_code = isinstance(value, (FunctionType, type, ModuleType, ForeignModule))
    kind = "name" if is_code or _has_name(value) else "constant"
    shown = f" {value!r}" if type(value) in (int, float, bool) else ""
    return f"{kind} {stands_for.hex()}{shown}"


def _offers_parts(value: Any) -> bool:
    return not isinstance(value, type) and callable(getattr(value, "digest_parts", None))


def _inner(wrapper: Any) -> tuple[Any, ...]:
    if isinstance(wrapper, property):
        return wrapper.fget, wrapper.fset
    return (wrapper.func if isinstance(wrapper, functools.cached_property) else wrapper.__func__,)


def _wrapped(value: Any) -> FunctionType | MethodType | None:
    """The function inside a cache (functools) or a compiled function (Numba)."""
    for name in ("__wrapped__", "py_func"):
        inner = getattr(value, name, None)
        if isinstance(inner, (FunctionType, MethodType)):
            return inner
    return None


def _belongs_to_module(function: BuiltinFunctionType) -> bool:
    return function.__self__ is None or isinstance(function.__self__, ModuleType)


def _has_name(value: Any) -> bool:
    return callable(value) and isinstance(getattr(value, "__name__", None), str)


def _is_local_function(function: FunctionType) -> bool:
    file = function.__code__.co_filename
    if file.startswith("<") and not file.startswith("<frozen"):
        return is_local_module(function.__module__)
    return is_local_file(file)
