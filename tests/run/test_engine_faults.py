"""Real faults under worker processes: compiled code that cannot be interrupted, memory, killed helpers."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import mldiag
from mldiag.run.engines.local import LocalEngine
from mldiag.run.engines.process_lock import ProcessLock
from tests.processes import alive, eventually

needs_proc = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")


def declared(train):
    return mldiag.experiment(rows=20, metric="accuracy")(train)


def half(trial):
    return 0.5


def run(experiment, specs, **options):
    engine = LocalEngine(experiment, **{"workers": 2, "threads": 1} | options)
    try:
        return {result.spec: result for result in engine.run(specs)}
    finally:
        engine.close()


# Compiled code


def test_a_hang_in_compiled_code_that_ignores_sigterm_is_ended():
    def hang(trial):
        if trial.seed == 1:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            ctypes.PyDLL(None).sleep(100)  # holds the interpreter all the while
        return 0.5

    experiment = declared(hang)
    specs = [experiment.spec(seed=seed) for seed in range(3)]
    results = run(experiment, specs, time_limit=2)
    assert [results[spec].status for spec in specs] == ["ok", "timeout", "ok"]


COMPILED = """
import ctypes, os, sys
import mldiag
from mldiag.run.engines.local import LocalEngine

folder = sys.argv[1]

@mldiag.experiment(rows=20, metric="accuracy")
def endless(trial):
    for pid in (os.getpid(), os.getppid()):
        open(os.path.join(folder, str(pid)), "w").close()
    ctypes.PyDLL(None).sleep(100)

engine = LocalEngine(endless, workers=2, threads=1)
list(engine.run([endless.spec(seed=seed) for seed in range(2)]))
"""


@needs_proc
def test_workers_inside_compiled_code_end_with_a_killed_command_and_nothing_is_complained_of(
    tmp_path,
):
    script, marks = tmp_path / "script.py", tmp_path / "pids"
    script.write_text(COMPILED)
    marks.mkdir()
    command = subprocess.Popen([sys.executable, script, marks], stderr=subprocess.PIPE)
    try:
        assert eventually(lambda: len(list(marks.iterdir())) == 3)  # two workers and their server
    finally:
        command.kill()
        _, told = command.communicate()  # ends when nobody has the pipe open any more
    assert told == b""
    assert eventually(lambda: not any(alive(path.name) for path in marks.iterdir()))


# Memory


def test_memory_that_the_system_refuses_is_out_of_memory_and_the_worker_goes_on():
    def greedy(trial):
        import resource

        if trial.seed == 1:
            taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (taken + 2**28, resource.RLIM_INFINITY))
            np.ones(2**27)
        return 0.5

    experiment = declared(greedy)
    specs = [experiment.spec(seed=seed) for seed in (1, 0, 2)]
    results = run(experiment, specs, workers=1)
    assert [results[spec].status for spec in specs] == ["out_of_memory", "ok", "ok"]
    assert "Unable to allocate" in results[specs[0]].error


@pytest.fixture
def small_group():
    """A control group of 300 MB, where this system lets us make one."""
    groups = Path("/sys/fs/cgroup/memory")
    group = groups / f"mldiag-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(300 * 2**20))
    except OSError:
        pytest.skip("cannot make a memory control group (version 1) here")
    yield group
    for pid in (group / "cgroup.procs").read_text().split():
        with contextlib.suppress(OSError):
            (groups / "cgroup.procs").write_text(pid)
    assert eventually(lambda: not (group / "cgroup.procs").read_text())
    group.rmdir()


def test_the_kernels_out_of_memory_killer_is_told_from_other_deaths(small_group, tmp_path):
    def greedy(trial):
        if trial.seed == 1:
            (small_group / "cgroup.procs").write_text(str(os.getpid()))
            (tmp_path / "tried").open("a").write("x")
            np.ones(2**27)
        return 0.5

    experiment = declared(greedy)
    specs = [experiment.spec(seed=seed) for seed in (0, 1, 2)]
    results = run(experiment, specs)
    assert [results[spec].status for spec in specs] == ["ok", "out_of_memory", "ok"]
    assert (tmp_path / "tried").read_text() == "x"  # it would only happen again


# Helpers


@needs_proc
def test_a_killed_fork_server_is_replaced_by_one_that_is_like_it(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    def train(trial):
        if trial.seed == 3 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(100)
        return {"accuracy": 0.5, "threads": float(os.environ.get("OMP_NUM_THREADS", 0))}

    experiment = declared(train)
    specs = [experiment.spec(seed=seed) for seed in range(12)]
    results = run(experiment, specs, threads=3)
    assert len(results) == 12
    assert {(result.status, result.metrics["threads"]) for result in results.values()} == {
        ("ok", 3.0)
    }


HOLDER = """
import os, sys, time
from mldiag.run.engines.process_lock import ProcessLock
from mldiag.run.shared_file import SharedFile
lock = ProcessLock(SharedFile(int(sys.argv[1])))
lock.acquire()
print("held", flush=True)
time.sleep(100)
"""


def test_a_lock_is_free_when_its_holder_was_killed():
    lock = ProcessLock()
    number = lock._file.fileno()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(number)], stdout=subprocess.PIPE, pass_fds=[number]
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        assert not lock.acquire(block=False)
        assert not lock.acquire(timeout=0.01)
    finally:
        holder.kill()
        holder.communicate()
    assert lock.acquire(timeout=60.0)
    lock.close()


# What is on its way


def cut_off(mark):
    """Let this process be killed within its next message to the parent, once.

    What fits into `PIPE_BUF` the kernel writes at once or not at all.
    """
    import multiprocessing.connection as connection

    if mark.exists():
        return
    mark.touch()

    def cut(self, data, write=None):
        if len(data) > select.PIPE_BUF:
            os.write(self._handle, bytes(data)[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    connection.Connection._send = cut


def test_half_a_message_from_a_killed_worker_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr("mldiag.run.engines.lookout.IDLE_LOOKS", 5)
    runs = tmp_path / "runs"
    runs.touch()

    def train(trial):
        with runs.open("a") as file:
            file.write(f"{trial.seed}\n")
        if trial.seed == 3:
            cut_off(tmp_path / "cut")
        for step in range(1000):
            trial.report(step, loss=1.0)
        return 0.5

    experiment = declared(train)
    specs = [experiment.spec(seed=seed) for seed in range(8)]
    results = run(experiment, specs)
    assert {(spec.seed, result.status) for spec, result in results.items()} == {
        (seed, "ok") for seed in range(8)
    }
    assert sorted(map(int, runs.read_text().split())) == list(range(8))  # nothing is trained twice


def test_a_task_that_nobody_takes_is_missed(monkeypatch):
    """As when a worker is killed in the moment in which it reads a task from the pipe that all share."""
    monkeypatch.setattr("mldiag.run.engines.lookout.IDLE_LOOKS", 5)
    lost = []

    def dispatch(manager, task):
        if not lost:
            lost.append(task)
        else:
            sent(manager, task)

    from pebble.pool.process import WorkerManager

    sent = WorkerManager.dispatch
    monkeypatch.setattr(WorkerManager, "dispatch", dispatch)

    experiment = declared(half)
    specs = [experiment.spec(seed=seed) for seed in range(4)]
    results = run(experiment, specs)
    assert len(lost) == 1
    assert {result.status for result in results.values()} == {"ok"}
    assert len(results) == 4


def test_what_a_chunk_had_finished_is_not_trained_again_when_its_worker_dies(tmp_path):
    runs = tmp_path / "runs"
    runs.touch()

    def train(trial):
        with runs.open("a") as file:
            file.write(f"{trial.seed}\n")
        if trial.seed == 150 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 0.5

    experiment = declared(train)
    results = run(experiment, [experiment.spec(seed=seed) for seed in range(200)])
    assert {result.status for result in results.values()} == {"ok"}
    assert len(results) == 200
    seeds = list(map(int, runs.read_text().split()))
    assert sorted(seeds) == sorted([*range(200), 150])


def test_results_find_another_way_where_the_temporary_file_cannot_grow():
    def train(trial):
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, resource.RLIM_INFINITY))
        return 0.5

    experiment = declared(train)
    results = run(experiment, [experiment.spec(seed=seed) for seed in range(20)])
    assert {result.status for result in results.values()} == {"ok"}
    assert len(results) == 20
