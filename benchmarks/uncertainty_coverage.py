"""Parts 1 and 2 of `uncertainty.py`: how often intervals cover, with redrawn splits and with fixed rows."""

from __future__ import annotations

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
    fixed_rows_draws,
    print_table,
    score_tensor,
    share,
)
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from mldiag.stats.bootstrap import resample_mean, resample_score
from mldiag.stats.fixed_rows import (
    fixed_rows_difference,
    fixed_rows_interval,
)
from mldiag.stats.intervals import mean_interval, paired_difference

# ---- 1 redrawn splits


def redrawn(data: dict[str, Population], draws: int) -> None:
    pairs: list[tuple[str, str, Make, Make]] = [
        ("digits", "Bayes, tree", lambda s: GaussianNB(var_smoothing=0.03), tree),
        ("digits", "tree, 1-NN", tree, lambda s: KNeighborsClassifier(1)),
        ("breast_cancer", "SVM, Bayes", lambda s: SVC(), lambda s: GaussianNB()),
        ("wine", "tree, Bayes", tree, lambda s: GaussianNB()),
        ("iris", "tree, 5-NN", tree, lambda s: KNeighborsClassifier(5)),
        ("diabetes", "ridge, 10-NN", lambda s: Ridge(alpha=1.0), lambda s: KNeighborsRegressor(10)),
    ]
    rows, overall = [], []
    for name, label, first, second in pairs:
        scores = score_tensor(data[name], draws, [first, second])
        truth = scores.mean(axis=(0, 2))
        hits = np.array([_redrawn_hits(table, truth) for table in scores])
        overall.append(hits)
        rows.append((f"{name}: {label}", *(share(hits[:, i]) for i in range(4))))
    rows.append(("all", *(share(np.concatenate(overall)[:, i]) for i in range(4))))
    head = (
        "data: learners",
        "mean naive t",
        "mean mldiag",
        "difference naive t",
        "difference mldiag",
    )
    print_table(
        "1  Redrawn splits, 5 repeats: coverage of the 80 % interval (aim .75 to .86)", head, rows
    )


def _redrawn_hits(table: Floats, truth: Floats) -> list[bool]:
    gain = float(truth[1] - truth[0])
    return [
        *(
            covers(mean_interval(table[0], valid_to_train=c), truth[0])
            for c in (0.0, VALID_TO_TRAIN)
        ),
        *(
            covers(paired_difference(*table, valid_to_train=c).interval, gain)
            for c in (0.0, VALID_TO_TRAIN)
        ),
    ]


def tree(seed: int) -> DecisionTreeClassifier:
    return DecisionTreeClassifier(random_state=seed)


# ---- 2 fixed validation rows


def fixed(data: dict[str, Population], draws: int) -> FixedRows:
    """Coverage where the validation rows are fixed; gives the equal-valued draws back for the sweep."""
    forests: list[Make] = [
        lambda s: ExtraTreesClassifier(3, random_state=s),
        lambda s: ExtraTreesClassifier(3, max_depth=5, random_state=s),
    ]
    pairs = fixed_rows_draws(data["digits"], draws // 2, forests, 20)
    single: list[Make] = [
        lambda s: GaussianNB(var_smoothing=0.03),
        lambda s: KNeighborsClassifier(5),
    ]
    exact = fixed_rows_draws(data["digits"], draws, single, 1)
    rows = []
    for label, found in (("forests of 3, 5 seeds", pairs), ("Bayes, 5-NN, one trial", exact)):
        hits = np.array(
            [_fixed_hits(r[:, :REPEATS], t) for r, t in zip(found.right, found.truth, strict=True)]
        )
        rows.append((label, *("no interval" if c.sum() == 0 else share(c) for c in hits.T)))
    head = (
        "digits",
        "mean seeds only",
        "mean mldiag",
        "diff. seeds only",
        "diff. rows only",
        "diff. mldiag",
    )
    print_table(
        "2  Fixed validation rows (100): coverage of the 80 % interval (aim .75 to .86)", head, rows
    )
    print(
        f"  R2 of ridge against 10-NN, diabetes, one trial, score function: {_r2_coverage(data, draws // 2)}"
    )
    equal: list[Make] = [lambda s: ExtraTreeClassifier(random_state=s)] * VALUES
    return fixed_rows_draws(data["digits"], draws, equal, REPEATS)


def _fixed_hits(right: NDArray[np.bool_], truth: Floats) -> list[bool]:
    scores = resample_mean(right.astype(float), resamples=400)
    means, gain = scores.measured, float(truth[1] - truth[0])
    rows_only = resample_mean(right.mean(axis=1, keepdims=True), resamples=400)
    return [
        covers(mean_interval(means[0], valid_to_train=0), float(truth[0])),
        covers(fixed_rows_interval(scores), float(truth[0])),
        covers(paired_difference(*means, valid_to_train=0).interval, gain),
        covers(fixed_rows_difference(rows_only).interval, gain),
        covers(fixed_rows_difference(scores).interval, gain),
    ]


def _r2_coverage(data: dict[str, Population], draws: int) -> str:
    population, hits = data["diabetes"], []
    for draw in range(draws):
        rows = np.random.default_rng([draw, 13]).permutation(len(population.target))
        train, valid, rest = rows[:120], rows[120:190], rows[190:]
        models = [
            m.fit(population.inputs[train], population.target[train])
            for m in (KNeighborsRegressor(10), Ridge(alpha=1.0))
        ]
        far, near = ([m.predict(population.inputs[part]) for m in models] for part in (rest, valid))
        truth = [r_squared(population.target[rest], p) for p in far]
        scores = resample_score(
            population.target[valid], [[p] for p in near], r_squared, resamples=200
        )
        hits.append(covers(fixed_rows_difference(scores).interval, truth[1] - truth[0]))
    return share(hits)


def r_squared(truth: NDArray[Any], predicted: NDArray[Any]) -> float:
    return float(1 - ((truth - predicted) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
