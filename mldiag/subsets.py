"""Which rows train, validate and stay in reserve: nested, stratified, grouped and time-ordered draws.

Everything here follows from seeds and the declared columns, so that a trial can name its rows by a
recipe and every process draws the same ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mldiag.errors import MldiagError
from mldiag.trial_spec import RowRecipe, Rows

VALID_SHARE = 0.2
"""Share of the rows outside the reserve that a repeat draws for validation."""

RESERVE_SHARE = 0.2
"""Share of all rows that is set aside before the first trial."""

RESERVE_MIN_ROWS = 300
"""Below it a reserve would take rows that the answer needs more."""

TIME_BLOCK_SHARE = 0.1
"""Share of the rows in one validation block of time-ordered data: five repeats reach back to the middle."""

TIME_REPEATS = 10
"""Validation blocks that time-ordered data can give: five apart, five between them."""

MOST_KEPT, KEPT_ROWS = 64, 20_000_000
"""Repeats whose rows are kept at most, and rows of all of them together."""

CHUNK_ROWS = 1_000_000
"""Rows whose classes and places are looked up at a time."""

_RESERVE, _VALID, _NESTED = 11, 12, 13  # streams, so that no draw repeats another's random numbers


@dataclass(frozen=True, eq=False)
class SplitPlan:
    """The declared columns from which every split follows.

    Args:
        n_rows: Rows of the main data; they are numbered from 0.
        labels: Class of each row to stratify by, shape (n_rows,), or None.
        groups: Group of each row, kept whole, shape (n_rows,), or None.
        time: Time of each row, kept in order, shape (n_rows,), or None.
        valid_rows: Numbers of the declared validation rows (`valid=`), or None to draw them.
        test_rows: Numbers of the declared test rows (`test=`), or None.
    """

    n_rows: int
    labels: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None
    time: NDArray[Any] | None = None
    valid_rows: Rows | None = None
    test_rows: Rows | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The declared columns alone: what follows from them is drawn again where it is needed."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def fixed_valid(self) -> bool:
        """Whether the user fixed the validation rows."""
        return self.valid_rows is not None

    @cached_property
    def reserve(self) -> Rows:
        """Rows that only the final confirmation of a winner may score on; may be empty."""
        if self.test_rows is not None:
            return self.test_rows
        if self.fixed_valid or self.n_rows < RESERVE_MIN_ROWS:
            return np.empty(0, dtype=np.int64)
        everything = np.arange(self.n_rows, dtype=_number_type(self.n_rows))
        return self._hold_out(everything, RESERVE_SHARE, seed=(_RESERVE,)).astype(np.int64)

    @cached_property
    def development(self) -> Rows:
        """Main rows outside the reserve and the declared validation rows."""
        rows = _without(np.arange(self.n_rows), self.reserve)
        if self.valid_rows is not None:
            rows = _without(rows, self.valid_rows)
        return self._without_groups_of(self.reserve, rows)

    def rows(self, recipe: RowRecipe, explicit: Rows | None = None) -> tuple[Rows, Rows]:
        """The training and the scoring rows that a recipe names.

        Args:
            recipe: The recipe.
            explicit: The row set that `recipe.digest` stands for, if it names one.

        Raises:
            MldiagError: If the recipe asks for more rows than there are, or the reserve is empty.
        """
        if recipe.split == "reserve":
            if not len(self.reserve):
                raise MldiagError("there is no reserve to confirm on", expected="test= rows")
            train, valid = self.development, self.reserve
        else:
            train, valid = self._draw(recipe.repeat)
        if explicit is not None:
            train = train[np.isin(train, explicit)]
        if recipe.size is not None:
            train = self._subset(train, recipe.size, recipe.repeat)
        return train, valid

    def train_size(self, repeats: int = 1) -> int:
        """Training rows that each of the first `repeats` repeats can give."""
        return min(self.train_size_of(repeat) for repeat in range(repeats))

    def train_size_of(self, repeat: int) -> int:
        """Training rows of one repeat."""
        sizes = self._train_sizes
        if repeat not in sizes:
            sizes[repeat] = len(self._draw(repeat)[0])
        return sizes[repeat]

    def valid_size(self) -> int:
        """Scoring rows of the first repeat."""
        return len(self._draw(0)[1])

    @cached_property
    def _train_sizes(self) -> dict[int, int]:
        return {}

    @cached_property
    def _draw(self) -> Callable[[int], tuple[Rows, Rows]]:
        """The rows of a repeat; a few repeats are kept, fewer of many rows."""
        kept = min(MOST_KEPT, max(1, KEPT_ROWS // max(1, self.n_rows)))
        return lru_cache(maxsize=kept)(partial(_draw, self))

    def _time_blocks(self, repeat: int) -> tuple[Rows, Rows]:
        if repeat >= TIME_REPEATS:
            raise MldiagError(
                f"repeat {repeat} of time-ordered rows",
                expected=f"at most {TIME_REPEATS} repeats: each validates on an earlier block",
                hint=f"--repeats {TIME_REPEATS}",
            )
        ordered = self._in_time(self.development)
        block = max(1, int(TIME_BLOCK_SHARE * len(ordered)))
        # Later repeats fall half a block between the first five, so that none needs rows further back.
        back = (repeat % 5) * block + (block // 2 if repeat >= 5 else 0)
        end = len(ordered) - back
        valid = ordered[end - block : end]
        return self._without_groups_of(valid, ordered[: end - block]), valid

    def _without_groups_of(self, held_out: Rows, rows: Rows) -> Rows:
        """Rows whose group has no row held out: splits by time alone would cut groups in two."""
        if self.groups is None or self.time is None or not len(held_out):
            return rows
        inside = held_out[held_out < self.n_rows]
        return rows[~np.isin(self.groups[rows], self.groups[inside])]

    def _subset(self, train: Rows, size: int, repeat: int) -> Rows:
        if size > len(train):
            raise MldiagError(
                f"a subset of {size} training rows",
                expected=f"at most the {len(train)} rows that repeat {repeat} trains on",
                nearest=str(len(train)),
            )
        if size < 1:
            raise MldiagError(f"a subset of {size} training rows", expected="at least 1")
        if self.time is not None:
            return self._in_time(train)[-size:]
        seed = (_NESTED, repeat)
        if self.groups is not None:
            return np.sort(_whole_groups(train, self.groups[train], size, seed))
        labels = None if self.labels is None else self.labels[train]
        return np.sort(train[_nested_order(len(train), labels, seed)[:size]])

    def _hold_out(self, rows: Rows, share: float, *, seed: tuple[int, ...]) -> Rows:
        """Set a share aside: last in time, whole groups, or stratified."""
        count = max(1, round(share * len(rows)))
        if self.time is not None:
            return self._in_time(rows)[-count:]
        if self.groups is not None:
            return np.sort(_whole_groups(rows, self.groups[rows], count, seed))
        labels = None if self.labels is None else self.labels[rows]
        # The end of the order, because its start favours rare classes, which must stay in training.
        return np.sort(rows[_nested_order(len(rows), labels, seed)[::-1][:count]])

    def _in_time(self, rows: Rows) -> Rows:
        assert self.time is not None
        return rows[np.argsort(self.time[rows], kind="stable")]


def _draw(plan: SplitPlan, repeat: int) -> tuple[Rows, Rows]:
    """Training and validation rows of one repeat."""
    if plan.valid_rows is not None:
        return plan.development, plan.valid_rows
    if plan.time is not None:
        return plan._time_blocks(repeat)
    development = plan.development
    valid = plan._hold_out(development, VALID_SHARE, seed=(_VALID, repeat))
    return _without(development, valid), valid


def _without(rows: Rows, others: Rows) -> Rows:
    """Rows that are not among others; `np.isin` takes eight times the memory."""
    if not len(rows) or not len(others):
        return rows
    inside = np.zeros(int(max(rows.max(), others.max())) + 1, dtype=np.bool_)
    inside[others] = True
    return rows[~inside[rows]]


def _nested_order(count: int, labels: NDArray[Any] | None, seed: tuple[int, ...]) -> Rows:
    """An order of rows every prefix of which has the classes in proportion, each at least once.

    A prefix as long as the number of classes holds one row of each, so that no class is lost.
    """
    random = np.random.default_rng(seed)
    shuffled = random.permutation(count).astype(_number_type(count))
    if labels is None:
        return shuffled
    position = _position_in_class(_codes(labels)[shuffled])
    return shuffled[np.lexsort((random.random(count), position))]


def _number_type(count: int) -> type[np.signedinteger[Any]]:
    """Half the bytes for row numbers that are not handed out."""
    return np.int32 if count <= np.iinfo(np.int32).max else np.int64


def _codes(labels: NDArray[Any]) -> NDArray[Any]:
    """Number of each row's class, in the fewest bytes: there may be more rows than memory is good for."""
    classes = np.unique(labels)
    codes = np.empty(len(labels), dtype=np.min_scalar_type(len(classes)))
    for start in range(0, len(labels), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        codes[part] = np.searchsorted(classes, labels[part])
    return codes


def _position_in_class(codes: NDArray[Any]) -> NDArray[np.float64]:
    """How far a row comes among those of its class, from 0 to 1; -1 for the first of each."""
    by_class = np.argsort(codes, kind="stable").astype(_number_type(len(codes)))
    sizes = np.bincount(codes)
    position = np.empty(len(codes))
    for members in np.split(by_class, np.cumsum(sizes)[:-1]):
        for start in range(0, len(members), CHUNK_ROWS):
            part = members[start : start + CHUNK_ROWS]
            position[part] = (np.arange(start, start + len(part)) + 0.5) / len(members)
        position[members[:1]] = -1
    return position


def _whole_groups(rows: Rows, groups: NDArray[Any], size: int, seed: tuple[int, ...]) -> Rows:
    """Rows of whole groups in a seeded order, as many groups as come closest to `size` (at least one)."""
    names, codes = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    reached = np.cumsum(np.bincount(codes, minlength=len(names))[order])
    count = int(np.argmin(np.abs(reached - size))) + 1
    count = min(count, max(1, len(names) - 1)) if size < len(rows) else count
    return rows[np.isin(codes, order[:count])]
