"""What the weights are before the first step: their size, whether rows are alike, gates that are shut."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from mldiag.recording.watching.structure import Structure

SHUT = 4.0
"""A gate whose bias is beyond it passes less than a fiftieth."""

MOST = 1_000_000
"""Numbers of a matrix that are looked at."""


@torch.no_grad()
def beginning_of(structure: Structure) -> list[dict[str, Any]]:
    """For each parameter its `size`, and whether its rows are `alike`.

    `size`: root mean square times the root of the inputs a unit has. `alike`: all rows of a matrix are the
    same, so that all units compute the same.
    """
    return [_described(parameter.tensor) for parameter in structure.parameters]


def _described(tensor: torch.Tensor) -> dict[str, Any]:
    if torch.nn.parameter.is_lazy(tensor) or tensor.is_meta or not tensor.numel():
        return {"size": None, "alike": False}
    values = tensor.detach()
    if values.is_complex() or not values.is_floating_point():
        return {"size": None, "alike": False}
    inputs = math.prod(values.shape[1:]) if values.dim() > 1 else 1
    flat = values.reshape(len(values), -1) if values.dim() > 1 else values.reshape(1, -1)
    flat = flat[: max(2, MOST // max(inputs, 1))].float()
    size = float(flat.pow(2).mean().sqrt()) * math.sqrt(inputs)
    alike = len(flat) > 1 and values.dim() > 1 and bool((flat == flat[:1]).all())
    return {"size": size if math.isfinite(size) else None, "alike": alike}


@torch.no_grad()
def shut_gates(structure: Structure) -> list[dict[str, Any]]:
    """Recurrent layers by name with the share of their gates that let nothing in or out."""
    found = []
    for network in structure.networks.values():
        for name, module in network.named_modules():
            shares = [share for share in _shares(module) if share is not None]
            if shares:
                found.append({"layer": name, "kind": type(module).__name__, "shut": max(shares)})
    return found


def _shares(module: nn.Module) -> list[float | None]:
    if isinstance(module, nn.RNNBase):
        ends = [f"l{k}{way}" for k in range(module.num_layers) for way in ("", "_reverse")]
        pairs = [
            (getattr(module, f"bias_ih_{e}", None), getattr(module, f"bias_hh_{e}", None))
            for e in ends
        ]
        kind = module.mode
    elif isinstance(module, (nn.LSTMCell, nn.GRUCell)):
        pairs = [(getattr(module, "bias_ih", None), getattr(module, "bias_hh", None))]
        kind = "LSTM" if isinstance(module, nn.LSTMCell) else "GRU"
    else:
        return []
    return [_share(kind, inner, outer) for inner, outer in pairs]


def _share(kind: str, inner: Any, outer: Any) -> float | None:
    if not isinstance(inner, torch.Tensor) or not isinstance(outer, torch.Tensor):
        return None
    bias = inner.detach().float() + outer.detach().float()
    if kind == "LSTM":
        enters, _, _, leaves = bias.chunk(4)
        return max(float((part < -SHUT).float().mean()) for part in (enters, leaves))
    if kind == "GRU":
        _, keeps, _ = bias.chunk(3)
        return float((keeps > SHUT).float().mean())
    return None
