"""The names after `--param`, checked against what declares them before estimators and data are loaded."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from mldiag.errors import unknown_name

CONFIG_NAME = "pyproject.toml"


def check_declared(target: str | None, settings: Any) -> None:
    """Refuse a parameter that the `pyproject.toml` of a target, or a built-in experiment, does not declare.

    Other targets are Python files of the user's: what they declare, only running them tells.

    Args:
        target: The target as typed, or None for what is found here.
        settings: The step's settings; those without `param` pass.

    Raises:
        MldiagError: With the nearest name, or if the configuration cannot be read.
    """
    asked = [text.partition("=")[0] for text in getattr(settings, "param", ())]
    declared = declared_names(target) if asked else None
    if declared is None:
        return
    for name in asked:
        if name not in declared:
            hint = " ".join(["mldiag list", *([target] if target else [])])
            raise unknown_name("parameter", name, declared, hint=hint)


def declared_names(target: str | None) -> Collection[str] | None:
    """Parameters that a target declares, or None where that cannot be known without running code.

    Args:
        target: The target as typed, or None.

    Example:
        >>> declared_names("digits")
        ['lr', 'width', 'weight_decay', 'batch_size']
    """
    from mldiag import demo
    from mldiag.cli.completion import declared_params

    if target in demo.DEMOS:
        return declared_params(Path(demo.__file__).with_name(f"{target}.py"))
    place = Path(target or CONFIG_NAME)
    place = place / CONFIG_NAME if place.is_dir() else place
    if place.name != CONFIG_NAME or not place.is_file():
        return None
    from mldiag.adapters.config import experiment_table

    params = (experiment_table(place) or {}).get("params")
    return (
        params if isinstance(params, dict) else None
    )  # what is wrong with it is told by its reader
