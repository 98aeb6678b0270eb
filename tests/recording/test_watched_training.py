"""A watched trial: the user's own torch code, told or not, is the same training and leaves a recording."""

from dataclasses import replace

import numpy as np
import pytest

import mldiag
from mldiag.recording.watched_training import NOTHING
from mldiag.run.worker import run_trial
from mldiag.trial import WATCH
from mldiag.trial_spec import Intervention

torch = pytest.importorskip("torch")

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(200, 6)).astype("float32")
CLASSES = (ROWS[:, 0] + ROWS[:, 1] * ROWS[:, 2] > 0).astype("int64")
NO_DATA = {"data": None, "rows": 40}
BATCHES = 5
"""Minibatches of an epoch: 160 rows train, 32 at a time."""


def network(seed):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))


def cross_entropy(outputs, targets):
    return torch.nn.functional.cross_entropy(outputs, targets)


def trained(trial, *, how, epochs=4, loss_of=cross_entropy, rows=None):
    """One plain loop; `how` says what of `trial.watch` it uses."""
    net = network(trial.seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    watch = trial.watch(net, optimizer) if how != "nothing" else None
    X, y = torch.tensor(trial.X_train), torch.tensor(trial.y_train)
    V, truth = torch.tensor(trial.X_valid), torch.tensor(trial.y_valid)
    for epoch in trial.epochs(epochs):
        for begin in range(0, len(X), 32):
            outputs = net(X[begin : begin + 32])
            loss = loss_of(outputs, y[begin : begin + 32])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if how == "told":
                watch.step(loss=loss, outputs=outputs, targets=y[begin : begin + 32])
        with torch.no_grad():
            score = (net(V).argmax(1) == truth).float().mean().item()
            if how == "told":
                watch.evaluate(score=score, outputs=net(V), targets=truth, inputs=V)
        trial.report(epoch, accuracy=score)
    with torch.no_grad():
        trial.predictions(net(V).softmax(1), response="predict_proba")
    weights = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
    return {"accuracy": score, "weights": weights.double().sum().item()}


def experiment_of(train, **options):
    declared = {"data": (ROWS, CLASSES), "metric": "accuracy", "name": "looked"} | options
    return mldiag.experiment(**declared)(train)


def watched(experiment):
    spec = replace(experiment.spec(), interventions=(Intervention(WATCH),))
    return run_trial(experiment, spec, threads=1)


def plain(experiment):
    return run_trial(experiment, experiment.spec(), threads=1)


@pytest.mark.parametrize("how", ["told", "named", "nothing"])
def test_a_watched_training_is_the_same_and_leaves_its_course(how):
    experiment = experiment_of(lambda trial: trained(trial, how=how))
    usual, seen = plain(experiment), watched(experiment)
    assert usual.recording is None
    assert seen.status == "ok"
    assert seen.metrics == usual.metrics
    assert seen.predictions == usual.predictions
    recording = seen.recording
    assert recording.steps == 4 * BATCHES
    assert recording.task == "classification"
    assert [p["name"] for p in recording.parameters] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert recording.series("gradient/norm").shape[1] == 4
    assert np.isfinite(recording.series("gradient/norm")).all()
    assert recording.series("output/sd").shape[1] == 3
    assert np.isfinite(recording.series("output/sd")).all()
    assert recording.series("batch/right").size
    assert recording.series("eval/step").tolist() == [5.0, 10.0, 15.0, 20.0]
    assert recording.series("eval/score")[-1] == pytest.approx(seen.metrics["accuracy"])
    assert recording.series("eval/inputs").shape == (len(recording.series("eval/targets")), 6)
    assert recording.facts["not_seen"] == []


def test_telling_and_being_seen_give_the_same_numbers():
    told, seen = (
        watched(experiment_of(lambda trial, how=how: trained(trial, how=how))).recording
        for how in ("told", "nothing")
    )
    for name in ("loss/mean", "gradient/norm", "update/norm", "output/off", "batch/right", "lr"):
        assert np.array_equal(told.series(name), seen.series(name), equal_nan=True), name


def test_hooks_are_gone_afterwards():
    before = torch.autograd.backward, torch.nn.Module.__call__, torch.optim.Optimizer.__init__
    functions = torch.nn.functional.cross_entropy, torch.nn.functional.mse_loss
    watched(experiment_of(lambda trial: trained(trial, how="nothing", epochs=1)))
    assert before == (
        torch.autograd.backward, torch.nn.Module.__call__, torch.optim.Optimizer.__init__,
    )  # fmt: skip
    assert functions == (torch.nn.functional.cross_entropy, torch.nn.functional.mse_loss)
    optim = __import__("sys").modules[torch.optim.Optimizer.__module__]
    assert not optim._global_optimizer_pre_hooks
    assert not optim._global_optimizer_post_hooks


def test_an_error_in_the_training_keeps_what_was_seen_until_then():
    def breaks(trial):
        def loss_of(outputs, targets):
            breaks.calls += 1
            if breaks.calls > 7:
                raise ValueError("a bad batch")
            return cross_entropy(outputs, targets)

        return trained(trial, how="nothing", loss_of=loss_of)

    breaks.calls = 0
    result = watched(experiment_of(breaks))
    assert result.status == "failed"
    assert result.recording.steps == 7
    assert result.recording.facts["error"] == "ValueError: a bad batch"


def test_gradient_accumulation_counts_the_optimizer_s_steps():
    def train(trial):
        net = network(trial.seed)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        X, y = torch.tensor(trial.X_train), torch.tensor(trial.y_train)
        for number in range(20):
            (cross_entropy(net(X), y) / 4).backward()
            if number % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
        return 0.5

    recording = watched(experiment_of(train)).recording
    assert recording.steps == 5
    assert recording.series("loss/mean").size == 5
    assert 0.5 < recording.series("loss/mean")[0] < 1  # as before it was divided


def adversaries(trial, *, tell):
    makes, judges = torch.nn.Linear(4, 6), torch.nn.Linear(6, 1)
    optimizers = [torch.optim.SGD(net.parameters(), lr=0.01) for net in (makes, judges)]
    watch = trial.watch(
        [makes, judges], optimizers, task="gan", roles=("generator", "discriminator")
    )
    judged = torch.nn.functional.binary_cross_entropy_with_logits
    real, ones = torch.tensor(trial.X_train), torch.ones(len(trial.X_train), 1)
    for _ in range(6):
        made = makes(torch.randn(len(real), 4))
        of_judge = judged(judges(real), ones) + judged(judges(made.detach()), 0 * ones)
        optimizers[1].zero_grad()
        of_judge.backward()
        optimizers[1].step()
        of_maker = judged(judges(made), ones)
        optimizers[0].zero_grad()
        of_maker.backward()
        optimizers[0].step()
        if tell:
            watch.step(losses={"generator": of_maker, "discriminator": of_judge})
    return 0.5


@pytest.mark.parametrize("tell", [True, False])
def test_two_optimizers_make_one_step_together(tell):
    recording = watched(experiment_of(lambda trial: adversaries(trial, tell=tell))).recording
    assert recording.steps == 6
    assert recording.facts["updates"] == [6, 6]
    assert np.isfinite(recording.series("gradient/norm")).all()
    assert recording.has("losses/generator/mean") == tell
    assert not recording.has("batch/rows")


def test_parameters_that_no_module_holds_are_watched_and_it_is_said():
    def train(trial):
        weight = torch.nn.Parameter(torch.zeros(6, 1))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        X, y = torch.tensor(trial.X_train), torch.tensor(trial.y_train).float()
        for _ in range(8):
            loss = ((X @ weight).squeeze(1) - y).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return 0.5

    recording = watched(experiment_of(train)).recording
    assert recording.steps == 8
    assert recording.series("update/norm").shape[1] == 1
    assert any("no module holds" in told for told in recording.facts["not_seen"])


def test_a_second_watch_of_one_network_takes_over():
    def train(trial):
        net = network(0)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        X, y = torch.tensor(trial.X_train), torch.tensor(trial.y_train)
        for _ in range(2):
            with trial.watch(net, optimizer):
                for _ in range(3):
                    cross_entropy(net(X), y).backward()
                    optimizer.step()
        return 0.5

    result = watched(experiment_of(train))
    assert result.status == "ok"
    assert result.recording.steps == 3
    assert "2 watches" in result.recording.facts["notices"][-1]


def test_what_cannot_be_watched_is_an_error_of_the_trial():
    result = watched(experiment_of(lambda trial: trial.watch("net") and 0.5))
    assert result.status == "failed"
    assert "torch.nn.Module" in result.error


def test_a_training_without_torch_says_that_nothing_was_seen():
    result = watched(experiment_of(lambda trial: 0.5, **NO_DATA))
    assert result.status == "ok"
    assert result.recording.steps == 0
    assert result.recording.facts["not_seen"] == [NOTHING]


def test_scores_of_rows_only_experiments_are_kept():
    def train(trial):
        for epoch in trial.epochs(3):
            trial.report(epoch, accuracy=epoch / 10, train_accuracy=epoch / 5)

    recording = watched(experiment_of(train, **NO_DATA)).recording
    assert recording.series("eval/score").tolist() == [0.0, 0.1, 0.2]
    assert recording.series("eval/train_score").tolist() == [0.0, 0.2, 0.4]


def test_a_loss_scaled_for_half_precision_counts_as_it_was():
    def train(trial):
        net = network(0)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        X, y = torch.tensor(trial.X_train), torch.tensor(trial.y_train)
        for _ in range(4):
            optimizer.zero_grad()
            scaler.scale(cross_entropy(net(X), y)).backward()
            scaler.step(optimizer)
            scaler.update()
        return 0.5

    losses = watched(experiment_of(train)).recording.series("loss/mean")
    assert losses.size == 4
    assert (losses < 2).all()


def test_an_inert_watch_takes_everything():
    kept = []

    def train(trial):
        with trial.watch("anything", task="gan") as watch:
            kept.append(watch)
            watch.start().step(loss=object(), outputs=[])
            watch.evaluate(score="high")
            watch.close()
        return 0.5

    assert plain(experiment_of(train)).status == "ok"
    assert not hasattr(kept[0], "__dict__")


def test_unknown_options_are_refused_in_every_trial():
    result = plain(experiment_of(lambda trial: trial.watch("net", taks="gan") and 0.5))
    assert result.status == "failed"
    assert "taks" in result.error


def test_an_unknown_task_is_told_with_the_nearest():
    def train(trial):
        trial.watch(network(0), task="clasification")
        return 0.5

    result = watched(experiment_of(train))
    assert "unknown task" in result.error
    assert "classification" in result.error
