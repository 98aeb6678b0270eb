"""How often the intervals cover, and how often claims are false or missed: measured on real data.

A full data set plays the population. Each draw takes a small data set from it without replacement, splits
it as mldiag does (80/20, a new split per repeat, paired over values), and trains. A mean over repeats is an
unbiased estimate of the truth, so the truth is the mean over all draws; where a training set is fixed,
the truth is the score on the rest of the population over many further seeds.

    OMP_NUM_THREADS=1 python benchmarks/uncertainty.py [--quick] [--draws 400]

A figure is followed by its Monte Carlo standard error. Drawing without replacement from populations of
150 to 1,797 rows flatters every method alike: the variance of the data set is smaller by the drawn share.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from real_draws import (
    REPEATS,
    VALID_TO_TRAIN,
    VALUES,
    FixedRows,
    Floats,
    Make,
    Population,
    covers,
    populations,
    print_table,
    score_tensor,
    share,
)
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier, ExtraTreeRegressor
from uncertainty_coverage import fixed, redrawn
from uncertainty_trend import doublings

from mldiag.stats.bootstrap import resample_mean
from mldiag.stats.comparisons import Comparisons
from mldiag.stats.fixed_rows import compare_on_fixed_rows
from mldiag.stats.gain import gain_of_best
from mldiag.stats.intervals import paired_difference
from mldiag.stats.many import compare_with_default
from mldiag.stats.power import claim_power

# ---- 3 and 4 sweeps: false claims and power


def claims(
    table: Floats, *, valid_to_train: float = VALID_TO_TRAIN
) -> dict[str, NDArray[np.bool_]]:
    """Which values each method claims to be better than value 0."""
    pairs = [paired_difference(table[0], row, valid_to_train=valid_to_train) for row in table[1:]]
    naive = [paired_difference(table[0], row, valid_to_train=0.0) for row in table[1:]]
    found = compare_with_default(table, 0, valid_to_train=valid_to_train)
    return {
        "naive 80 % intervals": np.array([p.interval.low > 0 for p in naive]),
        "naive t, Bonferroni": np.array([p.p_greater < 0.05 / len(pairs) for p in naive]),
        "per pair, Bonferroni": np.array([p.p_greater < 0.05 / len(pairs) for p in pairs]),
        "mldiag": found.claimed[1:],
    }


def claim_rows(label: str, tensor: Floats, **options: float) -> list[tuple[str, ...]]:
    """False claims as it is, and how often value 1 is claimed once moved up by 1, 2 and 3 noise sd."""
    centred = tensor - tensor.mean(axis=1, keepdims=True) - tensor.mean(axis=2, keepdims=True)
    centred += tensor.mean(axis=(1, 2), keepdims=True)
    count, values, repeats = tensor.shape
    sd = float(np.sqrt((centred**2).sum() / (count * (values - 1) * (repeats - 1))))
    level = tensor - (tensor.mean(axis=(0, 2)) - tensor.mean())[None, :, None]
    found: dict[str, list[list[bool]]] = {}
    for table in level:
        for effect in range(4):
            moved = table.copy()
            moved[1] += effect * sd
            for method, claimed in claims(moved, **options).items():
                lists = found.setdefault(method, [[] for _ in range(4)])
                lists[effect].append(bool(claimed[0]) if effect else bool(claimed.any()))
    return [(label, method, *(share(hits) for hits in lists)) for method, lists in found.items()]


def sweeps(data: dict[str, Population], draws: int, equal: FixedRows) -> Floats:
    """False claims and power on nine equal values; gives one tensor back for the gain."""
    kinds: list[tuple[str, Callable[..., Any]]] = [
        ("digits", ExtraTreeClassifier),
        ("breast_cancer", ExtraTreeClassifier),
        ("diabetes", ExtraTreeRegressor),
    ]
    rows, tensors = [], []
    for name, kind in kinds:
        makers: list[Make] = [
            lambda s, v=value, k=kind: k(random_state=100_000 * v + s) for value in range(VALUES)
        ]
        tensor = score_tensor(data[name], draws, makers)
        tensors.append(tensor)
        rows += claim_rows(f"{name}, 5 repeats", tensor)
    rows += claim_rows("digits, 3 repeats", tensors[0][:, :, :3])
    head = ("nine equal values", "method", "false claims", "power 1 sd", "power 2 sd", "power 3 sd")
    print_table("3  Redrawn splits, sweeps: one-sided error .05 over all values", head, rows)
    sd = np.sqrt(2.0)
    theory = (
        claim_power(k, sd, repeats=REPEATS, valid_to_train=VALID_TO_TRAIN, comparisons=8)
        for k in (1, 2, 3)
    )
    print(
        "  power that the variance formula predicts (stats/power.py): "
        + ", ".join(f"{p:.2f}" for p in theory)
    )
    means = equal.right.mean(axis=3)
    rows = claim_rows("seeds vary, rows fixed", means, valid_to_train=0.0)
    rows += _fixed_claims(equal)
    print_table("4  Fixed validation rows, sweeps", head, rows)
    return tensors[0]


def _fixed_claims(equal: FixedRows) -> list[tuple[str, ...]]:
    """Rows and seeds joined; an effect turns as many wrong rows of value 1 right as it takes."""
    means = equal.right.mean(axis=3)
    sd = float(means.std(axis=2, ddof=1).mean())
    hits: list[list[bool]] = [[] for _ in range(4)]
    for draw, right in enumerate(equal.right):
        random = np.random.default_rng([draw, 17])
        for effect in range(4):
            moved = right.astype(float)
            for trial in moved[1]:
                wrong = random.permutation(np.flatnonzero(trial == 0))
                trial[wrong[: round(effect * sd * trial.size)]] = 1.0
            claimed = compare_on_fixed_rows(resample_mean(moved, resamples=400), 0).claimed
            hits[effect].append(bool(claimed[1]) if effect else bool(claimed.any()))
    return [("rows and seeds", "mldiag", *(share(h) for h in hits))]


# ---- 5 the gain of a chosen best


def gains(data: dict[str, Population], draws: int, flat: Floats, equal: FixedRows) -> None:
    digits, rows = data["digits"], []
    truth = np.zeros(VALUES)
    level = flat - (flat.mean(axis=(0, 2)) - flat.mean())[None, :, None]
    rows.append(_gain_row("nine equal values", level, truth, 0))
    step = 3 * float((flat - flat.mean(axis=1, keepdims=True)).std(ddof=1))
    lifted = level.copy()
    lifted[:, 3] += step
    rows.append(
        _gain_row("one good value, 3 sd", lifted, np.where(np.arange(9) == 3, step, 0.0), 0)
    )
    neighbours = [1, 2, 3, 4, 5, 7, 9, 15, 30]
    curves: list[tuple[str, Population, list[Make], int]] = [
        (
            "k of k-NN, digits",
            digits,
            [lambda s, k=k: KNeighborsClassifier(k) for k in neighbours],
            5,
        ),
        (
            "depth of a tree, digits",
            digits,
            [
                lambda s, d=d: DecisionTreeClassifier(max_depth=d, random_state=s)
                for d in range(2, 11)
            ],
            3,
        ),
        (
            "alpha of ridge, diabetes",
            data["diabetes"],
            [lambda s, a=a: Ridge(alpha=a) for a in np.logspace(-2, 3, VALUES)],
            8,
        ),
    ]
    for label, population, makers, default in curves:
        tensor = score_tensor(population, draws // 2, makers)
        means = tensor.mean(axis=(0, 2))
        rows.append(_gain_row(label, tensor, means - means[default], default))
    fixed_found = [
        compare_on_fixed_rows(resample_mean(r.astype(float), resamples=400), 0) for r in equal.right
    ]
    rows.append(_gain_summary("nine equal values, fixed rows", fixed_found, truth))
    head = (
        "sweep",
        "naive",
        "mldiag",
        "naive bias (sd)",
        "mldiag bias (sd)",
        "false claims",
        "values covered",
    )
    print_table(
        "5  80 % interval of the true gain of the value chosen as best (aim about .80)", head, rows
    )


def _gain_row(label: str, tensor: Floats, truth: Floats, default: int) -> tuple[str, ...]:
    found = [compare_with_default(t, default, valid_to_train=VALID_TO_TRAIN) for t in tensor]
    return _gain_summary(label, found, truth)


def _gain_summary(label: str, found: list[Comparisons], truth: Floats) -> tuple[str, ...]:
    rows, values = [], []
    for comparisons in found:
        candidates = comparisons.candidates
        best = int(candidates[np.argmax(comparisons.difference[candidates])])
        plain, gain = comparisons.intervals[best], gain_of_best(comparisons)
        true = float(truth[best])
        wrong = bool((comparisons.claimed & (truth <= 0)).any())
        rows.append(
            (
                covers(plain, true),
                covers(gain, true),
                plain.estimate - true,
                gain.estimate - true,
                wrong,
            )
        )
        values.append(np.mean([covers(comparisons.intervals[v], truth[v]) for v in candidates]))
    table = np.array(rows, dtype=float)
    sd = float(np.mean([comparisons.noise_sd for comparisons in found]))
    biases = (f"{column.mean() / sd:+.3f}" for column in table[:, 2:4].T)
    covered = f"{np.mean(values):.3f} +-{np.std(values) / np.sqrt(len(values)):.3f}"
    return (label, share(table[:, 0]), share(table[:, 1]), *biases, share(table[:, 4]), covered)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400, help="small data sets per case")
    parser.add_argument(
        "--quick", action="store_true", help="12 draws a case: a check that it runs"
    )
    options = parser.parse_args()
    draws = 12 if options.quick else options.draws
    began = time.process_time()
    print(f"{draws} draws a case (seeds 0 to {draws - 1}), {REPEATS} repeats, one core")
    data = populations()
    redrawn(data, draws)
    equal = fixed(data, draws)
    flat = sweeps(data, draws, equal)
    gains(data, draws, flat, equal)
    doublings(data, draws)
    print(f"\n{time.process_time() - began:.0f} seconds of one core")


if __name__ == "__main__":
    main()
