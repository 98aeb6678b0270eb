"""Mistakes of a first day: each is told with what was expected, and never with a traceback of ours."""

import json
import random
from pathlib import Path

import pytest

QUICK = ("--no-mlflow", "--repeats", "2", "--engine", "inline")


def table(label, rows=60):
    """A small CSV file with two number columns and a target."""
    numbers = random.Random(0)
    lines = [f"{numbers.random()},{numbers.random()},{label(numbers)}" for _ in range(rows)]
    return "\n".join(["a,b,label", *lines, ""])


@pytest.fixture
def place(tmp_path):
    """A folder with a good and several bad tables."""
    for name, text in {
        "good.csv": table(lambda numbers: numbers.choice("xy")),
        "one_class.csv": table(lambda numbers: "x"),
        "three.csv": table(lambda numbers: numbers.choice("xy"), rows=3),
        "header.csv": "a,b,label\n",
        "empty.csv": "",
    }.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 10)
    return tmp_path


def config(place: Path, **changes):
    entries = {
        "data": "good.csv",
        "target": "label",
        "estimator": "sklearn.linear_model:LogisticRegression",
    } | changes
    lines = [f"{key} = {json.dumps(value)}" for key, value in entries.items()]
    (place / "pyproject.toml").write_text("\n".join(["[tool.mldiag]", *lines]))


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"data": "three.csv"}, ["3 rows", "at least"]),
        ({"data": "empty.csv"}, ["empty.csv is empty"]),
        ({"data": "header.csv"}, ["no rows"]),
        ({"data": "binary.csv"}, ["binary.csv"]),
        ({"data": "goood.csv"}, ["no file", "nearest:", "good.csv"]),
        ({"data": "one_class.csv"}, ["one class"]),
        ({"target": "lable"}, ["'lable'", "nearest:  label"]),
        ({"estimator": "sklearn.linear_model:LogisticRegresion"}, ["nearest:  LogisticRegression"]),
        ({"estimator": "sklern.linear_model:LogisticRegression"}, ["sklern"]),
        ({"metric": "acuracy"}, ["'acuracy'", "nearest:  accuracy"]),
        ({"dat": "good.csv"}, ["'dat'", "nearest:  data"]),
    ],
    ids=str,
)
def test_a_wrong_configuration(mldiag, place, changes, parts):
    config(place, **changes)
    answer = mldiag("learning-curve", *QUICK)
    assert_told(answer, parts)


def test_a_broken_configuration_is_never_a_reason_to_fall_back(mldiag, place):
    (place / "pyproject.toml").write_text("[tool.mldiag\n")
    mldiag("init")
    answer = mldiag("learning-curve", *QUICK)
    assert_told(answer, ["pyproject.toml", "TOML"])


def test_an_empty_range(mldiag, place):
    config(place)
    with (place / "pyproject.toml").open("a") as file:
        file.write("\n[tool.mldiag.params]\nC = { low = 10, high = 1, default = 1 }\n")
    assert_told(mldiag("sweep", "--param", "C", *QUICK), ["'C'", "is empty", "low < high"])


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["learning-curve", "nope.py"], ["no file nope.py"]),
        (["learning-curve", "digit"], ["'digit'", "nearest:  digits"]),
        (["sweep", "digits", "--param", "widht"], ["'widht'", "nearest:  width"]),
        (["sweep", "digits", "--param", "lr=1:0.1"], ["empty", "low < high"]),
        (["sweep", "digits", "--param", "lr=a:b"], ["lr=1e-05:1:log"]),
        (["sweep", "digits", "--param", "lr=0.1:1:lgo"], ["'lgo'", "nearest:  log"]),
        (["sweep", "digits", "--param", "lr=0.1,x"], ["'x' is no value for 'lr'"]),
        (["learning-curve", "digits", "--budget", "10"], ["budget '10'", "10m"]),
        (["learning-curve", "digits", "--repeats", "2", "--sizes", "999999"], ["999"]),
    ],
    ids=str,
)
def test_a_wrong_command(mldiag, arguments, parts):
    assert_told(mldiag(*arguments, *QUICK), parts)


def test_a_sweep_that_names_nothing_lists_the_parameters(mldiag):
    answer = mldiag("sweep", "digits", *QUICK)
    assert_told(answer, ["--param", "--all", "--search", "name", "range", "default", "role"])
    for part in ("lr", "width", "learning_rate", "capacity", "log"):
        assert part in answer.err


FILE = """
import mldiag, numpy as np
@mldiag.experiment(data=(np.zeros((60, 2)), np.arange(60) % 2), metric="{metric}")
def mine(trial{more}):
    {body}
"""


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"more": ", other"}, ["mine(trial, other)", "def mine(trial)"]),
        ({"metric": "acuracy"}, ["'acuracy'", "nearest:  accuracy"]),
        ({"body": "return ("}, ["experiment.py"]),
    ],
    ids=str,
)
def test_a_wrong_file(mldiag, tmp_path, parts, told):
    text = FILE.format(**({"metric": "accuracy", "more": "", "body": "return 1.0"} | parts))
    (tmp_path / "experiment.py").write_text(text)
    assert_told(mldiag("learning-curve", *QUICK), told)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise ValueError('boom')", ["ValueError: boom", "raise ValueError", "in mine"]),
        ("return {'loss': 1.0}", ["'accuracy'", "loss"]),
        ("return 'good'", ["accuracy"]),
    ],
)
def test_code_that_fails_in_every_trial_exits_3_with_the_users_own_traceback(
    mldiag, tmp_path, body, told
):
    text = FILE.format(metric="accuracy", more="", body=body)
    (tmp_path / "experiment.py").write_text(text)
    answer = mldiag("learning-curve", *QUICK)
    assert_told(answer, told, code=3)
    assert "mldiag/run" not in answer.err


def test_a_command_whose_regex_never_matches(mldiag, tmp_path):
    (tmp_path / "train.py").write_text("print('val loss: 0.5')")
    (tmp_path / "pyproject.toml").write_text(
        "[tool.mldiag.command]\n"
        "run = 'python train.py --lr {lr} --seed {seed}'\n"
        "metric = { name = 'val_loss', regex = 'vall loss: (\\S+)', minimize = true }\n"
        "files = ['train.py']\n"
        "[tool.mldiag.params]\n"
        "lr = { low = 1e-3, high = 1.0, default = 0.1, log = true }\n"
    )
    answer = mldiag("sweep", "--param", "lr", "-n", "2", *QUICK)
    assert_told(answer, ["vall loss"], code=3)


def assert_told(answer, parts, *, code=2):
    assert answer.code == code, answer.text
    assert answer.out == ""
    assert "error: " in answer.err
    for part in parts:
        assert part in answer.err
