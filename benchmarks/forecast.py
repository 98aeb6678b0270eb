"""How good the learning-curve forecast is: on LCDB curves, cross-fitted, and on others.

    OMP_NUM_THREADS=1 python benchmarks/forecast.py CURVES.parquet --scorer SCORER.py --folds FOLDER

CURVES.parquet and FOLDER are those of `forecast_train.py`; SCORER.py is the curves' own scorer, with
`load_tasks`, `evaluate` and the baselines `BASE`. Every data set is scored with the parameters of the fold
that saw none of its curves. A figure after +- is a standard error over data sets (bootstrap, 300 draws).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from forecast_curves import FACTORS, RealCurve, real_curves
from numpy.typing import NDArray

from mldiag.steps.learning_curve.forecast import forecast
from mldiag.steps.learning_curve.forecasting.network import Parameters, read_parameters

Floats = NDArray[np.float64]
Task = dict[str, Any]
Predict = Callable[..., tuple[Floats, Floats, Floats]]

BASELINES = {
    "last1": "last value",
    "loglinear": "log-linear",
    "pow3_curvefit": "pow3, curve_fit",
    "pow4_curvefit": "pow4, curve_fit",
    "mmf4_curvefit": "mmf4, curve_fit",
    "median5": "median of five, shape grids",
}
FIGURES = ("MAE 2x", "4x", "8x", "cover 2x", "4x ", "8x ", "IS 2x", "AUC", "accuracy")
BOOTSTRAP = 300
VALID_TO_TRAIN = 0.25


@dataclass(frozen=True)
class Folds:
    """Fold of every data set, and the parameters of every fold."""

    of: dict[str, int]
    parameters: list[Parameters]


def read_folds(folder: Path) -> Folds:
    of = json.loads((folder / "folds.json").read_text())
    count = max(of.values()) + 1
    return Folds(of, [read_parameters(folder / f"fold_{k}.npz") for k in range(count)])


def load_scorer(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("scorer", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def predictor(parameters: Parameters, *, use_train: bool = True, bounded: bool = True) -> Predict:
    """The forecast as the scorer calls it, with these parameters."""

    def predict(
        sizes: Floats, scores: Floats, targets: Floats, train_scores: Floats | None = None
    ) -> tuple[Floats, Floats, Floats]:
        train = train_scores if use_train else None
        if bounded:
            ahead = forecast(sizes, scores, targets, train_scores=train, parameters=parameters)
            return ahead.mean, ahead.low, ahead.high
        ahead = forecast(
            sizes, 1 - scores, targets, maximize=False, bounds=(0, None),
            train_scores=None if train is None else 1 - train, parameters=parameters,
        )  # fmt: skip
        return 1 - ahead.mean, 1 - ahead.high, 1 - ahead.low

    return predict


def cross_fitted(
    scorer: ModuleType, tasks: Sequence[Task], folds: Folds, **how: bool
) -> tuple[pd.DataFrame, float, float]:
    """Errors of every task by a fold that never saw its data set; share of failures; milliseconds."""
    parts, failed, spent = [], 0.0, 0.0
    for k, parameters in enumerate(folds.parameters):
        own = [task for task in tasks if folds.of[str(task["id"])] == k]
        summary, lines = scorer.evaluate(predictor(parameters, **how), own, str(k))
        parts.append(lines)
        failed += summary["fail"] * len(own) / len(tasks)
        spent += summary["ms"] * len(own) / len(tasks)
    return pd.concat(parts), failed, spent


def figures(scorer: ModuleType, lines: pd.DataFrame) -> Floats:
    """The scorer's figures, in the order of `FIGURES`."""
    by = {h: lines[lines["h"] == h] for h in FACTORS}
    twice = by[2]
    worth = twice["tgain"] >= 0.01
    return np.array([
        *(by[h]["ae"].mean() for h in FACTORS),
        *(by[h]["cov"].mean() for h in FACTORS),
        twice["is_"].clip(upper=10).mean(),
        scorer.auc(twice["gain"], worth),
        ((twice["gain"] >= 0.01) == worth).mean(),
    ])  # fmt: skip


def with_errors(scorer: ModuleType, lines: pd.DataFrame) -> tuple[Floats, Floats]:
    """Figures, and their standard errors over data sets."""
    random = np.random.default_rng(0)
    groups = [group for _, group in lines.groupby("id")]
    drawn = [
        figures(
            scorer, pd.concat([groups[i] for i in random.integers(len(groups), size=len(groups))])
        )
        for _ in range(BOOTSTRAP)
    ]
    return figures(scorer, lines), np.std(drawn, axis=0)


def print_lines(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]
    print(f"\n{title}")
    for line in (head, ["-" * width for width in widths], *lines):
        print(
            "  " + "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        )


def print_scored(scorer: ModuleType, tasks: Sequence[Task], folds: Folds) -> None:
    lines = []
    for key, name in BASELINES.items():
        summary, errors = scorer.evaluate(scorer.BASE[key], tasks, key)
        value, error = with_errors(scorer, errors)
        lines.append(
            [name, *_cells(value, error), f"{summary['fail']:.1%}", f"{summary['ms']:.1f}"]
        )
    for name, train in (("mldiag without train scores", False), ("mldiag", True)):
        errors, failed, spent = cross_fitted(scorer, tasks, folds, use_train=train)
        value, error = with_errors(scorer, errors)
        lines.append([name, *_cells(value, error), f"{failed:.1%}", f"{spent:.1f}"])
    print_lines(
        f"1  {len(tasks)} curves of {len({t['id'] for t in tasks})} data sets, 5 repeats, cross-fitted",
        ["method", *FIGURES, "failed", "ms"],
        lines,
    )


def _cells(value: Floats, error: Floats) -> list[str]:
    places = [4, 4, 4, 3, 3, 3, 4, 3, 3]
    return [f"{v:.{p}f} +-{e:.{p}f}" for v, e, p in zip(value, error, places, strict=True)]


def changed(tasks: Sequence[Task], rows: Callable[[Task], Any], repeats: int | None) -> list[Task]:
    """The tasks with some of their sizes and repeats only."""
    made = []
    for task in tasks:
        chosen = rows(task)
        parts = {k: task[k][chosen][:, :repeats] for k in ("scores", "train")}
        made.append({**task, "sizes": task["sizes"][chosen], **parts})
    return made


def print_designs(scorer: ModuleType, tasks: Sequence[Task], file: Path, folds: Folds) -> None:
    def every(task: Task) -> Any:
        return slice(None)

    def halves(task: Task) -> Any:
        return slice((len(task["sizes"]) - 1) % 2, None, 2)

    cases: list[tuple[str, list[Task], dict[str, bool]]] = [
        ("one repeat", changed(tasks, every, 1), {}),
        ("one repeat, no train scores", changed(tasks, every, 1), {"use_train": False}),
        ("3 repeats", changed(tasks, every, 3), {}),
        ("25 repeats", scorer.load_tasks("dev", 25, path=str(file)), {}),
        ("halves of the rows only", changed(tasks, halves, None), {}),
        ("3 sizes: n/4, n/2, n", changed(tasks, lambda t: [-5, -3, -1], None), {}),
        ("2 sizes: n/2, n", changed(tasks, lambda t: [-3, -1], None), {}),
        ("2 sizes, one repeat", changed(tasks, lambda t: [-3, -1], 1), {}),
        ("as a loss: error rate, no upper bound", list(tasks), {"bounded": False}),
        ("as a loss, no train scores", list(tasks), {"bounded": False, "use_train": False}),
    ]
    lines = []
    for name, own, how in cases:
        errors, failed, _ = cross_fitted(scorer, own, folds, **how)
        lines.append([name, *_cells(*with_errors(scorer, errors)), f"{failed:.1%}"])
    print_lines("2  The same curves, seen otherwise", ["design", *FIGURES, "failed"], lines)


def print_real(curves: Sequence[RealCurve]) -> None:
    """Coverage of scores and gains, and errors as a share of the last value's, by metric and by learner."""
    groups: dict[str, list[RealCurve]] = defaultdict(list)
    for curve in curves:
        groups[curve.metric.name].append(curve)
    for curve in curves:
        kind = (
            "losses"
            if curve.metric.bounds == (0, None)
            else "R2"
            if curve.metric.name == "R2"
            else "accuracy"
        )
        groups[f"{curve.learner}: {kind}"].append(curve)
    groups["all"] = list(curves)
    for title, how in (
        (
            "3  Curves it was not trained on, as mldiag draws them",
            {"use_train": True, "shared": True},
        ),
        ("4  The same without train scores", {"use_train": False, "shared": True}),
        (
            "5  The same without the error that the repeats share",
            {"use_train": True, "shared": False},
        ),
    ):
        shown = (
            groups if title.startswith("3") else {k: v for k, v in groups.items() if ":" not in k}
        )
        lines = [[name, f"{len(own)}", *_real_cells(own, **how)] for name, own in shown.items()]
        head = [f"{kind} {f}x" for kind in ("score", "gain", "error") for f in FACTORS]
        print_lines(title, ["metric or learner", "curves", *head], lines)


def _real_cells(curves: Sequence[RealCurve], *, use_train: bool, shared: bool) -> list[str]:
    held, gained, errors, last, clusters = [], [], [], [], []
    for curve in curves:
        ahead = forecast(
            curve.sizes, curve.scores, curve.targets, maximize=curve.metric.maximize,
            bounds=curve.metric.bounds, train_scores=curve.train_scores if use_train else None,
            valid_to_train=VALID_TO_TRAIN if shared else 0.0,
        )  # fmt: skip
        held.append((ahead.low <= curve.truth) & (curve.truth <= ahead.high))
        gain = (curve.truth - curve.truth[0]) * (1 if curve.metric.maximize else -1)
        gained.append([own.low <= g <= own.high for own, g in zip(ahead.gain(), gain, strict=True)])
        # In units of the curve's own change, so that metrics of any size can be compared.
        scale = np.abs(curve.truth[-1] - curve.truth[0]) + 0.05 * np.abs(curve.truth[0]) + 1e-9
        errors.append(np.abs(ahead.mean - curve.truth) / scale)
        last.append(np.abs(np.nanmean(curve.scores[-1]) - curve.truth) / scale)
        clusters.append(f"{curve.data} {curve.learner} {curve.targets[0]}")
    cells = []
    for values in (np.array(held, float)[:, 1:], np.array(gained, float)[:, 1:]):
        error = _clustered(values, clusters)
        cells += [f"{v:.2f} +-{e:.2f}" for v, e in zip(values.mean(axis=0), error, strict=True)]
    share = np.median(errors, axis=0) / np.median(last, axis=0)
    return cells + [f"{s:.2f}" for s in share[1:]]


def _clustered(held: Floats, clusters: Sequence[str]) -> Floats:
    """Standard errors of means over pairs of data and learner: draws of a pair share their truth."""
    _, code = np.unique(clusters, return_inverse=True)
    centered = held - held.mean(axis=0)
    sums = np.stack([centered[code == c].sum(axis=0) for c in range(code.max() + 1)])
    return np.sqrt((sums**2).sum(axis=0)) / len(held)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curves", type=Path)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=4)
    arguments = parser.parse_args()
    started = time.process_time()
    scorer = load_scorer(arguments.scorer)
    tasks = scorer.load_tasks("dev", 5, path=str(arguments.curves))
    folds = read_folds(arguments.folds)
    print_scored(scorer, tasks, folds)
    print_designs(scorer, tasks, arguments.curves, folds)
    curves = list(real_curves(arguments.draws))
    print_real(curves)
    print(f"\n{time.process_time() - started:.0f} s of one core")


if __name__ == "__main__":
    main()
