"""Sweeps over a cliff: false claims and power where values differ in noise as well as in score.

Real sweeps of a learning rate look like this: a few good values, useless ones, and one on the edge that
diverges now and then and is many times noisier. Pooling its noise would hide every real gain. Simulated,
because the truth must be known; noise is in units of a good value's, repeats share part of theirs.

    python benchmarks/cliffs.py
"""

from __future__ import annotations

import numpy as np

from mldiag.stats.many import compare_with_default

DRAWS, REPEATS, SHARED, VALID_TO_TRAIN = 3000, 5, 0.7, 0.25

LEARNING_RATES = [2, 3, 1.2, 0.7, 0.8, 0.8, 5, 0.2]  # noise of each; the seventh stands on the edge

# name, true scores, noise of each, position of the default
CASES = (
    ("nine equal values", [0] * 9, [1] * 9, 0),
    ("nine equal values, one at +3", [0] * 8 + [3], [1] * 9, 0),
    ("three equal values", [0] * 3, [1] * 3, 0),
    ("equal, one three times as noisy", [0] * 5, [1, 1, 3, 1, 1], 0),
    ("equal, two three times as noisy", [0] * 6, [1] * 4 + [3, 3], 0),
    ("equal, the default 2.5 times as noisy", [0] * 5, [2.5, 1, 1, 1, 1], 0),
    ("equal, five silent useless ones", [0] * 4 + [-20] * 5, [1] * 4 + [0.01] * 5, 0),
    ("equal, four wild useless ones", [0] * 5 + [-20, -50, -70, -90], [1] * 5 + [8, 10, 20, 5], 0),
    (
        "one at +3, four wild useless ones",
        [0, 3, 0, -20, -50, -70, -90],
        [1] * 3 + [8, 10, 20, 5],
        0,
    ),
    ("short grid, nothing better", [-100, 0, 0, -90, -150], [30, 1, 1, 60, 0.3], 1),
    ("short grid, one at +10", [-100, 0, 10, -90, -150], [30, 1, 2, 60, 0.3], 1),
    ("learning rate, nothing better", [-80, -56, -4, 0, 0, 0, -3, -84], LEARNING_RATES, 3),
    ("learning rate, two at +3", [-80, -56, -4, 0, 3, 3, -3, -84], LEARNING_RATES, 3),
    (
        "learning rate, the wild one near",
        [-44, -11, -3, 0, 3, 3, -1, -84],
        [5, 5, 2, 0.7, 0.8, 0.8, 3, 0.2],
        3,
    ),
)


def shares(truth: list[float], noise: list[float], default: int) -> tuple[float, float]:
    """Share of sweeps with a false claim, and with a right one."""
    random = np.random.default_rng(0)
    means, sds = np.array(truth, dtype=float), np.array(noise, dtype=float)
    false = right = 0
    for _ in range(DRAWS):
        common = random.normal(0, SHARED * np.median(sds), REPEATS)
        scores = means[:, None] + common + random.normal(size=(len(means), REPEATS)) * sds[:, None]
        found = compare_with_default(scores, default, valid_to_train=VALID_TO_TRAIN)
        better = means > means[default]
        false += bool((found.claimed & ~better).any())
        right += bool((found.claimed & better).any())
    return false / DRAWS, right / DRAWS


def main() -> None:
    """Print one line a case."""
    print(f"{DRAWS} sweeps a case, {REPEATS} repeats, error of a claim .05; seed 0")
    print(f"{'case':40s} false claims   power")
    for name, truth, noise, default in CASES:
        false, right = shares(truth, noise, default)
        error = (max(false, 1 / DRAWS) * (1 - false) / DRAWS) ** 0.5
        power = f"{right:.3f}" if max(truth) > truth[default] else "-"
        print(f"{name:40s} {false:.3f} +-{error:.3f}  {power}")


if __name__ == "__main__":
    main()
