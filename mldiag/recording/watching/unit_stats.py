"""What one output of a layer tells about its units: how they spread, are off, are full, are alike."""

from __future__ import annotations

import math

import torch

from mldiag.recording.unit_numbers import NEAR_END, QUANTITIES, RANGES, UNITS

__all__ = ["QUANTITIES", "UNITS", "numbers_of_stack", "unit_numbers"]


@torch.no_grad()
def unit_numbers(matrix: torch.Tensor, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The quantities of a sample, and which units were on.

    Args:
        matrix: Rows by units, shape (rows, units).
        kind: Name of the activation in small letters; others have no range.

    Returns:
        (numbers of shape (len(QUANTITIES),), share of rows in which each unit is not zero, shape (units,)).

    Example:
        >>> numbers, on = unit_numbers(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), "relu")
        >>> numbers[QUANTITIES.index("dead")].item(), on.tolist()
        (0.5, [1.0, 0.0])
    """
    numbers, on = numbers_of_stack(matrix.unsqueeze(0).clone(), kind)
    return numbers[0], on[0]


@torch.no_grad()
def numbers_of_stack(stack: torch.Tensor, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The same for several samples of equal shape at once: few passes, since each pays for its call.

    Args:
        stack: Shape (layers, rows, units), 32 bits; used up.
        kind: As for `unit_numbers`, the same for all.

    Returns:
        (numbers of shape (layers, len(QUANTITIES)), shares of shape (layers, units)).
    """
    by_unit, by_row = stack.mean(1, keepdim=True), stack.mean(2, keepdim=True)
    whole = None
    # On a device the answer would have to be waited for; on the CPU it saves three passes.
    if not stack.is_cpu or not math.isfinite(float(by_row.sum())):
        finite = torch.isfinite(stack)
        whole = finite.float().mean((1, 2))
        stack = torch.where(finite, stack, torch.zeros((), device=stack.device))
        by_unit, by_row = stack.mean(1, keepdim=True), stack.mean(2, keepdim=True)
    mean = by_row.mean(1, keepdim=True)
    unit_variance = (stack - by_unit).square_().mean(1)
    # Exact, and without the passes of a third spread: variance within plus variance between.
    variance = unit_variance.mean(1) + (by_unit - mean).square_().mean((1, 2))
    mean, sd, row_sd = mean.reshape(-1), variance.sqrt(), unit_variance.sqrt_().mean(1)
    if stack.shape[2] > 1:
        within = (stack - by_row).square_().mean(2).sqrt_().mean(1)
        alike = within / (sd + (sd + mean.abs()) * 1e-6 + 1e-30)
    else:
        alike = torch.ones_like(mean)
    largest = torch.maximum(stack.amax((1, 2)), -stack.amin((1, 2)))
    full = stuck = torch.zeros_like(mean)
    if kind in RANGES:
        low, high = RANGES[kind]
        margin = NEAR_END * (high - low)
        ends = ((stack < low + margin) | (stack > high - margin)).float()
        full, stuck = ends.mean((1, 2)), (ends.mean(1) == 1).float().mean(1)
    on = stack.ne_(0).mean(1)
    numbers = [mean, sd, 1.0 - on.mean(1), (on == 0).float().mean(1), full, largest, row_sd, alike,
               torch.ones_like(mean) if whole is None else whole, stuck]  # fmt: skip
    return torch.stack(numbers, 1), on
