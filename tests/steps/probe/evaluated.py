"""Recordings of evaluations with known faults, and their healthy twins."""

import numpy as np

from mldiag.recording.recorded import Recording


def classes(rows=1000, kinds=4, seed=0, columns=6, spread=3.0, **facts):
    """A calibrated classifier: targets are drawn from its own probabilities."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(rows, kinds)) * spread
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = (chances.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    return Recording(
        {"task": "classification", **facts},
        {
            "eval/probabilities": chances,
            "eval/targets": np.minimum(targets, kinds - 1),
            "eval/inputs": random.normal(size=(rows, columns)),
        },
    )


def changed(recording, **arrays):
    """The recording with other arrays; double underscores stand for slashes."""
    named = {name.replace("__", "/"): values for name, values in arrays.items()}
    return Recording(recording.facts, {**recording.arrays, **named})


def values(rows=800, seed=0, noise=0.4):
    """A regression that explains most, with errors that depend on nothing."""
    random = np.random.default_rng(seed)
    said = random.normal(size=(rows, 1))
    return Recording(
        {"task": "regression"},
        {
            "eval/outputs": 20 + 5 * said,
            "eval/targets": 20 + 5 * (said + noise * random.normal(size=(rows, 1))),
            "eval/inputs": random.normal(size=(rows, 5)),
        },
    )


def looks(fresh, rows=300, count=12, seed=0):
    """Right and wrong over evaluations: the same rows wrong each time, or others where `fresh`."""
    random = np.random.default_rng(seed)
    hard = np.linspace(0, 1, rows)
    right = []
    for place in range(count):
        level = min(0.3 + 0.1 * place, 0.8)
        right.append(
            (random.random(rows) if fresh else hard + random.normal(0, 0.01, rows)) < level
        )
    losses = np.where(right, 0.1, 2.0) + 0.01 * random.random((count, rows))
    losses += 0.0 if fresh else 0.05 * hard
    return Recording(
        {"task": "classification"},
        {
            "eval/right": np.array(right),
            "eval/losses": losses,
            "eval/look_step": 10.0 * np.arange(1, count + 1),
        },
    )
