"""How good are the decisions of `mldiag sweep --param`, and how often does it claim what is not there?

    python benchmarks/sweep_decisions.py [--runs 40] [--only design|unseen|useless|permuted|several|fixed]

Every run is the step itself, `plan` and `diagnose`, on tables of real trainings (`sweep_problems.py`): five
random draws of the sixty are the sweep's repeats, the mean over all others is the truth. Half of the runs
have the declared default, half a random one, bad ones among them.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from multiprocessing import Pool
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from real_draws import print_table, share
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sweep_problems import data, problems
from sweep_scenes import REPEATS, STEP, Scene, problem_named, scene, sweep

import mldiag
from mldiag.steps.sweep.settings import Settings
from mldiag.trial_result import Predictions, TrialResult

Floats = NDArray[np.float64]
CLOSE = 0.3


# ---- the designs that are compared


def adaptive(found: Scene) -> dict[str, float]:
    """The default design; what it decided, claimed and said of the best value."""
    diagnosis, results, rounds = sweep({"p": found}, Settings(param="p"))
    (axis,) = diagnosis.axes
    measured, curve = axis.measured, axis.measured.curve
    decided = found.nearest(axis.best_value)
    claimed = measured.verdict == "better value"
    gain = found.truth[decided] - found.truth[found.default]
    told = {"decided": decided, "trials": len(results), "rounds": rounds, "claimed": claimed, "gain": gain,
            "covered": np.nan, "interval": np.nan, "inside": np.nan, "width": np.nan}  # fmt: skip
    if claimed and np.isfinite(measured.gain.low):
        told["covered"] = measured.gain.low <= gain <= measured.gain.high
    if curve is not None:
        low, high = (found.nearest(value) for value in curve.best_range)
        top = found.truth[found.exhaustive].max()
        told["inside"] = found.truth[low : high + 1].max() >= top - 0.1 * found.noise
        told["width"] = (high - low) / (len(found.truth) - 1)
    return told


def full_grid(found: Scene) -> dict[str, float]:
    """Nine values x five repeats: the highest mean, and its claim."""
    diagnosis, results, _ = sweep({"p": found}, Settings(param="p", design="full"))
    (axis,) = diagnosis.axes
    decided = found.nearest(axis.best_value)
    return {"decided": decided, "trials": len(results), "claimed": axis.measured.verdict == "better value",
            "naive": _naive_claim(axis.measured)}  # fmt: skip


def _naive_claim(measured: Any) -> bool:
    """What a plain look would claim: some value's own 80 % interval lies above the default."""
    lows = [measured.comparisons.intervals[i].low for i in measured.comparisons.candidates]
    return bool(max(lows, default=-1.0) > 0)


def tpe(found: Scene, trials: int, seed: int) -> int:
    """Optuna's TPE at the same number of trials, one repeat after the other; its best trial's value."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({"p": found.problem.values[found.default]})
    low, high, log = (
        found.problem.parameter.low,
        found.problem.parameter.high,
        found.problem.parameter.log,
    )
    for number in range(trials):
        trial = study.ask()
        value = trial.suggest_float("p", low, high, log=log)
        score = found.sign * found.score(value, number % REPEATS)
        study.tell(trial, score if np.isfinite(score) else None,
                   state=None if np.isfinite(score) else optuna.trial.TrialState.FAIL)  # fmt: skip
    return found.nearest(study.best_params["p"])


# ---- the measurements


def one_decision(task: tuple[str, int]) -> dict[str, Any]:
    name, run = task
    warnings.simplefilter("ignore")
    found = scene(problem_named(name), run)
    top = float(found.truth[found.exhaustive].max())
    told: dict[str, Any] = {"name": name, "run": run}
    mine, grid = adaptive(found), full_grid(found)
    picks = {
        "adaptive": mine["decided"],
        "full": grid["decided"],
        "tpe": tpe(found, int(mine["trials"]), run),
    }
    for design, pick in picks.items():
        regret = top - float(found.truth[int(pick)])
        told[f"{design}_close"] = regret <= CLOSE * found.noise
        told[f"{design}_regret"] = min(regret / found.noise, 10.0)
        told[f"{design}_residual"] = regret <= CLOSE * max(found.residual, 1e-12)
    real = top - found.truth[found.default] > found.noise
    told |= {"real": real, "full_claimed": grid["claimed"], "full_trials": grid["trials"]}
    false = mine["claimed"] and mine["gain"] <= 0
    return told | {key: mine[key] for key in mine if key != "decided"} | {"false": false}


def one_null(task: tuple[str, int, bool, int]) -> dict[str, Any]:
    name, run, permuted, count = task
    warnings.simplefilter("ignore")
    problem = problem_named(name)
    if count == 1:
        found = scene(problem, run, permuted=permuted)
        grid = full_grid(found)
        mine = adaptive(found)
        return {"name": name, "adaptive": mine["claimed"], "full": grid["claimed"], "naive": grid["naive"],
                "trials": mine["trials"]}  # fmt: skip
    scenes = {f"p{i}": scene(problem, 1000 * run + i, permuted=permuted) for i in range(count)}
    first = scenes["p0"]
    shared = {n: replace(s, seen=_same_default(s, first)) for n, s in scenes.items()}
    diagnosis, results, _ = sweep(shared, Settings(all=True))
    claimed = any(found.measured.verdict == "better value" for found in diagnosis.axes)
    return {
        "name": name,
        "adaptive": claimed,
        "full": np.nan,
        "naive": np.nan,
        "trials": len(results),
    }


def _same_default(found: Scene, first: Scene) -> Floats:
    """Several parameters share the trials of the default, and the draws' own parts."""
    seen = found.seen - found.seen.mean(axis=0) + first.seen.mean(axis=0)
    seen[found.default] = first.seen[first.default]
    return seen


# ---- fixed validation rows: they are the sample, and per-row predictions tell its noise

FIXED_ROWS = 200


@cache
def fixed_right(kind: str, draw: int) -> Any:
    """Which of 200 fixed validation rows each of 24 values and 5 seeds gets right (values, seeds, rows).

    `useless`: forests of which the value only shifts the seed; then each row's successes are dealt out
    anew among the values, so that their true scores are equal. `deterministic`: one seed, 24 depths of a
    tree, dealt out likewise.
    """
    inputs, target = data("digits", 1700)
    rows = np.random.default_rng([draw, 31]).permutation(len(target))
    fit, valid = rows[:200], rows[200 : 200 + FIXED_ROWS]
    values, seeds = 24, 1 if kind == "deterministic" else REPEATS
    right = np.empty((values, seeds, FIXED_ROWS))
    for value in range(values):
        for seed in range(seeds):
            number = draw * 1000 + value * 10 + seed
            model = (
                DecisionTreeClassifier(max_depth=2 + value, random_state=0)
                if kind == "deterministic"
                else RandomForestClassifier(6, random_state=number)
            )
            right[value, seed] = (
                model.fit(inputs[fit], target[fit]).predict(inputs[valid]) == target[valid]
            )
    return np.random.default_rng([draw, 32]).permuted(right, axis=0)


def one_fixed(task: tuple[str, int]) -> dict[str, Any]:
    """A sweep on fixed validation rows whose values are all equal: whatever it claims is false."""
    kind, run = task
    warnings.simplefilter("ignore")
    right = fixed_right(kind, run if kind == "deterministic" else run // 4)
    right = right[np.random.default_rng([run, 33]).permutation(len(right))]
    truth = np.zeros(FIXED_ROWS, dtype=int)
    inputs = np.zeros((FIXED_ROWS + 200, 1))

    @mldiag.experiment(
        data=(inputs[FIXED_ROWS:], np.resize([0, 1], 200)),
        valid=(inputs[:FIXED_ROWS], truth),
        metric="accuracy",
        params={"p": mldiag.Float(1e-3, 1, default=0.03, log=True)},
    )  # fmt: skip
    def fixed(trial: Any) -> float:
        return 0.0

    experiment = fixed.renamed(deterministic=kind == "deterministic")
    told: dict[str, Any] = {"name": kind, "naive": np.nan}
    for design in ("adaptive", "full"):
        settings, results = Settings(param="p", design=design), {}
        while fresh := STEP.plan(experiment, settings, tuple(results.values())):
            for spec in fresh:
                place = np.log(dict(spec.params)["p"] / 1e-3) / np.log(1e3)
                hits = right[round(place * (len(right) - 1)), spec.seed]
                kept = Predictions(np.arange(200, 200 + FIXED_ROWS), (1 - hits).astype(int), truth)
                results[spec.digest] = TrialResult(
                    spec, "ok", {"accuracy": float(hits.mean())}, wall_seconds=0.1, predictions=kept
                )
        (axis,) = STEP.diagnose(experiment, settings, list(results.values())).axes
        told[design] = axis.measured.verdict == "better value"
        if design == "adaptive":
            told["trials"] = len(results)
        else:
            told["naive"] = _naive_claim(axis.measured)
    return told


def decisions(kind: str, runs: int, pool: Any) -> None:
    names = [problem.name for problem in problems() if problem.kind == kind]
    told = pool.map(
        one_decision, [(name, run) for name in names for run in range(runs)], chunksize=2
    )
    rows = [_decision_row(name, [t for t in told if t["name"] == name]) for name in names]
    rows.append(_decision_row("all", told))
    head = ("problem", "close", "full 9x5", "TPE", "in residual sd", "full", "regret", "full", "TPE",
            "trials", "rounds", "best in interval", "width", "power", "full", "gain covered",
            "false")  # fmt: skip
    print_table(
        f"{kind}: decided within {CLOSE} noise sd of the best, {runs} runs a problem", head, rows
    )


def _decision_row(name: str, told: list[dict[str, Any]]) -> tuple[str, ...]:
    def mean(key: str, rows: Iterable[dict[str, Any]] = told) -> float:
        values = np.array([float(row[key]) for row in rows])
        values = values[np.isfinite(values)]
        return float(values.mean()) if values.size else np.nan

    real = [row for row in told if row["real"]]
    two = "{:.2f}".format
    return (
        name, share([t["adaptive_close"] for t in told]), two(mean("full_close")), two(mean("tpe_close")),
        two(mean("adaptive_residual")), two(mean("full_residual")), two(mean("adaptive_regret")),
        two(mean("full_regret")), two(mean("tpe_regret")), f"{mean('trials'):.1f}", f"{mean('rounds'):.1f}",
        two(mean("inside")), two(mean("width")), two(mean("claimed", real)),
        two(mean("full_claimed", real)), two(mean("covered")), two(mean("false")),
    )  # fmt: skip


def nulls(title: str, tasks: list[Any], pool: Any, measure: Any = one_null) -> None:
    told = pool.map(measure, tasks, chunksize=4)
    rows = []
    for name in [*dict.fromkeys(t["name"] for t in told), "all"]:
        some = [t for t in told if name in (t["name"], "all")]
        trials = np.mean([t["trials"] for t in some])
        rows.append(
            (
                name,
                *(share([t[k] for t in some]) for k in ("adaptive", "full", "naive")),
                f"{trials:.1f}",
            )
        )
    print_table(title, ("parameter", "adaptive", "full 9x5", "naive", "trials"), rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    parts: dict[str, Callable[[Any], None]] = {
        "design": lambda pool: decisions("design", given.runs, pool),
        "unseen": lambda pool: decisions("unseen", given.runs, pool),
        "useless": lambda pool: nulls("claims on useless parameters", [
            (p.name, run, False, 1)
            for p in problems() if p.kind == "useless" for run in range(5 * given.runs)
        ], pool),
        "permuted": lambda pool: nulls("claims on permuted tables (the better half of the values)", [
            (p.name, run, True, 1) for p in problems() if p.kind == "design" for run in range(given.runs)
        ], pool),
        "several": lambda pool: nulls("claims on four useless parameters at once", [
            (p.name, run, False, 4)
            for p in problems() if p.kind == "useless" for run in range(given.runs)
        ], pool),
        "fixed": lambda pool: nulls(f"claims on {FIXED_ROWS} fixed validation rows, all values equal", [
            (kind, run) for kind in ("useless", "deterministic") for run in range(6 * given.runs)
        ], pool, one_fixed),
    }  # fmt: skip
    with Pool(2) as pool:
        for name, measure in parts.items():
            if given.only in ("", name):
                measure(pool)


if __name__ == "__main__":
    main()
