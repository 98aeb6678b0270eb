import pytest
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text

from mldiag.steps import drawing, glyphs
from mldiag.steps.audit.files.drawable_text import UNKNOWN, drawable

OTHER = "STIXGeneral"
"""A second font that comes with matplotlib; it stands for a Japanese one."""


@pytest.fixture
def fonts(monkeypatch):
    """Say which fonts hold Japanese."""

    def installed(*names):
        monkeypatch.setattr(glyphs, "JAPANESE_FONTS", names)
        glyphs._families.cache_clear()

    yield installed
    glyphs._families.cache_clear()


def rare_letter():
    bold = get_font(findfont(FontProperties(family=OTHER, weight="bold"))).get_charmap()
    return chr(max(glyphs._letters(OTHER) & set(bold) - glyphs._letters("DejaVu Sans")))


def a_figure(title, label):
    figure, (axes,) = drawing.new_figure()
    axes.set_xticks([0, 1], [label, "plain"])
    drawing.title(figure, title, "detail")
    return figure, axes


def test_what_the_usual_font_lacks_is_drawn_in_the_other_one(fonts, tmp_path):
    fonts("No Such Font", OTHER)
    letter = rare_letter()
    assert ord(letter) in glyphs.drawn_letters()
    figure, axes = a_figure(f"the column {letter}", letter)
    drawing.save(figure, [tmp_path / "a.png", tmp_path / "a.svg"])  # a missing glyph would warn
    family = {text.get_text(): text.get_fontfamily() for text in axes.get_xticklabels()}
    assert family[letter] == ["DejaVu Sans", OTHER]
    assert OTHER not in family["plain"]


def test_without_such_a_font_figures_stay_as_they_are(fonts):
    fonts("No Such Font")
    figure, _ = a_figure("a title", "日本")
    before = [text.get_fontfamily() for text in figure.findobj(Text)]
    glyphs.let_all_be_drawn(figure)
    assert [text.get_fontfamily() for text in figure.findobj(Text)] == before
    assert drawable("日本 a") == f"{UNKNOWN}{UNKNOWN} a"


def test_a_title_is_bold_only_where_the_font_is(fonts, monkeypatch):
    fonts(OTHER)
    assert glyphs._has_bold(OTHER)
    monkeypatch.setattr(glyphs, "_has_bold", lambda family: False)
    figure, _ = a_figure(f"the column {rare_letter()}", "x")
    glyphs.let_all_be_drawn(figure)
    assert figure._suptitle.get_fontweight() == "normal"
