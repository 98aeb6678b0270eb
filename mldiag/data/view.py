"""What a trial sees of the data: the rows of the experiment with the trial's interventions applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mldiag.data.augmentation import AugmentFunction, augmented_rows
from mldiag.data.dataset import Dataset, Part, row_count, take
from mldiag.data.interventions import Scaling, blanked, edited_cells, without_columns
from mldiag.errors import MldiagError, unknown_name
from mldiag.trial import AUGMENT, REFERENCE, RUN_AGAIN, SCORE_TRAINING_ROWS, WATCH
from mldiag.trial_spec import Intervention, Rows

KINDS = (
    "permute_labels", "zero_inputs", "drop_rows", "drop_columns", "scale", AUGMENT,
    "ramp_learning_rate", REFERENCE, SCORE_TRAINING_ROWS, RUN_AGAIN, WATCH, "edit_cells",
)  # fmt: skip
PARTS = ("train", "valid", "all")

_ON_ROWS = (
    "permute_labels", "drop_rows", AUGMENT, "ramp_learning_rate", REFERENCE, SCORE_TRAINING_ROWS,
    RUN_AGAIN, WATCH,
)  # fmt: skip
"""What leaves the features of a single row as they are."""

_PERMUTE = 21  # stream, so that no other draw repeats its random numbers


def limit_rows(
    interventions: Sequence[Intervention],
    train: Rows,
    valid: Rows,
    *,
    row_sets: Mapping[str, Rows] | None = None,
) -> tuple[Rows, Rows]:
    """Apply what `drop_rows` takes away, and let the training rows score where `score_training_rows` asks.

    Arguments of the intervention: `rows`, a tuple of row numbers, or `digest`, the digest of a row
    set; `part`, `train` (the default), `valid` or `all`.

    Args:
        interventions: All interventions of the trial; the other kinds are left alone.
        train: Training rows, shape (n_train,).
        valid: Scoring rows, shape (n_valid,).
        row_sets: Row sets by digest.

    Raises:
        MldiagError: If a kind or a part is unknown, or no row would be left.

    Example:
        >>> dropped = Intervention("drop_rows", (("rows", (0, 2)),))
        >>> limit_rows([dropped], np.array([0, 1]), np.array([2, 3]))
        (array([1]), array([2, 3]))
    """
    for change in interventions:
        if change.kind not in KINDS:
            raise unknown_name("intervention", change.kind, KINDS)
        if change.kind != "drop_rows":
            continue
        digest = change.argument("digest")
        named = change.argument("rows", ()) if digest is None else (row_sets or {})[str(digest)]
        dropped = np.asarray(named, dtype=np.int64)
        part = part_of(change, default="train")
        train = train if part == "valid" else train[~np.isin(train, dropped)]
        valid = valid if part == "train" else valid[~np.isin(valid, dropped)]
    drops = any(change.kind == "drop_rows" for change in interventions)
    if drops and (not len(train) or not len(valid)):
        raise MldiagError(
            "an intervention drops every row", expected="at least one training and one scoring row"
        )
    scores_train = any(change.kind == SCORE_TRAINING_ROWS for change in interventions)
    return train, train if scores_train else valid


def part_of(change: Intervention, *, default: str) -> str:
    """Which rows an intervention changes: `train`, `valid` or `all`."""
    part = str(change.argument("part", default))
    if part not in PARTS:
        raise unknown_name("part", part, PARTS)
    return part


class TrialView:
    """The data of one trial; a `DataView`.

    Rows are copied when they are read, so that what a train function does to them in place changes
    neither the experiment's data nor another trial's.

    Interventions, in the order given, with their arguments:

    - `permute_labels`: the targets change places among the training rows and among the scoring rows;
      `seed` (0), `part` (`all`).
    - `zero_inputs`: every feature becomes a constant; `part` (`all`).
    - `drop_columns`: `columns`, a tuple of names or numbers.
    - `scale`: centre and spread of the training rows; `method` (`standard`, `minmax`, `robust`).
    - `edit_cells`: the cells of `column` in `rows` (numbers) times `factor`, or `fill` in their place.
    - `drop_rows`, `score_training_rows`: see `limit_rows`; nothing to do here.
    - `reference`: another learner trains (`family`); the data are as they are.
    - `augment`: the experiment's function makes the rows to train on, after all else; once a trial, so
      that features and targets of one reading belong to those of the next.

    Args:
        dataset: The experiment's data.
        interventions: The trial's changes.
        train: Training rows of the trial, shape (n_train,).
        valid: Scoring rows of the trial, shape (n_valid,).
        augment: The experiment's augment function, if it declares one.
        seed: Seed of the trial, for `augment`.

    Raises:
        MldiagError: If the rows are to be augmented and there is no function for it.

    Example:
        >>> from mldiag.data.dataset import Part
        >>> data = Dataset(Part(np.arange(4.0)[:, None], np.arange(4)))
        >>> view = TrialView(data, (Intervention("zero_inputs"),), np.array([0, 1]), np.array([2]))
        >>> view.X(np.array([1])), view.y(np.array([1]))
        (array([[0.]]), array([1]))
    """

    def __init__(
        self,
        dataset: Dataset,
        interventions: Sequence[Intervention],
        train: Rows,
        valid: Rows,
        *,
        augment: AugmentFunction | None = None,
        seed: int = 0,
    ) -> None:
        self._dataset, self._train, self._valid = dataset, train, valid
        self._of_features = [change for change in interventions if change.kind not in _ON_ROWS]
        augments = any(change.kind == AUGMENT for change in interventions)
        if augments and augment is None:
            raise MldiagError(
                "the rows are to be augmented, but the experiment declares no function for it",
                expected="augment= in the declaration: a function (X, y, rng) -> (X, y)",
            )
        self._augment, self._seed = augment if augments else None, seed
        self._made: tuple[Rows, Part] | None = None
        self._scalings: dict[int, Scaling] = {}
        self._label_rows: Rows | None = None
        for change in interventions:
            if change.kind == "permute_labels":
                self._permute(change)

    def X(self, rows: Rows, *, training: bool = False) -> Any:
        """Features of the given rows; as they are trained on where `training`."""
        if training and self._augment is not None:
            return _copied(self._augmented(rows).X)
        return self._features(rows, len(self._of_features))

    def y(self, rows: Rows, *, training: bool = False) -> Any:
        """Targets of the given rows, or None; as they are trained on where `training`."""
        if training and self._augment is not None:
            return _copied(self._augmented(rows).y)
        return self._dataset.y(rows if self._label_rows is None else self._label_rows[rows])

    def weights(self, rows: Rows, *, training: bool = False) -> Any:
        """Sample weights of the given rows, or None; as they are trained on where `training`."""
        if training and self._augment is not None:
            return _copied(self._augmented(rows).weights)
        return self._dataset.weights(rows)

    def _augmented(self, rows: Rows) -> Part:
        """What the augment function makes of the given rows: the same at every reading."""
        if self._augment is None:
            raise ValueError("expected an augment function")
        if self._made is None or not np.array_equal(self._made[0], rows):
            given = Part(self.X(rows), self.y(rows), self.weights(rows))
            self._made = (rows, augmented_rows(self._augment, given, seed=self._seed))
        return self._made[1]

    def _features(self, rows: Rows, count: int) -> Any:
        """Features after the first `count` changes."""
        values = self._dataset.X(rows)
        for position, change in enumerate(self._of_features[:count]):
            if change.kind == "zero_inputs":
                if self._concerns(rows, part_of(change, default="all")):
                    values = blanked(values, self._features(self._train[:1], position))
            elif change.kind == "drop_columns":
                values = without_columns(values, _listed(change.argument("columns", ())))
            elif change.kind == "edit_cells":
                values = edited_cells(values, rows, change)
            elif change.kind == "scale":
                values = self._scaling(position, change).apply(values)
            else:
                raise unknown_name("intervention", change.kind, KINDS)
        return values

    def _scaling(self, position: int, change: Intervention) -> Scaling:
        if position not in self._scalings:
            method = str(change.argument("method", "standard"))
            known = self._features(self._train, position)
            self._scalings[position] = Scaling.learned(known, method)
        return self._scalings[position]

    def _concerns(self, rows: Rows, part: str) -> bool:
        """Whether the rows, which all train or all score, are of the part."""
        if part == "all" or not len(rows):
            return True
        return bool(np.isin(rows[0], self._train)) == (part == "train")

    def _permute(self, change: Intervention) -> None:
        if self._label_rows is None:
            self._label_rows = np.arange(sum(len(part) for _, part in self._dataset.parts()))
        part = part_of(change, default="all")
        seed = change.argument("seed", 0)
        for stream, (name, rows) in enumerate((("train", self._train), ("valid", self._valid))):
            if part in (name, "all"):
                random = np.random.default_rng([_PERMUTE, int(str(seed)), stream])
                self._label_rows[rows] = self._label_rows[random.permutation(rows)]


def _listed(columns: Any) -> tuple[Any, ...]:
    return columns if isinstance(columns, tuple) else (columns,)


def _copied(values: Any) -> Any:
    """The values in memory of their own, as rows that are read without augmentation are."""
    return None if values is None else take(values, np.arange(row_count(values)))
