"""Tables larger than the memory: a sample drawn while the file goes by, and counts over all rows."""

import numpy as np
import pandas as pd
import pytest

from mldiag.data.audited import reading_sampled
from mldiag.data.audited.reading import read_table
from mldiag.data.audited.reading_memory import available_bytes, fit_of
from mldiag.errors import MldiagError

ROWS = 20_000


@pytest.fixture
def frame():
    made = pd.DataFrame(
        {
            "n": np.arange(ROWS) // 2,
            "code": [f"{i // 2 % 90:03d}" for i in range(ROWS)],
            "text": [("a, b", 'say "so"', None, "two\nlines")[i // 2 % 4] for i in range(ROWS)],
            "x": np.where(np.arange(ROWS) < 6, np.inf, 0.5),
            "same": 7,
        }
    )
    made.loc[ROWS - 4 :, "n"] += [1000, 2000, 3000, 4000]  # four rows that repeat none
    return made


@pytest.fixture(params=["csv", "parquet"])
def path(frame, tmp_path, request, monkeypatch):
    monkeypatch.setattr(reading_sampled, "STREAMED_BYTES", 0)
    monkeypatch.setattr(reading_sampled, "_BLOCK_BYTES", 20_000)  # many blocks
    file = tmp_path / f"big.{request.param}"
    if request.param == "csv":
        frame.to_csv(file, index=False)
    else:
        frame.to_parquet(file, row_group_size=3_000)
    return file


def test_the_sample_is_that_of_the_file_and_all_rows_are_counted(path, frame):
    found = read_table(path, rows_at_most=1_000, seed=5)
    assert (len(found.frame), found.row_count) == (1_000, ROWS)
    wanted = frame.iloc[found.rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.frame, wanted, check_dtype=False)
    assert found.frame["code"].iloc[0] == wanted["code"].iloc[0]  # its zeros are kept
    assert np.bincount(found.rows // 5_000).min() > 180
    whole = found.whole
    assert (whole.rows, whole.copies, whole.constant) == (ROWS, ROWS // 2 - 2, ("same",))
    assert whole.missing == {"text": ROWS // 4}
    if path.suffix == ".parquet":
        assert whole.infinite == {"x": 6}
    assert "9,998 rows repeat an earlier one; empty cells: text 5,000" in whole.told()


def test_a_seed_draws_the_same_rows_and_another_seed_others(path):
    first, again, other = (read_table(path, rows_at_most=500, seed=s).rows for s in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_a_table_that_fits_is_whole(path):
    found = read_table(path, rows_at_most=ROWS)
    assert found.rows is None
    assert len(found.frame) == ROWS
    assert found.notices == ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a,b\n1,2\n3\n", "line 3: 1 field"),
        ("a,b\n1,2\n" * 3000 + "3,4,5\n", "line 6,001: 3 fields"),
        (b"a,b\n1,caf\xe9\n", "line 2: byte 0xe9 is no UTF-8"),
        ("a,b\n", "a header but no rows"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, monkeypatch, content, told):
    monkeypatch.setattr(reading_sampled, "STREAMED_BYTES", 0)
    file = tmp_path / "big.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MldiagError, match=told):
        read_table(file, rows_at_most=2)


def test_rows_at_most_follows_the_free_memory(path):
    assert fit_of(path, free_bytes=10**12).rows_at_most is None
    few, many = (fit_of(path, free_bytes=size).rows_at_most for size in (10**5, 10**6))
    assert 0 < few < many < ROWS
    assert available_bytes() > 10**6
