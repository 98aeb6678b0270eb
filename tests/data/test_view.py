import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mldiag.data.dataset import Dataset, Part
from mldiag.data.interventions import Scaling
from mldiag.data.row_sets import load_row_set, row_set_digest, save_row_set
from mldiag.data.view import TrialView, limit_rows
from mldiag.errors import MldiagError
from mldiag.trial_spec import Intervention

RNG = np.random.default_rng(0)
ARRAY = RNG.normal(3, 2, size=(30, 4))
FRAME = pd.DataFrame(
    {
        "age": np.arange(30),
        "income": RNG.normal(size=30),
        "city": [f"c{i % 3}" for i in range(30)],
        "kind": pd.Categorical(["u", "v", "w"] * 10),
        "when": pd.date_range("2020-01-01", periods=30),
        "member": [True, False] * 15,
    }
)
LABELS = np.arange(30) * 10
TRAIN, VALID = np.arange(0, 20), np.arange(20, 30)


def view(X, *changes, y=LABELS, weights=None):
    interventions = [Intervention(kind, tuple(arguments.items())) for kind, arguments in changes]
    return TrialView(Dataset(Part(X, y, weights)), interventions, TRAIN, VALID)


@pytest.mark.parametrize("X", [ARRAY, FRAME, sparse.csr_matrix(ARRAY), list(range(30))])
def test_without_interventions_the_rows_are_the_datas(X):
    seen = view(X).X(VALID)
    expected = X[20:] if isinstance(X, list) else X.iloc[20:] if X is FRAME else X[20:]
    if X is FRAME:
        pd.testing.assert_frame_equal(seen, expected)
    elif sparse.issparse(X):
        assert (seen != expected).nnz == 0
    else:
        assert np.array_equal(seen, expected)


def test_changing_what_was_read_changes_no_data():
    data = ARRAY.copy()
    seen = view(data)
    rows = seen.X(TRAIN)
    rows[:] = 0
    assert np.array_equal(data, ARRAY)
    assert np.array_equal(seen.X(TRAIN), ARRAY[TRAIN])


def test_permuted_labels_stay_within_their_part():
    seen = view(ARRAY, ("permute_labels", {"seed": 1}))
    for rows in (TRAIN, VALID):
        assert sorted(seen.y(rows)) == sorted(LABELS[rows])
        assert not np.array_equal(seen.y(rows), LABELS[rows])
    assert np.array_equal(seen.X(TRAIN), ARRAY[TRAIN])
    assert np.array_equal(seen.y(TRAIN)[3:7], seen.y(TRAIN[3:7]))  # a row keeps its new label
    again = view(ARRAY, ("permute_labels", {"seed": 1}))
    other = view(ARRAY, ("permute_labels", {"seed": 2}))
    assert np.array_equal(seen.y(TRAIN), again.y(TRAIN))
    assert not np.array_equal(seen.y(TRAIN), other.y(TRAIN))


@pytest.mark.parametrize(("part", "changed"), [("train", TRAIN), ("valid", VALID)])
def test_labels_of_one_part_only(part, changed):
    seen = view(ARRAY, ("permute_labels", {"part": part}))
    kept = VALID if part == "train" else TRAIN
    assert not np.array_equal(seen.y(changed), LABELS[changed])
    assert np.array_equal(seen.y(kept), LABELS[kept])


def test_labels_of_a_separate_validation_part():
    data = Dataset(Part(ARRAY[:20], LABELS[:20]), valid=Part(ARRAY[20:], LABELS[20:]))
    seen = TrialView(data, [Intervention("permute_labels")], TRAIN, VALID)
    assert sorted(seen.y(VALID)) == sorted(LABELS[20:])


@pytest.mark.parametrize("X", [ARRAY, ARRAY.astype(np.float32), np.arange(120).reshape(30, 4)])
def test_zeroed_arrays_keep_shape_and_type(X):
    seen = view(X, ("zero_inputs", {})).X(VALID)
    assert seen.shape == (10, 4)
    assert seen.dtype == X.dtype
    assert not seen.any()


def test_zeroed_frames_say_nothing_and_keep_their_types():
    seen = view(FRAME, ("zero_inputs", {}))
    for rows in (TRAIN, VALID):
        values = seen.X(rows)
        assert list(values.columns) == list(FRAME.columns)
        assert list(values.dtypes) == list(FRAME.dtypes)
        assert (values.nunique() == 1).all()
    assert seen.X(TRAIN).iloc[0].equals(seen.X(VALID).iloc[0])  # one constant for both parts


def test_zeroed_sparse_texts_and_lists():
    matrix = view(sparse.csr_matrix(ARRAY), ("zero_inputs", {})).X(VALID)
    assert matrix.format == "csr"
    assert matrix.shape == (10, 4)
    assert abs(matrix).sum() == 0
    texts = np.array([f"text {i}" for i in range(30)], dtype=object)
    assert set(view(texts, ("zero_inputs", {})).X(VALID)) == {""}
    assert set(view(list(texts), ("zero_inputs", {})).X(VALID)) == {""}
    images = [np.ones((2, 2)) for _ in range(30)]
    assert not any(item.any() for item in view(images, ("zero_inputs", {})).X(VALID))


def test_zeroed_in_one_part_only():
    seen = view(ARRAY, ("zero_inputs", {"part": "valid"}))
    assert np.array_equal(seen.X(TRAIN), ARRAY[TRAIN])
    assert not seen.X(VALID).any()


def test_dropped_columns():
    assert np.array_equal(
        view(ARRAY, ("drop_columns", {"columns": (1, 3)})).X(VALID), ARRAY[20:, [0, 2]]
    )
    frame = view(FRAME, ("drop_columns", {"columns": ("city",)})).X(VALID)
    assert "city" not in frame.columns
    matrix = view(sparse.csr_matrix(ARRAY), ("drop_columns", {"columns": (0,)})).X(VALID)
    assert np.allclose(matrix.toarray(), ARRAY[20:, 1:])


@pytest.mark.parametrize(
    ("X", "columns", "words"),
    [
        (FRAME, ("aeg",), "unknown column 'aeg'"),
        (ARRAY, (4,), "no column 4"),
        ([1] * 30, (0,), "have none"),
    ],
)
def test_columns_that_are_not_there(X, columns, words):
    with pytest.raises(MldiagError, match=words):
        view(X, ("drop_columns", {"columns": columns})).X(VALID)


@pytest.mark.parametrize("method", ["standard", "minmax", "robust"])
def test_scaling_is_learned_on_training_rows(method):
    seen = view(ARRAY, ("scale", {"method": method}))
    train, valid = seen.X(TRAIN), seen.X(VALID)
    known = ARRAY[TRAIN]
    center, spread = {
        "standard": (known.mean(0), known.std(0)),
        "minmax": (known.min(0), np.ptp(known, axis=0)),
        "robust": (
            np.median(known, axis=0),
            np.subtract(*np.percentile(known, [75, 25], axis=0)),
        ),
    }[method]
    assert np.allclose(train, (known - center) / spread)
    assert np.allclose(valid, (ARRAY[VALID] - center) / spread)


def test_scaling_of_frames_sparse_and_constant_columns():
    frame = view(FRAME, ("scale", {})).X(TRAIN)
    assert np.allclose(frame["age"].mean(), 0)
    assert list(frame["city"]) == list(FRAME["city"][:20])
    matrix = view(sparse.csr_matrix(ARRAY), ("scale", {})).X(TRAIN)
    assert np.allclose(matrix.toarray(), ARRAY[TRAIN] / ARRAY[TRAIN].std(0))
    constant = view(np.ones((30, 1)), ("scale", {})).X(VALID)
    assert np.isfinite(constant).all()
    with pytest.raises(MldiagError, match="unknown scaling"):
        view(ARRAY, ("scale", {"method": "zscore"})).X(TRAIN)
    with pytest.raises(MldiagError, match="a list"):
        Scaling.learned([1, 2])


def test_interventions_apply_in_their_order():
    changes = (
        ("drop_columns", {"columns": (0,)}),
        ("scale", {}),
        ("zero_inputs", {"part": "valid"}),
    )
    seen = view(ARRAY, *changes)
    assert seen.X(TRAIN).shape == (20, 3)
    assert np.allclose(seen.X(TRAIN).mean(0), 0)
    assert not seen.X(VALID).any()


def test_weights_pass_through():
    assert np.array_equal(view(ARRAY, weights=LABELS).weights(VALID), LABELS[VALID])
    assert view(ARRAY, y=None).y(VALID) is None


def test_dropped_rows():
    change = Intervention("drop_rows", (("rows", (0, 1, 25)),))
    train, valid = limit_rows([change], TRAIN, VALID)
    assert list(train) == list(range(2, 20))
    assert list(valid) == list(VALID)  # by default only training rows go
    everywhere = Intervention("drop_rows", (("rows", (0, 1, 25)), ("part", "all")))
    assert 25 not in limit_rows([everywhere], TRAIN, VALID)[1]
    by_digest = Intervention("drop_rows", (("digest", "d"),))
    assert len(limit_rows([by_digest], TRAIN, VALID, row_sets={"d": np.arange(5)})[0]) == 15
    with pytest.raises(MldiagError, match="drops every row"):
        limit_rows([Intervention("drop_rows", (("rows", tuple(range(30))),))], TRAIN, VALID)


def test_unknown_words_name_the_known_ones():
    with pytest.raises(MldiagError) as kind:
        limit_rows([Intervention("zero_input")], TRAIN, VALID)
    assert kind.value.nearest == "zero_inputs"
    with pytest.raises(MldiagError, match="unknown part"):
        view(ARRAY, ("zero_inputs", {"part": "test"})).X(VALID)


def test_row_sets_are_kept_under_their_digest(tmp_path):
    digest = save_row_set(tmp_path, np.array([5, 3, 3]))
    assert digest == save_row_set(tmp_path, np.array([3, 5])) == row_set_digest(np.array([3, 5]))
    assert list(load_row_set(tmp_path, digest)) == [3, 5]
    assert digest != row_set_digest(np.array([3]))
    with pytest.raises(MldiagError, match="is gone"):
        load_row_set(tmp_path, "0" * 24)


def test_training_rows_may_score():
    scored = Intervention("score_training_rows")
    train, valid = limit_rows([scored], np.array([4, 5]), np.array([1]))
    assert train.tolist() == valid.tolist() == [4, 5]
