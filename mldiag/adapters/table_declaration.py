"""What is wrong with a `[tool.mldiag]` table is found from its text and its files alone.

pandas and scikit-learn take seconds to import, and large tables take more to read: a misspelt key, column
or parameter is told before.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mldiag.adapters.config import EXAMPLE, check_keys, flag_of, read_parameters, text_of
from mldiag.adapters.user_file import import_folder, nearest_module
from mldiag.data.table_checks import checked_header
from mldiag.declaration_checks import check_experiment_name
from mldiag.errors import MldiagError, unknown_name

WHERE = "[tool.mldiag]"
KEYS = (
    "name", "data", "target", "estimator", "estimator_params", "preprocess", "params", "metric",
    "maximize", "minimize", "valid", "test", "groups", "time", "stratify", "sample_weight", "drop",
    "command",
)  # fmt: skip
ESTIMATOR_EXAMPLE = 'estimator = "sklearn.ensemble:RandomForestClassifier"'

_COLUMNS = ("target", "groups", "time", "sample_weight", "stratify")
_FILES = ("data", "valid", "test")


def check_table(table: Mapping[str, Any], folder: Path) -> None:
    """Refuse what cannot be meant, before anything heavy is imported or read.

    Args:
        table: The `[tool.mldiag]` table.
        folder: Where relative paths start.

    Raises:
        MldiagError: If a key, a type, a file, a column or a range is wrong.
    """
    check_keys(table, KEYS, WHERE)
    for key in ("data", "target"):
        text_of(table, key, WHERE, hint=EXAMPLE)
    for key in ("name", "metric", "estimator", "valid", "test", "groups", "time", "sample_weight"):
        if key in table:
            text_of(table, key, WHERE, hint=_HINTS.get(key, ""))
    if "name" in table:
        check_experiment_name(table["name"])
    if not isinstance(table.get("stratify"), (bool, str, type(None))):
        raise MldiagError(
            f"stratify is {table['stratify']!r} in {WHERE}",
            expected="true, false, or a column's name",
            hint="stratify = true",
        )
    _check_drop(table)
    for key in ("maximize", "minimize"):
        flag_of(table, key, WHERE)
    if table.get("preprocess", "auto") not in ("auto", "none"):
        raise unknown_name(
            "preprocess", str(table["preprocess"]), ["auto", "none"], hint='preprocess = "auto"'
        )
    _check_estimator(table, folder)
    read_parameters(table.get("params", {}), _stand_ins(table.get("params", {})))
    _check_files(table, folder)


_HINTS = {"metric": 'metric = "accuracy"', "estimator": ESTIMATOR_EXAMPLE, "name": 'name = "churn"'}


def _check_estimator(table: Mapping[str, Any], folder: Path) -> None:
    options = table.get("estimator_params", {})
    if not isinstance(options, Mapping):
        raise MldiagError(
            f"estimator_params is {options!r}",
            expected="a table, [tool.mldiag.estimator_params]",
            hint="[tool.mldiag.estimator_params]\nmax_iter = 200",
        )
    if "estimator" not in table:
        return
    path = str(table["estimator"])
    module, _ = module_and_name(path)
    import_folder(folder)
    top = module.partition(".")[0]
    if find_spec(top) is None:
        near = nearest_module(top)
        raise MldiagError(
            f"the estimator {path!r}: there is no module {top!r}",
            expected="package.module:Class of an installed package, or of a file beside the config",
            nearest=path.replace(top, near, 1) if near else "",
            hint=f'estimator = "{path.replace(top, near, 1)}"' if near else f"pip install {top}",
        )


def module_and_name(path: str) -> tuple[str, str]:
    """The two parts of `package.module:Class`; a dot may stand for the colon.

    Example:
        >>> module_and_name("sklearn.svm:SVC"), module_and_name("sklearn.svm.SVC")
        (('sklearn.svm', 'SVC'), ('sklearn.svm', 'SVC'))
    """
    module, _, name = path.partition(":")
    if not name and "." in path:
        module, _, name = path.rpartition(".")
    words = [*module.split("."), *name.split(".")]
    if not name or not all(word.isidentifier() for word in words):
        raise MldiagError(
            f"the estimator {path!r} names no class",
            expected="package.module:Class",
            hint=ESTIMATOR_EXAMPLE,
        )
    return module, name


def _stand_ins(params: Any) -> dict[str, Any]:
    """A value for each parameter that leaves its default to the estimator, which is not known yet."""
    found: dict[str, Any] = {}
    for name, fields in params.items() if isinstance(params, Mapping) else ():
        if isinstance(fields, Mapping):
            choices = fields.get("choices")
            first = choices[0] if isinstance(choices, list) and choices else None
            found[name] = fields.get("low", first)
    return found


def _check_drop(table: Mapping[str, Any]) -> None:
    columns = table.get("drop", [])
    words = isinstance(columns, list) and all(isinstance(column, str) for column in columns)
    if not words or table.get("target") in columns:
        raise MldiagError(
            f"drop is {columns!r} in {WHERE}",
            expected="a list of names of columns, without the target",
            hint=_example_of("drop", "customer_id"),
        )


def _example_of(role: str, column: str) -> str:
    return f'drop = ["{column}"]' if role == "drop" else f'{role} = "{column}"'


def _check_files(table: Mapping[str, Any], folder: Path) -> None:
    for key in _FILES:
        if key not in table:
            continue
        names = checked_header(folder / table[key])
        wanted = _COLUMNS if key == "data" else ("target",)
        named = [(role, table.get(role)) for role in wanted]
        named += [("drop", column) for column in table.get("drop", ()) if key == "data"]
        for role, column in named if names is not None else ():
            if isinstance(column, str) and column not in (names or ()):
                error = unknown_name(f"{role} column", column, names or ())
                raise MldiagError(
                    f"{error.what} in {table[key]}",
                    expected=error.expected,
                    nearest=error.nearest,
                    hint=_example_of(role, error.nearest or (names or ["COLUMN"])[-1]),
                )
