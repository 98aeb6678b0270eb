"""Which characters a figure can draw: those of the usual font, and of a Japanese one where there is one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

JAPANESE_FONTS = (
    "Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "IPAGothic", "TakaoGothic",
    "Hiragino Sans", "Yu Gothic", "MS Gothic",
)  # fmt: skip
"""Fonts that hold Japanese, as they come with systems; the first one found is used."""

UNKNOWN = "▯"
"""Drawn in place of a letter that no font at hand has, often Japanese or Chinese ones."""


def drawn_letters() -> frozenset[int]:
    """Code points that figures can draw."""
    return frozenset().union(*map(_letters, _families()))


def let_all_be_drawn(figure: Figure) -> None:
    """Let names and labels that the usual font lacks be drawn in a Japanese one, where there is one.

    Args:
        figure: A finished figure; text that the usual font has is left as it is.
    """
    usual, *others = _families()
    if not others:
        return
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if isinstance(text, Text) and not set(map(ord, text.get_text())) <= _letters(usual):
            text.set_fontfamily([usual, *others])
            if not _has_bold(others[0]):  # matplotlib would complain of it at every size
                text.set_fontweight("normal")


def show_as_written(figure: Figure) -> None:
    r"""Let names be drawn as they are written, whatever they hold.

    Between two dollar signs matplotlib reads a formula, and fails at one that is none: `$\frac$` may well be
    the name of a column. A control character would make a drawing that no reader of XML takes.

    Args:
        figure: A finished figure; the numbers of logarithmic axes, which matplotlib writes, stay formulas.
    """
    from matplotlib.text import Text
    from matplotlib.ticker import LogFormatter

    numbers = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        ticks = (*axis.get_major_ticks(), *axis.get_minor_ticks())
        if isinstance(axis.get_major_formatter(), LogFormatter):
            numbers |= {label for tick in ticks for label in (tick.label1, tick.label2)}
        else:
            _make_labels_printable(axis)
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text not in numbers:
            text.set_parse_math(False)
            text.set_text(_printable(text.get_text()))


def _make_labels_printable(axis: Axis) -> None:
    """At the ticks, too, whose texts are asked for again when the figure is drawn."""
    from matplotlib.ticker import FixedFormatter, FuncFormatter

    named: Any = axis.get_major_formatter()
    if isinstance(named, FixedFormatter):
        named.seq = [_printable(str(text)) for text in named.seq]
    elif isinstance(named, FuncFormatter):
        told = named.func
        named.func = lambda value, place: _printable(told(value, place))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else UNKNOWN for c in text)


@cache
def _families() -> tuple[str, ...]:
    """The usual font, and a Japanese one if there is one."""
    from matplotlib.font_manager import FontProperties, fontManager

    installed = {font.name for font in fontManager.ttflist}
    japanese = next((name for name in JAPANESE_FONTS if name in installed), None)
    usual = FontProperties().get_name()
    return (usual,) if japanese in (None, usual) else (usual, str(japanese))


@cache
def _has_bold(family: str) -> bool:
    from matplotlib.font_manager import fontManager, weight_dict

    weights = [font.weight for font in fontManager.ttflist if font.name == family]
    return any(weight_dict.get(str(weight), weight) in range(600, 1000) for weight in weights)


@cache
def _letters(family: str) -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family=family))).get_charmap())
