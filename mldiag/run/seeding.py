"""Global random state: seeded for a trial, put back after it."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mldiag.recording.on_import import once_imported


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed `random`, NumPy's legacy state and torch; restore all of them at the end.

    torch is seeded if it is loaded, or as soon as the trial imports it. Else the first trial of a process
    that imports it would run on torch's default seed, and the same trial later on its own.
    """
    torch: Any = sys.modules.get("torch")
    python_state, numpy_state = random.getstate(), np.random.get_state()
    torch_state = _torch_state(torch)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        with once_imported("torch", lambda module: _seed_torch(module, seed)):
            yield
    finally:
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
