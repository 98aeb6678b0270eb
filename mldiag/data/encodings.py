"""How bytes spell text, found out from the bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_JAPANESE_PAIR = re.compile("[\u3040-\u30ff\u4e00-\u9fff]{2}|[\uff66-\uff9f]{3}")
_CONTROLS = bytes(set(range(32)) - {9, 10, 12, 13, 27})
_BINARY_SHARE = 0.01


def marked_encoding(start: bytes) -> str:
    r"""The encoding that a byte order mark names, or that every second byte being zero tells; else empty.

    Args:
        start: How the text begins; the more of it the better.

    Example:
        >>> marked_encoding("a,b".encode("utf-16")), marked_encoding(b"a\x00,\x00b\x00")
        ('utf-16', 'utf-16-le')
    """
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if marked or len(start) < 6:
        return marked
    even, odd = start[:512:2], start[1:512:2]
    if even.count(0) == 0 and odd.count(0) > 0.5 * len(odd):
        return "utf-16-le"
    if odd.count(0) == 0 and even.count(0) > 0.5 * len(even):
        return "utf-16-be"
    return ""


def likely_encoding(samples: Sequence[bytes]) -> str:
    """The encoding that bytes which are no UTF-8 are most likely in, or empty where none fits.

    Shift-JIS is told by words: two Japanese letters in a row, in most of the samples. Accents of western
    languages, read as Shift-JIS, give single ones at best.

    Args:
        samples: Lines or names that hold bytes above 127.

    Example:
        >>> likely_encoding(["日本語".encode("cp932")]), likely_encoding(["Köln".encode("cp1252")])
        ('cp932', 'cp1252')
    """
    if not samples:
        return ""
    if is_japanese(samples):
        return "cp932"
    return "cp1252" if all(_decodes(sample, "cp1252") for sample in samples) else "latin-1"


def is_japanese(samples: Iterable[bytes]) -> bool:
    """Whether bytes above 127 spell Japanese words in Shift-JIS."""
    found = [_JAPANESE_PAIR.search(_decoded(sample)) is not None for sample in samples]
    return sum(found) * 2 > len(found)


def is_binary(start: bytes) -> bool:
    r"""Whether bytes are no text in an encoding of single bytes: zeros, or many control characters.

    Example:
        >>> is_binary(b"a,b\n1,2\n"), is_binary(bytes(range(32)))
        (False, True)
    """
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return b"\0" in start or controls > _BINARY_SHARE * len(start)


def _decoded(sample: bytes) -> str:
    return sample.decode("cp932") if _decodes(sample, "cp932") else ""


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
