"""Time to an answer, beside what people use instead, and what the engine itself costs.

    python benchmarks/speed.py [--rounds 5] > benchmarks/speed.txt

1. A sweep and a learning curve of LogisticRegression on digits, with MLflow and the figure, beside
   scikit-learn's `validation_curve` and `learning_curve` with two jobs and a saved figure: the same numbers
   of fits on the same numbers of rows. Cold: whole processes, imports included, a folder without a store.
   Warm: a second sweep or curve in the same process. The two sides alternate; medians over the rounds.
2. `mldiag --help` above a bare interpreter.
3. A sweep of 100 trials asked again, with MLflow: in the same process, and as a whole command.
4. Trials of 1 ms, 10,000 of them: the engine's own time for each, and the memory of the process.

What MLflow costs a child is in `tracking.py`. The machine should be idle.
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
import textwrap
import time
from pathlib import Path

DATA = """
    import json, shutil, sys, time, warnings
    warnings.filterwarnings("ignore")
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    X, y = load_digits(return_X_y=True)
    SIZES = [25, 50, 100, 200, 400, 800, 1150]
"""

OURS = """
    import mldiag
    experiment = mldiag.Experiment.from_estimator(
        LogisticRegression(), X, y, metric="accuracy", name="digits",
        params={"C": mldiag.Float(1e-4, 1e4, default=1.0, log=True),
                "tol": mldiag.Float(1e-7, 1e-1, default=1e-4, log=True)})

    def answer(param):
        if QUESTION == "sweep":
            report = mldiag.sweep(experiment, param=param, repeats=3, design="full")
        else:
            report = mldiag.learning_curve(experiment, sizes=SIZES, repeats=3)
        assert report.trials.cached == 0 and report.mlflow and report.figures, report
        shutil.rmtree(".mldiag")
"""

THEIRS = """
    import os
    os.environ["PYTHONWARNINGS"] = "ignore"
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import numpy as np
    from sklearn.model_selection import StratifiedShuffleSplit, learning_curve, validation_curve
    cv = StratifiedShuffleSplit(3, train_size=1150, test_size=288, random_state=0)

    def answer(param):
        if QUESTION == "sweep":
            x = np.geomspace(1e-4, 1e4, 9) if param == "C" else np.geomspace(1e-7, 1e-1, 9)
            train, valid = validation_curve(LogisticRegression(), X, y, param_name=param,
                                            param_range=x, cv=cv, n_jobs=2)
        else:
            x, train, valid = learning_curve(LogisticRegression(), X, y, train_sizes=SIZES, cv=cv,
                                             n_jobs=2)
        figure, axes = plt.subplots()
        for scores in (train, valid):
            mean, sd = scores.mean(axis=1), scores.std(axis=1)
            axes.semilogx(x, mean)
            axes.fill_between(x, mean - sd, mean + sd, alpha=0.2)
        figure.savefig("curve.png")
        plt.close(figure)
"""

MAIN = """
    answer("C")
    if WARM:
        start = time.perf_counter()
        answer("tol")
        print(json.dumps(time.perf_counter() - start))
"""

CACHED = """
    import mldiag, numpy as np, time, json
    X = np.arange(900.0).reshape(-1, 1) % 7

    @mldiag.experiment(data=(X, (X[:, 0] > 3).astype(int)), metric="accuracy",
                       params={"cut": mldiag.Float(0.0, 6.0, default=2.9)})
    def threshold(trial):
        right = (trial.X_valid[:, 0] > trial.params["cut"]).astype(int) == trial.y_valid
        noise = np.random.default_rng(trial.seed).random(len(right)) < 0.05
        return {"accuracy": float(np.mean(right & ~noise))}

    if __name__ == "__main__":
        for again in range(3):
            start = time.perf_counter()
            report = mldiag.sweep(threshold, param="cut", values=19, repeats=5, design="full")
            spent = time.perf_counter() - start
        assert report.trials.planned == report.trials.cached == 100, report.trials
        assert report.mlflow and report.figures
        print(json.dumps(spent))
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=10_000)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores (load {load:.1f} at the start)"
    )
    print(f"{options.rounds} rounds: median (smallest to largest)")
    for question in ("sweep", "learning curve"):
        beside_scikit_learn(question, options.rounds)
    command_line(options.rounds)
    asked_again(options.rounds)
    for engine in ("inline", "local"):
        many_trials(engine, options.trials)


def beside_scikit_learn(question: str, rounds: int) -> None:
    """Alternate whole processes of both sides, and time the second answer inside of them."""
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for warm in (False, True):
            for side, code in (("mldiag", OURS), ("scikit-learn", THEIRS)):
                head = f"QUESTION, WARM = {question!r}, {warm}\n"
                whole, printed = whole_process(head + script(DATA, code, MAIN))
                name, value = ("warm", printed) if warm else ("cold", whole)
                times.setdefault((name, side), []).append(value)
    for name in ("cold", "warm"):
        ours, theirs = times[name, "mldiag"], times[name, "scikit-learn"]
        ratio = statistics.median(ours) / statistics.median(theirs)
        print(f"{question}, {name}")
        show("mldiag", ours)
        show("scikit-learn, two jobs", theirs)
        print(f"  {'ratio of the medians':28} {ratio:8.2f}")


def command_line(rounds: int) -> None:
    """The start of the program."""
    bare = [timed([sys.executable, "-c", "pass"])[0] for _ in range(3 * rounds)]
    helps = [timed([sys.executable, "-m", "mldiag", "--help"])[0] for _ in range(3 * rounds)]
    print("mldiag --help")
    show("bare interpreter", bare)
    show("--help", helps)
    above = statistics.median(helps) - statistics.median(bare)
    print(f"  {'above the interpreter':28} {above:8.3f} s")


def asked_again(rounds: int) -> None:
    """The same sweep once more: nothing to train, to draw or to log."""
    inside: list[float] = []
    commands: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "experiment.py")
            file.write_text(script(CACHED), encoding="utf-8")
            inside.append(json.loads(timed([sys.executable, str(file)], folder)[1]))
            sweep = ["-m", "mldiag", "sweep", str(file), "--param", "cut", "-n", "19"]
            timed([sys.executable, *sweep], folder)
            commands.append(timed([sys.executable, *sweep], folder)[0])
    print("100 trials asked again, with MLflow")
    show("in the same process", inside)
    show("whole command", commands)


def many_trials(engine: str, trials: int) -> None:
    """Trials of 1 ms through one engine, in a process of its own."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    code += f"import speed; speed.run_many({engine!r}, {trials})"
    with tempfile.TemporaryDirectory() as folder:
        print(f"{trials:,} trials of 1 ms, engine {engine}")
        print(timed([sys.executable, "-c", code], folder)[1].rstrip())


def run_many(engine: str, trials: int) -> None:
    """Run them, and print time and memory of each tenth."""
    import mldiag
    from mldiag.diagnosis import SilentListener
    from mldiag.run.executor import Executor, RunSettings
    from mldiag.run.identity import identify
    from mldiag.run.store.trial_store import Store

    @mldiag.experiment(rows=1000, metric="accuracy")
    def short(trial):  # type: ignore[no-untyped-def]
        time.sleep(0.001)
        return 0.5

    jobs = 1 if engine == "inline" else 2
    settings = RunSettings(engine=engine, jobs=jobs)
    specs = [short.spec(repeat=0, seed=seed) for seed in range(trials)]
    with Store.open(Path("trials.db")) as store:
        executor = Executor(short, store, identify(short), settings, SilentListener())
        results = executor.run(specs)
        trained, start = next(results).wall_seconds, time.perf_counter()
        tenth = trials // 10
        rows = []
        for number, result in enumerate(results, start=2):
            trained += result.wall_seconds
            if number % tenth == 0:
                now = time.perf_counter()
                rows.append(((now - start - trained / jobs) / tenth * 1000, resident_megabytes()))
                trained, start = 0.0, time.perf_counter()
        executor.close()
    costs = [cost for cost, _ in rows]
    print(
        f"  {'the engine itself, a trial':28} {statistics.median(costs):8.2f} ms   "
        f"(first tenth {costs[0]:.2f}, last {costs[-1]:.2f})"
    )
    print(
        f"  {'memory of this process':28} {rows[-1][1]:8.0f} MB   "
        f"(after the first tenth {rows[0][1]:.0f})"
    )


def resident_megabytes() -> float:
    """Memory of this process that is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def script(*parts: str) -> str:
    return "".join(textwrap.dedent(part) for part in parts)


def whole_process(code: str) -> tuple[float, float]:
    """Seconds of a process in a folder of its own, and the number that it printed last, else NaN."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "script.py").write_text(code, encoding="utf-8")
        seconds, printed = timed([sys.executable, "script.py"], folder)
    lines = printed.split()
    return seconds, json.loads(lines[-1]) if lines else float("nan")


def timed(command: list[str], folder: str | None = None) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)[:200]}\n{done.stderr}")
    return seconds, done.stdout


def show(name: str, seconds: list[float]) -> None:
    low, high = min(seconds), max(seconds)
    print(
        f"  {name:28} {statistics.median(seconds):8.3f} s   ({low:.3f} to {high:.3f})", flush=True
    )


if __name__ == "__main__":
    main()
