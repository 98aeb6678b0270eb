"""The one exception family: what happened, what was expected, the nearest allowed value, a hint that runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN_NAMES = 20
"""Of a longer list of allowed names only those near to the one that was given are told."""


class MldiagError(Exception):
    """A user's mistake, told so that it can be mended without reading a traceback.

    Args:
        what: What happened, in one line.
        expected: What would have been right.
        nearest: The closest allowed value, or several.
        hint: A command or a line of code that works.
        given: The word that was wrong, as the user wrote it; a command line in which `nearest` takes its
            place is the command that was meant.

    Example:
        >>> print(MldiagError("unknown parameter 'lrr'", expected="one of lr, width", nearest="lr"))
        unknown parameter 'lrr'
        expected: one of lr, width
        nearest: lr
    """

    exit_code = 2

    def __init__(
        self, what: str, *, expected: str = "", nearest: str = "", hint: str = "", given: str = ""
    ) -> None:
        """Keep the parts, so that a renderer can lay them out; the message joins them by line."""
        self.what, self.expected, self.nearest, self.hint = what, expected, nearest, hint
        self.given = given
        lines = [what]
        lines += [
            f"{label}: {text}"
            for label, text in (("expected", expected), ("nearest", nearest), ("hint", hint))
            if text
        ]
        super().__init__("\n".join(lines))

    def prefixed(self, place: str) -> MldiagError:
        """The same error of the same kind, with the place it comes from in front.

        Example:
            >>> MldiagError("no data").prefixed("pyproject.toml: ").what
            'pyproject.toml: no data'
        """
        return _rebuild(
            type(self), place + self.what, self.expected, self.nearest, self.hint, self.given
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary whole: the default would lose the keyword arguments."""
        parts = (self.what, self.expected, self.nearest, self.hint, self.given)
        return _rebuild, (type(self), *parts)


class UserCodeError(MldiagError):
    """The user's own code failed in every trial; the last trimmed traceback comes along in `expected`."""

    exit_code = 3


def _rebuild(
    kind: type[MldiagError], what: str, expected: str, nearest: str, hint: str, given: str = ""
) -> MldiagError:
    return kind(what, expected=expected, nearest=nearest, hint=hint, given=given)


def nearest_name(name: str, allowed: Iterable[str], *, cutoff: float = 0.4) -> str:
    """The allowed name that was most likely meant; empty where none is near.

    One that differs in case alone comes first, then one that was begun, then the most similar one.

    Args:
        name: What was given.
        allowed: The names that there are.
        cutoff: Least similarity, from 0 to 1.

    Example:
        >>> nearest_name("acc", ["auc", "accuracy"]), nearest_name("c", ["C", "cache"])
        ('accuracy', 'C')
        >>> nearest_name("widht", ["width", "lr"]), nearest_name("zzz", ["width", "lr"])
        ('width', '')
    """
    names = sorted(allowed)
    folded = name.casefold()
    alike = [known for known in names if known.casefold() == folded]
    begun = [known for known in names if len(folded) > 2 and known.casefold().startswith(folded)]
    if alike or begun:
        return (alike or sorted(begun, key=len))[0]
    by_folded = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(folded, by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else ""


def unknown_name(kind: str, name: str, allowed: Iterable[str], *, hint: str = "") -> MldiagError:
    """Build the error for a misspelt name, with every allowed one and the nearest.

    Example:
        >>> print(unknown_name("parameter", "lrr", ["lr", "width"]))
        unknown parameter 'lrr'
        expected: one of lr, width
        nearest: lr
    """
    names = sorted(map(str, allowed))
    return MldiagError(
        f"unknown {kind} {name!r}",
        expected=f"one of {_listed(name, names)}" if names else f"a {kind}, but none is declared",
        nearest=nearest_name(name, names),
        hint=hint,
        given=name,
    )


def _listed(name: str, names: list[str]) -> str:
    if len(names) <= SHOWN_NAMES:
        return ", ".join(names)
    near = difflib.get_close_matches(name, names, n=SHOWN_NAMES, cutoff=0.0)
    return f"{', '.join(sorted(near))}, ... ({len(names)} in all)"
