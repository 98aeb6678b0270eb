"""MD382: do the names of the files tell the label?"""

from __future__ import annotations

from dataclasses import dataclass

from mldiag.data.media_facts import MediaAudit
from mldiag.data.media_names import name_properties
from mldiag.findings import Action, Check, Finding
from mldiag.stats.property_labels import property_labels


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD382.

    Args:
        strength: What a part of the name must tell of the label: 0 nothing, 1 all.
        p_value: Of the strongest, corrected for the number of parts and labels.
        least_files: With fewer labelled files nothing is said.
    """

    strength: float = 0.7
    p_value: float = 0.05
    least_files: int = 30


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD382",
    slug="file-name-predicts-label",
    title="Do the file names tell the label?",
    detects=(
        "The word that a name begins with, its numbers, its length and its ending, without the "
        "folders, each alone tell the label of files that did not make the rule: balanced "
        "accuracy above chance, or hits minus false alarms of one label, of at least "
        "{strength:g}, with p at most {p_value:g} over all of them."
    ),
    why=(
        "A model does not see names, but what the name tells is often in the file too: another "
        "camera, day or hospital for each class. And files in the order of their names come "
        "class by class."
    ),
    fix=(
        "Find out where each class comes from, shuffle before splitting, and keep names out of "
        "the features."
    ),
    source=(
        "Torralba and Efros (2011), CVPR: what a data set was collected by can be told from its "
        "images."
    ),
    thresholds=THRESHOLDS,
)


def judge(subject: MediaAudit) -> Finding | None:
    """Test the parts of the names against the labels."""
    files = [facts.file for facts in subject.train]
    labelled = [file for file in files if file.label is not None]
    if not labelled:
        return CHECK.finding(
            "not_applicable",
            "Without labels file names cannot tell them: folders by label, or --labels labels.csv",
        )
    found = property_labels(name_properties(labelled), [file.label for file in labelled])
    if len(labelled) < THRESHOLDS.least_files or not found:
        return CHECK.finding(
            "inconclusive",
            f"Too few labelled files to test their names: {len(labelled):,}",
            explanation=f"It takes {THRESHOLDS.least_files}, with at least eight for each of two labels.",
            evidence={"n": len(labelled)},
        )
    told = [
        part
        for part in found
        if part.strength >= THRESHOLDS.strength and part.p_value <= THRESHOLDS.p_value
    ]
    evidence = {"n": found[0].n, "properties": list(found)}
    if not told:
        return CHECK.finding(
            "passed",
            f"The names of {len(labelled):,} files do not tell the label",
            evidence=evidence,
        )
    best = told[0]
    which = "the label" if best.told >= best.label_told else f"the label {best.label}"
    return CHECK.finding(
        "advice",
        f"{best.name[0].upper()}{best.name[1:]} tells {which} ({best.strength:.0%} of what is possible)",
        explanation=(
            f"Measured on {best.n:,} files that did not make the rule (p = {best.p_value:.2g}). "
            "Harmless where names were given by class; else each class comes from a source of its own, "
            "which the model may learn instead."
        ),
        evidence=evidence,
        action=Action(
            "clean_data",
            "Find out where each class comes from; shuffle before splitting; no names as features.",
        ),
    )
