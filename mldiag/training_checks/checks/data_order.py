"""MD143: are batches sorted by class, or the same in every epoch?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mldiag.findings import Action, Check, Finding
from mldiag.training_checks import tree

if TYPE_CHECKING:
    from mldiag.training_checks.loop import Loop


@dataclass(frozen=True)
class Thresholds:
    """Thresholds of MD143.

    Args:
        diversity: Share of the classes' expected diversity within a batch below which it is sorted.
        sd: Standard deviations below the expectation that chance must not explain.
        trend: Correlation of a number to be predicted with its place in the epoch above which it is sorted.
        least_batches: Fewer batches tell nothing about their order.
        most_classes: More distinct whole numbers are not classes.
    """

    diversity: float = 0.4
    sd: float = 6.0
    trend: float = 0.9
    least_batches: int = 4
    most_classes: int = 1000


THRESHOLDS = Thresholds()

CHECK = Check(
    code="MD143",
    slug="data-order",
    title="Are batches mixed, and in a new order every epoch?",
    detects=(
        "Sorted by class: the rows of a batch differ in class less than {diversity:.0%} as "
        "often as rows drawn "
        "at random would, by over {sd:g} standard deviations. Advice: a rank correlation above "
        "{trend:g} of the "
        "target with its place in the epoch, or batches that are the same in two epochs."
    ),
    why=(
        "A batch of one class pulls the weights to that class and the next batch pulls them "
        "back; batch norm "
        "sees other statistics than in evaluation. An order that never changes repeats the same "
        "noise."
    ),
    fix="Shuffle the rows at the start of every epoch: DataLoader(..., shuffle=True).",
    source="Bottou (2012), Stochastic Gradient Descent Tricks, section 4: shuffle before every "
    "epoch.",
    thresholds=THRESHOLDS,
)

NEEDS: tuple[str, ...] = ()
UNORDERED_TASKS = ("self_supervised", "gan", "language_model")


def judge(loop: Loop) -> Finding:
    """Judge the order of one epoch, then whether the next one has the same."""
    if loop.task in UNORDERED_TASKS:
        same = None if loop.task == "language_model" else _same_every_epoch(loop)
        return _order_finding(same, "Batches need not be mixed by class here")
    labels = [_labels(t) for t in loop.epoch.targets]
    known = [batch for batch in labels if batch is not None and len(batch)]
    if len(known) < THRESHOLDS.least_batches or len(known) < len(labels):
        return _order_finding(
            _same_every_epoch(loop), "Too few batches with one target a row to judge their order"
        )
    classes = _as_classes(known)
    evidence = _diversity(classes) if classes is not None else _trend(known)
    if (
        classes is not None
        and evidence["ratio"] < THRESHOLDS.diversity
        and evidence["sd"] > THRESHOLDS.sd
    ):
        return CHECK.finding(
            "problem",
            f"Batches are sorted by class: rows of a batch differ {evidence['ratio']:.0%} as "
            "often as mixed ones",
            explanation="Every batch pulls the weights to its own class.",
            evidence=evidence,
            action=Action("fix_bug", "Shuffle the rows at the start of every epoch."),
        )
    if classes is None and abs(evidence["rank_correlation"]) > THRESHOLDS.trend:
        return CHECK.finding(
            "advice",
            f"Rows are sorted by target (rank correlation {evidence['rank_correlation']:.2f} "
            "with their place)",
            evidence=evidence,
            action=Action("fix_bug", "Shuffle the rows at the start of every epoch."),
        )
    return _order_finding(
        _same_every_epoch(loop), "Classes and values are mixed over the epoch", evidence
    )


def _order_finding(
    same: bool | None, title: str, evidence: dict[str, Any] | None = None
) -> Finding:
    if same:
        return CHECK.finding(
            "advice",
            "The batches are the same, in the same order, in two epochs",
            explanation="It is harmless where meant; new batches every epoch usually generalise "
            "better.",
            evidence=evidence or {},
            action=Action(
                "fix_bug",
                "Shuffle anew every epoch, or seed the shuffling with the epoch's number.",
            ),
        )
    if evidence is None:
        return CHECK.finding("not_applicable", title)
    return CHECK.finding("passed", title, evidence=evidence)


def _labels(targets: Any) -> np.ndarray[Any, Any] | None:
    found = [leaf for _, leaf in tree.leaves(targets)]
    if len(found) != 1:
        return None
    array = tree.array_of(found[0])
    if array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind == "f" and _is_one_hot(array):
        return np.asarray(array.argmax(axis=1))
    return (
        array.reshape(-1) if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1) else None
    )


def _is_one_hot(array: np.ndarray[Any, Any]) -> bool:
    return bool(((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all())


def _as_classes(batches: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]] | None:
    """The labels as classes, where they are few whole numbers."""
    every = np.concatenate(batches)
    values = np.unique(every)
    whole = every.dtype.kind in "iub" or (
        np.isfinite(every).all() and (every == every.round()).all()
    )
    few = len(values) <= min(THRESHOLDS.most_classes, len(every) // 4)
    return batches if whole and few and (every.dtype.kind in "iub" or len(values) <= 20) else None


def _diversity(batches: list[np.ndarray[Any, Any]]) -> dict[str, Any]:
    """How often two rows of a batch differ in class, against random order; z from shuffled epochs."""
    every = np.concatenate(batches)
    ends = np.cumsum([len(b) for b in batches])[:-1]
    observed = _differing(np.split(every, ends))
    random = np.random.default_rng(0)
    drawn = [_differing(np.split(random.permutation(every), ends)) for _ in range(50)]
    expected, sd = float(np.mean(drawn)), max(float(np.std(drawn)), 1e-9)
    ratio = observed / expected if expected > 0 else 1.0
    return {
        "ratio": ratio,
        "sd": (expected - observed) / sd,
        "n": len(every),
        "batches": len(batches),
    }


def _differing(batches: list[np.ndarray[Any, Any]]) -> float:
    shares = []
    for batch in batches:
        if len(batch) > 1:
            counts = np.unique(batch, return_counts=True)[1].astype(float)
            pairs = len(batch) * (len(batch) - 1)
            shares.append(1 - float((counts * (counts - 1)).sum()) / pairs)
    return float(np.mean(shares)) if shares else 0.0


def _trend(batches: list[np.ndarray[Any, Any]]) -> dict[str, Any]:
    from scipy.stats import spearmanr

    every = np.concatenate(batches).astype(float)
    if len(np.unique(every)) < 3 or not np.isfinite(every).all():
        return {"rank_correlation": 0.0, "n": len(every)}
    return {
        "rank_correlation": float(spearmanr(every, np.arange(len(every))).statistic),
        "n": len(every),
    }


def _same_every_epoch(loop: Loop) -> bool | None:
    """Whether two epochs give the same batches; None where an epoch is too short to tell."""
    orders = []
    for epoch in (0, 1):
        digests = []
        for number, batch in enumerate(loop.parts.train_batches(epoch)):
            if number >= 16:
                break
            digests.append(_digest(batch))
        orders.append(digests)
    if len(orders[0]) < 2 or len(set(orders[0])) < 2:
        return None
    return orders[0] == orders[1]


def _digest(batch: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for _, leaf in tree.leaves(batch):
        digest.update(np.ascontiguousarray(tree.array_of(leaf)).tobytes())
    return digest.digest()
