"""How near the range test's suggestion comes to the best learning rate of an exhaustive sweep.

    OMP_NUM_THREADS=1 python benchmarks/range_test.py [--quick] > benchmarks/range_test.txt

Every training is swept over 19 rates of four repeats each; the best is the rate with the highest mean, and
the plateau are all rates within one standard error, or half a point (1 % of the score for regression), of
it. The range test has five seeds, as in the product. The sweep breaks at the first rate above the best at
which a third of the best score is lost.
"""

from __future__ import annotations

import argparse
import math
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from range_problems import held_back, problems
from real_draws import print_table

from mldiag.declaration import Experiment
from mldiag.run.worker import run_trial
from mldiag.steps import step_named
from mldiag.steps.sweep.settings import Settings

SWEEP, REPEATS = np.geomspace(1e-4, 3, 19), 4
RULES = ("steepest", "lowest / 10", "lowest / 4 (mldiag)", "lowest", "break / 10", "break / 5")


@dataclass(frozen=True)
class Found:
    """One training: the best rate and its plateau, where the sweep breaks, and what the range test said."""

    label: str
    best: float
    plateau: tuple[float, float]
    breaks: float
    test_breaks: float
    rules: dict[str, float]
    seconds: tuple[float, float]


def swept(experiment: Experiment, param: str) -> Any:
    name = experiment.metric.name
    specs = [
        [experiment.spec({param: float(rate)}, repeat=r) for r in range(REPEATS)] for rate in SWEEP
    ]
    return np.array(
        [[run_trial(experiment, s, threads=1).score(name) for s in row] for row in specs]
    )


def tested(experiment: Experiment) -> Any:
    """The diagnosis of a range test, as the command makes it."""
    step, settings, results = step_named("sweep"), Settings(range_test=True), {}
    while specs := step.plan(experiment, settings, tuple(results.values())):
        results |= {spec.digest: run_trial(experiment, spec, threads=1) for spec in specs}
    return step.diagnose(experiment, settings, list(results.values()))


def look(label: str, experiment: Experiment, param: str) -> Found | None:
    begin = time.perf_counter()
    scores = swept(experiment, param)
    middle = time.perf_counter()
    found = tested(experiment.renamed(params={param: experiment.params[param]})).summary
    end = time.perf_counter()
    means = np.nan_to_num(scores.mean(axis=1), nan=-np.inf)
    best = int(np.argmax(means))
    worth = 0.01 * means[best] if experiment.metric.name == "r2" else 0.005
    error = scores[best].std(ddof=1) / math.sqrt(REPEATS)
    plateau = SWEEP[means >= means[best] - max(error, worth)]
    lost = SWEEP[(np.arange(len(SWEEP)) > best) & (means < means[best] * 2 / 3)]
    if found is None:
        print(f"{label}: no fall seen")
        return None
    breaks = found.breaks.estimate
    rules = dict(
        zip(
            RULES,
            (found.steepest.estimate, found.lowest.estimate / 10, found.suggestion,
             found.lowest.estimate, breaks / 10, breaks / 5),
            strict=True,
        )
    )  # fmt: skip
    return Found(
        label, float(SWEEP[best]), (float(plateau.min()), float(plateau.max())),
        float(lost.min()) if len(lost) else math.nan, breaks, rules, (middle - begin, end - middle),
    )  # fmt: skip


def factor(first: float, second: float) -> float:
    return max(first / second, second / first)


def from_plateau(value: float, plateau: tuple[float, float]) -> float:
    return max(plateau[0] / value, value / plateau[1], 1.0)


def tell(title: str, all_found: list[Found]) -> None:
    rows = [
        (f.label, f"{f.best:.2g}", f"{f.plateau[0]:.2g} to {f.plateau[1]:.2g}",
         f"{f.rules[RULES[2]]:.2g}", f"{factor(f.rules[RULES[2]], f.best):.1f}",
         f"{from_plateau(f.rules[RULES[2]], f.plateau):.1f}",
         f"{f.breaks:.2g}" if math.isfinite(f.breaks) else "not", f"{f.test_breaks:.2g}",
         f"{f.seconds[1] / f.seconds[0]:.1%}")
        for f in all_found
    ]  # fmt: skip
    head = ("training", "best rate", "plateau", "suggested", "factor to best", "to plateau",
            "sweep breaks", "test breaks", "cost of the sweep")  # fmt: skip
    print_table(title, head, rows)
    rules = []
    for rule in RULES:
        values = [f.rules[rule] for f in all_found]
        known = [(v, f) for v, f in zip(values, all_found, strict=True) if math.isfinite(v)]
        gaps = np.array([factor(v, f.best) for v, f in known])
        off = np.array([from_plateau(v, f.plateau) for v, f in known])
        rules.append((rule, f"{np.median(gaps):.1f}",
                      f"{np.mean(gaps <= 3):.2f}", f"{np.mean(gaps <= 10):.2f}",
                      f"{np.mean(off <= 1.01):.2f}", f"{np.mean(off <= 3):.2f}",
                      f"{off.max():.1f}"))  # fmt: skip
    print_table(
        f"{title}: rules",
        ("rule", "median factor to best", "within 3x", "within 10x", "on the plateau",
         "within 3x of it", "worst factor to it"),
        rules,
    )  # fmt: skip
    both = [f for f in all_found if math.isfinite(f.breaks) and math.isfinite(f.test_breaks)]
    agree = np.array([factor(f.breaks, f.test_breaks) for f in both])
    if len(agree):
        print(
            f"\n  break: {len(both)} of {len(all_found)} sweeps lose a third of their score; the range "
            f"test is within 3x of that rate in {np.mean(agree <= 3):.0%}, "
            f"median factor {np.median(agree):.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for title, group in (
        ("1  Trainings on which the rule was chosen", problems()),
        ("2  Trainings held back", held_back()),
    ):
        chosen = list(group.items())[-2:] if quick else list(group.items())
        found = [look(label, *pair) for label, pair in chosen]
        tell(title, [one for one in found if one is not None])


if __name__ == "__main__":
    main()
