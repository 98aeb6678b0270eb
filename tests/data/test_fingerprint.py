"""Content hashes: equal content is equal, whatever holds it; any change shows."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mldiag.data import content
from mldiag.data.content import content_digest
from mldiag.data.fingerprint import fingerprint
from mldiag.data.source import DataSource


def frame() -> pd.DataFrame:
    return pd.DataFrame({
        "number": [1.5, np.nan, 3.0, 4.0],
        "count": pd.array([1, None, 3, 4], dtype="Int64"),
        "text": ["a", None, "ü", "d"],
        "object": pd.Series(["a", 1, None, (2, 3)], dtype=object),
        "kind": pd.Categorical(["x", "y", "x", None]),
        "moment": pd.to_datetime(["2024-01-01", None, "2024-01-03", "2024-01-04"]),
        "zoned": pd.to_datetime(["2024-01-01"] * 4).tz_localize("Europe/Rome"),
        "flag": [True, False, True, True],
        "span": pd.to_timedelta([1, 2, 3, 4], unit="s"),
        "month": pd.period_range("2024-01", periods=4, freq="M"),
    })  # fmt: skip


CHANGES = {
    "number": lambda f: f.assign(number=[1.5, 0.0, 3.0, 4.0]),
    "count": lambda f: f.assign(count=pd.array([1, 0, 3, 4], dtype="Int64")),
    "text": lambda f: f.assign(text=["a", "", "ü", "d"]),
    "object": lambda f: f.assign(object=pd.Series(["a", "1", None, (2, 3)], dtype=object)),
    "category": lambda f: f.assign(kind=pd.Categorical(["x", "y", "y", None])),
    "category order": lambda f: f.assign(kind=f["kind"].cat.reorder_categories(["y", "x"])),
    "category ordered": lambda f: f.assign(kind=f["kind"].cat.as_ordered()),
    "moment": lambda f: f.assign(moment=f["moment"] + pd.Timedelta(1, "s")),
    "zone": lambda f: f.assign(zoned=f["zoned"].dt.tz_convert("UTC")),
    "flag": lambda f: f.assign(flag=[True, False, True, False]),
    "span": lambda f: f.assign(span=f["span"] * 2),
    "month": lambda f: f.assign(month=f["month"] + 1),
    "dtype": lambda f: f.assign(number=f["number"].astype("float32")),
    "column name": lambda f: f.rename(columns={"flag": "mark"}),
    "column order": lambda f: f[[*f.columns[1:], f.columns[0]]],
    "index": lambda f: f.set_axis([3, 2, 1, 0]),
    "row order": lambda f: f.iloc[::-1].reset_index(drop=True),
    "fewer rows": lambda f: f.iloc[:3],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_a_frame_shows(change):
    assert content_digest(change(frame())) != content_digest(frame())


def test_equal_frames_are_equal_however_they_were_made(tmp_path):
    digest = content_digest(frame())
    assert content_digest(frame().copy()) == digest
    pieces = pd.concat([frame().iloc[:, :4], frame().iloc[:, 4:]], axis=1)
    assert content_digest(pieces) == digest
    plain = frame()[["number", "text", "moment", "flag"]]
    plain.to_parquet(tmp_path / "t.parquet")
    assert content_digest(pd.read_parquet(tmp_path / "t.parquet")) == content_digest(
        pd.read_parquet(tmp_path / "t.parquet").copy()
    )


def test_repeated_column_names_and_levels_are_no_obstacle():
    double = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    levels = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert content_digest(double) != content_digest(double.iloc[:, ::-1])
    assert content_digest(levels) == content_digest(levels.copy())


def test_what_lies_under_a_mask_is_no_content():
    one = pd.array([1, 2], dtype="Int64")
    two = pd.array([1, 9], dtype="Int64")
    one[1] = two[1] = pd.NA
    assert content_digest(pd.Series(one)) == content_digest(pd.Series(two))


@given(hnp.arrays(st.sampled_from([np.float64, np.int16, bool]), hnp.array_shapes(max_dims=3)))
def test_memory_layout_is_no_content(values):
    digest = content_digest(values)
    assert content_digest(np.asfortranarray(values)) == digest
    padded = np.repeat(values, 2, axis=-1)[..., ::2]
    assert content_digest(padded) == digest
    assert content_digest(values[np.newaxis]) != digest


@given(st.integers(0, 399), st.integers(1, 7))
def test_any_bit_of_a_large_array_shows_across_the_chunks(row, column):
    values = np.arange(400 * 8, dtype=np.int64).reshape(400, 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(content, "CHUNK_BYTES", 1000)  # 25 chunks, so that threads take part
        before = content_digest(values)
        assert content_digest(np.asfortranarray(values)) == before
        values[row, column] ^= 1
        assert content_digest(values) != before


def test_a_memory_map_equals_the_array(tmp_path):
    values = np.random.default_rng(0).random((50, 4))
    np.save(tmp_path / "x.npy", values)
    assert content_digest(np.load(tmp_path / "x.npy", mmap_mode="r")) == content_digest(values)


def test_sparse_matrices_are_equal_whatever_their_format():
    dense = np.array([[0, 1.0, 0], [2.0, 0, 3.0]])
    csr = sp.csr_matrix(dense)
    unsorted = sp.csr_matrix(([1.0, 3.0, 2.0, 0.0], [1, 2, 0, 1], [0, 1, 4]), shape=(2, 3))
    double = sp.coo_array(([1.0, 1.0, 1.0, 3.0], ([0, 1, 1, 1], [1, 0, 0, 2])), shape=(2, 3))
    digests = {content_digest(m) for m in (csr, csr.tocsc(), sp.csr_array(dense), unsorted, double)}
    assert len(digests) == 1
    assert content_digest(csr * 2) not in digests
    assert content_digest(sp.csr_matrix((2, 4))) != content_digest(sp.csr_matrix((2, 3)))


@pytest.mark.torch
def test_tensors():
    torch = pytest.importorskip("torch")
    values = torch.arange(6.0).reshape(2, 3)
    digest = content_digest(values)
    assert content_digest(values.clone().requires_grad_()) == digest
    assert content_digest(values.T) != digest
    assert content_digest(values.T.contiguous().T) == digest
    half = values.to(torch.bfloat16)
    assert content_digest(half) == content_digest(half.clone()) != digest
    assert content_digest(half) != content_digest(half + 1)
    sparse = values.to_sparse()
    assert content_digest(sparse) == content_digest(sparse.clone()) != content_digest(sparse * 2)


def test_lists_of_texts_numbers_and_arrays():
    assert content_digest(["a", "b"]) != content_digest(["ab"])
    assert content_digest([1, 2]) != content_digest([1.0, 2.0])
    assert content_digest(["1"]) != content_digest([1])
    images = [np.zeros((2, 2)), np.ones((3, 2))]
    assert content_digest(images) == content_digest([image.copy() for image in images])
    assert content_digest(images) != content_digest(images[::-1])


def test_containers_that_hold_themselves_end():
    one: list[object] = [1]
    one.append(one)
    two: list[object] = [1]
    two.append(two)
    assert content_digest(one) == content_digest(two)


def test_rows_read_by_slices(monkeypatch):
    class Stored:
        """Like a dataset in an HDF5 file: shape, dtype and slices, nothing else."""

        shape, dtype = (50, 4), np.dtype(float)

        def __getitem__(self, rows):
            return np.arange(200.0).reshape(50, 4)[rows]

    monkeypatch.setattr(content, "CHUNK_BYTES", 300)
    assert content_digest(Stored()) == content_digest(Stored())


def source(**changes) -> DataSource:
    X = np.random.default_rng(0).random((40, 3))
    declared = {"data": (X, np.arange(40) % 2), **changes}
    return DataSource(**declared)


def of(declared: DataSource):
    return fingerprint(declared, declared.load())


@pytest.mark.parametrize(
    ("changes", "pieces"),
    [
        ({}, set()),
        ({"groups": np.arange(40) % 5}, {"groups"}),
        ({"time": np.arange(40)}, {"time"}),
        ({"sample_weight": np.ones(40)}, {"weights"}),
        ({"valid": (np.zeros((5, 3)), np.arange(5) % 2)}, {"valid.X", "valid.y"}),
        ({"test": (np.zeros((5, 3)), np.arange(5) % 2)}, {"test.X", "test.y"}),
        ({"stratify": False}, {"stratify"}),
        ({"stratify": np.arange(40) % 3}, {"stratify"}),
    ],
)
def test_every_declared_piece_is_a_part_of_its_own(changes, pieces):
    before, after = of(source()), of(source(**changes))
    changed = {n for n in before.parts.keys() | after.parts.keys()
               if before.parts.get(n) != after.parts.get(n)}  # fmt: skip
    assert changed == pieces
    assert (before.digest != after.digest) is bool(pieces)


def test_with_rows_only_the_reached_arrays_stand_in_for_the_data():
    declared = DataSource(rows=40, valid=np.arange(5))
    loaded = declared.load()
    bare = fingerprint(declared, loaded)
    reached = fingerprint(declared, loaded, {"train.py:X": np.ones(3)})
    assert "train.py:X" in reached.covers
    assert bare.digest != reached.digest
    assert reached.digest != fingerprint(declared, loaded, {"train.py:X": np.zeros(3)}).digest
    moved = DataSource(rows=40, valid=np.arange(1, 6))
    assert bare.digest != fingerprint(moved, moved.load()).digest


def test_hashes_are_the_same_in_every_process(tmp_path):
    frame().drop(columns=["object", "month"]).to_parquet(tmp_path / "t.parquet")
    program = (
        "import sys, pandas as pd; from mldiag.data.content import content_digest; "
        "print(content_digest([pd.read_parquet(sys.argv[1]), {'a', 'b', 'c'}, ('x', 1.5)]))"
    )
    seen = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "t.parquet")], text=True, check=True,
            capture_output=True,
            env={"PYTHONPATH": ":".join(p for p in sys.path if p), "PYTHONHASHSEED": seed},
        )  # fmt: skip
        seen.add(done.stdout)
    assert len(seen) == 1
