"""Names of members: what they say, and whether a file may be written under them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from mldiag.data.archives.member import BrokenMember
from mldiag.data.encodings import is_japanese

_RESERVED = {
    "con", "prn", "aux", "nul", "conin$", "conout$",
    *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"),
}  # fmt: skip
_LONGEST_PART = 255
_SHOWN = 60


def decoded_names(raw: Sequence[bytes]) -> list[str]:
    r"""Names of a zip that does not say how they are encoded: UTF-8, else Shift-JIS, else code page 437.

    Args:
        raw: All such names of one archive, because together they tell more.

    Example:
        >>> decoded_names(["表計算.csv".encode("cp932")]), decoded_names([b"K\x94ln.csv"])
        (['表計算.csv'], ['Köln.csv'])
    """
    unusual = [name for name in raw if not name.isascii()]
    if not unusual:
        return [name.decode("ascii") for name in raw]
    try:
        return [name.decode("utf-8") for name in raw]
    except UnicodeDecodeError:
        encoding = "cp932" if is_japanese(unusual) else "cp437"
    return [name.decode(encoding, errors="replace") for name in raw]


def shown(name: str) -> str:
    """A name that can be printed: no control characters, cut where it is long."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return text if len(text) <= _SHOWN else f"{text[:20]}…{text[-(_SHOWN - 21) :]}"


def safe_parts(name: str) -> tuple[str, ...]:
    r"""The folders and the file that a name stands for, all below where it is unpacked.

    Raises:
        BrokenMember: If the name leads elsewhere, or is no file name on some system.

    Example:
        >>> safe_parts("train/cats\\1.png"), safe_parts("./a.csv")
        (('train', 'cats', '1.png'), ('a.csv',))
    """
    flat = name.replace("\\", "/")
    if flat.startswith("/"):
        raise BrokenMember("its name is an absolute path, which leads out of the folder")
    parts = tuple(part for part in flat.split("/") if part not in ("", "."))
    if not parts:
        raise BrokenMember("it has no name")
    for part in parts:
        problem = _problem_of(part)
        if problem:
            raise BrokenMember(problem)
    return parts


def same_place(parts: Sequence[str]) -> str:
    """Equal for names that are one file where case and the spelling of accents make no difference."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", "/".join(parts)).casefold())


def _problem_of(part: str) -> str:
    if part == "..":
        return "its name leads out of the folder (..)"
    if ":" in part:
        return "its name holds a colon: a drive or a hidden stream on Windows"
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in part):
        return "its name holds control characters or broken text"
    if part != part.rstrip(" ."):
        return "its name ends with a dot or a blank, which Windows drops"
    if part.split(".")[0].rstrip().casefold() in _RESERVED:
        return f"its name is that of a device on Windows ({part})"
    if len(part.encode()) > _LONGEST_PART:
        return f"its name is longer than {_LONGEST_PART} bytes"
    return ""
