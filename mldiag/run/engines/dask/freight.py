"""How an experiment is sent to Dask workers: by its target, else with its code and its data, packed once."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.run import cargo as cargos
from mldiag.run.cargo import Cargo
from mldiag.run.engines.dask.messages import Parcel

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


class Freight:
    """An experiment, ready to be sent.

    Args:
        experiment: The experiment.
        mapped: Whether workers of this machine map what travels by value from a file of this process.
    """

    def __init__(self, experiment: Experiment, *, mapped: bool) -> None:
        self._experiment, self.mapped = experiment, mapped
        self._cargo: Cargo | None = None

    @property
    def only_by_value(self) -> bool:
        """Whether the experiment lives only in this process."""
        return self._experiment.target.startswith("memory:")

    def parcel(self, *, by_value: bool) -> Parcel:
        """What a worker is told of it.

        Args:
            by_value: Whether it is sent although it has a target.

        Raises:
            CargoError: If it cannot be sent.
        """
        folder = os.getcwd()  # noqa: PTH109 - as text
        parcel = Parcel(self._experiment.target, folder=folder, search_path=_search_path(folder))
        if not by_value and not self.only_by_value:
            return parcel
        file, spans = self._packed()
        path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        mapped = str(path) if self.mapped and path.exists() else ""
        return replace(parcel, target="", spans=spans, path=mapped)

    def content(self) -> Any:
        """All of it as an array of bytes, which is read from the file as it is sent."""
        file, spans = self._packed()
        (whole,) = file.mapped([(0, max(begin + length for begin, length in spans))])
        return np.frombuffer(whole, dtype=np.uint8)

    def close(self) -> None:
        """Let go of it; a second call does nothing."""
        if self._cargo is not None:
            self._cargo.close()
            self._cargo = None

    def _packed(self) -> tuple[Any, tuple[tuple[int, int], ...]]:
        if self._cargo is None:
            self._cargo = cargos.pack(_in_memory(self._experiment), by_value=True)
        return self._cargo.file, self._cargo.spans


def _in_memory(experiment: Experiment) -> Experiment:
    """The same experiment, for a place where nobody finds its target."""
    if experiment.target.startswith("memory:"):
        return experiment
    copy = experiment.renamed(target=f"memory:{experiment.name}")
    vars(copy)["loaded"] = experiment.loaded
    return copy


def _search_path(folder: str) -> tuple[str, ...]:
    """Where modules of the user's are found here; those that are installed lie elsewhere on a worker."""
    return tuple(
        entry or folder
        for entry in sys.path
        if not entry.startswith((sys.base_prefix, sys.prefix)) and "-packages" not in entry
    )
