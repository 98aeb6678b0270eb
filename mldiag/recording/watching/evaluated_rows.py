"""What one evaluation says of its rows: losses, which are right, and a bounded part of what was said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mldiag.recording.watching.clouds import PICTURES, numpy_of, pictures
from mldiag.recording.watching.outputs import class_rows

ROWS = 2000
"""Rows whose outputs are kept, evenly spread over those given."""

INPUT_BYTES = 12 * 2**20
"""Bytes of inputs that are kept; of more, those of the rows with the largest losses."""

WIDTH = 1_000_000
"""Numbers of outputs and of targets that are kept of all rows together."""

Arrays = dict[str, NDArray[Any]]


@dataclass
class Judged:
    """What an evaluation says of its rows.

    Args:
        numbers: Of this evaluation: `valid/loss`, `valid/accuracy`.
        last: Arrays that only the last evaluation keeps, as `eval/...`.
        loss: Of each kept row, shape (rows,); None where rows have no losses.
        right: Whether each kept row was right, shape (rows,); None where that means nothing.
        places: Positions of the kept rows among those given, shape (rows,).
    """

    numbers: Arrays = field(default_factory=dict)
    last: Arrays = field(default_factory=dict)
    loss: NDArray[np.float32] | None = None
    right: NDArray[np.bool_] | None = None
    places: NDArray[np.int64] | None = None


def judged(task: str | None, outputs: torch.Tensor, targets: torch.Tensor) -> Judged:
    """Judge the rows of an evaluation.

    Args:
        task: Task word.
        outputs: Logits, predictions or reconstructions, shape (rows, ...).
        targets: What they should be.

    Example:
        >>> found = judged("classification", torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 0]))
        >>> found.right.tolist(), round(float(found.numbers["valid/accuracy"]), 2)
        ([True, False], 0.5)
    """
    if task in ("classification", "language_model", "segmentation"):
        rows = class_rows(outputs, targets)
        return Judged() if rows is None else _classes(task, *rows, len(outputs))
    if outputs.numel() != targets.numel() or len(outputs) != len(targets):
        return Judged()
    return _values(task, outputs.detach().float(), targets.detach().float())


def _classes(task: str, logits: torch.Tensor, targets: torch.Tensor, given: int) -> Judged:
    found = Judged()
    logits = logits.float()
    there = (targets >= 0) & (targets < logits.shape[1])
    if not bool(there.any()):
        return found
    losses = torch.nn.functional.cross_entropy(
        logits, targets.long().clamp(0, logits.shape[1] - 1), reduction="none"
    )
    found.numbers["valid/loss"] = numpy_of(losses[there].mean())
    found.numbers["valid/accuracy"] = numpy_of((logits.argmax(1) == targets)[there].float().mean())
    if task == "classification":
        kept = _spread(torch.nonzero(there).reshape(-1), min(ROWS, WIDTH // logits.shape[1]))
        probabilities = logits[kept].softmax(1)
        found.last["eval/probabilities"] = numpy_of(probabilities)
        found.last["eval/targets"] = numpy_of(targets[kept])
        found.right = numpy_of(probabilities.argmax(1) == targets[kept])
        found.loss, found.places = numpy_of(losses[kept]), numpy_of(kept)
    elif len(losses) % max(given, 1) == 0:  # tokens of a sequence, pixels of a picture
        parts = there.reshape(given, -1)
        mean = (losses.reshape(given, -1) * parts).sum(1) / parts.sum(1).clamp_min(1)
        kept = _spread(torch.arange(given, device=mean.device), ROWS)
        found.loss, found.places = numpy_of(mean[kept]), numpy_of(kept)
    return found


def _values(task: str | None, outputs: torch.Tensor, targets: torch.Tensor) -> Judged:
    found = Judged()
    rows = len(outputs)
    error = (outputs - targets.reshape(outputs.shape)).pow(2).reshape(rows, -1)
    found.numbers["valid/loss"] = numpy_of(error.mean())
    if task not in ("regression", "autoencoder", "vae"):
        return found
    kept = _spread(torch.arange(rows, device=error.device), ROWS)
    found.loss, found.places = numpy_of(error[kept].mean(1)), numpy_of(kept)
    if task == "regression":
        columns = max(WIDTH // max(len(kept), 1), 1)
        found.last["eval/outputs"] = numpy_of(outputs.reshape(rows, -1)[kept, :columns])
        found.last["eval/targets"] = numpy_of(targets.reshape(rows, -1)[kept, :columns])
    else:
        worst = error[kept].mean(1).argsort(descending=True)
        hop = max(1, len(worst) // PICTURES)
        shown = kept[worst[::hop][:PICTURES]]  # from the worst to the best
        found.last["eval/outputs"] = pictures(outputs[shown])
        found.last["eval/originals"] = pictures(targets.reshape(outputs.shape)[shown])
        found.last["eval/errors"] = found.loss
    return found


def kept_inputs(inputs: torch.Tensor, found: Judged) -> Arrays:
    """Inputs of the judged rows, or of those with the largest losses where all would be too much.

    Args:
        inputs: As given, shape (rows, ...).
        found: What `judged` says of the same rows.

    Returns:
        `eval/inputs` and, as positions among the judged rows, `eval/input_rows`; empty where rows do not fit.
    """
    if found.places is None:
        places = np.arange(min(len(inputs), ROWS))
    elif len(inputs) <= int(found.places.max(initial=0)):
        return {}
    else:
        places = found.places
    row_bytes = max(inputs[0].numel() * inputs.element_size(), 1)
    most = INPUT_BYTES // row_bytes
    rows = np.arange(len(places))
    if most < len(places):
        order = rows if found.loss is None else np.argsort(-found.loss, kind="stable")
        rows = np.sort(order[:most])
    if not len(rows):
        return {}
    chosen = torch.as_tensor(places[rows], device=inputs.device)
    return {"eval/inputs": numpy_of(inputs.detach()[chosen]), "eval/input_rows": rows}


def _spread(places: torch.Tensor, most: int) -> torch.Tensor:
    """Evenly spread ones, so that rows in the order of their classes leave no class out."""
    most = max(most, 1)
    if len(places) <= most:
        return places
    steps = torch.arange(most, device=places.device) * len(places) // most
    return places[steps]
