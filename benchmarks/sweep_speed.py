"""Time to a decided value, beside Optuna alone and scikit-learn's `validation_curve`, on the same question.

    python benchmarks/sweep_speed.py [--rounds 3] > benchmarks/sweep_speed.txt

Which C of an SVM on digits (1,150 training rows, five redrawn splits)? Whole processes, imports included,
started one after the other in rounds; mldiag with its figure and without a store to begin with, once with
MLflow. Two jobs where the tool has jobs. The score behind the chosen value is that of 20 further splits.
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

import numpy as np
from real_draws import print_table
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.svm import SVC

COMMON = """
    import json, warnings
    warnings.filterwarnings("ignore")
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score, validation_curve
    from sklearn.svm import SVC
    X, y = load_digits(return_X_y=True)
    cv = StratifiedShuffleSplit(5, train_size=1150, test_size=288, random_state=0)
"""

VALIDATION_CURVE = """
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    values = np.geomspace(1e-3, 1e3, 9)
    train, valid = validation_curve(SVC(), X, y, param_name="C", param_range=values, cv=cv, n_jobs=2)
    plt.semilogx(values, valid.mean(axis=1))
    plt.savefig("curve.png")
    print(json.dumps([float(values[valid.mean(axis=1).argmax()]), valid.size]))
"""

OPTUNA = """
    import optuna
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    def objective(trial):
        C = trial.suggest_float("C", 1e-3, 1e3, log=True)
        return cross_val_score(SVC(C=C), X, y, cv=cv).mean()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=SEED))
    study.optimize(objective, n_trials=9, n_jobs=2)
    print(json.dumps([study.best_params["C"], 45]))
"""

MLDIAG = """
    import mldiag
    if __name__ == "__main__":
        experiment = mldiag.Experiment.from_estimator(
            SVC(), X, y, metric="accuracy", name="digits",
            params={"C": mldiag.Float(1e-3, 1e3, default=1.0, log=True)})
        report = mldiag.sweep(experiment, param="C", **OPTIONS)
        found = report.result["params"]["C"]
        print(json.dumps([found["best_value"], report.trials.run]))
"""

PROGRAMS = {
    "validation_curve, 9 values x 5, figure": VALIDATION_CURVE,
    "Optuna TPE alone, 9 values x 5": OPTUNA,
    "mldiag --design full, figure": MLDIAG.replace(
        "OPTIONS", "dict(design='full', tracking_uri=False)"
    ),
    "mldiag (adaptive), figure": MLDIAG.replace("OPTIONS", "dict(tracking_uri=False)"),
    "mldiag (adaptive), figure, MLflow": MLDIAG.replace("OPTIONS", "{}"),
}


def run(program: str, seed: int) -> tuple[float, float, int]:
    """Seconds of the whole process, the value that it chose, and its trainings."""
    code = textwrap.dedent(COMMON) + textwrap.dedent(program).replace("SEED", str(seed))
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        ended = subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        seconds = time.perf_counter() - started
    value, trainings = json.loads(ended.stdout.splitlines()[-1])
    return seconds, float(value), int(trainings)


def score_of(value: float) -> float:
    """The mean score of a value over 20 splits that nobody has chosen on."""
    X, y = load_digits(return_X_y=True)
    cv = StratifiedShuffleSplit(20, train_size=1150, test_size=288, random_state=99)
    return float(cross_val_score(SVC(C=value), X, y, cv=cv).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    found = {name: [] for name in PROGRAMS}
    for seed in range(rounds):
        for name, program in PROGRAMS.items():
            found[name].append(run(program, seed))
    rows = []
    for name, results in found.items():
        seconds = [result[0] for result in results]
        value = float(np.median([result[1] for result in results]))
        rows.append((name, f"{statistics.median(seconds):.1f}", f"{min(seconds):.1f} to {max(seconds):.1f}",
                     str(results[0][2]), f"{value:.3g}", f"{score_of(value):.4f}"))  # fmt: skip
    head = ("what", "seconds", "range", "trainings", "value", "its score on 20 further splits")
    print_table(f"which C? whole processes, medians of {rounds} rounds", head, rows)
    print(f"  {platform.python_version()}, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
