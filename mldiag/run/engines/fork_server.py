"""Worker processes from a fork server of our own, which never run the user's `__main__` again.

`multiprocessing` tells every process that it starts which script is `__main__`, and the process runs
that script before anything else. A script without `if __name__ == "__main__"` would then start the
whole command again in every worker, and a notebook or stdin has no script to run. Workers need nothing
of it: an experiment travels by target or by value. The user's own use of `multiprocessing` is untouched.
"""

from __future__ import annotations

import os
import signal
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import context, forkserver, popen_forkserver, process, spawn
from types import FunctionType, SimpleNamespace
from typing import Any, cast

from mldiag.kept_process import Kept
from mldiag.run.engines.process_lock import ProcessLock

PRELOADED = ("numpy", "scipy", "pandas", "sklearn", "joblib", "torch", "xgboost", "lightgbm")
"""Libraries that may be imported before a fork: none of them starts threads when it is imported."""

IMPORTED_LATE = {"torch": ("torch._dynamo",)}
"""What a library imports only when it is first used: torch with the first optimizer, for a second."""

WORKER_MODULE = "mldiag.run.engines.worker_process"

VANISHED = 255
"""Exit code reported for a worker that ended with 0: it never ends of itself while there is work."""


def modules_to_preload() -> list[str]:
    """Modules of heavy libraries that this process has loaded, and that its workers will need."""
    wanted = [
        name
        for name in sys.modules
        if name.split(".")[0] in PRELOADED and name.count(".") < 2 and "._" not in name
    ]
    late = [
        name for library in IMPORTED_LATE.keys() & set(wanted) for name in IMPORTED_LATE[library]
    ]
    return [WORKER_MODULE, *sorted(wanted), *late]


def start_early(environment: Mapping[str, str], more: Sequence[str]) -> None:
    """Have a server import its libraries while this process does something else; it waits in `IDLE`.

    Args:
        environment: Variables of its workers.
        more: Modules that this process will have loaded by the time it is taken.
    """
    if IDLE.ready:
        return
    server = WorkerServer([*modules_to_preload(), *more], environment)
    server.ensure_running()
    IDLE.keep(server)


class WorkerServer(forkserver.ForkServer):
    """A fork server with its own environment.

    Args:
        preload: Modules to import before the first fork.
        environment: Variables to set for it and for its workers.

    Attributes:
        environment: As given.
        libraries: Top-level names of what it has imported.
    """

    def __init__(self, preload: Sequence[str], environment: Mapping[str, str]) -> None:
        super().__init__()
        self.environment = dict(environment)
        self.libraries = _libraries(preload)
        self._made_in = _surroundings()
        self._started: weakref.WeakSet[_WorkerPopen] = weakref.WeakSet()
        self.set_forkserver_preload(list(preload))

    @property
    def suits(self) -> bool:
        """Whether it runs and has the libraries that a new one would have."""
        return self._lives() and self._made_in == _surroundings() and self.libraries >= _libraries()

    def ensure_running(self) -> None:
        """Start the server if it does not run; only then is the environment touched."""
        variables = {} if self._lives() else self.environment
        stock: Any = forkserver.ForkServer.ensure_running
        names = {"get_preparation_data": _preparation_data, "get_executable": spawn.get_executable}
        with _environment_set(variables), _signals_blocked():
            _with_names(stock, spawn=SimpleNamespace(**names))(self)

    def _lives(self) -> bool:
        pid = cast("Any", self)._forkserver_pid  # not part of the documented interface
        if pid is None or not hasattr(os, "waitid"):  # macOS has it from Python 3.13 on
            return pid is not None
        try:
            # A look that leaves the exit status where it is, for the standard library to find.
            look = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, pid, look) is None
        except ChildProcessError:
            return False

    def started(self, worker: _WorkerPopen) -> None:
        """Remember a worker."""
        self._started.add(worker)

    def living_workers(self) -> list[int]:
        """Numbers of the workers that still run."""
        return [worker.pid for worker in list(self._started) if worker.returncode is None]

    def kill_workers(self) -> None:
        """End every worker that still runs."""
        for worker in list(self._started):
            worker.terminate()

    def end(self) -> None:
        """End the workers and the server at once; `ensure_running` would start another."""
        self.kill_workers()
        server: Any = self
        if server._forkserver_pid is not None:
            with suppress(ProcessLookupError):
                os.kill(server._forkserver_pid, signal.SIGKILL)
            with suppress(
                FileNotFoundError
            ):  # a process that ends may have cleared its folder away
                server._stop()
        # Should it have died of a library that cannot be imported there, the next one does without.
        self.set_forkserver_preload([WORKER_MODULE])
        self.libraries = _libraries([WORKER_MODULE])


IDLE: Kept[WorkerServer] = Kept()
"""The server that waits for the next command of this process, with its libraries imported."""


class WorkerContext(context.ForkServerContext):
    """A multiprocessing context whose processes come from the given server."""

    def __init__(self, server: WorkerServer) -> None:
        super().__init__()
        self.Process: Any = partial(WorkerProcess, server=server)  # type: ignore[misc]
        self.RLock: Any = ProcessLock


class WorkerProcess(process.BaseProcess):
    """A process that is ended with everything it has started."""

    _start_method = None  # a training that starts processes itself does so in the platform's way

    def __init__(self, *args: Any, server: WorkerServer, **options: Any) -> None:
        super().__init__(*args, **options)
        self.server = server

    def __getstate__(self) -> dict[str, Any]:
        """Leave the server at home."""
        return {key: value for key, value in vars(self).items() if key != "server"}

    @staticmethod
    def _Popen(process_obj: WorkerProcess) -> _WorkerPopen:
        return _WorkerPopen(process_obj)

    @property
    def exitcode(self) -> int | None:
        """Exit code; `VANISHED` in place of 0, so that a worker that left is not taken for idle."""
        code = super().exitcode
        return VANISHED if code == 0 else code


class _WorkerPopen(popen_forkserver.Popen):
    def _launch(self, process_obj: WorkerProcess) -> None:
        """Start as multiprocessing does, but through our server and without a word of `__main__`."""
        server, stock = process_obj.server, forkserver
        launch = _with_names(
            cast("Any", popen_forkserver.Popen)._launch,
            spawn=SimpleNamespace(get_preparation_data=_preparation_data),
            forkserver=SimpleNamespace(
                connect_to_new_process=cast("Any", server).connect_to_new_process,
                read_signed=cast("Any", stock).read_signed,
            ),
        )
        launch(self, process_obj)
        process_obj.server.started(self)

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        before = self.returncode
        code: int | None = super().poll(flag)
        if before is None and code is not None:
            self._kill_group()  # what the worker has started must not outlive it
        return code

    def terminate(self) -> None:
        """Kill: a training inside compiled code would not see a gentler signal for a long time."""
        if self.returncode is None:
            self._kill_group()
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    kill = terminate

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _with_names(function: FunctionType, **names: Any) -> Callable[..., None]:
    """A function of the standard library that finds other things under some of its module's names.

    Nothing is changed for anybody else, as it would be by patching the module or hiding `__main__`.
    """
    return FunctionType(function.__code__, {**function.__globals__, **names})


def _preparation_data(name: str) -> dict[str, Any]:
    """What a process is told about its parent: where to find modules, and nothing to run."""
    folder = os.getcwd()  # noqa: PTH109 - as text, for multiprocessing
    return {
        "name": name,
        "authkey": process.current_process().authkey,
        "sys_path": [entry or folder for entry in sys.path],
        "sys_argv": sys.argv[:1],
        "dir": folder,
        "orig_dir": folder,
    }


def _libraries(names: Sequence[str] | None = None) -> set[str]:
    return {name.split(".")[0] for name in (modules_to_preload() if names is None else names)}


def _surroundings() -> tuple[dict[str, str], list[str]]:
    """What a server inherits, and its workers from it."""
    return dict(os.environ), list(sys.path)


@contextmanager
def _environment_set(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Keep Ctrl-C and SIGTERM from the server: the parent alone answers them, also those to the group."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
