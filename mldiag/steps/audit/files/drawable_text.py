"""File names and labels as a figure can draw them."""

from __future__ import annotations

from functools import cache

UNKNOWN = "▯"
"""Drawn in place of a letter that the font lacks, such as Chinese ones."""


@cache
def _letters() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties())).get_charmap())


def drawable(text: str) -> str:
    r"""Text without what matplotlib would take for a formula, a control character, or cannot draw.

    Example:
        >>> drawable("cat_1.png"), drawable("5$ 猫\n")
        ('cat_1.png', '5\\$ ▯▯')
    """
    known = _letters()
    drawn = [
        letter if ord(letter) in known and letter.isprintable() else UNKNOWN for letter in text
    ]
    return "".join(drawn).replace("$", r"\$")
