"""The five commonest commands end to end, before and after a change: what a person waits for.

    git worktree add ../before REVISION
    python benchmarks/commands.py --before ../before > benchmarks/commands.txt

Each command is a process of its own in an empty folder, imports, MLflow and figures included; the two sides
take turns. Wall time and processor time of all its processes, medians over the rounds; and the seconds of
training that its report counts, so that what is left is mldiag's own and the user's imports.

1. The demo: a small network on 8 x 8 digits.
2. A table of 50,000 rows and 30 columns with gradient boosting, named in a `pyproject.toml`.
3. A script that is run as a command: what is imported for nothing shows there.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parents[1]
COMMANDS = ("audit", "learning-curve", "sweep --param {param}", "reproduce", "checkup")

TABLE = """
[tool.mldiag]
data = "table.csv"
target = "y"
estimator = "sklearn.ensemble:HistGradientBoostingClassifier"

[tool.mldiag.params]
learning_rate = { low = 0.01, high = 1.0, default = 0.1, log = true }
"""

SCRIPT = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float, default=0.5)
rate = parser.parse_args().rate
print(f"accuracy={0.9 - (rate - 0.7) ** 2}")
"""

SCRIPTED = """
[tool.mldiag.command]
metric = { name = "accuracy", regex = 'accuracy=(\\S+)' }
run = "python3 train.py --rate {rate}"

[tool.mldiag.params]
rate = { low = 0.1, high = 1.0, default = 0.5 }
"""


def demo(folder: Path) -> None:
    """Nothing: without a file the demo runs."""


def table(folder: Path) -> None:
    """Rows of two classes in 30 columns, five of which tell."""
    random = np.random.default_rng(0)
    X = random.normal(size=(50_000, 30))
    y = (X[:, :5].sum(axis=1) + random.normal(size=len(X)) > 0).astype(int)
    names = ",".join([*(f"x{k}" for k in range(30)), "y"])
    np.savetxt(
        folder / "table.csv", np.column_stack([X, y]), "%.6g", ",", header=names, comments=""
    )
    (folder / "pyproject.toml").write_text(TABLE, encoding="utf-8")


def script(folder: Path) -> None:
    """A script that prints its score, and what names it."""
    (folder / "train.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "pyproject.toml").write_text(SCRIPTED, encoding="utf-8")


CASES = {
    "the demo": (demo, "lr", COMMANDS),
    "50,000 x 30, gradient boosting": (table, "learning_rate", COMMANDS),
    "a script as a command": (script, "rate", (COMMANDS[2],)),
}


def timed(code: Path, command: str, fill: Path) -> tuple[float, float, float]:
    """Wall time, processor time and time of training of a command, in seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in fill.iterdir():
            (folder / file.name).symlink_to(file)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "mldiag", *shlex.split(command), "--json"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(code)},
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1:
        raise SystemExit(f"{command}: {done.stderr}")
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, busy, float(json.loads(done.stdout)["cost_seconds"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--before", type=Path, required=True, help="Folder of the older code.")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sides = {"before": arguments.before.resolve(), "after": HERE}
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"{arguments.rounds} rounds: wall time (processor time; training) in seconds, medians"
    )
    for case, (fill, param, commands) in CASES.items():
        print(case, flush=True)
        with tempfile.TemporaryDirectory() as filled:
            fill(Path(filled))
            for written in commands:
                command = written.format(param=param)
                told: dict[str, list[tuple[float, float, float]]] = {side: [] for side in sides}
                for _ in range(arguments.rounds):
                    for side, code in sides.items():
                        told[side].append(timed(code, command, Path(filled)))
                shown = "   ".join(
                    "{} {:6.2f} ({:6.2f}; {:6.2f})".format(
                        side, *map(statistics.median, zip(*all_of, strict=True))
                    )
                    for side, all_of in told.items()
                )
                print(f"  {command:32} {shown}", flush=True)


if __name__ == "__main__":
    main()
