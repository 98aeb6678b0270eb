"""File names and labels as a figure can draw them."""

from __future__ import annotations

from mldiag.steps.glyphs import UNKNOWN, drawn_letters


def drawable(text: str) -> str:
    r"""Text without control characters and what matplotlib cannot draw.

    Example:
        >>> drawable("cat_1.png"), drawable("5$ அ\n")
        ('cat_1.png', '5$ ▯▯')
    """
    known = drawn_letters()
    drawn = [
        letter if ord(letter) in known and letter.isprintable() else UNKNOWN for letter in text
    ]
    return "".join(drawn)
