"""Unpacking in small pieces: little memory is needed, and what comes out can be stopped at any time."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from mldiag.data.archives.member import BrokenMember
from mldiag.errors import MldiagError

READ_BYTES = 1 << 18
PIECE_BYTES = 1 << 20
"""Unpacked bytes at a time."""

DEFLATE64_READ_BYTES = 4096
"""inflate64 gives all that its input unpacks to at once: a little input, so that this stays small."""

_DICTIONARY_BYTES = 1 << 28
"""LZMA sets this much memory aside because the file says so."""

Raw = Iterator[bytes]

_CUT = "truncated: its data end too early"


def raw_pieces(file: BinaryIO, count: int | None = None, *, at_once: int = READ_BYTES) -> Raw:
    """Bytes of a file from where it stands.

    Args:
        file: The file; it is read where it stands.
        count: How many bytes at most; None for all.
        at_once: How many bytes in one piece.
    """
    left = count
    while left is None or left > 0:
        piece = file.read(at_once if left is None else min(at_once, left))
        if not piece:
            return
        if left is not None:
            left -= len(piece)
        yield piece


def stored(raw: Raw) -> Raw:
    """Bytes that are not packed."""
    yield from raw


def deflate(raw: Raw) -> Raw:
    """Deflate without a header (type 8 of zip)."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in raw:
        rest = piece
        while rest and not engine.eof:
            yield _tried(engine.decompress, rest, PIECE_BYTES)
            rest = engine.unconsumed_tail
        if engine.eof:
            return
    yield _tried(engine.flush)
    if not engine.eof:
        raise BrokenMember(_CUT)


def deflate64(raw: Raw) -> Raw:
    """Deflate64 (type 9 of zip), as Windows writes it for large files.

    Raises:
        MldiagError: If the library for it is not installed.
    """
    try:
        import inflate64
    except ImportError as error:
        raise MldiagError(
            "this zip is packed with deflate64, which Python alone cannot read",
            expected="the small library inflate64",
            hint='pip install "mldiag[archives]"',
        ) from error
    engine = inflate64.Inflater()
    for piece in raw:
        for start in range(0, len(piece), DEFLATE64_READ_BYTES):
            yield _tried(engine.inflate, piece[start : start + DEFLATE64_READ_BYTES])
            if engine.eof:
                return
    if not engine.eof:
        raise BrokenMember(_CUT)


def bzip2(raw: Raw) -> Raw:
    """One bzip2 stream (type 12 of zip)."""
    return _until_end(bz2.BZ2Decompressor(), raw)


def zip_lzma(raw: Raw) -> Raw:
    """LZMA with the header that zip puts before it (type 14)."""
    head = b""
    for piece in raw:
        head += piece
        if len(head) >= 9:
            break
    if len(head) < 9 or head[2:4] != b"\x05\x00" or head[4] >= 225:
        raise BrokenMember("its LZMA header is damaged")
    dictionary = struct.unpack("<I", head[5:9])[0]
    if dictionary > _DICTIONARY_BYTES:
        raise BrokenMember(f"its LZMA dictionary of {dictionary:,} bytes is too large")
    literal, position = head[4] % 45, head[4] // 45
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "lc": literal % 9,
            "lp": literal // 9,
            "pb": position,
            "dict_size": max(dictionary, 4096),
        }
    ]
    engine = _tried(lzma.LZMADecompressor, lzma.FORMAT_RAW, None, filters)

    def rest() -> Raw:
        yield head[9:]
        yield from raw

    return _until_end(engine, rest(), end_is_marked=False)


ZIP_METHODS: dict[int, tuple[str, Callable[[Raw], Raw]]] = {
    0: ("stored", stored),
    8: ("deflate", deflate),
    9: ("deflate64", deflate64),
    12: ("bzip2", bzip2),
    14: ("lzma", zip_lzma),
}
"""Types of compression in zip files that are read."""


def compressed_pieces(file: BinaryIO, compression: str) -> Raw:
    """The content of a compressed file, of several streams in a row too; checksums are checked.

    Args:
        file: Stands at the beginning.
        compression: `gz`, `bz2`, `xz`, `zst`, or empty for none.

    Raises:
        BrokenMember: If it is damaged or ends too early.
    """
    if not compression:
        return raw_pieces(file, at_once=PIECE_BYTES)
    if compression == "zst":
        return _zstandard(file)
    return _streams(_ENGINES[compression], raw_pieces(file))


_ENGINES: dict[str, Callable[[], Any]] = {
    "gz": lambda: _Gzip(),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_AUTO, memlimit=1 << 29),
}


class _Gzip:
    """One gzip stream with the interface of `bz2.BZ2Decompressor`."""

    def __init__(self) -> None:
        self._engine = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._engine.unconsumed_tail and not self._engine.eof

    def decompress(self, data: bytes, limit: int) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, limit)


def _streams(new_engine: Callable[[], Any], raw: Raw) -> Raw:
    engine, begun = new_engine(), False
    for piece in raw:
        rest = piece
        while rest:
            if not begun:
                rest = rest.lstrip(b"\0")  # padding after a stream
                if not rest:
                    break
            begun = True
            yield _tried(engine.decompress, rest, PIECE_BYTES)
            while not engine.eof and not engine.needs_input:
                yield _tried(engine.decompress, b"", PIECE_BYTES)
            rest = engine.unused_data if engine.eof else b""
            if engine.eof:
                engine, begun = new_engine(), False
    if begun:
        raise BrokenMember(_CUT)


def _until_end(engine: Any, raw: Raw, *, end_is_marked: bool = True) -> Raw:
    for piece in raw:
        rest = piece
        while rest or not (engine.needs_input or engine.eof):
            yield _tried(engine.decompress, rest, PIECE_BYTES)
            rest = b""
            if engine.eof:
                return
    if end_is_marked:
        raise BrokenMember(_CUT)


def _zstandard(file: BinaryIO) -> Raw:
    import pyarrow

    with pyarrow.CompressedInputStream(pyarrow.PythonFile(file, mode="r"), "zstd") as stream:
        while piece := _tried(stream.read, PIECE_BYTES):
            yield piece


def _tried(action: Callable[..., Any], *arguments: Any) -> Any:
    """Decompress; whatever an engine says of damaged data is told in one way."""
    try:
        return action(*arguments)
    except EOFError as error:
        raise BrokenMember(_CUT) from error
    except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        raise BrokenMember(f"damaged: {_first_line(error)}") from error
    except MemoryError as error:
        raise BrokenMember("it needs more memory to unpack than there is") from error


def _first_line(error: BaseException) -> str:
    told = str(error).splitlines()
    return told[0] if told else type(error).__name__
