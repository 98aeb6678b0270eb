"""Faults drawn at random, in hundreds of short trials through worker processes: what is lost, doubled, stuck.

    python benchmarks/faults.py [--seed 1] [--kills 15] > benchmarks/faults.txt

An experiment whose trials raise, give NaN, kill their worker, hang past their limit or outgrow their memory,
some always and some the first time only, is swept by the command line. Meanwhile workers, their fork server
and the process that writes to MLflow are killed from outside, and the command itself is killed with SIGKILL
after a random time and started again, until one of the commands has come to its end undisturbed. Then
`mldiag sync` shows MLflow what it missed; it is killed half-way too.

Every trial appends a line to a file when it begins and when it ends, apart from what mldiag counts:

lost            trials with a result in the store that it no longer has, and trials of the plan without any
run twice       trials that began again although their final result was in the store
stuck           commands that did not end in time
left behind     processes and half-written files after the last command
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

VALUES, REPEATS, JOBS = 18, 20, 3
KILL_AFTER = (0.5, 6.0)  # seconds of a command's life
STUCK_SECONDS = 180.0

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


class Lab:
    """A folder with the experiment, and the commands that are run in it.

    Args:
        folder: An empty folder.
        seed: Of what is drawn here.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.faults: Counter[str] = Counter()
        self.stuck = 0
        self.seen: set[str] = set()  # keys whose final result has been in the store
        (folder / "experiment.py").write_text(EXPERIMENT)
        (folder / "marks").mkdir()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a session of its own."""
        environment = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        return subprocess.Popen(
            [sys.executable, "-m", "mldiag", *arguments], cwd=self.folder, text=True,
            env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def sweep(self) -> subprocess.Popen[str]:
        """Start the sweep."""
        values = ",".join(f"{0.1 + 5.8 * k / VALUES:.3f}" for k in range(VALUES))
        return self.start(
            "sweep", "--param", f"cut={values}", "--repeats", str(REPEATS), "--engine", "local",
            "--jobs", str(JOBS), "--time-limit", "1s", "--json",
        )  # fmt: skip

    def disturbed(self, process: subprocess.Popen[str], seconds: float) -> bool:
        """Let a command live for a while among killed children; whether it ended by itself."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.draw.uniform(0.05, 0.5))
                return True
            if self.draw.random() < 0.7:
                self.kill_a_child(process.pid)
        return False

    def kill_a_child(self, session: int) -> None:
        """Kill one of a command's processes, but not itself."""
        kinds = {"tracking.process": "MLflow's writer", "forkserver": "worker or fork server"}
        living = [
            (pid, kind)
            for pid, line in processes()
            if pid != session and session in ancestors(pid)
            for word, kind in kinds.items()
            if word in line
        ]
        if living:
            pid, kind = self.draw.choice(living)
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


def in_mlflow(folder: Path) -> list[tuple[str, Counter[str]]]:
    """Complete runs with the status of their trials, from the database itself."""
    runs = (
        "SELECT r.run_uuid, t.value FROM runs r JOIN tags t ON t.run_uuid = r.run_uuid "
        "WHERE t.key = 'mldiag.run_id' AND r.lifecycle_stage = 'active' AND EXISTS "
        "(SELECT 1 FROM tags c WHERE c.run_uuid = r.run_uuid AND c.key = 'mldiag.complete')"
    )
    trials = (
        "SELECT d.value || ' ' || ifnull(m.value, '-') FROM runs r "
        "JOIN tags p ON p.run_uuid = r.run_uuid AND p.key = 'mlflow.parentRunId' AND p.value = ? "
        "JOIN tags d ON d.run_uuid = r.run_uuid AND d.key = 'mldiag.trial' "
        "LEFT JOIN latest_metrics m ON m.run_uuid = r.run_uuid AND m.key = 'accuracy' "
        "WHERE r.lifecycle_stage = 'active' AND r.status IN ('FINISHED', 'FAILED')"
    )
    with closing(sqlite3.connect(folder / "mlflow.db", timeout=30)) as database:
        return [
            (name, Counter(text for (text,) in database.execute(trials, (run,))))
            for run, name in database.execute(runs).fetchall()
        ]


def in_store(folder: Path) -> list[tuple[str, Counter[str]]]:
    """The same from the store."""
    trials = (
        "SELECT a.spec_digest, a.result FROM run_trials r JOIN attempts a ON a.id = r.attempt "
        "WHERE r.run = ?"
    )
    found = []
    with closing(sqlite3.connect(folder / ".mldiag" / "trials.db")) as database:
        for (name,) in database.execute("SELECT id FROM runs").fetchall():
            lines: Counter[str] = Counter()
            for digest, text in database.execute(trials, (name,)):
                score = json.loads(text)["metrics"].get("accuracy")
                finite = score is not None and score == score
                lines[f"{digest} {score if finite else '-'}"] += 1
            found.append((name, lines))
    return found


def synced(lab: Lab) -> None:
    """Show MLflow what it missed; the first two attempts are killed on the way."""
    for attempt in range(3):
        process = lab.start("sync")
        if attempt < 2:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(lab.draw.uniform(2.0, 5.0))
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                lab.faults["sync killed"] += 1
        lab.finished(process)


def measured(lab: Lab, kills: int) -> dict[str, Any]:
    """Run everything, and count."""
    starts = 0
    while True:
        starts += 1
        process = lab.sweep()
        last = starts > kills
        by_itself = not last and lab.disturbed(process, lab.draw.uniform(*KILL_AFTER))
        if not last and not by_itself:
            process.kill()
            lab.faults["command killed"] += 1
        out, err = lab.finished(process)
        lab.look()
        if last and process.returncode == 0:
            break
        if process.returncode == 2 and "worker processes end before" in err:
            lab.faults["command gave up: no worker lived long enough"] += 1
        elif process.returncode not in (0, -signal.SIGKILL):
            raise SystemExit(f"the command ended with {process.returncode}:\n{err}")
    synced(lab)
    return counted(lab, json.loads(out), starts)


def counted(lab: Lab, report: dict[str, Any], starts: int) -> dict[str, Any]:
    stored, log = lab.stored(), lab.log()
    stored_at = {digest: when for _, when, digest in stored.values()}
    began = Counter(name for word, name, *_ in log if word == "begin")
    again = [
        name
        for word, name, _, when in log
        if word == "begin" and name in stored_at and float(when) > stored_at[name]
    ]
    statuses = Counter(status for status, *_ in stored.values())
    ended = Counter(name for word, name, *_ in log if word == "end")
    deadline = time.monotonic() + 10
    while (left := [pid for pid, _ in processes() if folder_of(pid) == lab.folder]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.1)
    drafts = [*lab.folder.rglob(".mlflow-*"), *lab.folder.rglob("*.part")]
    return {
        "commands": starts,
        "planned": report["trials"]["planned"],
        "began": len(began),
        "trainings": sum(began.values()),
        "statuses": dict(statuses),
        "without a final result": report["trials"]["planned"] - len(stored),
        "lost": len(lab.seen - stored.keys()) + report["trials"]["planned"] - len(began),
        "run twice": len(again),
        "ended, then run again": sum(ended.values()) - len(ended),
        "stuck": lab.stuck,
        "left behind": len(left) + len(drafts),
        "runs": len(in_store(lab.folder)),
        "mlflow equal": sorted(in_mlflow(lab.folder)) == sorted(in_store(lab.folder)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=15, help="Times that the command is killed.")
    arguments = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        lab = Lab(Path(folder), arguments.seed)
        found = measured(lab, arguments.kills)
    print(f"{found['planned']} trials, {JOBS} workers, seed {arguments.seed}: "
          f"{found['commands']} commands, {time.monotonic() - begun:.0f} s")  # fmt: skip
    for kind, count in sorted(lab.faults.items()):
        print(f"  {count:4d}  {kind}")
    print(f"final results in the store: {found['statuses']}")
    print(
        f"  {found['without a final result']:4d}  trials end in a way that the next command tries again"
    )
    print(f"trainings begun: {found['trainings']}")
    print(
        f"  {found['ended, then run again']:4d}  ended, but were killed before their result was stored"
    )
    for name in ("lost", "run twice", "stuck", "left behind"):
        print(f"{name:<12} {found[name]}")
    equal = "equal" if found["mlflow equal"] else "NOT EQUAL"
    print(f"MLflow and the store: {equal} ({found['runs']} runs)")


if __name__ == "__main__":
    main()
