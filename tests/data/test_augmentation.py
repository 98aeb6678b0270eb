"""What may be declared as augmentation, and what becomes of the training rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import mldiag
from mldiag.data.augmentation import augmented_rows, declared_augmentation
from mldiag.data.dataset import Dataset, Part
from mldiag.data.view import TrialView
from mldiag.errors import MldiagError
from mldiag.trial_spec import Intervention

PARAMS = {
    "flip": mldiag.Categorical([False, True], default=False),
    "mode": mldiag.Categorical(["off", "flip", "crop"], default="off"),
    "only": mldiag.Categorical(["off"], default="off"),
    "noise": mldiag.Float(0, 1, default=0),
    "copies": mldiag.Int(0, 4, default=0),
}
X = np.arange(60.0).reshape(20, 3)
Y = np.arange(20) % 2
TRAIN, VALID = np.arange(15), np.arange(15, 20)


def doubled(X, y, rng):
    return np.vstack([X, X + rng.normal(size=X.shape)]), np.concatenate([y, y])


def declare(augment, *, holds_data=True):
    return declared_augmentation(augment, PARAMS, holds_data=holds_data)


def view(*kinds, X=X, y=Y, weights=None, augment=doubled, seed=0):
    changes = [Intervention(kind) if isinstance(kind, str) else kind for kind in kinds]
    return TrialView(
        Dataset(Part(X, y, weights)), changes, TRAIN, VALID, augment=augment, seed=seed
    )


@pytest.mark.parametrize(
    ("augment", "param", "value"),
    [
        ("flip", "flip", True),
        (("flip", True), "flip", True),
        (["mode", "crop"], "mode", "crop"),
        (("noise", 0.1), "noise", 0.1),
        (("copies", 2.0), "copies", 2),
    ],
)
def test_a_parameter_and_the_value_that_is_on(augment, param, value):
    found = declare(augment, holds_data=False)
    assert (found.param, found.value, found.function) == (param, value, None)


def test_a_function_needs_the_rows():
    assert declare(doubled).function is doubled
    assert declare(None) is None
    assert declare(declare(doubled)).function is doubled
    with pytest.raises(MldiagError, match="does not hold the rows") as error:
        declare(doubled, holds_data=False)
    assert "data=(X, y)" in error.value.expected


@pytest.mark.parametrize(
    ("augment", "words", "helps"),
    [
        ("flup", "unknown parameter 'flup'", "flip"),
        ("mode", "several values", "augment=(\"mode\", 'flip')"),
        ("only", "one choice only", "Categorical([False, True]"),
        ("noise", "which value of 'noise'", 'augment=("noise", 1)'),
        ("copies", "which value of 'copies'", 'augment=("copies", 4)'),
        (("flip", False), "is the default", "switches augmentation on"),
        (("noise", 3), "outside the range", "1"),
        (("noise", "much"), "noise='much'", "a number"),
        (("mode", "flop"), "unknown choice 'flop'", "flip"),
        (True, "augment=True", "a function (X, y, rng)"),
        (dict, "augment=dict", "a function (X, y, rng)"),
        (("flip", True, 1), "augment=('flip', True, 1)", "(name, value)"),
        (lambda X, y: (X, y), "cannot be called with (X, y, rng)", "random generator"),
    ],
)
def test_what_cannot_be_meant_is_told_with_what_can(augment, words, helps):
    with pytest.raises(MldiagError) as error:
        declare(augment)
    assert words in str(error.value)
    assert helps in str(error.value)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda X, y, rng: X, "returned a ndarray"),
        (lambda X, y, rng: (X, y, y), "returned a tuple of 3"),
        (lambda X, y, rng: (X[:, :2], y), "rows of 2"),
        (lambda X, y, rng: (X.ravel(), y), "one value a row"),
        (lambda X, y, rng: (X.tolist(), y), "a list"),
        (lambda X, y, rng: (X[:3], y), "3 rows of X and 15 of y"),
        (lambda X, y, rng: (X[:0], y[:0]), "no rows"),
        (lambda X, y, rng: (X, None), "no targets"),
        (lambda X, y, rng: (X, np.eye(2)[y]), "y as rows of 2"),
    ],
)
def test_what_a_function_may_not_return(made, words):
    with pytest.raises(MldiagError) as error:
        augmented_rows(made, Part(X[TRAIN], Y[TRAIN]), seed=0)
    assert words in str(error.value)


def test_frames_keep_their_columns():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    rows = Part(frame, pd.Series(Y))

    def twice(X, y, rng):
        return pd.concat([X, X]), pd.concat([y, y])

    assert len(augmented_rows(twice, rows, seed=0)) == 40
    for changed, words in (
        (frame.drop(columns="b"), "without ['b']"),
        (frame.assign(d=1.0), "with ['d']"),
        (frame[["c", "b", "a"]], "moved columns"),
        (frame.to_numpy(), "rows of 3"),
    ):
        with pytest.raises(MldiagError) as error:
            augmented_rows(lambda X, y, rng, changed=changed: (changed, y), rows, seed=0)
        assert words in str(error.value)


def test_data_without_targets_lists_and_sparse_rows():
    def pair(X, y, rng):
        return X + X, None if y is None else y + y

    assert len(augmented_rows(pair, Part(["a", "b"]), seed=0)) == 2 * 2
    assert len(augmented_rows(pair, Part(["a", "b"], [0, 1]), seed=0)) == 2 * 2
    with pytest.raises(MldiagError, match="targets"):
        augmented_rows(lambda X, y, rng: (X, [1, 2]), Part(["a", "b"]), seed=0)

    def stacked(X, y, rng):
        return sparse.vstack([X, X], format="csr"), np.tile(y, 2)

    seen = view("augment", X=sparse.csr_matrix(X), augment=stacked)
    assert seen.X(TRAIN, training=True).shape == (30, 3)


def test_weights_stay_with_their_rows():
    seen = view("augment", weights=np.arange(20.0), augment=lambda X, y, rng: (-X, y))
    assert np.array_equal(seen.weights(TRAIN, training=True), np.arange(15.0))
    with pytest.raises(MldiagError, match="30 rows of 15, and nothing tells their weights"):
        view("augment", weights=np.arange(20.0)).X(TRAIN, training=True)


def test_only_what_is_trained_on_is_augmented():
    seen = view("augment")
    assert seen.X(TRAIN, training=True).shape == (30, 3)
    assert len(seen.y(TRAIN, training=True)) == 30
    assert seen.weights(TRAIN, training=True) is None
    assert np.array_equal(seen.X(TRAIN), X[TRAIN])  # rows that stop training, or are scored
    assert np.array_equal(seen.X(VALID), X[VALID])
    assert np.array_equal(seen.y(VALID), Y[VALID])
    assert np.array_equal(view().X(TRAIN, training=True), X[TRAIN])  # declared, but not asked for


def test_every_reading_gives_the_same_rows_in_memory_of_its_own():
    seen = view("augment")
    first = seen.X(TRAIN, training=True)
    kept = first.copy()
    first[:] = 0
    assert np.array_equal(seen.X(TRAIN, training=True), kept)
    assert np.array_equal(view("augment").X(TRAIN, training=True), kept)
    assert not np.array_equal(view("augment", seed=1).X(TRAIN, training=True), kept)
    assert len(seen.X(TRAIN[:5], training=True)) == 10  # other rows, as after trial.stop


def test_a_function_that_changes_its_arguments_changes_no_data():
    data = X.copy()

    def spoil(X, y, rng):
        X[:] = 0
        return X, y

    assert not view("augment", X=data, augment=spoil).X(TRAIN, training=True).any()
    assert np.array_equal(data, X)


def test_augmentation_comes_after_the_other_changes():
    dropped = Intervention("drop_columns", (("columns", (0,)),))
    seen = view("augment", dropped, "permute_labels", augment=lambda X, y, rng: (X, y))
    assert np.array_equal(seen.X(TRAIN, training=True), X[TRAIN][:, 1:])
    assert np.array_equal(seen.y(TRAIN, training=True), seen.y(TRAIN))


def test_without_a_function_nothing_can_be_augmented():
    with pytest.raises(MldiagError, match="declares no function"):
        view("augment", augment=None)
