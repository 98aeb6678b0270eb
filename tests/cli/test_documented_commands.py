"""Every `mldiag` command of the README and the docs is one that the command line takes."""

import pytest

from mldiag.cli import app, step_command
from mldiag.steps import COMMANDS
from tests.examples.documented_pages import mldiag_words

STEPS = {step.name for step in COMMANDS}
OTHERS = {"plan", "list", "init", "explain", "ui", "sync", "data", "prepare", "report"}
CASES = sorted(set(mldiag_words()))


@pytest.mark.parametrize(("page", "words"), CASES, ids=lambda value: str(value)[:60])
def test_a_documented_command_is_taken(page, words, monkeypatch):
    asked = []

    def record(step, target, settings, flags):
        asked.append((step.name, target, settings, flags))
        return 0

    monkeypatch.setattr(step_command, "_run", record)
    monkeypatch.setattr(step_command, "check_declared", lambda *_: None)
    if words[0] in STEPS:
        assert app.command_line()(list(words), prog_name="mldiag", standalone_mode=False) == 0
        assert asked[0][0] == words[0]
    else:
        assert words[0] in OTHERS | {"--help", "--version"}
        command = app.command_line()
        with command.make_context("mldiag", list(words), resilient_parsing=True) as context:
            name, _, rest = command.resolve_command(context, list(words))
        flags = {word.partition("=")[0] for word in rest if word.startswith("--")} - {"--help"}
        known = _flags(command.commands[name], rest)
        assert flags <= known, f"{page}: {sorted(flags - known)} of mldiag {name}"


def _flags(command, rest):
    """The flags of a command, or of the one below it that the words name."""
    below = getattr(command, "commands", {})
    if rest and rest[0] in below:
        return _flags(below[rest[0]], rest[1:])
    return {opt for parameter in command.params for opt in parameter.opts}


def test_the_pages_do_have_commands():
    assert len(CASES) > 40
    assert {words[0] for _, words in CASES} >= STEPS
