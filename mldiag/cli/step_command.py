"""A command for every step of the checklist, made from the step's settings."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from mldiag.cli.declared_names import check_declared
from mldiag.cli.flags import (
    CommonFlags,
    parameters_of,
    read_seconds,
    read_settings,
    target_parameter,
)
from mldiag.errors import MldiagError
from mldiag.steps import CHECKUP, Step

if TYPE_CHECKING:
    from mldiag.adapters.targets import Found
    from mldiag.declaration import Experiment
    from mldiag.diagnosis import CommonSettings
    from mldiag.findings import Report


def step_command(step: Step) -> Callable[..., None]:
    """The function behind `mldiag STEP`; its flags are the fields of the step's settings."""

    def command(**given: Any) -> None:
        flags: CommonFlags = read_settings(CommonFlags, given)
        settings = read_settings(step.settings_type(), given)
        check_declared(given["target"], settings)
        raise typer.Exit(_run(step, given["target"], settings, flags))

    return with_flags(command, step.settings_type(), CommonFlags, reads_data=step.reads_data)


def with_flags(
    command: Callable[..., None], *settings_types: type[Any], reads_data: bool = False
) -> Callable[..., None]:
    """Give a function of keyword arguments a `TARGET` and the flags of settings dataclasses."""
    parameters = [target_parameter(reads_data=reads_data)]
    for settings_type in settings_types:
        parameters += parameters_of(settings_type)
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {}
    return command


def common_settings(flags: CommonFlags) -> CommonSettings:
    """The flags as the diagnosis takes them."""
    from mldiag.diagnosis import CommonSettings

    return CommonSettings(
        budget=flags.budget,
        jobs=flags.jobs,
        engine=flags.engine,
        fresh=flags.fresh,
        time_limit=read_seconds(flags.time_limit),
        gpus=flags.gpus,
        tracking_uri=False if flags.no_mlflow else flags.tracking_uri,
        store=flags.store,
    )


def check_choice(step: Step, settings: Any, experiment: Experiment) -> None:
    """A sweep must be told what to move; moving everything unasked could take days.

    Raises:
        MldiagError: If nothing was named; it lists the parameters.
    """
    searches = getattr(settings, "search", None) is not None
    ranges = getattr(settings, "range_test", False)  # it finds the learning rate by its role
    if step.name != "sweep" or settings.param or settings.all or searches or ranges:
        return
    from mldiag.report.listing import parameter_lines

    first = next(iter(experiment.params), "lr")
    raise MldiagError(
        "sweep needs to know what to move",
        expected="--param NAME (once or several times), --all, or --search METHOD; declared are\n"
        + "\n".join(parameter_lines(experiment)),
        hint=shlex.join(
            word for word in ("mldiag", "sweep", experiment.shown_target, "--param", first) if word
        ),
    )


def exit_code(report: Report, fail_on: str | None) -> int:
    """The exit code of a finished command.

    Example:
        >>> from mldiag.findings import Report, TrialCounts
        >>> report = Report("sweep", "a", {}, "inconclusive", "OPEN", (), {}, TrialCounts(), 0.0)
        >>> exit_code(report, None), exit_code(report, "problem"), exit_code(report, "inconclusive")
        (0, 0, 4)
    """
    if report.result.get("interrupted"):
        return 130
    found = {report.outcome, *(finding.outcome for finding in report.findings)}
    severe = {"problem": {"problem"}, "advice": {"problem", "advice"}}
    if fail_on is not None and found & severe.get(fail_on, severe["advice"]):
        return 1
    return 4 if fail_on == "inconclusive" and "inconclusive" in found else 0


def _run(step: Step, target: str | None, settings: Any, flags: CommonFlags) -> int:
    from mldiag.report.streams import printing_to_stderr

    common = common_settings(flags)
    with printing_to_stderr():
        report = _diagnose(step, target, settings, flags, common)
    if flags.json:
        from mldiag.report.json import report_json

        typer.echo(report_json(report))
    else:
        from mldiag.report.console import print_report
        from mldiag.report.languages import chosen_language
        from mldiag.report.streams import console

        print_report(report, console(), chosen_language(flags.lang))
    return exit_code(report, flags.fail_on)


def _diagnose(
    step: Step, target: str | None, settings: Any, flags: CommonFlags, common: CommonSettings
) -> Report:
    from mldiag.diagnosis import diagnose_experiment, plan_experiment
    from mldiag.report.plan import main_reasons
    from mldiag.report.progress import ProgressListener
    from mldiag.tracking import writer_process
    from mldiag.whole_checklist import check_up

    with ProgressListener() as listener:
        if common.tracking_uri is not False:
            writer_process.prepare()  # MLflow's import overlaps that of the experiment
        found = find_subject(step, target, settings, tell=listener.looking)
        experiment = found.experiment
        if found.announcement:
            listener.notice(found.announcement)
        check_choice(step, settings, experiment)
        if flags.why:
            plan = plan_experiment(step, experiment, settings, common)
            for reason in main_reasons(plan.why) or ["every trial is in the store"]:
                listener.notice(f"why: {reason}")
        run = check_up if step is CHECKUP else partial(diagnose_experiment, step)
        report = run(experiment, settings, common, listener)
    if step.reads_data:
        from mldiag.adapters.audit_outputs import write_outputs

        for told in write_outputs(experiment, settings, report):
            listener.notice(told)
    return report


def find_subject(
    step: Step,
    target: str | None,
    settings: Any,
    *,
    tell: Callable[[str, int, int], None] | None = None,
) -> Found:
    """The experiment that a target names; steps that read data also take a file or a folder of it."""
    if step.reads_data:
        from mldiag.adapters.audit_target import find_audited

        return find_audited(target, settings, tell=tell)
    from mldiag.adapters.targets import find_experiment

    return find_experiment(target)
