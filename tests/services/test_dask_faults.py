"""What a command on a Dask cluster survives: lost workers, lost schedulers, its own death."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mldiag
from mldiag.errors import MldiagError
from mldiag.run.engines.dask.engine import DaskEngine
from mldiag.run.executor import Executor, RunSettings
from mldiag.run.identity import identify
from mldiag.run.settings import SilentListener
from mldiag.run.store.trial_store import Store
from tests.processes import alive, eventually
from tests.run.engine_cases import slow
from tests.services.dask_cluster import started

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


def declared(train):
    return mldiag.experiment(rows=20, metric="accuracy")(train)


def open_on(cluster, experiment, **options):
    return DaskEngine(
        experiment, **{"workers": None, "threads": 1, "address": cluster.address} | options
    )


def run(cluster, experiment, specs, **options):
    engine = open_on(cluster, experiment, **options)
    try:
        return {result.spec: result for result in engine.run(specs)}
    finally:
        engine.close()


def parent_of(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


# Workers


def test_a_lost_worker_costs_no_trial(shared_cluster, tmp_path):
    def train(trial):
        mark = tmp_path / "killed"
        if trial.seed == 5 and not mark.exists():
            mark.touch()
            os.kill(parent_of(os.getppid()), signal.SIGKILL)
        time.sleep(0.02)
        return 0.5

    experiment = declared(train)
    specs = [experiment.spec(seed=seed) for seed in range(30)]
    results = run(shared_cluster, experiment, specs)
    assert (tmp_path / "killed").exists()
    assert {results[spec].status for spec in specs} == {"ok"}
    assert results[specs[5]].attempts == 2


def test_a_trial_that_ends_every_worker_that_takes_it_is_tried_twice(shared_cluster, tmp_path):
    def train(trial):
        if trial.seed == 3:
            with (tmp_path / "tried").open("a") as file:
                file.write("x")
            os.kill(parent_of(os.getppid()), signal.SIGKILL)
            time.sleep(60)
        return 0.5

    experiment = declared(train)
    specs = [experiment.spec(seed=seed) for seed in range(12)]
    results = run(shared_cluster, experiment, specs)
    poison = results.pop(specs[3])
    assert (poison.status, poison.attempts) == ("lost_worker", 2)
    assert "Dask worker" in poison.error
    assert (tmp_path / "tried").read_text() == "xx"
    assert {result.status for result in results.values()} == {"ok"}
    assert len(results) == 11


def test_attempts_on_the_worker_and_of_workers_count_together(shared_cluster, tmp_path):
    def train(trial):
        if trial.seed == 1:
            with (tmp_path / "tried").open("a") as file:
                file.write("x")
            first = (tmp_path / "tried").read_text() == "x"
            os.kill(parent_of(os.getppid()) if first else os.getpid(), signal.SIGKILL)
            time.sleep(60)
        return 0.5

    experiment = declared(train)
    results = run(shared_cluster, experiment, [experiment.spec(seed=seed) for seed in range(3)])
    assert (tmp_path / "tried").read_text() == "xx"
    lost = results[experiment.spec(seed=1)]
    assert (lost.status, lost.attempts) == ("lost_worker", 2)


def test_what_was_edited_during_the_run_goes_on_as_it_began(shared_cluster, tmp_path):
    from mldiag.adapters.targets import load_experiment
    from mldiag.run.watch import Watch

    file = tmp_path / "experiment.py"
    file.write_text(
        "import os, signal, mldiag\nSCORE = 0.25\n"
        "@mldiag.experiment(rows=20, metric='accuracy')\n"
        "def one(trial):\n"
        f"    if trial.seed == 3 and not os.path.exists({str(tmp_path / 'mark')!r}):\n"
        f"        open({str(tmp_path / 'mark')!r}, 'w').close()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return SCORE\n"
    )
    experiment = load_experiment(str(file))
    notices = []
    watch = Watch.of(experiment, identify(experiment))
    engine = open_on(shared_cluster, experiment, workers=1, watch=watch, notice=notices.append)
    try:
        results = engine.run(experiment.spec(seed=seed) for seed in range(6))
        scores = [next(results).metrics["accuracy"]]
        file.write_text(file.read_text().replace("0.25", "0.75"))
        scores += [result.metrics["accuracy"] for result in results]
    finally:
        engine.close()
    assert scores == [0.25] * 6
    assert any("its code and data are sent" in notice for notice in notices)


# Schedulers


def test_a_lost_scheduler_ends_the_run_and_the_next_goes_on_from_the_store(own_cluster, tmp_path):
    own_cluster.add_workers("--no-nanny")
    specs = [slow.spec({"seconds": 0.02}, seed=seed) for seed in range(60)]
    with Store.open(tmp_path) as store:
        executor = Executor(
            slow, store, identify(slow), RunSettings(engine=own_cluster.address), SilentListener()
        )
        results = executor.run(specs)
        finished = [next(results).spec for _ in range(5)]
        own_cluster.scheduler.kill()
        try:
            with pytest.raises(MldiagError, match="does not answer any more") as caught:
                finished.extend(result.spec for result in results)
        finally:
            executor.close()
        assert "finished trials are kept" in caught.value.expected
        assert caught.value.hint
        again = Executor(
            slow, store, identify(slow), RunSettings(engine="inline"), SilentListener()
        )
        statuses = {result.status for result in again.run(specs)}
        again.close()
    assert statuses == {"ok"}
    assert 5 <= len(finished) < 60
    assert (again.counts.cached, again.counts.run) == (len(finished), 60 - len(finished))


def test_a_scheduler_that_hangs_is_taken_for_lost(own_cluster, monkeypatch):
    own_cluster.add_workers("--no-nanny")
    monkeypatch.setattr("mldiag.run.engines.dask.engine.SILENT_SECONDS", 1.5)
    monkeypatch.setattr("mldiag.run.engines.dask.cluster.END_SECONDS", 0.5)
    engine = open_on(own_cluster, slow)
    try:
        results = engine.run([slow.spec(seed=1), slow.spec({"seconds": 60.0})])
        assert next(results).status == "ok"
        own_cluster.scheduler.send_signal(signal.SIGSTOP)
        with pytest.raises(MldiagError, match="does not answer any more"):
            next(results)
    finally:
        own_cluster.scheduler.send_signal(signal.SIGCONT)
        engine.close()


# The command


def test_a_joined_cluster_is_left_as_it_was(shared_cluster):
    def modules():
        import sys

        return [name for name in sys.modules if name.startswith("tests")]

    def children():
        import psutil

        return [child.pid for child in psutil.Process().children(recursive=True)]

    def data(dask_worker):
        return list(dask_worker.data)

    assert eventually(
        lambda: len(shared_cluster.asked(os.getpid)) == 2
    )  # one may just be coming back
    pids = shared_cluster.asked(os.getpid)
    results = run(shared_cluster, slow, [slow.spec(seed=seed) for seed in range(8)])
    assert {result.status for result in results.values()} == {"ok"}
    assert eventually(lambda: not any(shared_cluster.asked(children).values()))
    assert not any(shared_cluster.asked(data).values())
    assert not any(shared_cluster.asked(modules).values())
    assert shared_cluster.asked(os.getpid) == pids


def test_a_worker_that_never_ends_loading_is_let_go(shared_cluster, tmp_path):
    from mldiag.adapters.targets import load_experiment

    file = tmp_path / "experiment.py"
    file.write_text(
        "import os, pathlib, time, mldiag\n"
        "here = pathlib.Path(__file__).parent\n"
        f"if os.getpid() != {os.getpid()}:\n"
        "    (here / f'loads-{os.getpid()}').touch()\n"
        "    time.sleep(300)\n"
        "@mldiag.experiment(rows=20, metric='accuracy')\n"
        "def one(trial):\n    return 0.5\n"
    )
    experiment = load_experiment(str(file))
    engine = open_on(shared_cluster, experiment)
    try:
        begun = lambda: len(list(tmp_path.glob("loads-*"))) == 2  # noqa: E731
        assert list(engine.run([experiment.spec()], give_up=begun)) == []
    finally:
        engine.close()
    pids = [path.name.removeprefix("loads-") for path in tmp_path.glob("loads-*")]
    assert len(pids) == 2
    assert eventually(lambda: not any(map(alive, pids)))


ENDLESS = """
import os, sys, time
import mldiag
from mldiag.run.engines.dask.engine import DaskEngine

address, folder = sys.argv[1:]

@mldiag.experiment(rows=20, metric="accuracy")
def endless(trial):
    open(os.path.join(folder, str(os.getpid())), "w").close()
    time.sleep(300)

engine = DaskEngine(endless, workers=None, threads=1, address=address)
list(engine.run([endless.spec(seed=seed) for seed in range(2)]))
"""


def test_trials_of_a_killed_command_end_and_its_workers_live_on(shared_cluster, tmp_path):
    script, marks = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(ENDLESS)
    marks.mkdir()
    pids = shared_cluster.asked(os.getpid)
    command = subprocess.Popen([sys.executable, script, shared_cluster.address, marks])
    try:
        assert started(lambda: len(list(marks.iterdir())) == 2)
    finally:
        command.kill()
        command.wait()
    assert eventually(lambda: not any(alive(path.name) for path in marks.iterdir()))
    assert shared_cluster.asked(os.getpid) == pids
