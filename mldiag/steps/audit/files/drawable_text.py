"""File names and labels as a figure can draw them."""

from __future__ import annotations

from mldiag.steps.glyphs import drawn_letters

UNKNOWN = "▯"
"""Drawn in place of a letter that no font at hand has, often Japanese or Chinese ones."""


def drawable(text: str) -> str:
    r"""Text without what matplotlib would take for a formula, a control character, or cannot draw.

    Example:
        >>> drawable("cat_1.png"), drawable("5$ அ\n")
        ('cat_1.png', '5\\$ ▯▯')
    """
    known = drawn_letters()
    drawn = [
        letter if ord(letter) in known and letter.isprintable() else UNKNOWN for letter in text
    ]
    return "".join(drawn).replace("$", r"\$")
