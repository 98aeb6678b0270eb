"""Stores to write to: made once, copied for every test."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mldiag.tracking.database import prepare_database
from mldiag.tracking.destination import Destination, TrackingSettings, resolve_destination


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
