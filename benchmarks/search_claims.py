"""False claims, coverage and power of a search's "better": `python benchmarks/search_claims.py`.

Simulated searches of 30 points (race, fresh repeats, reserve as mldiag does them). A score is the point's
worth, plus what this data set adds to it (variance d), plus the noise of one draw of the rows (variance 1).
Nadeau and Bengio's correction assumes d = .25; on real draws of small data sets from larger ones d was .01 to
.08 for forests, SVMs and ridge, and .37 for SVMs on digits.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from real_draws import print_table, share

from mldiag.findings import CLAIM_ERROR
from mldiag.steps.sweep.search.claim import WinnerNumbers, judge_winner, on_reserve
from mldiag.steps.sweep.search.race import next_repeats
from mldiag.steps.sweep.search.tried import Tried

REPEATS, POINTS, FIRST, BATCH = 5, 30, 8, 4
RESERVE_TO_VALID = 0.16 / 0.20  # rows of one validation set over those of the reserve


def searched(
    random: np.random.Generator, worth: np.ndarray, spread: float, reserve: bool
) -> tuple[WinnerNumbers | None, float, int]:
    """The winner's numbers, its true gain, and the trainings spent."""
    count = len(worth)
    here = worth + random.normal(0, math.sqrt(spread), count)
    full = here[:, None] + random.normal(0, 1, (count, 2 * REPEATS))
    done = np.zeros(count, dtype=int)
    done[0], done[1:FIRST] = REPEATS, 1
    known = FIRST
    while True:
        scores = np.full((known, REPEATS), np.nan)
        for point in range(known):
            scores[point, : done[point]] = full[point, : done[point]]
        state = Tried(tuple({} for _ in range(known)), scores, np.isfinite(scores), ())
        more = next_repeats(state)
        if not more and known == count:
            break
        for point, repeats in more:
            done[point] = max(repeats) + 1
        new = min(BATCH, count - known)
        done[known : known + new] = 1
        known += new
    winner = state.leader
    if winner == 0:
        return None, 0.0, int(done.sum())
    table = np.full((count, 2 * REPEATS), np.nan)
    table[:, :REPEATS] = scores - scores[0]
    table[winner] = full[winner] - full[0]
    numbers = judge_winner(table, winner, searched=REPEATS, points=count - 1, valid_to_train=0.25)
    if reserve and numbers.worth_confirming:
        # Other rows: what the data set adds is drawn anew with the noise of a set of this size.
        noise = random.normal(0, math.sqrt(2 * (1 + spread) * RESERVE_TO_VALID))
        interval, p_value = on_reserve(
            worth[winner] - worth[0] + noise, numbers.noise_sd, df=2 * REPEATS - 1,
            valid_rows=16, reserve_rows=20,
        )  # fmt: skip
        numbers = replace(numbers, reserve=interval, p_reserve=p_value)
    return numbers, float(worth[winner] - worth[0]), int(done.sum())


def row(name: str, worths: Callable[..., np.ndarray], spread: float, reserve: bool, runs: int):
    random = np.random.default_rng(9)
    claims, naive, false, covered, spent, bias = [], [], [], [], [], []
    for _ in range(runs):
        numbers, gain, trainings = searched(random, worths(random), spread, reserve)
        claimed = numbers is not None and numbers.claimed
        claims.append(claimed)
        false.append(claimed and gain <= 0)
        naive.append(numbers is not None and numbers.p_fresh < CLAIM_ERROR and gain <= 0)
        spent.append(trainings)
        if numbers is not None:
            covered.append(numbers.gain.low <= gain <= numbers.gain.high)
            bias.append(numbers.gain.estimate - gain)
    used = "yes" if reserve else "no"
    return (name, f"{spread:g}", used, share(claims), share(false), share(naive),
            share(covered), f"{np.mean(bias):+.2f}", f"{np.mean(spent):.0f}")  # fmt: skip


def nothing(random: np.random.Generator) -> np.ndarray:
    """Every point is worth what the defaults are."""
    return np.zeros(POINTS + 1)


def worse(random: np.random.Generator) -> np.ndarray:
    """Every point is worse than the defaults."""
    return np.r_[0.0, -np.abs(random.normal(0, 1, POINTS))]


def good(random: np.random.Generator) -> np.ndarray:
    """The defaults lie in the middle of the points."""
    return np.r_[0.0, random.normal(0, 1, POINTS)]


def better(random: np.random.Generator) -> np.ndarray:
    """Most points are better than the defaults."""
    return np.r_[0.0, random.normal(1, 1, POINTS)]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=1000)
    runs = asked.parse_args().runs
    rows = [
        row(name, worths, spread, reserve, runs)
        for name, worths in (
            ("all equal", nothing), ("all worse", worse), ("best +2 sd", good), ("best +3 sd", better),
        )
        for spread in (0.0, 0.25)
        for reserve in (False, True)
    ]  # fmt: skip
    print_table(
        f"{POINTS} points, {REPEATS} repeats, {runs} searches each; 80 % intervals of the winner's gain",
        ("points", "d", "reserve", "claims", "false claims", "fresh repeats alone", "coverage",
         "bias, sd", "trainings before the end"),
        rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
