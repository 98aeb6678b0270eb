"""What every engine must do, and what those survive that have worker processes: tests for all of them.

The test file of an engine takes them over with `from tests.run.engine_contract import *`. Its fixtures are
`engine`, of the experiment `cases`, and `open_engine(experiment, **options)`; `surviving` and
`open_surviving` are the same for engines with worker processes, two trials at a time. A file that gives
neither of these two skips their tests.
"""

import os
import subprocess
import threading
import time

import numpy as np
import pandas as pd
import pytest

import mldiag
from mldiag.run.cargo import CargoError, pack
from mldiag.run.engines.pace import CHUNK_TRIALS
from mldiag.trial_spec import Intervention
from tests.processes import alive, eventually
from tests.run.engine_cases import Y, cases, slow


def spec_of(behaviour="ok", *, experiment=cases, **options):
    return experiment.spec({"behaviour": behaviour}, **options)


def comparable(results):
    keys = ("status", "metrics", "history", "predictions", "rows_digest", "train_rows", "valid_rows",
            "threads", "attempts", "fidelity_reached", "notices", "error")  # fmt: skip
    return {result.spec: {key: getattr(result, key) for key in keys} for result in results}


@pytest.fixture
def surviving():
    pytest.skip("this engine has no worker processes")


@pytest.fixture
def open_surviving():
    pytest.skip("this engine has no worker processes")


# Every engine


def test_results_are_those_of_a_trial_on_its_own(engine):
    from mldiag.run.worker import run_trial

    specs = [
        *(spec_of(seed=seed, repeat=seed % 2) for seed in range(6)),
        spec_of(size=20),
        spec_of(fidelity=0.5),
        spec_of(interventions=(Intervention("permute_labels"),)),
    ]
    expected = comparable(run_trial(cases, spec, threads=1) for spec in specs)
    results = list(engine.run(specs))
    assert comparable(results) == expected
    assert len({result.metrics["sum"] for result in results}) >= 8  # the seeds differ


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ("raise", "failed"), ("mldiag_error", "failed"), ("sys_exit", "failed"), ("wrong_type", "failed"),
        ("nan", "diverged"), ("inf", "diverged"), ("memory", "out_of_memory"),
    ],
)  # fmt: skip
def test_a_bad_trial_costs_only_itself(engine, behaviour, status):
    specs = [spec_of(), spec_of(behaviour), spec_of(seed=1)]
    results = {result.spec: result for result in engine.run(specs)}
    assert [results[spec].status for spec in specs] == ["ok", status, "ok"]


def test_specs_are_taken_as_they_can_start(engine):
    taken = []

    def supply():
        for seed in range(2000):
            taken.append(seed)
            yield spec_of(seed=seed)

    results = engine.run(supply())
    next(results)
    assert len(taken) <= 2 * 2 * CHUNK_TRIALS
    results.close()
    taken.clear()
    assert [result.status for result in engine.run([spec_of()])] == ["ok"]  # still of use


def test_nothing_to_run(engine):
    assert list(engine.run([])) == []


def test_giving_up_ends_the_run(engine):
    assert list(engine.run([spec_of(seed=7)], give_up=lambda: True)) == []


def test_every_trial_of_many_short_ones_comes_back_once(engine):
    specs = [spec_of(seed=seed) for seed in range(150)]
    assert sorted(result.spec.seed for result in engine.run(specs)) == list(range(150))


def test_what_a_train_function_prints_stays_off_stdout(engine, capfd):
    assert [result.status for result in engine.run([spec_of("print")])] == ["ok"]
    assert capfd.readouterr().out == ""


def test_over_the_time_limit(open_engine):
    engine = open_engine(slow, time_limit=0.2)
    try:
        seconds = 0.9 if engine.name == "inline" else 50.0  # this process cannot end it
        specs = [slow.spec({"seconds": seconds}), slow.spec(seed=1)]
        results = {result.spec: result for result in engine.run(specs)}
    finally:
        engine.close()
    late = results[specs[0]]
    assert (late.status, late.metrics, late.wall_seconds) == ("timeout", {}, 0.2)
    assert "limit of 0.2 s" in late.error
    assert results[specs[1]].status == "ok"


def test_closing_twice(open_engine):
    engine = open_engine(cases)
    engine.close()
    engine.close()


# Worker processes


def test_a_slow_trial_among_short_ones_delays_few(surviving):
    specs = [spec_of(seed=seed) for seed in range(120)]
    specs[60:60] = [spec_of("slow", seed=seed) for seed in range(3)]
    results = list(surviving.run(specs))
    assert sorted(result.spec.digest for result in results) == sorted(s.digest for s in specs)
    assert {(result.status, result.attempts) for result in results} == {("ok", 1)}


def test_a_dead_worker_costs_one_trial(surviving):
    specs = [spec_of(seed=seed) for seed in range(60)]
    specs[30] = spec_of("kill", seed=30)
    results = {result.spec: result for result in surviving.run(specs)}
    assert len(results) == 60
    lost = results.pop(specs[30])
    assert (lost.status, lost.attempts) == ("lost_worker", 2)
    assert "signal 9" in lost.error
    assert {(result.status, result.attempts) for result in results.values()} == {("ok", 1)}


def test_a_training_that_ends_its_process_is_found_out(surviving):
    results = {result.spec: result for result in surviving.run([spec_of("exit"), spec_of()])}
    assert results[spec_of("exit")].status == "lost_worker"
    assert "ended its process" in results[spec_of("exit")].error
    assert results[spec_of()].status == "ok"


def test_a_hang_inside_a_chunk_of_short_trials(open_surviving):
    engine = open_surviving(cases, time_limit=2)
    try:
        specs = [spec_of(seed=seed) for seed in range(40)]
        specs[35] = spec_of("hang", seed=35)
        results = {result.spec: result for result in engine.run(specs)}
    finally:
        engine.close()
    assert results.pop(specs[35]).status == "timeout"
    assert {result.status for result in results.values()} == {"ok"}
    assert len(results) == 39


def test_cancelled_trainings_are_killed(open_surviving, tmp_path):
    def record(trial):
        (tmp_path / f"{os.getpid()}-{trial.seed}").touch()
        time.sleep(300 if trial.seed else 0)
        return 0.5

    experiment = mldiag.experiment(rows=20, metric="accuracy")(record)
    engine = open_surviving(experiment)
    try:
        results = engine.run([experiment.spec(seed=0), experiment.spec(seed=1)])
        assert next(results).spec.seed == 0
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 2)
        results.close()
        assert [result.status for result in engine.run([experiment.spec(seed=0, size=5)])] == ["ok"]
    finally:
        engine.close()
    pids = {path.name.split("-")[0] for path in tmp_path.iterdir()}
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_what_a_training_started_ends_with_it(open_surviving, tmp_path):
    def command(trial):
        child = subprocess.Popen(["sleep", "300"])
        (tmp_path / "child").write_text(str(child.pid))
        child.wait()

    experiment = mldiag.experiment(rows=20, metric="accuracy")(command)
    engine = open_surviving(experiment, time_limit=2)
    try:
        assert [result.status for result in engine.run([experiment.spec()])] == ["timeout"]
        assert eventually(lambda: not alive((tmp_path / "child").read_text()))
    finally:
        engine.close()


def test_arrays_travel_once_and_cannot_be_written(open_surviving):
    big = np.arange(60_000.0).reshape(60, 1000)
    frame = pd.DataFrame(big[:, :3], columns=["a", "b", "c"])

    def train(trial):
        view = trial._view
        writable = view._dataset.main.X.flags.writeable or big.flags.writeable
        trial.X_train[:] = 0  # a copy: may be written
        shared = np.shares_memory(view._dataset.main.X, big)
        return {"accuracy": 0.5, "writable": writable, "shared": shared, "rows": len(frame)}

    experiment = mldiag.experiment(data=(big, Y), metric="accuracy")(train)
    cargo = pack(experiment)
    assert cargo.spans[0][1] < 50_000  # the pickle itself holds no array
    cargo.close()
    engine = open_surviving(experiment)
    try:
        (result,) = engine.run([experiment.spec()])
    finally:
        engine.close()
    assert result.error == ""
    assert result.metrics == {"accuracy": 0.5, "writable": 0.0, "shared": 1.0, "rows": 60.0}


def test_what_cannot_travel_says_so(open_surviving):
    lock = threading.Lock()

    def train(trial):
        with lock:
            return 0.5

    experiment = mldiag.experiment(rows=20, metric="accuracy")(train)
    engine = open_surviving(experiment)
    with pytest.raises(CargoError, match="cannot be sent to worker processes") as caught:
        list(engine.run([experiment.spec()]))
    assert caught.value.hint
    engine.close()
