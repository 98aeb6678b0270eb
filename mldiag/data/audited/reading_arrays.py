"""NumPy's arrays as tables; never a pickle."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.archives import read_members
from mldiag.data.audited.reading_parts import RawTable, checked_names, no_rows
from mldiag.errors import MldiagError

if TYPE_CHECKING:
    import pandas as pd

_SIDES = {
    "train": re.compile(r"_?train(ing)?_?", re.I),
    "test": re.compile(r"_?test(ing)?_?", re.I),
}


def read_array(content: Any, name: str) -> NDArray[Any]:
    """One array in the `.npy` format, without copying it.

    Args:
        content: The bytes; anything with a buffer.
        name: Name of the file.

    Raises:
        MldiagError: If it is damaged, or holds Python objects, which only a pickle could read.
    """
    file = io.BytesIO(memoryview(content)[: 1 << 20])
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, by_columns, kind = read(file)
        if any(type(side) is not int or side < 0 for side in shape) or not kind.itemsize:
            raise ValueError(f"an array of shape {shape} and type {kind}")
    except Exception as error:  # the header is Python's syntax, and its parser fails in many ways
        raise MldiagError(f"{name} is a damaged NumPy array", expected="a whole .npy") from error
    if kind.hasobject:
        raise MldiagError(
            f"{name} holds Python objects, which can run code when they are read",
            expected="numbers or text",
            hint="np.save(path, array.astype(str))",
        )
    count = int(np.prod([int(side) for side in shape], dtype=object)) if shape else 1
    present = memoryview(content).nbytes - file.tell()
    if count * kind.itemsize > present:
        raise MldiagError(
            f"{name} is cut off: {present:,} of {count * kind.itemsize:,} bytes are there",
            expected="a whole array",
        )
    flat = np.frombuffer(content, dtype=kind, count=count, offset=file.tell())
    return flat.reshape(shape, order="F" if by_columns else "C")


def array_table(array: NDArray[Any], name: str) -> RawTable:
    """An array as a table: named fields, or columns counted from 0.

    Args:
        array: Shape (rows,), (rows, columns) or, flattened with a notice, (rows, ...).
        name: Name of the file.
    """
    frame, notices = _frame_of({"": array}, name)
    return RawTable(frame, "NumPy array", notices)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` by name.

    Args:
        path: The file.

    Raises:
        MldiagError: If one of them is damaged.
    """
    found = {}
    for member in read_members(path):
        if member.problem:
            raise MldiagError(
                f"{member.name} in {path.name} cannot be read: {member.problem}",
                expected="a whole .npz",
            )
        found[member.name.removesuffix(".npy")] = read_array(
            member.content, f"{member.name} in {path.name}"
        )
    return found


def sides_of(names: list[str]) -> dict[str, list[str]]:
    """Which arrays belong to train and which to test, by their names.

    Example:
        >>> sides_of(["x_train", "y_train", "x_test"])
        {'train': ['x_train', 'y_train'], 'test': ['x_test']}
        >>> sides_of(["X", "y"])
        {'train': ['X', 'y']}
    """
    found = {side: [n for n in names if pattern.search(n)] for side, pattern in _SIDES.items()}
    found = {side: chosen for side, chosen in found.items() if chosen}
    return found if "train" in found else {"train": names}


def arrays_table(arrays: Mapping[str, NDArray[Any]], side: str, name: str) -> RawTable:
    """Arrays of equal length side by side; a name gives up the part that says train or test.

    Args:
        arrays: By name.
        side: `train`, `test`, or the name of an array.
        name: Name of the file.
    """
    chosen = sides_of(list(arrays)).get(side) or [side]
    pattern = _SIDES.get(side)
    labels = {n: (pattern.sub("", n) or n) if pattern else n for n in chosen}
    lengths = {len(arrays[n]) if arrays[n].ndim else 0 for n in chosen}
    if len(lengths) > 1:
        told = ", ".join(f"{n} {arrays[n].shape}" for n in chosen)
        raise MldiagError(
            f"the arrays of {name} differ in length: {told}",
            expected="one row a sample in each of them, or the name of one",
            hint=f"--member {shlex.quote(chosen[0])}",
        )
    matrices = sum(arrays[n].ndim > 1 for n in chosen)
    parts = {labels[n] if matrices > 1 or arrays[n].ndim == 1 else "": arrays[n] for n in chosen}
    frame, notices = _frame_of(parts, name)
    return RawTable(frame, "NumPy arrays", notices)


def _frame_of(parts: Mapping[str, NDArray[Any]], name: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    import pandas as pd

    frames, notices = [], []
    for label, array in parts.items():
        if array.ndim == 0 or (array.dtype.kind == "V" and array.dtype.names is None):
            raise MldiagError(
                f"{name} is a single value", expected="an array with one row a sample"
            )
        if array.ndim > 2:
            sides = " x ".join(map(str, array.shape[1:]))
            array = array.reshape(len(array), -1)
            notices.append(f"{sides} values a row are {array.shape[1]:,} columns")
        if array.dtype.names is not None and array.ndim == 1:
            frames.append(
                pd.DataFrame({field: _plain(array[field]) for field in array.dtype.names})
            )
        elif array.ndim == 1:
            frames.append(pd.DataFrame({label or "0": _plain(array)}))
        else:
            names = [f"{label}_{i}" if label else str(i) for i in range(array.shape[1])]
            frames.append(pd.DataFrame(_plain(array), columns=names))
    frame = frames[0] if len(frames) == 1 else pd.concat(frames, axis=1)
    checked_names([str(column) for column in frame.columns], name)
    if not len(frame):
        raise no_rows(name)
    return frame, tuple(notices)


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """In the machine's byte order; bytes as text."""
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8", "replace")
    return array.astype(array.dtype.newbyteorder("="), copy=False)
