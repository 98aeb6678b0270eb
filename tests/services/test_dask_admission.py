"""Which Dask workers train, what they are sent, and what is said before the first trial where they cannot."""

import os
import pathlib
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

import mldiag
from mldiag.adapters.targets import load_experiment
from mldiag.errors import MldiagError
from mldiag.run.engines.dask.cluster import Cluster
from mldiag.run.engines.dask.engine import DaskEngine
from mldiag.run.identity import identify
from mldiag.run.watch import Watch
from tests.run.engine_cases import cases, slow


def declared(train, **options):
    return mldiag.experiment(**{"rows": 20, "metric": "accuracy"} | options)(train)


def open_on(cluster, experiment, **options):
    return DaskEngine(
        experiment, **{"workers": None, "threads": 1, "address": cluster.address} | options
    )


def run(cluster, experiment, specs, **options):
    engine = open_on(cluster, experiment, **options)
    try:
        return list(engine.run(specs))
    finally:
        engine.close()


@pytest.fixture
def watched(tmp_path):
    """An experiment from a file, and what the file is like."""
    (tmp_path / "rows.csv").write_text("a,y\n" + "\n".join(f"{i},{i % 2}" for i in range(60)))
    file = tmp_path / "experiment.py"
    file.write_text(
        "import os, pathlib, mldiag\n"
        "here = pathlib.Path(__file__).parent\n"
        "(here / f'loaded-{os.getpid()}').touch()\n"
        "@mldiag.experiment(data='rows.csv', target='y', metric='accuracy')\n"
        "def one(trial):\n    return len(trial.X_train) / 100\n"
    )
    experiment = load_experiment(str(file))
    return experiment, Watch.of(experiment, identify(experiment))


# Versions


def with_versions(monkeypatch, change):
    """Let Dask tell something else of the workers' packages, by address."""
    from distributed import Client

    told = Client.get_versions

    def get_versions(client, *arguments, **options):
        versions = told(client, *arguments, **options)
        for address, of_worker in versions["workers"].items():
            change(address, of_worker["packages"])
        return versions

    monkeypatch.setattr(Client, "get_versions", get_versions)


@pytest.mark.parametrize(
    ("package", "version", "shown"),
    [
        ("numpy", "1.0.1", f"numpy {np.__version__} here, 1.0.1 on tcp://"),
        ("python", "3.9.2.final.0", f"python 3.{sys.version_info[1]} here, 3.9 on tcp://"),
        ("scipy", None, "here, not installed on tcp://"),
        ("mldiag", "0.0.9", f"mldiag {mldiag.__version__} here, 0.0.9 on tcp://"),
    ],
)
def test_workers_of_another_version_are_refused(
    shared_cluster, monkeypatch, package, version, shown
):
    with_versions(monkeypatch, lambda address, packages: packages.update({package: version}))
    taken = []

    def supply():
        taken.append(1)
        yield slow.spec()

    with pytest.raises(MldiagError, match="another Python or other packages") as caught:
        run(shared_cluster, slow, supply())
    assert shown in caught.value.expected
    assert package in caught.value.expected
    assert caught.value.hint
    assert not taken


def test_a_worker_without_this_mldiag_is_told_of(own_cluster, tmp_path):
    (tmp_path / "mldiag").mkdir()
    (tmp_path / "mldiag" / "__init__.py").touch()
    own_cluster.add_workers("--no-nanny", path=tmp_path)
    with pytest.raises(MldiagError, match="other packages than this process") as caught:
        run(own_cluster, slow, [slow.spec()])
    assert f"mldiag {mldiag.__version__} here, none (No module named" in caught.value.expected
    assert len(own_cluster.workers()) == 1  # it would end over a task that it cannot import
    assert caught.value.hint.endswith(f"pip install mldiag=={mldiag.__version__}")


def test_packages_of_the_experiment_count(shared_cluster, watched, monkeypatch):
    experiment, watch = watched
    with_versions(monkeypatch, lambda address, packages: packages.update(joblib="0.1"))
    watch.packages["joblib"] = "1.0"
    with pytest.raises(MldiagError, match="other packages") as caught:
        run(shared_cluster, experiment, [experiment.spec()], watch=watch)
    assert "joblib" in caught.value.expected


def test_later_workers_help_unless_they_have_another_version(own_cluster, monkeypatch):
    own_cluster.add_workers("--no-nanny", "--nthreads", "1")
    (first,) = own_cluster.workers()
    bad = []

    def change(address, packages):
        if address != first and (not bad or address in bad):
            bad[:] = [address]
            packages["numpy"] = "1.0"

    def train(trial):
        time.sleep(0.05)
        stat = pathlib.Path(f"/proc/{os.getppid()}/stat").read_text()
        return {"accuracy": 0.5, "worker": float(stat.rpartition(")")[2].split()[1])}

    with_versions(monkeypatch, change)
    notices, workers = [], set()
    experiment = declared(train)
    engine = open_on(own_cluster, experiment, notice=notices.append)
    try:
        results = engine.run(experiment.spec(seed=seed) for seed in range(10_000))
        next(results)
        own_cluster.start_workers("--no-nanny", count=2)
        while len(workers) < 2 or not any("left out" in notice for notice in notices):
            workers.add(next(results).metrics["worker"])
        seen = [next(results).metrics["worker"] for _ in range(10)]
    finally:
        engine.close()
    assert set(seen) == workers  # two of three
    assert any("numpy" in notice and f"1.0 on {bad[0]}" in notice for notice in notices)


# Code and data


def test_a_package_that_a_worker_lacks_is_told_before_the_first_trial(own_cluster, tmp_path):
    """One of two workers has it: the other one is heard of before that one trains."""
    packages = tmp_path / "some-packages"
    packages.mkdir()
    (packages / "only_here.py").write_text("SCORE = 0.5\n")
    sys.path.insert(0, str(packages))
    try:
        import only_here

        def train(trial):
            (tmp_path / "trained").touch()
            return only_here.SCORE

        own_cluster.add_workers("--no-nanny", path=packages)
        own_cluster.add_workers("--no-nanny")
        experiment = declared(train)
        with pytest.raises(MldiagError, match="No module named 'only_here'") as caught:
            run(own_cluster, experiment, [experiment.spec(seed=seed) for seed in range(4)])
    finally:
        sys.path.remove(str(packages))
        sys.modules.pop("only_here", None)
    assert "cannot load the experiment" in caught.value.what
    assert not (tmp_path / "trained").exists()


def test_files_that_a_worker_lacks_are_sent_and_that_is_said(shared_cluster, watched, tmp_path):
    experiment, watch = watched
    assert experiment.dataset is not None  # read while it is there
    for file in tmp_path.iterdir():
        file.unlink()
    notices = []
    (result,) = run(
        shared_cluster,
        experiment,
        [experiment.spec()],
        watch=watch,
        workers=1,
        notice=notices.append,
    )
    assert (result.error, result.status) == ("", "ok")
    assert [notice for notice in notices if "its code and data are sent" in notice]


def test_what_a_worker_lacks_and_cannot_be_sent_is_told(shared_cluster, tmp_path):
    file = tmp_path / "experiment.py"
    file.write_text(
        "import threading, mldiag\nLOCK = threading.Lock()\n"
        "@mldiag.experiment(rows=20, metric='accuracy')\n"
        "def one(trial):\n    with LOCK: return 0.5\n"
    )
    experiment = load_experiment(str(file))
    watch = Watch.of(experiment, identify(experiment))
    file.unlink()
    with pytest.raises(
        MldiagError, match=r"does not have .*experiment\.py.* as it is here"
    ) as caught:
        run(shared_cluster, experiment, [experiment.spec()], watch=watch)
    assert "cannot be sent" in caught.value.expected


def test_a_script_that_a_worker_lacks_is_told_before_the_first_trial(shared_cluster, tmp_path):
    (tmp_path / "train.py").write_text("print('score:', 0.5)\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.mldiag.command]\nrun = "python train.py {seed} {lr}"\n'
        "metric = { name = \"score\", regex = 'score: (\\S+)', maximize = true }\n"
        "[tool.mldiag.params]\nlr = { low = 0.1, high = 1.0, default = 0.5 }\n"
    )
    experiment = load_experiment(str(tmp_path / "pyproject.toml"))
    watch = Watch.of(experiment, identify(experiment))
    (tmp_path / "train.py").unlink()
    with pytest.raises(MldiagError, match=r"does not have train\.py as it is here") as caught:
        run(shared_cluster, experiment, [experiment.spec()], watch=watch)
    assert "a folder that the workers share" in caught.value.expected


def test_each_worker_loads_a_target_once(shared_cluster, watched, tmp_path):
    experiment, watch = watched
    here = len(list(tmp_path.glob("loaded-*")))
    specs = [experiment.spec(seed=seed) for seed in range(60)]
    results = run(shared_cluster, experiment, specs, watch=watch)
    assert {result.status for result in results} == {"ok"}
    assert len(list(tmp_path.glob("loaded-*"))) == here + 2


def test_each_worker_is_sent_the_data_once(shared_cluster, monkeypatch):
    sent = []

    def send(cluster, data, worker):
        sent.append((worker, len(data)))
        return plain(cluster, data, worker)

    plain = Cluster.send
    monkeypatch.setattr(Cluster, "send", send)
    big = np.zeros((60, 10_000))
    experiment = declared(
        lambda trial: float(trial.X_train.shape[1] == 10_000),
        rows=None, data=(big, np.arange(60) % 2), name="big",
    )  # fmt: skip
    results = run(shared_cluster, experiment, [experiment.spec(seed=seed) for seed in range(60)])
    assert {result.metrics["accuracy"] for result in results} == {1.0}
    assert len({worker for worker, _ in sent}) == len(sent) == 2
    assert all(big.nbytes < size < 1.2 * big.nbytes for _, size in sent)


# Numbers of trials, and GPUs


def test_no_more_trials_at_a_time_than_asked_for(shared_cluster, tmp_path):
    experiment = declared(_interval)
    results = run(
        shared_cluster, experiment, [experiment.spec(seed=s) for s in range(6)], workers=1
    )
    assert not _overlaps(results)


def _interval(trial):
    begin = time.time()
    time.sleep(0.1)
    number = float(trial.device.removeprefix("cuda:")) if trial.devices else -1.0
    return {"accuracy": 0.5, "begin": begin, "end": time.time(), "device": number}


def _overlaps(results):
    spans = sorted((r.metrics["begin"], r.metrics["end"]) for r in results)
    return any(begin < end for (_, end), (begin, _) in pairwise(spans))


def test_a_gpu_is_for_one_trial_at_a_time(own_cluster):
    own_cluster.add_workers("--no-nanny", "--nthreads", "3", "--resources", "GPU=2")
    experiment = declared(_interval)
    results = run(own_cluster, experiment, [experiment.spec(seed=s) for s in range(8)], gpus=1)
    by_device = {}
    for result in results:
        by_device.setdefault(result.metrics["device"], []).append(result)
    assert set(by_device) == {0.0, 1.0}
    assert not any(_overlaps(some) for some in by_device.values())


def test_workers_without_gpus_are_told_of_at_once(shared_cluster, monkeypatch):
    monkeypatch.setattr(
        "mldiag.run.engines.dask.crew.WORKER_SECONDS", 1e9
    )  # others are not waited for
    with pytest.raises(MldiagError, match="offers 2 GPUs") as caught:
        run(shared_cluster, slow, [slow.spec()], gpus=2)
    assert '--resources "GPU=2"' in caught.value.hint


# Nobody


def test_a_scheduler_that_is_not_there(monkeypatch):
    monkeypatch.setattr("mldiag.run.engines.dask.cluster.CONNECT_SECONDS", 0.5)
    engine = DaskEngine(slow, workers=None, threads=1, address="tcp://127.0.0.1:1")
    with pytest.raises(
        MldiagError, match=r"no Dask scheduler can be joined at tcp://127\.0\.0\.1:1"
    ):
        list(engine.run([slow.spec()]))
    engine.close()


def test_an_encrypted_scheduler_needs_certificates():
    engine = DaskEngine(slow, workers=None, threads=1, address="tls://127.0.0.1:1")
    with pytest.raises(MldiagError, match="without certificates") as caught:
        list(engine.run([slow.spec()]))
    assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem" in caught.value.hint
    engine.close()


def test_a_scheduler_without_workers(own_cluster, monkeypatch):
    monkeypatch.setattr("mldiag.run.engines.dask.crew.WORKER_SECONDS", 0.5)
    with pytest.raises(MldiagError, match="there is no Dask worker") as caught:
        run(own_cluster, slow, [slow.spec()])
    assert caught.value.hint == f"dask worker {own_cluster.address}"


def test_the_environment_is_in_no_message_and_no_task(shared_cluster, monkeypatch, capfd):
    monkeypatch.setenv("MLDIAG_TEST_TOKEN", "hunter2-token")
    notices = []
    results = run(
        shared_cluster, cases, [cases.spec({"behaviour": "raise"})], notice=notices.append
    )
    assert "hunter2" not in "".join([*notices, *(result.error for result in results)])
    told = shared_cluster.asked(lambda: os.environ.get("MLDIAG_TEST_TOKEN"))
    assert set(told.values()) == {None}
    assert "hunter2" not in "".join(capfd.readouterr())
    assert threading.active_count() < 50
