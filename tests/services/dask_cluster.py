"""A Dask cluster as a person starts it, with `dask scheduler` and `dask worker`."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 90.0
"""A cluster and its workers are a dozen processes, which a busy machine starts one after the other."""


def started(condition):
    """Whether something happens that has to wait for processes to start."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


class DaskCluster:
    """A scheduler, and workers that are added.

    Attributes:
        address: Of the scheduler.
    """

    def __init__(self, folder):
        self.folder, self._started, self._workers = Path(folder), [], 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port))

    def add_workers(self, *arguments, count=1, path=None):
        """Start workers, and wait until they are there.

        They have one thread unless the arguments say otherwise; `path` is a folder of modules for them alone.
        """
        self.start_workers(*arguments, count=count, path=path)
        with self.client() as client:
            client.wait_for_workers(self._workers, timeout=START_SECONDS)

    def start_workers(self, *arguments, count=1, path=None):
        """Start workers, and wait for nothing."""
        if "--nthreads" not in arguments:
            arguments = (*arguments, "--nthreads", "1")
        for _ in range(count):
            self._start("worker", self.address, *arguments, path=path)
        self._workers += count

    def workers(self):
        """What the scheduler knows of each worker, by address."""
        with self.client() as client:
            return client.scheduler_info(n_workers=-1)["workers"]

    @contextmanager
    def client(self):
        """A client of the test's own."""
        from distributed import Client

        with Client(self.address, timeout=START_SECONDS, set_as_default=False) as client:
            yield client

    def asked(self, function, *arguments):
        """What a function returns on each worker, by address."""
        with self.client() as client:
            return client.run(function, *arguments)

    def close(self):
        """End all of it."""
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, what, *arguments, path=None):
        with (self.folder / "dask.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", what, "--no-dashboard", *arguments]
                + (["--local-directory", str(self.folder)] if what == "worker" else []),
                stdout=log,
                stderr=log,
                cwd=self.folder,  # elsewhere than the command
                env=os.environ | ({} if path is None else {"PYTHONPATH": str(path)}),
                start_new_session=True,
            )
        self._started.append(process)
        return process


@contextmanager
def dask_cluster():
    """A cluster that is ended with everything that it has started."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        cluster = DaskCluster(folder)
        try:
            yield cluster
        finally:
            cluster.close()
