"""Hints that can be run as they stand: the user's own command line with the mistake mended."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import cache
from typing import Any

from mldiag.errors import MldiagError


def runnable_hint(error: MldiagError, arguments: Sequence[str]) -> str:
    """The command to type next: the one given with the right word, or with the flag that was wrong.

    Args:
        error: The error.
        arguments: The command line that led to it.

    Returns:
        A whole command where one follows from the error, else the error's own hint.

    Example:
        >>> from mldiag.errors import unknown_name
        >>> runnable_hint(unknown_name("parameter", "lrr", ["lr"]), ["sweep", "a.py", "--param", "lrr=0:1"])
        'mldiag sweep a.py --param lr=0:1'
        >>> zero = MldiagError("0 jobs", hint="--jobs 2")
        >>> runnable_hint(zero, ["sweep", "--jobs=0", "--param", "lr"])
        'mldiag sweep --param lr --jobs 2'
    """
    if error.given and error.nearest:
        mended = [_replaced(word, error.given, error.nearest) for word in arguments]
        if mended != list(arguments):
            return shlex.join(["mldiag", *mended])
    if error.hint.startswith("-") and arguments:
        flag, *values = shlex.split(error.hint)
        return shlex.join(["mldiag", *_without(arguments, flag, values), flag, *values])
    return error.hint


def _replaced(word: str, given: str, nearest: str) -> str:
    """A word of the command line with the right name; a name may have a value, or stand behind a file."""
    if word == given:
        return nearest
    for before in ("=", ":"):  # --param=NAME, file.py:NAME
        if word.endswith(before + given):
            return word.removesuffix(given) + nearest
    if word.startswith(f"{given}="):  # NAME=0.1:1
        return nearest + word.removeprefix(given)
    head, middle, tail = word.partition(f"={given}=")  # --param=NAME=0.1:1
    return f"{head}={nearest}={tail}" if middle else word


def _without(arguments: Sequence[str], flag: str, values: Sequence[str]) -> list[str]:
    """The command line without a flag and its value; of --param only the parameter that is given anew."""
    names = _spellings().get(flag, (flag,))
    about = values[0].partition("=")[0] if values and "--param" in names else ""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name not in names or not values:
            if word != flag:
                kept.append(word)
            continue
        value = value if equals else next(words, "")
        if about and value.partition("=")[0] != about:
            kept += [name, value]
    return kept


@cache
def _spellings() -> dict[str, tuple[str, ...]]:
    """Every spelling of a flag, by each of them."""
    from mldiag.cli.flags import CommonFlags
    from mldiag.steps import COMMANDS, public_fields

    all_settings: list[type[Any]] = [CommonFlags, *(step.settings_type() for step in COMMANDS)]
    groups = [
        item.metadata.get("flags", (f"--{item.name.replace('_', '-')}",))
        for settings in all_settings
        for item in public_fields(settings)
    ]
    return {name: group for group in groups for name in group}
