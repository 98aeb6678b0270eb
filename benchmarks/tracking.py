"""What MLflow costs a command: start, a child, the rest; embedded and against a server.

    python benchmarks/tracking.py [--children 100] [--rounds 3] > benchmarks/tracking.txt

Each round writes a command with its children through MLflow's client as the writing process does, into a
new store, and times every child. `in the command` is what the process that trains spends itself: starting
the other process, and handing over a result. Medians over all rounds; the machine should be idle.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from mldiag.tracking import host
from mldiag.tracking.context import RunAnswer, RunContext
from mldiag.tracking.destination import Destination, TrackingSettings, resolve_destination
from mldiag.tracking.session import ENVIRONMENT
from mldiag.tracking.tracker import Tracker
from mldiag.tracking.ui import UserInterface
from mldiag.trial_result import TrialResult
from mldiag.trial_spec import RowRecipe, TrialSpec

CONTEXT = RunContext(
    run_id="",
    experiment="benchmark",
    step="sweep",
    command="mldiag sweep --param lr",
    metric="accuracy",
    maximize=True,
    started=0.0,
    defaults={"lr": 0.01, "width": 64},
    log_params=("lr",),
)


def trials(count: int, epochs: int) -> list[TrialResult]:
    """A sweep of two metrics, with a history of so many epochs."""
    history = tuple(
        (epoch, {"loss": 1 / (epoch + 1), "accuracy": 0.9 - 0.5 ** (epoch + 1)})
        for epoch in range(epochs)
    )
    metrics = {"accuracy": 0.9, "train_accuracy": 1.0}
    return [
        TrialResult(
            TrialSpec("b", RowRecipe(repeat=i % 3), (("lr", 1e-5 * (i + 1)), ("width", 64)), seed=i % 3),
            "ok", metrics, history, wall_seconds=0.1, train_rows=1000,
        )
        for i in range(count)
    ]  # fmt: skip


def write_children(uri: str, artifacts: str, children: int, epochs: int) -> dict[str, float]:
    """Write one command in this process; milliseconds of its parts."""
    started = time.perf_counter()
    from mldiag.tracking.session import open_writer

    context = replace(CONTEXT, run_id=str(time.time()), started=time.time())
    writer = open_writer(
        Destination(uri, artifacts or None), context, process=host.this_process(), notice=print
    )
    opened = time.perf_counter()
    each, processor = [], time.process_time()
    for rank, result in enumerate(trials(children, epochs)):
        before = time.perf_counter()
        writer.add_child(result, varying=("lr",), rank=rank, cached=False, finished=time.time())
        each.append(time.perf_counter() - before)
    processor = time.process_time() - processor
    closing = time.perf_counter()
    writer.finish(RunAnswer({"headline": "OK", "outcome": "passed"}), varying=("lr",))
    ended = time.perf_counter()
    return {
        "open": 1000 * (opened - started),
        "child": 1000 * statistics.median(each),
        "child, mean": 1000 * statistics.mean(each),
        "child, processor time": 1000 * processor / children,
        "close": 1000 * (ended - closing),
    }


def in_own_process(uri: str, artifacts: str, children: int, epochs: int) -> dict[str, float]:
    """`write_children` in a new interpreter, imports included, as the writing process is."""
    command = [sys.executable, __file__, "--write", uri, "--artifacts", artifacts]
    command += ["--children", str(children), "--epochs", str(epochs)]
    done = subprocess.run(
        command, env={**os.environ, **ENVIRONMENT}, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def in_the_command(home: Path, children: int) -> dict[str, float]:
    """What the training process itself spends; milliseconds."""
    destination = resolve_destination(TrackingSettings(), home, environ={})
    context = replace(CONTEXT, run_id=str(time.time()), started=time.time())
    results = trials(children, 0)
    tracker = Tracker(destination, context, notice=print)
    started = time.perf_counter()
    tracker.start()
    begun = time.perf_counter()
    tracker.planned(result.spec for result in results)
    for result in results:
        tracker.finished(result)
    told = time.perf_counter()
    tracker.close(RunAnswer({"headline": "OK", "outcome": "passed"}))
    return {
        "start": 1000 * (begun - started),
        "a result": 1000 * (told - begun) / children,
        "whole, nothing to train": 1000 * (time.perf_counter() - started),
    }


def shown(title: str, rounds: list[dict[str, float]]) -> None:
    """Print the median of every part."""
    print(title)
    for name in rounds[0]:
        values = [part[name] for part in rounds]
        print(
            f"  {name:<24} {statistics.median(values):9.2f} ms   ({min(values):.2f} to {max(values):.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--children", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--write", default="")
    parser.add_argument("--artifacts", default="")
    options = parser.parse_args()
    if options.write:
        parts = write_children(options.write, options.artifacts, options.children, options.epochs)
        print(json.dumps(parts))
        return
    count, rounds = options.children, range(options.rounds)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    load = os.getloadavg()[0]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores (load {load:.1f} at the start)"
    )
    print(f"{count} children a command, {options.rounds} rounds: median (smallest to largest)")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        first = [_embedded(home / f"new-{k}", 1, 0) for k in rounds]
        shown("embedded, first use of a folder", first)
        shown("embedded, two metrics", [_embedded(home / "new-0", count, 0) for _ in rounds])
        shown(
            "embedded, two metrics of 30 epochs",
            [_embedded(home / "new-0", count, 30) for _ in rounds],
        )
        shown("in the command", [in_the_command(home / "new-0", count) for _ in rounds])
        destination = resolve_destination(TrackingSettings(), home / "new-0", environ={})
        assert destination is not None
        with UserInterface(destination, port=0) as ui:
            served = [in_own_process(ui.base, "", count, 0) for _ in rounds]
            shown("server on this machine, two metrics", served)


def _embedded(home: Path, children: int, epochs: int) -> dict[str, float]:
    home.mkdir(exist_ok=True)
    artifacts = str(home / "mlartifacts")
    return in_own_process(f"sqlite:///{home}/mlflow.db", artifacts, children, epochs)


if __name__ == "__main__":
    main()
