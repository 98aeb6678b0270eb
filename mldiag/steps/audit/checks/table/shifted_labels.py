"""MD345: does every row carry the label of another one?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mldiag.data.audited.table import TableAudit
from mldiag.findings import Action, Check, Finding
from mldiag.steps.audit.tables.kernel_probe import fit_kernel
from mldiag.steps.audit.tables.probe_features import probe_features
from mldiag.steps.audit.tables.probe_model import probe_of

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD345.

    Args:
        farthest: Rows up and down whose label is tried.
        rows: Rows that are looked at, drawn with the audit's seed.
        least_rows: With fewer nothing is said.
        own: Skill for a row's own label, from which nothing is tried: share of the squared error of a guess
            that is removed, each row left out.
        skill: Skill for the label of a row further up or down, from which it is told.
        share: A row's own label must have less than this share of that skill.
        surely: Standard errors that lie between the two at least.
    """

    farthest: int = 3
    rows: int = 250
    least_rows: int = 60
    own: float = 0.25
    skill: float = 0.15
    share: float = 0.3
    surely: float = 5.0


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD345",
    slug="shifted-labels",
    title="Does every row carry the label of another one?",
    detects=(
        "Where the features hardly tell a row's own label (skill below {own:g}), the labels of rows up to "
        "{farthest} further up and down are predicted from them as well, each row left out. A problem where "
        "one of them reaches a skill of {skill:g}, the own label has less than {share:.0%} of that, and "
        "{surely:g} standard errors lie between."
    ),
    why="A table joined one row off trains on labels that belong to other rows: nothing can be learned.",
    fix="Join features and labels by a key, not by their place; look for a header row or a row dropped.",
    source="Northcutt, Athalye and Mueller (2021) on label errors; here all of them, by one place.",
    thresholds=THRESHOLDS,
)


def judge(subject: TableAudit) -> Finding | None:
    """Compare the own label with those of neighbours in the file; None without a target."""
    if subject.target is None or subject.task is None:
        return None
    probe = probe_of(subject)
    if probe is None or len(probe.rows) < THRESHOLDS.least_rows:
        return CHECK.finding("not_applicable", "There are too few labelled rows to tell")
    if probe.skill >= 2 * THRESHOLDS.own:
        return CHECK.finding(
            "passed", "Rows carry their own labels", evidence={"n": len(probe.rows)}
        )
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng([345, subject.seed])
    rows = np.sort(random.permutation(probe.rows)[: THRESHOLDS.rows])
    with threadpool_limits(1):  # for matrices this small, waiting threads cost more than they give
        errors = _errors(subject, rows, 0)
        if errors is not None and 1 - float(errors.mean()) < THRESHOLDS.own:
            return _judged(subject, rows, errors)
    return CHECK.finding("passed", "Rows carry their own labels", evidence={"n": len(rows)})


def _judged(subject: TableAudit, rows: NDArray[np.int64], own: Floats) -> Finding:
    """Hold the own label against each shift."""
    skills = {0: 1 - float(own.mean())}
    gaps: dict[int, float] = {}
    for shift in (s for k in range(1, THRESHOLDS.farthest + 1) for s in (k, -k)):
        errors = _errors(subject, rows, shift)
        if errors is None:
            continue
        kept = min(len(errors), len(own))
        skills[shift] = 1 - float(errors.mean())
        spread = math.hypot(float(errors.std()), float(own.std())) / math.sqrt(max(kept, 1))
        gaps[shift] = (skills[shift] - skills[0]) / spread if spread > 0 else 0.0
    evidence = {"n": len(rows), "skill_by_shift": {str(s): round(v, 4) for s, v in skills.items()}}
    best = max(gaps, key=lambda shift: skills[shift], default=0)
    t = THRESHOLDS
    found = bool(gaps) and skills[best] >= t.skill and gaps[best] >= t.surely
    if not found or max(skills[0], 0.0) >= t.share * skills[best]:
        return CHECK.finding("passed", "No neighbour's label fits better", evidence=evidence)
    where = f"{abs(best)} row{'s' if abs(best) > 1 else ''} {'below' if best > 0 else 'above'}"
    return CHECK.finding(
        "problem",
        f"Every row seems to carry the label of another: the features tell that of the row {where}",
        explanation=(
            f"They remove {skills[best]:.0%} of the error of a guess at the label {where}, and "
            f"{max(skills[0], 0.0):.0%} at their own."
        ),
        evidence=evidence | {"shift": best},
        action=Action(
            "fix_labels",
            f"Move the labels: the label of a row stands {where} of it. Join them by a key.",
        ),
    )


def _errors(subject: TableAudit, rows: NDArray[np.int64], shift: int) -> Floats | None:
    """Squared error of each row's prediction over that of a guess, with labels from `shift` rows below."""
    assert subject.target is not None
    column = subject.train[subject.target]
    count = len(column.codes)
    kept = rows[(rows + shift >= 0) & (rows + shift < count)]
    if subject.task == "classification":
        codes = column.codes[kept + shift]
        there = (codes >= 0) & (codes < column.n_unique)
        kept, codes = kept[there], codes[there]
        Y = np.eye(int(codes.max()) + 1)[codes] if len(codes) else np.empty((0, 1))
    else:
        values = np.asarray(column.values, dtype=np.float64)[kept + shift]
        kept, values = kept[np.isfinite(values)], values[np.isfinite(values)]
        Y = values[:, None]
    features = probe_features(subject.train, subject.features, kept)
    guess = float(((Y - Y.mean(axis=0)) ** 2).sum(axis=1).mean()) if len(Y) else 0.0
    if features is None or len(kept) < THRESHOLDS.least_rows or guess <= 0:
        return None
    fit = fit_kernel(features.scaled, Y, seed=subject.seed)
    return np.asarray(((Y - fit.left_out) ** 2).sum(axis=1) / guess)
