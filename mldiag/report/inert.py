r"""Text from outside that a terminal only shows.

Names of columns, files and classes, messages of servers and what a script printed may hold control
characters: they can colour or clear a terminal, set its title or the clipboard, or write over a line that
stood there. Overrides of the writing direction can make a command read as another one. Every way to a
terminal goes through here: consoles (`inert_console.py`), errors, and lines of JSON.
"""

from __future__ import annotations

import re

_LOUD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but for tab and line end, and overrides of the direction (Unicode TR 36, 2.7)."""


def inert(text: str) -> str:
    r"""The text with a replacement character for everything that would act in a terminal.

    Example:
        >>> inert("a\x1b[31mb\r\n\tc\u202e") == "a\ufffd[31mb\n\tc\ufffd"
        True
    """
    return _LOUD.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def inert_json(text: str) -> str:
    r"""JSON of the same meaning in which everything that would act in a terminal is escaped.

    Args:
        text: JSON on one line; such characters stand within its strings alone.

    Example:
        >>> print(inert_json('"a\x9b31m"'))
        "a\u009b31m"
    """
    return _LOUD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
