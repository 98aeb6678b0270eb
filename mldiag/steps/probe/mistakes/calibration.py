"""MD453: is the network as often right as it says?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.judged_rows import JudgedRows, halves, judged_rows
from mldiag.steps.probe.mistakes.temperature import (
    Calibration,
    best_temperature,
    calibration,
    row_losses,
    tempered,
)
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD453.

    Args:
        least_rows: Rows that the evaluation must have.
        error: Of the test against a calibrated model.
        over: Calibration error, above that of a calibrated model, that is told where the network
            is too sure.
        under: The same where it is too unsure, as label smoothing makes it on purpose.
        gain: Standard errors by which the temperature must lower the loss on the other half.
    """

    least_rows: int = 100
    error: float = 0.01
    over: float = 0.08
    under: float = 0.15
    gain: float = 2.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD453",
    slug="calibration",
    title="Is the network as often right as it says?",
    detects=(
        "Expected calibration error in bins of equal numbers of rows, less what a calibrated model would "
        "show by chance (drawn; error {error:g}): advice over {over:.0%} where too sure; where too unsure it "
        "is told over {under:.0%}, but never an alarm. One temperature, fitted on half of the "
        "rows, must lower the loss on the other half by {gain:g} standard errors to be advised."
    ),
    why=(
        "Who decides by the probabilities (thresholds, costs, a second look) is misled; accuracy is "
        "not touched."
    ),
    fix=(
        "Divide the logits by the temperature, fitted on rows that neither train nor test; more "
        "regularisation."
    ),
    source=(
        "Guo et al. (2017), On Calibration of Modern Neural Networks; Bröcker and Smith (2007) for the noise."
    ),
    thresholds=THRESHOLDS,
)


@dataclass(frozen=True, eq=False)
class Mended:
    """What one temperature does, on rows that it was not fitted on.

    Args:
        temperature: Fitted on all rows, to be used.
        before: Calibration of the rows held back, as they are.
        after: The same at the temperature of the other half.
        gain: Standard errors by which it lowers their loss.
    """

    temperature: float
    before: Calibration
    after: Calibration
    gain: float


def judge(recording: Recording) -> Finding | None:
    """Compare confidence with accuracy; None without graded probabilities."""
    rows = judged_rows(recording)
    if rows is None or not rows.graded:
        return None
    n = len(rows)
    if n < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"{plural(n, 'evaluated row')}: too few to tell whether the probabilities can be trusted",
            explanation=f"It takes at least {THRESHOLDS.least_rows}.",
            evidence={"n": n},
        )
    if not rows.learned:
        return None
    found = calibration(rows.confidence, ~rows.wrong)
    sure = float(rows.confidence.mean())
    evidence: dict[str, Any] = {
        "n": n, "calibration_error": found.error, "by_chance": found.chance, "p_value": found.p_value,
        "excess": found.excess, "mean_confidence": sure, "accuracy": rows.accuracy,
    }  # fmt: skip
    too_sure = sure > rows.accuracy
    limit = THRESHOLDS.over if too_sure else THRESHOLDS.under
    said = (
        f"it says {sure:.0%} on average and is right in {rows.accuracy:.0%} of {plural(n, 'row')}"
    )
    if found.p_value >= THRESHOLDS.error or found.excess < limit:
        how = f"The probabilities are off, but by less than {limit:.0%}"
        if found.p_value >= THRESHOLDS.error:
            how = "The probabilities can be taken at their word"
        return CHECK.finding(
            "passed",
            f"{how}: {said} (calibration error {found.error:.3f}, {found.chance:.3f} by chance)",
            evidence=evidence,
        )
    return _of_error(rows, found, said, evidence)


def _of_error(rows: JudgedRows, found: Calibration, said: str, evidence: dict[str, Any]) -> Finding:
    too_sure = float(rows.confidence.mean()) > rows.accuracy
    mended = mend(rows)
    evidence |= {
        "temperature": mended.temperature,
        "held_back_error": mended.before.error,
        "held_back_error_after": mended.after.error,
    }
    helps = mended.gain >= THRESHOLDS.gain and mended.after.error < mended.before.error
    evidence["temperature_helps"] = helps
    word = "sure" if too_sure else "unsure, as label smoothing makes it"
    mends = (
        f"One temperature ({mended.temperature:.2f}), fitted on half of the rows, takes it from "
        f"{mended.before.error:.3f} to {mended.after.error:.3f} on the other half. Which class is said "
        "stays the same."
        if helps
        else "One temperature for all rows does not mend it."
    )
    return CHECK.finding(
        "advice" if too_sure else "passed",
        f"The network is too {word}: {said}",
        explanation=(
            f"The calibration error is {found.error:.3f}; a calibrated network would show "
            f"{found.chance:.3f} by chance. {mends}"
        ),
        evidence=evidence,
        action=_action(mended, helps) if too_sure else None,
    )


def _action(mended: Mended, helps: bool) -> Action:
    if not helps:
        return Action("more_regularization", "Regularise more or stop earlier, then look again.")
    return Action(
        "tune",
        f"Divide the logits by {mended.temperature:.2f} before the softmax.",
        param="temperature",
        value=round(mended.temperature, 2),
    )


def mend(rows: JudgedRows) -> Mended:
    """Fit a temperature on a seeded half, and show what it does on the other."""
    fitting = halves(len(rows))
    held = ~fitting
    fitted = best_temperature(rows.probabilities[fitting], rows.targets[fitting])
    chances, targets, right = rows.probabilities[held], rows.targets[held], ~rows.wrong[held]
    less = row_losses(chances, targets) - row_losses(chances, targets, fitted)
    noise = float(less.std(ddof=1)) / np.sqrt(len(less))
    return Mended(
        best_temperature(rows.probabilities, rows.targets),
        calibration(chances.max(axis=1), right),
        calibration(tempered(chances, fitted).max(axis=1), right),
        float(less.mean()) / noise if noise > 0 else 0.0,
    )
