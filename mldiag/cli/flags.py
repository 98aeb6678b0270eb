"""From the fields of a settings dataclass to the flags of a command, and back."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import typer

from mldiag.cli.completion import completion_of
from mldiag.early_checks import ENGINES, check_common
from mldiag.errors import MldiagError, unknown_name
from mldiag.report.languages import LANGUAGES, chosen_language
from mldiag.steps import public_fields

FAIL_LEVELS = ("problem", "advice", "inconclusive")
"""Outcomes that `--fail-on` knows, most severe first."""


@dataclass(frozen=True)
class CommonFlags:
    """The flags that mean the same in every command that runs trials."""

    budget: str | None = field(
        default=None,
        metadata={
            "help": "Time for everything: 90s, 10m, 2h, or 60x full trainings.",
            "shown": "TIME",
        },
    )
    jobs: int | None = field(
        default=None, metadata={"help": "Worker processes; by default what the machine carries."}
    )
    engine: str = field(
        default="auto",
        metadata={
            "help": f"Where trials run: {', '.join(ENGINES)} or tcp://HOST:PORT.",
            "choices": ENGINES,
        },
    )
    fresh: bool = field(default=False, metadata={"help": "Train again what the store holds."})
    time_limit: str | None = field(
        default=None, metadata={"help": "Most time for one trial: 90s, 10m.", "shown": "TIME"}
    )
    gpus: int = field(default=0, metadata={"help": "GPUs of each trial; trial.device names them."})
    store: Path | None = field(
        default=None, metadata={"help": "Folder of the store instead of the experiment's .mldiag."}
    )
    tracking_uri: str | None = field(
        default=None, metadata={"help": "MLflow server or store to log to.", "shown": "URI"}
    )
    no_mlflow: bool = field(default=False, metadata={"help": "Do not log to MLflow."})
    why: bool = field(default=False, metadata={"help": "Say why trials are not reused."})
    fail_on: str | None = field(
        default=None,
        metadata={"help": "Exit 1 from this outcome on: problem, advice or inconclusive (then 4).",
                  "shown": "OUTCOME", "choices": FAIL_LEVELS},
    )  # fmt: skip
    json: bool = field(default=False, metadata={"help": "Print one JSON object."})
    lang: str | None = field(
        default=None,
        metadata={"help": "Language of the report: en or ja; by default $MLDIAG_LANG, else en.",
                  "shown": "LANGUAGE", "choices": LANGUAGES},
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Check what can be checked before anything is loaded."""
        check_common(
            budget=self.budget,
            jobs=self.jobs,
            engine=self.engine,
            time_limit=read_seconds(self.time_limit),
            gpus=self.gpus,
            tracking_uri=self.tracking_uri,
            store=self.store,
        )
        if self.fail_on is not None and self.fail_on not in FAIL_LEVELS:
            raise unknown_name(
                "outcome for --fail-on", self.fail_on, FAIL_LEVELS, hint="--fail-on problem"
            )
        chosen_language(self.lang)


def parameters_of(settings_type: type[Any]) -> list[inspect.Parameter]:
    """Typer parameters for the fields of a settings dataclass.

    A field's metadata may hold `help`, `flags` (else `--its-name`), `shown` (the word for its value) and
    `choices` (for completion). Numbers are taken as text, so that `read_settings` words every error.

    Example:
        >>> [p.name for p in parameters_of(CommonFlags)][:3]
        ['budget', 'jobs', 'engine']
    """
    hints = get_type_hints(settings_type)
    return [_parameter(item, hints[item.name]) for item in public_fields(settings_type)]


def target_parameter(*, reads_data: bool = False) -> inspect.Parameter:
    """The positional `TARGET`, the same everywhere; some commands also take data alone."""
    help_text = "file.py, file.py:name, package.module:name or a built-in name"
    if reads_data:
        help_text = f"a table, an archive or a folder of files; else {help_text}"
    annotation = Annotated[
        str | None,
        typer.Argument(
            help=help_text,
            show_default=False,
            metavar="TARGET",
            autocompletion=completion_of("target"),
        ),
    ]
    return inspect.Parameter(
        "target", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def read_settings(settings_type: type[Any], given: Mapping[str, Any]) -> Any:
    """Build the settings from what was given on the command line; other names are left alone.

    Raises:
        MldiagError: If a value cannot be read, or the settings refuse it.

    Example:
        >>> read_settings(CommonFlags, {"jobs": 2, "values": 9}).jobs
        2
    """
    hints = get_type_hints(settings_type)
    values = {
        item.name: _value(item, hints[item.name], given[item.name])
        for item in public_fields(settings_type)
        if item.name in given
    }
    return settings_type(**values)


def read_seconds(text: str | None) -> float | None:
    """The time limit of a trial as written on the command line, in seconds.

    Raises:
        MldiagError: If it is no length of time, or not above zero.

    Example:
        >>> read_seconds("1.5m"), read_seconds(None)
        (90.0, None)
    """
    from mldiag.run.budget import parse_budget

    try:
        seconds = parse_budget(text).seconds
    except MldiagError:
        seconds = None
    if text is not None and seconds is None:
        raise MldiagError(
            f"cannot read the time limit {text!r}",
            expected="a time above 0, such as 90s, 10m or 2h",
            hint="--time-limit 10m",
        )
    return seconds


def _parameter(item: Field[Any], hint: Any) -> inspect.Parameter:
    kind, default = _plain_type(hint), _default(item)
    flags = item.metadata.get("flags") or (f"--{item.name.replace('_', '-')}",)
    if kind is bool and default:
        flags = (f"{flags[0]}/--no-{flags[0].removeprefix('--')}", *flags[1:])
    many, text = _is_tuple(hint), kind in _NUMBERS
    option = typer.Option(
        *flags,
        help=item.metadata.get("help"),
        metavar=None if kind is bool else item.metadata.get("shown", _word(kind)),
        show_default=default not in (None, (), False),
        autocompletion=completion_of(item.name, item.metadata.get("choices", ())),
    )
    shown = list[str] if many else str if text else kind
    if default is None:
        shown = shown | None
    elif many or text:
        default = [str(value) for value in default] if many else str(default)
    return inspect.Parameter(
        item.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[shown, option],
    )


def _value(item: Field[Any], hint: Any, given: Any) -> Any:
    if _is_tuple(hint):
        kind = get_args(hint)[0]
        if kind is str:
            return tuple(given)
        words = [word.strip() for text in given for word in text.split(",") if word.strip()]
        return tuple(_number(item, kind, word) for word in words)
    kind = _plain_type(hint)
    return _number(item, kind, given) if kind in _NUMBERS and isinstance(given, str) else given


def _number(item: Field[Any], kind: Callable[[str], Any], text: str) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = float("nan")
    if not math.isfinite(value):
        flag = (item.metadata.get("flags") or (f"--{item.name.replace('_', '-')}",))[-1]
        raise MldiagError(
            f"{flag} {text!r} cannot be read",
            expected=_NUMBERS[kind],
            hint=f"{flag} {_example(item)}",
        )
    return value


def _example(item: Field[Any]) -> str:
    """A value that would work."""
    default = _default(item)
    return str(item.metadata.get("example", default if default not in (None, ()) else 2))


def _default(item: Field[Any]) -> Any:
    if item.default_factory is not MISSING:
        return item.default_factory()
    if item.default is MISSING:
        raise TypeError(f"the setting {item.name!r} needs a default, because flags are optional")
    return item.default


def _plain_type(hint: Any) -> Any:
    """The type without `| None`."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
    return hint


def _is_tuple(hint: Any) -> bool:
    return get_origin(hint) is tuple


def _word(kind: Any) -> str:
    words = {int: "N", float: "NUMBER", Path: "PATH"}
    return words.get(kind, "TEXT")


_NUMBERS: dict[Any, str] = {int: "a whole number", float: "a number"}
