"""How an experiment reaches a worker: by its target, or by value with its arrays mapped."""

from __future__ import annotations

import io
import mmap
import os
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import cloudpickle
import numpy as np

from mldiag.errors import MldiagError
from mldiag.run.shared_file import SharedFile
from mldiag.run.watch import user_modules

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


class CargoError(MldiagError):
    """The experiment cannot be sent to another process."""


@dataclass(frozen=True)
class Cargo:
    """What a worker needs to have the experiment.

    Args:
        target: Where the worker finds it; empty if it travels by value.
        file: Holds the pickle and, apart from it, the arrays.
        spans: Where each lies in the file; the pickle comes first.
        folder: Folder to work in, if it exists there; empty to stay.
        search_path: Folders of modules to look into last.
    """

    target: str = ""
    file: SharedFile | None = None
    spans: tuple[tuple[int, int], ...] = ()
    folder: str = ""
    search_path: tuple[str, ...] = ()

    def unpack(self) -> Experiment:
        """The experiment; its arrays are read-only and shared with the other workers."""
        self._settle()
        if self.file is None:
            from mldiag.adapters.targets import load_experiment

            return load_experiment(self.target)
        pickled, *buffers = self.file.mapped(self.spans)
        # Only what `pack` wrote in the parent process is ever unpickled.
        experiment, loaded = pickle.loads(pickled, buffers=buffers)
        vars(experiment)["loaded"] = loaded
        unpacked: Experiment = experiment
        return unpacked

    def _settle(self) -> None:
        """Be where the command is, as far as this machine has it: paths may be relative."""
        if self.folder:
            with suppress(OSError):
                os.chdir(self.folder)
        sys.path += [folder for folder in self.search_path if folder not in sys.path]

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()


def pack(experiment: Experiment, *, by_value: bool = False) -> Cargo:
    """Make an experiment ready to travel.

    Args:
        experiment: The experiment; one whose target starts with `memory:` travels by value, once, and
            its loaded data with it.
        by_value: Whether any other one does so too, with all of the user's code that is loaded.

    Raises:
        CargoError: If something that it reaches cannot be pickled.
    """
    if not by_value and not experiment.target.startswith("memory:"):
        return Cargo(experiment.target)
    buffers: list[pickle.PickleBuffer] = []
    stream = io.BytesIO()
    try:
        with _modules_by_value(every=by_value):
            _Pickler(stream, protocol=5, buffer_callback=buffers.append).dump(
                (experiment, experiment.loaded)
            )
    except Exception as error:
        raise CargoError(
            f"the experiment cannot be sent to worker processes: {error}",
            expected="a train function whose globals and closure can be pickled",
            hint="--engine inline, or put the experiment into a file of its own",
        ) from error
    file = SharedFile()
    spans = file.append([stream.getbuffer(), *(buffer.raw() for buffer in buffers)])
    return Cargo("", file, tuple(spans))


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Cloudpickle that opens a memory-mapped array again instead of copying it."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is np.memmap and isinstance(obj.base, mmap.mmap) and obj.filename is not None:
            order = "F" if obj.flags.fnc else "C"
            path = str(Path(obj.filename).resolve())
            return _mapped_again, (path, obj.dtype, obj.offset, obj.shape, order)
        return super().reducer_override(obj)


def _mapped_again(path: str, dtype: Any, offset: int, shape: Any, order: Any) -> Any:
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape, order=order)


@contextmanager
def _modules_by_value(*, every: bool) -> Iterator[None]:
    """Send the code of modules that a worker could not import, such as one loaded from a bare file.

    Args:
        every: Whether to send that of all other modules of the user's too.
    """
    known = cloudpickle.list_registry_pickle_by_value()
    chosen = [module for _, module in user_modules()] if every else _unimportable_modules()
    named = {module.__name__: module for module in chosen if module.__name__ not in known}
    # Cloudpickle sends `__main__` by value in any case.
    modules = [m for name, m in named.items() if sys.modules.get(name) is m and name != "__main__"]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def _unimportable_modules() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if _is_loose(name, module)]


def _is_loose(name: str, module: ModuleType) -> bool:
    """Whether a module of the user's could not be imported under its name, or would be another one."""
    package, inside, _ = name.partition(".")
    file = getattr(module, "__file__", None)
    if not file or package in ("__main__", "mldiag") or "-packages" in file:
        return False
    if Path(file).is_relative_to(sys.base_prefix):
        return False
    origin = _origin(package)
    if inside and origin is not None:  # found with its package
        return False
    return origin is None or Path(origin).resolve() != Path(file).resolve()


def _origin(package: str) -> str | None:
    """File of a top-level module as Python would find it now; the package's name if it has none."""
    for finder in sys.meta_path:
        spec = finder.find_spec(package, None)
        if spec is not None:
            return spec.origin or package
    return None
