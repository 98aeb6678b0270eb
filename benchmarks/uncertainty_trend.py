"""The last part of `uncertainty.py`: the last doubling of a learning curve."""

from __future__ import annotations

import numpy as np
from real_draws import (
    VALID_TO_TRAIN,
    Capped,
    Floats,
    Make,
    Population,
    covers,
    print_table,
    score_tensor,
    share,
)
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from uncertainty_coverage import tree

from mldiag.stats.intervals import paired_difference
from mldiag.stats.trend import last_doubling


def doublings(data: dict[str, Population], draws: int) -> None:
    curves: list[tuple[str, str, Make]] = [
        ("flat", "digits", lambda s: Capped(GaussianNB(var_smoothing=0.03), s)),
        ("flat", "breast_cancer", lambda s: Capped(tree(s), s)),
        ("flat", "wine", lambda s: Capped(GaussianNB(var_smoothing=0.03), s)),
        ("real", "digits", lambda s: GaussianNB(var_smoothing=0.03)),
        ("real", "digits", tree),
        ("real", "digits", lambda s: KNeighborsClassifier(1)),
        ("real", "breast_cancer", lambda s: SVC()),
        ("real", "diabetes", lambda s: Ridge(alpha=0.1)),
    ]
    rows = []
    for kind, name, make in curves:
        # a capped learner must draw other rows at each size, as a real one would see other rows
        tensor = _doubling_tensor(data[name], draws, make, separate=kind == "flat")
        gain = tensor[:, 1] - tensor[:, 0]
        true = 0.0 if kind == "flat" else float(gain.mean())
        mine = [last_doubling(table, valid_to_train=VALID_TO_TRAIN) for table in tensor]
        full = [paired_difference(*table, valid_to_train=VALID_TO_TRAIN) for table in tensor]
        naive = [paired_difference(*table, valid_to_train=0) for table in tensor]
        rows.append(
            (
                f"{kind}: {name}, gain {true:+.3f} ({true / gain.std(axis=1, ddof=1).mean():.1f} sd)",
                *(share([covers(p.interval, true) for p in each]) for each in (naive, full, mine)),
                share([p.p_greater < 0.05 for p in naive]),
                share([p.p_greater < 0.05 for p in mine]),
                share([p.p_less < 0.05 for p in mine]),
            )
        )
    head = (
        "curve",
        "cover naive",
        "cover full overlap",
        "cover mldiag",
        "naive: improving",
        "improving",
        "worse",
    )
    print_table(
        "6  The gain of the last doubling: coverage, and claims at one-sided .05", head, rows
    )


def _doubling_tensor(population: Population, draws: int, make: Make, *, separate: bool) -> Floats:
    if not separate:
        return score_tensor(population, draws, [make], sizes=(0.5, 1.0))
    halves = (
        score_tensor(population, draws, [lambda s, b=b: make(2 * s + b)], sizes=(1.0,))
        for b in (0, 1)
    )
    return np.concatenate(list(halves), axis=1)
