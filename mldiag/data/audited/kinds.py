"""The kinds of columns, and how a person declares one; imports nothing heavy."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from mldiag.errors import MldiagError, unknown_name

Kind = Literal["number", "category", "boolean", "date", "text", "id", "empty", "other"]

KINDS: tuple[Kind, ...] = get_args(Kind)

DECLARED = "as declared"
"""What speaks for a kind that the user declared."""


def written_kinds(types: str | Mapping[str, str] | Sequence[str]) -> tuple[str, ...]:
    """Declarations as the command line takes them, from what Python code may bring.

    Args:
        types: `NAME=KIND`, several of them, or a mapping of names to kinds.

    Example:
        >>> written_kinds({"zip": "category"}), written_kinds("zip=category")
        (('zip=category',), ('zip=category',))
    """
    if isinstance(types, str):
        return (types,)
    if isinstance(types, Mapping):
        return tuple(f"{name}={kind}" for name, kind in types.items())
    return tuple(types)


def declared_kinds(types: Sequence[str]) -> dict[str, Kind]:
    """Columns with the kinds that the user declared.

    Args:
        types: Each `NAME=KIND`.

    Raises:
        MldiagError: If one is not written so, or the kind is unknown.

    Example:
        >>> declared_kinds(("zip=category",))
        {'zip': 'category'}
    """
    found: dict[str, Kind] = {}
    for text in types:
        name, equals, word = str(text).rpartition("=")
        if not equals or not name:
            raise MldiagError(
                f"--type {text!r}",
                expected="NAME=KIND",
                hint="--type zip=category",
                given=str(text),
            )
        kind = next((kind for kind in KINDS if kind == word), None)
        if kind is None:
            raise unknown_name(
                "kind of column", word, KINDS, hint=f"--type {shlex.quote(f'{name}=category')}"
            )
        found[name] = kind
    return found
