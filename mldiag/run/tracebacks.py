"""The user's own traceback, without the frames of mldiag and of libraries."""

from __future__ import annotations

import re
import sysconfig
import traceback
from pathlib import Path

from mldiag.errors import MldiagError
from mldiag.redaction import redacted

_PACKAGE = Path(__file__).resolve().parent.parent
_LIBRARIES = tuple(
    {
        str(Path(path).resolve())
        for path in map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))
    }
)


def describe_error(error: BaseException) -> str:
    """What to tell the user about an exception in a trial.

    An `MldiagError` keeps its message. Of anything else the traceback remains, with the frames of the
    user's code; if there are none, the innermost ones of the library that raised. Passwords are left out:
    it is shown, kept and sent to MLflow.
    """
    if isinstance(error, MldiagError):
        return redacted(str(error))
    report = traceback.TracebackException.from_exception(error, compact=True)
    seen: set[int] = set()
    waiting = [report]
    while waiting:
        part = waiting.pop()
        if id(part) not in seen:
            seen.add(id(part))
            part.stack = _trimmed(part.stack)
            waiting += [link for link in (part.__cause__, part.__context__) if link is not None]
    return redacted("".join(report.format()).rstrip())


def same_error(first: str, second: str) -> bool:
    """Whether two descriptions tell of the same exception; memory addresses are no difference.

    Example:
        >>> same_error("ValueError: <A at 0x7f01>", "ValueError: <A at 0x7f9c>")
        True
    """
    return _without_addresses(first) == _without_addresses(second)


def _without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]+", "0x", text)


def _trimmed(stack: traceback.StackSummary) -> traceback.StackSummary:
    outside = [frame for frame in stack if not _is_ours(frame.filename)]
    users = [frame for frame in outside if not frame.filename.startswith(_LIBRARIES)]
    return traceback.StackSummary.from_list(users or outside[-2:])


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    # The built-in experiments are written as a user would write them.
    return path.is_relative_to(_PACKAGE) and not path.is_relative_to(_PACKAGE / "demo")
