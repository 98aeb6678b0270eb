"""Something to do with a module as soon as the user's code imports it; at once where it has been."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def once_imported(name: str, action: Callable[[Any], None]) -> Iterator[None]:
    """Call `action(module)` once the named module is there, during the context only; never import it.

    Args:
        name: The module's full name.
        action: What to do with it.

    Example:
        >>> with once_imported("math", lambda module: print(module.__name__)):
        ...     pass
        math
    """
    if name in sys.modules:
        action(sys.modules[name])
        yield
        return
    watcher = _Watcher(name, action)
    sys.meta_path.insert(0, watcher)
    try:
        yield
    finally:
        watcher.ended = True
        if watcher in sys.meta_path:
            sys.meta_path.remove(watcher)


class _Watcher(MetaPathFinder):
    """Finds the module as Python would without it, and tells when it is loaded."""

    def __init__(self, name: str, action: Callable[[Any], None]) -> None:
        self.name, self.action, self.ended = name, action, False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if finder is self or find is None else find(
                fullname, path, target
            )  # fmt: skip
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _TellingLoader(spec.loader, self)
                return spec
        return None


class _TellingLoader(Loader):
    def __init__(self, loader: Any, watcher: _Watcher) -> None:
        self._loader, self._watcher = loader, watcher

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        if not self._watcher.ended:
            self._watcher.action(module)
