import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import mldiag
from mldiag.errors import MldiagError
from mldiag.run.cost import CostModel
from mldiag.run.executor import Executor, PlanSummary, RunSettings
from mldiag.run.identity import identify
from mldiag.run.store.trial_store import Store
from mldiag.run.worker import run_trial
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import RowRecipe, TrialSpec
from tests.run.engine_cases import Flaky, cases, slow
from tests.run.heard import Heard

PATIENCE = 30.0  # seconds after which something that should happen has not


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def make(store):
    made = []

    def build(experiment=cases, *, listener=None, **settings):
        executor = Executor(
            experiment,
            store,
            identify(experiment),
            RunSettings(**{"engine": "inline"} | settings),
            listener or Heard(),
        )
        made.append(executor)
        return executor

    yield build
    for executor in made:
        executor.close()


def spec_of(behaviour="ok", **options):
    return cases.spec({"behaviour": behaviour}, **options)


def seeds(count, behaviour="ok"):
    return [spec_of(behaviour, seed=seed) for seed in range(count)]


def by_spec(results):
    return {result.spec: result for result in results}


# The store


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_what_the_store_has_is_not_trained_again(make, engine):
    first, second = Heard(), Heard()
    fresh = by_spec(make(listener=first, engine=engine).run(seeds(5)))
    executor = make(listener=second, engine=engine)
    again = by_spec(executor.run([*seeds(5), spec_of(seed=9)]))
    assert {spec: again[spec] for spec in fresh} == fresh
    assert [cached for _, cached in first.results] == [False] * 5
    assert [cached for _, cached in second.results] == [True] * 5 + [False]
    counts = executor.counts
    assert (counts.planned, counts.run, counts.cached, counts.failed) == (6, 1, 5, 0)
    assert executor.was_cached(again[spec_of(seed=0)])
    assert not executor.was_cached(again[spec_of(seed=9)])


def test_a_result_is_kept_before_it_is_told(make, store):
    executor = make()
    identity = identify(cases)
    for result in executor.run(seeds(4)):
        key = identity.key(result.spec)
        with Store.open(store.path) as another:
            assert another.get_many([key]) == {key: result}


def test_fresh_trains_again_but_not_twice_in_one_command(make):
    list(make().run(seeds(3)))
    executor = make(fresh=True)
    results = list(executor.run(seeds(3)))
    assert executor.counts.run == 3
    assert list(executor.run(seeds(3))) == results
    assert (executor.counts.run, executor.counts.planned) == (3, 3)


def test_equal_trials_are_run_once(make):
    executor = make()
    assert len(list(executor.run([spec_of(), spec_of(), spec_of()]))) == 1


def test_results_bear_the_target_that_was_asked_for(make):
    list(make().run(seeds(1)))
    moved = TrialSpec("elsewhere.py:cases", **{
        name: getattr(spec_of(seed=0), name) for name in ("rows", "params", "seed")
    })  # fmt: skip
    (result,) = make().run([moved])
    assert result.spec == moved


def test_statuses_that_settle_nothing_are_tried_again(make):
    specs = [spec_of("memory"), spec_of("nan")]
    assert make().run(specs)
    list(make().run(specs))
    executor = make()
    list(executor.run(specs))
    assert (executor.counts.run, executor.counts.cached, executor.counts.failed) == (1, 1, 1)


def test_why_a_trial_is_not_there(make):
    executor = make()
    assert executor.why(seeds(2))
    list(executor.run(seeds(2)))
    assert executor.why(seeds(2)) == []


# Exceptions


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_the_same_exception_twice_is_final(make, engine):
    (result,) = make(engine=engine).run([spec_of("raise")])
    assert (result.status, result.attempts) == ("failed", 2)
    executor = make(engine=engine)
    assert list(executor.run([spec_of("raise")])) == [result]
    assert executor.counts.cached == 1


def test_different_exceptions_are_reported_and_tried_again(make):
    (result,) = make().run([spec_of("raise_other")])
    assert result.status == "failed"
    assert "never the same" in result.error
    executor = make()
    (again,) = executor.run([spec_of("raise_other")])
    assert executor.counts.run == 1
    assert again.error != result.error


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_what_succeeds_the_second_time_counts(make, tmp_path, engine):
    marks = tmp_path / "marks"
    marks.mkdir()
    experiment = mldiag.experiment(rows=20, metric="accuracy", name="flaky")(Flaky(marks).__call__)
    executor = make(experiment, engine=engine)
    results = list(executor.run([experiment.spec(seed=seed) for seed in range(3)]))
    assert {(result.status, result.attempts) for result in results} == {("ok", 2)}
    assert executor.counts.failed == 0


def test_failures_are_counted(make):
    executor = make()
    list(executor.run([spec_of("raise"), spec_of("memory"), spec_of("nan"), spec_of()]))
    assert executor.counts.failed == 2  # a diverged trial says something about its parameters


# Budget and plan


def test_no_trial_starts_after_the_budget(make):
    heard = Heard()
    executor = make(slow, listener=heard, budget="0.3s")
    specs = [slow.spec({"seconds": 0.05}, seed=seed) for seed in range(60)]
    done = list(executor.run(specs))
    assert 0 < len(done) < 60
    assert heard.notices == [
        f"the budget of 0.3s is spent: {60 - len(done)} of 60 trials were not run"
    ]
    assert executor.remaining_seconds() == 0
    assert list(executor.run([slow.spec(seed=99)])) == []
    assert not executor.interrupted


def test_a_trial_that_overruns_the_budget_by_far_is_given_up(make, monkeypatch):
    monkeypatch.setattr("mldiag.run.budget_clock.GRACE_SECONDS", 0.1)
    heard = Heard()
    executor = make(slow, listener=heard, budget="0.5s", engine="local", jobs=1)
    assert list(executor.run([slow.spec({"seconds": 60.0})])) == []
    assert heard.notices == [
        "the budget of 0.5s is spent, too small for a single trial: 1 of 1 trials were not run"
    ]


def test_a_budget_in_trainings_is_measured_first(make):
    heard = Heard()
    full = mldiag.experiment(
        rows=60,
        metric="accuracy",
        name="full",
        params={"seconds": mldiag.Float(0, 9, default=0.05)},
    )(slow.train)
    executor = make(full, listener=heard, budget="6x")
    specs = [full.spec({"seconds": 0.06}, seed=seed) for seed in range(40)]
    assert executor.remaining_seconds() is None
    done = list(executor.run([*specs, full.spec()]))
    assert done[0].spec == full.spec()
    assert 1 < len(done) < 41


def test_the_plan_says_how_many_and_how_long(make):
    heard = Heard()
    assert make().summary(seeds(3)) == PlanSummary(3, 0, None)
    list(make(listener=heard).run(seeds(3)))
    plan = make(jobs=1).summary(seeds(5))
    assert (plan.trials, plan.cached) == (5, 3)
    assert plan.seconds > 0
    assert heard.plans == [PlanSummary(3, 0, None)]
    assert make().summary(seeds(3)) == PlanSummary(3, 3, 0.0)


def test_costs_are_learned_with_the_rows():
    costs = CostModel(cases)
    assert costs.seconds(spec_of()) is None

    def learned(size, seconds):
        costs.learn(TrialResult(spec_of(size=size), "ok", wall_seconds=seconds))

    learned(10, 1.2)
    assert costs.seconds(spec_of(size=20)) == pytest.approx(2.4)
    learned(20, 2.2)
    learned(40, 4.2)
    assert costs.seconds(spec_of(size=30)) == pytest.approx(3.2)
    assert costs.seconds_of(3, 60) == pytest.approx(6.6)
    assert costs.full_trial_seconds() is None
    costs.learn(TrialResult(spec_of(), "ok", wall_seconds=5.0))
    assert costs.full_trial_seconds() == 5.0
    costs.learn(TrialResult(spec_of(seed=1), "timeout", wall_seconds=500.0))
    assert costs.full_trial_seconds() == 5.0
    reserve = TrialSpec("", rows=RowRecipe(split="reserve"))
    assert costs.size(reserve) == len(cases.splits.development)


# Engines


def test_a_wrong_setting_is_told(make):
    with pytest.raises(MldiagError) as caught:
        make(engine="locl")
    assert (caught.value.what, caught.value.nearest) == ("unknown engine 'locl'", "local")
    for wrong in ({"jobs": 0}, {"time_limit": 0.0}, {"budget": "soon"}):
        with pytest.raises(MldiagError):
            make(**wrong)


def engine_names(executor, specs):
    return [executor._engines._engine.name for _ in executor.run(specs)]


def test_auto_runs_short_trials_of_known_estimators_in_process(make):
    own = cases.renamed(in_process=True)
    assert set(engine_names(make(own, engine="auto", jobs=2), seeds(6))) == {"inline"}
    others = [spec_of(seed=seed) for seed in range(40, 43)]
    assert set(engine_names(make(cases, engine="auto", jobs=2), others)) == {"local"}
    limited = make(own, engine="auto", jobs=2, time_limit=60.0)
    assert set(engine_names(limited, [spec_of(seed=50), spec_of(seed=51)])) == {"local"}


def test_auto_changes_to_workers_once_they_pay(make, monkeypatch):
    monkeypatch.setattr("mldiag.run.engines.choice._start_seconds", lambda: 0.05)
    own = slow.renamed(in_process=True)
    specs = [own.spec({"seconds": 0.1}, seed=seed) for seed in range(8)]
    names = engine_names(make(own, engine="auto", jobs=2), specs)
    assert names[0] == "inline"
    assert names[-1] == "local"
    assert len(names) == 8
    monkeypatch.setattr("mldiag.run.engines.choice._start_seconds", lambda: 1000.0)
    more = [own.spec({"seconds": 0.01}, seed=seed) for seed in range(20, 24)]
    assert set(engine_names(make(own, engine="auto", jobs=2), more)) == {"inline"}


def test_auto_stays_here_with_what_cannot_travel(make):
    lock, heard = threading.Lock(), Heard()

    def train(trial):
        with lock:
            return 0.5

    experiment = mldiag.experiment(rows=20, metric="accuracy", name="locked")(train)
    specs = [experiment.spec(seed=seed) for seed in range(3)]
    results = list(make(experiment, engine="auto", listener=heard).run(specs))
    assert [result.status for result in results] == ["ok"] * 3
    assert len(heard.notices) == 1
    assert heard.notices[0].startswith("trials run in this process: the experiment cannot be sent")
    with pytest.raises(MldiagError, match="cannot be sent"):
        list(make(experiment, engine="local").run([experiment.spec(seed=7)]))


def test_trials_run_in_the_plans_order_or_the_longest_first(make):
    specs = [spec_of(size=size) for size in (20, 40, 30)]
    assert [result.spec for result in make().run(specs)] == specs
    sizes = [
        result.spec.rows.size
        for result in make(engine="local", jobs=1).run(
            [spec_of(size=n, seed=5) for n in (20, 40, 30)]
        )
    ]
    assert sizes == [40, 30, 20]


# Other processes


def test_a_trial_in_another_command_is_waited_for(make, store):
    identity, specs = identify(cases), seeds(3)
    with Store.open(store.path) as other:
        key = identity.key(specs[1])
        assert other.claim([key]) == {key}
        theirs = run_trial(cases, specs[1], threads=1)
        thread = threading.Timer(0.3, lambda: other.put(key, identity, theirs))
        thread.start()
        executor = make()
        results = by_spec(executor.run(specs))
        thread.join()
    assert results[specs[1]] == theirs
    assert len(results) == 3
    assert (executor.counts.run, executor.counts.cached) == (2, 1)


def test_a_trial_that_another_command_gave_up_is_taken_over(make, store):
    identity, specs = identify(cases), seeds(3)
    with Store.open(store.path) as other:
        keys = [identity.key(spec) for spec in specs]
        assert other.claim(keys) == set(keys)
        thread = threading.Timer(0.3, lambda: other.release(keys))
        thread.start()
        executor = make()
        assert len(list(executor.run(specs))) == 3
        thread.join()
    assert executor.counts.run == 3


def test_claims_are_given_back(make, store):
    keys = [identify(cases).key(spec) for spec in seeds(20)]
    running = make().run(seeds(20))
    next(running)
    running.close()
    with Store.open(store.path) as other:
        assert other.claim(keys) == set(keys)


# Ctrl-C


def test_ctrl_c_between_results_ends_the_iteration(make):
    class Impatient(Heard):
        def finished(self, result, cached):
            super().finished(result, cached)
            if len(self.results) == 3:
                os.kill(os.getpid(), signal.SIGINT)

    heard = Impatient()
    executor = make(listener=heard)
    assert len(list(executor.run(seeds(10)))) == 3
    assert executor.interrupted
    assert heard.notices == ["interrupted: 7 of 10 trials were not run"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    later = make()
    assert len(list(later.run(seeds(10)))) == 10
    assert later.counts.cached == 3


def test_ctrl_c_ends_a_training_in_this_process(make):
    executor = make()
    results = list(executor.run([spec_of(), spec_of("interrupt"), spec_of(seed=1)]))
    assert [result.spec for result in results] == [spec_of()]
    assert executor.interrupted


def test_a_handler_of_the_users_is_left_alone(make):
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        mine = signal.getsignal(signal.SIGINT)
        for _ in make().run(seeds(2)):
            assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


COMMAND = """
import sys, time
import mldiag
from pathlib import Path
from mldiag.run.executor import Executor, RunSettings
from mldiag.run.identity import identify
from mldiag.run.store.trial_store import Store

class Listener:
    def planned(self, summary): print(summary.cached, flush=True)
    def finished(self, result, cached): print("result", flush=True)
    def notice(self, text): print(text, flush=True)

@mldiag.experiment(rows=20, metric="accuracy")
def work(trial):
    with open(Path(sys.argv[0]).parent / "pids", "a") as file:
        file.write(f"{__import__('os').getpid()}\\n")
    time.sleep(0.02 if trial.seed < 4 else 100.0)
    return 0.5

with Store.open(Path(sys.argv[0]).parent) as store:
    executor = Executor(work, store, identify(work), RunSettings(engine="local", jobs=2), Listener())
    count = sum(1 for _ in executor.run([work.spec(seed=seed) for seed in range(40)]))
    executor.close()
print(count, executor.interrupted)
"""


@pytest.fixture
def command(tmp_path):
    (tmp_path / "work.py").write_text(COMMAND)
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, tmp_path / "work.py"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lines_until(process, line, count):
    lines = []
    while lines.count(line) < count:
        lines.append(process.stdout.readline().rstrip("\n"))
        assert process.poll() is None, process.stderr.read()
    return lines


def workers_end(folder):
    pids = set((folder / "pids").read_text().split())
    assert pids
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_ctrl_c_in_a_terminal(command, tmp_path):
    process = command()
    lines_until(process, "result", 4)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole group
    out, err = process.communicate(timeout=PATIENCE)
    assert out.splitlines() == ["interrupted: 36 of 40 trials were not run", "4 True"]
    assert (process.returncode, err) == (0, "")
    assert workers_end(tmp_path)


def test_sigterm_stops_as_cleanly_also_when_the_whole_group_gets_it(command, tmp_path):
    process = command()
    lines_until(process, "result", 4)
    os.killpg(process.pid, signal.SIGTERM)  # as a batch system does
    out, err = process.communicate(timeout=PATIENCE)
    assert out.splitlines() == ["interrupted: 36 of 40 trials were not run", "4 True"]
    assert (process.returncode, err) == (0, "")
    assert workers_end(tmp_path)


def test_ctrl_c_again_and_again_loses_nothing_that_was_told(command, tmp_path):
    process = command()
    lines_until(process, "result", 4)
    for _ in range(5):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert workers_end(tmp_path)
    assert lines_until(command(), "4", 1) == [
        "4"
    ]  # what had finished is cached, and claims are free


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")
def test_a_killed_command_resumes(command, tmp_path):
    first = command()
    lines_until(first, "result", 4)
    first.kill()
    first.wait()
    assert workers_end(tmp_path)
    second = command()
    assert lines_until(second, "4", 1) == ["4"]  # what had finished is cached
    with sqlite3.connect(tmp_path / ".mldiag" / "trials.db") as database:
        assert database.execute("SELECT count(*) FROM attempts").fetchone() == (4,)
    database.close()
