"""What is told when trials cannot run on a Dask cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mldiag.errors import MldiagError
from mldiag.run.tracebacks import describe_error
from mldiag.wording import plural

_KEYS = "export " + " ".join(
    f"DASK_DISTRIBUTED__COMM__TLS__{name}={file}"
    for name, file in (
        ("CA_FILE", "ca.pem"),
        ("CLIENT__CERT", "cert.pem"),
        ("CLIENT__KEY", "key.pem"),
    )
)


def unreachable(address: str, error: Exception, *, seconds: float) -> MldiagError:
    """Nobody answers, or not in a way that one can trust."""
    start = f"where it is to run: dask scheduler --port {address.rpartition(':')[2]}"
    return MldiagError(
        f"no Dask scheduler can be joined at {address}",
        expected=f"one that answers within {seconds:g} seconds ({type(error).__name__})",
        hint=start if address.startswith("tcp") else _KEYS,
    )


def no_certificates(address: str) -> MldiagError:
    """An encrypted scheduler is to be joined, and Dask has not been told with which certificates."""
    return MldiagError(
        f"the Dask scheduler at {address} cannot be joined without certificates",
        expected="those of the cluster in Dask's configuration",
        hint=_KEYS,
    )


def lost_scheduler(address: str) -> MldiagError:
    """The scheduler was there, and is not any more."""
    return MldiagError(
        f"the Dask scheduler at {address} does not answer any more",
        expected="it until the last trial has ended; finished trials are kept",
        hint="the same command again, with a scheduler that runs: it goes on where this one was",
    )


def no_worker(address: str, *, gpus: int, seconds: float) -> MldiagError:
    """There is no worker, or none that offers so many GPUs."""
    if gpus:
        return MldiagError(
            f"no Dask worker at {address} offers {plural(gpus, 'GPU')}",
            expected="workers that say what they have",
            hint=f'dask worker {address} --resources "GPU={gpus}"',
        )
    return MldiagError(
        f"there is no Dask worker at {address}",
        expected=f"at least one within {seconds:g} seconds",
        hint=f"dask worker {address}",
    )


def workers_end(reason: BaseException | None) -> MldiagError:
    """One worker after the other is lost before it can train."""
    return MldiagError(
        "Dask workers end when they load the experiment",
        expected="workers that live on" if reason is None else describe_error(reason),
        hint="--engine inline",
    )


def unloadable(worker: str, reason: MldiagError) -> MldiagError:
    """A worker has what it was sent, and lacks something that it needs."""
    return MldiagError(
        f"the Dask worker {worker} cannot load the experiment: {gist(reason)}",
        expected=reason.expected,
        hint="install there what is missing, or --engine local",
    )


def unsendable(worker: str, target: str, why: MldiagError) -> MldiagError:
    """A worker does not have the experiment, and it cannot be sent."""
    return MldiagError(
        f"the Dask worker {worker} does not have {target} as it is here",
        expected=f"the same files there, or an experiment that can be sent: {why.what}",
        hint="--engine local",
    )


def files_missing(worker: str, paths: Sequence[str]) -> MldiagError:
    """A worker does not have the files that every trial reads, wherever it runs."""
    names = ", ".join(dict.fromkeys(Path(path).name for path in paths))
    return MldiagError(
        f"the Dask worker {worker} does not have {names} as it is here",
        expected="the same files under the same paths, in a folder that the workers share",
        hint="--engine local",
    )


def gist(error: MldiagError) -> str:
    """The line of an error that says most: the last one of a traceback.

    Example:
        >>> lines = ["line 3", "ModuleNotFoundError: No module named 'a'"]
        >>> gist(MldiagError("cannot load", expected=chr(10).join(lines)))
        "ModuleNotFoundError: No module named 'a'"
    """
    lines = (error.expected or error.what).strip().splitlines()
    return lines[-1].strip() if lines else error.what
