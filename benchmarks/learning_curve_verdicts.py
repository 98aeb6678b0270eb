"""How often the verdict of a learning curve is right, on curves of data sets that the forecast never saw.

    python benchmarks/learning_curve_verdicts.py CURVES.parquet --scorer SCORER.py --folds FOLDER

The curves, their scorer and the folds are those of `forecast.py`. Each curve is seen up to a random size with
five repeats; the truth is the mean over 25 repeats at twice that size. Beside the verdict by the forecast
stands one by the last doubling alone: improving where it is above zero at 5 %, saturated where its 80 %
interval ends below the gain that is worth having.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from forecast import load_scorer, read_folds

from mldiag.stats.intervals import paired_difference
from mldiag.steps.learning_curve.forecast import forecast
from mldiag.steps.learning_curve.forecasting.network import Parameters
from mldiag.steps.learning_curve.verdict import THRESHOLDS

WORTH = (0.005, 0.01)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("curves", type=Path)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    arguments = parser.parse_args()
    folds = read_folds(arguments.folds)
    tasks = [
        task
        for task in load_scorer(arguments.scorer).load_tasks("dev", 5, path=str(arguments.curves))
        if 2 in task["hs"]
    ]
    print(f"{len(tasks)} curves of {len({task['id'] for task in tasks})} data sets")
    print(
        f"{'worth':>6}  {'judged by':14}{'verdict':12}{'curves':>7}  "
        f"{'gain worth having':>18}  {'any gain':>16}"
    )
    for worth in WORTH:
        rows: dict[tuple[str, str], list[tuple[bool, bool, int]]] = {}
        for task in tasks:
            gained = task["truth"][1] - task["truth"][0]
            parameters = folds.parameters[folds.of[str(task["id"])]]
            for judge, verdict in (
                ("the forecast", by_forecast(task, worth, parameters)),
                ("last doubling", by_last_doubling(task, worth)),
            ):
                truth = (bool(gained >= worth), bool(gained > 0), int(task["id"]))
                rows.setdefault((judge, verdict), []).append(truth)
        for (judge, verdict), found in sorted(rows.items(), reverse=True):
            shares = " ".join(f"{share(found, which):>18}" for which in (0, 1))
            print(f"{worth:6g}  {judge:14}{verdict:12}{len(found):7} {shares}", flush=True)


def by_forecast(task: Any, worth: float, parameters: Parameters) -> str:
    """The rule of `steps/learning_curve/verdict.py` on bare scores, without the second look."""
    rows = task["sizes"][-1]
    ahead = forecast(
        task["sizes"], task["scores"], [2 * rows], train_scores=task["train"], bounds=(0, 1),
        parameters=parameters,
    )  # fmt: skip
    anything, worthwhile = (float(ahead.probability_gain(gain)[0]) for gain in (0.0, worth))
    if worthwhile <= THRESHOLDS.missed_error:
        return "saturated"
    sure = anything >= 1 - THRESHOLDS.claim_error
    return "improving" if sure and worthwhile >= THRESHOLDS.likely else "open"


def by_last_doubling(task: Any, worth: float) -> str:
    """Half of the rows against all of them; the sizes lie a factor of sqrt(2) apart."""
    found = paired_difference(task["scores"][-3], task["scores"][-1], valid_to_train=0.0)
    if found.p_greater < THRESHOLDS.claim_error and found.interval.high >= worth:
        return "improving"
    return "saturated" if found.interval.high < worth else "open"


def share(found: list[tuple[bool, bool, int]], which: int) -> str:
    """Share of curves with its standard error over data sets."""
    values = np.array([row[which] for row in found], dtype=float)
    groups = np.array([row[2] for row in found])
    sums = [(values[groups == group] - values.mean()).sum() for group in np.unique(groups)]
    return f"{values.mean():.3f} +-{np.sqrt(np.sum(np.square(sums))) / len(values):.3f}"


if __name__ == "__main__":
    main()
