"""A program that raises in every trial is told soon; one that raises here and there is run to the end."""

import time

import pytest

import mldiag
from mldiag.errors import UserCodeError
from mldiag.run.executor import Executor, RunSettings
from mldiag.run.failures import ALIKE, Failures
from mldiag.run.identity import identify
from mldiag.run.store.trial_store import Store
from mldiag.trial_result import TrialResult
from tests.run.heard import Heard


def missing_file(trial):
    time.sleep(0.1)  # or else a worker would take many of them at a time
    raise FileNotFoundError(f"no rows in /data/part-{trial.seed}.csv")


def missing_for_wide_ones(trial):
    if trial.params["width"] > 1:
        raise ValueError("too wide")
    return 0.5


def missing_at_first(trial):
    if trial.seed < ALIKE - 1:
        raise ValueError("not yet")
    return 0.5


def of(train):
    params = {"width": mldiag.Int(1, 64, default=1)}
    return mldiag.experiment(rows=20, metric="accuracy", params=params)(train)


def ran(experiment, specs, folder, engine="inline"):
    heard = Heard()
    with Store.open(folder) as store:
        settings = RunSettings(engine=engine, jobs=2)
        executor = Executor(experiment, store, identify(experiment), settings, heard)
        try:
            return list(executor.run(specs)), executor.counts, heard.notices
        finally:
            executor.close()


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_what_raises_in_all_of_the_first_trials_is_not_tried_in_the_others(tmp_path, engine):
    experiment = of(missing_file)
    specs = [experiment.spec(seed=seed) for seed in range(60)]
    results, counts, notices = ran(experiment, specs, tmp_path, engine)
    assert {(result.status, result.attempts) for result in results} == {("failed", 1)}
    assert ALIKE <= len(results) == counts.run == counts.failed < 20
    assert len({result.spec for result in results}) == len(results)
    left = f"{60 - len(results)} of 60 trials were not run"
    assert notices == [f"the first {len(results)} trials raised the same error: {left}"]


def test_it_is_tried_again_by_the_next_command(tmp_path):
    experiment = of(missing_file)
    specs = [experiment.spec(seed=seed) for seed in range(20)]
    for _ in range(2):
        _, counts, _ = ran(experiment, specs, tmp_path)
        assert (counts.run, counts.cached) == (ALIKE, 0)


def test_values_that_raise_say_nothing_of_the_default(tmp_path):
    experiment = of(missing_for_wide_ones)
    specs = [experiment.spec({"width": width}) for width in (64, 32, 16, 8, 4, 2, 1)]
    results, counts, notices = ran(experiment, specs, tmp_path)
    assert (len(results), counts.failed, notices) == (7, 6, [])
    assert {result.attempts for result in results if result.status == "failed"} == {2}


def test_fewer_than_four_are_an_accident(tmp_path):
    experiment = of(missing_at_first)
    specs = [experiment.spec(seed=seed) for seed in range(8)]
    results, counts, notices = ran(experiment, specs, tmp_path)
    assert (len(results), counts.failed, notices) == (8, ALIKE - 1, [])


@pytest.mark.parametrize("error", ["OSError: disk\n", "MemoryError"])
def test_errors_of_two_kinds_do_not_speak_for_all(error):
    failures = Failures(lambda spec: True)
    experiment = of(missing_file)
    for seed in range(10):
        text = error if seed == 3 else "ValueError: wrong shape"
        result = TrialResult(experiment.spec(seed=seed), status="failed", error=text)
        assert failures.asks_again(str(seed), result)
    assert not failures.speak_for_all


def test_a_hang_is_not_an_exception(tmp_path):
    failures = Failures(lambda spec: True)
    spec = of(missing_file).spec()
    failures.saw("hung", TrialResult(spec, status="timeout"))
    for seed in range(10):
        failures.saw(str(seed), TrialResult(spec, status="failed", error="ValueError"))
    assert not failures.speak_for_all


def test_a_script_that_is_wrong_is_told_within_a_few_trials(tmp_path):
    begun = time.monotonic()
    with pytest.raises(UserCodeError, match=r"in every one of [45] trials"):
        mldiag.learning_curve(of(missing_file), store=tmp_path, tracking_uri=False)
    assert time.monotonic() - begun < 60
