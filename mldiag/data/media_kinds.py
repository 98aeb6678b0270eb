"""Which files are images, sounds or text: by the ending of the name, else by the first bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Literal, get_args

MediaKind = Literal["image", "audio", "text"]
MEDIA_KINDS: tuple[MediaKind, ...] = get_args(MediaKind)

_IMAGE = (
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "dib", "tif", "tiff", "webp", "ppm", "pgm", "pbm",
    "pnm", "tga", "jp2", "j2k", "ico", "avif", "heic",
)  # fmt: skip
_AUDIO = (
    "wav", "flac", "ogg", "oga", "opus", "mp3", "m4a", "aif", "aiff", "aifc", "au", "snd", "caf",
    "w64", "wave",
)  # fmt: skip
_TEXT = ("txt", "text", "md", "rst", "html", "htm", "xml")

ENDINGS: Mapping[MediaKind, frozenset[str]] = {
    "image": frozenset(_IMAGE),
    "audio": frozenset(_AUDIO),
    "text": frozenset(_TEXT),
}

HEAD_BYTES = 512
"""So many bytes from a file's beginning tell what it is."""

_BEGINNINGS: tuple[tuple[bytes, int, MediaKind], ...] = (
    (b"\x89PNG\r\n\x1a\n", 0, "image"),
    (b"\xff\xd8\xff", 0, "image"),
    (b"GIF8", 0, "image"),
    (b"II*\x00", 0, "image"),
    (b"MM\x00*", 0, "image"),
    (b"WEBP", 8, "image"),
    (b"ftypavif", 4, "image"),
    (b"ftypheic", 4, "image"),
    (b"\x00\x00\x00\x0cjP  ", 0, "image"),
    (b"WAVE", 8, "audio"),
    (b"fLaC", 0, "audio"),
    (b"OggS", 0, "audio"),
    (b"ID3", 0, "audio"),
    (b"FORM", 0, "audio"),
    (b".snd", 0, "audio"),
    (b"caff", 0, "audio"),
    (b"ftypM4A", 4, "audio"),
)


def ending(name: str) -> str:
    """The ending of a file's name, lower case and without its dot.

    Example:
        >>> ending("cat/IMG_01.JPG"), ending("README")
        ('jpg', '')
    """
    return PurePosixPath(name).suffix[1:].lower()


def kind_by_ending(name: str) -> MediaKind | None:
    """What the ending of a name promises; None where it promises nothing.

    Example:
        >>> kind_by_ending("cat/1.png"), kind_by_ending("a.wav"), kind_by_ending("model.bin")
        ('image', 'audio', None)
    """
    suffix = ending(name)
    return next((kind for kind, endings in ENDINGS.items() if suffix in endings), None)


def kind_by_content(head: bytes) -> MediaKind | None:
    r"""What the first bytes of a file are; None for anything else, and for an empty file.

    Args:
        head: The first `HEAD_BYTES` bytes, or fewer.

    Example:
        >>> [kind_by_content(head) for head in (b"\x89PNG\r\n\x1a\n\x00", b"good film\n", b"\0\1")]
        ['image', 'text', None]
    """
    for start, offset, kind in _BEGINNINGS:
        if head[offset : offset + len(start)] == start:
            return kind
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "audio"  # a frame of MP3
    return "text" if head and _is_text(head) else None


def _is_text(head: bytes) -> bool:
    if b"\0" in head or any(byte < 9 for byte in head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # a letter of several bytes was cut off
    return True


def main_kind(kinds: Iterable[MediaKind | None]) -> MediaKind | None:
    """The kind that most files are of; text comes last, because other media come with notes and captions.

    Example:
        >>> main_kind(["text", "image", None]), main_kind([None]), main_kind(["text", "text", "audio"])
        ('image', None, 'text')
    """
    counts = Counter(kind for kind in kinds if kind is not None)
    if not counts:
        return None
    return max(MEDIA_KINDS, key=lambda kind: (counts[kind], kind != "text"))
