"""What is seen of scikit-learn's stepwise learners: perceptrons of layers as they train, others beside it."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from mldiag.recording.on_import import once_imported
from mldiag.recording.recorded import Recording
from mldiag.recording.stepped_record import SteppedRecord
from mldiag.recording.stepped_sgd import SCORE_ROWS, is_stepped, stepped
from mldiag.trial import Trial
from mldiag.trial_result import Predictions

_MODULE = "sklearn.neural_network._multilayer_perceptron"


class SklearnRecorder:
    """Looks into the scikit-learn learners of one trial; nothing of their training changes.

    Args:
        trial: The trial; its scoring rows are scored after every epoch of an estimator.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._records: list[tuple[Any, SteppedRecord]] = []
        self._built: Any = None
        self._scored: dict[str, tuple[Any, Any]] = {}

    @contextmanager
    def looking(self) -> Iterator[None]:
        """See every perceptron that is fitted within the context."""
        with ExitStack() as undo, once_imported(_MODULE, lambda module: self._watch(module, undo)):
            yield

    def run(self, train: Callable[[Trial], Any]) -> Any:
        """Train, and step what is stepped from outside once more; returns what the training does."""
        build = getattr(train, "build", None)
        if build is None:
            return train(self._trial)
        own = copy.copy(train)

        def remembered(params: Any, seed: int) -> Any:
            self._built = build(params, seed)
            return self._built

        object.__setattr__(own, "build", remembered)
        returned = own(self._trial)
        if not self._records and is_stepped(self._built):
            self._step(build(self._trial.params, self._trial.seed))
        return returned

    def graded(self) -> Predictions | None:
        """Shares or decision values of each class on the scoring rows, where the metric asks for less."""
        trial, model = self._trial, self._built
        kept = trial.kept_predictions
        if model is None or kept is None or kept.response != "predict" or np.ndim(kept.values) != 1:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for method in ("predict_proba", "decision_function"):
                if hasattr(model, method) and hasattr(model, "classes_"):
                    values = np.asarray(getattr(model, method)(trial.X_valid))
                    return Predictions(kept.rows, values, kept.truth, method)
        return None

    @property
    def classes(self) -> Any:
        """Classes of the fitted estimator, in the order of its columns; None where it has none."""
        return getattr(self._built, "classes_", None)

    def recording(self) -> Recording | None:
        """What the perceptron with most steps showed; for any other estimator, its class alone."""
        best = max(self._records, key=lambda pair: pair[1].steps, default=None)
        if best is not None:
            recording = best[1].recording()
            if len(self._records) > 1:
                told = f"{len(self._records)} learners were fitted in this training: the longest is shown"
                recording = Recording({**recording.facts, "notices": [told]}, recording.arrays)
            return recording
        if self._built is None:
            return None
        record = SteppedRecord(type(_last(self._built)).__name__)
        record.not_seen.append(
            "the inside of the training: this learner is not fitted step by step"
        )
        return record.recording()

    def _step(self, estimator: Any) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they were told of the training itself
                record = stepped(
                    estimator, self._trial.X_train, self._trial.y_train, self._trial.X_valid,
                    self._trial.y_valid, seed=self._trial.seed,
                )  # fmt: skip
            self._records.append((estimator, record))
        except Exception as error:  # a diagnosis must not end a training
            record = SteppedRecord(type(_last(estimator)).__name__)
            record.not_seen.append(f"the steps: {type(error).__name__}: {error}"[:300])
            self._records.append((estimator, record))

    # ---- perceptrons ------------------------------------------------------------------------------------

    def _watch(self, module: Any, undo: ExitStack) -> None:
        network = module.BaseMultilayerPerceptron
        optimizer = module.SGDOptimizer.__mro__[1]
        backprop, end_epoch = network._backprop, network._update_no_improvement_count
        update, fit = optimizer.update_params, network._fit_stochastic
        now: list[SteppedRecord] = []

        def told_fit(model: Any, *args: Any, **kwargs: Any) -> Any:
            now.append(self._record_of(model))
            try:
                return fit(model, *args, **kwargs)
            finally:
                now.pop()

        def told_backprop(model: Any, *args: Any, **kwargs: Any) -> Any:
            found = backprop(model, *args, **kwargs)
            if now:
                now[-1].loss = float(found[0])
                now[-1].activations = next((one for one in args if isinstance(one, list)), ())
                now[-1].targets = args[1] if len(args) > 1 else None
            return found

        def told_update(self_: Any, params: Any, grads: Any) -> None:
            before = [p.copy() for p in params] if now and now[-1].wants_weights() else None
            update(self_, params, grads)
            if now:
                now[-1].step(params, grads, before, rate=_rate(self_))

        def told_epoch(model: Any, *args: Any, **kwargs: Any) -> Any:
            returned = end_epoch(model, *args, **kwargs)
            if now:
                self._score(now[-1], model)
            return returned

        for owner, name, other in (
            (network, "_backprop", told_backprop),
            (network, "_fit_stochastic", told_fit),
            (network, "_update_no_improvement_count", told_epoch),
            (optimizer, "update_params", told_update),
        ):
            undo.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, other)

    def _record_of(self, model: Any) -> SteppedRecord:
        """The record of a perceptron; one that is fitted part by part has one for all its parts."""
        for known, record in self._records:
            if known is model:
                return record
        record = SteppedRecord(type(model).__name__, perceptron=model)
        self._records.append((model, record))
        return record

    def _score(self, record: SteppedRecord, model: Any) -> None:
        try:
            parts = self._rows_for(model)
            if parts is None:
                return
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                scores = {name: float(_score(model, X, y)) for name, (X, y) in parts.items()}
            record.evaluate(scores["valid"], scores["train"])
        except Exception as error:  # a diagnosis must not end a training
            text = f"scores of the epochs: {type(error).__name__}: {error}"[:300]
            if text not in record.not_seen:
                record.not_seen.append(text)

    def _rows_for(self, model: Any) -> dict[str, tuple[Any, Any]] | None:
        """Rows of both parts as they reach a perceptron at the end of the trial's own estimator."""
        if self._built is None or _last(self._built) is not model:
            return None
        if not self._scored:
            trial = self._trial
            for name, X, y in (
                ("train", trial.X_train, trial.y_train),
                ("valid", trial.X_valid, trial.y_valid),
            ):
                rows = X.iloc[:SCORE_ROWS] if hasattr(X, "iloc") else X[:SCORE_ROWS]
                self._scored[name] = _through(self._built, rows), np.asarray(y)[:SCORE_ROWS]
        return self._scored


def _through(estimator: Any, rows: Any) -> Any:
    """Rows as the last step of a fitted pipeline takes them."""
    for _, step in getattr(estimator, "steps", [])[:-1]:
        if step is not None and step != "passthrough":
            rows = step.transform(rows)
    last = estimator.steps[-1][1] if getattr(estimator, "steps", None) else None
    return rows if last is None else _through(last, rows)


def _score(model: Any, X: Any, y: Any) -> float:
    """Accuracy or R2, by a network that is still training."""
    found = model._predict(X, check_input=False)  # the input was checked, and has lost its names
    return float(np.mean(found == y)) if hasattr(model, "_label_binarizer") else _r2(y, found)


def _r2(truth: Any, values: Any) -> float:
    error = float(((np.asarray(values).reshape(np.shape(truth)) - truth) ** 2).sum())
    total = float(((truth - np.mean(truth, axis=0)) ** 2).sum())
    return 1.0 - error / total if total > 0 else float("nan")


def _rate(optimizer: Any) -> float:
    """The learning rate; Adam's own attribute of that name holds its correction of the first steps too."""
    adapts = type(optimizer).__name__ == "AdamOptimizer"
    return float(optimizer.learning_rate_init if adapts else optimizer.learning_rate)


def _last(estimator: Any) -> Any:
    while getattr(estimator, "steps", None):
        estimator = estimator.steps[-1][1]
    return estimator
