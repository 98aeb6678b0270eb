"""What a range test is about: the parameter, its range, and why it cannot be tested where it cannot."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from mldiag.conditions import condition_point
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.estimators.parts import final_step, is_own
from mldiag.parameters import Categorical
from mldiag.ranges import parse_range
from mldiag.recording.sgd_steps import is_sgd
from mldiag.steps.range_test.asked import Asked
from mldiag.trial_spec import Plain

BEYOND = 10.0
"""Without a range of the user's own, the ramp rises this far above the declared one, to see the break."""

WIDEST = 1e8
"""Largest factor between both ends of a ramp; below it steps would be wasted on rates that do nothing."""

MLP_SOLVERS = ("sgd", "adam")


@dataclass(frozen=True)
class Subject:
    """The parameter that rises.

    Args:
        name: Its name.
        default: Its declared default.
        low: Rate of the first step.
        high: Rate of the last step.
        point: Values of other parameters under which it acts, where the defaults do not.
        refusal: Why no range test is possible; empty where one is.
        hint: How it would be.
    """

    name: str
    default: float
    low: float
    high: float
    point: dict[str, Plain]
    refusal: str = ""
    hint: str = ""


def subject_of(experiment: Experiment, settings: Asked) -> Subject:
    """The learning rate that the settings name, or the one parameter with that role.

    Raises:
        MldiagError: If several are named, none has the role, or the one named is no number above 0.
    """
    name, text = _named(experiment, settings)
    declared = experiment.parameter(name)
    if isinstance(declared, Categorical):
        raise MldiagError(
            f"{name!r} is categorical: it cannot rise",
            expected="a learning rate with a range",
            hint=f"mldiag sweep --param {shlex.quote(name)}",
        )
    low, high = float(declared.low), float(declared.high) * BEYOND
    if text:
        given = parse_range(name, text, declared)
        if isinstance(given, tuple):
            ends = sorted(float(value) for value in given if isinstance(value, (int, float)))
            low, high = ends[0], ends[-1]
        elif not isinstance(given, Categorical):
            low, high = float(given.low), float(given.high)
    low = max(low, high / WIDEST)
    if not 0 < low < high:
        raise MldiagError(
            f"a range test of {name} from {low:g} to {high:g}",
            expected="two rates above 0, the lower one first",
            hint=f"--param {shlex.quote(f'{name}=1e-5:1:log')} --range-test",
        )
    refusal, hint = _refusal(experiment, name)
    return Subject(
        name,
        float(declared.default),
        low,
        high,
        condition_point(experiment.params, name),
        refusal,
        hint,
    )


def _named(experiment: Experiment, settings: Asked) -> tuple[str, str]:
    asked = [text.partition("=") for text in settings.param]
    if len(asked) > 1:
        raise MldiagError(
            "a range test raises one learning rate",
            expected="one parameter",
            hint=f"--param {shlex.quote(asked[0][0])} --range-test",
        )
    if asked:
        return asked[0][0].strip(), asked[0][2]
    rates = [name for name, p in experiment.params.items() if p.role == "learning_rate"]
    if len(rates) == 1:
        return rates[0], ""
    raise MldiagError(
        "no parameter is known to be the learning rate"
        if not rates
        else f"several parameters are learning rates: {', '.join(rates)}",
        expected='--param with its name, or role="learning_rate" in its declaration',
        nearest=", ".join(rates or experiment.params),
        hint=f"mldiag sweep --param {shlex.quote(next(iter(rates or experiment.params), 'lr'))} "
        "--range-test",
    )


def _refusal(experiment: Experiment, name: str) -> tuple[str, str]:
    """Why the training has no steps that could be seen, where that is known before one is run."""
    if type(experiment.train).__module__.startswith("mldiag.adapters.command"):
        return (
            "mldiag does not see the steps of a command",
            "Declare the training in Python (@mldiag.experiment), or sweep the learning rate instead.",
        )
    estimator: Any = getattr(experiment.train, "estimator", None)
    if estimator is None or not is_own(estimator):
        return "", ""
    last = final_step(estimator)
    kind = type(last).__name__
    if is_sgd(last):
        if getattr(last, "learning_rate", "") != "optimal" and name.endswith("eta0"):
            return "", ""
        return (
            f"{kind} does not use {name} as its learning rate: "
            f"learning_rate={getattr(last, 'learning_rate', '')!r}",
            f"{kind}(learning_rate='constant', eta0=0.01), and eta0 as the parameter.",
        )
    if hasattr(last, "learning_rate_init"):
        if last.solver in MLP_SOLVERS and name.endswith("learning_rate_init"):
            return "", ""
        return (
            f"{kind}(solver={last.solver!r}) does not step with {name}",
            f"solver='adam' or 'sgd', and learning_rate_init as the parameter of {kind}.",
        )
    return (
        f"{kind} takes no gradient steps at {name} that could be raised one by one",
        f"Sweep it instead: mldiag sweep --param {shlex.quote(name)}.",
    )
