"""MD456: where does a regression err, by a few rows, or by level?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.stats.tails import extremes
from mldiag.steps.probe.mistakes.judged_rows import Residuals, halves, residuals
from mldiag.wording import number, plural

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD456.

    Args:
        least_rows: Rows that the evaluation must have.
        few: Share of the rows, the worst ones, whose part of the squared error is told.
        most: Advice where so much of the squared error lies in rows that no tail explains.
        error: Of calling a row an outlier, over all rows.
        mended: Share of the squared error that a straight line through the predictions would take away on
            rows that it was not fitted on.
        worth: And so much of the variance of the target: a tenth of next to nothing is nothing.
        z: Standard errors of the line's slope from 1, or of its shift from 0.
        listed: Rows that are listed.
    """

    least_rows: int = 60
    few: float = 0.01
    most: float = 0.5
    error: float = 0.01
    mended: float = 0.1
    worth: float = 0.02
    z: float = 4.0
    listed: int = 24


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD456",
    slug="worst-errors",
    title="Where does the regression err: by a few rows, or by level?",
    detects=(
        "Residuals of the last evaluation. A few rows: {most:.0%} of the squared error in rows that no "
        "tail of the "
        "residuals explains (error {error:g}). By level: a straight line through the predictions, fitted "
        "on half "
        "of the rows, takes {mended:.0%} of the squared error of the other half ({z:g} standard errors). "
        "Levels are those of the predictions: against the target, every honest model leans to the mean."
    ),
    why=(
        "One wild row outweighs a thousand in a squared loss; predictions that are stretched are "
        "mended for nothing."
    ),
    fix=(
        "Check the targets of the rows listed, or use a robust loss; rescale outputs that are "
        "stretched or shifted."
    ),
    source=(
        "Mincer and Zarnowitz (1969) for the line; Student t tails through the quantiles for the "
        "outliers."
    ),
    thresholds=THRESHOLDS,
)


@dataclass(frozen=True)
class Line:
    """What target = shift + slope x prediction would mend.

    Args:
        output: Column of the outputs.
        slope: 1 where predictions are of the right size.
        shift: In standard deviations of the target, at the mean prediction.
        z: Standard errors by which slope or shift is off.
        mended: Share of the squared error that it takes on rows that it was not fitted on.
    """

    output: int
    slope: float
    shift: float
    z: float
    mended: float


def judge(recording: Recording) -> Finding | None:
    """Look at the residuals; None without a regression's evaluation."""
    rows = residuals(recording)
    if rows is None:
        return None
    n = len(rows)
    if n < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"{plural(n, 'evaluated row')}: too few to tell how a regression errs",
            explanation=f"It takes at least {THRESHOLDS.least_rows}.",
            evidence={"n": n},
        )
    order = np.argsort(-rows.squares, kind="stable")
    total = max(float(rows.squares.sum()), 1e-300)
    few = max(1, math.ceil(THRESHOLDS.few * n))
    wild = _wild(rows)
    lines = [_line(rows, k) for k in range(min(rows.errors.shape[1], 64))]
    line = max(lines, key=lambda found: found.mended)
    evidence: dict[str, Any] = {
        "n": n, "explained": rows.explained, "worst_share": float(rows.squares[order[:few]].sum()) / total,
        "worst_rows": few, "outliers": len(wild), "slope": line.slope, "shift": line.shift,
        "mended": line.mended,
        "examples": [_told(rows, int(k)) for k in order[: THRESHOLDS.listed]],
        "rows": {"evaluated": order[: THRESHOLDS.listed].tolist()},
    }  # fmt: skip
    held = float(rows.squares[wild].sum()) / total
    if len(wild) and held >= THRESHOLDS.most and len(wild) <= 0.03 * n:
        return CHECK.finding(
            "advice",
            f"{plural(len(wild), 'row')} of {n:,} {'holds' if len(wild) == 1 else 'hold'} {held:.0%} of "
            "the squared error",
            explanation="Their residuals lie outside of any tail that the others have.",
            evidence=evidence
            | {"rows": {"evaluated": wild[:1000].tolist()}, "outlier_share": held},
            action=Action(
                "clean_data",
                "Check the targets and inputs of these rows; if they are right, train with a robust loss.",
            ),
        )
    worth = line.mended * float(rows.squares.mean()) >= THRESHOLDS.worth
    off = worth and line.z >= THRESHOLDS.z and line.mended >= THRESHOLDS.mended
    if rows.learned and off:
        return _of_line(line, rows, evidence)
    return CHECK.finding(
        "passed",
        f"The worst {plural(few, 'row')} of {n:,} {'holds' if few == 1 else 'hold'} "
        f"{evidence['worst_share']:.0%} of the "
        f"squared error, and no level is far off; {max(rows.explained, 0.0):.0%} of the variance is "
        "explained",
        evidence=evidence,
    )


def _wild(rows: Residuals) -> NDArray[np.int64]:
    """Rows with an output whose residual no tail explains, the worst first."""
    found = np.zeros(len(rows), dtype=bool)
    outputs = min(rows.errors.shape[1], 64)
    for k in range(outputs):
        judged = extremes(rows.errors[:, k])
        if judged is not None and judged.transform == "as they are":
            found |= judged.p_values * outputs < THRESHOLDS.error
    wild = np.flatnonzero(found)
    return np.asarray(wild[np.argsort(-rows.squares[wild], kind="stable")], dtype=np.int64)


def _line(rows: Residuals, output: int) -> Line:
    said, true = rows.outputs[:, output], rows.targets[:, output]
    fitting = halves(len(rows))
    held = ~fitting
    slope, shift, _ = _fitted(said[fitting], true[fitting])
    middle = said[fitting].mean()
    before = float(((true - said)[held] ** 2).mean())
    after = float(
        ((true[held] - said[held] - shift - (slope - 1) * (said[held] - middle)) ** 2).mean()
    )
    slope, shift, z = _fitted(said, true)
    return Line(output, slope, shift, z, 1.0 - after / before if before > 0 else 0.0)


def _fitted(said: Floats, true: Floats) -> tuple[float, float, float]:
    """Slope, shift at the mean prediction, and standard errors by which the worse of both is off."""
    x, n = said - said.mean(), len(said)
    shift = float((true - said).mean())
    spread = float((x**2).sum())
    if spread < 1e-12 * n:
        return 1.0, shift, 0.0
    slope = float((x * true).sum()) / spread
    rest = true - true.mean() - slope * x
    # White's (1980) standard error: where the noise grows with the level the usual one is too small.
    slope_error = math.sqrt(float((x**2 * rest**2).sum())) / spread
    shift_error = math.sqrt(float(rest.var()) / n)
    z = max(abs(slope - 1.0) / max(slope_error, 1e-12), abs(shift) / max(shift_error, 1e-12))
    return slope, shift, z


def _of_line(line: Line, rows: Residuals, evidence: dict[str, Any]) -> Finding:
    which = f" of output {line.output}" if rows.errors.shape[1] > 1 else ""
    by = number(abs(line.shift) * float(rows.scales[line.output]))
    stretched = abs(line.slope - 1.0) >= abs(line.shift)
    if stretched:
        how = "spread too little" if line.slope > 1 else "spread too far"
        title = f"The predictions{which} {how}: the target moves by {line.slope:.2f} where they move by 1"
    else:
        side = "low" if line.shift > 0 else "high"
        title = f"The predictions{which} are too {side} by {by} on average"
    return CHECK.finding(
        "advice",
        f"{title} ({plural(len(rows), 'row')})",
        explanation=(
            f"A straight line through them, fitted on half of the rows, takes {line.mended:.0%} of the "
            "squared error of "
            f"the other half: slope {line.slope:.2f}, shift {line.shift:+.2f} standard deviations of the "
            "target."
        ),
        evidence=evidence,
        action=Action(
            "train_longer" if line.slope > 1 or not stretched else "more_regularization",
            "Train on until outputs reach the level of the targets, or standardise the targets first."
            if line.slope > 1 or not stretched
            else "Regularise more: what the predictions add beyond this slope is noise.",
        ),
    )


def _told(rows: Residuals, row: int) -> dict[str, Any]:
    k = int(np.argmax(np.abs(rows.errors[row])))
    scale, middle = float(rows.scales[k]), float(rows.middles[k])
    return {
        "row": row, "output": k, "said": float(rows.outputs[row, k]) * scale + middle,
        "true": float(rows.targets[row, k]) * scale + middle,
    }  # fmt: skip
