"""Files that a command was told to write: never over another one, and whole or not at all."""

from __future__ import annotations

import shlex
from pathlib import Path

from mldiag.errors import MldiagError


def check_free(output: Path | None, *, overwrite: bool) -> None:
    """Refuse a place that cannot be written, before anything is done for it.

    Args:
        output: The file; None for none.
        overwrite: Whether it may be there already.

    Raises:
        MldiagError: If it is there, or a folder, or its folder is not there.
    """
    if output is None:
        return
    if output.is_dir():
        raise MldiagError(
            f"--output {str(output)!r} is a folder",
            expected="the name of a file",
            hint=f"--output {shlex.quote(str(output / 'report.html'))}",
        )
    if output.exists() and not overwrite:
        raise MldiagError(
            f"--output {str(output)!r} is there already",
            expected="the name of a new file, or --overwrite",
            hint="--overwrite",
        )
    if not output.absolute().parent.is_dir():
        raise MldiagError(
            f"there is no folder {str(output.parent)!r} for --output",
            expected="a folder that is there",
            hint=f"mkdir -p {shlex.quote(str(output.parent))}",
        )


def write_whole(file: Path, text: str) -> None:
    """Write a file that is there whole or not at all.

    Raises:
        MldiagError: If it cannot be written.
    """
    draft = file.with_name(f".{file.name}.part")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise MldiagError(
            f"{file} cannot be written: {error.strerror or error}",
            expected="a place that can be written",
            hint=f"ls -ld {shlex.quote(str(file.parent))}",
        ) from error
