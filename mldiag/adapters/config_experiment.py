"""The experiment that a `[tool.mldiag]` table declares, a command or a table of rows."""

from __future__ import annotations

from pathlib import Path

from mldiag.adapters.config import EXAMPLE, experiment_table
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError


def config_experiment(path: Path) -> Experiment:
    """The experiment that a `pyproject.toml` declares.

    Args:
        path: An absolute path.

    Raises:
        MldiagError: If there is no such table, or anything in it is unknown or contradicts itself.
    """
    if not path.is_file():
        raise MldiagError(f"there is no file {path}", expected="a pyproject.toml")
    table = experiment_table(path)
    if table is None:
        raise MldiagError(
            f"{path} has no [tool.mldiag] that declares an experiment",
            expected="data, target and estimator, or [tool.mldiag.command]",
            hint=EXAMPLE,
        )
    try:
        if "command" in table:
            from mldiag.adapters.command import command_experiment

            return command_experiment(table, path)
        from mldiag.adapters.table_declaration import check_table

        check_table(table, path.parent)  # before scikit-learn and pandas take their seconds
        from mldiag.adapters.table import table_experiment

        return table_experiment(table, path)
    except MldiagError as error:
        raise type(error)(
            f"{path.name}: {error.what}",
            expected=error.expected,
            nearest=error.nearest,
            hint=error.hint,
        ) from error
