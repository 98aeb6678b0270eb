"""The embedded SQLite file: made once, whole or not at all, and never touched if another MLflow made it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from mldiag.errors import MldiagError
from mldiag.tracking.destination import Destination

_DRAFT = ".mlflow-"


def prepare_database(destination: Destination) -> None:
    """Make the SQLite file if it is missing; refuse one whose tables this MLflow does not know.

    MLflow would migrate an older file as soon as it opens it, and other programs that use the file
    could then no longer read it: so the check comes before MLflow sees the file.

    Raises:
        MldiagError: If the file belongs to another version of MLflow, or to another program.
    """
    path = destination.database_file
    if path is None:
        return
    _remove_abandoned(path.parent)
    if not path.exists() or path.stat().st_size == 0:
        _create(destination, path)
        return
    found, expected = schema_of(path), _expected_schema()
    if found == expected:
        return
    beside = f"sqlite:///{path.with_name('mldiag-mlflow.db')}"
    if found == "":
        raise MldiagError(
            f"{path} is no MLflow database",
            expected="a file that MLflow made, or none",
            hint=f"--tracking-uri {shlex.quote(beside)}",
        )
    raise MldiagError(
        f"{path} was made by another version of MLflow and is left alone",
        expected=f"schema {expected} of the installed MLflow, found {found}",
        hint=f"back the file up, then: mlflow db upgrade {shlex.quote(destination.uri)}   "
        f"or: --tracking-uri {shlex.quote(beside)}",
    )


def schema_of(path: Path) -> str:
    """The schema revision that a SQLite file holds; empty if MLflow did not make it."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=5)
        ) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "unable to open" in str(error):
            raise MldiagError(f"{path} cannot be read: {error}") from error
        return ""
    except sqlite3.DatabaseError:
        return ""
    return str(row[0]) if row else ""


def holds_run(path: Path, run_id: str) -> bool:
    """Whether a SQLite file of MLflow shows a run; asked without MLflow, whose import takes seconds."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=1)
        ) as database:
            query = "SELECT 1 FROM runs WHERE run_uuid = ? AND lifecycle_stage = 'active'"
            return database.execute(query, (run_id,)).fetchone() is not None
    except sqlite3.Error:
        return False


def wait_less(destination: Destination) -> None:
    """Let this process's writes to a SQLite file of ours return before the disk has them.

    In write-ahead mode the file stays whole also when the power fails; a few last runs may be missing
    then, which the store still has. It saves up to six disk waits a trial.
    """
    if destination.kind != "sqlite":
        return
    from sqlalchemy import Engine, event

    if not event.contains(Engine, "connect", _on_connect):
        event.listen(Engine, "connect", _on_connect)


def _on_connect(connection: object, _: object) -> None:
    if not isinstance(connection, sqlite3.Connection):  # of another command's store
        return
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        connection.execute("PRAGMA synchronous = NORMAL")


def _expected_schema() -> str:
    from mlflow.store.db.utils import _get_latest_schema_revision

    return str(_get_latest_schema_revision())  # type: ignore[no-untyped-call]


def _create(destination: Destination, path: Path) -> None:
    """Let MLflow build its tables in a temporary file, and put it in place when it is whole.

    A command that is killed half-way leaves no file that the next one would trip over, and of two
    commands that start at once one wins.
    """
    from sqlalchemy import Engine, event

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=_DRAFT, suffix=".db", dir=path.parent)
    with contextlib.suppress(OSError):  # some network file systems have no locks
        fcntl.flock(handle, fcntl.LOCK_EX)
    draft = Path(name)

    def no_waiting(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")  # a draft that is lost is made again

    event.listen(Engine, "connect", no_waiting)
    try:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        store = SqlAlchemyStore(  # type: ignore[no-untyped-call]
            f"sqlite:///{draft}", destination.artifact_location or str(path.parent / "mlartifacts")
        )
        store.engine.dispose()
        with closing(sqlite3.connect(draft)) as database:  # kept in the file from now on
            database.execute("PRAGMA journal_mode = WAL")
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        _put_in_place(draft, path)
    finally:
        event.remove(Engine, "connect", no_waiting)
        draft.unlink(missing_ok=True)
        os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    """Remove the drafts of processes that were killed: nobody holds their lock any more."""
    for draft in folder.glob(f"{_DRAFT}*.db"):
        with contextlib.suppress(OSError), draft.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for file in (*folder.glob(f"{draft.name}-*"), draft):
                file.unlink(missing_ok=True)


def _put_in_place(draft: Path, path: Path) -> None:
    """Give a draft its name, unless another command was first: what it writes must not be replaced."""
    try:
        os.link(draft, path)
    except FileExistsError:
        _replace_empty(draft, path)
    except OSError:  # a file system without hard links
        draft.replace(path)


def _replace_empty(draft: Path, path: Path) -> None:
    with path.open("rb") as found:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(found, fcntl.LOCK_EX)
        # While this one waited for the lock, another command may have replaced the file.
        still_there = path.stat().st_ino == os.fstat(found.fileno()).st_ino
        if still_there and not path.stat().st_size:
            draft.replace(path)
