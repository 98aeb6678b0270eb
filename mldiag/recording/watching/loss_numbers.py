"""The number in what a user gave as a loss, still on its device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def loss_number(value: Any, notice: Callable[[str], None], trouble: Callable[[str], None]) -> Any:
    """A float or a tensor without dimensions, detached; None where there is no number in it.

    Args:
        value: A number, a tensor, or whatever turns into a float.
        notice: Told of what was made of it.
        trouble: Told of what is left out.

    Example:
        >>> loss_number(torch.tensor([1.0, 3.0]), print, print)
        the loss has shape (2,): its mean is taken
        tensor(2.)
    """
    if isinstance(value, torch.Tensor):
        found = value.detach()
        if found.dim() == 0 and not found.is_complex():
            return found
        if found.numel() == 0:
            trouble("a loss is empty and is left out")
            return None
        if found.is_complex():
            notice("the loss is complex: its real part is taken")
            found = found.real
        if found.numel() > 1:
            notice(f"the loss has shape {tuple(found.shape)}: its mean is taken")
            return found.float().mean()
        return found.reshape(())
    try:
        return float(value)
    except (TypeError, ValueError):
        trouble(f"a loss of type {type(value).__name__} is no number and is left out")
        return None
