"""`mldiag init`: a commented experiment that runs as it is."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mldiag.errors import MldiagError

TEMPLATE = Path(__file__).parent / "templates" / "experiment.py.txt"


def write_experiment(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("experiment.py"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a commented experiment.py that runs as it is."""
    if file.suffix != ".py":
        raise MldiagError(
            f"{file} does not end in .py",
            expected="a Python file",
            nearest=f"{file}.py",
            hint=f"mldiag init {shlex.quote(f'{file}.py')}",
        )
    if file.exists() and not force:
        raise MldiagError(
            f"{file} exists already",
            expected="a new file, or --force to replace it",
            hint=f"mldiag init {shlex.quote(str(file.with_stem(file.stem + '_2')))}",
        )
    if not file.parent.is_dir():
        raise MldiagError(
            f"the folder {file.parent} does not exist",
            expected="an existing folder",
            hint=f"mkdir -p {shlex.quote(str(file.parent))}",
        )
    file.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    target = "" if file == Path("experiment.py") else f" {shlex.quote(str(file))}"
    typer.echo(f"wrote {file}")
    typer.echo(f"next: mldiag learning-curve{target}")
    typer.echo(f"      mldiag sweep{target} --param learning_rate")
