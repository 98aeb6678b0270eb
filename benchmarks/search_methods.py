"""Regret against trainings of every search method on real problems: `python benchmarks/search_methods.py`.

Each search runs mldiag's own rounds (points, race over repeats) on a table of real trainings
(`search_problems.py`, made on the first run: about 15 minutes, kept in --cache), so that many seeds cost
little. Regret: the true mean of the best cell less that of the point that leads. Beside them Optuna alone
with its defaults: TPE, one seed and one split a trial. Three problems were not looked at before the rule of
`auto` was fixed; they are marked.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
import optuna
from real_draws import print_table
from search_problems import REPEATS, TabulatedProblem, problems, tabulated

import mldiag
from mldiag.conditions import is_active
from mldiag.parameters import Categorical, Int
from mldiag.steps.sweep.search.choice import chosen_method
from mldiag.steps.sweep.search.replay import replayed
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import TrialResult

matplotlib.use("Agg")
optuna.logging.set_verbosity(optuna.logging.ERROR)
METHODS = ("grid", "random", "tpe", "cmaes", "gp")
COUNTS = np.arange(10, 101, 5)
COSTS = {"auto, 0.05 s": 0.05, "auto, 5 s": 5.0}


def experiment_of(table: TabulatedProblem, seed: int) -> mldiag.Experiment:
    """The problem as an experiment; its name moves the search's seed."""

    @mldiag.experiment(
        rows=1000,
        metric="accuracy",
        params=table.problem.params,
        name=f"{table.problem.name}-{seed}",
    )
    def never_run(trial):
        return 0.0

    return never_run


def search(table: TabulatedProblem, method: str, seed: int, points: int):
    """Regret in the metric's unit by number of trainings, and processor time of the searching itself."""
    experiment, settings = experiment_of(table, seed), Settings(search=method, trials=points)
    draws = np.random.default_rng(seed).permutation(REPEATS)
    results, curve, seconds = [], [], 0.0
    while True:
        began = time.process_time()
        state = replayed(experiment, settings, results)
        seconds += time.process_time() - began
        if state.rounds:
            leader = state.tried.points[state.tried.leader]
            curve.append((len(results), table.best - table.truth(leader)))
        known = {result.spec.digest for result in results}
        fresh = [spec for spec in state.wanted if spec.digest not in known]
        if not fresh:
            return curve, seconds
        for spec in fresh:
            value = table.score(dict(spec.params), int(draws[spec.rows.repeat]))
            results.append(TrialResult(spec, "ok", {"accuracy": value}, wall_seconds=0.05))


def optuna_alone(table: TabulatedProblem, seed: int, trainings: int):
    """What a person gets who calls Optuna with its defaults."""
    params, draw = table.problem.params, int(np.random.default_rng(seed).permutation(REPEATS)[0])
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    defaults = {name: parameter.default for name, parameter in params.items()}
    curve, best = [], (-np.inf, 0.0)
    began = time.process_time()
    for number in range(trainings):
        trial, point = study.ask(), {}
        for name, parameter in params.items():
            if is_active(params, name, defaults | point):
                point[name] = _suggested(trial, name, parameter)
        value = table.score(point, draw)
        study.tell(trial, value)
        best = max(best, (value, table.best - table.truth(point)), key=lambda pair: pair[0])
        curve.append((number + 1, best[1]))
    return curve, time.process_time() - began


def _suggested(trial, name, parameter):
    if isinstance(parameter, Categorical):
        return trial.suggest_categorical(name, list(parameter.choices))
    kind = trial.suggest_int if isinstance(parameter, Int) else trial.suggest_float
    return kind(name, parameter.low, parameter.high, log=parameter.log)


def along(curve) -> np.ndarray:
    """The regret at each of COUNTS; before the first round that of the first."""
    at = np.array([count for count, _ in curve])
    regret = np.array([value for _, value in curve])
    return regret[np.clip(np.searchsorted(at, COUNTS, side="right") - 1, 0, None)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cache", type=Path, default=Path("build/search_tables"))
    asked.add_argument("--seeds", type=int, default=20)
    asked.add_argument("--gp-seeds", type=int, default=6)
    asked.add_argument("--points", type=int, default=30)
    asked.add_argument("--figure", type=Path)
    given = asked.parse_args()
    found, curves, times, trainings, picks = {}, {}, {}, {}, {}
    tables = [tabulated(problem, given.cache) for problem in problems()]
    for table in tables:
        name = table.problem.name + " (unseen)" * table.problem.unseen
        experiment = experiment_of(table, 0)
        for method in (*METHODS, "optuna alone"):
            runs = []
            for seed in range(given.gp_seeds if method == "gp" else given.seeds):
                try:
                    runs.append(
                        optuna_alone(table, seed, 60)
                        if method == "optuna alone"
                        else search(table, method, seed, given.points)
                    )
                except mldiag.MldiagError:
                    break
            if runs:
                regrets = np.array([curve[-1][1] for curve, _ in runs])
                found[name, method] = regrets / table.noise_sd, regrets
                curves[name, method] = np.mean([along(c) for c, _ in runs], axis=0) / table.noise_sd
                times.setdefault(method, []).append(np.mean([spent for _, spent in runs]))
                trainings.setdefault(method, []).append(np.mean([c[-1][0] for c, _ in runs]))
        space = replayed(experiment, Settings(search="random", trials=given.points), []).space
        for label, cost in COSTS.items():
            choice = chosen_method(space, Settings(search="auto", trials=given.points), cost)
            picks[name, label] = choice.method
            if (name, choice.method) in found:
                found[name, label] = found[name, choice.method]
                curves[name, label] = curves[name, choice.method]
        told = {m: f"{found[name, m][0].mean():.3f}" for m in METHODS if (name, m) in found}
        print(f"  {name}: {told}", flush=True)
    _print(tables, found, times, trainings, picks, given)
    if given.figure:
        _draw(tables, curves, given.figure)


def _names(tables):
    return [table.problem.name + " (unseen)" * table.problem.unseen for table in tables]


def _cell(values) -> str:
    return f"{values.mean():.3f} +-{values.std() / len(values) ** 0.5:.3f}"


def _print(tables, found, times, trainings, picks, given) -> None:
    methods = [*METHODS, "optuna alone"]
    for unit, part in (("noise sd of one score", 0), ("the metric's unit", 1)):
        rows = []
        for table, name in zip(tables, _names(tables), strict=True):
            default = (table.best - table.default) / (table.noise_sd if part == 0 else 1)
            cells = [_cell(found[name, m][part]) if (name, m) in found else "-" for m in methods]
            rows.append((name, f"{default:.3f}", *cells, "/".join(picks[name, c] for c in COSTS)))
        print_table(
            f"regret after {given.points} points, in {unit}",
            ("problem", "defaults", *methods, "auto picks (0.05 s/5 s)"),
            rows,
        )
    print_table(
        "over all problems that a method can search",
        ("method", "mean regret, noise sd", "seen", "unseen", "trainings", "its own s a search"),
        [_mean_row(tables, found, m, times, trainings) for m in (*methods, *COSTS)],
    )
    for label in COSTS:
        if not all((n, label) in found for n in _names(tables)):
            continue  # without PyTorch, or with --gp-seeds 0
        mine = np.mean([found[n, label][0].mean() for n in _names(tables)])
        singles = {
            m: np.mean([found[n, m][0].mean() for n in _names(tables)])
            for m in METHODS
            if all((n, m) in found for n in _names(tables))
        }
        best = min(singles, key=singles.get)
        print(f"{label}: {mine / singles[best]:.3f} times the best single method ({best})")


def _mean_row(tables, found, method, times, trainings):
    def mean(keep):
        values = [
            found[n, method][0].mean()
            for n, t in zip(_names(tables), tables, strict=True)
            if (n, method) in found and keep(t.problem)
        ]
        return f"{np.mean(values):.3f} ({len(values)})" if values else "-"

    own = f"{np.mean(times[method]):.2f}" if method in times else ""
    count = f"{np.mean(trainings[method]):.0f}" if method in trainings else ""
    seen, unseen = mean(lambda p: not p.unseen), mean(lambda p: p.unseen)
    return method, mean(lambda p: True), seen, unseen, count, own


def _draw(tables, curves, file: Path) -> None:
    import matplotlib.pyplot as plt

    colours = {"grid": "#7a7a7a", "random": "#4f9a6f", "tpe": "#0b3c6f", "cmaes": "#9b6fb5",
               "gp": "#c8691c", "optuna alone": "#9b1d54"}  # fmt: skip
    names = _names(tables)
    figure, panels = plt.subplots(3, 4, figsize=(13, 8.4), layout="constrained", sharex=True)
    for axes, name in zip(panels.ravel(), [*names, "mean of all"], strict=False):
        for method, colour in colours.items():
            which = names if name == "mean of all" else [name]
            if all((one, method) in curves for one in which):
                mean = np.mean([curves[one, method] for one in which], axis=0)
                shown = (60 if method == "optuna alone" else 80) >= COUNTS
                axes.plot(COUNTS[shown], mean[shown], color=colour, lw=1.8, label=method,
                          ls="--" if method == "optuna alone" else "-")  # fmt: skip
        axes.set_title(name, fontsize=10, loc="left", fontweight="bold" if " of " in name else None)
        axes.set_yscale("log")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dddddd", lw=0.7)
    panels[0, 0].legend(frameon=False, fontsize=8, ncols=2)
    figure.supxlabel("trainings", fontsize=11)
    figure.supylabel("regret of the leading point, in noise sd of one score", fontsize=11)
    figure.savefig(file, dpi=110, facecolor="white")


if __name__ == "__main__":
    main()
