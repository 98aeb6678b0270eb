"""The store: every finished trial under the hash of its description, code and data, in one SQLite file.

Written before anything else is told. A killed process loses nothing that was put; a power cut may lose the
last commits (they are not forced to the disk one by one), never the file. Several processes and threads may
use one store at once. Nothing is pickled.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from mldiag.run.identity import Identity
from mldiag.run.store import attempts, claims, run_log
from mldiag.run.store.explain_miss import explain_changes, explain_miss
from mldiag.run.store.records import ExperimentSummary, ReserveUse, RunRecord
from mldiag.run.store.store_file import explained, is_damage, open_file
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import TrialSpec

_Answer = TypeVar("_Answer")

_inherited: list[
    sqlite3.Connection
] = []  # connections of a parent process: closing one would harm it


class Store:
    """Trials, claims and runs of the experiments beside one target.

    Attributes:
        path: The file.
        notices: What the user should know, such as a damaged file that was kept aside.

    Example:
        >>> import tempfile
        >>> from mldiag.data.fingerprint import Fingerprint
        >>> from mldiag.run.code.digest import CodeDigest
        >>> identity = Identity("demo", CodeDigest({}), Fingerprint({}, ""))
        >>> result = TrialResult(TrialSpec("demo"), "ok", {"accuracy": 0.5})
        >>> with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        ...     store.put(identity.key(result.spec), identity, result)
        ...     store.get_many([identity.key(result.spec)]) == {identity.key(result.spec): result}
        True
    """

    def __init__(self, path: Path) -> None:
        """Use `open`, which finds the file."""
        self.path = path
        self.notices: list[str] = []
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._holder = claims.Holder.here()
        self._known_identities: set[str] = set()

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open or begin a store.

        Args:
            path: The file, or the folder that holds (or will hold) `.mldiag/trials.db`.

        Raises:
            MldiagError: If the folder cannot be written, the disk is full, the file belongs to another
                program, or a newer mldiag wrote it.
        """
        found = Path(path).expanduser().absolute()
        if found.suffix not in (".db", ".sqlite", ".sqlite3"):
            found = found / ("" if found.name == ".mldiag" else ".mldiag") / "trials.db"
        store = cls(found)
        store._reading(lambda connection: connection.execute("SELECT 1").fetchone())
        return store

    def __enter__(self) -> Store:
        """The store itself; leaving closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, whatever happened."""
        self.close()

    def __del__(self) -> None:
        """Close the file of a store that was forgotten; in a fork it is the parent's to close."""
        connection = getattr(self, "_connection", None)
        if connection is not None:
            if self._holder.pid == os.getpid():
                connection.close()
            else:
                _inherited.append(connection)

    def close(self) -> None:
        """Give back this store's claims and close the file; a later call opens it again."""
        with self._lock:
            if self._connection is not None and self._holder.pid == os.getpid():
                try:
                    self._writing(lambda c: attempts.release_all(c, self._holder.token))
                finally:
                    self._connection.close()
                    self._connection = None

    def get_many(
        self,
        keys: Sequence[str],
        *,
        with_predictions: bool = True,
        accept_cut: bool = False,
    ) -> dict[str, TrialResult]:
        """Results that settle the given trials; keys without one are left out.

        Final are `ok`, `diverged`, and `failed` with the same exception twice. Of several, the latest.

        Args:
            keys: Keys of trials.
            with_predictions: Whether to read the per-row predictions too.
            accept_cut: Whether a trial that was cut short (time, pruning) counts. It reached less than was
                asked for, so only a caller that would cut it again may say so.

        Returns:
            Results by key, in the order of `keys`.
        """
        return dict(self.iterate(keys, with_predictions=with_predictions, accept_cut=accept_cut))

    def iterate(
        self,
        keys: Sequence[str],
        *,
        with_predictions: bool = True,
        accept_cut: bool = False,
    ) -> Iterator[tuple[str, TrialResult]]:
        """`get_many` as a stream that holds few results at a time; the arguments are the same."""
        for chunk in attempts.chunks(keys):
            rows = self._reading(
                lambda c, chunk=chunk: attempts.settled(c, chunk, with_predictions, accept_cut)  # type: ignore[misc]
            )
            yield from attempts.decoded(chunk, rows)

    def put(self, key: str, identity: Identity, result: TrialResult) -> None:
        """Record a result, settled or not, and end this store's claim on it, in one transaction.

        Raises:
            MldiagError: If it cannot be written; then nothing was.
        """
        row = attempts.encoded(key, identity, result)

        def write(connection: sqlite3.Connection) -> None:
            if identity.digest not in self._known_identities:
                attempts.add_identity(connection, identity, time.time())
            attempts.add(connection, row, time.time())
            attempts.release(connection, self._holder.token, [key])

        self._writing(write)
        self._known_identities.add(identity.digest)

    def claim(self, keys: Iterable[str]) -> set[str]:
        """Claim trials before training them, all in one step; the granted ones are this store's.

        Keys claimed by this store before are granted again and count as new. See `run.store.claims`
        for when another's claim is taken over.
        """
        wanted = list(keys)
        return self._writing(lambda c: claims.claim(c, self._holder, wanted, now=time.time()))

    def release(self, keys: Iterable[str]) -> None:
        """Give back claims of this store; those of others stay."""
        given = list(keys)
        self._writing(lambda c: attempts.release(c, self._holder.token, given))

    def why(self, identity: Identity, spec: TrialSpec) -> list[str]:
        """Why a trial is not in the store: what differs from the nearest earlier one of the experiment."""
        return self._reading(lambda c: explain_miss(c, identity, spec))

    def changes_since(self, identity: Identity, key: str) -> list[str]:
        """What has changed in code and data since the latest trial under a key; empty without one."""
        return self._reading(lambda c: explain_changes(c, identity, key))

    def save_run(self, record: RunRecord) -> None:
        """Keep a run, with the latest attempt of each of its trials; one of the same id is replaced."""
        self._writing(lambda c: run_log.save(c, record))

    def runs(
        self, experiment: str | None = None, *, step: str | None = None, limit: int | None = None
    ) -> list[RunRecord]:
        """Runs, newest first; of one experiment and of one step if named."""
        return self._reading(lambda c: run_log.load(c, experiment, limit, step=step))

    def run_trials(self, run_id: str, *, with_predictions: bool = False) -> dict[str, TrialResult]:
        """The trials of a run by key, in its order, whatever their status."""
        rows = self._reading(lambda c: attempts.of_run(c, run_id, with_predictions))
        return dict(attempts.decoded([row[0] for row in rows], rows))

    def update_tracking(self, run_id: str, tracking: dict[str, object] | None) -> None:
        """Record where a run was projected to; see `RunRecord.tracking`."""
        self._writing(lambda c: run_log.update_tracking(c, run_id, tracking))

    def unprojected_runs(self) -> list[RunRecord]:
        """Runs that tracking does not hold yet, oldest first."""
        return self._reading(run_log.unprojected)

    def summary(self) -> list[ExperimentSummary]:
        """What the store holds, one entry an experiment, by name."""
        return self._reading(run_log.summary)

    def record_reserve_use(self, identity: Identity, what: str) -> None:
        """Record that the reserve was used: from then on it confirms less."""
        self._writing(lambda c: run_log.add_reserve_use(c, identity, what, time.time()))

    def reserve_uses(self, identity: Identity) -> list[ReserveUse]:
        """Uses of the reserve of this experiment's data, oldest first.

        Other code on the same data counts too: the rows have been looked at.
        """
        return self._reading(lambda c: run_log.reserve_uses(c, identity))

    def _reading(self, read: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        return self._mended(read)

    def _writing(self, write: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        def inside(connection: sqlite3.Connection) -> _Answer:
            with _transaction(connection):
                return write(connection)

        return self._mended(inside)

    def _mended(self, action: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        """Act on the file; where it proves damaged, keep it aside, begin a new one and act again."""
        if self._holder.pid != os.getpid():
            self._lock = (
                threading.RLock()
            )  # a thread of the parent may have held it during the fork
        with self._lock, explained(self.path):
            try:
                return action(self._opened())
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._forget()
                return action(self._opened(damaged=str(error)))

    def _opened(self, damaged: str = "") -> sqlite3.Connection:
        if self._holder.pid != os.getpid():  # a fork: connection and claims are the parent's
            if self._connection is not None:
                _inherited.append(self._connection)
            self._connection = None
            self._holder = claims.Holder.here()
        if self._connection is None:
            self._connection, notice = open_file(self.path, damaged=damaged)
            if notice:
                self.notices.append(notice)
        return self._connection

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._known_identities.clear()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")  # waits here, so that nothing inside can fail for a lock
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
