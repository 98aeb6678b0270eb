"""Keys of rows: equal where every feature is, for every kind of features."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from mldiag.data.row_keys import row_keys

TABLE = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0], [np.nan, 0.0], [np.nan, -0.0]])


@pytest.mark.parametrize(
    "features",
    [
        TABLE,
        TABLE.astype(np.float32),
        TABLE.tolist(),
        pd.DataFrame(TABLE),
        scipy.sparse.csr_matrix(np.nan_to_num(TABLE, nan=7.0)),
        TABLE.reshape(5, 1, 2),
    ],
    ids=["float64", "float32", "list", "frame", "sparse", "images"],
)
def test_equal_rows_have_equal_keys_and_others_have_not(features):
    keys = row_keys(features)
    assert keys[0] == keys[2]
    assert keys[3] == keys[4]
    assert len(set(keys.tolist())) == 3


def test_text_and_categories():
    frame = pd.DataFrame({"a": ["x", "y", "x"], "b": pd.Categorical(["u", "u", "u"])})
    keys = row_keys(frame)
    assert keys[0] == keys[2] != keys[1]


def test_many_different_rows_have_as_many_keys():
    rows = np.random.default_rng(0).integers(0, 3, size=(20_000, 12))
    assert len(np.unique(row_keys(rows))) == len(np.unique(rows, axis=0))


def test_rows_that_cannot_be_compared():
    assert row_keys([[1, 2], [3]]) is None
    assert row_keys(np.array([[{}], [{}]], dtype=object)) is None
