"""`mldiag explain CODE`: what a finding means, how it is detected, why it matters, how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mldiag.cli.completion import completion_of
from mldiag.errors import unknown_name
from mldiag.report.languages import LANGUAGES, chosen_language
from mldiag.steps import COMMANDS

if TYPE_CHECKING:
    from mldiag.findings import Check

LangOption = Annotated[
    str | None,
    typer.Option(
        help="Language: en or ja; by default $MLDIAG_LANG, else en.",
        metavar="LANGUAGE",
        show_default=False,
        autocompletion=completion_of("lang", LANGUAGES),
    ),
]


def explain(
    code: Annotated[
        str | None,
        typer.Argument(
            help="A code such as MD201, or a name such as more-data; without one, all are listed.",
            show_default=False,
        ),
    ] = None,
    lang: LangOption = None,
) -> None:
    """What a finding means, how it is detected, and what to do."""
    from mldiag.report.console import print_pairs
    from mldiag.report.languages.lines import text_of
    from mldiag.report.languages.words import translate, words
    from mldiag.report.streams import console

    chosen = chosen_language(lang)
    if code is None:
        _list_all(chosen)
        return
    out, labels, text = console(), words(chosen), text_of(chosen)
    check = translate(_find(code, known_checks()), chosen)
    out.print(text(f"{check.code} {check.slug}: {check.title}", style="bold"))
    out.print()
    told = [
        ("detected", check.detection()),
        ("why", check.why),
        ("fix", check.fix),
        ("source", check.source),
    ]
    print_pairs([(labels[name], said) for name, said in told], out, lang=chosen)


def known_checks() -> dict[str, Check]:
    """Every check of steps, of trials in any step and of training loops, in the order of the codes."""
    found = {check.code: check for _, checks in checks_by_place() for check in checks}
    return dict(sorted(found.items()))


def checks_by_place() -> list[tuple[str, list[Check]]]:
    """The checks by the step that makes them, each in the order of its codes.

    Returns:
        Names of steps, `of_trials` for what every step looks at and `of_loops` for training loops, with
        their checks; a check of several places stands at the first.
    """
    from mldiag.steps.trial_checks import CHECKS
    from mldiag.training_checks.checks import CHECKS as TRAINING_CHECKS

    places = [("of_trials", CHECKS), ("of_loops", TRAINING_CHECKS)]
    places += [(step.name, tuple(step.checks().values())) for step in COMMANDS]
    told: set[str] = set()
    listed: list[tuple[str, list[Check]]] = []
    for name, checks in places:
        own = {check.code: check for check in checks if check.code not in told}
        told |= own.keys()
        listed.append((name, [own[code] for code in sorted(own)]))
    return listed


def _list_all(lang: str) -> None:
    """Every code with its title, below the question of its step."""
    from mldiag.report.console import print_pairs
    from mldiag.report.languages.lines import text_of
    from mldiag.report.languages.words import question_of, translate, words
    from mldiag.report.streams import console

    out, labels, text = console(), words(lang), text_of(lang)
    questions = {step.name: question_of(step.name, lang, step.question) for step in COMMANDS}
    for name, checks in checks_by_place():
        asked = f"{name}: {questions[name]}" if name in questions else labels[name]
        out.print(text(asked, style="bold"))
        pairs = [(check.code, translate(check, lang).title) for check in checks]
        print_pairs(pairs, out, indent=2, lang=lang)
        out.print()
    out.print(text(labels["more"], style="dim"))


def _find(code: str, checks: dict[str, Check]) -> Check:
    """Find by code or slug, in any case."""
    by_slug = {check.slug: check for check in checks.values()}
    found = checks.get(code.upper()) or by_slug.get(code.lower())
    if found is None:
        if code[:2].upper() == "MD":
            raise unknown_name("code", code.upper(), [*checks], hint="mldiag explain")
        raise unknown_name("check", code, [*by_slug], hint="mldiag explain")
    return found
