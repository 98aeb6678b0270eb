"""A ramp in scikit-learn's multi-layer perceptrons, whoever fits them: a pipeline, a user's loop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from mldiag.recording.on_import import once_imported
from mldiag.recording.ramp import Ramp

_MODULE = "sklearn.neural_network._multilayer_perceptron"

_ENOUGH_EPOCHS = 1_000_000


@contextmanager
def mlp_steps(ramp: Ramp) -> Iterator[None]:
    """Let every `MLPClassifier` and `MLPRegressor` fitted within the context step at the rate of the ramp.

    Within it they go on until the ramp is over: neither `max_iter` nor a loss that does not improve, which
    it cannot at the smallest rates, ends them. Everything is as before at the end.

    Args:
        ramp: The range test; it ends the training by raising `RampOver` in a step.
    """
    with ExitStack() as undo, once_imported(_MODULE, lambda module: _watch(module, ramp, undo)):
        yield


def _watch(module: Any, ramp: Ramp, undo: ExitStack) -> None:
    network = module.BaseMultilayerPerceptron
    optimizer = module.SGDOptimizer.__mro__[1]
    backprop, fit_stochastic = network._backprop, network._fit_stochastic
    count_improvement, update_params = network._update_no_improvement_count, optimizer.update_params

    def told_backprop(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = backprop(self, *args, **kwargs)
        ramp.saw_loss(float(found[0]))
        return found

    def ramped_update(self: Any, params: Any, grads: Any) -> None:
        ramp.begin_step()
        ramp.optimizers.add(id(self))
        rate = ramp.rate_for(self, float(self.learning_rate_init))
        own = self.learning_rate_init, self.learning_rate
        self.learning_rate_init = self.learning_rate = rate  # SGD reads the one, Adam the other
        update_params(self, params, grads)
        self.learning_rate_init, self.learning_rate = own
        ramp.end_step(gradient_norm=math.sqrt(sum(float((g * g).sum()) for g in grads)))

    def endless_fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        epochs = self.max_iter
        self.max_iter = _ENOUGH_EPOCHS
        try:
            return fit_stochastic(self, *args, **kwargs)
        finally:
            self.max_iter = epochs

    def never_converged(self: Any, *args: Any, **kwargs: Any) -> None:
        count_improvement(self, *args, **kwargs)
        self._no_improvement_count = 0

    _replace(undo, network, "_backprop", told_backprop)
    _replace(undo, network, "_fit_stochastic", endless_fit)
    _replace(undo, network, "_update_no_improvement_count", never_converged)
    _replace(undo, optimizer, "update_params", ramped_update)


def _replace(undo: ExitStack, owner: Any, name: str, other: Any) -> None:
    undo.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, other)
