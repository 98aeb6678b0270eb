"""The record of a learner whose weights are NumPy arrays: the same series as those of a watched network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.recording.cadence import Cadence
from mldiag.recording.recorded import Recording
from mldiag.recording.series import BinnedSeries, SampledRows
from mldiag.recording.stepped_batches import batch_numbers
from mldiag.recording.unit_numbers import QUANTITIES, unit_numbers
from mldiag.recording.weight_motion import WeightMotion

EPOCHS = 200
"""Epochs whose scores are kept; of more, every second one."""

_ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "logistic": "sigmoid"}
"""What scikit-learn's names of activations are called here; any other passes values on as they are."""

Arrays = Sequence[NDArray[Any]]


class SteppedRecord:
    """Takes in steps and epochs of one learner.

    Args:
        kind: Class of the learner.
        perceptron: The multi-layer perceptron itself, whose settings are told; None for a linear learner.
        decay: Weight decay of the learner.
        classes: Whether it tells classes.
    """

    def __init__(
        self, kind: str, *, perceptron: Any = None, decay: float = 0.0, classes: bool | None = None
    ) -> None:
        self.kind, self.perceptron, self.decay, self.classes = kind, perceptron, decay, classes
        self.loss: float | None = None
        self.activations: Arrays = ()
        self.targets: Any = None
        self.steps = 0
        self.not_seen: list[str] = []
        self.notices: list[str] = []
        self._shapes: list[tuple[int, ...]] = []
        self._losses, self._motion = BinnedSeries(), WeightMotion()
        self._cadence, self._sampled = Cadence(), SampledRows()
        self._asked: tuple[int, bool] = (-1, False)
        self._epochs: list[tuple[float, float, float]] = []
        self._rate = float("nan")
        self._batch: int | None = None
        self._widths: list[int] = []

    def wants_weights(self) -> bool:
        """Whether the weights before the step that comes are needed."""
        return self._samples() or self._motion.in_window

    def _samples(self) -> bool:
        if self._asked[0] != self.steps:
            self._asked = self.steps, self._cadence.samples(self.steps)
        return self._asked[1]

    def step(
        self, after: Arrays, gradients: Arrays | None, before: Arrays | None, *, rate: float
    ) -> None:
        """Take in one step.

        Args:
            after: Weights after it: matrices of shape (inputs, outputs) and vectors.
            gradients: Their gradients; None where not known.
            before: Weights before it; None where they were not wanted.
            rate: Learning rate; NaN where not known.
        """
        if self.loss is not None:
            self._losses.add(self.steps, self.loss)
        if before is not None:
            moved = self._motion.step(after, gradients, before, looked_at=self._samples())
        if before is not None and self._samples():
            self._shapes = [np.shape(one) for one in after]
            row: dict[str, Any] = {
                "weight/norm": _norms(before),
                "update/norm": _norms([new - old for new, old in zip(after, before, strict=True)]),
                "lr": np.array([rate]),
            }
            unknown = np.full(len(after), np.nan)
            row["gradient/norm"] = unknown if gradients is None else _norms(gradients)
            row |= self._layers() | moved
            self._sampled.add(self.steps, row)
        self.loss, self._rate = None, rate
        self.steps += 1

    def _layers(self) -> dict[str, Any]:
        if len(self.activations) < 2:
            return {}
        self._batch = max(self._batch or 0, len(self.activations[0]))
        hidden = self.activations[1:-1]
        self._widths = [one.shape[1] for one in hidden]
        kind = _ACTIVATIONS.get(str(getattr(self.perceptron, "activation", "")), "identity")
        found = [unit_numbers(np.asarray(one), kind) for one in hidden]
        row: dict[str, Any] = {}
        if self.targets is not None and self.activations[-1].ndim == 2:
            row |= batch_numbers(self.activations[-1], self.targets, classes=self._tells_classes())
        if not found:
            return row
        row |= {
            f"output/{name}": np.array([numbers[k] for numbers, _ in found])
            for k, name in enumerate(QUANTITIES)
        }
        width = max(len(on) for _, on in found)
        shares = np.full((len(found), width), np.nan, dtype=np.float32)
        for place, (_, on) in zip(shares, found, strict=True):
            place[: len(on)] = on
        return row | {"output/on": shares}

    def evaluate(self, score: float, train_score: float) -> None:
        """Take in the scores of an epoch on rows that do not train and on rows that do."""
        self._epochs.append((float(self.steps), score, train_score))
        if len(self._epochs) > EPOCHS:
            self._epochs = self._epochs[::2]

    def recording(self) -> Recording:
        """What was taken in."""
        arrays = {f"loss/{name}": values for name, values in self._losses.arrays().items()}
        if not len(arrays["loss/step"]):
            arrays = {}
        if len(self._sampled):
            arrays |= self._sampled.arrays()
        if self._epochs:
            table = np.array(self._epochs)
            names = ("step", "score", "train_score")
            arrays |= {f"eval/{name}": table[:, k] for k, name in enumerate(names)}
        return Recording(self._facts(), arrays)

    def _facts(self) -> dict[str, Any]:
        parameters = self._parameters()
        count = int(sum(np.prod(shape) for shape in self._shapes))
        kind = _ACTIVATIONS.get(str(getattr(self.perceptron, "activation", "")), "identity")
        optimizer = {"sgd": "SGD", "adam": "Adam"}.get(
            str(getattr(self.perceptron, "solver", "")), "SGD"
        )
        classes = self._tells_classes() if self.perceptron is not None else self.classes
        task = None if classes is None else "classification" if classes else "regression"
        group = {"weight_decay": self._decay()}
        if np.isfinite(self._rate):
            group["lr"] = self._rate
        return {
            "task": task,
            "task_given": True,
            "steps": self.steps,
            "updates": [self.steps] if self.steps else [],
            "batch": self._batch,
            "networks": [
                {"name": "network", "class": self.kind, "parameters": count, "compiled": False,
                 "modules": {"Linear": sum(p["matrix"] for p in parameters)}, "dropout": []}
            ],
            "parameters": parameters,
            "layers": [
                {"name": f"{kind} {number + 1}", "kind": kind, "network": "network"}
                for number in range(len(self._widths))
            ],
            "optimizers": [{"class": optimizer, "groups": [group]}] if self.steps else [],
            "strays": 0,
            "birth": None,
            "notices": list(self.notices),
            "not_seen": list(self.not_seen),
            "error": "",
        }  # fmt: skip

    def _tells_classes(self) -> bool:
        return hasattr(self.perceptron, "_label_binarizer")

    def _decay(self) -> float:
        return float(getattr(self.perceptron, "alpha", self.decay) or 0.0)

    def _parameters(self) -> list[dict[str, Any]]:
        facts = []
        counts: dict[str, int] = {}
        for shape in self._shapes:
            matrix = len(shape) == 2
            part = "coefs_" if matrix else "intercepts_"
            number = counts.setdefault(part, 0)
            counts[part] += 1
            facts.append(
                {
                    "name": f"{part}[{number}]",
                    "network": "network",
                    "layer": f"layer {number + 1}",
                    "module": "Linear",
                    "shape": list(shape[::-1]),  # outputs first, as networks have them
                    "matrix": matrix,
                    "trainable": True,
                    "optimizer": 0,
                    "weight_decay": self._decay() if matrix else 0.0,
                    "left_out": False,
                    "untouched": False,
                }
            )
        return facts


def _norms(arrays: Arrays) -> NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.array(
            [float(np.sqrt((np.asarray(one, dtype=np.float64) ** 2).sum())) for one in arrays]
        )
