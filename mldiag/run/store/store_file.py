"""The store's SQLite file: opening, layout, damage, and errors that a user can act on."""

from __future__ import annotations

import contextlib
import fcntl
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mldiag.errors import MldiagError

APPLICATION_ID = (
    0x6D6C6467  # "mldg", so that another program's SQLite file is never taken for a store
)
SCHEMA_VERSION = 1

BUSY_SECONDS = 30.0
"""How long a write waits for another process's; a write of ours takes well under a millisecond."""

CHECKED_BYTES = 32 * 2**20
"""Files up to this size are checked whole when opened (about 0.1 s); damage in larger ones shows in use."""

_SCHEMA = """
CREATE TABLE identities (
    digest TEXT PRIMARY KEY, experiment TEXT NOT NULL, code TEXT NOT NULL, data TEXT NOT NULL,
    data_digest TEXT NOT NULL, covers TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX identities_by_experiment ON identities (experiment, created);
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, identity TEXT NOT NULL REFERENCES identities,
    spec_digest TEXT NOT NULL, status TEXT NOT NULL, answers INTEGER NOT NULL,
    seconds REAL NOT NULL, result TEXT NOT NULL, created REAL NOT NULL
);
CREATE INDEX attempts_by_key ON attempts (key, answers);
CREATE INDEX attempts_by_identity ON attempts (identity, spec_digest);
CREATE TABLE predictions (attempt INTEGER PRIMARY KEY REFERENCES attempts, data BLOB NOT NULL);
CREATE TABLE recordings (attempt INTEGER PRIMARY KEY REFERENCES attempts, data BLOB NOT NULL);
CREATE TABLE claims (
    key TEXT PRIMARY KEY, token TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL,
    space TEXT NOT NULL, pid INTEGER NOT NULL, process_started TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, step TEXT NOT NULL, experiment TEXT NOT NULL, started REAL NOT NULL,
    seconds REAL NOT NULL, report TEXT NOT NULL, figures TEXT NOT NULL, tracking TEXT
) WITHOUT ROWID;
CREATE INDEX runs_by_experiment ON runs (experiment, started);
CREATE TABLE run_trials (
    run TEXT NOT NULL REFERENCES runs, position INTEGER NOT NULL, key TEXT NOT NULL,
    attempt INTEGER REFERENCES attempts, PRIMARY KEY (run, position)
) WITHOUT ROWID;
CREATE TABLE reserve_uses (
    id INTEGER PRIMARY KEY, experiment TEXT NOT NULL, data_digest TEXT NOT NULL,
    what TEXT NOT NULL, used REAL NOT NULL
);
"""


_ADDED = (
    "CREATE TABLE IF NOT EXISTS recordings "
    "(attempt INTEGER PRIMARY KEY REFERENCES attempts, data BLOB NOT NULL)"
)
"""What older stores of the same layout lack; an older mldiag never looks at it and goes on with the file."""


def open_file(path: Path, *, damaged: str = "") -> tuple[sqlite3.Connection, str]:
    """Open or begin a store; a damaged file is kept aside and a new one begun.

    Args:
        path: The file.
        damaged: What showed in use that the file is damaged; it is then checked whole.

    Returns:
        A connection, and a notice for the user (empty where there is nothing to say).

    Raises:
        MldiagError: If the folder cannot be written, the disk is full, the file belongs to another
            program, or a newer mldiag wrote it.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            try:
                if path.is_dir():
                    return _begun_again(path, "it is a folder")
                emptied = path.exists() and not path.stat().st_size and not _wal_of(path).exists()
                connection = _connected(path, check=bool(damaged))
                return connection, f"the store {path} was empty: a new one is begun" * emptied
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                return _begun_again(path, str(error))


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file's content is broken."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of the disk and of SQLite into ones that say what to do; damage passes through."""
    try:
        yield
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if is_damage(error):
            raise
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise MldiagError(
                f"another process has kept the store {path} locked for {BUSY_SECONDS:g} s",
                expected="writes of a few milliseconds",
                hint=f"fuser {shlex.quote(str(path))}   (shows which process)",
            ) from error
        if name.startswith("SQLITE_FULL"):
            raise MldiagError(
                f"the disk is full: nothing more can be kept in {path}",
                expected="free space; every trial that was reported as finished is safe",
                hint=f"df -h {shlex.quote(str(path.parent))}",
            ) from error
        if name.startswith("SQLITE_IOERR"):
            raise MldiagError(
                f"the disk refuses to keep {path}: {error}",
                expected="a disk that is not full, broken or above a quota; every trial that was "
                "reported as finished is safe",
                hint=f"df -h {shlex.quote(str(path.parent))}",
            ) from error
        raise _unusable(path, str(error)) from error


def _unusable(path: Path, reason: str) -> MldiagError:
    return MldiagError(
        f"the store {path} cannot be used: {reason}",
        expected="a folder on this machine that can be written",
        hint=f"chmod -R u+w {shlex.quote(str(path.parent))}   or: --store /another/folder",
    )


def _connected(path: Path, *, check: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path, check=check)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, *, check: bool) -> None:
    tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    if tables and application != APPLICATION_ID:
        raise MldiagError(
            f"{path} is an SQLite file of another program",
            expected="a store that mldiag wrote, or no file",
            hint=shlex.join(["mv", str(path), f"{path}.other"]),
        )
    if version > SCHEMA_VERSION:
        raise MldiagError(
            f"the store {path} was written by a newer mldiag (layout {version})",
            expected=f"layout {SCHEMA_VERSION} or older",
            hint="pip install --upgrade mldiag",
        )
    if tables and (check or path.stat().st_size <= CHECKED_BYTES):
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            error = sqlite3.DatabaseError(found)
            error.sqlite_errorname = "SQLITE_CORRUPT"
            raise error
    # Readers never wait for writers. A killed process loses nothing that was committed; a power cut may
    # lose the last commits (never the file), and these trials then run again.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not tables:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    else:
        connection.execute(_ADDED)


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _begun_again(path: Path, damage: str) -> tuple[sqlite3.Connection, str]:
    kept = _set_aside(path)
    return _connected(path), (
        f"the store {path} is damaged ({damage}); it was kept as {kept.name}, and a new one begun: "
        f"earlier trials run again"
    )


def _wal_of(path: Path) -> Path:
    """Where SQLite keeps what is not in the file yet; a file that was just begun has nothing else."""
    return path.with_name(f"{path.name}-wal")


def _set_aside(path: Path) -> Path:
    taken = 1
    while (kept := path.with_name(f"{path.name}.corrupt-{taken}")).exists():
        taken += 1
    for suffix in ("-wal", "-shm", ""):  # the file itself last: until then a crash changes nothing
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes from opening meanwhile, so that only one of them moves a damaged file."""
    with path.with_name(f"{path.name}.lock").open("a") as lock:
        with contextlib.suppress(OSError):  # some network file systems have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
