"""Experiments and their parameters as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mldiag.findings import Table
from mldiag.parameters import Categorical, Parameter
from mldiag.wording import setting

if TYPE_CHECKING:
    from mldiag.declaration import Experiment


def parameter_table(experiment: Experiment) -> Table:
    """Name, range, default and role of every declared parameter."""
    rows = tuple(
        (name, range_text(parameter), setting(parameter.default), parameter.role or "")
        for name, parameter in experiment.params.items()
    )
    return Table("parameters", ("name", "range", "default", "role"), rows)


def parameter_lines(experiment: Experiment) -> list[str]:
    """The parameters as aligned lines of text, for messages."""
    table = parameter_table(experiment)
    if not table.rows:
        return ["(no parameter is declared)"]
    rows = [table.columns, *table.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def range_text(parameter: Parameter) -> str:
    """The range as a person reads it.

    Example:
        >>> from mldiag.parameters import Float, Int
        >>> range_text(Float(1e-4, 1, default=0.1, log=True)), range_text(Int(1, 8, default=2))
        ('0.0001 to 1, log', '1 to 8')
        >>> range_text(Categorical(["relu", "tanh"], default="relu"))
        'relu, tanh'
    """
    acts = "".join(
        f"; while {name} is {' or '.join(map(str, values))}" for name, values in parameter.when
    )
    if isinstance(parameter, Categorical):
        return ", ".join(map(str, parameter.choices)) + acts
    words = f"{setting(parameter.low)} to {setting(parameter.high)}"
    if parameter.log:
        words += ", log"
    return words + (", or 0" if parameter.zero else "") + acts
