"""The names of engines, and what can be said of one before anything heavy is imported."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from mldiag.errors import MldiagError, nearest_name

AUTO = "auto"
ENGINES = {
    "inline": "mldiag.run.engines.inline",
    "local": "mldiag.run.engines.local",
    "dask": "mldiag.run.engines.dask.engine",
}
"""Where trials can run, and the file with `open_engine`; the address of a Dask scheduler is a name too."""

SCHEMES = ("tcp", "tls")
"""How a Dask scheduler is reached."""

ADDRESS = "tcp://HOST:PORT or tls://HOST:PORT"
INSTALL_DASK = "pip install 'mldiag[dask]'"

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})")


def is_address(engine: Any) -> bool:
    """Whether an engine is named by an address instead of a word.

    Example:
        >>> is_address("tcp://127.0.0.1:8786"), is_address("local")
        (True, False)
    """
    return isinstance(engine, str) and "://" in engine


def needs_dask(engine: Any) -> bool:
    """Whether trials run on a Dask cluster: one of our own, or one that is joined."""
    return engine == "dask" or is_address(engine)


def check_engine(engine: Any) -> None:
    """Refuse an engine that there is not, or whose library is not installed.

    Raises:
        MldiagError: With the nearest name, or with the command that installs what is missing.

    Example:
        >>> check_engine("inline")
        >>> check_engine("loacl")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        mldiag.errors.MldiagError: unknown engine 'loacl'
        expected: one of auto, ..., or the address of a Dask scheduler
        nearest: local
        hint: --engine auto
    """
    names = (AUTO, *ENGINES)
    if is_address(engine):
        _check_address(engine)
    elif engine not in names:
        raise MldiagError(
            f"unknown engine {str(engine)!r}",
            expected=f"one of {', '.join(names)}, or the address of a Dask scheduler",
            nearest=nearest_name(str(engine), names),
            hint="--engine auto",
            given=str(engine),
        )
    if needs_dask(engine) and find_spec("distributed") is None:
        raise MldiagError(
            f"--engine {engine} needs Dask, which is not installed",
            expected="the package distributed",
            hint=INSTALL_DASK,
        )


def check_gpus(gpus: Any) -> None:
    """Refuse a number of GPUs that is none.

    Raises:
        MldiagError: If it is not a whole number from 0.
    """
    if isinstance(gpus, bool) or not isinstance(gpus, int):
        raise MldiagError(f"gpus is {gpus!r}", expected="a whole number", hint="--gpus 1")
    if gpus < 0:
        raise MldiagError(f"{gpus} gpus", expected="at least 0", hint="--gpus 1")


def _check_address(address: str) -> None:
    shown = re.sub(r"(?<=://)[^/\s]*@", "***@", address)
    scheme, _, rest = address.partition("://")
    found = _ADDRESS.fullmatch(address)
    if found is not None and 1 <= int(found[3]) <= 65535:
        return
    near = ""
    if scheme not in SCHEMES and _ADDRESS.fullmatch(f"tcp://{rest}"):
        near = f"{nearest_name(scheme, SCHEMES) or 'tcp'}://{rest}"
    raise MldiagError(
        f"the engine {shown!r} is not the address of a Dask scheduler",
        expected=ADDRESS,
        nearest=near,
        hint="--engine tcp://127.0.0.1:8786",
        given="" if "@" in address else address,
    )
