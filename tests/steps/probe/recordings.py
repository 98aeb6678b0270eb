"""Recordings made by hand: one healthy training of a small classifier, and what a test changes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mldiag.recording.cadence import Cadence
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.signals import Signals

CLASSES, ROWS, EVALUATIONS, FEATURES = 10, 64, 12, 128
NAMES = ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias")
SHAPES = ([64, 64], [64], [64, 64], [64], [10, 64], [10])
MATRICES = (0, 2, 4)
LAYERS = (("0", "Linear"), ("1", "relu"), ("2", "Linear"), ("3", "relu"), ("4", "Linear"))


def parameter(name: str, shape: list[int], **changes: Any) -> dict[str, Any]:
    """The facts of one parameter tensor that trains as it should."""
    layer = name.rpartition(".")[0]
    known = {
        "name": name, "network": "network", "layer": layer, "module": "Linear", "shape": shape,
        "matrix": len(shape) > 1, "trainable": True, "optimizer": 0, "weight_decay": 0.0,
        "left_out": False, "untouched": False,
    }  # fmt: skip
    return known | changes


def layer(name: str, kind: str) -> dict[str, str]:
    """The facts of one layer."""
    return {"name": name, "kind": kind, "network": "network"}


def network(**changes: Any) -> dict[str, Any]:
    """The facts of the network."""
    known = {"name": "network", "class": "Sequential", "parameters": 9000, "compiled": False}
    return known | {"modules": {"Linear": 3, "ReLU": 2}, "dropout": []} | changes


def sampled(steps: int) -> np.ndarray:
    """The steps that are looked at closely."""
    cadence = Cadence()
    return np.array([k for k in range(steps) if cadence.samples(k)], dtype=float)


def falling(steps: int, to: float = 0.1, start: float = 2.3, over: float = 40.0) -> np.ndarray:
    """A loss that comes down and comes to rest, with the noise of batches."""
    noise = np.random.default_rng(0).normal(0, 0.01, steps)
    return to + (start - to) * np.exp(-np.arange(steps) / over) + noise


def recording(
    *,
    steps: int = 400,
    loss: Any = None,
    learned: float = 0.97,
    over: float = 40.0,
    update: Any = -2.5,
    gradient: Any = -1.0,
    shrunk: float = 1.0,
    travel: float = 0.4,
    straight: float = 0.2,
    agreement: float = 0.3,
    rates: Any = 0.01,
    facts: dict[str, Any] | None = None,
    arrays: dict[str, Any] | None = None,
    without: tuple[str, ...] = (),
) -> Recording:
    """A healthy training of three layers on ten classes, with changes.

    Args:
        steps: Steps told.
        loss: Loss of each step, shape (steps,).
        learned: Share of its batches that the network explains at the end.
        over: Steps over which it learns.
        update: Power of ten of update over weight, shape (), (3,) or (samples, 3).
        gradient: Power of ten of gradient over weight, in the same shapes.
        shrunk: Last over first length of every matrix.
        travel: Distance from the start over the length of the start.
        straight: Distance from the start over the length of the way.
        agreement: Cosine of neighbouring gradients.
        rates: Learning rate, shape () or (samples,).
        facts: Facts to change.
        arrays: Arrays to change.
        without: Beginnings of the names of arrays that were not measured.
    """
    looks = sampled(steps)
    losses = falling(steps, over=over) if loss is None else np.asarray(loss, float)
    made = {"loss/step": np.arange(steps, dtype=float), "loss/broken": np.zeros(steps)}
    made |= dict.fromkeys(("loss/mean", "loss/low", "loss/high"), losses)
    made |= {"sample/step": looks, "lr": np.broadcast_to(rates, (len(looks),))[:, None]}
    made |= _weights(looks, update, gradient, shrunk)
    made |= _way(len(looks), travel, straight, agreement)
    made |= (
        _layers(len(looks)) | _batches(looks, learned, over) | _evaluations(steps, learned, over)
    )
    made |= arrays or {}
    kept = {k: np.asarray(v) for k, v in made.items() if not any(k.startswith(w) for w in without)}
    return Recording(_facts(steps) | (facts or {}), kept)


def signals(**changes: Any) -> Signals:
    """What the checks read of such a recording."""
    return Signals(recording(**changes))


def _facts(steps: int) -> dict[str, Any]:
    return {
        "task": "classification", "task_given": False, "steps": steps, "updates": [steps], "batch": ROWS,
        "seconds": 1.0, "maximize": True, "error": "", "notices": [], "not_seen": [], "birth": None,
        "gates": [], "codebook": 0, "strays": 0, "networks": [network()],
        "parameters": [parameter(n, s) for n, s in zip(NAMES, SHAPES, strict=True)],
        "layers": [layer(*names) for names in LAYERS],
        "optimizers": [{"class": "SGD", "groups": [{"lr": 0.01, "weight_decay": 0.0}]}],
        "beginning": [{"size": 0.58, "alike": False} for _ in NAMES],
    }  # fmt: skip


def _weights(looks: np.ndarray, update: Any, gradient: Any, shrunk: float) -> dict[str, Any]:
    count = len(looks)
    course = shrunk ** (looks / max(looks[-1], 1.0)) if count else looks
    weight = np.full((count, len(NAMES)), 5.0) * course[:, None]
    made = {"weight/norm": weight}
    for name, power in (("update/norm", update), ("gradient/norm", gradient)):
        values = weight * 10.0 ** np.median(power)
        values[:, MATRICES] = weight[:, MATRICES] * 10.0 ** np.broadcast_to(power, (count, 3))
        made[name] = values
    return made


def _way(count: int, travel: float, straight: float, agreement: float) -> dict[str, Any]:
    share = np.linspace(0, 1, count)
    steps = np.full(count, 5.0 * travel / max(straight, 1e-12) / max(count, 1))
    rows = np.stack([5.0 * travel * share, np.full(count, 5.0), steps, np.full(count, 5.0)], axis=1)
    gram = np.full((6, 6), agreement)
    gram[::2, 1::2] = gram[1::2, ::2] = -agreement
    np.fill_diagonal(gram, 1.0)
    return {"travel/0": rows, "window/0": np.broadcast_to(gram, (count, 6, 6))}


def _layers(count: int) -> dict[str, Any]:
    wide = (count, len(LAYERS))
    shares = {"mean": 0.1, "sd": 0.6, "dead": 0.0, "full": 0.0, "largest": 3.0, "row_sd": 0.4}
    made = {f"output/{name}": np.full(wide, v) for name, v in shares.items()}
    made |= {"output/alike": np.full(wide, 0.9), "output/finite": np.ones(wide)}
    made |= {"output/stuck": np.zeros(wide), "output/off": np.zeros(wide)}
    made["output/off"][:, [1, 3]] = 0.5
    made["output/on"] = np.full((*wide, FEATURES), 0.5, np.float16)
    spectrum = np.full((count, 64), np.nan)
    spectrum[::6] = 0.9 ** np.arange(64)
    made |= {
        "feature/spectrum": spectrum,
        "feature/mean_size": np.where(spectrum[:, 0] > 0, 1.0, np.nan),
    }
    pixels = {"mean": 0.0, "sd": 1.0, "largest": 3.0}
    return made | {f"input/{name}": np.full((8, 64), v) for name, v in pixels.items()}


def _batches(looks: np.ndarray, learned: float, over: float) -> dict[str, Any]:
    right = ROWS * _accuracy(looks, learned, over)
    alike = np.full((len(looks), CLASSES), ROWS / CLASSES)
    ones = np.ones(len(looks))
    return {
        "batch/rows": ROWS * ones, "batch/right": right, "batch/true": alike, "batch/predicted": alike,
        "batch/logit_spread": 0.5 * ones, "batch/logit_size": ones, "batch/confidence": right / ROWS,
    }  # fmt: skip


def _evaluations(steps: int, learned: float, over: float) -> dict[str, Any]:
    ends = np.linspace(steps / EVALUATIONS, steps, EVALUATIONS)
    scores = _accuracy(ends, learned - 0.02, over)
    alike = np.full((EVALUATIONS, CLASSES), 40.0)
    return {
        "eval/step": ends, "eval/score": scores, "eval/valid/accuracy": scores,
        "eval/valid/loss": 0.15 + 2.1 * np.exp(-ends / over), "eval/valid/true": alike,
        "eval/valid/predicted": alike,
    }  # fmt: skip


def _accuracy(steps: np.ndarray, learned: float, over: float) -> np.ndarray:
    explained = max(learned, 0.0) * (1.0 - np.exp(-steps / over))
    return 1.0 / CLASSES + (1.0 - 1.0 / CLASSES) * explained
