"""The command line: `mldiag COMMAND [TARGET] [FLAGS]`."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from mldiag import __version__
from mldiag.cli.errors import Interrupted, error_text, failure_of
from mldiag.errors import MldiagError, nearest_name
from mldiag.report.streams import forgive_encodings
from mldiag.steps import CHECKUP, COMMANDS

ABOUT = """Find out why a model does not learn, and what to do next.

Start with `mldiag init`, then `mldiag learning-curve`. Without a TARGET a command uses the
`[tool.mldiag]` table of pyproject.toml, else experiment.py, else the built-in demo.
"""


class Commands(TyperGroup):
    """The commands; a misspelt one is told with the nearest."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The steps in the order of the checklist, the plan, and the rest."""
        first = [*(step.name for step in COMMANDS), "plan"]
        return [*first, *(name for name in self.commands if name not in first)]

    def invoke(self, ctx: Any) -> Any:
        """Run the command; Typer would turn an interruption into a mere exit code."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted from error

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or tell which one was meant."""
        name = args[0]
        if name not in self.commands and not name.startswith("-") and not ctx.resilient_parsing:
            known = self.list_commands(ctx)
            near = nearest_name(name, known, cutoff=0.5)
            raise MldiagError(
                f"unknown command {name!r}",
                expected=f"one of {', '.join(known)}",
                nearest=near,
                hint=f"mldiag {near} --help" if near else "mldiag --help",
                given=name if len(args) > 1 else "",  # alone it may need more than the right name
            )
        return super().resolve_command(ctx, args)


def command_line() -> Any:
    """The whole command line, with one command for every step of the checklist."""
    from mldiag.cli import data, explain, init, listing, plan, prepare, report, services
    from mldiag.cli.step_command import step_command

    app = typer.Typer(
        name="mldiag", cls=Commands, help=ABOUT, rich_markup_mode=None, invoke_without_command=True,
        pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback()(_root)
    for step in COMMANDS:
        place = "All steps" if step is CHECKUP else f"Step {step.number}"
        described = f"{step.question} ({place} of the checklist.)"
        app.command(step.name, help=described, short_help=step.question)(step_command(step))
    app.add_typer(plan.app(), name="plan")
    app.add_typer(data.app(), name="data")
    app.add_typer(prepare.app(), name="prepare")
    for name, command in (
        ("report", report.show_report),
        ("list", listing.list_experiments),
        ("init", init.write_experiment),
        ("explain", explain.explain),
        ("ui", services.open_ui),
        ("sync", services.sync),
    ):
        app.command(name)(command)
    return typer.main.get_command(app)


def run(arguments: list[str]) -> int:
    """Run one command.

    Args:
        arguments: The command line without the program's name.

    Returns:
        The exit code.
    """
    forgive_encodings()
    try:
        status = command_line()(arguments, prog_name="mldiag", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Exception, KeyboardInterrupt) as error:
        failure = failure_of(error, arguments)
        print(error_text(failure), file=sys.stderr)
        if "--json" in arguments:
            from mldiag.report.json import error_json

            print(error_json(failure.error, kind=failure.kind, exit_code=failure.exit_code))
        return failure.exit_code


def main() -> None:
    """Entry point of `mldiag` and of `python -m mldiag`."""
    sys.exit(run(sys.argv[1:]))


def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"mldiag {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
