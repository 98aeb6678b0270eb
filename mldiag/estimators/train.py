"""The train function of an experiment on an estimator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from mldiag.estimators.parts import (
    final_step,
    foreign_kinds,
    parameters_of,
    pin_early_stopping,
    set_seeds,
    versions_of,
    weight_argument,
    written_out,
)
from mldiag.estimators.responses import response_of
from mldiag.scoring.rule import ScoreRule, plain_labels
from mldiag.trial import Trial

FIT_PROTOCOL = "1"
"""Raised whenever this module trains or scores another way, so that stored trials are not reused."""

Factory = Callable[[Mapping[str, Any], int], Any]


@dataclass(frozen=True, eq=False)
class EstimatorTrain:
    """The train function of an experiment on an estimator.

    Args:
        estimator: The estimator, cloned for every trial; None where there is a factory.
        factory: `(params, seed) -> estimator`, or None.
        rule: How predictions are scored.
        metric: Name of the metric.
        swept: Names of the declared parameters.
        prefix: What `set_params` puts before names that the estimator itself does not have.
        early_stopping: What `early_stopping='auto'` stands for.
        weighted: Whether rows have weights.
    """

    estimator: Any
    factory: Factory | None
    rule: ScoreRule
    metric: str
    swept: tuple[str, ...] = ()
    prefix: str = ""
    early_stopping: bool = False
    weighted: bool = False

    def __call__(self, trial: Trial) -> dict[str, float]:
        """Fit on the training rows, keep the predictions of the scoring rows, and score both."""
        features, targets = trial.X_train, plain_labels(trial.y_train)
        train_weights = trial.weights_train if self.weighted else None
        valid_weights = trial.weights_valid if self.weighted else None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            estimator = self.build(trial.params, trial.seed)
            estimator.fit(features, targets, **self._fit_arguments(estimator, train_weights))
            values, response = response_of(estimator, trial.X_valid, self.rule)
            trial.predictions(values, response=response)
            metrics = {self.metric: self.rule.score(trial.y_valid, values, valid_weights)}
            try:
                fitted, _ = response_of(estimator, features, self.rule)
                score = self.rule.score(targets, fitted, train_weights)
                metrics[f"train_{self.metric}"] = score
            except ValueError as error:  # one class in a small subset: its score is undefined
                trial.notices.append(f"no score on the training rows: {_first_line(error)}")
        trial.notices.extend(_said_once(caught))
        return metrics

    def build(self, params: Mapping[str, Any], seed: int) -> Any:
        """A fresh estimator with the trial's parameters and seed."""
        if self.factory is not None:
            estimator = self.factory(params, seed)
            pin_early_stopping(estimator, on=self.early_stopping)
        else:
            estimator = clone(self.estimator, safe=False)
            pin_early_stopping(estimator, on=self.early_stopping)
            known = parameters_of(estimator)
            named = {name if name in known else self.prefix + name: v for name, v in params.items()}
            if named:
                estimator.set_params(**named)
        set_seeds(estimator, seed)
        return estimator

    def digest_parts(self) -> dict[str, str]:
        """What decides a trial's result beside its description, the data and the user's code, as texts."""
        parts = {
            "fit": FIT_PROTOCOL,
            "metric": written_out((self.rule.function, self.rule.arguments, self.rule.responses)),
            "early stopping": str(self.early_stopping),
        }
        if self.estimator is None:
            return parts
        plain = clone(self.estimator, safe=False)
        known = parameters_of(plain)
        swept = [name if name in known else self.prefix + name for name in self.swept]
        if swept:  # their values are in the trial's description
            plain.set_params(**dict.fromkeys(swept, "swept"))
        parts["estimator"] = written_out(plain)
        return parts | {f"package {k}": v for k, v in versions_of(self.estimator).items()}

    def digest_roots(self) -> list[Any]:
        """Functions and classes from outside scikit-learn, whose code is part of what runs."""
        roots = [] if self.estimator is None else foreign_kinds(self.estimator)
        if self.factory is not None:
            roots.append(self.factory)
        if self.rule.users:
            roots.append(self.rule.function)
        return roots

    def _fit_arguments(self, estimator: Any, weights: Any) -> dict[str, Any]:
        if weights is None:
            return {}
        name = weight_argument(estimator)
        if name is None:
            raise ValueError(f"{type(final_step(estimator)).__name__}.fit takes no sample_weight")
        return {name: np.asarray(weights)}


def _said_once(caught: list[warnings.WarningMessage]) -> list[str]:
    """One line for each different warning, with how often it came."""
    counts: dict[str, int] = {}
    for warning in caught:
        line = f"{warning.category.__name__}: {_first_line(warning.message)}"
        counts[line] = counts.get(line, 0) + 1
    return [line if count == 1 else f"{line} ({count} times)" for line, count in counts.items()]


def _first_line(message: object) -> str:
    text = str(message).strip()
    return text.splitlines()[0][:300] if text else type(message).__name__
