"""MD343: is there a part of the table in which a model fails?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit, sampled_rows
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.evidence import named_rows
from mldiag.steps.audit.tables.probe_model import Probe, probe_of
from mldiag.steps.audit.tables.segments import Segment, excess, segments_of, worst_segments
from mldiag.wording import plural


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD343.

    Args:
        least_rows: Rows that the probe must have judged.
        least_share: Share of the rows that a segment holds at least.
        least_inside: Rows of either half that a segment holds at least.
        tested: Segments, found on one half of the rows, that are tested on the other.
        error: Of the test, over all that are tested.
        times: The loss inside is at least so many times that outside.
        more_errors: For classes: and at least so much higher, as a share of the rows.
        more_than_expected: The loss inside is at least so many times that of rows that the probe is as
            sure of.
        surprise: Standard errors, on the other half, by which it is more than that.
        pair_surprise: The same for two conditions, of which there are many more.
        skill_inside: The probe removes at most this share of the error of a guess inside.
        skill_outside: And at least this outside: else the task is hard everywhere.
    """

    least_rows: int = 200
    least_share: float = 0.03
    least_inside: int = 20
    tested: int = 5
    error: float = 0.01
    times: float = 2.0
    more_errors: float = 0.15
    more_than_expected: float = 1.25
    surprise: float = 0.5
    pair_surprise: float = 2.0
    skill_inside: float = 0.25
    skill_outside: float = 0.4


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD343",
    slug="weak-segments",
    title="Is there a part of the table in which a model fails?",
    detects=(
        "Values of a category, ranges of a number, and pairs of these, in which a probe model "
        "does worse: found on half of the rows, tested on the other half (error {error:g} over "
        "{tested} segments). Told where the loss is {times:g} times that elsewhere and "
        "{more_than_expected:g} times that of rows that the probe is as sure of, the probe "
        "removes at most {skill_inside:.0%} of the error of a guess inside and at least "
        "{skill_outside:.0%} outside."
    ),
    why="A good average hides rows that the model fails: wrong labels, another cause, too few examples.",
    fix="Look at rows of the segment: labels, units, where they come from; collect more of them.",
    source="Chung et al. (2020), Automated Data Slicing for Model Validation, IEEE TKDE 32.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Look for a segment; None without a target."""
    if subject.target is None or subject.task is None:
        return None
    probe = probe_of(subject)
    n = 0 if probe is None else len(probe.rows)
    if probe is None or n < THRESHOLDS.least_rows:
        return CHECK.finding(
            "not_applicable",
            f"Too few rows to look for weak segments: {n:,} of the {THRESHOLDS.least_rows} that it "
            "takes",
        )
    finding_half = np.zeros(n, dtype=bool)
    finding_half[sampled_rows(n, n // 2, subject.seed + 2)] = True
    least = max(2 * THRESHOLDS.least_inside, int(THRESHOLDS.least_share * n))
    singles = segments_of(subject.train, probe.columns, probe.rows, least)
    losses = probe.losses
    surprise = losses - probe.expected_losses
    tried = worst_segments(
        singles, surprise, finding_half, most=THRESHOLDS.tested, least=THRESHOLDS.least_inside
    )
    held = [segment for segment in tried if _fails(segment, probe, losses, ~finding_half)]
    evidence = {"n": n, "segments": len(singles), "tested": len(tried), "columns": []}
    if n < probe.rows_in_all:
        evidence["sampled"] = n
    if not held:
        return CHECK.finding(
            "passed",
            f"No part of the table stands out as weak ({len(singles):,} looked at)",
            evidence=evidence,
        )
    worst = max(held, key=lambda s: _lost(s, losses, ~finding_half))
    return _told(worst, probe, losses, ~finding_half, evidence)


def _told(
    segment: Segment,
    probe: Probe,
    losses: NDArray[np.float64],
    testing: NDArray[np.bool_],
    evidence: dict[str, object],
) -> Finding:
    _, inside, outside = excess(segment.inside, losses, testing)
    rows = probe.rows[segment.inside]
    tested = int((segment.inside & testing).sum())
    classes = probe.task == "classification"
    how = (
        f"errs on {inside:.0%} of the rows, {outside:.0%} elsewhere"
        if classes
        else f"errs {inside / max(outside, 1e-9):.1f} times as far as elsewhere"
    )
    return CHECK.finding(
        "advice",
        f"Where {segment.text}, a model {how}",
        explanation=(
            f"{plural(len(rows), 'row')} ({len(rows) / len(probe.rows):.0%}); measured on "
            f"{tested:,} of them that the segment was not found with. Inside the features say "
            "little of the target: look at labels, units and where these rows come from."
        ),
        evidence=evidence
        | {
            "columns": list(segment.columns), "segment": segment.text,
            "loss_inside": inside, "loss_outside": outside,
            "n_inside": len(rows), "n_tested": tested,
        }
        | named_rows(train=rows),
        action=Action("clean_data", f"Look at the rows where {segment.text}."),
    )  # fmt: skip


def _fails(
    segment: Segment, probe: Probe, losses: NDArray[np.float64], testing: NDArray[np.bool_]
) -> bool:
    from scipy.stats import norm

    if (segment.inside & testing).sum() < THRESHOLDS.least_inside:
        return False
    z, inside, outside = excess(segment.inside, losses, testing)
    if norm.sf(z) * THRESHOLDS.tested >= THRESHOLDS.error or inside < THRESHOLDS.times * outside:
        return False
    surprise, _, _ = excess(segment.inside, losses - probe.expected_losses, testing)
    expected = float(probe.expected_losses[segment.inside].mean())
    more = float(losses[segment.inside].mean()) >= THRESHOLDS.more_than_expected * expected
    needed = THRESHOLDS.surprise if len(segment.columns) == 1 else THRESHOLDS.pair_surprise
    if surprise < needed or not more:
        return False
    if probe.task == "classification" and inside < outside + THRESHOLDS.more_errors:
        return False
    own = _skill(probe, losses, segment.inside)
    return (
        own <= THRESHOLDS.skill_inside
        and _skill(probe, losses, ~segment.inside) >= THRESHOLDS.skill_outside
    )


def _skill(probe: Probe, losses: NDArray[np.float64], rows: NDArray[np.bool_]) -> float:
    """Share of the error of a guess for these rows that the probe removes in them."""
    if probe.task == "classification":
        labels = np.asarray(probe.target[rows], dtype=np.int64)
        guess = 1 - float(np.bincount(labels).max()) / len(labels)
    else:
        guess = float(np.mean(np.abs(probe.target[rows] - np.median(probe.target[rows]))))
    return 1 - float(losses[rows].mean()) / guess if guess > 0 else 0.0


def _lost(segment: Segment, losses: NDArray[np.float64], testing: NDArray[np.bool_]) -> float:
    """Loss on the testing rows that the segment has above the others; a pair must be clearly purer."""
    _, inside, outside = excess(segment.inside, losses, testing)
    share = float((segment.inside & testing).sum()) / float(testing.sum())
    return float(share * (inside - outside)) / (1.2 if len(segment.conditions) > 1 else 1.0)
