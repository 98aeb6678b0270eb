"""mldiag: find out why a model does not learn, and what to do next.

Declare an experiment, then ask one question after the other:

    exp = mldiag.Experiment.from_estimator(estimator, X, y, metric="accuracy", params={...})
    mldiag.reproduce(exp, expected=0.95)  # is it a bug?
    mldiag.audit(exp)                 # is the data good?
    mldiag.learning_curve(exp)        # is there enough data?
    mldiag.probe(exp)                 # where does learning fail?
    mldiag.sweep(exp, param="C")      # is this hyperparameter right?
    mldiag.capacity(exp)              # is the model itself insufficient?
    mldiag.checkup(exp)               # all of them: what should I do next?

A train function of your own is an experiment too, and a training loop needs none at all:

    @mldiag.experiment(data=(X, y), metric="accuracy", params={"lr": mldiag.Float(0.01, 1, default=0.1)})
    def net(trial): ...               # trains on trial.X_train, returns the score on trial.X_valid

    with mldiag.watch(network, optimizer) as watch: ...         # watch.step(...), then watch.diagnose()
    mldiag.diagnose_training(build)   # is there a bug in the loop?

Every answer is a `Report` with findings, their uncertainty, and the actions they lead to; print it.
Parameters are `Float`, `Int` and `Categorical`. The same is asked from a shell: `mldiag checkup train.py`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mldiag.api import audit, capacity, checkup, learning_curve, probe, reproduce, sweep
    from mldiag.declaration import Experiment, experiment
    from mldiag.errors import MldiagError as MldiagError
    from mldiag.findings import Report
    from mldiag.parameters import Categorical, Float, Int
    from mldiag.training_api import diagnose_training, watch

_HOMES = {
    "Categorical": "mldiag.parameters",
    "Experiment": "mldiag.declaration",
    "Float": "mldiag.parameters",
    "Int": "mldiag.parameters",
    "MldiagError": "mldiag.errors",
    "Report": "mldiag.findings",
    "audit": "mldiag.api",
    "capacity": "mldiag.api",
    "checkup": "mldiag.api",
    "diagnose_training": "mldiag.training_api",
    "experiment": "mldiag.declaration",
    "learning_curve": "mldiag.api",
    "probe": "mldiag.api",
    "reproduce": "mldiag.api",
    "sweep": "mldiag.api",
    "watch": "mldiag.training_api",
}

__all__ = ["Categorical", "Experiment", "Float", "Int", "Report", "audit", "capacity", "checkup",
           "diagnose_training", "experiment", "learning_curve", "probe", "reproduce", "sweep",
           "watch"]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import mldiag` stays instant."""
    if name not in _HOMES:
        raise AttributeError(f"module 'mldiag' has no attribute {name!r}")
    import random

    state = random.getstate()  # a library may draw from it while it is imported: rich does
    try:
        value = getattr(import_module(_HOMES[name]), name)
    finally:
        random.setstate(state)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
