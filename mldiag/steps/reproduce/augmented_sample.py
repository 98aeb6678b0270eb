"""A sample of training rows, what the declared augment function makes of them, and how neighbours vote."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.data.augmentation import AugmentFunction, augmented_rows
from mldiag.data.dataset import Part, row_count, take
from mldiag.data.source import is_class_target
from mldiag.declaration import Experiment
from mldiag.errors import MldiagError
from mldiag.reference.features import Unsuited, check_features, chosen_rows, columns_of
from mldiag.reference.neighbour_votes import Votes, neighbour_votes
from mldiag.reference.question import question_of

MOST_ROWS = 1500
"""Training rows that are augmented and vote; more tell little more."""

FEWEST_ROWS = 40

MOST_MADE = 3000
"""Of more made rows a sample is judged."""


@dataclass(frozen=True)
class AugmentedSample:
    """What came of augmenting some training rows.

    Args:
        why_not: Why nothing can be told, or empty; `enable` says what would change that.
        enable: What would make it possible.
        broken: What the function did wrong, or empty.
        originals: Training rows that were augmented.
        made: Rows that were made of them.
        classes: Whether the targets are classes.
        new_labels: Made rows with a class that no training row has.
        votes: What the neighbours say; None where there are too few rows.
        contradicted: Row numbers whose made row is contradicted, where rows keep their order.
    """

    why_not: str = ""
    enable: str = ""
    broken: str = ""
    originals: int = 0
    made: int = 0
    classes: bool = True
    new_labels: int = 0
    votes: Votes | None = None
    contradicted: tuple[int, ...] = ()


def augmented_sample(experiment: Experiment) -> AugmentedSample:
    """Augment training rows of the first run, and let their neighbours vote.

    Args:
        experiment: One with an augment function and data that mldiag holds.
    """
    dataset, augment = experiment.dataset, experiment.augment
    if dataset is None or augment is None or augment.function is None:
        return AugmentedSample("mldiag does not hold the rows", "Declare data=(X, y) and augment=.")
    rows = experiment.splits.rows(experiment.spec().rows)[0]
    try:
        some = dataset.X(rows[:50])
        check_features(some)
        chosen = chosen_rows(len(rows), columns_of(some), MOST_ROWS, seed=0)
    except Unsuited as error:
        return AugmentedSample(
            f"Neighbours cannot vote on augmented rows: {error.what}", error.expected
        )
    rows = rows if chosen is None else rows[chosen]
    X, y = dataset.X(rows), dataset.y(rows)
    why_not = _why_not(y)
    if why_not:
        return AugmentedSample(why_not, "It takes one label or one number a row.")
    targets = np.asarray(y)
    classes = _are_classes(experiment, targets)
    told = AugmentedSample(originals=len(rows), classes=classes)
    try:
        made = _augmented(
            augment.function, take(X, np.arange(len(rows))), take(y, np.arange(len(rows)))
        )
    except MldiagError as error:
        return replace(told, broken=error.what)
    except Exception as error:  # the user's own code
        return replace(told, broken=f"{type(error).__name__}: {error}")
    return _voted(told, rows, Part(X, targets), made)


def _voted(
    told: AugmentedSample, rows: NDArray[Any], originals: Part, made: Part
) -> AugmentedSample:
    made_targets = np.asarray(made.y)
    if made_targets.ndim > 1 or (told.classes and _are_soft(originals.y, made_targets)):
        return AugmentedSample(
            "The augmentation mixes targets, which no vote can judge",
            "Augmented rows with one label each would be judged.",
        )
    told = replace(told, made=row_count(made.X))
    if told.classes:
        unknown = int((~np.isin(made_targets, originals.y)).sum())
        if unknown:
            return replace(told, new_labels=unknown)
    if told.originals < FEWEST_ROWS:
        return told
    paired = told.made == told.originals
    if told.made > MOST_MADE:
        kept = np.sort(np.random.default_rng([32, 0]).permutation(told.made)[:MOST_MADE])
        made = Part(take(made.X, kept), made_targets[kept])
    try:
        votes = neighbour_votes(
            originals.X, originals.y, made.X, np.asarray(made.y), classes=told.classes
        )
    except Unsuited as error:
        return AugmentedSample(
            f"Neighbours cannot vote on augmented rows: {error.what}", error.expected
        )
    sources = tuple(rows[list(votes.contradicted)].tolist()) if paired else ()
    return replace(told, votes=votes, contradicted=sources)


def _why_not(y: Any) -> str:
    """Why targets cannot be voted on, or empty."""
    if y is None:
        return "There are no targets that an augmentation could break"
    targets = np.asarray(y)
    if targets.ndim > 1:
        return "The targets have several columns, on which neighbours do not vote"
    if targets.dtype.kind == "f" and not np.isfinite(targets).all():
        return "Some targets are missing"
    if len(np.unique(targets.astype(str))) < 2:
        return "All targets are the same"
    return ""


def _are_classes(experiment: Experiment, targets: NDArray[Any]) -> bool:
    try:
        asked = question_of(experiment.train, experiment.metric, experiment.loaded)
    except MldiagError:
        return is_class_target(targets)
    return asked.classes is not None


def _are_soft(before: Any, after: NDArray[Any]) -> bool:
    """Whether numbers between the labels came in, as mixtures of labels do."""
    if after.dtype.kind != "f" or np.asarray(before).dtype.kind not in "iufb":
        return False
    return bool((after != np.round(after)).any())


def _augmented(function: AugmentFunction, X: Any, y: Any) -> Part:
    with _seeded_and_put_back():
        return augmented_rows(function, Part(X, y), seed=0)


@contextmanager
def _seeded_and_put_back() -> Iterator[None]:
    """A function that draws from the global generators gives the same again, and leaves them as they were."""
    own, numpys = random.getstate(), np.random.get_state()
    try:
        random.seed(0)
        np.random.seed(0)
        yield
    finally:
        random.setstate(own)
        np.random.set_state(numpys)
