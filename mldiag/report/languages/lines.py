"""Lines of Japanese: it has no blanks to break at, and some characters may not begin or end a line."""

from __future__ import annotations

import re
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

NO_START = frozenset(
    "、。，．・：；！？」』）】〉》〕ーゃゅょっャュョッァィゥェォぁぃぅぇぉ々～%…,.:;!?)]}"
)
"""What may not begin a line."""

NO_END = frozenset("「『（【〈《〔([{")
"""What may not end one."""

_UNITS = re.compile(r"\s+|[!-~¡-ɏ]+|.", re.DOTALL)
"""Blanks, words of Latin letters with their signs, and all else one by one."""


class JapaneseText(Text):
    """Text that is broken where Japanese may be, and between words of other scripts."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """Break into lines of at most so many cells; longer words are cut."""
        if options.get("no_wrap"):
            return super().wrap(console, width, **options)
        lines = Lines()
        for paragraph in self.split(allow_blank=True):
            for line in paragraph.divide(break_places(paragraph.plain, width)):
                line.rstrip()
                lines.append(line)
        return lines


def text_of(lang: str) -> type[Text]:
    """How text of a language is laid out."""
    return JapaneseText if lang == "ja" else Text


def break_places(text: str, width: int) -> list[int]:
    """Where a line of text is broken, so that none is wider than so many cells.

    Args:
        text: One line, without line ends.
        width: Cells; a Japanese character takes two.

    Example:
        >>> text = "値は（0.5）です。"
        >>> places = break_places(text, 9)
        >>> [text[a:b] for a, b in zip([0, *places], [*places, None])]
        ['値は', '（0.5）で', 'す。']
    """
    places: list[int] = []
    at, used = 0, 0
    for unit in _unbroken(text, max(width, 2)):
        cells = cell_len(unit)
        if used and used + cell_len(unit.rstrip()) > width:
            places.append(at)
            used = 0
        used += cells
        at += len(unit)
    return places


def _unbroken(text: str, width: int) -> list[str]:
    """Pieces between which a line may be broken, blanks at their ends; none wider than a line."""
    pieces: list[str] = []
    for unit in _UNITS.findall(text):
        joins = bool(pieces) and (unit.isspace() or unit[0] in NO_START or pieces[-1][-1] in NO_END)
        if joins and cell_len((pieces[-1] + unit).rstrip()) <= width:
            pieces[-1] += unit
        else:
            pieces += _cut(unit, width)
    return pieces


def _cut(unit: str, width: int) -> list[str]:
    parts = [""]
    for character in unit:
        if cell_len(parts[-1] + character) > width:
            parts.append("")
        parts[-1] += character
    return parts
