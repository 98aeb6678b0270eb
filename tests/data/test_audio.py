"""What is measured of a sound, against what was put into it."""

import io
import struct
import sys
import zipfile

import numpy as np
import pyloudnorm
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as some

from mldiag.data.audio.framing import framing
from mldiag.data.audio.header import announced
from mldiag.data.audio.levels import loud_level, pauses
from mldiag.data.audio.loudness import LoudnessMeter
from mldiag.data.audio.measure import measure
from mldiag.data.audio.read import read_audio
from mldiag.data.audio.runs import equal_runs
from mldiag.data.media import find_media
from mldiag.errors import MldiagError
from tests.sounds import RATE, audit, facts_of, healthy, speech, write


def measured(samples, rate=RATE, subtype="PCM_16", block=None):
    columns = samples.reshape(len(samples), -1).astype(np.float32)
    frames = framing(rate, columns.shape[1])
    block = block or frames.block
    pieces = [columns[start : start + block] for start in range(0, len(columns), block)]
    return measure(pieces, frames, channels=columns.shape[1], subtype=subtype, frames=len(columns))


def loudness(samples, rate):
    columns = samples.reshape(len(samples), -1).astype(np.float64)
    frames = framing(rate, columns.shape[1])
    meter = LoudnessMeter(frames, columns.shape[1])
    for start in range(0, len(columns), 15 * frames.frame):
        meter.add(columns[start : start + 15 * frames.frame])
    return meter.loudness()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_loudness_in_blocks_is_that_of_pyloudnorm(rate):
    sound = speech(1, seconds=4, rate=rate)
    stereo = np.stack([sound, 0.5 * sound], axis=1)
    whole = pyloudnorm.Meter(rate).integrated_loudness(stereo)
    assert loudness(stereo, rate) == pytest.approx(whole, abs=0.1)


def test_a_sine_at_full_scale_has_the_loudness_that_the_standard_says():
    time = np.arange(3 * 48000) / 48000
    assert loudness(np.sin(2 * np.pi * 997 * time), 48000) == pytest.approx(-3.01, abs=0.1)


def test_loudness_of_a_tenth_of_a_second_and_of_silence():
    assert loudness(speech(1, seconds=0.1), RATE) is not None
    assert loudness(np.zeros(RATE), RATE) is None


def test_blocks_of_any_size_of_whole_frames_measure_the_same():
    sound = np.clip(4 * speech(2, seconds=3), -1, 1)
    sound = np.rint(sound * 32768) / 32768
    small, large = measured(sound, block=5 * framing(RATE, 1).frame), measured(sound)
    assert small.levels.loud_db == pytest.approx(large.levels.loud_db, abs=1e-6)
    assert small.silence == large.silence
    assert small.clipping.runs == pytest.approx(large.clipping.runs, rel=0.05)
    assert small.levels.loudness == pytest.approx(large.levels.loudness, abs=1e-6)


def test_silence_is_measured_to_a_frame():
    sound = np.concatenate([np.zeros(8000), speech(3), np.zeros(12000)])
    found = measured(sound).silence
    assert found.leading == pytest.approx(0.5, abs=0.1)
    assert found.trailing == pytest.approx(0.75, abs=0.1)


def test_a_hole_is_found_where_it_is():
    sound = speech(3)
    loud = int(np.argmax(np.convolve(sound**2, np.ones(800), "same")))
    sound[loud : loud + 320] = 0
    found = measured(sound).silence
    assert found.dropouts == 1
    start, length = found.dropout_places[0]
    assert start == pytest.approx(loud / RATE, abs=0.001)
    assert length == pytest.approx(0.02, abs=0.001)


def test_a_gate_that_closes_in_a_pause_is_no_hole():
    sound = speech(3)
    quiet = np.convolve(np.abs(sound), np.ones(320) / 320, "same") < 0.002
    assert measured(np.where(quiet, 0, sound)).silence.dropouts == 0


def test_not_finite_samples_are_counted_and_placed():
    sound = speech(3)
    sound[[4000, 9000]] = np.nan, np.inf
    found = measured(sound, subtype="FLOAT")
    assert found.not_finite == 2
    assert found.first_not_finite == pytest.approx(0.25)
    assert np.isfinite(found.levels.loudness)


@settings(max_examples=40, deadline=None)
@given(
    some.lists(some.floats(-2, 2, width=32), min_size=1, max_size=700),
    some.sampled_from([1, 40, 999, 8000, 44100]),
)
def test_any_few_samples_at_any_rate_are_measured(values, rate):
    found = measured(np.array(values), rate=rate, subtype="FLOAT")
    assert found.levels.peak == pytest.approx(np.abs(np.float32(values)).max())
    assert 0 <= found.silence.leading <= len(values) / rate + 1e-9


@given(some.lists(some.sampled_from([0.0, 1.0]), max_size=60), some.integers(1, 5))
def test_runs_are_all_of_equal_values_and_as_long_as_can_be(values, least):
    starts, lengths = equal_runs(np.array(values), least)
    for start, length in zip(starts, lengths, strict=True):
        assert len(set(values[start : start + length])) == 1
        assert length >= least
    long = sum(len(list(run)) >= least for run in _runs(values))
    assert len(starts) == long


def _runs(values):
    from itertools import groupby

    return [list(group) for _, group in groupby(values)]


def test_levels_without_sound_do_not_break():
    levels = np.full(7, -120.0)
    assert loud_level(levels) == -120
    assert pauses(levels, -60).leading == 7


@pytest.mark.parametrize(
    ("form", "subtype", "name"),
    [("WAV", "PCM_16", "a.wav"), ("AIFF", "PCM_24", "a.aiff"), ("AU", "ULAW", "a.au"),
     ("FLAC", "PCM_16", "a.flac"), ("OGG", "VORBIS", "a.ogg"), ("RF64", "PCM_16", "a.wav"),
     ("MP3", "MPEG_LAYER_III", "a.mp3")],
)  # fmt: skip
def test_whole_files_are_whole_and_cut_ones_are_cut(tmp_path, form, subtype, name):
    stream = io.BytesIO()
    soundfile.write(stream, speech(1, seconds=3), RATE, format=form, subtype=subtype)
    content = stream.getvalue()
    (tmp_path / name).write_bytes(content)
    (facts,) = audit(tmp_path).all
    assert facts.problem is None
    assert not facts.header.truncated
    assert facts.header.doubts == ()
    assert facts.header.seconds == pytest.approx(3, abs=0.1)
    (tmp_path / name).write_bytes(content[: len(content) * 6 // 10])
    (facts,) = audit(tmp_path).all
    assert facts.header.truncated
    known = form not in ("OGG", "MP3", "FLAC")
    assert not known or facts.header.missing_share == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_length_that_a_pipe_left_open_is_not_missing(tmp_path, length):
    content = bytearray(write(tmp_path, "a.wav", speech(1)).read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", length)
    assert not announced(io.BytesIO(bytes(content))).cut


@pytest.mark.parametrize(
    ("content", "part"),
    [(b"", "0 bytes"), (b"<html>", "web page"), (b"PK\x03\x04" + bytes(60), "zip"),
     (bytes(500), "zeros only"), (b"RIFF\x10\0\0\0WAVE", "decoded"),
     (b"\0\0\0\x20ftypM4A " + bytes(60), "AAC")],
)  # fmt: skip
def test_what_is_no_sound_is_told(tmp_path, content, part):
    (tmp_path / "a.wav").write_bytes(content)
    (facts,) = audit(tmp_path).all
    assert part in facts.problem


@settings(max_examples=60, deadline=None)
@given(
    some.binary(max_size=200),
    some.sampled_from([b"RIFF....WAVE", b"FORM....AIFF", b".snd", b"OggS", b"fLaC"]),
)
def test_any_bytes_are_read_without_breaking(tmp_path_factory, content, start):
    announced(io.BytesIO(start + content))
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "a.wav").write_bytes(start + content)
    (facts,) = audit(folder).all
    assert facts.problem is not None or facts.header is not None


def test_equal_sounds_have_equal_signals_however_they_are_stored(tmp_path):
    sound = np.rint(speech(1) * 32000).astype(np.int16)
    write(tmp_path, "a.wav", sound)
    write(tmp_path, "b.flac", sound)
    write(tmp_path, "c.wav", sound + 1)
    a, b, c = audit(tmp_path).all
    assert a.signal_hash == b.signal_hash != c.signal_hash
    assert a.content_hash != b.content_hash


def test_an_archive_measures_as_its_folder_does(tmp_path):
    folder = healthy(tmp_path / "folder", 3)
    with zipfile.ZipFile(tmp_path / "sounds.zip", "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    told = []
    inside = read_audio(
        find_media(tmp_path / "sounds.zip"), progress=lambda done, all_: told.append((done, all_))
    )
    assert inside.train == audit(folder).train
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    healthy(tmp_path, 1)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(MldiagError) as error:
        audit(tmp_path)
    assert error.value.hint == 'pip install "mldiag[audio]"'


def test_upsampling_is_seen_and_a_dull_sound_is_not_taken_for_it(tmp_path):
    random = np.random.default_rng(0)
    dull = np.convolve(random.normal(size=3 * RATE), np.hanning(60), "same")
    assert facts_of(tmp_path, dull / np.abs(dull).max()).sound.cutoff is None
