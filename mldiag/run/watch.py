"""Whether the files that an experiment comes from are still those that its identity was taken from.

A run may last for hours, and its file is edited meanwhile. What is loaded stays as it was; but a worker that
replaces a dead one loads the file again, and a command's script is read by every trial. What other code or
other data have given must not be kept under the name of these.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mldiag.errors import MldiagError
from mldiag.run.identity import Identity, identify

if TYPE_CHECKING:
    from mldiag.declaration import Experiment

Version = tuple[int, int]
"""Time of the last change, in nanoseconds, and size in bytes; (0, 0) for a file that is not there."""

_FILE_PART, _PACKAGE_PART = "file ", "package "
_PACKAGE = str(Path(__file__).resolve().parents[1])


@dataclass(frozen=True)
class Watch:
    """An experiment's files when its identity was taken.

    Args:
        identity: Digests of the identity.
        versions: Version of each file, by path.
        live: Paths that every trial reads anew: a command's script, and the table it is given.
        packages: Version of each distribution that the experiment's code uses, by name.
    """

    identity: str
    versions: Mapping[str, Version]
    live: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, experiment: Experiment, identity: Identity) -> Watch:
        """Look at the files of an experiment that was just identified."""
        data = list(_data_files(experiment))
        scripts = [
            str(experiment.home / name.removeprefix(_FILE_PART))
            for name in identity.code.parts
            if name.startswith(_FILE_PART)
        ]
        loaded = dict(user_modules())
        file = experiment.target.rpartition(":")[0] or experiment.target
        versions = {path: version_of(path) for path in (*loaded, *scripts, *data)}
        if Path(file).is_file():  # what was loaded of it counts, which may be older than it is now
            known = getattr(loaded.get(file), "__mldiag_version__", None)
            versions[file] = known or version_of(file)
        live = tuple(scripts + data) if scripts else ()
        return cls(_whole(identity), versions, live, _packages(identity))

    def edited(self, paths: Iterable[str] | None = None) -> list[str]:
        """Names of the files that have changed; of all of them, or of the given ones."""
        chosen = self.versions if paths is None else paths
        return sorted(Path(path).name for path in chosen if version_of(path) != self.versions[path])

    def holds(self, experiment: Experiment) -> bool:
        """Whether an experiment that was loaded now is the one that was identified.

        A changed comment is no change; it is looked at closely only where a file is another one.
        """
        return not self.edited() or _whole(identify(experiment)) == self.identity


def was_edited(target: str) -> bool:
    """Whether the file of a target is another one than what this process has loaded of it."""
    file = target.rpartition(":")[0] or target
    loaded = getattr(dict(user_modules()).get(file), "__mldiag_version__", None)
    return loaded is not None and version_of(file) != loaded


class LiveFiles:
    """Tells when a file that every trial reads was edited so that it matters.

    Args:
        watch: What the files were like.
        experiment: The experiment.
    """

    def __init__(self, watch: Watch, experiment: Experiment) -> None:
        self._watch, self._experiment = watch, experiment
        self._looked_at = {path: watch.versions[path] for path in watch.live}

    def check(self) -> None:
        """Called before a result is kept, which may be that of an edited file.

        Raises:
            MldiagError: If a file no longer is what it was.
        """
        edited = self._edited()
        if edited:
            raise MldiagError(
                changed_text(edited),
                expected="the code and data that the run began with; finished trials are kept",
                hint="the same command again: it goes on with the new ones",
            )

    def _edited(self) -> list[str]:
        now = {path: version_of(path) for path in self._looked_at}
        if now == self._looked_at:
            return []
        self._looked_at = now
        fresh = self._experiment.renamed()  # without the data that are loaded
        with contextlib.suppress(Exception):  # whatever a half-written file leads to
            if _whole(identify(fresh)) == self._watch.identity:
                return []
        return self._watch.edited(self._watch.live)


def user_modules() -> Iterator[tuple[str, ModuleType]]:
    """The loaded modules that are neither Python's, nor installed, nor of this package, by file."""
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and is_users(file):
            yield file, module


def is_users(file: str) -> bool:
    """Whether a file is of the user's own code.

    Example:
        >>> import json
        >>> is_users("/home/me/train.py"), is_users(json.__file__)
        (True, False)
    """
    return not (
        file.startswith((sys.base_prefix, _PACKAGE)) or "-packages" in file or file.startswith("<")
    )


def version_of(path: str) -> Version:
    """A file's version now."""
    try:
        stat = Path(path).stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def _whole(identity: Identity) -> str:
    augment = identity.augment.digest if identity.augment else ""
    return f"{identity.digest} {augment}"


def _packages(identity: Identity) -> dict[str, str]:
    return {
        name.removeprefix(_PACKAGE_PART): version
        for name, version in identity.code.parts.items()
        if name.startswith(_PACKAGE_PART)
    }


def _data_files(experiment: Experiment) -> Iterator[str]:
    source = experiment.source
    for declared in (source.data, source.valid, source.test):
        if isinstance(declared, (str, Path)):
            yield str(source.base / declared)


def changed_text(names: Iterable[Any]) -> str:
    """How it is told that files were edited.

    Example:
        >>> changed_text(["experiment.py"])
        'experiment.py was edited during the run'
    """
    listed = [str(name) for name in names]
    return f"{' and '.join(listed)} {'was' if len(listed) == 1 else 'were'} edited during the run"
