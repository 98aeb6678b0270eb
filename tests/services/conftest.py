"""What the tests of one process share: a Dask cluster, and MLflow's real server on a store with a run."""

import pytest

from tests.services.dask_cluster import dask_cluster
from tests.tracking.conftest import (  # noqa: F401 - fixtures
    client_of,
    destination,
    empty_store,
    quiet_mlflow,
    shown,
)

pytest.register_assert_rewrite("tests.run.engine_contract")


@pytest.fixture(scope="session")
def shared_cluster():
    """Two workers of one thread each."""
    with dask_cluster() as cluster:
        cluster.add_workers(count=2)
        yield cluster


@pytest.fixture
def own_cluster():
    """A scheduler without workers, to be harmed."""
    with dask_cluster() as cluster:
        yield cluster
