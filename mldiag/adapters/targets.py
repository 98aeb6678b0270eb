"""From a target, as written on the command line, to its experiment; a worker loads it the same way."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from importlib import import_module, util
from pathlib import Path
from types import ModuleType

from mldiag.adapters.user_file import import_folder, loaded_file, user_error
from mldiag.declaration import Experiment
from mldiag.demo import DEFAULT_DEMO, DEMOS, demo_experiment
from mldiag.errors import MldiagError, nearest_name, unknown_name

CONFIG_NAME = "pyproject.toml"
FILE_NAME = "experiment.py"


@dataclass(frozen=True)
class Found:
    """An experiment and where it came from.

    Args:
        experiment: The experiment, with its target and home set.
        announcement: What a person must be told on stderr, such as that this is the demo; else empty.
    """

    experiment: Experiment
    announcement: str = ""


def load_experiment(target: str | None = None, *, folder: Path | None = None) -> Experiment:
    """The experiment that a target names.

    Args:
        target: `file.py`, `file.py:name`, `package.module:name`, a built-in name, or the path of a
            `pyproject.toml`; None looks for `[tool.mldiag]`, then `experiment.py`, then takes the demo.
        folder: Where relative paths start, and where is looked; the current folder if None.

    Raises:
        MldiagError: If there is no such experiment, several, or the configuration is broken.
        UserCodeError: If the file raises.

    Example:
        >>> load_experiment("digits").target
        'digits'
    """
    return find_experiment(target, folder=folder).experiment


def find_experiment(target: str | None = None, *, folder: Path | None = None) -> Found:
    """`load_experiment` with what has to be announced."""
    folder = Path.cwd() if folder is None else Path(folder).resolve()
    if target is None:
        return _looked_up(folder)
    path, name = _path_and_name(target)
    place = folder / path
    if place.suffix in (".csv", ".tsv", ".parquet"):
        raise MldiagError(
            f"{place.name} is a table, not an experiment",
            expected="a pyproject.toml beside it that names it",
            hint=f'[tool.mldiag]\ndata = "{place.name}"\ntarget = "COLUMN"',
        )
    if path.endswith(".py") or (place.is_file() and place.suffix != ".toml"):
        return Found(_from_file(place, name, typed=target))
    if place.suffix == ".toml":
        return Found(_from_config(place))
    if target in DEMOS:
        return Found(_demo(target))
    if place.is_dir():
        return _looked_up(place, demo=False)
    return Found(_from_module(path, name, folder))


def list_experiments(
    target: str | None = None, *, folder: Path | None = None
) -> dict[str, Experiment]:
    """Every experiment that a file, a module, a folder or the built-ins hold, by its target.

    Args:
        target: As for `load_experiment`, without a name; None lists what is found in the folder.
        folder: Where relative paths start.
    """
    folder = Path.cwd() if folder is None else Path(folder).resolve()
    if target is None:
        return _all_in(folder)
    path, _ = _path_and_name(target)
    if path.endswith(".py"):
        file = _existing_file(folder / path)
        return {
            f"{file}:{name}": _placed(experiment, f"{file}:{name}", file.parent)
            for name, experiment in _experiments_in(loaded_file(file)).items()
        }
    if (folder / path).is_dir():
        return _all_in(folder / path)
    experiment = load_experiment(target, folder=folder)
    return {experiment.target: experiment}


def _path_and_name(target: str) -> tuple[str, str]:
    """Split at the last colon where a name can follow it."""
    path, colon, name = target.rpartition(":")
    return (path, name) if colon and "/" not in name else (target, "")


def _all_in(folder: Path) -> dict[str, Experiment]:
    from mldiag.adapters.config import experiment_table

    found: dict[str, Experiment] = {}
    config = folder / CONFIG_NAME
    if config.is_file() and experiment_table(config) is not None:
        found[str(config)] = _from_config(config)
    if (folder / FILE_NAME).is_file():
        found |= list_experiments(FILE_NAME, folder=folder)
    return found


def _looked_up(folder: Path, *, demo: bool = True) -> Found:
    from mldiag.adapters.config import experiment_table

    config = folder / CONFIG_NAME
    if config.is_file() and experiment_table(config) is not None:
        return Found(_from_config(config))
    if (folder / FILE_NAME).is_file():
        return Found(_from_file(folder / FILE_NAME, ""))
    if not demo:
        raise MldiagError(
            f"no experiment in {_shown(folder)}",
            expected=f"[tool.mldiag] in {CONFIG_NAME}, or {FILE_NAME}",
            nearest=_nearest_file(folder, FILE_NAME),
            hint=f"mldiag init {shlex.quote(_shown(folder / FILE_NAME))}",
        )
    announcement = (
        f"no {FILE_NAME} and no [tool.mldiag] in {folder}: running the built-in experiment "
        f"{DEFAULT_DEMO!r} ({DEMOS[DEFAULT_DEMO]}). `mldiag init` writes an {FILE_NAME} to start from."
    )
    return Found(_demo(DEFAULT_DEMO), announcement)


def _demo(name: str) -> Experiment:
    return _placed(demo_experiment(name), name, Path.cwd())


def _placed(experiment: Experiment, target: str, home: Path) -> Experiment:
    """The experiment under its target, with the data it may already hold."""
    placed = experiment.renamed(target=target, home=home)
    if "loaded" in vars(experiment):
        vars(placed)["loaded"] = experiment.loaded
    return placed


def _from_config(path: Path) -> Experiment:
    from mldiag.adapters.config_experiment import config_experiment

    return config_experiment(path.resolve())


def _from_file(path: Path, name: str, *, typed: str = "") -> Experiment:
    file = _existing_file(path, typed=typed.removesuffix(f":{name}"))
    found = _experiments_in(loaded_file(file))
    chosen = _chosen(found, name, _shown(file), typed=typed)
    return _placed(found[chosen], f"{file}:{chosen}", file.parent)


def _from_module(path: str, name: str, folder: Path) -> Experiment:
    import_folder(folder)
    try:
        known = bool(path) and util.find_spec(path) is not None
    except (ImportError, ValueError):  # a parent package that does not exist, or an odd name
        known = False
    except Exception as error:  # a parent package of the user's that raises
        raise user_error(error, folder, path) from error
    if not known:
        files = sorted(file.name for file in folder.glob("*.py"))
        unknown = unknown_name("target", path, [*files, *DEMOS])
        raise MldiagError(
            unknown.what,
            expected=f"file.py, file.py:name, package.module:name, or one of {', '.join(DEMOS)}",
            nearest=unknown.nearest,
            hint="mldiag list",
            given=path,
        )
    try:
        module = import_module(path)
    except MldiagError:
        raise
    except Exception as error:
        origin = getattr(util.find_spec(path), "origin", None)
        raise user_error(error, Path(origin) if origin else folder, path) from error
    found = _experiments_in(module)
    chosen = _chosen(found, name, path, typed=f"{path}:{name}" if name else path)
    return _placed(found[chosen], f"{path}:{chosen}", folder)


def _experiments_in(module: ModuleType) -> dict[str, Experiment]:
    """Experiments by variable; one with two variables counts once."""
    found: dict[str, Experiment] = {}
    for name, value in vars(module).items():
        if isinstance(value, Experiment) and not any(value is other for other in found.values()):
            found[name] = value
    return found


def _chosen(found: dict[str, Experiment], name: str, where: str, *, typed: str = "") -> str:
    """The variable that holds the wanted experiment.

    Args:
        found: Experiments by variable.
        name: The name that was asked for; may be empty.
        where: The file or module, for messages.
        typed: The target as it was typed.
    """
    if not found:
        raise MldiagError(
            f"{where} declares no experiment",
            expected=(
                "a function under @mldiag.experiment(...), or Experiment.from_estimator(...); a script as "
                "it is goes into [tool.mldiag.command] of a pyproject.toml, and a loop can be watched: "
                "with mldiag.watch(net, optimizer)"
            ),
            hint="mldiag init example.py",
        )
    if not name:
        if len(found) > 1:
            raise MldiagError(
                f"{where} holds {len(found)} experiments: {', '.join(found)}",
                expected="the name of one of them",
                nearest=f"{typed or where}:{next(iter(found))}",
                hint=f"mldiag list {shlex.quote(where)}",
                given=typed,
            )
        return next(iter(found))
    if name in found:
        return name
    for variable, experiment in found.items():
        if experiment.name == name:
            return variable
    error = unknown_name("experiment", name, found, hint=f"mldiag list {shlex.quote(where)}")
    raise error.prefixed(f"{where}: ")


def _existing_file(path: Path, *, typed: str = "") -> Path:
    if path.is_file():
        return path.resolve()
    near = _nearest_file(path.parent, path.name)
    if near and "," not in near:
        near = str(Path(typed).with_name(near)) if typed else near
    raise MldiagError(
        f"there is no file {_shown(path)}",
        expected="file.py, file.py:name, package.module:name, or a built-in name",
        nearest=near,
        hint="mldiag list",
        given=typed if "," not in near else "",
    )


def _nearest_file(folder: Path, name: str) -> str:
    files = sorted(file.name for file in folder.glob("*.py")) if folder.is_dir() else []
    by_stem = {Path(file).stem: file for file in files}  # the ending is alike in all of them
    near = nearest_name(Path(name).stem, by_stem, cutoff=0.6)
    return by_stem[near] if near else ", ".join(files[:5])


def _shown(path: Path) -> str:
    """The path as the user would write it."""
    path, here = path.resolve(), Path.cwd().resolve()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
