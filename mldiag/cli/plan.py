"""`mldiag plan`: what a step would run, what it would reuse, and what it would take; runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from mldiag.cli.declared_names import check_declared
from mldiag.cli.flags import CommonFlags, read_settings
from mldiag.cli.step_command import check_choice, common_settings, find_subject, with_flags
from mldiag.errors import MldiagError, unknown_name
from mldiag.steps import CHECKUP, STEPS, Step

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

EVERY_STEP = "every-step"


class PlanGroup(TyperGroup):
    """`plan STEP ...` plans one step; `plan [TARGET] ...` plans every step with its defaults."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the hidden command in place where no step is named."""
        names = [step.name for step in STEPS]
        if args and args[0] == CHECKUP.name:
            raise MldiagError(
                "a check-up has no plan of its own: what it asks follows from what it finds",
                expected="a budget, which it keeps to, or the plans of the steps",
                hint="mldiag plan",
            )
        if not args or args[0] not in (*names, "--help", "-h"):
            _refuse_misspelt_step(args, names)
            args = [EVERY_STEP, *args]
        return super().parse_args(ctx, args)


def app() -> typer.Typer:
    """The command with one subcommand a step."""
    made = typer.Typer(
        cls=PlanGroup,
        help="What a step would run, reuse and take; runs nothing.",
        rich_markup_mode=None,
        subcommand_metavar="[STEP] [TARGET] [FLAGS]",
    )
    for step in STEPS:
        made.command(step.name, help=step.question)(_plan_command(step))
    made.command(EVERY_STEP, hidden=True)(with_flags(_plan_every_step, CommonFlags))
    return made


def _plan_command(step: Step) -> Callable[..., None]:
    def command(**given: Any) -> None:
        settings = read_settings(step.settings_type(), given)
        _show([(step, settings)], given)

    return with_flags(command, step.settings_type(), CommonFlags)


def _plan_every_step(**given: Any) -> None:
    _show([(step, _widest(step.settings_type())) for step in STEPS], given)


def _widest(settings_type: type[Any]) -> Any:
    """Default settings; where a step asks what to look at, everything."""
    asks = any(item.name == "all" for item in fields(settings_type))
    return settings_type(all=True) if asks else settings_type()


def _show(steps: list[tuple[Step, Any]], given: dict[str, Any]) -> None:
    from mldiag.report.console import print_pairs, print_table
    from mldiag.report.listing import parameter_table
    from mldiag.report.streams import console, printing_to_stderr

    flags: CommonFlags = read_settings(CommonFlags, given)
    for _, settings in steps:
        check_declared(given["target"], settings)
    with printing_to_stderr():
        steps, founds, left_out = _found(steps, given["target"])
        experiment = founds[0].experiment
        if founds[0].announcement:
            print(founds[0].announcement)
        plans = [
            (step, *_planned(step, settings, found.experiment, flags))
            for (step, settings), found in zip(steps, founds, strict=True)
        ]
    if flags.json:
        from mldiag.report.json import SCHEMA, strict_json

        described = {step.name: _data(plan, pairs) for step, plan, pairs in plans}
        body = {"schema": SCHEMA, "experiment": experiment.name, "plans": described}
        typer.echo(strict_json(body))
        return
    out = console()
    for step, _, pairs in plans:
        metric = experiment.metric
        title = f"{step.name} of {experiment.name}, {metric.name} ({metric.direction})"
        out.print(title, style="bold")
        print_pairs(pairs, out, indent=2)
        out.print()
    for line in left_out:
        out.print(line)
    print_table(parameter_table(experiment), out)


def _found(
    steps: list[tuple[Step, Any]], target: str | None
) -> tuple[list[tuple[Step, Any]], list[Any], list[str]]:
    """The steps that can be planned, what they are asked of, and a line for each other one.

    Raises:
        MldiagError: If none can be.
    """
    kept, founds, left_out = [], [], []
    for step, settings in steps:
        try:
            founds.append(find_subject(step, target, settings))
            kept.append((step, settings))
        except MldiagError as error:
            if len(steps) == 1 or ((step, settings) == steps[-1] and not founds):
                raise
            left_out.append(f"{step.name}: not planned; {error.what}")
    return kept, founds, left_out


def _planned(
    step: Step, settings: Any, experiment: Experiment, flags: CommonFlags
) -> tuple[Any, list[tuple[str, str]]]:
    from mldiag.diagnosis import plan_experiment
    from mldiag.report.plan import plan_pairs

    check_choice(step, settings, experiment)
    plan = plan_experiment(step, experiment, settings, common_settings(flags))
    return plan, plan_pairs(experiment, plan, why=flags.why)


def _data(plan: Any, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "trials": len(plan.specs),
        "cached": plan.cached,
        "seconds": plan.seconds,
        "notices": plan.notices,
        "why": plan.why,
        "text": [f"{label}: {text}" for label, text in pairs],
        "specs": plan.specs,
    }


def _refuse_misspelt_step(args: list[str], names: list[str]) -> None:
    """A first word close to a step's name, and no file, is a misspelt step."""
    word = args[0] if args else "-"
    if word.startswith("-") or ":" in word or word.endswith(".py") or Path(word).exists():
        return
    if get_close_matches(word, names, n=1, cutoff=0.6):
        raise unknown_name("step", word, names, hint="mldiag plan --help")
