"""A range test in the place of a training: the user's own code, with a learning rate that rises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mldiag.recording.mlp_steps import mlp_steps
from mldiag.recording.ramp import Ramp, RampOver, endless
from mldiag.recording.sgd_steps import is_sgd, step_sgd
from mldiag.recording.torch_steps import torch_steps
from mldiag.trial import Trial
from mldiag.trial_spec import Intervention

_ENOUGH_EPOCHS = 1_000_000

SEVERAL = (
    "several optimizers stepped while the learning rate rose, each keeping its ratio to the parameter: where "
    "two networks train against each other, no one loss should fall, and the range test says little"
)
"""Notice on a range test in which more than one optimizer took steps."""


def ramped(
    train: Callable[[Trial], Any], change: Intervention
) -> Callable[[Trial], dict[str, float]]:
    """The training in which the learning rate rises; the trial's history is the record of its steps.

    Args:
        train: The experiment's train function.
        change: The intervention, with `param`, `low`, `high` and `steps`.

    Returns:
        A train function that gives no metric. Its trial's history has, for each step, `lr`, `loss`,
        `gradient_norm` where known, and `broken` where the loss left its range; it is empty where no
        optimizer was seen.
    """

    def ramped_training(trial: Trial) -> dict[str, float]:
        param = str(change.argument("param"))
        ramp = Ramp(
            low=_number(change.argument("low")),
            high=_number(change.argument("high")),
            steps=int(_number(change.argument("steps"))),
            reference=_number(trial.params[param]),
        )
        _let_it_go_on(trial, ramp)
        with torch_steps(ramp), mlp_steps(ramp):
            try:
                _train(train, trial, ramp)
            except RampOver:
                pass
            except Exception:  # such as a score of NaN, which is what a range test looks for
                if not ramp.rising:
                    raise
                ramp.note_broken()
        trial.history[:] = ramp.record
        if len(ramp.optimizers) > 1:
            trial.notices.append(SEVERAL)
        return {}

    return ramped_training


def _train(train: Callable[[Trial], Any], trial: Trial, ramp: Ramp) -> None:
    build = getattr(train, "build", None)  # an experiment on an estimator
    if build is not None:
        estimator = build(trial.params, trial.seed)
        last = estimator
        while getattr(last, "steps", None):
            last = last.steps[-1][1]
        if is_sgd(last):
            step_sgd(estimator, trial.X_train, trial.y_train, ramp, seed=trial.seed)
            return
    train(trial)


def _let_it_go_on(trial: Trial, ramp: Ramp) -> None:
    """Count epochs until the ramp is over: a short training may have fewer steps than it needs."""
    own = trial.epochs

    def epochs(count: int) -> Iterator[int]:
        return endless(own(max(count, _ENOUGH_EPOCHS)), count, ramp)

    object.__setattr__(trial, "epochs", epochs)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"a range test needs numbers, got {value!r}")
    return float(value)
