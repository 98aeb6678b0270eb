"""Commands as a person would type them: what was asked, and what to ask next."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from mldiag.declaration import Experiment
from mldiag.steps import Step
from mldiag.wording import setting


def command_of(step: Step, experiment: Experiment, settings: Any) -> str:
    """The command, or the call, that asks for the same again."""
    changed = {
        item.name: getattr(settings, item.name)
        for item in fields(settings)
        if getattr(settings, item.name) != item.default
    }
    if experiment.target.startswith("memory:"):
        given = ", ".join(f"{name}={value!r}" for name, value in changed.items())
        return f"mldiag.{step.function_name}({experiment.name}{', ' if given else ''}{given})"
    words = ["mldiag", step.name, experiment.shown_target]
    for item in fields(settings):
        if item.name in changed:
            flag = item.metadata.get("flags", (f"--{item.name.replace('_', '-')}",))[0]
            words += _flag_words(flag, changed[item.name])
    return " ".join(word for word in words if word)


def _flag_words(flag: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else []
    values = value if isinstance(value, tuple) else (value,)
    return [word for one in values for word in (flag, setting(one))]


def next_command(experiment: Experiment, next_step: str) -> str:
    """The command to run next; empty where there is none, or no command line reaches the experiment."""
    if not next_step:
        return ""
    if experiment.target.startswith("memory:"):
        return ""
    name, _, rest = next_step.partition(" ")
    return " ".join(word for word in ("mldiag", name, experiment.shown_target, rest) if word)
