"""Files that are edited while a run goes on: no result of the new code is kept under the old one's name."""

import os
import subprocess
import sys
import time

import pytest

from mldiag.adapters.targets import load_experiment
from mldiag.adapters.user_file import module_name
from mldiag.errors import MldiagError
from mldiag.run.executor import Executor, RunSettings
from mldiag.run.identity import identify
from mldiag.run.store.trial_store import Store
from mldiag.run.watch import LiveFiles, Watch
from tests.run.heard import Heard

EXPERIMENT = """
import os, signal
from pathlib import Path
import mldiag
from {module} import SCORE

@mldiag.experiment(data="rows.csv", target="y", metric="accuracy")
def edited(trial):
    mark = Path(__file__).with_name("killed")
    if trial.seed == 0 and not mark.exists():
        mark.touch()
        edit = Path(__file__).with_name("edit.py")
        exec(edit.read_text())
        os.kill(os.getpid(), signal.SIGKILL)  # whoever replaces this worker loads the files again
    return {{"accuracy": SCORE + float(trial.X_train.sum().sum()) / 1e6, "train_accuracy": 1.0}}
"""


@pytest.fixture
def home(tmp_path):
    """A file, a module beside it whose name no other test has, and a table."""
    module = f"beside_{tmp_path.name.replace('-', '_')}"
    (tmp_path / "experiment.py").write_text(EXPERIMENT.format(module=module))
    (tmp_path / f"{module}.py").write_text("SCORE = 0.25\n")
    rows = "".join(f"{n},{n % 2}\n" for n in range(60))
    (tmp_path / "rows.csv").write_text("x,y\n" + rows)
    yield tmp_path
    for name in (module, module_name(tmp_path / "experiment.py")):
        sys.modules.pop(name, None)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def run(home, edit, heard, **settings):
    (home / "edit.py").write_text(edit.replace("HOME", repr(str(home))))
    experiment = load_experiment(str(home / "experiment.py"))
    with Store.open(home) as store:
        options = RunSettings(**{"engine": "local", "jobs": 1} | settings)
        executor = Executor(experiment, store, identify(experiment), options, heard)
        try:
            return list(executor.run([experiment.spec(seed=seed) for seed in range(3)]))
        finally:
            executor.close()


REWRITE = "p = Path(HOME) / {name!r}\np.write_text(p.read_text().replace({old!r}, {new!r}))\n"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("experiment.py", "SCORE + float", "0.9 + float"),
        ("experiment.py", "import mldiag", "import mldiag ("),  # cannot even be loaded
        ("beside", "0.25", "0.95"),
        ("rows.csv", "7,1", "70000,1"),
    ],
)
def test_a_new_worker_goes_on_with_what_the_run_began_with(home, name, old, new):
    if name == "beside":
        name = next(home.glob("beside_*.py")).name
    before = run_scores(home)
    heard = Heard()
    results = run(home, REWRITE.format(name=name, old=old, new=new), heard)
    assert [result.status for result in results] == ["ok"] * 3
    assert {result.spec.seed: result.metrics["accuracy"] for result in results} == before
    assert heard.notices == [
        f"{name} was edited during the run: it goes on with the code and data it began with"
    ]


def run_scores(home):
    """What the trials score where nothing is edited, in another store."""
    experiment = load_experiment(str(home / "experiment.py"))
    (home / "killed").touch()
    from mldiag.run.worker import run_trial

    scores = {
        seed: run_trial(experiment, experiment.spec(seed=seed), threads=1).metrics["accuracy"]
        for seed in range(3)
    }
    (home / "killed").unlink()
    return scores


def test_a_changed_comment_is_no_edit(home):
    heard = Heard()
    edit = REWRITE.format(
        name="experiment.py", old="import mldiag\n", new="import mldiag  # here\n"
    )
    results = run(home, edit, heard)
    assert ([result.status for result in results], heard.notices) == (["ok"] * 3, [])


def test_what_cannot_be_sent_as_it_was_ends_the_run_and_what_was_finished_stays(home):
    file = home / "experiment.py"
    file.write_text(
        file.read_text().replace("import os,", "import threading, os,")
        .replace("@mldiag", "LOCK = threading.Lock()\n@mldiag")
        .replace("    return {", "    with LOCK: pass\n    return {")
    )  # fmt: skip
    edit = REWRITE.format(name="experiment.py", old="SCORE + float", new="0.9 + float")
    with pytest.raises(MldiagError, match="edited during the run") as caught:
        run(home, edit, Heard())
    assert "finished trials are kept" in caught.value.expected


SCRIPT = """
import sys, time, pathlib
here = pathlib.Path(__file__).parent
(here / f"begun-{sys.argv[1]}").touch()
while sys.argv[1] != "0" and not (here / "go").exists():
    time.sleep(0.01)
print("score:", 0.5)
"""

CONFIG = """
[tool.mldiag.command]
run = "python train.py {seed} {lr}"
metric = { name = "score", regex = 'score: (\\S+)', maximize = true }
[tool.mldiag.params]
lr = { low = 0.1, high = 1.0, default = 0.5 }
"""


def test_a_script_edited_during_the_run_ends_it(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    process = subprocess.Popen(
        [sys.executable, "-m", "mldiag", "sweep", "--param", "lr=0.5", "--repeats", "2", "--no-mlflow",
         "--engine", "local", "--jobs", "1"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun-1").exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    (tmp_path / "train.py").write_text("print('score:', 0.9)\n")
    (tmp_path / "go").touch()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "train.py was edited during the run" in err
    with Store.open(tmp_path) as store:
        assert store.summary()[0].trials == {"ok": 1}


def test_a_script_that_was_written_again_as_it_was_is_not_edited(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    experiment = load_experiment(str(tmp_path / "pyproject.toml"))
    files = LiveFiles(Watch.of(experiment, identify(experiment)), experiment)
    os.utime(tmp_path / "train.py", (1, 1))
    files.check()
    (tmp_path / "train.py").write_text("print('score:', 0.9)\n")
    with pytest.raises(MldiagError, match=r"train\.py was edited"):
        files.check()


def test_a_file_that_was_not_touched_is_not_looked_into(home, monkeypatch):
    experiment = load_experiment(str(home / "experiment.py"))
    watch = Watch.of(experiment, identify(experiment))
    monkeypatch.setattr("mldiag.run.watch.identify", pytest.fail)
    assert watch.edited() == []
    assert watch.holds(experiment)
    names = {os.path.basename(path) for path in watch.versions}  # noqa: PTH119
    assert {"experiment.py", "rows.csv", next(home.glob("beside_*.py")).name} <= names
