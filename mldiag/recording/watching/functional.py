"""Sees activations and attentions that are called as functions, during one forward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

Tell = Callable[[str, Any, tuple[Any, ...], dict[str, Any]], None]
"""Called with the kind, the output, and what the function was called with."""


def _kinds() -> dict[Any, str]:
    kinds: dict[Any, str] = {}
    for name in ("relu", "relu_", "sigmoid", "sigmoid_", "tanh", "tanh_", "softmax"):
        for home in (torch, F, torch.Tensor):
            function = getattr(home, name, None)
            if function is not None:
                kinds[function] = name.rstrip("_")
    for name in ("gelu", "silu", "elu", "leaky_relu", "softplus", "selu", "hardtanh", "softsign", "relu6",
                 "mish", "hardsigmoid", "hardswish"):  # fmt: skip
        kinds[getattr(F, name)] = name
    kinds[F.scaled_dot_product_attention] = "attention"
    for home in (torch, torch.Tensor):
        kinds[home.argmin] = "argmin"
    return kinds


KINDS = _kinds()


def is_attention(output: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """A softmax over keys: over the last of four dimensions, or of three that end in a square."""
    if not isinstance(output, torch.Tensor) or output.dim() not in (3, 4) or output.shape[-1] < 4:
        return False
    along = kwargs.get("dim", args[1] if len(args) > 1 else None)
    square = output.shape[-1] == output.shape[-2]
    return along in (-1, output.dim() - 1) and (output.dim() == 4 or square)


class FunctionsSeen(TorchFunctionMode):
    """Within the context, every call of a known function is told; nothing is changed.

    Args:
        tell: Told of each call, after it.
    """

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        kind = KINDS.get(func)
        if kind is not None:
            self._tell(kind, output, args, kwargs or {})
        return output
