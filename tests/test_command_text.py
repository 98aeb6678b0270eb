import shlex
from pathlib import Path

import pytest

import mldiag
from mldiag.cli.app import command_line
from mldiag.command_text import command_of, next_command
from mldiag.diagnosis import CommonSettings
from mldiag.steps import step_named

SWEEP = step_named("sweep")


@pytest.fixture
def in_a_file(tmp_path, monkeypatch):
    """An experiment in a file whose name has a blank."""
    monkeypatch.chdir(tmp_path)

    @mldiag.experiment(rows=50, metric="accuracy", params={"lr": mldiag.Float(0, 1, default=0.5)})
    def mine(trial):
        return 0.5

    return mine.renamed(target=f"{tmp_path / 'my file.py'}:mine", home=tmp_path)


def settings(**changes):
    return SWEEP.settings_type()(**changes)


def test_a_command_is_quoted_as_a_shell_needs_it(in_a_file):
    command = command_of(SWEEP, in_a_file, settings(param=("lr=0:1",), values=3, all=True))
    words = ["mldiag", "sweep", "my file.py:mine", "--param", "lr=0:1", "-n", "3", "--all"]
    assert shlex.split(command) == words
    following = shlex.split(next_command(in_a_file, "learning-curve"))
    assert following == ["mldiag", "learning-curve", "my file.py:mine"]


def test_the_command_to_go_on_with_keeps_what_the_run_was_given(in_a_file):
    common = CommonSettings(
        jobs=2,
        budget="10m",
        time_limit=90.0,
        tracking_uri=False,
        store=Path("else where"),
        fresh=True,
    )
    command = command_of(SWEEP, in_a_file, settings(param="lr"), common)
    words = shlex.split(command)
    for flags in (
        ["--jobs", "2"], ["--budget", "10m"], ["--time-limit", "90s"], ["--store", "else where"],
    ):  # fmt: skip
        assert words[words.index(flags[0]) + 1] == flags[1]
    assert "--no-mlflow" in words
    assert "--fresh" not in words  # it would train again what there is
    with command_line().make_context("mldiag", words[1:2]) as context:
        sweep = context.command.commands["sweep"]
        assert sweep.make_context("sweep", words[2:]).params["jobs"] == "2"


def test_a_password_is_not_kept_in_commands(in_a_file):
    common = CommonSettings(tracking_uri="http://me:secret@host:5000")
    assert "secret" not in command_of(SWEEP, in_a_file, settings(param="lr"), common)


def test_what_lives_in_memory_is_asked_for_in_python(in_a_file):
    common = CommonSettings(jobs=2, tracking_uri=False, store=Path("place"))
    here = in_a_file.renamed(target="memory:mine")
    command = command_of(SWEEP, here, settings(param="lr"), common)
    assert command == (
        "mldiag.sweep(mine, param=('lr',), jobs=2, tracking_uri=False, store='place')"
    )
    assert next_command(here, "learning-curve") == ""
