"""`mldiag explain CODE`: what a finding means, how it is detected, why it matters, how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mldiag.errors import unknown_name
from mldiag.steps import STEPS

if TYPE_CHECKING:
    from mldiag.findings import Check


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="A code such as MD201, or a name such as more-data; without one, all are listed.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """What a finding means, how it is detected, and what to do."""
    from mldiag.report.console import print_pairs
    from mldiag.report.streams import console

    out = console()
    checks = known_checks()
    if code is None:
        print_pairs([(check.code, check.title) for check in checks.values()], out)
        out.print("\nmldiag explain CODE tells more of one.", style="dim")
        return
    check = _find(code, checks)
    out.print(f"{check.code} {check.slug}: {check.title}", style="bold")
    out.print()
    print_pairs(
        [
            ("detected", check.detection()),
            ("why", check.why),
            ("fix", check.fix),
            ("source", check.source),
        ],
        out,
    )


def known_checks() -> dict[str, Check]:
    """Every check of steps, of trials in any step and of training loops, in the order of the codes."""
    from mldiag.steps.trial_checks import CHECKS
    from mldiag.training_checks.checks import CHECKS as TRAINING_CHECKS

    found = {check.code: check for check in (*CHECKS, *TRAINING_CHECKS)}
    for step in STEPS:
        found |= step.checks()
    return dict(sorted(found.items()))


def _find(code: str, checks: dict[str, Check]) -> Check:
    """Find by code or slug, in any case."""
    by_slug = {check.slug: check for check in checks.values()}
    found = checks.get(code.upper()) or by_slug.get(code.lower())
    if found is None:
        if code[:2].upper() == "MD":
            raise unknown_name("code", code.upper(), [*checks], hint="mldiag explain")
        raise unknown_name("check", code, [*by_slug], hint="mldiag explain")
    return found
