"""A plan as a person reads it: what would run, on which rows, and what a reuse depends on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mldiag.report.progress import plan_line
from mldiag.run.settings import PlanSummary
from mldiag.trial import REFERENCE
from mldiag.wording import plural, setting

if TYPE_CHECKING:
    from mldiag.declaration import Experiment
    from mldiag.diagnosis import Plan
    from mldiag.subsets import SplitPlan
    from mldiag.trial_spec import TrialSpec

SHOWN_VALUES = 12
"""Longer lists of values are cut in the middle."""

SHOWN_REASONS = 5
"""More "never run with" lines say nothing new."""


def plan_pairs(experiment: Experiment, plan: Plan, *, why: bool = False) -> list[tuple[str, str]]:
    """Labels and texts that describe a plan.

    Args:
        experiment: The experiment.
        plan: The plan.
        why: Whether to say why trials are not reused.
    """
    summary = PlanSummary(len(plan.specs), plan.cached, plan.seconds)
    pairs = [("trials", plan_line(summary))]
    pairs += varied(plan.specs)
    known = experiment.splits.n_rows > 0
    pairs += split_pairs(experiment.splits) if known else [("data", experiment.fixed_rows)]
    pairs += [("note", notice) for notice in dict.fromkeys(plan.notices)]
    pairs += [("why", reason) for reason in main_reasons(plan.why)] if why else []
    return pairs


def main_reasons(reasons: Sequence[str]) -> list[str]:
    """Reasons that tell of a change first, and few of those that only say "never run".

    Example:
        >>> main_reasons(["never run with lr=0.1", "the code of digits changed"])
        ['the code of digits changed', 'never run with lr=0.1']
    """
    new = [reason for reason in reasons if reason.startswith("never run")]
    changed = [reason for reason in reasons if not reason.startswith("never run")]
    more = len(new) - SHOWN_REASONS
    told = [f"and {more:,} more that were never run"] if more > 0 else []
    return [*changed, *new[:SHOWN_REASONS], *told]


def varied(specs: Sequence[TrialSpec]) -> list[tuple[str, str]]:
    """What differs from trial to trial: sizes, parameters, interventions, repeats.

    Example:
        >>> from mldiag.trial_spec import RowRecipe, TrialSpec
        >>> varied([TrialSpec("a", RowRecipe(repeat=r, size=s)) for s in (10, 20) for r in range(3)])
        [('rows', '10, 20'), ('repeats', '3')]
    """
    pairs: list[tuple[str, str]] = []
    sizes = _distinct("all" if s.rows.size is None else s.rows.size for s in specs)
    if sizes != ["all"] and sizes:
        ordered = sorted((s for s in sizes if s != "all"), key=int)
        pairs.append(("rows", _shown([*ordered, *(["all"] if "all" in sizes else [])])))
    names = _distinct(name for spec in specs for name, _ in spec.params)
    for name in names:
        given = [dict(spec.params) for spec in specs]
        values = _distinct(params[name] for params in given if name in params)
        if len(values) > 1:
            pairs.append((str(name), _shown(_in_order(values))))
    changes = [change for spec in specs for change in spec.interventions]
    for label, found in (
        ("references", _distinct(i.argument("family") for i in changes if i.kind == REFERENCE)),
        ("data changes", _distinct(i.kind for i in changes if i.kind != REFERENCE)),
        ("fidelity", _distinct(s.fidelity for s in specs)),
    ):
        if found and found != [1.0]:
            pairs.append((label, _shown(found)))
    repeats = {(spec.rows.repeat, spec.seed) for spec in specs}
    return [*pairs, ("repeats", str(len(repeats)))] if specs else pairs


def split_pairs(splits: SplitPlan) -> list[tuple[str, str]]:
    """How the rows are split, and what is set aside."""
    kinds = [
        (splits.labels is not None, "stratified by class"),
        (splits.groups is not None, "whole groups"),
        (splits.time is not None, "in time order"),
        (splits.fixed_valid, "validation rows as declared"),
    ]
    told = [word for present, word in kinds if present] or ["drawn at random"]
    rows = (
        f"{plural(splits.n_rows, 'row')}: {splits.train_size():,} train and {splits.valid_size():,} "
        f"validate in each repeat, {', '.join(told)}"
    )
    count = len(splits.reserve)
    declared = "declared as test=" if splits.test_rows is not None else "set aside before the start"
    reserve = f"{plural(count, 'row')}, {declared}; scored on once, to confirm a winner"
    return [("data", rows), ("reserve", reserve if count else _no_reserve(splits))]


def _no_reserve(splits: SplitPlan) -> str:
    from mldiag.subsets import RESERVE_MIN_ROWS

    if splits.fixed_valid:
        return (
            "none, because valid= is fixed without test=: a winner cannot be confirmed on new rows"
        )
    return f"none: there are fewer than {RESERVE_MIN_ROWS} rows"


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))


def _in_order(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # None among strings, as in a choice
        return values


def _shown(values: Sequence[Any]) -> str:
    words = [setting(value) for value in values]
    if len(words) > SHOWN_VALUES:
        words = [*words[: SHOWN_VALUES - 3], "...", *words[-2:]]
        return f"{', '.join(words)} ({len(values):,} values)"
    return ", ".join(words)
