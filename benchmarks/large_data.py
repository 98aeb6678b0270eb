"""A learning curve on data larger than a process may hold: its memory, and how often data are opened.

    python benchmarks/large_data.py [--rows 20000000] [--columns 20] > benchmarks/large_data.txt

The same table lies there three times: as memory-mapped arrays, as Parquet that is read by row group, and as
an Arrow table on disk that is asked by row numbers, as `datasets` keeps its tables. A linear model learns
from it in parts of 200,000 rows. Measured are the anonymous memory of every process of the command, which is
what it holds itself (pages of a mapped file are the system's, and are given back when others need them), and
how often a process opens the data.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np

HEAD = """
    import os
    from functools import cache
    from pathlib import Path
    import mldiag
    import numpy as np

    HERE = Path(__file__).parent
    PART = 200_000

    def opened():
        with open(HERE / "opened", "a") as log:
            log.write(f"{os.getpid()}\\n")
"""

WAYS = {
    "memory-mapped arrays": """
        @cache
        def data():
            opened()
            return np.load(HERE / "X.npy", mmap_mode="r"), np.load(HERE / "y.npy", mmap_mode="r")

        def parts(rows):
            X, y = data()
            for start in range(0, len(rows), PART):
                part = np.sort(rows[start : start + PART])
                yield X[part], y[part]
    """,
    "Parquet by row group": """
        @cache
        def data():
            import pyarrow.parquet as parquet
            opened()
            file = parquet.ParquetFile(HERE / "table.parquet")
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            return file, np.concatenate([[0], np.cumsum(sizes)])

        def parts(rows):
            file, starts = data()
            rows = np.sort(rows)
            for group in range(file.num_row_groups):
                inside = rows[np.searchsorted(rows, starts[group]) : np.searchsorted(rows, starts[group + 1])]
                if len(inside):
                    table = file.read_row_group(group, use_threads=False).take(inside - starts[group])
                    columns = [table[name].to_numpy() for name in table.column_names]
                    yield np.column_stack(columns[:-1]), columns[-1]
    """,
    "Arrow table by row number": """
        @cache
        def data():
            import pyarrow as arrow
            opened()
            return arrow.ipc.open_file(arrow.memory_map(str(HERE / "table.arrow"))).read_all()

        def parts(rows):
            for start in range(0, len(rows), PART):
                table = data().take(np.sort(rows[start : start + PART]))
                columns = [table[name].to_numpy() for name in table.column_names]
                yield np.column_stack(columns[:-1]), columns[-1]
    """,
}

TAIL = """
    @mldiag.experiment(rows=ROWS, metric="accuracy")
    def linear(trial):
        from sklearn.linear_model import SGDClassifier

        model = SGDClassifier(random_state=trial.seed)
        for X, y in parts(trial.train):
            model.partial_fit(X, y, classes=[0, 1])
        hits = sum(int((model.predict(X) == y).sum()) for X, y in parts(trial.valid))
        return hits / len(trial.valid)
"""


def written(folder: Path, rows: int, columns: int) -> None:
    """The table, three times, a million rows at a time."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    random = np.random.default_rng(0)
    weights = random.normal(size=columns).astype(np.float32)
    X = np.lib.format.open_memmap(
        folder / "X.npy", mode="w+", dtype=np.float32, shape=(rows, columns)
    )
    y = np.lib.format.open_memmap(folder / "y.npy", mode="w+", dtype=np.int8, shape=(rows,))
    schema = arrow.schema(
        [(f"x{i}", arrow.float32()) for i in range(columns)] + [("y", arrow.int8())]
    )
    with (
        parquet.ParquetWriter(folder / "table.parquet", schema, compression="none") as groups,
        arrow.ipc.new_file(folder / "table.arrow", schema) as batches,
    ):
        for start in range(0, rows, 1_000_000):
            part = random.normal(size=(min(1_000_000, rows - start), columns)).astype(np.float32)
            labels = (part @ weights + random.normal(size=len(part)) * 2 > 0).astype(np.int8)
            X[start : start + len(part)], y[start : start + len(part)] = part, labels
            table = arrow.Table.from_arrays([*part.T.copy(), labels], schema=schema)
            groups.write_table(table, row_group_size=200_000)
            batches.write_table(table)
    del X, y


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def measured(folder: Path) -> tuple[float, dict[int, float], str]:
    """Seconds of the command, the largest anonymous memory of each of its processes in GB, and its answer."""
    start = time.perf_counter()
    command = subprocess.Popen(
        [sys.executable, "-m", "mldiag", "learning-curve", "--points", "3", "--repeats", "2",
         "--engine", "local", "--jobs", "2", "--no-mlflow"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    peaks: dict[int, float] = {}
    while command.poll() is None:
        for pid in family(command.pid):
            with suppress(OSError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                kept = next((line.split()[1] for line in lines if line.startswith("RssAnon")), "0")
                peaks[pid] = max(peaks.get(pid, 0.0), int(kept) / 1e6)
        time.sleep(0.1)
    assert command.stdout is not None
    said = command.stdout.read()
    if command.returncode:
        raise SystemExit(said)
    return time.perf_counter() - start, peaks, said


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--columns", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="large-", dir=Path.cwd()) as name:
        folder = Path(name)
        written(folder, given.rows, given.columns)
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e9
        print(
            f"{given.rows:,} rows x {given.columns} columns, {size:.1f} GB on disk in three forms"
        )
        for way, code in WAYS.items():
            program = "".join(map(textwrap.dedent, (HEAD, f"ROWS = {given.rows}\n", code, TAIL)))
            (folder / "experiment.py").write_text(program, encoding="utf-8")
            (folder / "opened").unlink(missing_ok=True)
            seconds, peaks, said = measured(folder)
            times = Counter((folder / "opened").read_text().split())
            largest = sorted(peaks.values(), reverse=True)[:4]
            print(f"{way}: {seconds:.0f} s, {said.splitlines()[0]}")
            print(f"  GB held by the largest processes: {', '.join(f'{gb:.2f}' for gb in largest)}")
            print(f"  opened {sum(times.values())} times by {len(times)} processes", flush=True)


if __name__ == "__main__":
    main()
