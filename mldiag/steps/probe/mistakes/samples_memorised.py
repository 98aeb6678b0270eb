"""MD460: does the generator repeat real rows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD460.

    Args:
        least: Samples, and real rows, that it takes.
        close: A sample is a copy where it is nearer to a real row than this share of the distance from
            that row to its own nearest real one.
        times: Copies are told where they are so many times as frequent as among real rows judged the
            same way.
        more: And make up at least so much more of the samples.
        problem: A problem from this share on.
        error: Of the exact test of the two shares.
    """

    least: int = 64
    close: float = 0.2
    times: float = 3.0
    more: float = 0.1
    problem: float = 0.3
    error: float = 0.001


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD460",
    slug="samples-memorised",
    title="Does the generator repeat real rows?",
    detects=(
        "A sample counts as a copy where its distance to the nearest real row is under {close:.0%} of "
        "that row's own "
        "distance to the next real one. Told where copies are {times:g} times as frequent as among real "
        "rows judged "
        "the same way and {more:.0%} more of the samples (Fisher's exact test, error {error:g}); from "
        "{problem:.0%} on a problem. Only rows given as real can be recognised: give training rows."
    ),
    why="A generator that repeats what it saw makes nothing new, and gives private rows away.",
    fix="More training rows, a smaller generator, augmentation, or an earlier stop.",
    source=(
        "Meehan, Chaudhuri and Dasgupta (2020), A Non-Parametric Test to Detect Data-Copying; "
        "distances as given."
    ),
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """Compare distances; None without samples beside real ones."""
    made, real = recording.series("samples/closeness"), recording.series("samples/real_closeness")
    if not len(made) or not len(real):
        return None
    made, real = made[np.isfinite(made)], real[np.isfinite(real)]
    if min(len(made), len(real)) < THRESHOLDS.least:
        return CHECK.finding(
            "inconclusive",
            f"{plural(len(made), 'sample')} beside {plural(len(real), 'real row')}: too few to tell copies",
            explanation=(
                f"It takes at least {THRESHOLDS.least} of each: watch.evaluate(samples=..., real=...)."
            ),
            evidence={"samples": len(made), "real": len(real)},
        )
    from scipy.stats import fisher_exact

    copies, by_chance = int((made < THRESHOLDS.close).sum()), int((real < THRESHOLDS.close).sum())
    share, usual = copies / len(made), by_chance / len(real)
    table = [[copies, len(made) - copies], [by_chance, len(real) - by_chance]]
    p_value = float(fisher_exact(table, alternative="greater").pvalue)
    evidence = {
        "samples": len(made), "real": len(real), "copies": copies, "share": share, "share_among_real": usual,
        "p_value": p_value, "median_closeness": float(np.median(made)),
        "rows": {"samples": np.flatnonzero(made < THRESHOLDS.close)[:100].tolist()},
    }  # fmt: skip
    told = (
        p_value < THRESHOLDS.error
        and share >= THRESHOLDS.times * usual
        and share >= usual + THRESHOLDS.more
    )
    if not told:
        return CHECK.finding(
            "passed",
            f"The samples are no copies of the {plural(len(real), 'real row')} given: {share:.0%} of "
            f"{plural(len(made), 'sample')} lie that near, {usual:.0%} of the real ones do among themselves",
            evidence=evidence,
        )
    return CHECK.finding(
        "problem" if share >= THRESHOLDS.problem else "advice",
        f"{share:.0%} of {plural(len(made), 'sample')} repeat real rows",
        explanation=(
            f"They lie nearer to a real row than {THRESHOLDS.close:.0%} of its distance to the next real "
            "one; of the "
            f"real rows, judged alike, {usual:.0%} do."
        ),
        evidence=evidence,
        action=Action(
            "more_data", "Train the generator on more rows or augmented ones, or stop it earlier."
        ),
    )
