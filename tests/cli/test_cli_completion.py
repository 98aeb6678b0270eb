import os
import subprocess
import sys

import pytest

from mldiag.cli.completion import declared_params, declared_targets

SOURCE = """
import mldiag
raise SystemExit("completion must not run this")

@mldiag.experiment(metric="accuracy", params={"lr": 1, "width": 2})
def digits(trial):
    ...

other = mldiag.Experiment.from_estimator(None, X, y, params={"C": 3, **more})
nothing = print("x")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiment.py").write_text(SOURCE)
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "unrelated.py").write_text("x = 1")
    return tmp_path


def complete(words):
    """Ask as bash does: the line so far, and which word is being completed."""
    line = words.split(" ")
    environment = os.environ | {
        "_MLDIAG_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(line) - 1),
    }  # fmt: skip
    asked = subprocess.run(
        [sys.executable, "-m", "mldiag"], env=environment, capture_output=True, text=True
    )
    return asked.stdout.split()


def test_declarations_are_read_without_running_the_file(folder):
    assert declared_targets(folder / "experiment.py") == ["digits", "other"]
    assert declared_params(folder / "experiment.py") == ["lr", "width", "C"]
    assert declared_targets(folder / "broken.py") == []
    assert declared_targets(folder / "missing.py") == []


def test_params_of_a_configuration_are_read(folder):
    config = folder / "pyproject.toml"
    config.write_text("[tool.mldiag.params]\nalpha = { low = 0 }\n")
    assert declared_params(config) == ["alpha"]
    config.write_text("[tool.mldiag")
    assert declared_params(config) == []


def test_the_shell_completes_commands_targets_params_and_words(folder):
    assert complete("mldiag swe") == ["sweep"]
    assert complete("mldiag sweep ") == ["experiment.py"]
    assert complete("mldiag sweep experiment.py:") == [
        "experiment.py:digits",
        "experiment.py:other",
    ]
    assert complete("mldiag sweep --param w") == ["width"]
    assert complete("mldiag sweep --fail-on pro") == ["problem"]
    assert complete("mldiag sweep --eng") == ["--engine"]
