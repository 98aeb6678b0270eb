"""What is kept of a generator: a sheet of samples beside real ones, and how the two clouds lie."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

PICTURES = 16
"""Samples that are kept of a generator for the sheet, and as many real ones."""

FEW = 16
"""Rows of at most so many numbers are points: all that are compared are kept."""

CLOUD = 512
"""Samples and real ones that are compared."""

NEIGHBOURS = 5
"""Neighbours that give a real one its radius; as Naeem et al. (2020) recommend."""

SIDE = 128
"""Longest side of a kept picture; of longer ones every k-th pixel."""

LENGTH = 65_536
"""Numbers that one kept sample may have."""

Arrays = dict[str, NDArray[Any]]


def sampled(made: torch.Tensor, real: torch.Tensor | None) -> tuple[Arrays, Arrays]:
    """What one evaluation keeps of samples.

    Args:
        made: What a generator made, shape (samples, ...).
        real: Real ones, shape (rows, ...); None where none were given.

    Returns:
        Numbers of this evaluation: `samples/spread` and, beside real ones, `samples/coverage`,
        `samples/density`, `samples/own_distance`, `samples/typical_distance`; and the arrays of the last
        one: `samples/made`, `samples/real`, `samples/nearest`, `samples/neighbours`, `samples/distance`
        and `samples/closeness` (samples,), `samples/real_distance` and `samples/real_closeness` (rows,).

    Example:
        >>> numbers, last = sampled(torch.randn(64, 4), torch.randn(64, 4))
        >>> len(numbers), last["samples/made"].shape
        (5, (64, 4))
    """
    last: Arrays = {"samples/made": pictures(_shown(made))}
    row: Arrays = {}
    if real is not None and real.numel():
        last["samples/real"] = pictures(_shown(real))
        row = _clouds(made, real, last)
    spread = made.detach()[:CLOUD].float().std(0, unbiased=False).mean()
    return row | {"samples/spread": numpy_of(spread)}, last


def _clouds(samples: torch.Tensor, real: torch.Tensor, last: Arrays) -> Arrays:
    """Coverage, density and distances between samples and real ones."""
    made, true = _flat(samples), _flat(real)
    if made.shape[1] != true.shape[1] or min(len(made), len(true)) < 16:
        return {}
    among = torch.cdist(true, true)
    radius = among.kthvalue(NEIGHBOURS + 1, dim=1).values
    between = torch.cdist(made, true)
    inside = between <= radius
    own = torch.cdist(made, made)
    own.fill_diagonal_(torch.inf)
    among.fill_diagonal_(torch.inf)
    nearest, typical = between.min(1), among.min(1)
    last["samples/nearest"] = numpy_of(nearest.indices[:PICTURES])
    last["samples/neighbours"] = pictures(real.detach()[nearest.indices[:PICTURES].to(real.device)])
    last["samples/distance"] = numpy_of(nearest.values)
    last["samples/real_distance"] = numpy_of(typical.values)
    last["samples/closeness"] = numpy_of(nearest.values / typical.values[nearest.indices])
    # A real one judged like a sample: its nearest one's distance to the next but itself.
    two = among.topk(2, dim=1, largest=False)
    neighbour = two.indices[:, 0]
    itself = torch.arange(len(true), device=true.device)
    other = torch.where(
        two.indices[neighbour, 0] == itself, two.values[neighbour, 1], two.values[neighbour, 0]
    )
    last["samples/real_closeness"] = numpy_of(typical.values / other)
    return {
        "samples/coverage": numpy_of(inside.any(0).float().mean()),
        "samples/density": numpy_of(inside.float().sum(1).mean() / NEIGHBOURS),
        "samples/own_distance": numpy_of(own.min(1).values.median()),
        "samples/typical_distance": numpy_of(typical.values.median()),
    }


def pictures(values: torch.Tensor) -> NDArray[Any]:
    """Samples as they are, or every k-th pixel of large pictures; cut where they are longer than `LENGTH`.

    Example:
        >>> pictures(torch.zeros(2, 3, 512, 256)).shape
        (2, 3, 128, 64)
    """
    if values.dim() >= 3 and max(values.shape[-2:]) > SIDE and min(values.shape[-2:]) > 8:
        hop = -(-max(values.shape[-2:]) // SIDE)
        values = values[..., ::hop, ::hop]
    if len(values) and values[0].numel() > LENGTH:
        values = values.reshape(len(values), -1)[:, :LENGTH]
    return numpy_of(values)


def _shown(values: torch.Tensor) -> torch.Tensor:
    return values[: CLOUD if values[0].numel() <= FEW else PICTURES]


def _flat(values: torch.Tensor) -> torch.Tensor:
    rows = values.detach()[:CLOUD].float()
    return rows.reshape(len(rows), -1)


def numpy_of(value: torch.Tensor) -> NDArray[Any]:
    """A copy on the CPU, half precision as single."""
    values = value.detach().cpu()
    if values.dtype in (torch.bfloat16, torch.float16):
        values = values.float()
    array: NDArray[Any] = values.numpy().copy()
    return array
