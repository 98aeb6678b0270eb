"""Every notebook runs from top to bottom, shows its figures, and carries nothing of the machine it ran on."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

# A folder of a user or a system; "/" alone is everywhere in HTML and in the pictures' base64.
MACHINE_PATH = re.compile(r"(?<![\w+/])/(?:home|Users|root|tmp|var|work|opt|private)/\w")

# Jupyter says on startup that it talks over a local port in clear text; there is no one to listen.
pytestmark = pytest.mark.filterwarnings("ignore:.*without encryption")


def html_of(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]


def figures_in(notebook):
    return sum(html.count('src="data:image/png;base64,') for html in html_of(notebook))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_its_figures(path, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))  # no profile of the machine's user
    work = tmp_path / "work"
    work.mkdir()
    notebook = nbformat.read(path, as_version=4)
    shown = figures_in(notebook)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    ).execute()
    assert figures_in(notebook) == shown > 0
    assert list(work.iterdir()) == []  # it promises to leave nothing behind


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_executed_and_anonymous(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert MACHINE_PATH.findall(path.read_text(encoding="utf-8")) == []
