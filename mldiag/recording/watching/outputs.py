"""What a batch of outputs and targets tells: the task, and a few numbers of a sampled step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from mldiag.recording.watching.spectra import embedding_numbers

ROWS = 2048
"""Rows (examples, tokens, pixels) of a batch that are looked at."""

NUMBERS = 1 << 18
"""Logits of a batch that are looked at: of very many classes fewer rows."""

CLASSES = 256
"""Classes that are counted one by one; of more, the most frequent ones count."""

SMALL = 4096
"""Numbers of a batch's outputs and targets up to which they are kept instead of what they tell."""

_MAIN_OUTPUTS = (
    "logits", "reconstruction", "recon", "prediction", "predictions", "output", "outputs",
)  # fmt: skip

Numbers = dict[str, torch.Tensor]


def first_tensor(value: Any) -> torch.Tensor | None:
    """The tensor in what a user gave as outputs or inputs: itself, or the first of a dictionary or tuple.

    None where there is none, and where its numbers are complex, sparse or not there at all.
    """
    found = _first(value)
    if found is None or found.is_complex() or found.is_meta or found.layout is not torch.strided:
        return None
    return found


def _first(value: Any) -> torch.Tensor | None:
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Mapping):
        for name in _MAIN_OUTPUTS:
            if isinstance(value.get(name), torch.Tensor):
                found: torch.Tensor = value[name]
                return found
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return next((item for item in value if isinstance(item, torch.Tensor)), None)
    logits = getattr(value, "logits", None)
    return logits if isinstance(logits, torch.Tensor) else None


def task_of(outputs: Any, targets: Any) -> str | None:
    """The task word that outputs and targets tell by their shapes and kinds; None where they do not.

    Example:
        >>> task_of(torch.zeros(8, 10), torch.zeros(8, dtype=torch.long))
        'classification'
    """
    if isinstance(outputs, Mapping) and _named(outputs, "mu", "mean") is not None:
        return "vae" if _named(outputs, "logvar", "log_var") is not None else None
    if isinstance(outputs, Mapping) and "codes" in outputs:
        return "vector_quantized"
    mu, logvar = vae_parts(outputs)
    if isinstance(outputs, (tuple, list)) and mu is not None and logvar is not None:
        rebuilt = first_tensor(outputs)
        if rebuilt is not None and mu.shape == logvar.shape and mu.shape != rebuilt.shape:
            return "vae"
    out, true = first_tensor(outputs), first_tensor(targets)
    if out is None or true is None:
        return None
    if not true.is_floating_point() and true.dtype != torch.bool:
        if out.dim() == 2 and true.dim() == 1 and out.shape[1] > 1:
            return "classification"
        if out.dim() == 3 and true.dim() == 2:
            return "language_model"
        if out.dim() >= 4 and true.dim() == out.dim() - 1:
            return "segmentation"
        if out.dim() == 2 and true.dim() == 2 and out.shape[0] == true.numel():
            return "language_model"
    if out.numel() != true.numel():
        return None
    both = bool(((true == 0) | (true == 1)).all())
    if both and out.dim() >= 3:
        return "segmentation"
    if both:
        return "multilabel" if out.dim() == 2 and out.shape[1] > 1 else "classification"
    return "regression"


def class_rows(
    outputs: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Logits of shape (rows, classes) and integer targets of shape (rows,); None where they do not fit."""
    if (
        outputs.is_floating_point() and outputs.numel() == targets.numel()
    ):  # one logit or probability
        flat = outputs.detach().reshape(-1, 1).float()
        inside = bool(((flat >= 0) & (flat <= 1)).all())
        logit = torch.logit(flat.clamp(1e-6, 1 - 1e-6)) if inside else flat
        return torch.cat([torch.zeros_like(logit), logit], 1), targets.reshape(-1).long()
    if outputs.dim() < 2:
        return None
    second = targets.shape == (outputs.shape[0], *outputs.shape[2:])
    last = outputs.dim() == 3 and outputs.shape[:-1] == targets.shape
    if outputs.dim() > 2 and second and not last:
        outputs = outputs.movedim(1, -1)
    flat_outputs = outputs.detach().reshape(-1, outputs.shape[-1])
    flat_targets = targets.detach().reshape(-1)
    if len(flat_outputs) != len(flat_targets) or flat_targets.is_floating_point():
        return None
    return flat_outputs, flat_targets


class Later:
    """What `batch_numbers` says of a small batch, worked out when it is asked for.

    Args:
        task: Task word.
        outputs: A tensor; a copy of it is kept.
        targets: Likewise.
    """

    def __init__(self, task: str | None, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        self._task = task
        self._outputs, self._targets = outputs.detach().clone(), targets.detach().clone()

    @staticmethod
    def fits(outputs: Any, targets: Any) -> bool:
        """Whether outputs and targets are small tensors on the CPU."""
        return (
            type(outputs) is torch.Tensor
            and type(targets) is torch.Tensor
            and outputs.layout is targets.layout is torch.strided
            and outputs.dim() > 0
            and 0 < outputs.numel() + targets.numel() <= SMALL
            and outputs.is_cpu
            and targets.is_cpu
        )

    def numbers(self) -> Numbers:
        """See `batch_numbers`; empty where outputs and targets do not fit each other."""
        try:
            return batch_numbers(self._task, self._outputs, self._targets)
        except (RuntimeError, TypeError, ValueError, IndexError):
            return {}


@torch.no_grad()
def batch_numbers(task: str | None, outputs: Any, targets: Any) -> Numbers:
    """What a sampled step keeps of its outputs; names without a meaning for the task are left out.

    Args:
        task: Task word.
        outputs: As given to `step`.
        targets: As given to `step`; None where there are none.
    """
    out, true = first_tensor(outputs), first_tensor(targets)
    if task == "vae":
        return _vae_numbers(outputs)
    if task == "vector_quantized":
        return _code_numbers(outputs)
    if out is None:
        return {}
    if task == "self_supervised":
        return embedding_numbers(out)
    if true is None or out.numel() == 0:
        return {}
    if task in ("classification", "language_model", "segmentation"):
        rows = class_rows(out, true)
        return {} if rows is None else _class_numbers(*rows)
    if task in ("regression", "autoencoder") and out.numel() == true.numel():
        return _regression_numbers(out, true)
    if task == "multilabel" and out.shape == true.shape:
        return _label_numbers(out, true)
    return {}


def _class_numbers(logits: torch.Tensor, targets: torch.Tensor) -> Numbers:
    classes = logits.shape[1]
    rows = max(min(ROWS, NUMBERS // max(classes, 1)), 32)
    hop = max(1, len(logits) // rows)
    logits, targets = logits[::hop][:rows].float(), targets[::hop][:rows]
    kept = (targets >= 0) & (targets < classes)
    picked = logits.argmax(1)
    width = min(classes, CLASSES)
    counts = torch.bincount(picked, minlength=classes).float()
    true = torch.bincount(targets.clamp(0, classes - 1), kept.float(), minlength=classes).float()
    if classes > CLASSES:
        top = true.argsort(descending=True)[:width]
        counts, true = counts[top], true[top]
    return {
        "batch/predicted": counts,
        "batch/true": true,
        "batch/rows": kept.float().sum(),
        "batch/right": ((picked == targets) & kept).float().sum(),
        "batch/logit_spread": _spread(logits).mean(),
        "batch/logit_size": logits.abs().mean(),
        "batch/confidence": logits.softmax(1).amax(1).mean(),
    }


def _spread(rows: torch.Tensor) -> torch.Tensor:
    """Standard deviation of each column; a tenth of the time of `std` along the first dimension."""
    return (rows - rows.mean(0)).square_().mean(0).sqrt_()


def _regression_numbers(outputs: torch.Tensor, targets: torch.Tensor) -> Numbers:
    out, true = (
        outputs.detach().reshape(len(outputs), -1),
        targets.detach().reshape(len(targets), -1),
    )
    out, true = out[:ROWS, :512].float(), true[:ROWS, :512].float()
    if out.shape != true.shape:
        return {}
    # Targets between 0 and 1 and outputs far beyond: logits, as of a binary cross-entropy.
    logits = (true.amin() >= 0) & (true.amax() <= 1) & ((out.amin() < -1) | (out.amax() > 2))
    out = torch.where(logits, out.sigmoid(), out)
    return {
        "batch/rows": torch.tensor(float(len(out))),
        "batch/output_sd": out.std(0, unbiased=False).mean(),
        "batch/target_sd": true.var(0, unbiased=False).mean().sqrt(),
        "batch/output_mean": out.mean(),
        "batch/target_mean": true.mean(),
        "batch/error": (out - true).pow(2).mean().sqrt(),
    }


def _label_numbers(outputs: torch.Tensor, targets: torch.Tensor) -> Numbers:
    out, true = outputs.detach()[:ROWS].float(), targets[:ROWS].float()
    inside = (out >= 0).all() & (out <= 1).all()
    picked = (out > torch.where(inside, 0.5, 0.0)).float()
    return {
        "batch/rows": torch.tensor(float(len(out))),
        "batch/predicted": picked.mean(0)[:CLASSES],
        "batch/true": true.mean(0)[:CLASSES],
        "batch/logit_spread": out.std(0, unbiased=False).mean(),
    }


def _vae_numbers(outputs: Any) -> Numbers:
    mu, logvar = vae_parts(outputs)
    if mu is None or logvar is None or mu.shape != logvar.shape:
        return {}
    mu, logvar = (
        mu.detach().reshape(len(mu), -1)[:ROWS],
        logvar.detach().reshape(len(mu), -1)[:ROWS],
    )
    mu, logvar = mu[:, :512].float(), logvar[:, :512].float()
    kl = 0.5 * (mu.pow(2) + logvar.exp() - 1.0 - logvar)
    return {
        "batch/mu_variance": mu.var(0, unbiased=False),
        "batch/kl": kl.mean(0),
        "batch/posterior_sd": (0.5 * logvar).exp().mean(0),
    }


def vae_parts(outputs: Any) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Mean and log-variance of the posterior in a dictionary or a tuple (reconstruction, mu, logvar)."""
    if isinstance(outputs, Mapping):
        return _named(outputs, "mu", "mean"), _named(outputs, "logvar", "log_var")
    if isinstance(outputs, (tuple, list)) and len(outputs) >= 3:
        mu, logvar = outputs[1], outputs[2]
        if isinstance(mu, torch.Tensor) and isinstance(logvar, torch.Tensor):
            return mu, logvar
    return None, None


def _named(outputs: Mapping[Any, Any], *names: str) -> torch.Tensor | None:
    return next((outputs[n] for n in names if isinstance(outputs.get(n), torch.Tensor)), None)


def _code_numbers(outputs: Any) -> Numbers:
    codes = None
    if isinstance(outputs, Mapping):
        codes = _named(outputs, "codes", "indices", "code", "index", "encoding_indices")
    elif isinstance(outputs, (tuple, list)):
        whole = [o for o in outputs if isinstance(o, torch.Tensor) and not o.is_floating_point()]
        codes = whole[0] if whole else None
    return {} if codes is None else {"codes": codes.detach().reshape(-1)[:4096]}
