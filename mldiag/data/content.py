"""Content hashes of values: equal content gives equal bytes in every process, on every run.

Arrays, frames, sparse matrices, tensors, plain values and containers of these. Nothing is pickled, and
no memory address enters. Large arrays are hashed in fixed chunks on several threads (the hash gives up
the interpreter's lock); the chunks do not depend on the number of threads, nor on the memory layout.
"""

from __future__ import annotations

import enum
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 4 * 2**20
"""Bytes hashed as one piece: large enough to drown the cost of a task, small enough to spread."""

CHUNK_ITEMS = 65_536
"""List items that are turned into text at once, so that a long text column is never copied whole."""

MAX_DEPTH = 60
"""Containers nested deeper count by their kind alone: Python's own stack ends soon after."""

_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes})


def content_digest(value: Any) -> str:
    """Hash of a value's content, as 32 hexadecimal digits.

    Args:
        value: Array, memory map, frame, series, sparse matrix, tensor, plain value, or a container of these.
            A frame counts with its column names, their order, its dtypes and its index.

    Example:
        >>> content_digest(np.array([1, 2])) == content_digest(np.array([1, 2]))
        True
        >>> content_digest(np.array([1, 2])) == content_digest(np.array([1.0, 2.0]))
        False
    """
    return ContentHasher().digest(value).hex()


def is_tabular(value: Any) -> bool:
    """Whether a value holds data by rows: an array, a frame, a sparse matrix or a tensor.

    Example:
        >>> is_tabular(np.zeros(3)), is_tabular([0, 0, 0])
        (True, False)
    """
    if isinstance(value, (type, np.generic)):
        return False
    return isinstance(value, np.ndarray) or _kind(value) in ("frame", "series", "sparse", "tensor")


class ContentHasher:
    """Hashes values; what it does not know itself it hands to `unknown`.

    Args:
        unknown: Gives the bytes that stand for an object of another kind; by default its class and its
            `repr`, unless that shows a memory address.
        replace: Asked first about every value; bytes stand for the value, None lets it be hashed.
    """

    def __init__(
        self,
        unknown: Callable[[Any], bytes] | None = None,
        replace: Callable[[Any], bytes | None] | None = None,
    ) -> None:
        """Keep the callbacks."""
        self._unknown = unknown or described
        self._replace = replace
        self._open: list[int] = []
        self._done: dict[int, tuple[Any, bytes]] = {}  # the values too, so that no id is used twice

    def digest(self, value: Any) -> bytes:
        """16 bytes that stand for the value's content."""
        replaced = self._replace(value) if self._replace else None
        if replaced is not None:
            return replaced
        if type(value) in _PLAIN:
            return _hashed("plain", repr(value))
        if id(value) in self._done:
            return self._done[id(value)][1]
        if id(value) in self._open or len(self._open) > MAX_DEPTH:
            return _hashed("cycle", type(value).__qualname__)
        self._open.append(id(value))
        try:
            found = self._digest_other(value)
        finally:
            self._open.pop()
        if isinstance(value, (dict, list)) or hasattr(value, "__dict__"):
            self._done[id(value)] = (
                value,
                found,
            )  # shared objects once, however many ways lead there
        return found

    def _digest_other(self, value: Any) -> bytes:
        if isinstance(value, (list, tuple, Mapping, set, frozenset)) and not _is_record(value):
            return self._container(value)
        if isinstance(value, enum.Enum):
            return _hashed("enum", type(value).__qualname__, value.name, self.digest(value.value))
        if isinstance(value, PurePath):
            return _hashed("path", str(value))
        if isinstance(value, np.generic):
            return _hashed("scalar", value.dtype.str, value.tobytes())
        if isinstance(value, np.ndarray):
            return self._array(value)
        kind = "" if isinstance(value, type) else _kind(value)
        if kind:
            handler: Callable[[Any], bytes] = getattr(self, f"_{kind}")
            return handler(value)
        return self._unknown(value)

    def _container(self, value: Any) -> bytes:
        name = type(value).__name__
        if isinstance(value, Mapping):
            pairs = (self.digest(k) + self.digest(v) for k, v in list(value.items()))
            return _hashed("mapping", name, *pairs)
        if isinstance(value, (set, frozenset)):
            return _hashed("set", *sorted(self.digest(item) for item in value))
        return _hashed("sequence", name, str(len(value)), *self._items(value))

    def _items(self, items: Sequence[Any]) -> Iterator[bytes]:
        for start in range(0, len(items), CHUNK_ITEMS):
            chunk = list(items[start : start + CHUNK_ITEMS])
            if all(type(item) in _PLAIN for item in chunk):
                yield _hashed("plain", repr(chunk))  # exact, and far faster than one by one
            else:
                yield from map(self.digest, chunk)

    def _array(self, values: NDArray[Any]) -> bytes:
        values = np.asarray(
            values
        )  # a subclass such as a matrix or memory map holds the same content
        head = f"{values.dtype.str if values.dtype.names is None else values.dtype.descr}"
        if values.dtype.hasobject:
            return _hashed(
                "objects", head, str(values.shape), *self._items(values.ravel().tolist())
            )
        return _hashed("array", head, str(values.shape), *_chunk_digests(values))

    def _rows(self, values: Any) -> bytes:
        """Content of anything that has a shape and a dtype and reads rows by slices, such as HDF5."""
        step = max(1, CHUNK_BYTES // max(1, values[:1].nbytes)) if values.shape else 1
        pieces = (
            self._array(np.asarray(values[start : start + step]))
            for start in range(0, int(values.shape[0]), step)
        )
        return _hashed("rows", str(tuple(values.shape)), *pieces)

    def _frame(self, frame: Any) -> bytes:
        columns = (self._column(frame.iloc[:, i]) for i in range(frame.shape[1]))
        head = (str(frame.shape), self._index(frame.columns), self._index(frame.index))
        return _hashed("frame", *head, *columns)

    def _series(self, series: Any) -> bytes:
        name = self.digest(series.name)
        return _hashed("series", name, self._index(series.index), self._column(series))

    def _index(self, index: Any) -> bytes:
        if type(index).__name__ == "RangeIndex":
            return _hashed("range", str((index.start, index.stop, index.step)))
        if getattr(index, "nlevels", 1) > 1:
            return _hashed("index", *self._items(index.tolist()))
        return _hashed("index", self._column(index.to_series()))

    def _column(self, series: Any) -> bytes:
        dtype = series.dtype
        name = str(dtype)
        if isinstance(dtype, np.dtype):
            return _hashed("column", name, self._array(series.to_numpy()))
        if name == "category":
            codes = self._array(series.cat.codes.to_numpy())
            categories = self._index(series.cat.categories)
            return _hashed("column", name, str(series.cat.ordered), categories, codes)
        if hasattr(dtype, "tz"):
            moments = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
            return _hashed("column", name, self._array(moments))
        if hasattr(dtype, "numpy_dtype") and getattr(dtype, "_is_numeric", False):
            filled = series.to_numpy(dtype=dtype.numpy_dtype, na_value=0)
            missing = series.isna().to_numpy()  # what lies under the mask is not content
            return _hashed("column", name, self._array(missing), self._array(filled))
        return _hashed("column", name, *self._items(series.astype(object).tolist()))

    def _sparse(self, matrix: Any) -> bytes:
        rows = matrix.tocsr(copy=True)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        rows.sort_indices()
        places = (rows.indptr.astype(np.int64), rows.indices.astype(np.int64))
        return _hashed("sparse", str(rows.shape), *map(self._array, (*places, rows.data)))

    def _tensor(self, tensor: Any) -> bytes:
        tensor = tensor.detach().cpu()
        head = (str(tensor.dtype), str(tuple(tensor.shape)))
        if "strided" not in str(tensor.layout):
            tensor = tensor.to_sparse_coo().coalesce()
            parts = (tensor.indices(), tensor.values())
            return _hashed("sparse tensor", *head, *map(self._tensor, parts))
        try:
            return _hashed("tensor", *head, self._array(tensor.numpy()))
        except TypeError:  # bfloat16 and the 8-bit floats, which NumPy lacks
            octets = tensor.contiguous().flatten().view(_torch_bytes())
            return _hashed("tensor", *head, self._array(octets.numpy()))

    def _arrow(self, table: Any) -> bytes:
        import pyarrow

        return _hashed("arrow", self._frame(pyarrow.table(table).to_pandas()))


def described(value: Any) -> bytes:
    """Class and `repr` of an object; the class alone where the `repr` shows a memory address."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    try:
        shown = repr(value)
    except Exception:  # a foreign repr may do anything; then the class has to do
        shown = ""
    return _hashed("object", kind, "" if " at 0x" in shown else shown)


def _hashed(*parts: str | bytes) -> bytes:
    """One digest of several parts, each with its length, so that no two splits look alike."""
    return hashed(parts)


def hashed(parts: Iterable[str | bytes]) -> bytes:
    """16 bytes that stand for a sequence of texts and digests.

    Example:
        >>> hashed(["ab", "c"]) == hashed(["a", "bc"])
        False
    """
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little") + data)
    return state.digest()


def _chunk_digests(values: NDArray[Any]) -> Iterable[bytes]:
    if not values.ndim:
        values = values.reshape(1)
    if not values.size:
        return ()
    step = max(1, CHUNK_BYTES // (values.nbytes // len(values) or 1))
    starts = range(0, len(values), step)

    def one(start: int) -> bytes:
        chunk = np.ascontiguousarray(values[start : start + step])
        # SHA-256 has instructions of its own on current processors: 1.7 GB/s against blake2b's 0.65.
        return hashlib.sha256(chunk.reshape(-1).view(np.uint8).data).digest()

    if len(starts) < 4:
        return map(one, starts)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "mldiag-hash") as pool:
        return list(pool.map(one, starts))


def _kind(value: Any) -> str:
    """Which of the known shapes of data a value has, without importing any library for it.

    The class is asked, not the object: some objects answer to any attribute's name.
    """
    cls = type(value)
    root = cls.__module__.split(".")[0]
    if hasattr(cls, "detach") and hasattr(cls, "layout"):
        return "tensor"
    if hasattr(cls, "iloc"):
        return "frame" if hasattr(cls, "columns") else "series"
    if hasattr(cls, "tocsr"):
        return "sparse"
    if root == "pandas" and hasattr(cls, "to_series"):
        return "index"
    if hasattr(cls, "__arrow_c_stream__") and (hasattr(cls, "columns") or root == "pyarrow"):
        return "arrow"
    if all(hasattr(cls, name) for name in ("shape", "dtype", "__getitem__")):
        return "rows"
    return ""


def _is_record(value: Any) -> bool:
    """Whether a mapping or sequence carries more than its items, and so must be described as an object."""
    return isinstance(value, Mapping) and not isinstance(value, dict) and hasattr(value, "__dict__")


def _torch_bytes() -> Any:
    import torch

    return torch.uint8
