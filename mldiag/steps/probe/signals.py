"""What the checks ask of a recording, worked out once: loss, what was learned, layers in order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.recorded import Recording
from mldiag.steps.probe.curves import Curve

Floats = NDArray[np.float64]

CLASS_TASKS = ("classification", "language_model", "segmentation")
"""Tasks whose outputs are logits of classes."""

ADVERSARIES = ("gan",)
"""Tasks whose losses need not fall."""

ENOUGH_STEPS = 20
"""Fewer steps than that say little of a training."""

_NO_UNIT = -0.5
"""Share explained below which outputs are no predictions of what was told as targets."""

NORMALISATIONS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")


@dataclass(frozen=True, eq=False)
class Signals:
    """Numbers that several checks read.

    Args:
        recording: What was measured.
    """

    recording: Recording

    @property
    def task(self) -> str | None:
        """The task word."""
        return self.recording.task

    @property
    def steps(self) -> int:
        """Number of steps told."""
        return self.recording.steps

    @cached_property
    def loss(self) -> Curve:
        """The loss that was told, or the first of several by name; empty where none was."""
        r = self.recording
        if r.has("loss/mean"):
            return Curve.of(r.series("loss/step"), r.series("loss/mean"))
        names = sorted(
            name for name in r.arrays if name.startswith("losses/") and name.endswith("/mean")
        )
        total = [n for n in names if n.split("/")[1] in ("total", "loss")]
        for name in total or names[:1]:
            return Curve.of(r.series(name.replace("/mean", "/step")), r.series(name))
        return Curve(np.empty(0), np.empty(0))

    @cached_property
    def should_fall(self) -> bool:
        """Whether a falling loss is what training means here."""
        return self.task not in ADVERSARIES and len(self.recording.facts.get("networks", ())) < 2

    # ---- what was learned -------------------------------------------------------------------------------

    @cached_property
    def class_shares(self) -> Floats:
        """Share of each class among the targets seen; empty where there are none."""
        true = self.recording.series("batch/true")
        if self.task not in CLASS_TASKS or true.size == 0:
            true = self.recording.series("eval/valid/true")
        if self.task not in CLASS_TASKS or true.size == 0:
            return np.empty(0)
        total = np.nansum(true, axis=0).astype(float)
        return np.asarray(total / max(total.sum(), 1.0))

    @cached_property
    def chance_accuracy(self) -> float:
        """Accuracy of always saying the most frequent class."""
        return float(self.class_shares.max()) if self.class_shares.size else math.nan

    @cached_property
    def chance_loss(self) -> float:
        """Cross-entropy of saying the class shares."""
        shares = self.class_shares[self.class_shares > 0]
        return float(-(shares * np.log(shares)).sum()) if shares.size else math.nan

    @cached_property
    def accuracy(self) -> Curve:
        """Accuracy on the batches of sampled steps."""
        r = self.recording
        rows, right = r.series("batch/rows"), r.series("batch/right")
        if not rows.size or not right.size:
            return Curve(np.empty(0), np.empty(0))
        return Curve.of(r.series("sample/step"), right / np.maximum(rows, 1))

    @cached_property
    def batch_explained(self) -> Curve:
        """Share of what can be explained of the batches: 0 as by chance, 1 wholly; sampled steps."""
        r, chance = self.recording, self.chance_accuracy
        if len(self.accuracy) and chance < 1.0:
            return Curve(self.accuracy.steps, (self.accuracy.values - chance) / (1.0 - chance))
        error, spread = r.series("batch/error"), r.series("batch/target_sd")
        if error.size and spread.size:
            typical = float(np.nanmean(spread))
            if typical > 0:
                return Curve.of(r.series("sample/step"), 1.0 - (error / typical) ** 2)
        return Curve(np.empty(0), np.empty(0))

    @cached_property
    def explained(self) -> float:
        """How much of its training data the network explains at the end, 0 to 1; NaN where nothing tells.

        From the batches; for a language model and others from the loss below that of chance.
        """
        by_loss = self.task in ("language_model", "segmentation") and len(self.loss) > 0
        if by_loss and self.loss.last < 1.5 * self.chance_loss:
            return 1.0 - self.loss.last / self.chance_loss
        if len(self.batch_explained):
            share = float(np.median(self.batch_explained.tail(0.15).values))
            # Far below chance, outputs and targets are not in one unit (logits beside soft labels).
            return share if share > _NO_UNIT or self.fell < 0 else math.nan
        for name in ("eval/valid/accuracy", "eval/train_score"):
            found = self.recording.series(name)
            if found.size and math.isfinite(self.chance_accuracy) and np.isfinite(found[-1]):
                return float((found[-1] - self.chance_accuracy) / (1.0 - self.chance_accuracy))
        return math.nan

    @cached_property
    def fell(self) -> float:
        """Share of the first loss that is gone at the end: 0 nothing, 1 all; NaN without a loss."""
        if not len(self.loss):
            return math.nan
        return (self.loss.first - self.loss.last) / max(abs(self.loss.first), 1e-12)

    @cached_property
    def stuck(self) -> bool:
        """Whether nothing worth the name was learned."""
        if math.isfinite(self.explained):
            return self.explained < 0.15
        return self.should_fall and math.isfinite(self.fell) and self.fell < 0.05

    @cached_property
    def learned_well(self) -> bool:
        """Whether the training data are explained for the most part."""
        return math.isfinite(self.explained) and self.explained > 0.8

    # ---- layers -----------------------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> list[Mapping[str, Any]]:
        """Facts of each parameter, in the order of the columns."""
        return list(self.recording.parameters)

    @cached_property
    def matrices(self) -> NDArray[np.int64]:
        """Columns of the weight matrices that train, in order, without embeddings."""
        by_hand = not self.recording.facts.get("optimizers")
        return np.array(
            [
                k
                for k, p in enumerate(self.parameters)
                if p["matrix"] and p["trainable"] and "Embedding" not in p["module"]
                and (by_hand or p["optimizer"] is not None)
            ],
            dtype=np.int64,
        )  # fmt: skip

    def of_matrices(self, name: str) -> Floats:
        """A series of the weight matrices, shape (samples, matrices); not finite where not measured."""
        series = self.recording.series(name)
        if series.ndim != 2 or not len(self.matrices):
            return np.empty((0, len(self.matrices)))
        return np.asarray(series[:, self.matrices], dtype=float)

    @cached_property
    def sample_steps(self) -> Floats:
        """Steps that were looked at closely."""
        return np.asarray(self.recording.series("sample/step"), dtype=float)

    @cached_property
    def ratios(self) -> Floats:
        """Length of an update over that of its weights, shape (samples, matrices)."""
        update, weight = self.of_matrices("update/norm"), self.of_matrices("weight/norm")
        if update.shape != weight.shape:
            return np.empty((0, len(self.matrices)))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(weight > 0, update / weight, np.nan)

    @cached_property
    def relative_gradients(self) -> Floats:
        """Power of ten of gradient length over weight length, shape (samples, matrices)."""
        gradient, weight = self.of_matrices("gradient/norm"), self.of_matrices("weight/norm")
        if gradient.shape != weight.shape:
            return np.empty((0, len(self.matrices)))
        with np.errstate(divide="ignore", invalid="ignore"):
            # A matrix that begins at zero has no length that its gradient could be compared with.
            floor = (
                1e-3 * np.nanmedian(np.where(weight > 0, weight, np.nan)) if weight.size else 0.0
            )
            return np.asarray(np.log10(gradient / np.where(weight > floor, weight, np.nan) + 1e-15))

    @cached_property
    def grown_forward(self) -> float:
        """Largest over smallest spread of the layers' outputs at the first sampled step."""
        spread = self.recording.series("output/sd")
        if spread.ndim != 2 or not len(spread):
            return 1.0
        first = spread[0][np.isfinite(spread[0]) & (spread[0] > 0)]
        return float(first.max() / np.median(first)) if first.size else 1.0

    def names(self, columns: Any) -> list[str]:
        """Names of parameters by column."""
        return [str(self.parameters[int(k)]["name"]) for k in columns]

    @cached_property
    def kinds(self) -> dict[str, int]:
        """How many modules of each class the networks have together."""
        counts: dict[str, int] = {}
        for network in self.recording.facts.get("networks", ()):
            for kind, number in network.get("modules", {}).items():
                counts[kind] = counts.get(kind, 0) + int(number)
        return counts

    @cached_property
    def normalised(self) -> bool:
        """Whether any normalising layer is there."""
        return any(word in kind for kind in self.kinds for word in NORMALISATIONS)

    def layers_of(self, *kinds: str) -> NDArray[np.int64]:
        """Columns of the layers of these kinds among `output/*`."""
        layers = self.recording.layers
        return np.array(
            [k for k, layer in enumerate(layers) if layer["kind"] in kinds], dtype=np.int64
        )

    @cached_property
    def rate_decayed(self) -> float:
        """Share of the training, at its end, with a rate below a hundredth of its largest."""
        rates, steps = self.rates(), self.sample_steps
        if not rates.size or not np.isfinite(rates).all() or rates.max() <= 0 or self.steps < 1:
            return 0.0
        high = np.flatnonzero(rates > 0.01 * rates.max())
        after = steps[high[-1] + 1] if high[-1] + 1 < len(steps) else self.steps
        return float(1.0 - after / self.steps)

    def rates(self) -> Floats:
        """Learning rate of the first parameter group at the sampled steps."""
        lr = self.recording.series("lr")
        return np.asarray(lr[:, 0] if lr.ndim == 2 else lr, dtype=float)
