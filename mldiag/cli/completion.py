"""Shell completion: targets, parameters and fixed words, without running any code of the user."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

Completion = Callable[..., list[str]]

FILES_LOOKED_AT = 50
"""Completion must answer at once, also in a folder of thousands of files."""


def completion_of(name: str, choices: Sequence[str] = ()) -> Completion | None:
    """The completion function of a flag or argument.

    Args:
        name: Name of the flag or argument, with underscores.
        choices: The words that it takes, if it takes fixed ones.

    Returns:
        A function of the incomplete word, or None where nothing can be offered.

    Example:
        >>> completion_of("fail_on", ("problem", "advice"))("pr")
        ['problem']
    """
    if choices:
        return lambda incomplete: [word for word in choices if word.startswith(incomplete)]
    finders: dict[str, Completion] = {"target": _complete_target, "param": _complete_param}
    return finders.get(name)


def declared_targets(file: Path) -> list[str]:
    """Names of the experiments that a file declares with `@mldiag.experiment` or `from_estimator`."""
    return [name for name, _ in _declarations(file)]


def declared_params(file: Path) -> list[str]:
    """Names of the parameters that a file or a `pyproject.toml` declares."""
    if file.suffix == ".toml":
        return _toml_params(file)
    found = [name for _, params in _declarations(file) for name in params]
    return list(dict.fromkeys(found))


def _complete_target(incomplete: str) -> list[str]:
    folder, colon = Path(incomplete).parent, ":" in incomplete
    if colon:
        file = Path(incomplete.split(":")[0])
        if not file.is_file():
            return []
        return _plain(f"{file}:{name}" for name in declared_targets(file))
    files = _plain(map(str, sorted(folder.glob("*.py"))[:FILES_LOOKED_AT]))
    return [file for file in files if file.startswith(incomplete) and _declarations(Path(file))]


def _complete_param(ctx: Any, incomplete: str) -> list[str]:
    target = (getattr(ctx, "params", None) or {}).get("target")
    candidates = [target.split(":")[0]] if target else ["pyproject.toml", "experiment.py"]
    for file in map(Path, candidates):
        if file.is_file() and (names := declared_params(file)):
            return _plain(name for name in names if name.startswith(incomplete))
    return []


def _plain(words: Iterable[str]) -> list[str]:
    """The words that every shell takes as they are: some read what completion offers as code."""
    return [word for word in words if re.fullmatch(r"[\w.,:/@%+=~-]+", word)]


def _declarations(file: Path) -> list[tuple[str, list[str]]]:
    """Experiments of a file as (name, parameter names), read from its syntax tree."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    return list(_declared(tree))


def _declared(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _called(decorator) == "experiment":
                    yield node.name, _params(decorator)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target = node.targets[0]
            if _called(node.value) in ("from_estimator", "Experiment") and isinstance(
                target, ast.Name
            ):
                yield target.id, _params(node.value)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _params(call: ast.Call) -> list[str]:
    for keyword in call.keywords:
        if keyword.arg == "params" and isinstance(keyword.value, ast.Dict):
            keys = keyword.value.keys
            return [
                k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)
            ]
    return []


def _toml_params(file: Path) -> list[str]:
    import tomllib

    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return list(table["tool"]["mldiag"]["params"].keys())
    except (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError):
        return []
