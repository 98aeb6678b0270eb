"""A few named arrays as one run of bytes and back: exact, without pickles, and fast to read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.errors import MldiagError


def arrays_to_bytes(arrays: Mapping[str, NDArray[Any]], *, note: str = "") -> bytes:
    """Write arrays of numbers, texts or moments; arrays of objects or records become text.

    Args:
        arrays: Arrays by name, of any shape.
        note: A text that travels along.

    Example:
        >>> arrays, note = arrays_from_bytes(arrays_to_bytes({"rows": np.arange(3)}, note="predict"))
        >>> arrays["rows"], note
        (array([0, 1, 2]), 'predict')
    """
    heads: list[tuple[str, str, tuple[int, ...]]] = []
    bodies: list[bytes] = []
    for name, given in arrays.items():
        values = np.asarray(given)
        values = values.astype(str) if values.dtype.kind in "OV" else values
        heads.append((name, values.dtype.str, values.shape))
        bodies.append(values.tobytes())
    head = json.dumps({"note": note, "arrays": heads}).encode()
    return b"".join([len(head).to_bytes(4, "little"), head, *bodies])


def arrays_from_bytes(data: bytes) -> tuple[dict[str, NDArray[Any]], str]:
    """Read what `arrays_to_bytes` wrote; the arrays are copies that can be written to.

    Raises:
        MldiagError: If the bytes are cut short or of another form.
    """
    try:
        start = 4 + int.from_bytes(data[:4], "little")
        head = json.loads(data[4:start])
        found = {}
        for name, description, shape in head["arrays"]:
            dtype = np.dtype(description)
            if not all(type(side) is int and side >= 0 for side in shape):
                raise ValueError(f"an array of shape {shape}")
            count = math.prod(shape)
            flat = np.frombuffer(data, dtype, count, start) if count else np.empty(0, dtype)
            found[name] = flat.reshape(shape).copy()
            start += count * dtype.itemsize
        return found, str(head["note"])
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise MldiagError(
            f"stored predictions cannot be read: {error}",
            expected="bytes that mldiag wrote",
            hint="repeat the command with --fresh",
        ) from error
