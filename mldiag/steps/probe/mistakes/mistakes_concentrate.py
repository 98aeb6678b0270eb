"""MD452: do mistakes concentrate in a part of the rows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.concentration import Concentration, concentrated
from mldiag.steps.probe.mistakes.judged_rows import (
    JudgedRows,
    Residuals,
    halves,
    judged_rows,
    residuals,
)
from mldiag.steps.probe.mistakes.slices import Slice, ranges_of, slices_of
from mldiag.steps.probe.mistakes.temperature import best_temperature, tempered
from mldiag.wording import plural

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD452.

    Args:
        least_rows: Rows that the evaluation must have.
        least_share: Share of the rows that a slice holds at least.
        least_inside: And at least so many rows.
        discovery: False discovery rate over all slices, on the half that finds them.
        error: Of the confirmation on the other half, over all that were found.
        times: The share of mistakes inside is at least so many times that outside.
        more: And at least so much higher.
        unaware: And so many times what the network's own confidence there lets expect.
        surprise: Standard errors by which it is more than that, on the confirming half.
        biased: For a regression: share of the squared error inside that a shift alone would mend.
        shift: Standard errors of that shift.
        large: And at least so many standard deviations of the target.
    """

    least_rows: int = 120
    least_share: float = 0.03
    least_inside: int = 20
    discovery: float = 0.1
    error: float = 0.05
    times: float = 2.0
    more: float = 0.1
    unaware: float = 1.5
    surprise: float = 2.5
    biased: float = 0.3
    shift: float = 4.0
    large: float = 0.25


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD452",
    slug="mistakes-concentrate",
    title="Do mistakes concentrate in a part of the rows?",
    detects=(
        "Slices by the values of features, length, brightness or loudness, class, class said, and "
        "confidence, of at "
        "least {least_share:.0%} of the rows: found on one half of the rows (false discovery rate "
        "{discovery:g} "
        "over all slices) and confirmed on the other (error {error:g} over those found). Advice only where "
        "mistakes inside are {times:g} times and {more:.0%} more than elsewhere, and {unaware:g} times "
        "what the "
        "network's own calibrated confidence there lets expect; for values, where a shift would mend "
        "{biased:.0%} "
        "of the squared error inside."
    ),
    why="A good average hides rows that the network fails without knowing it.",
    fix="Look at rows of the slice: labels, units, where they come from; train on more of them.",
    source="Chung et al. (2020), Automated Data Slicing, IEEE TKDE 32; Benjamini and Hochberg (1995).",
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """Look for slices; None without an evaluation that has rows."""
    rows = judged_rows(recording)
    values = residuals(recording) if rows is None else None
    judged: JudgedRows | Residuals | None = rows if rows is not None else values
    if judged is None:
        return None
    if len(judged) < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"{plural(len(judged), 'evaluated row')}: too few to tell where mistakes concentrate",
            explanation=f"It takes at least {THRESHOLDS.least_rows}: half find a slice, half confirm it.",
            evidence={"n": len(judged)},
        )
    if not judged.learned:
        return None
    finding = halves(len(judged))
    if rows is not None:
        losses = rows.wrong.astype(np.float64)
        parts = slices_of(recording, len(rows), least=_least(len(rows))) + _of_classes(rows)
    else:
        assert values is not None
        losses = np.sqrt(values.squares)
        parts = slices_of(recording, len(values), least=_least(len(values)))
    found = concentrated(
        parts, losses, finding, discovery=THRESHOLDS.discovery, error=THRESHOLDS.error
    )
    evidence: dict[str, Any] = {
        "n": len(judged),
        "slices": len(parts),
        "where": [_told(f) for f in found[:8]],
    }
    if not parts:
        return None
    if rows is not None:
        unaware = [f for f in found if _unaware(f, rows, finding)]
        if unaware:
            return _of_mistakes(unaware[0], rows, evidence)
    elif values is not None:
        shifted = _shifted(parts, values, finding)
        if shifted is not None:
            return _of_shift(*shifted, values, evidence)
    return CHECK.finding("passed", _passed(found, len(parts), rows is not None), evidence=evidence)


def _least(rows: int) -> int:
    return max(THRESHOLDS.least_inside, int(THRESHOLDS.least_share * rows))


def _of_classes(rows: JudgedRows) -> list[Slice]:
    known = np.ones(len(rows), dtype=bool)
    parts = [
        Slice(f"the class is {name}", "class", rows.targets == k, known)
        for k, name in enumerate(rows.names)
    ]
    parts += [
        Slice(f"the class said is {name}", "class said", rows.predicted == k, known)
        for k, name in enumerate(rows.names)
    ]
    if rows.graded:
        parts += ranges_of("confidence", rows.confidence)
    least = _least(len(rows))
    return [s for s in parts if least <= s.inside.sum() <= len(rows) - least]


def _told(found: Concentration) -> dict[str, Any]:
    return {
        "where": found.part.text, "inside": found.inside, "outside": found.outside, "n": found.rows,
        "p_value": found.p_value,
    }  # fmt: skip


def _passed(found: Sequence[Concentration], looked: int, classes: bool) -> str:
    said = [f for f in found if f.part.about != "confidence"]
    if not said:
        return f"Mistakes concentrate nowhere: {plural(looked, 'slice')} looked at"
    worst = said[0]
    if classes:
        how = f"{worst.inside:.0%} wrong against {worst.outside:.0%} elsewhere"
    else:
        how = f"errors {worst.inside / max(worst.outside, 1e-9):.1f} times those elsewhere"
    return (
        f"Mistakes are more frequent where {worst.part.text} ({how}, n = {worst.rows:,}), and nothing "
        "says that "
        "they need be fewer"
    )


def _unaware(found: Concentration, rows: JudgedRows, finding: Mask) -> bool:
    """Whether the network is wrong there far more often than its calibrated confidence says.

    Classes are left out: those that are hardly recognised or confused are told by a check of their own.
    """
    if found.part.about in ("class", "class said", "confidence") or not rows.graded:
        return False
    if found.inside < max(THRESHOLDS.times * found.outside, found.outside + THRESHOLDS.more):
        return False
    temperature = best_temperature(rows.probabilities[finding], rows.targets[finding])
    chances = tempered(rows.probabilities, temperature)
    doubt = 1.0 - chances[np.arange(len(rows)), rows.predicted]
    inside, outside = found.part.inside & ~finding, found.part.known & ~found.part.inside & ~finding
    level = max(float(rows.wrong[outside].mean()) / max(float(doubt[outside].mean()), 1e-9), 1.0)
    expected = np.minimum(doubt[inside] * min(level, 3.0), 1.0)
    noise = float(np.sqrt((expected * (1 - expected)).sum()))
    more = float(rows.wrong[inside].sum() - expected.sum())
    return more >= THRESHOLDS.surprise * max(noise, 1.0) and float(
        rows.wrong[inside].sum()
    ) >= THRESHOLDS.unaware * float(expected.sum())


def _of_mistakes(found: Concentration, rows: JudgedRows, evidence: dict[str, Any]) -> Finding:
    inside = found.part.inside
    return CHECK.finding(
        "advice",
        f"Where {found.part.text}, the network is wrong in {found.inside:.0%} of the rows, elsewhere in "
        f"{found.outside:.0%}",
        explanation=(
            f"Found on one half of the rows and confirmed on {plural(found.rows, 'row')} of the other "
            f"(p = {found.p_value:.2g}, corrected). The network does not know: it is "
            f"{rows.confidence[inside].mean():.0%} "
            f"sure there. {plural(int(inside.sum()), 'row')} of {len(rows):,} lie in it."
        ),
        evidence=evidence
        | {"slice": found.part.text, "columns": [found.part.about]}
        | {"rows": {"evaluated": np.flatnonzero(inside & rows.wrong)[:1000].tolist()}},
        action=Action(
            "clean_data",
            f"Look at the rows where {found.part.text}: labels, units, where they come from.",
        ),
    )


def _shifted(
    parts: Sequence[Slice], values: Residuals, finding: Mask
) -> tuple[Slice, int, float, float] | None:
    """The slice whose errors lie the most to one side, its output, the shift and what it would mend."""
    best: tuple[float, Slice, int, float, float] | None = None
    for part in parts:
        first, second = part.inside & finding, part.inside & ~finding
        if min(first.sum(), second.sum()) < THRESHOLDS.least_inside // 2:
            continue
        found, held = values.errors[first], values.errors[second]
        noise = found.std(axis=0, ddof=1) / np.sqrt(len(found))
        output = int(np.argmax(np.abs(found.mean(axis=0)) / np.maximum(noise, 1e-12)))
        shift, errors = float(found[:, output].mean()), held[:, output]
        spread = float(errors.std(ddof=1)) / np.sqrt(len(errors))
        z = np.sign(shift) * float(errors.mean()) / max(spread, 1e-12)
        before = float((errors**2).mean())
        mended = 1.0 - float(((errors - shift) ** 2).mean()) / max(before, 1e-12)
        large = abs(float(errors.mean())) >= THRESHOLDS.large
        if large and z >= THRESHOLDS.shift and mended >= THRESHOLDS.biased:
            lost = mended * before * part.inside.sum()
            if best is None or lost > best[0]:
                best = float(lost), part, output, float(errors.mean()), mended
    return None if best is None else best[1:]


def _of_shift(
    part: Slice,
    output: int,
    shift: float,
    mended: float,
    values: Residuals,
    evidence: dict[str, Any],
) -> Finding:
    size = abs(shift) * float(values.scales[output])
    which = f" of output {output}" if values.errors.shape[1] > 1 else ""
    return CHECK.finding(
        "advice",
        f"Where {part.text}, predictions{which} are too {'high' if shift > 0 else 'low'} by {size:.3g} on "
        "average",
        explanation=(
            f"That is {abs(shift):.2f} standard deviations of the target; a shift found on one half of "
            "the rows takes "
            f"{mended:.0%} of the squared error of the other half there. "
            f"{plural(int(part.inside.sum()), 'row')} of "
            f"{len(values):,} lie in it."
        ),
        evidence=evidence
        | {"slice": part.text, "columns": [part.about], "shift": shift, "mended": mended},
        action=Action(
            "larger_model",
            f"Let the network see {part.about} better: a larger one, or more rows of that kind.",
        ),
    )
