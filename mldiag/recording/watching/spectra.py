"""How embeddings and features fill their space."""

from __future__ import annotations

import torch


@torch.no_grad()
def embedding_numbers(values: torch.Tensor) -> dict[str, torch.Tensor]:
    """How embeddings fill their space: spectrum of the covariance of unit-length rows, their spread."""
    rows = values.detach().reshape(-1, values.shape[-1])[:512, :512].float()
    if len(rows) < 8:
        return {}
    size = rows.std(0, unbiased=False).norm()
    rows = torch.nn.functional.normalize(rows, dim=1)
    centred = rows - rows.mean(0)
    return {
        "embedding/spectrum": spectrum(centred),
        "embedding/spread": centred.pow(2).sum(1).mean(),
        "embedding/size": size,
    }


@torch.no_grad()
def spectrum(centred: torch.Tensor, width: int = 128) -> torch.Tensor:
    """Eigenvalues of the covariance of centred rows, largest first, at most `width` of them."""
    if not bool(torch.isfinite(centred).all()):
        return torch.full((min(width, *centred.shape),), torch.nan)
    gram = centred.T @ centred if centred.shape[1] <= len(centred) else centred @ centred.T
    values = torch.linalg.eigvalsh(gram.double().cpu() / len(centred)).flip(0).clamp_min(0.0)
    kept: torch.Tensor = values[:width].float()
    return kept
