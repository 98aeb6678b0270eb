"""The contract of engines for the two that need no service, and what is the local one's own."""

import itertools
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import mldiag
from mldiag.errors import MldiagError
from mldiag.run.cargo import pack
from mldiag.run.engines.fork_server import IDLE
from mldiag.run.engines.inline import InlineEngine
from mldiag.run.engines.local import LocalEngine
from mldiag.run.threads import THREAD_VARIABLES
from tests.processes import alive, eventually
from tests.run.engine_cases import Y, cases
from tests.run.engine_contract import *  # noqa: F403 - every test of the contract
from tests.run.engine_contract import comparable, spec_of


def open_engine(name, experiment, **options):
    if name == "inline":
        return InlineEngine(experiment, threads=1, **options)
    return LocalEngine(experiment, **{"workers": 2, "threads": 1} | options)


@pytest.fixture(scope="module")
def local():
    engine = open_engine("local", cases)
    yield engine
    engine.close()


@pytest.fixture(scope="module", params=["inline", "local"])
def engine(request, local):
    return local if request.param == "local" else open_engine("inline", cases)


@pytest.fixture(name="open_engine", params=["inline", "local"])
def open_any(request):
    return partial(open_engine, request.param)


@pytest.fixture
def surviving(local):
    return local


@pytest.fixture
def open_surviving():
    return partial(open_engine, "local")


# Worker processes


def test_a_killed_worker_with_memory_used_up_ran_out_of_memory(local, monkeypatch):
    kills = itertools.count(10**6)  # above what this machine has counted so far
    monkeypatch.setattr("mldiag.run.engines.local.memory_kills", lambda: next(kills))
    (result,) = local.run([spec_of("kill", seed=1)])
    assert (result.status, result.attempts) == ("out_of_memory", 1)
    assert "memory ran out" in result.error


def test_a_broken_pool_is_built_again(local):
    results = local.run([spec_of(seed=seed) for seed in range(30)])
    next(results)
    for worker in list(local._pool._pool._pool_manager.worker_manager.workers.values()):
        os.kill(worker.pid, signal.SIGKILL)
    context = local._pool._pool._context
    context.status = type(context.status).ERROR
    assert len(list(results)) == 29


def test_workers_that_never_start_are_an_error(monkeypatch, capfd):
    monkeypatch.setattr("mldiag.run.engines.pool.start_worker", os._exit)  # fails in the worker
    engine = open_engine("local", cases)
    try:
        with pytest.raises(MldiagError, match="end before they can run a trial"):
            list(engine.run([spec_of()]))
    finally:
        engine.close()
    assert "TypeError" in capfd.readouterr().err  # the reason is there to be read


def test_a_worker_that_dies_unnoticed_is_missed(local, monkeypatch):
    monkeypatch.setattr("pebble.pool.process.PoolManager.find_expired_task", _nothing_found)
    specs = [spec_of("kill", seed=40), spec_of(seed=41), spec_of(seed=42)]
    results = {result.spec: result.status for result in local.run(specs)}
    assert [results[spec] for spec in specs] == ["lost_worker", "ok", "ok"]


def _nothing_found(manager, worker):
    raise LookupError


def test_an_experiment_that_a_worker_cannot_load():
    experiment = cases.renamed(target="no_such_module_anywhere:cases")
    engine = open_engine("local", experiment)
    try:
        with pytest.raises(MldiagError, match="a worker process cannot load the experiment"):
            list(engine.run([spec_of()]))
    finally:
        engine.close()


def test_a_memory_mapped_file_is_opened_again_and_not_copied(tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(60, 500)))

    def train(trial):
        return {"accuracy": 0.5, "mapped": isinstance(trial._view._dataset.main.X, np.memmap)}

    data = (np.load(tmp_path / "x.npy", mmap_mode="r"), Y)
    experiment = mldiag.experiment(data=data, metric="accuracy")(train)
    cargo = pack(experiment)
    assert sum(length for _, length in cargo.spans) < 50_000
    cargo.close()
    engine = open_engine("local", experiment)
    try:
        (result,) = engine.run([experiment.spec()])
    finally:
        engine.close()
    assert result.metrics["mapped"] == 1.0


def test_threads_are_capped_before_libraries_load(monkeypatch):
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def train(trial):
        variables = {name: os.environ.get(name) for name in THREAD_VARIABLES}
        return {"accuracy": 0.5} | {name: float(value) for name, value in variables.items()}

    experiment = mldiag.experiment(rows=20, metric="accuracy")(train)
    engine = open_engine("local", experiment, workers=1, threads=3)
    try:
        (result,) = engine.run([experiment.spec()])
    finally:
        engine.close()
    assert result.metrics["OMP_NUM_THREADS"] == 3
    assert result.metrics["MKL_NUM_THREADS"] == 7  # the user's own choice
    assert "OMP_NUM_THREADS" not in os.environ


SCRIPT = """
import sys
import numpy as np
import mldiag
from mldiag.run.engines.local import LocalEngine

print("main runs", file=sys.stderr)
X = np.arange(80.0).reshape(40, 2)

class Model:
    def score(self, rows):
        return float(rows.mean())

@mldiag.experiment(data=(X, X[:, 0] > 40), metric="accuracy")
def plain(trial):
    print("not on stdout")
    return Model().score(trial.X_valid)

engine = LocalEngine(plain, workers=2, threads=1)
results = list(engine.run([plain.spec(seed=seed) for seed in range(4)]))
engine.close()
print([result.status for result in results], [result.error for result in results])
"""


@pytest.mark.parametrize("way", ["script", "stdin", "-c"])
def test_main_is_never_run_again(way, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = {"script": [tmp_path / "script.py"], "stdin": ["-"], "-c": ["-c", SCRIPT]}[way]
    done = subprocess.run(
        [sys.executable, *arguments],
        input=SCRIPT if way == "stdin" else "",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout == "['ok', 'ok', 'ok', 'ok'] ['', '', '', '']\n"
    assert done.stderr.count("main runs") == 1
    assert done.stderr == "main runs\n"


def test_code_from_a_file_that_is_on_no_path(tmp_path):
    import importlib.util

    (tmp_path / "loose_experiment.py").write_text(
        "import mldiag\n"
        "def score(trial):\n    return 0.25\n"
        "@mldiag.experiment(rows=20, metric='accuracy')\n"
        "def loose(trial):\n    return score(trial)\n"
    )
    name = "loose_experiment"
    spec = importlib.util.spec_from_file_location(name, tmp_path / "loose_experiment.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        engine = open_engine("local", module.loose)
        try:
            (result,) = engine.run([module.loose.spec()])
        finally:
            engine.close()
    finally:
        del sys.modules[name]
    assert (result.error, result.metrics) == ("", {"accuracy": 0.25})


def test_the_parents_multiprocessing_is_untouched(local):
    import multiprocessing

    code = SCRIPT + "import multiprocessing\nmultiprocessing.set_start_method('spawn')\n"
    assert [result.status for result in local.run([spec_of()])] == ["ok"]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert multiprocessing.forkserver._forkserver._forkserver_pid is None


def test_the_next_engine_takes_the_same_server_in_the_same_surroundings(monkeypatch):
    def server_of_an_engine():
        engine = LocalEngine(cases, workers=1, threads=1)
        try:
            assert [result.status for result in engine.run([spec_of()])] == ["ok"]
        finally:
            engine.close()
        return IDLE._waiting._forkserver_pid

    first, second = server_of_an_engine(), server_of_an_engine()
    monkeypatch.setenv("MLDIAG_TEST_VARIABLE", "1")
    third = server_of_an_engine()
    assert first == second != third
    os.kill(third, signal.SIGKILL)  # while it waits: the next engine starts another one
    assert server_of_an_engine() != third
    IDLE.end()


ORPHANS = """
import os, sys, time
import mldiag
from mldiag.run.engines.local import LocalEngine

folder = sys.argv[1]

@mldiag.experiment(rows=20, metric="accuracy")
def endless(trial):
    child = os.fork()
    if not child:
        os.execvp("sleep", ["sleep", "300"])
    for pid in (os.getpid(), os.getppid(), child):
        open(os.path.join(folder, str(pid)), "w").close()
    time.sleep(300)

engine = LocalEngine(endless, workers=2, threads=1)
list(engine.run([endless.spec(seed=seed) for seed in range(2)]))
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_no_worker_outlives_a_killed_parent(tmp_path):
    script, marks = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(ORPHANS)
    marks.mkdir()
    parent = subprocess.Popen([sys.executable, script, marks])
    try:
        assert eventually(lambda: len(list(marks.iterdir())) >= 5)  # two workers, their server, ...
    finally:
        parent.kill()
        parent.wait()
    assert eventually(lambda: not any(alive(path.name) for path in marks.iterdir()))


def test_a_target_is_loaded_by_each_worker(tmp_path):
    from mldiag.adapters.targets import load_experiment

    (tmp_path / "scores.py").write_text(
        "def score(trial):\n    return trial.X_valid.mean() / 100\n"
    )
    (tmp_path / "experiment.py").write_text(
        "import numpy as np\nimport mldiag\nfrom scores import score\n"
        "print('imported')\n"
        "X = np.arange(80.0).reshape(40, 2)\n"
        "@mldiag.experiment(data=(X, X[:, 0] > 40), metric='accuracy')\n"
        "def one(trial):\n    return score(trial)\n"
        "@mldiag.experiment(rows=20, metric='accuracy')\n"
        "def other(trial):\n    return 0.0\n"
    )
    experiment = load_experiment(f"{tmp_path / 'experiment.py'}:one")
    assert not experiment.target.startswith("memory:")
    specs = [experiment.spec(repeat=repeat) for repeat in range(3)]
    results = []
    for name in ("inline", "local"):
        engine = open_engine(name, experiment)
        results.append(comparable(engine.run(specs)))
        engine.close()
    assert results[0] == results[1]
    assert {values["status"] for values in results[0].values()} == {"ok"}


def test_a_file_that_fails_in_the_worker_is_explained(tmp_path):
    from mldiag.adapters.targets import load_experiment

    file = tmp_path / "experiment.py"
    file.write_text(
        "import mldiag\n@mldiag.experiment(rows=20, metric='accuracy')\ndef one(trial): ...\n"
    )
    experiment = load_experiment(str(file))
    file.write_text("1 / 0\n")
    engine = open_engine("local", experiment)
    try:
        with pytest.raises(MldiagError, match="cannot load the experiment") as caught:
            list(engine.run([experiment.spec()]))
    finally:
        engine.close()
    assert "ZeroDivisionError" in caught.value.expected
