"""Stores to write to: made once, copied for every test."""

from __future__ import annotations

import shutil
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mldiag.tracking.database import prepare_database
from mldiag.tracking.destination import Destination, TrackingSettings, resolve_destination
from mldiag.tracking.tracker import Tracked, Tracker
from mldiag.tracking.ui import UserInterface

from .samples import CONTEXT, curve_answer, curve_results, failed_result


@pytest.fixture(scope="session", autouse=True)
def quiet_mlflow() -> Iterator[None]:
    """Import MLflow once with its own deprecation warnings let through, and without telemetry."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        warnings.simplefilter("ignore")
        import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

        yield


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that MLflow has just made; to be copied."""
    home = tmp_path_factory.mktemp("empty")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepare_database(embedded_in(home))
    return home / "mlflow.db"


@pytest.fixture
def destination(empty_store: Path, tmp_path: Path) -> Destination:
    """An embedded store of this test's own."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return embedded_in(tmp_path)


@pytest.fixture
def client_of() -> Iterator[Callable[[str], Any]]:
    """MLflow's client of a URI; its connections are closed afterwards."""
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield MlflowClient
    for engine in SqlAlchemyStore._engine_map.values():
        engine.dispose()


def embedded_in(home: Path) -> Destination:
    found = resolve_destination(TrackingSettings(), home, environ={})
    assert found is not None
    return found


@pytest.fixture(scope="session")
def shown(empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """A command's run in an embedded store, and MLflow's real server on it."""
    home = tmp_path_factory.mktemp("shown")
    shutil.copy(empty_store, home / "mlflow.db")
    destination = embedded_in(home)
    results = [*curve_results(repeats=3), failed_result()]
    tracker = Tracker(destination, CONTEXT, notice=pytest.fail)
    tracker.start()
    tracker.planned(result.spec for result in results)
    for result in results:
        tracker.finished(result)
    tracked = tracker.close(curve_answer(home, results))
    assert tracked is not None
    with UserInterface(destination, port=free_port()) as ui:
        yield Shown(ui.base, tracked, len(results))


@dataclass(frozen=True)
class Shown:
    """Where the server answers, and the run that it shows."""

    base: str
    tracked: Tracked
    trials: int


def free_port() -> int:
    with closing(socket.socket()) as candidate:
        candidate.bind(("127.0.0.1", 0))
        return int(candidate.getsockname()[1])
