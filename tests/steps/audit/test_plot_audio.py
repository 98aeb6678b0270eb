"""The figure of sounds: one row a finding, the worst file in it."""

import numpy as np
import pytest

from mldiag.data.audio.facts import AudioAudit
from mldiag.findings import Finding
from mldiag.steps.audit.checks import checks_of
from mldiag.steps.audit.files.plot_audio import MOST_ROWS, plot
from mldiag.steps.audit.files.sounds_drawn import PLACES, Place, close_up, read_drawn
from tests.sounds import audit, healthy, speech, write


@pytest.fixture(scope="module")
def sick(tmp_path_factory):
    folder = healthy(tmp_path_factory.mktemp("sick"), 8)
    write(folder, "02.wav", np.clip(6 * speech(2), -1, 1))
    write(folder, "03.wav", np.concatenate([np.zeros(30000), speech(3)]))
    whole = (folder / "04.wav").read_bytes()
    (folder / "04.wav").write_bytes(whole[: len(whole) // 2])
    return audit(folder)


def findings_of(subject):
    found = [module.judge(subject) for module in checks_of("audio")]
    return [finding for finding in found if finding is not None]


def titles(figure):
    return [part.get_suptitle() for part in figure.subfigs]


def test_each_finding_has_a_row_with_its_worst_file(sick):
    figure = plot(sick, findings_of(sick))
    shown = titles(figure)
    assert [words[:5] for words in shown] == ["MD360", "MD365", "MD366"]
    names = [part.axes[0].get_title(loc="left") for part in figure.subfigs]
    assert names == ["04.wav", "03.wav", "02.wav"]


def test_a_clean_set_shows_an_example(tmp_path):
    subject = audit(healthy(tmp_path, 3))
    assert titles(plot(subject, [])) == ["Nothing found in 3 sounds; one of them"]


def test_nothing_that_can_be_drawn_says_so(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"nothing")
    figure = plot(audit(tmp_path), [])
    assert "No sound could be decoded" in figure.axes[0].texts[0].get_text()
    assert plot(AudioAudit(()), []).axes


@pytest.mark.parametrize("code", PLACES)
def test_every_place_can_be_drawn(sick, code):
    finding = Finding(code, "x", "advice", "some title", evidence={"files": ["02.wav"]})
    figure = plot(sick, [finding] * (MOST_ROWS + 2))
    assert len(figure.subfigs) == MOST_ROWS
    figure.subfigs[0].axes[0].get_lines()
    figure.canvas.draw()


def test_the_close_up_of_a_long_sound_is_at_its_place(tmp_path):
    sound = np.tile(speech(1, seconds=5), 20)
    sound[(80 * 16000)] = 1.0
    write(tmp_path, "a.wav", sound)
    subject = audit(tmp_path)
    place = Place(centre=80.0, width=0.02)
    drawn = read_drawn(subject.collection, subject.train[0], place)
    assert len(drawn.samples) == 60 * 16000
    start, near = close_up(drawn, place)
    assert start + np.argmax(near[:, 0]) / 16000 == pytest.approx(80.0, abs=0.001)
