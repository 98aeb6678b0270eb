"""What an engine costs beside the training: each trial, the second worker, the start, thousands of trials.

    python benchmarks/engines.py [--most 100000] > benchmarks/engines.txt

The same work goes through mldiag's engines with the store (every result is on disk before it counts), through
joblib (loky), and through Optuna's own loop with a study in memory and in SQLite. Each measurement runs in a
process of its own; the others keep nothing but what the function returns.

1. Overhead of a trial: wall time of all workers, less the time inside the trials, by the length of a trial.
   Two workers; Optuna's loop has one.
2. The second worker: 40 trials of .2 s of computing, one worker against two.
3. The start: a whole process, from a bare interpreter to its end, with the first result of scikit-learn; what
   an engine takes to start and to end is what it takes more than `inline`.
4. Cost of a trial where there are 10 to 100,000 of them that take no time, store and plan included.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

LENGTHS = (0.0, 0.02, 0.3)
WARM_SECONDS, WARM_LEAST = 4.0, 0.004
"""Trials of so many seconds in all go before; one is taken for at least so long."""
SIZES = (10, 100, 1000, 10_000, 100_000)
MOST_OF = {"Optuna, in memory": 10_000, "Optuna, SQLite": 1000}
Work = Callable[[float], float]


def slept(seconds: float) -> float:
    """A trial that waits; its own time in seconds."""
    start = time.perf_counter()
    if seconds:
        time.sleep(seconds)
    return time.perf_counter() - start


def computed(seconds: float) -> float:
    """A trial that keeps a core busy; its own time in seconds."""
    start, ends = time.perf_counter(), time.process_time() + seconds
    while time.process_time() < ends:
        pass
    return time.perf_counter() - start


def ours(engine: str, jobs: int, work: Work, seconds: float, trials: int) -> Iterator[float]:
    """Through mldiag, with a store."""
    import mldiag
    from mldiag.run.executor import Executor, RunSettings
    from mldiag.run.identity import identify
    from mldiag.run.settings import SilentListener
    from mldiag.run.store.trial_store import Store

    @mldiag.experiment(rows=1000, metric="seconds", minimize=True)
    def short(trial: Any) -> float:
        return work(seconds)

    with Store.open(Path("trials.db")) as store:
        settings = RunSettings(engine=engine, jobs=jobs)
        executor = Executor(short, store, identify(short), settings, SilentListener())
        try:
            for result in executor.run([short.spec(repeat=0, seed=seed) for seed in range(trials)]):
                yield result.metrics["seconds"]
        finally:
            executor.close()


def joblib(jobs: int, work: Work, seconds: float, trials: int) -> Iterator[float]:
    """Through joblib's processes."""
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
    yield from parallel(delayed(work)(seconds) for _ in range(trials))


def optuna(storage: str | None, work: Work, seconds: float, trials: int) -> Iterator[float]:
    """Through Optuna's loop, with a sampler that costs nothing."""
    import optuna as library

    library.logging.set_verbosity(library.logging.ERROR)
    sampler = library.samplers.RandomSampler(seed=0)
    study = library.create_study(storage=storage, sampler=sampler)
    spent: list[float] = []

    def objective(trial: library.Trial) -> float:
        trial.suggest_float("x", 0, 1)
        spent.append(work(seconds))
        return spent[-1]

    for _ in range(trials):
        study.optimize(objective, n_trials=1)
        yield spent[-1]


WAYS: dict[str, tuple[int, Callable[[Work, float, int], Iterator[float]]]] = {
    "mldiag, inline": (1, lambda *a: ours("inline", 1, *a)),
    "mldiag, local, one worker": (1, lambda *a: ours("local", 1, *a)),
    "mldiag, local": (2, lambda *a: ours("local", 2, *a)),
    "mldiag, dask, one worker": (1, lambda *a: ours("dask", 1, *a)),
    "mldiag, dask": (2, lambda *a: ours("dask", 2, *a)),
    "joblib, one worker": (1, lambda *a: joblib(1, *a)),
    "joblib": (2, lambda *a: joblib(2, *a)),
    "Optuna, in memory": (1, lambda *a: optuna(None, *a)),
    "Optuna, SQLite": (1, lambda *a: optuna("sqlite:///study.db", *a)),
}
WORKS: dict[str, Work] = {"slept": slept, "computed": computed}


def timed(way: str, work: str, seconds: float, trials: int, warm: int = 0) -> tuple[float, float]:
    """Wall time of so many trials up to the last result, and the time inside them, in seconds.

    The first trials start the engine: one of each worker, and `warm` more where all workers must be there.
    What it takes to end an engine is no cost of a trial, and is in the third part.
    """
    workers, run = WAYS[way]
    before = workers + warm
    start = last = time.perf_counter()
    inside = 0.0
    for number, spent in enumerate(run(WORKS[work], seconds, trials + before), start=1):
        last = time.perf_counter()
        if number == before:
            start, inside = last, 0.0
        else:
            inside += spent
    return last - start, inside


def apart(way: str, work: str, seconds: float, trials: int, warm: int = 0) -> tuple[float, float]:
    """The same in a process of its own."""
    folder = str(Path(__file__).parent)
    code = f"""
        import json, sys
        sys.path.insert(0, {folder!r})
        import engines
        if __name__ == "__main__":
            print(json.dumps(engines.timed({way!r}, {work!r}, {seconds!r}, {trials!r}, {warm!r})))
    """
    wall, inside = json.loads(process(code).splitlines()[-1])
    return wall, inside


def process(code: str) -> str:
    """What a script prints that runs in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "script.py")
        file.write_text(textwrap.dedent(code), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(file)], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def overheads() -> None:
    """Milliseconds that a trial costs beside itself."""
    print("1. Overhead of a trial in ms, by its length: median (smallest to largest) of three")
    ways = (
        "mldiag, inline",
        "mldiag, local",
        "mldiag, dask",
        "joblib",
        "Optuna, in memory",
        "Optuna, SQLite",
    )
    for way in ways:
        shown = []
        for length in LENGTHS:
            trials = 400 if length < 0.1 else 40
            warm = round(WARM_SECONDS / max(length, WARM_LEAST))
            costs = []
            for _ in range(3):
                wall, inside = apart(way, "slept", length, trials, warm)
                costs.append((wall * WAYS[way][0] - inside) / trials * 1000)
            shown.append(f"{statistics.median(costs):6.2f} ({min(costs):.2f} to {max(costs):.2f})")
        told = "   ".join(
            f"{length:g} s: {text}" for length, text in zip(LENGTHS, shown, strict=True)
        )
        print(f"  {way:20} {told}", flush=True)


def second_worker() -> None:
    """How much faster two workers are than one."""
    print("2. 40 trials of .2 s of computing: two workers against one, median of three")
    for way in ("mldiag, local", "mldiag, dask", "joblib"):
        ratios = []
        for _ in range(3):
            one, two = (
                apart(name, "computed", 0.2, 40, 20)[0] for name in (f"{way}, one worker", way)
            )
            ratios.append(one / two)
        print(
            f"  {way:20} {statistics.median(ratios):.2f} x ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )


START = """
    import numpy as np, mldiag
    from pathlib import Path
    from sklearn.linear_model import LogisticRegression
    from mldiag.run.settings import SilentListener
    from mldiag.run.executor import Executor, RunSettings
    from mldiag.run.identity import identify
    from mldiag.run.store.trial_store import Store
    X = np.random.default_rng(0).normal(size=(200, 5))
    y = (X[:, 0] > 0).astype(int)
    experiment = mldiag.Experiment.from_estimator(LogisticRegression(), X, y, metric="accuracy")
    settings = RunSettings(engine=ENGINE, jobs=2)
    if __name__ == "__main__":
        with Store.open(Path("trials.db")) as store:
            executor = Executor(experiment, store, identify(experiment), settings, SilentListener())
            for result in executor.run([experiment.spec(repeat=0, seed=s) for s in range(2)]):
                assert result.status == "ok", result
                break
            executor.close()
"""

JOBLIB_START = """
    import numpy as np
    from joblib import Parallel, delayed
    from sklearn.linear_model import LogisticRegression
    X = np.random.default_rng(0).normal(size=(200, 5))
    def fit(seed):
        return LogisticRegression().fit(X, (X[:, 0] > 0).astype(int)).score(X, X[:, 0] > 0)
    if __name__ == "__main__":
        Parallel(n_jobs=2)(delayed(fit)(seed) for seed in range(2))
"""


def starts() -> None:
    """From a bare interpreter to the first result."""
    print(
        "3. A process with one result of scikit-learn, two workers: median (smallest to largest) of five"
    )
    inline = textwrap.dedent(START)
    ways = {
        "mldiag, inline": f"ENGINE = 'inline'\n{inline}",
        "mldiag, local": f"ENGINE = 'local'\n{inline}",
        "mldiag, dask": f"ENGINE = 'dask'\n{inline}",
        "joblib": JOBLIB_START,
    }
    for name, code in ways.items():
        spent = []
        for _ in range(5):
            start = time.perf_counter()
            process(code)
            spent.append(time.perf_counter() - start)
        print(
            f"  {name:20} {statistics.median(spent):.2f} s ({min(spent):.2f} to {max(spent):.2f})",
            flush=True,
        )


def by_the_thousand(most: int) -> None:
    """Cost of a trial by the number of trials."""
    sizes = [size for size in SIZES if size <= most]
    print(
        "4. ms for each of so many trials that take no time: "
        + ", ".join(f"{size:,}" for size in sizes)
    )
    for way in ("mldiag, inline", "mldiag, local", "joblib", "Optuna, in memory", "Optuna, SQLite"):
        costs = []
        for size in sizes:
            if size > MOST_OF.get(way, size):
                break  # minutes or hours, and it grows with each
            wall, _ = apart(way, "slept", 0.0, size)
            costs.append(f"{wall / size * 1000:8.3f}")
        print(f"  {way:20} {' '.join(costs)}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--most", type=int, default=SIZES[-1], help="Trials of the largest count.")
    arguments = parser.parse_args()
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start"
    )
    overheads()
    second_worker()
    starts()
    by_the_thousand(arguments.most)


if __name__ == "__main__":
    main()
