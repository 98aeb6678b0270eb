"""Every check of sounds: a sick set, its healthy twin, and too little to tell."""

import numpy as np
import pytest
import soundfile
import soxr

from mldiag.data.audio.facts import AudioAudit
from mldiag.steps.audit.checks import checks_of
from mldiag.steps.audit.checks.audio import CHECKS
from tests.sounds import RATE, audit, healthy, speech, write

BY_CODE = {module.CHECK.code: module for module in CHECKS}


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return healthy(tmp_path_factory.mktemp("clean"), 36)


@pytest.fixture
def folder(tmp_path):
    return healthy(tmp_path, 12)


def judged(place, code):
    return BY_CODE[code].judge(audit(place))


def named(finding):
    return sorted(finding.evidence["files"])


def test_a_clean_set_passes_every_check(clean):
    subject = audit(clean)
    findings = [module.judge(subject) for module in checks_of("audio")]
    told = {f.code: f.outcome for f in findings if f is not None}
    assert {told[code] for code in BY_CODE if code != "MD385"} == {"passed"}
    assert told["MD385"] == "not_applicable"


@pytest.mark.parametrize("code", BY_CODE)
def test_nothing_that_can_be_heard_is_not_called_passed(code, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"nothing")
    finding = judged(tmp_path, code)
    expected = {"MD360": "problem", "MD361": "passed", "MD368": "inconclusive"}
    assert finding.outcome == expected.get(code, "not_applicable")


def test_files_that_are_broken_or_cut_off_are_a_problem(folder):
    whole = (folder / "03.wav").read_bytes()
    (folder / "03.wav").write_bytes(whole[: len(whole) * 2 // 3])
    (folder / "05.wav").write_bytes(b"<html>not found</html>")
    finding = judged(folder, "MD360")
    assert finding.outcome == "problem"
    assert named(finding) == ["03.wav", "05.wav"]
    assert finding.evidence["truncated"] == finding.evidence["undecodable"] == 1
    assert "33% of the announced sound is missing" in finding.explanation
    assert "web page" in finding.explanation


def test_a_header_that_contradicts_itself_is_advice(folder):
    content = bytearray((folder / "03.wav").read_bytes())
    content[24:28] = (44100).to_bytes(4, "little")
    (folder / "03.wav").write_bytes(bytes(content))
    finding = judged(folder, "MD360")
    assert finding.outcome == "advice"
    assert "44,100 samples a second, and 16,000 by the byte rate" in finding.explanation


@pytest.mark.parametrize("kind", ["nan", "no samples", "zeros"])
def test_files_without_sound_are_a_problem(folder, kind):
    sound = speech(3)
    if kind == "nan":
        sound[700] = np.nan
    sound = {"nan": sound, "no samples": sound[:0], "zeros": 0 * sound}[kind]
    write(folder, "03.wav", sound, subtype="FLOAT")
    finding = judged(folder, "MD361")
    assert finding.outcome == "problem"
    assert named(finding) == ["03.wav"]


def test_silence_that_the_label_means_is_no_finding(tmp_path):
    healthy(tmp_path / "word")
    for number in range(4):
        write(tmp_path, f"nothing/{number}.wav", np.zeros(RATE))
    finding = judged(tmp_path, "MD361")
    assert finding.outcome == "passed"
    assert "4 are meant to be silent" in finding.title


def test_another_rate_is_a_problem_and_named(folder):
    write(folder, "03.wav", soxr.resample(speech(3), RATE, 22050), 22050)
    finding = judged(folder, "MD362")
    assert finding.outcome == "problem"
    assert named(finding) == ["03.wav"]
    assert "--rate 16000" in finding.action.text


def test_upsampled_sound_is_told_with_where_it_ends(folder):
    once = soxr.resample(soxr.resample(speech(3), RATE, 8000), 8000, RATE)
    write(folder, "03.wav", once)
    finding = judged(folder, "MD363")
    assert finding.outcome == "advice"
    assert named(finding) == ["03.wav"]
    assert finding.evidence["cutoff_hz"]["03.wav"] == pytest.approx(3900, abs=200)


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
@pytest.mark.parametrize("hidden", [False, True])
def test_telephone_coding_is_found_in_the_header_and_in_the_samples(folder, subtype, hidden):
    write(folder, "03.wav", speech(3), subtype=subtype)
    if hidden:
        decoded, _ = soundfile.read(folder / "03.wav", dtype="int16")
        write(folder, "03.wav", decoded)
    finding = judged(folder, "MD384")
    assert finding.outcome == "advice"
    assert named(finding) == ["03.wav"]
    assert finding.evidence["hidden"] == hidden


@pytest.mark.parametrize(
    ("second", "outcome"), [(-1.0, "problem"), (-0.6, "problem"), (0.0, "advice"), (1.0, "advice")]
)
def test_channels_unlike_the_others(folder, second, outcome):
    sound = speech(3)
    write(folder, "03.wav", np.stack([sound, second * sound], axis=1))
    finding = judged(folder, "MD364")
    assert finding.outcome == outcome
    assert named(finding) == ["03.wav"]


def test_stereo_that_is_stereo_everywhere_passes(tmp_path):
    for number in range(6):
        sound, other = speech(number), speech(number + 50)
        write(tmp_path, f"{number}.wav", np.stack([sound, 0.6 * sound + 0.5 * other], axis=1) / 2)
    assert judged(tmp_path, "MD364").outcome == "passed"


@pytest.mark.parametrize("kind", ["before", "after", "inside", "hole"])
def test_silence_and_holes(folder, kind):
    sound, nothing = speech(3), np.zeros(int(1.6 * RATE))
    holed = sound.copy()
    loud = int(np.argmax(np.convolve(sound**2, np.ones(800), "same")))
    holed[loud - 160 : loud + 160] = 0
    made = {
        "before": np.concatenate([nothing, sound]),
        "after": np.concatenate([sound, nothing]),
        "inside": np.concatenate([sound[:12000], nothing, sound[12000:]]),
        "hole": holed,
    }
    write(folder, "03.wav", made[kind])
    finding = judged(folder, "MD365")
    assert finding.outcome == "advice"
    assert named(finding) == ["03.wav"]
    assert finding.evidence["holes"] == (kind == "hole")


@pytest.mark.parametrize("after", [1.0, 0.5])
def test_clipping_is_found_at_full_scale_and_below(folder, after):
    write(folder, "03.wav", after * np.clip(5 * speech(3), -1, 1))
    finding = judged(folder, "MD366")
    assert finding.outcome == "advice"
    assert named(finding) == ["03.wav"]


def test_many_files_clipped_hard_are_a_problem(folder):
    for number in range(4):
        write(folder, f"{number:02d}.wav", np.clip(9 * speech(number), -1, 1))
    assert judged(folder, "MD366").outcome == "problem"


def test_a_deep_quiet_tone_is_not_clipped_although_its_peaks_are_flat(tmp_path):
    time = np.arange(3 * 44100) / 44100
    for number, pitch in enumerate((31, 50, 73)):
        write(tmp_path, f"{number}.wav", 0.15 * np.sin(2 * np.pi * pitch * time), 44100)
    assert judged(tmp_path, "MD366").outcome == "passed"


def test_an_offset_is_told_and_a_drum_is_not(folder):
    write(folder, "03.wav", 0.8 * speech(3) + 0.04)
    time = np.arange(RATE) / RATE
    write(folder, "04.wav", 0.9 * np.sin(2 * np.pi * 45 * time) * np.exp(-8 * time))
    finding = judged(folder, "MD367")
    assert named(finding) == ["03.wav"]
    assert finding.evidence["offset"]["03.wav"] == pytest.approx(0.04, abs=0.002)


def test_a_quiet_file_among_loud_ones(folder):
    write(folder, "03.wav", 0.05 * speech(3))
    finding = judged(folder, "MD368")
    assert finding.outcome == "advice"
    assert named(finding) == ["03.wav"]


def test_too_few_files_tell_no_usual_loudness(tmp_path):
    assert judged(healthy(tmp_path, 4), "MD368").outcome == "inconclusive"


@pytest.mark.parametrize("snr", [12, 6])
def test_noise_is_told_with_its_level(folder, snr):
    sound, random = speech(3), np.random.default_rng(0)
    noise = random.normal(size=len(sound)) * np.sqrt((sound**2).mean()) * 10 ** (-snr / 20)
    write(folder, "03.wav", 0.5 * (sound + noise))
    finding = judged(folder, "MD369")
    assert finding.outcome == "advice"
    assert named(finding) == ["03.wav"]
    assert finding.evidence["noisy"] == 1


@pytest.mark.parametrize("mains", [50, 60])
def test_hum_is_told_and_a_note_is_not(folder, mains):
    time = np.arange(6 * RATE) / RATE
    sound = speech(3, seconds=6)
    hum = sum(np.sin(2 * np.pi * mains * k * time) / k for k in (1, 2, 3))
    note = sum(np.sin(2 * np.pi * 55 * k * time) / k for k in (1, 2, 3))
    write(folder, "03.wav", sound + 0.01 * hum)
    write(folder, "04.wav", sound + 0.01 * note)
    finding = judged(folder, "MD369")
    assert named(finding) == ["03.wav"]
    assert f"hum at {mains}" in finding.evidence["what"]["03.wav"]


def _two_labels(folder, change):
    for number in range(36):
        label = "ab"[number % 2]
        rate, sound = change(label, speech(number, seconds=1 + number % 5 / 10))
        write(folder, f"{label}/{number}.wav", sound, rate)
    return folder


def test_a_rate_that_tells_the_label_is_a_problem(tmp_path):
    finding = judged(
        _two_labels(tmp_path, lambda label, x: (RATE if label == "a" else 11025, x)), "MD385"
    )
    assert finding.outcome == "problem"
    assert finding.title.startswith("The sample rate alone tells the label")
    assert finding.action.kind == "fix_leak"


def test_a_length_that_tells_the_label_is_advice(tmp_path):
    finding = judged(
        _two_labels(tmp_path, lambda label, x: (RATE, x if label == "a" else np.tile(x, 2))),
        "MD385",
    )
    assert finding.outcome == "advice"
    assert finding.title.startswith("The length alone tells the label")


def test_labels_that_nothing_tells_pass(tmp_path):
    assert judged(_two_labels(tmp_path, lambda label, x: (RATE, x)), "MD385").outcome == "passed"


def test_few_labelled_files_are_inconclusive(tmp_path):
    for number in range(8):
        write(tmp_path, f"{'ab'[number % 2]}/{number}.wav", speech(number))
    assert judged(tmp_path, "MD385").outcome == "inconclusive"


@pytest.mark.parametrize("code", BY_CODE)
def test_an_empty_collection_does_not_break(code):
    assert BY_CODE[code].judge(AudioAudit(())).outcome != "problem"


@pytest.mark.parametrize("code", BY_CODE)
def test_the_rule_is_told_with_the_thresholds_of_the_code(code):
    check = BY_CODE[code].CHECK
    assert "{" not in check.detection()
    assert check.slug.replace("-", "_") == BY_CODE[code].__name__.rsplit(".", 1)[1]
