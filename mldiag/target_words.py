"""A target as a person would type it where the command runs."""

from __future__ import annotations

from pathlib import Path


def typed_target(target: str) -> str:
    """The target relative to the current folder; empty where a command finds it by itself.

    Args:
        target: `file.py:name` with an absolute path, or any other target, which is left as it is.

    Example:
        >>> typed_target(str(Path.cwd() / "experiment.py") + ":digits"), typed_target("digits")
        ('experiment.py:digits', 'digits')
    """
    path, _, name = target.partition(":")
    here = Path.cwd()
    if not Path(path).is_absolute() or not Path(path).is_relative_to(here):
        return target
    relative = str(Path(path).relative_to(here))
    if relative == "pyproject.toml":
        return ""
    return f"{relative}:{name}" if name else relative
