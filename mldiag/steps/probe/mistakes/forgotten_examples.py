"""MD455: does the network keep forgetting what it knew?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.recording.recorded import Recording
from mldiag.steps.probe.mistakes.looks import Looks, looks_of
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD455.

    Args:
        least_looks: Evaluations of the same rows that it takes.
        least_rows: Rows that it takes.
        of_chance: Share of the forgetting that mistakes drawn anew at each look would give.
        rate: Share of right rows that are forgotten from one look to the next, at least.
        events: Forgettings in the second half of the training, at least.
        keeps: A row keeps being forgotten from so many times on.
        error: Of calling a row forgotten more often than all rows alike would be, over all rows.
    """

    least_looks: int = 6
    least_rows: int = 40
    of_chance: float = 0.7
    rate: float = 0.1
    events: int = 30
    keeps: int = 3
    error: float = 0.05


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD455",
    slug="forgotten-examples",
    title="Does the network keep forgetting what it knew?",
    detects=(
        "Rows that were right at one evaluation and wrong at the next, over at least {least_looks} looks "
        "at the same "
        "rows. Advice where, in the second half of the training, {rate:.0%} of the right rows are "
        "forgotten from look "
        "to look and that is {of_chance:.0%} of what mistakes drawn anew each time would give. Rows that "
        "were "
        "never right, and those forgotten more often than chance lets expect (binomial, error {error:g} over "
        "all rows), are listed."
    ),
    why=(
        "Mistakes that change from one evaluation to the next do not depend on the rows: the last steps "
        "decide which they are."
    ),
    fix=(
        "A smaller or falling learning rate, larger batches, or averaged weights; look at rows never "
        "learned."
    ),
    source="Toneva et al. (2019), An Empirical Study of Example Forgetting, ICLR.",
    thresholds=THRESHOLDS,
)


def judge(recording: Recording) -> Finding | None:
    """Count forgettings; None without classes or where the rows changed."""
    looks = looks_of(recording)
    if looks is None:
        return None
    count, rows = looks.right.shape
    if count < THRESHOLDS.least_looks or rows < THRESHOLDS.least_rows:
        return CHECK.finding(
            "inconclusive",
            f"{plural(count, 'evaluation')} of {plural(rows, 'row')}: too few to tell what is forgotten",
            explanation=(
                f"It takes at least {THRESHOLDS.least_looks} evaluations of the same "
                f"{THRESHOLDS.least_rows} rows."
            ),
            evidence={"looks": count, "n": rows},
        )
    late = looks.late
    keeps = kept_forgetting(looks)
    events, never = int(late.forgotten.sum()), int(looks.never.sum())
    order = np.argsort(-looks.forgotten, kind="stable")
    evidence: dict[str, Any] = {
        "n": rows, "looks": count, "never_right": never,
        "forgotten_at_least_once": int((looks.forgotten > 0).sum()),
        "flicker": late.flicker, "flicker_of_chance": late.flicker_of_chance, "forgettings": events,
        "keep_being_forgotten": keeps[:1000].tolist(),
        "rows": {"evaluated": [int(k) for k in order[:24] if looks.forgotten[k]]},
        "never": np.flatnonzero(looks.never)[:1000].tolist(),
    }  # fmt: skip
    said = (
        f"{never / rows:.0%} of {plural(rows, 'row')} were never right, {plural(len(keeps), 'row')} "
        f"{'keeps' if len(keeps) == 1 else 'keep'} being forgotten"
    )
    if (
        events >= THRESHOLDS.events
        and late.flicker >= THRESHOLDS.rate
        and late.flicker >= THRESHOLDS.of_chance * late.flicker_of_chance
        and late.right.mean() > looks.right[0].mean()
    ):
        return CHECK.finding(
            "advice",
            f"From one evaluation to the next {late.flicker:.0%} of what was right is forgotten",
            explanation=(
                f"Were the mistakes drawn anew each time, it would be {late.flicker_of_chance:.0%}: which "
                "rows are wrong "
                f"is nearly a matter of chance ({events:,} forgettings over "
                f"{plural(len(late.right), 'look')}; {said})."
            ),
            evidence=evidence,
            action=Action(
                "stabilize_training",
                "Let the learning rate fall towards the end, or average the last weights.",
            ),
        )
    return CHECK.finding(
        "passed",
        f"What is learned mostly stays: {late.flicker:.1%} forgotten from one evaluation to the next; {said}",
        evidence=evidence,
    )


def kept_forgetting(looks: Looks) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Rows that are forgotten more often than if all rows that are ever right were alike.

    Example:
        >>> steady = np.ones((12, 50), bool)
        >>> steady[::2, 0] = False
        >>> kept_forgetting(Looks(steady, np.arange(12.0))).tolist()
        [0]
    """
    from scipy.stats import binom

    was = looks.right[:-1].sum(axis=0)
    rate = float(looks.forgotten.sum()) / max(int(was.sum()), 1)
    chances = binom.sf(looks.forgotten - 1, was, min(rate, 1.0)) * max(int((was > 0).sum()), 1)
    found = (looks.forgotten >= THRESHOLDS.keeps) & (chances < THRESHOLDS.error)
    return np.flatnonzero(found)
