"""The one path from an experiment to a report: plan, run, diagnose, keep, show.

The commands and the Python functions share it. Results are in the store before they are told, and the report
is on disk before MLflow hears of it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from mldiag.adapters.config import configured
from mldiag.answer import EndedRun, context_of, keep, record_of, report_of
from mldiag.command_text import command_of
from mldiag.declaration import Experiment
from mldiag.earlier_answer import earlier_answer, shown_in_mlflow
from mldiag.earlier_run import with_earlier_run
from mldiag.early_checks import check_tracking_uri
from mldiag.errors import MldiagError, UserCodeError
from mldiag.findings import Report
from mldiag.redaction import redacted
from mldiag.report.console import report_text
from mldiag.report.html import report_html
from mldiag.run.budget import Budget
from mldiag.run.engine_names import AUTO, ENGINES
from mldiag.run.executor import Executor
from mldiag.run.identity import Identity, identify
from mldiag.run.reserve_log import ReserveLog
from mldiag.run.settings import Listener, RunSettings, SilentListener
from mldiag.run.shared_study import SharedStudy, brought
from mldiag.run.store.trial_store import Store
from mldiag.steps import Step
from mldiag.tracking import writer_process
from mldiag.tracking.context import RunAnswer
from mldiag.tracking.destination import Destination, TrackingSettings, resolve_destination
from mldiag.tracking.tracker import Tracked, Tracker
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec


@dataclass(frozen=True)
class CommonSettings:
    """What may be said to every step; the fields are keyword arguments of every step's function.

    Args:
        budget: Time for everything: `90s`, `10m`, `2h`, or `60x` full trainings.
        jobs: Trials at a time; None for what the machine carries.
        engine: Where trials run: `auto`, `inline`, `local`, `dask`, or the address of a Dask scheduler.
        fresh: Whether to train again what the store holds.
        time_limit: Seconds that one trial may take.
        gpus: GPUs of each trial; `trial.device` names them.
        tracking_uri: MLflow destination; None as configured, False for none.
        store: Folder of the store; None for `.mldiag` beside the experiment.
    """

    budget: str | Budget | None = field(
        default=None, metadata={"help": "Time for everything: 90s, 10m, 2h, or 60x full trainings."}
    )
    jobs: int | None = field(default=None, metadata={"help": "Trials at a time."})
    engine: str = field(
        default=AUTO,
        metadata={"help": f"Where trials run: {', '.join((AUTO, *ENGINES))} or tcp://HOST:PORT."},
    )
    fresh: bool = field(default=False, metadata={"help": "Train again what the store holds."})
    time_limit: float | None = field(
        default=None, metadata={"help": "Seconds that one trial may take."}
    )
    gpus: int = field(default=0, metadata={"help": "GPUs of each trial."})
    tracking_uri: str | Literal[False] | None = field(
        default=None, metadata={"help": "MLflow destination; False for none."}
    )
    store: Path | None = field(default=None, metadata={"help": "Folder of the store."})

    def store_folder(self, experiment: Experiment) -> Path:
        """Folder that holds the trials and the reports."""
        return Path(self.store) if self.store else experiment.home / ".mldiag"

    def run_settings(self) -> RunSettings:
        """The part that the executor reads."""
        names = {item.name for item in fields(RunSettings)}
        return RunSettings(**{key: value for key, value in vars(self).items() if key in names})


@dataclass(frozen=True)
class Plan:
    """What a command would run, without running it.

    Args:
        specs: The trials of its first round.
        cached: How many of them the store has.
        seconds: Time that the others will take, in seconds; None where nothing is known.
        notices: What was set on the way, and what the data fingerprint covers.
        why: Why trials are not reused, a line each.
    """

    specs: tuple[TrialSpec, ...]
    cached: int
    seconds: float | None
    notices: tuple[str, ...]
    why: tuple[str, ...]


def plan_experiment(
    step: Step, experiment: Experiment, settings: Any, common: CommonSettings | None = None
) -> Plan:
    """Say what `diagnose_experiment` would run first; trains nothing."""
    common = common or CommonSettings()
    specs = tuple(step.plan(experiment, settings))
    with Store.open(common.store_folder(experiment) / "trials.db") as store:
        identity = identify(experiment)
        executor = Executor(experiment, store, identity, common.run_settings(), SilentListener())
        summary = executor.summary(specs)
        return Plan(
            specs=specs,
            cached=summary.cached,
            seconds=summary.seconds,
            notices=(*experiment.notices, f"the data fingerprint covers {identity.data.covers}"),
            why=tuple(executor.why(specs)),
        )


def diagnose_experiment(
    step: Step,
    experiment: Experiment,
    settings: Any,
    common: CommonSettings | None = None,
    listener: Listener | None = None,
) -> Report:
    """Run what the step needs, answer, and keep the answer.

    Args:
        step: The step of the checklist.
        experiment: The experiment.
        settings: The step's settings.
        common: What may be said to every step.
        listener: Told of the plan, of every result and of notices as they come.

    Returns:
        The report; where the user interrupted, of what there was by then.

    Raises:
        UserCodeError: If the user's code failed in every trial.
        MldiagError: If a setting, the data or the store is wrong.
    """
    common, listener = common or CommonSettings(), listener or SilentListener()
    folder, destination = common.store_folder(experiment), _destination(experiment, common)
    if step.reads_data and experiment.inspected is not None:
        writer_process.prepare_store(destination)
    step.look(experiment, listener.looking)
    step.plan(experiment, settings)  # a wrong name or range is told before anything is written
    with Store.open(folder / "trials.db") as store:
        for notice in store.notices:
            listener.notice(notice)
        identity = identify(experiment)
        context = context_of(step, experiment, settings, identity)
        told = with_earlier_run(settings, experiment, store, identity, destination)
        tracker = Tracker(destination, context, notice=listener.notice)
        study = _study(settings, experiment, identity)
        executor = Executor(experiment, store, identity, common.run_settings(), listener)
        answer = None
        try:
            log = ReserveLog(store, identity, listener.notice)
            keep_other = partial(_keep_other, store, identity)
            bring = partial(brought, executor, study, keep=keep_other, lot=common.jobs)
            results = _run(step, experiment, told, executor, tracker, log, bring, listener.notice)
            diagnosis = step.diagnose(experiment, told, results)
            resume = command_of(step, experiment, settings, common)
            ended = EndedRun(executor.counts, context.command, resume, executor.interrupted)
            report = report_of(step, experiment, diagnosis, results, ended)
            keys = tuple(identity.key(result.spec) for result in results)
            if not executor.counts.run and (earlier := earlier_answer(store, report, keys)):
                tracked = shown_in_mlflow(store, earlier, destination, notice=listener.notice)
                return _handed_out(replace(report, figures=earlier.figures), tracked)
            kept_in = folder / "runs" / context.run_id
            report, answer = keep(step, context, diagnosis, report, kept_in)
            wanted: dict[str, Any] | None = None if destination is not None else {}
            store.save_run(record_of(context, report, answer, keys, tracking=wanted))
        finally:
            place = _closed(study, executor, tracker, answer)
        if place is not None:
            store.update_tracking(context.run_id, asdict(place))
        return _handed_out(report, asdict(place) if place else None)


def _handed_out(report: Report, tracked: dict[str, Any] | None) -> Report:
    return replace(report, mlflow=tracked, as_html=report_html, as_text=report_text)


def _destination(experiment: Experiment, common: CommonSettings) -> Destination | None:
    """Where MLflow is written to; None for nowhere.

    Raises:
        MldiagError: If it cannot be.
    """
    destination = resolve_destination(
        TrackingSettings(common.tracking_uri),
        experiment.home,
        config_uri=configured(experiment.home, "tracking_uri"),
    )
    if destination is not None:
        check_tracking_uri(destination.uri)
    return destination


def _closed(
    study: SharedStudy | None, executor: Executor, tracker: Tracker, answer: RunAnswer | None
) -> Tracked | None:
    """Let everything go, however the command ended; where MLflow has it."""
    try:
        if study is not None:
            study.close()
        executor.close()
    finally:  # also where the disk is full, and not even a claim can be given up
        raised = sys.exc_info()[1]
        told = redacted(str(raised)) if isinstance(raised, MldiagError) else ""
        place = tracker.close(answer, told)
    return place


def _run(
    step: Step,
    experiment: Experiment,
    settings: Any,
    executor: Executor,
    tracker: Tracker,
    log: ReserveLog,
    bring: Callable[[Sequence[TrialSpec]], Iterator[tuple[TrialResult, bool]]],
    notice: Callable[[str], None],
) -> list[TrialResult]:
    """Plan and run until the step wants no more, the budget is spent, or the user interrupts."""
    results: dict[str, TrialResult] = {}
    trained = 0
    # Per-row predictions make intervals where the validation rows are fixed, and only there.
    keep_rows = experiment.splits.fixed_valid or step.reads_predictions
    while True:
        specs = step.plan(
            experiment, settings, tuple(results.values()), executor.remaining_seconds()
        )
        fresh = [spec for spec in specs if spec.digest not in results]
        before = len(results)
        tracker.planned(fresh)
        ahead = executor.summary(fresh)
        if ahead.trials > ahead.cached:  # else the same answer may be in MLflow already
            tracker.start()
            for text in step.told_ahead(experiment, settings, fresh, tuple(results.values())):
                notice(text)
        for result, cached in bring(fresh):
            tracker.finished(result, cached=cached)
            log.finished(result, cached=cached)
            trained += not cached
            kept = result if keep_rows else replace(result, predictions=None)
            results[result.spec.digest] = kept
        if not fresh or len(results) == before:
            break
        if executor.interrupted or executor.failures.speak_for_all:
            break
    _check_some_code_ran(tuple(results.values()), stored=not trained)
    return list(results.values())


def _keep_other(store: Store, identity: Identity, result: TrialResult) -> None:
    store.put(identity.key(result.spec), identity, result)


def _study(settings: Any, experiment: Experiment, identity: Identity) -> SharedStudy | None:
    if not (url := getattr(settings, "study", None)):
        return None
    metric, maximize = experiment.metric.name, bool(experiment.metric.maximize)
    return SharedStudy(url, identity, metric=metric, maximize=maximize)


def _check_some_code_ran(results: Sequence[TrialResult], *, stored: bool) -> None:
    causes = {result.status for result in results}
    seen = any(result.recording is not None and result.recording.steps for result in results)
    broken = {"failed", "lost_worker", "timeout", "out_of_memory"} >= causes
    if results and broken and not seen:
        shown = ", ".join(sorted(cause.replace("_", " ") for cause in causes))
        raise UserCodeError(
            f"the experiment's code failed in every one of {len(results)} trials ({shown})",
            expected=f"a score; the first failure was\n{results[0].error.strip()}",
            hint="--fresh" if stored else "--engine inline",
        )
