"""Figures of mistakes: the confusion matrix, the worst examples, calibration."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mldiag.findings import Finding
from mldiag.recording.recorded import Recording
from mldiag.steps.drawing import CHOSEN, DEFAULT, LABEL_SIZE, TRAIN, VALID, new_figure, title
from mldiag.steps.probe.mistakes import calibration as calibration_check
from mldiag.steps.probe.mistakes import confident_mistakes, mistakes_of_classes, worst_errors
from mldiag.steps.probe.mistakes.calibration import mend
from mldiag.steps.probe.mistakes.judged_rows import (
    JudgedRows,
    Residuals,
    input_rows,
    judged_rows,
    residuals,
)
from mldiag.steps.probe.mistakes.temperature import Calibration, calibration
from mldiag.steps.probe.plot_examples import caption, draw, frame, kind_of, said, sheet
from mldiag.wording import number, plural

MOST_CLASSES = 20
"""Classes of the matrix; of more, those with the most mistakes."""

WRITTEN = 12
"""Up to so many classes the counts are written into the cells."""

ACROSS, DOWN = 6, 3


def figures(recording: Recording) -> dict[str, Figure]:
    """`confusion`, `mistakes` and `calibration`, as far as there are data for them.

    Args:
        recording: What was measured.

    Example:
        >>> random = np.random.default_rng(0)
        >>> chances = random.dirichlet([0.2] * 3, 90)
        >>> seen = Recording({}, {"eval/probabilities": chances, "eval/targets": chances.argmax(1)})
        >>> sorted(figures(seen))
        ['calibration', 'confusion']
    """
    found: dict[str, Figure] = {}
    rows = judged_rows(recording)
    if rows is not None:
        found["confusion"] = _confusion(rows, mistakes_of_classes.judge(recording))
        if rows.wrong.any():
            found["mistakes"] = _mistakes(recording, rows)
        if rows.graded and len(rows) >= 40:
            found["calibration"] = _calibration(rows, calibration_check.judge(recording))
        return found
    values = residuals(recording)
    if values is not None and len(values) >= 10:
        found["mistakes"] = _errors(values, worst_errors.judge(recording))
    return found


def _confusion(rows: JudgedRows, finding: Finding | None) -> Figure:
    figure, (axes, other) = new_figure(2)
    wrong = rows.confusion.copy()
    np.fill_diagonal(wrong, 0)
    amount = wrong.sum(axis=0) + wrong.sum(axis=1)
    chosen = np.sort(np.argsort(-amount, kind="stable")[:MOST_CLASSES])
    table = rows.confusion[np.ix_(chosen, chosen)]
    held = np.maximum(rows.confusion[chosen].sum(axis=1), 1)
    shares = table / held[:, None]
    names = [said(rows.names[k], 12) for k in chosen]
    axes.grid(visible=False)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(chosen) <= WRITTEN:
        for a, b in zip(*np.nonzero(table), strict=True):
            axes.text(
                b, a, f"{table[a, b]:,}", ha="center", va="center", fontsize=LABEL_SIZE - 3,
                color="white" if shares[a, b] > 0.55 else "#222222" if a == b else CHOSEN,
            )  # fmt: skip
    small = LABEL_SIZE - (2 if len(chosen) <= WRITTEN else 4)
    long = max(len(name) for name in names) > 3
    axes.set_xticks(range(len(chosen)), names, rotation=90 if long else 0, fontsize=small)
    axes.set_yticks(range(len(chosen)), names, fontsize=small)
    axes.set_xlabel("said", fontsize=LABEL_SIZE)
    axes.set_ylabel("true", fontsize=LABEL_SIZE)
    _recall(other, rows, chosen)
    left = rows.classes - len(chosen)
    title(
        figure,
        finding.title if finding is not None else "Confusion of the classes",
        f"{plural(len(rows), 'row')} of the last evaluation; colour: share of the true class"
        + (f"; {left:,} more classes with fewer mistakes are not shown" if left else ""),
    )
    return figure


def _recall(axes: Axes, rows: JudgedRows, chosen: NDArray[np.int64]) -> None:
    counts, hits = rows.confusion.sum(axis=1), np.diag(rows.confusion)
    recall = hits / np.maximum(counts, 1)
    order = sorted((int(k) for k in chosen if counts[k]), key=lambda k: -recall[k])
    low_high = np.array([_interval(int(hits[k]), int(counts[k])) for k in order]).T
    middle = np.array([recall[k] for k in order])
    low = mistakes_of_classes.THRESHOLDS.recall
    axes.barh(
        range(len(order)), [100 * recall[k] for k in order], height=0.62,
        color=[CHOSEN if recall[k] < low else "#9db7d5" for k in order],
        xerr=100 * np.abs(low_high - middle), error_kw={"elinewidth": 0.9, "ecolor": DEFAULT},
    )  # fmt: skip
    axes.set_yticks(
        range(len(order)),
        [f"{said(rows.names[k], 14)}  n={counts[k]:,}" for k in order],
        fontsize=LABEL_SIZE - (2 if len(order) <= WRITTEN else 4),
    )
    axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.7)
    axes.grid(visible=False, axis="y")
    axes.set_xlim(0, 105)
    axes.set_xlabel("recognised (% of the class, 80 % interval)", fontsize=LABEL_SIZE)


def _interval(hits: int, count: int) -> tuple[float, float]:
    """Wilson's (1927) interval at 80 %."""
    z = 1.2816
    share, wide = hits / count, z * z / count
    middle = (share + wide / 2) / (1 + wide)
    half = z * np.sqrt(share * (1 - share) / count + wide / (4 * count)) / (1 + wide)
    return float(min(middle - half, share)), float(max(middle + half, share))


def _mistakes(recording: Recording, rows: JudgedRows) -> Figure:
    finding = confident_mistakes.judge(recording)
    order = confident_mistakes.surest_mistakes(rows)
    told = finding is not None and finding.outcome == "advice"
    if finding is not None and told:
        order = np.array(finding.evidence["rows"]["evaluated"], dtype=np.int64)
    inputs, places = input_rows(recording, len(rows))
    where = {int(row): k for k, row in enumerate(places)}
    if where:
        order = np.array([row for row in order if int(row) in where], dtype=np.int64)
    order = order[: ACROSS * DOWN]
    kind = kind_of(inputs, recording.facts) if where else "row"
    texts = kind in ("row", "ids") or not where
    across = 4 if texts else ACROSS
    order = order[: across * DOWN]
    figure, axes = sheet(max(1, -(-len(order) // across)), across, height=1.45 if texts else 1.75)
    typical = None
    if where and kind == "row":
        flat = np.asarray(inputs, dtype=np.float64).reshape(len(inputs), -1)
        typical = (np.nanmean(flat, axis=0), np.nanstd(flat, axis=0))
    for axis, row in zip([a for line in axes for a in line], order, strict=False):
        if where:
            draw(axis, inputs[where[int(row)]], kind, recording, typical)
        else:
            _chances(axis, rows, int(row))
        if texts:
            frame(axis)
        true, seen = (said(rows.names[k], 12) for k in (rows.targets[row], rows.predicted[row]))
        sure = f" ({rows.confidence[row]:.0%})" if rows.graded else ""
        caption(axis, f"row {row}: {true}\nsaid {seen}{sure}")
    title(
        figure,
        finding.title if finding is not None else f"{plural(int(rows.wrong.sum()), 'mistake')}",
        f"{'labels that look wrong, the most doubted first' if told else 'mistakes, the surest first'}; "
        "rows are "
        f"numbered from 0 among {len(rows):,} evaluated ones",
    )
    return figure


def _chances(axes: Axes, rows: JudgedRows, row: int) -> None:
    """Where no inputs were kept: what the network thought of the likeliest classes."""
    top = np.argsort(-rows.probabilities[row], kind="stable")[:3]
    lines = [f"{said(rows.names[k], 14):<14} {rows.probabilities[row, k]:>5.0%}" for k in top]
    axes.text(
        0.06, 0.9, "\n".join(lines), transform=axes.transAxes, ha="left", va="top", family="monospace",
        fontsize=LABEL_SIZE - 3,
    )  # fmt: skip


def _calibration(rows: JudgedRows, finding: Finding | None) -> Figure:
    figure, (axes, other) = new_figure(2)
    found = calibration(rows.confidence, ~rows.wrong)
    axes.fill_between(
        100 * found.confidence, 100 * found.low, 100 * found.high, color="#bbbbbb", alpha=0.5, lw=0,
        label="a calibrated network (90 %)",
    )  # fmt: skip
    _curve(axes, found, VALID, "o", f"as it is: error {found.error:.3f}")
    if finding is not None and finding.evidence.get("temperature_helps"):
        mended = mend(rows)
        _curve(
            axes, mended.after, TRAIN, "s",
            f"half of the rows, logits / {mended.temperature:.2f}: error {mended.after.error:.3f}",
        )  # fmt: skip
    floor = 100 * min(float(found.confidence.min()), float(found.accuracy.min()))
    axes.plot([floor, 100], [floor, 100], color=DEFAULT, linewidth=0.8, linestyle=":")
    axes.set_xlabel("how sure it is (%)", fontsize=LABEL_SIZE)
    axes.set_ylabel("how often it is right (%)", fontsize=LABEL_SIZE)
    axes.set_ylim(top=103)
    axes.legend(frameon=False, fontsize=LABEL_SIZE - 2, loc="upper left")
    bins = np.linspace(100 * float(rows.confidence.min()), 100, 25).tolist()
    for mask, colour, label in ((~rows.wrong, VALID, "right"), (rows.wrong, CHOSEN, "wrong")):
        if mask.any():
            other.hist(
                100 * rows.confidence[mask], bins=bins, histtype="step", color=colour, linewidth=1.6,
                label=f"{label}, {plural(int(mask.sum()), 'row')}",
            )  # fmt: skip
    other.set_yscale("symlog", linthresh=10)
    other.set_ylim(bottom=0)
    other.set_xlabel("how sure it is (%)", fontsize=LABEL_SIZE)
    other.set_ylabel("rows", fontsize=LABEL_SIZE)
    other.legend(frameon=False, fontsize=LABEL_SIZE - 2, loc="upper left")
    title(
        figure,
        finding.title
        if finding is not None
        else "How sure the network is, and how often it is right",
        f"{plural(len(rows), 'row')} in bins of equal numbers of rows; a calibrated network would show an "
        "error of "
        f"{found.chance:.3f} by chance",
    )
    return figure


def _curve(axes: Axes, found: Calibration, colour: str, mark: str, label: str) -> None:
    axes.plot(
        100 * found.confidence, 100 * found.accuracy, color=colour, marker=mark, markersize=4,
        linewidth=1.2, label=label,
    )  # fmt: skip


def _errors(rows: Residuals, finding: Finding | None) -> Figure:
    figure, (axes, other) = new_figure(2)
    output = int(np.argmax((rows.errors**2).mean(axis=0)))
    scale, middle = float(rows.scales[output]), float(rows.middles[output])
    said_, true = rows.outputs[:, output] * scale + middle, rows.targets[:, output] * scale + middle
    worst = np.argsort(-rows.squares, kind="stable")[: max(3, len(rows) // 100)][:20]
    axes.scatter(said_, true, s=9, c=VALID, alpha=0.4, linewidths=0)
    axes.scatter(
        said_[worst], true[worst], s=30, facecolors="none", edgecolors=CHOSEN, label="worst rows"
    )
    ends = [float(min(said_.min(), true.min())), float(max(said_.max(), true.max()))]
    axes.plot(ends, ends, color=DEFAULT, linewidth=0.9, linestyle=":")
    for row in worst[:5]:
        axes.annotate(
            f"{row}", (said_[row], true[row]), xytext=(4, 3), textcoords="offset points",
            fontsize=LABEL_SIZE - 3, color=CHOSEN,
        )  # fmt: skip
    which = f", output {output}" if rows.errors.shape[1] > 1 else ""
    axes.set_xlabel(f"prediction{which}", fontsize=LABEL_SIZE)
    axes.set_ylabel("target", fontsize=LABEL_SIZE)
    axes.legend(frameon=False, fontsize=LABEL_SIZE - 2, loc="upper left")
    order = np.argsort(said_, kind="stable")
    parts = np.array_split(order, int(np.clip(len(rows) // 20, 2, 10)))
    at = [float(said_[part].mean()) for part in parts]
    rest = [(true - said_)[part] for part in parts]
    noise = [
        1.28 * float(part.std(ddof=1)) / np.sqrt(len(part)) if len(part) > 1 else 0.0
        for part in rest
    ]
    other.axhline(0.0, color=DEFAULT, linewidth=0.9, linestyle=":")
    other.errorbar(
        at, [float(part.mean()) for part in rest], yerr=noise, color=VALID, marker="o", markersize=4,
        linewidth=1.2, capsize=2,
    )  # fmt: skip
    other.set_xlabel(f"prediction{which}", fontsize=LABEL_SIZE)
    other.set_ylabel("target minus prediction, mean (80 %)", fontsize=LABEL_SIZE)
    title(
        figure,
        finding.title if finding is not None else "Predictions and targets",
        f"{plural(len(rows), 'row')} of the last evaluation; numbers name rows from 0; root mean squared "
        "error "
        f"{number(float(np.sqrt((rows.errors[:, output] ** 2).mean())) * scale)}",
    )
    return figure
