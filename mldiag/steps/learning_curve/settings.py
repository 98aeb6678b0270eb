"""Settings of the learning curve: its fields are the flags of the command and of the function."""

from __future__ import annotations

from dataclasses import dataclass, field

from mldiag.errors import MldiagError


@dataclass(frozen=True)
class Settings:
    """How the curve is drawn.

    Args:
        repeats: Draws of the rows for every size.
        sizes: Training sizes as row counts, or as fractions of the rows if all are at most 1.
        points: Number of sizes when `sizes` is not given.
        gain: Smallest gain worth having, in the metric's own unit; half a point for scores in [0, 1],
            else 1 % of the score.
    """

    repeats: int = field(
        default=5,
        metadata={"help": "Draws of the rows for every size.", "flags": ("--repeats", "--seeds")},
    )
    sizes: tuple[float, ...] = field(
        default=(),
        metadata={"help": "Training sizes: row counts, or fractions if all are at most 1."},
    )
    points: int = field(default=8, metadata={"help": "Number of sizes where none are given."})
    gain: float | None = field(
        default=None, metadata={"help": "Smallest gain worth having, in the metric's own unit."}
    )

    def __post_init__(self) -> None:
        """Accept one size or any sequence, and check the ranges."""
        sizes = self.sizes if isinstance(self.sizes, (tuple, list)) else (self.sizes,)
        object.__setattr__(self, "sizes", tuple(float(size) for size in sizes))
        if self.repeats < 1:
            raise MldiagError(f"{self.repeats} repeats", expected="at least 1", hint="--repeats 5")
        if self.points < 2:
            raise MldiagError(f"{self.points} points", expected="at least 2", hint="--points 8")
        if any(size <= 0 for size in self.sizes):
            raise MldiagError(f"sizes {self.sizes}", expected="row counts or fractions above 0")
        if self.gain is not None and self.gain <= 0:
            raise MldiagError(f"a gain of {self.gain:g}", expected="above 0", hint="--gain 0.005")
