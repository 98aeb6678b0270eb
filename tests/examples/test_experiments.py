"""Every example runs through both steps, copied to a folder of its own, with small settings."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

import mldiag
from mldiag.adapters.targets import load_experiment

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
QUIET = {"tracking_uri": False, "engine": "inline"}

needs_torch = pytest.mark.skipif(
    find_spec("torch") is None, reason="needs PyTorch: pip install torch"
)


@pytest.fixture
def copied(tmp_path):
    """The examples as a user copies them, so that nothing is written into the repository."""
    return shutil.copytree(
        EXPERIMENTS, tmp_path / "experiments", ignore=shutil.ignore_patterns(".*", "__pycache__")
    )


@pytest.mark.parametrize(
    ("target", "param", "value", "metric", "learned"),
    [
        pytest.param(
            "digits_cnn.py", "epochs", "5", ("accuracy", True), 0.6,
            marks=[pytest.mark.torch, needs_torch],
        ),
        ("breast_cancer_svm.py", "svc__gamma", "0.3", ("roc_auc", True), 0.95),
        ("diabetes_regression.py", "leaf", "5", ("mean_absolute_error", False), 60),
        ("table", "learning_rate", "0.3", ("accuracy", True), 0.7),
        ("command", "lr", "0.1", ("val_loss", False), 0.4),
    ],
)  # fmt: skip
def test_an_example_answers_both_steps(copied, target, param, value, metric, learned):
    experiment = load_experiment(target, folder=copied)
    assert (experiment.metric.name, experiment.metric.maximize) == metric

    curve = mldiag.learning_curve(experiment, repeats=2, sizes=(0.1, 1.0), **QUIET)
    assert curve.trials.failed == 0
    whole = curve.result["validation"][-1]["estimate"]
    assert whole > learned if experiment.metric.maximize else whole < learned  # not just any number

    tuning = mldiag.sweep(experiment, param=f"{param}={value}", repeats=2, **QUIET)
    assert tuning.trials.failed == 0
    assert tuning.trials.cached == 2  # the default was trained for the curve
    assert len(tuning.result["params"][param]["values"]) == 2  # the default and the other value


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("more_rows_help", "still improving"),
        ("rows_do_not_help", "saturated"),
        ("cannot_be_told", "inconclusive"),
    ],
)
def test_the_three_curves_have_the_answers_that_they_are_named_for(copied, name, verdict):
    experiment = load_experiment(f"three_curves.py:{name}", folder=copied)
    assert mldiag.learning_curve(experiment, **QUIET).result["verdict"] == verdict


@pytest.mark.parametrize(
    ("file", "verdict", "side"),
    [
        ("digits_svm.py", "reproduced", None),
        ("digits_svm_random_split.py", "not_reproduced", "better"),
        ("diabetes_line.py", "reproduced", None),
        ("tumours_forest.py", "reproduced", None),
        ("tumours_plane.py", "inconclusive", None),
        ("wine_lda.py", "reproduced", None),
        ("wine_neighbour.py", "reproduced", None),
        ("wine_qda.py", "reproduced", None),
    ],
)
def test_a_published_number_gets_the_verdict_that_the_table_tells(copied, file, verdict, side):
    place = copied / "reproductions" / file
    (command,) = [line for line in place.read_text().splitlines() if "mldiag reproduce" in line]
    words = command.split()[3:]
    flags = dict(zip(words[::2], words[1::2], strict=True))
    given = {"expected": float(flags["--expected"]), "tolerance": float(flags["--tolerance"])}
    given["repeats"] = int(flags.get("--seeds", 5))
    experiment = load_experiment(str(place), folder=copied)
    report = mldiag.reproduce(experiment, **given, **QUIET)
    assert (report.result["verdict"], report.result["side"]) == (verdict, side)
    table = (copied / "README.md").read_text()
    (row,) = [line for line in table.splitlines() if line.startswith(f"| `{file}`")]
    assert verdict.replace("_", " ") in row
    assert not any(f.outcome == "problem" for f in report.findings if f.code != "MD111")
