"""Settings of the learning curve: its fields are the flags of the command and of the function."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from mldiag.early_checks import check_count, check_gain
from mldiag.errors import MldiagError, unknown_name

DESIGNS = ("adaptive", "full")

SIZES_HINT = "--sizes 0.1,0.2,0.5,1"


@dataclass(frozen=True)
class Settings:
    """How the curve is drawn.

    Args:
        repeats: Draws of the rows for every size.
        sizes: Training sizes as row counts, or as fractions of the rows if all are at most 1.
        points: Number of sizes when `sizes` is not given; of the adaptive design, at most.
        design: `adaptive` runs the repeats of the largest sizes only as far as the verdict needs them;
            `full` runs every repeat of more sizes.
        target_score: Score whose rows are asked for, in the metric's own unit.
        augment: Whether to run the largest sizes with the declared augmentation too.
        gain: Smallest gain worth having, in the metric's own unit; half a point for scores in [0, 1],
            else 1 % of the score.
    """

    repeats: int = field(
        default=5,
        metadata={"help": "Draws of the rows for every size.", "flags": ("--repeats", "--seeds")},
    )
    sizes: tuple[float, ...] = field(
        default=(),
        metadata={
            "help": "Training sizes: row counts, or fractions if all are at most 1.",
            "example": "0.1,0.2,0.5,1",
        },
    )
    points: int = field(default=8, metadata={"help": "Number of sizes where none are given."})
    design: str = field(
        default="adaptive",
        metadata={
            "help": "adaptive: only the repeats that the verdict needs; full: all of them.",
            "choices": DESIGNS,
        },
    )
    target_score: float | None = field(
        default=None,
        metadata={"help": "Say how many rows this score needs.", "example": 0.95},
    )
    augment: bool = field(
        default=False,
        metadata={
            "help": "Say what the experiment's augment= gains, and how many rows it is worth."
        },
    )
    gain: float | None = field(
        default=None,
        metadata={
            "help": "Smallest gain worth having, in the metric's own unit.",
            "example": 0.005,
        },
    )

    def __post_init__(self) -> None:
        """Accept one size or any sequence, and check the ranges."""
        given = self.sizes if isinstance(self.sizes, Sequence) else (self.sizes,)
        object.__setattr__(self, "sizes", _checked_sizes(given))
        check_count("repeats", self.repeats, flag="--repeats 5")
        check_count("points", self.points, least=2, flag="--points 8")
        check_gain(self.gain)
        if self.design not in DESIGNS:
            raise unknown_name("design", str(self.design), DESIGNS, hint="--design full")
        _check_score(self.target_score)


def _check_score(score: object) -> None:
    number = isinstance(score, (int, float)) and not isinstance(score, bool)
    if score is not None and not (number and math.isfinite(float(str(score)))):
        raise MldiagError(
            f"a target score of {score!r}",
            expected="a number in the metric's own unit",
            hint="--target-score 0.95",
        )


def _checked_sizes(given: Sequence[float]) -> tuple[float, ...]:
    """Sizes as numbers: all of them row counts, or all of them fractions."""
    try:
        sizes = tuple(float(size) for size in given)
    except (TypeError, ValueError) as error:
        raise MldiagError(
            f"sizes {given!r}", expected="row counts, or fractions of the rows", hint=SIZES_HINT
        ) from error
    if not all(math.isfinite(size) and size > 0 for size in sizes):
        raise MldiagError(
            f"sizes {_shown(sizes)}",
            expected="row counts, or fractions of the rows, above 0",
            hint=SIZES_HINT,
        )
    _refuse_mixed(sizes)
    return sizes


def _refuse_mixed(sizes: Sequence[float]) -> None:
    """Sizes are fractions where all are at most 1, else row counts; never some of each."""
    counts = [size for size in sizes if size > 1]
    fractions = [size for size in sizes if size < 1]
    broken = [size for size in counts if not size.is_integer()]
    if not counts or not (fractions or broken):
        return
    why = (
        f" mix fractions and row counts: {_shown(fractions[:3])} is no number of rows, and "
        f"{_shown(counts[:3])} is more than the whole"
        if fractions
        else f": {_shown(broken[:3])} is no whole number of rows"
    )
    raise MldiagError(
        f"sizes {_shown(sizes)}{why}",
        expected="fractions of the rows, all at most 1, or whole numbers of rows",
        hint=SIZES_HINT,
    )


def _shown(sizes: Sequence[float]) -> str:
    return ",".join(f"{size:g}" for size in sizes)
