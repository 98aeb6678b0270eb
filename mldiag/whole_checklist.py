"""The whole checklist within a budget: the steps as commands that share a store, then the ranking."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from mldiag.adapters.audit_target import audited_experiment
from mldiag.checklist_budget import Purse, was_interrupted
from mldiag.command_text import command_of
from mldiag.declaration import Experiment
from mldiag.diagnosis import CommonSettings, diagnose_experiment
from mldiag.errors import MldiagError, UserCodeError
from mldiag.findings import Report, plain
from mldiag.run.budget import Budget, parse_budget
from mldiag.run.budget_clock import TrainedSeconds
from mldiag.run.engines.fork_server import start_early
from mldiag.run.engines.pool import environment_of_workers
from mldiag.run.fresh_process import runs_again
from mldiag.run.identity import Identity, identify
from mldiag.run.settings import Listener, PlanSummary, SilentListener
from mldiag.run.store.records import RunRecord
from mldiag.run.store.trial_store import Store
from mldiag.run.threads import inner_threads, usable_cores
from mldiag.steps import CHECKUP, step_named
from mldiag.steps.checkup.gathered import Asked, Gathered, Status
from mldiag.steps.checkup.settings import DEFAULT_BUDGET, Settings
from mldiag.steps.checkup.stages import Stage, fix_first, next_stage
from mldiag.tracking.projection import read_projection
from mldiag.trial_result import TrialResult

LEAST_SECONDS = 20.0
"""Sixty trainings of milliseconds are too little to say anything: so much is spent where nobody said."""

LOOKED_AT = 5
"""Trainings at the defaults whose time is looked up."""

OF_REFERENCES = ("pandas", "sklearn.ensemble", "sklearn.linear_model", "sklearn.pipeline")
"""What the reference learners take, and this process too by the time of the first training."""

EARLIER_AT_MOST = 50
"""Check-ups whose predictions are looked back at."""


def check_up(
    experiment: Experiment,
    settings: Settings,
    common: CommonSettings | None = None,
    listener: Listener | None = None,
) -> Report:
    """Ask the steps while the budget lasts, and answer with what to do next.

    Args:
        experiment: The experiment.
        settings: Which steps.
        common: What may be said to every step; without a budget, sixty full trainings.
        listener: Told of plans, results and notices as they come.

    Returns:
        The ranked actions, with the reports of the steps; where the user interrupted, of what there was.

    Raises:
        UserCodeError: If the user's code failed in every trial.
        MldiagError: If a setting, the data or the store is wrong.
    """
    common = common or CommonSettings()
    written = common.budget or DEFAULT_BUDGET
    least = 0.0 if common.budget else LEAST_SECONDS
    purse = Purse(replace(parse_budget(written), shown=str(written)), least)
    told = _Counting(listener or SilentListener())
    identity = identify(experiment)
    _start_workers_early(experiment, common)
    gathered = _earlier(experiment, common, identity)
    measured = partial(_training_seconds, experiment, common, identity)
    asked = _asked(experiment, settings, common, purse, told, measured)
    asked += _left_out(settings, asked, len(experiment.params))
    gathered = replace(
        gathered,
        asked=tuple(asked),
        training_seconds=purse.training_seconds,
        budget_seconds=purse.seconds(),
    )
    report = diagnose_experiment(
        CHECKUP,
        experiment,
        replace(settings, gathered=gathered),
        replace(common, budget=purse.of_the_rest(asked)),
        told,
    )
    if not any(map(was_interrupted, asked)):
        return report
    resume = command_of(CHECKUP, experiment, settings, common)
    notice = f"interrupted: this is the answer so far; to go on: {resume}"
    result = {**report.result, "interrupted": True}
    return replace(report, result=result, notices=(*report.notices, notice))


def _asked(
    experiment: Experiment,
    settings: Settings,
    common: CommonSettings,
    purse: Purse,
    told: _Counting,
    measured: Callable[[], float | None],
) -> list[Asked]:
    """Ask one step after the other until nothing is open, nothing is left, or the user interrupts."""
    asked: list[Asked] = []
    while True:
        if purse.training_seconds is None:
            purse.training_seconds = measured()
        stage = next_stage(
            settings.asked,
            asked,
            parameters=len(experiment.params),
            trainings_left=purse.trainings_left(asked),
            training_seconds=purse.training_seconds,
            repeats=settings.repeats,
            gain=settings.gain,
        )
        if stage is None:
            return asked
        one = _ask(experiment, stage, common, purse.of_stage(stage, asked), told, measured)
        asked.append(one)
        if was_interrupted(one):
            return asked


def _start_workers_early(experiment: Experiment, common: CommonSettings) -> None:
    """Have the fork server import what workers need while the audit looks at the data."""
    if experiment.in_process or common.engine not in ("auto", "local"):
        return
    workers = common.jobs or usable_cores()
    start_early(environment_of_workers(inner_threads(workers)), OF_REFERENCES)


@dataclass
class _Counting:
    """A listener that counts the seconds that were trained."""

    to: Listener
    counted: TrainedSeconds | None = None
    trained: bool = False

    def planned(self, summary: PlanSummary) -> None:
        self.to.planned(summary)

    def finished(self, result: TrialResult, cached: bool) -> None:
        self.trained = True
        if not cached and self.counted is not None:
            self.counted.add(result.wall_seconds, in_new_process=runs_again(result.spec))
        self.to.finished(result, cached)

    def looking(self, at: str, number: int, of: int) -> None:
        self.to.looking(at, number, of)

    def notice(self, text: str) -> None:
        self.to.notice(text)


def _ask(
    experiment: Experiment,
    stage: Stage,
    common: CommonSettings,
    budget: Budget,
    told: _Counting,
    measured: Callable[[], float | None],
) -> Asked:
    """Run one step; an error of its own is its answer, and ends nothing else."""
    step, first, started = step_named(stage.step), not told.trained, time.monotonic()
    told.counted = TrainedSeconds()  # each step has its own workers, which import anew
    report: Report | None = None
    status: Status = "done"
    why = stage.why
    told.notice(f"{stage.name}: {step.question} ({stage.why})")
    try:
        known = step.settings_type().__dataclass_fields__
        settings = step.settings_type()(**{k: v for k, v in stage.settings.items() if k in known})
        subject = audited_experiment(experiment, settings) if step.reads_data else experiment
        report = diagnose_experiment(step, subject, settings, replace(common, budget=budget), told)
        trials = report.trials
        if report.result.get("interrupted") or trials.planned > trials.run + trials.cached:
            status = "cut"
    except UserCodeError:
        if first:
            raise
        status, why = "failed", "the experiment's code failed in every trial of it"
    except MldiagError as error:
        nothing_to_read = step.reads_data and experiment.dataset is None
        status, why = "not_applicable" if nothing_to_read else "failed", error.what
    return Asked(
        stage.name,
        status,
        report,
        time.monotonic() - started,
        told.counted.total(measured()),
        why,
    )


def _left_out(settings: Settings, asked: list[Asked], parameters: int) -> list[Asked]:
    """The steps that were wanted and not asked, with the reason."""
    cause = fix_first(asked)
    why = "the budget was spent"
    if any(map(was_interrupted, asked)):
        why = "interrupted"
    elif cause is not None:
        why = f"{cause.code} {cause.slug} has to be mended first"
    done = {one.name for one in asked}
    missing = [name for name in settings.asked if name not in done]
    nothing = "no parameter is declared"
    return [
        Asked(name, "skipped", why=nothing if name == "sweep" and not parameters else why)
        for name in missing
    ]


def _training_seconds(
    experiment: Experiment, common: CommonSettings, identity: Identity
) -> float | None:
    """Measured seconds of one full training at the defaults; None before there was one."""
    with Store.open(common.store_folder(experiment) / "trials.db") as store:
        keys = [identity.key(experiment.spec(repeat=repeat)) for repeat in range(LOOKED_AT)]
        found = store.get_many(list(dict.fromkeys(keys)), with_predictions=False).values()
    seconds = [result.wall_seconds for result in found if result.wall_seconds > 0]
    return median(seconds) if seconds else None


def _earlier(experiment: Experiment, common: CommonSettings, identity: Identity) -> Gathered:
    """Earlier check-ups of the experiment, and what has changed since the latest."""
    with Store.open(common.store_folder(experiment) / "trials.db") as store:
        records = store.runs(experiment.name, step=CHECKUP.name, limit=EARLIER_AT_MOST)[::-1]
        if not records:
            return Gathered()
        changed = _changed_since(experiment, records[-1], identity)
    reports = tuple({**record.report, "started": record.started} for record in records)
    return Gathered(earlier=reports, changed=changed)


def _changed_since(
    experiment: Experiment, record: RunRecord, identity: Identity
) -> tuple[str, ...]:
    kept = read_projection(Path(record.figures[0]).parent) if record.figures else None
    if kept is None:
        return ()
    context = kept.context
    changed = []
    if context.code_digest != identity.code.digest:
        changed.append("the code")
    if context.dataset is not None and context.dataset.digest != identity.data.digest:
        changed.append("the data")
    before: Mapping[str, Any] = context.defaults
    for name, value in experiment.defaults.items():
        if name in before and plain(before[name]) != plain(value):
            changed.append(f"{name}: {before[name]} -> {value}")
    return tuple(changed)
