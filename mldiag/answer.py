"""What a command leaves behind: the report, the figure, the record in the store, MLflow's projection."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mldiag.command_text import command_of, next_command
from mldiag.declaration import Experiment
from mldiag.findings import Diagnosis, Report, TrialCounts, plain, ranked
from mldiag.redaction import redacted
from mldiag.report.page import report_page
from mldiag.run.environment import environment
from mldiag.run.identity import Identity
from mldiag.run.store.records import RunRecord
from mldiag.run.store.run_folder import written_whole
from mldiag.steps import Step, public_fields
from mldiag.steps.trial_checks import judge_trials
from mldiag.tracking import projection
from mldiag.tracking.context import DatasetSummary, Projection, RunAnswer, RunContext
from mldiag.trial import AUGMENT, WATCH
from mldiag.trial_result import TrialResult


def context_of(step: Step, experiment: Experiment, settings: Any, identity: Identity) -> RunContext:
    """What is known when the command starts."""
    started = datetime.now(UTC)
    return RunContext(
        run_id=f"{started:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
        experiment=experiment.name,
        step=step.name,
        command=command_of(step, experiment, settings),
        metric=experiment.metric.name,
        maximize=experiment.metric.maximize,
        started=started.timestamp(),
        code_digest=identity.code.digest,
        settings=_told_settings(settings),
        defaults=experiment.defaults,
        log_params=tuple(name for name, p in experiment.params.items() if p.log),
        dataset=_dataset_summary(experiment, identity),
        environment=environment(experiment.home, identity.code.parts),
    )


def _told_settings(settings: Any) -> dict[str, Any]:
    """The settings as plain data without passwords: they are stored and sent to MLflow."""
    told = {item.name: plain(getattr(settings, item.name)) for item in public_fields(settings)}
    return {
        name: redacted(value) if isinstance(value, str) else value for name, value in told.items()
    }


def _dataset_summary(experiment: Experiment, identity: Identity) -> DatasetSummary:
    declared = experiment.source.data
    source = str(declared) if isinstance(declared, (str, Path)) else experiment.name
    columns: tuple[tuple[str, str], ...] = ()
    if experiment.dataset is not None and hasattr(experiment.dataset.main.X, "dtypes"):
        types = experiment.dataset.main.X.dtypes
        columns = tuple((str(name), str(kind)) for name, kind in types.items())[:200]
    return DatasetSummary(
        name=Path(source).name,
        digest=identity.data.digest,
        rows=experiment.splits.n_rows,
        columns=columns,
        source=source,
    )


def record_of(
    context: RunContext,
    report: Report,
    answer: RunAnswer,
    keys: tuple[str, ...],
    *,
    tracking: dict[str, Any] | None,
) -> RunRecord:
    """What the store keeps of a run; `tracking` is None where MLflow is still to be told."""
    return RunRecord(
        id=context.run_id,
        step=context.step,
        experiment=context.experiment,
        started=context.started,
        seconds=answer.wall_seconds,
        report=report.to_dict(),
        trial_keys=keys,
        figures=report.figures,
        tracking=tracking,
    )


@dataclass(frozen=True)
class EndedRun:
    """How the trials of a command went.

    Args:
        counts: Trials planned, run, taken from the store, and failed.
        command: The command that asks for the same again.
        resume: The command that goes on as this one was run.
        interrupted: Whether the user stopped the run.
    """

    counts: TrialCounts
    command: str
    resume: str
    interrupted: bool


def report_of(
    step: Step,
    experiment: Experiment,
    diagnosis: Diagnosis,
    results: Sequence[TrialResult],
    ended: EndedRun,
) -> Report:
    """The report of a diagnosis, with what was found on the trials themselves.

    Args:
        step: The step.
        experiment: The experiment.
        diagnosis: The step's answer.
        results: The results it rests on.
        ended: How the trials went.
    """
    cost = sum(result.wall_seconds for result in results)
    findings = tuple(
        replace(
            finding,
            command=finding.command or ended.command,
            cost_seconds=finding.cost_seconds or cost,
        )
        for finding in (*diagnosis.findings, *judge_trials(_as_declared(results)))
    )
    notices = list(dict.fromkeys([*diagnosis.notices, *_trial_notices(results)]))
    if ended.interrupted:
        notices.append(f"interrupted: this is the answer so far; to go on: {ended.resume}")
    metric = experiment.metric
    return Report(
        step=step.name,
        experiment=experiment.name,
        metric={"name": metric.name, "direction": metric.direction},
        outcome=diagnosis.outcome,
        headline=diagnosis.headline,
        findings=findings if diagnosis.in_order else ranked(findings),
        result=plain(diagnosis.result()) | {"interrupted": ended.interrupted},
        trials=ended.counts,
        cost_seconds=cost,
        notices=tuple(notices),
        tables=diagnosis.tables,
        next_command=next_command(experiment, diagnosis.next_step),
        steps=diagnosis.steps,
    )


def _as_declared(results: Sequence[TrialResult]) -> list[TrialResult]:
    """Trials whose failure says something of the experiment: on blank inputs many a learner may fail."""
    return [
        result
        for result in results
        if all(change.kind in (AUGMENT, "drop_rows", WATCH) for change in result.spec.interventions)
    ]


def _trial_notices(results: Sequence[TrialResult]) -> list[str]:
    """Remarks of the trials, each once, with how many trials made it."""
    counts: dict[str, int] = {}
    for result in _as_declared(results):
        for notice in result.notices:
            counts[notice] = counts.get(notice, 0) + 1
    return [f"{notice} ({count} of {len(results)} trials)" for notice, count in counts.items()]


def keep(
    step: Step, context: RunContext, diagnosis: Diagnosis, report: Report, folder: Path
) -> tuple[Report, RunAnswer]:
    """Write the figures, the report, and what MLflow will be shown, also should it be away now."""
    figures = step.figures(diagnosis)
    from mldiag.steps import drawing  # matplotlib takes a second to import

    with written_whole(folder) as draft:
        files = []
        for name, figure in figures.items():
            drawn = [draft / f"{name}.png", draft / f"{name}.svg"]
            drawing.save(figure, drawn)
            files += drawn
        report = replace(report, figures=tuple(str(folder / file.name) for file in files))
        seconds = datetime.now(UTC).timestamp() - context.started
        answer = RunAnswer.of(report, diagnosis, wall_seconds=seconds)
        _write_json(draft / "report.json", report.to_dict())
        page = report_page(report, figures_in=draft, run_id=context.run_id, started=context.started)
        (draft / "report.html").write_text(page, encoding="utf-8", errors="replace")
        _write_json(draft / projection.FILE_NAME, Projection(context, answer).to_dict())
    return report, answer


def _write_json(file: Path, data: dict[str, Any]) -> None:
    file.write_text(json.dumps(data, indent=1, allow_nan=False), encoding="utf-8")
