"""Whether Dask workers are enough like this process to train for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pkgutil import resolve_name
from typing import Any

from mldiag import __version__
from mldiag.errors import MldiagError

EVERYWHERE = (
    "numpy", "scipy", "pandas", "scikit-learn", "cloudpickle", "pebble", "dask", "distributed",
)  # fmt: skip
"""What a trial travels with, or is scored by, whatever the experiment uses besides."""

OURS = "mldiag.run.engines.dask.worker:VERSION"
"""What a worker must be able to import."""

MISSING = "not installed"

SHOWN_DIFFERENCES = 10


def asked(client: Any, packages: Sequence[str]) -> dict[str, Any]:
    """What is installed here and on every worker that answers, as `Client.get_versions` tells it.

    Dask reads what is known of installed packages. This one is imported instead: it may run from where it
    was checked out, and a worker that cannot import what it is sent ends over it.

    Args:
        client: Of the cluster.
        packages: Names of the packages.
    """
    told: dict[str, Any] = client.get_versions(packages=list(packages))
    ours = client.run(resolve_name, OURS, on_error="return")
    told["client"]["packages"]["mldiag"] = __version__
    known = {}
    for worker, of_worker in told["workers"].items():
        version = ours.get(worker)
        if isinstance(version, (ImportError, AttributeError)):
            version = f"none ({version})"
        if of_worker and isinstance(version, str):  # else it is about to go, or asked again
            of_worker["packages"].setdefault("mldiag", version)
            known[worker] = of_worker
    return told | {"workers": known}


def differences(versions: Mapping[str, Any], workers: Iterable[str]) -> list[str]:
    """What some workers have in another version than this process, a line each.

    Args:
        versions: What Dask's `Client.get_versions` returns.
        workers: Addresses of the workers to look at.

    Example:
        >>> here = {"packages": {"python": "3.11.7.final.0", "numpy": "2.4.0"}}
        >>> there = {"packages": {"python": "3.12.1.final.0", "numpy": "2.4.0"}}
        >>> differences({"client": here, "workers": {"tcp://a:1": there}}, ["tcp://a:1"])
        ['python 3.11 here, 3.12 on tcp://a:1']
    """
    here = versions["client"]["packages"]
    found: dict[str, list[str]] = {}
    for worker in workers:
        there = (versions["workers"].get(worker) or {}).get("packages", {})
        for name, version in here.items():
            ours, theirs = _compared(name, version), _compared(name, there.get(name))
            if ours != theirs:
                found.setdefault(f"{name} {ours} here, {theirs} on", []).append(worker)
    return [f"{difference} {_shown(some)}" for difference, some in found.items()]


def other_versions(found: list[str]) -> MldiagError:
    """The error where workers have other versions than this process."""
    more = len(found) - SHOWN_DIFFERENCES
    lines = [*found[:SHOWN_DIFFERENCES], *([f"and {more} more"] if more > 0 else [])]
    name, ours = found[0].split(" here, ")[0].split(" ", 1)
    if name == "python":
        hint = f"start the workers with Python {ours}"
    elif ours == MISSING:
        hint = f"where the workers run: pip uninstall {name}"
    else:
        hint = f"where the workers run: pip install {name}=={ours}"
    return MldiagError(
        "Dask workers have another Python or other packages than this process",
        expected="the same versions, because results must not depend on where a trial runs:\n"
        + "\n".join(f"  {line}" for line in lines),
        hint=hint,
    )


def _compared(name: str, version: str | None) -> str:
    if version is None:
        return MISSING
    if name == "python":  # what is pickled, and how code is digested, depends on no more of it
        return ".".join(version.split(".")[:2])
    return version.split("+")[0]  # a library built for GPUs is the same library


def _shown(workers: list[str]) -> str:
    others = len(workers) - 1
    return workers[0] + (f" and {others} other{'s' if others > 1 else ''}" if others else "")
