"""MD112: does the same seed give the same result in a fresh process?"""

from __future__ import annotations

from collections.abc import Sequence

from mldiag.declaration import Experiment
from mldiag.findings import Action, Check, Finding
from mldiag.steps.reproduce.judged import Judged
from mldiag.steps.reproduce.runs import twin_specs
from mldiag.steps.reproduce.settings import Settings
from mldiag.trial_result import TrialResult
from mldiag.wording import number, plural

CHECK = Check(
    code="MD112",
    slug="determinism",
    title="Does the same seed give the same result?",
    detects=(
        "One trial run twice, the second time in an interpreter of its own, with the same rows, parameters "
        "and seed: every metric must be the same to the last digit. It is the trial with permuted labels on "
        "a quarter of the rows, and a whole run with --thorough."
    ),
    why="What cannot be repeated cannot be debugged, and no paired comparison is as tight as it looks.",
    fix=(
        "Seed everything from trial.seed; sort what comes from sets and folders; for torch use "
        "torch.use_deterministic_algorithms and seeded DataLoader workers."
    ),
    source="PyTorch, Reproducibility notes; Python's hash seed differs between processes.",
)


def judge(
    found: Judged, experiment: Experiment, settings: Settings, results: Sequence[TrialResult]
) -> Finding:
    """Compare the trial with its twin."""
    by_digest = {result.spec.digest: result for result in results}
    twins = [by_digest.get(spec.digest) for spec in twin_specs(experiment, settings)]
    if settings.quick and twins[1] is None:
        return CHECK.finding(
            "skipped",
            "Whether the same seed gives the same result was not asked",
            explanation="A new interpreter takes longer than these trainings: mldiag reproduce asks it.",
        )
    if found.deterministic is None:
        return CHECK.finding(
            "inconclusive",
            "Cannot tell whether the same seed gives the same result: a trial gave no score",
        )
    first, again = (by_digest[spec.digest] for spec in twin_specs(experiment, settings))
    rows = f" on {plural(first.train_rows, 'training row')}" if first.train_rows else ""
    if found.deterministic:
        return CHECK.finding(
            "passed",
            "The same seed gives the same result in a fresh process",
            explanation=f"Compared{rows}, {plural(len(first.metrics), 'metric')} to the last digit.",
            evidence={"metrics": dict(first.metrics)},
        )
    differs = {
        name: (first.metrics.get(name), again.metrics.get(name))
        for name in sorted({*first.metrics, *again.metrics})
        if first.metrics.get(name) != again.metrics.get(name)
    }
    name, pair = next(iter(differs.items()))
    shown = " against ".join("nothing" if value is None else number(value, 6) for value in pair)
    return CHECK.finding(
        "advice",
        f"The same seed gives another result in a fresh process: {name} {shown}",
        explanation=(
            f"Compared{rows}. Something random is not seeded from trial.seed, or depends on the order "
            "of a set, of files, or of threads."
        ),
        evidence={"differs": differs},
        action=Action("fix_bug", "Seed everything that is random from trial.seed."),
    )
