"""Where a number that is not finite was born: the forward pass done again, module by module."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

Facts = dict[str, Any]


def is_broken(tensor: torch.Tensor) -> torch.Tensor:
    """Whether a few values of a tensor hold NaN or an infinity, as a tensor on its device: no sync."""
    values = tensor.detach()
    if values.numel() > 65_536:
        values = values.reshape(-1)[:: values.numel() // 65_536 + 1]
    return ~torch.isfinite(values.sum())


@torch.no_grad()
def find_birth(network: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Facts:
    """Do the forward pass again on the same batch with the weights as they are, and say where it breaks.

    Buffers, random states and the mode are as before afterwards.

    Args:
        network: The network whose gradients were not finite.
        args: What it was called with.
        kwargs: Likewise, by name.

    Returns:
        `where`: "input", "parameters", "module", "loss" (everything before it is finite; "backward" where
        the loss
        turns out finite too) or "unknown"; and
        what belongs to it: `module`, `kind`, `inputs` (largest absolute value that came in), `rows` (of the
        batch), `parameters` (names).
    """
    rows = _broken_rows((*args, *kwargs.values()))
    if rows is not None:
        return {"where": "input", "rows": rows[:20], "count": len(rows)}
    bad = [name for name, p in network.named_parameters() if not bool(torch.isfinite(p).all())]
    if bad:
        return {"where": "parameters", "parameters": bad[:8], "count": len(bad)}
    found: list[Facts] = []
    inner = getattr(network, "_orig_mod", network)
    try:
        with _as_before(inner), ExitStack() as stack:
            for name, module in inner.named_modules():
                hook = _hook(name or type(inner).__name__, found)
                stack.callback(module.register_forward_hook(hook).remove)
            inner(*args, **kwargs)
    except Exception as error:  # the user's forward may need what is not there any more
        if not found:
            return {"where": "unknown", "why": f"{type(error).__name__}: {error}"[:200]}
    return found[0] if found else {"where": "loss"}


def _hook(name: str, found: list[Facts]) -> Any:
    def hook(module: nn.Module, args: Any, output: Any) -> None:
        if found or not any(_broken(value) for value in _tensors(output)):
            return
        sizes = [
            float(v.detach().abs().max())
            for v in _tensors(args)
            if v.is_floating_point() and v.numel()
        ]
        rows = _broken_rows(output) or []
        found.append(
            {
                "where": "module",
                "module": name,
                "kind": type(module).__name__,
                "inputs": max(sizes, default=None),
                "rows": rows[:20],
                "count": len(rows),
            }
        )

    return hook


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)


def _broken(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() and not bool(torch.isfinite(tensor).all())


def _broken_rows(values: Any) -> list[int] | None:
    """Rows of the first tensor that is not finite; None where all are."""
    for tensor in _tensors(values):
        if _broken(tensor):
            bad = ~torch.isfinite(tensor)
            rows = bad.reshape(len(tensor), -1).any(1) if tensor.dim() else bad.reshape(1)
            return [int(row) for row in rows.nonzero().reshape(-1)]
    return None


@contextmanager
def _as_before(network: nn.Module) -> Iterator[None]:
    buffers = [(buffer, buffer.detach().clone()) for buffer in network.buffers()]
    devices = sorted({p.device.index or 0 for p in network.parameters() if p.is_cuda})
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            for buffer, value in buffers:
                buffer.copy_(value)
