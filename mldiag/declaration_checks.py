"""What is refused in a declaration before anything of it is kept."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mldiag.errors import MldiagError
from mldiag.parameters import Categorical, Float, Int


def check_experiment_name(name: Any) -> None:
    """Refuse a name that stores, files and MLflow could not all use."""
    if isinstance(name, str) and re.fullmatch(r"[\w .-]{1,100}", name):
        return
    raise MldiagError(
        f"the experiment's name {name!r} cannot be used",
        expected="1 to 100 letters, digits, spaces, dots, dashes or underscores, in quotes",
        nearest=re.sub(r"[^\w .-]+", "-", str(name))[:100],
    )


def check_parameter_kinds(params: Mapping[str, Any]) -> None:
    """Refuse a parameter that is none of mldiag's."""
    for name, parameter in params.items():
        if not isinstance(parameter, (Float, Int, Categorical)):
            raise MldiagError(
                f"parameter {name!r} is a {type(parameter).__name__}",
                expected="mldiag.Float, mldiag.Int or mldiag.Categorical",
                hint=f"{name}=mldiag.Float(1e-5, 1e-1, default=1e-3, log=True)",
            )


def check_arguments(*, metric: str, data: Any, rows: int | None, params: Any) -> None:
    """Refuse arguments of `@mldiag.experiment` that contradict each other or are of the wrong kind."""
    if not metric:
        hint = '@mldiag.experiment(metric="accuracy", ...)'
        raise MldiagError("the experiment declares no metric", expected="its name", hint=hint)
    if data is not None and rows is not None:
        raise MldiagError("both data= and rows= are declared", expected="one of them")
    if params is not None and not isinstance(params, Mapping):
        raise MldiagError(
            f"params is a {type(params).__name__}",
            expected="parameters by name, in a dict",
            hint='params={"lr": mldiag.Float(1e-5, 1e-1, default=1e-3, log=True)}',
        )
    check_parameter_kinds(params or {})


def check_signature(function: Callable[..., Any]) -> None:
    """Refuse a train function that cannot be called with a trial alone."""
    try:
        inspect.signature(function).bind(object())
    except TypeError as error:
        shown = getattr(function, "__name__", "train")
        raise MldiagError(
            f"{shown}{inspect.signature(function)} cannot be called with a trial alone",
            expected="a function of one argument, the trial",
            hint=f"def {shown}(trial): ...",
        ) from error


def folder_of(function: Any) -> Path:
    """Folder of the file in which a function is written; the current one where there is none."""
    file = inspect.getsourcefile(function) if inspect.isfunction(function) else None
    return Path(file).resolve().parent if file and Path(file).exists() else Path.cwd()
