"""`[tool.mldiag]` with a table: no Python at all, and every slip told with what is near."""

import numpy as np
import pandas as pd
import pytest

from mldiag.adapters.audit_target import audited_experiment
from mldiag.adapters.targets import load_experiment
from mldiag.errors import MldiagError
from mldiag.run.worker import run_trial
from mldiag.steps.audit.settings import Settings


def frame_of(rows=120):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, rows).round(1),
            "city": rng.choice(["Rome", "Oslo", None], rows),
            "person": rng.integers(0, 20, rows),
            "day": pd.date_range("2024-01-01", periods=rows).astype(str),
            "weight": rng.random(rows) + 0.5,
        }
    )
    frame.loc[::9, "age"] = np.nan
    frame["label"] = np.where((frame["age"] > 42) | (frame["city"] == "Oslo"), "yes", "no")
    frame["price"] = frame["age"].fillna(40) * 2 + rng.normal(size=rows)
    return frame


@pytest.fixture
def declare(tmp_path):
    frame_of().to_csv(tmp_path / "train.csv", index=False)
    frame_of().to_parquet(tmp_path / "train.parquet")

    def loaded(text="", *, data="train.csv", target="label"):
        head = f'[tool.mldiag]\ndata = "{data}"\ntarget = "{target}"\n'
        (tmp_path / "pyproject.toml").write_text(head + text)
        return load_experiment(folder=tmp_path)

    return loaded


def score(exp, params=None, **where):
    result = run_trial(exp, exp.spec(params, **where), threads=1)
    assert result.status == "ok", result.error
    return result.score(exp.metric.name)


def test_strings_and_gaps_need_no_python(declare):
    exp = declare()
    assert exp.name == "train"  # and stays so when another estimator is named
    assert "HistGradientBoostingClassifier" in repr(exp.train.estimator)
    assert exp.in_process
    assert any("no estimator is named" in notice for notice in exp.notices)
    assert any(notice.startswith('preprocessing "auto"') for notice in exp.notices)
    assert score(exp) > 0.8
    assert 0 < score(exp, size=20) <= 1


def test_csv_and_parquet_give_one_score(declare):
    model = 'estimator = "sklearn.linear_model:LogisticRegression"\n'
    assert score(declare(model)) == score(declare(model, data="train.parquet"))


def test_a_quantity_gets_a_regressor(declare):
    exp = declare('metric = "neg_mean_absolute_error"\n', target="price")
    assert "HistGradientBoostingRegressor" in repr(exp.train.estimator)
    assert exp.metric.name == "mean_absolute_error"
    assert score(exp) < 20


def test_parameters_reach_the_model_under_their_own_names(declare):
    exp = declare(
        'estimator = "sklearn.ensemble:RandomForestClassifier"\nmetric = "roc_auc"\nname = "forest"\n'
        "[tool.mldiag.estimator_params]\nmax_depth = 3\n"
        "[tool.mldiag.params]\nn_estimators = { low = 1, high = 60, log = true, default = 20 }\n"
        'criterion = { choices = ["gini", "entropy"] }\n'
    )
    assert exp.name == "forest"
    assert list(exp.params) == ["n_estimators", "criterion"]
    assert exp.params["criterion"].default == "gini"  # the estimator's own
    built = exp.train.build({"n_estimators": 7, "criterion": "entropy"}, 5).named_steps["model"]
    assert (built.n_estimators, built.criterion, built.max_depth) == (7, "entropy", 3)
    assert built.random_state == 5
    assert score(exp, {"n_estimators": 3}) > 0.5


def test_lists_become_tuples(declare):
    exp = declare(
        'estimator = "sklearn.neural_network:MLPClassifier"\n'
        "[tool.mldiag.estimator_params]\nhidden_layer_sizes = [5, 4]\nmax_iter = 3\n"
    )
    assert exp.train.estimator.named_steps["model"].hidden_layer_sizes == (5, 4)
    assert score(exp) > 0


def test_groups_times_weights_and_declared_validation(declare, tmp_path):
    exp = declare('groups = "person"\nsample_weight = "weight"\n')
    train, valid = exp.splits.rows(exp.spec().rows)
    assert not set(exp.splits.groups[train]) & set(exp.splits.groups[valid])
    assert "person" not in exp.dataset.main.X.columns
    assert exp.train.weighted
    assert score(exp) > 0.5
    assert declare('time = "day"\n').splits.time is not None
    frame_of(40).to_csv(tmp_path / "valid.csv", index=False)
    fixed = declare('valid = "valid.csv"\n')
    assert fixed.splits.fixed_valid
    assert score(fixed) > 0.5


def test_a_column_that_is_dropped_is_neither_trained_on_nor_audited(declare):
    exp = declare('drop = ["price", "person"]\n')
    assert not {"price", "person"} & set(exp.dataset.main.X.columns)
    inspected = audited_experiment(exp, Settings()).inspected
    assert not {"price", "person"} & set(inspected.subject.train.columns)


def test_no_preprocessing_on_request(declare, tmp_path):
    frame_of()[["weight", "person", "label"]].to_csv(tmp_path / "plain.csv", index=False)
    exp = declare(
        'preprocess = "none"\nestimator = "sklearn.naive_bayes:GaussianNB"\n', data="plain.csv"
    )
    assert type(exp.train.estimator).__name__ == "GaussianNB"
    assert not exp.notices
    assert score(exp) > 0


def test_an_estimator_of_a_local_module(declare, tmp_path, monkeypatch):
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "model_of_mine.py").write_text(
        "from sklearn.naive_bayes import GaussianNB\nclass Mine(GaussianNB):\n    pass\n"
    )
    exp = declare('estimator = "model_of_mine:Mine"\n')
    assert not exp.in_process
    assert score(exp) > 0.5
    del sys.modules["model_of_mine"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('estimatr = "x"\n', "nearest: estimator"),
        ('estimator = "sklearn.ensemble:RandomForestClasifier"\n', "nearest: RandomForestClassifier"),
        ('estimator = "sklearn.ensembles:X"\n', "no module 'sklearn.ensembles'"),
        ('estimator = "RandomForestClassifier"\n', "names no class"),
        ('estimator = "sklearn.svm:SVC"\n[tool.mldiag.estimator_params]\nkernl = "rbf"\n', "nearest: kernel"),
        ('estimator = "math:sqrt"\n', "cannot be made"),
        ('estimator = "collections:Counter"\n', "without fit"),
        ('metric = "acuracy"\n', "nearest: accuracy"),
        ('metric = "f1"\n', "which of 'no' and 'yes' is positive"),
        ('preprocess = "atuo"\n', "nearest: auto"),
        ('groups = "persn"\n', "nearest: person"),
        ('drop = ["prise"]\n', "nearest: price"),
        ('drop = "price"\n', "expected: a list of names of columns"),
        ('drop = ["label"]\n', "without the target"),
        ('sample_weight = "weight"\nestimator = "sklearn.neighbors:KNeighborsClassifier"\n',
         "takes no sample_weight"),
        ('[tool.mldiag.params]\nlearning_rte = {low=0.1, high=1, default=0.5}\n', "nearest: learning_rate"),
        ('[tool.mldiag.params]\nlearning_rate = {low=0.1, hgh=1}\n', "nearest: high"),
        ('[tool.mldiag.params]\nlearning_rate = {low=0.1}\n', "no high"),
        ('[tool.mldiag.params]\nlearning_rate = {low="a", high=1}\n', "'a' is no number"),
        ('[tool.mldiag.params]\nlearning_rate = {low=1, high=0.1}\n', "parameter 'learning_rate'.*is empty"),
        ('[tool.mldiag.params]\nlearning_rate = 0.1\n', "expected: a table in braces"),
        ('valid = "valdi.csv"\n', "there is no file"),
    ],
)  # fmt: skip
def test_a_slip_is_told(declare, text, told):
    with pytest.raises(MldiagError, match=told):
        declare(text)


def test_data_and_targets_that_cannot_serve(declare, tmp_path):
    with pytest.raises(MldiagError, match=r"nearest: train\.csv"):
        declare(data="trian.csv")
    with pytest.raises(MldiagError, match=r"(?s)unknown target column 'lable'.*nearest: label"):
        declare(target="lable")
    frame = frame_of()
    frame.loc[3, "label"] = None
    frame.to_csv(tmp_path / "gaps.csv", index=False)
    with pytest.raises(MldiagError, match="missing in 1 of 120 rows, first in row 3"):
        declare(data="gaps.csv")
    frame.iloc[:3].to_csv(tmp_path / "three.csv", index=False)
    with pytest.raises(MldiagError, match="the data have 3 rows"):
        declare(data="three.csv")
    frame.assign(label="yes").to_csv(tmp_path / "one.csv", index=False)
    with pytest.raises(MldiagError, match="one class only"):
        declare(data="one.csv")


def test_the_default_of_a_numeric_parameter_is_the_estimators(declare):
    exp = declare("[tool.mldiag.params]\nlearning_rate = { low = 1e-3, high = 1.0, log = true }\n")
    assert exp.defaults == {"learning_rate": 0.1}
