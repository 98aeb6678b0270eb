import numpy as np
import pytest

import mldiag
from mldiag.early_checks import ENGINES, check_common, check_tracking_uri
from mldiag.errors import MldiagError
from mldiag.run.engines import choice
from mldiag.steps import STEPS


def test_the_engines_are_those_of_the_executor():
    assert set(ENGINES) == {choice.AUTO, *choice.ENGINES}


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:5000", "https://me:secret@host/path", "sqlite:///a.db", "sqlite:////tmp/a.db",
        "mysql+pymysql://u:p@h/db", "postgresql://h/db", "file:/tmp/runs", "file:///tmp/runs",
        "databricks", "databricks://profile", "uc:profile", ".",
    ],
)  # fmt: skip
def test_what_mlflow_can_reach_passes(uri):
    check_tracking_uri(uri)


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"budget": "soon"}, ["budget 'soon'"]),
        ({"jobs": 1.5}, ["jobs is 1.5", "a whole number"]),
        ({"jobs": "2"}, ["jobs is '2'"]),
        ({"jobs": True}, ["jobs is True"]),
        ({"engine": None}, ["unknown engine 'None'"]),
        ({"time_limit": "10m"}, ["'10m'", "seconds"]),
        ({"time_limit": float("nan")}, ["nan"]),
        ({"tracking_uri": ""}, ["''"]),
        ({"tracking_uri": 5}, ["5"]),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(given, parts):
    with pytest.raises(MldiagError) as caught:
        check_common(**given)
    for part in parts:
        assert part in str(caught.value)


def test_a_store_of_its_own_is_named_by_its_folder(tmp_path):
    (tmp_path / "trials.db").touch()
    with pytest.raises(MldiagError, match=f"nearest: {tmp_path}"):
        check_common(store=tmp_path / "trials.db")
    check_common(store=tmp_path / "new" / "deeper")
    assert not (tmp_path / "new").exists()


@pytest.fixture
def untrained():
    """An experiment that must not be trained."""

    @mldiag.experiment(
        data=(np.zeros((40, 2)), np.arange(40) % 2),
        metric="accuracy",
        params={"lr": mldiag.Float(0.01, 1, default=0.1)},
    )
    def never(trial):
        raise AssertionError("this was trained")

    return never


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"n": 4}, ["unknown option 'n'", "nearest: values", "hint: values=..."]),
        ({"seeds": 4}, ["unknown option 'seeds'", "nearest: repeats"]),
        ({"no_mlflow": True}, ["nearest: tracking_uri=False", "hint: tracking_uri=False"]),
        ({"parm": "lr"}, ["nearest: param"]),
        ({"param": 3}, ["param is 3", 'param="lr"']),
        ({"param": "lr", "jobs": 0}, ["0 jobs", "hint: jobs=2"]),
        ({"param": "lr", "budget": "10"}, ["hint: budget='10m'"]),
        ({"param": "lr", "values": 1}, ["1 values", "hint: values=9"]),
        ({"param": "lr", "repeats": "5"}, ["repeats is '5'", "hint: repeats=5"]),
        ({"param": "lr", "repeats": 4.0}, ["repeats is 4.0", "a whole number", "hint: repeats=4"]),
        ({"param": "lr", "engine": "foo"}, ["unknown engine 'foo'", "hint: engine='auto'"]),
        ({"param": "lr", "gain": 0}, ["a gain of 0", "hint: gain=0.005"]),
        ({"param": "lr", "tracking_uri": "htp://x"}, ["nearest: http://x"]),
    ],
    ids=str,
)
def test_python_functions_refuse_the_same_and_hint_at_keywords(
    untrained, options, parts, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MldiagError) as caught:
        mldiag.sweep(untrained, **options)
    for part in parts:
        assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_no_step_takes_a_count_that_is_no_whole_number(step):
    with pytest.raises(MldiagError, match=r"repeats is 5\.0"):
        step.settings_type()(repeats=5.0)


@pytest.mark.parametrize("sizes", [(0.1, 50), (10.5, 20), (0, 5), (float("nan"),), ("a",), 5j])
def test_sizes_are_all_counts_or_all_fractions(untrained, sizes):
    with pytest.raises(MldiagError, match="sizes"):
        mldiag.learning_curve(untrained, sizes=sizes)
