"""What is kept of every evaluation: scores, and of a bounded number of rows what was said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.watching.clouds import numpy_of, sampled
from mldiag.recording.watching.evaluated_rows import ROWS, Judged, judged, kept_inputs
from mldiag.recording.watching.outputs import (
    batch_numbers,
    first_tensor,
    vae_parts,
)
from mldiag.recording.watching.spectra import embedding_numbers

EPOCHS = 200
"""Evaluations that are kept; of more, every second one."""

Arrays = dict[str, NDArray[Any]]


class Evaluations:
    """Takes in what `evaluate` is given, once an epoch."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._looks: list[tuple[float, NDArray[np.float32], NDArray[np.bool_] | None]] = []
        self._targets: NDArray[Any] = np.empty(0)
        self._same = True
        self._last: Arrays = {}
        self.maximize = True

    def __len__(self) -> int:
        return len(self._rows)

    def add(
        self,
        step: int,
        task: str | None,
        *,
        score: float | None,
        train_score: float | None,
        inputs: Any,
        outputs: Any,
        targets: Any,
        samples: Any,
        real: Any,
    ) -> None:
        """Keep one evaluation; see `Watch.evaluate`."""
        row: dict[str, Any] = {"step": float(step)}
        if score is not None:
            row["score"] = score
        if train_score is not None:
            row["train_score"] = train_score
        out, true = first_tensor(outputs), first_tensor(targets)
        found = Judged()
        if out is not None:
            numbers = batch_numbers(task, outputs, targets)
            row |= {
                f"valid/{name.split('/')[-1]}": numpy_of(value) for name, value in numbers.items()
            }
            if true is not None and out.numel():
                found = judged(task, out, true)
                row |= found.numbers
            if task == "vae":
                mu, _ = vae_parts(outputs)
                if mu is not None:
                    found.last["eval/latent"] = numpy_of(mu[:ROWS].reshape(len(mu[:ROWS]), -1))
        if task == "self_supervised" and out is not None:
            row |= {
                f"valid/{k.split('/')[-1]}": numpy_of(v) for k, v in embedding_numbers(out).items()
            }
        given = first_tensor(inputs)
        if given is not None and given.numel() and given.dim():
            found.last |= kept_inputs(given, found)
        if found.last:
            self._forget("eval/")
        self._last |= found.last
        made = first_tensor(samples)
        if made is not None and made.numel():
            more, last = sampled(made, first_tensor(real))
            row |= more
            self._forget("samples/")
            self._last |= last
        self._look(float(step), found)
        self._rows.append(row)
        if len(self._rows) > EPOCHS:
            self._rows = self._rows[::2]

    def _look(self, step: float, found: Judged) -> None:
        """Keep the losses of the rows, as long as every evaluation is of the same rows."""
        if found.loss is None:
            return
        targets = found.last.get("eval/targets", np.empty(0))
        if not self._looks:
            self._targets = targets
        else:
            alike = np.array_equal(self._targets, targets)
            self._same &= alike and len(found.loss) == len(self._looks[0][1])
        if self._same:
            self._looks.append((step, found.loss, found.right))
        if len(self._looks) > EPOCHS:
            self._looks = self._looks[::2]

    def _forget(self, prefix: str) -> None:
        self._last = {
            name: value for name, value in self._last.items() if not name.startswith(prefix)
        }

    def arrays(self) -> Arrays:
        """Series of shape (evaluations,) or (evaluations, ...) as `eval/...`, and the rows of the last one.

        Where every evaluation was of the same rows, also `eval/losses` and `eval/right` of shape
        (looks, rows), with their steps `eval/look_step` (looks,).
        """
        names: dict[str, None] = {}
        for row in self._rows:
            names |= dict.fromkeys(row)
        arrays: Arrays = {}
        for name in names:
            values = [row.get(name) for row in self._rows]
            shapes = {np.shape(value) for value in values if value is not None}
            if len(shapes) != 1:
                continue
            shape = shapes.pop()
            nothing = np.full(shape, np.nan)
            full = [nothing if value is None else np.asarray(value, float) for value in values]
            arrays[f"eval/{name}"] = np.stack(full)
        if self._same and len(self._looks) >= 2:
            steps, losses, rights = zip(*self._looks, strict=True)
            arrays["eval/look_step"] = np.array(steps)
            arrays["eval/losses"] = np.stack(losses)
            known = [right for right in rights if right is not None]
            if len(known) == len(rights):
                arrays["eval/right"] = np.stack(known)
        return arrays | self._last
