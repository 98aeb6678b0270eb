"""MD385: does something other than what is heard tell the label?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mldiag.data.audio.facts import AudioAudit, AudioFacts
from mldiag.findings import Action, Check, Finding
from mldiag.stats.property_labels import PropertyLabel, property_labels
from mldiag.steps.audit.files.sounds_told import sound_of

Property = Callable[[AudioFacts], float | str | None]


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD385, those of images (MD357) but for `content`.

    Args:
        told: What a property of the recording must tell of the label: 0 nothing, 1 all.
        problem: From here on it is a problem.
        content: What a property of the sound itself must tell, which may be honest: it stays advice.
        p_value: Corrected for the number of properties and labels.
        least_files: With fewer labelled files nothing is said.
    """

    told: float = 0.4
    problem: float = 0.7
    content: float = 0.6
    p_value: float = 0.05
    least_files: int = 30


THRESHOLDS = Thresholds()

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


def judge(subject: AudioAudit) -> Finding:
    """Test each property against the labels of the training files."""
    files = [f for f in subject.heard if f.file.split == "train" and f.file.label is not None]
    if not files:
        return CHECK.finding(
            "not_applicable",
            "Without labels nothing can tell them: folders by label, or --labels labels.csv",
        )
    values = {name: [of(f) for f in files] for name, of in {**RECORDED, **SOUNDS}.items()}
    varying = {name: found for name, found in values.items() if len(set(map(str, found))) > 1}
    found = property_labels(varying, [f.file.label for f in files])
    if len(files) < THRESHOLDS.least_files or (varying and not found):
        return CHECK.finding(
            "inconclusive",
            f"Too few labelled sounds to test their properties: {len(files):,}",
            explanation=f"It takes {THRESHOLDS.least_files}, with at least eight for each of two labels.",
            evidence={"n": len(files)},
        )
    told = [p for p in found if p.p_value <= THRESHOLDS.p_value and _is_strong(p)]
    evidence = {"n": len(files), "properties": list(found)}
    if not told:
        return CHECK.finding(
            "passed", f"No property of {len(files):,} sounds tells the label", evidence=evidence
        )
    told.sort(key=lambda p: (p.name not in RECORDED, -p.strength))
    return _finding(told, evidence)


def _is_strong(item: PropertyLabel) -> bool:
    return item.strength >= (THRESHOLDS.told if item.name in RECORDED else THRESHOLDS.content)


def _finding(told: list[PropertyLabel], evidence: dict[str, object]) -> Finding:
    best = told[0]
    recorded = best.name in RECORDED
    which = "the label" if best.told >= best.label_told else f"the label {best.label}"
    others = " and ".join(item.name for item in told[1:3])
    also = f" So does {others}." if others else ""
    reason = (
        "It belongs to the recording, not to what is heard, so that a model may learn it instead."
        if recorded
        else "It may belong to what is to be told; if it does not, the model learns it instead."
    )
    return CHECK.finding(
        "problem" if recorded and best.strength >= THRESHOLDS.problem else "advice",
        f"{best.name[0].upper()}{best.name[1:]} alone tells {which} ({best.strength:.0%} of what is "
        "possible)",
        explanation=f"Measured on {best.n:,} sounds that did not make the rule (p = "
        f"{best.p_value:.2g} over all "
        f"properties). {reason}{also}",
        evidence=evidence,
        action=Action(
            "fix_leak" if recorded else "clean_data",
            f"Make {best.name} the same for all classes, or record each class in each way.",
        ),
    )
