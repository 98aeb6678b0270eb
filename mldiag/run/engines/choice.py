"""Engines by the name that follows `--engine`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.errors import unknown_name
from mldiag.run.engines import Engine

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

ENGINES = ("inline", "local")
AUTO = "auto"


def check_engine_name(name: str) -> None:
    """Raise an `MldiagError` with the allowed names if there is no such engine."""
    if name not in (AUTO, *ENGINES):
        raise unknown_name("engine", name, (AUTO, *ENGINES), hint="--engine auto")


def open_engine(
    name: str,
    experiment: Experiment,
    *,
    workers: int,
    threads: int,
    time_limit: float | None = None,
) -> Engine:
    """Make an engine; it starts nothing before its first trial.

    Args:
        name: One of `ENGINES`.
        experiment: The experiment.
        workers: Trials at a time, where the engine can.
        threads: Inner threads of each training.
        time_limit: Seconds that one trial may take.
    """
    if name == "inline":
        from mldiag.run.engines.inline import InlineEngine

        return InlineEngine(experiment, threads=threads, time_limit=time_limit)
    if name == "local":
        from mldiag.run.engines.local import LocalEngine

        return LocalEngine(experiment, workers=workers, threads=threads, time_limit=time_limit)
    raise unknown_name("engine", name, ENGINES)
