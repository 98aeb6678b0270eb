"""Rows of a store are read as data from outside: a copy of it may come from anywhere."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mldiag.errors import MldiagError

DEEPEST = 60
"""Levels of lists and objects within a record; those of mldiag have less than 20, and deeper ones would
exhaust the stack of whatever walks through them."""

LATEST_SECONDS = 1e11
"""The year 5138: later moments are none that a calendar can show everywhere."""


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Turn what a record of another form leads to into an error that says so.

    Args:
        what: What is read.

    Raises:
        MldiagError: If it cannot be read.

    Example:
        >>> with readable("the run 'a'"):
        ...     json.loads("{")
        Traceback (most recent call last):
        ...
        mldiag.errors.MldiagError: the run 'a' in the store cannot be read: Expecting property name ...
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise _unreadable(what, str(error)) from error
    except RecursionError as error:
        raise _unreadable(what, "it is nested too deeply") from error


def shallow_json(text: str) -> Any:
    """Plain data from JSON.

    Raises:
        ValueError: If it is no JSON, or nested more than `DEEPEST` levels deep.
        RecursionError: If it is nested so deeply that Python gives up.

    Example:
        >>> shallow_json('{"a": [1, null]}')
        {'a': [1, None]}
    """
    found = json.loads(text)
    level = [found]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return found
    raise ValueError("it is nested too deeply")


def folder_name(name: Any) -> str:
    """The name of a folder of the store, such as the id of a run.

    Raises:
        ValueError: If it is none, or would lead elsewhere.

    Example:
        >>> folder_name("20261123-0006-sweep")
        '20261123-0006-sweep'
    """
    if not isinstance(name, str) or name in ("", ".", "..") or not name.isprintable():
        raise ValueError("it is no name of a folder")
    if any(sign in name for sign in "/\\:"):
        raise ValueError("its name would lead to another folder")
    return name


def seconds(value: Any) -> float:
    """A time or a duration.

    Raises:
        ValueError: If it is no number, or none that a clock could have shown.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number of seconds")
    if abs(value) > LATEST_SECONDS or value < 0:
        raise ValueError(f"{value:g} seconds are beyond every calendar")
    return float(value)


def _unreadable(what: str, why: str) -> MldiagError:
    return MldiagError(
        f"{what} in the store cannot be read: {why[:200]}",
        expected="what mldiag wrote there",
        hint="mv .mldiag .mldiag.unread   (then begin a new store; the trials run again)",
    )
