"""What the name of a file says without the folders it lies in: words, numbers, length, ending."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from mldiag.data.media import MediaFile
from mldiag.data.media_kinds import ending

_NUMBER = re.compile(r"\d+")
_MOST_DIGITS = 15


def name_properties(files: Sequence[MediaFile]) -> dict[str, list[float | str | None]]:
    """Properties of the names that could tell a label, one value a file.

    Args:
        files: The files, in any order.

    Returns:
        By the property's name, for a sentence: the word that the name begins with, its first and last number
        (None where there is none), its length.

    Example:
        >>> found = name_properties([MediaFile("cat/IMG_0012_b7.jpg", "train", "cat", 9)])
        >>> {name: values[0] for name, values in found.items()}  # doctest: +NORMALIZE_WHITESPACE
        {'the beginning of the name': 'img', 'the first number in the name': 12.0,
         'the last number in the name': 7.0, 'the length of the name': 11.0, 'the ending of the name': 'jpg'}
    """
    stems = [PurePosixPath(file.name).stem for file in files]
    numbers = [_NUMBER.findall(stem) for stem in stems]
    return {
        "the beginning of the name": [_beginning(stem) for stem in stems],
        "the first number in the name": [_value(found, 0) for found in numbers],
        "the last number in the name": [_value(found, -1) for found in numbers],
        "the length of the name": [float(len(stem)) for stem in stems],
        "the ending of the name": [ending(file.name) for file in files],
    }


def _beginning(stem: str) -> str:
    """The letters that a name begins with; empty where it begins with a number."""
    match = re.match(r"[^\W\d_]+", stem)
    return match.group(0).casefold() if match else ""


def _value(numbers: list[str], place: int) -> float | None:
    if not numbers or len(numbers[place]) > _MOST_DIGITS:
        return None
    return float(numbers[place])
