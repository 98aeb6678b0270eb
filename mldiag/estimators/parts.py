"""What an estimator is made of: nested parts, seeds, early stopping, the step that takes weights."""

from __future__ import annotations

import copy
import functools
import hashlib
import inspect
import sys
from collections.abc import Collection, Iterator, Mapping
from importlib import metadata
from typing import Any

import numpy as np

EARLY_STOPPING_ROWS = 10_000
"""Rows above which `early_stopping='auto'` is on (scikit-learn, HistGradientBoosting, `early_stopping`)."""

# Settings under which scikit-learn's own documentation says that random_state is not used.
_IDLE_SEEDS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "SVC": ("probability", (False, "deprecated")),
    "NuSVC": ("probability", (False, "deprecated")),
    "LogisticRegression": ("solver", ("lbfgs", "newton-cg", "newton-cholesky")),
    "Ridge": ("solver", ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "lbfgs")),
    "RidgeClassifier": ("solver", ("auto", "svd", "cholesky", "lsqr", "sparse_cg", "lbfgs")),
    "Lasso": ("selection", ("cyclic",)),
    "ElasticNet": ("selection", ("cyclic",)),
}

_OWN = ("sklearn", "mldiag", "numpy", "builtins")  # run in process, and are told by their version


def parameters_of(estimator: Any) -> dict[str, Any]:
    """Parameters of an estimator and everything nested in it; empty where it does not tell."""
    return dict(estimator.get_params(deep=True)) if hasattr(estimator, "get_params") else {}


def nested_parts(estimator: Any) -> Iterator[tuple[str, Any]]:
    """The estimator and the parts nested in it, each with the prefix of its parameters."""
    yield "", estimator
    for name, value in parameters_of(estimator).items():
        if hasattr(value, "get_params") and not isinstance(value, type):
            yield f"{name}__", value


def free_seeds(estimator: Any) -> dict[str, Any]:
    """Parameters whose randomness mldiag sets: a `random_state` of None, splitters that lack one."""
    found: dict[str, Any] = {}
    for name, value in parameters_of(estimator).items():
        if name.rsplit("__", 1)[-1] == "random_state":
            if value is None:
                found[name] = value
        elif _is_unseeded_splitter(value):
            found[name] = value
    return found


def _is_unseeded_splitter(value: Any) -> bool:
    if not hasattr(value, "get_n_splits") or hasattr(value, "get_params"):
        return False
    return getattr(value, "random_state", 0) is None and bool(getattr(value, "shuffle", True))


def fixed_seeds(estimator: Any) -> dict[str, Any]:
    """Every `random_state` that the user has set."""
    parameters = parameters_of(estimator).items()
    return {
        k: v for k, v in parameters if k.rsplit("__", 1)[-1] == "random_state" and v is not None
    }


def set_seeds(estimator: Any, seed: int) -> None:
    """Give every free `random_state` the seed of the trial."""
    values = {}
    for name, value in free_seeds(estimator).items():
        if value is not None:  # a splitter belongs to the user: change a copy
            value = copy.copy(value)
            value.random_state = seed % 2**32
        values[name] = seed % 2**32 if value is None else value
    if values:
        estimator.set_params(**values)


def is_deterministic(estimator: Any, swept: Collection[str] = ()) -> bool:
    """Whether the seed is known to change nothing: scikit-learn's own parts without a free seed in use."""
    if not is_own(estimator):
        return False
    parts = dict(nested_parts(estimator))
    for name in free_seeds(estimator):
        prefix = name.rpartition("random_state")[0]
        switch, idle = _IDLE_SEEDS.get(type(parts.get(prefix)).__name__, ("", ()))
        if not switch or f"{prefix}{switch}" in swept:
            return False
        if getattr(parts[prefix], switch, None) not in idle:
            return False
    return True


def is_own(estimator: Any) -> bool:
    """Whether every class and function involved is from scikit-learn, NumPy or mldiag itself."""
    return all(_package(kind) in _OWN for kind in _kinds(estimator))


def foreign_kinds(estimator: Any) -> list[Any]:
    """Classes and functions from elsewhere, whose code is part of what a trial runs."""
    return [kind for kind in _kinds(estimator) if _package(kind) not in _OWN]


def versions_of(estimator: Any) -> dict[str, str]:
    """Versions of the packages that the parts come from, as far as they have one."""
    versions = {}
    for package in sorted({"sklearn", *map(_package, _kinds(estimator))} - {"builtins", "mldiag"}):
        version = getattr(sys.modules.get(package), "__version__", None)
        if version is None:
            try:
                version = metadata.version(package)
            except metadata.PackageNotFoundError:
                continue
        versions["scikit-learn" if package == "sklearn" else package] = str(version)
    return versions


def _kinds(estimator: Any) -> list[Any]:
    """Every class of the parts, and every function and class among their parameters."""
    kinds = [type(part) for _, part in nested_parts(estimator)]
    waiting = list(parameters_of(estimator).values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple, set)):
            waiting += value
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif not isinstance(value, (str, bytes, int, float, np.ndarray, type(None))):
            named = isinstance(value, type) or inspect.isroutine(value)
            kinds.append(value if named else type(value))
    return list(dict.fromkeys(kinds))


def _package(kind: Any) -> str:
    return str(getattr(kind, "__module__", None) or "builtins").split(".")[0]


def pin_early_stopping(estimator: Any, *, on: bool) -> list[str]:
    """Replace `early_stopping='auto'`, which would switch within a learning curve; name what was replaced."""
    pinned = {
        name: on
        for name, value in parameters_of(estimator).items()
        if name.rsplit("__", 1)[-1] == "early_stopping" and value == "auto"
    }
    if pinned:
        estimator.set_params(**pinned)
    return sorted(pinned)


def final_step(estimator: Any) -> Any:
    """The last step of a pipeline, however nested; any other estimator itself."""
    while getattr(estimator, "steps", None):
        estimator = estimator.steps[-1][1]
    return estimator


def weight_argument(estimator: Any) -> str | None:
    """Name under which `fit` hands sample weights to the final step; None where it takes none.

    Example:
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> from sklearn.svm import SVC
        >>> weight_argument(make_pipeline(StandardScaler(), SVC()))
        'svc__sample_weight'
    """
    if getattr(estimator, "steps", None):
        name, last = estimator.steps[-1]
        inner = weight_argument(last)
        return None if inner is None else f"{name}__{inner}"
    parameters = inspect.signature(estimator.fit).parameters
    if "sample_weight" in parameters:
        return "sample_weight"
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        for name in ("estimator", "regressor", "classifier", "base_estimator"):
            inner = getattr(estimator, name, None)  # a search or wrapper hands its own on unchanged
            if hasattr(inner, "fit"):
                return weight_argument(inner)
    return None


def written_out(value: Any) -> str:
    """A text that is equal for equal settings in every process: no addresses, arrays by their content.

    Example:
        >>> from sklearn.svm import SVC
        >>> written_out(SVC(C=2.0))[:34]
        'sklearn.svm._classes.SVC(C=2.0,bre'
    """
    return _written(value, frozenset())


def _written(value: Any, above: frozenset[int]) -> str:
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return repr(value)
    if id(value) in above:
        return "..."  # a part that holds itself
    inside = above | {id(value)}
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, Mapping):
        items = sorted((repr(key), _written(item, inside)) for key, item in value.items())
        return "{" + ",".join(f"{key}:{item}" for key, item in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_written(item, inside) for item in value) + "]"
    if isinstance(value, (set, frozenset)):
        return "{" + ",".join(sorted(_written(item, inside) for item in value)) + "}"
    if isinstance(value, np.ndarray) and value.dtype != object:
        content = hashlib.blake2b(np.ascontiguousarray(value).tobytes(), digest_size=8).hexdigest()
        return f"array({value.dtype},{value.shape},{content})"
    if isinstance(value, np.ndarray):
        return _written(value.tolist(), inside)
    if isinstance(value, type) or inspect.isroutine(value) or isinstance(value, np.ufunc):
        return _path(value)
    return _written_object(value, inside)


def _written_object(value: Any, above: frozenset[int]) -> str:
    if hasattr(value, "get_params"):
        state = value.get_params(deep=False)
    elif isinstance(value, functools.partial):
        state = {"func": value.func, "args": value.args, "keywords": value.keywords}
    elif isinstance(value, np.random.RandomState):
        state = {"state": value.get_state(legacy=True)}
    elif isinstance(value, np.random.Generator):
        state = value.bit_generator.state
    elif hasattr(value, "dist") and hasattr(value, "kwds"):  # a frozen scipy distribution
        state = {"name": value.dist.name, "args": value.args, "keywords": value.kwds}
    elif hasattr(value, "to_numpy"):
        state = {"values": value.to_numpy()}
    else:
        state = getattr(value, "__dict__", {})
    body = ",".join(f"{name}={_written(item, above)}" for name, item in sorted(state.items()))
    return f"{_path(type(value))}({body})"


def _path(kind: Any) -> str:
    name = getattr(kind, "__qualname__", getattr(kind, "__name__", ""))
    return f"{getattr(kind, '__module__', None) or 'builtins'}.{name}"
