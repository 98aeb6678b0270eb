"""Global random state: seeded for a trial, put back after it."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import numpy as np


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed `random`, NumPy's legacy state and torch; restore all of them at the end.

    torch is seeded if it is loaded, or as soon as the trial imports it.
    """
    torch: Any = sys.modules.get("torch")
    python_state, numpy_state = random.getstate(), np.random.get_state()
    torch_state = _torch_state(torch)
    watcher = None if torch else _SeedTorchOnImport(seed)
    if watcher:
        sys.meta_path.insert(0, watcher)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    _seed_torch(torch, seed)
    try:
        yield
    finally:
        if watcher in sys.meta_path:
            sys.meta_path.remove(watcher)
        random.setstate(python_state)
        np.random.set_state(numpy_state)
        if torch_state is not None:
            torch.set_rng_state(torch_state[0])
            if torch_state[1]:
                torch.cuda.set_rng_state_all(torch_state[1])


def _torch_state(torch: Any) -> tuple[Any, list[Any]] | None:
    if not hasattr(torch, "get_rng_state"):
        return None
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return torch.get_rng_state(), cuda


def _seed_torch(torch: Any, seed: int) -> None:
    if hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


class _SeedTorchOnImport(MetaPathFinder):
    """Finds torch as Python would, and seeds it once it is loaded.

    Without it, the first trial of a process that imports torch inside its train function would run
    on torch's default seed, and the same trial later in that process on its own.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "torch":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _SeedingLoader(spec.loader, self.seed)
        return spec


class _SeedingLoader(Loader):
    def __init__(self, loader: Any, seed: int) -> None:
        self._loader, self._seed = loader, seed

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
        _seed_torch(module, self._seed)
