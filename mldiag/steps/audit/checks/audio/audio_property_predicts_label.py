"""MD385: does something other than what is heard tell the label?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Check, Finding
from mldiag.steps.audit.files.property_told import Thresholds, Words, judge_properties
from mldiag.steps.audit.files.sounds_told import sound_of

Property = Callable[[AudioFacts], float | str | None]


THRESHOLDS = Thresholds(content=0.6)

CHECK = Check(
    code="MD385",
    slug="audio-property-predicts-label",
    title="Does a property other than the content tell the label?",
    detects=(
        "Each property alone tells the label of files that did not make the rule: balanced accuracy "
        "above chance, or hits minus false alarms of one label. How a file was recorded and stored "
        "(rate, channels, coding, offset, where the spectrum ends): advice from {told:g}, a problem "
        "from {problem:g}. How it sounds as a whole (length, loudness, noise floor, silence "
        "before): advice from {content:g}, because it may be part of what is to be told. p at most "
        "{p_value:g} over all properties and labels."
    ),
    why=(
        "The model learns the recorder, the room or the length of each class instead of the class, "
        "scores well here and fails where one recorder records all classes."
    ),
    fix="Prepare all classes alike (rate, channels, loudness, trimming); record each class with "
    "each recorder.",
    source="Torralba and Efros (2011), CVPR; Sturm (2014), IEEE TMM: horses in music genre recognition.",
    thresholds=THRESHOLDS,
)


def _of_header(name: str) -> Property:
    return lambda facts: getattr(facts.header, name, None)


RECORDED: Mapping[str, Property] = {
    "the sample rate": _of_header("rate"),
    "the number of channels": _of_header("channels"),
    "the coding": lambda f: f"{f.header.format} {f.header.subtype}" if f.header else None,
    "the DC offset": lambda f: round(sound_of(f).levels.dc_offset, 4),
    "where the spectrum ends": lambda f: sound_of(f).cutoff,
}
SOUNDS: Mapping[str, Property] = {
    "the length": _of_header("seconds"),
    "the loudness": lambda f: sound_of(f).levels.loudness,
    "the noise floor": lambda f: sound_of(f).levels.floor_db,
    "the silence before the sound": lambda f: sound_of(f).silence.leading,
}


WORDS = Words(
    files="sounds",
    stored="It belongs to the recording, not to what is heard, so that a model may learn it instead.",
    alike="record each class in each way",
)


def judge(subject: AudioAudit) -> Finding:
    """Test each property against the labels of the training files."""
    files = [f for f in subject.heard if f.file.split == "train" and f.file.label is not None]
    return judge_properties(
        CHECK,
        THRESHOLDS,
        WORDS,
        stored={name: [of(f) for f in files] for name, of in RECORDED.items()},
        content={name: [of(f) for f in files] for name, of in SOUNDS.items()},
        labels=[f.file.label for f in files],
    )
