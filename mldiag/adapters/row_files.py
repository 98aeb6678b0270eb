"""The rows of a trial as files, in the format of the table that they come from."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.data.table_format import table_format
from mldiag.data.tables import read_table, write_table
from mldiag.errors import MldiagError
from mldiag.trial import Trial
from mldiag.trial_spec import Rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RowFiles:
    """What a row file holds.

    Args:
        tables: Files of the main, validation and test rows, in this order; empty where only row numbers
            are known.
        target: Name of the target column, if declared.
        beside: Columns that are no features: groups and times.
    """

    tables: tuple[Path, ...] = ()
    target: str | None = None
    beside: tuple[str, ...] = ()

    def write(self, trial: Trial, folder: Path, wanted: Collection[str]) -> dict[str, str]:
        """Write the files that a command line asks for.

        Args:
            trial: The trial.
            folder: Where to.
            wanted: Placeholders of the line.

        Returns:
            Path of each file by its placeholder: `rows_file`, `valid_file`.
        """
        written = {}
        for name, training in (("rows_file", True), ("valid_file", False)):
            if name in wanted:
                rows = trial.train if training else trial.valid
                stem = folder / name.removesuffix("_file")
                written[name] = str(self._write(trial, rows, stem, training=training))
        return written

    def _write(self, trial: Trial, rows: Rows, stem: Path, *, training: bool) -> Path:
        if not self.tables:
            path = stem.with_suffix(".txt")
            np.savetxt(path, rows, fmt="%d")
            return path
        frame = _rows_as_written(self.tables, rows)
        if trial.spec.interventions:
            features, targets = (
                (trial.X_train, trial.y_train) if training else (trial.X_valid, trial.y_valid)
            )
            frame = self._changed(frame, features, targets)
        form = table_format(self.tables[0])
        path = stem.with_suffix(form.suffix)
        write_table(frame, path, form)
        return path

    def _changed(self, as_written: pd.DataFrame, features: Any, targets: Any) -> pd.DataFrame:
        """The rows with the trial's interventions, in the file's own order of columns."""
        frame = features.copy()
        if self.target is not None:
            frame[self.target] = np.asarray(targets)
        for name in self.beside:  # no features, but the script may read them
            if name in as_written.columns and name not in frame.columns:
                frame[name] = as_written[name].to_numpy()
        columns = [name for name in as_written.columns if name in frame.columns]
        changed: pd.DataFrame = frame[columns]
        return changed


@lru_cache(maxsize=4)
def _table_as_written(path: Path, _changed_at: int) -> pd.DataFrame:
    return read_table(path, as_text=True)


def _rows_as_written(tables: tuple[Path, ...], rows: Rows) -> pd.DataFrame:
    """Rows of one part, with every field exactly as the file has it."""
    start = 0
    for path in tables:
        frame = _table_as_written(path, path.stat().st_mtime_ns)
        if not len(rows) or rows.max() < start + len(frame):
            return frame.iloc[rows - start]
        start += len(frame)
    raise MldiagError(f"row {rows.max()} is in no table", expected=f"rows below {start}")
