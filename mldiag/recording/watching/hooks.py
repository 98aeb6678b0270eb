"""Hooks that leave no trace: a network that is copied or saved while it is watched carries none of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any


class Hook:
    """A callable that, copied or pickled, becomes one that does nothing and needs no mldiag to load.

    Example:
        >>> import pickle
        >>> hook = Hook(lambda *told: print("seen"))
        >>> hook(1, 2), pickle.loads(pickle.dumps(hook))(1, 2)
        seen
        (None, None)
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Call the function; whatever it returns, the network's own values stay."""
        self._function(*args, **kwargs)

    def __reduce__(self) -> Any:
        """The end of an empty context takes any arguments and returns None."""
        return getattr, (nullcontext(), "__exit__")
