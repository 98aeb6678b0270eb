"""What a user declares: `Experiment` and the `@experiment` decorator."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mldiag.conditions import check_conditions, settled
from mldiag.data.audited.inspected import Inspected
from mldiag.data.augmentation import Augmentation, declared_augmentation, no_augmentation
from mldiag.data.dataset import Dataset
from mldiag.data.source import DataSource, Loaded
from mldiag.declaration_checks import (
    check_arguments,
    check_experiment_name,
    check_parameter_kinds,
    check_signature,
    folder_of,
)
from mldiag.errors import unknown_name
from mldiag.metrics import Metric, named_metric
from mldiag.parameters import Parameter
from mldiag.roles import with_known_roles
from mldiag.subsets import SplitPlan
from mldiag.target_words import typed_target
from mldiag.trial import Trial
from mldiag.trial_spec import Intervention, Plain, RowRecipe, TrialSpec

TrainFunction = Callable[[Trial], Any]


@dataclass(frozen=True, eq=False, repr=False)
class Experiment:
    """Data, a train function, parameters with ranges, and a metric.

    Build one with `@mldiag.experiment`, `Experiment.from_estimator`, or a `[tool.mldiag]` table.

    Args:
        name: Name in reports and in MLflow.
        train: Function of a `Trial` that returns or reports the metric.
        source: The declared data.
        params, metric: Parameters by name, and what is measured.
        target: Where a worker finds the experiment: `file.py:name`, `package.module:name`, a built-in
            name, or `memory:name` where it lives only in this process.
        home: Folder in which `.mldiag/` and `mlflow.db` lie.
        fixed_rows: Why the training rows cannot be varied; empty where they can.
        deterministic: Whether the seed is known to change nothing.
        in_process: Whether trials may run in the calling process.
        notices: What was set or found on the way, for the plan.
        augment: The declared augmentation, or None; it is off except in the twins `augmented` gives.
        inspected: What an audit looks at; None in every other step.

    Example:
        >>> experiment(rows=90, metric="rmse", name="half")(lambda trial: 0.5)
        <Experiment half: rmse, parameters none>
    """

    name: str
    train: TrainFunction
    source: DataSource
    params: Mapping[str, Parameter]
    metric: Metric
    target: str = ""
    home: Path = field(default_factory=Path.cwd)
    fixed_rows: str = ""
    deterministic: bool = False
    in_process: bool = False
    notices: tuple[str, ...] = ()
    augment: Augmentation | None = None
    inspected: Inspected | None = None

    def __post_init__(self) -> None:
        """Check the names and fill in the roles that well-known parameters have."""
        check_experiment_name(self.name)
        check_parameter_kinds(self.params)
        check_conditions(self.params)
        object.__setattr__(self, "params", with_known_roles(self.params))
        object.__setattr__(self, "target", self.target or f"memory:{self.name}")

    def __call__(self, trial: Trial) -> Any:
        """Run the train function."""
        return self.train(trial)

    def __repr__(self) -> str:
        parameters = ", ".join(self.params) or "none"
        return f"<Experiment {self.name}: {self.metric.name}, parameters {parameters}>"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the loaded data, which every process loads anew, and what only an audit looks at."""
        kept = {key: value for key, value in vars(self).items() if key != "loaded"}
        return kept | {"inspected": None}

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: Any = None, **options: Any) -> Experiment:
        """Make an experiment of a scikit-learn estimator, or of a factory of one.

        Args:
            estimator: An estimator, or a function `(params, seed) -> estimator`.
            X: Features: array, frame or sparse matrix with one row a sample.
            y: Targets, one a row.
            **options: `metric` (a scorer's name or a function `(y_true, y_pred) -> float`), `maximize`,
                `minimize`, `params`, `valid=(X, y)`, `test=(X, y)`, `groups`, `time`, `stratify`,
                `sample_weight`, `augment` (as for `experiment`), `name`.

        Raises:
            MldiagError: If a parameter, a metric or an option is unknown.

        Example:
            >>> from sklearn.datasets import load_iris
            >>> from sklearn.linear_model import LogisticRegression
            >>> from mldiag.parameters import Float
            >>> exp = Experiment.from_estimator(LogisticRegression(), *load_iris(return_X_y=True),
            ...     metric="accuracy", params={"C": Float(1e-3, 1e3, default=1, log=True)})
            >>> exp.metric.name, exp.params["C"].role
            ('accuracy', 'regularization')
        """
        from mldiag.estimators.declare import describe_estimator

        return cls(**describe_estimator(estimator, X, y, **options))

    @cached_property
    def loaded(self) -> Loaded:
        """The data, read once per process."""
        return self.source.load()

    @property
    def dataset(self) -> Dataset | None:
        """The data, or None where only row numbers are known."""
        return self.loaded.dataset

    @property
    def splits(self) -> SplitPlan:
        """The split columns."""
        return self.loaded.splits

    @property
    def defaults(self) -> dict[str, Plain]:
        """Default value of every parameter."""
        return {name: parameter.default for name, parameter in self.params.items()}

    @property
    def is_in_memory(self) -> bool:
        """Whether no command line reaches the experiment: it lives only in this process."""
        typed = self.inspected is not None and bool(self.inspected.typed)
        return self.target.startswith("memory:") and not typed

    @property
    def shown_target(self) -> str:
        """The target as a person would type it here; empty where a command finds it by itself."""
        if self.inspected is not None and self.inspected.typed:
            return self.inspected.typed
        return typed_target(self.target)

    def parameter(self, name: str) -> Parameter:
        """The declared parameter; an error with the nearest name if there is none."""
        if name not in self.params:
            target = shlex.quote(self.shown_target) if self.shown_target else ""
            hint = "" if self.is_in_memory else f"mldiag list {target}".strip()
            raise unknown_name("parameter", name, self.params, hint=hint)
        return self.params[name]

    def spec(
        self,
        params: Mapping[str, Plain] | None = None,
        *,
        repeat: int = 0,
        seed: int | None = None,
        size: int | None = None,
        fidelity: float = 1.0,
        interventions: tuple[Intervention, ...] = (),
        reserve: bool = False,
    ) -> TrialSpec:
        """Describe a trial from the defaults and what differs from them.

        Equal trials get equal descriptions: a parameter that does not act is at its default, a size that
        takes every row counts as no size, and where neither the validation rows nor the training rows
        depend on the repeat, it is left at 0.

        Args:
            params: Values that differ from the defaults.
            repeat: Which draw of the rows.
            seed: Everything else that is random; the repeat's number if not given.
            size: Training rows; None for all.
            fidelity: Share of the full training, over 0; above 1 trains longer.
            interventions: Changes to the data.
            reserve: Train on every row outside the reserve and score on the reserve: the final
                confirmation of a winner, and nothing else.
        """
        for name in params or ():
            self.parameter(name)
        values = settled(self.params, self.defaults | dict(params or {}))
        if size is not None and size >= self.splits.train_size_of(repeat):
            size = None
        draws = size is not None or not self.splits.fixed_valid
        drawn = RowRecipe(repeat=repeat if draws else 0, size=size)
        return TrialSpec(
            target=self.target,
            rows=RowRecipe(split="reserve") if reserve else drawn,
            params=tuple(sorted(values.items())),
            seed=0 if self.deterministic else repeat if seed is None else seed,
            fidelity=fidelity,
            interventions=interventions,
        )

    def augmented(self, spec: TrialSpec) -> TrialSpec:
        """The twin of a trial with the declared augmentation on: the same rows, parameters and seed.

        Where no seed changes the training itself, one still decides the augmentation: the repeat's.

        Raises:
            MldiagError: If no augmentation is declared.
        """
        if self.augment is None:
            raise no_augmentation(self.name)
        twin = self.augment.switched_on(spec)
        random_rows = self.deterministic and self.augment.function is not None
        return replace(twin, seed=spec.rows.repeat) if random_rows else twin

    def renamed(self, **changes: Any) -> Experiment:
        """A copy with other fields, such as the target and home that a loader knows."""
        return replace(self, **changes)


def experiment(
    *,
    data: Any = None,
    rows: int | None = None,
    target: str | None = None,
    metric: str = "",
    maximize: bool | None = None,
    minimize: bool | None = None,
    params: Mapping[str, Parameter] | None = None,
    stratify: Any = None,
    groups: Any = None,
    time: Any = None,
    sample_weight: Any = None,
    valid: Any = None,
    test: Any = None,
    augment: Any = None,
    name: str = "",
) -> Callable[[TrainFunction], Experiment]:
    """Declare the decorated function as the train function of an experiment.

    Args:
        data: (X, y), a frame or a path (with `target=`), or a function that returns one of these.
        rows: Number of rows, where the function holds its data itself and wants row numbers only.
        target: Name of the target column.
        metric: Name under which the function returns or reports the score.
        maximize: True where larger is better; known for common metrics.
        minimize: True where smaller is better; known for common metrics.
        params: Parameters by name.
        stratify: True, False, or labels by row; by default where the target is a class.
        groups: Column name or values by row; groups stay whole.
        time: Column name or values by row; validation follows training in time.
        sample_weight: Column name or values by row.
        valid: Fixed validation data, or row numbers with `rows=`.
        test: Rows for the final confirmation only, likewise.
        augment: What `mldiag learning-curve --augment` tries. A function `(X, y, rng) -> (X, y)` on the
            training rows of a trial, drawn before; it may return more rows than it got, once a trial, and
            `trial.X_train`, `trial.y_train` give them. Or the name of a parameter whose default is "off",
            or a pair of it and the value that is "on": `("flip", True)`.
        name: Name in reports; the function's own by default.

    Raises:
        MldiagError: If the declaration contradicts itself.

    Example:
        >>> import numpy as np
        >>> from mldiag.parameters import Float
        >>> @experiment(data=(np.arange(20.0)[:, None], np.arange(20.0)), metric="rmse",
        ...             params={"shrink": Float(0, 1, default=0.5)})
        ... def line(trial):
        ...     guess = trial.y_train.mean() * trial.params["shrink"]
        ...     return float(np.sqrt(np.mean((trial.y_valid - guess) ** 2)))
        >>> line.name, line.metric.maximize
        ('line', False)
    """
    check_arguments(metric=metric, data=data, rows=rows, params=params)
    measured = named_metric(metric, maximize=maximize, minimize=minimize)
    augmentation = declared_augmentation(augment, params or {}, holds_data=data is not None)

    def declare(function: TrainFunction) -> Experiment:
        check_signature(function)
        return Experiment(
            name=name or getattr(function, "__name__", type(function).__name__),
            train=function,
            source=DataSource(
                data, rows, target, stratify, groups, time, sample_weight, valid, test,
                base=folder_of(function),
            ),
            params=dict(params or {}),
            metric=measured,
            augment=augmentation,
        )  # fmt: skip

    return declare
