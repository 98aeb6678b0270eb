"""Parameters that act only while another one has certain values: an SVM's gamma, while its kernel is rbf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mldiag.errors import MldiagError, unknown_name
from mldiag.parameters import Parameter
from mldiag.trial_spec import Plain


def is_active(params: Mapping[str, Parameter], name: str, values: Mapping[str, Plain]) -> bool:
    """Whether a parameter acts at a point: each of its conditions holds, and that parameter acts itself.

    Args:
        params: The declared parameters.
        name: The parameter in question.
        values: The point: a value for every parameter.

    Example:
        >>> from mldiag.parameters import Categorical, Float
        >>> declared = {"kernel": Categorical(["linear", "rbf"], default="linear"),
        ...             "gamma": Float(1e-3, 1, default=0.1, log=True, when={"kernel": "rbf"})}
        >>> is_active(declared, "gamma", {"kernel": "linear", "gamma": 0.1})
        False
    """
    return all(
        _is_among(values[other], allowed) and is_active(params, other, values)
        for other, allowed in params[name].when
    )


def settled(params: Mapping[str, Parameter], values: Mapping[str, Plain]) -> dict[str, Plain]:
    """A point with parameters that do not act set back to their defaults, so that equal trainings are equal.

    Args:
        params: The declared parameters.
        values: A value for every one of them.

    Example:
        >>> from mldiag.parameters import Categorical, Float
        >>> declared = {"kernel": Categorical(["linear", "rbf"], default="linear"),
        ...             "gamma": Float(1e-3, 1, default=0.1, log=True, when={"kernel": "rbf"})}
        >>> settled(declared, {"kernel": "linear", "gamma": 0.5})
        {'kernel': 'linear', 'gamma': 0.1}
    """
    if not any(parameter.when for parameter in params.values()):
        return dict(values)
    return {
        name: value if is_active(params, name, values) else params[name].default
        for name, value in values.items()
    }


def condition_point(params: Mapping[str, Parameter], name: str) -> dict[str, Plain]:
    """Values of other parameters under which this one acts, as near to the defaults as can be.

    Args:
        params: The declared parameters.
        name: The parameter that is to act.

    Returns:
        Only what differs from the defaults; empty where it acts at these.

    Example:
        >>> from mldiag.parameters import Categorical, Float
        >>> declared = {"kernel": Categorical(["linear", "rbf"], default="linear"),
        ...             "gamma": Float(1e-3, 1, default=0.1, log=True, when={"kernel": "rbf"})}
        >>> condition_point(declared, "gamma")
        {'kernel': 'rbf'}
    """
    point: dict[str, Plain] = {}
    for other, allowed in params[name].when:
        if not _is_among(params[other].default, allowed):
            point[other] = allowed[0]
        point |= condition_point(params, other)
    return point


def check_conditions(params: Mapping[str, Parameter]) -> None:
    """Refuse a condition on a parameter that is not there, on a value it cannot have, or in a circle.

    Raises:
        MldiagError: With the nearest name or value.
    """
    for name, parameter in params.items():
        for other, allowed in parameter.when:
            if other not in params:
                error = unknown_name("parameter", other, params)
                raise error.prefixed(f"{name!r} has a condition on an ")
            for value in allowed:
                try:
                    params[other].coerce(value)
                except (MldiagError, ValueError, TypeError) as error:
                    told = error if isinstance(error, MldiagError) else None
                    raise MldiagError(
                        f"{name!r} acts when {other} is {value!r}, which it can never be",
                        expected=told.expected if told else f"a value of {other}",
                        nearest=told.nearest if told else "",
                    ) from error
        _check_chain(params, name, (name,))


def _check_chain(params: Mapping[str, Parameter], name: str, seen: Sequence[str]) -> None:
    for other, _ in params[name].when:
        if other in seen:
            shown = " -> ".join([*seen, other])
            raise MldiagError(
                f"conditions go in a circle: {shown}", expected="a parameter that always acts"
            )
        _check_chain(params, other, (*seen, other))


def _is_among(value: Plain, allowed: Sequence[Plain]) -> bool:
    """Whether a value is one of the allowed ones; True is not 1, as among choices."""
    numbers = (int, float)
    return any(
        value == one
        and (type(value) is type(one) or (type(value) in numbers and type(one) in numbers))
        for one in allowed
    )
