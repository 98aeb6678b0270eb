"""Augmentation: what an experiment declares of it, and the training rows that it makes of those drawn."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mldiag.data.dataset import Part, row_count
from mldiag.errors import MldiagError, unknown_name
from mldiag.parameters import Categorical, Parameter
from mldiag.trial import AUGMENT, is_augmented
from mldiag.trial_spec import Intervention, Plain, TrialSpec

AugmentFunction = Callable[[Any, Any, np.random.Generator], tuple[Any, Any]]

_STREAM = 22  # so that no other draw repeats its random numbers

_FUNCTION_HINT = "def augment(X, y, rng): ... return X, y"


@dataclass(frozen=True, eq=False)
class Augmentation:
    """What an experiment declares as its augmentation: a function on rows, or a parameter's value.

    Args:
        function: `(X, y, rng) -> (X, y)` on training rows, or None where it is a parameter.
        param: Name of the parameter, whose default is "off".
        value: The value that switches it on.
    """

    function: AugmentFunction | None = None
    param: str = ""
    value: Plain = None

    @property
    def setting(self) -> str:
        """How it is switched on, for a person: `flip=True`, or `augment` for a function."""
        return f"{self.param}={self.value}" if self.param else AUGMENT

    def switched_on(self, spec: TrialSpec) -> TrialSpec:
        """The same trial with the augmentation on; a spec that has it on already stays as it is.

        Example:
            >>> Augmentation(param="flip", value=True).switched_on(TrialSpec("a.py")).params
            (('flip', True),)
        """
        if self.function is None:
            params = dict(spec.params) | {self.param: self.value}
            return replace(spec, params=tuple(sorted(params.items())))
        if is_augmented(spec):
            return spec
        return replace(spec, interventions=(*spec.interventions, Intervention(AUGMENT)))


def declared_augmentation(
    augment: Any, params: Mapping[str, Parameter], *, holds_data: bool
) -> Augmentation | None:
    """Read what a user gave as `augment=`.

    Args:
        augment: A function `(X, y, rng) -> (X, y)`; the name of a parameter whose default is "off"; a
            pair of that name and the value that is "on"; or None.
        params: The declared parameters.
        holds_data: Whether mldiag holds the rows, so that a function can change them.

    Raises:
        MldiagError: It is none of these, the parameter is unknown, its "on" cannot be guessed or is the
            default, or a function cannot be called with (X, y, rng) or has no rows to change.

    Example:
        >>> flip = {"flip": Categorical([False, True], default=False)}
        >>> declared_augmentation("flip", flip, holds_data=False).setting
        'flip=True'
    """
    if augment is None or isinstance(augment, Augmentation):
        return augment
    if isinstance(augment, str):
        return Augmentation(param=augment, value=_other_value(augment, _known(augment, params)))
    if isinstance(augment, (tuple, list)) and len(augment) == 2 and isinstance(augment[0], str):
        name, value = augment
        return Augmentation(param=name, value=_on_value(name, value, _known(name, params)))
    if not callable(augment) or isinstance(augment, type):
        shown = augment.__name__ if isinstance(augment, type) else repr(augment)
        raise MldiagError(
            f"augment={shown[:80]}",
            expected=(
                "a function (X, y, rng) -> (X, y), the name of a parameter, or (name, value)"
            ),
            hint=_FUNCTION_HINT,
        )
    _check_call(augment)
    if not holds_data:
        raise MldiagError(
            "augment= is a function on rows, but mldiag does not hold the rows of this experiment",
            expected="data=(X, y) instead of rows=, or a parameter that switches augmentation on",
            hint='params={"flip": mldiag.Categorical([False, True], default=False)}, augment="flip"',
        )
    return Augmentation(function=augment)


def no_augmentation(experiment: str) -> MldiagError:
    """The error where augmentation is asked for and none is declared."""
    return MldiagError(
        f"the experiment {experiment!r} declares no augmentation",
        expected=(
            "augment= in its declaration: a function (X, y, rng) -> (X, y) on training rows, or the name "
            "of a parameter that switches augmentation on"
        ),
        hint="@mldiag.experiment(..., augment=augment)  # " + _FUNCTION_HINT,
    )


def augmented_rows(function: AugmentFunction, rows: Part, *, seed: int) -> Part:
    """The training rows that a user's function makes of the given ones.

    Groups need no rule: rows are drawn by whole groups before, and nothing is drawn after. Weights stay
    with their rows, so a function must return as many rows as it gets where weights are declared.

    Args:
        function: The user's function; it gets copies.
        rows: The training rows of one trial, its other interventions applied.
        seed: Seed of the trial.

    Returns:
        At least one row, with the columns of the given ones.

    Raises:
        MldiagError: The function returned something else.

    Example:
        >>> def twice(X, y, rng):
        ...     return np.vstack([X, X + rng.normal(0, 0.1, X.shape)]), np.concatenate([y, y])
        >>> len(augmented_rows(twice, Part(np.zeros((5, 2)), np.arange(5)), seed=0))
        10
    """
    made = function(rows.X, rows.y, np.random.default_rng([_STREAM, seed]))
    name = getattr(function, "__name__", type(function).__name__)
    if not isinstance(made, tuple) or len(made) != 2:
        length = f" of {len(made)}" if isinstance(made, (tuple, list)) else ""
        raise _wrong(name, f"a {type(made).__name__}{length}", "(X, y)")
    features, targets = made
    _check_columns(name, "X", rows.X, features)
    if rows.y is None and targets is not None:
        raise _wrong(name, "targets", "(X, None): the data have no targets")
    if rows.y is not None:
        if targets is None:
            raise _wrong(name, "no targets", "(X, y) with one target for every row of X")
        _check_columns(name, "y", rows.y, targets)
        if row_count(features) != row_count(targets):
            shown = f"{row_count(features):,} rows of X and {row_count(targets):,} of y"
            raise _wrong(name, shown, "one target for every row of X")
    if row_count(features) == 0:
        raise _wrong(name, "no rows", "at least one")
    if rows.weights is not None and row_count(features) != len(rows):
        raise MldiagError(
            f"{name} made {row_count(features):,} rows of {len(rows):,}, and nothing tells their weights",
            expected="as many rows as it gets, in their order, where sample_weight= is declared",
            hint="augment in the train function, switched on by a parameter: augment=('flip', True)",
        )
    return Part(features, targets, rows.weights)


def _known(name: str, params: Mapping[str, Parameter]) -> Parameter:
    if name not in params:
        hint = f'params={{"{name}": mldiag.Categorical([False, True], default=False)}}'
        raise unknown_name("parameter", name, params, hint=hint).prefixed("augment: ")
    return params[name]


def _other_value(name: str, parameter: Parameter) -> Plain:
    """The only value that is not the default."""
    if not isinstance(parameter, Categorical):
        raise MldiagError(
            f"augment: which value of {name!r}, from {parameter.low:g} to {parameter.high:g}, is on?",
            expected="a pair of the parameter's name and the value that switches augmentation on",
            hint=f'augment=("{name}", {parameter.high:g})',
        )
    others = [choice for choice in parameter.choices if repr(choice) != repr(parameter.default)]
    if len(others) == 1:
        return others[0]
    if not others:
        raise MldiagError(
            f"augment: {name!r} has one choice only, {parameter.default!r}",
            expected="a choice for off, the default, and one for on",
            hint=f"{name}=mldiag.Categorical([False, True], default=False)",
        )
    shown = ", ".join(map(repr, others))
    raise MldiagError(
        f"augment: {name!r} has several values that are not its default: {shown}",
        expected="a pair of the parameter's name and the value that switches augmentation on",
        hint=f'augment=("{name}", {others[0]!r})',
    )


def _on_value(name: str, value: Any, parameter: Parameter) -> Plain:
    try:
        on = parameter.coerce(value)
    except MldiagError as error:
        raise error.prefixed(f"augment: {name}={value!r}: ") from error
    except (TypeError, ValueError) as error:
        raise MldiagError(f"augment: {name}={value!r}", expected="a number") from error
    if repr(on) == repr(parameter.default):
        raise MldiagError(
            f"augment: {name}={on!r} is the default, which stands for off",
            expected="the value that switches augmentation on",
        )
    return on


def _check_call(function: Callable[..., Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # compiled ones do not tell; the first call will
        return
    try:
        signature.bind(object(), object(), object())
    except TypeError as error:
        shown = getattr(function, "__name__", "augment")
        raise MldiagError(
            f"{shown}{signature} cannot be called with (X, y, rng)",
            expected="a function of the training rows, their targets and a NumPy random generator",
            hint=_FUNCTION_HINT,
        ) from error


def _check_columns(name: str, what: str, before: Any, after: Any) -> None:
    """The same columns: names of a frame, else the shape of a row; lists have none."""
    if isinstance(before, (list, tuple)):
        return
    wanted, found = _columns(before), _columns(after)
    if wanted == found:
        return
    if isinstance(wanted, list) and isinstance(found, list):
        lost = [column for column in wanted if column not in found]
        new = [column for column in found if column not in wanted]
        shown = f"{what} without {lost}" if lost else f"{what} with {new or 'moved columns'}"
        raise _wrong(name, shown, f"the columns {wanted}")
    raise _wrong(name, f"{what} as {_shown(after)}", f"{_shown(before)}, with any number of rows")


def _columns(values: Any) -> Any:
    if hasattr(values, "columns"):
        return list(values.columns)
    shape = getattr(values, "shape", None)
    return None if shape is None else tuple(shape[1:])


def _shown(values: Any) -> str:
    if hasattr(values, "columns"):
        return f"a frame with the columns {list(values.columns)}"
    shape = getattr(values, "shape", None)
    if shape is None:
        return f"a {type(values).__name__}"
    row = " x ".join(map(str, shape[1:]))
    return f"rows of {row}" if row else "one value a row"


def _wrong(name: str, got: str, expected: str) -> MldiagError:
    return MldiagError(f"{name} returned {got}", expected=expected, hint=_FUNCTION_HINT)
