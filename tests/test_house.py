"""Files and functions stay small enough to be read in one sitting; `lint-imports` holds the import arrows."""

import ast
import re
import statistics
import tomllib
from pathlib import Path

import mldiag

ROOT = Path(mldiag.__file__).parent
PROJECT = Path(__file__).parents[1]
FILES = sorted(ROOT.rglob("*.py"))

MOST_LINES, MOST_LINES_OF_A_FUNCTION, MEDIAN = 300, 60, 130


def lines(file):
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(file):
    """Name and lines of each, beside its docstring: what a caller must know takes the room that it takes."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = node.body[0] if ast.get_docstring(node) is not None else None
            docstring = 0 if told is None else told.end_lineno - told.lineno + 1
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def test_no_file_is_long():
    long = {str(f.relative_to(ROOT)): lines(f) for f in FILES if lines(f) > MOST_LINES}
    assert long == {}


def test_most_files_are_short():
    assert statistics.median(map(lines, FILES)) < MEDIAN


def test_no_function_is_long():
    long = {
        f"{file.relative_to(ROOT)}: {name}": count
        for file in FILES
        for name, count in functions(file)
        if count > MOST_LINES_OF_A_FUNCTION
    }
    assert long == {}


def test_the_layers_are_drawn_as_they_are_held():
    told = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (drawn,) = re.findall(r"lazily either:\n\n```\n(.*?)\n```", told, flags=re.DOTALL)
    linter = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    held = [re.findall(r"\w+", layer) for layer in linter["contracts"][0]["layers"]]
    assert [line.split(", ") for line in drawn.splitlines()] == held
