"""How often `judge_reproduction` errs, and how often it decides, over simulated reports and runs.

    python benchmarks/reproduction.py > benchmarks/reproduction.txt

A process has mean `expected + true difference` and standard deviation s; the tolerance is d. Two looks are
taken as the step takes them: first at half of the runs (at least 3), then at all of them, each with half
the alpha. Of some hundred rates that truly are 5 %, a few lie above 5 % plus two Monte Carlo errors by
chance; such a cell is drawn again with ten times the draws, which tells chance from fault.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from dataclasses import dataclass

import numpy as np
from real_draws import print_table

from mldiag.steps.reproduce.equivalence import judge_reproduction

TOLERANCE = 0.01
EXPECTED = 0.9
ALPHA = 0.05
SPREADS = (0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
RUNS = (3, 5, 10, 20)
REPORT_RUNS = 5


@dataclass(frozen=True)
class Report:
    """What a report tells of its own runs."""

    name: str
    runs: int | None
    tells_spread: bool


REPORTS = (
    Report("taken as exact", None, False),
    Report(f"{REPORT_RUNS} runs with their sd", REPORT_RUNS, True),
    Report("one run", 1, False),
)


def looks_of(runs: int, looks: int) -> tuple[int, ...]:
    """Numbers of runs at which the question is asked."""
    return (runs,) if looks == 1 or runs < 6 else (max(3, math.ceil(runs / 2)), runs)


def rates(
    report: Report,
    spread: float,
    runs: int,
    difference: float,
    looks: int,
    draws: int,
    stream: int = 0,
) -> tuple[float, float]:
    """Shares of `reproduced` and `not_reproduced`."""
    random = np.random.default_rng([int(100 * spread), runs, int(10 * difference), looks, stream])
    s = spread * TOLERANCE
    counts = {"reproduced": 0, "not_reproduced": 0, "inconclusive": 0}
    for _ in range(draws):
        told: dict[str, float | int | None] = {}
        number = EXPECTED
        if report.runs is not None:
            theirs = random.normal(EXPECTED, s, size=report.runs)
            number = float(theirs.mean())
            told["reported_runs"] = report.runs
            if report.tells_spread:
                told["reported_sd"] = float(theirs.std(ddof=1))
        scores = random.normal(EXPECTED + difference * TOLERANCE, s, size=runs)
        asked = looks_of(runs, looks)
        for count in asked:
            found = judge_reproduction(
                scores[:count], number, TOLERANCE, looks=len(asked), alpha=ALPHA, **told
            )
            if found.verdict != "inconclusive":
                break
        counts[found.verdict] += 1
    return counts["reproduced"] / draws, counts["not_reproduced"] / draws


def errors_of(found: list[tuple[float, float]]) -> tuple[float, float, float]:
    """`not_reproduced` at no difference, `reproduced` at d and at 2d."""
    return found[0][1], found[1][0], found[2][0]


def bound_of(draws: int) -> float:
    return ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / draws)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10_000)
    draws = parser.parse_args().draws
    started = time.time()
    print(f"{draws} draws a cell; two Monte Carlo errors above {ALPHA} is {bound_of(draws):.4f}")
    cells, above, broken = 0, [], 0
    for report, looks in itertools.product(REPORTS, (1, 2)):
        rows = []
        for spread, runs in itertools.product(SPREADS, RUNS):
            case = (report, spread, runs)
            found = [rates(*case, difference, looks, draws) for difference in (0, 1, 2)]
            cells += 3
            for difference, rate in enumerate(errors_of(found)):
                if rate > bound_of(draws):
                    again = rates(*case, difference, looks, 10 * draws, stream=1)
                    exact = again[1] if difference == 0 else again[0]
                    above.append(f"{report.name}, s/d {spread:g}, {runs} runs, at {difference}d: "
                                 f"{rate:.4f}, again {exact:.4f}")  # fmt: skip
                    broken += exact > bound_of(10 * draws)
            shown = (*errors_of(found), found[0][0], found[1][1], found[2][1])
            rows.append((f"{spread:g}", str(runs), *(f"{rate:.3f}" for rate in shown)))
        head = (
            "s/d", "runs", "'not' at 0", "'yes' at d", "'yes' at 2d",
            "right: yes at 0", "not at d", "right: not at 2d",
        )  # fmt: skip
        print_table(f"the report: {report.name}; {looks} look{'s' * (looks > 1)}", head, rows)
    print(f"\n{len(above)} of {cells} error rates above the bound; drawn again, {broken} are")
    print("\n".join(f"  {line}" for line in above))
    print(f"{time.time() - started:.0f} s, NumPy {np.__version__}, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
