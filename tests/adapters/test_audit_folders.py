"""A folder with tables: which one trains and which one scores, and what is said of it."""

import numpy as np
import pandas as pd
import pytest

from mldiag.adapters.audit_files import read_tables
from mldiag.adapters.audit_folders import tables_of_folder
from mldiag.adapters.audit_target import find_audited
from mldiag.data.audited import reading_memory
from mldiag.errors import MldiagError
from mldiag.steps.audit.settings import Settings


@pytest.fixture
def folder(tmp_path):
    def made(*names):
        place = tmp_path / "data"
        for name in names:
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            frame = pd.DataFrame({"x": np.arange(60) % 17, "y": ["a", "b", "c"] * 20})
            if name.endswith(".parquet"):
                frame.to_parquet(file)
            else:
                frame.to_csv(file, index=False)
        return place

    return made


@pytest.mark.parametrize(
    ("names", "train", "test"),
    [
        (["train.csv", "test.csv"], "train.csv", "test.csv"),
        (["train.parquet", "valid.parquet"], "train.parquet", "valid.parquet"),
        (["X_train.csv", "X_val.csv", "X_test.csv"], "X_train.csv", "X_test.csv"),
        (["training-2024.csv", "notes.csv"], "training-2024.csv", None),
        (["trains.csv"], "trains.csv", None),
        (["train.csv", "test.csv", "README.md"], "train.csv", "test.csv"),
        (["train.csv", "test.csv", ".mldiag/plot.png"], "train.csv", "test.csv"),
        (["train.csv", "test.csv", "mlartifacts/1/plot.png"], "train.csv", "test.csv"),
    ],
)
def test_names_tell_the_sides(folder, names, train, test):
    found = tables_of_folder(folder(*names))
    assert found.train.name == train
    assert (found.test and found.test.name) == test
    assert train in found.notices[0]


def test_what_is_left_out_is_said(folder):
    found = tables_of_folder(folder("train.csv", "valid.csv", "test.csv"))
    assert found.notices[1] == "valid.csv is in data/ too, and is not looked at"


@pytest.mark.parametrize(
    "names",
    [
        ["labels.csv", "cat/1.png"],
        ["train.csv", "sounds/a.wav"],
        ["labels.csv", "a.txt", "b.txt"],
        ["notes.md"],
    ],
)
def test_tables_beside_media_are_their_labels(folder, names):
    assert tables_of_folder(folder(*names)) is None


@pytest.mark.parametrize("names", [["a.csv", "b.csv"], ["train_1.csv", "train_2.csv", "test.csv"]])
def test_several_that_are_not_told_apart(folder, names):
    place = folder(*names)
    with pytest.raises(MldiagError, match="tables: ") as caught:
        tables_of_folder(place, typed="'my data'/")
    assert caught.value.hint == f"mldiag audit 'my data'/{sorted(names)[0]}"


def test_an_audit_takes_a_folder(folder):
    place = folder("train.csv", "test.csv")
    experiment = find_audited(str(place), Settings(target_column="y")).experiment
    inspected = experiment.inspected
    assert (len(inspected.subject.train), len(inspected.subject.test)) == (60, 60)
    assert inspected.notices[0] == "train is train.csv, test is test.csv"
    assert experiment.home == place


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_sampled_is_said(folder, ending):
    path = folder(f"big.{ending}") / f"big.{ending}"
    asked = read_tables(path, None, Settings(rows_at_most=20))
    assert len(asked.train) == 20
    assert asked.notices[0].startswith("looked at 20 of 60 rows of big.")
    assert asked.digest != read_tables(path, None, Settings()).digest
    if ending == "parquet":
        assert asked.notices[1].startswith("counted over all 60 rows: 9 rows repeat an earlier one")


def test_a_table_that_does_not_fit_the_memory_is_sampled_and_not_mended(folder, monkeypatch):
    path = folder("big.parquet") / "big.parquet"
    monkeypatch.setattr(reading_memory, "available_bytes", lambda: 8_000)
    found = read_tables(path, None, Settings())
    assert len(found.train) < 60
    assert "rows of big.parquet, drawn with a seed: all would take about" in found.notices[0]
    with pytest.raises(MldiagError, match="--fix mends all rows") as caught:
        read_tables(path, None, Settings(fix=path.with_name("mended.parquet")))
    assert caught.value.hint == "--rows-at-most 60"


def test_rows_at_most_is_a_count():
    with pytest.raises(MldiagError, match="at least 1"):
        Settings(rows_at_most=0)


@pytest.mark.parametrize("kind", ["files", "table"])
def test_reading_is_told_as_it_goes(folder, tmp_path, kind):
    heard = []
    if kind == "files":
        for number in range(3):
            (tmp_path / "texts").mkdir(exist_ok=True)
            (tmp_path / "texts" / f"{number}.txt").write_text(f"some words {number}")
        find_audited(str(tmp_path / "texts"), Settings(), tell=lambda *at: heard.append(at))
        assert heard == [("reading texts", number, 3) for number in (1, 2, 3)]
        return
    path = folder("big.parquet") / "big.parquet"
    find_audited(str(path), Settings(rows_at_most=9), tell=lambda *at: heard.append(at))
    assert heard == [("reading big.parquet", 60, 60)]
