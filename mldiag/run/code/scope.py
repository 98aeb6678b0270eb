"""Which objects the names in a function stand for: globals, closure, modules' attributes, local imports."""

from __future__ import annotations

import ast
import copy
import dis
import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mldiag.declaration import experiment
from mldiag.run.code.packages import is_local_module
from mldiag.run.code.source_tree import FunctionNode, attribute_chains

_GLOBAL_READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_MISSING = object()


@dataclass(frozen=True)
class Reference:
    """One object that a function reaches by a name.

    Args:
        space: The global names among which it stands; None where it belongs to the function alone.
        name: The name.
        value: The object.
    """

    space: Mapping[str, Any] | None
    name: str
    value: Any


@dataclass(frozen=True)
class ForeignModule:
    """A module that the function imports and that is not the user's: never imported here."""

    name: str


def references(function: FunctionType, node: FunctionNode | None) -> Iterator[Reference]:
    """Objects that a function reaches, by name.

    Args:
        function: A live function.
        node: Its definition; without it the names come from its code object, and an attribute's name
            that a local module has counts as reached.
    """
    closure = closure_of(function)
    imported = dict(_imported(node, function)) if node is not None else {}
    used = _global_names(function.__code__) | set(_decorator_roots(node))
    if node is None:
        chains = _chains_of_code(function.__code__)
        for name in _imports_of_code(function.__code__):
            yield Reference(None, name, _module(name))
    else:
        chains = set(attribute_chains(node))
    for root, *attributes in sorted(chains):
        if root in imported:
            yield from _walk(None, root, imported[root], attributes)
        elif root in closure:
            yield from _walk(None, root, closure[root], attributes)
        elif root in used and root in function.__globals__:
            value = function.__globals__[root]
            yield from _walk(function.__globals__, root, value, attributes)
    # Not read by name: the class behind super(), or a module that is imported for its effect.
    unread = closure | imported
    for name in sorted(unread.keys() - {root for root, *_ in chains}):
        yield Reference(None, name, unread[name])


def _walk(
    space: Mapping[str, Any] | None, name: str, value: Any, rest: list[str]
) -> Iterator[Reference]:
    """Follow attributes through local modules to the first thing that is none."""
    while isinstance(value, ModuleType) and rest and is_local_module(value.__name__):
        found = _attribute(value, rest[0])
        if found is _MISSING:
            return
        space, name, value, rest = vars(value), rest[0], found, rest[1:]
    yield Reference(space, name, value)


def _attribute(module: ModuleType, name: str) -> Any:
    try:
        return getattr(module, name)
    except Exception:  # a module's own __getattr__ may raise anything
        return _MISSING


def closure_of(function: FunctionType) -> dict[str, Any]:
    """Values of the names that a function has from the functions around it."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _global_names(code: CodeType) -> set[str]:
    names = {item.argval for item in dis.get_instructions(code) if item.opname in _GLOBAL_READS}
    for item in code.co_consts:
        if isinstance(item, CodeType):
            names |= _global_names(item)
    return names


def _decorator_roots(node: FunctionNode | None) -> Iterator[str]:
    for decorator in getattr(node, "decorator_list", ()):
        yield from (chain[0] for chain in attribute_chains(decorator))


def _chains_of_code(code: CodeType) -> set[tuple[str, ...]]:
    names = set(_all_names(code))
    return {(name,) for name in names} | {(a, b) for a in names for b in names if a != b}


def _all_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    yield from code.co_freevars
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _all_names(item)


def _imports_of_code(code: CodeType) -> set[str]:
    found = {i.argval for i in dis.get_instructions(code) if i.opname == "IMPORT_NAME"}
    for item in code.co_consts:
        if isinstance(item, CodeType):
            found |= _imports_of_code(item)
    return {name for name in found if name}


def _imported(node: FunctionNode, function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Names that import statements inside the function bind."""
    package = function.__globals__.get("__package__") or ""
    for item in ast.walk(node):
        if isinstance(item, ast.Import):
            for alias in item.names:
                whole = alias.name if alias.asname else alias.name.partition(".")[0]
                _module(alias.name)  # makes the submodules attributes of the package
                yield alias.asname or whole, _module(whole)
        elif isinstance(item, ast.ImportFrom):
            name = "." * item.level + (item.module or "")
            try:
                base = importlib.util.resolve_name(name, package) if item.level else name
            except ImportError:
                continue
            for alias in item.names:
                yield alias.asname or alias.name, _member(base, alias.name)


def _module(name: str) -> Any:
    if not is_local_module(name):
        return ForeignModule(name)
    try:
        return importlib.import_module(name)
    except Exception:  # the trial will show the user's own error
        return ForeignModule(name)


def _member(base: str, name: str) -> Any:
    module = _module(base)
    if isinstance(module, ForeignModule):
        return ForeignModule(f"{base}.{name}")
    found = _attribute(module, name)
    return _module(f"{base}.{name}") if found is _MISSING else found


def without_declaration(node: FunctionNode | None, function: FunctionType) -> FunctionNode | None:
    """The definition without `@mldiag.experiment(...)`, whose arguments describe no training."""
    if node is None or isinstance(node, ast.Lambda):
        return node
    kept = [item for item in node.decorator_list if not _declares(item, function)]
    if len(kept) == len(node.decorator_list):
        return node
    node = copy.copy(node)
    node.decorator_list = kept
    return node


def _declares(decorator: ast.expr, function: FunctionType) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    root, *attributes = next(attribute_chains(called), ("",))
    if (
        root not in function.__globals__
    ):  # mldiag was imported inside a function: the name has to do
        return [root, *attributes][-1] == "experiment"
    value = function.__globals__[root]
    for attribute in attributes:
        value = getattr(value, attribute, None)
    return value is experiment
