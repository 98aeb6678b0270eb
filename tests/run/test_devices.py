"""GPUs of trials, simulated: nobody looks at one, they are names that are shared out."""

import os
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest

import mldiag
from mldiag.errors import MldiagError
from mldiag.run.engines import devices
from mldiag.run.engines.devices import DeviceClaims, device_groups, gpus_here, places_here
from mldiag.run.engines.inline import InlineEngine
from mldiag.run.engines.local import LocalEngine
from mldiag.run.executor import Executor, RunSettings
from mldiag.run.identity import identify
from mldiag.run.settings import SilentListener
from mldiag.run.store.trial_store import Store
from mldiag.run.worker import run_trial


def train(trial):
    begin = time.time()
    time.sleep(0.05)
    first = float(trial.device.removeprefix("cuda:")) if trial.devices else -1.0
    return {
        "accuracy": 0.5,
        "first": first,
        "count": len(trial.devices),
        "begin": begin,
        "end": time.time(),
    }


experiment = mldiag.experiment(rows=20, metric="accuracy")(train)


def one_at_a_time(results):
    """Whether no two trials had the same device at a time."""
    for device in {result.metrics["first"] for result in results}:
        some = [result.metrics for result in results if result.metrics["first"] == device]
        spans = sorted((metrics["begin"], metrics["end"]) for metrics in some)
        if any(second[0] < first[1] for first, second in pairwise(spans)):
            return False
    return True


@pytest.mark.parametrize(
    ("visible", "count"),
    [("", 0), ("0", 1), ("2,3", 2), ("0,-1,1", 1), ("GPU-1a, GPU-2b", 2), ("-1", 0)],
)
def test_what_is_visible_counts(monkeypatch, visible, count):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus_here() == count


def test_else_what_the_driver_lists(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        "#!/bin/sh\necho 'GPU 0: NVIDIA H100 (UUID: GPU-1)'\necho 'GPU 1: NVIDIA H100'\n"
    )
    tool.chmod(0o755)
    monkeypatch.setattr(devices.shutil, "which", lambda name: str(tool))
    assert gpus_here() == 2
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert gpus_here() == 0
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    assert gpus_here() == 0


def test_more_gpus_than_there_are(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert [places_here(1), places_here(2), places_here(3)] == [3, 1, 1]
    with pytest.raises(MldiagError, match="4 GPUs, and 3 can be seen") as caught:
        places_here(4)
    assert caught.value.hint == "--gpus 3"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(MldiagError, match="1 GPU, and none can be seen"):
        places_here(1)


def test_a_trial_without_gpus_is_on_the_processor():
    (result,) = InlineEngine(experiment, threads=1).run([experiment.spec()])
    assert (result.metrics["first"], result.metrics["count"]) == (-1.0, 0.0)
    assert (
        run_trial(experiment, experiment.spec(), threads=1, devices=("cuda:3",)).metrics["first"]
        == 3
    )


HOLDER = """
import sys, time
from mldiag.run.engines.devices import DeviceClaims, device_groups
from mldiag.run.shared_file import SharedFile
print(DeviceClaims(device_groups(1, 2), SharedFile(int(sys.argv[1]))).claim(), flush=True)
time.sleep(100)
"""


def test_a_device_is_claimed_by_one_process_and_free_when_it_dies(monkeypatch):
    monkeypatch.setattr(devices, "CLAIM_SECONDS", 0.1)
    claims = DeviceClaims(device_groups(1, 2))
    number = claims.file.fileno()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(number)], stdout=subprocess.PIPE, pass_fds=[number]
    )
    try:
        assert holder.stdout.readline() == b"('cuda:0',)\n"
        assert claims.claim() == ("cuda:1",)
        with pytest.raises(MldiagError, match="no GPU became free"):
            DeviceClaims(claims.groups[:1], claims.file).claim()
    finally:
        holder.kill()
        holder.communicate()
    assert claims.claim() == ("cuda:0",)
    claims.close()


def test_workers_have_different_gpus_and_take_over_those_of_the_dead(tmp_path):
    def fragile(trial):
        if trial.seed == 4 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        (tmp_path / trial.device).touch()
        given_up = time.monotonic() + 60
        # The first worker waits for the second, which a busy machine may start only after all is done.
        while len(list(tmp_path.glob("cuda:*"))) < 2 and time.monotonic() < given_up:
            time.sleep(0.01)
        return train(trial)

    fragile_one = mldiag.experiment(rows=20, metric="accuracy")(fragile)
    engine = LocalEngine(fragile_one, workers=2, threads=1, devices=device_groups(2, 2))
    try:
        results = list(engine.run([fragile_one.spec(seed=seed) for seed in range(12)]))
    finally:
        engine.close()
    assert {result.status for result in results} == {"ok"}
    assert {result.metrics["first"] for result in results} == {0.0, 2.0}
    assert {result.metrics["count"] for result in results} == {2.0}
    assert one_at_a_time(results)


@pytest.fixture
def run_with(tmp_path):
    def run(experiment, specs, **settings):
        with Store.open(tmp_path) as store:
            executor = Executor(
                experiment, store, identify(experiment), RunSettings(**settings), SilentListener()
            )
            try:
                return list(executor.run(specs))
            finally:
                executor.close()

    return run


@pytest.mark.parametrize("engine", ["auto", "local", "inline"])
def test_no_more_trials_at_a_time_than_gpus(run_with, monkeypatch, engine):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    specs = [experiment.spec(seed=seed) for seed in range(6)]
    results = run_with(experiment, specs, engine=engine, jobs=5, gpus=1)
    expected = {0.0} if engine == "inline" else {0.0, 1.0}
    assert {result.metrics["first"] for result in results} == expected
    assert one_at_a_time(results)


def test_a_fresh_process_has_the_devices_of_its_trial():
    from mldiag.trial_spec import Intervention

    spec = experiment.spec(interventions=(Intervention("run_again"),))
    result = run_trial(experiment, spec, threads=1, devices=("cuda:1", "cuda:2"))
    assert (result.metrics["first"], result.metrics["count"]) == (1.0, 2.0)


def test_a_cluster_is_not_started_again_for_a_later_round(monkeypatch):
    opened = []

    class Engine:
        name = "dask"

        def __init__(self, experiment, *, workers, **options):
            opened.append(workers)

        def close(self):
            opened.append("closed")

    from mldiag.run.cost import CostModel
    from mldiag.run.engines import choice

    monkeypatch.setattr("mldiag.run.engines.dask.engine.DaskEngine", Engine)
    settings = RunSettings(engine="dask", jobs=3)
    chosen = choice.EngineChoice(
        experiment, settings, CostModel(experiment), watch=None, notice=lambda text: None
    )
    first = chosen.engine_for([experiment.spec()])
    assert chosen.engine_for([experiment.spec(seed=seed) for seed in range(9)]) is first
    assert opened == [3]
