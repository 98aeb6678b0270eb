"""Readable names of code parts, one each: `train.py:fit_epoch`, `notebook:build`, `a/nets.py:Net (2)`."""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from types import CodeType
from typing import Any


class PartNames:
    """Names the spaces (modules, notebooks, `exec` dictionaries) in which code is defined.

    Example:
        >>> names = PartNames()
        >>> first, second = {"__file__": "/a/nets.py"}, {"__file__": "/b/nets.py"}
        >>> names.of(first, "build"), names.of(second, "build"), names.of(first, "LAYERS")
        ('nets.py:build', 'b/nets.py:build', 'nets.py:LAYERS')
    """

    def __init__(self) -> None:
        """Begin with no space named."""
        self._labels: dict[int, str] = {}
        self._spaces: list[Mapping[str, Any]] = []  # kept alive, so that no id is used twice

    def of(self, space: Mapping[str, Any], name: str, file: str = "") -> str:
        """The full name of something in a space.

        Args:
            space: The global names among which it is defined.
            name: Its own name.
            file: File of its code, for spaces that name none.
        """
        if id(space) not in self._labels:
            path = space.get("__file__") or file
            label = file_label(path)
            if label in self._labels.values():
                label = "/".join(Path(path).parts[-2:])
            self._labels[id(space)] = free_name(label, self._labels.values())
            self._spaces.append(space)
        return f"{self._labels[id(space)]}:{name}"


def file_label(file: str | None) -> str:
    """How a file is called in part names: its name, or what made the code.

    Example:
        >>> file_label("/tmp/ipykernel_7/12.py"), file_label("<stdin>"), file_label("/home/me/train.py")
        ('notebook', 'stdin', 'train.py')
    """
    if not file:
        return "module"
    if "ipykernel_" in file or file.startswith("<ipython"):
        return "notebook"
    return file.strip("<>") if file.startswith("<") else Path(file).name


def without_file(name: str) -> str:
    """A part's name without the file, so that renaming a file changes no digest.

    Example:
        >>> without_file("train.py:fit"), without_file("package numpy")
        ('fit', 'package numpy')
    """
    return name.partition(":")[2] or name


def code_name(code: CodeType) -> str:
    """Name of a function as written: the decorated one's own, not that of what wraps it."""
    return code.co_qualname.replace(".<locals>", "")


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or the name with a number where it is taken.

    Example:
        >>> free_name("fit", {"fit", "fit (2)"})
        'fit (3)'
    """
    count, found = 2, name
    while found in taken:
        found, count = f"{name} ({count})", count + 1
    return found
