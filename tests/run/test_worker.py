import random
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import mldiag
from mldiag.data.row_sets import save_row_set
from mldiag.run import threads
from mldiag.run.worker import run_trial
from mldiag.trial_spec import Intervention
from tests.run.engine_cases import ROWS, cases


def run(behaviour="ok", **options):
    return run_trial(cases, cases.spec({"behaviour": behaviour}, **options), threads=1)


def declared(function, **options):
    return mldiag.experiment(rows=40, metric="accuracy", name="test", **options)(function)


def outcome(function, *, seconds=None, fidelity=1.0, **options):
    experiment = declared(function, **options)
    return run_trial(experiment, experiment.spec(fidelity=fidelity), threads=1, seconds=seconds)


def test_a_good_trial_brings_everything_back():
    result = run()
    assert (result.status, result.error) == ("ok", "")
    assert set(result.metrics) == {"accuracy", "sum", "loss"}
    assert [step for step, _ in result.history] == [0, 1, 2]
    assert result.train_rows + result.valid_rows == ROWS
    assert len(result.predictions.values) == result.valid_rows
    assert result.rows_digest
    assert result.wall_seconds > 0
    assert result.memory_bytes > 1e7
    assert result.threads == 1


def test_the_seed_decides_everything_random():
    same, other = run(seed=3), run(seed=4)
    assert run(seed=3).metrics == same.metrics
    assert other.metrics["sum"] != same.metrics["sum"]


def test_random_states_are_as_before_afterwards():
    before = random.getstate(), np.random.get_state()
    run(seed=9)
    assert random.getstate() == before[0]
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), before[1], strict=True))


def test_torch_is_seeded_even_where_the_train_function_imports_it(tmp_path):
    (tmp_path / "torch.py").write_text(
        "seeds = []\n"
        "def manual_seed(seed):\n    seeds.append(seed)\n"
        "def get_rng_state():\n    return 'before'\n"
        "def set_rng_state(state):\n    seeds.append(state)\n"
        "class cuda:\n    is_initialized = staticmethod(lambda: False)\n"
    )
    (tmp_path / "check.py").write_text(
        "import sys, mldiag\n"
        "from mldiag.run.worker import run_trial\n"
        "@mldiag.experiment(rows=20, metric='accuracy')\n"
        "def late(trial):\n"
        "    import torch\n"
        "    return len(torch.seeds)\n"
        "results = [run_trial(late, late.spec(seed=seed), threads=1) for seed in (5, 6)]\n"
        "import torch\n"
        "print(torch.seeds, len(sys.meta_path), [r.error for r in results])\n"
        "assert torch.__spec__.loader is torch.__loader__\n"
        "assert 'Seed' not in type(torch.__loader__).__name__\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "check.py"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("[5, 6, 'before']")
    assert done.stdout.rstrip().endswith("['', '']")


def test_threads_are_capped_and_put_back():
    seen = []

    def train(trial):
        seen.extend(pool["num_threads"] for pool in threadpool_info())
        return 0.5

    before = [pool["num_threads"] for pool in threadpool_info()]
    assert outcome(train).status == "ok"
    assert seen
    assert set(seen) == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_cores_and_threads(tmp_path, monkeypatch):
    file = tmp_path / "cpu.max"
    quotas = [("max 100000", None), ("150000 100000", 2), ("50000 100000", 1), ("?", None)]
    for text, expected in quotas:
        file.write_text(text)
        assert threads._quota(file) == expected
    monkeypatch.setattr(threads, "usable_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [threads.inner_threads(workers) for workers in (1, 3, 8, 99)] == [8, 2, 1, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads.inner_threads(8) == 3


@pytest.mark.parametrize(
    ("behaviour", "status", "words"),
    [
        ("nan", "diverged", ""),
        ("inf", "diverged", ""),
        ("raise", "failed", "ValueError: the same every time"),
        ("missing", "ok", ""),  # accuracy was reported
        ("wrong_type", "failed", "metric 'accuracy' must be a number, got str"),
        ("sys_exit", "failed", "the train function called exit(3)"),
        ("memory", "out_of_memory", "3 TiB"),
        ("torch_memory", "out_of_memory", "3 TiB"),
    ],
)
def test_every_way_to_end_has_its_status(behaviour, status, words):
    result = run(behaviour)
    assert result.status == status
    assert words in result.error
    assert bool(result.error) == bool(words)


def test_no_metric_is_a_failure_that_says_what_to_do():
    for returned in (None, {"precision": 0.5}):
        result = outcome(lambda trial, returned=returned: returned)
        assert result.status == "failed"
        assert "the train function gave no 'accuracy'" in result.error
        assert "Traceback" not in result.error
    assert "it gave precision" in result.error


def test_the_traceback_is_the_users_alone():
    error = run("raise").error
    assert error.startswith("Traceback (most recent call last):")
    assert "engine_cases.py" in error
    assert 'raise ValueError("the same every time")' in error
    assert "worker.py" not in error


def test_a_library_that_raises_is_named_only_by_its_message():
    def train(trial):
        return np.linalg.inv(np.zeros((2, 2)))

    error = outcome(train).error
    assert "np.linalg.inv" in error
    assert "_linalg.py" not in error
    assert error.endswith("LinAlgError: Singular matrix")


def test_the_cause_of_an_exception_stays():
    def train(trial):
        try:
            return {}["width"]
        except KeyError as error:
            raise RuntimeError("cannot build the net") from error

    error = outcome(train).error
    assert "KeyError: 'width'" in error
    assert "RuntimeError: cannot build the net" in error


def test_an_error_of_mldiag_keeps_its_message():
    assert run("mldiag_error").error == "wrong setting\nexpected: a right one"


def test_an_exception_of_any_kind_is_caught_but_ctrl_c_is_not():
    class Stop(BaseException):
        pass

    def stop(trial):
        raise Stop("enough")

    def interrupt(trial):
        raise KeyboardInterrupt

    assert outcome(stop).status == "failed"
    with pytest.raises(KeyboardInterrupt):
        outcome(interrupt)


def reports(*scores, returned=None):
    def train(trial):
        for step, score in enumerate(scores):
            trial.report(step, accuracy=score)
        return returned

    return train


@pytest.mark.parametrize(
    ("train", "noticed"),
    [
        (reports(0.5, 0.9, 0.7, returned=0.9), True),
        (reports(0.5, 0.9, 0.7, returned=0.7), False),
        (reports(0.5, 0.7, 0.9, returned=0.9), False),
        (reports(0.9, 0.7, returned=0.9), False),  # two reports: may well be chance
        (reports(0.5, 0.9, 0.7), False),
        (reports(0.5, 0.2, 0.7, returned=0.2), False),  # the worst
    ],
)
def test_the_best_epoch_in_place_of_the_last_is_noticed(train, noticed):
    notices = outcome(train).notices
    assert bool(notices) == noticed
    assert not notices or "trial.stop" in notices[0]


def test_the_best_epoch_of_a_loss_is_the_lowest():
    def train(trial):
        for step, loss in enumerate((0.5, 0.2, 0.7)):
            trial.report(step, loss=loss)
        return 0.2

    experiment = mldiag.experiment(rows=40, metric="loss")(train)
    assert run_trial(experiment, experiment.spec(), threads=1).notices


def test_a_training_that_runs_out_of_time_is_cut():
    def train(trial):
        for epoch in trial.epochs(50):
            began = time.monotonic()
            while time.monotonic() - began < 0.01:
                pass
            trial.report(epoch, accuracy=0.5)

    result = outcome(train, seconds=0.03)
    assert result.status == "cut"
    assert 0 < result.fidelity_reached < 1
    assert result.fidelity_reached == pytest.approx(len(result.history) / 50)


def test_lower_fidelity_is_no_cut():
    def train(trial):
        for epoch in trial.epochs(5):
            trial.report(epoch, accuracy=0.5)

    result = outcome(train, seconds=60, fidelity=0.5)  # two of five epochs: rounded down
    assert result.status == "ok"
    assert result.fidelity_reached == pytest.approx(0.4)


def test_interventions_need_the_data():
    experiment = declared(lambda trial: 0.5)
    spec = experiment.spec(interventions=(Intervention("zero_inputs"),))
    result = run_trial(experiment, spec, threads=1)
    assert result.status == "failed"
    assert "zero_inputs changes data that mldiag does not hold" in result.error


def test_a_row_set_is_found_by_its_digest(tmp_path):
    experiment = declared(lambda trial: len(trial.train) / 100).renamed(home=tmp_path)
    digest = save_row_set(tmp_path, np.arange(10))
    spec = experiment.spec()
    spec = replace(spec, rows=replace(spec.rows, digest=digest))
    expected = np.isin(experiment.splits.rows(experiment.spec().rows)[0], np.arange(10)).sum()
    stored = run_trial(experiment, spec, threads=1)
    given = run_trial(experiment, spec, threads=1, row_sets={digest: np.arange(10)})
    assert stored.train_rows == given.train_rows == expected
    assert stored.rows_digest == given.rows_digest
    missing = replace(spec, rows=replace(spec.rows, digest="0" * 24))
    assert "the row set 0000" in run_trial(experiment, missing, threads=1).error
