"""Seconds and memory of `mldiag audit` on 31 mixed columns, beside ydata-profiling in the same run.

    python benchmarks/audit_speed.py [--rows 10000 100000 1000000] [--rounds 3] > benchmarks/audit_speed.txt
    python benchmarks/audit_speed.py --rows --large 20            # a Parquet of 20 million rows, 5.7 GB
    python benchmarks/audit_speed.py --ydata-python other-venv/bin/python      # it does not run with pandas 3

Every measurement is a new process that reads a Parquet file and ends: seconds from its start to its end,
imports and reading included, the processor's own seconds, and the largest resident memory of it or of a
process that it waited for. The sides alternate. `mldiag audit` is the command with its defaults (report,
figure, MLflow), without MLflow, and with a quarter of the rows as test table; ydata-profiling writes its
HTML, minimal and in full.
ydata-profiling: `pip install ydata-profiling pyarrow "setuptools<81"` in an environment of its own.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

import mldiag

ASKED = {100_000: (5.0, 2048), 1_000_000: (30.0, 2048)}
"""Rows -> seconds and MB that were asked for."""

LEVELS = (3, 5, 8, 12, 25, 50, 100, 200)

YDATA = """
import sys, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from ydata_profiling import ProfileReport
frame = pd.read_parquet(sys.argv[1])
ProfileReport(frame, minimal=sys.argv[3] == "minimal", progress_bar=False).to_file(sys.argv[2])
"""


def mixed_table(rows: int, seed: int = 0) -> pd.DataFrame:
    """A table of 31 columns: ids, dates, categories of 3 to 200 levels, numbers, flags, missing cells.

    Args:
        rows: Number of rows.
        seed: Decides the values.
    """
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    columns["customer_id"] = rng.permutation(rows) + 100_000
    columns["token"] = [f"{n * 2654435761 % 2**32:08x}" for n in range(rows)]
    days = rng.integers(0, 1500, rows)
    columns["opened"] = pd.Timestamp("2018-01-01") + pd.to_timedelta(days, unit="D")
    later = pd.Timestamp("2022-06-01") + pd.to_timedelta(rng.integers(0, 600, rows), unit="D")
    columns["last_seen"] = pd.Series(later.strftime("%Y-%m-%d"), dtype="str")
    for count in LEVELS:
        shares = rng.dirichlet(np.full(count, 2.0))
        names = np.array([f"kind {count}-{i}" for i in range(count)])
        columns[f"category_{count}"] = pd.Series(
            names[rng.choice(count, rows, p=shares)], dtype="str"
        )
    base = rng.standard_normal((rows, 4))
    for i in range(6):
        mixed = base @ rng.normal(size=4) + rng.standard_normal(rows)
        columns[f"measure_{i}"] = 10 + 3 * mixed
    for i in range(3):
        columns[f"amount_{i}"] = np.round(np.exp(rng.normal(3, 0.8, rows)), 2)
    for i, mean in enumerate((1, 4, 20, 300)):
        columns[f"count_{i}"] = rng.poisson(mean, rows)
    columns["rate"] = rng.random(rows)
    columns["age"] = rng.integers(18, 95, rows)
    columns["postal_code"] = rng.integers(1, 100, rows) * 1000 + rng.integers(1, 9, rows)
    columns["member"] = rng.random(rows) < 0.3
    columns["newsletter"] = pd.Series(np.where(rng.random(rows) < 0.5, "yes", "no"), dtype="str")
    frame = pd.DataFrame(columns)
    for name in (
        "measure_0",
        "measure_3",
        "amount_1",
        "rate",
        "category_5",
        "category_50",
        "last_seen",
    ):
        frame[name] = frame[name].mask(pd.Series(rng.random(rows) < rng.uniform(0.01, 0.2)))
    odds = 0.8 * base[:, 0] - 0.5 * base[:, 1] + 0.4 * (frame["category_3"] == "kind 3-1") - 0.5
    frame["left"] = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "left", "stayed")
    frame["left"] = frame["left"].astype("str")
    return frame


@dataclass(frozen=True)
class Side:
    """A tool in one of its forms.

    Args:
        name: What it is called here.
        command: What is run; `{whole}`, `{train}`, `{test}` and `{out}` are replaced.
        limit: More rows than this are not tried.
    """

    name: str
    command: tuple[str, ...]
    limit: int = 10_000_000


def sides(ydata_python: str | None) -> list[Side]:
    """What is measured."""
    ours = (sys.executable, "-m", "mldiag", "audit")
    found = [
        Side("mldiag audit", (*ours, "{whole}", "--target", "left")),
        Side("  without MLflow", (*ours, "{whole}", "--target", "left", "--no-mlflow")),
        Side(
            "  with a test table",
            (*ours, "{train}", "--test", "{test}", "--target", "left", "--no-mlflow"),
        ),
    ]
    if ydata_python:
        theirs = (ydata_python, "-c", YDATA, "{whole}", "{out}")
        found.append(Side("ydata-profiling, minimal", (*theirs, "minimal")))
        found.append(Side("ydata-profiling, default", (*theirs, "full")))
    return found


def measured(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak megabytes of a process.

    Raises:
        SystemExit: It failed; tells its last lines.
    """
    with (folder / "said.txt").open("w+") as said:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore", "MPLBACKEND": "Agg"}
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=said, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise SystemExit(f"{command[:5]} failed:\n{said.read()[-2000:]}")
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def ydata_versions(python: str) -> str:
    """The versions beside which we are measured."""
    script = "from importlib.metadata import version as v; print(v('ydata-profiling'), v('pandas'))"
    told = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    theirs, pandas = told.stdout.split()
    return f"ydata-profiling {theirs} with pandas {pandas}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--large", type=int, default=0, help="million rows of a large Parquet")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ydata-python", help="the interpreter of an environment that has it")
    options = parser.parse_args()
    tools = sides(options.ydata_python)
    load = os.getloadavg()[0]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the start"
    )
    print(f"mldiag {mldiag.__version__} with pandas {pd.__version__}")
    print(
        ydata_versions(options.ydata_python) if options.ydata_python else "without ydata-profiling"
    )
    print(f"{options.rounds} rounds: median (smallest to largest)\n")
    print(f"{'rows':>10}  {'':26}{'seconds':>9}  {'':18}{'CPU s':>9}{'peak MB':>9}")
    for rows in options.rows:
        _measure_size(rows, tools, options.rounds)
    if options.large:
        _measure_large(options.large)


def _measure_size(rows: int, tools: list[Side], rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = mixed_table(rows)
        cut = rows * 3 // 4
        places = {key: str(folder / f"{key}.parquet") for key in ("whole", "train", "test")}
        frame.to_parquet(places["whole"])
        frame.iloc[:cut].to_parquet(places["train"], index=False)
        frame.iloc[cut:].to_parquet(places["test"], index=False)
        del frame
        taken: dict[str, list[tuple[float, float, float]]] = {tool.name: [] for tool in tools}
        for round_number in range(rounds):
            for number, tool in enumerate(tools):
                if rows > tool.limit:
                    continue
                own = folder / f"{round_number}-{number}"
                own.mkdir()
                values = {**places, "out": str(own / "report.html")}
                # Only whole words are replaced: the script of the other side has braces of its own.
                known = {f"{{{key}}}": value for key, value in values.items()}
                command = [known.get(part, part) for part in tool.command]
                taken[tool.name].append(measured(command, own))
    for tool_name, runs in taken.items():
        _print_side(rows, tool_name, runs)


def _measure_large(millions: int) -> None:
    """An uncompressed Parquet of many row groups, of which an audit looks at a sample."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "large.parquet"
        frame, writer = mixed_table(1_000_000), None
        for part in range(millions):
            rng = np.random.default_rng(part)
            frame["customer_id"] = rng.permutation(len(frame)) + part * len(frame)
            for column in ("rate", "measure_1", "measure_2"):
                frame[column] = rng.permutation(frame[column].to_numpy())
            table = pyarrow.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                writer = pyarrow.parquet.ParquetWriter(
                    file, table.schema, compression="none", use_dictionary=False
                )
            writer.write_table(table, row_group_size=250_000)
        del frame, table
        if writer is not None:
            writer.close()
        ours = [sys.executable, "-m", "mldiag", "audit", str(file), "--target", "left"]
        size = file.stat().st_size / 1e9
        seconds, busy, peak = measured([*ours, "--no-mlflow"], Path(name))
        print(
            f"{millions * 1_000_000:>10,}  without MLflow, {size:.1f} GB: {seconds:.1f} s, "
            f"{busy:.1f} CPU s, {peak:,.0f} MB",
            flush=True,
        )


def _print_side(rows: int, name: str, runs: list[tuple[float, float, float]]) -> None:
    if not runs:
        return
    seconds = [run[0] for run in runs]
    middle, busy = statistics.median(seconds), statistics.median(run[1] for run in runs)
    peak = max(run[2] for run in runs)
    asked = ""
    if rows in ASKED and name == "mldiag audit":
        limit, memory = ASKED[rows]
        asked = f"  asked: {limit:g} s, {memory:,} MB"
    spread = f"({min(seconds):.1f} to {max(seconds):.1f})"
    print(
        f"{rows:>10,}  {name:26}{middle:9.1f}  {spread:18}{busy:9.1f}{peak:9,.0f}{asked}",
        flush=True,
    )


if __name__ == "__main__":
    main()
