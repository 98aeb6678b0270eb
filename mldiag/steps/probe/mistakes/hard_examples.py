"""MD454: which rows are easy, which are hard?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.looks import rank_correlation
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD454.

    Args:
        least_looks: Evaluations of the same rows that it takes.
        least_rows: Rows that it takes.
        hardest: Share of the rows whose part of the loss is told.
        same: Rank correlation of the losses of two halves of the looks above which rows count as hard
            by nature.
        listed: Rows that are listed at either end.
    """

    least_looks: int = 4
    least_rows: int = 40
    hardest: float = 0.05
    same: float = 0.5
    listed: int = 24


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD454",
    slug="hard-examples",
    title="Which rows are easy, which are hard?",
    detects=(
        "The loss of each row over the second half of at least {least_looks} evaluations of the same "
        "rows: how much of "
        "it lies in the hardest {hardest:.0%} of them, and whether the same rows are hard each time (rank "
        "correlation of every second look with the others, over {same:g}). Information: it never is an alarm."
    ),
    why="The hardest rows are wrong labels, rare kinds, or what the next model must learn.",
    fix="Look at the rows that are listed.",
    source="Swayamdipta et al. (2020), Dataset Cartography, EMNLP.",
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """Rank the rows; None where the rows of evaluations were not the same or had no losses."""
    losses = recording.series("eval/losses")
    if losses.ndim != 2 or not np.isfinite(losses).all():
        return None
    looks, rows = losses.shape
    if looks < THRESHOLDS.least_looks or rows < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"{plural(looks, 'evaluation')} of {plural(rows, 'row')}: too few to tell easy rows from hard "
            "ones",
            explanation=(
                f"It takes at least {THRESHOLDS.least_looks} evaluations of the same "
                f"{THRESHOLDS.least_rows} rows: watch.evaluate(...) after each epoch."
            ),
            evidence={"looks": looks, "n": rows},
        )
    late = np.asarray(losses[looks // 2 :], dtype=np.float64)
    mean = late.mean(axis=0)
    order = np.argsort(-mean, kind="stable")
    hardest = order[: max(1, int(THRESHOLDS.hardest * rows))]
    total = float(mean.sum())
    share = float(mean[hardest].sum()) / total if total > 0 else 0.0
    same = rank_correlation(late[::2].mean(axis=0), late[1::2].mean(axis=0))
    again = (
        "the same rows are hard at every look"
        if same >= THRESHOLDS.same
        else "which rows are hard changes from one evaluation to the next"
    )
    return CHECK.finding(
        "passed",
        f"The hardest {THRESHOLDS.hardest:.0%} of {plural(rows, 'row')} hold {share:.0%} of the loss; "
        f"{again}",
        evidence={
            "n": rows, "looks": looks, "share_of_loss": share, "rank_correlation": same,
            "median_loss": float(np.median(mean)), "mean_loss": float(mean.mean()),
            "rows": {"evaluated": order[: THRESHOLDS.listed].tolist()},
            "easiest": order[::-1][: THRESHOLDS.listed].tolist(),
        },
    )  # fmt: skip
