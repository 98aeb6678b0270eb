"""Opening the database of a shared search."""

from __future__ import annotations

import random
import time
import warnings
from typing import TYPE_CHECKING, Any

from mldiag.errors import MldiagError
from mldiag.redaction import redacted

if TYPE_CHECKING:
    import optuna

ATTEMPTS = 6
"""Times that opening is tried where another process is just making the same tables."""

IN_THE_MAKING = (
    "already exists",
    "unique",
    "duplicate",
    "locked",
    "no such table",
    "does not exist",
)
"""What a database says when two processes begin it at once."""

FOREIGN = "no longer compatible with the table schema"
"""What Optuna says of a database whose tables somebody else has made, MLflow too."""


def open_study(url: str, name: str, *, maximize: bool, beat: int, dead_after: int) -> optuna.Study:
    """Open or begin a study.

    Args:
        url: The database.
        name: Name of the study.
        maximize: Its direction.
        beat: Seconds between signs of life.
        dead_after: Seconds of silence after which a trial counts as dead.

    Raises:
        MldiagError: If the database cannot be opened, or its driver is not installed.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _opened(url, name, maximize=maximize, beat=beat, dead_after=dead_after)
        except ImportError as error:
            raise MldiagError(
                f"--study {redacted(url)} needs a database driver that is not installed",
                expected="psycopg for PostgreSQL; SQLite needs none",
                hint="pip install 'mldiag[postgres]'",
            ) from error
        except Exception as error:
            making = any(words in str(error).lower() for words in IN_THE_MAKING)
            if making and attempt < ATTEMPTS - 1:
                time.sleep(0.3 + random.random())
                continue
            if FOREIGN in str(error):
                raise _in_use(url) from error
            raise MldiagError(
                redacted(f"the study {url} cannot be opened: {str(error).splitlines()[0]}"),
                expected="the URL of a database that can be reached and written",
                nearest="sqlite:////shared/folder/search.db or postgresql://user@host/name",
            ) from error
    raise AssertionError("the last attempt raises")


def _opened(url: str, name: str, *, maximize: bool, beat: int, dead_after: int) -> optuna.Study:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    driver = url.replace("postgres://", "postgresql://")
    driver = driver.replace("postgresql://", "postgresql+psycopg://")
    options: dict[str, Any] = {"pool_pre_ping": True}
    if url.startswith("sqlite"):
        options = {"connect_args": {"timeout": 60}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # heartbeats are marked experimental
        storage = optuna.storages.RDBStorage(
            driver, engine_kwargs=options, heartbeat_interval=beat, grace_period=dead_after
        )
        return optuna.create_study(
            study_name=name,
            storage=storage,
            direction="maximize" if maximize else "minimize",
            load_if_exists=True,
        )


def _in_use(url: str) -> MldiagError:
    """MLflow and Optuna keep the version of their tables under one name: no database can hold both."""
    return MldiagError(
        f"the database {redacted(url)} holds the tables of MLflow, or of another version of Optuna",
        expected="a database for the search alone",
        nearest="another name at the end of the URL; for PostgreSQL it must be there",
        hint="createdb search",
    )
