"""Names in figures: no formula, no broken drawing, no element that acts."""

import re
import warnings
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings

from mldiag.steps import drawing
from tests.security.hostile import MARKUP, MATHS, TERMINAL, texts


def drawn(text, folder):
    """A figure that holds a text wherever one can: its drawing, and the picture's first bytes."""
    files = [folder / "plot.png", folder / "plot.svg"]
    with warnings.catch_warnings():
        # Of letters that no font here has, of no room, and of a legend without what begins with a "_".
        warnings.simplefilter("ignore", UserWarning)
        figure, (axes,) = drawing.new_figure()
        axes.plot([1, 2], [1, 1000], label=text)
        axes.set_yscale("log")
        axes.set_xticks([1, 2])
        axes.set_xticklabels([text[:40], "b"])
        axes.set_xlabel(text)
        axes.set_title(text)
        axes.text(0.5, 0.5, text)
        axes.legend()
        drawing.title(figure, text, text)
        drawing.save(figure, files)
    return files[1].read_text(encoding="utf-8"), files[0].read_bytes()[:8]


@settings(
    max_examples=8, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(text=texts())
@example(text=MATHS[0])  # matplotlib read a formula and gave up
@example(text="".join(TERMINAL))  # a drawing that no reader of XML took
@example(text="".join(MARKUP))
@example(text="_hidden")
def test_a_drawing_is_whole_and_nothing_in_it_acts(tmp_path, text):
    svg, png = drawn(text, tmp_path)
    assert png == b"\x89PNG\r\n\x1a\n"
    for element in ElementTree.fromstring(svg).iter():
        assert element.tag.rpartition("}")[2] not in (
            "script",
            "foreignObject",
            "a",
            "image",
            "animate",
        )
        for name, value in element.attrib.items():
            name = name.rpartition("}")[2]
            assert not name.startswith("on")
            if name == "href":
                assert re.fullmatch(r"#[\w-]+", value)


@pytest.mark.parametrize("text", ["a$b$", "5$ and 6$", r"\$", "$x$"])
def test_a_name_keeps_its_dollar_signs(text, tmp_path):
    figure, (axes,) = drawing.new_figure()
    label = axes.set_xlabel(text)
    axes.set_yscale("log")
    axes.plot([1, 2], [1, 1000])
    drawing.save(figure, [tmp_path / "plot.png"])
    assert (label.get_text(), label.get_parse_math()) == (text, False)
    powers = [tick.get_text() for tick in axes.get_yticklabels()]
    assert any("mathdefault" in power for power in powers)  # matplotlib's own formulas stay
    assert all(tick.get_parse_math() for tick in axes.get_yticklabels())
