"""From what an audit is asked to look at, a file, a folder, arrays or an experiment, to an experiment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from mldiag.adapters.audit_options import AuditOptions
from mldiag.adapters.audit_outputs import check_outputs
from mldiag.adapters.audit_tables import (
    Roles,
    flattened,
    frame_of,
    inspected_tables,
    is_preprocessed,
    plain_experiment,
    training_experiment,
)
from mldiag.adapters.table import imported
from mldiag.adapters.targets import CONFIG_NAME, FILE_NAME, Found, find_experiment
from mldiag.data.audited.inspected import Inspected
from mldiag.data.audited.kinds import declared_kinds
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError

Tell = Callable[[str, int, int], None]
"""Takes what is read, how much of it is done, and how much there is."""

CODE_ENDINGS = (".py", ".toml")


def find_audited(target: str | None, settings: AuditOptions, *, tell: Tell | None = None) -> Found:
    """The experiment of an audit's TARGET, with what is to be looked at.

    Args:
        target: A data file, an archive, a folder of files, or the target of an experiment.
        settings: The step's settings.
        tell: Told how far the reading of many files or of a large one is.

    Raises:
        MldiagError: If there is no such thing, or it cannot be read.
    """
    check_outputs(target, settings)
    place = None if target is None else Path(target)
    if place is not None and _is_data(place):
        return Found(audited_data(place, settings, typed=shlex.quote(str(target)), tell=tell))
    if place is not None and _looks_like_a_path(str(target)) and not place.exists():
        raise _no_such_file(place)
    found = find_experiment(target)
    return replace(found, experiment=audited_experiment(found.experiment, settings))


def audited_data(
    train: Any,
    settings: AuditOptions,
    *,
    test: Any = None,
    estimator: Any = None,
    typed: str = "",
    tell: Tell | None = None,
) -> Experiment:
    """An experiment of data alone.

    Args:
        train: The path of a file, an archive or a folder; a frame; an array; or (features, targets).
        settings: The step's settings.
        test: The rows that score, likewise; None for those that `settings` name.
        estimator: The model that the data are for, as an object; None for the one that `settings` name.
        typed: How `train` was typed on the command line.
        tell: Told how far the reading of many files or of a large one is.
    """
    test = settings.test if test is None else test
    if estimator is None and settings.estimator is not None:
        estimator = _made(settings.estimator)
    if isinstance(train, (str, Path)):
        from mldiag.adapters.audit_files import holds_media, inspected_media, read_tables

        place = Path(train)
        name = _name_of(place)
        place, test, chosen = _of_folder(place, test, settings, typed)
        home = place.resolve().parent
        if holds_media(place, settings):
            media = inspected_media(place, test, settings, typed=typed, tell=tell)
            return plain_experiment(name, home, media, task="classification")
        frames = read_tables(place, test, settings, tell=tell)
        first, second, roles = frames.train, frames.test, _roles(settings)
        digest, notices = frames.digest, (*chosen, *frames.notices)
    else:
        home, name, digest = Path.cwd(), "data", ""
        notices = (*flattened(train, "train"), *flattened(test, "test"))
        first, target = frame_of(train, "train", target=settings.target_column)
        roles = replace(_roles(settings), target=target)
        second = None if test is None else _second(test, settings, target)
    inspected = inspected_tables(
        first, second, roles, estimator=estimator, source=str(train) if digest else name, typed=typed,
        digest=digest, notices=notices,
    )  # fmt: skip
    return _with_model(name, home, inspected, estimator)


def _of_folder(
    place: Path, test: Any, settings: AuditOptions, typed: str
) -> tuple[Path, Any, tuple[str, ...]]:
    """The tables of a folder of tables, and which they are; anything else as it is."""
    from mldiag.adapters.audit_folders import tables_of_folder

    if not place.is_dir() or settings.labels is not None:
        return place, test, ()
    tables = tables_of_folder(place, typed=typed)
    if tables is None:
        return place, test, ()
    return tables.train, tables.test if test is None else test, tables.notices


def _made(path: str) -> Any:
    """The estimator that a path names, with its defaults."""
    maker = imported(path, Path.cwd())
    if not (isinstance(maker, type) and hasattr(maker, "fit")):
        raise MldiagError(
            f"--estimator {path} is no estimator",
            expected="package.module:Class of a scikit-learn estimator",
            hint="--estimator sklearn.ensemble:HistGradientBoostingClassifier",
        )
    try:
        return maker()
    except TypeError as error:
        raise MldiagError(
            f"{path} cannot be made without arguments: {error}",
            expected="a class whose arguments have defaults",
        ) from error


def _second(test: Any, settings: AuditOptions, target: str | None) -> Any:
    if isinstance(test, (str, Path)):
        from mldiag.adapters.audit_files import read_one

        return read_one(Path(test), settings)
    return frame_of(test, "test", target=target)[0]


def _with_model(name: str, home: Path, inspected: Inspected, estimator: Any) -> Experiment:
    """The experiment, able to train where a model is named and the rows allow it."""
    subject = inspected.subject
    why_not = "no model is named (--estimator package.module:Class, or audit an experiment)"
    if estimator is not None:
        try:
            made = training_experiment(estimator, subject, name=name, home=home)
            scales = hasattr(made.train, "estimator") and is_preprocessed(made.train.estimator)
            return made.renamed(inspected=replace(inspected, trains=True, preprocessed=scales))
        except MldiagError as error:
            why_not = f"the model cannot train on these rows: {error.what}"
    inspected = replace(inspected, why_not=why_not)
    return plain_experiment(name, home, inspected, task=subject.task)


def audited_experiment(experiment: Experiment, settings: AuditOptions) -> Experiment:
    """A declared experiment with its data, as they lie in the file where there is one.

    Raises:
        MldiagError: If mldiag does not hold its data.
    """
    dataset = experiment.dataset
    if dataset is None:
        raise MldiagError(
            f"mldiag does not hold the data of {experiment.name}, only row numbers",
            expected="an experiment with data=, or the data themselves",
            hint="mldiag audit train.csv --target COLUMN",
        )
    declared = experiment.source
    estimator = getattr(experiment.train, "estimator", None)
    test_part = dataset.valid or dataset.test
    notices: tuple[str, ...] = ()
    target = settings.target_column or declared.target
    if isinstance(declared.data, (str, Path)) and declared.target:
        from mldiag.adapters.audit_files import read_one

        train = read_one(declared.base / declared.data, settings)
        named = declared.valid or declared.test
        paths = isinstance(named, (str, Path))
        test = read_one(declared.base / named, settings) if paths else None
        unseen = set(declared.drop)
        train = train[[c for c in train.columns if c not in unseen]]
        if test is not None:
            test = test[[c for c in test.columns if c not in unseen]]
    else:
        main = dataset.main
        train, target = frame_of(
            main.X if main.y is None else (main.X, main.y), "the data", target=target
        )
        test = None
        if test_part is not None:
            pair = test_part.X if test_part.y is None else (test_part.X, test_part.y)
            test = frame_of(pair, "the test rows", target=target)[0]
    roles = replace(
        _roles(settings),
        target=target,
        group=settings.group or (declared.groups if isinstance(declared.groups, str) else None),
        time=settings.time or (declared.time if isinstance(declared.time, str) else None),
    )
    inspected = inspected_tables(
        train, test, roles, estimator=estimator, source=experiment.name, notices=notices
    )
    same_rows = len(train) == experiment.splits.n_rows
    why_not = "" if same_rows else "the file has other rows than the experiment"
    inspected = replace(
        inspected, trains=same_rows, why_not=why_not, preprocessed=is_preprocessed(estimator)
    )
    made = experiment.renamed(inspected=inspected)
    vars(made)["loaded"] = experiment.loaded
    return made


def _roles(settings: AuditOptions) -> Roles:
    return Roles(
        settings.target_column, settings.group, settings.time, settings.task,
        declared_kinds(settings.types),
    )  # fmt: skip


def _is_data(place: Path) -> bool:
    if place.is_dir():
        return not ((place / CONFIG_NAME).is_file() or (place / FILE_NAME).is_file())
    return place.is_file() and place.suffix not in CODE_ENDINGS


def _looks_like_a_path(text: str) -> bool:
    if ".py" in text or ":" in text:
        return False
    return "/" in text or re.fullmatch(r".+\.[A-Za-z0-9]{2,8}", text) is not None


def _no_such_file(place: Path) -> MldiagError:
    from mldiag.errors import nearest_name

    folder = place.parent if place.parent.is_dir() else Path()
    names = [item.name for item in sorted(folder.iterdir())]
    near = nearest_name(place.name, names, cutoff=0.6)
    return MldiagError(
        f"there is no file or folder {str(place)!r}",
        expected="a table, an archive, a folder of files, or the target of an experiment",
        nearest=str(place.parent / near) if near else ", ".join(names[:5]),
        hint=f"mldiag audit {shlex.quote(str(place.parent / near))}" if near else "",
    )


def _name_of(place: Path) -> str:
    """A name that stores and MLflow can use."""
    return re.sub(r"[^\w .-]", "_", place.resolve().name.split(".")[0])[:100] or "data"
