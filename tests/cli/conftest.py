"""A command line that runs in this process, in a folder of its own."""

from types import SimpleNamespace

import pytest

from mldiag.cli.app import run


@pytest.fixture
def mldiag(capfd, tmp_path, monkeypatch):
    """Run a command in an empty folder: `.code`, `.out`, `.err` and `.text` (both)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("MLDIAG_DEBUG", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def command(*arguments):
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err, text=out + err)

    return command
