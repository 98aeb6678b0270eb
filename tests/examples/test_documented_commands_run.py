"""Every command and every Python block of the README and the docs does what the page shows it for.

Commands run as they are written, in the order of the page, in the folder of a reader
(documented_project.py). Pages share that folder: what is trained for one is not trained again for the
next. Of equal commands about the same experiment the first one runs, and one that is only mentioned
where no page has it in a block.
"""

import ast
import json
import os
import re
import runpy
import sys
import tomllib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from sklearn.datasets import load_wine

from tests.examples.documented_code import (
    AFTER,
    BEFORE,
    EXPERIMENTS,
    FILLED,
    experiment_of,
    python_block,
)
from tests.examples.documented_pages import PAGES, PYTHONS, ROOT, SHELLS, Command, blocks, commands
from tests.examples.documented_project import FILES, SCRIPT, prepare, table
from tests.examples.documented_session import LEAVES, REFUSED, Session

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch: pip install torch"),
]

# What no test can run as it is written, and why. Other tests below are about `pip`, `pytest`, benchmarks.
CLUSTER = "joins a cluster of the reader's: tests/services run commands on one"
SERVER = "writes to a server of the reader's: tests/services run one"
NOT_RUN = {
    "python3 -m venv .venv": "installs: .ci/run does it, in the words of the README",
    ". .venv/bin/activate": "installs: .ci/run does it, in the words of the README",
    "mldiag ui": "serves until it is stopped: tests/services/test_ui_in_browser.py",
    "mldiag sweep --search auto --study postgresql://me@host/base": SERVER,
    "mldiag sweep --search tpe --study postgresql://me@db/search": SERVER,
    "mldiag checkup --tracking-uri http://tracking:5000": SERVER,
    "mldiag sync --tracking-uri http://tracking:5000": SERVER,
    "mldiag sweep --param lr=...": "dots for a range",
    "mldiag explain CODE": "a word for any code",
    "mldiag prepare audio IN OUT": "words for two folders",
    "mldiag checkup --engine tcp://head:8786 --budget 30m": CLUSTER,
    "mldiag checkup --engine tcp://127.0.0.1:8786 --budget 30m": CLUSTER,
    "mldiag checkup --engine tcp://$(hostname):8786 --budget 1h": CLUSTER,
    "mldiag checkup --engine tls://head:8786": CLUSTER,
    "mldiag sweep --param lr --gpus 1 --engine tcp://head:8786": CLUSTER,
    "export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=ca.pem": CLUSTER,
    "export DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT=cert.pem "
    "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY=key.pem": CLUSTER,
    "python on_slurm.py": CLUSTER,
}
NO_BLOCK = {("scale", 0): CLUSTER}

# Answers that a page takes for given, such as one that `mldiag report` can show.
ANSWERS = {
    "faults": ["mldiag audit"],
    "report": [
        "mldiag sweep --param lr",
        "mldiag checkup",
        "mldiag audit other/experiment.py --no-mlflow",
    ],
}

# What a page shows as the answer to its Python block.
SHOWN = {("training-checks", 0): blocks("training-checks", "text")[0].splitlines()}

PYTHON = [(page, number) for page in PAGES for number in range(len(blocks(page, *PYTHONS)))]
TABLES = [("README", 0, "learning_rate"), ("README", 1, "lr"), ("commands", 0, "lr")]
"""Each table of settings, and its parameter."""
EXTRAS = re.compile(r"(?:mldiag|\.)\[(\w+)\]")


def runs(command):
    return command.text not in NOT_RUN and command.words[0] not in ("pip", "pytest", "python")


def documented(program):
    """The commands of all pages that begin with this program."""
    found = {command.text: command for page in PAGES for command in commands(page)}
    return [c for c in found.values() if c.words[0] == program and c.text not in NOT_RUN]


def own_commands(page):
    """The commands that run for this page, and not for another one."""
    said = [command for other in PAGES for command in commands(other)]
    own = []
    for command in filter(runs, commands(page)):
        equal = [c for c in said if (c.text, c.bare) == (command.text, command.bare)]
        lines = [c for c in equal if not c.mentioned] or equal[:1]
        if command in lines:
            first = next(c for c in lines if experiment_of(c.page) == experiment_of(page))
            own += [command] * (command == first)
    return own


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("documented")


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A folder with the program `mldiag`; always the same, because another PATH means new workers."""
    folder = tmp_path_factory.mktemp("programs")
    (folder / "mldiag").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mldiag "$@"\n')
    (folder / "mldiag").chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def reader(monkeypatch, programs):
    """No setting of this machine, the programs on the path, and a browser that opens any page."""
    for name in ("MLDIAG_DEBUG", "MLDIAG_LANG", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PATH", f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setattr("webbrowser.open", _opened)


def _opened(address):
    return "<html" in Path(urlsplit(address).path).read_text(encoding="utf-8")


# Pages on one experiment follow each other, because workers are kept as long as that is the same.
@pytest.mark.parametrize("page", sorted(filter(own_commands, PAGES), key=experiment_of))
def test_every_command_of_a_page_runs(page, shared, capfd, monkeypatch, tmp_path):
    prepare(page, shared)
    for command in (*(Command(page, text) for text in ANSWERS.get(page, ())), *own_commands(page)):
        bare = command.bare or command.text == "mldiag init"  # where there is no experiment yet
        Session(capfd, monkeypatch, tmp_path if bare else shared).carry_out(command)
        if command.script:
            assert "checkup of digits" in Path("checkup.html").read_text(encoding="utf-8")
            assert len(ElementTree.parse("checkup.xml").getroot()) > 1  # a suite for each step


def test_what_is_exported_holds_for_the_commands_after_it(capfd, monkeypatch, tmp_path):
    (exported,) = documented("export")
    session = Session(capfd, monkeypatch, tmp_path)
    asked = Command("japanese", "mldiag explain MD301")
    english = session.carry_out(asked)
    japanese = session.carry_out(replace(asked, text=f"{asked.text} --lang ja"))
    assert session.carry_out(asked) == english
    session.carry_out(exported)
    assert session.carry_out(asked) == japanese != english


# What Lightning and torch say of each other's newer versions and of small loaders.
@pytest.mark.filterwarnings("ignore:::lightning", "ignore:::torch", "ignore:::typing_extensions")
@pytest.mark.parametrize(("page", "number"), [block for block in PYTHON if block not in NO_BLOCK])
def test_a_python_block_runs(page, number, capfd, monkeypatch, tmp_path):
    prepare(page, tmp_path)
    session = Session(capfd, monkeypatch, tmp_path)
    file = tmp_path / "block.py"
    file.write_text(python_block(page, number), encoding="utf-8")
    made = runpy.run_path(str(file), run_name="__main__")
    said = capfd.readouterr().out
    assert said or "print(" not in file.read_text(encoding="utf-8")
    for line in SHOWN.get((page, number), ()):
        assert line in said
    if (page, number) == ("probe", 1):  # "`mldiag probe` trains it once"
        session.carry_out(Command(page, "mldiag probe block.py --no-mlflow --engine inline"))
    if (page, number) == ("archives", 0):
        unpacked = {path.name for path in (tmp_path / "unpacked").iterdir()}
        assert unpacked == {member.name for member in made["members"]("data.tar.gz")}


@pytest.mark.parametrize(("page", "number", "param"), TABLES)
def test_a_table_of_settings_needs_no_python(page, number, param, capfd, monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").write_text(blocks(page, "toml")[number])
    (tmp_path / "train.py").write_text(SCRIPT)
    table(tmp_path, "train.csv", label=load_wine().target)
    flags = f"--param {param} -n 3 --repeats 3 --no-mlflow --engine inline --json"
    said = Session(capfd, monkeypatch, tmp_path).carry_out(Command(page, f"mldiag sweep {flags}"))
    trials = json.loads(said)["trials"]
    assert trials["run"] >= 3
    assert trials["failed"] == 0


def test_a_documented_installation_names_what_can_be_installed():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = documented("pip")
    named = {name for command in told for name in EXTRAS.findall(command.text)}
    assert {"archives", "audio", "images", "lightning", "postgres"} <= named
    assert named <= declared["optional-dependencies"].keys()
    for command in told:
        for word in [word for word in command.words if not word.startswith("-")][2:]:
            ours = (ROOT / word).exists() or EXTRAS.fullmatch(word)
            assert ours or word in ("torch==2.13.0", "dask-jobqueue")


def test_a_documented_test_command_names_folders_of_tests():
    told = [word for command in documented("pytest") for word in command.words if "/" in word]
    assert len(told) >= 2
    assert all((ROOT / folder).is_dir() for folder in told)


def test_a_documented_benchmark_is_a_program_of_the_repository():
    told = {command.words[1] for command in documented("python")}
    assert len(told) > 15
    for name in told:
        program = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        assert any(isinstance(part, ast.If) for part in program.body), f"{name} has no main"


def test_what_is_named_here_is_documented_still():
    told = {command.text for page in PAGES for command in commands(page)}
    for named in (NOT_RUN, REFUSED, LEAVES):
        assert named.keys() <= told
    assert {*FILES, *ANSWERS, *EXPERIMENTS} <= PAGES.keys()
    assert {*BEFORE, *AFTER, *FILLED, *SHOWN, *NO_BLOCK} <= {*PYTHON}
    written = [(page, number) for page in PAGES for number, _ in enumerate(blocks(page, "toml"))]
    assert sorted(written) == sorted((page, number) for page, number, _ in TABLES)


def test_no_command_stands_in_a_block_of_another_language():
    for page in PAGES:
        shown = {text for shell in SHELLS for text in blocks(page, shell)}
        fenced = set(
            re.findall(r"^```\w*\n(.*?)^```$", PAGES[page].read_text(), re.DOTALL | re.MULTILINE)
        )
        for text in fenced - shown:
            assert not re.search("^(?:[$] )?mldiag ", text, re.MULTILINE), page


def test_the_pages_have_commands_and_blocks():
    assert sum(len(own_commands(page)) for page in PAGES) > 80
    assert len(PYTHON) > 10
