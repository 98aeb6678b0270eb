"""`mldiag prepare audio`: told first, written on demand, the originals untouched."""

import csv

import numpy as np
import pytest
import soundfile

from mldiag.data.audio.preparing import measured_loudness
from tests.sounds import RATE, healthy, speech, write


def rows(folder):
    with (folder / "prepared.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def bytes_of(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def folder(tmp_path):
    return healthy(tmp_path / "in", 4)


def test_it_tells_first_and_prints_the_command_that_writes(mldiag, folder, tmp_path):
    answer = mldiag("prepare", "audio", folder, "out", "--rate", "8000", "--loudness", "-23")
    assert answer.code == 0
    assert not (tmp_path / "out").exists()
    assert f"prepare audio {folder} out --rate 8000 --loudness -23 --write" in answer.out
    told = " ".join(answer.out.split())
    assert "resample to 8,000 Hz" in told
    assert "Nothing was written" in told


def test_it_writes_what_it_told_and_leaves_the_originals(mldiag, folder, tmp_path):
    edge = np.zeros(RATE)
    write(folder, "00.wav", np.concatenate([edge, speech(0), edge]) + 0.02)
    before = bytes_of(folder)
    answer = mldiag("prepare", "audio", folder, "out", "--rate", 8000, "--loudness", -23, "--yes")
    assert answer.code == 0
    assert "wrote 4 sounds to out" in answer.out
    assert bytes_of(folder) == before
    sound, rate = soundfile.read(tmp_path / "out" / "00.wav", dtype="float32", always_2d=True)
    assert rate == 8000
    assert len(sound) / rate == pytest.approx(1.5 + 2 * 0.1, abs=0.12)
    assert abs(sound.mean()) < 1e-3
    assert measured_loudness(sound, rate) == pytest.approx(-23, abs=0.2)
    first = rows(tmp_path / "out")[0]
    assert float(first["cut_start_seconds"]) == pytest.approx(0.9, abs=0.1)
    assert first["status"] == "prepared"


def test_the_inverse_gain_restores_the_level(mldiag, folder, tmp_path):
    mldiag("prepare", "audio", folder, "out", "--loudness", "-30", "--no-trim", "--write")
    for row in rows(tmp_path / "out"):
        original, _ = soundfile.read(folder / row["source"])
        sound, _ = soundfile.read(tmp_path / "out" / row["file"])
        restored = sound * 10 ** (float(row["inverse_gain_db"]) / 20) + float(
            row["offsets_removed"]
        )
        assert np.abs(restored - original).max() < 5e-4


def test_a_gain_stops_below_full_scale_and_says_so(mldiag, tmp_path):
    sound = 0.05 * speech(1)
    sound[9000] = 0.9
    write(tmp_path / "in", "a.wav", sound)
    answer = mldiag("prepare", "audio", "in", "out", "--loudness", "-10", "--write")
    assert "1 are kept quieter" in answer.out
    (row,) = rows(tmp_path / "out")
    assert row["limited"] == "True"
    assert np.abs(soundfile.read(tmp_path / "out" / "a.wav")[0]).max() < 0.99


@pytest.mark.parametrize(
    ("second", "how"), [(-1.0, "difference"), (0.0, "channel 1"), (0.5, "mean")]
)
def test_mono_keeps_the_sound_whatever_the_channels(mldiag, tmp_path, second, how):
    sound = speech(1)
    write(tmp_path / "in", "a.wav", np.stack([sound, second * sound], axis=1))
    mldiag("prepare", "audio", "in", "out", "--mono", "--write")
    (row,) = rows(tmp_path / "out")
    assert (row["mono"], row["channels"]) == (how, "1")
    assert np.abs(soundfile.read(tmp_path / "out" / "a.wav")[0]).max() > 0.3


def test_mu_law_is_written_where_asked_for(mldiag, folder, tmp_path):
    mldiag("prepare", "audio", folder, "out", "--mu-law", "--write")
    assert soundfile.info(tmp_path / "out" / "00.wav").subtype == "ULAW"


def test_noise_makes_pairs_at_the_stated_ratio_and_the_same_again(mldiag, folder, tmp_path):
    random = np.random.default_rng(0)
    write(tmp_path / "noise", "n.wav", 0.1 * random.normal(size=22050), 22050)
    for out in ("one", "two"):
        answer = mldiag("prepare", "audio", folder, out, "--noise", "noise", "--snr", 6, "--write")
        assert answer.code == 0
    for row in rows(tmp_path / "one"):
        noisy, clean = (
            soundfile.read(tmp_path / "one" / row[c])[0] for c in ("file", "clean_file")
        )
        ratio = 10 * np.log10((clean**2).mean() / ((noisy - clean) ** 2).mean())
        assert ratio == pytest.approx(6, abs=0.1)
        assert row["noise_file"] == "n.wav"
    assert [f.read_bytes() for f in sorted((tmp_path / "one").rglob("*.wav"))] == [
        f.read_bytes() for f in sorted((tmp_path / "two").rglob("*.wav"))
    ]


def test_broken_files_are_left_out_with_the_reason(mldiag, folder, tmp_path):
    (folder / "bad.wav").write_bytes(b"nothing")
    write(folder, "=cmd.wav", np.zeros(8000))
    answer = mldiag("prepare", "audio", folder, "out", "--write")
    assert "2 were left out" in answer.out
    told = {row["source"]: row["status"] for row in rows(tmp_path / "out")}
    assert told["bad.wav"].startswith("left out: no sound")
    assert told["'=cmd.wav"] == "left out: it is silent"


def test_two_endings_of_one_name_do_not_meet(mldiag, tmp_path):
    write(tmp_path / "in", "a.wav", speech(1))
    write(tmp_path / "in", "a.flac", speech(2))
    mldiag("prepare", "audio", "in", "out", "--write")
    assert {row["file"] for row in rows(tmp_path / "out")} == {"a.wav.wav", "a.flac.wav"}


@pytest.mark.parametrize("out", ["in", "in/below", "."])
def test_out_must_not_be_in_or_around_in(mldiag, folder, out):
    before = bytes_of(folder)
    answer = mldiag("prepare", "audio", "in", out, "--write")
    assert answer.code == 2
    assert "the originals stay as they are" in answer.err
    assert bytes_of(folder) == before


def test_nothing_is_replaced_unasked(mldiag, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "02.wav").write_text("mine")
    answer = mldiag("prepare", "audio", "in", "out", "--write")
    assert answer.code == 2
    assert "--overwrite" in answer.err
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["02.wav"]
    assert (tmp_path / "out" / "02.wav").read_text() == "mine"
    assert mldiag("prepare", "audio", "in", "out", "--write", "--overwrite").code == 0
    assert soundfile.info(tmp_path / "out" / "02.wav").samplerate == RATE


def test_a_link_in_out_is_not_followed(mldiag, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "02.wav").symlink_to(folder / "00.wav")
    before = bytes_of(folder)
    answer = mldiag("prepare", "audio", "in", "out", "--write", "--overwrite")
    assert answer.code == 2
    assert bytes_of(folder) == before


@pytest.mark.parametrize(
    ("flags", "part"),
    [(["--rate", "0"], "--rate 0"), (["--loudness", "5"], "--loudness 5"),
     (["--margin", "-1"], "--margin -1")],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(mldiag, folder, flags, part):
    answer = mldiag("prepare", "audio", "in", "out", *flags)
    assert answer.code == 2
    assert part in answer.err
