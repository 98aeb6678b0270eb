"""The embedded file is made whole or not at all, and one of another MLflow is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from mldiag.errors import MldiagError
from mldiag.tracking.database import prepare_database, schema_of

from .conftest import embedded_in


def test_a_new_file_is_whole_and_leaves_nothing_beside_it(empty_store):
    assert [path.name for path in empty_store.parent.iterdir()] == ["mlflow.db"]
    with closing(sqlite3.connect(empty_store)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("SELECT name FROM experiments").fetchall() == [("Default",)]


def test_a_good_file_is_kept(destination):
    before = destination.database_file.read_bytes()
    prepare_database(destination)
    assert destination.database_file.read_bytes() == before


def test_a_file_of_another_version_is_left_alone_with_a_hint(destination):
    path = destination.database_file
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0a1b2c'")
    before = path.read_bytes()
    with pytest.raises(MldiagError, match="left alone") as caught:
        prepare_database(destination)
    assert path.read_bytes() == before
    assert f"mlflow db upgrade sqlite:///{path}" in caught.value.hint
    assert "0a1b2c" in caught.value.expected


@pytest.mark.parametrize("content", [b"just a text file, long enough to be read" * 9, b"x"])
def test_a_file_of_another_program_is_left_alone(tmp_path, content):
    path = tmp_path / "mlflow.db"
    path.write_bytes(content)
    with pytest.raises(MldiagError, match="no MLflow database"):
        prepare_database(embedded_in(tmp_path))
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE recipes (name)")
    assert schema_of(path) == ""
    with pytest.raises(MldiagError, match="no MLflow database"):
        prepare_database(embedded_in(tmp_path))


def test_a_store_that_is_no_file_needs_no_preparation(tmp_path):
    from mldiag.tracking.destination import Destination

    prepare_database(Destination("http://host:5000"))
    assert list(tmp_path.iterdir()) == []
