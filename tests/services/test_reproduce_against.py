"""`reproduce --against` through MLflow alone, and what an MLflow run tells of where it ran."""

import json
import subprocess

import numpy as np
import pytest

from mldiag.adapters.targets import find_experiment
from mldiag.diagnosis import CommonSettings, diagnose_experiment
from mldiag.errors import MldiagError
from mldiag.run.code import packages
from mldiag.run.settings import SilentListener
from mldiag.steps import step_named
from mldiag.steps.reproduce.settings import Settings
from mldiag.tracking import earlier, tracker

PROGRAM = """
import numpy as np
import mldiag
import some_library

@mldiag.experiment(data="table.csv", target="y", metric="accuracy",
                   params={{"shrink": mldiag.Float(0.0, 1.0, default={shrink})}})
def nearest(trial):
    X, y = np.asarray(trial.X_train), np.asarray(trial.y_train)
    means = np.array([X[y == c].mean(axis=0) for c in (0, 1)]) * trial.params["shrink"]
    gaps = ((np.asarray(trial.X_valid)[:, None] - means[None]) ** 2).sum(axis=2)
    predicted = some_library.same(gaps).argmin(axis=1)
    predicted {twist}
    trial.predictions(predicted)
    return float((predicted == np.asarray(trial.y_valid)).mean())
"""


def write_program(folder, *, shrink=0.9, twist="= predicted + 0"):
    text = PROGRAM.format(shrink=shrink, twist=twist)
    (folder / "experiment.py").write_text(text, encoding="utf-8")


def write_data(folder, seed=0):
    random = np.random.default_rng(seed)
    y = np.arange(120) % 2
    X = random.normal(0, 1, (120, 3)) + y[:, None]
    rows = [f"{a:.4f},{b:.4f},{c:.4f},{label}" for (a, b, c), label in zip(X, y, strict=True)]
    (folder / "table.csv").write_text("\n".join(["a,b,c,y", *rows]), encoding="utf-8")


def install_library(site, version):
    """A distribution that the program imports."""
    site.mkdir(exist_ok=True)
    (site / "some_library.py").write_text("def same(values):\n    return values\n")
    for old in site.glob("*.dist-info"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    kept = site / f"some_library-{version}.dist-info"
    kept.mkdir()
    (kept / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: some_library\nVersion: {version}\n"
    )
    (kept / "RECORD").write_text("some_library.py,,\n")
    (kept / "top_level.txt").write_text("some_library\n")
    packages._versions.cache_clear()


@pytest.fixture
def project(tmp_path, monkeypatch, destination):
    """A project whose command can be asked again, each time with a store that knows nothing."""
    site = tmp_path / "site-packages"
    install_library(site, "1.0")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setattr(tracker, "PATIENCE_SECONDS", 300.0)  # a busy machine is no fault of the run
    write_program(tmp_path)
    write_data(tmp_path)
    stores = iter(range(100))

    class Notices(SilentListener):
        def notice(self, text):
            ask.notices.append(text)

    def ask(**settings):
        found = find_experiment(str(tmp_path / "experiment.py"))
        common = CommonSettings(
            engine="inline", tracking_uri=destination.uri, store=tmp_path / f"store{next(stores)}"
        )
        asked = Settings(repeats=3, **settings)
        step = step_named("reproduce")
        return diagnose_experiment(step, found.experiment, asked, common, Notices())

    ask.folder, ask.site, ask.notices = tmp_path, site, []
    return ask


def test_what_differs_from_a_run_that_mlflow_alone_holds(project):
    first = project().mlflow["run_id"]

    same = project(against=first)
    assert same.result["verdict"] == "reproduced"
    assert same.result["difference"] == 0
    assert same.result["differs"] == []
    assert any("nothing that mldiag can see" in notice for notice in same.notices)

    write_program(project.folder, twist="= 1 - predicted")
    edited = project(against=first).result
    assert edited["verdict"] == "not_reproduced"
    assert edited["side"] == "worse"
    assert edited["differs"] == ["the code (only its digest is known there)"]

    write_program(project.folder)
    write_data(project.folder, seed=1)
    assert project(against=first).result["differs"] == [
        "the data (only their fingerprint is known there)"
    ]

    write_data(project.folder)
    write_program(project.folder, shrink=0.1)
    moved = project(against=first).result
    assert moved["differs"] == ["parameter shrink: 0.9 -> 0.1"]
    assert moved["verdict"] is not None

    write_program(project.folder)
    install_library(project.site, "2.0")
    newer = project(against=first).result
    assert newer["difference"] == 0
    assert any(
        "some_library 1.0" in line and "some_library 2.0" in line for line in newer["differs"]
    )

    with pytest.raises(MldiagError, match="there is no run"):
        project(against="0" * 32)


def test_the_mlflow_run_tells_code_data_versions_and_machine(project, client_of, destination):
    def git(*command):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        done = subprocess.run(
            ["git", "-C", project.folder, *identity, *command], check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    git("init", "--quiet")
    git("add", "experiment.py")
    git("commit", "--quiet", "-m", "first")
    write_program(project.folder, twist="= predicted * 1")  # not committed

    report = project()
    assert report.mlflow is not None, project.notices
    run = client_of(destination.uri).get_run(report.mlflow["run_id"])
    told = json.loads(run.data.tags["mldiag.environment"])
    assert told["git"] == git("rev-parse", "HEAD") == run.data.tags["mlflow.source.git.commit"]
    assert told["git_changes"] == "1 file"
    assert "some_library 1.0" in told["packages"]
    assert "numpy" in told["packages"]
    assert int(told["blas_threads"]) >= 1
    assert told["blas"]
    assert told["processor"]
    assert told["python"]
    assert json.loads(run.data.tags["mldiag.defaults"]) == {"shrink": 0.9}
    read = earlier.read_run(destination, report.mlflow["run_id"], metric="accuracy")
    assert read.environment == told
    assert read.code_digest == run.data.tags["mldiag.code_digest"]
    assert len(read.data_digest) > 10
    assert read.defaults == {"shrink": 0.9}
