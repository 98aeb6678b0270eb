"""The train function that an intervention `reference` puts in the place of the experiment's."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.dataset import take
from mldiag.estimators.responses import response_of
from mldiag.reference.families import family_named
from mldiag.reference.features import (
    as_numbers,
    chosen_rows,
    preparation,
    without_infinities,
)
from mldiag.reference.label_noise import confident_disagreement
from mldiag.reference.learners import learner
from mldiag.reference.neighbours import ChosenNeighbours
from mldiag.reference.question import Question
from mldiag.scoring.rule import plain_labels
from mldiag.trial import Trial

_DENSE = ("boosting", "network")


@dataclass(frozen=True, eq=False)
class ReferenceTrain:
    """Fits a reference learner on a trial's training rows and scores it as the experiment is scored.

    Args:
        family: Name of the family.
        question: What it is asked.
    """

    family: str
    question: Question

    def __call__(self, trial: Trial) -> dict[str, float]:
        """Train, keep the predictions of the scoring rows, and return the scores and what noise there is."""
        asked = self.question
        X, y = as_numbers(trial.X_train), plain_labels(trial.y_train)
        weights = trial.weights_train if asked.weighted else None
        repeat = trial.spec.rows.repeat
        rows = chosen_rows(len(y), X.shape[1], family_named(self.family).most_rows, seed=repeat)
        if rows is not None:
            X, y = take(X, rows), y[rows]
            weights = None if weights is None else np.asarray(weights)[rows]
        X, valid = without_infinities(X), without_infinities(as_numbers(trial.X_valid))
        change = preparation(X, classes=asked.classes is not None, dense=self.family in _DENSE)
        with warnings.catch_warnings():  # a reference that has not converged is one all the same
            warnings.simplefilter("ignore")
            features, scored = change.fit_transform(X, y), change.transform(valid)
            model = self._fitted(features, y, weights, trial.seed)
            values, response = response_of(model, scored, asked.rule)
            trial.predictions(values, response=response)
            weigh = trial.weights_valid if asked.weighted else None
            found = {asked.metric: asked.rule.score(trial.y_valid, values, weigh)}
            found |= self._train_score(model, features, y, weights)
            truth = plain_labels(trial.y_valid)
        return found | self._noise(model, scored, truth)

    def _fitted(self, X: Any, y: NDArray[Any], weights: Any, seed: int) -> Any:
        classes = None if self.question.classes is None else len(np.unique(y))
        name = "dummy" if classes == 1 else self.family  # one class in a small subset
        model = learner(
            name, classes=classes, rows=len(y), seed=seed, absolute=self.question.absolute
        )
        takes = "sample_weight" in inspect.signature(model.fit).parameters
        if weights is not None and takes:
            return model.fit(X, y, sample_weight=np.asarray(weights))
        return model.fit(X, y)

    def _train_score(self, model: Any, X: Any, y: NDArray[Any], weights: Any) -> dict[str, float]:
        asked = self.question
        try:
            fitted, _ = response_of(model, X, asked.rule)
            return {f"train_{asked.metric}": asked.rule.score(y, fitted, weights)}
        except ValueError:  # not defined on a small subset
            return {}

    def _noise(self, model: Any, X: Any, truth: NDArray[Any]) -> dict[str, float]:
        """What the learner tells of the noise in the targets, beside its score."""
        if isinstance(model, ChosenNeighbours):
            return dict(model.noise_)
        if self.question.classes is None or not hasattr(model, "predict_proba"):
            return {}
        if self.family in ("dummy", "lookup"):
            return {}
        chances = np.asarray(model.predict_proba(X), dtype=np.float64)
        share = confident_disagreement(truth, chances, plain_labels(model.classes_))
        return {"confident_disagreement": share}
