"""The figure of an image audit."""

import pytest
from PIL import Image

from mldiag.data.images.read import read_images
from mldiag.data.media import find_media
from mldiag.findings import ranked
from mldiag.steps.audit.checks import checks_of
from mldiag.steps.audit.files.plot_images import plot
from mldiag.steps.drawing import save
from tests.data.media_folders import image_folder


def audited(folder):
    images = read_images(find_media(folder))
    return images, ranked([module.judge(images) for module in checks_of("image")])


def words(figure):
    from matplotlib.text import Text

    return " ".join(text.get_text() for text in figure.findobj(Text))


def test_a_healthy_set_is_said_in_words(tmp_path):
    images, findings = audited(image_folder(tmp_path, 30, test=12))
    assert findings[0].title in words(plot(images, findings))


def test_the_worst_files_are_shown_with_their_names(tmp_path):
    image_folder(tmp_path, 40, test=12)
    files = sorted(tmp_path.glob("train/a/*.png"))
    for file in files[:2]:
        with Image.open(file) as image:
            dark = image.point(lambda v: v // 9)
        dark.save(file)
    files[2].write_bytes(b"<html>$5_off$</html>")
    (tmp_path / "test/a/twin.png").write_bytes(files[4].read_bytes())
    for file in tmp_path.glob("train/b/*.png"):
        with Image.open(file) as image:
            larger = image.resize((80, 80))
        larger.save(file)
    images, findings = audited(tmp_path)
    figure = plot(images, findings)
    shown = words(figure)
    for file in (*files[:3], files[4], tmp_path / "twin.png"):
        assert file.name in shown
    assert "usual in this set" in shown
    save(figure, [tmp_path / "figure.png"])
    with Image.open(tmp_path / "figure.png") as drawn:
        assert drawn.width > 1000


@pytest.mark.parametrize("name", ["$x$^.png", "a" * 80 + ".png", "üñí 猫.png"])
def test_odd_names_are_drawn_as_they_are(tmp_path, name):
    image_folder(tmp_path, 24)
    (tmp_path / "a" / name).write_bytes(b"")
    images, findings = audited(tmp_path)
    figure = plot(images, findings)
    figure.set_layout_engine("none")
    figure.savefig(tmp_path / "figure.svg")
    assert (tmp_path / "figure.svg").stat().st_size > 1000
