"""A Dask cluster on this machine, in a process that ends with the one that started it.

It has a process of its own so that Dask starts its workers from there: they would otherwise run the user's
`__main__` again, a script without a guard would start itself once more in each of them, and Ctrl-C in the
terminal would reach them all.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import Any

from mldiag.errors import MldiagError

QUIET: dict[str, Any] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
}
"""Dask looks at itself fifty times a second and more, in each of its processes: with two workers on two cores
that takes a twelfth of the time of the trials. Nobody reads what it sees here."""

START_SECONDS = 60.0
END_SECONDS = 10.0

_KEYS = (
    "tls_ca_file", "tls_client_key", "tls_client_cert", "tls_scheduler_key", "tls_scheduler_cert",
    "tls_worker_key", "tls_worker_cert",
)  # fmt: skip


class LocalCluster:
    """A scheduler and workers of one thread each, which nobody but this process can talk to.

    Whoever can talk to a scheduler can run anything as its user. So what they say to each other is
    encrypted with a key that was made for this cluster and never leaves these processes.

    Args:
        workers: Number of workers.
        gpus: GPUs of each.
        environment: Variables to set for them.

    Attributes:
        security: What a client needs to talk to it.
        address: Of its scheduler.

    Raises:
        MldiagError: If it does not start.
    """

    def __init__(self, workers: int, *, gpus: int = 0, environment: dict[str, str]) -> None:
        from distributed.security import Security

        self.security: Any = Security.temporary()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _code()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environment,
            start_new_session=True,  # Ctrl-C is for the command alone
        )
        keys = {name: getattr(self.security, name) for name in _KEYS}
        try:
            self.address = self._started({"workers": workers, "gpus": gpus, "keys": keys})
        except BaseException:
            self.close()
            raise

    def _started(self, wanted: dict[str, Any]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
            self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        address = self._process.stdout.readline().decode().strip() if ready else ""
        if not address:
            raise MldiagError(
                "a Dask cluster does not start on this machine",
                expected="a scheduler and workers; what they have to say is on stderr",
                hint="--engine local",
            )
        return address

    def close(self) -> None:
        """End all of its processes; a second call does nothing."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _code() -> str:
    """What the process runs: with modules found where they are found here, workers' modules included."""
    return f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import main; main()"


def main() -> None:
    """Run the cluster that is asked for on stdin until stdin ends."""
    wanted = json.loads(sys.stdin.readline())
    answer = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # workers inherit this one
    import dask
    from distributed import LocalCluster as DaskCluster
    from distributed.security import Security

    with (
        tempfile.TemporaryDirectory(prefix="mldiag-dask-") as folder,
        dask.config.set(QUIET),
        DaskCluster(
            n_workers=wanted["workers"],
            threads_per_worker=1,
            processes=True,
            security=Security(require_encryption=True, **wanted["keys"]),
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
            memory_limit=0,  # it would be held against a Dask worker, and trials run beside it
            local_directory=folder,
            resources={"GPU": wanted["gpus"]} if wanted["gpus"] else None,
        ) as cluster,
    ):
        os.write(answer, f"{cluster.scheduler_address}\n".encode())
        os.close(answer)
        sys.stdin.read()
