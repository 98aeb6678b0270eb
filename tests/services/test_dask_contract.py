"""The contract of engines, held by Dask on a cluster that was joined."""

from functools import partial

import pytest

from mldiag.run.engines.dask.engine import DaskEngine
from tests.run.engine_cases import cases
from tests.run.engine_contract import *  # noqa: F403 - every test of the contract


def open_on(cluster, experiment, **options):
    return DaskEngine(
        experiment, **{"workers": None, "threads": 1, "address": cluster.address} | options
    )


@pytest.fixture(name="engine", scope="module")
def joined(shared_cluster):
    engine = open_on(shared_cluster, cases)
    yield engine
    engine.close()


@pytest.fixture
def surviving(engine):
    return engine


@pytest.fixture
def open_engine(shared_cluster):
    return partial(open_on, shared_cluster)


@pytest.fixture
def open_surviving(open_engine):
    return open_engine
