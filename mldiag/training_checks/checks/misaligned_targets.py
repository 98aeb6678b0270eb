"""MD144: do the targets belong to the inputs they come with?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.training_checks import tree
from mldiag.training_checks.collation import exchanged_labels
from mldiag.wording import number, plural

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD144.

    Args:
        signal: p below which the targets follow from the inputs.
        no_signal: p above which a reference sees nothing at all.
        most_effect: Largest share of the spread of the targets that a hidden relation may still explain, at
            the upper end of its range, where "nothing" is claimed.
        least_rows: Fewer rows are inconclusive.
        permutations: Shuffled copies of the targets that the references are compared with.
    """

    signal: float = 0.01
    no_signal: float = 0.1
    most_effect: float = 0.1
    least_rows: int = 200
    permutations: int = 99


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD144",
    slug="misaligned-targets",
    title="Do the targets belong to the inputs they come with?",
    detects=(
        "Nearest neighbours and a linear model predict the targets of one epoch from what the "
        "network reads; "
        "each is compared with {permutations} shufflings of the targets. A problem: at least "
        "{least_rows} rows, neither sees anything (p above "
        "{no_signal:g}), and at most {most_effect:.0%} of the targets' spread may still be "
        "hidden. Constant "
        "targets are a problem, and so are batches of a loader that hold their items' labels at "
        "other rows. Tokens "
        "are counted, and without a signal inconclusive. Else inconclusive."
    ),
    why="Where inputs and targets are shuffled apart, every metric falls to chance and no model "
    "can help.",
    fix="Shuffle, sort, filter and join inputs and targets with the same index; look at ten pairs.",
    source="Ojala and Garriga (2010), JMLR 11, on permutation tests for classifier performance.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()
TASKS = ("classification", "regression", None)
NEIGHBOURS = 5
LEAST_EXCHANGED, MOSTLY = 2, 0.8
"""Batches, and their share, in which labels stand at other rows, for it to be no accident."""

COLLATION_SHARE = 0.1
"""Share of the time left that comparing batches with a data set may take."""

MOST_ROWS = 1000
MOST_COLUMNS = 512


def judge(loop: Loop) -> Finding:
    """Judge the pairs of one epoch."""
    end = (1 - COLLATION_SHARE) * loop.remaining()
    exchanged = exchanged_labels(loop.parts.train_batches(0), lambda: loop.remaining() > end)
    if exchanged is not None and exchanged[0] >= max(LEAST_EXCHANGED, MOSTLY * exchanged[1]):
        return _exchanged(*exchanged)
    if not loop.targets_are_given():
        return CHECK.finding(
            "not_applicable", "The targets do not come with the batch: step makes them"
        )
    pairs = _pairs(loop) if loop.task in TASKS else None
    if pairs is None:
        return CHECK.finding(
            "not_applicable",
            "Only a tensor of inputs with one target a row can be judged by reference models",
        )
    inputs, targets, tokens = pairs
    if len(targets) >= 20 and len(np.unique(targets)) == 1:
        return CHECK.finding(
            "problem",
            f"All {plural(len(targets), 'target')} of an epoch are the same: "
            f"{number(float(targets[0]))}",
            evidence={"n": len(targets)},
            action=Action(
                "fix_labels", "Look at where the targets are read: all rows carry the same one."
            ),
        )
    if len(targets) < 20 or len(np.unique(inputs, axis=0)) < 10:
        return CHECK.finding("inconclusive", f"{plural(len(targets), 'row')} are too few to tell")
    results = _references(inputs, targets)
    p = min(r[0] for r in results.values())
    evidence: dict[str, Any] = {"n": len(targets)}
    evidence |= {
        name: {"p": r[0], "effect": r[1], "may_be_hidden": r[2]} for name, r in results.items()
    }
    if p * len(results) <= 2 * THRESHOLDS.signal:
        return CHECK.finding("passed", "The targets follow from the inputs", evidence=evidence)
    hidden = min(r[2] for r in results.values())
    clear = p > THRESHOLDS.no_signal / len(results) and hidden < THRESHOLDS.most_effect
    if len(targets) < THRESHOLDS.least_rows or tokens or not clear:
        return CHECK.finding(
            "inconclusive",
            "Cannot tell whether the targets belong to their inputs: simple models see nothing yet",
            explanation=f"{plural(len(targets), 'row')} were seen; more rows in an epoch would "
            "tell.",
            evidence=evidence,
        )
    return CHECK.finding(
        "problem",
        f"The targets have nothing to do with the inputs, by {plural(len(targets), 'row')}",
        explanation=(
            "Neighbours and a linear model predict shuffled targets as well as these: inputs "
            "and targets were "
            "shuffled apart, or the inputs do not hold what is asked."
        ),
        evidence=evidence,
        action=Action(
            "fix_labels", "Shuffle, sort and filter inputs and targets with the same index."
        ),
    )


def _exchanged(batches: int, judged: int) -> Finding:
    return CHECK.finding(
        "problem",
        f"In {batches} of {judged} batches rows carry the labels of other rows of the data set",
        explanation="The loader puts rows and labels into different orders when it makes a batch.",
        evidence={"n": judged, "exchanged": batches},
        action=Action(
            "fix_labels", "Sort inputs and labels with the same index where batches are made."
        ),
    )


def _pairs(loop: Loop) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], bool] | None:
    epoch = loop.epoch
    rows, answers, tokens = [], [], False
    for inputs, wanted in zip(epoch.inputs, epoch.targets, strict=False):
        found = [leaf for _, leaf in tree.leaves(wanted)]
        if len(found) != 1:
            return None
        read, target = tree.array_of(inputs), tree.array_of(found[0])
        if target.ndim == 2 and target.shape[1] == 1:
            target = target[:, 0]
        if target.ndim != 1 or len(read) != len(target):
            return None
        tokens = tokens or read.dtype.kind != "f"
        rows.append(read.reshape(len(read), -1))
        answers.append(target.astype(float))
    x = _table(rows, tokens=tokens)
    if x is None:
        return None
    x, y = x[:MOST_ROWS], np.concatenate(answers)[:MOST_ROWS]
    good = np.isfinite(x).all(axis=1) & np.isfinite(y)
    return x[good], y[good], tokens


def _table(rows: list[np.ndarray[Any, Any]], *, tokens: bool) -> np.ndarray[Any, Any] | None:
    """The rows of all batches in columns; of tokens, how often each comes, whatever a row's length."""
    if rows and tokens:
        words = np.unique(np.concatenate([batch.ravel() for batch in rows]))[:MOST_COLUMNS]
        return np.concatenate([(batch[..., None] == words).mean(axis=1) for batch in rows])
    if not rows or len({batch.shape[1] for batch in rows}) != 1:
        return None
    return np.concatenate(rows)[:, :MOST_COLUMNS].astype(float)


def _references(
    x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]
) -> dict[str, tuple[float, float, float]]:
    """For each reference: p, the share of the spread that it explains, and that may be hidden from it."""
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    values = np.unique(y)
    classes = len(values) <= 30 and bool((y == y.round()).all())
    wanted = (y[:, None] == values).astype(float) if classes else y[:, None]
    wanted = wanted - wanted.mean(axis=0)
    wanted = wanted / np.sqrt((wanted**2).sum())
    return {
        "neighbours": _explained(_neighbour_weights(x), wanted),
        "linear": _explained(_ridge(x), wanted),
    }


def _explained(
    smoother: np.ndarray[Any, Any], wanted: np.ndarray[Any, Any]
) -> tuple[float, float, float]:
    """Agreement of held-out predictions with the targets, against shuffled ones."""

    def agreement(truth: np.ndarray[Any, Any]) -> float:
        predicted = smoother @ truth
        length = np.sqrt((predicted**2).sum())
        return float((predicted * truth).sum() / length) if length > 0 else 0.0

    random = np.random.default_rng(0)
    observed = agreement(wanted)
    drawn = [
        agreement(wanted[random.permutation(len(wanted))]) for _ in range(THRESHOLDS.permutations)
    ]
    p = (1 + sum(d >= observed for d in drawn)) / (1 + len(drawn))
    high = max(observed - float(np.mean(drawn)), 0.0) + 2.33 * float(np.std(drawn))
    return p, max(observed, 0.0) ** 2, high**2


def _neighbour_weights(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Each row is predicted by the mean of its nearest others."""
    squared = (x**2).sum(axis=1)
    distance = squared[:, None] + squared - 2 * x @ x.T
    np.fill_diagonal(distance, np.inf)
    nearest = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    weights: np.ndarray[Any, Any] = np.zeros_like(distance)
    np.put_along_axis(weights, nearest, 1 / NEIGHBOURS, axis=1)
    return weights


def _ridge(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Leave-one-out predictions of ridge regression as a matrix: H with h_ii left out (Golub et al. 1979)."""
    penalty = max(len(x) * 0.1, 1.0) * max(x.shape[1] / 20, 1.0)
    kernel = x @ x.T
    hat = np.linalg.solve(kernel + penalty * np.eye(len(x)), kernel).T
    own = np.diag(hat).copy()
    np.fill_diagonal(hat, 0.0)
    held_out: np.ndarray[Any, Any] = hat / np.maximum(1 - own, 1e-3)[:, None]
    return held_out
