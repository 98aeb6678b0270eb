"""What a train function reaches: local functions, classes and constants, packages, and data."""

from __future__ import annotations

import ast
import copy
import functools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from mldiag.data.content import ContentHasher, described, hashed, is_tabular
from mldiag.declaration import Experiment, experiment
from mldiag.run.class_parts import class_members, object_state
from mldiag.run.packages import is_local_file, is_local_module, versions_of
from mldiag.run.scope import ForeignModule, Reference, references
from mldiag.run.source_tree import (
    FunctionNode,
    SourceTrees,
    attribute_chains,
    code_form,
    normal_form,
)

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
        self._names: dict[int, str] = {}
        self._code: set[str] = set()
        self._kept: list[Any] = []  # keeps the objects behind the ids in `_names` alive
        self._queue: deque[Callable[[], None]] = deque()
        self._hasher = ContentHasher(self._object, self._reached)
        self._where = ""

    def follow(self, name: str, value: Any) -> None:
        """Walk from a root; its parts are complete when this returns."""
        self._where = name
        stands_for = self._hasher.digest(value)
        if not isinstance(value, (FunctionType, type, Experiment)) and not _offers_parts(value):
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
            return hashed(["method", *map(self._hasher.digest, (value.__func__, value.__self__))])
        if isinstance(value, functools.partial):
            pieces: tuple[Any, ...] = (value.func, value.args, value.keywords)
            return hashed(["partial", *map(self._hasher.digest, pieces)])
        if isinstance(value, _WRAPPERS):
            inner = (value.fget, value.fset) if isinstance(value, property) else (_inner(value),)
            return hashed([type(value).__name__, *map(self._hasher.digest, inner)])
        if _offers_parts(value):
            return self._described_by_itself(value)
        wrapped = None if is_tabular(value) else getattr(value, "__wrapped__", None)
        if isinstance(wrapped, (FunctionType, MethodType)):
            self._packages(type(value).__module__)
            return hashed(["wrapped", type(value).__qualname__, self._hasher.digest(wrapped)])
        if self._arrays_are_data and is_tabular(value):
            return self._datum(value)
        return self._foreign(value) if _is_named(value) else None

    def _datum(self, value: Any) -> bytes:
        known = self._names.get(id(value))
        name = known or _free_name(self._where, self.data)
        self._remember(value, name)
        self.data[name] = value
        return hashed(["data", name])

    def _function(self, function: FunctionType) -> bytes:
        if not _is_local_function(function):
            self._packages(function.__module__)
            inner = [getattr(function, "__wrapped__", None)]
            for cell in function.__closure__ or ():
                content = _content(cell)
                inner.append(content if isinstance(content, FunctionType) else None)
            local = [f for f in inner if isinstance(f, FunctionType) and _is_local_function(f)]
            name = f"{function.__module__}.{function.__qualname__}"
            stands_for: list[str | bytes] = ["function", name, *map(self._hasher.digest, local)]
            return hashed(stands_for)
        label = f"{file_label(function.__code__.co_filename)}:{_readable(function)}"
        return self._enqueue(function, label, functools.partial(self._read_function, function))

    def _enqueue(self, value: Any, label: str, read: Callable[[], None]) -> bytes:
        if id(value) not in self._names:
            name = _free_name(label, self.parts)
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
        node = _without_declaration(self._trees.function(function), function)
        text = code_form(function.__code__, function.__doc__) if node is None else normal_form(node)
        self._where = f"{name} default"
        defaults = (function.__defaults__, function.__kwdefaults__)
        stands_for = [text, *map(self._hasher.digest, defaults)]
        for reference in references(function, node):
            stands_for += self._bind(reference, name)
        if (wrapped := getattr(function, "__wrapped__", None)) is not None:
            stands_for.append(self._hasher.digest(wrapped))
        self.parts[name] = f"function {hashed(stands_for).hex()}"

    def _bind(self, reference: Reference, function_name: str) -> list[bytes | str]:
        """Record what a name stands for: a global as its own part, the function's own names in it."""
        value = reference.value
        label = f"{function_name}.{reference.name}"
        if reference.owner is not None:
            label = f"{file_label(reference.owner)}:{reference.name}"
        self._where = label
        stands_for = self._hasher.digest(value)
        if reference.owner is None:
            return [reference.name, stands_for]
        if self._names.get(id(value)) == label or id(value) in self._declared:
            return []
        if label in self._code:  # a wrapper of the function that bears the name
            return [reference.name, stands_for]
        self.parts[label] = _part_text(value, stands_for)
        return []

    def _class(self, cls: type) -> bytes:
        if not is_local_module(cls.__module__):
            self._packages(cls.__module__)
            return hashed(["class", f"{cls.__module__}.{cls.__qualname__}"])
        label = f"{file_label(_file_of_class(cls))}:{_readable(cls)}"
        return self._enqueue(cls, label, functools.partial(self._read_class, cls))

    def _read_class(self, cls: type) -> None:
        name = self._names[id(cls)]
        stands_for: list[bytes | str] = [*map(self._hasher.digest, (type(cls), *cls.__bases__))]
        for member, value in class_members(cls):
            self._where = f"{name}.{member}"
            stands_for += [member, self._hasher.digest(value)]
        self.parts[name] = f"class {hashed(stands_for).hex()}"

    def _module(self, module: ModuleType | ForeignModule) -> bytes:
        name = module.name if isinstance(module, ForeignModule) else module.__name__
        if isinstance(module, ForeignModule) or not is_local_module(name):
            self._packages(name)
            return hashed(["module", name])
        tree = self._trees.module(module.__file__ or "")
        return hashed(["module", name, "" if tree is None else normal_form(tree)])

    def _foreign(self, value: Any) -> bytes:
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
        for name in sorted(state):
            yield name
            yield self._hasher.digest(state[name])

    def _described_by_itself(self, value: Any) -> bytes:
        parts: Mapping[str, str] = value.digest_parts()
        self.parts |= parts
        roots = value.digest_roots() if hasattr(value, "digest_roots") else ()
        stands_for = [self._hasher.digest(root) for root in roots]
        return hashed([type(value).__qualname__, *parts.keys(), *parts.values(), *stands_for])

    def _packages(self, module: str | None) -> None:
        for name, version in versions_of(module or "").items():
            self.parts[f"package {name}"] = version


def file_label(file: str | None) -> str:
    """How a file is called in part names: its name, or what made the code.

    Example:
        >>> file_label("/tmp/ipykernel_7/12.py"), file_label("<stdin>"), file_label("/home/me/train.py")
        ('notebook', 'stdin', 'train.py')
    """
    if not file:
        return "module"
    if "ipykernel_" in file or file.startswith("<ipython"):
        return "notebook"
    return file.strip("<>") if file.startswith("<") else Path(file).name


def without_file(name: str) -> str:
    """A part's name without the file, so that renaming a file changes no digest.

    Example:
        >>> without_file("train.py:fit"), without_file("package numpy")
        ('fit', 'package numpy')
    """
    return name.partition(":")[2] or name


def _part_text(value: Any, stands_for: bytes) -> str:
    kind = "constant"
    if isinstance(value, (FunctionType, type, ModuleType, ForeignModule)) or _is_named(value):
        kind = "name"
    shown = f" {value!r}" if type(value) in (int, float, bool) else ""
    return f"{kind} {stands_for.hex()}{shown}"


def _offers_parts(value: Any) -> bool:
    return not isinstance(value, type) and callable(getattr(value, "digest_parts", None))


def _inner(wrapper: Any) -> Any:
    return getattr(wrapper, "__func__", None) or getattr(wrapper, "func", None)


def _is_named(value: Any) -> bool:
    """Whether a value is a named thing of a package: a compiled function, a ufunc, a typing form."""
    if isinstance(value, BuiltinFunctionType):
        return not isinstance(value.__self__, (list, dict, set)) if value.__self__ else True
    return callable(value) and isinstance(getattr(value, "__name__", None), str)


def _is_local_function(function: FunctionType) -> bool:
    file = function.__code__.co_filename
    if file.startswith("<") and not file.startswith("<frozen"):
        return is_local_module(function.__module__)
    return is_local_file(file)


def _file_of_class(cls: type) -> str | None:
    for value in vars(cls).values():
        if isinstance(value, FunctionType) and value.__module__ == cls.__module__:
            return value.__code__.co_filename
    import sys

    return getattr(sys.modules.get(cls.__module__), "__file__", None)


def _readable(value: Any) -> str:
    return str(value.__qualname__).replace(".<locals>", "")


def _free_name(name: str, taken: Mapping[str, Any]) -> str:
    count = 2
    found = name
    while found in taken:
        found, count = f"{name} ({count})", count + 1
    return found


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _without_declaration(node: FunctionNode | None, function: FunctionType) -> FunctionNode | None:
    """The definition without `@mldiag.experiment(...)`, whose arguments describe no training."""
    decorators = getattr(node, "decorator_list", [])
    kept = [item for item in decorators if not _declares(item, function)]
    if node is None or len(kept) == len(decorators):
        return node
    node = copy.copy(node)
    node.decorator_list = kept  # type: ignore[union-attr]
    return node


def _declares(decorator: ast.expr, function: FunctionType) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    for root, *attributes in attribute_chains(target):
        value = function.__globals__.get(root)
        for attribute in attributes:
            value = getattr(value, attribute, None)
        return value is experiment
    return False
