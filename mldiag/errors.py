"""The one exception family: what happened, what was expected, the nearest allowed value, a hint that runs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MldiagError(Exception):
    """A user's mistake, told so that it can be mended without reading a traceback.

    Args:
        what: What happened, in one line.
        expected: What would have been right.
        nearest: The closest allowed value, or several.
        hint: A command or a line of code that works.

    Example:
        >>> print(MldiagError("unknown parameter 'lrr'", expected="one of lr, width", nearest="lr"))
        unknown parameter 'lrr'
        expected: one of lr, width
        nearest: lr
    """

    exit_code = 2

    def __init__(self, what: str, *, expected: str = "", nearest: str = "", hint: str = "") -> None:
        """Keep the parts, so that a renderer can lay them out; the message joins them by line."""
        self.what, self.expected, self.nearest, self.hint = what, expected, nearest, hint
        lines = [what]
        lines += [
            f"{label}: {text}"
            for label, text in (("expected", expected), ("nearest", nearest), ("hint", hint))
            if text
        ]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary whole: the default would lose the keyword arguments."""
        return _rebuild, (type(self), self.what, self.expected, self.nearest, self.hint)


class UserCodeError(MldiagError):
    """The user's own code failed in every trial; the last trimmed traceback comes along in `expected`."""

    exit_code = 3


def _rebuild(
    kind: type[MldiagError], what: str, expected: str, nearest: str, hint: str
) -> MldiagError:
    return kind(what, expected=expected, nearest=nearest, hint=hint)


def unknown_name(kind: str, name: str, allowed: Iterable[str], *, hint: str = "") -> MldiagError:
    """Build the error for a misspelt name, with every allowed one and the nearest.

    Example:
        >>> print(unknown_name("parameter", "lrr", ["lr", "width"]))
        unknown parameter 'lrr'
        expected: one of lr, width
        nearest: lr
    """
    names = sorted(map(str, allowed))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return MldiagError(
        f"unknown {kind} {name!r}",
        expected=f"one of {', '.join(names)}" if names else f"a {kind}, but none is declared",
        nearest=close[0] if close else "",
        hint=hint,
    )
