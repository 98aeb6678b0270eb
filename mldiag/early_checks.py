"""What can be refused before anything is imported, loaded, opened or trained: the settings of every step.

The flags of the command line and the keyword arguments of the Python functions are checked by the same
functions, and nothing here imports more than the standard library.
"""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path
from typing import Any

from mldiag.errors import MldiagError, nearest_name
from mldiag.run.engine_names import AUTO, check_engine, check_gpus
from mldiag.run.engine_names import ENGINES as NAMED

ENGINES = (AUTO, *NAMED)
"""Where trials can run; the address of a Dask scheduler is allowed too."""

SCHEMES = (
    "http", "https", "sqlite", "mysql", "postgresql", "mssql", "file", "databricks", "databricks-uc", "uc",
)  # fmt: skip
"""Ways to a tracking store that MLflow brings along; plugins add others."""


def check_common(
    *,
    budget: Any = None,
    jobs: Any = None,
    engine: Any = "auto",
    time_limit: Any = None,
    gpus: Any = 0,
    tracking_uri: Any = None,
    store: Any = None,
) -> None:
    """Refuse wrong values of the settings that mean the same in every step.

    Args:
        budget: `90s`, `10m`, `2h` or `60x`; None for no limit.
        jobs: Trials at a time; None for what the machine carries.
        engine: One of `ENGINES`, or an address.
        time_limit: Seconds that one trial may take, or None.
        gpus: GPUs of each trial.
        tracking_uri: MLflow's store; None as configured, False for none.
        store: Folder of the store, or None.

    Raises:
        MldiagError: If one of them cannot be meant.

    Example:
        >>> check_common(budget="10m", jobs=2, engine="local", tracking_uri=False)
    """
    from mldiag.run.budget import parse_budget

    parse_budget(budget)
    check_count("jobs", jobs, flag="--jobs 2")
    check_engine(engine)
    check_gpus(gpus)
    number = isinstance(time_limit, (int, float)) and not isinstance(time_limit, bool)
    if time_limit is not None and not (number and time_limit > 0 and math.isfinite(time_limit)):
        raise MldiagError(
            f"a limit of {time_limit!r} for a trial",
            expected="seconds, above 0",
            hint="--time-limit 10m",
        )
    if tracking_uri is not None and tracking_uri is not False:
        check_tracking_uri(tracking_uri)
    if store is not None:
        check_folder(store)


def check_count(name: str, value: Any, *, least: int = 1, flag: str) -> None:
    """Refuse what is no whole number, or below the least; None passes.

    Args:
        name: What is counted.
        value: The count.
        least: Smallest count.
        flag: A flag that would work.
    """
    if value is None:
        return
    # 5.0 would pass here, and fail later where rows are counted.
    if isinstance(value, float) and value.is_integer():
        flag = f"{flag.rsplit(' ', 1)[0]} {int(value)}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise MldiagError(f"{name} is {value!r}", expected="a whole number", hint=flag)
    if value < least:
        raise MldiagError(f"{value} {name}", expected=f"at least {least}", hint=flag)


def check_gain(gain: Any) -> None:
    """Refuse a smallest gain worth having that is no number above 0; None passes."""
    number = isinstance(gain, (int, float)) and not isinstance(gain, bool)
    if gain is not None and not (number and gain > 0 and math.isfinite(gain)):
        shown = f"{gain:g}" if number else repr(gain)
        raise MldiagError(f"a gain of {shown}", expected="above 0", hint="--gain 0.005")


def check_tracking_uri(uri: Any) -> None:
    """Refuse a tracking store that MLflow could not reach in any way.

    Args:
        uri: A URI or a folder.

    Raises:
        MldiagError: If the scheme is unknown, or a server has no name.

    Example:
        >>> check_tracking_uri("sqlite:///mlflow.db")
        >>> check_tracking_uri("htp://host:5000")
        Traceback (most recent call last):
        mldiag.errors.MldiagError: unknown kind of tracking URI 'htp'
        ...
    """
    hint = "--tracking-uri http://127.0.0.1:5000"
    if not isinstance(uri, (str, Path)) or not str(uri).strip():
        raise MldiagError(
            f"the tracking URI is {uri!r}", expected="a URI such as sqlite:///mlflow.db", hint=hint
        )
    text = str(uri).strip()
    scheme, found, _ = text.partition("://")
    if text in SCHEMES or Path(text).is_dir():
        return
    if not found:
        scheme, found, _ = text.partition(":")
        if not found or not re.fullmatch(r"[a-z][\w+.-]*", scheme):
            raise MldiagError(
                f"the tracking URI {text!r} is no URI, and there is no such folder",
                expected="http://HOST:PORT, sqlite:///FILE, another database's URI, or a folder",
                hint=hint,
            )
    base = scheme.split("+")[0]
    if base not in SCHEMES and scheme not in _plugin_schemes():
        near = nearest_name(base, SCHEMES)
        raise MldiagError(
            f"unknown kind of tracking URI {scheme!r}",
            expected=f"one of {', '.join(SCHEMES)}",
            nearest=text.replace(scheme, near, 1) if near else "",
            hint=hint,
            given=text,
        )
    if base in ("http", "https"):
        _check_server(text, hint)


def _check_server(text: str, hint: str) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        named, _ = bool(parts.hostname), parts.port
    except ValueError:  # a port that is no number, or brackets left open
        named = False
    if not named:
        shown = re.sub(r"(?<=://)[^/@\s]+@", "***@", text)
        raise MldiagError(
            f"the tracking URI {shown!r} names no server",
            expected="a host, and perhaps a port from 1 to 65535",
            hint=hint,
        )


def _plugin_schemes() -> set[str]:
    from importlib.metadata import entry_points  # seldom needed, and not for nothing

    return {point.name for point in entry_points(group="mlflow.tracking_store")}


def check_folder(folder: Any) -> None:
    """Refuse a store's folder that is a file, or lies below one.

    Raises:
        MldiagError: With the nearest folder that could be used.
    """
    path = Path(folder)
    for place in (path, *path.parents):
        if place.is_dir():
            return
        if place.exists():
            file = "trials.db" if place.name == "trials.db" else ""
            free = place.parent if file else place.with_name(place.name + ".d")
            raise MldiagError(
                f"the store {path} cannot be a folder: {place} is a file",
                expected="a folder, which is made where it does not exist",
                nearest=str(place.parent) if file else "",
                hint=f"--store {shlex.quote(str(free))}",
                given=str(path) if file else "",
            )
