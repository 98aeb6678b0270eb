"""`mldiag.probe` on experiments: from the watched trial to the report, the figures and the store."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

import mldiag
from mldiag import MldiagError
from mldiag.cli.app import run
from mldiag.steps import step_named

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 5))
y = (X[:, 0] + X[:, 1] > 0).astype(int)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network(rate, **options):
    return mldiag.Experiment.from_estimator(
        MLPClassifier((16,), max_iter=20, batch_size=32, **options),
        X,
        y,
        params={
            "learning_rate_init": mldiag.Float(
                1e-6, 10, default=rate, log=True, role="learning_rate"
            )
        },
    )


def asked(experiment, folder, **options):
    return mldiag.probe(experiment, tracking_uri=False, store=folder, engine="inline", **options)


def test_a_training_is_run_once_and_then_answered_from_the_store(tmp_path):
    first = asked(network(0.01), tmp_path)
    assert (first.trials.run, first.trials.cached) == (1, 0)
    assert first.result["steps"] == 20 * 6
    assert {Path(file).suffix for file in first.figures} == {".png", ".svg"}
    assert all(Path(file).is_file() for file in first.figures)
    again = asked(network(0.01), tmp_path)
    assert (again.trials.run, again.trials.cached) == (0, 1)
    assert [f.title for f in again.findings] == [f.title for f in first.findings]
    assert again.figures == first.figures
    other = asked(network(0.01), tmp_path, seed=1)
    assert other.trials.run == 1


def test_the_range_test_gives_a_low_rate_its_value(tmp_path):
    report = asked(network(1e-6, solver="sgd"), tmp_path, lr_range=True)
    assert report.trials.run == 4
    first = report.findings[0]
    assert first.slug == "learning-rate-too-low"
    assert first.action.param == "learning_rate_init"
    assert 1e-3 < first.action.value < 10
    assert next(f for f in report.findings if f.code == "MD531").caused_by == first.code
    drawn = {"plot", "learning_rate", "confusion", "mistakes", "calibration"}
    assert {Path(file).stem for file in report.figures} == drawn


def test_several_seeds_give_the_answer_of_most(tmp_path):
    report = asked(network(0.01), tmp_path, repeats=3)
    assert report.trials.run == 3
    assert any(notice.startswith("of 3 seeds: ") for notice in report.notices)
    alone = asked(network(0.01), tmp_path)
    assert alone.trials.cached == 1


def test_a_range_test_needs_a_learning_rate(tmp_path):
    experiment = mldiag.Experiment.from_estimator(SVC(), X, y)
    with pytest.raises(MldiagError, match="learning rate"):
        asked(experiment, tmp_path, lr_range=True)
    assert not (tmp_path / "trials.db").exists()


@pytest.mark.parametrize("estimator", [SVC(), SGDClassifier(max_iter=8)])
def test_estimators_of_any_kind_get_an_answer(estimator, tmp_path):
    report = asked(mldiag.Experiment.from_estimator(estimator, X, y), tmp_path)
    assert report.outcome in ("advice", "inconclusive", "passed")
    assert not [f for f in report.findings if f.outcome == "problem"]


def test_a_training_that_breaks_is_judged_by_what_was_seen(tmp_path):
    torch = pytest.importorskip("torch")

    def train(trial):
        net = torch.nn.Linear(5, 2)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        rows, classes = torch.tensor(trial.X_train).float(), torch.tensor(trial.y_train)
        for step in range(40):
            loss = torch.nn.functional.cross_entropy(net(rows), classes)
            if step == 30:
                raise ValueError("the loss is odd")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    experiment = mldiag.experiment(data=(X, y), metric="accuracy")(train)
    report = asked(experiment, tmp_path)
    assert report.result["steps"] == 30
    assert any("the loss is odd" in notice for notice in report.notices)


def test_a_training_that_breaks_before_its_first_step_is_an_error(tmp_path):
    def train(trial):
        raise ValueError("no file")

    experiment = mldiag.experiment(data=(X, y), metric="accuracy")(train)
    with pytest.raises(MldiagError, match="failed in every one"):
        asked(experiment, tmp_path)


def test_the_command_line_asks_the_same(tmp_path, capsys):
    file = tmp_path / "train.py"
    file.write_text(
        "import mldiag\nimport numpy as np\nfrom sklearn.neural_network import MLPClassifier\n"
        "X = np.random.default_rng(0).normal(size=(200, 4))\n"
        "net = MLPClassifier((8,), max_iter=10)\n"
        "exp = mldiag.Experiment.from_estimator(net, X, (X[:, 0] > 0).astype(int))\n"
    )
    arguments = ["probe", str(file), "--no-mlflow", "--json", "--engine", "inline"]
    assert run(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["step"] == "probe"
    assert told["result"]["steps"] == 10
    assert {finding["code"][:3] for finding in told["findings"]} == {"MD4"}


def test_every_check_of_the_step_can_be_explained():
    checks = step_named("probe").checks()
    assert len(checks) >= 20
    assert all(check.detection() and check.why and check.fix for check in checks.values())
