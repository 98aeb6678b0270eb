"""A folder of sounds and one of images are audited by the command."""

import wave

import numpy as np
import pytest
from PIL import Image


def sound(file, number):
    rate = 8000
    tone = np.sin(2 * np.pi * (200 + 40 * number) * np.arange(rate) / rate)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((8000 * tone).astype("<i2").tobytes())


def image(file, number):
    pixels = np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)


@pytest.mark.parametrize(("write", "ending"), [(sound, "wav"), (image, "png")])
def test_a_folder_of_files_is_audited(mldiag, tmp_path, write, ending):
    for label in ("one", "two"):
        (tmp_path / "files" / label).mkdir(parents=True)
        for number in range(6):
            write(tmp_path / "files" / label / f"{number}.{ending}", number + 6 * (label == "two"))
    answer = mldiag("audit", "files", "--no-mlflow")
    assert answer.code == 0, answer.err
    assert "audit of files" in answer.out
