"""Faults drawn at random, in thousands of short trials: what is lost, run twice, stuck.

    python benchmarks/faults.py [--engine dask] [--trials 5000] [--kills 10] > benchmarks/faults.txt

An experiment whose trials raise, give NaN, kill their worker, hang past their limit or outgrow their memory,
some always and some the first time only, is swept by the command line. Meanwhile workers, their fork server
(of a Dask cluster: its scheduler) and the process that writes to MLflow are killed from outside, the tracking
server is killed and started again five times, the store's disk does not answer for up to two seconds, and
the command itself is killed with SIGKILL after a random time and started again, until one of the commands has
come to its end undisturbed. Then `mldiag sync` shows MLflow what it missed; it is killed half-way too.

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
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from faults_lab import JOBS, Lab, Server, folder_of, processes

REPEATS = 20
KILL_AFTER = {"local": (0.5, 12.0), "dask": (4.0, 20.0)}  # seconds of a command's life
GAVE_UP = (
    "worker processes end before", "does not answer any more", "there is no Dask worker",
    "cluster does not start",
)  # fmt: skip


def in_mlflow(database_file: Path) -> list[tuple[str, Counter[str]]]:
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
    with closing(sqlite3.connect(database_file, timeout=30)) as database:
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
        by_itself = not last and lab.disturbed(process, lab.draw.uniform(*KILL_AFTER[lab.engine]))
        if not last and not by_itself:
            process.kill()
            lab.faults["command killed"] += 1
        out, err = lab.finished(process)
        lab.look()
        if last and process.returncode == 0:
            break
        reason = next((reason for reason in GAVE_UP if reason in err), None)
        if process.returncode == 2 and reason is not None:
            lab.faults[f"command gave up: {reason}"] += 1
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
    database = lab.server.database if lab.server is not None else lab.folder / "mlflow.db"
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
        "mlflow equal": sorted(in_mlflow(database)) == sorted(in_store(lab.folder)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=[*KILL_AFTER], default="local")
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=10, help="Times that the command is killed.")
    parser.add_argument("--no-server", action="store_true", help="Write to a file.")
    arguments = parser.parse_args()
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        tempfile.TemporaryDirectory(prefix="server-") as of_server,
    ):
        server = None if arguments.no_server else Server(Path(of_server))
        values = max(1, arguments.trials // REPEATS)
        lab = Lab(Path(folder), arguments.seed, arguments.engine, values, REPEATS, server)
        try:
            found = measured(lab, arguments.kills)
        finally:
            if server is not None:
                server.close()
    print(f"{found['planned']} trials, engine {arguments.engine}, {JOBS} workers, seed {arguments.seed}: "
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
