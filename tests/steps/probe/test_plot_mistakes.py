"""Figures of mistakes and samples: drawn where there are data, whatever the examples are."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mldiag.recording.recorded import Recording
from mldiag.steps.probe import plot_mistakes, plot_samples
from mldiag.steps.probe.plot_examples import as_picture, kind_of
from tests.steps.probe.evaluated import changed, classes, values

RANDOM = np.random.default_rng(0)
EXAMPLES = {
    "picture": RANDOM.random((120, 3, 12, 12)),
    "sound": RANDOM.normal(size=(120, 1, 3000)),
    "ids": RANDOM.integers(0, 50, (120, 20)),
    "row": RANDOM.normal(size=(120, 7)),
    "series": RANDOM.normal(size=(120, 40, 5)),
}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_mistakes_are_shown_as_what_they_are(kind):
    rows = changed(classes(rows=120), eval__inputs=EXAMPLES[kind])
    assert kind_of(EXAMPLES[kind], {}) == kind
    figure = plot_mistakes.figures(rows)["mistakes"]
    FigureCanvasAgg(figure).draw()
    drawn = [axis for axis in figure.axes if axis.texts]
    assert len(drawn) >= 8
    assert all("said" in axis.texts[-1].get_text() for axis in drawn)


def test_classes_and_values_have_their_own_figures():
    assert sorted(plot_mistakes.figures(classes())) == ["calibration", "confusion", "mistakes"]
    assert list(plot_mistakes.figures(values())) == ["mistakes"]
    assert "calibration" not in plot_mistakes.figures(classes(graded=False))
    assert plot_mistakes.figures(Recording({}, {})) == {}
    assert plot_samples.figures(Recording({}, {})) == {}


def test_names_with_signs_of_formulas_and_many_classes_are_drawn():
    many = classes(rows=400, kinds=40, classes=[f"$class_{k}$ {'long ' * 9}" for k in range(40)])
    figure = plot_mistakes.figures(many)["confusion"]
    FigureCanvasAgg(figure).draw()
    assert len(figure.axes[0].get_xticks()) == plot_mistakes.MOST_CLASSES


def test_samples_stand_above_their_nearest_real_rows():
    made, real = RANDOM.random((16, 1, 8, 8)), RANDOM.random((16, 1, 8, 8))
    closeness = np.full(90, 1.0)
    closeness[0] = 0.01
    seen = Recording(
        {},
        {
            "samples/made": made, "samples/neighbours": made, "samples/real": real,
            "samples/closeness": closeness, "samples/real_closeness": np.ones(90),
        },
    )  # fmt: skip
    figure = plot_samples.figures(seen)["samples"]
    FigureCanvasAgg(figure).draw()
    captions = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert captions.count("0.01 apart") == 1
    assert captions.count("1 apart") == 15


def test_reconstructions_and_diversity():
    seen = Recording(
        {"task": "autoencoder"},
        {
            "eval/originals": RANDOM.random((9, 1, 8, 8)),
            "eval/outputs": RANDOM.random((9, 1, 8, 8)),
        },
    )
    assert list(plot_samples.figures(seen)) == ["reconstructions"]
    course = Recording(
        {}, {"eval/samples/coverage": np.array([0.9, 0.5]), "eval/step": np.array([1.0, 2.0])}
    )
    assert list(plot_samples.figures(course)) == ["diversity"]


def test_constant_and_broken_pictures_are_drawn():
    assert as_picture(np.full((4, 4), 3.0)).tolist() == np.zeros((4, 4)).tolist()
    inputs = EXAMPLES["picture"].copy()
    inputs[:] = np.nan
    figure = plot_mistakes.figures(changed(classes(rows=120), eval__inputs=inputs))["mistakes"]
    FigureCanvasAgg(figure).draw()
