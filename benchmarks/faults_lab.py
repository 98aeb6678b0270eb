"""The folder, the tracking server and the commands of `faults.py`, and what is done to them."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import closing
from pathlib import Path

JOBS = 3
STUCK_SECONDS = 1200.0
"""A tracking server on a busy machine takes 400 s to be told of 5,000 trials."""

SERVER_RESTARTS = 5

EXPERIMENT = '''
import os, random, signal, time
from pathlib import Path
import numpy as np
import mldiag

HERE = Path(__file__).parent
KINDS = ["raise", "nan", "kill", "hang", "memory", "raise once", "kill once", "hang once"]
WEIGHTS = [2, 2, 1, 0.3, 1, 6, 6, 1]

def tell(word, name):
    line = f"{word} {name} {os.getpid()} {time.time()}\\n".encode()
    file = os.open(HERE / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)

def kind_of(name):
    """Drawn from the trial's own digest: the same in every process."""
    draw = random.Random(name)
    return draw.choices(KINDS, WEIGHTS)[0] if draw.random() < 0.15 else ""

X = np.arange(800.0).reshape(-1, 2) % 7
y = (X[:, 0] > 3).astype(int)

@mldiag.experiment(data=(X, y), metric="accuracy", params={"cut": mldiag.Float(0.0, 6.0, default=2.5)})
def trials(trial):
    name = trial.spec.digest
    tell("begin", name)
    time.sleep(random.Random(name + "time").choice([0.0, 0.001, 0.02, 0.05]))
    kind = kind_of(name)
    if kind.endswith(" once"):
        mark = HERE / "marks" / name
        kind = "" if mark.exists() else kind.removesuffix(" once")
        mark.touch()
    if kind == "raise":
        raise ValueError("drawn")
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hang":
        time.sleep(1000)
    if kind == "memory":
        raise MemoryError("drawn")
    right = (trial.X_valid[:, 0] > trial.params["cut"]).astype(int) == trial.y_valid
    trial.predictions(right.astype(float))
    tell("end", name)
    return {"accuracy": float("nan") if kind == "nan" else float(right.mean())}
'''


class Server:
    """A tracking server on this machine that can be killed and started again.

    Args:
        folder: Where it keeps what it is told.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.restarts = folder, 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._process = self._started()

    @property
    def database(self) -> Path:
        """Its database."""
        return self.folder / "server.db"

    def restart(self, seconds: float) -> None:
        """Kill it, and start it again after a while."""
        self.close()
        time.sleep(seconds)
        self._process = self._started()
        self.restarts += 1

    def close(self) -> None:
        """Kill it with its workers."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{self.database}",
             "--artifacts-destination", str(self.folder / "artifacts"), "--serve-artifacts",
             "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{self.address}/health", timeout=2),
            ):
                return process
            time.sleep(0.2)
        raise SystemExit("the tracking server does not start")


class Lab:
    """A folder with the experiment, and the commands that are run in it.

    Args:
        folder: An empty folder.
        seed: Of what is drawn here.
        engine: `local` or `dask`.
        values: Values of the parameter.
        repeats: Repeats of each.
        server: The tracking server that commands write to; None for a file.
    """

    def __init__(
        self, folder: Path, seed: int, engine: str, values: int, repeats: int, server: Server | None
    ) -> None:
        self.folder, self.draw, self.engine, self.server = (
            folder,
            random.Random(seed),
            engine,
            server,
        )
        self.values, self.repeats = values, repeats
        self.faults: Counter[str] = Counter()
        self.stuck = 0
        self.seen: set[str] = set()  # keys whose final result has been in the store
        (folder / "experiment.py").write_text(EXPERIMENT)
        (folder / "marks").mkdir()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a session of its own."""
        environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        if self.server is not None:
            environment["MLFLOW_TRACKING_URI"] = self.server.address
        return subprocess.Popen(
            [sys.executable, "-m", "mldiag", *arguments], cwd=self.folder, text=True,
            env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def sweep(self) -> subprocess.Popen[str]:
        """Start the sweep."""
        values = ",".join(f"{0.1 + 5.8 * k / self.values:.4f}" for k in range(self.values))
        return self.start(
            "sweep", "--param", f"cut={values}", "--repeats", str(self.repeats), "--design", "full",
            "--engine", self.engine,
            "--jobs", str(JOBS), "--time-limit", "1s", "--json",
        )  # fmt: skip

    def disturbed(self, process: subprocess.Popen[str], seconds: float) -> bool:
        """Let a command live for a while among killed children; whether it ended by itself."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.draw.uniform(0.05, 0.5))
                return True
            self.strike(process.pid)
        return False

    def strike(self, session: int) -> None:
        """Do something to what a command depends on, or nothing."""
        drawn = self.draw.random()
        if drawn < 0.05 and self.server is not None and self.server.restarts < SERVER_RESTARTS:
            self.server.restart(self.draw.uniform(0.2, 3.0))
            self.faults["tracking server restarted"] += 1
        elif drawn < 0.12:
            self.hold_the_disk(self.draw.uniform(0.2, 2.0))
        elif drawn < 0.7:
            self.kill_a_child(session)

    def hold_the_disk(self, seconds: float) -> None:
        """Let nobody write to the store for a while, as a disk that does not answer."""
        file = self.folder / ".mldiag" / "trials.db"
        with contextlib.suppress(sqlite3.OperationalError):
            if file.exists():
                with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as database:
                    database.execute("BEGIN IMMEDIATE")
                    time.sleep(seconds)
                    database.execute("ROLLBACK")
                self.faults["disk held up"] += 1

    def kill_a_child(self, session: int) -> None:
        """Kill one of a command's processes, but not itself."""
        kinds = {
            "tracking.process": "MLflow's writer", "forkserver": "worker or fork server",
            "spawn_main": "Dask worker or trial", "dask.local": "Dask scheduler",
        }  # fmt: skip
        living = [
            (pid, kind)
            for pid, line in processes()
            if pid != session and session in ancestors(pid)
            for word, kind in kinds.items()
            if word in line
        ]
        if living:
            chosen = self.draw.choice(sorted({kind for _, kind in living}))
            if chosen == "Dask scheduler" and self.draw.random() < 0.8:
                return  # ends the command, which is to live for a while
            pid, kind = self.draw.choice([one for one in living if one[1] == chosen])
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.faults[f"{kind} killed"] += 1

    def finished(self, process: subprocess.Popen[str]) -> tuple[str, str]:
        """Wait for a command's end; one that takes too long is stuck."""
        try:
            return process.communicate(timeout=STUCK_SECONDS)
        except subprocess.TimeoutExpired:
            self.stuck += 1
            process.kill()
            return process.communicate()

    def stored(self) -> dict[str, tuple[str, float, str]]:
        """What settles each trial: key -> (status, when it was stored, digest of its description)."""
        file = self.folder / ".mldiag" / "trials.db"
        if not file.exists():
            return {}
        query = "SELECT key, status, created, spec_digest FROM attempts WHERE answers = 1 ORDER BY id DESC"
        with closing(sqlite3.connect(file, timeout=30)) as database:
            try:
                return {
                    key: tuple(row) for key, *row in database.execute(query)
                }  # the first of all
            except sqlite3.OperationalError:  # killed before there were tables
                return {}

    def look(self) -> None:
        """Remember what has been in the store."""
        self.seen |= self.stored().keys()

    def log(self) -> list[list[str]]:
        """Lines of the trials: word, digest, process, time."""
        file = self.folder / "log"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def processes() -> list[tuple[int, str]]:
    """Every living process with its command line."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                found.append((int(folder.name), line))
    return found


def folder_of(pid: int) -> Path | None:
    """The folder that a process runs in."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink()
    return None


def ancestors(pid: int) -> set[int]:
    """Numbers of a process's parents, and of its session."""
    found: set[int] = set()
    with contextlib.suppress(OSError, ValueError):
        while pid > 1:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found |= {int(fields[1]), int(fields[3])}
            pid = int(fields[1])
    return found
