"""Experiments that behave well or badly, for the tests of engines and of the executor."""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

import mldiag
from mldiag.errors import MldiagError

ROWS = 60
_rng = np.random.default_rng(5)
X = _rng.normal(size=(ROWS, 4))
Y = (X[:, 0] + 0.3 * _rng.normal(size=ROWS) > 0).astype(int)

BEHAVIOURS = (
    "ok", "raise", "raise_other", "mldiag_error", "hang", "nan", "inf", "none", "missing", "wrong_type",
    "kill", "exit", "sys_exit", "memory", "torch_memory", "interrupt", "print", "slow",
)  # fmt: skip


@mldiag.experiment(
    data=(X, Y),
    metric="accuracy",
    params={
        "behaviour": mldiag.Categorical(BEHAVIOURS, default="ok"),
        "threshold": mldiag.Float(-1, 1, default=0),
        "note": mldiag.Categorical(["", *(f"n{i}" for i in range(40))], default=""),
    },
)
def cases(trial):
    misbehave(trial.params["behaviour"])
    weights = np.random.rand(4) + random.random() + np.linalg.lstsq(trial.X_train, trial.y_train)[0]
    for epoch in trial.epochs(3):
        trial.report(epoch, loss=float(np.random.rand()), accuracy=epoch / 10)
    predicted = (trial.X_valid @ weights > trial.params["threshold"]).astype(int)
    trial.predictions(predicted)
    returned = {"accuracy": float((predicted == trial.y_valid).mean()), "sum": float(weights.sum())}
    return {
        "nan": {"accuracy": float("nan")},
        "inf": {"accuracy": float("inf")},
        "missing": {"precision": 0.5},
        "wrong_type": "high",
    }.get(trial.params["behaviour"], returned)


def misbehave(behaviour):
    if behaviour == "raise":
        raise ValueError("the same every time")
    if behaviour == "raise_other":
        raise ValueError(f"never the same: {time.perf_counter_ns()}")
    if behaviour == "mldiag_error":
        raise MldiagError("wrong setting", expected="a right one")
    if behaviour == "hang":
        while True:
            time.sleep(0.05)
    if behaviour == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "exit":
        os._exit(0)
    if behaviour == "sys_exit":
        sys.exit(3)
    if behaviour == "memory":
        raise MemoryError("Unable to allocate 3 TiB")
    if behaviour == "torch_memory":
        raise RuntimeError(
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 3 TiB"
        )
    if behaviour == "interrupt":
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)  # Ctrl-C ends the training here
    if behaviour == "slow":
        time.sleep(0.15)  # longer than a chunk is waited for
    if behaviour == "print":
        print("from the train function")


@mldiag.experiment(
    data=(X, Y),
    metric="accuracy",
    params={
        "seconds": mldiag.Float(0, 60, default=0),
    },
)
def slow(trial):
    time.sleep(trial.params["seconds"])
    return 0.5


class Flaky:
    """Raises the first time that a trial runs, and leaves a mark by which it knows the second time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, trial):
        mark = self.folder / f"seed-{trial.seed}"
        if not mark.exists():
            mark.touch()
            raise OSError("busy")
        return 0.75
