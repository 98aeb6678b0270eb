"""MD127: are the rows that train and score those that the trial names?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.trial_result import TrialResult
from mldiag.trial_rows import parts_read
from mldiag.wording import plural

CHECK = Check(
    code="MD127",
    slug="rows-used",
    title="Does the code use the trial's rows?",
    detects=(
        "Which row numbers the code has asked the trial for, at every size, value and seed: a problem "
        "where it never asks for the scoring rows or the training rows."
    ),
    why=(
        "A function that keeps its own split scores the same rows whatever it is asked: no curve, no sweep "
        "and no interval then means what it says."
    ),
    fix="Train on trial.train (or X_train, y_train) and score on trial.valid (or X_valid, y_valid).",
    source="By construction: rows that were not asked for were not used.",
)


def judge(experiment: Experiment, results: Sequence[TrialResult]) -> Finding | None:
    """Look at the row numbers that every trial has read; None where mldiag gives no rows."""
    if experiment.fixed_rows:
        return None
    seen = [result for result in results if result.status == "ok"]
    if not seen:
        return None
    missing: dict[str, int] = {}
    for result in seen:
        parts = _parts_read(experiment, result)
        for part in ("train", "valid"):
            if parts is not None and part not in parts:
                missing[part] = missing.get(part, 0) + 1
    if not missing:
        return CHECK.finding(
            "passed", "The code asks for the trial's rows", evidence={"n": len(seen)}
        )
    words = " and ".join({"train": "training rows", "valid": "scoring rows"}[m] for m in missing)
    return CHECK.finding(
        "problem",
        f"The code never asks for the trial's {words}",
        explanation=f"In {max(missing.values())} of {plural(len(seen), 'trial')}.",
        evidence={"n": len(seen), "missing": missing},
        action=Action("fix_bug", "Use trial.train and trial.valid instead of rows of your own."),
    )


def _parts_read(experiment: Experiment, result: TrialResult) -> tuple[str, ...] | None:
    """Parts whose row numbers the code has read; None where that cannot be told."""
    if result.spec.rows.digest is not None or any(
        change.kind in ("drop_rows", "augment", "score_training_rows")
        for change in result.spec.interventions
    ):
        return None
    train, valid = experiment.splits.rows(result.spec.rows)
    return parts_read(result.rows_digest, train, valid, seed=result.spec.seed)
