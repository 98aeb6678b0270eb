"""Rich's console for text from outside: its own colours act, those that a name brings along do not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment

from mldiag.report.inert import inert

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderableType


class InertConsole(Console):
    r"""A console that shows control characters instead of sending them.

    Rich itself leaves out five of them, and lets the escape character through.

    Example:
        >>> from io import StringIO
        >>> console = InertConsole(file=StringIO(), markup=False)
        >>> console.print("a\x1b[2Jb")
        >>> console.file.getvalue() == "a\N{REPLACEMENT CHARACTER}[2Jb\n"
        True
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The pieces of anything that is printed; rich's own control codes stay."""
        for piece in super().render(renderable, options):
            yield piece if piece.control else Segment(inert(piece.text), piece.style)
