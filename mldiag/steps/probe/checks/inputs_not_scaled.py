"""MD402: inputs whose size the network was not initialised for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding, Outcome
from mldiag.steps.probe.signals import NORMALISATIONS, Signals
from mldiag.wording import number


@dataclass(frozen=True)
class Thresholds:
    """When inputs count as not scaled.

    Args:
        size: Root mean square of all inputs above which they are too large.
        column: Size of one column above which it counts beside the others.
        beside: So many times as large as the median column.
        faint: Root mean square below which they are too small.
        explained: A network that explains more than this share has coped.
    """

    size: float = 20.0
    column: float = 10.0
    beside: float = 25.0
    faint: float = 0.01
    explained: float = 0.9


THRESHOLDS = Thresholds()

CHECK = Check(
    "MD402",
    "inputs-not-scaled",
    "Inputs are not scaled",
    detects=(
        "inputs of a root mean square above {size} or below {faint}, or one column above {column}"
        " that is {beside} times the median column, where no normalising layer comes first"
    ),
    why=(
        "Initial weights are made for inputs of size one: larger ones saturate the first layer and"
        " make its gradient rule all others."
    ),
    fix="Standardise every column with the mean and the spread of the training rows.",
    source="LeCun et al. 1998, Efficient BackProp, section 4.3",
    thresholds=THRESHOLDS,
)


def judge(signals: Signals) -> Finding:
    """Judge the size of the inputs that were seen.

    Args:
        signals: Numbers of the recording.
    """
    recording = signals.recording
    mean, spread = recording.series("input/mean"), recording.series("input/sd")
    if mean.ndim != 2 or not np.isfinite(mean + spread).any():
        return CHECK.finding("not_applicable", "No inputs of numbers were seen")
    sizes = np.sqrt(np.nanmean(mean**2 + spread**2, axis=0))
    whole, median = float(np.sqrt(np.nanmean(sizes**2))), float(np.nanmedian(sizes))
    place = int(np.nanargmax(sizes))
    largest = float(sizes[place])
    evidence = {"size": whole, "median_column": median, "largest_column": largest, "column": place,
                "n_columns": len(sizes)}  # fmt: skip
    t = THRESHOLDS
    loud = whole > t.size
    # Columns that are nearly always zero (a picture's margin) do not make the others loud.
    uneven = largest > t.column and largest > t.beside * max(median, 1e-12) and median > 0
    faint = 0 < whole < t.faint
    if not (loud or uneven or faint):
        return CHECK.finding(
            "passed",
            f"Inputs have a size of {number(whole)}, near what layers are made for",
            evidence=evidence,
        )
    if _normalised_first(signals):
        return CHECK.finding(
            "passed",
            "Inputs are not scaled, and a normalising layer comes first",
            evidence=evidence,
        )
    if uneven and not loud:
        what = (
            f"Input column {place} is {number(largest / median)} times as large as the median"
            " column"
        )
    elif loud:
        what = f"Inputs have a size of {number(whole)}; layers are made for about 1"
    else:
        what = (
            f"Inputs have a size of {number(whole)}; layers are made for about 1, and hardly see"
            " them"
        )
    coped = signals.explained > t.explained and not signals.stuck
    action = Action(
        "scale_features",
        "Subtract each column's mean and divide by its spread, both of the training rows.",
    )
    reason = "The network has coped with it." if coped else ""
    outcome: Outcome = "advice" if coped else "problem"
    return CHECK.finding(outcome, what, explanation=reason, evidence=evidence, action=action)


def _normalised_first(signals: Signals) -> bool:
    layers = signals.recording.layers
    return bool(layers) and any(word in str(layers[0]["kind"]) for word in NORMALISATIONS)
