"""Commands as a person would type them: what was asked, and what to ask next."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from mldiag.declaration import Experiment
from mldiag.redaction import redacted
from mldiag.steps import Step, public_fields
from mldiag.wording import setting

_NOT_REPEATED = ("fresh",)
"""Common settings that going on must not repeat: it would train again what there is already."""


def command_of(step: Step, experiment: Experiment, settings: Any, common: Any = None) -> str:
    """The command, or the call, that asks for the same again.

    Args:
        step: The step.
        experiment: The experiment.
        settings: The step's settings.
        common: The settings that mean the same in every step, where the command is to go on as it was
            run: with its store, jobs, budget and tracking; None leaves them out.
    """
    changed = _changed(settings)
    shared = {} if common is None else _changed(common)
    shared = {name: value for name, value in shared.items() if name not in _NOT_REPEATED}
    if experiment.is_in_memory:
        keywords = {
            item.name: item.metadata.get("keyword", item.name) for item in public_fields(settings)
        }
        given = {
            keywords.get(name, name): _shown(str(value) if isinstance(value, Path) else value)
            for name, value in (changed | shared).items()
        }
        shown = "".join(f", {name}={value!r}" for name, value in given.items())
        return f"mldiag.{step.function_name}({experiment.name}{shown})"
    words = [shlex.quote(word) for word in (experiment.shown_target,) if word]
    for item in public_fields(settings):
        if item.name in changed:
            flag = item.metadata.get("flags", (f"--{item.name.replace('_', '-')}",))[0]
            words += _flag_words(flag, changed[item.name])
    for name, value in shared.items():
        words += _common_words(name, value)
    return " ".join(["mldiag", step.name, *words])


def _changed(settings: Any) -> dict[str, Any]:
    """The fields that differ from their defaults."""
    return {
        item.name: getattr(settings, item.name)
        for item in public_fields(settings)
        if getattr(settings, item.name) != item.default
    }


def _common_words(name: str, value: Any) -> list[str]:
    if name == "tracking_uri" and value is False:
        return ["--no-mlflow"]
    if name == "time_limit":
        value = f"{value:g}s"
    return _flag_words(f"--{name.replace('_', '-')}", value)


def _flag_words(flag: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag] if value else []
    values = value if isinstance(value, tuple) else (value,)
    return [word for one in values for word in (flag, shlex.quote(setting(_shown(one))))]


def _shown(value: Any) -> Any:
    """A setting as it may be kept in reports, which are shared: an address without its password."""
    return redacted(value) if isinstance(value, str) else value


def next_command(experiment: Experiment, next_step: str) -> str:
    """The command to run next; empty where there is none, or no command line reaches the experiment."""
    if not next_step:
        return ""
    if experiment.is_in_memory:
        return ""
    name, _, rest = next_step.partition(" ")
    target = shlex.quote(experiment.shown_target) if experiment.shown_target else ""
    return " ".join(word for word in ("mldiag", name, target, rest) if word)
