"""Small tables for the checks of an audit."""

import numpy as np
import pandas as pd

from mldiag.data.audited.table import audited


def healthy(rows=200, seed=0, columns=4):
    """Numbers, a category and a class that follows from them, without any fault."""
    random = np.random.default_rng(seed)
    made = {f"x{i}": random.normal(10, 2, rows) for i in range(columns)}
    made["city"] = random.choice(["Rome", "Bonn", "Paris"], rows)
    frame = pd.DataFrame(made)
    noisy = frame["x0"] + random.normal(0, 1, rows)
    return frame.assign(y=np.where(noisy > 10, "yes", "no"))


def augmented(rows, times, seed=0, jitter=0.05):
    """Every row several times, its numbers a little changed."""
    made = healthy(rows, seed=seed, columns=6)
    made = made.loc[made.index.repeat(times)].reset_index(drop=True)
    random = np.random.default_rng(seed)
    made.loc[:, "x0":"x5"] += random.normal(0, jitter, (len(made), 6))
    return made.sample(frac=1, random_state=seed, ignore_index=True)


def judged(check, train, test=None, **roles):
    """What a check says of frames."""
    return check.judge(audited(train, test, **({"target": "y"} | roles)))
