"""How an attention spreads its weight: recomputed for a few queries, because fused kernels show none."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

QUERIES = 32
"""Queries of an example whose attention is recomputed."""

IN_ALL = 64
"""Queries of all examples together, but of two examples at least."""

ONE_PLACE, EVERYWHERE = 0.05, 0.995
"""Entropy over its largest, below which a query attends one place and above which it attends all alike."""

QUANTITIES = ("entropy", "narrow", "even", "same")
"""`entropy` mean over heads and queries as a share of its largest; `narrow` and `even` shares of (head,
query)
that attend one place or all alike; `same` how far the queries of a head attend the same places (1:
wholly)."""


@torch.no_grad()
def weight_numbers(weights: torch.Tensor, visible: torch.Tensor | None = None) -> torch.Tensor:
    """Numbers of attention weights.

    Args:
        weights: Shape (..., queries, keys); rows sum to one.
        visible: How many keys each query can see, shape (queries,); None where all.

    Returns:
        Shape (len(QUANTITIES),).
    """
    weights = weights.float()
    entropy = torch.special.entr(weights).sum(-1)
    keys = torch.full((weights.shape[-2],), float(weights.shape[-1]), device=weights.device)
    keys = keys if visible is None else visible.to(keys)
    judged = (keys >= 4).float()  # two or three places leave an entropy little room
    part = judged / judged.sum()  # NaN, and so is what it weights, where none is judged
    share = entropy / keys.log().clamp_min(1e-6)
    mean_row = weights.mean(-2, keepdim=True)
    same = 1.0 - 0.5 * (weights - mean_row).abs().sum(-1).mean()
    return torch.stack(
        [
            (share * part).sum(-1).mean(),
            ((share < ONE_PLACE) * part).sum(-1).mean(),
            ((share > EVERYWHERE) * part).sum(-1).mean(),
            same + 0.0 * part.sum(),
        ]
    )


def hop_of(length: int) -> int:
    """Of so many queries of an example, one is looked at."""
    return max(1, length // QUERIES)


def examples_of(length: int) -> int:
    """Examples that are looked at where each has so many queries."""
    return max(2, IN_ALL // max(min(length, QUERIES), 1))


@torch.no_grad()
def dot_product_numbers(
    query: torch.Tensor,
    key: torch.Tensor,
    *,
    mask: torch.Tensor | None = None,
    causal: bool = False,
    scale: float | None = None,
) -> torch.Tensor | None:
    """Numbers of `scaled_dot_product_attention` for a few examples.

    Args:
        query: Shape (batch, heads, queries, width).
        key: Shape (batch, heads, keys, width).
        mask: As for the function, shape (queries, keys); None where there is none. Others are not read.
        causal: Whether a query sees only what came before it.
        scale: Factor of the scores; None for one over the root of the width.
    """
    if query.dim() != 4 or key.dim() != 4 or query.shape[1] != key.shape[1]:
        return None
    if mask is not None and mask.shape != (query.shape[-2], key.shape[-2]):
        return None
    length = query.shape[-2]
    picked = torch.arange(0, length, hop_of(length), device=query.device)
    examples = examples_of(length)
    query, key = query[:examples].detach().float(), key[:examples].detach().float()
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = query[..., picked, :] @ key.transpose(-2, -1) * factor
    visible = None
    if mask is not None:
        added = (
            torch.zeros_like(mask, dtype=torch.float32).masked_fill_(~mask, -math.inf)
            if mask.dtype == torch.bool
            else mask.float()
        )
        scores = scores + added[picked]
        visible = (added[picked] > -1e4).sum(-1).clamp_min(1)
    if causal:
        places = torch.arange(key.shape[-2], device=query.device)
        scores = scores.masked_fill(places > picked[:, None], -math.inf)
        visible = picked + 1
    return weight_numbers(scores.softmax(-1), visible)


@torch.no_grad()
def multihead_numbers(module: nn.MultiheadAttention, args: Any, kwargs: Any) -> torch.Tensor | None:
    """Numbers of an `nn.MultiheadAttention` from its call; None where rows have masks of their own."""
    names = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask", "average_attn_weights",
             "is_causal")  # fmt: skip
    given = dict(zip(names, args, strict=False)) | dict(kwargs or {})
    query, key = given.get("query"), given.get("key")
    if module.in_proj_weight is None or query is None or key is None or query.dim() != 3:
        return None
    if given.get("key_padding_mask") is not None:
        return None
    mask = given.get("attn_mask")
    causal = bool(given.get("is_causal")) or _is_causal(mask)
    if causal:
        mask = None
    elif mask is not None and mask.dtype == torch.bool:
        mask = ~mask  # here what is True is hidden, in the function below it is seen
    if not module.batch_first:
        query, key = query.transpose(0, 1), key.transpose(0, 1)
    examples = examples_of(query.shape[1])
    width, heads = module.embed_dim, module.num_heads
    bias = module.in_proj_bias
    parts = []
    for place, value in enumerate((query, key)):
        weight = module.in_proj_weight[place * width : (place + 1) * width].detach()
        shift = None if bias is None else bias[place * width : (place + 1) * width].detach()
        projected = nn.functional.linear(value[:examples].detach().to(weight.dtype), weight, shift)
        by_head = projected.reshape(*projected.shape[:2], heads, -1)
        parts.append(by_head.transpose(1, 2))
    return dot_product_numbers(parts[0], parts[1], mask=mask, causal=causal)


def _is_causal(mask: torch.Tensor | None) -> bool:
    if mask is None or mask.dim() != 2 or mask.shape[0] != mask.shape[1]:
        return False
    hidden = mask if mask.dtype == torch.bool else mask < -1e4
    wanted = torch.ones_like(hidden).triu(1)
    return bool((hidden == wanted).all())
