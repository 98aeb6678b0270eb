"""How errors reach the user: what happened, what was expected, the nearest, and a hint."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from mldiag.cli.hints import runnable_hint
from mldiag.errors import MldiagError, UserCodeError, nearest_name
from mldiag.redaction import redacted
from mldiag.report.inert import inert
from mldiag.steps import COMMANDS

INTERRUPTED = 130
INTERNAL = 70
"""`EX_SOFTWARE` of sysexits.h: apart from every code that means something about findings."""

UsageError: type[Any] = typer.BadParameter.__mro__[1]
"""What Typer raises for a wrong command line; it lives in different modules from version to version."""


class Interrupted(Exception):
    """The user stopped the command; told apart from a command that ends with the same exit code."""


@dataclass(frozen=True)
class Failure:
    """An error, ready to be shown.

    Args:
        kind: `usage`, `user_code`, `interrupted` or `internal`.
        exit_code: Exit code of the command.
        error: What happened, was expected, is nearest, and a hint.
    """

    kind: str
    exit_code: int
    error: MldiagError


def failure_of(error: BaseException, arguments: list[str]) -> Failure:
    """Sort an exception: the user's mistake, the user's code, an interruption, or our own fault.

    Args:
        error: What was raised.
        arguments: The command line, for the hint that goes on with it; its passwords are left out.
    """
    found = _sorted(error, arguments)
    told = found.error
    parts = {name: redacted(getattr(told, name)) for name in ("expected", "nearest", "hint")}
    return replace(found, error=MldiagError(redacted(told.what), **parts))


def _sorted(error: BaseException, arguments: list[str]) -> Failure:
    if isinstance(error, MldiagError):
        kind = "user_code" if isinstance(error, UserCodeError) else "usage"
        return Failure(kind, error.exit_code, _with_runnable_hint(error, arguments))
    if isinstance(error, UsageError):
        told = _usage_error(error, arguments)
        return Failure("usage", 2, _with_runnable_hint(told, arguments))
    if isinstance(error, (KeyboardInterrupt, Interrupted, typer.Abort)):
        return Failure("interrupted", INTERRUPTED, _interruption(arguments))
    if isinstance(error, OSError) and error.filename is not None:
        told = MldiagError(
            f"{error.filename}: {error.strerror}",
            expected="a place that this user may use",
            hint=f"ls -ld {shlex.quote(str(error.filename))}",
        )
        return Failure("usage", 2, told)
    return Failure("internal", INTERNAL, _internal_error(error))


def _with_runnable_hint(error: MldiagError, arguments: list[str]) -> MldiagError:
    hint = runnable_hint(error, arguments)
    return MldiagError(error.what, expected=error.expected, nearest=error.nearest, hint=hint)


def _interruption(arguments: list[str]) -> MldiagError:
    """A stopped step can go on; other commands have nothing to resume."""
    if not arguments or arguments[0] not in {step.name for step in COMMANDS}:
        return MldiagError("interrupted")
    return MldiagError(
        "interrupted", expected="finished trials are kept", hint=resume_command(arguments)
    )


def resume_command(arguments: list[str]) -> str:
    """The command that goes on where this one stopped: itself, but with the store.

    Example:
        >>> resume_command(["sweep", "my file.py", "--fresh"])
        "mldiag sweep 'my file.py'"
    """
    return shlex.join(["mldiag", *[word for word in arguments if word != "--fresh"]])


def error_text(failure: Failure) -> str:
    """The error as a person reads it.

    Example:
        >>> print(error_text(Failure("usage", 2, MldiagError("no parameter 'lrr'", nearest="lr"))))
        error: no parameter 'lrr'
          nearest:  lr
    """
    error = failure.error
    head = "internal error" if failure.kind == "internal" else "error"
    lines = [error.what if failure.kind == "interrupted" else f"{head}: {error.what}"]
    stands_alone = failure.kind in ("interrupted", "internal") or error.expected.startswith("Trace")
    label = "" if stands_alone else "expected:"
    for name, text in ((label, error.expected), ("nearest:", error.nearest), ("hint:", error.hint)):
        if text:
            lines += _labelled(name, text)
    return inert("\n".join(lines))  # a name or a script's output may hold control characters


def _labelled(label: str, text: str) -> list[str]:
    """A label with its text; a text of several lines stands below the label."""
    parts = text.rstrip().splitlines()
    if label and len(parts) == 1:
        return [f"  {label:<9} {parts[0]}"]
    return ([f"  {label}"] if label else []) + [f"    {part}".rstrip() for part in parts]


def _usage_error(error: Any, arguments: list[str]) -> MldiagError:
    """Put Typer's own message into our form, with the nearest flag and the help that lists them."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mldiag"
    if path == "mldiag" and arguments and not arguments[0].startswith("-"):
        path = f"mldiag {arguments[0]}"
    option = getattr(error, "option_name", None)
    message = error.format_message().rstrip(".")
    nearest = ""
    if message.startswith("No such option"):
        message = f"unknown flag {option!r}"
        nearest = nearest_name(str(option), getattr(error, "possibilities", None) or (), cutoff=0)
    return MldiagError(
        message[:1].lower() + message[1:],
        nearest=nearest,
        hint=f"{path} --help",
        given=str(option) if nearest else "",
    )


def _internal_error(error: BaseException) -> MldiagError:
    """Keep the traceback in a file: it is for a bug report, not for the user's screen."""
    import tempfile
    import traceback

    told = "".join(traceback.format_exception(error))
    what = "".join(traceback.format_exception_only(error)).strip()
    if os.environ.get("MLDIAG_DEBUG"):
        sys.stderr.write(redacted(told))
        return MldiagError(what)
    with tempfile.NamedTemporaryFile(
        "w", prefix="mldiag-error-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(redacted(told))
    return MldiagError(
        what,
        expected=f"This is a fault of mldiag. The traceback is in {Path(file.name)}",
        hint="MLDIAG_DEBUG=1 shows it at once",
    )
