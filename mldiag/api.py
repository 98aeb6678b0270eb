"""One Python function for each step, with the flags of its command as keyword arguments."""

from __future__ import annotations

import ast
import inspect
import shlex
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

from mldiag.adapters.user_file import file_being_loaded
from mldiag.declaration import Experiment
from mldiag.diagnosis import CommonSettings, diagnose_experiment
from mldiag.early_checks import check_common
from mldiag.errors import MldiagError, unknown_name
from mldiag.findings import Report
from mldiag.report.progress import ProgressListener
from mldiag.steps import CHECKUP, Step, public_fields, step_named
from mldiag.whole_checklist import check_up

StepFunction = Callable[..., Report]

_EXAMPLE = """
>>> import tempfile
>>> import mldiag
>>> from sklearn.datasets import load_iris
>>> from sklearn.neighbors import KNeighborsClassifier
>>> iris = mldiag.Experiment.from_estimator(
...     KNeighborsClassifier(), *load_iris(return_X_y=True), metric="accuracy",
...     params={{"n_neighbors": mldiag.Int(1, 30, default=5)}})
>>> with tempfile.TemporaryDirectory() as folder:
...     report = mldiag.{name}(iris{own}, store=folder, tracking_uri=False)
>>> report.headline != "", len(report.findings) > 0
(True, True)
"""
_EXAMPLE_OPTIONS = {
    "sweep": ', param="n_neighbors"', "reproduce": ", expected=0.96", "checkup": ', budget="30x"',
}  # fmt: skip


def step_function(step: Step) -> StepFunction:
    """Make the function of a step; its signature and its help are those of the settings.

    Example:
        >>> sweep = step_function(step_named("sweep"))
        >>> list(inspect.signature(sweep).parameters)[:3]
        ['experiment', 'param', 'values']
    """
    settings_type = step.settings_type()

    def function(experiment: Experiment, **options: Any) -> Report:
        if not isinstance(experiment, Experiment):
            raise MldiagError(
                f"{step.function_name} was given a {type(experiment).__name__}",
                expected="an Experiment",
                hint="mldiag.Experiment.from_estimator(estimator, X, y, metric='accuracy')",
            )
        file = file_being_loaded()
        if file is not None:
            raise MldiagError(
                f"{file.name} calls mldiag.{step.function_name} at its top level",
                expected="the call in a guarded block: every worker that loads the file would repeat it",
                hint='if __name__ == "__main__":',
            )
        settings, common = _settings(settings_type, options)
        run = check_up if step is CHECKUP else partial(diagnose_experiment, step)
        with ProgressListener() as listener:
            return run(experiment, settings, common, listener)

    function.__name__ = function.__qualname__ = step.function_name
    function.__doc__ = _help(step, settings_type)
    function.__signature__ = _signature(settings_type)  # type: ignore[attr-defined]
    return function


def audit(
    train: Any,
    test: Any = None,
    *,
    target: str | None = None,
    group: str | None = None,
    time: str | None = None,
    task: str | None = None,
    estimator: Any = None,
    **options: Any,
) -> Report:
    """Is the data good?

    Args:
        train: An experiment; a frame; an array; (features, targets); or the path of a table, an archive,
            or a folder of images, sounds or texts. The rows that train.
        test: The rows that score, likewise; an experiment brings its own.
        target: Name of the target column.
        group: Name of the column whose equal values belong together, such as a patient.
        time: Name of the column of times.
        task: "classification" or "regression", where the target does not tell.
        estimator: The model that the data are for, an object or `package.module:Class`. With it, what a
            finding advises is tried: the report tells the gain.
        **options: The other flags of `mldiag audit` (`types`, `labels`, `member`, `encoding`, `measure`,
            `rows_at_most`, `repeats`, `gain`, `rows`, `fix`) and those that every step knows (`budget`,
            `jobs`, `engine`, `fresh`, `tracking_uri`, `store`).

    Returns:
        The report: what was found, which rows and columns, what to do, and what that gains.

    Raises:
        MldiagError: If the data cannot be read, or a column is not there.

    Example:
        >>> import tempfile
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"age": [*range(20, 57), -999, -999, -999], "ill": [0, 1] * 20})
        >>> with tempfile.TemporaryDirectory() as store:
        ...     report = audit(frame, target="ill", tracking_uri=False, store=store)
        >>> next(f.title for f in report.findings if f.slug == "numeric-sentinel")
        '-999 in age stands for a missing value, it seems (3 rows)'
    """
    from mldiag.adapters.audit_outputs import check_outputs, write_outputs
    from mldiag.adapters.audit_target import audited_data, audited_experiment

    step = step_named("audit")
    given: dict[str, Any] = {
        "target_column": _column("target", target),
        "group": _column("group", group),
        "time": _column("time", time),
        "task": task,
    }
    if isinstance(test, (str, Path)):
        given["test"] = test
    if isinstance(estimator, str):
        given["estimator"] = estimator
    settings, common = _settings(step.settings_type(), options, **given)
    check_outputs(train, settings)
    if isinstance(train, Experiment):
        experiment = audited_experiment(train, settings)
    else:
        experiment = audited_data(train, settings, test=test, estimator=_made(estimator))
    with ProgressListener() as listener:
        report = diagnose_experiment(step, experiment, settings, common, listener)
        for told in write_outputs(experiment, settings, report):
            listener.notice(told)
    return report


def _settings(
    settings_type: type[Any], options: Mapping[str, Any], **given: Any
) -> tuple[Any, CommonSettings]:
    """The settings of a step, and those that every step has, from keyword arguments.

    Args:
        settings_type: The step's.
        options: As a person gave them.
        **given: Fields of the step's settings that are known already.

    Raises:
        MldiagError: If there is no such option, or it cannot have this value; in words of Python.
    """
    own = {field.name for field in public_fields(settings_type)}
    shared = {field.name for field in fields(CommonSettings)}
    for name in options:
        if name not in own | shared:
            raise _unknown_option(name, settings_type, own | shared)
    common = {name: value for name, value in options.items() if name in shared}
    given |= {name: value for name, value in options.items() if name in own}
    try:
        check_common(**{name: value for name, value in common.items() if name != "fresh"})
        return settings_type(**given), CommonSettings(**common)
    except MldiagError as error:
        raise _in_python(error) from None


def _column(name: str, column: Any) -> str | None:
    """A column's name as text."""
    if column is None or isinstance(column, (str, int)):
        return None if column is None else str(column)
    raise MldiagError(
        f"{name} is a {type(column).__name__}",
        expected="the name of a column",
        hint=f"{name}='COLUMN'",
    )


def _made(estimator: Any) -> Any:
    """An estimator that was made; None where it is told by its name."""
    if estimator is None or isinstance(estimator, str):
        return None
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise MldiagError(
            f"estimator is {estimator!r:.60}",
            expected="a scikit-learn estimator that was made, such as SVC()",
            hint="estimator=SVC()",
        )
    return estimator


def _unknown_option(name: str, settings_type: type[Any], known: Collection[str]) -> MldiagError:
    """The error for a keyword that there is none of; those of the command line are known by their flags."""
    error = unknown_name("option", name, known)
    nearest = error.nearest
    for field in public_fields(settings_type):
        if name in {flag.strip("-").replace("-", "_") for flag in field.metadata.get("flags", ())}:
            nearest = field.name
    if name == "no_mlflow":
        nearest = "tracking_uri=False"
    hint = f"{nearest}=..." if nearest and "=" not in nearest else nearest
    return MldiagError(error.what, expected=error.expected, nearest=nearest, hint=hint)


def _in_python(error: MldiagError) -> MldiagError:
    """The same error with its flag as a keyword argument."""
    words = shlex.split(error.hint) if error.hint.startswith("-") else []
    if len(words) != 2:
        return error
    flag, value = words
    name = {"-n": "values"}.get(flag, flag.strip("-").replace("-", "_"))
    try:
        shown = repr(ast.literal_eval(value))
    except (SyntaxError, ValueError):
        shown = repr(value)
    hint = f"{name}={shown}"
    return MldiagError(error.what, expected=error.expected, nearest=error.nearest, hint=hint)


def _signature(settings_type: type[Any]) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(field.name, keyword, default=field.default, annotation=field.type)
        for field in (*public_fields(settings_type), *fields(CommonSettings))
    ]
    experiment = inspect.Parameter(
        "experiment", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Experiment
    )
    return inspect.Signature([experiment, *options], return_annotation=Report)


def _help(step: Step, settings_type: type[Any]) -> str:
    lines = [step.question, "", "Args:", "    experiment: The experiment."]
    lines += [
        f"    {field.name}: {field.metadata.get('help', '')}"
        for field in (*public_fields(settings_type), *fields(CommonSettings))
    ]
    lines += ["", "Returns:", "    The report: findings, actions, numbers, figures.", "", "Raises:"]
    lines += ["    MldiagError: If a setting or the experiment is wrong.", "", "Example:"]
    example = _EXAMPLE.format(name=step.function_name, own=_EXAMPLE_OPTIONS.get(step.name, ""))
    return "\n".join([*lines, indent(example.strip("\n"), "    ")]) + "\n"


reproduce = step_function(step_named("reproduce"))
learning_curve = step_function(step_named("learning-curve"))
probe = step_function(step_named("probe"))
sweep = step_function(step_named("sweep"))
capacity = step_function(step_named("capacity"))
checkup = step_function(CHECKUP)
